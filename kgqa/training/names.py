"""The names that a knowledge graph gives its things, found in text and exchanged for each other."""

from __future__ import annotations

import random
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from kgqa.errors import UsageError
from kgqa.language import fold, fold_with_offsets, has_cjk, original_span

_WORD = re.compile(r"[^\W_]+")
_MOST_WORDS, _MOST_CHARACTERS = 6, 16
_SHORTEST = {True: 2, False: 4}
"""Characters that a name must have, Chinese and other: shorter ones are mostly something else."""

Known = tuple[str, Sequence[str], Sequence[str]]
"""IRI, names and types of a thing."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a text that means one thing of the graph and no other."""

    start: int
    end: int
    iri: str


@dataclass(slots=True)
class Names:
    """The names of a graph's things."""

    _things: dict[str, list[str]] = field(default_factory=dict)
    _types: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _of_type: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _by_name: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def of(cls, things: Iterable[Known]) -> Names:
        """Take the names of things."""
        found = cls()
        for iri, names, types in things:
            texts = list(dict.fromkeys(name for name in names if _usable(name)))
            if texts:
                found._things[iri], found._types[iri] = texts, tuple(types)
                for name in texts:
                    found._by_name[fold(name)].add(iri)
                for kind in types:
                    found._of_type[kind].append(iri)
        return found

    def __len__(self) -> int:
        return len(self._things)

    def mentions(self, text: str) -> list[Mention]:
        """Return the names in a text, the longest first where they overlap; names of several things are left out."""
        folded, offsets = fold_with_offsets(text)
        found: list[Mention] = []
        at = 0
        for start, end in _stretches(folded):
            if start >= at and len(iris := self._by_name.get(folded[start:end], ())) == 1:
                found.append(Mention(*original_span(offsets, start, end), next(iter(iris))))
                at = end
        return found

    def synonyms(self, iri: str, like: str) -> list[str]:
        """Return other names of a thing in the script of one of its names."""
        return [n for n in self._things.get(iri, ()) if has_cjk(n) == has_cjk(like) and fold(n) != fold(like)]

    def other(self, iri: str, like: str, text: str, rng: random.Random) -> str | None:
        """Return a name, in the script of ``like``, of another thing of the same type which a text does not mention.

        :returns: ``None`` where there is none.
        """
        peers = sorted({peer for kind in self._types.get(iri, ()) for peer in self._of_type[kind]} - {iri})
        folded = fold(text)
        for peer in rng.sample(peers, min(len(peers), 20)):
            names = [n for n in self._things[peer] if has_cjk(n) == has_cjk(like)]
            if names and not any(fold(n) in folded for n in self._things[peer]):
                return names[0]
        return None


def _usable(name: str) -> bool:
    return len(name) >= _SHORTEST[has_cjk(name)] and any(c.isalpha() for c in name) and "\n" not in name


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Yield what could be a name: runs of words, and of Chinese characters, longest first at each place."""
    words = [m.span() for m in _WORD.finditer(text)]
    for at, (start, end) in enumerate(words):
        for last in range(min(len(words), at + _MOST_WORDS) - 1, at - 1, -1):
            yield start, words[last][1]
        if has_cjk(text[start:end]):
            for inner in range(start, end):
                for size in range(min(_MOST_CHARACTERS, end - inner), 1, -1):
                    yield inner, inner + size


def names_of(place: Path) -> Names:
    """Read the names of a knowledge base (its index), or of an RDF file or a folder of RDF files.

    :raises UsageError: there is no graph.
    """
    from kgqa.config import index_folder
    from kgqa.graph.load import is_graph_file
    from kgqa.graph.store import GraphStore
    from kgqa.store.generations import Generations

    index = index_folder(place) if place.is_dir() else place
    if index.is_dir() and Generations(index).names():
        graph = Generations(index).current().path / "graph"
        if not graph.is_dir():
            raise UsageError(f"{place}: has no graph, so no names to exchange")
        return _read(GraphStore.open(graph))
    files = [place] if place.is_file() else sorted(p for p in place.rglob("*") if is_graph_file(p.name))
    if not files or not all(path.is_file() for path in files):
        raise UsageError(f"{place}: no knowledge base with an index, and no RDF files")
    with tempfile.TemporaryDirectory() as scratch:
        GraphStore.build(files, files[0].parent, Path(scratch) / "graph")
        return _read(GraphStore.open(Path(scratch) / "graph"))


def _read(store: object) -> Names:
    from kgqa.graph.store import GraphStore

    assert isinstance(store, GraphStore)
    found = Names.of((iri, [n.text for n in names if n.predicate], types) for iri, names, types in store.entities())
    store.close()
    return found
