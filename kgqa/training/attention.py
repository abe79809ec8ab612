"""Attention by plain batched matrix products, for training small models on a CPU.

torch's fused attention is made for long sequences: at 256 tokens and 32 numbers a head its backward pass took 41 % of a
reader's training time on two cores, and the whole step was 1.2 times as fast with the products below.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

NAME = "batched-products"


def use_plain_attention(model: nn.Module) -> None:
    """Make a transformers model attend by plain matrix products; a model of another kind stays as it is.

    The result differs from the fused attention's only by rounding. Attention dropout is not applied: call it for
    models that train without.
    """
    config = getattr(model, "config", None)
    setter = getattr(model, "set_attn_implementation", None)
    if setter is None or getattr(config, "attention_probs_dropout_prob", None):
        return
    from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
    from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

    ALL_ATTENTION_FUNCTIONS.register(NAME, attend)
    ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, ALL_MASK_ATTENTION_FUNCTIONS["eager"])
    setter(NAME)


def attend(
    _: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **__: Any,
) -> tuple[torch.Tensor, None]:
    """Return softmax(query keyᵀ · scaling + mask) value (Vaswani et al. 2017, section 3.2.1).

    :param query: (batch, heads, tokens, size); ``key`` and ``value`` likewise.
    :param attention_mask: (batch, 1, tokens, tokens), 0 or very negative; only its last row is read, as every token
        of these models may see the same tokens.
    :returns: (batch, tokens, heads, size), and no weights.
    """
    batch, heads, tokens, size = query.shape
    many = batch * heads
    # Autocast would run the softmax in float32, with a copy there and one back.
    with torch.autocast(query.device.type, enabled=False):
        q = (query * (size**-0.5 if scaling is None else scaling)).reshape(many, tokens, size)
        k, v = key.reshape(many, tokens, size), value.reshape(many, tokens, size)
        if attention_mask is None:
            scores = torch.bmm(q, k.transpose(1, 2))
        else:
            mask = attention_mask[:, :, -1:, :].to(q.dtype).expand(batch, heads, 1, tokens).reshape(many, 1, tokens)
            scores = torch.baddbmm(mask.expand(many, tokens, tokens), q, k.transpose(1, 2))
        mixed = torch.bmm(torch.softmax(scores, -1), v)
    return mixed.view(batch, heads, tokens, size).transpose(1, 2).contiguous(), None
