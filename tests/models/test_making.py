"""Models of a name: what is missing or damaged is told in one line, before anything is asked of a hub."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from kgqa.errors import ModelError
from kgqa.models.making import calibration_mark, make_encoder, make_reader, make_reranker, onnx_folder
from kgqa.models.registry import WEIGHTS

MAKERS = {"encoder": make_encoder, "reader": make_reader, "reranker": make_reranker}


@pytest.mark.parametrize("part", MAKERS)
@pytest.mark.parametrize("damage", ["missing", "cut", "swapped", "card"])
def test_damaged_weights_are_told_with_their_place_and_the_mend(tmp_path: Path, part: str, damage: str) -> None:
    folder = tmp_path / "模型"
    shutil.copytree(WEIGHTS / part, folder)
    weights = folder / "model.onnx"
    whole = weights.read_bytes()
    if damage == "missing":
        weights.unlink()
    elif damage == "cut":
        weights.write_bytes(whole[: len(whole) // 3])
    elif damage == "swapped":
        weights.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    else:
        (folder / "card.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match="模型") as found:
        MAKERS[part](str(folder))
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("name", ["./models/none", "/models/none", "models/own/none"])
@pytest.mark.parametrize("part", MAKERS)
def test_a_path_to_nothing_is_not_asked_of_a_hub(part: str, name: str) -> None:
    with pytest.raises(ModelError, match="does not exist"):
        MAKERS[part](name)


def test_names_of_a_hub_and_folders_of_torch_models_are_left_to_their_libraries(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}), encoding="utf-8")
    (tmp_path / "card.json").write_text("{}", encoding="utf-8")
    assert onnx_folder(str(tmp_path), "reader") is None
    assert onnx_folder("owner/model", "reader") is None and onnx_folder("model", "encoder") is None


def test_another_calibration_has_another_mark(tmp_path: Path) -> None:
    copied = tmp_path / "calibration.json"
    shutil.copy(WEIGHTS / "calibration.json", copied)
    assert calibration_mark(str(copied)) == calibration_mark()
    copied.write_text(copied.read_text().replace("0.", "1.", 1))
    assert calibration_mark(str(copied)) != calibration_mark()
    with pytest.raises(ModelError, match="not a calibration file"):
        calibration_mark(str(tmp_path / "gone.json"))
