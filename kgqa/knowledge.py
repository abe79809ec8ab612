"""From sources to an index generation. Read this file second, after :mod:`kgqa.qa`.

A build writes a new generation from all sources and puts it in force at the end; one that dies leaves the old one in
force. What is costly is reused: a passage whose text has not changed keeps its vector, and sources that have not changed at
all are not read again.

    documents/  -> load -> chunk -> passages.sqlite -> lexical/ and dense.faiss
    graph/      -> load -> rules -> graph/ (Oxigraph, adjacency, names)
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kgqa import documents
from kgqa.config import KbConfig
from kgqa.documents.chunking import chunk
from kgqa.encodings import readable_name
from kgqa.errors import SourceError
from kgqa.graph.extraction.settings import Extraction
from kgqa.protocols import Encoder
from kgqa.retrieval.index import write_indexes
from kgqa.store.generations import Draft, Generation, Generations
from kgqa.store.passages import PassageStore, PassageWriter

if TYPE_CHECKING:
    from kgqa.graph.excerpts import ReadFromText
    from kgqa.graph.load import LoadReport

Step = Callable[[str, int, int], None]
Named = list[tuple[str, str]]
"""Pairs of a source and what is to say of it."""

BUILD_FORMAT = 3
"""Grows when the same sources would give another index: loaders, chunking, analysers."""

PASSAGES, GRAPH = "passages.sqlite", "graph"


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did.

    :param problems: pairs of source and reason, for each source that is not in the index.
    :param warnings: pairs of source and what was read with doubts: a guessed encoding, pages or rows left out.
    :param encoded: passages that were encoded now.
    :param reused: passages whose vectors came from the generation before.
    :param unchanged: whether the sources are those of the generation in force, and nothing was written.
    """

    name: str
    generation: str
    documents: int = 0
    passages: int = 0
    triples: int = 0
    entities: int = 0
    encoded: int = 0
    reused: int = 0
    problems: tuple[tuple[str, str], ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    unchanged: bool = False


def build(config: KbConfig, index: Path, encoder: Encoder, *, progress: Step | None = None) -> BuildReport:
    """Make a generation from the sources of a knowledge base and put it in force.

    :param index: folder of the generations.
    :param progress: called with (stage, done, of).
    :raises SourceError: there is no source that could be used.
    :raises IndexFault: the index cannot be written, or somebody else is writing it.
    """
    began = time.monotonic()
    step = progress or (lambda stage, done, of: None)
    wanted = sources_hash(config)
    generations = Generations(index)
    with generations.writing() as draft:
        before = draft.previous
        if (
            before
            and before.manifest.kb_hash == wanted
            and before.manifest.fingerprints.get("encoder") == encoder.fingerprint
        ):
            return _unchanged(config, before, time.monotonic() - began)
        written, problems, warnings = _write_documents(config, draft.path, step)
        encoded, reused = _write_passages(draft, encoder, step)
        triples, entities, graph_problems, notes = _write_graph(config, draft.path, step)
        report = BuildReport(
            config.folder.resolve().name,
            "",
            *written,
            triples,
            entities,
            encoded,
            reused,
            (*problems, *graph_problems),
            (*warnings, *notes),
        )
        if not report.passages and not report.triples:
            raise SourceError(_nothing(config, report.problems))
        name = draft.commit(kb_hash=wanted, fingerprints={"encoder": encoder.fingerprint}, facts=_facts(report))
        return replace(report, generation=name, seconds=time.monotonic() - began)


def sources_hash(config: KbConfig) -> str:
    """Identify the sources and settings: equal hashes give equal indexes."""
    digest = hashlib.sha256(f"{BUILD_FORMAT} {config.chunking} {config.closure} {config.tables}".encode())
    if config.extraction.use != Extraction().use:
        digest.update(config.extraction.use.encode())
    if config.access:
        digest.update(repr([(name, sorted(groups)) for name, groups in config.access]).encode())
    for path in _source_files(config):
        digest.update(f"\n{path.relative_to(config.folder).as_posix()}\n".encode(errors="surrogateescape"))
        try:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError as fault:  # removed meanwhile, or closed to us: the loader will say so
            digest.update(str(fault.errno).encode())
    return digest.hexdigest()


def _source_files(config: KbConfig) -> list[Path]:
    parts = (config.documents, config.graph, *(config.folder / name for name in ("rules", "shapes", "extracted")))
    return sorted(
        p for part in parts if part.is_dir() for p in part.rglob("*") if p.is_file() and not p.name.startswith(".")
    )


def _unchanged(config: KbConfig, before: Generation, seconds: float) -> BuildReport:
    facts = before.manifest.facts
    documents_, passages, triples, entities = (
        int(facts.get(k, 0)) for k in ("documents", "passages", "triples", "entities")
    )
    problems = tuple((str(a), str(b)) for a, b in json.loads(str(facts.get("problems", "[]"))))
    return BuildReport(
        config.folder.resolve().name,
        before.name,
        documents_,
        passages,
        triples,
        entities,
        reused=passages,
        problems=problems,
        seconds=seconds,
        unchanged=True,
    )


def _facts(report: BuildReport) -> dict[str, int | float | str]:
    return {
        "documents": report.documents,
        "passages": report.passages,
        "triples": report.triples,
        "entities": report.entities,
        "problems": json.dumps(report.problems, ensure_ascii=False),
        "built": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _nothing(config: KbConfig, problems: Sequence[tuple[str, str]]) -> str:
    if problems:
        name, reason = problems[0]
        return f"{config.folder}: none of the {len(problems)} sources could be used; the first, {name}: {reason}"
    return f"{config.folder}: documents/ and graph/ are empty; put sources into them"


# --- documents ---


def _write_documents(config: KbConfig, folder: Path, step: Step) -> tuple[tuple[int, int], Named, Named]:
    """Load and cut all documents; return counts of documents and passages, what could not be used, and what is doubtful."""
    problems: Named = []
    warnings: Named = []
    count = 0
    with PassageWriter(folder / PASSAGES) as writer:
        if config.documents.is_dir():
            root = config.documents
            paths = documents.find(root, skipped=lambda p, why: _note(problems, p, root, why))
            for loaded in documents.load(paths, root, progress=lambda done: step("documents", done, len(paths))):
                if loaded.problem is not None:
                    _note(problems, loaded.path, root, loaded.problem)
                for warning in loaded.warnings:
                    _note(warnings, loaded.path, root, warning)
                for document in loaded.documents:
                    if groups := config.groups_of(
                        f"documents/{document.id}"
                    ):  # what kb.toml says goes before the source's own
                        document = replace(document, access=groups)
                    try:
                        writer.add(document, chunk(document, config.chunking))
                        count += 1
                    except SourceError as error:
                        _note(problems, loaded.path, root, str(error))
        passages = len(writer)
    return (count, passages), problems, warnings


def _note(problems: Named, path: Path, root: Path, reason: str) -> None:
    if reason != "hidden":
        name = readable_name(path.relative_to(root).as_posix())
        problems.append((name, " ".join(reason.split())))


# --- passages ---


def _write_passages(draft: Draft, encoder: Encoder, step: Step) -> tuple[int, int]:
    """Make the lexical and the dense index; return how many passages were encoded and how many reused."""
    store = PassageStore(draft.path / PASSAGES)
    try:
        report = write_indexes(
            draft.path,
            store.all_passages(),
            encoder,
            previous=draft.previous.path if draft.previous else None,
            progress=lambda done, of: step("encoding", done, of),
        )
    finally:
        store.close()
    return report.encoded, report.reused


# --- graph ---


def _write_graph(config: KbConfig, folder: Path, step: Step) -> tuple[int, int, Named, Named]:
    """Load the graph; return counts of triples and entities, what could not be used, and what is doubtful."""
    if not config.graph.is_dir():
        return 0, 0, [], []
    read, faulty = _read_from_text(config, folder)
    report = load_graph(config, folder / GRAPH, read, lambda done, of: step("graph", done, of))
    notes = [(name, reason) for name, _, reason in (note.partition(": ") for note in report.notes)]
    return report.triples, _entities(folder), [*faulty, *report.problems], notes


def load_graph(
    config: KbConfig, folder: Path, read: ReadFromText | None = None, step: Callable[[int, int], None] | None = None
) -> LoadReport:
    """Make a graph folder of RDF files and tables, rules, shapes, and what was read from text."""
    from kgqa.graph.rules import RuleSet, closure, read_rules
    from kgqa.graph.store import GraphStore

    files = sorted(p for p in config.graph.rglob("*") if p.is_file() and not p.name.startswith("."))
    rules, faulty = read_rules(config.folder / "rules")
    report = GraphStore.build(
        files,
        config.graph,
        folder,
        config.tables,
        progress=step,
        rules=RuleSet((*closure(config.closure), *rules)),
        shapes=sorted((config.folder / "shapes").glob("*.ttl")),
        read=read,
    )
    return replace(report, problems=(*faulty, *report.problems))


def _read_from_text(config: KbConfig, folder: Path) -> tuple[ReadFromText | None, Named]:
    """Return the statements that were read from the documents and that these still say."""
    from kgqa.graph.extraction import ledger

    try:
        rows = ledger.read(config.folder / ledger.FILE)
    except SourceError as error:
        return None, [(ledger.FILE.as_posix(), " ".join(str(error).split()))]
    if not rows:
        return None, []
    store = PassageStore(folder / PASSAGES)
    try:
        return ledger.statements(ledger.standing(rows, store.text), config.extraction.use), []
    finally:
        store.close()


def _entities(folder: Path) -> int:
    from kgqa.graph.store import GraphStore

    return sum(1 for _ in GraphStore.open(folder / GRAPH).things())
