"""Cross-encoders: passages ordered by reading each together with the question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from kgqa.errors import MissingExtra, ModelError
from kgqa.language import has_cjk
from kgqa.retrieval.onnx import OnnxModel
from kgqa.retrieval.text import headed_text
from kgqa.types import Hit


class CrossEncoderReranker:
    """A reranker folder run by ONNX Runtime: one logit for a question and a passage.

    The new score is a mean of the logits and the old scores, both stretched to [0, 1] over the list: a small
    cross-encoder then corrects the first ranking where it is sure, and does not undo it elsewhere.

    :param folder: holds ``model.onnx``, ``tokenizer.json`` and ``card.json``; the card's ``blend`` is the weight of the
        logits in the mean.
    :param threads: pairs read at once; the number of cores when ``None``.
    :raises ModelError: when the folder is not a sound reranker.
    """

    def __init__(self, folder: Path | str, *, threads: int | None = None, blend: float | None = None) -> None:
        self._model = OnnxModel(Path(folder), threads)
        card = self._model.card
        if card.get("kind") != "reranker":
            raise ModelError(f"{folder} is a model of kind {card.get('kind')!r}, expected 'reranker'")
        self.name = str(card.get("name", Path(folder).name))
        self.fingerprint = self._model.hashes[0]
        self._blend = float(card.get("blend", 1.0)) if blend is None else blend
        self.languages = frozenset(str(language) for language in card.get("languages", ()))

    def rerank(self, questions: Sequence[str], hits: Sequence[Sequence[Hit]]) -> list[list[Hit]]:
        """Return the same hits for each question in a new order; ``parts`` gains the logit as ``rerank``.

        A passage or a question in a language that the model was not trained on keeps its place and gains nothing.
        """
        read = [[self._reads(question, hit) for hit in row] for question, row in zip(questions, hits, strict=True)]
        pairs = [
            (question, headed_text(hit.passage))
            for question, row, can in zip(questions, hits, read, strict=True)
            for hit, known in zip(row, can, strict=True)
            if known
        ]
        logits = iter(
            [float(np.ravel(row)[0]) for row in self._model.run(self._model.tokenise(pairs))] if pairs else ()
        )
        given = [next(logits) if known else None for can in read for known in can]
        return _reordered(hits, given, self._blend, self.name)

    def _reads(self, question: str, hit: Hit) -> bool:
        if not self.languages or hit.passage.language not in ("en", "zh"):
            return True
        return hit.passage.language in self.languages and ("zh" in self.languages or not has_cjk(question))


class TransformersReranker:
    """A cross-encoder of sentence-transformers, by hub name or folder; safetensors only, and never its own code.

    :raises MissingExtra: when torch or sentence-transformers is not installed.
    :raises ModelError: when the model cannot be loaded safely.
    """

    def __init__(self, name: str | Path, *, max_length: int = 512, blend: float = 1.0) -> None:
        self.name = self.fingerprint = str(name)
        self._model = _load_cross_encoder(self.name, max_length)
        self._blend = blend

    def rerank(self, questions: Sequence[str], hits: Sequence[Sequence[Hit]]) -> list[list[Hit]]:
        """Return the same hits for each question in a new order; ``parts`` gains the logit as ``rerank``."""
        pairs = [
            (question, headed_text(hit.passage)) for question, row in zip(questions, hits, strict=True) for hit in row
        ]
        if not pairs:
            return [list(row) for row in hits]
        logits = self._model.predict(pairs, batch_size=16, show_progress_bar=False, convert_to_numpy=True)
        return _reordered(hits, [float(logit) for logit in np.ravel(logits)], self._blend, self.name)


def _reordered(
    hits: Sequence[Sequence[Hit]], logits: Sequence[float | None], blend: float, name: str
) -> list[list[Hit]]:
    if not np.isfinite([logit for logit in logits if logit is not None]).all():
        raise ModelError(f"reranker {name} returned NaN or infinity; use another model")
    result, start = [], 0
    for row in hits:
        own = list(logits[start : start + len(row)])
        start += len(row)
        old = _stretched([hit.score for hit in row])
        new = iter(_stretched([logit for logit in own if logit is not None]))
        mixed = [
            before if logit is None else blend * next(new) + (1.0 - blend) * before
            for before, logit in zip(old, own, strict=True)
        ]
        alone = [logit for logit in own if logit is not None]
        scores = alone if blend >= 1.0 and len(alone) == len(own) else mixed
        order = sorted(range(len(row)), key=lambda i: -scores[i])  # stable: ties keep their old order
        result.append([_scored(row[i], scores[i], own[i]) for i in order])
    return result


def _scored(hit: Hit, score: float, logit: float | None) -> Hit:
    parts = hit.parts if logit is None else {**hit.parts, "rerank": logit}
    return replace(hit, score=score, parts=parts)


def _stretched(scores: Sequence[float]) -> list[float]:
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return [(score - low) / (high - low) if high > low else 1.0 for score in scores]


def _load_cross_encoder(name: str, max_length: int) -> Any:
    try:
        import torch
        from sentence_transformers import CrossEncoder
    except ImportError as fault:
        raise MissingExtra(f"reranker {name}", "torch") from fault
    safe = {"use_safetensors": True, "trust_remote_code": False}
    try:
        return CrossEncoder(
            name,
            num_labels=1,
            max_length=max_length,
            trust_remote_code=False,
            model_kwargs=safe,
            activation_fn=torch.nn.Identity(),
        )
    except (OSError, ValueError) as fault:
        reason = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        raise ModelError(f"reranker {name} cannot be loaded ({reason}); name one with safetensors weights") from fault
