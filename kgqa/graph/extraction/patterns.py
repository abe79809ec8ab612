"""Learns from all passages together which wordings state which relation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from kgqa.graph.context import is_common
from kgqa.graph.extraction.evidence import FEW, Evidence, Seen, Way
from kgqa.graph.extraction.lines import NAME, TOPIC, Line, Piece, lists

Key = tuple[tuple[str, ...], tuple[str, ...]]
"""The words before and after the place of a name; ``^`` and ``$`` stand for the ends of the sentence."""

_WIDTHS = ((6, 2), (5, 1), (4, 3), (3, 2), (2, 2), (3, 0), (2, 1), (0, 4), (0, 3), (2, 0), (1, 3), (0, 2))
"""Words before and after a place that make a wording, the most telling first."""
_BETWEEN = 8
_MOST_KEYS = 400_000
_MOST_DECIDED = 8_000
_MOST_THINGS = 60


@dataclass(frozen=True, slots=True)
class Pattern:
    """A wording and the relation that it states.

    :param support: how often it occurred.
    """

    key: Key
    way: Way
    confidence: float
    support: int


Patterns = dict[Key, Pattern | None]


@dataclass(slots=True)
class _Counts:
    count: int = 0
    topics: set[int] = field(default_factory=set)
    names: set[int] = field(default_factory=set)
    pairs: set[tuple[int, int]] = field(default_factory=set)

    def add(self, topic: int | None, names: Iterable[int]) -> None:
        self.count += 1
        if len(self.pairs) >= _MOST_THINGS:
            return
        for name in names:
            self.names.add(name)
            if topic is not None:
                self.pairs.add((topic, name))
        if topic is not None:
            self.topics.add(topic)


def keys(pieces: Sequence[Piece], first: int, last: int) -> Iterator[Key]:
    """Yield the wordings around a place, the most telling first."""
    before = [piece.text for piece in pieces[max(0, first - 6) : first]]
    if first < 6:
        before.insert(0, "^")
    after = [piece.text for piece in pieces[last : last + 4]]
    if last + 4 > len(pieces):
        after.append("$")
    seen: set[Key] = set()
    for left, right in _WIDTHS:
        found = (tuple(before[-left:]) if left else (), tuple(after[:right]))
        if found not in seen and _tells(found):
            seen.add(found)
            yield found


def between(pieces: Sequence[Piece], one: int, other: int) -> Key | None:
    """Return the wording that joins two names of a sentence, ``None`` when they are too far apart or nothing joins them."""
    words = [piece.text for piece in pieces[one + 1 : other]]
    if not 0 < len(words) <= _BETWEEN:
        return None
    found: Key = ((NAME, *words), ())
    return found if _tells(found) else None


def _tells(key: Key) -> bool:
    """Tell whether a wording has a word with a meaning of its own, or stands right beside the topic."""
    words = [*key[0], *key[1]]
    return any(word.isalpha() and not is_common(word) for word in words) or (TOPIC in words and len(words) > 2)


class Learner:
    """Counts wordings, then decides what they state."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._alone: dict[Key, _Counts] = {}
        self._joint: dict[Key, _Counts] = {}

    def take(self, line: Line) -> None:
        """Count the wordings of a sentence."""
        topic = line.topic.entity if line.topic else None
        if line.topic is not None:
            for first, last, items in lists(line.pieces):
                known = [item.entities[0] for item in items if len(item.entities) == 1]
                for key in keys(line.pieces, first, last):
                    self._alone.setdefault(key, _Counts()).add(topic, known)
        for one, other, key in pairs(line.pieces):
            self._joint.setdefault(key, _Counts()).add(one.entities[0], other.entities[:1])
        for table in (self._alone, self._joint):
            if len(table) > _MOST_KEYS:
                for key in [key for key, counts in table.items() if counts.count < 2]:
                    del table[key]

    def patterns(self, least: float) -> tuple[Patterns, Patterns]:
        """Return the wordings around one name, and those between two names, with what they state.

        A frequent wording that states nothing is among them with ``None``, so that no shorter one takes its place.

        :param least: smallest confidence.
        """
        self._evidence.suppose(dict.fromkeys(topic for counts in self._alone.values() for topic in counts.topics))
        return self._decided(self._alone, least), self._decided(self._joint, least)

    def _decided(self, table: dict[Key, _Counts], least: float) -> Patterns:
        wanted = sorted(table.items(), key=lambda item: -item[1].count)[:_MOST_DECIDED]
        found: Patterns = {}
        for at in range(0, len(wanted), 2_000):
            part = wanted[at : at + 2_000]
            scored = self._evidence.scores([(_flat(key), _seen(counts)) for key, counts in part])
            for (key, counts), result in zip(part, scored, strict=True):
                if result is not None and result[1] >= least:
                    found[key] = Pattern(key, result[0], result[1], counts.count)
                elif counts.count >= FEW:
                    found[key] = None
        return found


def pairs(pieces: Sequence[Piece]) -> Iterator[tuple[Piece, Piece, Key]]:
    """Yield pairs of known names of a sentence with the wording between them."""
    places = [at for at, piece in enumerate(pieces) if piece.kind == "name" and len(piece.entities) == 1]
    for number, one in enumerate(places[:8]):
        for other in places[number + 1 : number + 4]:
            key = between(pieces, one, other)
            if key is not None and pieces[one].entities != pieces[other].entities:
                yield pieces[one], pieces[other], key


def _flat(key: Key) -> tuple[str, ...]:
    return (*key[0], NAME, *key[1])


def _seen(counts: _Counts) -> Seen:
    return Seen(counts.topics, counts.names, counts.pairs, counts.count)
