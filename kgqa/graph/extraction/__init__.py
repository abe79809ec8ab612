"""Reads statements of a graph's own relations from passages, without a language model; people accept or reject them.

:mod:`lines` turns passages into rows of words and names, :mod:`evidence` weighs which relation a wording may state,
:mod:`patterns` learns wordings from all passages together, :mod:`finding` applies them, :mod:`ledger` keeps what was found
and what people decided, :mod:`drafting` does the same with a generative model and a cost estimate first.
"""
