"""Reads statements with a generative model: the graph's schema bounds what it may say, and the cost is known before.

The model gets a passage and the graph's relations, and writes one statement a line: ``subject | relation | object``. Whatever it
writes, a statement is kept only if the relation is one of those given, subject and object stand in the passage word for word, and
both are of the classes that the relation joins, as far as the graph knows them. So neither an invention nor an instruction
hidden in a document gets further than the list that people review.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from kgqa.graph.extraction.evidence import Evidence, Way
from kgqa.graph.extraction.finding import FRESH, Asserted
from kgqa.graph.extraction.ledger import Found
from kgqa.graph.extraction.lines import Lines
from kgqa.graph.extraction.places import MentionFinder
from kgqa.graph.extraction.settings import Extraction
from kgqa.graph.store import GraphStore
from kgqa.language import count_cjk, has_cjk, sentences
from kgqa.types import Passage, Term

Writer = Callable[[Sequence[str]], list[str]]
"""From prompts to texts, one for each, in order."""

MOST_RELATIONS = 40
"""Relations in a prompt: the most used ones of the graph."""
MOST_STATEMENTS = 20
"""Statements taken from the answer to one passage."""
_ANSWER_TOKENS = 120
_LONGEST_NAME = 120
_CONFIDENCE, _IN_ONE_SENTENCE = 0.55, 0.15
"""A model gives no probability of its own: a statement counts as likely, a little more if one sentence holds both names."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run will need, before it is begun.

    :param passages: prompts sent.
    :param prompt_tokens: tokens of all prompts, estimated from their characters.
    :param answer_tokens: tokens that the model may write, at most about so many.
    """

    passages: int
    prompt_tokens: int
    answer_tokens: int

    @property
    def words(self) -> str:
        """The cost in a sentence."""
        return (
            f"{self.passages:,} passages in {self.passages:,} calls, about {self.prompt_tokens:,} tokens to read "
            f"and up to {self.answer_tokens:,} to write"
        )


class Drafter:
    """Reads statements of a graph's relations with a generative model.

    :param asserted: tells whether the text affirms a span; what is denied or only supposed is not kept.
    """

    def __init__(self, store: GraphStore, asserted: Asserted | None = None, settings: Extraction | None = None) -> None:
        self._store = store
        self._lines = Lines(MentionFinder(store))
        self._evidence = Evidence(store)
        self._asserted = asserted or (lambda text, start, end: True)
        self._settings = settings or Extraction()
        ways = sorted((way for way in self._evidence.ways if way.forward), key=lambda way: -way.relation.info.count)
        self._ways = {way.relation.label.casefold(): way for way in ways[:MOST_RELATIONS] if not way.literal}

    def cost(self, passages: Iterable[Passage]) -> Cost:
        """Estimate the cost of reading passages; nothing is sent."""
        count = tokens = 0
        for passage in passages:
            count += 1
            tokens += estimate(self.prompt(passage))
        return Cost(count, tokens, count * _ANSWER_TOKENS)

    def prompt(self, passage: Passage) -> str:
        """Return the prompt for a passage, in its language."""
        relations = "\n".join(f"- {self._told(way)}" for way in self._ways.values())
        title = f"{passage.title}\n" if passage.title else ""
        if has_cjk(passage.text):
            order = "从下文中找出符合所列关系的陈述。每行写一条：主语 | 关系 | 宾语。主语和宾语必须是文中原词，没有则写“无”。"
            return f"{order}\n\n关系：\n{relations}\n\n正文：\n{title}{passage.text}\n\n陈述：\n"
        order = (
            "Find the statements in the text that have one of the relations. Write one a line: subject | relation | object. "
            "Subject and object must stand in the text word for word. If there is none, write: none."
        )
        return f"{order}\n\nRelations:\n{relations}\n\nText:\n{title}{passage.text}\n\nStatements:\n"

    def _told(self, way: Way) -> str:
        sides = [self._kind(way.relation.side(forward).classes) for forward in (False, True)]
        return f"{sides[0]} | {way.relation.label} | {sides[1]}"

    def _kind(self, classes: Sequence[str]) -> str:
        return self._store.label(classes[0]) if classes else "…"

    def read(self, passages: Sequence[Passage], writer: Writer) -> Iterator[Found]:
        """Yield the statements that the model finds and that the passages and the schema allow."""
        texts = writer([self.prompt(passage) for passage in passages])
        for passage, text in zip(passages, texts, strict=True):
            seen: set[str] = set()
            for parts in _rows(text):
                found = self._checked(passage, *parts)
                if found is not None and found.id not in seen and len(seen) < MOST_STATEMENTS:
                    seen.add(found.id)
                    yield found

    def _checked(self, passage: Passage, subject: str, relation: str, thing: str) -> Found | None:
        way = self._ways.get(relation.casefold())
        from_, to = _nearest(_places(passage.text, subject), _places(passage.text, thing))
        if way is None or subject == thing or to is None or (from_ is None and subject != passage.title):
            return None
        one, other = self._end(subject, way, False), self._end(thing, way, True)
        if one is None or other is None or not self._asserted(passage.text, *to):
            return None
        start, end, together = _sentences(passage.text, [to] if from_ is None else [from_, to])
        fresh = tuple((term.value, kind) for term, kind in (one, other) if kind is not None)
        if (fresh and not self._settings.fresh) or one[0] == other[0]:
            return None
        return Found(
            one[0].value,
            way.relation.key,
            other[0],
            (subject, way.relation.label, thing),
            passage.doc_id,
            passage.start + start,
            passage.start + end,
            passage.text[start:end],
            _CONFIDENCE + (_IN_ONE_SENTENCE if together else 0.0),
            "model",
            fresh,
        )

    def _end(self, name: str, way: Way, forward: bool) -> tuple[Term, str | None] | None:
        """Return a thing and, if the graph does not know it, its class; ``None`` for a thing of another class."""
        classes = way.relation.side(forward).classes
        known = self._lines.named(name)
        if not known:
            return Term(FRESH + quote(" ".join(name.split()), safe="")), next(iter(classes), "")
        role = (way.number, forward)
        fitting = [e for e in known if not classes or not (own := self._evidence.classes(e)) or own & set(classes)]
        best = max(fitting, key=lambda entity: role in self._evidence.roles(entity), default=None)
        return None if best is None else (self._store.graph.term(best), None)


Place = tuple[int, int]


def _places(text: str, name: str) -> list[Place]:
    """Return where a name stands in a text, word for word."""
    if not 0 < len(name) <= _LONGEST_NAME:
        return []
    edge = "" if has_cjk(name) else r"\b" if name[0].isalnum() and name[-1].isalnum() else ""
    return [match.span() for match in re.finditer(f"{edge}{re.escape(name)}{edge}", text)]


def _nearest(ones: Sequence[Place], others: Sequence[Place]) -> tuple[Place | None, Place | None]:
    """Return the places of two names that are nearest to each other."""
    if not ones or not others:
        return next(iter(ones), None), next(iter(others), None)
    return min(
        ((one, other) for one in ones[:50] for other in others[:50]), key=lambda pair: abs(pair[0][0] - pair[1][0])
    )


def _rows(text: str) -> Iterator[tuple[str, str, str]]:
    for line in text.splitlines():
        parts = [part.strip(" \t-*•\"'“”") for part in re.split(r"[|｜]", re.sub(r"^\s*\d+[.)]\s+", "", line))]
        if len(parts) == 3 and all(parts):
            yield parts[0], parts[1], parts[2]


def _sentences(text: str, places: Sequence[tuple[int, int]]) -> tuple[int, int, bool]:
    """Return the stretch of whole sentences around some places, and whether it is one sentence."""
    low, high = min(start for start, _ in places), max(end for _, end in places)
    touched = [(start, end) for start, end in sentences(text) if start < high and end > low]
    if not touched:
        return low, high, True
    return min(low, touched[0][0]), max(high, touched[-1][1]), len(touched) == 1


def estimate(text: str) -> int:
    """Estimate the tokens of a text: four Latin characters, or one Chinese, are about one."""
    chinese = count_cjk(text)
    return chinese + -(-(len(text) - chinese) // 4)
