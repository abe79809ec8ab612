"""Numbered parts of a text ("Article 39", "第三十九条"): which one a question asks for, and which passages are it. Pure.

A number is the same in whichever numerals and language it is written, so that "Article 1047" finds "第一千零四十七条".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kgqa.language import simplified
from kgqa.numerals import NUMERALS, number
from kgqa.types import Passage

_ZH = rf"第\s*(?P<zh>[{NUMERALS}]+)\s*[条條](?:之(?P<of>[一二三四五六七八九十]))?"
_EN = (
    r"(?:(?<![A-Za-z])(?:articles?|sections?|clauses?|art\.|sec\.)|§)\s*(?P<en>\d+[A-Za-z]?(?:\.\d+)*)(?![A-Za-z0-9_-])"
)
_PART = re.compile(f"{_ZH}|{_EN}", re.I)
_HEAD = re.compile(
    rf"[#\s*>]*(?:{_ZH}|(?:(?:article|section|clause|§)\s*)?(?P<en>\d+[A-Za-z]?(?:\.\d+)*)(?=[.\s)]))", re.I
)
_LINE = re.compile(
    rf"^[#\s*>]*(?:{_ZH}(?=[\s　:：（(【]|$)|(?:article|section|clause|§)\s*(?P<en>\d+[A-Za-z]?(?:\.\d+)*)(?=[.\s:]|$))",
    re.I | re.M,
)
_PARAGRAPH = rf"(?:第\s*[{NUMERALS}]+\s*[款项項])*"
_ZH_BARE = re.compile(
    rf"[\w《》〈〉（）()·\s]{{0,40}}?(?:{_ZH}{_PARAGRAPH}|{_EN}(?=\s*[\u4e00-\u9fff])\s*)的?(?:具体|主要)?"
    r"(?:内容|规定|条文|原文|全文)?(?:是|都?规定|约定|说|写|讲)?(?:的是|[了的着])?"
    r"(?:什么(?:内容)?|哪些内容|些什么|啥|(?:怎么|如何|怎样)(?:规定|约定|说|写)的?)?[呢吗]?[？?。.\s]*",
    re.I,
)
_OTHER = re.compile(
    "哪|谁|什么|多少|几|吗|是否|有没有|怎|取代|替代|代替|废止|修改|修正|对应|相当|引用|援引|提到|违反|适用"
)
"""What is asked of a part beside its words, before its name."""
_EN_BARE = re.compile(
    rf"\W*(?:(?:please )?(?:quote|cite|show(?: me)?|read|give(?: me)?|summari[sz]e|explain)\s+|what (?:does|do|did|is|are) "
    rf"(?:in |the (?:text|content|wording)s? of )?)?(?:the )?{_EN}(?P<of_what>(?:,? (?:of|in|under|to) [^?,]{{3,80}}?|"
    r" (?:GDPR|[A-Z]{2,8}))?)(?:\s+(?:say|says|said|provide|provides|state|states|stipulate|require|contain|regulate|about"
    r"|lay down))*[\s?.!]*",
    re.I,
)
_KINDS = "法|法典|条例|條例|规定|規定|办法|辦法|编|編|合同|协议|協議|规则|規則|细则|細則|章程|解释|解釋|须知|須知|指南"
_LAW = re.compile(
    r"《(?P<quoted>[^》]{2,40})》\s*的?\s*$"
    rf"|(?P<name>[\u4e00-\u9fffA-Za-z0-9]{{1,24}}(?:{_KINDS}))的?\s*$"
    r"|(?P<short>[A-Z]{2,10})的?\s*$"
)
_BEFORE = re.compile(r"^(?:请问|根据|按照|依照|依据|违反|我国|中国的?|什么是|那么?|在|依|按)+")
_VERB = "say|provide|state|require|define|allow|stipulate|contain|list|set|lay"
_AFTER = re.compile(
    rf",?\s*(?:of|in|under|to)\s+(?:the\s+)?(?P<name>[A-Z][\w'’&.()/-]*(?:\s+[\w'’&.()/-]+){{0,10}}?)"
    rf"(?=\s+(?:{_VERB})s?\b|[?,;]|$)"
    r"|\s+(?P<short>[A-Z]{2,10})\b"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A numbered part that a question names.

    :param number: its number in digits, as ``39``, ``7.2``, ``55a`` or ``39-1`` (第三十九条之一).
    :param start: first character of its mention.
    :param end: one past the last.
    :param law: the name of the text that it is a part of, as far as it stands beside the number; empty where none does.
    :param bare: whether the question asks for nothing but what the part says.
    """

    number: str
    start: int
    end: int
    law: str = ""
    bare: bool = False


def part_in(question: str) -> Part | None:
    """Return the numbered part that a question names; ``None`` where it names none, or several.

    >>> part_in("《劳动合同法》第三十九条规定了什么？")
    Part(number='39', start=7, end=12, law='劳动合同法', bare=True)
    >>> part_in("What fine does Article 83 of the Act allow?").number
    '83'
    """
    found = list(_PART.finditer(question))
    numbers = {_number(match) for match in found}
    if len(numbers) != 1 or "" in numbers:
        return None
    first = found[0]
    plain = simplified(question)
    bare = bool(_ZH_BARE.fullmatch(plain) and not _OTHER.search(plain[: first.start()]))
    bare = bare or bool(_EN_BARE.fullmatch(question))
    return Part(numbers.pop(), first.start(), first.end(), _law(question, first), bare)


def mentioned(text: str) -> Iterator[str]:
    """Yield the number of each numbered part that a text mentions, in order."""
    return (one for match in _PART.finditer(text) if (one := _number(match)))


def numbers_in(passage: Passage) -> set[str]:
    """Return the numbers of the parts that a passage is, or is inside of, or holds from their beginning.

    >>> numbers_in(Passage("p", "d", "第三十八条 应当休息。", "zh", 0, 10))
    {'38'}
    """
    heads = (_HEAD.match(head) for head in passage.heading.split(" > "))
    found = {_number(head) for head in heads if head} | {_number(line) for line in _LINE.finditer(passage.text)}
    return {upper for one in found if one for upper in _uppers(one)}


def _uppers(one: str) -> Iterator[str]:
    """Yield a number and those of the parts around it: "7.2.1" is inside 7.2 and 7."""
    pieces = one.split(".")
    return (".".join(pieces[:size]) for size in range(1, len(pieces) + 1))


def _number(match: re.Match[str]) -> str:
    if match["en"]:
        return match["en"].lower()
    value, below = number(_digits(match["zh"])), match["of"]
    return "" if value is None else f"{value}-{number(below)}" if below else str(value)


def _digits(text: str) -> str:
    """Return a number with its full-width digits as plain ones."""
    return "".join(chr(ord(char) - 0xFEE0) if "０" <= char <= "９" else char for char in text)


def _law(question: str, part: re.Match[str]) -> str:
    if found := _LAW.search(question[: part.start()]):
        return found["quoted"] or found["short"] or _BEFORE.sub("", found["name"])
    after = _AFTER.match(question[part.end() :])
    return after["name"] or after["short"] if after else ""
