import gzip
import hashlib
import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from kgqa.errors import SourceError, UsageError
from kgqa.evaluation.retrieval import Corpus, evaluate, ndcg, read_collection, recall, reciprocal, score

GRADES = {"a": 2, "b": 1, "c": 1, "d": 0}


class WordEncoder:
    fingerprint = "words"
    dim = 128

    def encode(self, texts, role="passage"):
        rows = np.full((len(texts), 128), 1e-3)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[hashlib.sha256(word.encode()).digest()[0] % 128] += 1
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


class Reverse:
    """Gives the last hit the first place."""

    def rerank(self, questions, hits):
        return [list(reversed(row)) for row in hits]


def folder(path, *, packed=False, corpus=None, queries=None, qrels=None):
    corpus = corpus or [
        {"_id": "a", "title": "Äpfel 𝔘", "text": "apple pear"},
        {"_id": "b", "title": "", "text": "plum"},
        {"_id": "c", "text": "苹果"},
    ]
    queries = queries or [{"_id": "1", "text": "apple"}, {"_id": "2", "text": "plum"}, {"_id": "3", "text": "unjudged"}]
    (path / "qrels").mkdir(parents=True)
    for name, rows in (("corpus", corpus), ("queries", queries)):
        data = "".join(
            row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) + "\n" for row in rows
        ).encode()
        if packed:
            (path / f"{name}.jsonl.gz").write_bytes(gzip.compress(data))
        else:
            (path / f"{name}.jsonl").write_bytes(data)
    (path / "qrels" / "test.tsv").write_text(qrels or "query-id\tcorpus-id\tscore\n1\ta\t1\n2\tb\t1\n2\tc\t0\n")
    return path


def test_ndcg_by_hand():
    perfect = 2 + 1 / math.log2(3) + 1 / 2
    assert ndcg(["a", "b", "c"], GRADES) == pytest.approx(1.0)
    assert ndcg(["x", "a", "d", "c"], GRADES) == pytest.approx((2 / math.log2(3) + 1 / math.log2(5)) / perfect)
    assert ndcg(["x"] * 10 + ["a"], GRADES) == 0.0
    assert ndcg(["a"], {"a": 0}) == 0.0
    many = {str(i): 1 for i in range(20)}
    assert ndcg([str(i) for i in range(10)], many) == pytest.approx(1.0)


def test_recall_and_reciprocal_rank_by_hand():
    ranking = ["x", "d", "b", "y", "a"]
    assert recall(ranking, GRADES, 5) == pytest.approx(2 / 3)
    assert recall(ranking, GRADES, 3) == pytest.approx(1 / 3)
    assert recall(ranking, {"d": 0}, 5) == 0.0
    assert reciprocal(ranking, GRADES) == pytest.approx(1 / 3)
    assert reciprocal(["x"] * 10 + ["a"], GRADES) == 0.0


def test_means_leave_out_queries_without_a_relevant_document():
    result = score({"1": ["a"], "2": ["x"], "3": ["a"]}, {"1": {"a": 1}, "2": {"a": 1}, "3": {"a": 0}, "4": {"b": 2}})
    assert result == {"ndcg@10": 1 / 3, "recall@10": 1 / 3, "recall@100": 1 / 3, "mrr@10": 1 / 3, "n": 3.0}


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_is_read(tmp_path, packed):
    found = read_collection(folder(tmp_path / "集", packed=packed))
    assert [(passage.id, passage.title, passage.text) for passage in found.passages] == [
        ("a", "Äpfel 𝔘", "apple pear"),
        ("b", "", "plum"),
        ("c", "", "苹果"),
    ]
    assert found.queries == {"1": "apple", "2": "plum"}
    assert found.judgements == {"1": {"a": 1}, "2": {"b": 1, "c": 0}}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"corpus": ["{\n"]}, r"corpus\.jsonl line 1 is not JSON"),
        ({"corpus": [{"_id": "a", "text": "x"}, "[]\n"]}, r"corpus\.jsonl line 2 is not an object"),
        ({"corpus": [{"text": "x"}]}, r"corpus\.jsonl line 1 has no '_id'"),
        ({"corpus": ["\n"]}, r"empty corpus\.jsonl"),
        ({"queries": [{"_id": "1", "text": "x"}]}, r"queries\.jsonl lacks query 2"),
        ({"qrels": "query-id\tcorpus-id\tscore\n1 a 1\n"}, r"test\.tsv line 2 is not query, document and grade"),
        ({"qrels": "query-id\tcorpus-id\tscore\n"}, r"qrels/test\.tsv judges nothing"),
    ],
)
def test_bad_folders_are_refused_with_the_place(tmp_path, parts, message):
    with pytest.raises(SourceError, match=message):
        read_collection(folder(tmp_path / "x", **parts))


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(SourceError, match=r"corpus\.jsonl is missing"):
        read_collection(tmp_path)
    with pytest.raises(SourceError, match=r"qrels/dev\.tsv is missing"):
        read_collection(folder(tmp_path / "x"), "dev")
    packed = folder(tmp_path / "y", packed=True) / "corpus.jsonl.gz"
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(SourceError, match="cannot be read"):
        read_collection(tmp_path / "y")


def test_each_mode_is_measured(tmp_path):
    path = folder(tmp_path / "x")
    for mode in ("lexical", "dense", "hybrid"):
        found = evaluate(path, "test", mode, encoder=WordEncoder())
        assert (found["ndcg@10"], found["recall@100"], found["n"]) == (1.0, 1.0, 2.0)
        assert found["seconds"] > 0
    reversed_ = evaluate(path, "test", "rerank", encoder=WordEncoder(), reranker=Reverse())
    assert reversed_["mrr@10"] < 1.0
    assert reversed_["recall@10"] == 1.0


def test_reranking_keeps_what_lies_deeper(tmp_path):
    corpus = Corpus(read_collection(folder(tmp_path / "x")), WordEncoder())
    found = corpus.measure("rerank", Reverse(), reranked=1)
    assert found["ndcg@10"] == 1.0
    assert found["recall@100"] == 1.0


def test_modes_that_cannot_be_are_refused(tmp_path):
    path = folder(tmp_path / "x")
    with pytest.raises(UsageError, match="mode 'fast' is unknown; use one of: lexical, dense, hybrid, rerank"):
        evaluate(path, mode="fast", encoder=WordEncoder())
    with pytest.raises(UsageError, match="needs a reranker"):
        evaluate(path, mode="rerank", encoder=WordEncoder())


@pytest.mark.data
def test_a_real_collection_reads_whole():
    if "KGQA_DATA" not in os.environ:
        pytest.skip("KGQA_DATA is not set")
    found = read_collection(Path(os.environ["KGQA_DATA"]) / "retrieval" / "cran")
    assert (len(found.passages), len(found.queries)) == (1400, 225)
    assert found.passages[0].title.startswith("experimental investigation")
