"""The whole flow over a small knowledge base: real loaders, FAISS, Oxigraph, SQLite and the built-in models."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

import kgqa
from kgqa.types import Filters, Link, Reason


def quotations(answer):
    return [e for e in answer.evidence if e.kind == "passage"]


# --- answering ---


def test_a_list_from_the_graph_is_complete_and_can_be_run_again(small) -> None:
    answer = small.ask("Which drugs treat gout?")
    assert set(answer.items) == {"colchicine", "allopurinol"}
    assert answer.complete is True
    paths = [e for e in answer.evidence if e.kind == "path"]
    assert any("facts.ttl" in s for e in paths if e.path for step in e.path.steps for s in step.triple.sources)
    table = small.sparql(paths[0].sparql)
    assert {row[0].value for row in table.rows} == set(answer.iris)


def test_a_chinese_question_is_answered_in_chinese(small) -> None:
    answer = small.ask("哪些药物治疗痛风？")
    assert set(answer.items) == {"秋水仙碱", "别嘌醇"}
    assert answer.language == "zh"


def test_a_phrase_from_text_is_quoted_where_it_stands(small) -> None:
    answer = small.ask("In which year was salbutamol first sold?")
    assert answer.text is not None and "1969" in answer.text
    quote = quotations(answer)[0]
    assert small.document(quote.passage.doc_id).text[quote.start : quote.end] == quote.quote
    assert quote.passage.doc_id == "asthma.md"


def test_every_quotation_equals_its_place_in_the_document(small) -> None:
    for question in (
        "How is gout treated?",
        "如何治疗哮喘？",
        "What is asthma?",
        "What must be checked before allopurinol?",
    ):
        for quote in quotations(small.ask(question)):
            assert small.document(quote.passage.doc_id).text[quote.start : quote.end] == quote.quote


def test_a_named_contract_narrows_the_text_to_its_own_document(small) -> None:
    answer = small.ask("Which law governs the Lease Agreement between Aran Ltd and Burren GmbH?")
    assert answer.text is not None and "Ireland" in answer.text
    assert {q.passage.doc_id for q in quotations(answer)} == {"contracts/lease.txt"}


@pytest.mark.parametrize(
    "question",
    ["Which diseases does zorbafexine treat?", "Who won the football match on Saturday?", "佐巴芬新治疗什么病？"],
)
def test_what_nobody_states_is_not_answered(small, question: str) -> None:
    answer = small.ask(question)
    assert answer.text is None
    assert answer.reason in set(Reason)
    assert answer.explanation


def test_a_chosen_entity_is_taken_for_its_mention(small) -> None:
    link = Link(18, 22, "gout", "http://example.org/t/asthma", "asthma", 1.0, "given")
    answer = small.ask("Which drugs treat gout?", links=[link])
    assert answer.items == ("salbutamol",)


def test_progress_names_the_stages_in_order(small) -> None:
    stages: list[str] = []
    small.ask("Which drugs treat gout?", progress=stages.append)
    assert stages == ["link", "graph", "retrieve", "read", "decide"]


def test_a_batch_gives_what_single_questions_give(small) -> None:
    questions = [
        "Which drugs treat gout?",
        "In which year was salbutamol first sold?",
        "哪些药物治疗痛风？",
        "What is asthma?",
    ]
    assert [a.items for a in small.ask_many(questions)] == [small.ask(q).items for q in questions]


# --- filters ---


def test_closed_sources_are_seen_by_their_groups_only(small) -> None:
    question = "For how many euros was the takeover of Zenith Ltd approved?"
    insider = small.ask(question, filters=Filters(groups=frozenset({"board"})))
    outsider = small.ask(question, filters=Filters(groups=frozenset({"staff"})))
    assert any(q.passage.doc_id == "secret.md" for q in quotations(insider))
    assert all(e.passage is None or e.passage.doc_id != "secret.md" for e in outsider.evidence)
    assert "12" not in (outsider.text or "")


def test_what_was_not_in_force_on_the_day_is_not_used(small) -> None:
    hits = small.search("speed limit on the yard", filters=Filters(as_of=date(2015, 1, 1)))
    assert all(hit.passage.doc_id != "old-rule.md" for hit in hits)
    assert (
        small.search("speed limit on the yard", filters=Filters(as_of=date(2005, 1, 1)))[0].passage.doc_id
        == "old-rule.md"
    )


# --- looking up ---


@pytest.mark.parametrize("mode", ["lexical", "dense", "hybrid", "rerank"])
def test_search_finds_the_passage_in_every_mode(small, mode: str) -> None:
    assert small.search("uric acid prevention of flares", 3, mode=mode)[0].passage.doc_id == "gout.md"


def test_search_crosses_scripts(small) -> None:
    assert small.search("氣道的慢性炎症", 1, mode="lexical")[0].passage.doc_id == "哮喘.md"


def test_an_entity_sheet_is_found_by_alias(small) -> None:
    sheet = small.entity("albuterol")
    assert sheet.label == "salbutamol"
    assert any(label == "asthma" for _, label, _ in sheet.outgoing)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda kb: kb.ask("  "), kgqa.UsageError, "empty"),
        (lambda kb: kb.ask("x" * 1_000_000), kgqa.UsageError, "shorten"),
        (lambda kb: kb.search("x", mode="magic"), kgqa.UsageError, "magic"),
        (lambda kb: kb.entity("zorbafexine"), kgqa.UsageError, "zorbafexine"),
        (lambda kb: kb.document("none.md"), kgqa.UsageError, "none.md"),
        (lambda kb: kb.sparql("DELETE WHERE { ?a ?b ?c }"), kgqa.QueryError, ""),
        (lambda kb: kb.sparql("SELECT * { SERVICE <http://127.0.0.1:9/> { ?a ?b ?c } }"), kgqa.QueryError, "SERVICE"),
        (lambda kb: kb.remove("../../escape.md"), kgqa.UsageError, "no document"),
    ],
)
def test_a_wrong_call_is_one_clear_line(small, call, error, says: str) -> None:
    with pytest.raises(error) as caught:
        call(small)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "question", ["?", "\U0001f600", "ｗｈａｔ", "Qu'est-ce que c'est?", "什么", "a\x00b", "\u202etxt"]
)
def test_odd_questions_are_answered_or_declined(small, question: str) -> None:
    answer = small.ask(question)
    assert answer.text is not None or answer.reason is not None


# --- building and changing ---


def test_sources_that_have_not_changed_are_not_built_again(own: Path) -> None:
    before = kgqa.open(own).generation
    report = kgqa.build(own)
    assert report.unchanged
    assert report.generation == before
    assert report.reused == report.passages > 0


def test_an_update_encodes_only_what_is_new(own: Path) -> None:
    (own / "documents" / "new.md").write_text(
        "# Migraine\n\nSumatriptan stops an attack of migraine.\n", encoding="utf-8"
    )
    report = kgqa.build(own)
    assert report.encoded == 1
    assert report.reused == report.passages - 1
    assert kgqa.open(own).search("What stops an attack of migraine?", 1)[0].passage.doc_id == "new.md"


def test_removing_leaves_nothing_and_the_check_can_fail(own: Path) -> None:
    base = kgqa.open(own)
    assert base.verify_erasure("gout.md"), "the check must find a document that is there"
    base.remove("gout.md")
    assert base.verify_erasure("gout.md") == []
    assert all(hit.passage.doc_id != "gout.md" for hit in base.search("colchicine gout flare", 20))
    assert not (own / "documents" / "gout.md").exists()


def test_adding_rdf_extends_the_graph_and_adding_twice_is_refused(own: Path, tmp_path: Path) -> None:
    base = kgqa.open(own)
    extra = tmp_path / "more.ttl"
    extra.write_text(
        "@prefix ex: <http://example.org/t/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        'ex:febuxostat a ex:Drug ; rdfs:label "febuxostat"@en ; ex:treats ex:gout .\n'
    )
    base.add(extra)
    assert set(base.ask("Which drugs treat gout?").items) == {"colchicine", "allopurinol", "febuxostat"}
    with pytest.raises(kgqa.UsageError, match="there already"):
        base.add(extra)


def test_bad_sources_are_named_and_the_rest_is_built(tmp_path: Path) -> None:
    folder = tmp_path / "kb" / "mixed"
    (folder / "documents").mkdir(parents=True)
    (folder / "graph").mkdir()
    (folder / "documents" / "good.txt").write_text("The harbour closes at nine in the evening.")
    (folder / "documents" / "empty.txt").write_text("  \n ")
    (folder / "documents" / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    (folder / "documents" / "photo.jpg").write_bytes(b"\xff\xd8")
    (folder / "graph" / "broken.ttl").write_text("@prefix ex: <http://e/> .\nex:a ex:b\n")
    report = kgqa.build(folder)
    problems = dict(report.problems)
    assert report.documents == 1
    assert set(problems) == {"empty.txt", "broken.pdf", "photo.jpg", "broken.ttl"}
    assert all(reason and "\n" not in reason for reason in problems.values())


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda f: None, "no such folder"),
        (lambda f: f.mkdir(parents=True), "neither documents/ nor graph/"),
        (lambda f: (f / "documents").mkdir(parents=True), "empty"),
        (lambda f: ((f / "documents").mkdir(parents=True), (f / "kb.toml").write_text("titel = 'x'")), "titel"),
        (lambda f: ((f / "documents").mkdir(parents=True), (f / "kb.toml").write_text("[models")), "TOML"),
        (
            lambda f: ((f / "documents").mkdir(parents=True), (f / "kb.toml").write_text("[chunking]\nsize = 3")),
            "chunking",
        ),
    ],
)
def test_a_folder_that_is_no_knowledge_base_is_refused(tmp_path: Path, make, says: str) -> None:
    folder = tmp_path / "kb" / "nothing"
    make(folder)
    with pytest.raises(kgqa.KgqaError, match=says):
        kgqa.build(folder)
    assert not (tmp_path / "indexes" / "nothing" / "CURRENT").exists()


def test_a_damaged_index_is_refused(own: Path) -> None:
    index = own.parent.parent / "indexes" / "small"
    for path in index.glob("gen-*/passages.sqlite"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    with pytest.raises(kgqa.IndexFault):
        kgqa.open(own)


def test_a_knowledge_base_without_an_index_says_what_to_run(tmp_path: Path) -> None:
    (tmp_path / "x" / "documents").mkdir(parents=True)
    with pytest.raises(kgqa.IndexFault, match="kgqa build"):
        kgqa.open(tmp_path / "x")


def test_importing_loads_no_heavy_library() -> None:
    code = (
        "import sys, kgqa, kgqa.qa, kgqa.fusion; "
        "print([m for m in ('torch', 'transformers', 'faiss', 'onnxruntime', 'rdflib', 'networkx', 'gradio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_edge_whose_only_source_is_closed_is_seen_by_its_groups_only(own: Path) -> None:
    (own / "graph" / "deal.ttl").write_text(
        "@prefix ex: <http://example.org/t/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        "@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . @prefix dcterms: <http://purl.org/dc/terms/> .\n"
        "@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        'ex:acquires a owl:ObjectProperty ; rdfs:label "acquires"@en ; rdfs:domain ex:Party ; rdfs:range ex:Party .\n'
        'ex:zenith a ex:Party ; rdfs:label "Zenith Ltd"@en . ex:orion a ex:Party ; rdfs:label "Orion Ltd"@en .\n'
        "ex:orion ex:acquires ex:zenith .\n"
        "[] a rdf:Statement ; rdf:subject ex:orion ; rdf:predicate ex:acquires ; rdf:object ex:zenith ;\n"
        '  dcterms:source "secret.md" .\n',
        encoding="utf-8",
    )
    kgqa.build(own)
    base = kgqa.open(own)
    question = "Which party acquires Zenith Ltd?"
    insider = base.ask(question, filters=Filters(groups=frozenset({"board"})))
    outsider = base.ask(question, filters=Filters(groups=frozenset({"staff"})))
    assert insider.items == ("Orion Ltd",)
    assert "Orion" not in (outsider.text or "")
    assert all(e.kind != "path" for e in outsider.evidence)


def test_a_composer_adds_prose_and_leaves_the_answer_alone(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kgqa import assemble
    from kgqa.reading.generative import SupportedComposer

    said = "Colchicine treats gout. The moon is made of cheese."
    monkeypatch.setattr(
        assemble, "make_composer", lambda name: SupportedComposer(lambda prompts: [said for _ in prompts])
    )
    base = kgqa.open(own)
    answer = base.ask("Which drugs treat gout?")
    assert set(answer.items) == {"colchicine", "allopurinol"}
    assert "cheese" not in answer.prose
    assert base.ask("Which diseases does zorbafexine treat?").prose == ""


@pytest.fixture
def ruled(tmp_path: Path):
    """A knowledge base whose kb.toml closes a document, a graph file and a named graph."""
    kb = tmp_path / "kb" / "ruled"
    (kb / "documents" / "board").mkdir(parents=True)
    (kb / "graph").mkdir()
    (kb / "documents" / "open.md").write_text("# Office\n\nThe office opens at nine.\n", encoding="utf-8")
    (kb / "documents" / "board" / "pay.txt").write_text(
        "The director Ada Lóng earns 900 crowns a day.", encoding="utf-8"
    )
    said = (
        "@prefix x: <http://x.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        'x:ada rdfs:label "Ada Lóng"@en ; x:worksIn x:office . x:office rdfs:label "office"@en . x:worksIn rdfs:label "works in" .\n'
    )
    (kb / "graph" / "people.ttl").write_text(said, encoding="utf-8")
    (kb / "graph" / "pay.ttl").write_text(
        "@prefix x: <http://x.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        'x:ada a x:Director ; x:earns x:crowns ; rdfs:comment "Paid by the day." . x:crowns rdfs:label "nine hundred crowns"@en .\n'
        'x:earns rdfs:label "earns" .\n',
        encoding="utf-8",
    )
    (kb / "graph" / "more.trig").write_text(
        "@prefix x: <http://x.org/> . <http://x.org/secret> { x:ada x:fears x:spiders . }\n"
        "<http://x.org/public> { x:ada x:likes x:tea . }\n",
        encoding="utf-8",
    )
    (kb / "kb.toml").write_text(
        '[access]\n"documents/board/*" = ["board"]\n"graph/pay.ttl" = ["board"]\n"http://x.org/secret" = ["board", "aide"]\n',
        encoding="utf-8",
    )
    kgqa.build(kb)
    opened = kgqa.open(kb)
    yield opened
    opened.close()


def test_kb_toml_closes_documents_graph_files_and_named_graphs(ruled) -> None:
    none, board, aide = (Filters(groups=frozenset(groups)) for groups in ((), ("board",), ("aide",)))

    def said(filters: Filters) -> set[str]:
        return {
            triple.object.value.rsplit("/", 1)[-1]
            for _, _, triple in ruled.entity("Ada Lóng", filters=filters).outgoing
        }

    assert said(none) == {"office", "tea"}
    assert said(aide) == {"office", "tea", "spiders"}
    assert said(board) == {"office", "tea", "spiders", "crowns", "Director"}
    assert ruled.entity("Ada Lóng", filters=none).definition == "" != ruled.entity("Ada Lóng", filters=board).definition
    assert ruled.entity("Ada Lóng", filters=none).types == () and ruled.entity("Ada Lóng", filters=board).types
    with pytest.raises(kgqa.errors.UsageError, match="knows no entity"):
        ruled.entity("http://x.org/crowns", filters=none)
    assert [doc for doc, _ in ruled.documents(none)] == ["open.md"] and len(ruled.documents(board)) == 2
    assert ruled.stats(none)["documents"] == 1 and "triples" not in ruled.stats(none)
    assert ruled.stats(board)["triples"] > 0
    assert all("crowns" not in hit.passage.text for hit in ruled.search("Who earns crowns?", filters=none))
    query = "SELECT ?o { <http://x.org/ada> ?p ?o FILTER(isIRI(?o)) }"
    for filters in (none, aide, board):
        rows = ruled.sparql(query, filters=filters).rows
        assert {row[0].value.rsplit("/", 1)[-1] for row in rows} >= said(filters)
    everything = "SELECT ?o { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    assert "crowns" not in str(ruled.sparql(everything, filters=aide)) and "crowns" in str(ruled.sparql(everything))
    assert "spiders" not in str(ruled.sparql(everything, filters=none))
    assert ruled.sparql("SELECT ?g { GRAPH ?g { ?s ?p ?o } }", filters=none).rows[0][0].value == "http://x.org/public"
    answer = ruled.ask("What does Ada Lóng earn?", filters=none)
    assert "crowns" not in str(answer) and "board/pay" not in str(answer)
    hidden = ruled.ask("What about nine hundred crowns?", filters=none)
    assert all("crowns" not in link.entity for link in hidden.links)


@pytest.mark.parametrize(
    "line", ['"graph/a.ttl" = "ward"', '"graph/a.ttl" = []', '"a.ttl" = ["ward"]', '"graph/a" = [1]']
)
def test_a_bad_access_rule_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "kb.toml").write_text(f"[access]\n{line}\n")
    with pytest.raises(kgqa.errors.UsageError, match="access"):
        kgqa.build(tmp_path)
