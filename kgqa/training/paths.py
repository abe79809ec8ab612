"""Trains the path scorers: the memory of one graph and the likeness of names, both from questions with answers.

``python -m kgqa.training.paths --triples FILE --questions FILE... --out FOLDER [--half 0|1]``
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from kgqa.evaluation.graph import RELATION, GraphQuestion, gold_link, iri_of, load_triples, read_questions
from kgqa.evaluation.reach import PathFinder
from kgqa.graph.memory import BUCKETS, MOST_HOPS, SLOTS, Memory, Step, buckets, skeleton
from kgqa.graph.question import Mention, Reading, mask, read
from kgqa.graph.schema_words import SchemaWords
from kgqa.graph.store import GraphStore
from kgqa.graph.words import groups, tokens
from kgqa.training.likeness import Asked, fit_likeness

_CLEAR = 0.25  # a wording whose best path leads by this much is trusted before others are decided by it
_VOTES = 5  # questions of one wording that vote for its path
_MORE_VOTES = 25  # the same where the first ones leave it undecided
_NAMED = 0.15  # what it counts that a wording has the words of a path's relations
_PRIOR = 0.05  # what it counts that similar wordings mean a path


def wording(question: GraphQuestion) -> Reading:
    """Read a question whose topic is given."""
    link = gold_link(question)[0]
    return read(question.text, [Mention(link.start, link.end, link.mention, (link,))])


Votes = dict[tuple[str, ...], dict[tuple[Step, ...], float]]
"""For each wording the paths that explain its questions' answers, with the sum of their F1."""


def vote(store: GraphStore, questions: Sequence[GraphQuestion]) -> Votes:
    """Return the votes of a few questions of each wording."""
    alike: dict[tuple[str, ...], list[GraphQuestion]] = {}
    for question in questions:
        alike.setdefault(skeleton(wording(question)), []).append(question)
    finder = PathFinder(store)
    named = _Named(finder.words)
    votes: Votes = {}
    for words, group in alike.items():
        telling = sorted(group, key=lambda item: (len(item.answers) < 2, len(item.answers)))
        counts: dict[tuple[Step, ...], float] = {}
        asked = 0
        for asked, question in enumerate(telling[:_MORE_VOTES], start=1):
            topic = gold_link(question)[0].entity
            for path, score in finder.scores(topic, {iri_of(name) for name in question.answers}).items():
                counts[path] = counts.get(path, 0.0) + score
            if asked >= _VOTES and _margin(counts) >= _CLEAR * asked:
                break
        if counts:
            votes[words] = {path: score / asked + _NAMED * named.share(words, path) for path, score in counts.items()}
    return votes


class _Named:
    """Tells how many of a path's relations a wording names by a word of their labels."""

    def __init__(self, words: SchemaWords) -> None:
        self._words = words

    def share(self, words: tuple[str, ...], path: tuple[Step, ...]) -> float:
        """Return the share of hops with a word of theirs in the wording, 0 to 1."""
        said = tokens(" ".join(words).replace("⟦⟧", "⟦0⟧"))
        stems = {word.stem for word in said if word.content}
        near = frozenset().union(*groups(said)) if said else frozenset()
        return sum(self._has(key, stems, near) for key, _ in path) / len(path)

    def _has(self, key: str, stems: set[str], near: frozenset[int]) -> bool:
        relation = self._words.by_key.get(key)
        return relation is not None and any(
            stem in stems or near & group
            for phrase in relation.phrases
            for stem, group in zip(phrase.stems, phrase.groups, strict=True)
        )


def fit(votes: Votes, questions: Sequence[GraphQuestion], rounds: int = 3) -> Memory:
    """Train a memory on votes; wordings that their few questions leave undecided are decided by what similar wordings mean."""
    words = [line for question in questions if (line := skeleton(wording(question))) in votes]
    chosen = {line: max(found, key=lambda path: (round(found[path], 6), -len(path))) for line, found in votes.items()}
    clear = {line for line, found in votes.items() if _margin(found) >= _CLEAR}
    for number in range(rounds):
        learnt = [(line, chosen[line]) for line in words if number > 0 or line in clear]
        memory = train_memory(learnt or [(line, chosen[line]) for line in words], seed=number)
        for line, found in votes.items():
            if line in clear:
                continue
            prior = memory.chances(line)
            chosen[line] = max(found, key=lambda path: found[path] + _PRIOR * max(-8.0, prior(path)))
    return memory


def _margin(found: dict[tuple[Step, ...], float]) -> float:
    """Return how far the best path is ahead of the next."""
    best = sorted(found.values(), reverse=True)
    return best[0] - (best[1] if len(best) > 1 else 0.0)


def train_memory(
    examples: Iterable[tuple[tuple[str, ...], tuple[Step, ...]]], epochs: int = 12, seed: int = 0
) -> Memory:
    """Fit a memory to pairs of wording and path.

    Softmax regression by Adagrad; wordings weigh by the square root of how often they occur.
    """
    counted: dict[tuple[tuple[str, ...], tuple[Step, ...]], int] = {}
    for pair in examples:
        counted[pair] = counted.get(pair, 0) + 1
    steps = tuple(sorted({step for _, path in counted for step in path}))
    index = {step: k for k, step in enumerate(steps)}
    lengths = _Softmax(MOST_HOPS)
    hops = [_Softmax(len(steps)) for _ in SLOTS]
    seen = np.zeros(BUCKETS, bool)
    rows = [(buckets(words), path, float(np.sqrt(number))) for (words, path), number in counted.items()]
    order = np.random.default_rng(seed)
    for _ in range(epochs):
        for k in order.permutation(len(rows)):
            at, path, weight = rows[k]
            seen[at] = True
            lengths.learn(at, len(path) - 1, weight)
            for place, step in enumerate(path):
                hops[SLOTS.index((len(path), place))].learn(at, index[step], weight)
    return Memory(steps, lengths.weights, np.stack([model.weights for model in hops]), seen)


class _Softmax:
    """Softmax regression over sparse binary features."""

    def __init__(self, classes: int) -> None:
        self.weights: NDArray[np.float32] = np.zeros((BUCKETS, classes), np.float32)
        self._squares: NDArray[np.float32] = np.full((BUCKETS, classes), 1e-4, np.float32)

    def learn(self, at: NDArray[np.int64], label: int, weight: float, rate: float = 0.1) -> None:
        """Take one step towards a label."""
        scores = self.weights[at].sum(0)
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        chances[label] -= 1.0
        slope = np.minimum(weight, 8.0) * chances[None, :] + 1e-4 * self.weights[at]
        self._squares[at] += slope**2
        self.weights[at] -= rate * slope / np.sqrt(self._squares[at])


def halves(questions: Sequence[GraphQuestion]) -> tuple[list[GraphQuestion], list[GraphQuestion]]:
    """Split questions into two halves, alternately in each file."""
    return list(questions[::2]), list(questions[1::2])


def train(triples: Path, files: Sequence[Path], out: Path, half: int | None = None) -> dict[str, int]:
    """Train on a graph and questions in the formats of :mod:`kgqa.evaluation.graph` and write what was learnt to a folder.

    Questions with a topic teach which wordings lead along which paths; questions whose relation is told teach how wordings
    ask for relations by their names.

    :param half: only every second question of each file, from the first (0) or the second (1) on.
    :returns: how many questions, wordings, steps and named relations there were.
    """
    rows = [read_questions(file) for file in files]
    questions = [question for found in rows for question in (found if half is None else halves(found)[half])]
    told = [question for question in questions if question.relation and question.length]
    paths = [question for question in questions if question.topic and not question.relation]
    counts = {"questions": len(questions), "relations": len({question.relation for question in told})}
    with tempfile.TemporaryDirectory() as folder:
        store = load_triples(triples, Path(folder))
        if paths:
            votes = vote(store, paths)
            memory = fit(votes, paths)
            memory.save(out)
            counts |= {"wordings": len(votes), "steps": len(memory.steps)}
        if told and (likeness := fit_likeness([_asked(store, question) for question in told])):
            likeness.save(out)
    return counts


def _asked(store: GraphStore, question: GraphQuestion) -> Asked:
    link = gold_link(question)[0]
    masked, _ = mask(question.text, [Mention(link.start, link.end, link.mention, (link,))])
    predicate = RELATION + quote(question.relation, safe="")
    values = tuple(store.label(term.value) for term in store.objects(link.entity, predicate)[:3])
    return Asked(masked, question.relation.replace("_", " "), values or tuple(sorted(question.answers)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Train on a graph and write what was learnt to a folder."""
    parser = argparse.ArgumentParser(prog="python -m kgqa.training.paths", description=__doc__)
    parser.add_argument("--triples", type=Path, required=True)
    parser.add_argument("--questions", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--half", type=int, choices=(0, 1), default=None, help="train on every second question only")
    options = parser.parse_args(arguments)
    counts = train(options.triples, options.questions, options.out, options.half)
    sys.stdout.write(json.dumps(counts) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
