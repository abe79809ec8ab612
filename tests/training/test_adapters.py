"""Adapters on a tiny reader: each trains few weights, changes what the model says, and ends in a folder that answers."""

import json

import pytest
import torch

from kgqa.evaluation.squad import Example
from kgqa.reading.extractive import OnnxReader, load_tokenizer
from kgqa.reading.windows import WindowCutter
from kgqa.training.adapters import METHODS, adapt, ranks_of, trainable_share
from kgqa.training.fitting import fit
from kgqa.training.loop import Schedule
from kgqa.training.reader import ReaderTask, features, pad_windows
from kgqa.training.reading import ReaderOptions, train_reader
from kgqa.training.starting import load_base
from kgqa.types import Passage

pytestmark = pytest.mark.torch
PLACES = [("anna", "paris"), ("berta", "rome"), ("carl", "oslo"), ("dora", "lima")]
EXAMPLES = [
    Example(f"{n}-{c}", f"where is {n} ?", f"{n} is in {c} . {m} is in {d} .", ((len(n) + 7, c),), f"{n}")
    for n, c in PLACES
    for m, d in PLACES
    if n != m
]
RATES = {"lora": 0.02, "adalora": 0.05, "ia3": 0.3, "prefix": 0.05}


def rows(tiny_base):
    return features(EXAMPLES, WindowCutter(load_tokenizer(tiny_base), 40, 8))


def reader(tiny_base):
    return load_base("AutoModelForQuestionAnswering", tiny_base)[0]


def schedule(method, epochs=12.0, **more):
    return Schedule(learning_rate=RATES[method], epochs=epochs, batch=6, mixed_precision=False, log_every=1, **more)


@pytest.mark.parametrize("method", METHODS)
def test_an_adapter_alone_is_trained_and_lowers_the_loss(tmp_path, tiny_base, method):
    model = reader(tiny_base)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    task = ReaderTask(rows(tiny_base), 0)
    trained, _ = fit(model, task, schedule(method), tmp_path, peft=method)
    losses = [json.loads(line)["loss"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert losses[-1] < 0.8 * losses[0]
    if method == "prefix":  # the weights themselves are as they were; the prefix stays beside them
        for name, p in trained.plain().named_parameters():
            assert "qa_outputs" in name or torch.equal(p, before[name])
    else:
        assert not any("lora" in name or "ia3" in name for name, _ in trained.named_parameters())
    assert float(task.loss(trained.eval(), range(6), torch.device("cpu")).detach()) < 0.8 * losses[0]


@pytest.mark.parametrize("method", METHODS)
def test_few_weights_are_trained(tiny_base, method):
    assert 0 < trainable_share(adapt(reader(tiny_base), method, rank=2, tokens=4)) < 0.25


def test_a_prefix_is_seen_by_every_token_and_padding_by_none(tiny_base):
    plain = reader(tiny_base).eval()
    ids = [[2, 5, 6, 7, 8, 3], [2, 9, 10, 3]]
    inputs = pad_windows([(row, 3) for row in ids], 0, torch.device("cpu"))
    alone = pad_windows([(ids[1], 3)], 0, torch.device("cpu"))
    with torch.inference_mode():
        without = plain(**inputs).start_logits
    model = adapt(plain, "prefix", tokens=4).eval()
    with torch.inference_mode():
        both, one = model(**inputs).start_logits, model(**alone).start_logits
        changed = {**inputs, "input_ids": inputs["input_ids"].masked_fill(inputs["attention_mask"] == 0, 7)}
        again = model(**changed).start_logits
    assert torch.allclose(both[1, :4], one[0, :4], atol=1e-5)
    assert torch.allclose(both[1, :4], again[1, :4], atol=1e-5)
    assert (both[0, :6] - without[0, :6]).abs().min() > 1e-6


def test_a_prefix_reader_runs_as_onnx(tmp_path, tiny_base):
    squad = {
        "data": [
            {
                "title": e.article,
                "paragraphs": [
                    {
                        "context": e.context,
                        "qas": [{"id": e.id, "question": e.question, "answers": [{"text": t, "answer_start": at}]}],
                    }
                ],
            }
            for e in EXAMPLES
            for at, t in e.answers
        ]
    }
    (tmp_path / "s.json").write_text(json.dumps(squad), encoding="utf-8")
    options = ReaderOptions(
        base=tiny_base,
        peft="prefix",
        length=40,
        overlap=8,
        negatives=0.0,
        held_out=0.0,
        schedule=schedule("prefix", 20),
    )
    train_reader([tmp_path / "s.json"], tmp_path / "out", options)
    assert (tmp_path / "out" / "adapter" / "adapter_model.safetensors").is_file()
    assert not (tmp_path / "out" / "torch").exists()
    answers = OnnxReader(tmp_path / "out").read(
        [e.question for e in EXAMPLES], [[Passage("p", "d", e.context, "en", 0, len(e.context))] for e in EXAMPLES], 1
    )
    right = sum(best[0].text == e.answers[0][1] for e, best in zip(EXAMPLES, answers, strict=True))
    assert right > len(EXAMPLES) / 2  # one in five words would be right by chance


def test_adalora_takes_ranks_from_where_they_matter_least(tmp_path, tiny_base):
    from kgqa.training.adapters import regular
    from kgqa.training.loop import train

    model = adapt(reader(tiny_base), "adalora", rank=2, updates=40)
    ranks, task = ranks_of(model), ReaderTask(rows(tiny_base), 0)
    with torch.no_grad():  # singular values begin at 0, which would count as taken away
        for name, p in model.named_parameters():
            if "lora_E" in name:
                p.fill_(0.01)
    before = ranks.left()
    train(model, regular(task, model), schedule("adalora", 20), tmp_path, companion=ranks)
    assert 0 < ranks.left() <= 0.7 * before  # from 3 to 2 a matrix on average


def test_adaloras_ranks_survive_a_kill(tmp_path, tiny_base):
    from kgqa.training.adapters import regular
    from kgqa.training.loop import train

    class Killed(Exception):
        pass

    def die(progress):
        if progress.update == 25:
            raise Killed

    def train_once(folder, report=None):
        torch.manual_seed(4)
        model = adapt(reader(tiny_base), "adalora", rank=2, updates=40)
        task = regular(ReaderTask(rows(tiny_base), 0), model)
        train(model, task, schedule("adalora", 20, save_every=10), folder, companion=ranks_of(model), report=report)
        return [json.loads(line)["loss"] for line in (folder / "log.jsonl").read_text().splitlines()]

    whole = train_once(tmp_path / "whole")
    with pytest.raises(Killed):
        train_once(tmp_path / "broken", die)
    assert train_once(tmp_path / "broken") == whole
