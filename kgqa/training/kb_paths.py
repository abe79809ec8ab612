"""``kgqa train paths``: learn from a knowledge base's own questions which wordings lead along which paths of its graph.

Each question has the IRIs of its answers. The path is found, not given: of all walks from the things that the question
names, the one that reaches the answers best (a weak supervision, as Berant et al. 2013 learn from answers alone).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgqa.errors import UsageError
from kgqa.evaluation.answers import Gold
from kgqa.evaluation.graph import GraphQuestion
from kgqa.evaluation.reach import PathFinder
from kgqa.graph.answer import GraphSearch
from kgqa.graph.memory import Step, skeleton
from kgqa.graph.schema_words import SchemaWords
from kgqa.graph.store import GraphStore
from kgqa.models.cards import sha256
from kgqa.protocols import Encoder, Linker
from kgqa.training.likeness import Asked, fit_likeness
from kgqa.training.paths import Votes, fit, wording
from kgqa.types import Link

_LEAST = 0.99
"""Least F1 of a path for its question to teach anything: else the answer is no walk from what is named."""
_MOST_LINKS = 3
"""Readings of a mention that are tried."""


@dataclass(frozen=True, slots=True)
class Taught:
    """A question with the mention that its answers are reached from, and the F1 of each path to them."""

    question: GraphQuestion
    paths: dict[tuple[Step, ...], float]


def train_paths(
    store: GraphStore,
    linker: Linker,
    golds: Sequence[Gold],
    out: Path,
    *,
    encoder: Encoder | None = None,
    held_out: float = 0.2,
    seed: int = 13,
    card: dict[str, Any] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Any]:
    """Learn the path memory of a graph and write its folder.

    :param golds: questions; those without the IRIs of their answers are left out.
    :param out: receives ``memory.npz``, ``memory.json`` and ``card.json``; ``likeness.npz`` and ``likeness.json`` where there
        are enough questions for single relations to learn how wordings ask for relations by their names.
    :param encoder: that of the knowledge base, for the report.
    :param held_out: share of the questions that is reported on, not learnt from.
    :returns: the card; its metrics are the shares of held-out questions whose set of answers is exactly right, with the
        memory and without it.
    :raises UsageError: no question is left to learn from.
    """
    usable = [gold for gold in golds if gold.iris and gold.kind == "entities"]
    random.Random(seed).shuffle(usable)
    count = round(len(usable) * held_out)
    held, kept = usable[:count], usable[count:]
    taught = _taught(store, linker, kept, progress)
    if not taught:
        raise UsageError(
            f"none of {len(kept)} questions teaches a path: each needs answer_iris that a walk from a thing it names reaches"
        )
    votes = _votes(taught)
    memory = fit(votes, [one.question for one in taught])
    memory.save(out)
    asked = _asked(store, taught)
    if (likeness := fit_likeness(asked)) is not None:
        likeness.save(out)
    said = {
        "kind": "paths",
        "name": "paths",
        "license": "not stated",
        "base": "none",
        "questions": len(taught),
        "wordings": len(votes),
        "steps": len(memory.steps),
        **(card or {}),
    }
    if held:
        said["metrics"] = {
            "held-out questions": {
                "exact": exact(GraphSearch(store, encoder, out), linker, held),
                "exact without it": exact(GraphSearch(store, encoder), linker, held),
                "n": len(held),
            }
        }
    names = ["memory.json", "memory.npz", *(["likeness.json", "likeness.npz"] if likeness is not None else [])]
    files = {name: {"bytes": (out / name).stat().st_size, "sha256": sha256(out / name)} for name in names}
    text = json.dumps({**said, "files": files}, ensure_ascii=False, indent=2, sort_keys=True)
    (out / "card.json").write_text(text + "\n", encoding="utf-8")
    return said


def _taught(
    store: GraphStore, linker: Linker, golds: Sequence[Gold], progress: Callable[[str, int, int], None] | None
) -> list[Taught]:
    finder, found = PathFinder(store), []
    for number, gold in enumerate(golds, 1):
        best: tuple[float, Link, dict[tuple[Step, ...], float]] | None = None
        for link in _tried(links_of(linker, gold)):
            scores = finder.scores(link.entity, set(gold.iris))
            top = max(scores.values(), default=0.0)
            if top >= _LEAST and (best is None or top > best[0]):
                best = top, link, scores
        if best is not None:
            _, link, scores = best
            mention = gold.question[link.start : link.end]
            question = GraphQuestion(gold.question, frozenset(gold.iris), mention, link.start)
            found.append(Taught(question, scores))
        if progress is not None:
            progress("questions", number, len(golds))
    return found


def _asked(store: GraphStore, taught: Sequence[Taught]) -> list[Asked]:
    """Return the questions that one relation, forward, answers without a rival."""
    words, found = SchemaWords(store), []
    for one in taught:
        best = [path for path, score in one.paths.items() if score >= _LEAST]
        if len(best) == 1 and len(best[0]) == 1 and best[0][0][1] and best[0][0][0] in words.by_key:
            label = words.by_key[best[0][0][0]].label
            values = tuple(sorted(store.label(iri) for iri in one.question.answers)[:3])
            found.append(Asked(wording(one.question).masked, label, values))
    return found


def links_of(linker: Linker, gold: Gold) -> list[Link]:
    """Return the links of a question; where a person has said what some words mean, these words mean nothing else."""
    given = [
        Link(at, at + len(mention), mention, iri, mention, 1.0, "given")
        for mention, iri in gold.links
        if (at := gold.question.find(mention)) >= 0
    ]
    found = linker.link([gold.question])[0]
    free = [link for link in found if not any(link.start < one.end and one.start < link.end for one in given)]
    return sorted([*given, *free], key=lambda link: link.start)


def _tried(links: Sequence[Link]) -> list[Link]:
    by_place: dict[tuple[int, int], list[Link]] = {}
    for link in links:
        by_place.setdefault((link.start, link.end), []).append(link)
    return [link for group in by_place.values() for link in sorted(group, key=lambda one: -one.score)[:_MOST_LINKS]]


def _votes(taught: Sequence[Taught]) -> Votes:
    alike: dict[tuple[str, ...], list[Taught]] = {}
    for one in taught:
        alike.setdefault(skeleton(wording(one.question)), []).append(one)
    votes: Votes = {}
    for words, group in alike.items():
        for one in group:
            for path, score in one.paths.items():
                counts = votes.setdefault(words, {})
                counts[path] = counts.get(path, 0.0) + score / len(group)
    return votes


def exact(search: GraphSearch, linker: Linker, golds: Sequence[Gold]) -> float:
    """Return the share of questions whose set of answers is exactly right."""
    right = 0
    for gold in golds:
        findings = [one for one in search.find([gold.question], [links_of(linker, gold)])[0] if one.values]
        found = {term.value for term, _ in findings[0].values} if findings else set()
        right += found - set(gold.optional_iris) == set(gold.iris) - set(gold.optional_iris)
    return round(right / max(1, len(golds)), 4)
