"""Int8 ONNX folders as a start of training: the weights come back, and training goes on from them."""

import shutil

import numpy as np
import pytest
import torch

from kgqa.errors import ModelError
from kgqa.models.registry import builtin, promote
from kgqa.reading.extractive import OnnxReader, ReaderSettings, SpanReader, load_tokenizer
from kgqa.reading.hub import torch_infer
from kgqa.training.export import MeanPooled, export_int8
from kgqa.training.reading import ReaderOutputs
from kgqa.training.reranker import Scorer
from kgqa.training.reviving import read_weights
from kgqa.training.starting import load_base
from kgqa.types import Passage

pytestmark = pytest.mark.torch
KINDS = [
    ("AutoModelForQuestionAnswering", ReaderOutputs, ("start_logits", "end_logits"), {}),
    ("AutoModelForSequenceClassification", Scorer, ("score",), {"num_labels": 1}),
    ("AutoModel", MeanPooled, ("vector",), {}),
]


@pytest.mark.parametrize(("kind", "wrap", "outputs", "options"), KINDS)
def test_weights_come_back_within_the_rounding(tmp_path, tiny_base, kind, wrap, outputs, options):
    model, folder = load_base(kind, tiny_base, **options)
    with torch.no_grad():  # nothing is equal to anything else, as in a trained model
        for p in model.parameters():
            p.add_(0.05 * torch.randn(p.shape))
    export_int8(wrap(model), folder / "tokenizer.json", tmp_path / "m", outputs=outputs, card={"kind": "reader"})
    again, _ = load_base(kind, tmp_path / "m", **options)
    assert again.config.num_attention_heads == model.config.num_attention_heads == 4
    for (name, one), (other_name, other) in zip(model.named_parameters(), again.named_parameters(), strict=True):
        assert name == other_name
        if kind == "AutoModel" and "pooler" in name:
            continue  # an encoder takes the mean and never had it
        span = float(one.detach().abs().max())
        assert float((one - other).detach().abs().max()) <= span / 127 + 1e-6, name


def test_the_built_in_reader_comes_back_and_says_the_same():
    folder = builtin("reader")
    model, source = load_base("AutoModelForQuestionAnswering", "builtin")
    tokenizer = load_tokenizer(source)
    back = SpanReader(torch_infer(model.eval(), "cpu"), tokenizer, ReaderSettings.of(folder))
    text = "Colchicine 😀 was first isolated in 1820 by two French chemists, and is given for gout."
    passages = [[Passage("p", "d", text, "en", 0, len(text))]] * 2
    questions = ["When was colchicine isolated?", "What is colchicine given for?"]
    one = [row[0] for row in OnnxReader(folder).read(questions, passages, 1)]
    other = [row[0] for row in back.read(questions, passages, 1)]
    assert [s.text for s in one] == [s.text for s in other] == ["1820", "gout"]
    assert np.allclose([s.score for s in one], [s.score for s in other], atol=1.0)


def test_a_store_is_a_start_too(tmp_path, tiny_base):
    model, folder = load_base("AutoModel", tiny_base)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.05 * torch.randn(p.shape))
    card = {"kind": "encoder", "license": "CC0-1.0", "dim": 32}
    export_int8(MeanPooled(model), folder / "tokenizer.json", tmp_path / "m", outputs=("vector",), card=card)
    promote(tmp_path / "m", tmp_path / "models", "mine")
    again, _ = load_base("AutoModel", str(tmp_path / "models" / "mine"))
    assert again.config.hidden_size == 32


def test_what_is_no_exported_model_is_refused(tmp_path, tiny_base):
    import onnx
    from onnx import helper

    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [], [])
    (tmp_path / "tokenizer.json").write_bytes((tiny_base / "tokenizer.json").read_bytes())
    onnx.save(helper.make_model(graph), str(tmp_path / "model.onnx"))
    with pytest.raises(ModelError, match="no names"):
        read_weights(tmp_path)
    shutil.rmtree(tmp_path)
    with pytest.raises(ModelError, match=r"model\.safetensors"):
        load_base("AutoModel", tmp_path)
