"""Merge what graph and text say, calibrate, and decide. Pure functions: no model, no index, no clock.

A candidate is described by named features; a small logistic model per side turns them into the probability that the
candidate is right. Its weights are fitted by ``kgqa train calibrate`` under the constraint that each has the sign that
its feature's meaning demands (a better fit of the query never lowers the confidence), so that the model stays readable and
monotone. Confidence is set here and nowhere else.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from kgqa.errors import ModelError
from kgqa.types import Candidate, Conflict, Reason
from kgqa.values import amounts, same, units
from kgqa.wording import truth

_INSIDE = ("span", "sentence", "quote")
WAYS = ("graph", *_INSIDE, "exists", "truth", *(f"{way} inside" for way in _INSIDE))
"""Ways of answering; each has a model of its own. A ``sentence`` answers a question for a phrase where none is sure. What stands
``inside`` the one document that a question names is judged apart: there the search cannot miss the subject."""


AMOUNT = 40
"""Characters within which a quotation is an amount, and no sentence that names one beside other things."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A logistic model over named features.

    :param bias: log-odds of a candidate whose features are all 0.
    :param weights: change of the log-odds by one unit of each feature; a missing name counts 0.
    """

    bias: float
    weights: Mapping[str, float]

    def probability(self, features: Mapping[str, float]) -> float:
        """Return the probability in (0, 1) that a candidate with these features is right."""
        z = self.bias + sum(weight * features.get(name, 0.0) for name, weight in self.weights.items())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, z))))


@dataclass(frozen=True, slots=True)
class Calibration:
    """How features become confidence, and where abstaining starts.

    :param sides: a model for each of :data:`WAYS`.
    :param threshold: a best candidate below it is not given.
    :param final: for each way the model of the winner: a candidate that has won against all others is right more or less often
        than it would be alone. Its features are the log-odds (``odds``) and the distance to the runner-up (``margin``).
    """

    sides: Mapping[str, Weights]
    threshold: float = 0.5
    final: Mapping[str, Weights] = field(default_factory=dict)

    def confidence(self, candidate: Candidate) -> float:
        """Return the probability that a candidate is right, taken alone; candidates are ranked by it."""
        way = way_of(candidate)
        model = self.sides.get(way) or self.sides[way.removesuffix(" inside")]
        return model.probability(candidate.features)

    def of_winner(self, ranked: Sequence[tuple[Candidate, float]]) -> float:
        """Return the calibrated probability that the best of the ranked candidates is right."""
        best, p = ranked[0]
        model = self.final.get(way_of(best))
        return p if model is None else model.probability(winning(ranked))

    @classmethod
    def load(cls, path: Path) -> Calibration:
        """Read a calibration file.

        :raises ModelError: the file is missing or has not the expected shape.
        """
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            sides = {
                name: Weights(float(w["bias"]), {k: float(v) for k, v in w["weights"].items()})
                for name, w in raw["sides"].items()
            }
            final = {name: Weights(float(w["bias"]), dict(w["weights"])) for name, w in raw.get("final", {}).items()}
            missing = [way for way in WAYS if way not in sides and not way.endswith(" inside")]
            if missing:
                raise KeyError(f"no model for {missing[0]}")
            return cls(sides, float(raw["threshold"]), final)
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"{path}: not a calibration file ({error}); make one with: kgqa train calibrate"
            ) from error

    def save(self, path: Path) -> None:
        """Write a calibration file that :meth:`load` reads."""
        sides, final = (
            {name: {"bias": w.bias, "weights": dict(w.weights)} for name, w in part.items()}
            for part in (self.sides, self.final)
        )
        body = {"sides": sides, "final": final, "threshold": self.threshold}
        path.write_text(json.dumps(body, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def way_of(candidate: Candidate) -> str:
    """Return how a candidate answers: one of :data:`WAYS`; what the graph says, alone or with the text, is ``graph``."""
    if candidate.side != "text":
        return "graph"
    marks = ("sentence", "quote", "exists", "truth")
    way = next((way for way in marks if candidate.features.get(f"is_{way}")), "span")
    return f"{way} inside" if way in _INSIDE and candidate.features.get("document") else way


@dataclass(frozen=True, slots=True)
class Decision:
    """What fusion decided.

    :param best: the answer, or ``None`` when abstaining.
    :param confidence: of the answer, or that abstaining is right.
    :param ranked: all candidates with their confidence, best first.
    """

    best: Candidate | None
    confidence: float
    ranked: tuple[tuple[Candidate, float], ...] = ()
    conflicts: tuple[Conflict, ...] = field(default=())


def normalise(text: str) -> str:
    """Return a form in which equal answers are equal: compatibility forms, case, articles and punctuation are dropped."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = re.sub(r"\b(a|an|the)\b", " ", folded)
    return " ".join(re.sub(r"[^\w%.+-]|(?<!\d)[.]|[.](?!\d)", " ", folded).split())


def merge(graph: Sequence[Candidate], text: Sequence[Candidate]) -> list[Candidate]:
    """Join candidates that are the same answer; inputs stay as they are.

    Equal text candidates become one with their evidence together; a text candidate that equals a graph candidate joins it as
    side ``both``.
    """
    merged: list[Candidate] = list(graph)
    keys = [_key(c) for c in merged]
    for candidate in text:
        key = _key(candidate)
        if key in keys:
            at = keys.index(key)
            merged[at] = _join(merged[at], candidate)
        else:
            merged.append(candidate)
            keys.append(key)
    return merged


def _key(candidate: Candidate) -> tuple[str, ...]:
    return tuple(sorted({normalise(item) for item in candidate.items}))


def _join(kept: Candidate, other: Candidate) -> Candidate:
    side = kept.side if kept.side == other.side else "both"
    features = {**other.features, **kept.features}
    if side == "both":
        features["both"] = 1.0
    elif side == "text":
        features["agree"] = kept.features.get("agree", 0.0) + 1.0
    return replace(
        kept,
        side=side,
        score=max(kept.score, other.score),
        evidence=(*kept.evidence, *other.evidence),
        features=features,
    )


def decide(candidates: Sequence[Candidate], calibration: Calibration) -> Decision:
    """Rank candidates by how probable each is alone, and answer with the best, or abstain."""
    ranked = sorted((_turned(c, calibration.confidence(c)) for c in candidates), key=lambda pair: -pair[1])
    if not ranked:
        return Decision(None, 1.0)
    best, confidence = ranked[0][0], calibration.of_winner(ranked)
    if confidence < calibration.threshold:
        return Decision(None, 1 - confidence, tuple(ranked))
    return Decision(best, confidence, tuple(ranked), conflicts(ranked, calibration))


def winning(ranked: Sequence[tuple[Candidate, float]]) -> dict[str, float]:
    """Return the features of the first of ranked candidates as the winner."""
    p = min(1 - 1e-6, max(1e-6, ranked[0][1]))
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    return {"odds": math.log(p / (1 - p)), "margin": p - second}


def _turned(candidate: Candidate, p: float) -> tuple[Candidate, float]:
    """Turn a weak "yes, the text has it" into "no"; only inside one document, where not finding is a finding."""
    if candidate.features.get("is_exists") and candidate.features.get("document") and p < 0.5:
        language = "zh" if candidate.items == (truth(True, "zh"),) else "en"
        return replace(candidate, items=(truth(False, language),)), 1 - p
    return candidate, p


def conflicts(ranked: Sequence[tuple[Candidate, float]], calibration: Calibration) -> tuple[Conflict, ...]:
    """Return what a confident candidate of the other side, or of another document, says differently.

    Only answers of one value can be contradicted; two documents contradict each other in amounts and dates alone, as
    different words may say the same.
    """
    best, sure = ranked[0]
    for other, confidence in ranked[1:]:
        if confidence < max(calibration.threshold, sure / 2):
            break
        if _sides_differ(best, other) or contradict(best, other):
            return (Conflict(best.kind, best.evidence[0], other.evidence[0], best.items[0], other.items[0]),)
    return ()


def _sides_differ(one: Candidate, other: Candidate) -> bool:
    """Tell whether the graph says one value and the text another; the same value may be written differently."""
    if not _single(one, other) or {one.side, other.side} != {"graph", "text"}:
        return False
    kinds = {one.kind, other.kind}
    if kinds == {"boolean"}:
        return one.items != other.items
    if kinds == {"number", "span"}:  # what a passage says of an amount is a quotation
        return _comparable(*sorted((one, other), key=lambda c: c.side)) and not same(one.items[0], other.items[0])
    return len(kinds) == 1 and kinds <= {"number", "date", "span"} and not same(one.items[0], other.items[0])


def _comparable(graph: Candidate, text: Candidate) -> bool:
    """Tell whether an amount that the graph states, rather than counts, is measured as the one in a passage is."""
    path, said = graph.evidence[0].path, text.items[0]
    last = path.steps[-1].triple if path is not None and path.steps else None
    if last is None or graph.items[0] != last.object.value or not amounts(said) or len(said) > AMOUNT:
        return False
    return units(re.split(r"[/#:]", last.predicate.value)[-1]) <= units(said)


def contradict(one: Candidate, other: Candidate) -> bool:
    """Tell whether two passages of different documents name different amounts or dates for what was asked."""
    if not _single(one, other) or not (one.features.get("typed") and other.features.get("typed")):
        return False
    places = [e.passage.doc_id for c in (one, other) for e in c.evidence[:1] if e.passage is not None]
    named = [amounts(c.items[0]) for c in (one, other)]
    return len(set(places)) == 2 and all(named) and not same(one.items[0], other.items[0])


def _single(one: Candidate, other: Candidate) -> bool:
    return len(one.items) == len(other.items) == 1 and bool(one.evidence and other.evidence)


def disagree(ranked: Sequence[tuple[Candidate, float]], threshold: float) -> bool:
    """Tell whether an answer is missing only because two documents contradict each other about it."""
    if len(ranked) < 2:
        return False
    (best, sure), *rest = ranked
    return any(sure + confidence >= threshold and contradict(best, other) for other, confidence in rest[:3])


def reason_for_nothing(
    *, linked: bool, found: bool, retrieved: bool, hidden: bool, outdated: bool, void: bool = False, split: bool = False
) -> Reason:
    """Return why there is no answer.

    :param void: the graph understands the question and has no such statement.
    :param split: two documents say different things, neither more surely.
    :param linked: the question names an entity of the graph.
    :param found: graph or reader had a candidate, too weak to be given.
    :param retrieved: passages on the topic were found.
    :param hidden: all of them are closed to the asking user.
    :param outdated: all of them were not in force on the day asked about.
    """
    if hidden:
        return Reason.NOT_PERMITTED
    if outdated:
        return Reason.OUT_OF_DATE
    if split:
        return Reason.SOURCES_DISAGREE
    if void:
        return Reason.NO_RELATION
    if found:
        return Reason.READER_UNSURE
    if not retrieved:
        return Reason.NO_PASSAGE
    return Reason.NO_RELATION if linked else Reason.NO_ENTITY
