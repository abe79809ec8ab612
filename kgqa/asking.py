"""What a question asks for, told from its words alone: the kind of answer, and whether a phrase or a quotation is wanted.

Rules over question words of English and Chinese; nothing here knows a knowledge base.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from kgqa.language import simplified
from kgqa.parts import part_in
from kgqa.types import AnswerKind

Style = Literal["span", "quote", "exists", "truth"]
"""``span``: a phrase; ``quote``: one or more sentences; ``exists``: whether the text has such a part at all; ``truth``:
whether a statement holds."""


Form = Literal["date", "duration", "number", "any"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question expects.

    :param kind: expected kind of answer; ``span`` when nothing narrower can be told.
    :param style: how an answer from text should look.
    :param form: what a phrase must hold to be an answer at all.
    """

    kind: AnswerKind
    style: Style
    form: Form = "any"


_COUNT = re.compile(
    r"\b(how many|number of|count)\b|多少(?!钱|毫|岁|天|克|时|元)|几(?=个|种|项|条|类|名|份|片|粒|支|瓶|次|位|家|款|部|倍)",
    re.I,
)
_DATE = re.compile(
    r"\b(when|(what|which) (date|day|year)|date of|effective date|end date|expiry date|until when)\b"
    r"|何时|什么时候|哪一?年|哪一?天|日期|到期日|生效日",
    re.I,
)
_YES_NO = re.compile(
    r"^\W*(is|are|was|were|does|do|did|has|have|had|can|could|may|must|should|shall|will|would)\b"
    r"|吗[？?\s]*$|是否|能否|可否|有没有|是不是|能不能|可不可以",
    re.I,
)
_POLITE = re.compile(
    r"^\W*(can|could|would|will|may) (you|i|we) (please |kindly )?((tell|show|explain to|ask) (me |you |us )?(?=(wh|how)\w*\b)"
    r"|(?<=you )(please |kindly )?(?=(explain|describe|tell|give|show|list|name|say|summari[sz]e|find|quote)\b)|(?=know\b))"
    r"|^\W*(please )?tell (me|us) (?=(wh|how)\w*\b(?!ether))|^\W*i (want|would like|'d like) to know (?=(wh|how)\w*\b(?!ether))"
    r"|^\W*(do|would) you (happen to )?know (?=wh|how)"
    r"|^(请问)?[您你]?(能不能|能否|可否|可以|能)请?[您你]?(给我|帮我|为我)?(?=解释|介绍|告诉|说明|列出|描述|讲)",
    re.I,
)
_POLITE_END = re.compile(r"(?<=[^有没])吗[？?\s]*$")
"""Polite words around a question, which make it no yes/no question."""
_EXISTS = re.compile(
    r"^\W*(is|are) there\b"
    r"|\b(is|are) there\b.*\b(clause|provision|section|article|term)s?\b"
    r"|\b(does|do)\b.*\b(contain|include|have|provide)\b.*\b(clause|provision|section|article|restriction|cap|right)s?\b"
    r"|\b(does|do)\b.*\b(contain|include)\b"
    r"|(有没有|是否有|是否包含|是否约定|是否规定).*(条款|规定|约定)?",
    re.I,
)
_QUOTE = re.compile(
    r"\b(quote|say about|says about|agreed about|describe|explain|tell me|why|summari[sz]e|should i know|"
    r"how (is|are|was|were|do|does|did|can|could|should|would|to)\b|how come|"
    r"what (is|are) (\(are\) )?the (symptoms?|treatments?|causes?|complications?|outlook|prognosis|genetic changes|signs)|"
    r"what brings on|what happens|what may happen|what can .* expect|exactly is|exactly are|what research|"
    r"which (signs|symptoms|tests|therapies|complications|genes)|who (is|are) (at risk|more likely))"
    r"|为什么|如何|怎么|怎样|介绍|说明|解释|引用|规定了什么|怎么规定|如何约定|有哪些症状|什么症状",
    re.I,
)
_DEFINE = re.compile(r"^\W*what (is|are) (\(are\) )?[^,]{2,80}\?*\s*$|是什么[？?]?$|什么是", re.I)
_OF = re.compile(r"\b(of|for|in|by|between|called|name[ds]?|known as|target|function)\b|的(?!意思|定义|含义)", re.I)
_HOW_MUCH = re.compile(
    r"\bhow (long|much|often|old|far|high|low|large|big|deep|tall|fast|common|frequent)\b"
    r"|(?<![增很许最众过更])多(?:长|高|大|重|宽|远|深|厚|快)(?!期|于|程度|数)",
    re.I,
)
_BORDER = re.compile(
    r"\b(below|above|under|over|beyond|exceeding|up to) (which|what)\b"
    r"|\b(at|from) (which|what) (minimum |maximum |highest |lowest )?"
    r"(age|dose|temperature|level|concentration|rate|price|weight|value)\b"
    r"|(低于|高于|超过|小于|大于|不足)多少",
    re.I,
)
_HOW_COMMON = re.compile(r"\bhow (often|common|frequent)\b", re.I)
_LIST = re.compile(
    r"\b(list|name the|name all|give (me )?all|which|what) (?!(is|was|does|has)\b)\w*s\b|哪些|有哪几|列出|列举", re.I
)


_DURATION = re.compile(
    r"\bhow (long|old)\b|\b(term|period|duration|notice|age|half-life|lifespan) (of|is|for|needed|does|required)\b"
    r"|\b(renewal|initial|notice|waiting|cure|payment|retention|incubation|probation) (term|period)\b|\bhow much notice\b"
    r"|\brenew(s|ed)?\b|\bbefore the end\b|多长时间|多久|[期程间][^，。]{0,4}多长|期限|期间|几天|多少天|几年|通知期",
    re.I,
)
_UNITS = r"(second|minute|hour|day|week|month|quarter|year|decade)s?|秒|分钟|小时|天|日|周|个?月|年"
_HAS: dict[str, re.Pattern[str]] = {
    "date": re.compile(
        r"\b(1[89]|20)\d\d\b|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}|\d+\s*月"
        r"|\b(january|february|march|april|may|june|july|august|september|october|november|december)\b.*\d",
        re.I,
    ),
    "duration": re.compile(
        rf"(\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|sixty|ninety)\b"
        rf"|[一二三四五六七八九十两百])[^.;。；]{{0,24}}({_UNITS})|perpetual|indefinite|无限期|长期",
        re.I,
    ),
    "number": re.compile(
        r"\d|\b(one|two|three|four|five|six|seven|eight|nine|ten|twelve|hundred|thousand)\b|[一二三四五六七八九十百千万]"
    ),
}


def fits(form: Form, text: str) -> bool:
    """Tell whether a phrase holds what a form demands: a date, a length of time, a number."""
    return form == "any" or bool(_HAS[form].search(text)) or (form == "duration" and bool(_HAS["date"].search(text)))


def _form(question: str, kind: AnswerKind) -> Form:
    if kind == "date":
        return "date"
    if _DURATION.search(question):
        return "duration"
    if _HOW_COMMON.search(question):
        return "any"  # "rare" is an answer
    return "number" if kind == "number" or _HOW_MUCH.search(question) or _BORDER.search(question) else "any"


def plain(question: str) -> str:
    """Return a question without the polite words around it.

    >>> plain("Could you please tell me which drugs treat gout?")
    'which drugs treat gout?'
    """
    bare = _POLITE.sub("", question)
    return question if bare == question else _POLITE_END.sub("", bare)


def asked(question: str) -> Asked:
    """Tell what a question expects, its form included; see :func:`fits`.

    >>> asked("How many drugs treat gout?").kind
    'number'
    >>> asked("Quote the clause on audits.").style
    'quote'
    """
    question = plain(question)
    question = simplified(question)
    found = _asked(question)
    return replace(found, form=_form(question, found.kind))


_CASE = re.compile(
    r"\bwhen (?:must|should|shall|may|can|is it|are they)\b"
    r"|(?:什么时候|何时)(?:才|就)?(?:可以|应当|应该|必须|不[得能可应]|能)",
    re.I,
)


def of_case(question: str) -> bool:
    """Tell whether a question with "when" asks in what case something is to be done or left, not on what day."""
    return _CASE.search(question) is not None


def _asked(question: str) -> Asked:
    if (part := part_in(question)) and part.bare:
        return Asked("span", "quote")
    if _yes_no(question):
        return Asked("boolean", "exists" if _EXISTS.search(question) else "truth")
    if _COUNT.search(question):
        return Asked("number", "span")
    if _HOW_MUCH.search(question):
        return Asked("span", "span")
    if _QUOTE.search(question):
        return Asked("span", "quote")
    if _DATE.search(question) and not of_case(question):
        return Asked("date", "span")
    if _DEFINE.search(question) and not _OF.search(question):
        return Asked("span", "quote")
    if _LIST.search(question):
        return Asked("entities", "span")
    return Asked("span", "span")


_FRAME = re.compile(
    r"^\W*(what (does|do|did) .{0,60}? (say|state|provide|specify|require|tell us) (about|on|regarding|for)"
    r"|what (is|was|has been|are) (agreed|said|stated|provided|specified|regulated|laid down) (about|on|regarding|for)"
    r"|(please )?(quote|cite|show|give|find|summari[sz]e|explain|describe)( me)? (the |a |any )?"
    r"((clause|section|passage|part|provision|article|paragraph|text|wording)s? )?(on|about|regarding|concerning|for|that)?"
    r"|(is|are) there (a|an|any)?|(does|do|did) .{0,60}? (contain|include|have|provide for) (a|an|any)?"
    r"|tell me (about|something about)|what should i know about)\s+",
    re.I,
)
_TAIL = re.compile(
    r"(\s+(in|of|under|from) (the|this|that) (document|contract|agreement|text|file|policy|statute|act|law))?[\s.?!]*$",
    re.I,
)
_ZH_FRAME = re.compile(
    r"^(请)?(引用|说明|解释|介绍|列出)?(文件|本合同|该合同|合同|协议|该文件)?(中|里)?(关于|对于|就|是否有|有没有|是否包含|是否约定|是否规定)?"
)
_ZH_TAIL = re.compile(
    r"(的?(条款|规定|约定))?(是|有)?(怎么|如何|怎样|什么|哪些)?(规定|约定|说|写)?的?(吗|呢)?[？?。\s]*$"
)


_SAYS = re.compile(
    r"\b(quote|cite|agreed about|(say|says|said|state|states|stated|provide|provides|stipulates?) (about|on|regarding))\b"
    r"|引用|规定了什么|(怎么|如何|怎样)(规定|约定|说)",
    re.I,
)


def of_words(question: str) -> bool:
    """Tell whether a question asks for the words of a document, or of a numbered part of one."""
    part = part_in(question)
    return _SAYS.search(question) is not None or (part is not None and part.bare)


def topic(question: str) -> str:
    """Return what a question is about, without the words that only ask for it; the question itself when nothing is left.

    >>> topic("What does the document say about audits?")
    'audits'
    """
    if re.search(r"[\u4e00-\u9fff]", question):
        bare = _ZH_TAIL.sub("", _ZH_FRAME.sub("", question))
    else:
        bare = _TAIL.sub("", _FRAME.sub("", question))
    return bare.strip() if len(bare.strip()) > 1 else question


def _yes_no(question: str) -> bool:
    """A yes/no question begins with its verb, or has a Chinese question particle, and has no choice ("A or B")."""
    if not _YES_NO.search(question):
        return False
    first_clause = re.split(r"[,;，；]", question)[-1] if "吗" in question else question
    chinese = bool(re.search(r"[\u4e00-\u9fff]", question))
    return chinese or bool(_EXISTS.search(question)) or not re.search(r"\bor\b(?! not)", first_clause)
