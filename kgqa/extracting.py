"""Read statements from the documents of a knowledge base, and let people accept or reject them."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kgqa.assemble import Opened
from kgqa.config import KbConfig
from kgqa.errors import UsageError
from kgqa.graph.extraction import ledger
from kgqa.graph.extraction.ledger import Found, State
from kgqa.graph.store import GraphStore
from kgqa.knowledge import load_graph
from kgqa.store.passages import PassageStore
from kgqa.types import Passage

if TYPE_CHECKING:
    from kgqa.graph.extraction.drafting import Cost

_TOGETHER = 16
"""Passages that a model reads before what it found is kept."""
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class ExtractReport:
    """What was read.

    :param wordings: wordings that state a relation.
    :param statements: different statements; ``new``, ``accepted`` and ``rejected`` of them.
    :param things: things that only texts name.
    :param relations: name of each relation and number of its statements, the most frequent first.
    :param ledger: the file that holds them.
    """

    wordings: int
    statements: int
    new: int
    accepted: int
    rejected: int
    things: int
    relations: tuple[tuple[str, int], ...]
    ledger: Path
    seconds: float


class Extracting:
    """Reads statements from the documents of a knowledge base; people accept or reject them.

    What it changes is the ledger beside the sources; the next build takes it into the index.

    :param work: opens the generation in force for as long as the context lasts.
    """

    def __init__(self, config: KbConfig, work: Callable[[], AbstractContextManager[Opened]]) -> None:
        self._config, self._work = config, work
        self._name = config.folder.resolve().name

    @property
    def place(self) -> Path:
        """Where a knowledge base keeps what was read from its documents."""
        return self._config.folder / ledger.FILE

    def rows(self) -> list[Found]:
        """Return what was read, decisions included."""
        return ledger.read(self.place)

    def read(self, progress: Progress | None = None) -> ExtractReport:
        """Read statements from all passages by their wordings; earlier decisions are kept.

        :raises UsageError: there is no graph, whose relations and names are what is looked for, or there are no documents.
        """
        from kgqa.graph.extraction.finding import Reader

        began = time.monotonic()
        step = progress or (lambda stage, done, of: None)
        with self._work() as now:
            store, graph = now.store, self._usable(now)
            with self._stated(graph) as stated:
                reader = Reader(stated, now.encoder, _affirmed, self._config.extraction)
                wordings = reader.learn(store.all_passages, len(store), step)
                rows = ledger.merged(self.rows(), reader.find(_counted(store, step)))
        ledger.write(self.place, rows)
        return self.report(wordings, time.monotonic() - began)

    def cost(self, most: int | None = None) -> Cost:
        """Estimate what reading with a generative model will cost; nothing is sent.

        :param most: passages that would be read, evenly spread over all.
        """
        from kgqa.graph.extraction.drafting import Drafter

        with self._work() as now:
            drafter = Drafter(self._usable(now), _affirmed, self._config.extraction)
            return drafter.cost(_spread(now.store, most))

    def draft(self, model: str, most: int | None = None, progress: Progress | None = None) -> ExtractReport:
        """Read statements with a generative model; what it writes beside the schema and the text is dropped.

        :param model: folder or name of a model, the address of a service, or ``composer`` for the one that ``kb.toml`` names.
        :param most: passages that are read, evenly spread over all.
        :raises UsageError: no composer is configured, or there is no graph or no documents.
        """
        from kgqa.graph.extraction.drafting import Drafter

        began = time.monotonic()
        writer = self._writer(model)
        step = progress or (lambda stage, done, of: None)
        with self._work() as now:
            drafter = Drafter(self._usable(now), _affirmed, self._config.extraction)
            passages = list(_spread(now.store, most))
            for at in range(0, len(passages), _TOGETHER):
                found = list(drafter.read(passages[at : at + _TOGETHER], writer))
                ledger.write(self.place, ledger.added(self.rows(), found))  # what has been paid for is not lost
                step("statements", min(at + _TOGETHER, len(passages)), len(passages))
        return self.report(seconds=time.monotonic() - began)

    def _writer(self, model: str) -> Callable[[Sequence[str]], list[str]]:
        from kgqa.reading.generative import local_writer, service_writer

        name = self._config.models.composer if model == "composer" else model
        if name == "none":
            raise UsageError(f"{self._name}: kb.toml names no composer; set it under [models] or give --model a name")
        return service_writer(name) if name.startswith(("http://", "https://")) else local_writer(name)

    def _usable(self, now: Opened) -> GraphStore:
        if now.graph is None or not len(now.store):
            missing = "a graph, whose relations and names are looked for" if now.graph is None else "documents"
            raise UsageError(f"{self._name}: reading statements from text needs {missing}")
        return now.graph

    @contextmanager
    def _stated(self, graph: GraphStore) -> Iterator[GraphStore]:
        """Give a graph of what is stated or accepted only: what was merely read must not confirm itself."""
        if self._config.extraction.use != "all" or not self.place.is_file():
            yield graph
            return
        with tempfile.TemporaryDirectory() as folder:
            accepted = [row for row in self.rows() if row.state == "accepted"]
            load_graph(self._config, Path(folder) / "graph", ledger.statements(accepted, "accepted"))
            store = GraphStore.open(Path(folder) / "graph")
            try:
                yield store
            finally:
                store.close()

    def report(self, wordings: int = 0, seconds: float = 0.0) -> ExtractReport:
        """Count what is in the ledger."""
        by_id = {row.id: row for row in self.rows()}
        states = Counter(row.state for row in by_id.values())
        relations = Counter(row.names[1] for row in by_id.values() if row.state != "rejected")
        things = {iri for row in by_id.values() if row.state != "rejected" for iri, _ in row.fresh}
        return ExtractReport(
            wordings,
            len(by_id),
            states["new"],
            states["accepted"],
            states["rejected"],
            len(things),
            tuple(relations.most_common()),
            self.place,
            round(seconds, 2),
        )

    def review(self, ids: Iterable[str], state: State, least: float = 0.0) -> int:
        """Accept or reject statements; return how many rows have another state than before.

        :param ids: of statements or documents, or ``all``.
        :param least: of a document or of all, statements with a smaller confidence are left as they are.
        :raises UsageError: nothing was read yet, or nothing has this id.
        """
        wanted = list(ids)
        rows = self.rows()
        known = {"all"} | {name for row in rows for name in (row.id, row.document)}
        strange = next((name for name in wanted if name not in known), None)
        if wanted and (strange is not None or not rows):
            reason = f"no statement or document {strange!r} was read" if rows else "nothing was read from text yet"
            raise UsageError(f"{self._name}: {reason}; run: kgqa extract {self._config.folder}")
        rows, count = ledger.decided(rows, wanted, state, least)
        if count:
            ledger.write(self.place, rows)
        return count

    def forget(self, documents: Sequence[str]) -> None:
        """Take out of the ledger what was read from documents that are removed."""
        rows = self.rows()
        kept = ledger.without(rows, documents)
        if len(kept) < len(rows):
            ledger.write(self.place, kept)

    def remains(self, document: str) -> list[str]:
        """Return where the ledger still holds something of a document, one line; empty when it holds nothing."""
        rows = self.rows()
        left = len(rows) - len(ledger.without(rows, [document]))
        return [f"{self.place}: {left} statements read from it"] if left else []


def _affirmed(text: str, start: int, end: int) -> bool:
    from kgqa.reading.assertion import status

    return status(text, start, end) == "affirmed"


def _spread(store: PassageStore, most: int | None) -> Iterator[Passage]:
    step = max(1, -(-len(store) // most)) if most else 1
    return (passage for number, passage in enumerate(store.all_passages()) if number % step == 0)


def _counted(store: PassageStore, step: Progress) -> Iterator[Passage]:
    for done, passage in enumerate(store.all_passages()):
        if done % 500 == 0:
            step("statements", done, len(store))
        yield passage
