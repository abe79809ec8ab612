"""The command line in Chinese: each text has a translation, and messages keep their values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kgqa
from kgqa.cli import speech
from kgqa.cli.main import main

ROOT = Path(kgqa.__file__).parent
ERRORS = {"KgqaError", "UsageError", "MissingExtra", "SourceError", "IndexFault", "ModelError", "QueryError"}
ERRORS |= {"TableFault", "XmlRefused", "OboFault"}


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    yield
    speech.speak("en")


def _template(node: ast.expr) -> str:
    """Return the text of a literal with ``{}`` for its values, empty for what is no literal."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return ""


def _commands(tree: ast.Module) -> Iterator[str]:
    """Yield the paragraphs of help in the docstrings of commands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any("command" in ast.unparse(d) for d in node.decorator_list):
            yield from (part for part in (ast.get_docstring(node) or "").split("\n\n") if not part.startswith("\b"))


def _calls(tree: ast.Module, in_cli: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if node.args and (name in ERRORS or (in_cli and name in ("note", "tell"))):
            yield _template(node.args[0])
        if in_cli:
            yield from (_template(keyword.value) for keyword in node.keywords if keyword.arg == "help")


def _texts() -> Iterator[tuple[str, str]]:
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        in_cli = path.is_relative_to(ROOT / "cli")
        for text in [*_calls(tree, in_cli), *(_commands(tree) if in_cli else ())]:
            bare = " ".join(text.split())
            if re.search("[A-Za-z]{2}", bare.replace("{}", "")):
                yield path.relative_to(ROOT).as_posix(), bare


def test_every_text_of_the_command_line_and_every_error_has_a_chinese_one() -> None:
    known = {english for english, _ in speech.pairs()}
    missing = [f"{path}: {text}" for path, text in _texts() if text not in known]
    assert missing == [], "add them to kgqa/cli/zh.txt"


def test_translations_keep_all_values() -> None:
    for english, chinese in speech.pairs():
        holes = re.findall(r"\{(\d*)\}", chinese)
        wanted = english.count("{}")
        assert len(holes) == wanted, english
        assert sorted(int(hole) for hole in holes if hole) in ([], list(range(1, wanted + 1))), english


def test_the_environment_chooses_and_the_option_overrules_it() -> None:
    assert speech.wanted({"LANG": "zh_CN.UTF-8"}) == "zh_CN.UTF-8"
    assert speech.wanted({"LANG": "zh_CN.UTF-8", "LC_ALL": "C", "KGQA_LANG": ""}) == "C"
    assert speech.wanted({}) == "en"
    speech.speak("zh_TW")
    assert speech.spoken() == "zh"
    speech.speak("C.UTF-8")
    assert speech.spoken() == "en"


def test_messages_inside_messages_are_translated_and_values_stay() -> None:
    speech.speak("zh")
    text = "not used: a b/𠮷.pdf: 3 of 5 pages have no readable text; run OCR on the PDF"
    assert speech.translate(text) == "未使用：a b/𠮷.pdf：5 页中有 3 页没有可读的文字；请对该 PDF 做文字识别"
    assert speech.translate("something else") == "something else"


@given(st.text())
def test_any_text_can_be_translated(text: str) -> None:
    speech.speak("zh")
    assert isinstance(speech.translate(text), str)
    speech.speak("en")
    assert speech.translate(text) == text


def _run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(args)
        raise SystemExit(0)  # help returns
    return int(stop.value.code or 0), *capsys.readouterr()


def test_help_is_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = _run(capsys, "--lang", "zh", "ask", "--help")
    assert status == 0
    assert "用法：" in out
    assert "带证据地回答问题" in out
    assert "kgqa ask" in out
    assert "[必填]" in out
    assert "Usage" not in out
    assert "Usage: " in _run(capsys, "ask", "--help")[1]


@pytest.mark.parametrize("group", [(), ("train",), ("eval",), ("compress",), ("models",), ("batch",)])
def test_every_command_is_told_in_chinese_where_they_are_listed(capsys: pytest.CaptureFixture[str], group) -> None:
    status, out, _ = _run(capsys, "--lang", "zh", *group, "--help")
    listed = out.partition("命令：")[2].splitlines()
    assert status == 0
    assert [line for line in listed if line.strip() and not re.search(r"[\u4e00-\u9fff]", line)] == []


def test_errors_are_one_chinese_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KGQA_LANG", "zh_CN")
    status, out, err = _run(capsys, "search", "x", "--kb", "no/such")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("kgqa: 没有知识库 'no/such'；")
    assert _run(capsys, "ask")[2] == "kgqa: 缺少参数 'QUESTION'。\n"
