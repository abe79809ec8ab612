"""Which relation paths lead from a question's topic to its gold answers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from kgqa.graph.candidates import Enumerator
from kgqa.graph.memory import MOST_HOPS, Step
from kgqa.graph.operations import Runner
from kgqa.graph.query import Chain, Hop
from kgqa.graph.schema_words import SchemaWords
from kgqa.graph.store import GraphStore
from kgqa.types import Term

_MOST_NODES = 2000
_MOST_FRONT = 150  # a path that reaches more things is not followed further


class PathFinder:
    """Finds the paths of up to three hops that gold answers come from.

    :ivar words: the relations of the graph with their words.
    """

    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self.words = SchemaWords(store)
        self._enumerator = Enumerator(store, self.words)

    def scores(self, topic: str, answers: Collection[str]) -> dict[tuple[Step, ...], float]:
        """Return the F1 of every path from an entity that meets the answers (IRIs)."""
        return {path: 2 * shared / (size + len(answers)) for path, shared, size in self._meeting(topic, answers)}

    def reachable(self, topic: str, answers: Collection[str]) -> bool:
        """Tell whether one path leads to all answers."""
        return any(shared == len(answers) for _, shared, _ in self._meeting(topic, answers))

    def _meeting(self, topic: str, answers: Collection[str]) -> Iterator[tuple[tuple[Step, ...], int, int]]:
        anchor, wanted = Term(topic), frozenset(answers)
        runner = Runner(self._store, _MOST_NODES)
        for hops in self._walks(anchor, runner):
            nodes = runner.reach(chain_of(anchor, hops)).nodes
            shared = sum(1 for term in nodes if term.value in wanted)
            if shared:
                yield tuple((hop.relation.key, hop.forward) for hop in hops), shared, len(nodes)

    def _walks(self, anchor: Term, runner: Runner) -> Iterator[tuple[Hop, ...]]:
        front: list[tuple[Hop, ...]] = [(hop,) for hop in self._enumerator.hops(anchor)]
        for length in range(1, MOST_HOPS + 1):
            yield from front
            if length < MOST_HOPS:
                narrow = [hops for hops in front if len(runner.reach(chain_of(anchor, hops)).nodes) <= _MOST_FRONT]
                front = [(*hops, after) for hops in narrow for after in self._enumerator.follows(hops[-1])]


def chain_of(anchor: Term, hops: Sequence[Hop]) -> Chain:
    """Return the chain of some hops; later nodes differ from the one that it starts from."""
    return Chain(anchor, tuple(hops), 0, apart=len(hops) > 1)
