"""The legal knowledge base: every gold answer stands in the graph or in a document of the knowledge base itself."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from kgqa.documents.loading import load
from kgqa.graph.tables import ColumnMapping, TableMapping, read_table

KB = Path(__file__).parents[2] / "kb" / "legal"
BASE = "http://example.org/legal/"
SOURCE = ox.NamedNode("http://purl.org/dc/terms/source")
NAMES = ("http://www.w3.org/2000/01/rdf-schema#label", "http://www.w3.org/2004/02/skos/core#altLabel")
ROWS: list[dict[str, Any]] = [json.loads(line) for line in (KB / "questions.jsonl").read_text("utf-8").splitlines()]


def ids(row: dict[str, Any]) -> str:
    return str(row["id"])


@pytest.fixture(scope="module")
def graph() -> ox.Store:
    store = ox.Store()
    for file in sorted((KB / "graph").glob("*.ttl")):
        store.bulk_load(path=str(file), format=ox.RdfFormat.TURTLE)
    config = tomllib.loads((KB / "kb.toml").read_text("utf-8"))
    for table in config["tables"]:
        columns = tuple(ColumnMapping(**column) for column in table.pop("columns"))
        mapping = TableMapping(**table, columns=columns, prefixes=tuple(config["prefixes"].items()))
        for triple in read_table((KB / "graph" / mapping.file).read_bytes(), mapping):
            store.add(ox.Quad(*triple))
    return store


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    root = KB / "documents"
    found: dict[str, str] = {}
    for loaded in load(sorted(path for path in root.rglob("*") if path.is_file()), root):
        assert loaded.problem is None, loaded
        assert not loaded.warnings, loaded
        found |= {document.id: document.text for document in loaded.documents}
    return found


def names(graph: ox.Store, iri: str) -> set[str]:
    return {
        quad.object.value
        for name in NAMES
        for quad in graph.quads_for_pattern(ox.NamedNode(iri), ox.NamedNode(name), None)
    }


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_the_knowledge_base_is_as_large_as_promised(graph: ox.Store, texts: dict[str, str]) -> None:
    files = {doc.partition("#")[0] for doc in texts}
    chinese = [doc for doc, text in texts.items() if len(re.findall(r"[\u4e00-\u9fff]", text)) > len(text) / 3]
    assert len(files) >= 30
    assert {Path(file).suffix for file in files} == {".md", ".txt", ".docx", ".pdf", ".html", ".csv", ".jsonl"}
    assert len({doc.partition("#")[0] for doc in chinese}) >= 8
    assert any("軟件" in text for text in texts.values())
    assert len(graph) >= 700
    assert len(list((KB / "rules").glob("*.rq"))) >= 3
    assert all(len(text) > 40 for text in texts.values())


def test_there_are_questions_of_every_kind() -> None:
    families = Counter(row["family"] for row in ROWS)
    assert len(ROWS) >= 90
    assert sum(row["language"] == "zh" for row in ROWS) >= 30
    assert families["unanswerable"] >= 14
    wanted = {"text", "graph", "both", "two-hop", "list", "boolean-graph", "boolean-text", "count", "superlative"}
    assert wanted | {"graph-date", "negated", "conditional", "as-of"} <= set(families)
    assert {row["needs"] for row in ROWS} == {"graph", "text", "both"}
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    assert len({(row["question"], row.get("as_of")) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", [row for row in ROWS if "sparql" in row], ids=ids)
def test_the_graph_gives_the_answer(row: dict[str, Any], graph: ox.Store) -> None:
    result = graph.query(row["sparql"])
    if row["kind"] == "boolean" and "bridge_iris" not in row:
        assert row["answers"] == ["yes" if bool(result) else "no"]
        return
    values = {str(solution[0].value) for solution in result}
    if "bridge_iris" in row:
        assert values == set(row["bridge_iris"])
        assert all(label in names(graph, iri) for label, iri in zip(row["bridge"], row["bridge_iris"], strict=True))
    elif row["kind"] == "entities":
        assert values == set(row["answer_iris"])
        assert all(label in names(graph, iri) for label, iri in zip(row["answers"], row["answer_iris"], strict=True))
    else:
        assert len(values) == 1
        assert values & set(row["answers"])


@pytest.mark.parametrize("row", [row for row in ROWS if "spans" in row or "evidence" in row], ids=ids)
def test_the_quotation_stands_in_its_document(row: dict[str, Any], texts: dict[str, str]) -> None:
    spans = row.get("spans") or row["evidence"]
    for span in spans:
        assert texts[span["document"]][span["start"] : span["end"]] == span["quote"]
        assert span["document"] in row["documents"]
    if row["kind"] == "span":
        quoted = squeezed(" ".join(span["quote"] for span in spans))
        assert any(squeezed(answer) in quoted for answer in row["answers"])


@pytest.mark.parametrize("row", [row for row in ROWS if row["kind"] == "none"], ids=ids)
def test_what_has_no_answer_is_nowhere_named(row: dict[str, Any], graph: ox.Store, texts: dict[str, str]) -> None:
    assert row["answers"] == []
    assert row["why"]
    literals = [quad.object.value for quad in graph if isinstance(quad.object, ox.Literal)]
    for name in row.get("absent", ()):
        assert name.casefold() in row["question"].casefold()
        assert not any(name.casefold() in text.casefold() for text in (*texts.values(), *literals)), name


def test_named_entities_and_documents_exist(graph: ox.Store, texts: dict[str, str]) -> None:
    files = {doc.partition("#")[0] for doc in texts}
    for row in ROWS:
        for entity in row.get("entities", ()):
            assert entity["mention"] in row["question"]
            assert entity["mention"].casefold() in {name.casefold() for name in names(graph, entity["iri"])}
        assert all(doc in files or doc in texts for doc in row["documents"]), row["id"]
        assert row["family"] != "as-of" or "as_of" in row


def test_every_iri_is_described_and_every_source_is_a_document(graph: ox.Store, texts: dict[str, str]) -> None:
    files = {doc.partition("#")[0] for doc in texts}
    sources = [quad.object.value for quad in graph.quads_for_pattern(None, SOURCE, None)]
    assert len(sources) > 30
    assert set(sources) <= files
    used = {term.value for quad in graph for term in (quad.subject, quad.predicate, quad.object) if named(term)}
    labelled = {quad.subject.value for quad in graph.quads_for_pattern(None, ox.NamedNode(NAMES[0]), None)}
    assert {iri for iri in used if not iri.startswith(BASE + "version")} <= labelled


def named(term: object) -> bool:
    return isinstance(term, ox.NamedNode) and term.value.startswith(BASE) and term.value != BASE + "vocabulary"


def test_rules_add_what_they_say(graph: ox.Store) -> None:
    grown = ox.Store()
    grown.extend(list(graph))
    before = -1
    while len(grown) != before:
        before = len(grown)
        for rule in sorted((KB / "rules").glob("*.rq")):
            grown.extend([ox.Quad(*triple) for triple in list(grown.query(rule.read_text("utf-8")))])
    vocabulary = BASE + "vocabulary#"
    for subject, predicate, thing in (
        ("contract/cobalt-sow-1", "governingLaw", "jurisdiction/england-and-wales"),
        ("contract/kestrel-amendment", "governingLaw", "jurisdiction/new-york"),
        ("jurisdiction/hong-kong", "locatedIn", "jurisdiction/asia"),
        ("statute/civil-code", "supersedes", "statute/economic-contract-law-1981"),
    ):
        quad = ox.Quad(ox.NamedNode(BASE + subject), ox.NamedNode(vocabulary + predicate), ox.NamedNode(BASE + thing))
        assert quad in grown
        assert quad not in graph
    ireland = ox.NamedNode(BASE + "jurisdiction/ireland")
    addendum = ox.NamedNode(BASE + "contract/kestrel-dpa")
    laws = [quad.object for quad in grown.quads_for_pattern(addendum, ox.NamedNode(vocabulary + "governingLaw"), None)]
    assert laws == [ireland]
