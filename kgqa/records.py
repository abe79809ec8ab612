"""The nouns of kgqa as JSON and back: the stable form of an answer in files, journals and the service.

A dataclass becomes an object with a key for each field; dates are ISO 8601, sets are sorted lists. Unknown keys are ignored
when reading, missing ones take the field's default, so a file of an older version can still be read.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import date
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from kgqa.errors import UsageError

T = TypeVar("T")


def to_json(value: Any) -> Any:
    """Return a value made of dictionaries, lists, texts, numbers, booleans and ``None`` only."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(to_json(item) for item in value)
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def from_json(kind: type[T], data: Any) -> T:
    """Return an instance of a dataclass of :mod:`kgqa.types` from what :func:`to_json` made of one.

    :raises UsageError: ``data`` lacks a field that has no default, or holds a value of another type.
    """
    try:
        return typing.cast(T, _build(kind, data))
    except (TypeError, ValueError, KeyError, AttributeError) as fault:
        raise UsageError(f"this is not the record of a {kind.__name__}: {fault}") from fault


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _build(kind: Any, data: Any) -> Any:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        hints = _hints(kind)
        return kind(**{f.name: _build(hints[f.name], data[f.name]) for f in dataclasses.fields(kind) if f.name in data})
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return None if data is None else _build(next(a for a in args if a is not type(None)), data)
    if origin is tuple:
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_build(args[0], item) for item in data)
        return tuple(_build(arg, item) for arg, item in zip(args, data, strict=True))
    if origin is frozenset:
        return frozenset(data)
    return _scalar(kind, origin, data)


def _scalar(kind: Any, origin: Any, data: Any) -> Any:
    if origin is not None:  # a mapping of plain values, or a literal
        return dict(data) if isinstance(data, Mapping) else data
    if kind is date:
        return date.fromisoformat(data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(data)
    if kind is float and isinstance(data, int):
        return float(data)
    if isinstance(kind, type) and not isinstance(data, kind):
        raise TypeError(f"{data!r} is not a {kind.__name__}")
    return data
