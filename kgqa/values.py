"""Whether two answers that are written differently say the same: days, amounts, and names inside longer names. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from kgqa.numerals import numbers

_MONTH_NAMES = re.findall(
    r"\w+", "january february march april may june july august september october november december"
)
_MONTHS = {form: n for n, name in enumerate(_MONTH_NAMES, 1) for form in (name, name[:3])} | {"sept": 9}
_AMOUNT = re.compile(r"\d+(?:[.,]\d+)*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")

_UNITS = {
    name: re.compile(rf"(?<![a-z])(?:{latin})(?![a-z])|{chinese}")
    for name, latin, chinese in (
        ("hour", "hours?|hrs?", "小时|钟头"), ("day", "days?", "[日天]"), ("week", "weeks?", "周(?!岁)|星期"),
        ("month", "months?", "个?月"), ("year", "years?", "年|岁"), ("mcg", "mcg|µg|micrograms?", "微克"),
        ("mg", "mg|milligrams?", "毫克"), ("gram", "g|grams?", "(?<![毫微千])克"), ("kg", "kg|kilograms?", "千克|公斤"),
        ("ml", "ml|millilit(?:re|er)s?", "毫升"), ("percent", "percent", "[%％]"),
    )
}  # fmt: skip
"""What is measured in, and how it is written."""


def iso_date(text: str) -> str | None:
    """Return the first date of a text as ``YYYY-MM-DD``, ``None`` when there is none. Month first in ``5/31/2000``."""
    found = re.search(r"(\d{4})-(\d{1,2})-(\d{1,2})", text) or re.search(
        r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日", text
    )
    if found:
        year, month, day = map(int, found.groups())
        return _iso(year, month, day)
    found = re.search(r"(\d{1,2})/(\d{1,2})/(\d{2,4})", text)
    if found:
        month, day, year = map(int, found.groups())
        return _iso(year if year > 99 else 2000 + year if year < 50 else 1900 + year, month, day)
    low = re.sub(r"(\d)(st|nd|rd|th)\b", r"\1", text.lower())
    for pattern, order in (
        (r"([a-z]+)\.?\s+(\d{1,2})\s*,?\s+(\d{4})", (2, 0, 1)),
        (r"(\d{1,2})\s*(?:day)?\s*(?:of)?\s*([a-z]+)\.?\s*,?\s*(\d{4})", (2, 1, 0)),
    ):
        for match in re.finditer(pattern, low):
            its_year, its_month, its_day = (match.groups()[i] for i in order)
            if its_month in _MONTHS:
                return _iso(int(its_year), _MONTHS[its_month], int(its_day))
    return None


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def amounts(text: str) -> frozenset[float]:
    """Return the numbers that a text names, in digits or in Chinese numerals.

    >>> sorted(amounts("3,200 mg or 2.5 g")), sorted(amounts("三百元"))
    ([2.5, 3200.0], [300.0])
    """
    plain = _THOUSANDS.sub("", unicodedata.normalize("NFKC", text))
    written = (number.replace(",", ".") for number in _AMOUNT.findall(plain))
    found = {float(number) for number in written if number.count(".") < 2}
    return frozenset(found | {float(number) for number in numbers(text)})


def same(one: str, other: str) -> bool:
    """Tell whether two answers may say the same: the same day, a common number, or one name within the other.

    >>> same("2019-09-10", "10 September 2019"), same("2019-09-10", "10 October 2019"), same("3200", "2400 mg")
    (True, False, False)
    """
    days = iso_date(one), iso_date(other)
    if all(days):
        return days[0] == days[1]
    said = amounts(one), amounts(other)
    if all(said):
        return bool(said[0] & said[1])
    if any(said):
        return False
    names = sorted((_bare(one), _bare(other)), key=len)
    return names[0] in names[1]


def units(text: str) -> frozenset[str]:
    """Return the units that a text names; an identifier such as ``maxDailyDoseMg`` names those among its words.

    >>> sorted(units("2400 mg a day")), sorted(units("maxDailyDoseMg")), sorted(units("十二个月"))
    (['day', 'mg'], ['mg'], ['month'])
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", text)).casefold()
    return frozenset(name for name, form in _UNITS.items() if form.search(words))


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
