"""Passages as rows of words and names, so that a wording can be compared with other wordings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from kgqa.graph import vocabulary as v
from kgqa.graph.context import is_common
from kgqa.graph.extraction.places import MentionFinder
from kgqa.graph.mentions import key, stem, tokens
from kgqa.language import fold, has_cjk, sentences
from kgqa.types import Passage

TOPIC, NAME = "<topic>", "<name>"
"""What stands for the thing that a document is about, and for any other name."""
SEPARATORS = frozenset([",", ";", "and", "&", "or", "as", "well", "、", "，", "和", "及", "与"])
_PRONOUNS = frozenset(["it", "he", "she", "they", "它", "他", "她", "其"])
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_PIECE = re.compile(rf"[{_HAN}]|(?:(?![{_HAN}])\w)+(?:['’\-.](?:(?![{_HAN}])\w)+)*|[^\w\s]")
PARTICLES = frozenset(["of", "de", "la", "le", "du", "von", "van", "der", "den", "da", "di", "del", "al", "el"])
"""Small words inside names."""
_NAMED = 0.3
_MANY = 30
"""A lower-case name that stands in more passages than this, and far more often than the graph speaks of it, is a mere word."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word, or a name taken as one.

    :param text: the folded word, or :data:`TOPIC` or :data:`NAME`.
    :param start: first character in the passage; ``end`` one past the last.
    :param entities: what the name may be, as numbers of the adjacency; empty for words and unknown names.
    """

    text: str
    start: int
    end: int
    kind: Literal["word", "name", "topic"] = "word"
    entities: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Topic:
    """The thing that a document is about.

    :param entity: its number in the adjacency, ``None`` when the graph does not know it.
    """

    name: str
    entity: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence.

    :param start: first character in the passage; ``end`` one past the last.
    """

    passage: Passage
    topic: Topic | None
    start: int
    end: int
    pieces: tuple[Piece, ...]


class Lines:
    """Reads passages of the documents that belong to a graph."""

    def __init__(self, finder: MentionFinder) -> None:
        self._finder = finder
        self._store = finder.store
        self._common: frozenset[str] = frozenset()
        self._topics: dict[str, Topic | None] = {}
        self._fresh = False

    def study(self, passages: Iterable[Passage]) -> None:
        """Learn which lower-case names are mere words in these passages, and whether titles are names."""
        counts: Counter[str] = Counter()
        known: dict[str, int] = {}
        titles: Counter[bool] = Counter()
        for passage in passages:
            titles[bool(self.named(passage.title))] += 1
            seen: dict[str, int] = {}
            for start, end, entities in self._finder.spans(passage.text, exact=True):
                surface = passage.text[start:end]
                if surface == surface.lower():
                    seen[surface] = max(self._statements(entity) for entity in entities)
            counts.update(seen.keys())
            known.update(seen)
        self._common = frozenset(s for s, n in counts.items() if n > max(_MANY, 4 * known[s]))
        # Where titles are names of the graph's things, a title that the graph does not know is the name of a new thing.
        self._fresh = titles[True] >= _NAMED * titles.total()

    def read(self, passage: Passage) -> Iterator[Line]:
        """Yield the sentences of a passage; a full stop inside a name ends none."""
        topic = self._topic(passage.title)
        names = self._names(passage.text, topic)
        for start, end in _sentences(passage.text, [(a, b) for a, b, _, _ in names]):
            inside = [item for item in names if start <= item[0] and item[1] <= end]
            yield Line(passage, topic, start, end, tuple(_pieces(passage.text, start, end, inside)))

    def named(self, text: str) -> tuple[int, ...]:
        """Return the entities that have exactly this name; if there is none, those whose name differs in case."""
        rows = self._finder.rows(key([stem(token.text) for token in tokens(text)]))
        found = [(name, entity) for name, entity in rows if fold(name) == fold(text)]
        exact = [entity for name, entity in found if name == text]
        return tuple(dict.fromkeys(exact or [entity for _, entity in found]))

    def _topic(self, title: str) -> Topic | None:
        if title not in self._topics:
            self._topics[title] = self._find_topic(title)
        return self._topics[title]

    def _find_topic(self, title: str) -> Topic | None:
        if not title.strip() or len(title) > 200:
            return None
        entities = self.named(title)
        if entities:
            return Topic(title, max(entities, key=self._statements))
        found = self._finder.spans(title, exact=True)
        if len(found) == 1 and len(found[0][2]) == 1:
            rest = title[: found[0][0]] + " " + title[found[0][1] :]
            if all(is_common(token.text) for token in tokens(rest)):
                return Topic(title[found[0][0] : found[0][1]], found[0][2][0])
        rest = title
        for start, end, _ in reversed(found):
            rest = rest[:start] + rest[end:]
        # "Cars 2" may be the name of a new thing; "Asthma in adults" describes one that is known.
        described = bool(found) and (has_cjk(title) or bool(re.search(r"[:：]", rest)) or _says_more(rest))
        return Topic(title, None) if self._fresh and not described and _is_name(title) else None

    def _statements(self, entity: int) -> int:
        graph = self._store.graph
        return len(graph.out(entity)[1]) + len(graph.into(entity)[0])

    def _names(self, text: str, topic: Topic | None) -> list[tuple[int, int, bool, tuple[int, ...]]]:
        """Return start, end, whether it is the topic, and the entities of each name, in order and without overlaps."""
        own = [(m.start(), m.end(), True, ()) for m in _occurrences(topic.name, text)] if topic else []
        found: list[tuple[int, int, bool, tuple[int, ...]]] = []
        for start, end, entities in self._finder.spans(text, exact=True):
            if text[start:end] not in self._common and not _overlaps(start, end, own):
                found.append((start, end, bool(topic and topic.entity in entities), entities))
        found += own
        for start, end in _runs(text):
            inside = [item for item in found if item[0] < end and start < item[1]]
            if not inside:
                number = text[start:end].isdigit()
                found.append((start, end, False, self.named(text[start:end]) if number else ()))
            elif len(inside) == 1 and not inside[0][2] and start <= inside[0][0] and inside[0][1] <= end:
                wider = text[start:end]
                sure = inside[0][0] == start or not _opens(text, start)
                if sure and wider != text[inside[0][0] : inside[0][1]]:
                    found.remove(inside[0])
                    found.append((start, end, False, self.named(wider)))
        return sorted(found)


def _says_more(rest: str) -> bool:
    return any(is_common(token.text) for token in tokens(rest))


def _is_name(title: str) -> bool:
    """Tell whether a title looks like a name: few words, most of them capitalised."""
    words = [word for word in re.findall(r"\w+", title) if word not in PARTICLES and not is_common(word)]
    return (
        len(words) <= 8 and not title.endswith("?") and 2 * sum(not word[0].islower() for word in words) >= len(words)
    )


def _opens(text: str, start: int) -> bool:
    """Tell whether a sentence or a line begins here, so that a capital says nothing."""
    before = text[:start].rstrip("#*->•\"'“‘( \t")
    return not before or before[-1] in ".!?:;\n。！？"


def _occurrences(name: str, text: str) -> Iterator[re.Match[str]]:
    left = r"(?<!\w)" if name[:1].isalnum() else ""
    right = r"(?!\w)" if name[-1:].isalnum() else ""
    return re.finditer(left + re.escape(name) + right, text)


def _overlaps(start: int, end: int, taken: Sequence[tuple[int, int, bool, tuple[int, ...]]]) -> bool:
    return any(start < item[1] and item[0] < end for item in taken)


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """Yield numbers and runs of capitalised words ("Erich von Stroheim"), but no word that only opens a sentence."""
    words = [(match[0], *match.span()) for match in _PIECE.finditer(text)]
    at = 0
    while at < len(words):
        word, start, end = words[at]
        at += 1
        if word.isdigit():
            yield start, end
        elif word[0].isupper():
            last = _run_end(text, words, at)
            if _opens(text, start):
                if last == at:
                    continue  # its capital says nothing
                start = words[at][1] if is_common(fold(word)) else start
            yield start, words[last - 1][2]
            at = last


def _run_end(text: str, words: Sequence[tuple[str, int, int]], at: int) -> int:
    """Return one past the last word of a run whose first word stands before ``at``; no name goes over a line."""
    last = at
    while at < len(words) and "\n" not in text[words[at - 1][2] : words[at][1]]:
        word = words[at][0]
        initial = word == "." and len(words[at - 1][0]) == 1 and words[at - 1][0].isupper()
        if word[0].isupper() or initial:
            last = at + 1
        elif word not in PARTICLES:
            break
        at += 1
    return last


def _sentences(text: str, names: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    begin = None
    for start, end in sentences(text):
        begin = start if begin is None else begin
        if not any(a < end < b for a, b in names):
            yield begin, end
            begin = None
    if begin is not None:
        yield begin, len(text)


def _pieces(
    text: str, start: int, end: int, names: Sequence[tuple[int, int, bool, tuple[int, ...]]]
) -> Iterator[Piece]:
    at = start
    for first, last, topic, entities in [*names, (end, end, False, ())]:
        for match in _PIECE.finditer(text, at, first):
            word = fold(match[0])
            if word in _PRONOUNS:
                yield Piece(TOPIC, *match.span(), "topic")
            else:
                yield Piece(word, *match.span())
        if last > first:
            yield Piece(TOPIC if topic else NAME, first, last, "topic" if topic else "name", entities)
            at = last


def lists(pieces: Sequence[Piece]) -> Iterator[tuple[int, int, list[Piece]]]:
    """Yield first piece, one past the last, and the names of each list of names ("A, B and C"); a single name is a list."""
    at = 0
    while at < len(pieces):
        if pieces[at].kind != "name":
            at += 1
            continue
        first, items, last = at, [pieces[at]], at + 1
        while True:
            following = last
            while following < len(pieces) and pieces[following].text in SEPARATORS and following - last < 3:
                following += 1
            if following == last or following >= len(pieces) or pieces[following].kind != "name":
                break
            items.append(pieces[following])
            last = following + 1
        yield first, last, items
        at = last


def describes(predicate: str) -> bool:
    """Tell whether a predicate names or describes, and so is nothing to be read from text."""
    silent = {*v.LABELS, *v.ALIASES, *v.CODES, *v.DEFINITIONS, *v.ASIDE, v.TYPE, v.SUBCLASS, v.SUBPROPERTY}
    return predicate in silent or predicate.startswith((v.RDF, v.RDFS, v.OWL, v.SHACL, v.PROV))
