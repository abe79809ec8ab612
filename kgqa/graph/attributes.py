"""Reads questions for one attribute of one thing: every linked place with every relation of what it names, judged together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from kgqa.graph.candidates import Anchor, Enumerator
from kgqa.graph.likeness import Likeness, Wording, named, unexplained, wording
from kgqa.graph.query import Chain, Hop, Query
from kgqa.graph.question import Mention, Reading, mask, operation_of
from kgqa.graph.recall import mentions
from kgqa.graph.schema_words import Relation
from kgqa.graph.store import GraphStore
from kgqa.graph.vocabulary import OWL
from kgqa.graph.words import is_chinese
from kgqa.types import Link, Term

_MOST_HOPS = 200
OWL_CLASS = OWL + "Class"
_BEFORE = 3  # as many entities of one mention are looked at
_LENGTH = 0.2  # what each character of a mention counts, up to six
_LINK = 3.0  # what the logarithm of a link's score counts
_SURE = 0.9
_OTHER = 3.0  # what it costs that another name of the question is left out
_AMOUNTS = frozenset({"span", "age", "number"})
_LEFT = 0.25  # share of four pieces of a question that may be left over where a thing is said to lack what is asked for


@dataclass(frozen=True, slots=True)
class Attribute:
    """A query for one relation of one thing, with its probability."""

    mention: Mention
    anchor: Anchor
    query: Query
    score: float


class Attributes:
    """Finds the attribute that a question asks for; ``learnt`` tells whether wordings of the graph were trained on."""

    def __init__(self, store: GraphStore, enumerator: Enumerator, likeness: Likeness) -> None:
        self._store = store
        self._enumerator = enumerator
        self._likeness = likeness
        self.learnt = likeness.learnt

    def serves(self, question: str) -> bool:
        """Tell whether questions like this are compared: Chinese ones, and all where the graph was trained on."""
        return (self.learnt or is_chinese(question)) and operation_of(question) != "ask"

    def find(self, question: str, links: Sequence[Link]) -> list[Attribute]:
        """Return the likeliest queries by the one mention that fits best, best first; empty where none serves."""
        best: tuple[float, list[Attribute]] = (-math.inf, [])
        for mention in mentions(question, links):
            words = wording(mask(question, [mention])[0])
            cost = _OTHER * _left_out(mention, links)
            found = []
            for link in [link for link in mention.links if self._named(link)][:_BEFORE]:
                anchor = Anchor(Term(link.entity), 0, link.score, link)
                found += [
                    Attribute(mention, anchor, query, logit - cost + _LINK * math.log(max(link.score, 0.01)))
                    for query, logit in self._queries(words, anchor)
                ]
            if found:
                found.sort(key=lambda item: -item.score)
                if not self._understood(words, found[0]):
                    continue
                rank = found[0].score + _LENGTH * min(6, mention.end - mention.start)
                best = max(best, (rank, found), key=lambda pair: pair[0])
        return [Attribute(item.mention, item.anchor, item.query, _chance(item.score)) for item in best[1]]

    def _understood(self, words: Wording, best: Attribute) -> bool:
        """Tell whether a question is read as a whole, which it must be where the thing has no such attribute.

        "首剂是多少" of a drug without a daily dose does not ask for that dose: text may know what the graph does not.
        """
        relation = best.query.chains[0].hops[0].relation
        if self.learnt or self._values(best.anchor.term, relation):
            return True
        left = min(unexplained(words, named(label, ())) for label in _labels(relation, words.masked))
        return not words.clipped and left <= _LEFT

    def _named(self, link: Link) -> bool:
        """Tell whether a link is to a thing by a name that is written out; misspelt ones count where the wording is learnt."""
        return OWL_CLASS not in link.types and (self.learnt or link.method not in ("fuzzy", "dense"))

    def _queries(self, words: Wording, anchor: Anchor) -> list[tuple[Query, float]]:
        found = []
        for hop in self._enumerator.hops(anchor.term)[:_MOST_HOPS]:
            if not hop.forward or hop.relation.prefix or (_AMOUNTS.issuperset(words.kinds) and _thing(words, hop)):
                continue
            values = self._values(anchor.term, hop.relation)
            # A relation that the thing could have but has not competes too: if it fits best, there is no answer.
            said = anchor.link.mention if anchor.link else ""
            if any(value and (value in words.masked or value == said) for value in values):
                continue  # the question says it already
            logit = max(
                self._likeness.logit(words, named(label, values)) for label in _labels(hop.relation, words.masked)
            )
            found.append((Query((Chain(anchor.term, (Hop(hop.relation, True),), 0),)), logit))
        return found

    def _values(self, term: Term, relation: Relation) -> tuple[str, ...]:
        found = [value for p in relation.predicates for value in self._store.objects(term.value, p)[:3]]
        return tuple(
            value.value if value.kind == "literal" else self._store.label(value.value, "zh") for value in found[:3]
        )


def plain(reading: Reading, score: float) -> bool:
    """Tell whether a question sets no conditions, so that one attribute can be the whole answer.

    :param score: how well the attribute fits; a superlative may be part of its name ("距离最近的车站").
    """
    extreme = bool(reading.superlative) and score < _SURE
    return not (reading.periods or reading.bounds or reading.without or reading.denied >= 0 or extreme)


def _thing(words: Wording, hop: Hop) -> bool:
    """Tell whether a hop leads to things of some class, which are no answer to "how long"."""
    side = hop.relation.side(hop.forward)
    return bool(words.kinds) and side.kind == "entity" and bool(side.classes)


def _left_out(mention: Mention, links: Sequence[Link]) -> bool:
    """Tell whether a sure name of the question, longer than a word, is no part of the mention."""
    return any(
        link.score >= 0.9
        and link.end - link.start >= (2 if link.types else 4)
        and OWL_CLASS not in link.types
        and (link.end <= mention.start or mention.end <= link.start)
        for link in links
    )


def _labels(relation: Relation, masked: str) -> list[str]:
    texts = [phrase.text for phrase in relation.phrases]
    fitting = [text for text in texts if is_chinese(text) == is_chinese(masked)]
    return fitting or texts


def _chance(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))
