"""A folder with ``model.onnx``, ``tokenizer.json`` and ``card.json``, opened for running without torch.

Dynamic int8 quantisation takes the scale of its activations from the whole input tensor, so a text's result would
depend on its neighbours in a batch. Each text is therefore run alone, unpadded, by a session of one thread, and several
texts run at once on threads of their own. Measured on two cores with passages of 240 tokens: 51 a second this way, 28
in sorted, padded batches of 16 on a session of two threads; and rows are equal to the last bit in any batch.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from kgqa.errors import ModelError

CHARACTERS_PER_TOKEN = 64
"""Text beyond this many characters for each token that a model reads is cut before it is tokenised: a bound on work."""

_Row = NDArray[np.float32]


class OnnxModel:
    """A model whose inputs are the tokens of a text, or of two texts.

    :param folder: holds the three files.
    :param threads: texts run at once; the number of cores when ``None``.
    :raises ModelError: when a file is missing, malformed, or not what the card says.
    """

    def __init__(self, folder: Path, threads: int | None = None) -> None:
        self.folder = folder
        self.card = _read_card(folder)
        weights, words = _read(folder, "model.onnx", self.card), _read(folder, "tokenizer.json", self.card)
        self.hashes = tuple(hashlib.sha256(data).hexdigest() for data in (weights, words))
        self.max_length = int(self.card.get("max_length", 256))
        self._tokenizer = _open_tokenizer(words, folder, self.max_length)
        self._session = _open_session(weights, folder)
        self._inputs = {node.name for node in self._session.get_inputs()}
        self._threads = threads or len(os.sched_getaffinity(0))
        self._pool: ThreadPoolExecutor | None = None

    def tokenise(self, texts: Sequence[str] | Sequence[tuple[str, str]]) -> list[Encoding]:
        """Return the tokens of texts or pairs, cut to the length that the model reads."""
        limit = CHARACTERS_PER_TOKEN * self.max_length
        cut = [text[:limit] if isinstance(text, str) else (text[0][:limit], text[1][:limit]) for text in texts]
        found: list[Encoding] = self._tokenizer.encode_batch(cut)
        return found

    def has_token(self, word: str) -> bool:
        """Tell whether a word is one entry of the vocabulary."""
        return self._tokenizer.token_to_id(word) is not None

    def run(self, encodings: Sequence[Encoding]) -> list[_Row]:
        """Return the first output of each text, without the batch axis, in order."""
        if len(encodings) < 2 or self._threads < 2:
            return [self._one(encoding) for encoding in encodings]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="onnx")
        # The longest first: the last texts to finish are then short ones, and no thread is left waiting.
        order = sorted(range(len(encodings)), key=lambda i: -len(encodings[i].ids))
        rows: list[_Row | None] = [None] * len(encodings)
        for i, row in zip(order, self._pool.map(self._one, [encodings[i] for i in order]), strict=True):
            rows[i] = row
        return [row for row in rows if row is not None]

    def _one(self, encoding: Encoding) -> _Row:
        columns = {
            "input_ids": encoding.ids,
            "attention_mask": encoding.attention_mask,
            "token_type_ids": encoding.type_ids,
        }
        feed = {name: np.array([values], np.int64) for name, values in columns.items() if name in self._inputs}
        row: _Row = self._session.run(None, feed)[0][0]
        return row


def _read_card(folder: Path) -> dict[str, Any]:
    path = folder / "card.json"
    if not folder.is_dir():
        raise ModelError(
            f"model folder {folder} does not exist; name one with model.onnx, tokenizer.json and card.json"
        )
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as fault:
        raise ModelError(f"{path} is missing; export the model again") from fault
    except (OSError, ValueError) as fault:
        raise ModelError(f"{path} cannot be read ({fault}); export the model again") from fault
    if not isinstance(card, dict):
        raise ModelError(f"{path} is not an object; export the model again")
    return card


def _read(folder: Path, name: str, card: dict[str, Any]) -> bytes:
    try:
        data = (folder / name).read_bytes()
    except OSError as fault:
        raise ModelError(f"{folder / name} cannot be read ({fault.strerror}); export the model again") from fault
    said = card.get("files", {}).get(name, {}).get("sha256")
    found = hashlib.sha256(data).hexdigest()
    if said is not None and said != found:
        raise ModelError(f"{folder / name} has sha256 {found}, its card says {said}; export it again")
    return data


def _open_tokenizer(data: bytes, folder: Path, length: int) -> Tokenizer:
    tokenizer: Tokenizer = _guard(lambda: Tokenizer.from_buffer(data), folder / "tokenizer.json")
    tokenizer.no_padding()
    # Of a pair only the longer text is cut, so that a question is not lost to a long passage.
    tokenizer.enable_truncation(length, strategy="longest_first")
    return tokenizer


def _open_session(data: bytes, folder: Path) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    # Threads that spin while they wait cost tens of times the idle latency when other work shares the cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    return _guard(
        lambda: onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"]), folder / "model.onnx"
    )


def _guard(make: Callable[[], Any], path: Path) -> Any:
    try:
        return make()
    except Exception as fault:  # both libraries raise bare Exception subclasses of their own
        reason = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        raise ModelError(f"{path} cannot be opened ({reason}); export the model again") from fault
