"""Comparing answer texts: exact match and F1 after normalisation.

English: lower case, no punctuation, no articles, words (Rajpurkar et al. 2016). Chinese: no punctuation; a Chinese
character is a token, other runs are words; overlap is the longest common run of tokens (Cui et al. 2019).
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_MIXED = re.compile(rf"{_HAN.pattern}|[^\W_]+?(?={_HAN.pattern})|[^\W_]+")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def chinese(text: str) -> bool:
    """Tell whether a text is mainly Chinese: at least three in ten of its letters."""
    letters = sum(character.isalpha() for character in text)
    return letters > 0 and len(_HAN.findall(text)) >= 0.3 * letters


def normalise(text: str) -> str:
    """Return the official SQuAD normal form of an English answer."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def tokens(text: str, *, mixed: bool) -> list[str]:
    """Return the tokens that F1 counts.

    :param mixed: mixed segmentation, for Chinese; else words of :func:`normalise`.
    """
    if not mixed:
        return normalise(text).split()
    return _MIXED.findall(unicodedata.normalize("NFKC", text).lower())


def exact_match(found: str, wanted: str) -> bool:
    """Tell whether two answers are the same after normalisation."""
    mixed = chinese(wanted) or chinese(found)
    if mixed:
        return "".join(tokens(found, mixed=True)) == "".join(tokens(wanted, mixed=True))
    return normalise(found) == normalise(wanted)


def f1(found: str, wanted: str) -> float:
    """Return token F1 in [0, 1]; two empty answers agree, an empty one and another do not."""
    mixed = chinese(wanted) or chinese(found)
    ours, theirs = tokens(found, mixed=mixed), tokens(wanted, mixed=mixed)
    if not ours or not theirs:
        return float(ours == theirs)
    common = _longest_run(ours, theirs) if mixed else sum((Counter(ours) & Counter(theirs)).values())
    return 2 * common / (len(ours) + len(theirs))


def best_exact(found: str | None, wanted: Sequence[str]) -> float:
    """Return 1.0 when an answer matches one of the accepted, which are "" alone where there is no answer."""
    return 0.0 if found is None else float(any(exact_match(found, text) for text in wanted or [""]))


def best_f1(found: str | None, wanted: Sequence[str]) -> float:
    """Return the best F1 against the accepted answers, which are "" alone where there is no answer."""
    return 0.0 if found is None else max(f1(found, text) for text in wanted or [""])


def _longest_run(one: Sequence[str], other: Sequence[str]) -> int:
    best, previous = 0, [0] * (len(other) + 1)
    for token in one:
        current = [0] * (len(other) + 1)
        for at, theirs in enumerate(other, 1):
            if token == theirs:
                current[at] = previous[at - 1] + 1
        best, previous = max(best, *current), current
    return best
