"""The training loop: what it learns, that a kill changes nothing, validation, early stop, and bad checkpoints."""

import json
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from kgqa.errors import ModelError
from kgqa.training.loop import Schedule, batches, train

pytestmark = pytest.mark.torch


class Line:
    """Learn y = 2x + 1 from points."""

    def __init__(self, count=64):
        generator = torch.Generator().manual_seed(1)
        self.x = torch.rand(count, 1, generator=generator)

    def lengths(self):
        return [1 + int(10 * x) for x in self.x[:, 0]]

    def loss(self, model, rows, device):
        x = self.x[list(rows)].to(device)
        return ((model(x) - (2 * x + 1)) ** 2).mean()


class Killed(Exception):
    pass


def model():
    torch.manual_seed(5)
    return nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.1), nn.Linear(8, 1))


FAST = Schedule(learning_rate=0.03, epochs=10, batch=8, log_every=5, save_every=7, mixed_precision=False)


def losses(folder):
    return [(row["update"], row["loss"]) for row in map(json.loads, (folder / "log.jsonl").read_text().splitlines())]


def test_the_loss_falls(tmp_path):
    train(model(), Line(), FAST, tmp_path)
    seen = losses(tmp_path)
    assert seen[-1][1] < 0.2 * seen[0][1]
    assert seen[-1][0] == 80


def test_a_short_run_is_reported_after_each_update_and_a_long_one_now_and_then(tmp_path):
    seen = []
    schedule = Schedule(epochs=1, batch=8, log_every=0, mixed_precision=False)
    train(model(), Line(), schedule, tmp_path, report=lambda progress: seen.append(progress.update))
    assert seen == [at for at, _ in losses(tmp_path)] == list(range(1, 9))
    assert [schedule.reports(updates) for updates in (1, 120, 500, 90_000)] == [1, 2, 10, 10]
    seen.clear()
    train(model(), Line(), FAST, tmp_path / "slow", report=lambda progress: seen.append(progress.update))
    assert seen[:3] == [1, 5, 10]  # the first is told at once, and is no point of the curve
    assert [at for at, _ in losses(tmp_path / "slow")][:2] == [5, 10]


@pytest.mark.parametrize("dies_at", [5, 10, 25])
def test_a_killed_run_resumes_to_the_same_curve_and_weights(tmp_path, dies_at):
    whole, broken = model(), model()
    train(whole, Line(), FAST, tmp_path / "whole")

    def die(progress):
        if progress.update == dies_at:
            raise Killed

    with pytest.raises(Killed):
        train(broken, Line(), FAST, tmp_path / "broken", report=die)
    resumed = model()
    train(resumed, Line(), FAST, tmp_path / "broken")
    assert losses(tmp_path / "broken") == losses(tmp_path / "whole")
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


def test_accumulated_batches_are_one_update_also_at_the_end(tmp_path):
    progress = train(model(), Line(40), Schedule(epochs=1, batch=8, accumulate=3, mixed_precision=False), tmp_path)
    assert progress.updates == progress.update == 2  # three batches, then the remaining two


def test_accumulating_gives_the_gradient_of_the_large_batch(tmp_path):
    one, other = nn.Linear(1, 1), nn.Linear(1, 1)
    other.load_state_dict(one.state_dict())
    train(one, Line(64), Schedule(epochs=1, batch=64, mixed_precision=False), tmp_path / "1")
    train(other, Line(64), Schedule(epochs=1, batch=16, accumulate=4, mixed_precision=False), tmp_path / "2")
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_the_best_weights_win_and_waiting_ends_the_run(tmp_path):
    scores = iter([0.1, 0.5, 0.4, 0.3, 0.9])
    kept = []

    def check(current):
        kept.append([p.detach().clone() for p in current.parameters()])
        assert not current.training
        return next(scores)

    trained = model()
    schedule = Schedule(learning_rate=0.03, epochs=10, batch=8, check_every=4, patience=2, mixed_precision=False)
    progress = train(trained, Line(), schedule, tmp_path, check=check)
    assert (progress.update, progress.best, progress.best_update) == (16, 0.5, 8)
    assert all(torch.equal(a, b) for a, b in zip(kept[1], trained.parameters(), strict=True))


def test_a_checkpoint_of_other_data_or_settings_is_refused(tmp_path):
    train(model(), Line(), FAST, tmp_path)
    with pytest.raises(ModelError, match="other data or settings"):
        train(model(), Line(32), FAST, tmp_path)
    with pytest.raises(ModelError, match="other data or settings"):
        train(model(), Line(), Schedule(learning_rate=0.1, epochs=10, batch=8), tmp_path)


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    train(model(), Line(), FAST, tmp_path)
    with pytest.raises(ModelError, match="does not fit"):
        train(nn.Linear(1, 1), Line(), FAST, tmp_path)


@pytest.mark.parametrize("damage", [b"", b"not a checkpoint", None])
def test_a_damaged_checkpoint_is_one_clear_line(tmp_path, damage):
    train(model(), Line(), FAST, tmp_path)
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:2000] if damage is None else damage)
    with pytest.raises(ModelError, match=r"checkpoint\.pt") as caught:
        train(model(), Line(), FAST, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_pickle_in_place_of_a_checkpoint_runs_nothing(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (tmp_path.joinpath("boom").write_text, ("x",))

    torch.save({"model": Bomb()}, tmp_path / "checkpoint.pt")
    with pytest.raises(ModelError):
        train(model(), Line(), FAST, tmp_path)
    assert not (tmp_path / "boom").exists()


def test_nothing_left_to_train_is_said(tmp_path):
    frozen = model()
    frozen.requires_grad_(False)
    with pytest.raises(ValueError, match="frozen"):
        train(frozen, Line(), FAST, tmp_path)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=200), st.integers(1, 17), st.integers(1, 3))
def test_each_epoch_has_each_example_once(lengths, size, epochs):
    per_epoch = math.ceil(len(lengths) / size)
    plan = batches(lengths, size, per_epoch * size * epochs / len(lengths), seed=1)
    for epoch in range(epochs):
        rows = [row for batch in plan[epoch * per_epoch : (epoch + 1) * per_epoch] for row in batch]
        assert sorted(rows) == list(range(len(lengths)))
    assert all(0 < len(batch) <= size for batch in plan)
