"""Model cards: what a model is, what it was made from, how good it is, and the hashes of its files.

A card is ``card.json`` in the model's folder. What every card must say is checked here; what it may say besides is free.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from kgqa.errors import ModelError

KINDS = ("encoder", "reader", "reranker", "paths", "language")
CARD = "card.json"


@dataclass(frozen=True, slots=True)
class Card:
    """A model's card.

    :param kind: one of :data:`KINDS`.
    :param data: what it was trained on, with licences.
    :param metrics: figures by the name of what they were measured on.
    :param command: the command that made the model.
    :param files: for each file its sha256.
    :param said: the whole card as it stands in the file.
    """

    name: str
    kind: str
    license: str
    base: str
    data: tuple[str, ...]
    metrics: Mapping[str, Any]
    command: str
    files: Mapping[str, str]
    said: Mapping[str, Any]


def read_card(folder: Path) -> Card:
    """Read a card.

    :raises ModelError: it is missing, not JSON, or lacks what every card must say.
    """
    path = folder / CARD
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as fault:
        raise ModelError(f"{path} is missing; a model folder has weights, tokenizer.json and card.json") from fault
    except (OSError, ValueError) as fault:
        raise ModelError(f"{path} cannot be read ({fault}); export the model again") from fault
    if not isinstance(said, dict):
        raise ModelError(f"{path} is not an object; export the model again")
    kind = said.get("kind")
    if kind not in KINDS:
        raise ModelError(f"{path}: kind is {kind!r}; it must be one of {', '.join(KINDS)}")
    files = said.get("files")
    if not isinstance(files, dict) or not all(_hash(entry) for entry in files.values()):
        raise ModelError(f"{path}: files must give the sha256 of each file; export the model again")
    data = said.get("data", ())
    return Card(
        name=str(said.get("name") or folder.name),
        kind=kind,
        license=str(said.get("license", "not stated")),
        base=str(said.get("base", "not stated")),
        data=(data,) if isinstance(data, str) else tuple(str(entry) for entry in data),
        metrics=said.get("metrics", {}),
        command=str(said.get("command", "not stated")),
        files={name: _hash(entry) for name, entry in files.items()},
        said=said,
    )


def _hash(entry: object) -> str:
    found = entry.get("sha256") if isinstance(entry, dict) else entry
    return found if isinstance(found, str) and len(found) == 64 else ""


@cache
def made_with() -> dict[str, str]:
    """Return the version of kgqa that makes a model, and its commit where it runs from a checkout (``-dirty`` if changed)."""
    try:
        found = {"kgqa": version("kgqa")}
    except PackageNotFoundError:
        found = {"kgqa": "not installed"}
    home = Path(__file__).resolve().parents[2]
    if (home / ".git").exists():
        asked = [
            "git",
            "--no-optional-locks",
            "-C",
            str(home),
            "describe",
            "--always",
            "--dirty",
            "--abbrev=40",
            "--exclude",
            "*",
        ]
        try:
            said = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=True)
        except (OSError, subprocess.SubprocessError):  # no git, or no repository of it
            return found
        found["commit"] = said.stdout.strip()
    return found


def sha256(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def render(card: Card, size: int) -> str:
    """Return a card as text for people.

    :param size: bytes of the model's files together.
    """
    lines = [
        f"{card.name} ({card.kind}), {size / 1e6:.1f} MB",
        f"  licence   {card.license}",
        f"  base      {card.base}",
        f"  made by   {card.command}",
        *([f"  made with {_figures(_sorted(made))}"] if isinstance(made := card.said.get("made_with"), dict) else []),
        "  data",
        *(f"    {entry}" for entry in card.data),
        "  metrics",
        *(f"    {name}: {_figures(value)}" for name, value in card.metrics.items()),
        "  files",
        *(f"    {name}: sha256 {value}" for name, value in card.files.items()),
    ]
    return "\n".join(lines)


def _sorted(made: Mapping[str, Any]) -> dict[str, Any]:
    return dict(sorted(made.items(), reverse=True))  # the version, then the commit


def _figures(value: object) -> str:
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
