"""Static int8 quantisation: the ranges of activations are measured once, on calibration data, and written into the model.

Dynamic quantisation measures them in each run instead. Static saves that work, but a range that fits all texts fits each
one less well, and transformers have outliers; so dynamic is the default, and the table of both says what to choose.
"""

from __future__ import annotations

import io
import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from kgqa.evaluation.squad import draw, read_examples
from kgqa.reading.windows import WindowCutter
from kgqa.training.lean import lean

Inputs = dict[str, NDArray[np.int64]]
Method = Literal["minmax", "entropy", "percentile"]
METHODS: tuple[Method, ...] = ("minmax", "entropy", "percentile")


def calibration(files: Sequence[Path], tokenizer: Any, kind: str, most: int = 64, length: int = 256) -> list[Inputs]:
    """Return model inputs to measure ranges on, drawn from SQuAD files or plain text files.

    :param files: of SQuAD files a reader or reranker sees question and passage, an encoder each by itself; of a text file
        (``.txt``, ``.md``) each paragraph is a text.
    :param most: inputs that are drawn.
    :raises ValueError: there is nothing to draw from.
    """
    pairs: list[tuple[str, str]] = []
    for path in files:
        if path.suffix in (".txt", ".md"):
            parts = [part.strip() for part in path.read_text(encoding="utf-8").split("\n\n")]
            pairs += [("", part) for part in parts if part]
        else:
            pairs += [(e.question, e.context) for e in draw(read_examples(path), most)]
    if not pairs:
        raise ValueError("no calibration data; give SQuAD files or text files")
    pairs = [pairs[at] for at in np.random.default_rng(13).permutation(len(pairs))[:most]]
    if kind == "encoder":
        pairs = [("", text) for pair in pairs for text in pair if text][:most]
    cutter = WindowCutter(tokenizer, length, length // 4)
    return [_inputs(windows[0].ids, windows[0].context_at, kind) for windows in cutter.cut_many(pairs)]


def _inputs(ids: Sequence[int], context_at: int, kind: str) -> Inputs:
    if kind == "encoder":
        ids = (ids[0], *ids[context_at:])  # the cutter puts an empty question before the text
    row = np.array([ids], dtype=np.int64)
    kinds = np.zeros_like(row)
    if kind != "encoder":
        kinds[0, context_at:] = 1
    return {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": kinds}


class _Rows:
    """Calibration data as ONNX Runtime asks for it."""

    def __init__(self, rows: Sequence[Inputs], names: Sequence[str]) -> None:
        self._rows: Iterator[Inputs] = iter([{name: row[name] for name in names} for row in rows])

    def get_next(self) -> Inputs | None:
        """Return the next inputs, ``None`` after the last."""
        return next(self._rows, None)


def static_int8(rows: Sequence[Inputs], method: Method = "minmax") -> Callable[[Path, Path], None]:
    """Return what quantises an fp32 ONNX file statically.

    :param rows: calibration data, at least one row.
    :param method: how a range is taken from what was seen: all of it, the part that loses least information, or all but
        the rarest.
    """

    def quantise(plain: Path, target: Path) -> None:
        import onnx
        from onnxruntime.quantization import (
            CalibrationMethod,
            QuantFormat,
            QuantType,
            quantize_dynamic,
            quantize_static,
        )

        kinds = {
            "minmax": CalibrationMethod.MinMax,
            "entropy": CalibrationMethod.Entropy,
            "percentile": CalibrationMethod.Percentile,
        }
        with tempfile.TemporaryDirectory() as scratch, _quiet():
            idle, half = Path(scratch) / "lean.onnx", Path(scratch) / "half.onnx"
            lean(plain, idle)
            names = [node.name for node in onnx.load(idle).graph.input]
            quantize_static(
                idle,
                half,
                _Rows(rows if method == "minmax" else _equal(rows), names),
                quant_format=QuantFormat.QDQ,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                per_channel=True,
                op_types_to_quantize=["MatMul"],
                calibrate_method=kinds[method],
                extra_options={"MatMulConstBOnly": True},
            )
            # Tables of embeddings have no activations; only their numbers become small.
            quantize_dynamic(half, target, weight_type=QuantType.QInt8, op_types_to_quantize=["Gather"])

    return quantise


def not_at_all(plain: Path, target: Path) -> None:
    """Leave a model in fp32, for comparison."""
    lean(plain, target)


def _equal(rows: Sequence[Inputs]) -> list[Inputs]:
    """Return inputs of one length, as histograms are only made of such: the longer half, cut to the middle length."""
    size = sorted(row["input_ids"].shape[1] for row in rows)[len(rows) // 2]
    kept = [row for row in rows if row["input_ids"].shape[1] >= size]
    return [{name: values[:, :size] for name, values in row.items()} for row in kept]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what ONNX Runtime's quantiser prints and warns of to itself: it speaks to its own developers."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        root.setLevel(level)
