"""Scores query graphs against the question: features of words, types and cues (see :mod:`kgqa.graph.features`)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kgqa.graph import cues
from kgqa.graph.bridges import bridges, is_person
from kgqa.graph.candidates import Anchor
from kgqa.graph.features import FEATURES
from kgqa.graph.matching import Match
from kgqa.graph.plain_kinds import kind_words
from kgqa.graph.query import Chain, Hop, Query
from kgqa.graph.schema_words import Relation, SchemaWords, Side, Words


class Scorer:
    """Turns queries into features and scores."""

    def __init__(self, words: SchemaWords) -> None:
        self._words = words
        self._bridges = bridges(words.relations)
        self._classless = not any(info.instances for info in words.schema.classes.values())
        self._parents = {
            relation.key: words.by_key[parent]
            for relation in words.relations
            for parent in relation.info.superpredicates
            if parent in words.by_key and not relation.prefix
        }

    def features(self, match: Match, query: Query, anchors: Mapping[int, Anchor]) -> NDArray[np.float32]:
        """Return the features of a query, shape (len(FEATURES),)."""
        return self._account(match, query, anchors).features(query, anchors)

    def explained(self, match: Match, query: Query, anchors: Mapping[int, Anchor]) -> NDArray[np.float32]:
        """Return how much of each word the query accounts for."""
        return self._account(match, query, anchors).explained

    def _account(self, match: Match, query: Query, anchors: Mapping[int, Anchor]) -> _Account:
        account = _Account(match, self._bridges, self._parents, self._classless)
        for chain in (*query.chains, *query.without):
            if query.operation == "ask":
                account.claim(chain, query)
            else:
                account.chain(chain)
        account.tail(query.tail)
        account.conditions(query)
        account.lacking(query, self._words)
        for cls in filter(None, (query.cls, query.kind)):
            account.classes(self._words.class_names(cls))
        for anchor in anchors.values():
            account.anchor(anchor, self._words)
        return account


class _Account:
    """Adds up, hop by hop, what a query accounts for."""

    def __init__(
        self,
        match: Match,
        bridges: Mapping[tuple[str, str], int],
        parents: Mapping[str, Relation],
        classless: bool = False,
    ) -> None:
        self._classless = classless
        self._kinds: set[int] = set()
        self._match = match
        self._parents = parents
        self._bridges = bridges
        self.reading = match.reading
        self.explained = np.zeros(len(self.reading.words), np.float32)
        self._supports: list[float] = []
        self._orders: list[float] = []
        self._placed = self._misplaced = self._back = self._also = self._direct = self._general = 0.0
        self._relations: list[str] = []
        self._idle = 0.0

    def chain(self, chain: Chain) -> None:
        """Take in a chain from an anchor."""
        place = self.reading.place(chain.mention)
        walked = [(hop, self._hop(hop)) for hop in chain.hops]
        first = chain.hops[0] if chain.hops else None
        if place:
            wanted = {"up": (True,), "side": (True, False), "down": (False,)}[place]
            below = place == "down"
            tree = [hop.forward for hop in chain.hops if hop.relation.hierarchical or (below and hop.relation.member)]
            fits = bool(
                first and (first.relation.hierarchical or (below and first.relation.member)) and tuple(tree) == wanted
            )
            self._direct += (
                fits
                and wanted == (False,)
                and len(chain.hops) > 1
                and first is not None
                and not first.closure
                and not self.reading.direct
            )
            self._placed += fits
            self._misplaced += not fits
            if fits:
                self._cue_words(cues.TREE)
                walked = [(hop, 1.0 if hop is first or hop.relation.hierarchical else s) for hop, s in walked]
        elif any(hop.relation.hierarchical for hop in chain.hops):
            self._misplaced += 0.5
        keys = [hop.relation.key for hop in chain.hops]
        onward = any(a.relation is b.relation and a.forward == b.forward for a, b in pairwise(chain.hops))
        if onward and not any(self._match.uses(hop.relation) > 1 for hop in chain.hops):
            self._back += 1.0
        elif len(keys) > 1 and any(a == b for a, b in pairwise(keys)) and place != "side":
            said = self.reading.other or any(self._match.uses(hop.relation) > 1 for hop in chain.hops)
            middle = any(
                self._match.side(hop.relation.side(hop.forward))[0].max(initial=0.0) >= 0.8 for hop in chain.hops[:-1]
            )
            self._back += 0.0 if said else 0.4 if middle else 1.0
            self._also += said
        if self.reading.direct and any(hop.closure for hop in chain.hops):
            self._direct += 1
        self._supports += [support for _, support in walked]
        if self._classless and min((support for _, support in walked), default=0.0) >= 0.5:
            self._kinds |= {k for k in kind_words(self.reading, chain) if self.explained[k] < 0.5}
            self.explained[list(self._kinds)] = 1.0
        self._turned(chain)
        self._order(chain)

    def _turned(self, chain: Chain) -> None:
        """Hold a walk against the grain of a verb against it ("repealed by", "被", "located in"), where classes do not tell."""
        first = chain.hops[0] if chain.hops else None
        if first is None or not set(first.relation.subject.classes) & set(first.relation.object.classes):
            return
        passive = re.search(cues.PASSIVE.format(k=chain.mention), self.reading.masked, re.I)
        if passive or self._match.leads_to(first.relation, chain.mention):
            self._misplaced += 0.5 * first.forward

    def claim(self, chain: Chain, query: Query) -> None:
        """Take in the chain of a yes/no question."""
        if not chain.hops:
            return
        hop = chain.hops[0]
        support = self._hop(hop)
        places = [
            item for item in self.reading.places if item.place == ("up" if item.mention == chain.mention else "down")
        ]
        if hop.relation.hierarchical and places:
            self._placed += 1
            support = 1.0
            self._cue_words(cues.TREE)
        elif self.reading.places:
            self._misplaced += 1
        elif hop.relation.hierarchical:
            self._misplaced += 0.5
        self._supports += [support, *(self._hop(after) for after in chain.hops[1:])]

    def _cue_words(self, stems: frozenset[str]) -> None:
        for k, word in enumerate(self.reading.words):
            if word.stem in stems:
                self.explained[k] = 1.0

    def tail(self, hops: Sequence[Hop]) -> None:
        """Take in the hops after the core."""
        self._supports += [self._hop(hop) for hop in hops]
        self._misplaced += sum(1 for hop in hops if hop.relation.hierarchical)

    def conditions(self, query: Query) -> None:
        """Take in conditions on literals and the order of a superlative."""
        relations = [item.relation for item in query.conditions] + ([query.order] if query.order else [])
        for relation in relations:
            fit = self._match.fit(relation)
            self.explained = np.maximum(self.explained, fit.explains)
            self._names(relation.subject)
            self._supports.append(max(fit.support, 0.7 if relation.object.kind == "date" else 0.3))

    def lacking(self, query: Query, words: SchemaWords) -> None:
        """Take in what the answers must not be or have."""
        if query.barred:
            self.classes(words.class_names(query.barred))
        if query.barred or (query.kind and not query.chains):  # of a whole class its name is all there is to support
            self._supports.append(1.0)
        if query.lacks is not None:
            self.explained = np.maximum(self.explained, self._match.fit(query.lacks).explains)
            self._supports.append(self._match.fit(query.lacks).support)

    def classes(self, names: Sequence[Words]) -> None:
        """Take in the class that is listed."""
        self.explained = np.maximum(self.explained, self._match.names(names))

    def anchor(self, anchor: Anchor, words: SchemaWords) -> None:
        """Take in the words of an anchor's own class ("the drug ...")."""
        for iri in anchor.link.types if anchor.link else ():
            self.explained = np.maximum(self.explained, self._match.names(words.class_names(iri)))

    def features(self, query: Query, anchors: Mapping[int, Anchor]) -> NDArray[np.float32]:
        """Return the features of what was taken in."""
        reading, weights = self.reading, self._match.weights
        if len(query.chains) > 1:
            self._cue_words(cues.SHARED)
            self._idle += self._spread(query)
        total = float(weights.sum())
        coverage = float((weights * self.explained).sum()) / total if total else 1.0
        unexplained = float((weights * (self.explained < 0.35)).sum())
        head, wh = self._head(query), self._wh(query)
        relations = [hop.relation for hop in query.hops]
        negative = any(relation.negative for relation in relations)
        used = {chain.mention for chain in (*query.chains, *query.without)} | {-2}
        unused = sum(1 for k in anchors if k not in used) - (1 if query.target is not None else 0)
        unused += len(reading.without) if not query.without and not query.exclude else 0
        unused += 0 if query.conditions else len(reading.periods) + len(reading.bounds)
        named = self._names_extreme([hop.relation for hop in query.hops] + ([query.order] if query.order else []))
        if query.operation in ("max", "min"):
            self._misplaced += named and not len(self._match.extremes) > 1  # "the maximum dose of X" compares nothing
        else:
            unused += bool(reading.superlative) and not named
        shut = query.barred or query.lacks is not None or query.without  # the denial is in the query
        denied = not shut and (negative or (reading.negated and not reading.without and not self._says_no(query)))
        values = {
            "support_min": min(self._supports, default=0.0),
            "support_mean": float(np.mean(self._supports)) if self._supports else 0.0,
            "coverage": coverage,
            "unexplained": unexplained,
            "head_agrees": head > 0,
            "head_disagrees": head < 0,
            "wh_agrees": wh > 0,
            "wh_disagrees": wh < 0,
            "polarity": denied and negative != reading.negated,
            "hops": len(query.hops),
            "placed": self._placed,
            "misplaced": self._misplaced,
            "unused": max(0, unused),
            "back": self._back,
            "also": self._also,
            "order": float(np.mean(self._orders)) if self._orders else 1.0 if query.joined else 0.5,
            "direct": self._direct,
            "general": self._general,
            "repeated": self._repeated(query),
            "clipped": self._clipped(),
            "qualified": self._qualified(),
            "idle": self._idle,
            "anchor": float(np.mean([anchor.score for anchor in anchors.values()])) if anchors else 1.0,
        }
        return np.array([float(values[name]) for name in FEATURES], np.float32)

    def _spread(self, query: Query) -> bool:
        """Tell whether one denial is made to hold for several things that no "and" joins."""
        first = query.chains[0].hops[:1]
        one = bool(first) and first[0].relation.negative and all(chain.hops == first for chain in query.chains)
        return one and not (self.reading.both or self.reading.either or self.reading.other)

    def _names_extreme(self, relations: Sequence[Relation]) -> bool:
        """Tell whether a word like "maximum" or "first" belongs to the name of a relation that is walked."""
        said = self._match.extremes
        return bool(said) and any(
            any(word in phrase.text.lower() for word in said) and self._match.phrase(phrase) >= 0.75
            for relation in relations
            for phrase in relation.phrases
        )

    def _says_no(self, query: Query) -> bool:
        """Tell whether the question's negation is the name of a relation that is walked ("should not be combined with")."""
        return any(
            cues.NEGATION.search(phrase.text) and self._match.phrase(phrase) >= 0.8
            for hop in query.hops
            for phrase in hop.relation.phrases
        )

    def _hop(self, hop: Hop) -> float:
        """Account for a hop's words and return its support."""
        fit = self._match.fit(hop.relation)
        before = float((self.explained * self._match.weights).sum())
        self.explained = np.maximum(self.explained, fit.explains)
        near = self._names(hop.relation.side(hop.forward))
        far = self._names(hop.relation.side(not hop.forward))
        support = fit.support
        again = hop.relation.key in self._relations
        if again and self.reading.other:
            support = max(support, 0.85)
            self._cue_words(cues.SHARED)
        if not again and self._relations:
            self._idle += float((self.explained * self._match.weights).sum()) - before < 0.1
        self._general += self._match.fit_parent(hop.relation, self._parents)
        self._relations.append(hop.relation.key)
        if near >= 0.8 and not hop.relation.negative:
            support = max(support, (0.6 if far >= 0.8 else 0.5) / self._rivals(hop.relation))
        return support

    def _names(self, side: Side) -> float:
        _, explains, most = self._match.side(side)
        if most > 0:
            self.explained = np.maximum(self.explained, explains)
        return most

    def _rivals(self, relation: Relation) -> int:
        """Return how many relations join the same two classes."""
        pairs = [(s, o) for s in relation.subject.classes for o in relation.object.classes or ("",)]
        return max(1, min((self._bridges.get(pair, 1) for pair in pairs), default=1))

    def _order(self, chain: Chain) -> None:
        """Compare the order of hops with how far their words stand from the mention."""
        mention = next((k for k, word in enumerate(self.reading.words) if word.text == f"⟦{chain.mention}⟧"), None)
        if mention is None or len(chain.hops) < 2:
            return
        places = []
        for hop in chain.hops:
            near = [abs(k - mention) for k in self._match.places(hop.relation)]
            if not near:
                return
            places.append((min(near), max(near)))
        self._orders += [
            1.0 if a[0] <= b[1] and (a[0] < b[0] or a[1] < b[1] or a == b) else 0.0 for a, b in pairwise(places)
        ]

    def _head(self, query: Query) -> int:
        """Tell whether the words for what is asked ("which *drugs*") name what the query gives: 1 yes, -1 no, 0 unknown."""
        head = self.reading.head
        last = query.last
        side = last.relation.side(last.forward) if last else None
        if not head or query.operation == "ask":
            return 0
        if last is not None and not last.forward and self._kinds & set(head):
            return 1
        named = [k for k in head if self._match.classes[k] >= 0.8]
        if (query.cls and not query.tail) or not query.hops or last is None or side is None:
            return 1 if any(self.explained[k] >= 0.8 for k in head) else 0
        names, both, _ = self._match.side(side)
        if all(self.reading.words[k].stem in cues.TREE for k in head) and self.reading.places:
            return 1 if self._placed else 0
        fit = self._match.fit(last.relation).explains
        if named and (side.names or side.kind != "entity"):
            own = fit[named[-1]] >= 0.99 and (not side.names or last.forward)  # "which law": the governing law
            return 1 if names[named[-1]] >= 0.8 or own else -1
        if any(names[k] >= 0.55 for k in head) or (
            (last.forward or not side.names) and any(fit[k] >= 0.8 for k in head)
        ):
            return 1
        if any(self.explained[k] >= 0.8 for k in head):
            return -1
        return 1 if any(both[k] >= 0.55 for k in head) else -1 if side.names else 0

    def _wh(self, query: Query) -> int:
        last = query.last
        if query.operation not in ("list", "max", "min") or last is None or not self.reading.wh:
            return 0
        side = last.relation.side(last.forward)
        if self.reading.wh == "when":
            return 1 if side.kind == "date" else -1 if side.kind == "text" or side.names else 0
        if self.reading.wh == "who":
            if side.kind in ("date", "number"):
                return -1
            return 1 if is_person(side) else -1 if side.names else 0
        if self.reading.wh in ("how", "why", "how much", "how long"):
            return 0 if side.kind in ("number", "text") else -1
        return 0

    def _clipped(self) -> float:
        """Count unexplained content words that stand directly beside a mention."""
        words, masked = self.reading.words, self.reading.masked
        content = set(self.reading.content)
        found = 0
        for k, word in enumerate(words):
            if not word.text.startswith("⟦"):
                continue
            for other in (k - 1, k + 1):
                if other in content and self.explained[other] < 0.35:
                    left, right = (words[other], word) if other < k else (word, words[other])
                    found += masked[left.end : right.start].strip() == "" and not (
                        other > k
                        and words[other].text.islower()
                        and self.reading.language == "en"
                        and other + 1 < len(words)
                    )
        return float(found)

    def _qualified(self) -> float:
        """Count unexplained content words right before a word that the query accounts for."""
        words, masked = self.reading.words, self.reading.masked
        return float(
            sum(
                1
                for left, right in pairwise(self.reading.content)
                if right == left + 1
                and self.explained[left] < 0.35
                and self.explained[right] >= 0.8
                and not masked[words[left].end : words[right].start].strip(" -")
            )
        )

    def _repeated(self, query: Query) -> float:
        """Count words said twice that fewer hops than that account for."""
        missing = 0
        for stem, times in self._match.repeated.items():
            walked = sum(1 for hop in query.hops if any(stem in phrase.stems for phrase in hop.relation.phrases))
            missing += 0 < walked < times
        return float(missing)
