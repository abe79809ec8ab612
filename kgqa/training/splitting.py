"""Reading examples set apart for judging, and questions without answer made of the others."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

from kgqa.evaluation.squad import Example
from kgqa.language import has_cjk


def hold_out(examples: Sequence[Example], share: float, seed: int = 13) -> tuple[list[Example], list[Example]]:
    """Split by article into a training part and a held-out part, so that no passage is in both.

    A file of one article is split by its passages. Where a share is wanted and there are two or more, one is held out
    at least.

    :param share: share of the articles that are held out, in [0, 1].
    """
    units = [e.article for e in examples]
    if len(set(units)) == 1:
        units = [e.context for e in examples]
    titles = sorted(set(units))
    random.Random(seed).shuffle(titles)
    held = set(titles[: max(round(len(titles) * share), int(share > 0 and len(titles) > 1))])
    kept = [e for e, unit in zip(examples, units, strict=True) if unit not in held]
    return kept, [e for e, unit in zip(examples, units, strict=True) if unit in held]


def unanswerable(examples: Sequence[Example], share: float, seed: int = 13) -> list[Example]:
    """Make questions without answer: each is asked of the most similar other passage of its article.

    That is what a reader sees behind a retriever: text on the topic which does not say it.

    :param share: how many to make, as a share of the examples.
    """
    rng = random.Random(seed)
    by_article: dict[str, dict[str, frozenset[str]]] = {}
    for example in examples:
        by_article.setdefault(example.article, {}).setdefault(example.context, _words(example.context))
    made = []
    for example in rng.sample(list(examples), round(len(examples) * share)):
        asked = _words(example.question)
        texts = [text.lower() for _, text in example.answers]
        others = [
            (len(asked & words), context)
            for context, words in by_article[example.article].items()
            if context != example.context and not any(text in context.lower() for text in texts)
        ]
        if others:
            made.append(Example(f"{example.id}-none", example.question, max(others)[1], (), example.article))
    return made


def _words(text: str) -> frozenset[str]:
    if has_cjk(text):  # no spaces: pairs of neighbouring characters
        return frozenset(text[at : at + 2] for at in range(len(text) - 1) if text[at : at + 2].isalpha())
    return frozenset(re.findall(r"\w{3,}", text.lower()))
