"""``kgqa train reader`` with augmentation, scrub and privacy: what reaches the card and the model."""

import json

import pytest

from kgqa.cli.main import main
from kgqa.cli.train.careful import careful_of
from kgqa.errors import UsageError
from kgqa.evaluation.squad import Example

pytestmark = pytest.mark.torch
NONE = {
    "augment": (),
    "augment_share": 0.5,
    "augment_graph": None,
    "translate": None,
    "scrub": False,
    "private": None,
    "private_delta": None,
    "private_clip": 1.0,
}


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    rows = []
    for number in range(40):
        name, city = ["anna", "berta", "carl", "dora"][number % 4], ["paris", "rome", "oslo"][number % 3]
        context = f"{name} is in {city} . {'red ' * (number % 7)}{'blue ' * (number // 7)}"
        qa = {
            "id": str(number),
            "question": "where does the judge live ?",
            "answers": [{"text": city, "answer_start": context.index(city)}],
        }
        rows.append({"title": str(number), "paragraphs": [{"context": context, "qas": [qa]}]})
    path = tmp_path_factory.mktemp("q") / "q.json"
    path.write_text(json.dumps({"data": rows}), encoding="utf-8")
    return path


def run(capsys, *args):
    status = 0
    try:
        main([str(a) for a in args])
    except SystemExit as stop:
        status = int(stop.code or 0)
    return status, *capsys.readouterr()


def test_the_card_tells_of_all_three(capsys, tmp_path, tiny_base, questions):
    common = ["--base", tiny_base, "--length", "32", "--epochs", "1", "--batch", "8", "--precision", "fp32", "--json"]
    careful = ["--augment", "paraphrase", "--scrub", "--private", "5", "--private-delta", "0.001"]
    status, out, err = run(capsys, "train", "reader", questions, "--out", tmp_path / "o", *common, *careful)
    assert status == 0, err
    card = json.loads(out)
    assert card["augmentation"] == {"kinds": ["paraphrase"], "share": 0.3}
    assert card["examples"] == round(38 * 1.3)
    assert "phone" in card["scrubbed"]
    assert 0 < card["privacy"]["epsilon"] <= 5 and card["privacy"]["delta"] == 0.001
    assert card["privacy"]["units"] == 38  # made questions are on the same passages
    assert "unanswerable" in err


def test_every_augmentation_runs_from_the_command_line(capsys, tmp_path, tiny_base, built, seq2seq):
    said = "anna is at the city of salbutamol and in rome ."
    answer = {"text": "rome", "answer_start": said.index("rome")}
    data = [
        {
            "title": str(n),
            "paragraphs": [
                {
                    "context": said + " red" * n,
                    "qas": [{"id": str(n), "question": "where is salbutamol ?", "answers": [answer]}],
                }
            ],
        }
        for n in range(12)
    ]
    file = tmp_path / "q.json"
    file.write_text(json.dumps({"data": data}))
    common = [
        "--base",
        tiny_base,
        "--length",
        "32",
        "--batch",
        "8",
        "--precision",
        "fp32",
        "--json",
        "--negatives",
        "0",
    ]
    kinds = [word for kind in ("synonyms", "entities", "paraphrase", "back-translate") for word in ("--augment", kind)]
    places = ["--augment-graph", built, "--translate", seq2seq, seq2seq, "--augment-share", "0.5"]
    status, out, err = run(capsys, "train", "reader", file, "--out", tmp_path / "o", *common, *kinds, *places)
    assert status == 0, err
    card = json.loads(out)
    assert card["augmentation"]["kinds"] == ["synonyms", "entities", "paraphrase", "back-translate"]
    assert card["examples"] == 11 + 3 * 6  # what the random translator says is dropped


def test_steps_are_taken_in_order():
    found = careful_of(**NONE | {"scrub": True, "augment": ("paraphrase",), "augment_share": 1.0})
    old = Example("1", "Who called?", "Mrs Jones called 555-234-9876.", ((4, "Jones"),), "a")
    one, two = found.prepare([old])
    assert one.context == two.context == "Mrs [PERSON 1] called [PHONE 1]."
    assert two.question != one.question and one.answers[0][1] == "[PERSON 1]"
    assert careful_of(**NONE).prepare is None


def test_names_come_from_the_graph_that_is_named(built):
    found = careful_of(**NONE | {"augment": ("synonyms",), "augment_graph": built, "augment_share": 1.0})
    old = Example("1", "What is salbutamol?", "It is a drug.", ((8, "drug"),), "a")
    assert found.prepare([old])[1].question == "What is albuterol?"


def test_contradictions_are_said(tmp_path):
    with pytest.raises(UsageError, match="entities"):
        careful_of(**NONE | {"augment": ("entities",), "private": 1.0})
    with pytest.raises(UsageError, match="augment-graph"):
        careful_of(**NONE | {"augment": ("synonyms",)}).prepare([])
    with pytest.raises(UsageError, match="no RDF files"):
        careful_of(**NONE | {"augment": ("synonyms",), "augment_graph": tmp_path})
