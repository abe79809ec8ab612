"""Questions about clauses as a knowledge base asks them inside one contract, with what lies near them there.

A contract is asked for a topic ("audits"); the reranker then reads passages of that contract, and runs of sentences of those, and
each is as near to the topic as the encoder finds them. Here the annotated clauses of CUAD are turned into just such groups.
"""

from __future__ import annotations

import csv
import gzip
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kgqa.language import sentences
from kgqa.protocols import Encoder
from kgqa.training.corpora import ASKED, CLAUSES, chunks, contract_key, contract_texts, trained
from kgqa.training.mining import Group

RUN = 320
"""Characters of a run of sentences, as :class:`kgqa.reading.clauses.ClauseQuoter` quotes."""
NEAR = 12
"""Pieces of a contract that are nearest to a topic, from which those that do not answer are drawn."""
_TOPIC_ALONE = 0.6
"""Share of questions that are the bare topic, as the retriever leaves it."""
_NAMES = {
    "Audit Rights": ("audit rights",),
    "Anti-Assignment": ("an anti-assignment clause", "assignment"),
    "Non-Compete": ("a non-compete clause", "a covenant not to compete"),
    "Most Favored Nation": ("most favored nation treatment", "a most-favored-nation clause"),
    "Covenant Not To Sue": ("a covenant not to sue",),
    "Exclusivity": ("an exclusivity clause",),
    "Change Of Control": ("a change-of-control clause",),
    "Minimum Commitment": ("a minimum commitment", "minimum purchases"),
    "Volume Restriction": ("a volume restriction", "caps on usage"),
    "Post-Termination Services": ("services after termination", "post-termination obligations or services"),
    "Ip Ownership Assignment": ("the assignment of intellectual property",),
    "Revenue/Profit Sharing": ("a revenue sharing clause",),
    "Third Party Beneficiary": ("a third-party beneficiary clause",),
    "Warranty Duration": ("the warranty period",),
    "Irrevocable Or Perpetual License": ("an irrevocable or perpetual license",),
    "Renewal Term": ("the renewal term",),
    "Notice Period To Terminate Renewal": ("notice of non-renewal",),
    "Competitive Restriction Exception": ("exceptions to a competitive restriction",),
    "Affiliate License-Licensee": ("licenses for affiliates of the licensee",),
    "Affiliate License-Licensor": ("licenses of intellectual property of the licensor's affiliates",),
    "Unlimited/All-You-Can-Eat-License": ("an unlimited license",),
}
"""Names of the same types as lawyers and the authors of CUAD use them, beside those of :data:`CLAUSES`."""


def topics(kind: str) -> tuple[str, ...]:
    """Return ways to name what a clause type is about."""
    return (*CLAUSES.get(kind, ()), *_NAMES.get(kind, ()))


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract in pieces.

    :param gold: the marked quotations of each clause type that it has, in letters and digits only; ``absent`` are types it lacks.
    """

    name: str
    runs: tuple[str, ...]
    chunks: tuple[str, ...]
    gold: dict[str, tuple[str, ...]]
    absent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """The pieces of a contract with their vectors, and those that answer a topic."""

    pieces: tuple[str, ...]
    rows: NDArray[np.float32]

    def order(self, topic: NDArray[np.float32]) -> list[int]:
        """Return the numbers of the pieces, nearest first."""
        return [int(at) for at in np.argsort(-(self.rows @ topic), kind="stable")]


def contracts(data: Path, held: bool) -> Iterator[Contract]:
    """Yield CUAD's contracts of the half that is trained on, or of the other."""
    texts = contract_texts(data / "legal/cuad-contracts.tar.xz")
    with gzip.open(data / "legal/cuad-clauses.csv.gz", "rt", encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            key = contract_key(row["Filename"])
            if key not in texts or trained(key) == held:
                continue
            marked = {kind: _marked(row[kind]) for kind in {**CLAUSES, **_NAMES}}
            gold = {kind: tuple(map(squeezed, found)) for kind, found in marked.items() if found}
            absent = tuple(kind for kind, found in marked.items() if not found and row[kind].strip() in ("", "[]"))
            text = texts[key]
            yield Contract(key, tuple(runs(text)), tuple(chunks(text)), gold, absent)


def _marked(cell: str) -> list[str]:
    found = re.findall(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", cell)
    return [text for a, b in found if len(text := (a or b).strip()) > 25]


def runs(text: str, limit: int = RUN) -> Iterator[str]:
    """Yield from each sentence on as many sentences as a quotation holds, and now and then that sentence alone."""
    spans = [(a, b) for a, b in sentences(text) if b - a > 20]
    for at, (start, end) in enumerate(spans):
        stop = end
        for _, later in spans[at + 1 :]:
            if later - start > limit:
                break
            stop = later
        yield text[start:stop]
        if stop > end and at % 3 == 0:
            yield text[start:end]


def squeezed(text: str) -> str:
    """Return a text's letters and digits, in lower case."""
    return re.sub(r"\W+", "", text).lower()


def answers(piece: str, gold: Sequence[str]) -> bool:
    """Tell whether a piece holds a marked quotation, the greater part of one, or lies within one."""
    own = squeezed(piece)
    return any(key[:120] in own or (len(own) > 40 and own in key) for key in gold)


def touches(piece: str, gold: Sequence[str]) -> bool:
    """Tell whether a piece has any part of a marked quotation, so that it cannot be said not to answer."""
    own = squeezed(piece)
    return any(key[i : i + 40] in own for key in gold for i in range(0, max(1, len(key) - 39), 40))


def clause_groups(
    found: Sequence[Contract], encoder: Encoder, negatives: int, rng: random.Random, rounds: int = 1
) -> list[Group]:
    """Return questions about the clauses of contracts, each with a piece that answers and near ones that do not.

    :param negatives: of a group; half of the time one of them is the nearest piece of a contract without such a clause.
    :param rounds: how often each clause type of each contract is asked for.
    """
    kinds = sorted({kind for contract in found for kind in contract.gold})
    named = {kind: dict(zip(topics(kind), encoder.encode(list(topics(kind)), "query"), strict=True)) for kind in kinds}
    near = {(c.name, short): _near(c.runs if short else c.chunks, encoder) for c in found for short in (True, False)}
    without = {kind: [c for c in found if kind in c.absent] for kind in kinds}
    out: list[Group] = []
    for _ in range(rounds):
        for contract in found:
            for kind, gold in contract.gold.items():
                topic, short = rng.choice(list(named[kind])), rng.random() < 0.6
                vector = named[kind][topic]
                pieces = near[contract.name, short]
                order = pieces.order(vector)
                hits = [pieces.pieces[at] for at in order if answers(pieces.pieces[at], gold)]
                others = [pieces.pieces[at] for at in order if not touches(pieces.pieces[at], gold)]
                if not hits or len(others) < negatives:
                    continue
                chosen = rng.sample(others[:NEAR], min(negatives, len(others[:NEAR])))
                if without[kind] and rng.random() < 0.5:
                    vain = near[rng.choice(without[kind]).name, short]
                    chosen[0] = vain.pieces[rng.choice(vain.order(vector)[:3])]
                asked = topic if rng.random() < _TOPIC_ALONE else rng.choice(ASKED).format(topic)
                out.append(Group(asked, rng.choice(hits), tuple(dict.fromkeys(chosen))))
    return out


def _near(pieces: Sequence[str], encoder: Encoder) -> Near:
    return Near(tuple(pieces), encoder.encode(list(pieces)))
