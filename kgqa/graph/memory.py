"""A scorer of relation paths that was trained on questions over one graph: which wordings lead along which relations.

The general scorer (:mod:`kgqa.graph.scorer`) needs no training on a graph. Where a graph has been trained on, this adds what
was learnt there: two linear softmax models over hashed n-grams of the masked question, one for the number of hops and one for
each hop. A wording that was not seen in training gets no weight, so that unknown questions fall back to the general scorer.
"""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import ModelError
from kgqa.graph.question import Reading
from kgqa.graph.words import Token, tokens

BUCKETS = 8192
MOST_HOPS = 3
SLOTS = tuple((length, place) for length in range(1, MOST_HOPS + 1) for place in range(length))
"""The hops of paths of each length: (number of hops, place of the hop counted from the mention)."""

Step = tuple[str, bool]
"""Key of a relation and whether it is walked forward."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What was learnt on one graph.

    :param steps: the classes of the hop models.
    :param lengths: weights of the number of hops, shape (BUCKETS, MOST_HOPS).
    :param hops: weights of each hop, shape (len(SLOTS), BUCKETS, len(steps)).
    :param seen: which buckets occurred in training, shape (BUCKETS,).
    """

    steps: tuple[Step, ...]
    lengths: NDArray[np.float32]
    hops: NDArray[np.float32]
    seen: NDArray[np.bool_]

    @classmethod
    def load(cls, folder: Path) -> Memory:
        """Read ``memory.npz`` and ``memory.json`` of a folder.

        :raises ModelError: when they are missing or damaged.
        """
        try:
            steps = json.loads((folder / "memory.json").read_text(encoding="utf-8"))["steps"]
            with np.load(io.BytesIO((folder / "memory.npz").read_bytes()), allow_pickle=False) as data:
                return cls(
                    tuple((str(key), bool(forward)) for key, forward in steps),
                    data["lengths"].astype(np.float32),
                    data["hops"].astype(np.float32),
                    data["seen"],
                )
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile, zlib.error) as error:
            raise ModelError(f"{folder}: the path memory is missing or damaged ({error}); train it again") from None

    def save(self, folder: Path) -> None:
        """Write ``memory.npz`` and ``memory.json``."""
        folder.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(
            folder / "memory.npz",
            lengths=self.lengths.astype(np.float16),
            hops=self.hops.astype(np.float16),
            seen=self.seen,
        )
        (folder / "memory.json").write_text(json.dumps({"steps": self.steps}, ensure_ascii=False), encoding="utf-8")

    def familiarity(self, reading: Reading) -> float:
        """Return how much of the question's wording was seen in training, 0 to 1."""
        return self.known(skeleton(reading))

    def known(self, words: tuple[str, ...]) -> float:
        """Return how much of a wording was seen in training, 0 to 1."""
        at = buckets(words)
        share = float(self.seen[at].mean()) if len(at) else 0.0
        return min(1.0, max(0.0, (share - 0.5) / 0.4))

    def chances(self, words: tuple[str, ...]) -> Callable[[tuple[Step, ...]], float]:
        """Return the function that gives the logarithm of a path's probability for a wording."""
        at = buckets(words)
        lengths = np.log(_softmax(self.lengths[at].sum(0)) + 1e-12)
        hops = [np.log(_softmax(self.hops[slot][at].sum(0)) + 1e-12) for slot in range(len(SLOTS))]
        index = {step: k for k, step in enumerate(self.steps)}

        def chance(path: tuple[Step, ...]) -> float:
            if any(step not in index for step in path):
                return -100.0
            parts = [hops[SLOTS.index((len(path), place))][index[step]] for place, step in enumerate(path)]
            return float(lengths[len(path) - 1] + sum(parts))

        return chance

    def paths(self, reading: Reading, most: int = 12) -> list[tuple[float, tuple[Step, ...]]]:
        """Return the likeliest paths with their probabilities, best first."""
        return self.likely(skeleton(reading), most)

    def likely(self, words: tuple[str, ...], most: int = 12) -> list[tuple[float, tuple[Step, ...]]]:
        """Return the likeliest paths of a wording with their probabilities, best first."""
        at = buckets(words)
        if not len(at):
            return []
        lengths = _softmax(self.lengths[at].sum(0))
        found: list[tuple[float, tuple[Step, ...]]] = []
        for length in range(1, MOST_HOPS + 1):
            if lengths[length - 1] < 0.02:
                continue
            options = []
            for slot, (total, _) in enumerate(SLOTS):
                if total == length:
                    chances = _softmax(self.hops[slot][at].sum(0))
                    best = np.argsort(-chances)[:3]
                    options.append([(float(chances[k]), self.steps[k]) for k in best])
            for choice in product(*options):
                chance = float(lengths[length - 1]) * float(np.prod([p for p, _ in choice]))
                found.append((chance, tuple(step for _, step in choice)))
        return sorted(found, key=lambda item: -item[0])[:most]


def skeleton(reading: Reading) -> tuple[str, ...]:
    """Return the wording of a question without its mentions: lower-case words, each mention as ``⟦⟧``."""
    return _plain(reading.words)


def skeleton_of(masked: str) -> tuple[str, ...]:
    """Return the wording of a text whose mentions are masked already."""
    return _plain(tokens(masked))


def _plain(words: Iterable[Token]) -> tuple[str, ...]:
    return tuple("⟦⟧" if word.text.startswith("⟦") else word.text.lower() for word in words)


@lru_cache(maxsize=4096)
def buckets(words: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the buckets of the n-grams (1 to 4 words) of a wording."""
    grams = ["<s>", *words, "</s>"]
    found = {_bucket(grams[start : start + size]) for size in (1, 2, 3, 4) for start in range(len(grams) - size + 1)}
    return np.array(sorted(found), np.int64)


def _bucket(gram: Sequence[str]) -> int:
    digest = hashlib.blake2b(" ".join(gram).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little") % BUCKETS


def _softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = np.exp(scores - scores.max())
    return np.asarray(shifted / shifted.sum(), np.float32)
