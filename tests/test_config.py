"""kb.toml: what is wrong in it is named with its section, key and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgqa.config import read_config
from kgqa.errors import UsageError


def _read(folder: Path, toml: str | bytes):
    (folder / "documents").mkdir(exist_ok=True)
    (folder / "kb.toml").write_bytes(toml if isinstance(toml, bytes) else toml.encode())
    return read_config(folder)


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("titel = 'x'", "unknown key 'titel'; known are"),
        ("title = ", "not valid TOML"),
        (b"\xff\xfe", "not valid TOML"),
        ("models = 3", r"\[models\] must be a table"),
        ("[models]\nreeder = 'x'", r"\[models\] has no key 'reeder'; its keys are .*reader"),
        ("[chunking]\nsize = 900\nshape = 1", r"\[chunking\] has no key 'shape'"),
        ("[chunking]\nsize = 'long'", "kb.toml: "),
        ("[[tables]]\nfile = 'a.csv'", r"\[tables\] lacks 'subject'"),
        (
            "[[tables]]\nfile = 'a.csv'\nsubject = 'x'\n[[tables.columns]]\nname = 'b'",
            r"\[tables.columns\] has no key 'name'",
        ),
        ("audit = 'yes'", "audit must be true or false"),
        ("closure = 'owl'", "closure must be"),
        ("[access]\n'secret/*' = ['board']", "must begin with documents/ or graph/"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, toml: str | bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said) as found:
        _read(tmp_path, toml)
    assert "kb.toml" in str(found.value) and "__init__" not in str(found.value)


def test_a_model_is_looked_for_in_the_folder_first(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    models = _read(tmp_path, "title = '知识库 𠀀'\n[models]\nreader = 'm'\nencoder = 'other'").models
    assert (models.reader, models.encoder, models.reranker) == (str(tmp_path / "m"), "other", "builtin")
