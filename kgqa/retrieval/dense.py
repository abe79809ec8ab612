"""Nearest vectors by FAISS: exact for small indexes, HNSW and IVF-PQ for larger ones.

Everything is checked before FAISS sees it, as FAISS takes NaN, wrong types and damaged bytes without a word. An index
is made into bytes and back; FAISS itself never touches a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import faiss as _faiss
import numpy as np
from numpy.typing import NDArray

from kgqa.errors import IndexFault, ModelError
from kgqa.types import Vectors

faiss: Any = _faiss  # its stubs know nothing of what its Python layer adds

Kind = Literal["flat", "hnsw", "ivfpq"]
Found = tuple[NDArray[np.int64], NDArray[np.float32]]
"""Rows and cosines of one query, best first."""

_SLACK = 1 << 20  # bytes of an index beside its vectors, before the limit for reading calls it damaged
_UNIT_TOLERANCE = 1e-3
_TRAINING = 39 * 16

# Below this many queries in a batch FAISS scans with its own loops, above with BLAS, whose sums differ in the last
# digits and whose threads spin. Never BLAS: a query then has one result, alone or in a batch.
faiss.cvar.distance_compute_blas_threshold = 1 << 30


@dataclass(frozen=True, slots=True)
class DenseConfig:
    """Which kind of index is made, by number of vectors, and how hard it searches.

    :param flat_up_to: up to here every vector is compared: exact.
    :param hnsw_up_to: up to here a graph of neighbours, with the vectors themselves; beyond it, compressed lists.
    :param links: neighbours of each vector in the graph.
    :param build_depth: candidates kept while the graph is built.
    :param search_depth: candidates kept while the graph is searched; at least ``k`` are.
    :param probes: lists visited in a compressed index.
    :param exact_share: a filter that admits at most this share of the vectors is searched exactly.
    """

    flat_up_to: int = 25_000
    hnsw_up_to: int = 1_000_000
    links: int = 32
    build_depth: int = 120
    search_depth: int = 160
    probes: int = 48
    exact_share: float = 0.2


class DenseIndex:
    """An index over unit rows; row ``i`` is the ``i``-th vector that it was built from.

    Larger scores are better, whatever FAISS measures: :func:`_cosines` is the one place that sees to it.
    """

    def __init__(self, index: Any, config: DenseConfig | None = None) -> None:
        self._index = index
        self._config = config or DenseConfig()
        if self.kind == "ivfpq":
            index.make_direct_map()  # so that a row's vector can be asked for
        self._gpu = _on_gpu(index)

    @classmethod
    def build(cls, vectors: Vectors, config: DenseConfig | None = None) -> DenseIndex:
        """Index unit rows, shape (n, dim), float32.

        :raises ModelError: when they are of another type or shape, not finite, or not of unit length.
        """
        config = config or DenseConfig()
        check_vectors(vectors)
        index = _empty(len(vectors), vectors.shape[1], vectors, config)
        index.add(vectors)
        return cls(index, config)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self._index.d)

    @property
    def kind(self) -> Kind:
        """What the vectors are kept in."""
        if isinstance(self._index, faiss.IndexFlat):
            return "flat"
        return "hnsw" if isinstance(self._index, faiss.IndexHNSW) else "ivfpq"

    def search(self, queries: Vectors, k: int, allowed: NDArray[np.bool_] | None = None) -> list[Found]:
        """Return the rows nearest to each query and their cosines, best first, ties by row; at most ``k``.

        :param allowed: which rows may be found, shape (len(self),); all when ``None``. FAISS applies it while it
            searches, so a selective mask does not shorten the result.
        :raises ModelError: when the queries are not unit rows of this index's dimension.
        """
        check_vectors(queries, self.dim)
        rows = None if allowed is None else np.flatnonzero(allowed)
        reach = min(k, len(self) if rows is None else len(rows))
        if reach == 0 or not len(queries):
            return [(np.zeros(0, np.int64), np.zeros(0, np.float32)) for _ in queries]
        faiss.omp_set_num_threads(1)  # of this thread only: one core a query, and none that spins
        index, raw, found = self._index, None, None
        if rows is None and self._gpu is not None:
            index = self._gpu
            raw, found = index.search(queries, reach)
        elif self.kind == "hnsw" and rows is not None and len(rows) <= self._config.exact_share * len(self):
            index = faiss.downcast_index(self._index.storage)
            raw, found = index.search(queries, reach, params=faiss.SearchParameters(sel=_selector(allowed)))
        else:
            raw, found = index.search(queries, reach, params=self._parameters(reach, rows, allowed))
        cosines = _cosines(index, raw)
        return [_sorted(one, scores) for one, scores in zip(found, cosines, strict=True)]

    def cosines(self, query: Vectors, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the cosine of one query, shape (dim,), with each of some rows."""
        stored = self._index.reconstruct_batch(np.ascontiguousarray(rows, np.int64)) if len(rows) else None
        result: NDArray[np.float32] = np.zeros(0, np.float32) if stored is None else stored @ query
        return result

    def vectors(self) -> Vectors | None:
        """Return all vectors, shape (len(self), dim), or ``None`` when the index has compressed them."""
        if self.kind == "ivfpq":
            return None
        rows: Vectors = self._index.reconstruct_n(0, len(self)) if len(self) else np.zeros((0, self.dim), np.float32)
        return rows

    def to_bytes(self) -> bytes:
        """Return the index as bytes for :meth:`from_bytes`."""
        return bytes(faiss.serialize_index(self._index).tobytes())

    @classmethod
    def from_bytes(cls, data: bytes, config: DenseConfig | None = None) -> DenseIndex:
        """Return the index that :meth:`to_bytes` made; hand over only bytes whose hash has been checked.

        :raises IndexFault: when FAISS refuses them.
        """
        # Bytes that lie about the length of a vector would else make FAISS take that much memory.
        faiss.set_deserialization_vector_byte_limit(len(data) + _SLACK)
        try:
            index = faiss.deserialize_index(np.frombuffer(data, np.uint8))
        except (RuntimeError, MemoryError) as fault:
            reason = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
            raise IndexFault(f"dense index is damaged ({reason}); build the index again") from fault
        return cls(index, config)

    def _parameters(self, k: int, rows: NDArray[np.int64] | None, allowed: NDArray[np.bool_] | None) -> Any:
        selector = None if allowed is None else _selector(allowed)
        if self.kind == "hnsw":
            # A filter hides neighbours from the result but not from the walk; the walk is widened by what it hides.
            widen = 1.0 if rows is None else len(self) / max(len(rows), 1)
            depth = int(max(self._config.search_depth, k) * widen)
            return faiss.SearchParametersHNSW(sel=selector, efSearch=depth)
        if self.kind == "ivfpq":
            selective = rows is not None and len(rows) <= self._config.exact_share * len(self)
            probes = self._index.nlist if selective else min(self._config.probes, self._index.nlist)
            return faiss.SearchParametersIVF(sel=selector, nprobe=probes)
        return faiss.SearchParameters(sel=selector) if selector is not None else None


def check_vectors(vectors: Vectors, dim: int | None = None) -> None:
    """Check what FAISS does not: type, shape, finite values, unit length.

    :raises ModelError: naming the first row that is wrong.
    """
    if not isinstance(vectors, np.ndarray) or vectors.dtype != np.float32:
        found = getattr(vectors, "dtype", type(vectors).__name__)
        raise ModelError(f"vectors are of type {found}, expected float32; the encoder must return float32")
    if vectors.ndim != 2 or (dim is not None and vectors.shape[1] != dim) or vectors.shape[1] == 0:
        raise ModelError(
            f"vectors have shape {vectors.shape}, expected (n, {dim or 'dim'}); use the index's own encoder"
        )
    norms = np.linalg.norm(vectors, axis=1)
    wrong = np.flatnonzero(~(np.abs(norms - 1.0) <= _UNIT_TOLERANCE))  # also true of NaN
    if len(wrong):
        row = int(wrong[0])
        raise ModelError(f"vector {row} has length {norms[row]}, expected 1; the encoder must return finite unit rows")


def _empty(count: int, dim: int, sample: Vectors, config: DenseConfig) -> Any:
    """Return an index of the kind that fits a number of vectors, trained and empty."""
    if count <= config.flat_up_to:
        return faiss.IndexFlatIP(dim)
    if count <= max(config.hnsw_up_to, _TRAINING):  # compression must be learned from enough vectors
        index = faiss.IndexHNSWFlat(dim, config.links, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = config.build_depth
        return index
    # Rules of thumb of FAISS: about 4 sqrt(n) lists, at least 39 vectors for each, 8 dimensions in a byte.
    lists = max(1, min(int(4 * count**0.5), count // 39))
    pieces = next(parts for parts in range(max(dim // 8, 1), 0, -1) if dim % parts == 0)
    bits = 8 if count >= 39 * 256 else 4
    index = faiss.IndexIVFPQ(faiss.IndexFlatIP(dim), dim, lists, pieces, bits, faiss.METRIC_INNER_PRODUCT)
    index.cp.seed = index.pq.cp.seed = 13
    index.cp.min_points_per_centroid = index.pq.cp.min_points_per_centroid = 1
    index.train(sample)
    return index


def _cosines(index: Any, raw: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn FAISS's output into cosines of unit rows: larger is better."""
    if index.metric_type == faiss.METRIC_INNER_PRODUCT:
        return raw
    if index.metric_type == faiss.METRIC_L2:
        result: NDArray[np.float32] = 1.0 - raw / 2.0  # squared distance of unit rows is 2 - 2 cos
        return result
    raise IndexFault(f"dense index has metric {index.metric_type}, expected inner product or L2; build the index again")


def _sorted(rows: NDArray[np.int64], scores: NDArray[np.float32]) -> Found:
    kept = rows >= 0  # FAISS fills up with -1
    rows, scores = rows[kept], scores[kept]
    order = np.lexsort((rows, -scores))
    return rows[order], scores[order]


def _selector(allowed: NDArray[np.bool_] | None) -> Any:
    return faiss.IDSelectorBitmap(np.packbits(np.asarray(allowed), bitorder="little"))


def _on_gpu(index: Any) -> Any:
    """Return a copy on the first GPU when there is one that really searches, else ``None``."""
    if not hasattr(faiss, "StandardGpuResources") or faiss.get_num_gpus() == 0 or not index.ntotal:
        return None
    try:
        copy = faiss.index_cpu_to_gpu(faiss.StandardGpuResources(), 0, index)
        probe = index.reconstruct(0).reshape(1, -1)
        return copy if copy.search(probe, 1)[1][0, 0] >= 0 else None
    except RuntimeError:  # a driver that does not fit, no memory left, an index kind without a GPU version
        return None
