"""Numbers in Chinese numerals, full-width digits or digits, so that "第312条" and "第三百一十二条" are the same."""

from __future__ import annotations

import re
from collections.abc import Iterator

_DIGIT = {char: value for value, char in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "壹": 1,
    "贰": 2,
    "叁": 3,
    "肆": 4,
    "伍": 5,
    "陆": 6,
    "柒": 7,
    "捌": 8,
    "玖": 9,
}
_UNIT = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_GREAT = {"万": 10_000, "亿": 100_000_000}
_LETTERS = "".join([*_DIGIT, *_UNIT, *_GREAT])
NUMERALS = f"0-9０-９{_LETTERS}"
"""Characters of numbers, for use inside the brackets of a pattern."""
_written = re.compile(rf"[{_LETTERS}]*[{''.join([*_UNIT, *_GREAT])}][{_LETTERS}]*")


def number(text: str) -> int | None:
    """Return the value of a whole number, ``None`` when the text is none.

    >>> number("三百一十二"), number("312"), number("二〇一七"), number("五十万")
    (312, 312, 2017, 500000)
    """
    if text.isdecimal():
        return int(text)
    if not text or any(char not in _LETTERS for char in text):
        return None
    if all(char in _DIGIT for char in text):
        return int("".join(str(_DIGIT[char]) for char in text))
    total = section = digit = 0
    least = 0  # the last of 万 and 亿: a larger one after it multiplies all before
    for char in text:
        if char in _DIGIT:
            digit = _DIGIT[char]
        elif char in _UNIT:
            section += (digit or 1) * _UNIT[char]
            digit = 0
        else:
            great, part = _GREAT[char], section + digit
            total = (total + part or 1) * great if great > least else total + part * great
            least, section, digit = great, 0, 0
    return total + section + digit


def numbers(text: str) -> Iterator[int]:
    """Yield the values of the numbers that are written with Chinese units of ten and more ("二十二周岁")."""
    for match in _written.finditer(text):
        value = number(match.group())
        if value is not None and len(match.group()) > 1:
            yield value
