"""The medical sample: every gold answer is proven from the files themselves."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import docx
import lxml.html
import pyoxigraph as ox
import pypdf
import pytest

KB = Path(__file__).parents[2] / "kb" / "medical"
DOCUMENTS = KB / "documents"
TEXT_LIKE = {".md", ".txt", ".csv", ".jsonl"}
LABELS = [
    ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label"),
    ox.NamedNode("http://www.w3.org/2004/02/skos/core#altLabel"),
]
Row = dict[str, Any]
ROWS: list[Row] = [json.loads(line) for line in (KB / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
IDS = [row["id"] for row in ROWS]


@pytest.fixture(scope="module")
def graph() -> ox.Store:
    return _graph()


@cache
def _graph() -> ox.Store:
    store = ox.Store()
    for file in sorted((KB / "graph").glob("*.ttl")):
        store.load(path=str(file), format=ox.RdfFormat.TURTLE)
    return store


@cache
def text_of(doc_id: str) -> str:
    path = DOCUMENTS / doc_id
    if path.suffix == ".pdf":
        return "\n".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    if path.suffix == ".docx":
        document = docx.Document(str(path))
        cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
        return "\n".join([p.text for p in document.paragraphs] + cells)
    if path.suffix == ".html":
        return lxml.html.fromstring(path.read_bytes()).text_content()
    return path.read_text(encoding="utf-8")


def squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text).casefold()


def documents() -> list[Path]:
    return sorted(path for path in DOCUMENTS.rglob("*") if path.is_file())


def language_of(path: Path) -> str:
    text = text_of(path.relative_to(DOCUMENTS).as_posix())
    return "zh" if len(re.findall(r"[\u4e00-\u9fff]", text)) > len(text) / 4 else "en"


def labels(graph: ox.Store, iri: str) -> set[str]:
    node = ox.NamedNode(iri)
    return {quad.object.value for label in LABELS for quad in graph.quads_for_pattern(node, label, None)}


def quotations(row: Row) -> Iterator[tuple[str, str, int | None]]:
    for span in row.get("spans", []):
        text = text_of(span["document"])[span["start"] : span["end"]]
        yield span["document"], text, span["start"]
    for item in row.get("evidence", []):
        yield item["document"], item["text"], item.get("start")


def test_size_demanded_of_the_sample(graph: ox.Store) -> None:
    assert len(graph) >= 1600
    assert len(documents()) >= 44
    assert sum(language_of(path) == "zh" for path in documents()) >= 10
    assert {path.suffix for path in documents()} == {".md", ".txt", ".html", ".docx", ".pdf", ".csv", ".jsonl"}
    assert len(ROWS) >= 90
    assert sum(row["language"] == "zh" for row in ROWS) >= 30
    assert sum(row["kind"] == "none" for row in ROWS) >= 14
    assert {row["needs"] for row in ROWS} == {"graph", "text", "both"}
    assert min(Counter(row["kind"] for row in ROWS).values()) >= 3


def test_every_document_has_enough_text() -> None:
    for path in documents():
        text = text_of(path.relative_to(DOCUMENTS).as_posix())
        words = len(re.findall(r"[A-Za-z0-9]+", text)) + len(re.findall(r"[\u4e00-\u9fff]", text))
        assert words >= 120, path
        assert "\ufffd" not in text, path


def test_pdfs_have_several_pages_and_titles() -> None:
    pdfs = sorted(DOCUMENTS.rglob("*.pdf"))
    assert len(pdfs) >= 3
    for path in pdfs:
        reader = pypdf.PdfReader(path)
        assert len(reader.pages) >= 2, path
        assert reader.metadata is not None
        assert reader.metadata.title
        assert all(page.extract_text().strip() for page in reader.pages), path


def test_json_lines_are_well_formed() -> None:
    for path in DOCUMENTS.rglob("*.jsonl"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert isinstance(json.loads(line), dict)


def test_ids_are_unique_and_the_demo_question_is_first() -> None:
    assert len(set(IDS)) == len(IDS)
    assert ROWS[0]["question"] == "Which drugs are contraindicated in asthma?"
    assert ROWS[1]["question"] == "哪些药物禁用于哮喘？"


def test_settings_name_existing_tables() -> None:
    settings = tomllib.loads((KB / "kb.toml").read_text(encoding="utf-8"))
    for table in settings["tables"]:
        header = (KB / "graph" / table["file"]).read_text(encoding="utf-8").splitlines()[0].split(",")
        assert {column["column"] for column in table["columns"]} <= set(header)
        assert set(re.findall(r"{(\w+)}", table["subject"])) <= set(header)


def test_every_named_thing_has_both_languages(graph: ox.Store) -> None:
    query = """SELECT ?s WHERE { ?s a ?c . FILTER (STRSTARTS(STR(?c), "http://example.org/medical/vocab#"))
        FILTER (?c != <http://example.org/medical/vocab#Source>)
        FILTER (!EXISTS { ?s rdfs:label ?e FILTER (LANG(?e) = "en") }
                || !EXISTS { ?s rdfs:label ?z FILTER (LANG(?z) = "zh") }) }"""
    assert not [row[0].value for row in graph.query(query, prefixes={"rdfs": LABELS[0].value.split("label")[0]})]


def test_every_own_predicate_is_described(graph: ox.Store) -> None:
    query = """SELECT DISTINCT ?p WHERE { ?s ?p ?o . FILTER (STRSTARTS(STR(?p), "http://example.org/medical/vocab#"))
        FILTER NOT EXISTS { ?p rdfs:comment ?c } }"""
    assert not [row[0].value for row in graph.query(query, prefixes={"rdfs": LABELS[0].value.split("label")[0]})]


@pytest.mark.parametrize("rule", sorted(path.name for path in (KB / "rules").glob("*.rq")))
def test_each_rule_derives_something_new(graph: ox.Store, rule: str) -> None:
    derived = list(graph.query((KB / "rules" / rule).read_text(encoding="utf-8")))
    new = [t for t in derived if not any(True for _ in graph.quads_for_pattern(t.subject, t.predicate, t.object))]
    assert new


def test_shapes_parse_and_some_entity_lacks_something(graph: ox.Store) -> None:
    shapes = ox.Store()
    for path in (KB / "shapes").glob("*.ttl"):
        shapes.load(path=str(path), format=ox.RdfFormat.TURTLE)
    required = shapes.query(
        "PREFIX sh: <http://www.w3.org/ns/shacl#> SELECT ?c ?p WHERE "
        "{ ?s sh:targetClass ?c ; sh:property [ sh:path ?p ; sh:minCount ?n ] }"
    )
    lacking = {
        path.value
        for kind, path in required
        if graph.query(f"ASK {{ ?s a <{kind.value}> FILTER NOT EXISTS {{ ?s <{path.value}> ?o }} }}")
    }
    assert len(lacking) >= 2


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_row_is_well_formed(row: Row) -> None:
    assert row["question"].strip()
    assert row["kind"] in {"entities", "span", "boolean", "number", "date", "none"}
    assert row["needs"] in {"graph", "text", "both"}
    assert row["match"] in {"all", "any"}
    assert bool(row["answers"]) == (row["kind"] != "none")
    assert row["kind"] == "none" or row.get("sparql") or row.get("spans") or row.get("evidence")
    assert row["needs"] != "text" or row["kind"] == "none" or row["documents"]
    assert all((DOCUMENTS / name.partition("#")[0]).is_file() for name in row.get("documents", []))
    assert all(entity["mention"] in row["question"] for entity in row.get("entities", []))


@pytest.mark.parametrize("row", [r for r in ROWS if "sparql" in r], ids=lambda r: r["id"])
def test_graph_gives_the_gold(graph: ox.Store, row: Row) -> None:
    result = graph.query(row["sparql"])
    if row["kind"] == "boolean":
        assert row["answers"] == ["yes" if bool(result) else "no"]
        return
    values = {solution[0].value for solution in result}
    if "bridge_iris" in row:
        assert values == set(row["bridge_iris"])
    elif row["kind"] in {"number", "date", "span"}:
        assert len(values) == 1
        assert same_value(values.pop(), row["answers"][0])
    else:
        assert values == set(row["answer_iris"])
        for iri, answer in zip(row["answer_iris"], row["answers"], strict=True):
            assert answer in labels(graph, iri)
            assert set(row.get("aliases", {}).get(answer, [])) <= labels(graph, iri)


def same_value(found: str, wanted: str) -> bool:
    try:
        return float(found) == float(wanted)
    except ValueError:
        return found == wanted


@pytest.mark.parametrize("row", [r for r in ROWS if "spans" in r or "evidence" in r], ids=lambda r: r["id"])
def test_quotations_stand_in_their_documents(row: Row) -> None:
    for doc_id, quote, start in quotations(row):
        assert quote.strip()
        assert squeeze(quote) in squeeze(text_of(doc_id))
        if start is not None:
            assert text_of(doc_id)[start : start + len(quote)] == quote
    if row["needs"] == "text" and row["kind"] == "span":
        said = squeeze("".join(quote for _, quote, _ in quotations(row)))
        assert any(squeeze(answer) in said or said in squeeze(answer) for answer in row["answers"])


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_named_entities_exist(graph: ox.Store, row: Row) -> None:
    named = [entity["iri"] for entity in row.get("entities", [])] + row.get("answer_iris", [])
    assert all(labels(graph, iri) for iri in named + row.get("bridge_iris", []))


@pytest.mark.parametrize("row", [r for r in ROWS if r.get("absent")], ids=lambda r: r["id"])
def test_absent_names_occur_nowhere(row: Row) -> None:
    assert not [name for name in row["absent"] if name.casefold() in everything()]


@cache
def everything() -> str:
    texts = [text_of(path.relative_to(DOCUMENTS).as_posix()) for path in documents()]
    texts += [path.read_text(encoding="utf-8") for path in sorted((KB / "graph").iterdir())]
    return "\n".join(texts).casefold()


def test_no_drug_is_for_and_against_the_same_disease(graph: ox.Store) -> None:
    query = """PREFIX med: <http://example.org/medical/vocab#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT ?drug ?disease WHERE { ?drug med:indicatedFor ?disease .
        { ?drug med:contraindicatedIn ?disease }
        UNION { ?drug med:inClass/skos:broader*/med:classContraindicatedIn ?disease } }"""
    assert not [(row[0].value, row[1].value) for row in graph.query(query)]


def test_documents_named_by_the_graph_exist(graph: ox.Store) -> None:
    named = graph.quads_for_pattern(None, ox.NamedNode("https://schema.org/subjectOf"), None)
    paths = {quad.object.value for quad in named}
    assert len(paths) >= 50
    assert all((DOCUMENTS / path).is_file() for path in paths)


def test_superseded_documents_name_what_follows_them_without_a_gap() -> None:
    old = [path for path in DOCUMENTS.rglob("*.md") if "superseded_by:" in path.read_text(encoding="utf-8")]
    assert len(old) >= 3
    for path in old:
        said = dict(re.findall(r"^(\w+): (\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE))
        follower = (DOCUMENTS / said["superseded_by"]).read_text(encoding="utf-8")
        begins = re.search(r"^valid_from: (\S+)$", follower, re.MULTILINE)
        assert begins
        assert date.fromisoformat(begins[1]) - date.fromisoformat(said["valid_to"]) == timedelta(days=1)


def test_dated_statements_are_also_stated_plainly(graph: ox.Store) -> None:
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    kind, statement = ox.NamedNode(rdf + "type"), ox.NamedNode(rdf + "Statement")
    found = 0
    for quad in graph.quads_for_pattern(None, kind, statement):
        parts = [
            next(iter(graph.quads_for_pattern(quad.subject, ox.NamedNode(rdf + part), None))).object
            for part in ("subject", "predicate", "object")
        ]
        assert any(True for _ in graph.quads_for_pattern(*parts))
        found += 1
    assert found >= 20


def test_what_the_questions_call_a_conflict_is_one(graph: ox.Store) -> None:
    conflicts = [row for row in ROWS if "conflict" in row]
    assert len(conflicts) >= 2
    for row in conflicts:
        drug = next(e["iri"] for e in row["entities"] if "/drug/" in e["iri"])
        values = {q.object.value for q in graph.quads_for_pattern(ox.NamedNode(drug), None, None)}
        assert any(same_value(value, row["conflict"]["graph"]) for value in values)
        assert any(row["conflict"]["text"] in quote for _, quote, _ in quotations(row))
        assert row["conflict"]["graph"] != row["conflict"]["text"]


def test_no_number_is_written_in_two_forms(graph: ox.Store) -> None:
    query = """SELECT ?s ?p WHERE { ?s ?p ?one , ?two . FILTER (isNumeric(?one) && isNumeric(?two))
        FILTER (?one = ?two && STR(?one) < STR(?two)) }"""
    assert not [(row[0].value, row[1].value) for row in graph.query(query)]
