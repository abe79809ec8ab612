"""Models of sentence-transformers: slow to import, so everything that needs it is here."""

import json
import shutil

import numpy as np
import pytest

from kgqa.errors import MissingExtra, ModelError
from kgqa.retrieval.encoder import OnnxEncoder, SentenceTransformerEncoder
from kgqa.retrieval.rerank import TransformersReranker
from kgqa.types import Hit, Passage

pytestmark = [
    pytest.mark.torch,
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"),
]
TEXTS = ["Metformin lowers blood sugar.", "", "糖尿病 𝔘", "pay rent " * 400, "fever"]


@pytest.fixture(scope="module")
def folder():
    pytest.importorskip("sentence_transformers")
    from kgqa.training.export import base_folder

    return base_folder()


@pytest.fixture(scope="module")
def encoder(folder):
    return SentenceTransformerEncoder(folder)


def test_rows_are_unit_float32_and_do_not_depend_on_their_batch(encoder):
    rows = encoder.encode(TEXTS)
    assert rows.shape == (5, encoder.dim) == (5, 384)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-5)
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert np.abs(rows - alone).max() <= 1e-6
    assert encoder.encode([]).shape == (0, 384)


def test_the_builtin_encoder_is_its_int8_form(encoder):
    import kgqa.models

    builtin = OnnxEncoder(next(iter(kgqa.models.__path__)) + "/weights/encoder")
    text = ["Metformin is the first drug for most adults with type 2 diabetes."]
    assert float((builtin.encode(text) @ encoder.encode(text).T)[0, 0]) > 0.99
    assert builtin.fingerprint != encoder.fingerprint


def test_the_fingerprint_depends_on_prefix_and_length(folder, encoder):
    seen = {
        encoder.fingerprint,
        SentenceTransformerEncoder(folder, max_length=64).fingerprint,
        SentenceTransformerEncoder(folder, prefixes=("query: ", "")).fingerprint,
    }
    assert len(seen) == 3
    assert SentenceTransformerEncoder(folder).fingerprint == encoder.fingerprint


def test_a_folder_without_safetensors_is_refused(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "m")
    (tmp_path / "m" / "model.safetensors").rename(tmp_path / "m" / "pytorch_model.bin")
    with pytest.raises(ModelError, match="name one with safetensors weights"):
        SentenceTransformerEncoder(tmp_path / "m")
    with pytest.raises(ModelError, match="name one with safetensors weights"):
        TransformersReranker(tmp_path / "m")


def test_a_model_with_code_of_its_own_is_refused(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "m")
    (tmp_path / "m" / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n")
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    config.update(model_type="own", auto_map={"AutoModel": "own.Model", "AutoConfig": "own.Config"})
    (tmp_path / "m" / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="cannot be loaded"):
        SentenceTransformerEncoder(tmp_path / "m")
    assert not (tmp_path / "ran").exists()


def test_any_sequence_classifier_reranks(folder):
    hits = [[Hit(Passage(str(i), str(i), text, "en", 0, 1), 1.0) for i, text in enumerate(TEXTS)], []]
    found = TransformersReranker(folder, max_length=64).rerank(["what lowers blood sugar?", "x"], hits)
    assert sorted(hit.passage.id for hit in found[0]) == ["0", "1", "2", "3", "4"]
    assert [hit.score for hit in found[0]] == sorted((hit.parts["rerank"] for hit in found[0]), reverse=True)
    assert found[1] == []


def test_a_missing_extra_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    for make in (SentenceTransformerEncoder, TransformersReranker):
        with pytest.raises(MissingExtra, match=r"pip install 'kgqa\[torch\]'"):
            make("any")
