import pytest

from kgqa.errors import ModelError
from kgqa.retrieval.rerank import CrossEncoderReranker, _reordered
from kgqa.types import Hit, Passage


def hit(name, score, **parts):
    return Hit(Passage(name, name, name, "en", 0, 1), score, parts)


def test_logits_decide_and_every_hit_stays():
    lists = [[hit("a", 3.0, lexical=1.0), hit("b", 2.0), hit("c", 1.0)], [], [hit("d", 1.0)]]
    found = _reordered(lists, [-1.0, 5.0, 5.0, 0.25], 1.0, "m")
    assert [[one.passage.id for one in row] for row in found] == [["b", "c", "a"], [], ["d"]]
    assert found[0][2].parts == {"lexical": 1.0, "rerank": -1.0}
    assert [one.score for one in found[0]] == [5.0, 5.0, -1.0]
    assert lists[0][0].parts == {"lexical": 1.0}


def test_a_blend_weighs_the_old_order():
    row = [hit("a", 10.0), hit("b", 0.0)]
    assert [one.passage.id for one in _reordered([row], [1.0, 2.0], 0.4, "m")[0]] == ["a", "b"]
    assert [one.passage.id for one in _reordered([row], [1.0, 2.0], 0.6, "m")[0]] == ["b", "a"]


def test_broken_logits_are_not_passed_on():
    with pytest.raises(ModelError, match="reranker m returned NaN or infinity"):
        _reordered([[hit("a", 1.0)]], [float("nan")], 1.0, "m")


def test_another_kind_of_model_is_refused(tmp_path):
    from test_onnx_encoder import FOLDER

    with pytest.raises(ModelError, match="kind 'encoder', expected 'reranker'"):
        CrossEncoderReranker(FOLDER)
    with pytest.raises(ModelError, match="does not exist"):
        CrossEncoderReranker(tmp_path / "none")
