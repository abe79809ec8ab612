"""Text to the terms that BM25 counts: one analyser per language.

Words of scripts with spaces are folded, freed of stop words and stemmed (Snowball, by language). Chinese, Japanese and
Korean are cut into single characters and pairs of neighbours; see ``docs/decisions/0003-lexical-index.md`` for why no
dictionary is used. Numbered parts of statutes get a term of their own, whichever numerals they are written in.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from kgqa.everyday import formal
from kgqa.language import fold, has_cjk
from kgqa.numerals import NUMERALS, number, numbers
from kgqa.parts import mentioned

_KANA = "\u3041-\u30ff\u31f0-\u31ff"
_HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_CJK = f"{_HAN}{_KANA}\uac00-\ud7a3"
_TOKEN = re.compile(rf"(?P<cjk>[{_CJK}]+)|\d+(?:[.,]\d+)+|[^\W_{_CJK}]+")
_REMEMBERED = 300_000
_STEMMERS = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hi": "hindi",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}
_STOP_WORDS = """
a about am an and any are as at be been being but by can could did do does doing for from had has have how i if in into
is it its me my of on or our shall should so such than that the their them then there these they this those to us was
we were what when where which while who whom whose why will with would you your
"""
_ENGLISH_STOP_WORDS = frozenset(_STOP_WORDS.split())
_CHINESE_STOP_CHARACTERS = frozenset("的了吗呢吧啊呀么哪些什是")
_ASKING = re.compile(
    "什么|哪些|哪个|哪里|哪一|如何|怎么样|怎样|怎么|为什么|多少|是否|有没有|是不是|能不能|可不可以|要不要|该不该|会不会"
    "|行不行|请问|吗|呢|的|了|谁|几|可以|可能|应该|应当|会被|会"
)
_NUMBERED = re.compile(rf"第([{NUMERALS}]+)([编章节款项])")
_PARTED = re.compile("第|article|section|clause|§|art\\.|sec\\.")
EVERYDAY = 0.5
"""Weight of the formal words for everyday words of a question: the best of 0.15 to 1 (docs/experiments.md)."""


class Analyser:
    """Cuts text into terms; safe to use from several threads."""

    def __init__(self) -> None:
        self._memory: dict[tuple[str, str], str] = {}
        self._local = threading.local()

    def terms(self, text: str, language: str) -> list[str]:
        """Return the terms of a text in order, repeated as they occur.

        :param language: decides stemmer and stop words; a language without a stemmer is treated as English.
        """
        known = language if language in _STEMMERS else "en"
        folded = fold(text)
        found = _numbered(folded)
        for match in _TOKEN.finditer(folded):
            token = match.group()
            if match.lastgroup == "cjk":
                found.extend(_characters(token))
                continue
            term = self._memory.get((known, token))
            if term is None:
                term = self._remember(known, token)
            if term:
                found.append(term)
        return found

    def weighted_terms(self, text: str, languages: Iterable[str]) -> dict[str, float]:
        """Return the terms of a question and what each counts.

        The words that only ask are left out of Chinese, and the formal words for its everyday words are added with less
        weight, as they are guesses.
        """
        if not has_cjk(text):
            return dict.fromkeys(self.query_terms(text, languages), 1.0)
        languages = list(languages)
        weights = dict.fromkeys(self.query_terms(_ASKING.sub(" ", text), languages), 1.0)
        for word in formal(text):
            for term in self.query_terms(word, languages):
                weights.setdefault(term, EVERYDAY)
        return weights

    def query_terms(self, text: str, languages: Iterable[str]) -> list[str]:
        """Return the terms of a question as passages in any of the languages would have them, each once."""
        known = {language if language in _STEMMERS else "en" for language in languages} or {"en"}
        # A short question rarely shows its language; the stems of all languages at hand cost nothing where they agree.
        return list(dict.fromkeys(term for language in sorted(known) for term in self.terms(text, language)))

    def _remember(self, language: str, token: str) -> str:
        if len(self._memory) >= _REMEMBERED:
            self._memory.clear()
        term = "" if token in _ENGLISH_STOP_WORDS and language == "en" else self._stem(language, token)
        self._memory[language, token] = term
        return term

    def _stem(self, language: str, token: str) -> str:
        stemmers: dict[str, Any] = self._local.__dict__.setdefault(
            "stemmers", {}
        )  # Snowball objects are not thread-safe
        if language not in stemmers:
            import Stemmer

            stemmers[language] = Stemmer.Stemmer(_STEMMERS[language])
        stem = str(stemmers[language].stemWord(token))
        return stem if stem.isascii() else without_accents(stem)


def without_accents(word: str) -> str:
    """Return a word without combining marks; what has no parts stays as it is."""
    parts = unicodedata.normalize("NFD", word)
    return unicodedata.normalize("NFC", "".join(char for char in parts if not unicodedata.combining(char)))


def _numbered(text: str) -> list[str]:
    """Return a term for each numbered part of a statute and each amount, whichever numerals they are written in.

    An article has the same term in Chinese and English: "第五条" is "Article 5".
    """
    parts = [f"§{part}条" for part in mentioned(text)] if _PARTED.search(text) else []
    if text.isascii():
        return parts
    parts += [f"§{number(found[1])}{found[2]}" for found in _NUMBERED.finditer(text)] if "第" in text else []
    return [*parts, *(str(value) for value in numbers(text))]


def _characters(run: str) -> Sequence[str]:
    kept = [char for char in run if char not in _CHINESE_STOP_CHARACTERS]
    return [*kept, *(run[i : i + 2] for i in range(len(run) - 1))]
