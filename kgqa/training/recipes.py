"""How the built-in models are made, from the base weights and public data: the commands that their cards name.

``python -m kgqa.training.recipes reader DATA OUT`` and then ``python -m kgqa.training.recipes reranker DATA OUT READER/torch``
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from kgqa.evaluation import bioasq
from kgqa.evaluation.squad import Example, predict, read_examples, score
from kgqa.reading.extractive import OnnxReader, load_tokenizer
from kgqa.reading.windows import WindowCutter
from kgqa.training.attention import use_plain_attention
from kgqa.training.corpora import (
    beir_groups,
    bioasq_examples,
    bioasq_held,
    clause_groups,
    medquad_groups,
    snippet_groups,
    squad_groups,
    title_groups,
)
from kgqa.training.export import export_int8, write_card
from kgqa.training.facts import fact_examples
from kgqa.training.loop import Progress, Schedule, train
from kgqa.training.mining import Group
from kgqa.training.reader import ReaderTask, features, hold_out, unanswerable
from kgqa.training.reading import ReaderOutputs, finish
from kgqa.training.reranker import RerankerOptions, train_reranker
from kgqa.training.starting import freeze, load_base, save_torch

SEED = 13
SQUAD_HELD, SQUAD2_HELD, POLICY_HELD = 0.045, 0.375, 0.4
"""Shares of articles that are held out of each reading set."""


def reading(data: Path) -> dict[str, tuple[list[Example], list[Example]]]:
    """Return the reading sets, each as its training part and its held-out part."""
    files = {"squad-v1.1-train": SQUAD_HELD, "squad-v2.0-dev-a": SQUAD2_HELD, "policyqa-dev": POLICY_HELD}
    return {name: hold_out(read_examples(data / f"reading/{name}.json.gz"), share) for name, share in files.items()}


def reranker_groups(data: Path, size: float = 1.0, negatives: int = 3) -> dict[str, list[Group]]:
    """Return the reranker's training data by set.

    :param size: scales the number of questions of each set.
    """
    rng = random.Random(SEED)
    sets = reading(data)
    medical, legal = data / "medical", data / "legal"
    made = {
        "CUAD": clause_groups(
            legal / "cuad-contracts.tar.xz", legal / "cuad-clauses.csv.gz", round(3600 * size), negatives, rng
        ),
        "SciFact": beir_groups(data / "retrieval/scifact", negatives, max(1, round(4 * size)), rng),
        "SciFact titles": title_groups(data / "retrieval/scifact", round(1500 * size), negatives, rng),
        "BioASQ and PubMedQA": snippet_groups(
            medical / "bioasq-a.json.gz", medical / "pubmedqa-a.json.gz", negatives, rng
        ),
        "MedQuAD": medquad_groups(medical / "medquad.tar.xz", round(3000 * size), negatives, rng),
        "PolicyQA": squad_groups(sets["policyqa-dev"][0], round(500 * size), negatives, rng),
        "SQuAD 1.1": squad_groups(sets["squad-v1.1-train"][0], round(4000 * size), negatives, rng),
    }
    snippets = made["BioASQ and PubMedQA"]
    made["BioASQ and PubMedQA"] = rng.sample(snippets, min(len(snippets), round(1800 * size)))
    return made


READER_DATA = (
    "SQuAD 1.1 train without the held-out articles, and unanswerable questions made from similar passages of the same"
    " article: a quarter as many as answerable ones in the first run, a fifth in the second (CC BY-SA 4.0)",
    "SQuAD 2.0, 10 articles of the first half of dev, twice, then four times (CC BY-SA 4.0)",
    "PolicyQA dev without the held-out sites, once, then four times (MIT)",
    "BioASQ 7B-11B factoid snippets, questions whose id does not end in 0, 4, 8 or c, once, then six times (CC BY 2.5)",
    "CUAD, phrases in clauses of half of the contracts, five times in the second run (CC BY 4.0)",
)


def first_examples(data: Path) -> list[Example]:
    """Return the examples of the built-in reader's first run, in its order."""
    sets = reading(data)
    squad = sets["squad-v1.1-train"][0]
    return (
        squad
        + unanswerable(squad, 0.25)
        + sets["squad-v2.0-dev-a"][0] * 2
        + sets["policyqa-dev"][0]
        + bioasq_examples(data / "medical/bioasq-a.json.gz", held=False)
    )


def second_examples(data: Path) -> list[Example]:
    """Return the examples of its second run: less of SQuAD 1.1, more of each domain, and facts of contracts."""
    sets = reading(data)
    squad = random.Random(SEED + 1).sample(sets["squad-v1.1-train"][0], 44_000)
    legal = data / "legal"
    facts = fact_examples(legal / "cuad-contracts.tar.xz", legal / "cuad-clauses.csv.gz", random.Random(SEED))
    return (
        squad
        + unanswerable(squad, 0.2, seed=SEED + 1)
        + sets["squad-v2.0-dev-a"][0] * 4
        + sets["policyqa-dev"][0] * 4
        + bioasq_examples(data / "medical/bioasq-a.json.gz", held=False) * 6
        + facts * 5
    )


RUNS = ((first_examples, 0.5886, 0.06), (second_examples, 1.0, 0.03))
"""The two runs of the built-in reader: examples, epochs and warm-up. Each falls from its peak rate to nothing, the second begins
where the first ended, and the reader is the mean of both ends."""


def make_reader(data: Path, out: Path) -> None:
    """Train the built-in reader."""
    model, folder = load_base("AutoModelForQuestionAnswering", None)
    freeze(model, 0, words=True)
    use_plain_attention(model)
    tokenizer = load_tokenizer(folder)
    weights: list[dict[str, torch.Tensor]] = []
    for number, (examples, epochs, warmup) in enumerate(RUNS):
        rows = features(examples(data), WindowCutter(tokenizer, 256, 64))
        schedule = Schedule(
            learning_rate=2e-4, epochs=epochs, batch=32, warmup=warmup, save_every=250, seed=SEED + number
        )
        task = ReaderTask(rows, tokenizer.token_to_id("[PAD]") or 0)
        train(model, task, schedule, out / f"work{number + 1}", report=_show)
        weights.append({name: value.detach().clone() for name, value in model.state_dict().items()})
    model.load_state_dict(averaged(weights))
    save_torch(model, folder, out / "torch")
    export_reader(model, folder / "tokenizer.json", data, out)


def averaged(models: Sequence[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Return the mean of the weights of runs that follow each other (Wortsman et al. 2022, "Model soups")."""
    return {
        name: torch.stack([model[name].float() for model in models]).mean(0).to(value.dtype)
        for name, value in models[0].items()
    }


def export_reader(model: Any, tokenizer: Path, data: Path, out: Path) -> dict[str, Any]:
    """Write the built-in reader's folder: int8 weights, border of "no answer", held-out metrics."""
    card = {
        "kind": "reader",
        "name": "kgqa-reader-en",
        "license": "Apache-2.0",
        "base": "all-MiniLM-L6-v2",
        "data": READER_DATA,
        "hyper_parameters": {
            "learning_rate": 2e-4,
            "epochs": [epochs for _, epochs, _ in RUNS],
            "batch": 32,
            "warmup": [warmup for _, _, warmup in RUNS],
            "frozen": "word embeddings",
            "dropout": 0.0,
            "averaged": "the ends of both runs",
            "precision": "bfloat16",
            "seed": [SEED, SEED + 1],
        },
        "settings": {"length": 256, "overlap": 64},
        "command": "python -m kgqa.training.recipes reader DATA OUT",
        "measured_by": "kgqa.training.reading.finish on the held-out articles named here",
    }
    export_int8(ReaderOutputs(model), tokenizer, out, outputs=("start_logits", "end_logits"), card=card)
    sets = {name: held for name, (_, held) in reading(data).items()}
    done = finish(out, sets)
    reader = OnnxReader(out)
    answerable = [e for e in sets["squad-v2.0-dev-a"] if e.answers]
    found: dict[str, dict[str, float]] = {
        "squad-v2.0-dev-a, answerable, must answer": score(answerable, predict(answerable, reader, nulls=False)),
        "bioasq-a factoid": bioasq.evaluate(data / "medical/bioasq-a.json.gz", reader, bioasq_held),
    }
    done["metrics"].update({name: {key: round(v, 2) for key, v in said.items()} for name, said in found.items()})
    write_card(out, done)
    return done


RERANKER_DATA = (
    "SQuAD 1.1 train without the held-out articles (CC BY-SA 4.0)",
    "MedQuAD, half of the documents (CC BY 4.0)",
    "BioASQ 7B-11B, questions whose id does not end in 0, 4, 8 or c (CC BY 2.5)",
    "PubMedQA, the 500 outside the official test (MIT)",
    "SciFact training claims, half, and titles of its abstracts (CC BY 4.0, ODC-BY)",
    "PolicyQA dev without the held-out sites (MIT)",
    "CUAD, half of the contracts (CC BY 4.0)",
    "a half is what has an even zlib.crc32 of its id",
)


def make_reranker(data: Path, out: Path, reader: Path) -> None:
    """Train the built-in reranker from the built-in reader, which has learnt to hold a question against a passage.

    :param reader: ``torch`` folder of the reader's own recipe.
    """
    sets = reranker_groups(data)
    groups = [replace(group, negatives=group.negatives[:2]) for part in sets.values() for group in part]
    random.Random(SEED).shuffle(groups)
    options = RerankerOptions(
        base=reader,
        length=144,
        absolute=0.5,
        schedule=Schedule(learning_rate=1.5e-4, batch=12, warmup=0.06, save_every=100, log_every=25, seed=SEED),
    )
    card = {
        "name": "kgqa-reranker-en",
        "base": "kgqa-reader-en",
        "data": RERANKER_DATA,
        "questions": {name: len(part) for name, part in sets.items()},
        "hyper_parameters": {
            **asdict(options.schedule),
            "length": options.length,
            "absolute": options.absolute,
            "passages_per_question": 3,
        },
        "command": "python -m kgqa.training.recipes reranker DATA OUT READER/torch",
    }
    train_reranker(groups, out, options, card, _show)


def _show(progress: Progress) -> None:
    sys.stderr.write(json.dumps(asdict(progress)) + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    part, *folders = sys.argv[1:]
    makers: dict[str, Callable[..., None]] = {"reader": make_reader, "reranker": make_reranker}
    makers[part](*map(Path, folders))
