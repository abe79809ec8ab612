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
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
ABOUT_STATEMENTS = frozenset(f"{RDF}{name}" for name in ("subject", "predicate", "object"))
"""How RDF speaks of statements; of a thing they say nothing."""
UNSAID = ABOUT_STATEMENTS | {f"{RDF}type"}  # its kind says little in a picture
MOST = 80
"""Statements in one picture."""


@dataclass(frozen=True, slots=True)
class Explored:
    """What a graph view shows.

    :param seeds: statements that it began with.
    :param opened: things that were opened, and the statements that each added.
    :param starts: IRIs at the left.
    :param targets: IRIs or texts that are the answer.
    :param rest: things of which not all is drawn, and how many statements are left out.
    """

    base: str = ""
    seeds: tuple[Triple, ...] = ()
    opened: tuple[tuple[str, tuple[Triple, ...]], ...] = ()
    starts: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    rest: tuple[tuple[str, int], ...] = ()

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
            others = tuple(pair for pair in self.opened if pair[0] != iri)
            return replace(self, opened=others, rest=tuple(pair for pair in self.rest if pair[0] != iri))
        entity = around(iri)
        return replace(self, opened=(*self.opened, (iri, nearest(entity))), rest=(*self.rest, *_rest(entity)))


def of_answer(base: str, answer: Answer) -> Explored:
    """Return the view that begins with the graph evidence of an answer."""
    paths = [evidence.path for evidence in answer.evidence if evidence.path is not None and evidence.path.steps]
    firsts = [path.steps[0] for path in paths]
    starts = [(step.triple.subject if step.forward else step.triple.object).value for step in firsts]
    seeds = tuple(step.triple for path in paths for step in path.steps)
    return Explored(base, seeds, (), tuple(dict.fromkeys(starts)), (*answer.iris, *answer.items))


def of_entity(base: str, entity: Entity) -> Explored:
    """Return the view that begins with a thing and what surrounds it."""
    return Explored(base, (), ((entity.iri, nearest(entity)),), (entity.iri,), (entity.iri,), _rest(entity))


def nearest(entity: Entity) -> tuple[Triple, ...]:
    """Return some statements of an entity: of each relation a few, so that a long one does not fill the picture, then others."""
    kept: dict[tuple[str, bool], int] = {}
    first: list[Triple] = []
    others: list[Triple] = []
    for inwards, relation, triple in _said(entity):
        kept[relation, inwards] = kept.get((relation, inwards), 0) + 1
        (first if kept[relation, inwards] <= EACH else others).append(triple)
    return tuple([*first, *others][:ALL])


def _said(entity: Entity) -> list[tuple[bool, str, Triple]]:
    """Return what a picture can show of an entity, things that lead on before mere values."""
    sides = ((False, entity.outgoing), (True, entity.incoming))
    said = [(inwards, relation, triple) for inwards, group in sides for relation, _, triple in group]
    said = [one for one in said if one[2].predicate.value not in UNSAID]
    return sorted(said, key=lambda one: one[2].object.kind != "iri")


def _rest(entity: Entity) -> tuple[tuple[str, int], ...]:
    left = len(_said(entity)) - len(nearest(entity))
    return ((entity.iri, left),) if left > 0 else ()


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
    more = el("p", [_left(iri, left, label, language) for iri, left in view.rest], cls="muted") if view.rest else None
    hint = el("p", t("graph_hint", language), cls="muted")
    return el("article", hint, scroll, more, listed, cls="sheet graph-view")


def _left(iri: str, left: int, label: Labeller, language: str) -> Html:
    """Tell how many statements of a thing are not drawn, with a control that opens its sheet."""
    name = el("button", label(Term(iri)), type="button", cls="link", data_act="entity", data_iri=iri)
    return el("span", name, " ", t("graph_left", language, n=f"{left:,}"), " ")


def _sentence(triple: Triple, label: Labeller, language: str) -> Sequence[object]:
    said = " ".join(label(term) for term in (triple.subject, triple.predicate, triple.object))
    sources = (
        f"{t('stated_in', language)}: {', '.join(source_names(triple.sources, label))}" if triple.sources else None
    )
    return [said, el("span", sources, cls="muted note") if sources else None]
