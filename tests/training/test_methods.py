"""What else a run may be told: frozen layers stay, bfloat16 learns, a seed gives the same weights, a board is written."""

import json

import pytest
import torch

from kgqa.evaluation.squad import Example
from kgqa.reading.extractive import load_tokenizer
from kgqa.reading.windows import WindowCutter
from kgqa.training.fitting import fit
from kgqa.training.loop import Schedule
from kgqa.training.reader import ReaderTask, features
from kgqa.training.starting import freeze, load_base

pytestmark = pytest.mark.torch
EXAMPLES = [
    Example(f"{n}-{c}", f"where is {n} ?", f"{n} is in {c} . {n} likes red .", ((len(n) + 7, c),), n)
    for n in ("anna", "berta", "carl")
    for c in ("paris", "rome", "oslo", "lima")
]


def trained(base, folder, *, layers=0, words=False, seed=3, precise=True, epochs=6.0):
    model, _ = load_base("AutoModelForQuestionAnswering", base, seed)
    freeze(model, layers, words=words)
    start = {name: p.detach().clone() for name, p in model.named_parameters()}
    rows = features(EXAMPLES, WindowCutter(load_tokenizer(base), 40, 8))
    schedule = Schedule(
        learning_rate=3e-3,
        epochs=epochs,
        batch=6,
        mixed_precision=not precise,
        seed=seed,
        log_every=1,
        weight_decay=0.0,
    )
    model, _ = fit(model, ReaderTask(rows, 0), schedule, folder)
    losses = [json.loads(line)["loss"] for line in (folder / "log.jsonl").read_text().splitlines()]
    return start, dict(model.named_parameters()), losses


def test_frozen_layers_stay_to_the_last_bit_and_the_others_learn(tmp_path, tiny_base):
    start, end, losses = trained(tiny_base, tmp_path, layers=1)
    moved = {name for name, p in end.items() if not torch.equal(p, start[name])}
    assert losses[-1] < losses[0]
    assert not any(".layer.0." in name or ".embeddings." in name for name in moved)
    assert any(".layer.1." in name for name in moved) and "qa_outputs.weight" in moved


def test_mixed_precision_learns_and_keeps_the_weights_in_full(tmp_path, tiny_base):
    _, end, losses = trained(tiny_base, tmp_path, precise=False)
    assert losses[-1] < 0.8 * losses[0]
    assert {p.dtype for p in end.values()} == {torch.float32}


def test_a_seed_fixes_the_weights(tmp_path, tiny_base):
    _, one, _ = trained(tiny_base, tmp_path / "1", epochs=1)
    _, same, _ = trained(tiny_base, tmp_path / "2", epochs=1)
    _, other, _ = trained(tiny_base, tmp_path / "3", epochs=1, seed=4)
    assert all(torch.equal(p, same[name]) for name, p in one.items())
    assert not torch.equal(one["qa_outputs.weight"], other["qa_outputs.weight"])


def test_tensorboard_shows_the_curve_of_the_log(tmp_path, tiny_base):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    _, _, losses = trained(tiny_base, tmp_path, epochs=2)
    board = EventAccumulator(str(tmp_path / "tensorboard"))
    board.Reload()
    assert [round(event.value, 5) for event in board.Scalars("loss")] == [round(loss, 5) for loss in losses]
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
