"""Names as vectors, for mentions that share no word with the name ("heart attack", "myocardial infarction")."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kgqa.errors import IndexFault
from kgqa.graph.adjacency import mapped
from kgqa.graph.context import is_common
from kgqa.graph.mentions import Token

if TYPE_CHECKING:
    from kgqa.graph.store import GraphStore
    from kgqa.protocols import Encoder

MAX_ENTITIES = 200_000
"""Most entities whose labels are compared one by one; larger graphs go without."""
MIN_COSINE = 0.6
_MAX_WORDS = 6
_MAX_MENTIONS = 12
_FILE = "dense.npy"


def write_dense(store: GraphStore, encoder: Encoder, folder: Path, language: str = "en") -> int:
    """Encode the label of each entity; return how many, 0 if there are too many.

    :param folder: where the graph's names are.
    """
    rows = [(number, store.label(iri, language)) for number, iri in store.things() if store.labels(iri)]
    if not rows or len(rows) > MAX_ENTITIES:
        return 0
    vectors = encoder.encode([label for _, label in rows], role="passage")
    np.save(folder / _FILE, vectors.astype(np.float16))
    np.save(folder / "dense_entities.npy", np.array([number for number, _ in rows], np.uint32))
    (folder / "dense.json").write_text(json.dumps({"encoder": encoder.fingerprint}), encoding="utf-8")
    return len(rows)


class DenseNames:
    """The labels' vectors of a graph, and the encoder that made them."""

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        """Open what :func:`write_dense` wrote.

        :raises IndexFault: if it is missing, or was made with another encoder.
        """
        try:
            made = json.loads((folder / "dense.json").read_text(encoding="utf-8"))["encoder"]
            self._vectors = np.asarray(mapped(folder / _FILE), np.float32)
            self._entities = mapped(folder / "dense_entities.npy")
        except (OSError, ValueError, KeyError) as error:
            raise IndexFault(f"the vectors of names in {folder} are missing or damaged ({error})") from None
        if made != encoder.fingerprint:
            raise IndexFault(f"the names in {folder} were encoded by {made}, not by {encoder.fingerprint}; build again")
        self._encoder = encoder

    def near(self, texts: Sequence[str], k: int = 3) -> list[list[tuple[int, float]]]:
        """Return for each text the entities with the nearest labels and the cosine, best first."""
        if not texts:
            return []
        scores = self._encoder.encode(texts, role="query") @ self._vectors.T
        order = np.argsort(-scores, axis=1)[:, :k]
        return [
            [(int(self._entities[at]), float(row[at])) for at in best if row[at] >= MIN_COSINE]
            for row, best in zip(scores, order, strict=True)
        ]


def loose_mentions(words: Sequence[Token], covered: set[int]) -> list[tuple[int, int]]:
    """Return (first word, number of words) of the runs of telling words in which no entity was found."""
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for at in range(len(words) + 1):
        telling = at < len(words) and at not in covered and not is_common(words[at].text)
        if telling and start is None:
            start = at
        elif not telling and start is not None:
            runs.append((start, min(at - start, _MAX_WORDS)))
            start = None
    runs += [(first + 1, length - 1) for first, length in runs if length > 1]
    return runs[:_MAX_MENTIONS]
