"""What somebody may see of a graph, as :mod:`kgqa.rights` asks for it."""

from __future__ import annotations

from dataclasses import replace

from kgqa.graph.terms import spoken
from kgqa.graph.verbalise import path_words
from kgqa.graph.view import View
from kgqa.types import Link, Path, Triple

_ENOUGH = 200
"""Statements about a thing that are looked at to tell whether any is visible."""


class Sight:
    """A view for one answer (a :class:`kgqa.rights.Sight`).

    :param language: of the answer.
    """

    def __init__(self, view: View, language: str) -> None:
        self._view, self._language = view, language

    def sees(self, triple: Triple) -> bool:
        """Tell whether a statement is visible."""
        return self._view.sees(triple)

    def linked(self, link: Link) -> Link | None:
        """Return a link without what is closed; ``None`` when its thing or its name is closed."""
        known = any(map(self._view.sees, self._view.store.triples_of(link.entity, _ENOUGH)))
        types = self._view.seen_of(link.entity, link.types)
        return replace(link, types=types) if known and self.calls(link.entity, link.label) else None

    def calls(self, iri: str, name: str) -> bool:
        """Tell whether a thing may be called by a name: no source has it, or a visible one."""
        if "://" not in iri and not iri.startswith("urn:"):
            return True  # a value, not a thing
        stated = {one.text for one in self._view.store.labels(iri)} - {spoken(iri)}
        return name not in stated or name in {one.text for one in self._view.labels(iri)}

    def worded(self, path: Path) -> Path:
        """Return a walk in words that use visible names."""
        return replace(path, words=path_words(self._view, path, self._language)) if path.words else path
