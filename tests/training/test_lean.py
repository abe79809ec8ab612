"""Idle steps are taken out of a model, and what it says of a text alone stays the same."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

import kgqa
from kgqa.errors import ModelError
from kgqa.training.lean import lean, lean_folder

pytestmark = pytest.mark.torch
BUILT_IN = Path(kgqa.__file__).parent / "models" / "weights"


def outputs(path, length):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    ids = np.arange(1, length + 1).reshape(1, length)
    known = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    return session.run(None, {node.name: known[node.name] for node in session.get_inputs()})


@pytest.fixture
def exported(tiny_base, tmp_path):
    """A model as it was exported before: with masks, and with the replacing of NaN."""
    import torch
    from transformers import AutoModelForSequenceClassification

    from kgqa.training.export import _export, _quantise
    from kgqa.training.reranker import Scorer

    torch.manual_seed(5)
    inner = AutoModelForSequenceClassification.from_pretrained(tiny_base, num_labels=1, attn_implementation="sdpa")
    names = ("input_ids", "attention_mask", "token_type_ids")
    _export(Scorer(inner.eval()), tmp_path / "plain.onnx", names, ("score",))
    _quantise(tmp_path / "plain.onnx", tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


def test_masks_go_and_what_is_said_of_a_text_stays(exported, tmp_path):
    small = tmp_path / "lean.onnx"
    assert lean(exported, small) >= 2
    graph = onnx.load(small).graph
    assert "attention_mask" not in {node.name for node in graph.input}
    assert "IsNaN" not in {node.op_type for node in graph.node}
    for length in (1, 3, 30, 64):
        assert outputs(small, length)[0] == pytest.approx(outputs(exported, length)[0], abs=2e-3)


def test_what_is_lean_stays_as_it_is(exported, tmp_path):
    small = tmp_path / "lean.onnx"
    lean(exported, small)
    before = small.read_bytes()
    assert lean(small, small) == 0
    assert small.read_bytes() == before


def test_a_model_that_would_change_is_left_alone(exported, tmp_path, monkeypatch):
    monkeypatch.setattr("kgqa.training.lean._unmasked", lambda node, maker: node and node.input[1])
    before = exported.read_bytes()
    with pytest.raises(ModelError, match="left as it is"):
        lean(exported, exported)
    assert exported.read_bytes() == before


def test_the_card_stays_true(tmp_path):
    folder = tmp_path / "reranker"
    shutil.copytree(BUILT_IN / "reranker", folder)
    lean_folder(folder)
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert card["files"]["model.onnx"]["bytes"] == (folder / "model.onnx").stat().st_size
    from kgqa.retrieval.rerank import CrossEncoderReranker

    CrossEncoderReranker(folder)  # refuses files that are not what the card says
