"""The registry: what verification refuses, promotion behind a gate, rollback, and the built-in models."""

import hashlib
import json
import os
import pickle

import numpy as np
import pytest

from kgqa.errors import ModelError, UsageError
from kgqa.models.cards import read_card, render
from kgqa.models.registry import builtin, current, find, list_models, promote, rollback, verify


def make(folder, weights=b"weights", kind="reader", **said):
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(weights)
    (folder / "tokenizer.json").write_text('{"词": "𠮷"}', encoding="utf-8")
    files = {
        n: {"sha256": hashlib.sha256((folder / n).read_bytes()).hexdigest()} for n in ("model.onnx", "tokenizer.json")
    }
    card = {
        "kind": kind,
        "name": "读者😀",
        "license": "Apache-2.0",
        "files": files,
        "metrics": {"squad": {"f1": 80.1}},
        **said,
    }
    (folder / "card.json").write_text(json.dumps(card, ensure_ascii=False), encoding="utf-8")
    return folder


def scores(**figures):
    """Measure a folder by what its weights say."""
    return lambda folder: {"f1": figures[(folder / "model.onnx").read_bytes().decode()]}


def test_a_good_folder_is_verified_and_shown(tmp_path):
    card = verify(make(tmp_path / "m", data=["SQuAD (CC BY-SA 4.0)"], command="kgqa train reader x.json"))
    text = render(card, 1_500_000)
    assert "读者😀 (reader), 1.5 MB" in text and "squad: f1 80.1" in text and "CC BY-SA" in text


def test_a_swapped_weight_file_is_refused_by_its_hash(tmp_path):
    folder = make(tmp_path / "m")
    (folder / "model.onnx").write_bytes(b"other")
    with pytest.raises(ModelError, match=r"model\.onnx has sha256 .* its card says"):
        verify(folder)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "extra.pkl", "model.pt", "modeling.py", "x.npy", "run.sh"])
def test_files_that_may_hold_code_are_refused(tmp_path, name):
    folder = make(tmp_path / "m")
    (folder / name).write_bytes(b"x")
    with pytest.raises(ModelError, match="refused"):
        verify(folder)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_pickle_under_another_name_is_refused(tmp_path, protocol):
    folder = make(tmp_path / "m", weights=pickle.dumps([1], protocol))
    with pytest.raises(ModelError, match="pickle"):
        verify(folder)


def test_remote_code_is_refused(tmp_path):
    folder = make(tmp_path / "m")
    (folder / "config.json").write_text('{"auto_map": {"AutoModel": "x.Y"}}', encoding="utf-8")
    with pytest.raises(ModelError, match="auto_map"):
        verify(folder)


def test_links_and_paths_out_of_the_folder_are_refused(tmp_path):
    folder = make(tmp_path / "m")
    os.symlink("/etc/hostname", folder / "x.txt")
    with pytest.raises(ModelError, match="link"):
        verify(folder)
    other = make(tmp_path / "n", files={"../m/model.onnx": {"sha256": "0" * 64}})
    with pytest.raises(ModelError, match="outside"):
        verify(other)


@pytest.mark.parametrize(
    "card",
    [
        "",
        "[]",
        '{"kind": "toy", "files": {}}',
        '{"kind": "reader"}',
        '{"kind": "reader", "files": {"a": 1}}',
        '{"kind": "reader", "files": {}}',
    ],
)
def test_cards_that_do_not_say_enough_are_refused(tmp_path, card):
    folder = make(tmp_path / "m")
    (folder / "card.json").write_text(card, encoding="utf-8")
    with pytest.raises(ModelError) as caught:
        verify(folder)
    assert "\n" not in str(caught.value)


def test_missing_files_are_named(tmp_path):
    folder = make(tmp_path / "m")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"tokenizer\.json is missing"):
        verify(folder)
    with pytest.raises(ModelError, match=r"card\.json is missing"):
        verify(tmp_path)


def test_promotion_runs_the_gate_and_refuses_a_worse_model(tmp_path):
    root, gate = tmp_path / "root", scores(first=80.0, worse=79.0, better=81.0)
    assert promote(make(tmp_path / "a", b"first"), root, "mine", measure=gate).version == "v000001"
    with pytest.raises(ModelError, match=r"f1 is 79\.00, the model in force has 80\.00"):
        promote(make(tmp_path / "b", b"worse"), root, "mine", measure=gate)
    assert current(root, "mine") == "v000001"
    assert promote(tmp_path / "b", root, "mine", measure=gate, tolerance=1.5).version == "v000002"
    assert promote(make(tmp_path / "c", b"better"), root, "mine", measure=gate).version == "v000003"
    assert (find("mine", root) / "model.onnx").read_bytes() == b"better"


def test_rollback_goes_back_one_version_at_a_time(tmp_path):
    root = tmp_path / "root"
    for name in ("a", "b", "c"):
        promote(make(tmp_path / name, name.encode()), root, "mine")
    assert rollback(root, "mine").version == "v000002"
    assert rollback(root, "mine").version == "v000001"
    with pytest.raises(UsageError, match="nothing to go back"):
        rollback(root, "mine")
    assert promote(make(tmp_path / "d", b"d"), root, "mine").version == "v000004"
    actions = [json.loads(line)["action"] for line in (root / "mine" / "history.jsonl").read_text().splitlines()]
    assert actions == ["promote"] * 3 + ["rollback"] * 2 + ["promote"]
    versions = [(e.version, e.current) for e in list_models(root) if e.name == "mine"]
    assert versions == [("v000001", False), ("v000002", False), ("v000003", False), ("v000004", True)]


def test_a_model_of_another_kind_is_not_promoted(tmp_path):
    root = tmp_path / "root"
    promote(make(tmp_path / "a"), root, "mine")
    with pytest.raises(ModelError, match="another name"):
        promote(make(tmp_path / "b", kind="encoder"), root, "mine")


def test_a_promoted_model_is_a_copy_that_later_changes_do_not_reach(tmp_path):
    source = make(tmp_path / "a")
    (source / "notes.md").write_text("not named by the card", encoding="utf-8")
    entry = promote(source, tmp_path / "root", "mine")
    (source / "model.onnx").write_bytes(b"changed")
    assert verify(entry.folder).kind == "reader"
    assert not (entry.folder / "notes.md").exists()


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a b"])
def test_names_are_plain(tmp_path, name):
    with pytest.raises(UsageError, match="no model name"):
        promote(make(tmp_path / "a"), tmp_path / "root", name)


def test_unknown_models_and_a_damaged_current_are_said(tmp_path):
    with pytest.raises(ModelError, match="no built-in model 'nothing'"):
        find("nothing", tmp_path)
    with pytest.raises(UsageError, match="no model"):
        rollback(tmp_path, "nothing")
    promote(make(tmp_path / "a"), tmp_path / "root", "mine")
    (tmp_path / "root" / "mine" / "CURRENT").write_text("v999999", encoding="utf-8")
    with pytest.raises(ModelError, match="v999999"):
        find("mine", tmp_path / "root")


def test_every_built_in_model_is_what_its_card_says():
    entries = [entry for entry in list_models() if not entry.version]
    assert entries
    for entry in entries:
        assert verify(entry.folder).license == "Apache-2.0"
        assert builtin(entry.name) == entry.folder
        assert all(path.stat().st_size <= 25_000_000 for path in entry.folder.iterdir())
        assert read_card(entry.folder).kind == entry.name


def test_an_archive_of_objects_is_refused(tmp_path) -> None:
    np.savez(tmp_path / "memory.npz", a=np.array([{"x": 1}], dtype=object))
    (tmp_path / "card.json").write_text(json.dumps({"name": "m", "kind": "paths", "files": {}}), encoding="utf-8")
    with pytest.raises(ModelError, match=r"memory\.npz"):
        verify(tmp_path)
