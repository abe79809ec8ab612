"""The part of a graph that a question may use: statements in force on a day, in a place, and stated by a visible source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from kgqa.graph import vocabulary as v
from kgqa.graph.naming import best
from kgqa.graph.remarks import annotation
from kgqa.graph.schema import Name
from kgqa.graph.store import GraphStore, Table
from kgqa.graph.terms import spoken, tail
from kgqa.types import Filters, Term, Triple, Validity

Access = Callable[[str], frozenset[str]]
"""Gives for a source (a file or a document) the groups that may see it; empty means everyone."""

NOTES = {
    "en": {"day": "as of {}", "place": "in {}", "some": "leaving out what is not in force or may not be seen"},
    "zh": {"day": "截至{}", "place": "适用于{}", "some": "不含已失效或无权查看的内容"},
}


class View:
    """A store of which some statements are left out; has the methods of :class:`GraphStore` that answering needs.

    With a day, a statement that does not hold on it is left out. Without one, a statement that does not hold today gives way
    to another value of the same subject and predicate that does.

    :param access: gives the groups of a source; without it nothing is hidden.
    :ivar left_out: whether a statement was left out so far.
    """

    def __init__(
        self, store: GraphStore, filters: Filters | None = None, access: Access | None = None, today: date | None = None
    ) -> None:
        self.store = store
        self.filters = filters or Filters()
        self._access = access if self.filters.groups is not None else None
        self._today = today or date.today()
        self._kept: dict[tuple[str, str, Term], bool] = {}
        self._dated = store.dated
        self.left_out = False

    @property
    def open(self) -> bool:
        """Tell whether nothing can be left out."""
        return self._access is None and not self._dated

    @property
    def restricted(self) -> bool:
        """Tell whether there are sources that the reader may not see."""
        return self._access is not None

    def objects(self, iri: str, predicate: str) -> tuple[Term, ...]:
        """Return the objects of an entity's statements with a predicate."""
        found = self.store.objects(iri, predicate)
        return found if self.open else tuple(term for term in found if self._keeps(iri, predicate, term, found))

    def subjects(self, term: str | Term, predicate: str) -> tuple[str, ...]:
        """Return the subjects of the statements with a predicate and an object."""
        found = self.store.subjects(term, predicate)
        if self.open or not found:
            return found
        thing = term if isinstance(term, Term) else Term(term[2:], "blank") if term.startswith("_:") else Term(term)
        return tuple(iri for iri in found if self._keeps(iri, predicate, thing))

    def has(self, subject: str, predicate: str, object: str | Term) -> bool:
        """Tell whether a statement is in the graph and not left out."""
        if self.open:
            return self.store.has(subject, predicate, object)
        thing = object if isinstance(object, Term) else Term(object)
        return self.store.has(subject, predicate, thing) and self._keeps(subject, predicate, thing)

    def triple(self, subject: str, predicate: str, object: str | Term) -> Triple:
        """Return a statement with its sources and validity."""
        return self.store.triple(subject, predicate, object)

    def types(self, iri: str) -> tuple[str, ...]:
        """Return the classes of an entity that a visible source states."""
        return tuple(kind for kind in self.store.types(iri) if self._shows(iri, v.TYPE, Term(kind)))

    def classes(self, iri: str) -> tuple[str, ...]:
        """Return the classes that say what an entity is, as far as a visible source states them."""
        return self.seen_of(iri, self.store.classes(iri))

    def seen_of(self, iri: str, classes: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of an entity's classes that not only closed sources state."""
        if self._access is None:
            return classes
        closed = set(self.store.types(iri)) - set(self.types(iri))
        return tuple(kind for kind in classes if kind not in closed)

    def codes(self, iri: str) -> tuple[str, ...]:
        """Return the codes in an entity's IRI and in the IRIs that a visible source matches it with."""
        found = self.store.codes(iri)
        if self._access is None:
            return found
        matched = {tail(t.value) for p in v.SYMMETRIC for t in self.store.objects(iri, p) if not self._shows(iri, p, t)}
        return tuple(code for code in found if code not in matched)

    def out(self, iri: str) -> list[tuple[str, Term]]:
        """Return predicate and object of each statement about an entity that a visible source makes."""
        return [(predicate, thing) for predicate, thing in self.store.out(iri) if self._shows(iri, predicate, thing)]

    def select(self, query: str, limit: int = 10_000) -> Table | bool:
        """Run a query on the whole graph."""
        return self.store.select(query, limit=limit)

    def labels(self, iri: str) -> tuple[Name, ...]:
        """Return the names of an entity that a visible source states."""
        found = self.store.labels(iri)
        return found if self._access is None else tuple(name for name in found if self._calls(iri, name))

    def label(self, iri: str, language: str = "en") -> str:
        """Return the best visible name in a language, else the IRI's last part as words."""
        if self._access is None:
            return self.store.label(iri, language)
        name = best(self.labels(iri), language)
        return name.text if name else spoken(iri)

    def in_force(self, terms: Sequence[Term]) -> tuple[Term, ...]:
        """Return the entities that themselves hold on the asked day; all where none does or no day is asked."""
        if self.filters.as_of is None:
            return tuple(terms)
        kept = tuple(term for term in terms if term.kind != "iri" or self._own(term.value).holds(self.filters.as_of))
        self.left_out |= 0 < len(kept) < len(terms)
        return kept or tuple(terms)

    def sees(self, triple: Triple) -> bool:
        """Tell whether the asking user may know a statement: one of its sources is visible, of a derived one all premises are.

        A graph file that only cites a document is no source of its own: then the documents decide.
        """
        if self._access is None:
            return True
        if triple.premises:
            return all(self.sees(premise) for premise in triple.premises)
        files = {file for file, _ in self.store.files}
        stated = [source for source in triple.sources if source in files]
        cited = [source for source in triple.sources if source not in files]
        graphs = self.store.graphs(triple) if self.store.named else ()
        return all(self._any(names) for names in (stated, cited, graphs))

    def graphs(self, triple: Triple) -> tuple[str, ...]:
        """Return the IRIs of the named graphs that state a triple and that the asking user may know."""
        named = self.store.graphs(triple) if self.store.named else ()
        return tuple(iri for iri in dict.fromkeys(named) if iri and self._any((iri,))) if self._access else named

    def _shows(self, subject: str, predicate: str, thing: Term) -> bool:
        return self._access is None or self.sees(self.store.triple(subject, predicate, thing))

    def _calls(self, iri: str, name: Name) -> bool:
        """Tell whether a visible source calls an entity by a name."""
        terms = [term for term in self.store.objects(iri, name.predicate) if term.value.strip() == name.text]
        return any(self._shows(iri, name.predicate, term) for term in terms if term.language == name.language)

    def _any(self, names: Sequence[str]) -> bool:
        """Tell whether one of some sources is visible; nothing named is nothing hidden."""
        access = self._access
        assert access is not None  # the caller asked
        return not names or any(not name or self.filters.sees(access(name)) for name in names)

    def note(self, language: str) -> str:
        """Return what the filters say about a result, in words; empty when they say nothing."""
        words = NOTES.get(language, NOTES["en"])
        parts = [words["day"].format(self.filters.as_of.isoformat())] if self.filters.as_of else []
        parts += [words["place"].format(self.filters.jurisdiction)] if self.filters.jurisdiction else []
        parts += [words["some"]] if self.left_out else []
        return ("；" if language == "zh" else "; ").join(parts)

    def _keeps(self, subject: str, predicate: str, thing: Term, others: tuple[Term, ...] | None = None) -> bool:
        key = (subject, predicate, thing)
        if key not in self._kept:
            self._kept[key] = self._decide(subject, predicate, thing, others)
            self.left_out |= not self._kept[key]
        return self._kept[key]

    def _decide(self, subject: str, predicate: str, thing: Term, others: tuple[Term, ...] | None) -> bool:
        triple = self.store.triple(subject, predicate, thing)
        if not self.sees(triple):
            return False
        validity = triple.validity
        wanted = self.filters.jurisdiction
        if wanted is not None and validity.jurisdiction not in (None, wanted):
            return False
        if self.filters.as_of is not None or validity == Validity():
            return validity.holds(self.filters.as_of)
        if validity.holds(self._today):
            return True
        rivals = self.store.objects(subject, predicate) if others is None else others
        stated = (self.store.triple(subject, predicate, other) for other in rivals if other != thing)
        return not any(other.validity.holds(self._today) and self.sees(other) for other in stated)

    def _own(self, iri: str) -> Validity:
        said = annotation(self.store.out(iri))
        return said.validity if said else Validity()
