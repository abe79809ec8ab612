"""Ranks what a question may mean: by what was learnt on the graph, by the general scorer, and as one attribute of one thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kgqa.graph.anchors import Anchors
from kgqa.graph.attributes import Attributes, plain
from kgqa.graph.candidates import Anchor, Enumerator
from kgqa.graph.features import FEATURES, sureness
from kgqa.graph.likeness import Likeness
from kgqa.graph.matching import Match, Matcher
from kgqa.graph.memory import Memory
from kgqa.graph.query import Query
from kgqa.graph.question import Mention, read
from kgqa.graph.recall import recall
from kgqa.graph.schema_words import SchemaWords
from kgqa.graph.scorer import Scorer
from kgqa.graph.store import GraphStore
from kgqa.protocols import Encoder
from kgqa.types import Link, Term

_MOST_ALONE = 3
_HEAD = FEATURES.index("head_agrees")
_COVERAGE = FEATURES.index("coverage")


@dataclass(frozen=True, slots=True)
class Scored:
    """A query with the anchors that it was made from, and its score."""

    query: Query
    anchors: Mapping[int, Anchor]
    score: float
    coverage: float = 0.0
    support: float = 0.0
    head: bool = False


class Ranker:
    """Ranks queries over one graph.

    :param model: folder of what was trained, or ``None``.
    :param threshold: readings that score below are unsure.
    """

    def __init__(
        self, store: GraphStore, words: SchemaWords, encoder: Encoder | None, model: Path | None, threshold: float
    ) -> None:
        self._matcher = Matcher(words, encoder)
        self._enumerator = Enumerator(store, words)
        self._scorer = Scorer(words)
        self._memory = Memory.load(model) if model is not None and (model / "memory.npz").is_file() else None
        self._anchors = Anchors(store, words)
        self._attributes = Attributes(store, self._enumerator, Likeness.load(model))
        self._threshold = threshold

    def rank(self, question: str, links: Sequence[Link]) -> tuple[Match, list[Scored]]:
        """Return the queries that a question may mean, best first."""
        learnt = recall(self._memory, question, links) if self._memory is not None else None
        if learnt is not None:
            match, scored = self._scored(question, [learnt.mention], {}, general=not learnt.sure)
            if scored and scored[0].score >= self._threshold:
                return match, scored
        if self._attributes.learnt and (found := self.attribute(question, links)):
            return found
        match, scored = self._general(question, links)
        if not scored or scored[0].score < self._threshold:
            return self.attribute(question, links) or (match, scored)
        return match, scored

    def attribute(self, question: str, links: Sequence[Link]) -> tuple[Match, list[Scored]] | None:
        """Return the readings of a question for one attribute of one thing, ``None`` where none is likely."""
        found = self._attributes.find(question, links) if self._attributes.serves(question) else []
        if not found or found[0].score < self._threshold:
            return None
        match = self._matcher.open(read(question, [found[0].mention]))
        if not plain(match.reading, found[0].score):
            return None
        return match, [Scored(item.query, {0: item.anchor}, item.score, 1.0, item.score, True) for item in found]

    def _general(self, question: str, links: Sequence[Link]) -> tuple[Match, list[Scored]]:
        mentions, extra = self._anchors.mentions(question, links)
        match, scored = self._scored(question, mentions, extra)
        unsure = not scored or scored[0].score < self._threshold
        if len(mentions) > 1 and unsure:
            # A word of the question may happen to be a name too: try each of the longest mentions alone.
            longest = sorted(range(len(mentions)), key=lambda k: mentions[k].start - mentions[k].end)[:_MOST_ALONE]
            for k in longest:
                other, found = self._scored(question, [mentions[k]], {0: extra[k]} if k in extra else {})
                if found and (not scored or found[0].score > max(scored[0].score, self._threshold)):
                    match, scored = other, found
        return match, scored

    def _scored(
        self, question: str, mentions: Sequence[Mention], extra: dict[int, list[Term]], general: bool = True
    ) -> tuple[Match, list[Scored]]:
        match = self._matcher.open(read(question, mentions))
        groups = self._anchors.groups(match, extra)
        scored = []
        for query, anchors in self._listed(match, groups) if general else ():
            features = self._scorer.features(match, query, anchors)
            score = sureness(features)
            scored.append(
                Scored(query, anchors, score, float(features[_COVERAGE]), float(features[0]), bool(features[_HEAD]))
            )
        if self._memory is not None and len(groups) == 1:
            scored = self._remembered(match, groups[0], scored)
        return match, sorted(scored, key=lambda item: -item.score)

    def _remembered(self, match: Match, anchors: Sequence[Anchor], scored: Sequence[Scored]) -> list[Scored]:
        """Mix the general scores with what was learnt on this graph, by how familiar the wording is."""
        assert self._memory is not None
        share = self._memory.familiarity(match.reading)
        if share == 0.0:
            return list(scored)
        found = {item.query: replace(item, score=(1 - share) * item.score) for item in scored}
        for anchor in anchors:
            for chance, path in self._memory.paths(match.reading):
                for query in self._enumerator.recalled(match, anchor, [path]):
                    general = found.get(query)
                    score = (general.score if general else 0.0) + share * chance * (0.95 + 0.05 * anchor.score)
                    found[query] = Scored(query, {anchor.mention: anchor}, score, 1.0, 1.0, True)
        return list(found.values())

    def _listed(self, match: Match, groups: Sequence[Sequence[Anchor]]) -> list[tuple[Query, dict[int, Anchor]]]:
        by_term = {(anchor.mention, anchor.term): anchor for group in groups for anchor in group}
        out = []
        for query in self._enumerator.queries(match, groups):
            chains = [(chain.mention, chain.anchor) for chain in (*query.chains, *query.without)]
            used = {mention: by_term[(mention, term)] for mention, term in chains if (mention, term) in by_term}
            for group in groups:
                used.setdefault(group[0].mention, group[0])
            out.append((query, used))
        return out
