"""Extractive readers: mark the answer in passages.

:class:`OnnxReader` is the default and needs neither torch nor transformers. Both readers share cutting and decoding in
:class:`SpanReader`; they differ only in who computes the logits.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import ModelError
from kgqa.reading.spans import Decoding, Mark, disjoint, length_sorted, marks, shared
from kgqa.reading.windows import Window, WindowCutter
from kgqa.types import Passage, Span

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Logits = NDArray[np.float32]
Infer = Callable[[dict[str, NDArray[np.int64]]], tuple[Logits, Logits]]
"""From model inputs, each of shape (batch, tokens), to start and end logits of that shape."""
_LONG, _TOP = 2, 40
"""Where spans are picked by what they share: how much longer they may be, and how many of a window are weighed."""


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """What a model's card says about how to run it.

    :param length: tokens in a window.
    :param overlap: tokens that neighbouring windows share.
    :param batch: windows of one forward pass.
    :param unknown: a passage with a larger share of unknown tokens is not read: the model cannot see what it says.
    :param titles: put title and heading before the passage's text; no answer is marked in them.
    :param borders: thresholds of passages in these languages, instead of ``threshold``.
    :param shared: temperatures with which spans of passages in these languages are picked by what they are expected to
        share with the answer (:func:`kgqa.reading.spans.shared`); such spans may be long.
    """

    length: int = 256
    overlap: int = 64
    batch: int = 8
    longest: int = 30
    threshold: float = 0.0
    unknown: float = 0.4
    titles: bool = False
    borders: Mapping[str, float] = field(default_factory=dict)
    shared: Mapping[str, float] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, folder: Path) -> ReaderSettings:
        """Read the settings of a model folder; what its card does not say has the default.

        :raises ModelError: the card is not JSON or a setting has the wrong type.
        """
        path = folder / "card.json"
        if not path.exists():
            return cls()
        try:
            given = json.loads(path.read_text(encoding="utf-8")).get("settings", {})
            return cls(**{name: type(getattr(cls(), name))(value) for name, value in given.items()})
        except (ValueError, TypeError, AttributeError) as error:
            raise ModelError(f"{path}: settings cannot be used ({error}); repair the card or train again") from error


class SpanReader:
    """Cuts, batches and decodes; the logits come from ``infer``.

    :param infer: the model.
    :param fingerprint: identifies weights and settings.
    """

    def __init__(self, infer: Infer, tokenizer: Tokenizer, settings: ReaderSettings, fingerprint: str = "") -> None:
        self._infer = infer
        self._settings = settings
        self._cutter = WindowCutter(tokenizer, settings.length, settings.overlap)
        self._pad = tokenizer.token_to_id("[PAD]") or 0
        self._unknown = tokenizer.token_to_id("[UNK]")
        self._decoding = Decoding(settings.longest, threshold=settings.threshold)
        self._languages = {name: _decoding(settings, name) for name in (*settings.borders, *settings.shared)}
        self.fingerprint = fingerprint

    def read(
        self, questions: Sequence[str], passages: Sequence[Sequence[Passage]], n_best: int = 5
    ) -> list[list[Span]]:
        """Return the best spans over all passages of each question, best first, at most ``n_best``."""
        pairs = [(row, passage) for row, group in enumerate(passages) for passage in group]
        found: list[list[Span]] = [[] for _ in questions]
        for (row, _), best in zip(pairs, self.read_pairs([(questions[r], p) for r, p in pairs], n_best), strict=True):
            found[row].extend(best)
        return [sorted(spans, key=_order)[:n_best] for spans in found]

    def read_pairs(self, pairs: Sequence[tuple[str, Passage]], n_best: int = 5) -> list[list[Span]]:
        """Return for each question and passage the passage's best spans, best first; they do not overlap."""
        heads = [_head(passage) if self._settings.titles else "" for _, passage in pairs]
        texts = [(question, head + passage.text) for (question, passage), head in zip(pairs, heads, strict=True)]
        cut = [self._readable(windows) for windows in self._cutter.cut_many(texts)]
        flat = [window for windows in cut for window in windows]
        logits = self._logits(flat)
        at, out = 0, []
        for (_, passage), head, windows in zip(pairs, heads, cut, strict=True):
            found: list[Mark] = []
            decoding = self._languages.get(passage.language, self._decoding)
            for window, (start, end) in zip(windows, logits[at : at + len(windows)], strict=True):
                found.extend(marks(start, end, window, decoding, len(head)))
            at += len(windows)
            whole = head + passage.text
            found = [mark for mark in found if not _BREAK.search(whole, mark.start, mark.end)] or found
            heat = decoding.temperature
            best = shared(found, n_best, heat) if heat > 0 else disjoint(found, n_best)
            out.append([_span(passage, mark, len(head)) for mark in best])
        return out

    def _readable(self, windows: list[Window]) -> list[Window]:
        tokens = [token for window in windows for token in window.ids[window.context_at : -1]]
        unknown = tokens.count(self._unknown) if self._unknown is not None else 0
        return windows if tokens and unknown <= self._settings.unknown * len(tokens) else []

    def _logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        out: dict[int, tuple[Logits, Logits]] = {}
        for rows in length_sorted(windows, self._settings.batch):
            start, end = self._infer(model_inputs([windows[row] for row in rows], self._pad))
            out.update({row: (start[i], end[i]) for i, row in enumerate(rows)})
        return [out[row] for row in range(len(windows))]


class OnnxReader(SpanReader):
    """Reader from a model folder: ``model.onnx``, ``tokenizer.json`` and ``card.json``.

    Each window is run alone: dynamic int8 quantisation takes the scale of its activations from the whole input, so in a
    batch an answer's score would depend on its neighbours. Several windows run at once on threads of their own, which is
    also faster than padded batches.

    :param folder: the model folder.
    :param threads: windows run at once; the number of cores when ``None``.
    :ivar languages: what its card says that it was trained on; empty when it does not say.
    :raises ModelError: a file is missing, is not what it should be, or has another hash than the card says.
    """

    def __init__(self, folder: Path | str, threads: int | None = None) -> None:
        folder = Path(folder)
        self.languages = _languages(folder)
        settings = ReaderSettings.of(folder)
        fingerprint = _fingerprint(folder, settings)  # before anything opens the files
        super().__init__(onnx_infer(folder / "model.onnx"), load_tokenizer(folder), settings, fingerprint)
        self._threads = threads or len(os.sched_getaffinity(0))
        self._pool: ThreadPoolExecutor | None = None

    def _logits(self, windows: Sequence[Window]) -> list[tuple[Logits, Logits]]:
        if len(windows) < 2 or self._threads < 2:
            return [self._alone(window) for window in windows]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="reader")
        # The longest first: the last windows to finish are then short ones, and no thread is left waiting.
        order = sorted(range(len(windows)), key=lambda at: -len(windows[at].ids))
        found = dict(zip(order, self._pool.map(self._alone, [windows[at] for at in order]), strict=True))
        return [found[at] for at in range(len(windows))]

    def _alone(self, window: Window) -> tuple[Logits, Logits]:
        start, end = self._infer(model_inputs([window], self._pad))
        return start[0], end[0]


def model_inputs(windows: Sequence[Window], pad: int) -> dict[str, NDArray[np.int64]]:
    """Return ids, mask and segment ids of windows, each of shape (windows, longest window)."""
    shape = (len(windows), max(len(window.ids) for window in windows))
    ids = np.full(shape, pad, dtype=np.int64)
    mask = np.zeros(shape, dtype=np.int64)
    kinds = np.zeros(shape, dtype=np.int64)
    for row, window in enumerate(windows):
        size = len(window.ids)
        ids[row, :size] = window.ids
        mask[row, :size] = 1
        kinds[row, window.context_at : size] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds}


def onnx_infer(path: Path) -> Infer:
    """Open an ONNX model with outputs ``start_logits`` and ``end_logits``.

    :raises ModelError: the file is missing or cannot be opened.
    """
    import onnxruntime

    if not path.exists():
        raise ModelError(f"{path}: no such file; a reader folder holds model.onnx, tokenizer.json and card.json")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # windows run side by side instead
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own without a common base
        raise ModelError(f"{path}: cannot be opened as an ONNX model ({_first_line(error)})") from error
    wanted = {node.name for node in session.get_inputs()}

    def infer(inputs: dict[str, NDArray[np.int64]]) -> tuple[Logits, Logits]:
        start, end = session.run(["start_logits", "end_logits"], {k: v for k, v in inputs.items() if k in wanted})
        return start, end

    return infer


def load_tokenizer(folder: Path | str) -> Tokenizer:
    """Load the tokenizer of a model folder, without padding and truncation.

    :raises ModelError: the file is missing or is not a tokenizer.
    """
    from tokenizers import Tokenizer

    path = Path(folder) / "tokenizer.json"
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare Exception
        raise ModelError(f"{path}: cannot be read as a tokenizer ({_first_line(error)})") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


_BREAK = re.compile(r"\n[ \t]*\n|\n#{1,6} |\n(?:={3,}|-{3,})\s")
"""What no answer goes across: the end of a paragraph or a heading."""


def _decoding(settings: ReaderSettings, language: str) -> Decoding:
    border = float(settings.borders.get(language, settings.threshold))
    if language not in settings.shared:
        return Decoding(settings.longest, threshold=border)
    return Decoding(_LONG * settings.longest, _TOP, border, float(settings.shared[language]))


def _head(passage: Passage) -> str:
    parts = [part for part in (passage.title, passage.heading) if part]
    return " > ".join(parts) + ": " if parts else ""


def _span(passage: Passage, mark: Mark, skip: int) -> Span:
    start, end = mark.start - skip, mark.end - skip
    return Span(passage, passage.start + start, passage.start + end, passage.text[start:end], mark.score)


def _order(span: Span) -> tuple[float, str, int]:
    return -span.score, span.passage.id, span.start


def _languages(folder: Path) -> frozenset[str]:
    try:
        said = json.loads((folder / "card.json").read_text(encoding="utf-8")).get("languages", ())
    except (OSError, ValueError, AttributeError):
        return frozenset()  # what is wrong with the card is said where its settings are read
    return frozenset(map(str, said))


def _fingerprint(folder: Path, settings: ReaderSettings) -> str:
    """Return what identifies a reader, after a check of its files against the hashes in its card."""
    said = _said_hashes(folder)
    digest = hashlib.sha256()
    for name in ("model.onnx", "tokenizer.json"):
        if not (folder / name).is_file():
            raise ModelError(
                f"{folder / name}: no such file; a reader folder holds model.onnx, tokenizer.json and card.json"
            )
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if said.get(name, found) != found:
            raise ModelError(
                f"{folder / name} has sha256 {found}, its card says {said[name]}; it was changed or swapped"
            )
        digest.update(found.encode())
    digest.update(repr(settings).encode())
    if settings.shared:
        digest.update(repr(sorted(settings.shared.items())).encode())
    return digest.hexdigest()[:16]


def _said_hashes(folder: Path) -> dict[str, str]:
    path = folder / "card.json"
    files = json.loads(path.read_text(encoding="utf-8")).get("files") if path.exists() else None
    known = files if isinstance(files, dict) else {}
    return {
        name: str(entry["sha256"]) for name, entry in known.items() if isinstance(entry, dict) and "sha256" in entry
    }


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
