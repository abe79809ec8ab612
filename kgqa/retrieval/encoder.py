"""Text to unit vectors: the built-in ONNX encoder, and any sentence-transformers model."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kgqa.errors import MissingExtra, ModelError
from kgqa.protocols import Role
from kgqa.retrieval.onnx import OnnxModel
from kgqa.types import Vectors

REMEMBERED = 20_000
"""Texts whose rows are kept: about 40 MB."""
SHORT = 400
"""Characters of a text whose row is kept; passages are longer and do not come again."""


class OnnxEncoder:
    """An encoder folder run by ONNX Runtime; the same text gives the same row in any batch, to the last bit.

    :ivar languages: what it was trained on; empty when the card does not say.
    :param folder: holds ``model.onnx`` (one pooled row per text), ``tokenizer.json`` and ``card.json``.
    :param threads: texts encoded at once; the number of cores when ``None``.
    :raises ModelError: when the folder is not a sound encoder.
    """

    def __init__(self, folder: Path | str, *, threads: int | None = None) -> None:
        self._model = OnnxModel(Path(folder), threads)
        card = self._model.card
        if card.get("kind") != "encoder":
            raise ModelError(f"{folder} is a model of kind {card.get('kind')!r}, expected 'encoder'")
        self.name = str(card.get("name", Path(folder).name))
        self.languages = tuple(str(language) for language in card.get("languages", ()))
        self._dim = int(card["dim"])
        self._memory = _Memory()
        self._prefix = {"query": str(card.get("query_prefix", "")), "passage": str(card.get("passage_prefix", ""))}
        self._fingerprint = _fingerprint(
            hashes=self._model.hashes,
            pooling=card.get("pooling", "mean"),
            normalise=True,
            prefix=self._prefix,
            max_length=self._model.max_length,
            dim=self._dim,
        )

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    @property
    def fingerprint(self) -> str:
        """SHA-256 over weights, tokenizer, pooling, normalisation, prefixes, length and dimension."""
        return self._fingerprint

    def everyday(self, words: Sequence[str]) -> list[bool]:
        """Tell for each word whether it is so common that the model's vocabulary has it whole; few names are."""
        return [self._model.has_token(word.lower()) for word in words]

    def encode(self, texts: Sequence[str], role: Role = "passage") -> Vectors:
        """Return unit rows, shape (len(texts), dim), float32."""
        if not texts:
            return np.zeros((0, self._dim), np.float32)
        prefix = self._prefix[role]
        return self._memory.rows([prefix + text for text in texts], self._encode)

    def forget(self) -> None:
        """Drop what is remembered of earlier texts, as after a document is removed."""
        self._memory.clear()

    def _encode(self, texts: list[str]) -> Vectors:
        return unit_rows(np.stack(self._model.run(self._model.tokenise(texts))), self.name)


class _Memory:
    """Rows of short texts (questions, sentences, names) that come again; safe to use from several threads.

    A text has the same row in any batch, so what is remembered is what would be computed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: OrderedDict[str, Vectors] = OrderedDict()

    def rows(self, texts: list[str], encode: Callable[[list[str]], Vectors]) -> Vectors:
        """Return the rows of texts; those that are not remembered are encoded, each once."""
        with self._lock:
            known = {text: self._rows[text] for text in texts if text in self._rows}
            for text in known:
                self._rows.move_to_end(text)
        new = list(dict.fromkeys(text for text in texts if text not in known))
        if new:
            known.update(zip(new, encode(new), strict=True))
            self._keep([text for text in new if len(text) <= SHORT], known)
        return np.stack([known[text] for text in texts])

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._rows.clear()

    def _keep(self, texts: list[str], rows: dict[str, Vectors]) -> None:
        with self._lock:
            for text in texts:
                # A copy: a row of a large result would keep all of it.
                self._rows[text] = rows[text].copy()
            while len(self._rows) > REMEMBERED:
                self._rows.popitem(last=False)


class SentenceTransformerEncoder:
    """A model of sentence-transformers, by hub name or folder; safetensors only, and never its own code.

    Rows of one text in two batches differ by no more than rounding (about 1e-7), as padding is masked.

    :param name: hub name or folder.
    :param prefixes: texts set before a query and a passage; the model's own prompts when ``None``.
    :raises MissingExtra: when torch or sentence-transformers is not installed.
    :raises ModelError: when the model cannot be loaded safely.
    """

    def __init__(self, name: str | Path, *, max_length: int = 256, prefixes: tuple[str, str] | None = None) -> None:
        self._model = _load_sentence_transformer(str(name))
        self.name = str(name)
        self._model.max_seq_length = min(max_length, int(self._model.max_seq_length or max_length))
        prompts = dict(self._model.prompts or {})
        own = (prompts.get("query", ""), prompts.get("passage", prompts.get("document", "")))
        query, passage = prefixes if prefixes is not None else own
        self._prefix = {"query": query or "", "passage": passage or ""}
        self._dim = int(_dimension(self._model))
        self._fingerprint = _fingerprint(
            hashes=_tensor_hashes(self._model),
            pooling=[str(module) for module in list(self._model)[1:]],
            normalise=True,
            prefix=self._prefix,
            max_length=self._model.max_seq_length,
            dim=self._dim,
        )

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return self._dim

    @property
    def fingerprint(self) -> str:
        """SHA-256 over weights, tokenizer, pooling, normalisation, prefixes, length and dimension."""
        return self._fingerprint

    def encode(self, texts: Sequence[str], role: Role = "passage") -> Vectors:
        """Return unit rows, shape (len(texts), dim), float32."""
        if not texts:
            return np.zeros((0, self._dim), np.float32)
        whole = [self._prefix[role] + text for text in texts]
        # prompt="" keeps the library from adding a default prompt of its own before ours.
        rows = self._model.encode(whole, prompt="", batch_size=32, convert_to_numpy=True, show_progress_bar=False)
        return unit_rows(np.asarray(rows, np.float32), self.name)


def unit_rows(rows: Vectors, name: str) -> Vectors:
    """Return rows divided by their length.

    :raises ModelError: when a row is zero, NaN or infinite: the model is broken, and its vectors must not be indexed.
    """
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    if not (np.isfinite(norms).all() and (norms > 0).all()):
        raise ModelError(f"encoder {name} returned a zero, NaN or infinite vector; use another model")
    return np.ascontiguousarray(rows / norms, np.float32)


def _fingerprint(**parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _load_sentence_transformer(name: str) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as fault:
        raise MissingExtra(f"encoder {name}", "torch") from fault
    try:
        safe = {"use_safetensors": True, "trust_remote_code": False}
        return SentenceTransformer(name, trust_remote_code=False, model_kwargs=safe)
    except (OSError, ValueError) as fault:
        reason = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        raise ModelError(f"encoder {name} cannot be loaded ({reason}); name one with safetensors weights") from fault


def _dimension(model: Any) -> int:
    method = getattr(model, "get_embedding_dimension", None) or model.get_sentence_embedding_dimension
    return int(method())


def _tensor_hashes(model: Any) -> list[str]:
    digest = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        digest.update(key.encode())
        digest.update(tensor.detach().cpu().contiguous().float().numpy().tobytes())
    tokenizer = getattr(model, "tokenizer", None)
    inner = getattr(tokenizer, "backend_tokenizer", None)
    words = inner.to_str() if inner is not None else repr(tokenizer)
    return [digest.hexdigest(), hashlib.sha256(words.encode()).hexdigest()]
