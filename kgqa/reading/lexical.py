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

_NUMERAL = r"[0-9０-９.,．，%％零〇一二两三四五六七八九十百千万亿余多几半]+"
_UNITS = """
个 名 人 岁 年 月 日 天 周 小时 分钟 秒 次 元 美元 万元 亿元
公里 千米 米 厘米 毫米 公斤 千克 克 毫克 吨 升 毫升 倍 平方公里
平方米 座 所 家 部 条 种 项 集 首 层 届 度 级 位 只 件 份
支 场 % ％
"""
_UNIT = f"(?:{'|'.join(sorted(_UNITS.split(), key=len, reverse=True))})*"
_FORMS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        re.compile(r"何时|何年|哪(?:一)?[年月日天]|什么时[候间]|几[年月日号]|多久之前|日期|时间"),
        re.compile(
            rf"(?:{_NUMERAL}年)?(?:{_NUMERAL}月)?(?:{_NUMERAL}[日号])|{_NUMERAL}年(?:{_NUMERAL}月)?|{_NUMERAL}世纪\S{{0,4}}|{_NUMERAL}月"
        ),
    ),
    (
        re.compile(r"多少|几[个名人岁次元条种项位部所座家级天]|多[大高长远重久深宽]|比例|数量|金额"),
        re.compile(rf"{_NUMERAL}{_UNIT}(?:以[上下内])?"),
    ),
    (re.compile(r"哪(?:一)?部|哪本|什么(?:书|作品|电影|歌曲)|法律|依据"), re.compile(r"《[^》]{1,30}》")),
)
_BREAK = re.compile(
    r"[\s，。；：、！？,;:!?“”\"‘’（）()《》「」『』…—\-·]|的|了|在|是|为|於|于|由|与|和|及|被|将|从|而|并|但|也|则|以|把|對|对|向|因|所|等|无|無|有|没"
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
            for a, b in _candidates(passage.text, start, end, covered, form):
                near = sum(value[word] * math.exp(-_gap(text, a, b, at, len(word)) / REACH) for at, word in places)
                near -= 0.5 * any(at in covered for at in range(a, b))
                fits = 1.0 if form is not None or _of_kind(text[a:b], kind) else 0.0
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


def _kind(question: str) -> str:
    """Return the noun that says what is asked for ("which court"), or nothing."""
    found = _KIND.search(question)
    said = found[1] if found else ""
    return next((said[:size] for size in range(len(said), 0, -1) if said[:size] in _ENDS), said[:2])


def _of_kind(text: str, kind: str) -> bool:
    """Tell whether a text ends as things of the kind asked for do."""
    return bool(kind) and text[-1:] in (_ENDS.get(kind) or kind[-1])


def _gap(text: str, a: int, b: int, at: int, size: int) -> float:
    """Return the characters between an answer and a word; a clause's end counts as many, and answers mostly follow."""
    between = text[at + size : a] if at + size <= a else text[b:at]
    return len(between) + 4 * len(_CLAUSE.findall(between)) + (2 if at >= b else 0)
