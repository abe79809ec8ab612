"""Statements as sentences in English and Chinese, made from the labels in the graph.

"A is a symptomatic treatment of B.", "The agreement date of C is 2019-10-01.", "阿司匹林的禁忌症是消化性溃疡。"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from kgqa.graph import vocabulary as v
from kgqa.graph.schema import Name
from kgqa.types import Path, Term, Triple

_MODALS = "is are was were has have had does do can may might must should will"
_VERBS = frozenset(f"{_MODALS} causes treats contains includes requires governs prevents".split())
_SMALL = frozenset(["a", "an", "the", "to", "in", "on", "with", "from", "into", "against", "for", "by", "at"])
_PARTICIPLE = re.compile(r"^\w+(?:ed|en) (?:by|in|on|at|to|from|with|for|as|under|of|into)\b")
_ENDS_OPEN = re.compile(r"^(?:\w+ )*(?:of|in|by|for|with|to|from|on|at|under|as|against|between)$")
_NOUN_S = re.compile(
    r"(?:ions|ments|ers|ors|ties|nces|ages|oms|ees|ics|ings|nesses|ships|ures|ases|ects|ugs|ses|ss|us|is)$"
)
_ZH_NOUN = re.compile(
    r"(?:日期|时间|名称|编号|编码|代码|类别|类型|科室|部门|方|法|症|症状|应|量|年份|年|期|期限|人|者|地|点|国|别|级|数|率|值|物|史|原因|作用|关系|条款|义务|金额|检查|名|标题|作者|来源)$"
)
_ZH_VERB = re.compile(
    r"^(?:是|有|由|属|位|用|治|引|导|适|取代|废|修|签|依|受|含|具|包|需|可|能|禁|会|与|被|从|在|为|对|按|根据)"
)
_ZH_STRONG = re.compile(r"^(?:包含|含有|具有|属于|用于|适用|取代|导致|引起|治疗|位于|禁用|修订|废止|是)")
# What the standard vocabularies' predicates say, where the graph gives them no label of its own.
_STANDARD = {
    v.TYPE: ("is a", "是"),
    v.SUBCLASS: ("is a kind of", "是一种"),
    v.SUBPROPERTY: ("is a special case of", "是其特例："),
    v.SKOS + "broader": ("belongs to", "属于"),
    v.SKOS + "narrower": ("includes", "包括"),
    v.SKOS + "related": ("is related to", "相关于"),
    v.SKOS + "exactMatch": ("is the same as", "等同于"),
    v.SKOS + "closeMatch": ("is nearly the same as", "近似于"),
    v.OWL + "sameAs": ("is the same as", "等同于"),
    v.DCTERMS + "isPartOf": ("is part of", "是其一部分："),
    v.DCTERMS + "hasPart": ("has part", "包含"),
    v.DCTERMS + "isReplacedBy": ("is replaced by", "被取代于"),
    v.DCTERMS + "replaces": ("replaces", "取代"),
    **dict.fromkeys(v.ALIASES, ("is also called", "又称")),
}


class Names(Protocol):
    """What things are called: the store itself, or what a reader may see of it."""

    def label(self, iri: str, language: str = "en") -> str:
        """Return the best name in a language."""

    def labels(self, iri: str) -> tuple[Name, ...]:
        """Return all names."""

    def out(self, iri: str) -> Sequence[tuple[str, Term]]:
        """Return predicate and object of each statement about a thing."""


def sentence(names: Names, triple: Triple, language: str = "en") -> str:
    """Return a statement as a sentence that ends with a full stop."""
    predicate, thing = triple.predicate.value, shown(names, triple.object, language)
    about = shown(names, triple.subject, language)
    if predicate in v.DEFINITIONS:
        return _stop(f"{about}：{thing}" if language == "zh" else f"{about}: {thing}", language)
    relation = relation_words(names, predicate, language)
    if language == "zh" and not relation.isascii():
        return _chinese(about, relation, thing)
    return _english(about, relation, thing)


def path_words(names: Names, path: Path, language: str = "en") -> str:
    """Return a walk as sentences in the direction in which they are stated, one after the other."""
    joint = "" if language == "zh" else " "
    return joint.join(dict.fromkeys(sentence(names, step.triple, language) for step in path.steps))


def shown(names: Names, term: Term, language: str = "en") -> str:
    """Return a term as people read it: an entity's label, a literal's text."""
    if term.kind == "literal":
        return " ".join(term.value.split())
    if term.kind == "blank":
        return _blank(names, term, language)
    return names.label(term.value, language)


def relation_words(names: Names, predicate: str, language: str = "en") -> str:
    """Return what a predicate is called: by the graph in that language, else by its standard, else by its IRI."""
    said = [name for name in names.labels(predicate) if name.kind == "label"]
    mine = [name.text for name in said if name.language.split("-")[0] in (language, "")]
    if predicate in _STANDARD and not mine:
        return _STANDARD[predicate][language == "zh"]
    return names.label(predicate, language)


def _english(about: str, relation: str, things: str) -> str:
    relation = " ".join(relation.split())
    if relation == "is a" and things[:1].lower() in "aeiou":
        relation = "is an"
    if is_verb(relation):
        return _stop(f"{about} {relation} {things}")
    if _PARTICIPLE.match(relation) or _ENDS_OPEN.match(relation):
        return _stop(f"{about} is {relation} {things}")
    return _stop(f"The {relation} of {about} is {things}")


def is_verb(relation: str) -> bool:
    """Tell whether an English relation's label is a phrase that can follow its subject ("treats", "is a kind of")."""
    first, _, rest = relation.lower().partition(" ")
    if first in _VERBS:
        return True
    if not first.endswith("s") or _NOUN_S.search(first):
        return False
    # "symptoms" names things, "symptoms of" and "parties" too; a verb in -s stands alone or before a small word.
    return not rest or rest.split()[0] in _SMALL


def _chinese(about: str, relation: str, things: str) -> str:
    if _ZH_STRONG.match(relation) or (_ZH_VERB.match(relation) and not _ZH_NOUN.search(relation)):
        return _stop(f"{about}{relation}{things}", "zh")
    if _ZH_NOUN.search(relation) or len(relation) <= 1:
        return _stop(f"{about}的{relation}是{things}", "zh")
    return _stop(f"{about}{relation}{things}", "zh")


def _stop(text: str, language: str = "en") -> str:
    if text.endswith((".", "。", "!", "?", "！", "？")):
        return text
    return text + ("。" if language == "zh" else ".")


def _blank(names: Names, term: Term, language: str) -> str:
    """Return a blank node by what is said of it, one level deep."""
    said = names.out("_:" + term.value)
    parts = [
        f"{names.label(predicate, language)} {shown(names, thing, language)}"
        for predicate, thing in said[:6]
        if thing.kind != "blank" and predicate != v.TYPE
    ]
    return f"[{'; '.join(parts)}]"
