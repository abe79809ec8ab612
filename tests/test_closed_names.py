"""Names that only a closed file states: whoever may not read the file neither finds a thing by them nor is told them."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

import kgqa
from kgqa.types import Answer, Candidate, Filters

EX = "http://example.org/sea/"
PREFIXES = """
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix : <http://example.org/sea/> .
"""
OPEN = """
:Port a rdfs:Class ; rdfs:label "port" .
:Ship a rdfs:Class ; rdfs:label "ship" .
:callsAt a rdf:Property ; rdfs:label "calls at" ; rdfs:domain :Ship ; rdfs:range :Port .
:owner a rdf:Property ; rdfs:label "owner" ; rdfs:domain :Ship .
:p1 a :Port ; rdfs:label "Oban" .
:p2 a :Port .
:s1 a :Ship ; rdfs:label "Aurora" ; :callsAt :p1 , :p2 .
"""
CLOSED = """
:s1 skos:altLabel "Nightjar" ; :owner :o1 .
:p2 rdfs:label "Skerryvore" .
:o1 rdfs:label "Marlow Holding" .
:Smuggler a rdfs:Class ; rdfs:label "smuggler" .
:s1 a :Smuggler .
"""
SHAPE = (
    ":ships a sh:NodeShape ; sh:targetClass :Ship ; sh:property [ sh:path :owner ; sh:minCount 1 ; sh:name 'owner' ] ."
)
STRANGER, CAPTAIN = Filters(groups=frozenset()), Filters(groups=frozenset({"harbour"}))
SECRETS = ("Skerryvore", "Nightjar", "Marlow", "muggler")


@pytest.fixture(scope="module")
def sea(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("sea") / "kb"
    for part, name, text in (("graph", "open.ttl", OPEN), ("graph", "closed.ttl", CLOSED), ("shapes", "s.ttl", SHAPE)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        (folder / part / name).write_text(PREFIXES + text, encoding="utf-8")
    (folder / "kb.toml").write_text('[access]\n"graph/closed.ttl" = ["harbour"]\n', encoding="utf-8")
    kgqa.build(folder)
    yield kgqa.open(folder)
    shutil.rmtree(folder)


def told(answer: Answer) -> str:
    return repr(answer)


def test_an_answer_calls_things_by_names_that_the_asker_may_know(sea) -> None:
    question = "Which ports does Aurora call at?"
    assert set(sea.ask(question, filters=CAPTAIN).items) == {"Oban", "Skerryvore"}
    seen = sea.ask(question, filters=STRANGER)
    assert set(seen.iris) == {EX + "p1", EX + "p2"} and "Oban" in seen.items
    assert not any(secret in told(seen) for secret in SECRETS)


def test_nothing_is_found_by_a_closed_name(sea) -> None:
    question = "Which ports does Nightjar call at?"
    assert len(sea.ask(question, filters=CAPTAIN).items) == 2
    seen = sea.ask(question, filters=STRANGER)
    assert seen.text is None and EX + "s1" not in told(seen)
    with pytest.raises(kgqa.UsageError, match="knows no entity"):
        sea.entity("Skerryvore", filters=STRANGER)
    assert sea.entity("Skerryvore", filters=CAPTAIN).iri == EX + "p2"


def test_a_sheet_and_a_label_keep_closed_names_classes_and_gaps(sea) -> None:
    seen, all_of_it = sea.entity("Aurora", filters=STRANGER), sea.entity("Aurora", filters=CAPTAIN)
    assert (
        all_of_it.synonyms == ("Nightjar",) and set(all_of_it.types) == {"ship", "smuggler"} and not all_of_it.missing
    )
    assert seen.synonyms == () and seen.types == ("ship",) and seen.missing == ("owner",)
    assert not any(secret in repr(seen) for secret in SECRETS)
    assert sea.label(EX + "p2", filters=CAPTAIN) == "Skerryvore" != sea.label(EX + "p2", filters=STRANGER)


def test_an_earlier_answer_with_a_name_that_is_closed_now_is_withdrawn(sea) -> None:
    before = sea.ask("Which ports does Aurora call at?", filters=CAPTAIN)
    after = sea.permitted(before, STRANGER)
    assert after.text is None and not any(secret in told(after) for secret in SECRETS)
    assert sea.permitted(before, CAPTAIN).text == before.text


def test_an_alternative_with_a_name_that_is_closed_now_is_left_out(sea) -> None:
    before = sea.ask("Which ports does Aurora call at?", filters=STRANGER)
    closed = Candidate("entities", ("Skerryvore",), (EX + "p2",), "graph", 0.5, ())
    open_ = Candidate("entities", ("Oban",), (EX + "p1",), "graph", 0.5, ())
    earlier = replace(before, alternatives=(closed, open_))
    assert sea.permitted(earlier, STRANGER).alternatives == (open_,)
    assert sea.permitted(earlier, CAPTAIN).alternatives == (closed, open_)
