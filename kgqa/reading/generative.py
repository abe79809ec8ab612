"""Prose from evidence by a generative model: a local one, or a service that speaks OpenAI's chat protocol.

Off unless configured. Whatever the model writes, only sentences that the evidence supports are kept, so that neither an
invention nor an instruction hidden in a document reaches the reader.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kgqa.errors import MissingExtra, ModelError, UsageError
from kgqa.language import has_cjk
from kgqa.reading.support import Support
from kgqa.types import Evidence

Writer = Callable[[Sequence[str]], list[str]]
"""From prompts to texts, one for each, in order."""
Entail = Callable[[Sequence[tuple[str, str]]], list[float]]
"""From (evidence, sentence) pairs to probabilities that the first implies the second."""

LARGEST = 1_000_000
"""Bytes of an answer of a service that are read at most."""
_CITATION = re.compile(r"\s*\[\d+(?:\s*,\s*\d+)*\]")


class SupportedComposer:
    """Writes an answer and keeps the sentences that the evidence supports.

    :param writer: the model.
    :param support: the check by words, numbers, names and negation.
    :param entail: a second opinion by a model; sentences under one half are dropped.
    """

    def __init__(self, writer: Writer, support: Support | None = None, entail: Entail | None = None) -> None:
        self._writer = writer
        self._support = support or Support()
        self._entail = entail

    def compose(self, questions: Sequence[str], evidence: Sequence[Sequence[Evidence]]) -> list[str | None]:
        """Return an answer in prose for each question, ``None`` when the evidence supports none."""
        texts = [[said for item in group if (said := words_of(item))] for group in evidence]
        asked = [number for number, group in enumerate(texts) if group]
        written = self._writer([prompt(questions[n], texts[n]) for n in asked]) if asked else []
        out: list[str | None] = [None] * len(questions)
        for number, text in zip(asked, written, strict=True):
            out[number] = self._checked(_CITATION.sub("", text).strip(), texts[number])
        return out

    def _checked(self, text: str, evidence: Sequence[str]) -> str | None:
        kept = self._support.kept(text, evidence)
        if kept is None or self._entail is None:
            return kept
        whole = " ".join(evidence)
        from kgqa.language import sentences

        parts = [kept[a:b] for a, b in sentences(kept)]
        good = [p for p, value in zip(parts, self._entail([(whole, p) for p in parts]), strict=True) if value >= 0.5]
        return " ".join(good) or None


def words_of(item: Evidence) -> str:
    """Return a piece of evidence as text: the passage it is quoted from, or the walk in words."""
    if item.passage is not None:
        return item.passage.text
    return item.path.words if item.path is not None else item.quote


def prompt(question: str, evidence: Sequence[str]) -> str:
    """Return the prompt: numbered sources, then the question, in the question's language."""
    sources = "\n".join(f"[{number}] {text.strip()}" for number, text in enumerate(evidence, 1))
    if has_cjk(question):
        order = "仅根据下列资料回答问题，用资料中的原话，不要添加资料以外的内容。"
        return f"{order}\n\n资料：\n{sources}\n\n问题：{question}\n回答："
    return (
        "Answer the question from the sources alone, in their own words. Add nothing that they do not say.\n\n"
        f"Sources:\n{sources}\n\nQuestion: {question}\nAnswer:"
    )


def local_writer(name: str | Path, tokens: int = 160, device: str | None = None) -> Writer:
    """Return a writer of a local causal or sequence-to-sequence model, decoding greedily.

    Only safetensors are loaded, and no code that comes with the model is run.

    :param name: folder, or name on the hub.
    :param tokens: new tokens at most.
    :raises MissingExtra: torch or transformers is not installed.
    :raises ModelError: the model cannot be loaded.
    """
    try:
        import torch
        import transformers
    except ImportError as fault:
        raise MissingExtra(f"the composer {name}", "torch") from fault
    try:
        config = transformers.AutoConfig.from_pretrained(str(name), trust_remote_code=False)
        kind = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
        model = kind.from_pretrained(str(name), use_safetensors=True, trust_remote_code=False)
        tokenizer = transformers.AutoTokenizer.from_pretrained(str(name), trust_remote_code=False)
    except (OSError, ValueError, KeyError) as fault:
        reason = (str(fault).strip().splitlines() or [type(fault).__name__])[0]
        raise ModelError(f"{name}: cannot be loaded as a generative model ({reason})") from fault
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    model = model.to(place).eval()

    def write(prompts: Sequence[str]) -> list[str]:
        return [_generate(model, tokenizer, text, tokens, config.is_encoder_decoder) for text in prompts]

    return write


def _generate(model: Any, tokenizer: Any, text: str, tokens: int, both: bool) -> str:
    import torch

    known = (getattr(model.config, name, None) for name in ("max_position_embeddings", "n_positions"))
    limit = int(next((size for size in known if size), 2048))
    room = limit if both else max(8, limit - tokens)
    ids = tokenizer(_turn(tokenizer, text), return_tensors="pt", add_special_tokens=both)["input_ids"]
    ids = ids[:, -room:].to(model.device)  # the question stands at the end and must not be cut off
    with torch.inference_mode():
        found = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=min(tokens, limit - (0 if both else ids.shape[1])),
            do_sample=False,
            pad_token_id=tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id,
        )
    fresh = found[0] if both else found[0][ids.shape[1] :]
    return str(tokenizer.decode(fresh, skip_special_tokens=True))


def _turn(tokenizer: Any, text: str) -> str:
    if not getattr(tokenizer, "chat_template", None):
        return text
    return str(
        tokenizer.apply_chat_template([{"role": "user", "content": text}], tokenize=False, add_generation_prompt=True)
    )


def service_writer(address: str, model: str = "default", key: str = "", seconds: float = 60.0) -> Writer:
    """Return a writer of a service that speaks OpenAI's chat protocol.

    :param address: base address, as ``http://127.0.0.1:8000/v1``.
    :param key: bearer token; never logged.
    :param seconds: how long one answer may take.
    :raises UsageError: the address is not http or https.
    """
    if not address.startswith(("http://", "https://")):
        raise UsageError(f"{address!r} is no address of a service; it must begin with http:// or https://")
    place = address.rstrip("/") + "/chat/completions"

    def write(prompts: Sequence[str]) -> list[str]:
        return [_ask(place, model, key, text, seconds) for text in prompts]

    return write


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect could carry evidence and key to a place that nobody configured."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _ask(place: str, model: str, key: str, text: str, seconds: float) -> str:
    body = {"model": model, "messages": [{"role": "user", "content": text}], "temperature": 0}
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(place, json.dumps(body).encode(), headers)
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=seconds) as answer:
            data = answer.read(LARGEST + 1)
    except (urllib.error.URLError, OSError) as fault:
        if isinstance(fault, urllib.error.HTTPError):
            fault.close()
        raise ModelError(
            f"the composer at {place} does not answer ({fault}); start it or set composer = 'none'"
        ) from fault
    try:
        if len(data) > LARGEST:
            raise ValueError(f"more than {LARGEST} bytes")
        found = json.loads(data)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError) as fault:
        raise ModelError(
            f"the composer at {place} answers in another form than OpenAI's chat protocol ({fault})"
        ) from fault
    return str(found or "")
