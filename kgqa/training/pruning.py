"""Structured pruning: whole attention heads and feed-forward units are taken out, so that the model is smaller and faster.

What matters least goes first. With examples that is measured: the loss that a head or unit is worth to first order, the mean
of |activation x gradient| (Michel, Levy and Neubig 2019; Molchanov et al. 2017). Without, it is told from the size of
the weights that lead in and out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

Loss = Callable[[nn.Module], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Worth:
    """What the parts of one layer are worth; larger is more.

    :param heads: shape (heads,).
    :param units: shape (units,).
    """

    heads: torch.Tensor
    units: torch.Tensor


def body(model: Any) -> Any:
    """Return the encoder of a model with a task head."""
    return getattr(model, "bert", model)


def layers(model: Any) -> Any:
    """Return the layers of a model of the BERT family."""
    return body(model).encoder.layer


def by_weights(layer: Any) -> Worth:
    """Return what parts are worth by the size of their weights."""
    into, out, mixed = layer.intermediate.dense, layer.output.dense, layer.attention.output.dense
    size = int(layer.attention.self.attention_head_size)
    heads = mixed.weight.detach().reshape(mixed.out_features, -1, size).pow(2).sum((0, 2))
    return Worth(heads, into.weight.detach().norm(dim=1) * out.weight.detach().norm(dim=0))


def by_loss(model: Any, losses: Iterable[Loss]) -> list[Worth]:
    """Return what the parts of each layer are worth by the loss that they change, to first order.

    :param losses: each computes the loss of a batch; at least one. Weights are not changed.
    """
    found = [by_weights(layer) for layer in layers(model)]
    heads, units = [torch.zeros_like(w.heads) for w in found], [torch.zeros_like(w.units) for w in found]
    for loss in losses:
        with _Inputs(model) as seen:
            torch.autograd.backward(loss(model))
        for at, layer in enumerate(layers(model)):
            size = int(layer.attention.self.attention_head_size)
            mixed, wide = seen.worth(layer.attention.output.dense), seen.worth(layer.output.dense)
            heads[at] += mixed.reshape(*mixed.shape[:-1], -1, size).sum(-1).abs().flatten(0, -2).sum(0)
            units[at] += wide.abs().flatten(0, -2).sum(0)
        model.zero_grad(set_to_none=True)
    # Scales differ between layers; each layer loses the same share, so only the order inside a layer counts.
    return [Worth(one, other) for one, other in zip(heads, units, strict=True)]


class _Inputs:
    """Keeps what enters some linear layers during a forward pass, with its gradient."""

    def __init__(self, model: Any) -> None:
        self._watched = [part for one in layers(model) for part in (one.attention.output.dense, one.output.dense)]
        self._kept: dict[int, torch.Tensor] = {}
        self._hooks: list[Any] = []

    def __enter__(self) -> _Inputs:
        for part in self._watched:
            self._hooks.append(part.register_forward_pre_hook(self._keep))
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _keep(self, part: nn.Module, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        value = given[0] if given[0].requires_grad else given[0].detach().requires_grad_()
        value.retain_grad()
        self._kept[id(part)] = value
        return (value, *given[1:])

    def worth(self, part: nn.Module) -> torch.Tensor:
        value = self._kept[id(part)]
        assert value.grad is not None
        return (value * value.grad).detach()


def prune_heads(attention: Any, share: float, worth: torch.Tensor) -> None:
    """Take out the heads that are worth least; one stays at least."""
    inner, outer = attention.self, attention.output
    size = int(inner.attention_head_size)
    count = outer.dense.in_features // size
    keep = max(1, count - round(count * share))
    rows = torch.cat([torch.arange(h * size, (h + 1) * size) for h in sorted(worth.topk(keep).indices.tolist())])
    for name in ("query", "key", "value"):
        setattr(inner, name, _rows(getattr(inner, name), rows))
    outer.dense = _columns(outer.dense, rows)
    inner.num_attention_heads, inner.all_head_size = keep, keep * size


def prune_units(layer: Any, share: float, worth: torch.Tensor) -> None:
    """Take out the feed-forward units that are worth least; one stays at least."""
    into, out = layer.intermediate.dense, layer.output.dense
    keep = max(1, into.out_features - round(into.out_features * share))
    rows = worth.topk(keep).indices.sort().values
    layer.intermediate.dense, layer.output.dense = _rows(into, rows), _columns(out, rows)


def prune_model(model: Any, heads: float, units: float, losses: Iterable[Loss] = ()) -> None:
    """Take the same shares of heads and units out of each layer.

    :param losses: see :func:`by_loss`; without any the weights tell.
    """
    rows = list(losses)
    worth = by_loss(model, rows) if rows else [by_weights(layer) for layer in layers(model)]
    for layer, one in zip(layers(model), worth, strict=True):
        prune_heads(layer.attention, heads, one.heads)
        prune_units(layer, units, one.units)


def thin(model: Any, count: int) -> None:
    """Keep so many layers, taken evenly from bottom to top.

    :raises ValueError: the model has fewer.
    """
    old = list(layers(model))
    if not 1 <= count <= len(old):
        raise ValueError(f"a student of {count} layers cannot be taken from a teacher of {len(old)}")
    steps = torch.linspace(0, len(old) - 1, count).round().int().tolist() if count > 1 else [len(old) - 1]
    body(model).encoder.layer = nn.ModuleList([old[at] for at in steps])
    model.config.num_hidden_layers = count


def _rows(layer: nn.Linear, rows: torch.Tensor) -> nn.Linear:
    made = nn.Linear(layer.in_features, len(rows))
    made.weight = nn.Parameter(layer.weight.detach()[rows].clone())
    made.bias = nn.Parameter(layer.bias.detach()[rows].clone())
    return made


def _columns(layer: nn.Linear, columns: torch.Tensor) -> nn.Linear:
    made = nn.Linear(len(columns), layer.out_features)
    made.weight = nn.Parameter(layer.weight.detach()[:, columns].clone())
    made.bias = nn.Parameter(layer.bias.detach().clone())
    return made
