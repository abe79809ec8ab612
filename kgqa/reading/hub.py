"""Extractive readers of the transformers library, from a folder or a hub name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import MissingExtra, ModelError
from kgqa.reading.extractive import Infer, Logits, ReaderSettings, SpanReader


class TransformersReader(SpanReader):
    """Any extractive question answering model of the BERT family, run by torch.

    Only safetensors are loaded, and no code that comes with the model is run.

    :param name: folder, or name on the hub.
    :param settings: how to cut and decode; those of the folder's card by default.
    :param device: ``"cpu"``, ``"cuda"``, or ``None`` for the GPU where there is one.
    :raises MissingExtra: torch or transformers is not installed.
    :raises ModelError: the model cannot be loaded, or has no fast tokenizer.
    """

    def __init__(self, name: str | Path, settings: ReaderSettings | None = None, device: str | None = None) -> None:
        try:
            import torch
            from transformers import AutoModelForQuestionAnswering, AutoTokenizer
        except ImportError as fault:
            raise MissingExtra(f"the reader {name}", "torch") from fault
        try:
            model = AutoModelForQuestionAnswering.from_pretrained(
                str(name), use_safetensors=True, trust_remote_code=False
            )
            tokenizer = AutoTokenizer.from_pretrained(
                str(name), use_fast=True, trust_remote_code=False
            ).backend_tokenizer
        except (OSError, ValueError, AttributeError, KeyError) as fault:
            reason = (str(fault).strip().splitlines() or [type(fault).__name__])[0]
            raise ModelError(f"{name}: cannot be loaded as an extractive reader ({reason})") from fault
        tokenizer.no_padding()
        tokenizer.no_truncation()
        place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        settings = settings or ReaderSettings.of(Path(name))
        print_ = f"{name}@{getattr(model.config, '_commit_hash', None) or 'local'}"
        super().__init__(torch_infer(model.to(place).eval(), place), tokenizer, settings, print_)


def torch_infer(model: Any, device: Any) -> Infer:
    """Return a function from model inputs to start and end logits."""
    import inspect

    import torch

    inner = (
        model.get_base_model() if hasattr(model, "get_base_model") else model
    )  # an adapter takes anything and passes it on
    wanted = set(inspect.signature(inner.forward).parameters)

    def infer(inputs: dict[str, NDArray[np.int64]]) -> tuple[Logits, Logits]:
        given = {name: torch.from_numpy(rows).to(device) for name, rows in inputs.items() if name in wanted}
        with torch.inference_mode():
            out = model(**given)
        return out.start_logits.float().cpu().numpy(), out.end_logits.float().cpu().numpy()

    return infer
