"""From passages to the two indexes on disk, and back to a retriever.

lexical/        BM25
dense.faiss     the vectors
dense.json      their number, dimension, encoder, and the hash of ``dense.faiss``
dense.keys      16 bytes for each row: the hash of the text that was encoded
dense.vectors   the vectors again, where the index has compressed them
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import IndexFault
from kgqa.protocols import Encoder
from kgqa.retrieval.dense import DenseConfig, DenseIndex
from kgqa.retrieval.hybrid import HybridConfig, HybridRetriever, Mode, Passages
from kgqa.retrieval.lexical import LexicalConfig, LexicalIndex
from kgqa.retrieval.text import headed_text
from kgqa.types import Passage, Vectors

Progress = Callable[[int, int], None]
"""Called with the number of passages encoded and of passages to encode."""

_BATCH = 256
_KEY_BYTES = 16


@dataclass(frozen=True, slots=True)
class IndexConfig:
    """How passages are indexed and searched."""

    lexical: LexicalConfig = field(default_factory=LexicalConfig)
    dense: DenseConfig = field(default_factory=DenseConfig)
    hybrid: HybridConfig = field(default_factory=HybridConfig)


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What indexing did.

    :param encoded: passages whose vectors were computed.
    :param reused: passages whose vectors were taken from an older index.
    """

    passages: int
    encoded: int
    reused: int


def write_indexes(
    folder: Path,
    passages: Iterable[Passage],
    encoder: Encoder,
    *,
    previous: Path | None = None,
    config: IndexConfig | None = None,
    progress: Progress | None = None,
) -> IndexReport:
    """Index passages, in order, into a folder.

    :param previous: a folder with older indexes; vectors of unchanged text by the same encoder are taken from it.
    :raises ModelError: when the encoder returns what cannot be indexed.
    """
    config = config or IndexConfig()
    items = list(passages)
    LexicalIndex.build(items, config.lexical).save(folder / "lexical")
    texts = [headed_text(passage) for passage in items]
    keys = [_key(text) for text in texts]
    known = _known_vectors(previous, encoder)
    vectors = np.zeros((len(items), encoder.dim), np.float32)
    todo = []
    for row, key in enumerate(keys):
        vector = known.get(key)
        if vector is None:
            todo.append(row)
        else:
            vectors[row] = vector
    _encode(vectors, texts, todo, encoder, progress)
    _save_dense(folder, DenseIndex.build(vectors, config.dense), vectors, keys, encoder.fingerprint)
    return IndexReport(len(items), len(todo), len(items) - len(todo))


def open_retriever(
    folder: Path, passages: Passages, encoder: Encoder, *, mode: Mode = "hybrid", config: IndexConfig | None = None
) -> HybridRetriever:
    """Open the indexes of a folder.

    :param passages: the store whose row ``i`` was indexed as row ``i``.
    :raises IndexFault: when a file is missing or damaged, or was made with another encoder or of other passages.
    """
    config = config or IndexConfig()
    lexical = LexicalIndex.load(folder / "lexical")
    dense, made_with, _ = _load_dense(folder, config.dense)
    if made_with != encoder.fingerprint:
        raise IndexFault(
            f"{folder}/dense.faiss was made with encoder {made_with}, configured is {encoder.fingerprint}; "
            "build the index again or configure its encoder"
        )
    counts = {"passages.sqlite": len(passages), "lexical": len(lexical), "dense.faiss": len(dense)}
    if len(set(counts.values())) > 1:
        raise IndexFault(f"parts of {folder} differ in their number of passages ({counts}); build the index again")
    return HybridRetriever(passages, lexical, dense, encoder, mode=mode, config=config.hybrid)


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()


def _encode(
    vectors: Vectors, texts: Sequence[str], todo: Sequence[int], encoder: Encoder, progress: Progress | None
) -> None:
    # Texts of one length together: an encoder that pads wastes least, and progress still moves evenly enough.
    order = sorted(todo, key=lambda row: len(texts[row]))
    for start in range(0, len(order), _BATCH):
        rows = order[start : start + _BATCH]
        vectors[rows] = encoder.encode([texts[row] for row in rows], "passage")
        if progress is not None:
            progress(start + len(rows), len(order))


def _known_vectors(previous: Path | None, encoder: Encoder) -> dict[bytes, NDArray[np.float32]]:
    """Return the vectors of an older index by key; none when it cannot be used."""
    if previous is None:
        return {}
    try:
        dense, made_with, keys = _load_dense(previous, DenseConfig())
        if made_with != encoder.fingerprint:
            return {}
        vectors = dense.vectors()
        if vectors is None:
            flat = np.frombuffer((previous / "dense.vectors").read_bytes(), np.float32)
            vectors = flat.reshape(len(dense), dense.dim)
    except (IndexFault, OSError, ValueError):  # then everything is encoded: slower, not wrong
        return {}
    return dict(zip(keys, vectors, strict=True))


def _save_dense(folder: Path, index: DenseIndex, vectors: Vectors, keys: Sequence[bytes], fingerprint: str) -> None:
    data = index.to_bytes()
    (folder / "dense.faiss").write_bytes(data)
    (folder / "dense.keys").write_bytes(b"".join(keys))
    if index.vectors() is None:
        (folder / "dense.vectors").write_bytes(vectors.tobytes())
    head = {
        "count": len(index),
        "dim": index.dim,
        "kind": index.kind,
        "encoder": fingerprint,
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    (folder / "dense.json").write_text(json.dumps(head, indent=1), encoding="utf-8")


def _load_dense(folder: Path, config: DenseConfig) -> tuple[DenseIndex, str, list[bytes]]:
    """Return a saved index, the fingerprint of its encoder and its keys.

    :raises IndexFault: when it is missing or damaged.
    """
    try:
        head = json.loads((folder / "dense.json").read_text(encoding="utf-8"))
        data = (folder / "dense.faiss").read_bytes()
        keys = (folder / "dense.keys").read_bytes()
        said, found = head["sha256"], hashlib.sha256(data).hexdigest()
        if said != found:  # checked before FAISS sees the bytes, as it takes damaged ones
            raise IndexFault(f"{folder}/dense.faiss has sha256 {found}, dense.json says {said}; build the index again")
        index = DenseIndex.from_bytes(data, config)
        if (len(index), index.dim) != (head["count"], head["dim"]) or len(keys) != _KEY_BYTES * len(index):
            raise IndexFault(f"{folder}/dense.faiss does not match dense.json and dense.keys; build the index again")
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise IndexFault(f"dense index in {folder} cannot be read ({fault}); build the index again") from fault
    rows = [keys[start : start + _KEY_BYTES] for start in range(0, len(keys), _KEY_BYTES)]
    return index, str(head["encoder"]), rows
