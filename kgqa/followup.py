"""Follow-up questions made whole from the conversation, by rules over English and Chinese; no language model.

Three things make a question a follow-up: a word that points back ("its", "the contract", "它", "该药"), a turn of
phrase that leaves the rest out ("what about clause 7?", "那禁忌症呢？"), or a property without a bearer ("What are the
side effects?"). The bearer is the entity that the conversation was last about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from kgqa.types import Answer, Link

Linking = Callable[[str], Sequence[Link]]
MAX_LISTED = 5
"""Members of a list answer that "these" or "them" may stand for; a longer list would make the question unreadable."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A question that stands alone.

    :param question: the whole question.
    :param how: ``same`` (nothing was missing), ``pointer``, ``replaced``, ``aspect`` or ``bearer``.
    :param focus: label of the entity that was carried over, or empty.
    """

    question: str
    how: str = "same"
    focus: str = ""

    @property
    def changed(self) -> bool:
        """Tell whether anything was filled in."""
        return self.how != "same"


def resolve(question: str, history: Sequence[Answer], link: Linking | None = None) -> Resolved:
    """Return the question with what it leaves out filled in from earlier answers.

    :param history: earliest first.
    :param link: finds entities in a text; with it a question that names its own entity is left alone more surely, and a
        new entity is put in the place of the old one.

    >>> gout = Link(12, 16, "gout", "x:gout", "gout", 1.0)
    >>> last = Answer("What treats gout?", "allopurinol", "entities", 0.9, links=(gout,))
    >>> resolve("and its symptoms?", [last]).question
    "What are gout's symptoms?"
    """
    question = question.strip()
    last = next((answer for answer in reversed(history) if _focus(answer)), None)
    if last is None or not question:
        return Resolved(question)
    context = _Context(last, _focus(last), tuple(link(question)) if link is not None else None)
    for attempt in (_chinese, _english) if _is_chinese(question) else (_english,):
        if (found := attempt(question, context)) is not None and found.question != question:
            return found
    return Resolved(question)


@dataclass(frozen=True, slots=True)
class _Context:
    """What a follow-up may lean on.

    :param named: entities in the new question, ``None`` when nobody looked.
    """

    last: Answer
    focus: str
    named: tuple[Link, ...] | None

    @property
    def names_own(self) -> bool:
        return any(link.score >= 0.6 for link in self.named or ())

    @property
    def several(self) -> str:
        """The members of a short list answer, as one phrase."""
        items = self.last.items
        if not 2 <= len(items) <= MAX_LISTED:
            return ""
        if self.last.language == "zh":
            return "、".join(items)
        return f"{', '.join(items[:-1])} and {items[-1]}"


def _is_chinese(text: str) -> bool:
    return re.search(r"[\u4e00-\u9fff]", text) is not None


def _best_links(answer: Answer) -> list[Link]:
    """Return the best link of each mention, in the order of the question."""
    best: dict[tuple[int, int], Link] = {}
    for link in answer.links:
        place = (link.start, link.end)
        if place not in best or link.score > best[place].score:
            best[place] = link
    return [best[place] for place in sorted(best)]


def _focus(answer: Answer) -> str:
    """Return what an answer is about: the entity of its question, or the one entity that it gives."""
    links = _best_links(answer)
    if links:
        top = max(links, key=lambda link: (link.score, link.end - link.start))
        return _spoken(answer, top)
    if answer.kind == "entities" and len(answer.items) == 1:
        return answer.items[0]
    return ""


def _spoken(answer: Answer, link: Link) -> str:
    """Return the words used for an entity; its label only where the words do not stand in the question."""
    said = answer.question[link.start : link.end].strip()
    return said if said and said.casefold() == link.mention.casefold() else link.mention or link.label


# --- English ---

_LEAD = re.compile(
    r"^(?:and|but|so|ok(?:ay)?|also|then)?[\s,]*(?:what about|how about|what of|same for)\s+(?P<rest>.+?)[\s?.!]*$"
    r"|^(?:and|also|or)[\s,]+(?P<also>.+?)[\s?.!]*$",
    re.I,
)
_PRONOUN = re.compile(
    r"\b(?:(?P<own>its|his|her|their)(?=\s+\w)|(?P<it>it|he|she)\b"
    r"|(?P<them>they|them|these|those|both)\b(?!\s+\w+s\b))",
    re.I,
)
_THING = (
    "drug|medicine|medication|disease|condition|disorder|syndrome|illness|treatment|therapy|test|gene|contract|agreement|"
    "lease|licen[cs]e|clause|section|article|statute|act|law|regulation|policy|party|company|document|case|movie|film|book|"
    "person|city|country|place|entity|one"
)
_DEFINITE = re.compile(
    rf"\b(?:this|that|the same|the said|the)\s+(?P<noun>{_THING})\b"
    r"(?!\s+(?:of|between|for|with|in|on|by|to|that|which|who|whose|where|when|called|named|known|under|from|at|as)\b)",
    re.I,
)
_LISTED = re.compile(
    r"\b(?:these|those|the)\s+(?P<noun>[a-z]+(?:s|ies))\b"
    r"|\b(?:which|any|one|some|each|all) of (?P<them>them|these|those)\b",
    re.I,
)
_QUESTION_WORD = re.compile(
    r"^(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|does|do|did|can|could|may|must|should|has|have|will|"
    r"list|name|show)\b",
    re.I,
)
_NUMBERED = re.compile(
    r"\b(?P<head>clause|section|article|schedule|exhibit|annex|appendix|chapter|part|paragraph|page|stage|type|grade|phase)"
    r"\s+(?P<number>[\w.()-]+)",
    re.I,
)
_YEAR = re.compile(r"\b(1[5-9]\d\d|20\d\d)\b")
_BARE = re.compile(
    r"^(?P<head>(?:what|which)\s+(?:is|are|was|were)\s+(?:the|its)\s+(?P<aspect>[\w' -]+?))[\s?.!]*$", re.I
)
_GROUP = re.compile(r"^(?:in|for|during|with|at|under|on)\s+", re.I)
_PLURAL = re.compile(r"(?:[^s]s|ies|effects|indications|codes|parties)$", re.I)


def _english(question: str, context: _Context) -> Resolved | None:
    lead = _LEAD.match(question)
    if lead is not None:
        rest = (lead["rest"] or lead["also"]).strip()
        if not (lead["also"] and _QUESTION_WORD.match(rest)):
            return _continued(rest, context)
        question = rest[0].upper() + rest[1:] + ("?" if not rest.endswith("?") else "")
    return _pointed(question, context) or _bearerless(question, context)


def _continued(rest: str, context: _Context) -> Resolved:
    """Resolve "what about X?": X takes the place of its like in the last question, or is a property of the entity."""
    last, focus = context.last.question, context.focus
    if swapped := _swap_numbered(rest, last) or _swap_year(rest, last):
        return Resolved(swapped, "replaced", focus)
    own = re.match(r"(?:its|his|her|their|the)\s+(.+)$", rest, re.I)
    pointing = own is not None and not rest.lower().startswith("the ")
    if not pointing and (context.names_own or _looks_like_a_name(rest, context)):
        if (place := last.casefold().find(focus.casefold())) >= 0:
            return Resolved(
                last[:place] + re.sub(r"^for\s+", "", rest, flags=re.I) + last[place + len(focus) :], "replaced", rest
            )
        return Resolved(rest, "same")
    if _GROUP.match(rest):
        return Resolved(_stem(last) + f" {rest}?", "aspect", focus)
    aspect = own[1] if own else rest
    if numbered := _NUMBERED.fullmatch(aspect):
        return Resolved(f"What does {numbered[0]} of {_the(focus)} say?", "aspect", focus)
    verb = "are" if _PLURAL.search(aspect) else "is"
    phrase = f"{_possessive(focus)} {aspect}" if pointing else f"the {aspect} of {focus}"
    return Resolved(f"What {verb} {phrase}?", "aspect", focus)


def _swap_numbered(rest: str, last: str) -> str:
    new = _NUMBERED.search(rest)
    if new is None:
        return ""
    old = next((m for m in _NUMBERED.finditer(last) if m["head"].lower() == new["head"].lower()), None)
    return last[: old.start()] + new[0] + last[old.end() :] if old is not None else ""


def _swap_year(rest: str, last: str) -> str:
    new, old = _YEAR.search(rest), _YEAR.search(last)
    if new is None or old is None or len(rest) > len(new[0]) + 8:
        return ""
    return last[: old.start()] + new[0] + last[old.end() :]


def _looks_like_a_name(rest: str, context: _Context) -> bool:
    """Tell a name from a property by its writing, when nobody looked the words up."""
    if context.named is not None:
        return False
    words = re.sub(r"^(?:for|in|with)\s+", "", rest, flags=re.I).split()
    return bool(words) and all(
        word[0].isupper() or word[0].isdigit() or word.lower() in {"of", "the", "and"} for word in words
    )


def _pointed(question: str, context: _Context) -> Resolved | None:
    """Resolve words that point back, unless the question names something before them that they may mean."""
    focus = context.focus
    if (listed := _LISTED.search(question)) and context.several and (listed["them"] or not context.names_own):
        kept = f"{listed['noun']} " if listed["noun"] else ""
        start = listed.start("them") if listed["them"] else listed.start()
        return Resolved(
            f"{question[:start]}{'the ' + kept if kept else ''}{context.several}{question[listed.end() :]}",
            "pointer",
            context.several,
        )
    if definite := _DEFINITE.search(question):
        if context.names_own and definite["noun"].lower() != "one":
            return None
        return Resolved(question[: definite.start()] + _the(focus) + question[definite.end() :], "pointer", focus)
    pronoun = _PRONOUN.search(question)
    if pronoun is None or _expletive(question, pronoun) or _named_before(pronoun.start(), context):
        return None
    word = context.several if pronoun["them"] and context.several else focus
    if pronoun["own"]:
        word = _possessive(focus)
    return Resolved(question[: pronoun.start()] + word + question[pronoun.end() :], "pointer", focus)


def _expletive(question: str, pronoun: re.Match[str]) -> bool:
    """Tell the "it" that stands for nothing: "is it true that", "how long does it take to"."""
    after = question[pronoun.end() :]
    return (
        bool(pronoun["it"])
        and re.match(
            r"\s+(?:true|possible|necessary|safe to|take[s]? to|important|common to|ok(?:ay)? to)\b", after, re.I
        )
        is not None
    )


def _named_before(place: int, context: _Context) -> bool:
    return any(link.score >= 0.6 and link.end <= place for link in context.named or ())


def _bearerless(question: str, context: _Context) -> Resolved | None:
    """Give a property without a bearer the last entity: only where the words were looked up and named nothing."""
    bare = _BARE.match(question)
    if (
        bare is None
        or context.named is None
        or context.names_own
        or re.search(r"\b(?:of|for|in|by|with|between)\b", bare["aspect"])
    ):
        return None
    return Resolved(f"{bare['head']} of {context.focus}?", "bearer", context.focus)


def _possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def _the(name: str) -> str:
    return (
        f"the {name}" if re.search(rf"\b(?:{_THING})s?\b", name, re.I) and not re.match(r"the\b", name, re.I) else name
    )


def _stem(question: str) -> str:
    return question.rstrip(" ?.!")


# --- Chinese ---

_ZH_LEAD = re.compile(r"^(?:那么?|还有|以及|另外|再)?[，,\s]*(?P<rest>.+?)(?:呢|怎么样|又如何|又怎样)[？?。\s]*$")
_ZH_AND = re.compile(r"^(?:还有|以及|那么?)[，,\s]*(?P<rest>[^？?。]{1,20})[？?。\s]*$")
_ZH_POINTER = re.compile(
    r"(?:它们|他们|她们|这些|那些)(?P<kind>药物|药品|药|疾病|病|合同|协议|条款|法律|法规|公司)?"
    r"|(?:它|他|她)(?!们)|(?:该|此|这个|那个|这种|那种|这份|那份|这家|那家|这部|上述)(?:药物|药品|药|疾病|病症|病|症|合同|协议|条款|法律|法规|法|公司|文件|政策|电影|人)?"
    r"|(?<![一-鿿])其(?=[一-鿿])"
)
_ZH_ARTICLE = re.compile(r"第[〇零一二三四五六七八九十百千\d]+[条款章节项编页]")
_ZH_YEAR = re.compile(r"(?:1[5-9]|20)\d\d年")
_ZH_ASKS = re.compile(r"什么|哪|谁|何|多少|几|吗|如何|怎|是否|能否|有没有")
_ZH_GROUP = re.compile(r"^(?:在|对于?|对|针对)|(?:患者|人群|儿童|孕妇|老人|老年人|期间|情况下)$")
_ZH_BARE = re.compile(r"^(?P<aspect>[^的，,？?]{2,12}?)(?P<tail>是什么|有哪些|是多少|是谁|有什么|怎么办)[？?。\s]*$")

_ZH_OBJECT = re.compile(
    r"^(?:那么?[，,\s]*)?(?P<lead>[^？?，,]{0,12}?(?:能不能|可不可以|能否|可否|是否可以|应该|应当|可以|需要|能|该|要|会)(?:一直|长期|继续|同时|马上)?"
    r"(?P<verb>服用|使用|停用|停|服|吃|用|喝|打|解除|终止|转让|续签|修改|撤销))(?P<tail>(?:多久|多少|吗|么|了吗|呢)[？?。\s]*)$"
)
"""A verb without its object: "孕妇能吃吗？"."""
_ZH_NOTHING = re.compile(r"^(?:还有|别的|其他的?|更多|什么|谁|没|有|一个|哪些)$")


def _chinese(question: str, context: _Context) -> Resolved | None:
    pointer = _ZH_POINTER.search(question)
    if pointer is not None and not _named_before(pointer.start(), context):
        plural = pointer[0][-1] == "们" or pointer[0].startswith(("这些", "那些"))
        name = context.several if plural and context.several else context.focus
        owner = f"{name}的" if pointer[0] == "其" else name
        whole = _zh_unwrapped(question[: pointer.start()] + owner + question[pointer.end() :])
        return Resolved(whole, "pointer", name)
    lead = _ZH_LEAD.match(question) or _ZH_AND.match(question)
    if lead is not None and _ZH_NOTHING.match(lead["rest"]):
        return None
    if lead is not None and not _ZH_ASKS.search(lead["rest"]):
        return _zh_continued(lead["rest"].strip(), context)
    verb = _ZH_OBJECT.match(question)
    if verb is not None:
        return Resolved(f"{verb['lead']}{context.focus}{verb['tail']}", "bearer", context.focus)
    bare = _ZH_BARE.match(question)
    if bare is not None and context.named is not None and not context.names_own:
        return Resolved(f"{context.focus}的{question}", "bearer", context.focus)
    return None


def _zh_unwrapped(question: str) -> str:
    """Turn "那二甲双胍的禁忌症呢？" into a whole question, once its pointer is filled in."""
    lead = _ZH_LEAD.match(question)
    if lead is None or _ZH_ASKS.search(lead["rest"]):
        return re.sub(r"^那么?[，,\s]*", "", question)
    return f"{lead['rest']}是什么？"


def _zh_continued(rest: str, context: _Context) -> Resolved:
    last, focus = context.last.question, context.focus
    for unit in (_ZH_ARTICLE, _ZH_YEAR):
        new, old = unit.search(rest), unit.search(last)
        if new is not None and old is not None:
            return Resolved(last[: old.start()] + new[0] + last[old.end() :], "replaced", focus)
    if context.names_own and (place := last.find(focus)) >= 0 and "的" not in rest:
        return Resolved(last[:place] + rest + last[place + len(focus) :], "replaced", rest)
    if "的" in rest and context.names_own:
        return Resolved(f"{rest}是什么？", "same")
    if _ZH_ARTICLE.fullmatch(rest):
        return Resolved(f"{focus}{rest}的内容是什么？", "aspect", focus)
    if _ZH_GROUP.search(rest):
        return Resolved(f"{rest}，{last}", "aspect", focus)
    return Resolved(f"{focus}的{rest}是什么？", "aspect", focus)
