"""The articles of a file that a model has not been trained on, as its card says."""

from __future__ import annotations

from pathlib import Path

from kgqa.errors import UsageError
from kgqa.models.cards import read_card


def held_out(file: Path, model: Path) -> frozenset[str]:
    """Return the titles of the articles that a model's card names as held out of a file.

    :param model: folder with the card.
    :raises UsageError: the card says nothing of such a file.
    """
    said = read_card(model).said.get("held_out", {})
    known = {name.split(".json")[0]: titles for name, titles in said.items()}
    titles = known.get(file.name.split(".json")[0])
    if titles is None:
        names = ", ".join(known) or "none"
        raise UsageError(f"{file.name}: the card of {model.name} names no articles held out of it, only of: {names}")
    return frozenset(titles)
