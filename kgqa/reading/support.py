"""Is a sentence supported by evidence? A strict, cheap check that a generative model cannot talk its way around.

A sentence is supported when nearly all of its content words stand in one piece of evidence (or in two taken together),
every number and name in it stands there, and it denies exactly where the evidence denies. That is precision over recall:
a true paraphrase may be dropped, an invented fact is not let through.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from kgqa.language import fold, sentences
from kgqa.reading.words import content_words, stem

_NUMBER = re.compile(r"\d+(?:[.,:/]\d+)*")
_NAME = re.compile(r"(?<=[a-z0-9,;] )[A-Z][\w-]+|[A-Z]{2,}\w*")
_NEGATION = re.compile(
    r"\b(?:no|not|never|none|without|cannot|neither|nor|denie[sd]|prohibited|contraindicated|\w+n['’]t)\b|不|无|未|没|非|禁",
    re.IGNORECASE,
)
_NOT_NEGATION = re.compile(
    r"不仅|不但|不同|不良|非常|无论|\bnot only\b|\bno(?:t)? (?:more|less|later) than\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Support:
    """How strict the check is.

    :param share: share of a sentence's content words that the evidence must have, in [0, 1].
    """

    share: float = 0.75

    def holds(self, sentence: str, evidence: Sequence[str]) -> bool:
        """Tell whether a sentence says nothing that the evidence does not say."""
        found = [stem(word) for word in content_words(sentence)]
        words = set(found)
        whole = "\n".join(evidence)
        # What a sentence begins with is mostly what it is about: that must not be new.
        if (
            not found
            or found[0] not in _stems(whole)
            or not _items(_NUMBER, sentence) <= _items(_NUMBER, whole)
            or not _names(sentence, whole)
        ):
            return False
        said = [part[a:b] for part in evidence for a, b in sentences(part)]
        ranked = sorted(said, key=lambda text: -len(words & _stems(text)))[:2]
        if not ranked:
            return False
        if len(words & (_stems(ranked[0]) | _stems(ranked[-1]))) < self.share * len(words):
            return False
        return _denies(sentence) == _denies(ranked[0])

    def kept(self, text: str, evidence: Sequence[str]) -> str | None:
        """Return the supported sentences of a text, ``None`` when there are none."""
        good = [text[a:b] for a, b in sentences(text) if self.holds(text[a:b], evidence)]
        joined = ("" if _cjk_end(good) else " ").join(good)
        return joined or None


def _stems(text: str) -> set[str]:
    return {stem(word) for word in content_words(text)}


def _items(pattern: re.Pattern[str], text: str) -> set[str]:
    return set(pattern.findall(unicodedata.normalize("NFKC", text)))


def _names(sentence: str, evidence: str) -> bool:
    held = fold(evidence)
    return all(fold(name) in held for name in _NAME.findall(sentence))


def _denies(text: str) -> bool:
    return bool(_NEGATION.search(_NOT_NEGATION.sub(" ", text)))


def _cjk_end(parts: Sequence[str]) -> bool:
    return bool(parts) and parts[0][-1:] in "。！？"
