"""From bytes to text: which encoding a file is in."""

from __future__ import annotations

import codecs
import re

from kgqa.documents.source import clean
from kgqa.errors import SourceError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 200_000
_high_run = re.compile(rb"[\x80-\xff]+")
_han = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_odd = re.compile("[\ue000-\uf8ff\ufffd\x80-\x9f]")


def decode(data: bytes, declared: str = "") -> tuple[str, str]:
    """Decode a file whose encoding is not known.

    Tried in this order: byte order mark, UTF-8, UTF-16 without a mark, what the file declares, GB18030 and Big5 by
    how common
    their characters are, Windows-1252, and what charset-normalizer thinks.

    :param declared: encoding that the file itself names (HTML), or empty.
    :returns: the text, without byte order mark, NUL or lone surrogates, and the name of the encoding.
    :raises SourceError: when the bytes are no text.
    """
    encoding = _encoding(data, declared)
    if not encoding:
        raise SourceError("the encoding cannot be told or this is no text; save the file as UTF-8")
    try:
        text = data.decode(encoding, "strict" if encoding != "utf-8" else "replace")
    except (UnicodeError, LookupError):
        raise SourceError(f"not valid {encoding}; save the file as UTF-8") from None
    if text.count("\x00") * 100 > len(text):
        raise SourceError("this is a binary file, not text; convert it first")
    return clean(text), encoding


def _encoding(data: bytes, declared: str) -> str:
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if _mostly_utf8(data):
        return "utf-8" if b"\x00" not in data else _wide(data) or "utf-8"
    if declared and _decodes(data, declared):
        return declared
    return _wide(data) or _regional(data[:_SAMPLE], data) or _guess(data[:_SAMPLE])


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True


def _mostly_utf8(data: bytes) -> bool:
    """Tell whether this is UTF-8, a few stray bytes (one in a hundred non-ASCII characters) forgiven."""
    if _decodes(data, "utf-8"):
        return True
    text = data.decode("utf-8", "replace")
    wrong = text.count("\ufffd")
    right = sum(1 for char in text if char > "\x7f") - wrong
    return wrong * 100 < right


def _wide(data: bytes) -> str:
    """Recognise UTF-16 without a mark by the zero bytes of its ASCII characters."""
    sample = data[:4000]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if len(data) % 2 or even + odd < len(sample) / 20:
        return ""
    name = "utf-16-le" if odd > even else "utf-16-be"
    return name if min(even, odd) * 10 < max(even, odd) and _decodes(data, name) else ""


def _regional(sample: bytes, data: bytes) -> str:
    runs = _high_run.findall(sample)
    if not runs:
        return ""
    lone = sum(1 for run in runs if len(run) == 1)
    scores = {name: _common(sample, name) for name in ("gb18030", "big5")}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] >= 0.7 and lone < 0.5 * len(runs) and _decodes(data, best):
        return best
    if lone >= 0.6 * len(runs) and _decodes(data, "windows-1252"):
        return "windows-1252"
    return ""


def _common(sample: bytes, encoding: str) -> float:
    """Return the share of everyday characters among the Chinese ones of a sample read in an encoding."""
    for cut in range(4):  # the sample may end inside a character
        try:
            text = sample[: len(sample) - cut].decode(encoding)
            break
        except UnicodeError:
            continue
    else:
        return 0.0
    chars = _han.findall(text)
    if not chars:
        return 0.0
    plain = "gb2312" if encoding == "gb18030" else "big5"
    last = 0xD7 if plain == "gb2312" else 0xC6  # both standards list the everyday characters first
    everyday = sum(1 for char in chars if char.encode(plain, "replace")[0] in range(0xA4, last + 1))
    return (everyday - 2 * len(_odd.findall(text))) / len(chars)


def _guess(sample: bytes) -> str:
    import charset_normalizer

    best = charset_normalizer.from_bytes(sample).best()
    return best.encoding if best is not None else ""
