"""Words that change what a sentence asserts, in English and Chinese.

The categories and the two directions are those of ConText (Harkema, Dowling, Thornblade and Chapman 2009), which
extends NegEx (Chapman, Bridewell, Hanbury, Cooper and Buchanan 2001). The lists, ``cues_en.txt`` and ``cues_zh.txt``,
are kgqa's own and cover contracts and statutes too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast

from kgqa.types import Status

Direction = Literal["forward", "backward", "both", "pseudo"]

EXCEPTION = re.compile(
    r"除(?!非|尘|湿|以|颤|夕)(?P<inside>[^，。；！？]{1,40}?)(?:以外|之外|外)(?P<after>[^。；！？]{0,12})"
)
"""除 … 外: leaves out what is inside, unless the clause after it adds to it (还, 也)."""
ADDS = re.compile(r"^[，,]?(?:\S{0,4})(?:还|也|又|亦|同时|并)")
DENIES = re.compile(r"^[，,]?\S{0,4}?(?:无|没有|未|否认|不(?!少于|低于|超过|同|仅))")
"""What follows an exception to a denial."""
_HEADER = re.compile(r"\[(stop|\w+ \w+)\]")
PROVISO = re.compile(r"另有|同意|规定|约定|许可|情形|情况")


@dataclass(frozen=True, slots=True)
class Cues:
    """The cues of one language.

    :param pattern: finds any cue; the name of the group that matched is a key of ``kinds``.
    :param stop: what ends a scope.
    :param reach: characters that a scope covers at most.
    """

    pattern: re.Pattern[str]
    kinds: Mapping[str, tuple[Direction, Status]]
    stop: re.Pattern[str]
    reach: int


@cache
def english() -> Cues:
    """Return the English cues."""
    return _load("cues_en.txt", 120, words=True)


@cache
def chinese() -> Cues:
    """Return the Chinese cues."""
    return _load("cues_zh.txt", 40, words=False)


def _load(name: str, reach: int, *, words: bool) -> Cues:
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in files("kgqa.reading").joinpath(name).read_text(encoding="utf-8").splitlines():
        if header := _HEADER.fullmatch(line):
            lines = sections.setdefault(header[1], [])
        elif line and not line.startswith("#"):
            lines.append(line)
    stop = "|".join(sections.pop("stop"))
    kinds: dict[str, tuple[Direction, Status]] = {}
    groups = []
    for number, (title, cues) in enumerate(sections.items()):
        direction, kind = title.split()
        kinds[f"g{number}"] = cast(Direction, direction), cast(Status, kind)
        body = "|".join(cues)
        groups.append(f"(?P<g{number}>" + (rf"(?<!\w)(?:{body})(?!\w)" if words else body) + ")")
    return Cues(re.compile("|".join(groups), re.IGNORECASE), kinds, re.compile(stop, re.IGNORECASE), reach)
