"""The reranker goes on learning: topics inside contracts, against what the encoder finds near to them there.

``python -m kgqa.training.reranker_further DATA OUT [RERANKER]``

``RERANKER`` is the reranker to start from, by default the built-in one, whose int8 weights are turned back. Half of what it
learnt before is repeated with other negatives, so that it forgets nothing. The result lies :data:`SHARE` of the way from what it
was to what training made of it. It is measured on the contracts that it was not trained on (:func:`exam`).
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kgqa.models.making import make_encoder
from kgqa.protocols import Encoder
from kgqa.retrieval.rerank import CrossEncoderReranker
from kgqa.training.clauses import NEAR, Contract, answers, clause_groups, contracts, topics
from kgqa.training.export import export_int8, write_card
from kgqa.training.loop import Progress, Schedule
from kgqa.training.mining import Group
from kgqa.training.pairs import scores_of
from kgqa.training.recipes import RERANKER_DATA, reranker_groups
from kgqa.training.reranker import RerankerOptions, Scorer, fit_reranker
from kgqa.training.starting import load_base, save_torch

SEED = 31
SHARE = 0.6
"""How far the weights go: contracts not trained on are read as well as at the end of the way, the rest keeps more."""
BLEND = 0.25
"""Weight beside the hybrid score in open collections, as before."""
OPTIONS = RerankerOptions(
    base="builtin",
    length=176,
    absolute=0.5,
    schedule=Schedule(learning_rate=1e-4, batch=12, warmup=0.05, save_every=50, log_every=25, seed=SEED),
)


def groups(data: Path, encoder: Encoder, rounds: int = 4, repeated: float = 0.45) -> dict[str, list[Group]]:
    """Return what is trained on, by set.

    :param rounds: how often each clause type of each contract is asked for.
    :param repeated: share of what the reranker was trained on before.
    """
    rng = random.Random(SEED)
    near = clause_groups(list(contracts(data, held=False)), encoder, 3, rng, rounds)
    before = reranker_groups(data, repeated)
    return {"CUAD, near": near, **{name: part for name, part in before.items() if name != "CUAD"}}


def exam(data: Path, reranker: CrossEncoderReranker, encoder: Encoder, count: int = 100) -> dict[str, float]:
    """Measure a reranker on contracts that it was not trained on.

    For each clause type of some contracts the :data:`NEAR` nearest runs of sentences (and passages) are ordered by its score
    alone: how often the first answers, and its mean reciprocal rank, where any answers. ``exists`` is the chance that the best
    score of a contract with such a clause is above that of one without (area under the curve).
    """
    held = list(contracts(data, held=True))[:: max(1, 200 // count)][:count]
    figures: dict[str, list[float]] = {}
    best: dict[bool, list[float]] = {True: [], False: []}
    for contract in held:
        for short in (True, False):
            _examine(contract, short, reranker, encoder, figures, best)
    wins = [(a > b) + 0.5 * (a == b) for a in best[True] for b in best[False]]
    found = {name: round(float(np.mean(values)), 4) for name, values in figures.items()}
    return {**found, "exists": round(float(np.mean(wins)), 4), "n": len(figures["runs, first"])}


def _examine(
    contract: Contract,
    short: bool,
    reranker: CrossEncoderReranker,
    encoder: Encoder,
    figures: dict[str, list[float]],
    best: dict[bool, list[float]],
) -> None:
    pieces = contract.runs if short else contract.chunks
    rows = encoder.encode(list(pieces))
    kinds = [*sorted(contract.gold), *(sorted(contract.absent)[::4] if not short else ())]
    names = [topics(kind)[-1] for kind in kinds]
    nearest = [np.argsort(-(rows @ vector), kind="stable")[:NEAR] for vector in encoder.encode(names, "query")]
    texts = [[pieces[at] for at in row] for row in nearest]
    for kind, own, scores in zip(kinds, texts, scores_of(reranker, names, texts), strict=True):
        gold = contract.gold.get(kind, ())
        if not short:
            best[bool(gold)].append(max(scores))
        order = [own[at] for at in np.argsort([-score for score in scores], kind="stable")]
        good = [answers(piece, gold) for piece in order]
        if any(good):
            name = "runs" if short else "passages"
            figures.setdefault(f"{name}, first", []).append(float(good[0]))
            figures.setdefault(f"{name}, mrr", []).append(1.0 / (1 + good.index(True)))


def between(before: Any, after: Any, share: float) -> Any:
    """Return the model a share of the way from one to the other (Wortsman et al. 2022)."""
    with torch.no_grad():
        for old, new in zip(before.parameters(), after.parameters(), strict=True):
            new.lerp_(old, 1.0 - share)
    return after


def export(trained: Path, start: Path, share: float, out: Path, said: dict[str, Any]) -> Path:
    """Write the folder of the reranker that lies a share of the way from one torch folder to another."""
    kind = "AutoModelForSequenceClassification"
    before, _ = load_base(kind, start, num_labels=1)
    after, folder = load_base(kind, trained, num_labels=1)
    card = {"kind": "reranker", "max_length": 256, "trained_length": OPTIONS.length, "license": "Apache-2.0", **said}
    model = between(before, after, share)
    save_torch(model, folder, out / "torch")
    export_int8(Scorer(model), folder / "tokenizer.json", out, outputs=("score",), card=card)
    return out


def make(data: Path, out: Path, base: str = "builtin") -> None:
    """Train, write the folder, and measure it beside what it started from."""
    encoder = make_encoder()
    sets = groups(data, encoder)
    sys.stderr.write(json.dumps({name: len(part) for name, part in sets.items()}) + "\n")
    chosen = [group for part in sets.values() for group in part]
    random.Random(SEED).shuffle(chosen)
    start, folder = load_base("AutoModelForSequenceClassification", base, num_labels=1)
    save_torch(start, folder, out / "start")
    model, folder, _ = fit_reranker(chosen, out / "work", OPTIONS, report=_show)
    save_torch(model, folder, out / "trained")
    said = {
        "name": "kgqa-reranker-en",
        "base": "kgqa-reranker-en, the version before",
        "data": [*RERANKER_DATA, "CUAD, the same half, against what is near in each contract (CC BY 4.0)"],
        "questions": {name: len(part) for name, part in sets.items()},
        "hyper_parameters": {**asdict(OPTIONS.schedule), "length": OPTIONS.length, "absolute": OPTIONS.absolute},
        "share": SHARE,
        "blend": BLEND,
        "languages": ["en"],
        "command": "python -m kgqa.training.reranker_further DATA OUT",
        "measured_by": "kgqa.training.reranker_further.exam on contracts with an odd zlib.crc32 of the name",
    }
    export(out / "trained", out / "start", SHARE, out, said)
    card = json.loads((out / "card.json").read_text(encoding="utf-8"))
    figures = {"contracts not trained on": exam(data, CrossEncoderReranker(out), encoder)}
    write_card(out, {**card, "metrics": figures})


def _show(progress: Progress) -> None:
    sys.stderr.write(json.dumps(asdict(progress)) + "\n")
    sys.stderr.flush()


def main(arguments: Sequence[str]) -> None:
    """Run the recipe."""
    data, out = map(Path, arguments[:2])
    make(data, out, *arguments[2:3])


if __name__ == "__main__":
    main(sys.argv[1:])
