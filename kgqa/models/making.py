"""Models by the names that ``kb.toml`` and the command line give them: built-in, a folder, a store of versions, a hub's name.

The classes are imported when one of them is made, so that a program loads only what it uses.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from kgqa.errors import ModelError
from kgqa.models import BUILTIN
from kgqa.models.cards import CARD, read_card
from kgqa.models.registry import WEIGHTS, in_force

if TYPE_CHECKING:
    from kgqa.fusion import Calibration
    from kgqa.protocols import Composer, Encoder, Reader, Reranker


def make_encoder(name: str = BUILTIN) -> Encoder:
    """Return the built-in encoder, one from a folder with ONNX weights, or a sentence-transformers model by name."""
    from kgqa.retrieval.encoder import OnnxEncoder, SentenceTransformerEncoder

    folder = onnx_folder(name, "encoder")
    return OnnxEncoder(folder) if folder else SentenceTransformerEncoder(name)


def make_reader(name: str = BUILTIN, promoted: Path | None = None) -> Reader:
    """Return the built-in reader, one from a folder with ONNX weights, or any extractive transformers model by name.

    :param promoted: folder of a reader that takes the place of the built-in one.
    """
    from kgqa.reading.extractive import OnnxReader
    from kgqa.reading.forms import FormReader
    from kgqa.reading.lexical import LexicalReader, ScriptReader

    folder = onnx_folder(name, "reader")
    if name == BUILTIN and folder:
        # Passages in a script that the trained reader does not know are read by their words.
        reader = OnnxReader(promoted or folder)
        main = FormReader(reader, LexicalReader()) if "zh" in reader.languages else reader
        return ScriptReader(main, LexicalReader(), reader.languages)
    if folder:
        return OnnxReader(folder)
    from kgqa.reading.hub import TransformersReader

    return TransformersReader(name)


def make_reranker(name: str = BUILTIN, blend: float | None = None) -> Reranker | None:
    """Return the built-in reranker, one from a folder with ONNX weights, a cross-encoder by name, or for ``none`` none."""
    if name == "none":
        return None
    from kgqa.retrieval.rerank import CrossEncoderReranker, TransformersReranker

    folder = onnx_folder(name, "reranker")
    return CrossEncoderReranker(folder, blend=blend) if folder else TransformersReranker(name)


def make_composer(name: str) -> Composer | None:
    """Return a composer of a local generative model, of an OpenAI-compatible address, or for ``none`` none."""
    if name == "none":
        return None
    from kgqa.reading.generative import SupportedComposer, local_writer, service_writer

    return SupportedComposer(service_writer(name) if name.startswith(("http://", "https://")) else local_writer(name))


def load_calibration(name: str = BUILTIN) -> Calibration:
    """Return the built-in calibration, or that of a file that ``kgqa train calibrate`` wrote.

    :raises ModelError: the file is missing or is no calibration.
    """
    from kgqa.fusion import Calibration

    return Calibration.load(_calibration_file(name))


def calibration_mark(name: str = BUILTIN) -> str:
    """Return the hash of a calibration, without which nobody can tell why a confidence has changed.

    :raises ModelError: the file is missing.
    """
    file = _calibration_file(name)
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelError(f"{file}: not a calibration file ({error}); make one with: kgqa train calibrate") from error


def _calibration_file(name: str) -> Path:
    return WEIGHTS / "calibration.json" if name == BUILTIN else Path(name)


def onnx_folder(name: str, part: str) -> Path | None:
    """Return the folder of a model with ONNX weights, the version in force of a store; ``None`` where the name means no such.

    :param part: which of the built-in models is meant: ``encoder``, ``reader`` or ``reranker``.
    :raises ModelError: the name is the path of a folder that does not exist, or whose weights are missing.
    """
    if name == BUILTIN:
        return WEIGHTS / part
    folder = in_force(Path(name))
    if (folder / "model.onnx").is_file():
        return folder
    if _is_path(name) and not folder.is_dir():  # asked of a hub it would only be waited for
        raise ModelError(
            f"model folder {folder} does not exist; name one with model.onnx, tokenizer.json and card.json"
        )
    if (folder / CARD).is_file() and not (folder / "config.json").is_file():
        raise ModelError(f"{folder / 'model.onnx'} is missing; export the model again")
    return None


def _is_path(name: str) -> bool:
    """Tell whether a name can be no model's on a hub, which is ``model`` or ``owner/model``."""
    return name.startswith(("/", ".", "~")) or name.count("/") > 1


def fingerprint(folder: Path | None, name: str) -> str:
    """Return the hash of a model's weights as its card says it, or the name where there is no card."""
    if folder is None or not (folder / CARD).is_file():
        return name
    return read_card(folder).files.get("model.onnx", name)
