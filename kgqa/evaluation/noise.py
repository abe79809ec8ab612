"""Questions as people type them: slips of the keyboard, other casing, no punctuation, other Chinese script.

Only the question changes, or letters of the passage keep their places, so that the gold answer stays what it was.
Keyboard slips are those of Belinkov and Bisk 2018 and Pruthi et al. 2019: two letters change places, one is left out,
doubled, or becomes its neighbour on the keyboard.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from kgqa.evaluation.squad import Example
from kgqa.language import has_cjk
from kgqa.rewriting import Edit, rewrite

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_LONG = re.compile(r"[A-Za-z]{4,}")
_HAN_PAIR = re.compile(r"[\u4e00-\u9fff]{2}")
_MARKS = re.compile(r"[^\w\s]")
TYPO_SHARE = 0.25
"""Share of the long words of a question that get a slip, at least one word."""

Noise = Callable[[Example, random.Random], Example]


def noisy(example: Example, kind: str, seed: int = 13) -> Example:
    """Return an example with noise of a kind; the same one when there is nothing to change.

    :param kind: a key of :data:`NOISES`.
    """
    return NOISES[kind](example, random.Random(f"{seed} {example.id} {kind}"))


def _typos(example: Example, rng: random.Random) -> Example:
    text = example.question
    words = list(_LONG.finditer(text))
    places = rng.sample(words, max(1, round(TYPO_SHARE * len(words)))) if words else []
    edits = [Edit(*match.span(), _slip(match[0], rng)) for match in places]
    if not words and (pairs := list(_HAN_PAIR.finditer(text))):
        one = rng.choice(pairs)  # Chinese slips: two characters change places, as input methods and fast fingers do
        edits = [Edit(*one.span(), one[0][::-1])]
    return replace(example, question=rewrite(text, edits).text)


def _slip(word: str, rng: random.Random) -> str:
    """Return a word with one slip; the first letter stays, as it does in most real slips."""
    at = rng.randrange(1, len(word) - 1)
    kind = rng.choice(("swap", "drop", "double", "neighbour"))
    if kind == "swap" and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    if kind == "neighbour":
        return word[:at] + _neighbour(word[at], rng) + word[at + 1 :]
    return word[:at] + word[at] + word[at:]


def _neighbour(letter: str, rng: random.Random) -> str:
    row = next(row for row in _ROWS if letter.lower() in row)
    at = row.index(letter.lower())
    other = rng.choice([row[i] for i in (at - 1, at + 1) if 0 <= i < len(row)])
    return other.upper() if letter.isupper() else other


def _same_length(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: "".join(new if len(new := change(c)) == 1 else c for c in text)


_LOWER, _UPPER = _same_length(str.lower), _same_length(str.upper)


def _question(change: Callable[[str], str]) -> Noise:
    return lambda example, _: replace(example, question=change(example.question))


def _passage(change: Callable[[str], str]) -> Noise:
    def noise(example: Example, _: random.Random) -> Example:
        text = change(example.context)
        answers = tuple((at, text[at : at + len(said)]) for at, said in example.answers)
        return replace(example, context=text, answers=answers)

    return noise


def _wide(text: str) -> str:
    """Return letters and digits in full width, as Chinese input methods give them."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@cache
def _converter(direction: str) -> Any:
    import opencc

    return opencc.OpenCC(direction)


def _script(text: str) -> str:
    """Return Chinese in the other script: traditional becomes simplified, simplified becomes traditional."""
    if not has_cjk(text):
        return text
    simple = str(_converter("t2s").convert(text))
    return simple if simple != text else str(_converter("s2t").convert(text))


NOISES: Mapping[str, Noise] = {
    "typos": _typos,
    "lower case": _question(str.lower),
    "upper case": _question(str.upper),
    "no punctuation": _question(lambda text: " ".join(_MARKS.sub(" ", text).split()) or text),
    "full width": _question(_wide),
    "other script": _question(_script),
    "passage lower case": _passage(_LOWER),
    "passage upper case": _passage(_UPPER),
}
"""``other script`` changes Chinese only."""


def affected(examples: list[Example], kind: str, seed: int = 13) -> Iterator[tuple[Example, Example]]:
    """Yield each example that noise of a kind changes, with its noisy copy."""
    for example in examples:
        other = noisy(example, kind, seed)
        if other != example:
            yield example, other
