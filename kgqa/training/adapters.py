"""Parameter-efficient fine-tuning through peft: LoRA, AdaLoRA, IA3 and prefix tuning.

Hu et al. 2021 (LoRA), Zhang et al. 2023 (AdaLoRA), Liu et al. 2022 (IA3), Li and Liang 2021 (prefix tuning).
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from kgqa.errors import MissingExtra, UsageError
from kgqa.training.loop import Task

METHODS = ("lora", "adalora", "ia3", "prefix")
_HEADS = ("qa_outputs", "classifier", "cls")
_LAYERS = r".*\.layer\.\d+\..*"
"""The encoder's layers: a head may have a ``dense`` of its own, which is trained whole."""


def adapt(model: Any, method: str, *, rank: int = 16, tokens: int = 16, updates: int = 1000) -> Any:
    """Return the model with adapters as its only trained weights, its task head excepted.

    :param method: one of :data:`METHODS`, or ``""``, which returns the model as it is.
    :param rank: rank of LoRA's matrices; AdaLoRA begins with one and a half times it.
    :param tokens: length of the prefix.
    :param updates: updates of the run, over which AdaLoRA shares its rank out.
    :raises UsageError: an unknown method.
    """
    if not method:
        return model
    if method not in METHODS:
        raise UsageError(f"unknown adapter {method!r}; choose one of {', '.join(METHODS)}")
    try:
        import peft
    except ImportError as fault:
        raise MissingExtra("adapters", "torch") from fault
    with warnings.catch_warnings():  # peft asks transformers for a name that it has renamed
        warnings.simplefilter("ignore", FutureWarning)
        adapted = peft.get_peft_model(model, _config(peft, model, method, rank, tokens, updates))
    if method == "prefix":
        _keep_positions(model, tokens)
        return Prefixed(adapted)
    return adapted


def _config(peft: Any, model: Any, method: str, rank: int, tokens: int, updates: int) -> Any:
    shared: dict[str, Any] = {"modules_to_save": [name for name in _HEADS if hasattr(model, name)] or None}
    if method == "prefix":
        return peft.PrefixTuningConfig(num_virtual_tokens=tokens, task_type=_task(model))
    if method == "ia3":
        fed = _LAYERS + r"(?<!attention\.)output\.dense"
        return peft.IA3Config(target_modules=_LAYERS + r"(key|value)|" + fed, feedforward_modules=fed, **shared)
    shared |= {"lora_alpha": 2 * rank, "target_modules": _LAYERS + "(query|key|value|dense)"}
    if method == "lora":
        return peft.LoraConfig(r=rank, **shared)
    return peft.AdaLoraConfig(
        init_r=rank * 3 // 2,
        target_r=rank,
        tinit=updates // 10,
        tfinal=updates // 4,
        total_step=max(1, updates),
        **shared,
    )


class Prefixed(nn.Module):
    """A model with a trained prefix: keys and values that every token attends to beside the text's own.

    peft's own forward pass drops the segments, by which a reader tells the question from the passage; this one keeps them.

    :param inner: model that peft has given a prefix.
    """

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner

    @property
    def config(self) -> Any:
        """Configuration of the plain model."""
        return self.inner.config

    def plain(self) -> Any:
        """Return the model without the prefix."""
        return self.inner.get_base_model()

    def save_pretrained(self, folder: Any) -> None:
        """Write the prefix and the task head."""
        self.inner.save_pretrained(folder)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor) -> Any:
        """Return what the plain model returns, for texts that begin behind the prefix."""
        tokens, plain = self.inner.active_peft_config.num_virtual_tokens, self.plain()
        seen = attention_mask.new_ones((input_ids.shape[0], tokens))
        return plain(
            input_ids=input_ids,
            attention_mask=torch.cat([seen, attention_mask], dim=1),
            token_type_ids=token_type_ids,
            **{_cache_name(plain): self.inner.get_prompt(input_ids.shape[0])},
        )


def _cache_name(model: Any) -> str:
    """Return what a model calls the keys and values before its text: transformers renamed it in the 5.x line."""
    body = getattr(model, "base_model", model)
    return "cache" if "cache" in inspect.signature(type(body).forward).parameters else "past_key_values"


def _keep_positions(model: Any, tokens: int) -> None:
    """Let the text begin at position 0 behind a prefix, as it did in pre-training: the prefix has no positions."""
    for module in model.modules():
        old = getattr(module, "position_ids", None)
        if isinstance(old, torch.Tensor):
            module.position_ids = torch.cat([old.new_zeros(1, tokens), old], dim=1)


def merged(model: Any) -> Any:
    """Return a plain model with its adapters folded into the weights; other models as they are.

    Prefixes cannot be folded in: such a model keeps them.
    """
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") and foldable(model) else model


def foldable(model: Any) -> bool:
    """Tell whether a model is plain, or has adapters that fold into its weights."""
    return not isinstance(model, Prefixed)


def trainable_share(model: Any) -> float:
    """Return the share of the weights that training changes."""
    counts = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return float(sum(n for n, trained in counts if trained) / max(1, sum(n for n, _ in counts)))


def _task(model: Any) -> str:
    return (
        "QUESTION_ANS"
        if hasattr(model, "qa_outputs")
        else "SEQ_CLS"
        if hasattr(model, "classifier")
        else "FEATURE_EXTRACTION"
    )


# --- AdaLoRA: ranks that move to where they matter ---


def ranks_of(model: Any) -> Ranks | None:
    """Return what shares out AdaLoRA's ranks while it trains; ``None`` for other models."""
    return Ranks(model) if hasattr(getattr(model, "base_model", None), "rankallocator") else None


class Ranks:
    """Shares AdaLoRA's ranks out after each update, and keeps its importance scores in the run's checkpoints."""

    def __init__(self, model: Any) -> None:
        self._inner = model.base_model
        self._config = model.active_peft_config

    def after_step(self, update: int) -> None:
        """Score the singular values by their gradients, and mask those that matter least."""
        self._inner.update_and_allocate(update)

    def left(self) -> int:
        """Return the number of ranks that are still in use."""
        values = [p for name, p in self._inner.named_parameters() if "lora_E" in name]
        return sum(int((p.detach() != 0).sum()) for p in values)

    def state(self) -> dict[str, Any]:
        """Return importance scores and the pattern of ranks."""
        kept = self._inner.rankallocator
        scores = {name: dict(getattr(kept, name)) for name in ("ipt", "exp_avg_ipt", "exp_avg_unc")}
        pattern = {key: torch.as_tensor(value) for key, value in (self._config.rank_pattern or {}).items()}
        return {**scores, "pattern": pattern}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        for name in ("ipt", "exp_avg_ipt", "exp_avg_unc"):
            setattr(self._inner.rankallocator, name, dict(state[name]))
        self._config.rank_pattern = {key: value.tolist() for key, value in state["pattern"].items()}


def regular(task: Task, model: Any) -> Task:
    """Return the task with AdaLoRA's penalty, which keeps its matrices orthogonal; other models' task as it is."""
    return _Orthogonal(task, model) if ranks_of(model) else task


class _Orthogonal:
    def __init__(self, task: Task, model: Any) -> None:
        self._task, self._weight = task, float(model.active_peft_config.orth_reg_weight)
        self._parts = [(name, p) for name, p in model.named_parameters() if "lora_A" in name or "lora_B" in name]

    def lengths(self) -> Sequence[int]:
        return self._task.lengths()

    def loss(self, model: nn.Module, rows: Sequence[int], device: torch.device) -> torch.Tensor:
        gaps = []
        for name, p in self._parts:
            product = p @ p.T if "lora_A" in name else p.T @ p
            gaps.append(torch.linalg.norm(product - torch.eye(len(product), device=product.device)))
        return self._task.loss(model, rows, device) + self._weight * torch.stack(gaps).mean()
