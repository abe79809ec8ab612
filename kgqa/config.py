"""Read ``kb.toml``: what a knowledge base says of itself. Every key has a default; an unknown key is an error."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

from kgqa.documents.chunking import Chunking
from kgqa.errors import UsageError
from kgqa.graph.extraction.settings import Extraction
from kgqa.graph.tables import ColumnMapping, TableMapping
from kgqa.models import BUILTIN

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Models:
    """Which models to use: ``builtin``, a folder, a store of versions, or the name of a model on a hub.

    A folder is looked for inside the knowledge base first, then from where the program runs.

    :param composer: ``none``, a folder or name of a generative model, or the address of an OpenAI-compatible service.
    :param calibration: ``builtin`` or a file that ``kgqa train calibrate`` wrote.
    :param paths: ``none``, a folder that ``kgqa train paths`` made for this graph, or ``builtin`` for questions about films.
    """

    encoder: str = BUILTIN
    reader: str = BUILTIN
    reranker: str = BUILTIN
    composer: str = "none"
    paths: str = "none"
    calibration: str = BUILTIN


@dataclass(frozen=True, slots=True)
class KbConfig:
    """The settings of one knowledge base.

    :param folder: where its sources are.
    :param audit: whether each answer leaves a record (see :mod:`kgqa.audit`).
    :param access: pattern and groups that may see what it fits: ``documents/board/*``, ``graph/pay.ttl``, or a named graph's IRI.
    :param closure: conclusions that are drawn at build: ``none``, ``rdfs``, or ``owl-rl`` (see :func:`kgqa.graph.rules.closure`).
    :param extraction: how statements are read from documents, and which of them may answer.
    """

    folder: Path
    title: str
    languages: tuple[str, ...] = ("en",)
    chunking: Chunking = field(default_factory=Chunking)
    models: Models = Models()
    prefixes: Mapping[str, str] = field(default_factory=dict)
    tables: tuple[TableMapping, ...] = ()
    closure: str = "none"
    extraction: Extraction = field(default_factory=Extraction)
    access: tuple[tuple[str, frozenset[str]], ...] = ()
    audit: bool = False

    def groups_of(self, source: str) -> frozenset[str]:
        """Return the groups that may see a source; empty means everyone. The first pattern that fits decides.

        :param source: a name such as ``documents/a.md`` or ``graph/a.ttl``, or the IRI of a named graph.
        """
        return next((groups for pattern, groups in self.access if fnmatchcase(source, pattern)), frozenset())

    @property
    def documents(self) -> Path:
        """The folder of documents."""
        return self.folder / "documents"

    @property
    def graph(self) -> Path:
        """The folder of RDF files and mapped tables."""
        return self.folder / "graph"


_KEYS = {"title", "languages", "chunking", "models", "prefixes", "tables", "closure", "extraction", "access", "audit"}


def kb_folder(name: str) -> Path:
    """Return the folder of a knowledge base by its path, or by its name below ``kb/``.

    :raises UsageError: there is no such folder.
    """
    for folder in (Path(name), Path("kb") / name):
        if folder.is_dir():
            return folder
    known = sorted(p.name for p in Path("kb").glob("*") if p.is_dir()) if Path("kb").is_dir() else []
    choice = f"known here: {', '.join(known)}" if known else "give the path of its folder"
    raise UsageError(f"there is no knowledge base {name!r}; {choice}")


def read_config(folder: Path) -> KbConfig:
    """Read the settings of a knowledge base folder.

    :raises UsageError: the folder is missing, has neither documents nor a graph, or its ``kb.toml`` is malformed.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; a knowledge base is a folder with documents/ or graph/")
    if not (folder / "documents").is_dir() and not (folder / "graph").is_dir():
        raise UsageError(f"{folder}: has neither documents/ nor graph/; put sources into one of them")
    path = folder / "kb.toml"
    raw = _toml(path) if path.exists() else {}
    unknown = sorted(set(raw) - _KEYS)
    if unknown:
        raise UsageError(f"{path}: unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
    prefixes = {str(k): str(v) for k, v in _table(raw, "prefixes", path).items()}
    try:
        return KbConfig(
            folder=folder,
            title=str(raw.get("title", folder.resolve().name)),
            languages=tuple(map(str, raw.get("languages", ("en",)))),
            chunking=_made(Chunking, "chunking", _table(raw, "chunking", path)),
            models=_made(Models, "models", {k: _model(folder, str(v)) for k, v in _table(raw, "models", path).items()}),
            prefixes=prefixes,
            tables=tuple(_mapping(table, prefixes) for table in raw.get("tables", ())),
            closure=_closure(raw.get("closure", False)),
            extraction=_made(Extraction, "extraction", _table(raw, "extraction", path)),
            access=tuple((name, _groups(name, said)) for name, said in _table(raw, "access", path).items()),
            audit=_switch("audit", raw.get("audit", False)),
        )
    except (TypeError, ValueError, KeyError) as error:
        raise UsageError(f"{path}: {error}; see the guide on kb.toml") from error


def _made(kind: type[T], section: str, given: Mapping[str, Any]) -> T:
    """Return settings of a kind; every key must be one of its fields, and the fields without default must be there.

    :raises ValueError: otherwise, with the name of the section.
    """
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    if strange := sorted(set(given) - set(known)):
        raise ValueError(f"[{section}] has no key {strange[0]!r}; its keys are {', '.join(sorted(known))}")
    wanted = [name for name, one in known.items() if one.default is MISSING and one.default_factory is MISSING]
    if missing := [name for name in wanted if name not in given]:
        raise ValueError(f"[{section}] lacks {missing[0]!r}")
    return kind(**given)


def _model(folder: Path, name: str) -> str:
    return str(folder / name) if (folder / name).exists() else name


def _switch(name: str, said: Any) -> bool:
    if not isinstance(said, bool):
        raise ValueError(f"{name} must be true or false, not {said!r}")
    return said


def _closure(said: Any) -> str:
    if isinstance(said, bool):
        return "rdfs" if said else "none"
    if said not in ("none", "rdfs", "owl-rl"):
        raise ValueError(f'closure must be false, true, "rdfs" or "owl-rl", not {said!r}')
    return str(said)


def _mapping(table: Mapping[str, Any], prefixes: Mapping[str, str]) -> TableMapping:
    columns = tuple(_made(ColumnMapping, "tables.columns", column) for column in table.get("columns", ()))
    rest = {key: value for key, value in table.items() if key != "columns"}
    return _made(TableMapping, "tables", {**rest, "columns": columns, "prefixes": tuple(prefixes.items())})


def _groups(name: str, said: Any) -> frozenset[str]:
    if not isinstance(said, list) or not said or not all(isinstance(group, str) and group for group in said):
        raise ValueError(f'[access] {name!r} must be a list of groups, such as ["ward"]')
    if not name.startswith(("documents/", "graph/")) and "://" not in name and not name.startswith("urn:"):
        raise ValueError(f"[access] {name!r} must begin with documents/ or graph/, or be the IRI of a named graph")
    return frozenset(said)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML ({error})") from error


def _table(raw: Mapping[str, Any], key: str, path: Path) -> dict[str, Any]:
    value = raw.get(key, {})
    if not isinstance(value, dict):
        raise UsageError(f"{path}: [{key}] must be a table, not {type(value).__name__}")
    return value


def index_folder(folder: Path) -> Path:
    """Return where a knowledge base's index is kept: ``indexes/<name>`` beside ``kb/``, else ``<folder>/.index``."""
    resolved = folder.resolve()
    if resolved.parent.name == "kb":
        return resolved.parent.parent / "indexes" / resolved.name
    return resolved.parent / "indexes" / resolved.name
