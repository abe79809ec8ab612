"""Compression of tiny models: what shrinks, what stays, and that a loss above the limit stops it."""

import json

import numpy as np
import pytest
import torch

from kgqa.errors import ModelError, UsageError
from kgqa.reading.extractive import OnnxReader, load_tokenizer
from kgqa.reading.windows import WindowCutter
from kgqa.training.compress import DistilOptions, DistilTask, Limit, distil, prune, prune_heads, prune_units, quantise
from kgqa.training.loop import Schedule, train
from kgqa.training.reader import ReaderTask, features
from kgqa.training.starting import load_base, save_torch
from kgqa.types import Passage

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    rows = []
    for number, (name, city) in enumerate(
        [("Anna", "Paris"), ("Berta", "Rome"), ("Carl", "Oslo"), ("Dora", "Lima")] * 6
    ):
        context = f"{name} is in {city} ."
        qa = {
            "id": str(number),
            "question": "Where ?",
            "answers": [{"text": city, "answer_start": context.index(city)}],
        }
        rows.append({"title": str(number), "paragraphs": [{"context": context, "qas": [qa]}]})
    path = tmp_path_factory.mktemp("q") / "q.json"
    path.write_text(json.dumps({"data": rows}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def reader(tiny_base, questions, tmp_path_factory):
    """A tiny reader that has learned where answers stand."""
    from kgqa.evaluation.squad import read_examples

    folder = tmp_path_factory.mktemp("reader")
    model, source = load_base("AutoModelForQuestionAnswering", tiny_base)
    rows = features(read_examples(questions), WindowCutter(load_tokenizer(source), 32, 8))
    schedule = Schedule(learning_rate=5e-3, epochs=20, batch=8, mixed_precision=False)
    train(model, ReaderTask(rows, 0), schedule, folder / "work")
    save_torch(model, source, folder / "torch")
    return folder


def test_quantising_shrinks_and_keeps_the_answers(tmp_path, reader, questions):
    figures = quantise(reader, tmp_path / "small", "reader", Limit((questions,), loss=5.0))
    assert figures["after"]["megabytes"] < 0.7 * figures["before"]["megabytes"]
    assert figures["after"]["f1"]["q.json"] >= 95
    assert figures["before"]["windows_per_second"] > 0
    found = OnnxReader(tmp_path / "small").read(["Where ?"], [[Passage("p", "d", "Anna is in Rome .", "en", 0, 17)]])
    assert found[0][0].text == "Rome"
    assert json.loads((tmp_path / "small" / "card.json").read_text())["kind"] == "reader"


def test_a_loss_above_the_limit_stops_it(tmp_path, reader, questions):
    gain = Limit((questions,), loss=-1.0)  # F1 is 100 already, so a gain of one point is a limit that cannot be kept
    with pytest.raises(ModelError, match="compress less"):
        prune(reader, tmp_path / "out", "reader", 0.75, 0.98, gain)
    assert not (tmp_path / "out" / "model.onnx").exists()


def test_pruned_models_are_smaller_and_still_run(tmp_path, reader):
    whole = quantise(reader, tmp_path / "whole", "reader")["after"]["megabytes"]
    figures = prune(reader, tmp_path / "pruned", "reader", heads=0.5, units=0.5)
    assert figures["after"]["megabytes"] < whole
    assert OnnxReader(tmp_path / "pruned").read(["Where ?"], [[Passage("p", "d", "Anna is in Rome .", "en", 0, 17)]])[0]


def test_pruning_removes_what_is_weakest(tiny_base):
    model, _ = load_base("AutoModel", tiny_base)
    layer = model.encoder.layer[0]
    with torch.no_grad():
        layer.attention.output.dense.weight[:, 8:16] = 0  # the second head counts for nothing
        layer.output.dense.weight[:, ::2] = 0  # nor does every second unit
    inputs = {"input_ids": torch.arange(5, 25).reshape(1, -1), "attention_mask": torch.ones(1, 20, dtype=torch.long)}
    before = model.eval()(**inputs)[0]
    prune_heads(layer.attention, 0.25)
    prune_units(layer, 0.5)
    assert layer.attention.self.query.out_features == 24 and layer.intermediate.dense.out_features == 32
    assert torch.allclose(model(**inputs)[0], before, atol=1e-5)


def test_a_student_learns_from_its_teacher(tmp_path, reader, questions):
    schedule = Schedule(learning_rate=5e-3, epochs=6, batch=8, mixed_precision=False, log_every=5)
    reports = []
    figures = distil(
        reader,
        [questions],
        tmp_path / "student",
        DistilOptions(layers=1, length=32, overlap=8, schedule=schedule),
        report=reports.append,
        limit=Limit((questions,), loss=20),
    )
    assert reports[-1].loss < reports[0].loss
    assert figures["after"]["f1"]["q.json"] >= 80
    assert figures["after"]["megabytes"] < figures["before"]["megabytes"]


def test_a_teacher_that_is_the_student_leaves_the_hard_loss_alone(reader, questions):
    from kgqa.evaluation.squad import read_examples

    model, source = load_base("AutoModelForQuestionAnswering", reader)
    rows = features(read_examples(questions), WindowCutter(load_tokenizer(source), 32, 8))
    same = DistilTask(rows, 0, model, DistilOptions(trust=1.0)).loss(model.eval(), range(8), torch.device("cpu"))
    assert float(same.detach()) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("kind", ["encoder", "reranker"])
def test_other_kinds_are_quantised_too(tmp_path, tiny_base, kind):
    figures = quantise(tiny_base, tmp_path / kind, kind)
    assert figures["after"]["megabytes"] < figures["before"]["megabytes"]
    assert np.isfinite(figures["after"]["windows_per_second"])


def test_wrong_use_is_said(tmp_path, tiny_base):
    with pytest.raises(UsageError, match="unknown kind"):
        quantise(tiny_base, tmp_path, "toy")
    with pytest.raises(UsageError, match=r"\[0, 1\)"):
        prune(tiny_base, tmp_path, "reader", 1.0, 0)
    with pytest.raises(UsageError, match="student of 9 layers"):
        distil(tiny_base, [], tmp_path, DistilOptions(layers=9))
    with pytest.raises(ModelError, match="safetensors"):
        quantise(tmp_path, tmp_path / "o", "reader")
