"""Puts query graphs into words, so that a person can see how a question was understood."""

# ruff: noqa: E501  (one row for each language)

from __future__ import annotations

from collections.abc import Sequence

from kgqa.graph.query import Chain, Condition, Hop, Query
from kgqa.graph.schema_words import Relation
from kgqa.graph.verbalise import Names, relation_words
from kgqa.types import Term

_WORDS = {
    "en": {"list": "things that", "count": "number of things that", "ask": "whether", "max": "last of the things that", "min": "first of the things that",
           "and": " and ", "or": " or ", "not": "but not: ", "any": "something", "it": "it", "then": ", then ", "from": "from", "to": "up to (not including)", "of": "are of the kind {} and "},
    "zh": {"list": "满足以下条件的事物：", "count": "满足以下条件的事物的数量：", "ask": "是否", "max": "满足以下条件且最大者：", "min": "满足以下条件且最小者：",
           "and": "，且", "or": "，或", "not": "但不包括：", "any": "某物", "it": "它", "then": "，然后", "from": "自", "to": "至（不含）", "of": "类别为{}，"},
}  # fmt: skip


def say(query: Query, names: Names, language: str = "en") -> str:
    """Return a query as a phrase in a language."""
    words = _WORDS.get(language, _WORDS["en"])
    parts = [_chain(chain, names, language) for chain in query.chains]
    text = words["or" if query.either else "and"].join(parts)
    conditions = [_condition(item, words, _relation(item.relation, names, language)) for item in query.conditions]
    text = words["and"].join(part for part in [text, *conditions] if part)
    if query.without:
        text += " " + words["not"] + words["and"].join(_chain(chain, names, language) for chain in query.without)
    shut = [names.label(query.barred, language)] if query.barred else []
    shut += [_relation(query.lacks, names, language)] if query.lacks is not None else []
    if shut:
        text += " " + words["not"] + words["and"].join(shut)
    if query.kind:
        text = words["of"].format(names.label(query.kind, language)) + text
    if query.tail:
        text += words["then"] + " → ".join(_hop(hop, names, language) for hop in query.tail)
    if query.operation == "ask" and query.target is not None:
        text += f" = {_name(query.target, names, language)}"
    return f"{words[query.operation]} {text}".strip()


def _chain(chain: Chain, names: Names, language: str) -> str:
    return " → ".join([_name(chain.anchor, names, language), *(_hop(hop, names, language) for hop in chain.hops)])


def _hop(hop: Hop, names: Names, language: str) -> str:
    return ("" if hop.forward else "⁻") + _relation(hop.relation, names, language) + ("*" if hop.closure else "")


def _relation(relation: Relation, names: Names, language: str) -> str:
    """Return what a relation is called in the language, by its label in the graph or by its standard."""
    own = (
        relation.prefix or relation.key not in relation.predicates
    )  # codes of one vocabulary, names: no predicate's name
    return relation.label if own else relation_words(names, relation.key, language)


def _condition(item: Condition, words: dict[str, str], relation: str) -> str:
    low = f" {words['from']} {item.low}" if item.low is not None else ""
    high = f" {words['to']} {item.high}" if item.high is not None else ""
    return relation + low + high


def _name(term: Term, names: Names, language: str) -> str:
    return names.label(term.value, language) if term.kind == "iri" else f"“{term.value}”"


__all__: Sequence[str] = ("say",)
