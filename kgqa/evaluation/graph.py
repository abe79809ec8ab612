"""Measures answers over a graph: MetaQA's questions and triples, and single-relation questions with their gold triple.

``python -m kgqa.evaluation.graph --triples FILE --questions FILE... [--link none|gold] [--limit N]``
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from kgqa.errors import SourceError
from kgqa.evaluation.reach import PathFinder
from kgqa.graph.answer import GraphSearch
from kgqa.graph.linking import EntityLinker
from kgqa.graph.store import GraphStore
from kgqa.protocols import Encoder
from kgqa.types import Filters, GraphFinding, Link

ENTITY = "urn:kgqa:entity:"
RELATION = "urn:kgqa:relation:"
_LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"


@dataclass(frozen=True, slots=True)
class GraphQuestion:
    """A question with its accepted answers; ``topic`` is the given topic entity, empty where it must be found.

    :param start: first character of the topic in ``text``; ``length`` the characters that it has there.
    :param relation: the relation that is asked for, where the file tells.
    """

    text: str
    answers: frozenset[str]
    topic: str = ""
    start: int = 0
    length: int = 0
    relation: str = ""


@dataclass(slots=True)
class GraphScores:
    """Sums over questions; see :meth:`figures`."""

    n: int = 0
    hits: int = 0
    exact: int = 0
    f1: float = 0.0
    reachable: int = 0
    hits_reachable: int = 0
    answered: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, question: GraphQuestion, finding: GraphFinding | None, reachable: bool, seconds: float) -> None:
        """Take in one question; hits@1 counts a first answer that is among the gold answers."""
        labels = [label for _, label in finding.values] if finding else []
        hit = bool(labels) and labels[0] in question.answers
        found = set(labels)
        shared = len(found & question.answers)
        self.n += 1
        self.answered += bool(labels)
        self.hits += hit
        self.exact += found == question.answers
        self.f1 += 2 * shared / (len(found) + len(question.answers)) if found or question.answers else 1.0
        self.reachable += reachable
        self.hits_reachable += hit and reachable
        self.seconds.append(seconds)

    def figures(self) -> dict[str, float]:
        """Return the figures: shares in [0, 1], times in milliseconds."""
        times = sorted(self.seconds) or [0.0]
        return {
            "n": self.n,
            "hits@1": round(self.hits / max(1, self.n), 4),
            "hits@1_reachable": round(self.hits_reachable / max(1, self.reachable), 4),
            "reachable": self.reachable,
            "exact": round(self.exact / max(1, self.n), 4),
            "f1": round(self.f1 / max(1, self.n), 4),
            "answered": round(self.answered / max(1, self.n), 4),
            "p50_ms": round(1000 * times[len(times) // 2], 1),
            "p95_ms": round(1000 * times[int(len(times) * 0.95)], 1),
        }


def lines(file: Path) -> Iterator[str]:
    """Yield the lines of a text file, plain or ``.gz``."""
    opener = gzip.open if file.suffix == ".gz" else open
    with opener(file, "rt", encoding="utf-8") as handle:
        for line in handle:
            yield line.rstrip("\r\n")


def read_questions(file: Path) -> list[GraphQuestion]:
    """Read MetaQA questions (``question [entity]<TAB>answer|answer``) or JSON lines with ``subject ||| predicate ||| object``.

    :raises SourceError: when a line is neither.
    """
    found = []
    for number, line in enumerate(lines(file), start=1):
        if not line.strip():
            continue
        question = _json_question(line) if line.startswith("{") else _bracketed(line)
        if question is None:
            raise SourceError(
                f"{file}:{number}: expected 'question [entity]<TAB>answer|answer' or a JSON object with 'question' and 'answer'"
            )
        found.append(question)
    return found


def _bracketed(line: str) -> GraphQuestion | None:
    text, tab, answers = line.partition("\t")
    if not tab:
        return None
    topic = re.search(r"\[(.+)\]", text)
    plain = text.replace(f"[{topic[1]}]", topic[1], 1) if topic else text
    return GraphQuestion(plain, frozenset(answers.split("|")), topic[1] if topic else "", topic.start() if topic else 0)


def _json_question(line: str) -> GraphQuestion | None:
    try:
        row = json.loads(line)
        parts = str(row["answer"]).split(" ||| ")
        text = str(row["question"])
        start, length = _place(text, parts[0])
        return GraphQuestion(text, frozenset({parts[2]}), parts[0], start, length, parts[1])
    except (ValueError, KeyError, IndexError):
        return None


def _place(text: str, name: str) -> tuple[int, int]:
    """Return where a name stands in a text, whole or without its remark in brackets, and how long it is there."""
    for form in (name, _bare(name)):
        at = text.lower().find(form.lower()) if form else -1
        if at >= 0:
            return at, len(form)
    return 0, 0


def _bare(name: str) -> str:
    return re.sub(r"[（(].*[)）]$", "", name).strip()


def read_triples(file: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (subject, relation, object) of a text file with ``|`` or tabs between them."""
    for line in lines(file):
        parts = line.split("\t") if "\t" in line else line.split("|")
        if len(parts) == 3:
            yield parts[0], parts[1], parts[2]


def load_triples(file: Path, folder: Path, without: Collection[str] = ()) -> GraphStore:
    """Make a graph of a text file of triples; names become labels of entities, bracketed remarks other names.

    Every object is an entity: such files do not say what is text and what is a thing.

    :param without: relations that are left out.
    """
    rows = [row for row in read_triples(file) if row[1] not in without]
    if not rows:
        raise SourceError(f"{file}: no line has the form 'subject|relation|object'")
    source = folder / "source"
    source.mkdir(parents=True, exist_ok=True)
    with (source / "triples.nt").open("w", encoding="utf-8") as out:
        out.writelines(_statements(rows))
    GraphStore.build([source / "triples.nt"], source, folder / "graph")
    return GraphStore.open(folder / "graph")


def _statements(rows: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    named: set[str] = set()
    for subject, relation, object in rows:
        for name in (subject, object):
            if name not in named:
                named.add(name)
                yield f"{entity(name)} {_LABEL} {_text(name)} .\n"
                bare = re.sub(r"[（(][^（()）]*[)）]$", "", name).strip()
                if bare and bare != name:
                    yield f"{entity(name)} <http://www.w3.org/2004/02/skos/core#altLabel> {_text(bare)} .\n"
        yield f"{entity(subject)} <{RELATION}{quote(relation, safe='')}> {entity(object)} .\n"
    for relation in sorted({relation for _, relation, _ in rows}):
        yield f"<{RELATION}{quote(relation, safe='')}> {_LABEL} {_text(relation.replace('_', ' '))} .\n"


def iri_of(name: str) -> str:
    """Return the IRI of a named thing."""
    return ENTITY + quote(name, safe="")


def entity(name: str) -> str:
    """Return the IRI of a named thing, in angle brackets."""
    return f"<{iri_of(name)}>"


def _text(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"'


def gold_link(question: GraphQuestion) -> list[Link]:
    """Return the link that the question file gives."""
    iri = iri_of(question.topic)
    end = question.start + (question.length or len(question.topic))
    return [Link(question.start, end, question.text[question.start : end], iri, question.topic, 1.0, "given")]


def evaluate(
    search: GraphSearch, store: GraphStore, questions: Sequence[GraphQuestion], link: str = "gold", reach: bool = False
) -> GraphScores:
    """Answer questions one by one and score the first finding.

    :param reach: whether to look which questions have a path to all gold answers; takes a tenth of a second each.
    """
    linker = EntityLinker(store) if link == "none" else None
    finder = PathFinder(store) if reach else None
    scores = GraphScores()
    for question in questions:
        start = time.perf_counter()
        links = linker.link([question.text])[0] if linker else gold_link(question)
        findings = [found for found in search.find([question.text], [links], Filters())[0] if found.values]
        seconds = time.perf_counter() - start
        wanted = {iri_of(name) for name in question.answers}
        reachable = finder.reachable(iri_of(question.topic), wanted) if finder else True
        scores.add(question, findings[0] if findings else None, reachable, seconds)
    return scores


def main(arguments: Sequence[str] | None = None, encoder: Encoder | None = None) -> int:
    """Run the measurement and write one JSON object to standard output."""
    parser = argparse.ArgumentParser(prog="python -m kgqa.evaluation.graph", description=__doc__)
    parser.add_argument("--triples", type=Path, required=True)
    parser.add_argument("--questions", type=Path, nargs="+", required=True)
    parser.add_argument("--link", choices=("none", "gold"), default="gold")
    parser.add_argument("--model", type=Path, default=None)
    parser.add_argument("--half", type=int, choices=(0, 1), default=None, help="only every second question")
    parser.add_argument(
        "--without", nargs="*", default=[], help="relations that are taken out: questions must be refused"
    )
    parser.add_argument("--limit", type=int, default=0, help="every n-th question so that about this many are asked")
    parser.add_argument(
        "--reach", action="store_true", help="also score on the questions whose answers one path reaches"
    )
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        store = load_triples(options.triples, Path(folder), options.without)
        search = GraphSearch(store, encoder, options.model)
        figures = {}
        for file in options.questions:
            questions = read_questions(file)
            questions = questions if options.half is None else questions[options.half :: 2]
            step = max(1, len(questions) // options.limit) if options.limit else 1
            figures[file.name] = evaluate(search, store, questions[::step], options.link, options.reach).figures()
    sys.stdout.write(json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
