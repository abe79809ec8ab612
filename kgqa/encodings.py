"""Which encoding a text is in: Unicode in all its forms, the two Chinese ones, Western ones."""

from __future__ import annotations

import codecs
import re

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


def encoding(data: bytes, declared: str = "") -> str:
    """Tell the encoding of text.

    Tried in this order: byte order mark, UTF-8, UTF-16 without a mark, what the source declares, GB18030 and Big5 by how
    common their characters are, Windows-1252, and what charset-normalizer thinks.

    :param declared: encoding that the source itself names (HTML), or empty.
    :returns: a name that Python knows; empty when none fits.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    if _mostly_utf8(data):
        return "utf-8" if b"\x00" not in data else _wide(data) or "utf-8"
    if declared and _decodes(data, declared):
        return declared
    return _wide(data) or _regional(data[:_SAMPLE], data) or _guess(data[:_SAMPLE])


def readable_name(name: str) -> str:
    """Return a file's name as people read it: where it is no UTF-8 (GB18030 from an old archive), by its own encoding.

    >>> readable_name("编码名.txt".encode("gb18030").decode("utf-8", "surrogateescape"))
    '编码名.txt'
    """
    data = name.encode("utf-8", "surrogateescape")
    if not any("\udc80" <= char <= "\udcff" for char in name):
        return name
    return data.decode(encoding(data) or "gb18030", "replace")


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
    # The second byte of Big5 is often ASCII, so its characters look like lone letters with accents; those are seldom everyday
    # characters of Big5.
    sure = scores[best] >= (0.85 if best == "big5" else 0.7)
    if sure and (best == "big5" or lone < 0.5 * len(runs)) and _decodes(data, best):
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
