"""Finds a graph's entities in passages, quickly and by their names only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from kgqa.graph.context import Context, is_common
from kgqa.graph.mentions import Token, hashes, spans, stem, tokens
from kgqa.graph.names import KINDS, NameIndex
from kgqa.graph.store import GraphStore

MAX_WORDS = 14
"""Longest name in words that is looked for in passages."""
MAX_ENTITIES = 5
"""A name that more entities share says too little to be kept."""


class MentionFinder:
    """Finds names of a graph's entities in text."""

    def __init__(self, store: GraphStore) -> None:
        self.store = store
        self._names = NameIndex(store.folder / "names")
        self._context = Context(store)
        self._longest = min(MAX_WORDS, self._names.longest)

    def rows(self, value: int) -> Iterator[tuple[str, int]]:
        """Yield name and entity of each entry of the name index with a hash (see :func:`kgqa.graph.mentions.key`)."""
        low, high = self._names.find(np.array([value], np.uint64))
        for row in range(int(low[0]), int(high[0])):
            yield self._names.text(row), int(self._names.entities[row])

    def spans(self, text: str, exact: bool = False) -> list[tuple[int, int, tuple[int, ...]]]:
        """Return start, end and entities (numbers in the adjacency) of the names in a text.

        :param exact: whether a name must stand as it is written, but for case and accents; otherwise plurals count too.
        """
        words = tokens(text)
        if not words or not len(self._names):
            return []
        starts, lengths, values = spans(hashes([stem(word.text) for word in words]), self._longest)
        lows = np.searchsorted(self._names.keys, values)
        lows[lows == len(self._names)] = 0
        hits = np.flatnonzero(self._names.keys[lows] == values)
        order = sorted(hits.tolist(), key=lambda at: (-int(lengths[at]), int(starts[at])))
        taken = np.zeros(len(words), bool)
        found: list[tuple[int, int, tuple[int, ...]]] = []
        for at in order:
            first, length = int(starts[at]), int(lengths[at])
            if taken[first : first + length].any():
                continue
            entities = self._entities(text, words[first : first + length], int(lows[at]), exact)
            if entities:
                taken[first : first + length] = True
                found.append((words[first].start, words[first + length - 1].end, entities))
        return sorted(found)

    def _entities(self, text: str, words: Sequence[Token], row: int, exact: bool) -> tuple[int, ...]:
        value = self._names.keys[row]
        mention = text[words[0].start : words[-1].end]
        found: dict[int, None] = {}
        same: dict[int, None] = {}
        while row < len(self._names) and self._names.keys[row] == value:
            entity = int(self._names.entities[row])
            if self._fits(mention, words, row) and not self._context.is_class(entity):
                name = self._names.text(row)
                if name == mention:
                    same[entity] = None
                if not exact or [token.text for token in tokens(name)] == [word.text for word in words]:
                    found[entity] = None
            row += 1
        found = same if exact and same else found
        return tuple(found) if len(found) <= MAX_ENTITIES else ()

    def _fits(self, mention: str, words: Sequence[Token], row: int) -> bool:
        kind = KINDS[self._names.kinds[row]]
        if kind == "bare" or all(is_common(word.text) for word in words):
            return False
        if len(words) == 1 and (words[0].text.isdigit() or len(words[0].text) == 1):
            return False
        name = self._names.text(row)
        if kind == "abbreviation" or (len(name) <= 4 and name.isupper()):
            return mention == name
        return True
