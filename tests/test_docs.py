"""What the documentation shows exists: commands with their options, linked files, named paths, the rooms of the map."""

import pkgutil
import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from kgqa.cli.main import cli

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("indexes/*.md"), *ROOT.glob("kb/*/*.md")]
)
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]
PLACES = ("kgqa/", "ui/", "docs/", "tests/test_", "tests/graph/", "benchmarks/", "kb/medical", "kb/legal", ".ci/")


def _code(text: str) -> Iterator[str]:
    """Yield the lines of fenced blocks, continued ones joined, and the spans of code in prose."""
    for block in re.findall(r"^```[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from block.replace("\\\n", " ").splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def _commands(text: str) -> Iterator[list[str]]:
    """Yield the words after ``kgqa`` of each command; of ``a|b`` and ``a, b`` in place of a command each one."""
    for line in _code(text):
        found = re.match(r"\s*(?:\$ )?(?:\.venv/bin/)?kgqa ([a-z].*)", line.replace("\\|", "|"))
        if not found:
            continue
        words = shlex.split(re.split(r" # |  #|; | > | && ", found[1])[0].replace("'", ""), comments=True)
        choices = next((i for i, word in enumerate(words[:2]) if re.fullmatch(r"[a-z-]+(\|[a-z-]+)+", word)), None)
        if choices is None:
            yield words
        else:
            yield from ([*words[:choices], one, *words[choices + 1 :]] for one in words[choices].split("|"))


def _fault(words: list[str]) -> str:
    """Return what of a command does not exist, or nothing."""
    command: click.Command = cli
    rest = [word.rstrip(",") for word in words]
    while isinstance(command, click.Group) and rest and not rest[0].startswith(("-", "…", "...")):
        if rest[0] not in (inner := getattr(command, "commands", {})) and "run" in inner:
            rest = ["run", *rest]  # it may be left out
        try:
            _, command, rest = command.resolve_command(click.Context(command), rest)
        except click.UsageError as error:
            return error.format_message()
    known = {
        name for part in (cli, command) for option in part.params for name in (*option.opts, *option.secondary_opts)
    }
    options = {word.split("=")[0].strip("[]()|,") for word in rest if word.strip("[(").startswith("--")}
    strange = sorted(options - known - {"--help"})
    return f"no option {', '.join(strange)}" if strange else ""


@pytest.mark.parametrize("name", NAMES)
def test_each_command_that_is_shown_exists_with_its_options(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    faults = {" ".join(words): fault for words in _commands(text) if (fault := _fault(words))}
    assert faults == {}


def test_the_readme_has_every_command() -> None:
    table = re.findall(r"^\| (.*?) \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    shown = set(re.findall(r"[a-z][a-z-]+", " ".join(table)))
    assert sorted(set(cli.list_commands(click.Context(cli))) - shown) == []


@pytest.mark.parametrize(
    "words", [["ask", "Why?", "--kbs", "x"], ["asks"], ["train", "readers"], ["eval", "graph", "--on"]]
)
def test_a_command_that_does_not_exist_is_found(words: list[str]) -> None:
    assert _fault(words)


@pytest.mark.parametrize("name", NAMES)
def test_links_and_paths_lead_somewhere(name: str) -> None:
    page = ROOT / name
    text = page.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text) if not (page.parent / link).exists()]
    paths = {path for span in _code(text) for path in re.findall(r"(?<![\w/<.-])[\w.-]+/[\w./-]*\w/?", span)}
    named = sorted(path for path in paths if path.startswith(PLACES) and not (ROOT / path).exists())
    assert (links, named) == ([], [])


def _is_module(name: str) -> bool:
    place = ROOT / name.replace(".", "/")
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists() or find_spec(name) is not None


@pytest.mark.parametrize("name", NAMES)
def test_modules_and_names_of_python_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    strange = [module for module in re.findall(r"python -m ([\w.]+)", text) if not _is_module(module)]
    assert strange == []
    for dotted in set(re.findall(r"`((?:kgqa|ui)(?:\.\w+)+)(?=[`(])", text)):
        assert pkgutil.resolve_name(dotted) is not None


def test_the_map_has_every_room_and_the_rules_of_dependency_too() -> None:
    rooms = {p.name for p in (ROOT / "kgqa").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()} - {
        "__init__.py"
    }
    shown = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    missing = sorted(room for room in rooms if f"`{room}" not in shown.replace("/`", "`"))
    assert missing == [], "say in docs/architecture.md what is in it"
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    layers = " ".join(settings["contracts"][0]["layers"]).replace("|", " ").split()
    assert sorted(f"kgqa.{Path(room).stem}" for room in rooms) == sorted(set(layers) - {"ui"}), (
        "say in pyproject.toml where it stands"
    )
