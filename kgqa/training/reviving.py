"""From an int8 ONNX folder back to a torch model, so that a model that ships as int8 can be trained further.

The weights are the int8 numbers times their scales: what rounding took is not given back, and training makes up for it.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import MissingExtra, ModelError
from kgqa.training.export import base_folder

_ROOT = "inner"
"""Every exported model is the ``inner`` one of a module that picks its outputs."""


@lru_cache(maxsize=8)
def revived(folder: Path) -> Path:
    """Return a torch model folder made of an ONNX folder; it lives as long as the program.

    :raises ModelError: the folder's model was not exported by kgqa, or is of another family than BERT.
    """
    weights = read_weights(folder)
    target = Path(tempfile.mkdtemp(prefix="kgqa-base-"))
    atexit.register(shutil.rmtree, target, ignore_errors=True)
    _write(weights, target / "model.safetensors")
    config = _config(folder, weights)
    (target / "config.json").write_text(json.dumps(config), encoding="utf-8")
    shutil.copyfile(folder / "tokenizer.json", target / "tokenizer.json")
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    said = {"tokenizer_class": "PreTrainedTokenizerFast", **special}
    (target / "tokenizer_config.json").write_text(json.dumps(said), encoding="utf-8")
    return target


def read_weights(folder: Path) -> dict[str, NDArray[np.float32]]:
    """Return the weights of an ONNX model by the names that transformers gives them.

    :raises ModelError: the file is missing, or names of its steps do not tell what they belong to.
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as fault:
        raise MissingExtra("a base of int8 ONNX", "torch") from fault
    path = folder / "model.onnx"
    if not path.is_file():
        raise ModelError(f"{path}: no such file; give a folder that training wrote or a transformers folder")
    graph = onnx.load(str(path)).graph
    stored = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    found: dict[str, NDArray[np.float32]] = {}
    for node in graph.node:
        parts = node.name.strip("/").split("/")
        if parts[0] == _ROOT and len(parts) > 2:
            found.update(_of(node, ".".join(parts[1:-1]), parts[-1], stored))
    linear = [name for name, value in found.items() if name.endswith(".weight") and "embeddings." not in name]
    whole = all(name.replace(".weight", ".bias") in found for name in linear)
    if not whole or not any(name.endswith("word_embeddings.weight") for name in found):
        raise ModelError(f"{path}: its steps have no names that tell their weights; start from the torch model instead")
    return found


def _of(node: Any, module: str, step: str, stored: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """Return the weights that one step holds."""
    inputs, kind = list(node.input), node.op_type
    if kind == "LayerNormalization":
        names = (f"{module}.weight", f"{module}.bias")
        return {name: _float(stored[key]) for name, key in zip(names, inputs[1:3], strict=False) if key in stored}
    if kind == "Gemm":
        turned = any(a.name == "transB" and a.i for a in node.attribute)
        weight = _float(stored[inputs[1]])
        return {f"{module}.weight": weight if turned else weight.T.copy(), f"{module}.bias": _float(stored[inputs[2]])}
    if kind in ("MatMul", "MatMulInteger") and inputs[1] in stored:
        return {f"{module}.weight": _whole(inputs[1], stored).T.copy()}
    if kind == "Gather" and inputs[0] in stored and module.endswith("_embeddings"):
        return {f"{module}.weight": _whole(inputs[0], stored)}
    if kind == "Add" and step in ("Add", "Gemm_Add"):
        bias = next((key for key in inputs if key in stored and stored[key].ndim == 1), None)
        return {f"{module}.bias": _float(stored[bias])} if bias is not None else {}
    return {}


def _whole(name: str, stored: Mapping[str, NDArray[Any]]) -> NDArray[np.float32]:
    """Return a matrix, dequantised where it is quantised; scales are of the whole or of each column."""
    values = stored[name]
    if not name.endswith("_quantized"):
        return _float(values)
    stem = name.removesuffix("_quantized")
    zero = stored.get(f"{stem}_zero_point", np.zeros(1, values.dtype))
    return _float((values.astype(np.float32) - zero.astype(np.float32)) * stored[f"{stem}_scale"])


def _float(values: NDArray[Any]) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, np.float32)


def _config(folder: Path, weights: Mapping[str, NDArray[np.float32]]) -> dict[str, Any]:
    """Return the configuration: sizes from the weights, the rest from the card, or from the base that built-in models have."""
    card = json.loads((folder / "card.json").read_text(encoding="utf-8")) if (folder / "card.json").is_file() else {}
    known = card.get("architecture") or json.loads((base_folder() / "config.json").read_text(encoding="utf-8"))
    by_end = {".".join(name.split(".")[-2:]): value for name, value in weights.items() if "embeddings." in name}
    layers = {int(name.split(".layer.")[1].split(".")[0]) for name in weights if ".layer." in name}
    words, places = by_end["word_embeddings.weight"], by_end["position_embeddings.weight"]
    inner = next(value for name, value in weights.items() if name.endswith("intermediate.dense.weight"))
    sizes = {
        "vocab_size": len(words),
        "hidden_size": words.shape[1],
        "max_position_embeddings": len(places),
        "num_hidden_layers": len(layers),
        "intermediate_size": len(inner),
        "type_vocab_size": len(by_end["token_type_embeddings.weight"]),
    }
    query = next(value for name, value in weights.items() if name.endswith("self.query.weight"))
    if query.shape != (words.shape[1], words.shape[1]):
        raise ModelError(f"{folder}: heads were taken out of its attention; start from the torch model instead")
    return {**known, **sizes}


def _write(weights: Mapping[str, NDArray[np.float32]], path: Path) -> None:
    from safetensors.numpy import save_file

    save_file(dict(weights), str(path), metadata={"format": "pt"})
