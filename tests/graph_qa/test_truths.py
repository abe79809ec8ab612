"""Statements that are themselves true or false answer yes/no questions."""

from __future__ import annotations

from pathlib import Path

import pytest

from kgqa.graph.answer import GraphSearch
from kgqa.graph.linking import EntityLinker
from kgqa.graph.store import GraphStore

TURTLE = """
@prefix ex: <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
ex:Disease rdfs:label "疾病"@zh, "disease"@en .
ex:contagious rdfs:label "传染性"@zh, "contagious"@en ; rdfs:domain ex:Disease .
ex:a a ex:Disease ; rdfs:label "水痘"@zh, "chickenpox"@en ; ex:contagious true .
ex:b a ex:Disease ; rdfs:label "痛风"@zh, "gout"@en ; ex:contagious false .
ex:c a ex:Disease ; rdfs:label "湿疹"@zh, "eczema"@en .
"""


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> tuple[EntityLinker, GraphSearch]:
    folder: Path = tmp_path_factory.mktemp("truths")
    (folder / "g.ttl").write_text(TURTLE, encoding="utf-8")
    GraphStore.build([folder / "g.ttl"], folder, folder / "graph")
    store = GraphStore.open(folder / "graph")
    return EntityLinker(store), GraphSearch(store)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("水痘有传染性吗？", "true"),
        ("痛风有传染性吗？", "false"),
        ("湿疹有传染性吗？", None),
        ("Is chickenpox contagious?", "true"),
        ("Is gout contagious?", "false"),
        ("Is eczema contagious?", None),
    ],
)
def test_booleans_decide(parts, question: str, said: str | None) -> None:
    linker, search = parts
    (found,) = search.find([question], linker.link([question]))
    answers = [finding for finding in found if finding.kind == "boolean"]
    assert (answers[0].values[0][0].value if answers else None) == said
    if answers:
        assert "contagious" in answers[0].sparql


@pytest.mark.parametrize(
    ("question", "words"), [("水痘有传染性吗？", "水痘 → 传染性"), ("Is gout contagious?", "gout → contagious")]
)
def test_how_it_was_understood_is_told_in_the_questions_language(parts, question: str, words: str) -> None:
    linker, search = parts
    ((found, *_),) = search.find([question], linker.link([question]))
    assert words in found.words
