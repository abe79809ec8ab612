"""Pieces of the recipes of the built-in models."""

from __future__ import annotations

import torch

from kgqa.training.recipes import averaged


def test_weights_of_runs_are_averaged_one_by_one_and_keep_their_types() -> None:
    one = {"w": torch.tensor([0.0, 2.0]), "h": torch.tensor([1.0], dtype=torch.float16)}
    two = {"w": torch.tensor([1.0, 4.0]), "h": torch.tensor([3.0], dtype=torch.float16)}
    mean = averaged([one, two])
    assert mean["w"].tolist() == [0.5, 3.0]
    assert mean["h"].tolist() == [2.0]
    assert mean["h"].dtype == torch.float16
