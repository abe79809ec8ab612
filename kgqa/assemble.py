"""The composition root: puts concrete classes together over one index generation, each imported when it is needed.

Only this file and :mod:`kgqa.models.making`, which makes models of their names, know which classes there are.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kgqa.config import KbConfig, index_folder, read_config
from kgqa.errors import IndexFault
from kgqa.knowledge import GRAPH, PASSAGES, BuildReport, Step
from kgqa.knowledge import build as build_index
from kgqa.models import BUILTIN
from kgqa.models.making import (
    calibration_mark,
    fingerprint,
    load_calibration,
    make_composer,
    make_encoder,
    make_reader,
    make_reranker,
    onnx_folder,
)
from kgqa.models.registry import WEIGHTS, in_force
from kgqa.types import Answer, Entity, Filters

if TYPE_CHECKING:
    from kgqa.graph.store import GraphStore, Table
    from kgqa.graph.view import View
    from kgqa.graph.visible import VisibleWorker
    from kgqa.library import DocumentLibrary
    from kgqa.protocols import Encoder, Reader, Reranker
    from kgqa.qa import QA
    from kgqa.store.generations import Generation
    from kgqa.store.passages import PassageStore

RERANK_SHARE = 0.5
"""Weight of the reranker beside the hybrid score inside a knowledge base: the best of 0, 0.3, 0.5, 0.7 and 1 for finding
the clause that is asked for in a contract (docs/experiments.md); a card's own value is for open collections."""

PARTS = 4
"""Parts of a graph, each for other groups, that are kept ready to be queried."""


def build(folder: str | Path, index: str | Path | None = None, *, progress: Step | None = None) -> BuildReport:
    """See :func:`kgqa.build`."""
    config = read_config(Path(folder))
    where = Path(index) if index else index_folder(config.folder)
    return build_index(config, where, make_encoder(config.models.encoder), progress=progress)


class Opened:
    """One index generation with all that answers from it. It never changes; a newer generation is another ``Opened``.

    Whoever works with it says so by :meth:`enter` and :meth:`leave`; once it is retired, the last of them closes it.

    :param encoder: the encoder of an earlier generation, which need not be loaded again.
    :raises IndexFault: there is no index, it is damaged, or it was made with another encoder.
    """

    def __init__(self, config: KbConfig, index: Path, encoder: Encoder | None = None) -> None:
        from kgqa.store.generations import Generations
        from kgqa.store.passages import PassageStore

        if not Generations(index).names():
            raise IndexFault(f"{config.folder.resolve().name}: has no index yet; run: kgqa build {config.folder}")
        self.config, self.index = config, index
        self.generation: Generation = Generations(index).current()
        self.store: PassageStore = PassageStore(self.generation.path / PASSAGES)
        if encoder is not None:
            self.encoder = encoder
        self._making = threading.RLock()
        self._counting = threading.Lock()
        self._users, self._retired, self._closed = 0, False, threading.Event()
        self._parts: dict[frozenset[str], VisibleWorker] = {}

    # --- who works with it -

    def enter(self) -> bool:
        """Begin to work with it; ``False`` when it is closed already."""
        with self._counting:
            if self._retired and not self._users:
                return False
            self._users += 1
            return True

    def leave(self) -> None:
        """Stop working with it; the last to leave a retired one closes it."""
        with self._counting:
            self._users -= 1
            last = self._retired and not self._users
        if last:
            self._close()

    def retire(self) -> None:
        """Close it as soon as nobody works with it; a second call does nothing."""
        with self._counting:
            last = not self._retired and not self._users
            self._retired = True
        if last:
            self._close()

    def wait(self, seconds: float) -> bool:
        """Wait until it is closed; ``False`` when somebody still works with it after that time."""
        return self._closed.wait(seconds)

    def _close(self) -> None:
        for part in self._parts.values():
            part.close()
        self.store.close()
        self.generation.close()
        self._closed.set()

    @cached_property
    def fingerprints(self) -> Mapping[str, str]:
        """Hashes of the models that made the index, read, rank and say how sure; the name of one that has no card."""
        from kgqa.promotion import reader_in_force

        models = self.config.models
        reader = reader_in_force(self.index) or onnx_folder(models.reader, "reader")
        reranker = None if models.reranker == "none" else onnx_folder(models.reranker, "reranker")
        return {
            **self.generation.manifest.fingerprints,
            "reader": fingerprint(reader, models.reader),
            "reranker": fingerprint(reranker, models.reranker),
            "calibration": calibration_mark(models.calibration),
        }

    @cached_property
    def census(self) -> dict[str, Any]:
        """Counts that the build does not keep: documents by language, relations, and the dates that sources hold from."""
        import numpy as np

        languages, days = self.store.census()
        graph = self.graph.graph if self.graph is not None else None
        return {
            "languages": languages,
            **({"dates": tuple(day.isoformat() for day in dict.fromkeys((days[0], days[-1])))} if days else {}),
            **({"relations": len(np.unique(graph.out_predicates))} if graph is not None else {}),
        }

    # --- parts, each made when it is first asked for -

    @cached_property
    def encoder(self) -> Encoder:
        """Encoder of passages, questions and names."""
        return make_encoder(self.config.models.encoder)

    @cached_property
    def reranker(self) -> Reranker | None:
        """Reranker, if one is set."""
        return make_reranker(self.config.models.reranker, RERANK_SHARE)

    @cached_property
    def retriever(self) -> Any:
        """Hybrid retriever over the passages; ``None`` without documents."""
        from kgqa.retrieval.index import open_retriever

        return open_retriever(self.generation.path, self.store, self.encoder) if len(self.store) else None

    @cached_property
    def graph(self) -> GraphStore | None:
        """The graph; ``None`` without one."""
        folder = self.generation.path / GRAPH
        if not folder.is_dir():
            return None
        from kgqa.graph.store import GraphStore

        return GraphStore.open(folder)

    @cached_property
    def linker(self) -> Any:
        """Entity linker; ``None`` without a graph."""
        if self.graph is None:
            return None
        from kgqa.graph.linking import EntityLinker

        return EntityLinker(self.graph, [doc_id for doc_id, _ in self.store.documents()], access=self.groups_of)

    def iri(self, name: str, filters: Filters) -> str | None:
        """Return the IRI of an entity by a name of it that the asker may know; an IRI stays what it is."""
        if "://" in name or name.startswith("urn:"):
            return name.strip("<>")
        links = sorted(self.linker.link([name], [filters])[0], key=lambda link: (link.start - link.end, -link.score))
        return links[0].entity if links else None

    @property
    def qa(self) -> QA:
        """The answering flow. Many threads may ask for it at once; one of them makes it."""
        with self._making:
            return self._qa

    @cached_property
    def _qa(self) -> QA:
        from kgqa.qa import QA, Parts
        from kgqa.reading.clauses import ClauseQuoter

        reads = self.retriever is not None
        return QA(
            Parts(
                calibration=load_calibration(self.config.models.calibration),
                linker=self.linker,
                graph=self._graph_search(),
                retriever=self.retriever,
                reranker=self.reranker if reads else None,
                reader=self._reader() if reads else None,
                quoter=ClauseQuoter(self.encoder, self.reranker) if reads else None,
                library=self.library,
                composer=make_composer(self.config.models.composer),
            )
        )

    @cached_property
    def library(self) -> DocumentLibrary:
        """The documents behind the passages."""
        from kgqa.library import DocumentLibrary

        return DocumentLibrary(self.store, self.graph, self.linker, self.retriever, self.view)

    def _reader(self) -> Reader:
        from kgqa.promotion import reader_in_force

        return make_reader(self.config.models.reader, reader_in_force(self.index))

    def _graph_search(self) -> Any:
        if self.graph is None:
            return None
        from kgqa.graph.answer import GraphSearch

        name = self.config.models.paths
        model = None if name == "none" else WEIGHTS / "paths" if name == BUILTIN else in_force(Path(name))
        return GraphSearch(self.graph, self.encoder, model, documents=self.linker.documents, access=self.groups_of)

    # --- who may see what -

    @cached_property
    def closed(self) -> dict[str, frozenset[str]]:
        """Groups of each document that is not open to everyone."""
        return self.store.closed()

    def groups_of(self, source: str) -> frozenset[str]:
        """Return the groups that may see a document, a graph file or a named graph; empty means everyone."""
        if found := self.closed.get(source):
            return found
        named = "://" in source or source.startswith("urn:")
        return self.config.groups_of(source if named else f"graph/{source}")

    def select(self, query: str, limit: int, filters: Filters) -> Table | bool:
        """Run a query over what the asker may see of the graph.

        :raises QueryError: it is malformed, not allowed, or runs into a limit.
        """
        assert self.graph is not None  # the caller asked
        part = self._part(filters.groups or frozenset()) if self.hides(filters) else None
        return self.graph.select(query, limit=limit, worker=part)

    def _part(self, groups: frozenset[str]) -> VisibleWorker:
        """Return what queries the part of the graph that groups may see; the last few are kept."""
        from kgqa.graph.visible import VisibleWorker

        graph = self.graph
        assert graph is not None  # the caller asked
        with self._making:
            part = self._parts.pop(groups, None)
            if part is None:
                part = VisibleWorker(graph, lambda: self.view(Filters(groups=groups)))
            self._parts[groups] = part
            while len(self._parts) > PARTS:
                self._parts.pop(next(iter(self._parts))).close()
        return part

    def sheet(self, iri: str, language: str, filters: Filters) -> Entity | None:
        """Return an entity's sheet as far as the asker may see it; ``None`` when there is nothing to see."""
        from kgqa.graph.sheet import entity_sheet

        assert self.graph is not None  # the caller asked
        return entity_sheet(self.graph, iri, language, view=self.view(filters))

    def view(self, filters: Filters) -> View:
        """Return the graph as far as the asker may see it, on every day and in every place."""
        from kgqa.graph.view import View

        assert self.graph is not None  # the caller asked
        return View(self.graph, Filters(groups=filters.groups if self.hides(filters) else None), self.groups_of)

    def permitted(self, answer: Answer, filters: Filters) -> Answer:
        """Return an answer as far as the asker may see it; see :func:`kgqa.rights.permitted`."""
        if not self.hides(filters):
            return answer
        from kgqa.graph.sight import Sight
        from kgqa.rights import permitted

        sight = Sight(self.view(filters), answer.language) if self.graph is not None else None
        return permitted(answer, lambda doc_id: filters.sees(self.closed.get(doc_id, frozenset())), sight)

    def hides(self, filters: Filters) -> bool:
        """Tell whether anything here is closed to the asker."""
        if filters.groups is None:
            return False
        groups = [*self.closed.values(), *(groups for _, groups in self.config.access)]
        return not all(filters.sees(access) for access in groups)


def measure_graph(triples: Path, files: Sequence[Path], link: str, limit: int | None) -> dict[str, Any]:
    """Measure graph answers on files in MetaQA's format; see ``kgqa eval graph``."""
    import tempfile

    from kgqa.evaluation.graph import evaluate, load_triples, read_questions
    from kgqa.graph.answer import GraphSearch

    with tempfile.TemporaryDirectory() as folder:
        store = load_triples(triples, Path(folder))
        search = GraphSearch(store, make_encoder(), WEIGHTS / "paths")
        return {path.name: evaluate(search, store, read_questions(path)[:limit], link).figures() for path in files}
