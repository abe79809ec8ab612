"""From judgements of answers in the chat to paths and names in force, through the gate."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kgqa.errors import ModelError, UsageError
from kgqa.evaluation.answers import read_gold
from kgqa.feedback import FeedbackStore
from kgqa.graph.answer import GraphSearch
from kgqa.graph.linking import EntityLinker
from kgqa.graph.store import GraphStore
from kgqa.models.registry import WEIGHTS, history, promote
from kgqa.training.gate import measure_of
from kgqa.training.judged import names, questions
from kgqa.training.kb_paths import links_of, train_paths
from kgqa.types import Answer, Link

THING = "http://example.org/thing/"
SHIPS = {
    "Aurora": ("Åsa Lindqvist", "lind"),
    "Borealis": ("Åsa Lindqvist", "lind"),
    "Corvus": ("Chidi Okafor", "okafor"),
}
LOST = "Under whom does the old tub sail?"


@pytest.fixture
def store(tmp_path: Path) -> FeedbackStore:
    """Judgements of four questions that were not answered; the last one calls its ship by a name that nobody knows."""
    store = FeedbackStore(tmp_path / "f.sqlite")
    for ship, (name, key) in SHIPS.items():
        question = f"Under whom does the {ship} sail?"
        link = Link(20, 20 + len(ship), ship, THING + ship.lower(), ship, 1.0)
        answer = Answer(question, None, "none", 0.6, links=(link,))
        store.judge("sea", "user:ann", answer, "wrong", right_answer=name, right_iris=[(name, THING + key)])
    lost = Answer(LOST, None, "none", 0.6)
    okafor = [("Chidi Okafor", THING + "okafor")]
    dorado = THING + "dorado"
    store.judge("sea", "user:bob", lost, "wrong", right_iris=okafor, entity=dorado, mention="old tub")
    store.judge("other", "user:bob", lost, "wrong", right_answer="nobody")
    for item in store.list("new"):
        store.review(item.id, "accepted", "user:ann")
    return store


def _file(store: FeedbackStore, folder: Path) -> Path:
    rows = questions(store.list("accepted"), "sea")
    file = folder / "feedback-questions.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return file


def test_judgements_become_questions_that_teach_paths_as_far_as_the_gate(sea, store, tmp_path):
    file = _file(store, tmp_path)
    golds = read_gold(file)
    assert [gold.iris for gold in golds] == [(THING + key,) for _, key in SHIPS.values()] + [(THING + "okafor",)]
    assert golds[-1].links == (("old tub", THING + "dorado"),)
    card = train_paths(sea.store, sea.linker, golds, tmp_path / "runs", held_out=0.0)
    assert card["questions"] == 4  # the one with the unknown name as well: its judgement says what the name means
    measure = measure_of("paths", [file], graph=(sea.store, sea.linker))
    assert measure(WEIGHTS / "paths") == {f"{file.name} exact": 0.0}
    promote(tmp_path / "runs", tmp_path / "models", "ways", measure=measure, baseline=WEIGHTS / "paths")
    row = history(tmp_path / "models" / "ways")[-1]
    assert (row["figures_before"], row["figures"]) == ({f"{file.name} exact": 0.0}, {f"{file.name} exact": 100.0})
    trained = GraphSearch(sea.store, None, tmp_path / "models" / "ways" / row["version"])
    found = trained.find(
        ["Under whom does the Dorado 𝔖 sail?"], sea.linker.link(["Under whom does the Dorado 𝔖 sail?"])
    )
    assert [label for _, label in found[0][0].values] == ["Chidi Okafor"]


def test_paths_that_answer_less_are_refused(sea, store, tmp_path):
    file = _file(store, tmp_path)
    train_paths(sea.store, sea.linker, read_gold(file), tmp_path / "good", held_out=0.0)
    measure = measure_of("paths", [file], graph=(sea.store, sea.linker))
    promote(tmp_path / "good", tmp_path / "models", "ways", measure=measure)
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    for row in rows:  # as if people had said where the ships sail
        row["answer_iris"], row["links"] = (
            [THING + "bergen"],
            [{"mention": row["question"][16:-6], "entity": THING + "corvus"}],
        )
    (tmp_path / "bad.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    train_paths(sea.store, sea.linker, read_gold(tmp_path / "bad.jsonl"), tmp_path / "bad", held_out=0.0)
    with pytest.raises(ModelError, match="not promoted"):
        promote(tmp_path / "bad", tmp_path / "models", "ways", measure=measure)
    assert len(history(tmp_path / "models" / "ways")) == 1


def test_a_gate_for_paths_needs_a_graph_and_questions_with_iris(sea, tmp_path):
    (tmp_path / "q.jsonl").write_text('{"question": "x?", "kind": "span", "answers": ["y"]}\n', encoding="utf-8")
    with pytest.raises(UsageError, match="--kb"):
        measure_of("paths", [tmp_path / "q.jsonl"])
    with pytest.raises(UsageError, match="answer_iris"):
        measure_of("paths", [tmp_path / "q.jsonl"], graph=(sea.store, sea.linker))


def test_new_names_are_rdf_that_the_linker_then_knows(store, tmp_path):
    (tmp_path / "names.ttl").write_text(names(store.list("accepted"), "sea"), encoding="utf-8")
    (tmp_path / "sea.ttl").write_text(
        f'<{THING}dorado> <http://www.w3.org/2000/01/rdf-schema#label> "Dorado 𝔖" .\n', encoding="utf-8"
    )
    report = GraphStore.build([tmp_path / "names.ttl", tmp_path / "sea.ttl"], tmp_path, tmp_path / "graph")
    assert not report.problems
    links = EntityLinker(GraphStore.open(tmp_path / "graph")).link([LOST])[0]
    assert [(link.mention, link.entity) for link in links] == [("old tub", THING + "dorado")]
    assert names(store.list("accepted"), "other") == ""


def test_what_a_person_said_of_a_name_stands_against_the_linker(sea, store, tmp_path):
    gold = read_gold(_file(store, tmp_path))[0]
    as_found = links_of(sea.linker, gold)
    assert as_found[0].entity == THING + "aurora"
    other = [{"mention": "the Aurora", "entity": THING + "corvus"}]
    (tmp_path / "x.jsonl").write_text(
        json.dumps({"question": gold.question, "kind": "entities", "answers": [], "links": other}), encoding="utf-8"
    )
    given = links_of(sea.linker, read_gold(tmp_path / "x.jsonl")[0])
    assert [(link.mention, link.entity, link.method) for link in given] == [("the Aurora", THING + "corvus", "given")]
