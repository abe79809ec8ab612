"""Which predicates name things: by standard vocabulary, by declaration, or by what they are called and hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from kgqa.graph import vocabulary as v
from kgqa.graph.schema import Name, NameKind, PredicateInfo
from kgqa.graph.terms import spoken, tail

MAX_NAME = 300
"""Longest text in characters that is taken as a name."""

_NAMES = re.compile(r"(?:^|\s)(?:name|label|title|term|名称|名字|姓名|标题|名)$", re.IGNORECASE)
_ALIASES = re.compile(
    r"(?:synonym|alias|alternat\w*|also (?:called|known as)|other name|trade ?name|brand ?name|alt label"
    r"|别名|别称|又名|曾用名|俗称|商品名|同义词)",
    re.IGNORECASE,
)
_SHORT = re.compile(r"(?:abbreviation|acronym|short (?:name|title|form)|简称|缩写)", re.IGNORECASE)
_CODES = re.compile(
    r"(?:^|\s)(?:id|ids|code|codes|identifier|number|no|notation|symbol|ref|xref|icd\w*|atc|cas|mesh|umls|snomed\w*|omim"
    r"|cui|编号|代码|编码)$",
    re.IGNORECASE,
)
_ACRONYM = re.compile(r"^(?=[^\s]*[A-Z0-9])(?=[^\s]*[A-Z])[A-Z0-9][A-Za-z0-9\-./]{0,9}$")

Roles = dict[str, NameKind]
"""Naming predicates and what kind of name they give, the most telling first."""


def roles(predicates: Mapping[str, PredicateInfo]) -> Roles:
    """Return the predicates of a graph that name things."""
    found: Roles = {}
    standard: tuple[tuple[NameKind, Iterable[str]], ...] = (
        ("label", v.LABELS),
        ("alias", v.ALIASES),
        ("code", v.CODES),
    )
    for kind, members in standard:
        for iri in members:
            below = predicates[iri].subpredicates if iri in predicates else ()
            for name in (iri, *below):
                if name in predicates:
                    found.setdefault(name, kind)
    for iri, info in predicates.items():
        if iri not in found and iri not in v.DEFINITIONS and (kind_ := _guess(info)):
            found[iri] = kind_
    order: list[NameKind] = ["label", "alias", "abbreviation", "code"]
    return dict(sorted(found.items(), key=lambda item: order.index(item[1])))


def _guess(info: PredicateInfo) -> NameKind | None:
    texts = info.datatypes.get("", 0) + info.datatypes.get(v.RDF + "langString", 0)
    if not texts or texts < 0.9 * info.count:
        return None
    words = {spoken(info.iri)} | {name.text for name in info.names}
    unlike = info.objects / max(1, info.count)
    if any(_SHORT.search(word) for word in words):
        return "abbreviation"
    if any(_ALIASES.search(word) for word in words):
        return "alias"
    if any(_NAMES.search(word) for word in words):
        return "alias"
    return "code" if unlike > 0.5 and any(_CODES.search(word) for word in words) else None


def kind_of(text: str, kind: NameKind) -> NameKind:
    """Return what kind of name a text is: an alias in capitals without spaces is an abbreviation."""
    return "abbreviation" if kind == "alias" and _ACRONYM.match(text) and not text.isdigit() else kind


def own_code(iri: str) -> str | None:
    """Return the code in an IRI's last part as people write it, ``DOID:633`` for ``…/DOID_633``, or ``None``."""
    last = tail(iri)
    match = re.fullmatch(r"([A-Za-z][A-Za-z0-9]*?)_?([A-Z]{0,3}\d[\w.\-]*)", last)
    if match is None or len(last) > 40:
        return None
    prefixed = re.fullmatch(r"([A-Za-z]+)_([A-Z]{0,3}\d[\w.\-]*)", last)
    return f"{prefixed[1]}:{prefixed[2]}" if prefixed else last


def best(names: Iterable[Name], language: str) -> Name | None:
    """Return the label that fits a language: in it, else without a language, else English, else any."""
    labels = [name for name in names if name.kind == "label"]
    for wanted in (language, "", "en"):
        for name in labels:
            if name.language.split("-")[0] == wanted:
                return name
    return labels[0] if labels else None
