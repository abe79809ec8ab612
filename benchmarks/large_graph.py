"""Load a large generated graph and ask two-hop questions: ``python -m benchmarks.large_graph --triples 10000000 --folder DIR``.

The graph is of products, companies, people and cities with made-up names. It is written as N-Triples, loaded as ``kgqa build``
loads a graph, opened in a process of its own, and asked questions of two hops whose answers are known because they were
generated. Reported are seconds and memory of loading and opening, and milliseconds of linking and answering. Results go to
``benchmarks/results/large-graph-<triples>.json``. Nothing of it is kept but the figures, unless ``--keep`` is given.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
BASE = "http://example.org/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_PER_PRODUCT = 10_000_000 / 900_000
"""Triples of the whole graph for each product in it."""
_RELATIONS = {
    "madeBy": ("made by", "Product", "Company"),
    "designedBy": ("designed by", "Product", "Person"),
    "soldIn": ("sold in", "Product", "City"),
    "weight": ("weight in grams", "Product", ""),
    "releaseYear": ("release year", "Product", ""),
    "headquarteredIn": ("headquartered in", "Company", "City"),
    "ledBy": ("led by", "Company", "Person"),
    "suppliedBy": ("supplied by", "Company", "Company"),
    "founded": ("founded on", "Company", ""),
    "bornIn": ("born in", "Person", "City"),
    "worksFor": ("works for", "Person", "Company"),
    "country": ("country", "City", "Country"),
}
_QUESTIONS = (
    ("In which city is the company that made {} headquartered?", "madeBy", "headquarteredIn"),
    ("Who leads the company that made {}?", "madeBy", "ledBy"),
    ("Where was the designer of {} born?", "designedBy", "bornIn"),
    ("Which company does the person who designed {} work for?", "designedBy", "worksFor"),
    ("In which country is the city where {} is sold?", "soldIn", "country"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How many things of each kind there are; what relates to what follows from a thing's number."""

    products: int

    @classmethod
    def of(cls, triples: int) -> Plan:
        """Return the plan of a graph of about so many triples."""
        return cls(max(10, round(triples / _PER_PRODUCT)))

    @property
    def sizes(self) -> dict[str, int]:
        """Number of things of each kind."""
        n = self.products
        return {
            "Product": n,
            "Person": max(5, n * 2 // 3),
            "Company": max(5, n * 2 // 9),
            "City": max(5, n // 30),
            "Country": 150,
        }

    def object(self, relation: str, number: int) -> int:
        """Return the number of the thing that a relation of a thing leads to."""
        kind = _RELATIONS[relation][2]
        return (number * 2_654_435_761 + len(relation) * 40_503) % (2**32) % self.sizes[kind]


def name(kind: str, number: int) -> str:
    """Return the name of a thing: two made-up words and, for products, a type number."""
    if kind == "Country":
        return f"{_word(number + 31_000).title()}land"
    first, second = _word(number % 20_011), _word(number // 20_011 * 37 + number % 9_973 + 40_000)
    if kind == "Product":
        return f"{first.title()} {chr(65 + number % 26)}{number}"
    return f"{first.title()} {second.title()}" + {"Company": " Works", "City": " City", "Person": ""}[kind]


def _word(number: int) -> str:
    parts = ("ka", "lo", "mi", "ren", "tu", "vas", "zor", "bel", "dra", "fen", "gil", "hu", "jar", "nek", "pol", "sy")
    number += 4096
    out = []
    while number:
        out.append(parts[number % 16])
        number //= 16
    return "".join(out)


def statements(plan: Plan) -> Iterator[str]:
    """Yield the graph as lines of N-Triples."""
    for key, (label, domain, range_) in _RELATIONS.items():
        iri = f"<{BASE}{key}>"
        yield f'{iri} <{_RDFS}label> "{label}"@en .\n{iri} <{_RDFS}domain> <{BASE}{domain}> .\n'
        if range_:
            yield f"{iri} <{_RDFS}range> <{BASE}{range_}> .\n"
    for kind in plan.sizes:
        yield f'<{BASE}{kind}> <{_RDFS}label> "{kind.lower()}"@en .\n<{BASE}{kind}> <{_RDF}type> <{_RDFS}Class> .\n'
    for kind, count in plan.sizes.items():
        links = [key for key, (_, domain, range_) in _RELATIONS.items() if domain == kind and range_]
        for number in range(count):
            iri = f"<{BASE}{kind}/{number}>"
            lines = [f'{iri} <{_RDF}type> <{BASE}{kind}> .\n{iri} <{_RDFS}label> "{name(kind, number)}"@en .\n']
            lines += [
                f"{iri} <{BASE}{key}> <{BASE}{_RELATIONS[key][2]}/{plan.object(key, number)}> .\n" for key in links
            ]
            if kind == "Product":
                lines.append(f'{iri} <{BASE}weight> "{number % 5000 + 20}"^^<{_XSD}integer> .\n')
                lines.append(f'{iri} <{BASE}releaseYear> "{1950 + number % 75}"^^<{_XSD}gYear> .\n')
            elif kind == "Company":
                lines.append(f'{iri} <{BASE}founded> "{1900 + number % 120}-0{number % 9 + 1}-11"^^<{_XSD}date> .\n')
            yield "".join(lines)


def questions(plan: Plan, count: int) -> list[tuple[str, str, str]]:
    """Return questions with the IRI that they are about and the IRI of the answer."""
    chance = random.Random(7)
    found = []
    for at in range(count):
        text, one, two = _QUESTIONS[at % len(_QUESTIONS)]
        number = chance.randrange(plan.products)
        end = plan.object(two, plan.object(one, number))
        answer = f"{BASE}{_RELATIONS[two][2]}/{end}"
        found.append((text.format(name("Product", number)), f"{BASE}Product/{number}", answer))
    return found


def build(folder: Path, triples: int) -> dict[str, Any]:
    """Write and load the graph."""
    from kgqa.graph.store import GraphStore

    source = folder / "source"
    source.mkdir(parents=True)
    with (source / "graph.nt").open("w", encoding="utf-8") as out:
        out.writelines(statements(Plan.of(triples)))
    size = (source / "graph.nt").stat().st_size
    began, used = time.perf_counter(), time.process_time()
    report = GraphStore.build([source / "graph.nt"], source, folder / "graph")
    if report.problems:
        raise SystemExit(f"not loaded: {report.problems[0]}")
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    stored = sum(path.stat().st_size for path in (folder / "graph").rglob("*") if path.is_file())
    return {
        "triples": report.triples,
        "source_mb": round(size / 1e6),
        "load_seconds": round(time.perf_counter() - began, 1),
        "load_cpu_seconds": round(time.process_time() - used + children.ru_utime + children.ru_stime, 1),
        "load_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "stored_mb": round(stored / 1e6),
    }


def ask(folder: Path, triples: int, count: int) -> dict[str, Any]:
    """Open the graph and ask questions one after another."""
    from kgqa.graph.answer import GraphSearch
    from kgqa.graph.linking import EntityLinker
    from kgqa.graph.store import GraphStore
    from kgqa.models.making import make_encoder
    from kgqa.types import Filters

    began = time.perf_counter()
    store = GraphStore.open(folder / "graph")
    linker = EntityLinker(store)
    opened = time.perf_counter() - began
    search = GraphSearch(store, make_encoder())
    ready = time.perf_counter() - began
    asked = questions(Plan.of(triples), count + 10)
    linking, answering, working, linked, right = [], [], [], 0, 0
    for at, (text, topic, answer) in enumerate(asked):
        start, used = time.perf_counter(), time.process_time()
        links = linker.link([text])[0]
        middle = time.perf_counter()
        findings = search.find([text], [links], Filters())[0]
        end = time.perf_counter()
        if at < 10:
            continue  # the first questions also pay for what is read once
        linking.append(1000 * (middle - start))
        answering.append(1000 * (end - start))
        working.append(1000 * (time.process_time() - used))
        linked += any(link.entity == topic for link in links)
        right += bool(findings) and [term.value for term, _ in findings[0].values] == [answer]
    return {
        "open_seconds": round(opened, 2),
        "ready_seconds": round(ready, 2),
        "questions": count,
        "linked": round(linked / count, 3),
        "right": round(right / count, 3),
        "link_p50_ms": round(statistics.median(linking), 1),
        "answer_p50_ms": round(statistics.median(answering), 1),
        "answer_p50_cpu_ms": round(statistics.median(working), 1),
        "answer_p95_ms": round(sorted(answering)[int(0.95 * count)], 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        **_memory(),
    }


def _memory() -> dict[str, int]:
    """Return the memory of this process: its own, and what it has mapped of the graph's files."""
    wanted = {"RssAnon": "own_mb", "RssFile": "mapped_mb"}
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    parts = (line.split(":") for line in lines if ":" in line)
    return {wanted[key]: round(int(value.split()[0]) / 1024) for key, value in parts if key in wanted}


def main() -> None:
    """Build, ask in a fresh process, and write one JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, required=True, help="scratch; needs about 400 bytes a triple")
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--keep", action="store_true", help="leave the graph in the folder")
    parser.add_argument("--step", choices=("all", "build", "ask"), default="all")
    options = parser.parse_args()
    if options.step == "build":
        print(json.dumps(build(options.folder, options.triples)))
    elif options.step == "ask":
        print(json.dumps(ask(options.folder, options.triples, options.questions)))
    else:
        _all(options)


def _all(options: argparse.Namespace) -> None:
    common = ["--triples", str(options.triples), "--folder", str(options.folder), "--questions", str(options.questions)]
    figures: dict[str, Any] = {"cpus": os.cpu_count()}
    for step in ("build", "ask"):
        command = [sys.executable, "-m", "benchmarks.large_graph", *common, "--step", step]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        figures[step] = json.loads(done.stdout.splitlines()[-1])
        print(json.dumps(figures), file=sys.stderr)
    if not options.keep:
        shutil.rmtree(options.folder)
    RESULTS.mkdir(exist_ok=True)
    target = RESULTS / f"large-graph-{options.triples}.json"
    target.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
