"""Parameter-efficient fine-tuning through peft: LoRA, AdaLoRA, IA3 and prefix tuning.

Hu et al. 2021 (LoRA), Zhang et al. 2023 (AdaLoRA), Liu et al. 2022 (IA3), Li and Liang 2021 (prefix tuning).
"""

from __future__ import annotations

import warnings
from typing import Any

from kgqa.errors import MissingExtra, UsageError

METHODS = ("lora", "adalora", "ia3", "prefix")
_HEADS = ("qa_outputs", "classifier")


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
    heads = [name for name in _HEADS if hasattr(model, name)]
    shared: dict[str, Any] = {"modules_to_save": heads or None}
    if method == "lora":
        config = peft.LoraConfig(
            r=rank, lora_alpha=2 * rank, target_modules=["query", "key", "value", "dense"], **shared
        )
    elif method == "adalora":
        config = peft.AdaLoraConfig(
            init_r=rank * 3 // 2,
            target_r=rank,
            lora_alpha=2 * rank,
            tinit=updates // 10,
            tfinal=updates // 4,
            total_step=updates,
            target_modules=["query", "key", "value", "dense"],
            **shared,
        )
    elif method == "ia3":
        config = peft.IA3Config(
            target_modules=["key", "value", "output.dense"], feedforward_modules=["output.dense"], **shared
        )
    else:
        config = peft.PrefixTuningConfig(num_virtual_tokens=tokens, task_type=_task(model))
    with warnings.catch_warnings():  # peft asks transformers for a name that it has renamed
        warnings.simplefilter("ignore", FutureWarning)
        return peft.get_peft_model(model, config)


def merged(model: Any) -> Any:
    """Return a plain model with its adapters folded into the weights; other models as they are.

    Prefixes cannot be folded in: such a model keeps them and runs with torch only.
    """
    return model.merge_and_unload() if hasattr(model, "merge_and_unload") and _foldable(model) else model


def trainable_share(model: Any) -> float:
    """Return the share of the weights that training changes."""
    counts = [(p.numel(), p.requires_grad) for p in model.parameters()]
    return float(sum(n for n, trained in counts if trained) / max(1, sum(n for n, _ in counts)))


def _foldable(model: Any) -> bool:
    return not getattr(getattr(model, "active_peft_config", None), "is_prompt_learning", False)


def _task(model: Any) -> str:
    return (
        "QUESTION_ANS"
        if hasattr(model, "qa_outputs")
        else "SEQ_CLS"
        if hasattr(model, "classifier")
        else "FEATURE_EXTRACTION"
    )
