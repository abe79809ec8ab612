"""The graph as a picture that grows: each thing can be opened to what surrounds it, and closed again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from kgqa.types import Answer, Entity, Path, Step, Term, Triple

from .evidence_card import source_names
from .picture import picture
from .strings import t
from .tags import Html, el

Labeller = Callable[[Term], str]
EACH, ALL = 3, 8
"""Statements of one relation, and statements in all, that opening a thing adds."""
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
MOST = 80
"""Statements in one picture."""


@dataclass(frozen=True, slots=True)
class Explored:
    """What a graph view shows.

    :param seeds: statements that it began with.
    :param opened: things that were opened, and the statements that each added.
    :param starts: IRIs at the left.
    :param targets: IRIs or texts that are the answer.
    """

    base: str = ""
    seeds: tuple[Triple, ...] = ()
    opened: tuple[tuple[str, tuple[Triple, ...]], ...] = ()
    starts: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash((self.base, self.starts, tuple(iri for iri, _ in self.opened), len(self.seeds)))

    @property
    def triples(self) -> tuple[Triple, ...]:
        """All statements shown, each once."""
        every = [*self.seeds, *(triple for _, added in self.opened for triple in added)]
        unique = {(triple.subject, triple.predicate, triple.object): triple for triple in every}
        return tuple(unique.values())[:MOST]

    def toggled(self, iri: str, around: Callable[[str], Entity]) -> Explored:
        """Return the view with a thing opened, or closed if it was open.

        :param around: gives an entity's sheet.
        """
        if any(iri == one for one, _ in self.opened):
            return replace(self, opened=tuple(pair for pair in self.opened if pair[0] != iri))
        return replace(self, opened=(*self.opened, (iri, nearest(around(iri)))))


def of_answer(base: str, answer: Answer) -> Explored:
    """Return the view that begins with the graph evidence of an answer."""
    paths = [evidence.path for evidence in answer.evidence if evidence.path is not None and evidence.path.steps]
    firsts = [path.steps[0] for path in paths]
    starts = [(step.triple.subject if step.forward else step.triple.object).value for step in firsts]
    seeds = tuple(step.triple for path in paths for step in path.steps)
    return Explored(base, seeds, (), tuple(dict.fromkeys(starts)), (*answer.iris, *answer.items))


def of_entity(base: str, entity: Entity) -> Explored:
    """Return the view that begins with a thing and what surrounds it."""
    return Explored(base, (), ((entity.iri, nearest(entity)),), (entity.iri,), (entity.iri,))


def nearest(entity: Entity) -> tuple[Triple, ...]:
    """Return a few statements of each relation of an entity, so that a long one does not fill the picture."""
    kept: dict[tuple[str, bool], int] = {}
    found: list[Triple] = []
    sides = ((False, entity.outgoing), (True, entity.incoming))
    said = [(inwards, relation, triple) for inwards, group in sides for relation, _, triple in group]
    said = [one for one in said if one[2].predicate.value != TYPE]  # its kind says little in a picture
    said.sort(key=lambda one: one[2].object.kind != "iri")  # things that lead on before mere values
    for inwards, relation, triple in said:
        kept[relation, inwards] = kept.get((relation, inwards), 0) + 1
        if kept[relation, inwards] <= EACH and len(found) < ALL:
            found.append(triple)
    return tuple(found)


def graph_view(view: Explored, label: Labeller, language: str = "en") -> Html:
    """Return the picture with its controls, and the same statements as a list."""
    triples = view.triples
    opened = frozenset(iri for iri, _ in view.opened)
    drawn = picture(
        [Path((Step(triple),)) for triple in triples], label, language, targets=view.targets, name="view",
        starts=view.starts, opened=opened, most=MOST,
    )  # fmt: skip
    if drawn is None:
        return el("p", t("graph_empty", language), cls="muted")
    rows = [el("li", _sentence(triple, label, language)) for triple in triples]
    listed = el("details", el("summary", t("as_list", language, n=len(rows))), el("ul", rows, cls="steps"), cls="more")
    scroll = el("div", drawn, cls="scroll", tabindex="0", role="region", aria_label=t("graph_view", language))
    return el("article", el("p", t("graph_hint", language), cls="muted"), scroll, listed, cls="sheet graph-view")


def _sentence(triple: Triple, label: Labeller, language: str) -> Sequence[object]:
    said = " ".join(label(term) for term in (triple.subject, triple.predicate, triple.object))
    sources = (
        f"{t('stated_in', language)}: {', '.join(source_names(triple.sources, label))}" if triple.sources else None
    )
    return [said, el("span", sources, cls="muted note") if sources else None]
