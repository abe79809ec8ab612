import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kgqa
from kgqa.errors import ModelError
from kgqa.retrieval.encoder import OnnxEncoder, unit_rows

FOLDER = Path(kgqa.__file__).parent / "models" / "weights" / "encoder"
TEXTS = [
    "Metformin lowers blood sugar.",
    "",
    "糖尿病的首选药物是什么？",
    "naïve café 𝔘𠮷 \ud800 \0",
    "The tenant shall pay rent on the first day of each month. " * 40,
    "fever",
    "x" * 5000,
    "What drug lowers blood sugar?",
]


@pytest.fixture(scope="module")
def encoder():
    return OnnxEncoder(FOLDER)


@pytest.fixture(scope="module")
def rows(encoder):
    return encoder.encode([text.replace("\ud800", "") for text in TEXTS])


def test_rows_are_unit_vectors(encoder, rows):
    assert rows.shape == (len(TEXTS), encoder.dim) == (len(TEXTS), 384)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert encoder.encode([]).shape == (0, 384)


def test_the_same_text_gives_the_same_row_in_any_batch(encoder, rows):
    texts = [text.replace("\ud800", "") for text in TEXTS]
    alone = np.concatenate([encoder.forget() or encoder.encode([text]) for text in texts])
    encoder.forget()
    assert alone.tobytes() == rows.tobytes()
    order = [5, 0, 7, 3, 0, 2, 6, 4, 1]
    assert encoder.encode([texts[i] for i in order]).tobytes() == rows[order].tobytes()
    assert OnnxEncoder(FOLDER, threads=1).encode(texts).tobytes() == rows.tobytes()


def test_what_comes_again_is_not_run_again(monkeypatch):
    fresh, run = OnnxEncoder(FOLDER, threads=1), []
    plain = fresh._model.run
    monkeypatch.setattr(fresh._model, "run", lambda encodings: run.append(len(encodings)) or plain(encodings))
    first = fresh.encode(["fever 发热", "cough", "fever 发热"])
    again = fresh.encode(["cough", "ache", "fever 发热"])
    assert run == [2, 1]
    assert again[[0, 2]].tobytes() == first[[1, 0]].tobytes()
    long = "pay rent " * 100
    assert fresh.encode([long]).tobytes() == fresh.encode([long]).tobytes()
    assert run[2:] == [1, 1]  # long texts are not kept
    first[0] = 0  # a caller may change its own rows
    assert np.linalg.norm(fresh.encode(["fever 发热"])) == pytest.approx(1.0, abs=1e-5)
    fresh.forget()
    fresh.encode(["cough"])
    assert run[4:] == [1]


def test_what_is_remembered_has_a_bound(monkeypatch):
    monkeypatch.setattr("kgqa.retrieval.encoder.REMEMBERED", 3)
    fresh = OnnxEncoder(FOLDER, threads=1)
    fresh.encode([f"word {n}" for n in range(5)])
    assert list(fresh._memory._rows) == ["word 2", "word 3", "word 4"]


def test_meaning_decides(rows):
    question = rows[7]
    assert int(np.argmax(rows[:7] @ question)) == 0


def test_text_beyond_the_limit_changes_nothing(encoder):
    long = "pay rent " * 400
    assert encoder.encode([long]).tobytes() == encoder.encode([long + "metformin " * 9]).tobytes()
    assert np.isfinite(encoder.encode(["a b " * 300_000])).all()


def test_the_card_says_what_is_there(encoder):
    card = json.loads((FOLDER / "card.json").read_text())
    assert card["files"]["model.onnx"]["bytes"] == (FOLDER / "model.onnx").stat().st_size <= 25_000_000
    assert card["metrics"]["cosine_to_fp32_mean"] > 0.99
    assert card["license"] == "Apache-2.0"
    assert encoder.languages == ("en", "zh")


def test_the_fingerprint_depends_on_each_part(encoder, tmp_path):
    assert OnnxEncoder(FOLDER).fingerprint == encoder.fingerprint
    seen = {encoder.fingerprint}
    for key, value in (
        ("query_prefix", "query: "),
        ("passage_prefix", "passage: "),
        ("max_length", 128),
        ("pooling", "cls"),
    ):
        folder = copy(tmp_path / key)
        change(folder, **{key: value})
        seen.add(OnnxEncoder(folder).fingerprint)
    folder = copy(tmp_path / "tokenizer")
    words = (folder / "tokenizer.json").read_text().replace("metformin", "metforman")
    (folder / "tokenizer.json").write_text(words + "\n")
    change(folder, files={})
    seen.add(OnnxEncoder(folder).fingerprint)
    assert len(seen) == 6


def test_a_prefix_is_set_before_the_text(encoder, tmp_path):
    folder = copy(tmp_path / "prefix")
    change(folder, query_prefix="query: ")
    prefixed = OnnxEncoder(folder)
    assert prefixed.encode(["rent"], "query").tobytes() == encoder.encode(["query: rent"]).tobytes()
    assert prefixed.encode(["rent"], "passage").tobytes() == encoder.encode(["rent"]).tobytes()


def copy(folder):
    shutil.copytree(FOLDER, folder, copy_function=lambda source, target: Path(target).symlink_to(source))
    for name in ("card.json", "tokenizer.json"):
        data = (FOLDER / name).read_bytes()
        (folder / name).unlink()
        (folder / name).write_bytes(data)
    return folder


def change(folder, **values):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, **values}))


def test_unsound_folders_are_refused(tmp_path):
    with pytest.raises(ModelError, match="does not exist"):
        OnnxEncoder(tmp_path / "none")
    folder = copy(tmp_path / "a")
    change(folder, kind="reader")
    with pytest.raises(ModelError, match="kind 'reader', expected 'encoder'"):
        OnnxEncoder(folder)
    (folder / "card.json").write_text("[]")
    with pytest.raises(ModelError, match="not an object"):
        OnnxEncoder(folder)
    (folder / "card.json").write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        OnnxEncoder(folder)
    (folder / "card.json").unlink()
    with pytest.raises(ModelError, match=r"card\.json is missing"):
        OnnxEncoder(folder)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_damaged_files_are_refused(tmp_path, name):
    folder = copy(tmp_path / "a")
    (folder / name).unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        OnnxEncoder(folder)
    (folder / name).write_bytes(b"other")
    with pytest.raises(ModelError, match=r"has sha256 .*, its card says"):
        OnnxEncoder(folder)
    change(folder, files={})
    with pytest.raises(ModelError, match="cannot be opened"):
        OnnxEncoder(folder)


def test_a_folder_with_only_a_pickle_is_refused(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match=r"card\.json is missing"):
        OnnxEncoder(tmp_path)


def test_broken_vectors_are_not_passed_on():
    for value in (0.0, np.nan, np.inf):
        with pytest.raises(ModelError, match="zero, NaN or infinite"):
            unit_rows(np.full((1, 3), value, np.float32), "m")


def test_encoding_and_searching_need_no_torch():
    code = (
        "import sys; import kgqa.retrieval.index; from kgqa.retrieval.encoder import OnnxEncoder\n"
        f"OnnxEncoder({str(FOLDER)!r}).encode(['a', 'b'])\n"
        "print(sorted({'torch', 'transformers', 'scipy', 'bm25s', 'jieba', 'gradio'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
