import faiss
import numpy as np
import pytest

from kgqa.errors import IndexFault, ModelError
from kgqa.retrieval.dense import DenseConfig, DenseIndex, _cosines

COUNT, DIM = 700, 32
CONFIGS = {
    "flat": DenseConfig(),
    "hnsw": DenseConfig(flat_up_to=10),
    "ivfpq": DenseConfig(flat_up_to=10, hnsw_up_to=20),
}
kinds = pytest.mark.parametrize("kind", CONFIGS)


def unit(count, seed=0, dim=DIM):
    rows = np.random.default_rng(seed).normal(size=(count, dim))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def vectors():
    centres = unit(20, 1)
    rows = centres[np.arange(COUNT) % 20] + 0.5 * unit(COUNT, 2)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def indexes(vectors):
    return {kind: DenseIndex.build(vectors, config) for kind, config in CONFIGS.items()}


def exact(vectors, query, k, allowed=None):
    scores = vectors @ query
    rows = np.arange(len(vectors)) if allowed is None else np.flatnonzero(allowed)
    return rows[np.lexsort((rows, -scores[rows]))][:k].tolist()


@kinds
def test_a_vector_finds_itself_and_larger_is_better(indexes, vectors, kind):
    index = indexes[kind]
    assert (index.kind, len(index), index.dim) == (kind, COUNT, DIM)
    hits = 0
    for row in range(0, COUNT, 35):
        ((rows, scores),) = index.search(vectors[row : row + 1], 10)
        assert (np.diff(scores) <= 0).all()
        assert scores[0] == pytest.approx(1.0, abs=1e-5 if kind != "ivfpq" else 0.5)
        hits += row in rows
    assert hits == 20 if kind != "ivfpq" else hits >= 16


@pytest.mark.parametrize("kind", ["flat", "hnsw"])
def test_it_agrees_with_comparing_all(indexes, vectors, kind):
    queries = unit(30, 5)
    agreement = [
        len(set(rows.tolist()) & set(exact(vectors, query, 10)))
        for query, (rows, _) in zip(queries, indexes[kind].search(queries, 10), strict=True)
    ]
    assert min(agreement) >= (10 if kind == "flat" else 9)


@kinds
@pytest.mark.parametrize("share", [0.004, 0.01, 0.1, 0.5])
def test_a_filter_does_not_shorten_the_result(indexes, vectors, kind, share):
    allowed = np.random.default_rng(3).random(COUNT) < share
    queries = unit(20, 6)
    wanted = min(10, int(allowed.sum()))
    recall = []
    for query, (rows, _) in zip(queries, indexes[kind].search(queries, 10, allowed), strict=True):
        assert allowed[rows].all()
        assert len(rows) == wanted
        assert len(set(rows.tolist())) == len(rows)
        recall.append(len(set(rows.tolist()) & set(exact(vectors, query, 10, allowed))) / wanted)
    assert np.mean(recall) >= (0.99 if kind != "ivfpq" else 0.4)


@kinds
def test_a_query_has_one_result_alone_and_in_a_batch(indexes, vectors, kind):
    queries = unit(70, 7)
    together = indexes[kind].search(queries, 10)
    for at in (0, 33, 69):
        ((rows, scores),) = indexes[kind].search(queries[at : at + 1], 10)
        assert rows.tolist() == together[at][0].tolist()
        assert scores.tolist() == together[at][1].tolist()


@kinds
def test_bytes_and_back(indexes, kind):
    data = indexes[kind].to_bytes()
    again = DenseIndex.from_bytes(data, CONFIGS[kind])
    query = unit(3, 8)
    for one, other in zip(indexes[kind].search(query, 5), again.search(query, 5), strict=True):
        assert one[0].tolist() == other[0].tolist()
        assert one[1].tolist() == other[1].tolist()
    assert again.to_bytes() == data


@kinds
def test_stored_vectors_and_cosines(indexes, vectors, kind):
    stored = indexes[kind].vectors()
    rows = np.array([5, 3, 699])
    cosines = indexes[kind].cosines(vectors[3], rows)
    if kind == "ivfpq":
        assert stored is None
        assert cosines.argmax() == 1
    else:
        assert stored.tolist() == vectors.tolist()
        assert cosines == pytest.approx(vectors[rows] @ vectors[3], abs=1e-5)
    assert indexes[kind].cosines(vectors[3], np.zeros(0, np.int64)).tolist() == []


def test_more_wanted_than_there_are(vectors):
    index = DenseIndex.build(vectors[:3])
    ((rows, _),) = index.search(vectors[:1], 100)
    assert sorted(rows.tolist()) == [0, 1, 2]
    empty = DenseIndex.build(np.zeros((0, 8), np.float32))
    assert [len(rows) for rows, _ in empty.search(unit(2, dim=8), 5)] == [0, 0]
    assert index.search(np.zeros((0, DIM), np.float32), 5) == []
    assert [rows.tolist() for rows, _ in index.search(vectors[:1], 5, np.zeros(3, bool))] == [[]]


def test_equal_vectors_come_by_row():
    index = DenseIndex.build(np.repeat(unit(1), 5, 0))
    ((rows, _),) = index.search(unit(1), 5)
    assert rows.tolist() == [0, 1, 2, 3, 4]


def broken(value, row=2):
    rows = unit(4)
    rows[row] = value
    return rows


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (broken(np.nan), "vector 2 has length nan"),
        (broken(np.inf), "vector 2 has length inf"),
        (broken(0.0), "vector 2 has length 0"),
        (broken(7.0), "expected 1"),
        (unit(4).astype(np.float64), "float64, expected float32"),
        (unit(4)[0], "expected \\(n, "),
        (unit(4).tolist(), "list, expected float32"),
        (np.zeros((2, 0), np.float32), "expected \\(n, "),
    ],
)
def test_what_faiss_would_take_silently_is_refused(vectors, rows, message):
    with pytest.raises(ModelError, match=message):
        DenseIndex.build(rows)
    with pytest.raises(ModelError, match=message):
        DenseIndex.build(vectors).search(rows, 3)


def test_another_dimension_is_refused_with_both_values(vectors):
    with pytest.raises(ModelError, match=rf"shape \(1, 8\), expected \(n, {DIM}\)"):
        DenseIndex.build(vectors).search(unit(1, dim=8), 3)


def test_damaged_bytes_are_refused(indexes):
    for index in indexes.values():
        data = index.to_bytes()
        for cut in (0, 3, 40, len(data) // 2, len(data) - 1):
            with pytest.raises(IndexFault, match="dense index is damaged"):
                DenseIndex.from_bytes(data[:cut])


def test_both_metrics_become_cosines(vectors):
    query = unit(1, 9)
    for metric in (faiss.METRIC_INNER_PRODUCT, faiss.METRIC_L2):
        index = faiss.IndexFlat(DIM, metric)
        index.add(vectors)
        raw, rows = index.search(query, 5)
        assert _cosines(index, raw)[0] == pytest.approx(vectors[rows[0]] @ query[0], abs=1e-5)
    with pytest.raises(IndexFault, match="expected inner product or L2"):
        _cosines(faiss.IndexFlat(DIM, faiss.METRIC_L1), raw)


@pytest.mark.gpu
def test_a_gpu_finds_the_same(vectors):
    if not hasattr(faiss, "StandardGpuResources") or not faiss.get_num_gpus():
        pytest.skip("no GPU")
    index = DenseIndex.build(vectors)
    assert index._gpu is not None
    for query, (rows, _) in zip(unit(5, 3), index.search(unit(5, 3), 10), strict=True):
        assert rows.tolist() == exact(vectors, query, 10)
