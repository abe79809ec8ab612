"""What a reader should not mind: slips and casing (how much F1 falls), other people (how often the answer changes).

The two answers of one question are compared with each other, so a reader that is often wrong, but in the same way, is
robust; quality is measured elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kgqa.evaluation.noise import NOISES, affected
from kgqa.evaluation.slices import interval
from kgqa.evaluation.squad import Example, passage_of
from kgqa.evaluation.swaps import SWAPS, Swapped, swap
from kgqa.evaluation.text import best_f1, exact_match
from kgqa.protocols import Reader

Step = Callable[[str, int, int], None]
_BATCH = 64
Found = tuple[int, int, str] | None
"""Start and end in the passage and the text, or "no answer here"."""


def report(
    examples: Sequence[Example],
    reader: Reader,
    *,
    nulls: bool,
    seed: int = 13,
    progress: Step | None = None,
) -> dict[str, Any]:
    """Return how a reader bears noise and swaps.

    :param nulls: whether "no answer" is allowed; see :func:`kgqa.evaluation.squad.predict`.
    :returns: ``n``; under ``noise`` for each kind ``n`` (questions it changes), ``f1`` before, ``noisy_f1``, their
        difference ``drop`` with its 95 % interval ``low`` to ``high``, and ``changed``, the share of answers that differ;
        under ``swaps`` for each kind ``n``, ``changed`` with its interval, and up to five ``examples``. All in percent.
    :raises ValueError: there are no questions.
    """
    spans = [example for example in examples if not example.yes_no]
    if not spans:
        raise ValueError("no questions to measure; yes/no questions have no span")
    stages = len(NOISES) + len(SWAPS) + 1
    step = progress or (lambda *_: None)
    first = dict(zip((e.id for e in spans), answers(spans, reader, nulls), strict=True))
    found: dict[str, Any] = {"n": len(spans), "noise": {}, "swaps": {}}
    step("robustness", 1, stages)
    for done, kind in enumerate(NOISES, 2):
        found["noise"][kind] = _noise(spans, first, kind, reader, nulls, seed)
        step("robustness", done, stages)
    for done, kind in enumerate(SWAPS, 2 + len(NOISES)):
        found["swaps"][kind] = _swaps(spans, first, kind, reader, nulls, seed)
        step("robustness", done, stages)
    return found


def answers(examples: Sequence[Example], reader: Reader, nulls: bool) -> list[Found]:
    """Return where a reader finds the answer of each example."""
    found: list[Found] = []
    for at in range(0, len(examples), _BATCH):
        rows = examples[at : at + _BATCH]
        spans = reader.read([row.question for row in rows], [[passage_of(row)] for row in rows], n_best=1)
        found += [
            (best[0].start, best[0].end, best[0].text) if best and (best[0].score > 0 or not nulls) else None
            for best in spans
        ]
    return found


def _noise(
    examples: Sequence[Example], first: dict[str, Found], kind: str, reader: Reader, nulls: bool, seed: int
) -> dict[str, Any]:
    pairs = list(affected(list(examples), kind, seed))
    if not pairs:
        return {"n": 0}
    found = answers([noisy for _, noisy in pairs], reader, nulls)
    before = [_f1(old, first[old.id]) for old, _ in pairs]
    after = [_f1(noisy, one) for (_, noisy), one in zip(pairs, found, strict=True)]
    drops = [a - b for a, b in zip(before, after, strict=True)]
    low, high = interval(drops, [old.context for old, _ in pairs])
    changed = [not _same_text(first[old.id], one) for (old, _), one in zip(pairs, found, strict=True)]
    return {
        "n": len(pairs),
        "f1": _percent(before),
        "noisy_f1": _percent(after),
        "drop": _percent(drops),
        "low": round(100 * low, 2),
        "high": round(100 * high, 2),
        "changed": _percent(changed),
    }


def _swaps(
    examples: Sequence[Example], first: dict[str, Found], kind: str, reader: Reader, nulls: bool, seed: int
) -> dict[str, Any]:
    pairs = [(old, done) for old in examples if (done := swap(old, kind, seed)).changed]
    if not pairs:
        return {"n": 0}
    found = answers([done.example(old) for old, done in pairs], reader, nulls)
    rows = [(old, done, one) for (old, done), one in zip(pairs, found, strict=True)]
    changed = [not _same_place(first[old.id], done, one) for old, done, one in rows]
    low, high = interval([float(c) for c in changed], [old.context for old, _ in pairs])
    shown = [
        {
            "question": old.question,
            "swapped": done.question.text,
            "answer": _text(first[old.id]),
            "then": _text(one),
        }
        for (old, done, one), moved in zip(rows, changed, strict=True)
        if moved
    ]
    return {
        "n": len(pairs),
        "changed": _percent(changed),
        "low": round(100 * low, 2),
        "high": round(100 * high, 2),
        "examples": shown[:5],
    }


def _f1(example: Example, found: Found) -> float:
    return best_f1(_text(found), [text for _, text in example.answers])


def _text(found: Found) -> str:
    return found[2] if found else ""


def _same_text(one: Found, other: Found) -> bool:
    return exact_match(_text(one), _text(other))


def _same_place(before: Found, done: Swapped, after: Found) -> bool:
    """Tell whether the answer after a swap is the old answer, its own words swapped; articles and marks aside."""
    if before is None or after is None:
        return before is after
    start, end = done.context.span(before[0], before[1])
    return exact_match(done.context.text[start:end], after[2])


def _percent(values: Sequence[float]) -> float:
    return round(100 * float(sum(values)) / len(values), 2)
