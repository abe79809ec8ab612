"""A reader without a model, for scripts that the model's vocabulary cannot see: Chinese above all.

The answer to a question stands close to the question's own words, is not made of them, and has the form that the question
word asks for (a number, a date, a name, a phrase). That is the answer model of the first web question answering systems
(Kwok, Etzioni and Weld 2001; Lin and Katz 2003), on pairs of characters instead of words. It is far below a trained
reader and says so by low scores.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kgqa.language import detect, fold, has_cjk, sentences
from kgqa.protocols import Reader
from kgqa.reading.assertion import status
from kgqa.reading.spans import Mark, disjoint
from kgqa.reading.words import content_words
from kgqa.types import Passage, Span

_DIGITS = r"[0-9０-９]+(?:[.,．][0-9０-９]+)*|[零〇一二两三四五六七八九十百千万亿]+(?:点[零一二三四五六七八九]+)?"
_NUMERAL = rf"(?:(?:百|千|万)分之)?(?:{_DIGITS})[多余几]?"
_UNITS = """
个 名 人 岁 年 个月 月 日 天 周 小时 分钟 秒 次 元 美元 万元 亿元 个工作日 周岁 个百分点 片 粒 剂 单位 国际单位
公里 千米 米 厘米 毫米 公斤 千克 克 毫克 微克 吨 升 毫升 倍 平方公里 毫米汞柱 mmHg mmol/L mg/dL g/L mg g ml kg cm
平方米 座 所 家 部 条 种 项 集 首 层 届 度 级 位 只 件 份 亩 人民币
支 场 % ％ ℃
"""
_UNIT = f"(?:{'|'.join(sorted(map(re.escape, _UNITS.split()), key=len, reverse=True))})"
_AMOUNT = rf"(?:人民币)?{_NUMERAL}(?:\s*{_UNIT})*(?:\s*[/至到—–~～-]\s*{_NUMERAL})?(?:\s*{_UNIT})*(?:以[上下内])?"
_MONTH = rf"(?:{_DIGITS})"
_TIMES = "个工作日|个月|小时|分钟|年|周|天|日|秒"
_FORMS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        re.compile(
            r"多久(?!之前)|多长时间|多长|疗程|期限|几个?[年月天周小时分日]+(?!份)|多少[年天周日]|多少个月|多少小时"
        ),
        re.compile(
            rf"{_NUMERAL}(?:{_TIMES})?(?:\s*[至到—–~～-]\s*{_NUMERAL})?(?:{_TIMES})(?:以[上下内])?|无限期|终身|长期"
        ),
    ),
    (
        re.compile(r"何时|何年|哪(?:一)?[年月日天]|什么时[候间]|几[年月日号]|多久之前|日期|时间"),
        re.compile(
            rf"(?:{_MONTH}年)?(?:{_MONTH}月)?(?:{_MONTH}[日号])|{_MONTH}年(?:{_MONTH}月)?|{_MONTH}世纪\S{{0,4}}|{_MONTH}月"
        ),
    ),
    (
        re.compile(
            r"多少|几[个名人岁次元条种项位部所座家级天片粒]|多[大高长远重久深宽]|比例|数量|金额|百分之几|[利税比]率|界值|剂量|押金|是几"
        ),
        re.compile(_AMOUNT, re.IGNORECASE),
    ),
    (re.compile(r"哪(?:一)?部|哪本|什么(?:书|作品|电影|歌曲)|法律|依据"), re.compile(r"《[^》]{1,30}》")),
)
_ASKED_UNIT = re.compile(rf"(?:多少|几)\s*({_UNIT})")
_WHO = re.compile(r"谁|哪位|哪个(?:人|部门|机关|机构|单位)")
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔"
    "钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_PEOPLE = re.compile(
    rf"[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}|.{{1,14}}(?:会|局|院|部|厅|司|署|社|长|员|师|人|机关|机构|单位|部门)"
)
_ACTS = re.compile(r"应当?|须|指派|委派|任命|聘请|担任|提交|负责|审批|会签后?|同意|认定|签发|批准|承担")
_EMPTY = re.compile(
    r"(?:应当|可以|不得|必须|以下|以上|其中|部分|不满|指派|自愿|约定|规定|情况|情形|主要|一般|通常|上述|前款|本)+"
)
_BREAK = re.compile(
    r"[\s，。；：、！？,;:!?“”\"‘’（）()《》「」『』…—\-·]|的|了|在|是|为|於|于|由|与|和|及|被|将|从|而|并|但|也|则|以|把|對|对|向|因|所|等|无|無|有(?![限效关期权偿])|没"
)
_LONGEST = 24
_CLAUSE = re.compile(r"[，,；;：:]")
SHARE, FIT, REACH = 3.0, 1.5, 6.0
"""Weights of the share of the question in the sentence and of the form asked for; characters over which nearness falls."""
_KIND = re.compile(r"(?:什么|哪(?:一|些)?[个种所座家位项条部名类]?|何种?|哪[个些]?)的?([\u4e00-\u9fff]{1,4})")
_ENDS = {
    "地方": "省市县区国州岛镇村路山河湖洲港府城",
    "国家": "国",
    "城市": "市",
    "人": "",
    "大学": "学院",
    "学校": "学院校",
    "公司": "司团行社",
    "机构": "局院部会署委司",
    "法院": "院",
    "语言": "语文",
    "省": "省",
    "市": "市",
    "罪": "罪",
    "疾病": "病症炎癌",
}
"""How names of a kind end; of other kinds the kind's own last character is tried."""


def formed(question: str) -> bool:
    """Tell whether a Chinese question asks for a phrase of a form: an amount, a time, a date, a law."""
    return has_cjk(question) and any(kind.search(question) for kind, _ in _FORMS)


@dataclass(frozen=True, slots=True)
class LexicalReader:
    """Marks answers by nearness to the question's words.

    :param border: score at which a passage is as likely to answer as not.
    """

    border: float = 3.5

    def read(
        self, questions: Sequence[str], passages: Sequence[Sequence[Passage]], n_best: int = 5
    ) -> list[list[Span]]:
        """Return the best spans over all passages of each question, best first, at most ``n_best``."""
        out = []
        for question, group in zip(questions, passages, strict=True):
            found = [span for passage in group for span in self._one(question, passage, n_best)]
            out.append(sorted(found, key=lambda s: (-s.score, s.passage.id, s.start))[:n_best])
        return out

    def _one(self, question: str, passage: Passage, n_best: int) -> list[Span]:
        asked = set(content_words(question))
        text = fold(passage.text)
        if not asked or len(text) != len(passage.text):
            return []  # folding moved characters; offsets would not hold
        counts = Counter(word for word in asked for _ in re.finditer(re.escape(word), text))
        value = {word: 1 / math.sqrt(count) for word, count in counts.items()}
        form = next((shape for kind, shape in _FORMS if kind.search(question)), None)
        kind = "" if form is not None else _kind(fold(question))
        unit = _ASKED_UNIT.search(question)
        who = _WHO.search(question) is not None
        found: list[Mark] = []
        for start, end in sentences(passage.text):
            places = _places(text, start, end, value)
            total = sum(value[word] for word in {word for _, word in places}) if places else 0.0
            if total == 0.0:
                continue
            # The answer may hold the name of its kind, as 人民法院 does.
            counted = [(at, word) for at, word in places if word not in kind and word[0] != kind[-1:]]
            covered = {at + shift for at, word in counted for shift in range(len(word))}
            share = total / max(1e-9, sum(value.values()))
            spans = list(_candidates(text, start, end, covered, form))
            for a, b in [*spans, *_actors(text, spans)] if who else spans:
                near = sum(value[word] * math.exp(-_gap(text, a, b, at, len(word)) / REACH) for at, word in places)
                near -= 0.5 * any(at in covered for at in range(a, b))
                fits = _fit(text[a:b], kind, form, unit[1] if unit else "", who)
                found.append(Mark(a, b, SHARE * share + near + FIT * fits - self.border))
        shift = passage.start
        return [
            Span(
                passage,
                shift + m.start,
                shift + m.end,
                passage.text[m.start : m.end],
                m.score,
                status(passage.text, m.start, m.end),
            )
            for m in disjoint(found, n_best)
        ]


@dataclass(frozen=True, slots=True)
class ScriptReader:
    """Sends each passage to the reader that can read its script.

    :param main: the trained reader.
    :param other: reads passages that are mainly Chinese, Japanese or Korean.
    :param known: languages that the trained reader reads, whatever their script.
    """

    main: Reader
    other: Reader
    known: frozenset[str] = frozenset()

    @property
    def fingerprint(self) -> str:
        """Identify the trained reader."""
        return str(getattr(self.main, "fingerprint", ""))

    def read(
        self, questions: Sequence[str], passages: Sequence[Sequence[Passage]], n_best: int = 5
    ) -> list[list[Span]]:
        """Return the best spans over all passages of each question, best first, at most ``n_best``."""
        theirs = [[p for p in group if self._unseen(p)] for group in passages]
        ours = [[p for p in group if not self._unseen(p)] for group in passages]
        both = zip(self.main.read(questions, ours, n_best), self.other.read(questions, theirs, n_best), strict=True)
        return [sorted((*one, *two), key=lambda s: (-s.score, s.passage.id, s.start))[:n_best] for one, two in both]

    def _unseen(self, passage: Passage) -> bool:
        return _unseen(passage.text) and detect(passage.text[:400]) not in self.known


def _unseen(text: str) -> bool:
    sample = text[:400]
    return has_cjk(sample) and sum(has_cjk(c) for c in sample) > 0.3 * max(1, sum(c.isalpha() for c in sample))


def _places(text: str, start: int, end: int, value: dict[str, float]) -> list[tuple[int, str]]:
    return [(m.start(), word) for word in value for m in re.compile(re.escape(word)).finditer(text, start, end)]


def _candidates(
    text: str, start: int, end: int, covered: set[int], form: re.Pattern[str] | None
) -> Iterator[tuple[int, int]]:
    """Yield what could be an answer: matches of the form asked for, else the stretches that are not the question's words."""
    if form is not None:
        yield from (m.span() for m in form.finditer(text, start, end))
        return
    begin = start
    for at in range(start, end + 1):
        if at == end or at in covered or _BREAK.match(text[at]):
            if 1 < at - begin <= _LONGEST:
                yield begin, at
            begin = at + 1
    for m in re.compile(r"[《「“\"]([^》」”\"]{2,24})[》」”\"]").finditer(text, start, end):
        yield m.span(1)


def _actors(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the parts of stretches between the verbs by which people are put to something ("指派…担任")."""
    for a, b in spans:
        at = a
        for verb in [*_ACTS.finditer(text, a, b), None]:
            end = verb.start() if verb else b
            if (at, end) != (a, b) and end - at > 1:
                yield at, end
            at = verb.end() if verb else b


def _kind(question: str) -> str:
    """Return the noun that says what is asked for ("which court"), or nothing."""
    found = _KIND.search(question)
    said = found[1] if found else ""
    return next((said[:size] for size in range(len(said), 0, -1) if said[:size] in _ENDS), said[:2])


def _fit(text: str, kind: str, form: re.Pattern[str] | None, unit: str, who: bool) -> float:
    """Return how well a phrase has the form asked for, 0 to 1."""
    if form is not None:
        return 1.0 if not unit or unit in text else 0.3
    if _EMPTY.fullmatch(text):
        return -1.0
    if who:
        return 1.0 if _PEOPLE.fullmatch(text) else 0.0
    return float(_of_kind(text, kind))


def _of_kind(text: str, kind: str) -> bool:
    """Tell whether a text ends as things of the kind asked for do."""
    return bool(kind) and text[-1:] in (_ENDS.get(kind) or kind[-1])


def _gap(text: str, a: int, b: int, at: int, size: int) -> float:
    """Return the characters between an answer and a word; a clause's end counts as many, and answers mostly follow."""
    between = text[at + size : a] if at + size <= a else text[b:at]
    return len(between) + 4 * len(_CLAUSE.findall(between)) + (2 if at >= b else 0)
