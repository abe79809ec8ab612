"""A reader that learns goes on saying what it was taught."""

import random

import numpy as np
import pytest
import torch
from transformers import AutoModelForQuestionAnswering

from kgqa.evaluation.squad import Example
from kgqa.reading.extractive import load_tokenizer
from kgqa.reading.windows import WindowCutter
from kgqa.training.bilingual_keeping import KeepingTask, teach
from kgqa.training.reader import Feature, ReaderTask, features, pad_windows
from kgqa.training.starting import save_torch


@pytest.fixture(scope="module")
def teacher(tiny_base, tmp_path_factory):
    """A reader with a head of its own."""
    torch.manual_seed(5)
    folder = tmp_path_factory.mktemp("teacher")
    save_torch(AutoModelForQuestionAnswering.from_pretrained(tiny_base), tiny_base, folder)
    return folder


@pytest.fixture(scope="module")
def windows(tiny_base):
    rng = random.Random(2)
    names = ["anna", "the doctor", "the judge", "bob"]
    examples = []
    for number in range(7):
        who, place = rng.choice(names), rng.choice(["paris", "rome", "oslo"])
        text = f"{who} live in {place} and work " * (1 + number % 3)
        examples.append(Example(str(number), f"where does {who} live ?", text, ((text.index(place), place),), "x"))
    return features(examples, WindowCutter(load_tokenizer(tiny_base), 48, 8))


def whole(folder):
    return AutoModelForQuestionAnswering.from_pretrained(folder)


def test_a_teacher_says_one_logit_for_each_token(teacher, windows):
    said = teach(teacher, windows, 0, batch=3)
    assert [(len(start), len(end)) for start, end in said] == [(len(w.ids), len(w.ids)) for w in windows]
    with torch.inference_mode():
        alone = whole(teacher)(**pad_windows([(windows[1].ids, windows[1].context_at)], 0, torch.device("cpu")))
    assert np.allclose(said[1][0], alone.start_logits[0, : len(windows[1].ids)].numpy(), atol=0.03)


def loss(task, model, rows):
    return float(task.loss(model, rows, torch.device("cpu")).detach())


def test_the_teacher_itself_is_at_no_distance(teacher):
    rng = np.random.default_rng(3)
    full = [Feature(rng.integers(5, 30, 16).astype(np.int32), 6, 7, 8) for _ in range(4)]  # 16: no padding
    said, rows = teach(teacher, full, 0), list(range(len(full)))
    assert abs(loss(KeepingTask([], full, said, 0, weight=1.0), whole(teacher), rows)) < 1e-3
    other = [(start[::-1] * 9, end[::-1] * 9) for start, end in said]
    assert loss(KeepingTask([], full, other, 0, weight=1.0), whole(teacher), rows) > 1e-3


def test_windows_without_a_teacher_have_the_reader_s_own_loss(teacher, windows):
    said = teach(teacher, windows[:2], 0)
    task = KeepingTask(windows[2:], windows[:2], said, 0)
    own = ReaderTask([*windows[2:], *windows[:2]], 0)
    model, rows = whole(teacher), list(range(len(windows) - 2))
    assert task.lengths() == own.lengths()
    assert loss(task, model, rows) == pytest.approx(loss(own, model, rows), abs=1e-5)


def test_the_weight_divides_between_teacher_and_answer(teacher, windows):
    said = [(start * 3, end * 3) for start, end in teach(teacher, windows, 0)]
    model, rows = whole(teacher), list(range(len(windows)))
    none, half, all_ = (loss(KeepingTask([], windows, said, 0, weight=w), model, rows) for w in (0.0, 0.5, 1.0))
    assert none == pytest.approx(loss(ReaderTask(windows, 0), model, rows), abs=1e-5)
    assert half == pytest.approx((none + all_) / 2, abs=1e-4)


def test_the_loss_has_gradients_in_a_mixed_batch(teacher, windows):
    model = whole(teacher).train()
    task = KeepingTask(windows[2:], windows[:2], teach(teacher, windows[:2], 0), 0)
    torch.autograd.backward(task.loss(model, [0, len(windows) - 1, 1], torch.device("cpu")))
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)
