"""Reads statements from passages: learns the wordings, then applies them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from urllib.parse import quote

from kgqa.graph.context import is_common
from kgqa.graph.extraction.evidence import Evidence, Way
from kgqa.graph.extraction.ledger import Found
from kgqa.graph.extraction.lines import NAME, PARTICLES, SEPARATORS, TOPIC, Line, Lines, Piece, lists
from kgqa.graph.extraction.patterns import Learner, Pattern, Patterns, keys, pairs
from kgqa.graph.extraction.places import MentionFinder
from kgqa.graph.extraction.settings import Extraction
from kgqa.graph.store import GraphStore
from kgqa.protocols import Encoder
from kgqa.types import Passage, Term

Passages = Callable[[], Iterable[Passage]]
"""Gives all passages, each time from the beginning."""
Asserted = Callable[[str, int, int], bool]
"""Tells of a text and a span in it whether the text affirms the span."""
Progress = Callable[[str, int, int], None]

FRESH = "urn:kgqa:read:"
"""Beginning of the IRIs of things that only texts name."""
MOST_STUDIED = 20_000
"""Passages that wordings are learnt from; evenly spread where there are more."""
_MOST_WORDS = 6
_NEW_NAME, _NEW_TOPIC, _OTHER_PART = 0.92, 0.97, 0.9
"""Factors of the confidence: a name or a topic that the graph does not know, a name that it knows in other parts only."""


class Reader:
    """Reads statements of a graph's relations from passages.

    :param encoder: for the nearness of wordings to the relations' names; without it their words decide.
    :param asserted: tells whether the text affirms a span; what is denied or only supposed is not kept.
    """

    def __init__(
        self,
        store: GraphStore,
        encoder: Encoder | None = None,
        asserted: Asserted | None = None,
        settings: Extraction | None = None,
    ) -> None:
        self._store = store
        self._lines = Lines(MentionFinder(store))
        self._evidence = Evidence(store, encoder)
        self._asserted = asserted or (lambda text, start, end: True)
        self._settings = settings or Extraction()
        self._shapes: dict[tuple[str, bool], tuple[float, float]] = {}
        self.patterns: tuple[Patterns, Patterns] = ({}, {})

    def learn(self, passages: Passages, count: int, progress: Progress | None = None) -> int:
        """Learn the wordings of all passages; return how many state a relation.

        :param count: number of passages.
        """
        step = max(1, -(-count // MOST_STUDIED))
        self._lines.study(_every(passages(), step))
        learner = Learner(self._evidence)
        for done, passage in enumerate(_every(passages(), step)):
            for line in self._lines.read(passage):
                learner.take(line)
            if progress and done % 500 == 0:
                progress("wordings", done * step, count)
        self.patterns = learner.patterns(self._settings.least)
        return sum(pattern is not None for table in self.patterns for pattern in table.values())

    def find(self, passages: Iterable[Passage]) -> Iterator[Found]:
        """Yield the statements that passages make, each once for every sentence that makes it."""
        for passage in passages:
            seen: dict[tuple[str, int], Found] = {}
            for line in self._lines.read(passage):
                for found in self._of_line(line):
                    key = (found.id, found.start)
                    if key not in seen or seen[key].confidence < found.confidence:
                        seen[key] = found
            yield from seen.values()

    # --- one sentence -----------------------------------------------------------------------------------------------

    def _of_line(self, line: Line) -> Iterator[Found]:
        taken: set[tuple[int, int]] = set()
        if line.topic is not None:
            topic = (line.topic.name, line.topic.entity)
            for pattern, items in self._places(line):
                if self._of_another(line, pattern, items):
                    continue
                for item in items:
                    if (item.start, item.end) not in taken:
                        taken.add((item.start, item.end))
                        yield from self._stated(line, pattern, topic, item)
        for one, other, key in pairs(line.pieces):
            joint = self.patterns[1].get(key)
            if joint is not None and (other.start, other.end) not in taken:
                text = line.passage.text[one.start : one.end]
                yield from self._stated(line, joint, (text, one.entities[0]), other)

    def _places(self, line: Line) -> Iterator[tuple[Pattern, list[Piece]]]:
        """Yield the places of a sentence where a wording introduces names, with the names."""
        for first, last, items in lists(line.pieces):
            known = self.patterns[0]
            pattern = next((known[key] for key in keys(line.pieces, first, last) if key in known), None)
            if pattern is not None:
                yield pattern, items
        for at in range(1, len(line.pieces)):
            pattern = self._opening(line.pieces, at)
            if pattern is not None:
                yield pattern, self._rest(line, at, pattern)

    def _opening(self, pieces: Sequence[Piece], at: int) -> Pattern | None:
        """Return the wording that stands before a place, whatever follows."""
        before = ["^", *(piece.text for piece in pieces[:at])]
        for width, after in ((6, (".", "$")), (5, (".",)), (3, (".", "$")), (2, (".", "$")), (3, ()), (2, ())):
            key = (tuple(before[-width:]), after)
            if key in self.patterns[0] and len(before) >= width:
                pattern = self.patterns[0][key]
                return pattern if pattern is not None and pattern.way.forward else None
        return None

    def _rest(self, line: Line, at: int, pattern: Pattern) -> list[Piece]:
        """Return what a list at a place names, up to the end of the sentence, names unknown to the graph included."""
        pieces = line.pieces
        end = len(pieces)
        while end > at and pieces[end - 1].text in (".", "!", "?", "。", "！"):
            end -= 1
        if end - at > 60 or any(piece.kind == "topic" for piece in pieces[at:end]):
            return []
        items: list[Piece] = []
        start = at
        for place in range(at, end + 1):
            if place == end or (pieces[place].kind == "word" and pieces[place].text in SEPARATORS):
                group = pieces[start:place]
                start = place + 1
                if group:
                    item = self._item(line, group, pattern)
                    if item is None:
                        return []  # no list of names after all
                    items.append(item)
        return items

    def _item(self, line: Line, group: Sequence[Piece], pattern: Pattern) -> Piece | None:
        if len(group) == 1 and group[0].kind == "name":
            return group[0]
        start, end = group[0].start, group[-1].end
        text = line.passage.text[start:end]
        entities = self._lines.named(text)
        if not entities and (len(group) > _MOST_WORDS or not self._shaped(text, pattern.way)):
            return None
        return Piece(NAME, start, end, "name", entities)

    def _shaped(self, text: str, way: Way) -> bool:
        """Tell whether a name that the graph does not know looks like those that the relation leads to."""
        key = (way.relation.key, way.forward)
        if key not in self._shapes:
            self._shapes[key] = self._look(way)
        lower, digits = self._shapes[key]
        if text.isdigit():
            return digits >= 0.3
        small = [word for word in text.split() if word[0].islower() and word not in PARTICLES]
        if any(is_common(word) for word in small):
            return False  # a phrase, no name: "more", "since dizziness", "hormone are measured"
        return lower >= 0.2 if small else lower <= 0.95 and digits <= 0.7

    def _look(self, way: Way) -> tuple[float, float]:
        """Return which share of the names that a relation leads to begin with a small letter, and which are numbers."""
        graph = self._store.graph
        rows = (graph.out_predicates == way.number).nonzero()[0]
        rows = rows[:: max(1, len(rows) // 300)]
        ends = [int(graph.out_objects[row]) if way.forward else graph.subject_of(int(row)) for row in rows]
        names = [self._name(graph.term(end)) for end in ends]
        count = max(1, len(names))
        return sum(n[:1].islower() for n in names) / count, sum(n.isdigit() for n in names) / count

    def _name(self, term: Term) -> str:
        return term.value if term.kind == "literal" else self._store.label(term.value)

    def _of_another(self, line: Line, pattern: Pattern, items: Sequence[Piece]) -> bool:
        """Tell whether the sentence does not speak of the document's topic but names another thing of its kind."""
        if any(piece.text == TOPIC for piece in line.pieces):
            return False
        role = (pattern.way.number, not pattern.way.forward)
        others = [piece for piece in line.pieces if piece.kind == "name" and piece not in items]
        return any(role in self._evidence.roles(entity) for piece in others for entity in piece.entities)

    # --- statements -------------------------------------------------------------------------------------------------

    def _stated(self, line: Line, pattern: Pattern, topic: tuple[str, int | None], item: Piece) -> Iterator[Found]:
        way, passage = pattern.way, line.passage
        text = passage.text[item.start : item.end]
        confidence = pattern.confidence
        near, near_fresh = self._thing(topic[0], topic[1])
        far: Term | None
        if way.literal:
            far, far_fresh = self._literal(text, way), False
        else:
            if not item.entities and not self._shaped(text, way):
                return
            entity, factor = self._meant(item, way)
            confidence *= factor
            far, far_fresh = self._thing(text, entity)
        confidence *= _NEW_TOPIC if near_fresh else 1.0
        if far is None or far == near or ((near_fresh or far_fresh) and not self._settings.fresh):
            return
        ends = ((near, near_fresh, not way.forward), (far, far_fresh, way.forward))
        fresh = tuple((term.value, _kind(way, forward)) for term, new, forward in ends if new)
        if confidence < self._settings.least or not self._asserted(passage.text, item.start, item.end):
            return
        subject, thing = (near, far) if way.forward else (far, near)
        names = (topic[0], way.relation.label, text) if way.forward else (text, way.relation.label, topic[0])
        yield Found(
            subject.value,
            way.relation.key,
            thing,
            names,
            passage.doc_id,
            passage.start + line.start,
            passage.start + line.end,
            passage.text[line.start : line.end],
            round(min(0.99, confidence), 4),
            fresh=fresh,
        )

    def _meant(self, item: Piece, way: Way) -> tuple[int | None, float]:
        """Return the entity that a name means in a place, ``None`` for an unknown one, and a factor of the confidence."""
        if not item.entities:
            return None, _NEW_NAME
        role = (way.number, way.forward)
        playing = [entity for entity in item.entities if role in self._evidence.roles(entity)]
        if playing:
            return playing[0], 1.0 if len(playing) == 1 else 0.8
        side = set(way.relation.side(way.forward).classes)
        fitting = [e for e in item.entities if not side or not (own := self._evidence.classes(e)) or own & side]
        return (fitting[0], _OTHER_PART / len(fitting)) if fitting else (None, 0.5)

    def _thing(self, name: str, entity: int | None) -> tuple[Term, bool]:
        if entity is not None:
            return self._store.graph.term(entity), False
        return Term(FRESH + quote(" ".join(name.split()), safe="")), True

    def _literal(self, text: str, way: Way) -> Term | None:
        """Return a number or a year as the relation's other literals are written."""
        kinds = way.relation.info.datatypes
        datatype = max(kinds, key=lambda kind: kinds[kind]) if kinds else ""
        if not text.isdigit() or (way.relation.object.kind == "date" and len(text) != 4):
            return None
        return Term(text, "literal", "", datatype) if not datatype.endswith(("#date", "#dateTime")) else None


def _kind(way: Way, forward: bool) -> str:
    """Return the class of the things on a side of a relation, empty where the graph has none."""
    return next(iter(way.relation.side(forward).classes), "")


def _every(passages: Iterable[Passage], step: int) -> Iterator[Passage]:
    return (passage for number, passage in enumerate(passages) if number % step == 0)
