"""The code stays small: a file at most 400 lines, and each with a docstring that says what is in it."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST = 400
FILES = sorted(
    path
    for folder in ("kgqa", "ui", "tests", "benchmarks", "docs")
    for path in (ROOT / folder).rglob("*.py")
    if "node_modules" not in path.parts
)


def test_no_file_is_longer_than_can_be_kept_in_mind() -> None:
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert len(lengths) > 300
    assert {name: lines for name, lines in lengths.items() if lines > MOST} == {}


def test_each_file_of_the_package_says_what_is_in_it() -> None:
    package = [path for path in FILES if path.relative_to(ROOT).parts[0] in ("kgqa", "ui")]
    assert [path for path in package if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))] == []
