"""Trains how wordings ask for relations by their names, so that relations that no question of the training had are found too."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from kgqa.graph.likeness import (
    DIM,
    ROWS,
    SHARED,
    Likeness,
    Named,
    Wording,
    kinship,
    missing,
    named,
    shared,
    unexplained,
    wording,
)

_BATCH = 64
_DROPPED = 0.3
_HELD_OUT = 10  # the relations of one part of so many set scale and border
_NEAREST = 5  # the likeliest of so many wrong relations, less one, is what must be refused
_PASSED = 0.2  # share of questions for an absent relation that the likeliest of the wrong ones may answer
_MOST = 20_000
_FEW = 200  # fewer examples teach no words
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question whose relation is known.

    :param masked: the question with its mention as ``⟦0⟧``.
    :param values: what the relation has at the thing in question.
    """

    masked: str
    label: str
    values: tuple[str, ...]


def fit_likeness(
    examples: Sequence[Asked], epochs: int = 4, seed: int = 0, progress: Callable[[str], None] | None = None
) -> Likeness | None:
    """Train towers and weights on questions; ``None`` where there are too few, or all ask for one relation.

    Softmax over the relations of a batch, both ways, by Adagrad; scale and border are then fitted on relations that were
    left out, against the likeliest of a few wrong ones, so that 0 log-odds is where a refusal is as likely right as not.
    """
    order = np.random.default_rng(seed)
    chosen = [examples[k] for k in order.permutation(len(examples))[:_MOST]]
    labels = sorted({item.label for item in chosen})
    if len(chosen) < _FEW or len(labels) < 20:
        return None
    kept = {label for k, label in enumerate(order.permutation(labels)) if k % _HELD_OUT}
    learn = [item for item in chosen if item.label in kept]
    held = [item for item in chosen if item.label not in kept][:1000]
    towers = _Towers(order)
    data = _batches(learn, _BATCH, order)
    for epoch in range(epochs):
        loss = towers.epoch(data, order)
        if progress:
            progress(f"epoch {epoch + 1} of {epochs}: loss {loss:.3f}")
    return towers.scaled(_batches(held, _NEAREST, order))


@dataclass(frozen=True, slots=True)
class _Batch:
    """Questions and the relations that they ask for; each relation is a wrong one for the other questions.

    :param shared: shape (n, n, len(SHARED)); ``same`` tells which relations have the same name, shape (n, n).
    """

    asked: list[Rows]
    named: list[Rows]
    shared: Floats
    same: NDArray[np.bool_]


def _batches(items: Sequence[Asked], size: int, order: np.random.Generator) -> list[_Batch]:
    places = order.permutation(len(items))
    return [_batch([items[k] for k in places[start : start + size]]) for start in range(0, len(items), size)]


def _batch(items: Sequence[Asked]) -> _Batch:
    asked = [wording.__wrapped__(item.masked) for item in items]
    names = [named.__wrapped__(item.label, item.values) for item in items]
    labels = np.array([item.label for item in items])
    rows = [item.rows for item in asked], [item.rows for item in names]
    return _Batch(*rows, shared_table(asked, names), labels[:, None] == labels[None, :])


def shared_table(asked: Sequence[Wording], names: Sequence[Named]) -> Floats:
    """Return :func:`kgqa.graph.likeness.shared` of every pair, shape (n, m, len(SHARED))."""
    table = np.zeros((len(asked), len(names), len(SHARED)), np.float32)
    by_piece: dict[str, list[int]] = {}
    for m, name in enumerate(names):
        for piece in set(name.pieces):
            by_piece.setdefault(piece, []).append(m)
    for n, question in enumerate(asked):
        near = {m for piece in question.said for m in by_piece.get(piece, ())}
        for m, name in enumerate(names):
            table[n, m] = shared(question, name) if m in near or not name.pieces else _apart(question, name)
    return table


def _apart(question: Wording, name: Named) -> tuple[float, ...]:
    """Return what a question and a name share that have no piece in common."""
    return (
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        unexplained(question, name),
        missing(question, name),
        question.clipped,
        *kinship(question, name),
    )


class _Towers:
    """The two tables and the weights while they are learnt."""

    def __init__(self, order: np.random.Generator) -> None:
        self.asked: Floats = order.normal(0, 0.05, (ROWS, DIM)).astype(np.float32)
        self.named: Floats = order.normal(0, 0.05, (ROWS, DIM)).astype(np.float32)
        self.shared: Floats = np.array(Likeness().shared, np.float32)
        self._squares = [np.full((ROWS, 1), 1e-3, np.float32) for _ in range(2)]

    def epoch(self, data: Sequence[_Batch], order: np.random.Generator, rate: float = 0.05) -> float:
        """Go once through all questions; return the mean loss."""
        total = sum(self._step(data[k], order, rate) for k in order.permutation(len(data)).tolist())
        return total / max(1, sum(len(batch.asked) for batch in data))

    def _step(self, data: _Batch, order: np.random.Generator, rate: float) -> float:
        asked, names = _Bags(data.asked, order), _Bags(data.named, order)
        left, right = asked.sums(self.asked), names.sums(self.named)
        scores = left @ right.T + data.shared @ self.shared
        own = np.eye(len(scores), dtype=bool)
        scores[data.same & ~own] = -1e4
        slope, loss = _softmax_slope(scores, own)
        other, _ = _softmax_slope(scores.T, own)
        slope = (slope + other.T) * np.float32(0.5)
        self.shared -= np.einsum("nk,nkf->f", slope, data.shared).astype(np.float32) * np.float32(0.02 / len(own))
        self._move(0, self.asked, asked, slope @ right, rate)
        self._move(1, self.named, names, slope.T @ left, rate)
        return loss

    def _move(self, which: int, table: Floats, bags: _Bags, slopes: Floats, rate: float) -> None:
        rows, slope = bags.back(slopes)
        self._squares[which][rows] += (slope**2).mean(1, keepdims=True)
        table[rows] -= rate * slope / np.sqrt(self._squares[which][rows])

    def scaled(self, data: Sequence[_Batch]) -> Likeness:
        """Return the model with the scale and border that fit what was left out."""
        right, wrong = [], []
        for batch in data:
            left, names = _Bags(batch.asked).sums(self.asked), _Bags(batch.named).sums(self.named)
            scores = left @ names.T + batch.shared @ self.shared
            right.append(np.diag(scores))
            wrong.append(np.where(batch.same, -1e4, scores).max(1))
        scale, bias = _border(np.concatenate(right).astype(np.float64), np.concatenate(wrong).astype(np.float64))
        return Likeness(tuple((scale * self.shared).tolist()), bias, self.asked * np.float32(scale), self.named)


def _softmax_slope(scores: Floats, own: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Return the slope of the loss of picking the own column in each row, and the loss summed over rows."""
    chances = np.exp(scores - scores.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    loss = float(-np.log(chances[own] + 1e-9).sum())
    slope: Floats = (chances - own).astype(np.float32)
    return slope, loss


class _Bags:
    """Bags of rows, summed and divided by the root of their number."""

    def __init__(self, bags: Sequence[Rows], order: np.random.Generator | None = None) -> None:
        if order is not None:  # some are dropped in training, so that no single n-gram decides
            bags = [bag[order.random(len(bag)) >= _DROPPED] for bag in bags]
        self._sizes = np.array([max(1, len(bag)) for bag in bags])
        self._rows = np.concatenate([bag if len(bag) else np.zeros(1, np.int64) for bag in bags])
        self._starts = np.concatenate([[0], np.cumsum(self._sizes)[:-1]])
        self._roots = np.sqrt(self._sizes).astype(np.float32)[:, None]

    def sums(self, table: Floats) -> Floats:
        """Return the vector of each bag."""
        found: Floats = np.add.reduceat(table[self._rows], self._starts, axis=0) / self._roots
        return found

    def back(self, slopes: Floats) -> tuple[Rows, Floats]:
        """Return the rows that are used, and the slope of each."""
        each = np.repeat(slopes / self._roots, self._sizes, axis=0)
        order = np.argsort(self._rows, kind="stable")
        rows, starts = np.unique(self._rows[order], return_index=True)
        return rows, np.add.reduceat(each[order], starts, axis=0)


def _border(right: NDArray[np.float64], wrong: NDArray[np.float64]) -> tuple[float, float]:
    """Return scale and bias so that even odds lie where few wrong relations pass, or lower where right and wrong are balanced."""
    scale, bias = _platt(right, wrong)
    return scale, max(bias, -scale * float(np.quantile(wrong, 1.0 - _PASSED)))


def _platt(right: NDArray[np.float64], wrong: NDArray[np.float64]) -> tuple[float, float]:
    """Return scale and bias of the log-odds that a score belongs to a right pair."""

    def loss(at: NDArray[np.float64]) -> float:
        scale, bias = at
        return float(np.logaddexp(0, -(scale * right + bias)).mean() + np.logaddexp(0, scale * wrong + bias).mean())

    found = minimize(loss, np.array([1.0, -2.0]), method="L-BFGS-B", bounds=[(0.05, 5.0), (-20.0, 20.0)])
    return float(found.x[0]), float(found.x[1])
