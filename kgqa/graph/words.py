"""Words of questions and of schemas: tokens, stems, stop words and groups of words that may stand for one another."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from itertools import pairwise

import Stemmer

_STEMMER = Stemmer.Stemmer("english")
_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_CHINESE = re.compile(f"[{_CJK}]")
_TOKEN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+(?:['’](?:s|t|re|ll|ve|d)\b)?|⟦\d+⟧")
_IRREGULAR = {
    "wrote": "write", "written": "write", "spoke": "speak", "spoken": "speak", "made": "make", "given": "give", "gave": "give",
    "won": "win", "sang": "sing", "sung": "sing", "taught": "teach", "began": "begin", "begun": "begin", "held": "hold",
    "ran": "run", "led": "lead", "sold": "sell", "bought": "buy", "fell": "fall", "fallen": "fall", "known": "know",
    "people": "person", "children": "child", "died": "die", "dead": "die", "death": "die", "born": "birth", "wives": "wife",
    "therapies": "therapy", "therapeutic": "therapy", "symptomatic": "symptom", "co": "together", "grew": "grow",
}  # fmt: skip

_STOP_WORDS = """
a an the of in on at by for to from with into onto under over about as and or is are was were be been being am
it its this that these those there here which what who whom whose when where why how do does did has have had
can could will would shall should may might must i you he she we they me him her us them my your his our their
any some all each every other another others also too very just exactly really actually s t re ll ve d if than
then so such not no nor both either neither only more most between out up down off again further during through
per via et al against among within towards toward across regarding concerning upon please 的 了 吗 呢 啊 吧 呀
是 有 在 和 与 及 或 被 把 对 于 为 以 从 到 也 都 就 还 又 很 什么 哪 哪个 哪些 哪一 怎么 怎样 如何 谁 几 多少
个 种 你 我 他 她 它 你们 我们 他们 知道 请问 想 一下 告诉 有人 有谁 好奇 那 这 这个 那个 时候 主要 所 之 其 会
能 可以 要 嘛 么 请 是什么 叫什么 什么样 有没有 哪里 哪儿 我想 想知道 了解 听说 清楚 咋 啥 为啥 位 名 年 具体
既 应该 应当 之间 还是 者 是否 是不是 能否 可否 有无 今天 目前 现在 如今 today now currently 不是 没有
我国 具有 进行 都有 关于 一共 总共 共 共有 份
"""
STOP = frozenset(_STOP_WORDS.split())
"""Words without a meaning of their own in a question."""

_LIGHT_WORDS = """
make do get give list name tell know find show say have exist happen see look want need like thing stuff one
use call state record put take stand come go mean concern enumerate mention identify provide particular
certain various different exactly actually currently graph data database knowledge base word
需要 做 用 使用 采用 出现 患 患有 得 得了 既有 又有 会有 都有 去 看 挂 给 让 花 需 属 算 进行 开 能用 多大 多高 多长
"""
LIGHT = frozenset(_LIGHT_WORDS.split())
"""Words (stems of English) that say little: they need no explanation by a relation."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text with its place; ``stem`` is what is compared."""

    text: str
    start: int
    end: int
    stem: str

    @property
    def content(self) -> bool:
        """Tell whether the word means something by itself."""
        return self.text.lower() not in STOP and not self.text.startswith(("⟦", "哪"))


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the form in which words are compared."""
    lower = word.lower().replace("’", "'").removesuffix("'s")
    lower = _IRREGULAR.get(lower, lower)
    return str(_STEMMER.stemWord(lower)) if lower.isascii() else lower


@cache
def _jieba() -> object:
    import jieba  # a dictionary of 5 MB: only loaded for Chinese

    jieba.setLogLevel(logging.WARNING)
    return jieba


def is_chinese(text: str) -> bool:
    """Tell whether a text has Chinese characters."""
    return _CHINESE.search(text) is not None


def tokens(text: str) -> list[Token]:
    """Return the words of a text in order; Chinese is segmented."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        word, start = match.group(), match.start()
        if not is_chinese(word):
            lower = word.lower()
            found.append(Token(word, start, match.end(), lower if lower in STOP else stem(word)))
            continue
        for piece in _segmented(word):
            found.append(Token(piece, start, start + len(piece), piece))
            start += len(piece)
    return found


@lru_cache(maxsize=50_000)
def _segmented(run: str) -> tuple[str, ...]:
    """Cut a run of Chinese characters into words.

    Pairs of characters that only the statistics of jieba takes for a word ("病会") are cut again by the dictionary alone.
    """
    jieba = _jieba()
    pieces: list[str] = []
    for piece in jieba.cut(run):  # type: ignore[attr-defined]
        unknown = len(piece) == 2 and not jieba.dt.FREQ.get(piece)  # type: ignore[attr-defined]
        pieces += jieba.cut(piece, HMM=False) if unknown else [piece]  # type: ignore[attr-defined]
    return tuple(pieces)


@lru_cache(maxsize=20_000)
def parts(word: str) -> tuple[str, ...]:
    """Return the shorter words of which a Chinese compound is made, in order; empty where a dictionary knows none.

    >>> parts("适用法律")
    ('适用', '法律')
    """
    if len(word) < 4 or not is_chinese(word):
        return ()
    pieces = [piece for piece in _jieba().cut_for_search(word) if piece != word]  # type: ignore[attr-defined]
    found: list[str] = []
    while sum(map(len, found)) < len(word):
        rest = word[sum(map(len, found)) :]
        fitting = [piece for piece in pieces if len(piece) > 1 and rest.startswith(piece)]
        if not fitting:
            return ()
        found.append(min(fitting, key=len))
    return tuple(found) if len(found) > 1 else ()


def stems(text: str) -> tuple[str, ...]:
    """Return the stems of the content words of a text; of all words where no word has content."""
    words = tokens(text)
    return tuple(word.stem for word in words if word.content) or tuple(word.stem for word in words)


@cache
def _thesaurus() -> tuple[dict[str, frozenset[int]], dict[tuple[str, ...], frozenset[int]]]:
    """Return the groups of each single word and of each phrase."""
    single: dict[str, set[int]] = {}
    phrases: dict[tuple[str, ...], set[int]] = {}
    text = resources.files("kgqa.graph").joinpath("thesaurus.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    for number, line in enumerate(lines):
        for member in line.split(","):
            member = member.strip()
            key = (member,) if is_chinese(member) else tuple(stem(word) for word in re.findall(r"[^\W_]+", member))
            if len(key) == 1:
                single.setdefault(key[0], set()).add(number)
            else:
                phrases.setdefault(key, set()).add(number)
    return {k: frozenset(g) for k, g in single.items()}, {k: frozenset(g) for k, g in phrases.items()}


def groups(words: list[Token]) -> list[frozenset[int]]:
    """Return for each word the thesaurus groups that it, or a phrase that it is part of, belongs to."""
    single, phrases = _thesaurus()
    found = [set(single.get(word.stem, ())) for word in words]
    for size in (2, 3, 4):
        for start in range(len(words) - size + 1):
            piece = words[start : start + size]
            if any(right.start - left.end > 2 for left, right in pairwise(piece)):
                continue
            for place in range(start, start + size):
                found[place] |= phrases.get(tuple(word.stem for word in piece), frozenset())
    return [frozenset(item) for item in found]


def alike(one: str, other: str) -> float:
    """Return how alike two Chinese words are by their characters, 0 to 1."""
    if one == other:
        return 1.0
    shared = len(set(one) & set(other))
    return shared / max(len(set(one)), len(set(other)))
