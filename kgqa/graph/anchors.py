"""The things that a question names: linked entities, codes, and things told apart by a date ("the lease of 5 May 2015")."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kgqa.graph.candidates import Anchor
from kgqa.graph.matching import Match
from kgqa.graph.question import Mention, operation_of
from kgqa.graph.schema_words import SchemaWords, compact
from kgqa.graph.store import GraphStore
from kgqa.graph.times import Period, periods
from kgqa.graph.vocabulary import ALIASES, LABELS
from kgqa.graph.words import LIGHT, stems, tokens
from kgqa.types import Link, Term

# In ASCII: in "编码是M10的病" the characters around a code are no part of it.
_CODE = re.compile(r"(?<![\w.\-])(?=[\w.\-:]*\d)[A-Za-z]{0,12}[:\-]?\d[\w.\-]*(?<![.\-])", re.A)
_LEAD = re.compile(
    r"(?:.*\b(?:the|this|that|an?)\s+|^)(?P<name>[^?]+?)\s*(?:\(|,)?\s*(?:of|dated|from|made on|signed on|made|signed)?\s*$",
    re.I | re.S,
)
_QUOTED = re.compile('["“「《][^"”」》]{2,120}["”」》]')
_NEAR = 0.2  # links of a mention that score this much below its best are not tried
_MOST = 4
_OWN = 0.9  # a mention that could be a class names a thing of that class if its link is so sure


class Anchors:
    """Finds anchors in questions over one graph."""

    def __init__(self, store: GraphStore, words: SchemaWords) -> None:
        self._store = store
        self._words = words
        sides = [side for relation in words.relations for side in (relation.subject, relation.object)]
        self._generic = {frozenset(name.stems) for side in sides for name in side.names}
        self._generic |= {frozenset(name.stems) for iri in words.populated for name in words.class_names(iri)}
        self._dates = tuple(relation for relation in words.relations if relation.object.kind == "date")
        self._codings = {
            p
            for relation in words.relations
            if relation.object.kind == "text" and relation.key != "names"
            for p in relation.predicates
        }
        self._codings -= {*LABELS, *ALIASES}
        self._coded = tuple(relation for relation in words.relations if relation.prefix)

    def mentions(self, question: str, links: Sequence[Link]) -> tuple[list[Mention], dict[int, list[Term]]]:
        """Return the mentions in order, not overlapping, and for those that are no links the terms that they name."""
        found: list[tuple[Mention, list[Term]]] = []
        for mention, terms in [*self._dated(question, links), *self._codes(question, links), *_quoted(question, links)]:
            if not any(_overlap(mention, other) for other, _ in found):
                found.append((mention, terms))
        sure = max((link.score for link in links), default=0.0)
        spare: list[Mention] = []
        for mention in _grouped(question, links):
            if _cut(question, mention) or any(_overlap(mention, other) for other, _ in found):
                continue
            if frozenset(stems(mention.text)) in self._generic:
                spare.append(mention)
            elif not _idle(mention, sure):
                found.append((mention, []))
        if not found:
            # A thing may be named like its class: "the Consulting Agreement", where there is one.
            classes = self._words.schema.classes
            own = [item for item in spare if item.links[0].score >= _OWN and item.links[0].entity not in classes]
            found += [(mention, []) for mention in own[:1]]
        if len(found) == 1 and operation_of(question) == "ask":
            found += [(mention, []) for mention in spare[:1]]  # "is X a drug?"
        found.sort(key=lambda item: item[0].start)
        return [mention for mention, _ in found], {k: terms for k, (_, terms) in enumerate(found) if terms}

    def groups(self, match: Match, terms: dict[int, list[Term]]) -> list[list[Anchor]]:
        """Return for each mention its anchors, best first."""
        out = []
        for k, mention in enumerate(match.reading.mentions):
            if k in terms:
                links = {Term(link.entity): link for link in mention.links}
                out.append([Anchor(term, k, 1.0, links.get(term)) for term in terms[k]])
            else:
                best = mention.links[0].score
                near = [link for link in mention.links if link.score >= best - _NEAR][:_MOST]
                out.append([Anchor(Term(link.entity), k, link.score, link) for link in near])
        return out

    def _codes(self, question: str, links: Sequence[Link]) -> list[tuple[Mention, list[Term]]]:
        found = []
        for hit in _CODE.finditer(question):
            if any(
                (link.start < hit.start() and hit.end() < link.end) or link.method == "given"
                for link in links
                if link.start < hit.end() and hit.start() < link.end
            ):
                continue  # a piece of a longer name ("Gold Diggers of 1937")
            terms = self._coded_terms(hit.group(), question)
            if terms:
                found.append((Mention(hit.start(), hit.end(), hit.group(), ()), terms))
        return found

    def _coded_terms(self, code: str, question: str) -> list[Term]:
        if len(compact(code)) < 3:
            return []
        named = [relation for relation in self._coded if _named(relation.prefix, question)]
        texts = [relation.prefix + code for relation in named or self._coded] + ([] if named else [code])
        terms = [Term(text, "literal") for text in dict.fromkeys(texts)]
        return [term for term in terms if any(p in self._codings for _, p in self._store.into(term))][:_MOST]

    def _dated(self, question: str, links: Sequence[Link]) -> list[tuple[Mention, list[Term]]]:
        found = []
        for period in periods(question):
            if (
                period.is_day
                and period.relation == "in"
                and not any(link.start < period.stop and period.start < link.end and link.score > 0.9 for link in links)
            ):
                found += self._named_on(question, period, links)
        return found

    def _named_on(self, question: str, period: Period, links: Sequence[Link]) -> list[tuple[Mention, list[Term]]]:
        """Return the thing whose name stands before a day and that is dated on that day."""
        lead = _LEAD.match(question[: period.start])
        if lead is None:
            return []
        wanted = set(stems(lead["name"]))
        if any(
            link.start <= lead.start("name") and lead.end("name") <= link.end and link.score >= 0.9 for link in links
        ):
            links = [link for link in links if link.start <= lead.start("name") and lead.end("name") <= link.end]
        else:
            links = []
        if not wanted or frozenset(wanted) in self._generic or len(tokens(lead["name"])) > 40:
            return []
        day = period.first.isoformat()
        entities = {
            subject
            for relation in self._dates
            for datatype in ("http://www.w3.org/2001/XMLSchema#date", "")
            for predicate in relation.predicates
            for subject in self._store.subjects(Term(day, "literal", "", datatype), predicate)
        }
        fitting = [
            iri for iri in sorted(entities) if any(wanted <= set(stems(name.text)) for name in self._store.labels(iri))
        ]
        if links and not {link.entity for link in links} & set(fitting):
            return []  # "X signed on ...": what stands before the day is another thing
        if not fitting:
            return []
        start = lead.start("name")
        text = question[start : period.stop]
        made = tuple(
            Link(start, period.stop, text, iri, self._store.label(iri), 1.0, "alias", self._store.types(iri))
            for iri in fitting[:_MOST]
        )
        return [(Mention(start, period.stop, text, made), [Term(link.entity) for link in made])]


def _quoted(question: str, links: Sequence[Link]) -> list[tuple[Mention, list[Term]]]:
    """Return quoted text that is no link, as a literal."""
    return [
        (Mention(hit.start(), hit.end(), hit.group(), ()), [Term(hit.group()[1:-1], "literal")])
        for hit in _QUOTED.finditer(question)
        if not any(link.start <= hit.start() + 1 and hit.end() - 1 <= link.end for link in links)
    ]


def _named(prefix: str, question: str) -> bool:
    words = [word.text for word in tokens(question)]
    whole, part = compact(prefix), compact(prefix.split("_")[0])
    for size in (3, 2, 1):
        for start in range(len(words) - size + 1):
            name = compact("".join(words[start : start + size]))
            if name in (whole, part) or (len(name) >= 4 and whole.startswith(name)):
                return True
    return False


def _grouped(question: str, links: Sequence[Link]) -> list[Mention]:
    """Return one mention for each place, the longest and surest first."""
    places: dict[tuple[int, int], list[Link]] = {}
    for link in links:
        places.setdefault((link.start, link.end), []).append(link)
    mentions = [
        Mention(start, end, question[start:end], tuple(sorted(group, key=lambda link: -link.score)))
        for (start, end), group in places.items()
    ]
    return sorted(
        mentions, key=lambda mention: (-(mention.end - mention.start) * mention.links[0].score, mention.start)
    )


def _idle(mention: Mention, sure: float) -> bool:
    """Tell whether a mention is only a question's own words, or much less sure than another."""
    if mention.links[0].method == "given":
        return False
    best = mention.links[0]
    whole = len(mention.text) >= 4 and best.label.lower().startswith(mention.text.lower())
    if best.score < (0.5 if whole else 0.6) and sure >= 0.85:
        return True
    words = tokens(mention.text)
    return (
        all(not word.content or word.stem in LIGHT for word in words)
        and mention.text.islower() == mention.text.isascii()
        and not mention.text.istitle()
    )


def _cut(question: str, mention: Mention) -> bool:
    """Tell whether a short mention is a piece of a hyphenated name ("CM" of "ICD-10-CM")."""
    before, after = question[: mention.start][-2:], question[mention.end :][:2]
    joined = (len(before) == 2 and before[1] == "-" and before[0].isalnum()) or (
        len(after) == 2 and after[0] == "-" and after[1].isalnum()
    )
    return joined and mention.end - mention.start <= 4


def _overlap(one: Mention, other: Mention) -> bool:
    return one.start < other.end and other.start < one.end
