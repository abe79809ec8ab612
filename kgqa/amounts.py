"""Whole amounts: a phrase that a reader marked inside "thirty (30) days" is given all of it.

A reader marks tokens and may stop at "thirty" or begin at "30)". Half an amount is no answer: "two" of "two (2) percent" leaves
the unit out, "four" of "four and a half percent" is wrong.
"""

from __future__ import annotations

import re
from dataclasses import replace

from kgqa.types import Span

_MEASURE = re.compile(
    r"[ -]?(?:%|‰|°[CF]|(?:percent|per cent)\b|[mµμnk]?(?:g|l|L|mol|m|U)(?:/(?:[a-zA-Z0-9.²]+))*(?![\w])|mmHg\b"
    r"|(?:(?:calendar|business|working) )?(?:second|minute|hour|day|week|month|quarter|year|decade)s?\b"
    r"|个?工作日|(?:秒|分钟|小时|天|日|周|个?月|年|毫克|微克|毫升|毫米|厘米|公斤|千克|万元|亿元|元|周?岁|次|倍|％|℃|摄氏度"
    r"|毫米汞柱|微摩尔每升|国际单位))"
)
_SHARE_OF = re.compile(r"(?:百|千|万)分之$")
_OPEN = re.compile(r"[0-9０-９一二三四五六七八九十百千万亿两]\s*个?$")
"""A number at the end, whose unit may stand behind it."""
_NUMERAL = re.compile(r"[0-9０-９一二三四五六七八九十百零〇点两]")

_SMALL = (
    "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen"
    "|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
_LARGE = "hundred|thousand|million|billion"
_WORDS = rf"(?:{_SMALL})(?:[- ](?:and )?(?:{_SMALL}|{_LARGE})\b)*(?: and (?:a|one|three) (?:half|quarters?|third)\b)?"
_DIGITS = r"\d+(?:[,.]\d+)*"
_CURRENCY = r"(?:(?:US|A|C|HK)?\$|€|£|¥|(?:USD|EUR|GBP|CNY|RMB|CHF|JPY|SGD|AUD|CAD|HKD)\b)"
_UNIT = (
    r"(?:%|percent\b|per cent\b|(?:million|billion|thousand)\b|(?:(?:consecutive|calendar|business|working|trading) )?"
    r"(?:second|minute|hour|day|week|month|quarter|year|decade)s?\b"
    r"|(?:(?:US |U\.S\. |Hong Kong |Singapore |Canadian |Australian )?[Dd]ollars?|[Ee]uros?|[Pp]ounds?|[Yy]uan|[Rr]enminbi)\b)"
)
_WHOLE = re.compile(
    rf"(?:{_CURRENCY} ?)?(?:\b(?:{_WORDS}) ?\( ?(?:{_CURRENCY} ?)?{_DIGITS} ?%? ?\)|\b(?:{_WORDS})\b|\b{_DIGITS})"
    rf"(?:[ -]?{_UNIT}){{0,3}}(?: ?\( ?(?:{_CURRENCY} ?)?{_DIGITS} ?%? ?\))?",
    re.IGNORECASE,
)
_REACH = 60
"""Characters on each side of a phrase within which an amount that it belongs to begins and ends."""


def measure(after: str) -> int:
    """Return how many characters of what follows a number are its unit: "25" of "25 years" is no age.

    >>> measure(" years of age")
    6
    """
    found = _MEASURE.match(after)
    return found.end() if found else 0


def whole_amount(span: Span) -> Span:
    """Return a span that lies inside an amount, its unit included, with all of the amount; others stay as they are."""
    text, begin, end = span.passage.text, span.start - span.passage.start, span.end - span.passage.start
    around = max(0, begin - _REACH)
    for found in _WHOLE.finditer(text, around, min(len(text), end + _REACH)):
        start, stop = found.span()
        if start <= begin and end <= stop and (start, stop) != (begin, end):
            return _moved(span, start, stop)
    more = measure(text[end : end + 30]) if _OPEN.search(span.text) else 0
    less = len(share[0]) if (share := _SHARE_OF.search(text[:begin])) and _NUMERAL.match(span.text) else 0
    return _moved(span, begin - less, end + more) if more or less else span


def _moved(span: Span, begin: int, end: int) -> Span:
    at = span.passage.start
    return replace(span, start=at + begin, end=at + end, text=span.passage.text[begin:end])
