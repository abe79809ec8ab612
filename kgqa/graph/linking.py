"""Finds a graph's entities in questions: by label, other name, abbreviation, code, and in spite of small misspellings.

All runs of words of a question are looked up at once in :class:`~kgqa.graph.names.NameIndex`; overlaps, common words,
case and context then decide how likely each entity is meant. All alternatives are kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kgqa.graph import names as index
from kgqa.graph import vocabulary as v
from kgqa.graph.context import Context, is_common
from kgqa.graph.dense import DenseNames, loose_mentions
from kgqa.graph.mentions import Token, hashes, spans, stem, tokens
from kgqa.graph.misspelt import corrections, crosses, partial
from kgqa.graph.names import KINDS, NameIndex
from kgqa.graph.seen_names import SeenNames
from kgqa.graph.store import GraphStore
from kgqa.graph.terms import spoken
from kgqa.graph.variants import variants
from kgqa.graph.view import Access, View
from kgqa.language import halfwidth, has_cjk
from kgqa.types import Filters, Link, Term

MAX_TOKENS = 600
"""Words of a question that are looked at, in at most ``MAX_CHARACTERS`` characters; the rest is ignored."""
MAX_CHARACTERS = 20_000
MAX_ALTERNATIVES = 50
"""Most entities for one mention."""
_MAX_ROWS = 2_000
_KIND_WEIGHT = {
    "label": 1.0,
    "alias": 0.96,
    "abbreviation": 0.95,
    "code": 1.0,
    "bare": 0.8,
    "iri": 0.9,
    "derived": 0.85,
}
_METHOD = {"label": "exact", "iri": "exact", "code": "code", "bare": "code"}
_CLASS = 0.5
"""Weight of a link to a class of things ("drugs") beside one to a thing."""


@dataclass(frozen=True, slots=True)
class _Match:
    """A run of words of the question and an entity with that name."""

    first: int
    length: int
    start: int
    end: int
    entity: int
    score: float
    kind: str
    method: str

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end


class EntityLinker:
    """Links questions to the entities of a graph (a :class:`kgqa.protocols.Linker`).

    :param documents: ids of the known documents; an entity whose own text is one of them says so in ``Link.documents``.
    :param dense: vectors of the names, for questions in which no thing is found by its name.
    :param access: gives the groups that may see a source; needed where filters name groups.
    """

    def __init__(
        self,
        store: GraphStore,
        documents: Collection[str] = (),
        dense: DenseNames | None = None,
        access: Access | None = None,
    ) -> None:
        self._store = store
        self._access = access
        self._dense = dense
        self._names = NameIndex(store.folder / "names")
        self._texts = _Texts(store, documents)
        self._context = Context(store)

    def link(self, questions: Sequence[str], filters: Sequence[Filters] | None = None) -> list[list[Link]]:
        """Return all links of each question in order of the text; alternatives of a mention are kept, best first.

        :param filters: of each question; names that they hide from the asker are not found and not shown.
        """
        limits = filters or [Filters()] * len(questions)
        return [self._link(question, self._seen(limit)) for question, limit in zip(questions, limits, strict=True)]

    def _seen(self, filters: Filters) -> SeenNames:
        return SeenNames(View(self._store, filters, self._access), self._names)

    def given(self, iri: str, language: str = "en", filters: Filters | None = None) -> Link:
        """Return a link without a place to an entity, by a name that filters do not hide."""
        view = View(self._store, filters, self._access)
        return Link(0, 0, "", iri, view.label(iri, language), 1.0, "given", view.types(iri), self.documents(iri))

    def documents(self, iri: str) -> tuple[str, ...]:
        """Return ids of the documents that the graph says are an entity's own text."""
        return self._texts.of(iri)

    def _link(self, question: str, seen: SeenNames) -> list[Link]:
        question = halfwidth(question)
        words = tokens(question[:MAX_CHARACTERS])[:MAX_TOKENS]
        if not words or not len(self._names):
            return []
        matches = list(self._matches(question, words, [stem(word.text) for word in words], seen))
        matches = _without_nested(matches)
        covered = {at for m in matches if m.score >= 0.5 for at in range(m.first, m.first + m.length)}
        matches += self._fuzzy(question, words, covered, seen)
        if self._dense is not None and not any(m.score > _CLASS for m in matches):
            matches += [m for m in self._by_vector(self._dense, question, words) if seen.named(m.entity)]
        ranked = self._context.rank(question, [(m.span, m.entity, m.score) for m in matches])
        best: dict[tuple[int, int, int], tuple[float, _Match]] = {}
        for match, score in zip(matches, ranked, strict=True):
            place = (*match.span, match.entity)
            if place not in best or best[place][0] < score:
                best[place] = (score, match)
        return self._links(question, list(best.values()), seen.view)

    def _links(self, question: str, found: list[tuple[float, _Match]], view: View) -> list[Link]:
        language = "zh" if has_cjk(question) else "en"
        found.sort(key=lambda item: (item[1].start, -item[1].end, -item[0], item[1].entity))
        links: list[Link] = []
        counts: dict[tuple[int, int], int] = {}
        for score, match in found:
            counts[match.span] = counts.get(match.span, 0) + 1
            if counts[match.span] > MAX_ALTERNATIVES:
                continue
            iri = self._store.graph.term(match.entity).value
            links.append(
                Link(
                    match.start,
                    match.end,
                    question[match.start : match.end],
                    iri,
                    view.label(iri, language),
                    round(min(1.0, score), 4),
                    match.method,
                    view.seen_of(iri, self._context.types(match.entity)),
                    self._texts.of(iri),
                )
            )
        return links

    # --- matching ---------------------------------------------------------------------------------------------------

    def _matches(
        self, question: str, words: list[Token], stems: list[str], seen: SeenNames, at: int | None = None
    ) -> Iterator[_Match]:
        """Yield matches of runs of words; only of those that hold the word ``at``, if it is given."""
        starts, lengths, values = spans(hashes(stems), self._names.longest)
        lows, highs = self._names.find(values)
        for place in (highs > lows).nonzero()[0].tolist():
            first, length = int(starts[place]), int(lengths[place])
            if at is not None and not first <= at < first + length:
                continue
            rows = range(int(lows[place]), min(int(highs[place]), int(lows[place]) + _MAX_ROWS))
            for row in rows:
                match = self._match(question, words, first, length, row)
                if match is not None and seen.shows(match.entity, row):
                    yield match

    def _match(self, question: str, words: list[Token], first: int, length: int, row: int) -> _Match | None:
        kind = KINDS[self._names.kinds[row]]
        name = self._names.text(row)
        start, end = words[first].start, words[first + length - 1].end
        while (
            end < len(question)
            and question[end] in ".)]）】+"
            and name.endswith(question[end])
            and not question[start:end].endswith(name)
        ):
            end += 1
        score = self._grade(question, question[start:end], name, kind, words[first : first + length])
        if score <= 0:
            return None
        entity = int(self._names.entities[row])
        score *= _KIND_WEIGHT[kind]
        if self._context.is_class(entity):
            score *= _CLASS
        return _Match(first, length, start, end, entity, score, kind, _METHOD.get(kind, "alias"))

    def _grade(self, question: str, mention: str, name: str, kind: str, words: list[Token]) -> float:
        """Return how well a mention fits a name, 0 for not at all."""
        same = mention == name
        common = all(is_common(word.text) for word in words)
        if kind == "bare":
            return self._bare(question, mention, name)
        if kind == "abbreviation" or (len(name) <= 4 and name.isupper()):
            if not same and (common or mention.casefold() != name.casefold() or len(name) < 3):
                return 0.0
            # A Chinese question shows by its other letters no case: "COPD呢？" does not shout.
            loud, quiet = question.isupper() and not has_cjk(question), question.islower() and not has_cjk(question)
            return 1.0 if same and not loud else 0.6 if same or quiet or has_cjk(question) else 0.35
        if common and not (same and name[:1].isupper() and not mention.islower()):
            return 0.0
        if len(words) == 1 and (words[0].text.isdigit() or len(words[0].text) == 1):
            return 0.0 if kind == "code" and len(words[0].text) < 5 else 0.3
        if same:
            return 1.0
        if mention.casefold() == name.casefold():
            return 0.99
        return 0.97 if [word.text for word in words] == [token.text for token in tokens(name)] else 0.9

    def _bare(self, question: str, mention: str, name: str) -> float:
        vocabulary, _, local = name.rpartition(":")
        if mention.casefold() != local.casefold():
            return 0.0
        if self._context.names_vocabulary(question, vocabulary):
            return 1.2
        return 0.0 if local.isdigit() and len(local) < 5 else 0.7 if local.isdigit() else 0.9

    # --- misspelt ---------------------------------------------------------------------------------------------------

    def _fuzzy(self, question: str, words: list[Token], covered: set[int], seen: SeenNames) -> list[_Match]:
        """Return matches after single words are corrected, and names of which the question has the telling part."""
        stems = [stem(word.text) for word in words]
        found: list[_Match] = []
        for at, other, likeness in corrections(self._names, stems, covered):
            changed = [*stems[:at], other, *stems[at + 1 :]]
            for match in self._matches(question, words, changed, seen, at):
                if match.kind in ("label", "alias", "derived", "iri"):
                    found.append(replace(match, score=match.score * likeness, method="fuzzy"))
        found = _without_nested(found)
        covered = covered | {at for m in found for at in range(m.first, m.first + m.length)}
        for first, length, row, share in partial(self._names, stems, covered):
            start, end = words[first].start, words[first + length - 1].end
            entity = int(self._names.entities[row])
            if crosses(question[start:end], self._names.text(row)) or not seen.shows(entity, row):
                continue
            score = 0.6 * share * (_CLASS if self._context.is_class(entity) else 1.0)
            found.append(_Match(first, length, start, end, entity, score, "alias", "fuzzy"))
        return found

    def _by_vector(self, dense: DenseNames, question: str, words: list[Token]) -> list[_Match]:
        runs = loose_mentions(words, set())
        found: list[_Match] = []
        places = [(words[first].start, words[first + length - 1].end) for first, length in runs]
        near = dense.near([question[start:end] for start, end in places])
        for (first, length), (start, end), entities in zip(runs, places, near, strict=True):
            for entity, cosine in entities:
                score = 0.6 * cosine * (_CLASS if self._context.is_class(entity) else 1.0)
                found.append(_Match(first, length, start, end, entity, score, "dense", "dense"))
        return found


def _without_nested(matches: list[_Match]) -> list[_Match]:
    """Leave out mentions inside a longer certain one; weaken those inside or across a longer uncertain one."""
    outer: dict[tuple[int, int], float] = {}
    for match in matches:
        place = (match.first, match.first + match.length)
        sure = 1.0 if match.kind in ("label", "code") and match.score >= 0.9 else 0.5
        if match.score >= 0.6:
            outer[place] = max(outer.get(place, 0.0), sure)
    kept: list[_Match] = []
    for match in matches:
        first, last = match.first, match.first + match.length
        weight = 1.0
        for (start, end), sure in outer.items():
            if end - start <= match.length or last <= start or end <= first:
                continue
            inside = start <= first and last <= end
            weight = min(weight, 1.0 - sure if inside else 0.7)
        if weight > 0:
            kept.append(match if weight == 1.0 else replace(match, score=match.score * weight))
    return kept


class _Texts:
    """Which documents are an entity's own text."""

    def __init__(self, store: GraphStore, documents: Collection[str]) -> None:
        self._store = store
        self._ids: dict[str, str] = {}
        for ident in documents:
            self._ids.setdefault(ident.rsplit("/", 1)[-1], ident)
        self._ids |= {ident: ident for ident in documents}

    def of(self, iri: str) -> tuple[str, ...]:
        """Return the ids of an entity's documents."""
        if not self._ids:
            return ()
        told = [term for predicate in v.TEXTS for term in self._store.objects(iri, predicate)]
        values = [form for term in told for form in (term.value, _last(term))]
        return tuple(dict.fromkeys(self._ids[value] for value in values if value in self._ids))


def _last(term: Term) -> str:
    from urllib.parse import unquote

    return unquote(term.value.rsplit("/", 1)[-1]) if term.kind == "iri" else term.value.rsplit("/", 1)[-1]


# --- the index -------------------------------------------------------------------------------------------------------


def write_names(store: GraphStore, folder: Path) -> int:
    """Write the names of a graph's entities for the linker; return how many."""
    return index.write(folder, _all_names(store))


def _all_names(store: GraphStore) -> Iterator[tuple[int, str, str]]:
    for number, iri in store.things():
        if v.NO_THINGS.intersection(store.types(iri)):
            continue
        own = {name.text: str(name.kind) for name in reversed(store.labels(iri))}
        if not any(kind in ("label", "alias") for kind in own.values()):
            own.setdefault(spoken(iri), "iri")
        for text in store.codes(iri):
            own.setdefault(text, "code")
        for text, kind in list(own.items()):
            if kind == "code" and ":" in text:
                own.setdefault(text, "code")
                yield number, text, "bare"
            elif kind in ("label", "alias"):
                for other in variants(text):
                    own.setdefault(other, "derived")
        yield from ((number, text, kind) for text, kind in own.items())
