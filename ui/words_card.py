"""Which words decided a quotation, as HTML: the words of question and passage, shaded by how much they spoke for it."""

from __future__ import annotations

from collections.abc import Sequence

from kgqa.types import Passage

from .strings import t
from .tags import Html, el, join

Word = tuple[str, int, int, float]
"""A word, its place (start, end) and its weight; above 0 it speaks for the answer, below 0 against it."""

DECISIVE = 0.3
"""Share of the heaviest word's weight from which a word is named; as deep a shade as a reader sees at a glance."""

LEGEND = (("why_for", "w3"), ("why_against", "n3"))


def deciding_words(
    question: str, asked: Sequence[Word], passage: Passage, read: Sequence[Word], language: str = "en"
) -> Html:
    """Return the question and the passage with their deciding words shaded, and the heaviest as a list.

    :param asked: words of the question, places in the question.
    :param read: words of the passage, places in the document.
    """
    most = max((abs(word[3]) for word in (*asked, *read)), default=0.0)
    inside = [(word, start - passage.start, end - passage.start, weight) for word, start, end, weight in read]
    heaviest = sorted((*asked, *read), key=lambda word: -word[3])[:8]
    named = dict.fromkeys(word for word, _, _, weight in heaviest if weight >= DECISIVE * most)
    parts = [
        el("p", t("why_intro", language), cls="muted"),
        el("h4", t("why_question", language)),
        el("p", shaded(question, asked, most), cls="shaded"),
        el("h4", t("why_passage", language)),
        el("blockquote", shaded(passage.text, inside, most), lang=passage.language, cls="shaded"),
        el("p", el("strong", t("why_heaviest", language) + ": "), ", ".join(named)) if named else None,
        el("p", [el("span", t(key, language), cls=shade) for key, shade in LEGEND], cls="legend"),
    ]
    return el("article", parts, cls="sheet")


def shaded(text: str, words: Sequence[Word], most: float) -> Html:
    """Return a text in which words are shaded by their weight.

    :param most: the greatest weight of all, which gets the deepest shade.
    """
    pieces: list[object] = []
    at = 0
    for word, start, end, weight in sorted(words, key=lambda word: word[1]):
        if start < at or end > len(text) or text[start:end] != word:
            continue
        shade = _shade(weight, most)
        pieces += [text[at:start], el("span", word, cls=shade, title=f"{weight:+.2f}") if shade else word]
        at = end
    return join([*pieces, text[at:]])


def _shade(weight: float, most: float) -> str:
    share = abs(weight) / most if most else 0.0
    if share < 0.08:
        return ""
    return ("w" if weight > 0 else "n") + str(1 if share < 0.3 else 2 if share < 0.6 else 3)
