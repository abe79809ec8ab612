import json
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgqa.errors import IndexFault
from kgqa.graph.context import dates_in
from kgqa.graph.dense import DenseNames, write_dense
from kgqa.graph.extraction.places import MentionFinder
from kgqa.graph.linking import EntityLinker
from kgqa.graph.mentions import key, stem, tokens
from kgqa.graph.store import GraphStore
from kgqa.graph.variants import variants

EX = "http://example.org/"
GRAPH = """@prefix ex: <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> . @prefix dcterms: <http://purl.org/dc/terms/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix oio: <http://www.geneontology.org/formats/oboInOwl#> . @prefix obo: <http://purl.obolibrary.org/obo/> .
ex:Drug a owl:Class ; rdfs:label "drug" . ex:Contract a owl:Class ; rdfs:label "contract" ; skos:altLabel "agreement" .
ex:Party a owl:Class ; rdfs:label "party" .
obo:DOID_1 a owl:Class ; rdfs:label "disease" .
obo:DOID_633 a owl:Class ; rdfs:subClassOf obo:DOID_1 ; rdfs:label "angiosarcoma" ; skos:altLabel "hemangiosarcoma" , "HAS" ;
  oio:hasDbXref "MESH:D006394" , "ICD10CM:G56.0" , "NCI:C35033" , "SNOMEDCT_US_2015:42" , "OMIM:612219" .
obo:DOID_634 a owl:Class ; rdfs:subClassOf obo:DOID_1 ; rdfs:label "sarcoma" .
obo:DOID_7 a owl:Class ; rdfs:subClassOf obo:DOID_1 ; rdfs:label "multiple sclerosis" ; skos:altLabel "MS" .
obo:DOID_8 a owl:Class ; rdfs:subClassOf obo:DOID_1 ; rdfs:label "diabetes mellitus, type 2" .
obo:DOID_9 a owl:Class ; rdfs:subClassOf obo:DOID_1 ; rdfs:label "Paget's disease of bone" .
obo:DOID_10 a owl:Class ; rdfs:subClassOf obo:DOID_1 ; rdfs:label "anaemia" .
ex:asthma rdfs:label "asthma"@en , "哮喘"@zh , "支气管哮喘"@zh . ex:act rdfs:label "中华人民共和国民法典"@zh .
ex:aspirin a ex:Drug ; rdfs:label "aspirin"@en , "阿司匹林"@zh . ex:can rdfs:label "can" . ex:the rdfs:label "The Who" .
ex:b a ex:Party ; rdfs:label "B & C General Warehouse Corporation LLC" . ex:x a ex:Party ; rdfs:label "XXXXXX" .
ex:ginares a ex:Party ; rdfs:label "GINARES GROUP AG" . ex:hpil a ex:Party ; rdfs:label "HPIL ENERGYTECH Inc." .
ex:c1 a ex:Contract ; rdfs:label "Distributor Agreement between B & C General Warehouse Corporation LLC and XXXXXX" ;
  ex:party ex:b , ex:x ; dcterms:source "c1.txt" .
ex:c2 a ex:Contract ; dcterms:title "Cooperation Agreement" ; ex:party ex:ginares ; ex:date "2015-01-05"^^xsd:date .
ex:c3 a ex:Contract ; dcterms:title "Cooperation Agreement" ; ex:party ex:hpil ; ex:date "2017-06-27"^^xsd:date .
ex:pair1 rdfs:label "Mercury" ; ex:in ex:sky . ex:pair2 rdfs:label "Mercury" ; ex:in ex:aspirin .
"""
C1 = "Distributor Agreement between B & C General Warehouse Corporation LLC and XXXXXX"


@pytest.fixture(scope="module")
def linker(tmp_path_factory):
    root = tmp_path_factory.mktemp("linking")
    (root / "g.ttl").write_text(GRAPH)
    GraphStore.build([root / "g.ttl"], root, root / "graph")
    return EntityLinker(GraphStore.open(root / "graph"), documents=["deals/c1.txt", "c2.txt"])


def best(linker, question):
    links = linker.link([question])[0]
    for link in links:
        assert question[link.start : link.end] == link.mention
        assert 0 < link.score <= 1
    return max(links, key=lambda link: link.score, default=None)


@pytest.mark.parametrize(
    ("question", "mention", "entity", "method"),
    [
        ("Is angiosarcoma rare?", "angiosarcoma", "DOID_633", "exact"),
        ("What are ANGIOSARCOMAS?", "ANGIOSARCOMAS", "DOID_633", "exact"),
        ("Name hemangiosarcoma's signs", "hemangiosarcoma", "DOID_633", "alias"),
        ("What is DOID:633?", "DOID:633", "DOID_633", "code"),
        ("what is doid 633", "doid 633", "DOID_633", "code"),
        ("MESH:D006394", "MESH:D006394", "DOID_633", "code"),
        ("Which disease has the ICD-10 code G56.0?", "G56.0", "DOID_633", "code"),
        ("the thing with NCI code C35033", "C35033", "DOID_633", "code"),
        ("What is MS?", "MS", "DOID_7", "alias"),
        ("Signs of paget’s disease of bone", "paget’s disease of bone", "DOID_9", "exact"),
        ("drugs for type 2 diabetes mellitus", "type 2 diabetes mellitus", "DOID_8", "alias"),
        ("what helps in anemia", "anemia", "DOID_10", "exact"),
        ("How is angiosarcmoa treated?", "angiosarcmoa", "DOID_633", "fuzzy"),
        ("Is multple sclerosis inherited?", "multple sclerosis", "DOID_7", "fuzzy"),
        (f"What does the {C1} say?", C1, "c1", "exact"),
        ("What did GINARES GROUP sign?", "GINARES GROUP", "ginares", "alias"),
        ("支气管哮喘怎么治疗？", "支气管哮喘", "asthma", "exact"),
        ("《民法典》第十二条", "民法典", "act", "alias"),
        ("😀阿司匹林有什么作用", "阿司匹林", "aspirin", "exact"),
    ],
)
def test_names_are_found(linker, question, mention, entity, method):
    link = best(linker, question)
    assert (link.mention, link.entity.rsplit("/", 1)[-1], link.method) == (mention, entity, method)


@pytest.mark.parametrize(
    "question",
    [
        "",
        "?!",
        "What can it be?",
        "Who is the one who has it?",
        "什么是这个的",
        "who has what",
        "42",
        "\ud800",
        "a" * 100_000,
    ],
)
def test_common_words_and_nonsense_link_nothing(linker, question):
    assert [link for link in linker.link([question])[0] if link.score > 0.4] == []


def test_classes_rank_below_things_and_say_what_they_are(linker):
    links = {link.mention: link for link in linker.link(["Which drugs help in asthma?"])[0]}
    assert links["drugs"].types == ("http://www.w3.org/2002/07/owl#Class",)
    assert links["drugs"].score < links["asthma"].score
    assert best(linker, "What is aspirin?").types == (EX + "Drug",)
    assert best(linker, "What is angiosarcoma?").types == ("http://purl.obolibrary.org/obo/DOID_1",)


def test_what_lies_inside_a_certain_name_is_dropped(linker):
    assert [link.entity for link in linker.link([f"Who signed the {C1}?"])[0]] == [EX + "c1"]


def test_alternatives_are_kept_and_told_apart_by_the_question(linker):
    links = linker.link(["Who signed the Cooperation Agreement of January 5, 2015?"])[0]
    assert {link.entity for link in links} >= {EX + "c2", EX + "c3"}
    assert max(links, key=lambda link: link.score).entity == EX + "c2"
    assert best(linker, "Who signed the Cooperation Agreement dated 2017-06-27?").entity == EX + "c3"
    mercury = [link for link in linker.link(["Is Mercury in aspirin?"])[0] if link.mention == "Mercury"]
    assert [link.entity for link in mercury] == [EX + "pair2", EX + "pair1"]


def test_own_documents_are_named(linker):
    assert best(linker, f"the {C1}").documents == ("deals/c1.txt",)
    assert best(linker, "aspirin").documents == ()


def test_one_result_for_each_question(linker):
    assert linker.link([]) == []
    batch = linker.link(["aspirin", "nothing here", "哮喘"])
    assert [len(links) > 0 for links in batch] == [True, False, True]
    assert batch[0] == linker.link(["aspirin"])[0]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet="aspirin MS哮喘😀é.,'’()《》0123:& \n", max_size=60))
def test_offsets_hold_for_any_text(linker, question):
    best(linker, question)


@given(st.text(max_size=60))
def test_tokens_lie_in_the_text_in_order(text):
    last = 0
    for token in tokens(text):
        assert last <= token.start < token.end <= len(text)
        last = token.end


def test_stems_meet():
    for one, other in [
        ("diseases", "disease"),
        ("therapies", "therapy"),
        ("diagnoses", "diagnosis"),
        ("tumours", "tumor"),
    ]:
        assert stem(one) == stem(other)
    assert key(["a", "b"]) != key(["b", "a"])


def test_variants_of_names():
    assert "Phreesia" in set(variants("Phreesia, Inc."))
    assert "type 2 diabetes mellitus" in set(variants("diabetes mellitus, type 2"))
    assert {"民法典"} <= set(variants("中华人民共和国民法典"))
    assert "腾讯科技" in set(variants("腾讯科技有限公司"))
    assert list(variants("aspirin")) == []
    adjectives = {name: list(variants(name)) for name in ("Italy", "United Kingdom", "South Africa", "Wales", "China")}
    assert adjectives == {
        "Italy": ["Italian"],
        "United Kingdom": ["British"],
        "South Africa": ["South African"],
        "Wales": ["Welsh"],
        "China": ["Chinese"],
    }


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("on January 5, 2015", ["2015-01-05"]),
        ("the 3rd of March 1999 and 2001-2-3", ["2001-02-03", "1999-03-03"]),
        ("2015年1月5日签署，2016年", ["2015-01-05", "2016"]),
        ("in May 2010", ["2010-05"]),
        ("contract 20150105999", []),
    ],
)
def test_dates(text, dates):
    assert dates_in(text) == dates


# --- vectors ----------------------------------------------------------------------------------------------------------


class Senses:
    """A small encoder that knows which words mean the same."""

    dim = 3
    fingerprint = "senses-1"

    def encode(self, texts, role="passage"):
        groups = [("angiosarcoma", "vessel tumour"), ("asthma", "wheezing"), ("aspirin",)]
        rows = np.array(
            [[float(any(word in text for word in group)) for group in groups] for text in texts], np.float32
        )
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def test_what_shares_no_word_is_found_by_vector(linker):
    store = linker._store
    assert write_dense(store, Senses(), store.folder / "names") > 5
    dense = EntityLinker(store, dense=DenseNames(store.folder / "names", Senses()))
    link = best(dense, "What helps in a vessel tumour?")
    assert (link.entity.rsplit("/", 1)[-1], link.method) == ("DOID_633", "dense")
    assert "vessel tumour" in link.mention and link.score < 0.7
    assert best(dense, "Is aspirin old?").method == "exact"
    other = Senses()
    other.fingerprint = "senses-2"
    with pytest.raises(IndexFault, match="senses-2"):
        DenseNames(store.folder / "names", other)


# --- passages --------------------------------------------------------------------------------------------------------


def test_names_are_found_in_passages_at_their_place(linker):
    store = linker._store
    text = "Aspirin helps. 阿司匹林😀 in MS, not ms; angiosarcomas of disease; DOID:633."
    found = [
        (text[start:end], store.graph.term(entity).value.rsplit("/", 1)[-1])
        for start, end, entities in MentionFinder(store).spans(text)
        for entity in entities
    ]
    assert found == [
        ("Aspirin", "aspirin"),
        ("阿司匹林", "aspirin"),
        ("MS", "DOID_7"),
        ("angiosarcomas", "DOID_633"),
        ("DOID:633", "DOID_633"),
    ]


# --- real questions --------------------------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize("kb", ["medical", "legal"])
def test_recall_on_real_questions(kb, data, tmp_path):
    folder = Path(os.environ.get("KGQA_KB", data.parent / "kb")) / kb
    if not (folder / "graph.ttl.gz").exists():
        pytest.skip("no real knowledge bases")
    GraphStore.build([folder / "graph.ttl.gz"], folder, tmp_path / "g")
    linker = EntityLinker(GraphStore.open(tmp_path / "g"))
    rows = [json.loads(line) for line in (folder / "questions.jsonl").read_text().splitlines()]
    links = linker.link([row["question"] for row in rows])
    gold = [
        (e["iri"], {link.entity for link in mine})
        for row, mine in zip(rows, links, strict=True)
        for e in row.get("entities", [])
    ]
    assert sum(iri in found for iri, found in gold) / len(gold) >= 0.98


LAWS = """@prefix ex: <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
ex:a39 rdfs:label "《劳动合同法》第三十九条"@zh , "Article 39 Labour Contract Law"@en .
ex:a10 rdfs:label "《劳动合同法》第十条"@zh . ex:copd rdfs:label "慢性阻塞性肺疾病"@zh ; skos:altLabel "COPD"@en , "慢阻肺"@zh .
ex:amendment rdfs:label "第一号修正案"@zh .
"""


@pytest.fixture(scope="module")
def chinese(tmp_path_factory):
    root = tmp_path_factory.mktemp("chinese")
    (root / "g.ttl").write_text(LAWS, encoding="utf-8")
    GraphStore.build([root / "g.ttl"], root, root / "graph")
    return EntityLinker(GraphStore.open(root / "graph"))


@pytest.mark.parametrize(
    "question",
    ["劳动合同法第39条规定了什么？", "劳动合同法第３９条", "《勞動合同法》第三十九條", "劳动合同法第三十九条"],
)
def test_an_article_is_the_same_in_any_numerals_and_script(chinese, question):
    (link,) = chinese.link([question])[0]
    assert (link.entity, link.method) == (EX + "a39", "exact")


@pytest.mark.parametrize("question", ["COPD呢？", "COPD患者能运动吗？", "ＣＯＰＤ的并发症", "得了慢阻肺怎么办"])
def test_a_latin_abbreviation_in_a_chinese_question_is_no_shouting(chinese, question):
    found = max(chinese.link([question])[0], key=lambda link: link.score)
    assert found.entity == EX + "copd"
    assert found.score > 0.9


def test_the_verb_after_a_name_is_no_part_of_it(chinese):
    assert {link.mention for link in chinese.link(["第一号修正案修改了哪份合同？"])[0]} == {"第一号修正案"}
