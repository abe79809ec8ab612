"""What a source says of itself: front matter, table columns, meta tags; validity and access are read strictly."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from datetime import date

from kgqa.errors import SourceError
from kgqa.types import Validity


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FIELDS = _words("title source url language authority author date valid_from valid_to jurisdiction superseded_by access")
"""Names with a meaning; others are kept as they are."""

_fence = re.compile(r"\ufeff?---[ \t]*(?:\r\n?|\n)")
_end = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\r\n?|\n|\Z)", re.MULTILINE)
_pair = re.compile(r"([^\s:#][^:]*?)\s*:(?:\s+(.*))?$")
_list_item = re.compile(r"\s*-\s+(.*)$")
_day = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2})日?)?)?(?:[T ].*)?\s*月?$")


def front_matter(text: str) -> tuple[dict[str, str], int]:
    """Read the ``---`` block that opens a Markdown file.

    Only what metadata needs of YAML is read: ``name: value`` lines, quoted values, and lists (``[a, b]`` or ``- a``
    lines), which
    become comma separated text.

    :returns: values by lower-case name, and the offset where the content begins; ``({}, 0)`` without such a block.
    """
    opening = _fence.match(text)
    if not opening:
        return {}, 0
    closing = _end.search(text, opening.end())
    if not closing:
        return {}, 0
    values: dict[str, str] = {}
    name = ""
    for line in text[opening.end() : closing.start()].splitlines():
        item, pair = _list_item.match(line), _pair.match(line)
        if item and name:
            values[name] = ", ".join(filter(None, (values[name], _unquote(item[1]))))
        elif pair:
            name = normal_name(pair[1])
            values[name] = _value(pair[2] or "")
    return values, closing.end()


def normal_name(name: str) -> str:
    """Return a metadata name as it is looked up: ``Valid From`` and ``valid-from`` are ``valid_from``."""
    return re.sub(r"[\s-]+", "_", name.strip().strip("\"'").lower())


def _value(raw: str) -> str:
    raw = raw.strip()
    if raw.startswith("[") and raw.endswith("]"):
        return ", ".join(_unquote(part) for part in raw[1:-1].split(",") if part.strip())
    return "" if raw in ("null", "~") else _unquote(raw)


def _unquote(raw: str) -> str:
    raw = raw.strip()
    if len(raw) >= 2 and raw[0] == raw[-1] and raw[0] in "\"'":
        return raw[1:-1].replace('\\"', '"').replace("''", "'") if raw[0] == "'" else raw[1:-1].replace('\\"', '"')
    return raw


def interpret(about: Mapping[str, str]) -> tuple[Validity, frozenset[str], dict[str, str]]:
    """Split raw metadata into validity, access groups and the rest.

    :raises SourceError: a date of validity is no date, or the period ends before it begins.
    """
    first = _date(about, "valid_from", last=False)
    last = _date(about, "valid_to", last=True)
    if first and last and last < first:
        raise SourceError(f"valid_to {last} is before valid_from {first}; correct the metadata")
    validity = Validity(first, last, about.get("jurisdiction") or None, about.get("superseded_by") or None)
    access = frozenset(group.strip() for group in re.split("[,，;；]", about.get("access", "")) if group.strip())
    taken = {"title", "language", "valid_from", "valid_to", "jurisdiction", "superseded_by", "access"}
    return validity, access, {key: value for key, value in about.items() if key not in taken and value}


def _date(about: Mapping[str, str], name: str, *, last: bool) -> date | None:
    raw = about.get(name, "").strip()
    if not raw:
        return None
    found = _day.match(raw)
    try:
        if not found:
            raise ValueError
        year, month, day = int(found[1]), int(found[2] or (12 if last else 1)), found[3]
        return date(year, month, int(day) if day else calendar.monthrange(year, month)[1] if last else 1)
    except ValueError:
        raise SourceError(f"{name} {raw!r} is no date; write it as 2024-12-31") from None
