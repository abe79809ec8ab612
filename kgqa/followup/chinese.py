"""Chinese follow-ups in both scripts: "那禁忌症呢？", "它的副作用是什么？", "第七條呢", "怎么治疗？", "换成布洛芬呢？".

Patterns are of simplified characters and are matched on the question so written; what is put together is the words as they stand.
"""

from __future__ import annotations

import re

from kgqa.followup.context import SURE, Context, Resolved, best_links
from kgqa.language import simplified

_LEAD = re.compile(
    r"^(?:那么?|还有|以及|另外|再)?[，,\s]*(?P<changed>(?:如果|要是)?(?:换成|改成|改用|换作|换))?(?P<rest>.+?)"
    r"(?:呢|怎么样|又如何|又怎样)[？?。\s]*$"
)
_AND = re.compile(r"^(?:还有|以及|那么?)[，,\s]*(?P<changed>)(?P<rest>[^？?。]{1,20})[？?。\s]*$")
_POINTER = re.compile(
    r"(?:它们|他们|她们|这些|那些)(?P<kind>药物|药品|药|疾病|病|合同|协议|条款|法律|法规|公司)?"
    r"|(?:它|他|她)(?!们)|(?:该|此|这个|那个|这种|那种|这份|那份|这家|那家|这部|上述)(?:药物|药品|药|疾病|病症|病|症|合同|协议|条款|法律|法规|法|公司|文件|政策|电影|人)?"
    r"|(?<![一-鿿])其(?![中他它余实次])(?=[一-鿿])"
)
_AMONG = re.compile(r"^(?:那么?[，,\s]*)?(?:其中|这里面|里面)[，,]?(?P<rest>.+)$")
_ARTICLE = re.compile(r"第\s*[〇零一二两三四五六七八九十百千\d０-９]+\s*[条款章节项编页]")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d年")
_ASKS = re.compile(r"什么|哪|谁|何|多[少久长大高重远快]|几|吗|如何|怎|是否|能否|有没有")
_GROUP = re.compile(
    r"^(?:在|对于?|对|针对|如果|要是)|(?:患者|病人|人群|儿童|孕妇|老人|老年人|期间|情况下|妇女|婴儿|青少年|成人|者)$"
)
_PEOPLE = re.compile(
    r"(?:成年人|成人|大人|儿童|小儿|小孩|孩子|婴幼儿|婴儿|新生儿|青少年|孕妇|妊娠期|孕期|哺乳期|老年人|老人|男性|女性|男方|女方)"
    r"(?:妇女|患者|病人)?"
)
_BARE = re.compile(
    r"^(?P<aspect>[^的，,？?]{1,12}?)(?:是什么|有哪些|是多少|有多少|是谁|有什么|怎么办|怎么算|怎么计算|一般是?|通常是?)?"
    r"(?P<tail>是什么|有哪些|是多少|有多少|是谁|有什么|怎么办|怎么算|怎么计算|有?多[长久大高重少]|[几]个?[天年月周]|是几.{0,3}|在哪里?儿?|是哪.{1,4})[？?。\s]*$"
)
_OBJECT = re.compile(
    r"^(?:那么?[，,\s]*)?(?P<lead>[^？?，,]{0,12}?(?:能不能|可不可以|能否|可否|是否可以|应该|应当|可以|需要|能|该|要|会)(?:一直|长期|继续|同时|马上)?"
    r"(?P<verb>服用|使用|停用|停|服|吃|用|喝|打|解除|终止|转让|续签|修改|撤销))(?P<tail>(?:多久|多少|吗|么|了吗|呢)[？?。\s]*)$"
)
"""A verb without its object: "孕妇能吃吗？"."""
_ACT = re.compile(
    r"^(?:那么?|又|该)?[，,\s]*(?P<whole>(?:怎么|怎样|如何|什么时候|何时|在哪里?|为什么|由?谁|多久|多长时间|是什么时候|是怎么)(?:[一-鿿]{1,7})"
    r"|(?:会不会|能不能|要不要|需不需要|有没有|是不是|会|能|可以|需要|应该|有)[^，,？?]{1,10}[吗么]|有没有[^，,？?]{2,8})[？?。\s]*$"
)
"""A verb without its subject: "怎么治疗？", "什么时候签的？", "会引起咳嗽吗？"."""
_NOTHING = re.compile(r"^(?:还有|别的|其他的?|更多|什么|谁|没|有|一个|哪些)$")
_WITH = re.compile(r"^(?P<word>和|与|跟|同)(?P<name>.+)$")
_BEFORE = "的是在、，,和与对有按"


def chinese(question: str, context: Context) -> Resolved | None:
    """Return a Chinese follow-up as a whole question, ``None`` where it is none."""
    plain = simplified(question)
    if (among := _AMONG.match(plain)) is not None:
        several = context.several
        rest = question[among.start("rest") :]
        return Resolved(f"{several}之中，{rest}", "pointer", several) if several else None
    pointer = _POINTER.search(plain)
    if context.focus and pointer is not None and not context.named_before(pointer.start()):
        return _pointed(question, pointer, context)
    lead = _LEAD.match(plain) or _AND.match(plain)
    if lead is not None and _NOTHING.match(lead["rest"]):
        return None
    if lead is not None and not _ASKS.search(lead["rest"]):
        rest = question[slice(*lead.span("rest"))].strip()
        return _continued(rest, context, changed=bool(lead["changed"]))
    if not context.focus:
        return None
    return _without_bearer(*_unled(question, plain), context) or _added(question, plain, context)


def _unled(question: str, plain: str) -> tuple[str, str]:
    """Take "那" from before a question that asks something of its own."""
    lead = re.match(r"那么?[，,\s]*(?=[^个种些位里边儿时天样])", plain)
    return (question[lead.end() :], plain[lead.end() :]) if lead else (question, plain)


def _added(question: str, plain: str, context: Context) -> Resolved | None:
    """Name the last entity before "那解除要提前多久通知？": only where nothing else is named but what it is one of."""
    rest, _ = _unled(question, plain)
    if rest == question or context.named is None:
        return None
    own = [link for link in context.named if link.score >= SURE and not context.focus.endswith(link.mention)]
    return None if own else Resolved(f"{context.focus}，{rest}", "bearer", context.focus)


def _pointed(question: str, pointer: re.Match[str], context: Context) -> Resolved:
    plural = pointer[0][-1] == "们" or pointer[0].startswith(("这些", "那些"))
    name = context.several if plural and context.several else context.focus
    owner = f"{name}的" if pointer[0] == "其" else name
    return Resolved(_unwrapped(question[: pointer.start()] + owner + question[pointer.end() :]), "pointer", name)


def _without_bearer(question: str, plain: str, context: Context) -> Resolved | None:
    """Give a verb its object or subject, and a property its bearer."""
    focus = context.focus
    verb = _OBJECT.match(plain)
    if verb is not None:
        return Resolved(
            f"{question[slice(*verb.span('lead'))]}{focus}{question[slice(*verb.span('tail'))]}", "bearer", focus
        )
    act = _ACT.match(plain)
    if act is not None and not context.named_before(act.start("whole") + 1):
        return Resolved(f"{focus}{question[act.start('whole') :]}", "bearer", focus)
    bare = _BARE.match(plain)
    if bare is not None and context.named is not None and (not context.names_own or _property(bare["tail"], context)):
        return Resolved(f"{focus}的{question}", "bearer", focus)
    return None


def _property(tail: str, context: Context) -> bool:
    """Tell whether what is named is a measure of the last entity: "押金是多少？", where the deposit is a thing of the graph."""
    alike, known = context.alike()
    return bool(re.search(r"多|几", tail)) and known and alike is None


def _unwrapped(question: str) -> str:
    """Turn "那二甲双胍的禁忌症呢？" into a whole question, once its pointer is filled in."""
    lead = _LEAD.match(simplified(question))
    if lead is None or _ASKS.search(lead["rest"]):
        return re.sub(r"^那[么麼]?[，,\s]*", "", question)
    return f"{question[slice(*lead.span('rest'))]}是什么？"


def _continued(rest: str, context: Context, *, changed: bool) -> Resolved | None:
    """Resolve "X呢？": X takes the place of its like in the last question, or is a property of the entity."""
    last, focus = context.last.question, context.focus
    plain, before = simplified(rest), simplified(last)
    if swapped := _swapped(rest, plain, last, before):
        return Resolved(swapped, "replaced", focus)
    if (found := _replaced(rest, context, changed=changed)) is not None:
        return found
    if not focus:
        return Resolved(f"{rest}，{last}", "aspect") if _GROUP.search(plain) else None
    if "的" in rest and context.names_own:
        return Resolved(f"{rest}是什么？", "same")
    if _ARTICLE.fullmatch(plain):
        return Resolved(f"{focus}{rest}的内容是什么？", "aspect", focus)
    if _GROUP.search(plain):
        return Resolved(f"{rest}，{last}", "aspect", focus)
    return Resolved(f"{focus}的{rest}是什么？", "aspect", focus)


def _swapped(rest: str, plain: str, last: str, before: str) -> str:
    """Put a number, a year or a group of people in the place of another."""
    for unit in (_ARTICLE, _YEAR):
        new, old = unit.search(plain), unit.search(before)
        if new is not None and old is not None:
            return last[: old.start()] + rest[slice(*new.span())] + last[old.end() :]
    bare = re.sub(r"^(?:对于?|如果是|如果|要是|给)", "", plain)
    old = _PEOPLE.search(before)
    if old is not None and _PEOPLE.fullmatch(bare):
        return last[: old.start()] + rest[-len(bare) :] + last[old.end() :]
    return ""


def _replaced(rest: str, context: Context, *, changed: bool) -> Resolved | None:
    """Put what is named now in the place of its like in the last question."""
    last, focus = context.last.question, context.focus
    beside = _WITH.match(rest)
    name = (beside["name"] if beside else rest).removesuffix("的")
    links = [link for link in best_links(context.last) if link.score >= SURE]
    if context.names_own and "的" not in name:
        alike, known = context.alike()
        if beside or changed:
            # "和X呢", "换成X呢": the other of two, which stands last.
            alike = next(
                (link for link in reversed(links) if alike is None or set(link.types) == set(alike.types)), None
            )
        elif known and alike is None:
            return None  # of another kind: a property, not one of its like
        old = last[alike.start : alike.end] if alike else focus
        place = alike.start if alike else last.find(old) if old else -1
        if place >= 0:
            return Resolved(last[:place] + name + last[place + len(old) :], "replaced", name)
    if not links and (whole := _like_word(name, last)):
        return Resolved(whole, "replaced", name)
    return None


def _like_word(name: str, last: str) -> str:
    """Put a word in the place of the one that ends like it: "婚假有几天" and "丧假呢"; for texts whose things nobody knows."""
    plain, before = simplified(name), simplified(last)
    for size in range(min(len(plain) - 1, 6), 0, -1):
        end = before.find(plain[-size:])
        if end < 0:
            continue
        end += size
        start = max(end - len(plain), 0)
        cut = max((before.rfind(char, 0, end - size) for char in _BEFORE), default=-1) + 1
        start = max(start, cut) if size == 1 or cut > start else start
        if end - start > size and before[start:end] != plain:
            return last[:start] + name + last[end:]
    return ""
