"""Differential privacy: that it trains, that each gradient is cut, that noise is there, and what is reported."""

import json

import pytest
import torch
from torch import nn

from kgqa.errors import UsageError
from kgqa.evaluation.squad import read_examples
from kgqa.reading.extractive import load_tokenizer
from kgqa.reading.windows import WindowCutter
from kgqa.training.loop import Schedule
from kgqa.training.private import Privacy, _noise, _PrivateRun, _spent, _units
from kgqa.training.reader import ReaderTask, features
from kgqa.training.reading import ReaderOptions, train_reader
from kgqa.training.starting import load_base

pytestmark = pytest.mark.torch


class Linear:
    """Rows whose gradient on the weight of a linear layer without bias is the row itself."""

    def __init__(self, rows, keys=None):
        self.rows, self.keys = torch.tensor(rows), keys

    def lengths(self):
        return [1] * len(self.rows)

    def units(self):
        return self.keys or list(range(len(self.rows)))

    def loss(self, model, rows, device):
        return model(self.rows[list(rows)]).mean()


def run_of(task, folder, epsilon=1e9, **given):
    model = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        model.weight.zero_()
    schedule = Schedule(learning_rate=1.0, batch=len(task.rows), epochs=1, mixed_precision=False, weight_decay=0)
    return model, _PrivateRun(model, task, schedule, folder, Privacy(epsilon, 1e-5, entropy=3, **given))


def test_each_gradient_is_cut_before_they_are_added(tmp_path):
    task = Linear([[300.0, 400.0], [0.3, 0.0]])  # lengths 500 and 0.3
    model, run = run_of(task, tmp_path, clip=1.0)
    run.noise = 0.0
    with run.hooked():
        run.gradients([0, 1])
        run.optimiser.pre_step()
        grad = model.weight.grad.clone()
    # Both stand in full: (0.6, 0.8) is the long one cut to 1, and 0.3 is short enough; the mean of the two is taken.
    assert torch.allclose(grad, torch.tensor([[(0.6 + 0.3) / 2, 0.8 / 2]]), atol=1e-4)


def test_noise_has_the_size_that_was_promised(tmp_path):
    task = Linear([[0.0, 0.0]] * 4)  # no gradient at all: what moves the weights is noise
    found = []
    for entropy in range(200):
        model, run = run_of(task, tmp_path, epsilon=1.0)
        run.privacy.entropy = entropy
        with run.hooked():
            run.gradients([0, 1, 2, 3])
            run.optimiser.pre_step()
            found.append(model.weight.grad.flatten().clone())
    noise = torch.stack(found)
    assert float(noise.std()) == pytest.approx(run.noise * 1.0 / 4, rel=0.15)  # noise x clip / expected batch
    assert run.noise > 1


def test_less_epsilon_is_more_noise_and_is_not_overspent():
    strong, weak = _noise(1.0, 1e-5, 0.01, 500), _noise(8.0, 1e-5, 0.01, 500)
    assert strong > weak > 0
    assert _spent(strong, 0.01, 500, 1e-5) <= 1.0 + 1e-6
    assert _spent(strong, 0.01, 1000, 1e-5) > _spent(strong, 0.01, 500, 1e-5)


def test_questions_on_one_passage_are_one_unit(tmp_path):
    task = Linear([[1.0, 0.0]] * 6, keys=list("aabbbc"))
    assert _units(task) == [[0, 1], [2, 3, 4], [5]]
    _, run = run_of(task, tmp_path)
    run.rate = 1.0
    for _ in range(20):
        drawn = run._draw()
        assert len(drawn) == 3 and drawn[0] in (0, 1) and drawn[1] in (2, 3, 4) and drawn[2] == 5


def test_an_update_without_windows_is_noise_alone(tmp_path):
    task = Linear([[5.0, 5.0]] * 3)
    model, run = run_of(task, tmp_path, epsilon=2.0)
    run.rate = 0.0
    with run.hooked():
        run.step()
    assert run.progress.update == 1 and not run.losses
    assert float(model.weight.detach().abs().sum()) > 0


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    rows = []
    for number in range(60):
        name, city = ["anna", "berta", "carl", "dora"][number % 4], ["paris", "rome", "oslo"][number % 3]
        context = f"{name} is in {city} . {'red ' * (number % 7)}{'blue ' * (number // 7)}"
        qa = {
            "id": str(number),
            "question": "where ?",
            "answers": [{"text": city, "answer_start": context.index(city)}],
        }
        rows.append({"title": str(number), "paragraphs": [{"context": context, "qas": [qa]}]})
    path = tmp_path_factory.mktemp("q") / "q.json"
    path.write_text(json.dumps({"data": rows}), encoding="utf-8")
    return path


def test_a_reader_learns_with_privacy_and_the_model_is_plain_afterwards(tmp_path, tiny_base, questions):
    model, source = load_base("AutoModelForQuestionAnswering", tiny_base)
    task = ReaderTask(features(read_examples(questions), WindowCutter(load_tokenizer(source), 32, 8)), 0)
    schedule = Schedule(learning_rate=5e-3, epochs=12, batch=20, mixed_precision=False, log_every=6)
    device = torch.device("cpu")
    before = float(task.loss(model.eval(), range(60), device).detach())
    words = model.bert.embeddings.word_embeddings.weight.clone()
    reports = []
    privacy = Privacy(50.0, 1e-3, entropy=1)
    privacy.train(model, task, schedule, tmp_path, report=reports.append)
    after = float(task.loss(model.eval(), range(60), device).detach())
    assert after < before - 0.3
    assert privacy.spent["epsilon"] <= 50 and privacy.spent["units"] == 60 and privacy.spent["noise_multiplier"] > 0
    assert torch.equal(words, model.bert.embeddings.word_embeddings.weight)
    assert not any(hasattr(p, "grad_sample") for p in model.parameters())
    assert not any(m._forward_hooks or m._backward_hooks for m in model.modules())
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [row["update"] for row in log] == [r.update for r in reports] == sorted(r.update for r in reports)


@pytest.mark.parametrize("peft", ["", "lora"])
def test_the_card_says_what_was_spent(tmp_path, tiny_base, questions, peft):
    privacy = Privacy(3.0)
    said = {"privacy": privacy.spent}
    schedule = Schedule(learning_rate=1e-3, epochs=1, batch=16, mixed_precision=False)
    options = ReaderOptions(
        base=tiny_base, held_out=0.1, negatives=0, length=32, overlap=8, peft=peft, schedule=schedule
    )
    train_reader([questions], tmp_path / "out", options, card=said, trainer=privacy.train)
    card = json.loads((tmp_path / "out" / "card.json").read_text())
    assert 0 < card["privacy"]["epsilon"] <= 3.0
    assert card["privacy"]["delta"] == pytest.approx(1 / (2 * card["privacy"]["units"]))
    assert (tmp_path / "out" / "model.onnx").exists()


def test_noise_differs_between_runs_of_one_seed(tmp_path, tiny_base, questions):
    found = []
    for _ in range(2):
        model, source = load_base("AutoModelForQuestionAnswering", tiny_base)
        task = ReaderTask(features(read_examples(questions)[:20], WindowCutter(load_tokenizer(source), 32, 8)), 0)
        Privacy(5.0, 1e-3).train(model, task, Schedule(epochs=1, batch=10, mixed_precision=False), tmp_path)
        found.append(model.qa_outputs.weight.detach().clone())
    assert not torch.equal(*found)


def test_wrong_use_is_said(tmp_path):
    for given in ({"epsilon": 0.0}, {"epsilon": 1.0, "delta": 1.0}, {"epsilon": 1.0, "clip": 0.0}):
        with pytest.raises(UsageError, match="epsilon above 0"):
            Privacy(**given)
    with pytest.raises(UsageError, match="lora"):
        Privacy(1.0).train(nn.Linear(2, 1), Linear([[1.0, 1.0]]), Schedule(), tmp_path, companion=object())
