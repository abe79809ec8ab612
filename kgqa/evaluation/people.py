"""Words that tell people apart: names by origin and gender, words of gender, nations (``people.toml``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Origin:
    """Names of one part of the world, in Latin letters."""

    male: tuple[str, ...]
    female: tuple[str, ...]
    surnames: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class People:
    """All the lists.

    :param origins: names by part of the world.
    :param surnames: Chinese surnames, one or two characters.
    :param male: Chinese given names of men; ``female`` of women.
    :param gender: words of one gender to those of the other, both ways; English in lower case, and Chinese.
    :param nations: English adjectives and their countries.
    :param countries: Chinese names of countries.
    """

    origins: Mapping[str, Origin]
    surnames: tuple[str, ...]
    male: tuple[str, ...]
    female: tuple[str, ...]
    gender: Mapping[str, str]
    nations: Mapping[str, str]
    countries: tuple[str, ...]

    def given(self) -> Mapping[str, tuple[str, str]]:
        """Return origin and gender (``male``, ``female``) of each given name."""
        return {
            name: (origin, gender)
            for origin, one in self.origins.items()
            for gender, names in (("male", one.male), ("female", one.female))
            for name in names
        }

    def family(self) -> Mapping[str, str]:
        """Return the origin of each surname in Latin letters."""
        return {name: origin for origin, one in self.origins.items() for name in one.surnames}


@cache
def people() -> People:
    """Read the lists that kgqa brings along."""
    said: dict[str, Any] = tomllib.loads(files("kgqa.evaluation").joinpath("people.toml").read_text(encoding="utf-8"))
    origins = {
        name: Origin(*(tuple(one[part].split()) for part in ("male", "female", "surnames")))
        for name, one in said["given"].items()
    }
    chinese = said["chinese"]
    pairs = [pair.split("=") for language in ("english", "chinese") for pair in str(said["gender"][language]).split()]
    return People(
        origins=origins,
        surnames=(*"".join(chinese["surnames"].split()), *chinese["double"].split()),
        male=tuple(chinese["male"].split()),
        female=tuple(chinese["female"].split()),
        gender={one: other for a, b in pairs for one, other in ((a, b), (b, a))},
        nations=dict(pair.split("=") for pair in said["nations"]["english"].split()),
        countries=tuple(said["nations"]["chinese"].split()),
    )
