"""Text as a row of comparable words, so that names are found by whole words in any script."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kgqa.language import fold
from kgqa.numerals import NUMERALS, number

Hashes = NDArray[np.uint64]

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af\u3040-\u30ff"
# The number of a part, in any numerals ("第三十九条"); a word; a Chinese character or kana; a letter with a plus
# ("Vitamin B+", "CD4+") keeps it.
_NUMBER = rf"(?<=第)[{NUMERALS}]+(?=[条條款项項章节節编編])"
_TOKEN = re.compile(rf"(?P<number>{_NUMBER})|[{_HAN}]|(?:(?![{_HAN}_])[\w\u0300-\u036f])+(?:\+(?!\w))?")
_POSSESSIVE = frozenset("'’ʼ＇`")
_BASE = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: its folded form and the characters it takes up."""

    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """Split a text into folded words with offsets; punctuation is dropped, and so is the s of a possessive."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if match[0] in ("s", "S") and found and found[-1].end == start - 1 and text[start - 1] in _POSSESSIVE:
            continue
        value = number(normal(match[0])) if match["number"] else None
        found.append(Token(normal(match[0]) if value is None else str(value), start, end))
    return found


@lru_cache(maxsize=100_000)
def normal(word: str) -> str:
    """Return a word folded, without accents."""
    if word.isascii():
        return word.lower()
    folded = fold(word)
    if folded.isascii():
        return folded
    plain = "".join(char for char in unicodedata.normalize("NFD", folded) if unicodedata.category(char) != "Mn")
    return unicodedata.normalize("NFC", plain) or folded


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return a folded English word without number and without the differences of British and American spelling.

    Both sides of a comparison go through this, so the result need not be a word ("psoriasis" becomes "psoriase").
    """
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    word = word.replace("ae", "e").replace("oe", "e")
    if len(word) > 5:
        word = re.sub(r"our(?=s?$|ed|ing|al|ful|able)", "or", word)
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("sis"):
        return word[:-2] + "e"
    if re.search(r"(?:ss|sh|ch|x|zz)es$", word):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def hashes(words: list[str]) -> Hashes:
    """Return a 64-bit hash of each word."""
    return np.fromiter((_hash(word) for word in words), np.uint64, len(words))


@lru_cache(maxsize=200_000)
def _hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def key(words: list[str]) -> int:
    """Return the hash of a row of words, the same as :func:`spans` gives for it."""
    value = 0
    for word in words:
        value = (value * int(_BASE) + _hash(word)) & 0xFFFFFFFFFFFFFFFF
    return value


def spans(words: Hashes, longest: int) -> tuple[NDArray[np.int32], NDArray[np.int32], Hashes]:
    """Return start, length and hash of every run of at most ``longest`` words."""
    n = len(words)
    starts, lengths, values = [], [], []
    rolling = words
    for length in range(1, min(longest, n) + 1):
        if length > 1:
            rolling = rolling[:-1] * _BASE + words[length - 1 :]
        starts.append(np.arange(n - length + 1, dtype=np.int32))
        lengths.append(np.full(n - length + 1, length, np.int32))
        values.append(rolling)
    if not values:
        return np.zeros(0, np.int32), np.zeros(0, np.int32), np.zeros(0, np.uint64)
    return np.concatenate(starts), np.concatenate(lengths), np.concatenate(values)
