"""Which names of the name index a reader may find things by: those that a visible source states, and what follows from them."""

from __future__ import annotations

from kgqa.graph.names import KINDS, NameIndex
from kgqa.graph.terms import spoken
from kgqa.graph.variants import variants
from kgqa.graph.view import View


class SeenNames:
    """The names that a view shows; asked about names that fit a question, so only a few are ever looked at.

    :ivar view: what the reader may see.
    """

    def __init__(self, view: View, names: NameIndex) -> None:
        self.view = view
        self._names = names
        self._known: dict[int, frozenset[str]] = {}

    def shows(self, entity: int, row: int) -> bool:
        """Tell whether the reader may know that an entity has the name in a row of the index."""
        if not self.view.restricted or KINDS[self._names.kinds[row]] == "iri":
            return True
        return self._names.text(row) in self._of(entity)

    def named(self, entity: int) -> bool:
        """Tell whether the reader may know any name of an entity."""
        return not self.view.restricted or bool(self._of(entity))

    def _of(self, entity: int) -> frozenset[str]:
        if entity not in self._known:
            iri = self.view.store.graph.term(entity).value
            stated = {name.text for name in self.view.labels(iri)}
            derived = {other for name in stated for other in variants(name)}
            self._known[entity] = frozenset({*stated, *derived, *self.view.codes(iri), spoken(iri)})
        return self._known[entity]
