"""Where training starts and what it leaves: torch model folders with safetensors, never pickles, never foreign code."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from kgqa.errors import MissingExtra, ModelError
from kgqa.models.cards import read_card
from kgqa.models.registry import builtin, in_force
from kgqa.training.adapters import foldable
from kgqa.training.export import base_folder
from kgqa.training.loop import seed_everything
from kgqa.training.reviving import revived

_BUILTIN = {"AutoModelForQuestionAnswering": "reader", "AutoModelForSequenceClassification": "reranker"}


def load_base(kind: str, base: str | Path | None, seed: int = 13, **options: Any) -> tuple[Any, Path]:
    """Load a model to train.

    :param kind: name of the transformers class, as ``AutoModelForQuestionAnswering``.
    :param base: model folder, a store of versions, a name on a hub (``owner/name``), or ``builtin`` for the built-in model
        of this kind; the built-in base weights when ``None``. A folder that training wrote keeps its torch model in
        ``torch/``, which is then used; int8 ONNX is turned back (:mod:`kgqa.training.reviving`).
    :param seed: fixes the first weights of a new task head.
    :returns: the model in fp32 without dropout (short training of a small model gains nothing from it), and its folder.
    :raises ModelError: the folder has no safetensors or cannot be loaded.
    """
    try:
        import transformers
    except ImportError as fault:
        raise MissingExtra("training", "torch") from fault
    folder = base_folder() if base is None else _folder(str(base), kind)
    folder = folder / "torch" if (folder / "torch" / "config.json").exists() else folder
    if (folder / "model.onnx").exists() and not (folder / "model.safetensors").exists():
        folder = revived(folder.resolve())
    if not (folder / "model.safetensors").exists():
        raise ModelError(f"{folder}: no model.safetensors; give a folder that training wrote or a transformers folder")
    seed_everything(seed)  # a new task head is drawn at random here, before the run sets its own seed
    level = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()  # it reports every new head as a possible mistake
    transformers.logging.disable_progress_bar()
    try:
        model = getattr(transformers, kind).from_pretrained(
            folder,
            use_safetensors=True,
            trust_remote_code=False,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            **options,
        )
    except (OSError, ValueError, TypeError) as fault:
        raise ModelError(f"{folder}: cannot be loaded ({str(fault).splitlines()[0]})") from fault
    finally:
        transformers.logging.set_verbosity(level)
    return model, folder


def base_name(kind: str, base: str | Path | None) -> str:
    """Return what a card says of the model that training started from."""
    if base is None:
        return "all-MiniLM-L6-v2"
    if str(base) != "builtin":
        return str(base)
    card = read_card(_folder("builtin", kind))
    return f"{card.name}, model.onnx sha256 {card.files.get('model.onnx', '')}"


def started_from(kind: str, base: str | Path | None) -> Path | None:
    """Return the folder that a base stands for, where it has a card; ``None`` where it has none."""
    folder = None if base is None else _folder(str(base), kind)
    return folder if folder is not None and (folder / "card.json").is_file() else None


def knows(kind: str, task: str, base: str | Path | None) -> bool:
    """Tell whether a base has a card that says it is a model of this task already.

    :param task: ``reader``, ``encoder`` or ``reranker``.
    """
    folder = started_from(kind, base)
    return folder is not None and read_card(folder).kind == task


def _folder(name: str, kind: str) -> Path:
    """Return a model's folder; what is no folder here and has the form ``owner/name`` is fetched from the hub."""
    if name == "builtin":
        return builtin(_BUILTIN.get(kind, "encoder"))
    if Path(name).is_dir() or not re.fullmatch(r"[\w.-]+/[\w.-]+", name) or name.startswith("."):
        return in_force(Path(name))
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=["*.safetensors", "*.json", "*.txt"]))
    except Exception as fault:  # the hub's client raises errors of its own and of several others
        reason = (str(fault).strip().splitlines() or [type(fault).__name__])[0]
        raise ModelError(f"{name}: no folder here, and the hub does not give it ({reason})") from fault


def save_torch(model: Any, source: Path, folder: Path) -> None:
    """Write a model as safetensors with its configuration and tokenizer, whole or not at all.

    A prefix cannot be folded into weights: of such a model only the adapter is written, to ``adapter`` beside ``folder``.
    """
    if not foldable(model):
        model.save_pretrained(folder.with_name("adapter"))
        return
    fresh = folder.with_name(folder.name + ".tmp")
    shutil.rmtree(fresh, ignore_errors=True)
    model.save_pretrained(fresh)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        if (source / name).exists():
            shutil.copyfile(source / name, fresh / name)
    shutil.rmtree(folder, ignore_errors=True)
    fresh.replace(folder)


def freeze(model: Any, layers: int, *, words: bool) -> None:
    """Keep the lowest encoder layers, and the word embeddings, as they are.

    :param layers: number of layers from the bottom; position and type embeddings are frozen with the first.
    """
    for name, parameter in model.named_parameters():
        found = name.split(".layer.")[1].split(".")[0] if ".layer." in name else ""
        low = found.isdigit() and int(found) < layers
        embedding = ".embeddings." in name or name.startswith("embeddings.")
        if low or (embedding and layers > 0) or (words and "word_embeddings" in name):
            parameter.requires_grad = False
