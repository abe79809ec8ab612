"""What a question asks for, read from its words: mentions, operation, times, negation, place in a hierarchy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kgqa.graph.times import Bound, Period, bounds, periods
from kgqa.graph.words import LIGHT, STOP, Token, groups, is_chinese, tokens
from kgqa.types import Link

Operation = Literal["list", "count", "ask", "max", "min"]
Place = Literal["up", "down", "side"]

_COUNT = re.compile(r"\bhow many\b|\b(?:what|give|tell|state).{0,12}\b(?:number|count|total) of\b|^\W*(?:the )?(?:number|count) of\b|^\W*count\b|多少(?:个|种|家|部|份|名|位|条)?|几(?:个|种|家|部|份|名|位|条)|数量是", re.I)  # fmt: skip
_ASK = re.compile(
    r"^\W*(?:and |so |but )?(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might)(?:n['’]t)?\b(?!.*\bor\b.*\bor\b)|吗[?？]?\s*$"
    r"|是否|是不是|有没有|能不能|对不对|^(?:true or false)",
    re.I,
)
_MAX = r"latest|newest|most recent(?:ly)?|last|longest|largest|biggest|highest|greatest|tallest|heaviest|oldest person|the most|maximum|最新|最近|最晚|最长|最大|最高|最多|最重"
_MIN = r"earliest|oldest|first|shortest|smallest|lowest|least|fewest|lightest|minimum|最早|最短|最小|最低|最少|最轻"
_SUPERLATIVE = re.compile(
    rf"(?P<max>\b(?:{_MAX})\b|最(?:新|近|晚|长|大|高|多|重))|(?P<min>\b(?:{_MIN})\b|最(?:早|短|小|低|少|轻))", re.I
)
_NEGATION = re.compile(
    r"\b(?:not|n['’]t|never|no|cannot|non|neither|nor|without)\b|n['’]t\b|不|没有|非(?!常)|未|无法", re.I
)
_OTHER = re.compile(r"\bother\b|\banother\b|\belse\b|\balso\b|\bas well\b|\btogether\b|\bco-\w+|\b\bshares?\b|\bsame\b|\bin common\b|\bbesides\b|其他|其它|另外|还|也|同一|相同|一起|共同", re.I)  # fmt: skip
_DIRECT = re.compile(r"\bdirect(?:ly)?\b|\bimmediate(?:ly)?\b|直接|直属", re.I)
_EXCEPT = re.compile(r"\bbut not\b|\bexcept(?: for)?\b|\bother than\b|\bexcluding\b|\bapart from\b|\band not\b|\bwithout\b|\brather than\b|但不|除了|除|不包括|而不", re.I)  # fmt: skip
_OR = re.compile(r"\beither\b|\bor\b|或者|或", re.I)
_BOTH = re.compile(
    r"\bboth\b|\band\b|\bas well as\b|\bin common\b|\balong with\b|\bbetween\b|和|与|以及|同时|都|共同", re.I
)

_KIND = r"(?:kind|type|sort|form|sub-?type|sub-?class|variant|variety|example|instance|sub-?category|case|subgroup|member)(?:e?s)?"
_M = "⟦{k}⟧"
_DOWN = (
    rf"\b{_KIND} of (?:an? |the |any )?(?:disease |class |category )?{_M}",
    rf"\b(?:fall|come|classified|class(?:ed)?|group(?:ed)?|list(?:ed)?|belong|rang)\w* (?:directly |immediately )?(?:under|below|beneath|to|in|within|among)"
    rf" (?:the )?(?:(?:class|category|group|family|heading)(?: of)? )?{_M}",
    rf"\b(?:in|of|within|under|to) the (?:class|category|group|family) (?:of )?{_M}",
    rf"\b(?:{_KIND}|children|child class(?:es)?|descendants?|narrower \w+)\b[^⟦]{{0,30}} (?:does|do|of|has|is|are|for|under|below) (?:the )?{_M}",
    rf"{_M} (?:is |are )?(?:sub)?(?:divided|split|classified) into|\binto\b.{{0,50}}{_M} (?:sub)?(?:divided|split|broken)",
    rf"{_M}['’]?s? (?:{_KIND}|children|descendants)\b(?! of)",
    rf"\b(?:below|beneath|under) {_M}",
    rf"属于{_M}的|{_M}(?:有哪些|包括哪些|分为哪些|分为|的)(?:类型|亚型|子类|种类|分类|几种|哪几种|哪些)|{_M}(?:可以)?分为",
)
_UP = (
    rf"{_M} (?:is |are )?(?:an? )?{_KIND} of(?!\s*(?:an? |the )?⟦)",
    rf"\bwhat {_KIND} of (?:\w+ ){{1,3}}(?:is|are|was) {_M}",
    rf"\b(?:under|to|in|into|within|of) (?:which|what) (?:\w+ ){{0,3}}(?:class|category|group|type|family|heading|kind)\w*(?: of \w+)? (?:does|do|is|are|was) {_M}",
    rf"\b(?:which|what) (?:\w+ ){{0,3}}(?:class|category|group|family|heading)\w*(?: of \w+)? (?:does|do|is|are|was|includes?|contains?|covers?) {_M}",
    rf"\b(?:parents?|parent class(?:es)?|superclass(?:es)?|super-?type|super-?category|broader \w+|umbrella \w+|more general \w+|supergroup)\b[^⟦]{{0,25}}{_M}",
    rf"{_M}['’]s? (?:direct |immediate )?(?:parents?|superclass(?:es)?|broader \w+|category|class)\b",
    rf"\bwhat (?:is|are) {_M} (?:classified|categori[sz]ed|classed|grouped)|\bhow (?:is|are) {_M} (?:classified|categori[sz]ed|classed)",
    rf"{_M}(?:是|属于)(?:什么|哪|何)(?:种|类|一类|类别|类型|一种)?|{_M}的(?:上级|上位|父类|上一级)",
)
_SIDE = (
    rf"\bsiblings?\b.{{0,40}}{_M}|\bsisters?\b.{{0,25}}{_M}|{_M}['’]s siblings?",
    rf"\bshar\w+ (?:an? |the |its |their )?(?:same )?(?:direct |immediate )?(?:parent|class|category|superclass|group|family)(?: \w+)? with {_M}",
    rf"\b(?:same|common) (?:direct |immediate )?(?:class|parent|category|group|level|superclass|family)(?: \w+){{0,2}} (?:as|with) {_M}",
    rf"\b(?:beside|besides|next to|alongside|parallel to|on a level with|at the same level as) {_M}",
    rf"(?:与|和){_M}(?:同类|同属|同级|并列|同一类)",
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in the question that names an entity, with the entities that it may mean, best first."""

    start: int
    end: int
    text: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Place_:
    """How the asked thing lies to a mention in a hierarchy; ``start`` and ``end`` are the cue's characters in ``Reading.masked``."""

    mention: int
    place: Place
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as read.

    :param masked: the question with each mention as ``⟦k⟧``; ``words`` are its tokens, ``groups`` their thesaurus groups.
    :param content: positions (in ``words``) of the words that a good query must account for.
    :param head: positions of the words that name what is asked for ("which *drugs*").
    :param skipped: positions of words used up by an operation ("how many", "earliest", dates).
    """

    text: str
    language: str
    masked: str
    words: tuple[Token, ...]
    groups: tuple[frozenset[int], ...]
    content: tuple[int, ...]
    head: tuple[int, ...]
    mentions: tuple[Mention, ...]
    places: tuple[Place_, ...]
    periods: tuple[Period, ...]
    bounds: tuple[Bound, ...]
    operation: Operation
    superlative: Literal["max", "min", ""]
    negated: bool
    other: bool
    direct: bool
    both: bool
    either: bool
    without: tuple[int, ...]
    wh: str

    def place(self, mention: int) -> Place | None:
        """Return how the asked thing lies to a mention in a hierarchy, if the question says so."""
        return next((item.place for item in self.places if item.mention == mention), None)


def read(text: str, mentions: Sequence[Mention]) -> Reading:
    """Read a question whose mentions are known; mentions must not overlap and be in order."""
    masked, holes = _mask(text, mentions)
    words = _quiet(tokens(masked))
    times = [item for item in periods(masked) if not any(a < item.stop and item.start < b for a, b in holes)]
    numbers = [item for item in bounds(masked) if not any(a < item.stop and item.start < b for a, b in holes)]
    superlative = _SUPERLATIVE.search(masked)
    operation = _operation(masked)
    used = [(item.start, item.stop) for item in (*times, *numbers)]
    used += [match.span() for pattern in (_COUNT, _EXCEPT) for match in pattern.finditer(masked)]
    used += [superlative.span()] if superlative else []
    content = tuple(
        k
        for k, word in enumerate(words)
        if word.content and word.stem not in LIGHT and word.stem and not any(a <= word.start < b for a, b in used)
    )
    cut = _EXCEPT.search(masked)
    places = tuple(place for k in range(len(mentions)) if (place := _place(masked, k)))
    return Reading(
        text=text,
        language="zh" if is_chinese(re.sub("⟦\\d+⟧", "", masked)) else "en",
        masked=masked,
        words=tuple(words),
        groups=tuple(groups(words)),
        content=content,
        head=_head(words, masked),
        mentions=tuple(mentions),
        places=places,
        periods=tuple(times),
        bounds=tuple(numbers),
        operation=operation,
        superlative="" if not superlative else "max" if superlative["max"] else "min",
        negated=_NEGATION.search(re.sub(_EXCEPT, "", masked)) is not None,
        other=_OTHER.search(masked) is not None,
        direct=_DIRECT.search(masked) is not None,
        both=_BOTH.search(masked) is not None,
        either=_OR.search(masked) is not None,
        without=tuple(k for k in range(len(mentions)) if cut and masked.find(f"⟦{k}⟧") > cut.start()),
        wh=_wh(masked),
    )


_IMPERATIVE = frozenset(["name", "list", "count", "give", "show", "find", "state", "tell", "enumerate", "describe", "please"])


def _quiet(words: list[Token]) -> list[Token]:
    """Take its meaning from a verb that only commands ("Name the drugs ..."); it must not be taken for a name."""
    if words and words[0].text.lower() in _IMPERATIVE - {"describe"}:
        return [replace(words[0], stem=""), *words[1:]]
    return words


def _mask(text: str, mentions: Sequence[Mention]) -> tuple[str, list[tuple[int, int]]]:
    parts: list[str] = []
    holes: list[tuple[int, int]] = []
    last = length = 0
    for k, mention in enumerate(mentions):
        parts += [text[last : mention.start], f"⟦{k}⟧"]
        length += mention.start - last
        holes.append((length, length + len(parts[-1])))
        length += len(parts[-1])
        last = mention.end
    return "".join([*parts, text[last:]]), holes


_QUALIFIED = re.compile(r"⟦\d+⟧.*⟦\d+⟧")


_POLITE = re.compile(r"^\W*(?:can|could|would|will) you (?:please )?(?!not\b)\w+|^\W*do you know\b", re.I)


def _operation(masked: str) -> Operation:
    if _COUNT.search(masked):
        return "count"
    if _POLITE.match(masked):
        return "list"
    if re.match(r"\W*(?:is|are|was|were) there\b", masked, re.I) and not _QUALIFIED.search(masked):
        return "list"  # "is there another term for X?" asks for it
    if _ASK.search(masked) and not re.search(r"\bwh(?:o|ich|at)\b|什么|谁|哪|多少|几|怎|如何|何", masked, re.I):
        return "ask"
    return "list"


_WH = re.compile(
    r"\b(who|whom|when|where|how long|how much|how|why)\b|(?P<zh>谁|什么时候|何时|哪天|哪一?年|哪里|哪儿|什么地方|怎么|如何|为什么)",
    re.I,
)
_WH_ZH = {"谁": "who", "什么时候": "when", "何时": "when", "哪天": "when", "哪里": "where", "哪儿": "where", "什么地方": "where", "怎么": "how", "如何": "how", "为什么": "why"}  # fmt: skip


def _wh(masked: str) -> str:
    match = _WH.search(masked)
    if not match:
        return ""
    word = match.group().lower()
    return {"whom": "who"}.get(word, _WH_ZH.get(word, "when" if word.startswith("哪") else word))


_HEAD = re.compile(
    r"\b(?:whose|what(?:['’]s| is| are| was| were) (?:the |a )?(?:total )?(?:number|names?|count|list|kinds?|types?) of|which|what|how many|(?:number|names?|count|list) of|list|name|give me|show(?: me)?|find|enumerate|are there any|tell me)\b|哪些|哪个|哪种|什么|多少|几个|几种",
    re.I,
)


_AUXILIARY = frozenset(["is", "are", "was", "were", "do", "does", "did", "has", "have", "had", "can", "could", "will", "would", "should", "may", "might"])


def _head(words: list[Token], masked: str) -> tuple[int, ...]:
    """Return the positions of the first content words after the last question word before the first verb-like break."""
    best: tuple[int, ...] = ()
    for match in _HEAD.finditer(masked):
        run: list[int] = []
        after = [word.text.lower() for word in words if word.start >= match.end()][:2]
        if (
            after
            and after[0] in _AUXILIARY
            and (len(after) < 2 or after[1] not in ("the", "a", "an", "some", "other", "all"))
        ):
            continue  # "what does X stand for": nothing is named
        for k, word in enumerate(words):
            if word.start < match.end():
                continue
            if word.text.startswith("⟦") and not run and masked[word.end : word.end + 1] == "-":
                continue  # "the ⟦0⟧-law agreement"
            if word.text.startswith("⟦") or (run and word.text.lower() in STOP):
                break
            follower = words[k + 1] if k + 1 < len(words) else None
            if run and word.text.endswith("ed") and (follower is None or not follower.content):
                break  # "agreements signed in ...": a participle, no part of the name
            if word.content:
                run.append(k)
            if len(run) == 4:
                break
        if run:
            best = tuple(run)
            break
    return best


def _place(masked: str, k: int) -> Place_ | None:
    for place, patterns in (("side", _SIDE), ("up", _UP), ("down", _DOWN)):
        for pattern in patterns:
            match = re.search(pattern.replace(_M, _M.format(k=k)), masked, re.IGNORECASE)
            if match:
                return Place_(k, place, match.start(), match.end())  # type: ignore[arg-type]
    return None
