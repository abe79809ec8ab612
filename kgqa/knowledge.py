"""From sources to an index generation. Read this file second, after :mod:`kgqa.qa`.

A build writes a new generation from all sources and puts it in force at the end; one that dies leaves the old one in
force. What is costly is reused: a passage whose text has not changed keeps its vector, and sources that have not changed at
all are not read again.

    documents/  -> load -> chunk -> passages.sqlite -> lexical/  and  vectors -> dense.faiss
    graph/      -> load -> rules -> graph/ -> names for linking
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kgqa import documents
from kgqa.config import KbConfig
from kgqa.documents.chunking import chunk
from kgqa.errors import IndexFault, SourceError
from kgqa.protocols import Encoder
from kgqa.retrieval.dense import DenseIndex
from kgqa.retrieval.lexical import LexicalIndex
from kgqa.store.generations import Draft, Generation, Generations
from kgqa.store.passages import PassageStore, PassageWriter
from kgqa.types import Passage, Vectors

Step = Callable[[str, int, int], None]

BUILD_FORMAT = 1
"""Grows when the same sources would give another index: loaders, chunking, analysers."""

PASSAGES, LEXICAL, DENSE, VECTORS, GRAPH = "passages.sqlite", "lexical", "dense.faiss", "vectors.npz", "graph"
_BATCH = 1024


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did.

    :param problems: pairs of source and reason, for each source that is not in the index.
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
        if before and before.manifest.kb_hash == wanted and before.manifest.fingerprints.get("encoder") == encoder.fingerprint:
            return _unchanged(config, before, time.monotonic() - began)
        written, problems = _write_documents(config, draft.path, step)
        encoded, reused = _write_vectors(draft, encoder, step)
        _write_lexical(draft.path, step)
        triples, entities, graph_problems = _write_graph(config, draft.path, step)
        report = BuildReport(
            config.folder.resolve().name,
            "",
            *written,
            triples,
            entities,
            encoded,
            reused,
            (*problems, *graph_problems),
        )
        if not report.passages and not report.triples:
            raise SourceError(_nothing(config, report.problems))
        name = draft.commit(kb_hash=wanted, fingerprints={"encoder": encoder.fingerprint}, facts=_facts(report))
        return replace(report, generation=name, seconds=time.monotonic() - began)


def sources_hash(config: KbConfig) -> str:
    """Identify the sources and settings: equal hashes give equal indexes."""
    digest = hashlib.sha256(f"{BUILD_FORMAT} {config.chunking} {config.closure} {config.tables}".encode())
    for path in _source_files(config):
        digest.update(f"\n{path.relative_to(config.folder).as_posix()}\n".encode(errors="surrogateescape"))
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _source_files(config: KbConfig) -> list[Path]:
    parts = (config.documents, config.graph, config.folder / "rules", config.folder / "shapes")
    return sorted(p for part in parts if part.is_dir() for p in part.rglob("*") if p.is_file() and not p.name.startswith("."))


def _unchanged(config: KbConfig, before: Generation, seconds: float) -> BuildReport:
    facts = before.manifest.facts
    counts = {key: int(facts.get(key, 0)) for key in ("documents", "passages", "triples", "entities")}
    problems = tuple((str(a), str(b)) for a, b in json.loads(str(facts.get("problems", "[]"))))
    return BuildReport(
        config.folder.resolve().name,
        before.name,
        **counts,
        reused=counts["passages"],
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


# --- documents ---------------------------------------------------------------------------------------------------------


def _write_documents(config: KbConfig, folder: Path, step: Step) -> tuple[tuple[int, int], list[tuple[str, str]]]:
    """Load and cut all documents; return the counts of documents and passages, and what could not be used."""
    problems: list[tuple[str, str]] = []
    count = 0
    with PassageWriter(folder / PASSAGES) as writer:
        if config.documents.is_dir():
            root = config.documents
            paths = documents.find(root, skipped=lambda p, why: _note(problems, p, root, why))
            for loaded in documents.load(paths, root, progress=lambda done: step("documents", done, len(paths))):
                if loaded.problem is not None:
                    _note(problems, loaded.path, root, loaded.problem)
                for document in loaded.documents:
                    try:
                        writer.add(document, chunk(document, config.chunking))
                        count += 1
                    except SourceError as error:
                        _note(problems, loaded.path, root, str(error))
        passages = len(writer)
    return (count, passages), problems


def _note(problems: list[tuple[str, str]], path: Path, root: Path, reason: str) -> None:
    if reason != "hidden":
        name = path.relative_to(root).as_posix().encode(errors="surrogateescape").decode(errors="replace")
        problems.append((name, " ".join(reason.split())))


def embedded_text(passage: Passage) -> str:
    """Return what the encoder gets of a passage: where it stands and what it says."""
    context = " ".join(part for part in (passage.title, passage.heading) if part and part not in passage.text[:200])
    return f"{context}. {passage.text}" if context else passage.text


def content_hash(passage: Passage) -> bytes:
    """Identify what a passage's vector is made from, in 16 bytes."""
    return hashlib.blake2b(embedded_text(passage).encode(errors="replace"), digest_size=16).digest()


def _write_vectors(draft: Draft, encoder: Encoder, step: Step) -> tuple[int, int]:
    """Encode what is new and take the rest from the generation before; return both counts."""
    store = PassageStore(draft.path / PASSAGES)
    try:
        known, old = _old_vectors(draft.previous, encoder)
        vectors = np.zeros((len(store), encoder.dim), np.float32)
        keys = [content_hash(p) for p in store.all_passages()]
        fresh = [row for row, key in enumerate(keys) if key not in known]
        for row, key in enumerate(keys):
            if key in known:
                vectors[row] = old[known[key]]
        for done, rows in _batches(fresh):
            vectors[rows] = encoder.encode([embedded_text(p) for p in store.passages(rows)])
            step("encoding", done, len(fresh))
    finally:
        store.close()
    np.savez(draft.path / VECTORS, vectors=vectors, keys=np.frombuffer(b"".join(keys), np.uint8).reshape(-1, 16))
    (draft.path / DENSE).write_bytes(DenseIndex.build(vectors).to_bytes())
    return len(fresh), len(keys) - len(fresh)


def _batches(rows: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    for at in range(0, len(rows), _BATCH):
        part = list(rows[at : at + _BATCH])
        yield at + len(part), part


def _old_vectors(previous: Generation | None, encoder: Encoder) -> tuple[dict[bytes, int], Vectors]:
    nothing: Vectors = np.zeros((0, encoder.dim), np.float32)
    if previous is None or previous.manifest.fingerprints.get("encoder") != encoder.fingerprint:
        return {}, nothing
    try:
        with np.load(previous.path / VECTORS, allow_pickle=False) as saved:
            keys, vectors = saved["keys"], saved["vectors"]
    except (OSError, ValueError, KeyError) as error:
        raise IndexFault(f"{previous.path / VECTORS}: cannot be read ({error}); delete the generation and build again") from error
    return {key.tobytes(): row for row, key in enumerate(keys)}, vectors


def _write_lexical(folder: Path, step: Step) -> None:
    store = PassageStore(folder / PASSAGES)
    try:
        step("words", 0, 1)
        LexicalIndex.build(store.all_passages()).save(folder / LEXICAL)
        step("words", 1, 1)
    finally:
        store.close()


# --- graph -------------------------------------------------------------------------------------------------------------


def _write_graph(config: KbConfig, folder: Path, step: Step) -> tuple[int, int, list[tuple[str, str]]]:
    """Load the RDF files and tables, apply rules; return counts of triples and entities, and what could not be used."""
    if not config.graph.is_dir():
        return 0, 0, []
    from kgqa.graph.store import GraphStore

    files = sorted(p for p in config.graph.rglob("*") if p.is_file() and not p.name.startswith("."))
    report = GraphStore.build(
        files, config.graph, folder / GRAPH, config.tables, progress=lambda done, of: step("graph", done, of)
    )
    return report.triples, 0, list(report.problems)
