"""What a question asks for, read from its words: mentions, operation, times, negation, place in a hierarchy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kgqa.asking import of_case
from kgqa.graph import cues
from kgqa.graph.times import Bound, Period, bounds, periods
from kgqa.graph.words import LIGHT, STOP, Token, groups, is_chinese, tokens
from kgqa.types import Link

Operation = Literal["list", "count", "ask", "max", "min"]
Place = Literal["up", "down", "side"]


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in the question that names an entity, with the entities that it may mean, best first."""

    start: int
    end: int
    text: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Place_:
    """How the asked thing lies to a mention in a hierarchy; ``start`` and ``end`` of the cue count in ``Reading.masked``."""

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
    :param denied: place in ``masked`` behind "is not", "has no", or -1.
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
    denied: int
    wh: str

    def place(self, mention: int) -> Place | None:
        """Return how the asked thing lies to a mention in a hierarchy, if the question says so."""
        return next((item.place for item in self.places if item.mention == mention), None)

    def joined(self, one: int, other: int) -> bool:
        """Tell whether nothing but "and" stands between two words (and their articles)."""
        between = self.masked[self.words[one].end : self.words[other].start] if one < other else ""
        return cues.JOIN.fullmatch(between) is not None


def read(text: str, mentions: Sequence[Mention]) -> Reading:
    """Read a question whose mentions are known; mentions must not overlap and be in order."""
    masked, holes = mask(text, mentions)
    words = _quiet(tokens(masked))
    times = [item for item in periods(masked) if not _inside(item, holes)]
    numbers = [item for item in bounds(masked) if not _inside(item, holes)]
    superlative = cues.SUPERLATIVE.search(masked)
    operation = operation_of(masked)
    used = [(item.start, item.stop) for item in times] + [(item.start, item.stop) for item in numbers]
    used += [match.span() for pattern in (cues.COUNT, cues.EXCEPT) for match in pattern.finditer(masked)]
    used += [superlative.span()] if superlative else []
    used += [match.span() for match in cues.WHICH_ZH.finditer(masked)]
    content = tuple(
        k
        for k, word in enumerate(words)
        if word.content and word.stem not in LIGHT and word.stem and not any(a <= word.start < b for a, b in used)
    )
    cut = cues.EXCEPT.search(masked)
    denial = None if cut or operation == "ask" else cues.DENIED.search(masked)
    if denial and "⟦" in masked[: denial.start()] and "⟦" in masked[denial.end() :]:
        cut = denial
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
        negated=cues.NEGATION.search(re.sub(cues.EXCEPT, "", masked)) is not None,
        other=cues.OTHER.search(masked) is not None,
        direct=cues.DIRECT.search(masked) is not None,
        both=cues.BOTH.search(masked) is not None,
        either=cues.OR.search(masked) is not None,
        without=tuple(k for k in range(len(mentions)) if cut and masked.find(f"⟦{k}⟧") > cut.start()),
        denied=denial.end() if denial else -1,
        wh=_wh(masked),
    )


def _inside(item: Period | Bound, holes: Sequence[tuple[int, int]]) -> bool:
    return any(start < item.stop and item.start < end for start, end in holes)


def _quiet(words: list[Token]) -> list[Token]:
    """Take its meaning from a verb that only commands ("Name the drugs ..."); it must not be taken for a name."""
    if words and words[0].text.lower() in cues.IMPERATIVE - {"describe"}:
        return [replace(words[0], stem=""), *words[1:]]
    return words


def mask(text: str, mentions: Sequence[Mention]) -> tuple[str, list[tuple[int, int]]]:
    """Return a text with each mention as ``⟦k⟧``, and where those stand."""
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


def operation_of(masked: str) -> Operation:
    """Return what a question wants done: list, count, or decide yes or no."""
    if cues.COUNT.search(masked):
        return "count"
    if cues.POLITE.match(masked):
        return "list"
    if re.match(r"\W*(?:is|are|was|were) there\b", masked, re.I) and not cues.QUALIFIED.search(masked):
        return "list"  # "is there another term for X?" asks for it
    if cues.ASK.search(masked) and not re.search(
        r"\bwh(?:o|ich|at)\b|什么|谁|哪|多[少大高长宽重深厚远久快]|几|怎|如何|何", masked, re.I
    ):
        return "ask"
    return "list"


def _wh(masked: str) -> str:
    match = cues.WH.search(masked)
    if not match:
        return ""
    word = match.group().lower()
    if of_case(masked):
        return "how"  # "when must it not be given" asks for no day
    return {"whom": "who"}.get(word, cues.WH_ZH.get(word, "when" if word.startswith("哪") else word))


def _head(words: list[Token], masked: str) -> tuple[int, ...]:
    """Return the positions of the words that name what is asked for, behind the first question word that names anything."""
    for match in cues.HEAD.finditer(masked):
        after = [word.text.lower() for word in words if word.start >= match.end()][:2]
        if after and after[0] in cues.AUXILIARY and (len(after) < 2 or after[1] not in cues.ARTICLES):
            continue  # "what does X stand for": nothing is named
        run = _noun_phrase(words, masked, match.end())
        if run:
            return run
    return ()


def _noun_phrase(words: list[Token], masked: str, start: int) -> tuple[int, ...]:
    """Return the positions of up to four content words from a place on, until a mention, a stop word or a participle."""
    run: list[int] = []
    for k, word in enumerate(words):
        if word.start < start:
            continue
        mention = word.text.startswith("⟦")
        if mention and not run and masked[word.end : word.end + 1] == "-":
            continue  # "the ⟦0⟧-law agreement"
        if not run and word.stem in cues.SHARED:
            continue  # "哪些共同的症状"
        if mention or (run and word.text.lower() in STOP) or (run and _verb(words, k)) or len(run) == 4:
            break
        if word.content:
            run.append(k)
    return tuple(run)


def _verb(words: list[Token], k: int) -> bool:
    """Tell whether a word is like "signed" in "agreements signed in ...": no part of the name before it."""
    if words[k].text == "属于":
        return True
    follower = words[k + 1] if k + 1 < len(words) else None
    return words[k].text.endswith("ed") and (follower is None or not follower.content)


def _place(masked: str, k: int) -> Place_ | None:
    for place, patterns in (("side", cues.SIDE), ("up", cues.UP), ("down", cues.DOWN)):
        for pattern in patterns:
            match = re.search(pattern.replace(cues.M, cues.M.format(k=k)), masked, re.IGNORECASE)
            if match:
                return Place_(k, place, match.start(), match.end())  # type: ignore[arg-type]
    return None
