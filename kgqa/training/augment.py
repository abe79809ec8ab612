"""More training examples from those there are: other names, other things, other words. Answers stay at their offsets.

- ``synonyms``: a name in the question becomes another name of the same thing in the graph; the passage stays, so the reader
  learns that the two are one (the knowledge graph's labels do what WordNet does in Zhang, Zhao and LeCun 2015).
- ``entities``: a thing becomes another one of its type, in question, passage and answer alike, so that the reader looks at
  the passage and not at what it knows (entity substitution, Longpre et al. 2021).
- ``paraphrase``: the question in other words, by templates.
- ``back-translate``: the question to another language and back.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from kgqa.errors import UsageError
from kgqa.evaluation.squad import Example
from kgqa.language import detect, fold
from kgqa.reading.words import content_words
from kgqa.rewriting import Edit, Rewrite, rewrite
from kgqa.training.names import Mention, Names
from kgqa.training.paraphrase import paraphrase
from kgqa.training.translating import BackTranslation

Kind = Literal["synonyms", "entities", "paraphrase", "back-translate"]
KINDS: tuple[Kind, ...] = ("synonyms", "entities", "paraphrase", "back-translate")
_KEPT = 0.3
"""Share of a question's content words that must come back from a translation, else it says something else."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What is made, and how much of it.

    :param share: examples made of each kind at most, as a share of those given.
    :param names: the graph's names, for ``synonyms`` and ``entities``.
    :param translate: for ``back-translate``.
    """

    kinds: tuple[Kind, ...]
    share: float = 0.3
    names: Names | None = None
    translate: BackTranslation | None = None
    seed: int = 13


def augment(examples: Sequence[Example], how: Augmentation) -> list[Example]:
    """Return the examples and what was made of them; every answer stands at its offset.

    :raises UsageError: an unknown kind, or a kind lacks its graph or its translation.
    """
    made: list[Example] = []
    for kind in how.kinds:
        rng = random.Random(f"{how.seed} {kind}")
        order = rng.sample(list(examples), len(examples))
        wanted = round(how.share * len(examples))
        if kind == "back-translate":
            made += _translated(order[:wanted], how)
            continue
        change = _change(kind, how, rng)
        new = (one for example in order if (one := change(example)) is not None)
        made += [one for one, _ in zip(new, range(wanted), strict=False)]
    return [*examples, *made]


def _change(kind: Kind, how: Augmentation, rng: random.Random) -> Callable[[Example], Example | None]:
    if kind not in KINDS:
        raise UsageError(f"unknown augmentation {kind!r}; choose from {', '.join(KINDS)}")
    if kind == "paraphrase":
        return partial(_paraphrased, rng=rng)
    if how.names is None or not len(how.names):
        raise UsageError(f"augmentation by {kind} needs a graph with names; give one (--augment-graph)")
    return partial(_synonym if kind == "synonyms" else _substituted, names=how.names, rng=rng)


def _paraphrased(example: Example, rng: random.Random) -> Example | None:
    asked = paraphrase(example.question, rng)
    return None if asked == example.question else replace(example, id=f"{example.id}-words", question=asked)


def _synonym(example: Example, names: Names, rng: random.Random) -> Example | None:
    """Name a thing of the question otherwise; where the question names none, a thing of the passage outside the answers."""
    for text, in_question in ((example.question, True), (example.context, False)):
        found = [(m, s) for m in names.mentions(text) if (s := names.synonyms(m.iri, text[m.start : m.end]))]
        spans = [] if in_question else [(at, at + len(said)) for at, said in example.answers]
        free = [(m, s) for m, s in found if not any(m.start < end and start < m.end for start, end in spans)]
        if free:
            mention, others = rng.choice(free)
            done = rewrite(text, [_edit(text, mention, rng.choice(others))])
            if in_question:
                return replace(example, id=f"{example.id}-name", question=done.text)
            return _moved(example, f"{example.id}-name", example.question, done)
    return None


def _substituted(example: Example, names: Names, rng: random.Random) -> Example | None:
    """Put another thing of the same type in the place of one that the passage speaks of."""
    inside = names.mentions(example.context)
    whole = f"{example.question}\n{example.context}"
    for iri in rng.sample(sorted({m.iri for m in inside}), len({m.iri for m in inside})):
        first = next(m for m in inside if m.iri == iri)
        other = names.other(iri, example.context[first.start : first.end], whole, rng)
        if other is None:
            continue
        done = rewrite(example.context, _edits(example.context, inside, iri, other))
        asked = rewrite(example.question, _edits(example.question, names.mentions(example.question), iri, other))
        if not any(done.cuts(at, at + len(said)) for at, said in example.answers):
            return _moved(example, f"{example.id}-thing", asked.text, done)
    return None


def _edits(text: str, mentions: Sequence[Mention], iri: str, other: str) -> Iterator[Edit]:
    return (_edit(text, mention, other) for mention in mentions if mention.iri == iri)


def _edit(text: str, mention: Mention, name: str) -> Edit:
    """Return the edit that puts a name in the place of a mention, with a capital where the mention had one."""
    old = text[mention.start : mention.end]
    if old.isupper() and len(old) > 4:
        name = name.upper()
    elif old[:1].isupper():
        name = name[:1].upper() + name[1:]
    return Edit(mention.start, mention.end, name)


def _moved(example: Example, id: str, question: str, done: Rewrite) -> Example:
    spans = [done.span(at, at + len(said)) for at, said in example.answers]
    answers = tuple((start, done.text[start:end]) for start, end in spans)
    return Example(id, question, done.text, answers, example.article)


def _translated(examples: Sequence[Example], how: Augmentation) -> list[Example]:
    if how.translate is None:
        raise UsageError("back-translation needs two translation models; give their folders (--translate THERE BACK)")
    said = how.translate([example.question for example in examples])
    return [
        replace(example, id=f"{example.id}-back", question=text)
        for example, text in zip(examples, said, strict=True)
        if faithful(example.question, text)
    ]


def faithful(question: str, text: str) -> bool:
    """Tell whether a text that came back from a translation may stand for the question: other words, same matter."""
    if not text or fold(text) == fold(question) or detect(text) != detect(question):
        return False
    asked = set(content_words(question))
    return len(asked & set(content_words(text))) >= _KEPT * len(asked)
