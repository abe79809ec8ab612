"""Back-translation: a question goes to another language and comes back in other words (Sennrich, Haddow and Birch 2016).

Any sequence-to-sequence model of transformers will do, two of one direction each, in folders with safetensors and
``tokenizer.json``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgqa.errors import MissingExtra, ModelError

Translate = Callable[[Sequence[str]], list[str]]


@dataclass(frozen=True, slots=True)
class BackTranslation:
    """There and back.

    :param there: from the questions' language to another.
    :param back: from that to the questions' language.
    """

    there: Translate
    back: Translate

    def __call__(self, texts: Sequence[str]) -> list[str]:
        """Return each text as it comes back."""
        return self.back(self.there(texts)) if texts else []


def translator(folder: Path, *, prefix: str = "", longest: int = 64, batch: int = 16) -> Translate:
    """Return a translation by the model of a folder, greedy and on the CPU or the GPU.

    :param prefix: set before each text, as models of the T5 family want it ("translate English to German: ").
    :param longest: tokens of a translation at most.
    :raises MissingExtra: torch or transformers is not installed.
    :raises ModelError: the folder is no such model.
    """
    try:
        import torch
        from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
    except ImportError as fault:
        raise MissingExtra("back-translation", "torch") from fault
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such folder; give one with a sequence-to-sequence model")
    try:
        model: Any = AutoModelForSeq2SeqLM.from_pretrained(folder, use_safetensors=True, trust_remote_code=False)
        tokenizer: Any = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except (OSError, ValueError, KeyError, ImportError) as fault:
        reason = (str(fault).strip().splitlines() or [type(fault).__name__])[0]
        raise ModelError(f"{folder}: cannot be loaded as a translation model ({reason})") from fault
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device).eval()

    def translate(texts: Sequence[str]) -> list[str]:
        done: list[str] = []
        for at in range(0, len(texts), batch):
            rows = tokenizer(
                [prefix + text for text in texts[at : at + batch]], return_tensors="pt", padding=True, truncation=True
            )
            rows.pop("token_type_ids", None)
            with torch.inference_mode():
                found = model.generate(**rows.to(device), max_new_tokens=longest, do_sample=False, num_beams=1)
            done += tokenizer.batch_decode(found, skip_special_tokens=True)
        return [text.strip() for text in done]

    return translate
