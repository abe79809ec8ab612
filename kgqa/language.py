"""What kgqa knows of languages: which one a text is in, how text is folded for matching, where sentences end.

Light on import; langdetect and OpenCC are loaded when first needed. Nothing here ever changes stored text: folding is
for
matching only, and :func:`fold_with_offsets` leads back to the original characters.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache
from typing import Any

UNKNOWN = "und"

_HAN = "\u2e80-\u2fdf\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3041-\u3096\u30a1-\u30fa\u31f0-\u31ff\uff66-\uff9d"
_HANGUL = "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"
_han = re.compile(f"[{_HAN}]")
_kana = re.compile(f"[{_KANA}]")
_hangul = re.compile(f"[{_HANGUL}]")
_cjk = re.compile(f"[{_HAN}{_KANA}{_HANGUL}]")
_word = re.compile(r"[^\W\d_]+")
# Scripts that one language uses mostly: the answer where a text is too short to be judged by statistics.
_SCRIPTS = (
    (re.compile("[\u0400-\u052f]"), "ru"),
    (re.compile("[\u0600-\u06ff]"), "ar"),
    (re.compile("[\u0590-\u05ff]"), "he"),
    (re.compile("[\u0370-\u03ff\u1f00-\u1fff]{2}"), "el"),
    (re.compile("[\u0e00-\u0e7f]"), "th"),
    (re.compile("[\u0900-\u097f]"), "hi"),
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Frequent words. English text is told by them alone, which spares it the slow statistics; short Latin text is taken for
# another language only where it has that language's small words.
_ENGLISH = _words(
    "the and to with are that by this which what from how does who shall have has been their these when where can you "
    "your other should would such any of is in a an as for on or at it be not was were its may will into than also"
)
_FOREIGN = _words(
    "de la le les des et un une du est sont dans pour que qui der die das und ist ein eine einer nicht mit von den dem "
    "sind el los las del y es una para por con il di che e gli sono della per non het een van en zijn op te dat och "
    "att det är som og på av til o os um uma do da em ao são não i w na się jest nie z ve bir bu için"
)
_SAMPLE = 2000
_SHORT = 150
_detector_lock = threading.Lock()


def detect(text: str) -> str:
    """Tell the language of a text.

    The script decides for Chinese, Japanese and Korean: one character of these weighs as much as two words of another
    script, so a Chinese question with an English name in it is Chinese. Latin text shorter than 60 letters is
    English, as
    statistics are unreliable there; longer text is judged by langdetect (seeded, so that the result is always the
    same).

    :returns: ISO 639-1 code; ``"und"`` when there are no letters. Never raises.
    """
    if len(text) > 2 * _SAMPLE:
        middle = len(text) // 2
        text = f"{text[:_SAMPLE]} {text[middle : middle + _SAMPLE]}"
    words = _word.findall(_cjk.sub(" ", text) if not text.isascii() else text)
    asian = "" if text.isascii() else _asian(text, len(words))
    if asian:
        return asian
    if not words:
        return UNKNOWN
    english, foreign = _small_words(words[:150])
    if english >= 2 and english > 2 * foreign and english >= 0.12 * len(words[:150]):
        return "en"
    script = "" if text.isascii() else next((code for pattern, code in _SCRIPTS if pattern.search(text)), "")
    letters = sum(map(len, words))
    if letters < _SHORT and (script or foreign < 2 or foreign <= english):
        return script or "en"
    sample = " ".join(words)[:400]
    return _statistical(sample.lower() if sample.isupper() else sample) or script or "en"


def is_chinese(text: str) -> bool:
    """Tell whether a text is Chinese."""
    return detect(text) == "zh"


def has_cjk(text: str) -> bool:
    """Tell whether there is any Chinese, Japanese or Korean character."""
    return not text.isascii() and _cjk.search(text) is not None


def count_cjk(text: str) -> int:
    """Count Chinese, Japanese and Korean characters."""
    return 0 if text.isascii() else len(_cjk.findall(text))


def _asian(text: str, words: int) -> str:
    han, kana, hangul = (len(pattern.findall(text)) for pattern in (_han, _kana, _hangul))
    if 2 * (han + kana + hangul) < words or not han + kana + hangul:
        return ""
    if hangul > han + kana:
        return "ko"
    return "ja" if 10 * kana >= han + kana else "zh"


def _small_words(words: list[str]) -> tuple[int, int]:
    """Count English small words, and those of other languages."""
    lower = [word.lower() for word in words]
    return sum(word in _ENGLISH for word in lower), sum(word in _FOREIGN for word in lower)


# Languages that are seldom met and that langdetect takes for their large neighbours; they need more evidence.
_RARE = dict.fromkeys(("af", "ca", "cy", "et", "lt", "lv", "mk", "sk", "sl", "so", "sq", "sw", "tl"), 1e-6)


@lru_cache(maxsize=1)
def _detectors() -> Any:
    from langdetect import PROFILES_DIRECTORY, DetectorFactory

    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    factory.seed = 0
    return factory


def _statistical(text: str) -> str:
    from langdetect import LangDetectException

    with _detector_lock:
        factory = _detectors()
    detector = factory.create()
    detector.set_prior_map({code: _RARE.get(code, 1.0) for code in factory.langlist})
    detector.append(text)
    try:
        return str(detector.detect()).split("-")[0].replace("unknown", "")
    except LangDetectException:
        return ""


# --- folding
# -----------------------------------------------------------------------------------------------------------

_HAN_BLOCKS = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x2A6E0))


@lru_cache(maxsize=1)
def _to_simplified() -> dict[int, str]:
    """Map each traditional character to its simplified form, one to one.

    By character and not by phrase: a name must fold alike whatever stands around it, and offsets must hold.
    """
    import opencc

    chars = [chr(code) for first, end in _HAN_BLOCKS for code in range(first, end)]
    simple = opencc.OpenCC("t2s").convert("\n".join(chars)).split("\n")
    return {ord(one): other for one, other in zip(chars, simple, strict=True) if one != other and len(other) == 1}


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def fold(text: str) -> str:
    """Return a text as it is compared: compatibility forms, case and traditional Chinese characters folded.

    For matching only; the result may be longer or shorter than the text.
    """
    if text.isascii():
        return text.lower()
    folded = _normal(text)
    return folded.translate(_to_simplified()) if _han.search(folded) else folded


_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()} | {
    ord(char): char_half for char, char_half in zip("％＋－．／＆", map(ord, "%+-./&"), strict=True)
}


def halfwidth(text: str) -> str:
    """Return a text with its full-width letters, digits and signs as plain ones; Chinese punctuation stays. As long as the text.

    >>> halfwidth("ＣＯＰＤ（２０２３年）？")
    'COPD（2023年）？'
    """
    return text if text.isascii() else text.translate(_WIDE)


def simplified(text: str) -> str:
    """Return a text with each traditional Chinese character in its simplified form; as long as the text.

    >>> simplified("無發熱")
    '无发热'
    """
    if text.isascii() or not _han.search(text) or _kana.search(text):
        return text
    return text.translate(_to_simplified())


def fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """Fold a text and say for each folded character which original character it comes from.

    :returns: ``fold(text)`` and a list of ``len(folded) + 1`` offsets into ``text`` that never decrease; the last is
        ``len(text)``. :func:`original_span` leads a match back.
    """
    if text.isascii():
        return text.lower(), list(range(len(text) + 1))
    pieces: list[str] = []
    offsets: list[int] = []
    start = 0
    for end in range(1, len(text) + 1):
        if end < len(text) and _joins(text[end]):
            continue
        piece = fold(text[start:end])
        pieces.append(piece)
        offsets.extend([start] * len(piece))
        start = end
    offsets.append(len(text))
    return "".join(pieces), offsets


def original_span(offsets: list[int], start: int, end: int) -> tuple[int, int]:
    """Lead a match in folded text back to the original.

    :param offsets: second result of :func:`fold_with_offsets`.
    :param start: first folded character of the match.
    :param end: one past its last; larger than ``start``.
    :returns: start and end in the original text; whole characters with their accents.
    """
    stop = end
    while stop < len(offsets) - 1 and offsets[stop] == offsets[end - 1]:
        stop += 1
    return offsets[start], offsets[stop]


def _joins(char: str) -> bool:
    """Tell whether a character may melt into the one before it when text is normalised."""
    if char < "\u0300":
        return False
    return (
        unicodedata.category(char)[0] == "M"
        or "\u1160" <= char <= "\u11ff"  # vowels and finals of Korean syllables
        or "\uff9e" <= char <= "\uffdc"  # voicing marks and Korean letters of half width
        or "\u3131" <= char <= "\u318e"
    )


# --- sentences
# ---------------------------------------------------------------------------------------------------------

_CLOSERS = "\"'”’」』）)\\]》】〉"
_stop = re.compile(rf"[.!?。！？｡…]+[{_CLOSERS}]*|(?:\r\n?|\n)\s*")
_before = re.compile(r"(?:[A-Za-z]\.)*[A-Za-z]+$")
_next_word = re.compile(r"[A-Za-z]+")
_enumerator = re.compile(r"[(（]?(?:\d{1,3}(?:\.\d{1,3})*|[ivxlcIVXLC]{1,6}|[A-Za-z])[.)）]+$")
_item = re.compile(
    r"[-*•·◦▪●–—|#>]|[(（]?\d{1,3}(?:\.\d+)*[.)）、]|\d+\.\d+|[(（]?[A-Za-z][.)）]\s|[(（][ivxlc一二三四五六七八九十]+[)）]"
    r"|[一二三四五六七八九十]+、|第[0-9零〇一二三四五六七八九十百千]+[编章节条]|(?i:article|section|chapter|exhibit|schedule)\s"
)
_NEVER = _words("e.g i.e cf vs viz dr mr mrs ms mx prof st messrs gen sen rep hon capt approx ca incl esp resp dept")
_BEFORE_NUMBER = _words(
    "no nos fig figs art arts sec secs para paras cl p pp vol ch eq tab table ex exh app sched reg reg'n s ss rr pt"
)
_MAYBE = _words(
    "inc ltd corp co llc plc bros l.p l.l.c n.v b.v s.a u.s u.k u.s.a u.n e.u d.c etc a.m p.m al jr sr ph.d m.d b.sc "
    "m.sc jan feb mar apr jun jul aug sep sept oct nov dec mt ft ave blvd rd est assn intl govt univ"
)
_STARTERS = _words(
    "the this that these those it its in on at for if when while where as after before he she we they you i there "
    "however moreover all any each no such subject upon unless during nothing neither either except notwithstanding"
)


def sentences(text: str) -> list[tuple[int, int]]:
    """Find the sentences of an English or Chinese text.

    A sentence ends at final punctuation (with the quotes and brackets that close after it), at a blank line, and at a
    line
    break unless the line is merely wrapped. Abbreviations, initials, decimals and list numbers end none.

    :returns: start and end of each sentence; together they cover all that is not blank.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for match in _stop.finditer(text):
        if match.start() < start:
            continue
        broken = _breaks_line if match.group()[-1] in " \t\r\n\f\v\u3000" or match.group().isspace() else _ends
        if broken(text, start, match):
            _add(spans, text, start, match.end())
            start = match.end()
    _add(spans, text, start, len(text))
    return spans


def _add(spans: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        start += len(piece) - len(piece.lstrip())
        spans.append((start, start + len(stripped)))


def _ends(text: str, start: int, match: re.Match[str]) -> bool:
    """Tell whether final punctuation ends a sentence."""
    mark, end = match.group(), match.end()
    if mark[0] in "。！？｡":
        return True
    after = text[end : end + 24].lstrip()
    if not after:
        return True
    if not text[end].isspace():
        return mark[0] in "!?…" and _cjk.match(text[end]) is not None
    if after[0].islower():
        return False
    return mark[0] != "." or len(mark.rstrip("\"'”’")) > 1 or _full_stop(text, start, match.start(), after)


def _full_stop(text: str, start: int, at: int, after: str) -> bool:
    """Tell whether a single dot, followed by a blank and then by ``after``, ends a sentence."""
    if at - start < 12 and _enumerator.match(text[start : at + 1].strip()):
        return False
    found = _before.search(text, max(start, at - 12), at)
    if not found:
        return True
    word = found.group().lower()
    if word in _NEVER:
        return False
    if word in _BEFORE_NUMBER:
        return not (after[0].isdigit() or after[0] in "§[(#")
    if word in _MAYBE or (len(word) == 1 and found.group().isupper()):
        following = _next_word.match(after)
        return following is not None and following.group().lower() in _STARTERS
    return True


def _breaks_line(text: str, start: int, match: re.Match[str]) -> bool:
    """Tell whether a line break ends a sentence; a wrapped line goes on."""
    if len(re.findall(r"\r\n?|\n", match.group())) > 1 or match.end() == len(text):
        return True
    line_start = max(start, text.rfind("\n", start, match.start()) + 1)
    line = text[line_start : match.start()]
    follows = text[match.end() : match.end() + 40]
    if not line or line[-1] in ":：;；.!?。！？|" or _item.match(follows):
        return True
    if follows[0].islower():
        return False
    return len(line) + count_cjk(line) < 50
