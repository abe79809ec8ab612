"""The composition root: the only place that names concrete classes. It imports them when they are needed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kgqa.config import BUILTIN, KbConfig, index_folder, read_config
from kgqa.errors import IndexFault, UsageError
from kgqa.knowledge import GRAPH, PASSAGES, BuildReport, Step
from kgqa.knowledge import build as build_index
from kgqa.language import fold
from kgqa.types import Answer, Document, Entity, Filters, Hit, Link

if TYPE_CHECKING:
    from kgqa.fusion import Calibration
    from kgqa.graph.store import GraphStore, Table
    from kgqa.protocols import Composer, Encoder, Reader, Reranker
    from kgqa.qa import QA, Request, Side
    from kgqa.store.generations import Generation
    from kgqa.store.passages import PassageStore

Mode = Literal["lexical", "dense", "hybrid", "rerank"]
MAX_QUESTION = 4000
"""Longest question in characters."""

RERANK_SHARE = 0.5
"""Weight of the reranker beside the hybrid score inside a knowledge base: the best of 0, 0.3, 0.5, 0.7 and 1 for finding
the clause that is asked for in a contract (docs/experiments.md); a card's own value is for open collections."""

_WEIGHTS = Path(__file__).parent / "models" / "weights"


# --- models ---


def make_encoder(name: str = BUILTIN) -> Encoder:
    """Return the built-in encoder, one from a folder with ONNX weights, or a sentence-transformers model by name."""
    from kgqa.retrieval.encoder import OnnxEncoder, SentenceTransformerEncoder

    folder = _onnx_folder(name, "encoder")
    return OnnxEncoder(folder) if folder else SentenceTransformerEncoder(name)


def make_reader(name: str = BUILTIN) -> Reader:
    """Return the built-in reader, one from a folder with ONNX weights, or any extractive transformers model by name."""
    from kgqa.reading.extractive import OnnxReader
    from kgqa.reading.lexical import LexicalReader, ScriptReader

    folder = _onnx_folder(name, "reader")
    if name == BUILTIN and folder:
        # The built-in reader knows English only; Chinese passages are read by their words until there is a better one.
        return ScriptReader(OnnxReader(folder), LexicalReader())
    if folder:
        return OnnxReader(folder)
    from kgqa.reading.hub import TransformersReader

    return TransformersReader(name)


def make_reranker(name: str = BUILTIN, blend: float | None = None) -> Reranker | None:
    """Return the built-in reranker, one from a folder with ONNX weights, a cross-encoder by name, or for ``none`` none."""
    if name == "none":
        return None
    from kgqa.retrieval.rerank import CrossEncoderReranker, TransformersReranker

    folder = _onnx_folder(name, "reranker")
    return CrossEncoderReranker(folder, blend=blend) if folder else TransformersReranker(name)


def _onnx_folder(name: str, part: str) -> Path | None:
    if name == BUILTIN:
        return _WEIGHTS / part
    folder = Path(name)
    return folder if (folder / "model.onnx").is_file() else None


def make_composer(name: str) -> Composer | None:
    """Return a composer of a local generative model, of an OpenAI-compatible address, or for ``none`` none."""
    if name == "none":
        return None
    from kgqa.reading.generative import SupportedComposer, local_writer, service_writer

    return SupportedComposer(service_writer(name) if name.startswith(("http://", "https://")) else local_writer(name))


def load_calibration() -> Calibration:
    """Return the built-in calibration."""
    from kgqa.fusion import Calibration

    return Calibration.load(_WEIGHTS / "calibration.json")


def measure_graph(triples: Path, files: Sequence[Path], link: str, limit: int | None) -> dict[str, Any]:
    """Measure graph answers on files in MetaQA's format; see ``kgqa eval graph``."""
    import tempfile

    from kgqa.evaluation.graph import evaluate, load_triples, read_questions
    from kgqa.graph.answer import GraphSearch

    with tempfile.TemporaryDirectory() as folder:
        store = load_triples(triples, Path(folder))
        search = GraphSearch(store, make_encoder(), _WEIGHTS / "paths")
        return {path.name: evaluate(search, store, read_questions(path)[:limit], link).figures() for path in files}


# --- knowledge bases ---


def build(folder: str | Path, index: str | Path | None = None, *, progress: Step | None = None) -> BuildReport:
    """See :func:`kgqa.build`."""
    config = read_config(Path(folder))
    where = Path(index) if index else index_folder(config.folder)
    return build_index(config, where, make_encoder(config.models.encoder), progress=progress)


def open(name: str | Path) -> KnowledgeBase:
    """See :func:`kgqa.open`."""
    return KnowledgeBase(read_config(_kb_folder(str(name))))


def _kb_folder(name: str) -> Path:
    for folder in (Path(name), Path("kb") / name):
        if folder.is_dir():
            return folder
    known = sorted(p.name for p in Path("kb").glob("*") if p.is_dir()) if Path("kb").is_dir() else []
    choice = f"known here: {', '.join(known)}" if known else "give the path of its folder"
    raise UsageError(f"there is no knowledge base {name!r}; {choice}")


def _question(text: str) -> str:
    stripped = text.strip()
    if not stripped:
        raise UsageError("the question is empty; write what you want to know")
    if len(stripped) > MAX_QUESTION:
        raise UsageError(f"the question has {len(stripped):,} characters; {MAX_QUESTION:,} are the most, shorten it")
    return stripped


class KnowledgeBase:
    """An open knowledge base; it stays on its index generation until it is opened again.

    :param config: its settings.
    :param index: folder of its index; the usual place if not given.
    :raises IndexFault: there is no index, it is damaged, or it was made with another encoder.
    """

    def __init__(self, config: KbConfig, index: Path | None = None) -> None:
        self.config = config
        self.index = index or index_folder(config.folder)
        self._open()

    def _open(self) -> None:
        from kgqa.store.generations import Generations
        from kgqa.store.passages import PassageStore

        if not Generations(self.index).names():
            raise IndexFault(f"{self.name}: has no index yet; run: kgqa build {self.config.folder}")
        self._generation: Generation = Generations(self.index).current()
        self._store: PassageStore = PassageStore(self._generation.path / PASSAGES)
        for part in ("qa", "_retriever", "_graph", "_titles", "_encoder", "_reranker", "_linker"):
            self.__dict__.pop(part, None)

    # --- what it is -

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.config.folder.resolve().name

    @property
    def title(self) -> str:
        """Title for people."""
        return self.config.title

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages of its sources."""
        return self.config.languages

    @property
    def folder(self) -> Path:
        """Folder of its sources."""
        return self.config.folder

    @property
    def generation(self) -> str:
        """Name of the index generation that it is open on."""
        return self._generation.name

    def stats(self) -> dict[str, Any]:
        """Return counts of documents, passages, triples and entities, when it was built, and what was not used."""
        return {**self._generation.manifest.facts, "generation": self.generation, "models": self._fingerprints()}

    def _fingerprints(self) -> Mapping[str, str]:
        return dict(self._generation.manifest.fingerprints)

    def examples(self) -> list[str]:
        """Return questions to begin with: the first of its acceptance questions of each family that have answers."""
        path = self.config.folder / "questions.jsonl"
        if not path.is_file():
            return []
        from kgqa.evaluation.answers import read_gold

        by_family: dict[tuple[str, bool], str] = {}
        for gold in read_gold(path):
            if gold.kind != "none":
                by_family.setdefault((gold.family, gold.question.isascii()), gold.question)
        return list(by_family.values())

    # --- parts -

    @cached_property
    def _encoder(self) -> Encoder:
        return make_encoder(self.config.models.encoder)

    @cached_property
    def _reranker(self) -> Reranker | None:
        return make_reranker(self.config.models.reranker, RERANK_SHARE)

    @cached_property
    def _retriever(self) -> Any:
        from kgqa.retrieval.index import open_retriever

        return open_retriever(self._generation.path, self._store, self._encoder) if len(self._store) else None

    @cached_property
    def _graph(self) -> GraphStore | None:
        folder = self._generation.path / GRAPH
        if not folder.is_dir():
            return None
        from kgqa.graph.store import GraphStore

        return GraphStore.open(folder)

    @cached_property
    def _linker(self) -> Any:
        if self._graph is None:
            return None
        from kgqa.graph.linking import EntityLinker

        return EntityLinker(self._graph, [doc_id for doc_id, _ in self._store.documents()])

    @cached_property
    def _titles(self) -> dict[str, list[str]]:
        titles: dict[str, list[str]] = {}
        for doc_id, title in self._store.documents():
            titles.setdefault(fold(title).strip(), []).append(doc_id)
        return titles

    @cached_property
    def qa(self) -> QA:
        """The answering flow over this knowledge base."""
        from kgqa.qa import QA, Parts

        reader = make_reader(self.config.models.reader) if self._retriever else None
        return QA(
            Parts(
                calibration=load_calibration(),
                linker=self._linker,
                graph=self._graph_search(),
                retriever=self._retriever,
                reranker=self._reranker if self._retriever else None,
                reader=reader,
                quoter=self._quoter() if reader else None,
                library=self,
                composer=make_composer(self.config.models.composer),
            )
        )

    def _graph_search(self) -> Any:
        if self._graph is None:
            return None
        from kgqa.graph.answer import GraphSearch

        closed = self._store.closed()
        return GraphSearch(
            self._graph,
            self._encoder,
            documents=self._linker.documents,
            access=lambda source: closed.get(source, frozenset()),
        )

    def _quoter(self) -> Any:
        from kgqa.reading.clauses import ClauseQuoter

        return ClauseQuoter(self._encoder)

    # --- the library of documents (kgqa.protocols.Library) -

    def text(self, doc_id: str) -> str:
        """Return a document's text.

        :raises KeyError: there is no such document.
        """
        return self._store.text(doc_id)

    def about(self, entities: Collection[str]) -> frozenset[str]:
        """Return ids of the documents whose title is a name of one of the entities."""
        if self._graph is None:
            return frozenset()
        names = {fold(name.text).strip() for iri in entities for name in self._graph.labels(iri)}
        return frozenset(doc_id for name in names for doc_id in self._titles.get(name, ()))

    def own(self, entity: str) -> frozenset[str]:
        """Return ids of the documents that are an entity's own text."""
        return frozenset(self._linker.documents(entity)) if self._linker else frozenset()

    def known(self, words: Sequence[str]) -> list[bool]:
        """Tell for each word whether it stands anywhere in the documents."""
        return self._retriever.known(words) if self._retriever else [False] * len(words)

    # --- asking -

    def ask(
        self,
        question: str,
        *,
        filters: Filters | None = None,
        links: Sequence[Link] = (),
        history: Sequence[Answer] = (),
        progress: Callable[[str], None] | None = None,
    ) -> Answer:
        """Answer a question with evidence, or say why there is no answer.

        :param links: entities that the asker has chosen for mentions.
        :param history: earlier answers of the conversation, oldest first; a follow-up is resolved against them.
        :param progress: called with the name of each stage.
        :raises UsageError: the question is empty.
        """
        from kgqa.qa import Request

        asked = self._resolved(_question(question), history)
        request = Request(asked, filters or Filters(), tuple(links))
        return self.answer([request], progress=progress)[0]

    def ask_many(
        self,
        questions: Sequence[str],
        *,
        filters: Sequence[Filters | None] | None = None,
        progress: Callable[[int], None] | None = None,
        batch: int = 16,
    ) -> list[Answer]:
        """Answer questions in batches through every stage.

        :param filters: one for each question.
        :param progress: called with the number of questions done.
        """
        from kgqa.qa import Request

        limits = filters or [None] * len(questions)
        requests = [Request(_question(q), f or Filters()) for q, f in zip(questions, limits, strict=True)]
        answers: list[Answer] = []
        for at in range(0, len(requests), batch):
            answers += self.answer(requests[at : at + batch])
            if progress:
                progress(len(answers))
        return answers

    def answer(
        self,
        requests: Sequence[Request],
        *,
        sides: frozenset[Side] | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> list[Answer]:
        """Answer requests as they are, from both sides or one."""
        from dataclasses import replace

        from kgqa.qa import BOTH

        answers = self.qa.ask(requests, sides=sides or BOTH, progress=progress)
        return [replace(a, models=self._fingerprints(), generation=self.generation) for a in answers]

    def _resolved(self, question: str, history: Sequence[Answer]) -> str:
        if not history:
            return question
        from kgqa.followup import resolve

        linker = self._linker
        return resolve(question, history, (lambda text: linker.link([text])[0]) if linker else None).question

    # --- looking things up -

    def search(self, query: str, k: int = 10, *, mode: str = "rerank", filters: Filters | None = None) -> list[Hit]:
        """Return the best passages for a query.

        :param mode: ``lexical``, ``dense``, ``hybrid``, or ``rerank`` (hybrid, then read together with the query).
        :raises UsageError: the query is empty or the mode unknown.
        """
        if mode not in ("lexical", "dense", "hybrid", "rerank"):
            raise UsageError(f"unknown mode {mode!r}; use lexical, dense, hybrid or rerank")
        if self._retriever is None:
            return []
        asked = _question(query)
        if mode != "rerank" or self._reranker is None:
            found: list[Hit] = self._retriever.retrieve([asked], k, filters=filters, mode=mode)[0]
            return found
        hits = self._retriever.retrieve([asked], max(k, 20), filters=filters)
        return self._reranker.rerank([asked], hits)[0][:k]

    def entity(self, name_or_iri: str, language: str = "en") -> Entity:
        """Return all that is known of an entity, and what the shapes expect but nobody has stated.

        :raises UsageError: there is no graph, or the name is not in it.
        """
        from dataclasses import replace

        from kgqa.graph.sheet import entity_sheet

        if self._graph is None:
            raise UsageError(f"{self.name}: has no graph")
        iri = self._iri(name_or_iri)
        entity = entity_sheet(self._graph, iri, language) if iri else None
        if entity is None:
            raise UsageError(f"{self.name}: knows no entity {name_or_iri!r}; try another name or its IRI")
        hits = self.search(entity.label, 3, mode="hybrid") if self._retriever else []
        return replace(entity, passages=tuple(hit.passage for hit in hits))

    def label(self, iri: str, language: str = "en") -> str:
        """Return the best label of an entity or relation in a language, or the IRI's last part."""
        return (
            self._graph.label(iri, language) if self._graph else iri.rstrip("/#").replace("#", "/").rsplit("/", 1)[-1]
        )

    def _iri(self, name: str) -> str | None:
        assert self._graph is not None
        if "://" in name or name.startswith("urn:"):
            return name.strip("<>")
        links = sorted(self._linker.link([name])[0], key=lambda link: (link.start - link.end, -link.score))
        return links[0].entity if links else None

    def sparql(self, query: str, *, limit: int = 1000) -> Table | bool:
        """Run a SELECT or ASK query on the graph.

        :raises QueryError: it is malformed, not allowed, or runs into a limit.
        :raises UsageError: there is no graph.
        """
        if self._graph is None:
            raise UsageError(f"{self.name}: has no graph")
        return self._graph.select(query, limit=limit)

    def document(self, doc_id: str) -> Document:
        """Return a document.

        :raises UsageError: there is no such document.
        """
        try:
            return self._store.document(doc_id)
        except KeyError:
            raise UsageError(
                f"{self.name}: has no document {doc_id!r}; its documents are listed by kgqa search"
            ) from None

    def documents(self) -> list[tuple[str, str]]:
        """Return id and title of each document."""
        return self._store.documents()

    # --- changing -

    def add(self, *sources: str | Path, progress: Step | None = None) -> BuildReport:
        """Copy files into the knowledge base, update the index, and go on with the new generation.

        RDF and its tables go to ``graph/``, everything else to ``documents/``.

        :raises UsageError: a source does not exist, or one of that name is there already.
        """
        targets = [(Path(s), self._place(Path(s)) / Path(s).name) for s in sources]
        for source, target in targets:
            if not source.is_file():
                raise UsageError(f"{source}: no such file")
            if target.exists():
                raise UsageError(f"{target}: is there already; remove it first, or give the file another name")
        for source, target in targets:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        return self._rebuilt(progress)

    def _place(self, source: Path) -> Path:
        from kgqa.graph.load import is_graph_file

        return self.config.graph if is_graph_file(source.name) else self.config.documents

    def remove(self, *doc_ids: str, progress: Step | None = None) -> BuildReport:
        """Delete documents, their passages and vectors, and older generations that still hold them.

        :raises UsageError: there is no such document, or it is one row of a table.
        """
        paths = [self._source(doc_id) for doc_id in doc_ids]
        for path in paths:
            path.unlink()
        report = self._rebuilt(progress)
        from kgqa.store.generations import Generations

        Generations(self.index).prune()
        return report

    def _source(self, doc_id: str) -> Path:
        path = self.config.documents / doc_id
        inside = path.resolve().is_relative_to(self.config.documents.resolve())
        if "#" in doc_id and not path.is_file():
            raise UsageError(f"{doc_id}: is a row of a table; remove {doc_id.partition('#')[0]} or edit that file")
        if not inside or not path.is_file():
            raise UsageError(f"{self.name}: has no document {doc_id!r} below {self.config.documents}")
        return path

    def _rebuilt(self, progress: Step | None) -> BuildReport:
        report = build_index(self.config, self.index, self._encoder, progress=progress)
        self._store.close()
        self._generation.close()
        self._open()
        return report

    def verify_erasure(self, doc_id: str) -> list[str]:
        """Return where remains of a document were found: its source, or any generation on the disk; empty when clean."""
        from kgqa.store.erasure import remains

        return remains(self.config.documents, self.index, doc_id)

    def close(self) -> None:
        """Let go of the index generation."""
        self._store.close()
        self._generation.close()
