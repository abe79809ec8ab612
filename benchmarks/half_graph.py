"""Take half of a film graph away, put it into documents, and ask: ``python -m benchmarks.half_graph --data DIR --folder DIR``.

``--data`` holds MetaQA's ``kb.txt.gz`` and ``N-hop-dev.txt.gz``. Each triple stays in the graph or goes into the document of its
film, by the toss of a coin; a document says what it holds in sentences of several forms. The knowledge base is built, statements
are read from its documents as ``kgqa extract`` does, and the second half of the dev questions (the path memory that kgqa brings
along has learnt from the first half) is asked through ``kgqa.open``:

``text_only``    the documents alone
``graph_only``   the half that was left in the graph, alone
``fused``        both, statements read from the documents included

hits@1: the first answer is among the gold answers; an abstention is a miss. Results go to ``benchmarks/results/half-graph.json``.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgqa.evaluation.graph import RELATION, GraphQuestion, entity, read_questions, read_triples
from kgqa.types import Link

RESULTS = Path(__file__).resolve().parent / "results"
_LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
_SENTENCES = {
    "directed_by": (
        "{film} was directed by {all}.",
        "The director of {film} is {all}.",
        "{all} directed {film}.",
        "It was made under the direction of {all}.",
        "{film} is a picture directed by {all}.",
    ),
    "written_by": (
        "The script was written by {all}.",
        "{all} wrote the screenplay of {film}.",
        "{film} was written by {all}.",
        "The writer of this film is {all}.",
        "It is based on a screenplay by {all}.",
    ),
    "starred_actors": (
        "It stars {all}.",
        "{film} features {all} in the leading roles.",
        "The cast of {film} includes {all}.",
        "{all} star in {film}.",
        "Among its actors are {all}.",
    ),
    "release_year": (
        "{film} was released in {all}.",
        "It came out in {all}.",
        "The film had its release in {all}.",
        "Released in {all}, it was shown in many countries.",
    ),
    "in_language": (
        "The language of the film is {all}.",
        "The characters speak {all}.",
        "{film} was shot in {all}.",
    ),
    "has_genre": (
        "{film} belongs to the genre {all}.",
        "By genre it is {all}.",
        "Its genre is {all}.",
    ),
    "has_tags": (
        "Viewers tagged it with {all}.",
        "{film} carries the tags {all}.",
        "It is tagged as {all}.",
    ),
    "has_imdb_rating": ("Its rating on IMDb is {all}.", "On IMDb {film} is rated {all}."),
    "has_imdb_votes": ("By the number of IMDb votes {film} is {all}.", "Its IMDb votes make it {all}."),
}


@dataclass(frozen=True, slots=True)
class Halves:
    """The triples that stay in the graph, and those that go into documents."""

    graph: tuple[tuple[str, str, str], ...]
    text: tuple[tuple[str, str, str], ...]

    @classmethod
    def of(cls, triples: Sequence[tuple[str, str, str]], seed: int) -> Halves:
        """Toss a coin for each triple."""
        chance = random.Random(seed)
        stays = [chance.random() < 0.5 for _ in triples]
        return cls(
            tuple(t for t, stay in zip(triples, stays, strict=True) if stay),
            tuple(t for t, stay in zip(triples, stays, strict=True) if not stay),
        )


def write_kb(folder: Path, halves: Halves, seed: int, use: str) -> None:
    """Write the sources of a knowledge base.

    :param use: which of the statements read from text may answer: ``none``, ``accepted`` or ``all``.
    """
    (folder / "graph").mkdir(parents=True)
    with (folder / "graph" / "films.nt").open("w", encoding="utf-8") as out:
        out.writelines(_statements(halves.graph))
    (folder / "documents").mkdir()
    with (folder / "documents" / "films.jsonl").open("w", encoding="utf-8") as out:
        for title, text in documents(halves.text, seed):
            out.write(json.dumps({"title": title, "text": text}, ensure_ascii=False) + "\n")
    (folder / "kb.toml").write_text(
        f'title = "Films"\n[models]\npaths = "builtin"\n[extraction]\nuse = "{use}"\n', encoding="utf-8"
    )


def _statements(triples: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Yield N-Triples; only what a triple names has a label, so what is only in documents is unknown to the graph."""
    for name in sorted({name for one, _, two in triples for name in (one, two)}):
        yield f"{entity(name)} {_LABEL} {json.dumps(name, ensure_ascii=False)} .\n"
    for relation in sorted({relation for _, relation, _ in triples}):
        yield f"<{RELATION}{relation}> {_LABEL} {json.dumps(relation.replace('_', ' '))} .\n"
    for one, relation, two in triples:
        yield f"{entity(one)} <{RELATION}{relation}> {entity(two)} .\n"


def documents(triples: Sequence[tuple[str, str, str]], seed: int) -> Iterator[tuple[str, str]]:
    """Yield title and text of one document for each film."""
    films: dict[str, dict[str, list[str]]] = {}
    for film, relation, value in triples:
        films.setdefault(film, {}).setdefault(relation, []).append(value)
    chance = random.Random(seed)
    for film, said in films.items():
        lines = []
        for relation, values in said.items():
            form = chance.choice(_SENTENCES[relation])
            listed = values[0] if len(values) == 1 else ", ".join(values[:-1]) + " and " + values[-1]
            sentence = form.format(film=film, all=listed)
            lines.append(sentence[0].upper() + sentence[1:] if form[0] != "{" else sentence)
        chance.shuffle(lines)
        yield film, " ".join(lines)


# --- measuring ---


@dataclass(frozen=True, slots=True)
class Asker:
    """An open knowledge base and what its names stand for."""

    base: Any
    link: str

    def hits(self, questions: Sequence[GraphQuestion], sides: frozenset[str]) -> dict[str, float]:
        """Ask questions and return the figures."""
        from kgqa.qa import Request

        hits = answered = 0
        shares, times = 0.0, []
        for question in questions:
            links = self._given(question) if self.link == "gold" else ()
            began = time.perf_counter()
            answer = self.base.answer([Request(question.text, links=links)], sides=sides)[0]
            times.append(time.perf_counter() - began)
            got = set(answer.items)
            hits += bool(answer.items) and answer.items[0] in question.answers
            answered += bool(answer.items)
            found = len(got & question.answers)
            shares += 2 * found / (len(got) + len(question.answers)) if got or question.answers else 0.0
        count = len(questions)
        return {
            "n": count,
            "hits@1": round(hits / count, 4),
            "f1": round(shares / count, 4),
            "answered": round(answered / count, 4),
            "p50_seconds": round(sorted(times)[count // 2], 3),
        }

    def _given(self, question: GraphQuestion) -> tuple[Link, ...]:
        """Return the link of the given topic: the thing with its name, read from text or not; none if there is no such thing."""
        start, end = question.start, question.start + len(question.topic)
        rows = self.base.sparql(
            f"SELECT DISTINCT ?s WHERE {{ ?s {_LABEL} {json.dumps(question.topic, ensure_ascii=False)} }}"
        ).rows
        return tuple(Link(start, end, question.topic, row[0].value, question.topic, 1.0, "given") for row in rows[:1])


def sample(file: Path, count: int) -> list[GraphQuestion]:
    """Return about so many questions of the half that the path memory was not trained on, evenly spread."""
    from kgqa.training.paths import halves

    questions = halves(read_questions(file))[1]
    return questions[:: max(1, len(questions) // count)][:count]


def correctness(rows: Sequence[Any], halves: Halves) -> dict[str, float]:
    """Compare what was read from the documents with what was put into them."""
    wanted = set(halves.text)
    got = {(row.names[0], row.predicate.removeprefix(RELATION), row.names[2]) for row in rows}
    sure = {(r.names[0], r.predicate.removeprefix(RELATION), r.names[2]) for r in rows if r.confidence >= 0.7}
    right = len(got & wanted)
    return {
        "put_into_documents": len(wanted),
        "read": len(got),
        "recall": round(right / len(wanted), 4),
        "precision": round(right / max(1, len(got)), 4),
        "precision_from_0.7": round(len(sure & wanted) / max(1, len(sure)), 4),
    }


def main() -> None:
    """Make the knowledge base, read statements, ask, and write one JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="scratch for the knowledge base and its index")
    parser.add_argument("--questions", type=int, default=150, help="of each file")
    parser.add_argument("--link", choices=("gold", "none"), default="gold", help="whether the topic is given")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="go on with the knowledge bases and figures that are there")
    parser.add_argument("--modes", default="graph_only,text_only,fused")
    options = parser.parse_args()
    import kgqa

    halves = Halves.of(list(read_triples(options.data / "kb.txt.gz")), options.seed)
    figures: dict[str, Any] = {"triples": len(halves.graph) + len(halves.text), "link": options.link}
    if not options.keep:
        shutil.rmtree(options.folder, ignore_errors=True)
    bases = {}
    for use in ("none", "all"):
        folder, index = options.folder / "kb" / f"films-{use}", options.folder / "indexes" / f"films-{use}"
        if not folder.exists():
            write_kb(folder, halves, options.seed, use)
        if bases and not index.exists():
            shutil.copytree(bases["none"].index, index)  # the same documents: their vectors are used again
        if not (options.keep and (index / "CURRENT").is_file()):
            began = time.perf_counter()
            kgqa.build(folder)
            figures[f"build_seconds_{use}"] = round(time.perf_counter() - began, 1)
        bases[use] = kgqa.open(folder)
    both = bases["all"]
    if not both.extraction.place.is_file():
        figures["extraction_seconds"] = both.extraction.read().seconds
        both.update()
    figures["extraction"] = correctness(both.extraction.rows(), halves)
    print(json.dumps(figures), flush=True)
    modes = {
        "graph_only": (bases["none"], frozenset({"graph"})),
        "text_only": (bases["none"], frozenset({"text"})),
        "fused": (both, frozenset({"graph", "text"})),
    }
    for mode in options.modes.split(","):
        base, sides = modes[mode]
        for hops in (1, 2, 3):
            questions = sample(options.data / f"{hops}-hop-dev.txt.gz", options.questions)
            figures.setdefault(mode, {})[f"{hops}_hop"] = Asker(base, options.link).hits(questions, sides)
            print(mode, hops, figures[mode][f"{hops}_hop"], flush=True)
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / ("half-graph.json" if options.link == "gold" else "half-graph-linked.json")
    before = json.loads(target.read_text(encoding="utf-8")) if options.keep and target.is_file() else {}
    target.write_text(json.dumps({**before, **figures}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
