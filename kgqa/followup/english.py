"""English follow-ups: "and its side effects?", "what about clause 7?", "What are the complications?"."""

from __future__ import annotations

import re

from kgqa.followup.context import Context, Resolved

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
    "drug|medicine|medication|disease|condition|disorder|syndrome|illness|treatment|therapy|test|gene|contract|agreement|loan|"
    "lease|licen[cs]e|clause|section|article|statute|act|law|regulation|policy|party|company|document|case|movie|film|book|"
    "person|city|country|place|entity|one"
)
_PAPER = (
    "contract|agreement|lease|licen[cs]e|loan|addendum|amendment|statute|act|law|regulation|policy|order|deed|terms"
)
"""What something holds under, rather than for."""
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


def english(question: str, context: Context) -> Resolved | None:
    """Return an English follow-up as a whole question, ``None`` where it is none."""
    lead = _LEAD.match(question)
    if lead is not None:
        rest = (lead["rest"] or lead["also"]).strip()
        if not (lead["also"] and _QUESTION_WORD.match(rest)):
            return _continued(rest, context)
        question = rest[0].upper() + rest[1:] + ("?" if not rest.endswith("?") else "")
        return _pointed(question, context) or _bearerless(question, context) or _added(question, context)
    return _pointed(question, context) or _bearerless(question, context)


def _added(question: str, context: Context) -> Resolved | None:
    """Name the last entity at the end of "And how much notice is needed?": only where nothing else is named."""
    if not context.focus or context.named is None or context.names_own or re.search(r"\s[A-Z]\w", question):
        return None
    word = "under" if re.search(rf"\b(?:{_PAPER})s?\b", context.focus, re.I) else "for"
    return Resolved(f"{_stem(question)} {word} {_the(context.focus)}?", "bearer", context.focus)


def _continued(rest: str, context: Context) -> Resolved | None:
    """Resolve "what about X?": X takes the place of its like in the last question, or is a property of the entity."""
    last, focus = context.last.question, context.focus
    if (
        swapped := _swap_numbered(rest, last)
        or _swap_year(rest, last)
        or _swap_people(rest, last)
        or _swap_act(rest, last)
    ):
        return Resolved(swapped, "replaced", focus)
    if not focus:
        return Resolved(f"{_stem(last)} {rest}?", "aspect") if _GROUP.match(rest) else None
    own = re.match(r"(?:its|his|her|their|the)\s+(.+)$", rest, re.I)
    pointing = own is not None and not rest.lower().startswith("the ")
    alike, known = context.alike()
    property_ = rest.lower().startswith("the ") and known and alike is None  # of another kind: "the cap on liability"
    if not pointing and not property_ and (context.names_own or _looks_like_a_name(rest, context)):
        old = alike.mention if alike else focus
        if (place := last.casefold().find(old.casefold())) >= 0:
            return Resolved(
                last[:place] + re.sub(r"^(?:for|of)\s+", "", rest, flags=re.I) + last[place + len(old) :],
                "replaced",
                rest,
            )
        return Resolved(rest, "same")
    if _GROUP.match(rest):
        return Resolved(_stem(last) + f" {rest}?", "aspect", focus)
    aspect = own[1] if own else rest
    if numbered := _NUMBERED.fullmatch(aspect):
        return Resolved(f"What does {numbered[0]} of {_the(focus)} say?", "aspect", focus)
    verb = "are" if _PLURAL.search(aspect) else "is"
    phrase = (
        f"{_possessive(focus)} {aspect}" if pointing and " between " not in focus else f"the {aspect} of {_the(focus)}"
    )
    return Resolved(f"What {verb} {phrase}?", "aspect", focus)


_PEOPLE = re.compile(
    r"\b(?:adults?|children|child|infants?|newborns?|teenagers?|adolescents?|pregnant women|pregnancy|breastfeeding|"
    r"(?:older|elderly) (?:people|patients)|the elderly|men|women)\b",
    re.I,
)


def _swap_people(rest: str, last: str) -> str:
    """Put one group of people in the place of another: "for adults" and "what about children?"."""
    bare = re.sub(r"^(?:in|for|with|during)\s+", "", rest, flags=re.I)
    old = _PEOPLE.search(last)
    if old is None or not _PEOPLE.fullmatch(bare):
        return ""
    return last[: old.start()] + bare + last[old.end() :]


_ACT = re.compile(
    r"^(?P<asks>(?:how|when|where|why|by whom)\s+(?:is|are|was|were)\s+.+?)\s+\w+(?:ed|en|t|de|wn)\W*$", re.I
)


def _swap_act(rest: str, last: str) -> str:
    """Put one act in the place of another: "How is X diagnosed?", "and treated?"."""
    found = _ACT.match(last)
    return f"{found['asks']} {rest}?" if found and re.fullmatch(r"[a-z]+(?:ed|en)", rest) else ""


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


def _looks_like_a_name(rest: str, context: Context) -> bool:
    """Tell a name from a property by its writing, when nobody looked the words up."""
    if context.named is not None:
        return False
    words = re.sub(r"^(?:for|in|with)\s+", "", rest, flags=re.I).split()
    return bool(words) and all(
        word[0].isupper() or word[0].isdigit() or word.lower() in {"of", "the", "and"} for word in words
    )


def _pointed(question: str, context: Context) -> Resolved | None:
    """Resolve words that point back, unless the question names something before them that they may mean."""
    focus = context.focus
    if not focus:
        return None
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
    if pronoun is None or _expletive(question, pronoun) or context.named_before(pronoun.start()):
        return None
    word = context.several if pronoun["them"] and context.several else _the(focus)
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


def _bearerless(question: str, context: Context) -> Resolved | None:
    """Give a property without a bearer the last entity: only where the words were looked up and named nothing."""
    bare = _BARE.match(question)
    if (
        bare is None
        or not context.focus
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
