"""Text to the terms that BM25 counts: one analyser per language.

Words of scripts with spaces are folded, freed of stop words and stemmed (Snowball, by language). Chinese, Japanese and
Korean are cut into single characters and pairs of neighbours; see ``docs/decisions/0003-lexical-index.md`` for why no
dictionary is used.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from kgqa.language import fold

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
        found: list[str] = []
        for match in _TOKEN.finditer(fold(text)):
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


def _characters(run: str) -> Sequence[str]:
    kept = [char for char in run if char not in _CHINESE_STOP_CHARACTERS]
    return [*kept, *(run[i : i + 2] for i in range(len(run) - 1))]
