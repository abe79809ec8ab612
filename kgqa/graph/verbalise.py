"""Statements as sentences in English and Chinese, made from the labels in the graph.

"A is a symptomatic treatment of B.", "The agreement date of C is 2019-10-01.", "阿司匹林的禁忌症是消化性溃疡。"
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kgqa.graph import vocabulary as v
from kgqa.graph.store import GraphStore
from kgqa.graph.terms import name
from kgqa.types import Passage, Path, Term, Triple

PREFIX = "graph:"
"""Beginning of the document id of a passage that is made of statements; the entity's IRI follows."""
MAX_PASSAGE = 900
"""Characters at which a passage of facts is full."""
MAX_OBJECTS = 40
"""Most objects named in one sentence; more are counted."""

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
_SILENT = frozenset(
    {
        v.RDF + "reifies",
        v.OBO_IN_OWL + "hasDbXref",
        v.OBO_IN_OWL + "inSubset",
        v.OBO_IN_OWL + "hasAlternativeId",
        v.OBO_IN_OWL + "hasOBONamespace",
        v.OBO_IN_OWL + "id",
        v.RDFS + "isDefinedBy",
        v.OWL + "disjointWith",
        v.SKOS + "inScheme",
    }
    | {*v.LABELS}
)


def sentence(store: GraphStore, triple: Triple, language: str = "en") -> str:
    """Return a statement as a sentence that ends with a full stop."""
    return _sentence(store, name(triple.subject), triple.predicate.value, [triple.object], language)


def path_words(store: GraphStore, path: Path, language: str = "en") -> str:
    """Return a walk as sentences in the direction in which they are stated, one after the other."""
    joint = "" if language == "zh" else " "
    return joint.join(dict.fromkeys(sentence(store, step.triple, language) for step in path.steps))


def shown(store: GraphStore, term: Term, language: str = "en") -> str:
    """Return a term as people read it: an entity's label, a literal's text."""
    if term.kind == "literal":
        return " ".join(term.value.split())
    if term.kind == "blank":
        return _blank(store, term, language)
    return store.label(term.value, language)


@dataclass(frozen=True, slots=True)
class FactPassage:
    """A passage made of statements.

    :param passage: ``doc_id`` is ``graph:`` and the IRI; offsets count in the text of all facts of the entity.
    :param spans: start and end inside ``passage.text`` of each sentence, and the statements it says.
    """

    passage: Passage
    spans: tuple[tuple[int, int, tuple[Triple, ...]], ...]


def fact_passages(store: GraphStore, iri: str, language: str = "en", limit: int = 500) -> list[FactPassage]:
    """Return what the graph says of an entity as readable passages, statements about it first, then those that name it.

    :param limit: most statements.
    """
    title = store.label(iri, language)
    pieces: list[tuple[str, tuple[Triple, ...]]] = []
    for triples in _groups(store, iri, limit, language):
        first = triples[0]
        forward = name(first.subject) == iri
        for chunk in (triples[at : at + MAX_OBJECTS] for at in range(0, len(triples), MAX_OBJECTS)):
            if forward:
                text = _sentence(store, iri, first.predicate.value, [t.object for t in chunk], language)
                pieces.append((text, tuple(chunk)))
            else:
                pieces += [(sentence(store, triple, language), (triple,)) for triple in chunk]
    return _passages(iri, title, language, pieces)


def _passages(
    iri: str, title: str, language: str, pieces: Sequence[tuple[str, tuple[Triple, ...]]]
) -> list[FactPassage]:
    found: list[FactPassage] = []
    gap = "" if language == "zh" else " "
    start, text, spans = 0, "", []
    for number, (words, triples) in enumerate(pieces):
        if text:
            text += gap
        spans.append((len(text), len(text) + len(words), triples))
        text += words
        if len(text) >= MAX_PASSAGE or number == len(pieces) - 1:
            ident = f"{PREFIX}{iri}#{len(found)}"
            passage = Passage(ident, PREFIX + iri, text, language, start, start + len(text), title)
            found.append(FactPassage(passage, tuple(spans)))
            start, text, spans = start + len(text) + len(gap), "", []
    return found


def _groups(store: GraphStore, iri: str, limit: int, language: str) -> Iterator[list[Triple]]:
    """Yield the telling statements of an entity, those with the same predicate together, in one language of several."""
    groups: dict[tuple[bool, str], list[Triple]] = {}
    for triple in store.triples_of(iri, limit):
        forward = name(triple.subject) == iri
        predicate = triple.predicate.value
        if predicate in _SILENT or (predicate == v.TYPE and triple.object.value.startswith((v.OWL, v.RDFS))):
            continue
        if predicate in v.SYMMETRIC and forward and not store.labels(triple.object.value):
            continue  # a code of another vocabulary, not a thing that can be named
        groups.setdefault((forward, predicate), []).append(triple)
    order = [key for key in groups if key[1] in v.DEFINITIONS] + [key for key in groups if key[1] not in v.DEFINITIONS]
    for key in order:
        wanted = [t for t in groups[key] if t.object.language.split("-")[0] in ("", language)]
        yield wanted or groups[key]


def _sentence(store: GraphStore, subject: str, predicate: str, objects: Iterable[Term], language: str) -> str:
    about = (
        store.label(subject, language)
        if not subject.startswith("_:")
        else shown(store, Term(subject[2:], "blank"), language)
    )
    listed = list(dict.fromkeys(shown(store, term, language) for term in objects))
    if predicate in v.DEFINITIONS:
        return _stop(f"{about}：{listed[0]}" if language == "zh" else f"{about}: {' '.join(listed)}", language)
    relation = relation_words(store, predicate, language)
    if language == "zh" and not relation.isascii():
        return _chinese(about, relation, "、".join(listed))
    return _english(about, relation, _listed(listed), len(listed) > 1)


def relation_words(store: GraphStore, predicate: str, language: str = "en") -> str:
    """Return what a predicate is called: by the graph in that language, else by its standard, else by its IRI."""
    said = [name for name in store.labels(predicate) if name.kind == "label"]
    mine = [name.text for name in said if name.language.split("-")[0] in (language, "")]
    if predicate in _STANDARD and not mine:
        return _STANDARD[predicate][language == "zh"]
    return store.label(predicate, language)


def _english(about: str, relation: str, things: str, several: bool) -> str:
    relation = " ".join(relation.split())
    if relation == "is a" and things[:1].lower() in "aeiou":
        relation = "is an"
    if is_verb(relation):
        return _stop(f"{about} {relation} {things}")
    if _PARTICIPLE.match(relation) or _ENDS_OPEN.match(relation):
        return _stop(f"{about} is {relation} {things}")
    plural = several and relation.endswith("s")
    return _stop(f"The {relation} of {about} {'are' if plural else 'is'} {things}")


def is_verb(relation: str) -> bool:
    """Tell whether an English relation's label is a phrase that can follow its subject ("treats", "is a kind of")."""
    first, _, rest = relation.lower().partition(" ")
    if first in _VERBS:
        return True
    if not first.endswith("s") or _NOUN_S.search(first):
        return False
    # "symptoms" names things, "symptoms of" and "parties" too; a verb in -s stands alone or before a small word.
    return not rest or rest.split()[0] in (
        "a",
        "an",
        "the",
        "to",
        "in",
        "on",
        "with",
        "from",
        "into",
        "against",
        "for",
        "by",
        "at",
    )


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


def _listed(items: Sequence[str]) -> str:
    if len(items) < 2:
        return "".join(items)
    joint = "; " if any(", " in item for item in items) else ", "
    return f"{joint.join(items[:-1])} and {items[-1]}"


def _blank(store: GraphStore, term: Term, language: str) -> str:
    """Return a blank node by what is said of it, one level deep."""
    said = store.out("_:" + term.value)
    parts = [
        f"{store.label(predicate, language)} {shown(store, thing, language)}"
        for predicate, thing in said[:6]
        if thing.kind != "blank" and predicate != v.TYPE
    ]
    return f"[{'; '.join(parts)}]"
