"""The walks behind an answer as one inline picture: things as nodes, relations as labelled arrows."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kgqa.types import Path, Term, Triple

from .strings import t
from .tags import Html, el

Labeller = Callable[[Term], str]
WIDTH, MAX_TRIPLES, MAX_LABEL = 440.0, 24, 24
"""Least width in units, statements drawn at most, letters in a line of a name."""
_ROW = 66.0


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    y: float
    width: float
    height: float = 34.0


def picture(
    paths: Sequence[Path],
    label: Labeller,
    language: str = "en",
    *,
    targets: Sequence[str] = (),
    name: str = "p",
    starts: Sequence[str] = (),
    opened: frozenset[str] | None = None,
    most: int = MAX_TRIPLES,
) -> Html | None:
    """Return the walks as an SVG element, ``None`` when there is nothing to draw.

    :param label: name of a term in the interface's language.
    :param targets: IRIs or texts that are the answer; drawn filled.
    :param name: unlike that of any other picture on the page.
    :param starts: IRIs to begin at; by default where the walks begin.
    :param opened: things that are open, in a picture that can grow: each thing then has a control that opens or closes it.
    :param most: statements drawn at most.
    """
    triples = _triples(paths, most)
    if not triples:
        return None
    terms = {_key(term): term for triple in triples for term in (triple.subject, triple.object)}
    full = {key: label(term) for key, term in terms.items()}
    names = {key: _lines(name) for key, name in full.items()}
    begun = set(starts) & set(names) or {_key(_start(path)) for path in paths if path.steps}
    gap = max(_text_width(_short(label(triple.predicate), 30), 11.5) for triple in triples) + 56
    boxes, width, height = _layout(triples, names, begun, gap)
    edges = [_edge(pair, group, boxes, label, name) for pair, group in _grouped(triples).items()]
    nodes = [_node(terms[key], boxes[key], names[key], full[key], key in begun, key in targets) for key in names]
    if opened is not None:
        things = [key for key in names if terms[key].kind == "iri"]
        nodes += [_toggle(key, boxes[key], full[key], key in opened, language) for key in things]
    alt = t("picture_alt", language, nodes=len(names), edges=len(triples))
    kind = "graph-picture wide" if width > 1.3 * WIDTH else "graph-picture"
    margin = 0 if opened is None else 10  # for the controls at the corners
    view = f"0 {-margin} {width + margin:.0f} {height + margin:.0f}"
    return el(
        "svg", el("title", alt), _arrow(name), edges, nodes, cls=kind, viewBox=view, width=f"{1.15 * width:.0f}",
        role="group", aria_label=alt,
    )  # fmt: skip


def _key(term: Term) -> str:
    return term.value if term.kind == "iri" else f"{term.value}@{term.language}" if term.language else term.value


def _start(path: Path) -> Term:
    step = path.steps[0]
    return step.triple.subject if step.forward else step.triple.object


def _triples(paths: Sequence[Path], most: int) -> list[Triple]:
    seen: dict[tuple[Term, Term, Term], Triple] = {}
    for path in paths:
        for step in path.steps:
            triple = step.triple
            seen.setdefault((triple.subject, triple.predicate, triple.object), triple)
    return list(seen.values())[:most]


def _grouped(triples: Sequence[Triple]) -> dict[tuple[str, str], list[Triple]]:
    groups: dict[tuple[str, str], list[Triple]] = {}
    for triple in triples:
        groups.setdefault((_key(triple.subject), _key(triple.object)), []).append(triple)
    return groups


def _layout(
    triples: Sequence[Triple], names: dict[str, list[str]], starts: set[str], gap: float
) -> tuple[dict[str, _Box], float, float]:
    """Put the things in columns by their distance from where the walks begin; return them with width and height."""
    import networkx as nx

    graph: Any = nx.Graph()
    graph.add_nodes_from(names)
    graph.add_edges_from((_key(triple.subject), _key(triple.object)) for triple in triples)
    roots = [key for key in names if key in starts] or [next(iter(names))]
    depth: dict[str, int] = dict(nx.multi_source_dijkstra_path_length(graph, set(roots)))
    layers: dict[int, list[str]] = {}
    for key in names:
        layers.setdefault(depth.get(key, 0), []).append(key)
    return _place(layers, _columns(graph, layers), names, gap)


def _columns(graph: Any, layers: dict[int, list[str]]) -> dict[str, float]:
    """Order each column by the mean place of its neighbours in the column before, so that arrows cross less."""
    place: dict[str, float] = {}
    for level in sorted(layers):
        if level:
            layers[level].sort(
                key=lambda key: _mean([place[n] for n in graph.neighbors(key) if n in place and n not in layers[level]])
            )
        for row, key in enumerate(layers[level]):
            place[key] = (row + 0.5) / len(layers[level])
    return place


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.5


def _place(
    layers: dict[int, list[str]], position: dict[str, float], names: dict[str, list[str]], gap: float
) -> tuple[dict[str, _Box], float, float]:
    rows = max(len(keys) for keys in layers.values())
    height = max(96.0, rows * _ROW + 12)
    sizes = {key: (max(map(_text_width, lines)) + 26, 18.0 + 17 * len(lines)) for key, lines in names.items()}
    columns = [max(sizes[key][0] for key in layers[level]) for level in sorted(layers)]
    width = max(WIDTH, rows * 44.0, sum(columns) + gap * (len(columns) - 1) + 16)
    if len(columns) > 1:
        gap = (width - 16 - sum(columns)) / (len(columns) - 1)
    boxes, left = {}, 8.0 if len(columns) > 1 else (width - columns[0]) / 2
    for level, wide in zip(sorted(layers), columns, strict=True):
        for key in layers[level]:
            boxes[key] = _Box(left + wide / 2, position[key] * height, *sizes[key])
        left += wide + gap
    return boxes, width, height


def _node(term: Term, box: _Box, lines: list[str], full: str, start: bool, target: bool) -> Html:
    kind = "start" if start else "target" if target else "other"
    first = box.y + 4.5 - 8.5 * (len(lines) - 1)
    texts = [
        el("text", line, x=f"{box.x:.1f}", y=f"{first + 17 * n:.1f}", text_anchor="middle")
        for n, line in enumerate(lines)
    ]
    frame = el(
        "rect", x=f"{box.x - box.width / 2:.1f}", y=f"{box.y - box.height / 2:.1f}", width=f"{box.width:.1f}",
        height=f"{box.height:.1f}", rx="9",
    )  # fmt: skip
    hover = el("title", full if full == term.value else f"{full}\n{term.value}")
    if term.kind != "iri":
        return el("g", hover, frame, texts, cls=f"node {kind}")
    return el(
        "g", hover, frame, texts, cls=f"node {kind}", data_act="entity", data_iri=term.value, tabindex="0", role="button",
        aria_label=full,
    )  # fmt: skip


def _toggle(iri: str, box: _Box, full: str, is_open: bool, language: str) -> Html:
    x, y = box.x + box.width / 2, box.y - box.height / 2
    name = t("close_thing" if is_open else "open_thing", language, name=full)
    return el(
        "g", el("title", name), el("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="9"),
        el("text", "−" if is_open else "+", x=f"{x:.1f}", y=f"{y + 4.5:.1f}", text_anchor="middle"),
        cls="toggle", data_act="expand", data_iri=iri, tabindex="0", role="button", aria_label=name,
        aria_expanded=str(is_open).lower(),
    )  # fmt: skip


def _edge(
    pair: tuple[str, str], group: list[Triple], boxes: dict[str, _Box], label: Labeller, picture_name: str
) -> Html:
    one, other = boxes[pair[0]], boxes[pair[1]]
    (x1, y1), (x2, y2) = _border(one, other), _border(other, one)
    names = ", ".join(dict.fromkeys(label(triple.predicate) for triple in group))
    stated = dict.fromkeys(source for triple in group for source in triple.sources)
    sources = ", ".join(label(Term(source)) if "://" in source else source for source in stated)
    hover = names + (f"\n{sources}" if sources else "")
    name = _short(names, 30)
    middle_x, middle_y = x1 + (x2 - x1) * 0.5, y1 + (y2 - y1) * 0.5
    wide = _text_width(name, 11.5) + 10
    return el(
        "g",
        el("title", hover),
        el(
            "line",
            x1=f"{x1:.1f}",
            y1=f"{y1:.1f}",
            x2=f"{x2:.1f}",
            y2=f"{y2:.1f}",
            marker_end=f"url(#{picture_name}-arrow)",
        ),
        el("rect", x=f"{middle_x - wide / 2:.1f}", y=f"{middle_y - 9:.1f}", width=f"{wide:.1f}", height="18", rx="6"),
        el("text", name, x=f"{middle_x:.1f}", y=f"{middle_y + 4:.1f}", text_anchor="middle"),
        cls="edge",
    )


def _border(box: _Box, towards: _Box) -> tuple[float, float]:
    dx, dy = towards.x - box.x, towards.y - box.y
    if not dx and not dy:
        return box.x, box.y - box.height / 2
    scale = min((box.width / 2 + 2) / abs(dx) if dx else math.inf, (box.height / 2 + 2) / abs(dy) if dy else math.inf)
    return box.x + dx * scale, box.y + dy * scale


def _arrow(name: str) -> Html:
    shape = el("path", d="M0,0 L9,4 L0,8 z")
    marker = el(
        "marker", shape, id=f"{name}-arrow", markerWidth="9", markerHeight="8", refX="8", refY="4", orient="auto"
    )
    return el("defs", marker)


def _lines(name: str) -> list[str]:
    """Break a name into at most two lines, at a blank where there is one."""
    if _units(name) <= MAX_LABEL:
        return [name]
    words, first = name.split(" "), ""
    while words and _units(f"{first} {words[0]}") <= MAX_LABEL:
        first = f"{first} {words.pop(0)}".strip()
    if not first:
        first = _short(name, MAX_LABEL)[:-1]
        words = [name[len(first) :]]
    return [first, _short(" ".join(words))]


def _units(name: str) -> int:
    """Return the width of a name in letters; a wide (Chinese) one counts twice."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in name)


def _short(name: str, limit: int = MAX_LABEL) -> str:
    if _units(name) <= limit:
        return name
    kept = name
    while kept and _units(kept) >= limit:
        kept = kept[: -max(1, (_units(kept) - limit) // 2)]
    return kept + "…"


def _text_width(name: str, size: float = 13.0) -> float:
    return _units(name) * 0.56 * size
