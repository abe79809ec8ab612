"""The command line in the user's language: help, messages and errors, by ``--lang``, ``KGQA_LANG`` or the system's language.

``zh.txt`` holds each English text with ``{}`` in the place of values, below it the Chinese one, in which ``{}`` are the values
in the same order, or ``{1}``, ``{2}`` name them. A message is matched as a whole when it is shown, so nothing that raises it
needs to know of languages; what stands in the place of a value is looked up too, as messages hold messages.
"""

from __future__ import annotations

import copy
import inspect
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal, cast

import click

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")

_spoken: Language = "en"
_DEEP = 3
_HOLE = re.compile(r"\{(\d*)\}")


def speak(language: str) -> None:
    """Set the language of this process; any but Chinese is English."""
    global _spoken  # one process, one user: the command line
    _spoken = "zh" if language.lower().startswith("zh") else "en"


def spoken() -> Language:
    """Return the language in force."""
    return _spoken


def wanted(environment: Mapping[str, str] | None = None) -> str:
    """Return the language that the environment asks for: ``KGQA_LANG``, else the system's, else English."""
    environment = os.environ if environment is None else environment
    names = ("KGQA_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    return next((environment[name] for name in names if environment.get(name)), "en")


def lang_option(function: Any) -> Any:
    """Add ``--lang``."""
    return click.option(
        "--lang",
        type=click.Choice(LANGUAGES),
        expose_value=False,
        is_eager=True,
        callback=lambda ctx, param, value: speak(value) if value else None,
        help="Language of help and messages; the system's if not given.",
    )(function)


def translate(text: str, depth: int = _DEEP, language: str | None = None) -> str:
    """Return a message in a language, by default the one in force; unchanged where it has no translation."""
    if (language or _spoken) == "en" or not depth or not re.search("[A-Za-z]{2}", text):
        return text
    exact, templates = _catalogue()
    bare = " ".join(text.split())
    if bare in exact:
        return exact[bare]
    for pattern, chinese in templates:
        match = pattern.fullmatch(bare)
        if match:
            return _filled(chinese, [translate(value, depth - 1, language) for value in match.groups()])
    return text


def translate_help(text: str | None) -> str | None:
    """Return a help text in the language in force, paragraph by paragraph; examples stay as they are."""
    if not text or _spoken == "en":
        return text
    return "\n\n".join(part if part.startswith("\b") else translate(part) for part in text.split("\n\n"))


def translated(command: click.Command) -> click.Command:
    """Return a command whose help is in the language in force; the command itself stays as it is."""
    if _spoken == "en":
        return command
    found = copy.copy(command)
    found.help = translate_help(inspect.cleandoc(found.help) if found.help else None)
    found.params = [_parameter(param) for param in command.params]
    if isinstance(found, click.Group):
        found.commands = {name: translated(below) for name, below in found.commands.items()}
    return found


def _parameter(param: click.Parameter) -> click.Parameter:
    if not isinstance(param, click.Option) or not param.help:
        return param
    found = copy.copy(param)
    found.help = translate(param.help)
    return found


class Formatter(click.HelpFormatter):
    """Writes what click says of itself in the language in force."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that shows how a command is called."""
        super().write_usage(prog, args, translate("Usage: ") if prefix is None else translate(prefix))

    def write_heading(self, heading: str) -> None:
        """Write the heading of options or commands."""
        self.write(f"{'':>{self.current_indent}}{translate(heading)}{'：' if _spoken == 'zh' else ':'}\n")

    def write_text(self, text: str) -> None:
        """Write a paragraph."""
        super().write_text(translate_help(text) or "")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write options or commands with what they do."""
        super().write_dl([(name, _explained(text)) for name, text in rows], col_max, col_spacing)


def _explained(text: str) -> str:
    match = re.fullmatch(r"(.*?)(?:\s{2,}|^)\[([^\[\]]*)\]", text, re.DOTALL)
    if match is None:
        return translate(text)
    facts = "; ".join(translate(fact) for fact in match[2].split("; "))
    return f"{translate(match[1])}  [{facts}]".strip()


def _filled(chinese: str, values: Sequence[str]) -> str:
    order = iter(range(len(values)))
    return _HOLE.sub(lambda hole: values[int(hole[1]) - 1 if hole[1] else next(order)], chinese)


@cache
def _catalogue() -> tuple[dict[str, str], list[tuple[re.Pattern[str], str]]]:
    """Return the texts without values, and patterns of those with values.

    The one that begins with most words of its own comes first: "not used: {}: {}" holds another message at its end, never before.
    """
    exact: dict[str, str] = {}
    templates: list[tuple[int, int, re.Pattern[str], str]] = []
    for english, chinese in pairs():
        if "{}" not in english:
            exact[english] = chinese
            continue
        pieces = english.split("{}")
        pattern = "(.*?)".join(re.escape(piece) for piece in pieces)
        templates.append((len(pieces[0]), sum(map(len, pieces)), re.compile(pattern, re.DOTALL), chinese))
    templates.sort(key=lambda item: (-item[0], -item[1]))
    return exact, [(compiled, chinese) for *_, compiled, chinese in templates]


def pairs() -> list[tuple[str, str]]:
    """Return the English and Chinese texts of the catalogue."""
    text = files("kgqa.cli").joinpath("zh.txt").read_text(encoding="utf-8")
    entries = [block.strip().split("\n") for block in re.split(r"\n[ \t]*\n", text) if block.strip()]
    lines = [[line for line in entry if not line.startswith("# ")] for entry in entries]
    return [cast("tuple[str, str]", tuple(entry)) for entry in lines if len(entry) == 2]
