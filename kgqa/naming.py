"""Find the document that a question names, by its words alone: "the Supply Agreement between Acme, Inc. and Bolt GmbH". Pure.

A knowledge base without a graph has nobody to link the name to its document; the words of the name are then looked for
where documents name themselves, on their first pages.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kgqa.language import fold
from kgqa.types import Hit

_NAME = r"(?:[A-Z0-9][\w.&'’/-]*|\([^)]*\))"
_JOIN = r"(?:and|of|for|the|by|between|with|to|on|in|under|&|de|dba|d/b/a)"
_NAMES = re.compile(rf"(?<!\w){_NAME}(?:(?:,?\s+(?:{_JOIN}\s+){{0,2}}|,\s*){_NAME})+(?=\W|$)|《[^》]{{4,}}》")
_SMALL = frozenset(
    re.findall(r"\w+", "and of for the by between with to on in under de dba inc llc ltd corp co company plc gmbh lp")
)
_NUMBERED = re.compile(r".*[^\W\d_]{2,}.*?(?:\d+|[一二三四五六七八九十百]+)号?", re.S)
FEWEST = 4
"""Words that a name must have to tell a document; shorter ones name things that many documents speak of."""
FIRST_PAGE = 3000
"""Characters in which a document names itself."""
SURE = 0.85
"""Share of the name's words that must stand there."""


def name_in(question: str) -> tuple[int, int] | None:
    """Return where the longest name of a question stands, if it is long enough to tell a document.

    >>> question = "Which law governs the Supply Agreement between Acme, Inc. and Bolt GmbH?"
    >>> question[slice(*name_in(question))]
    'Supply Agreement between Acme, Inc. and Bolt GmbH'
    """
    first = re.match(r"\W*[A-Za-z]+", question)
    found = [(m.start(), m.end()) for m in _NAMES.finditer(question, first.end() if first else 0)]
    longest = max(found, key=lambda place: place[1] - place[0], default=None)
    if longest is None or (question[longest[0]] != "《" and len(name_words(question[slice(*longest)])) < FEWEST):
        return None
    return longest


def numbered(title: str) -> str | None:
    """Return the number by which a document calls itself, as it stands before the colon of its title.

    >>> numbered("Case note 1: cough and wheeze")
    'Case note 1'
    >>> numbered("Type 2 diabetes") is None
    True
    """
    head = re.split(r"\s*[:：|–—（(]|\s-\s", title.strip(), maxsplit=1)[0].strip()
    return head if head != title.strip() and _NUMBERED.fullmatch(head) else None


def place_of(name: str, question: str) -> tuple[int, int] | None:
    """Return where a question says a numbered name: whole words, any case, any spacing."""
    words = r"\s*".join(map(re.escape, re.findall(r"[^\W\d_]+|\d+|[^\w\s]", name)))
    # A number ends where its digits end: "case note 1" is not said by "case note 12", nor "病例一" by "病例一百".
    found = re.search(rf"(?<![^\W\u4e00-\u9fff]){words}(?![\d一二三四五六七八九十百])", question, re.I)
    return found.span() if found else None


def name_words(name: str) -> list[str]:
    """Return the telling words of a name, folded; of a Chinese one its pairs of characters."""
    folded = fold(name)
    words = [word for word in re.findall(r"[a-z0-9][\w'-]*", folded) if word not in _SMALL and len(word) > 1]
    runs = re.findall(r"[\u4e00-\u9fff]+", folded)
    return list(dict.fromkeys([*words, *(run[i : i + 2] for run in runs for i in range(len(run) - 1))]))


def self_named(name: str, hits: Sequence[Hit]) -> frozenset[str]:
    """Return the documents whose first page holds a name, out of what a search for the name has found.

    :returns: empty when none holds enough of it, or more than two do equally.
    """
    words = name_words(name)
    if not words:
        return frozenset()
    pages: dict[str, str] = {}
    for hit in hits:
        if hit.passage.start < FIRST_PAGE:
            said = f"{hit.passage.title} {hit.passage.heading} {hit.passage.text}"
            pages[hit.passage.doc_id] = f"{pages.get(hit.passage.doc_id, '')} {fold(said)}"
    shares = {doc_id: sum(word in page for word in words) / len(words) for doc_id, page in pages.items()}
    best = max(shares.values(), default=0.0)
    held = frozenset(doc_id for doc_id, share in shares.items() if share >= best - 0.05)
    return held if best >= SURE and len(held) <= 2 else frozenset()
