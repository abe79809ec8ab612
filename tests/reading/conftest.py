"""A tiny reader model whose logits are worked out by hand, built with onnx itself: real files, real runtime."""

import json

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx import save as save_onnx
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "where",
    "who",
    "is",
    "the",
    "dose",
    "5",
    "mg",
    "rome",
    "paris",
    "of",
    "in",
    ".",
    "药",
]


def tokenizer() -> Tokenizer:
    made = Tokenizer(models.WordPiece({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    return made


def write_model(folder, start, end, settings=None):
    """Write a reader whose logits depend on the token alone: ``start[token]`` and ``end[token]``."""
    folder.mkdir(parents=True, exist_ok=True)
    nodes = []
    tables = []
    for name, given in (("start", start), ("end", end)):
        table = np.array([given.get(word, -5.0) for word in WORDS], dtype=np.float32)
        tables.append(numpy_helper.from_array(table, f"{name}_table"))
        nodes.append(helper.make_node("Gather", [f"{name}_table", "input_ids"], [f"{name}_logits"]))
    shape = ["batch", "length"]
    graph = helper.make_graph(
        nodes,
        "reader",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, shape)],
        [helper.make_tensor_value_info(f"{n}_logits", TensorProto.FLOAT, shape) for n in ("start", "end")],
        tables,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    save_onnx(model, folder / "model.onnx")
    tokenizer().save(str(folder / "tokenizer.json"))
    (folder / "card.json").write_text(json.dumps({"settings": settings or {}}), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def write_reader():
    return write_model


@pytest.fixture
def city_reader(tmp_path):
    """A folder whose model likes "rome" (score 4) more than "paris" (2); "no answer" has 1."""
    liked = {"rome": 2.0, "paris": 1.0, "[CLS]": 0.5}
    return write_model(tmp_path / "city", liked, liked)
