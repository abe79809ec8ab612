"""What people say and what statutes, records and textbooks write instead: "拉肚子" and "腹泻", "罚钱" and "罚款".

A question in everyday words shares few words with the passage that answers it. The table ``everyday_zh.txt`` is kgqa's own;
it finds more, and never changes what is shown.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from kgqa.language import fold, has_cjk


def formal(text: str) -> tuple[str, ...]:
    """Return the formal words for the everyday words of a Chinese text, in its order, each once; folded.

    Of words inside one another the longest counts.

    >>> formal("拉肚子怎么办")
    ('腹泻',)
    """
    if not has_cjk(text):
        return ()
    table, pattern = _table()
    folded = fold(text)
    return tuple(dict.fromkeys(word for match in pattern.finditer(folded) for word in table[match.group()]))


def everyday(word: str) -> tuple[str, ...]:
    """Return the everyday words for one formal word, folded; the other direction of :func:`formal`.

    >>> everyday("腹泻")
    ('拉肚子', '闹肚子', '跑肚')
    """
    return _reverse().get(fold(word), ())


@cache
def _table() -> tuple[dict[str, tuple[str, ...]], re.Pattern[str]]:
    table: dict[str, tuple[str, ...]] = {}
    for said, written in _lines():
        for word in said:
            known = table.get(word, ())
            table[word] = tuple(dict.fromkeys([*known, *(other for other in written if other != word)]))
    longest_first = sorted(table, key=len, reverse=True)
    return table, re.compile("|".join(map(re.escape, longest_first)))


@cache
def _reverse() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for word, written in _table()[0].items():
        for other in written:
            found[other] = (*found.get(other, ()), word)
    return found


def _lines() -> list[tuple[list[str], list[str]]]:
    text = files("kgqa").joinpath("everyday_zh.txt").read_text(encoding="utf-8")
    pairs = [line.split(">") for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(fold(left).split(), fold(right).split()) for left, right in pairs]
