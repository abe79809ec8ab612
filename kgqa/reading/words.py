"""Content words of a question or sentence, folded and stemmed for comparing; Chinese as pairs of characters."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from kgqa.language import fold

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_HAN_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_STOP_WORDS = """
a about after all also am an and any are as at be because been before being between both but by can could did do does
doing during each every for from had has have having he her here him his how i if in into is it its itself just many
may me might more most much must my no nor not of on only or other our out over own same shall she should so some such
than that the their them then there these they this those through to too under until up upon us very was we were what
when where whether which while who whom whose why will with would you your please tell say says said describe explain
quote agreed mean means give know called
"""
_STOP = frozenset(_STOP_WORDS.split())
_CHINESE_STOP = re.compile(
    r"什么|哪些|哪个|哪里|哪一|哪|如何|怎么样|怎样|怎么|为什么|多少|是否|有没有|请问|请|关于|规定|吗|呢|的|了|是|有|在|和|与|或|及|应当|应该|可以|会|能"
)


def content_words(text: str) -> list[str]:
    """Return the words that carry meaning, folded; each run of Chinese characters as its overlapping pairs."""
    folded = fold(text)
    words = [word for word in _WORD.findall(_HAN_RUN.sub(" ", folded)) if word not in _STOP]
    for run in _HAN_RUN.findall(_CHINESE_STOP.sub(" ", folded)):
        words += [run[at : at + 2] for at in range(len(run) - 1)] or [run]
    return words


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return a word's stem (Snowball's English stemmer); other scripts stay as they are."""
    return str(_stemmer().stemWord(word)) if word.isascii() else word


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("english")
