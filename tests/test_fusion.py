import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa import fusion
from kgqa.errors import ModelError
from kgqa.fusion import Calibration, Weights
from kgqa.types import Candidate, Evidence, Passage, Path, Reason, Step, Term, Triple

EVEN = Calibration(
    {way: Weights(0.0, {"fit": 4.0, "reader": 4.0, "coverage": 2.0, "both": 1.0}) for way in fusion.WAYS}, threshold=0.6
)


def quotation(text: str = "a quotation") -> Evidence:
    passage = Passage("p", "d.md", text, "en", 0, len(text))
    return Evidence("passage", 1.0, passage, 0, len(text), text)


def candidate(*items: str, side: str = "text", kind: str = "span", **features: float) -> Candidate:
    return Candidate(kind, items, ("",) * len(items), side, 1.0, (quotation(),), None, features)


def test_the_same_answer_from_graph_and_text_becomes_one_with_both_evidences() -> None:
    merged = fusion.merge([candidate("Warfarin", side="graph", fit=0.2)], [candidate("the warfarin.", reader=0.3)])
    assert len(merged) == 1
    assert merged[0].side == "both"
    assert len(merged[0].evidence) == 2
    assert EVEN.confidence(merged[0]) > EVEN.confidence(candidate("Warfarin", side="graph", fit=0.2))


def test_lists_are_the_same_answer_in_any_order() -> None:
    assert len(fusion.merge([candidate("a1", "b2", side="graph")], [candidate("b2", "A1")])) == 1


def test_decimals_and_units_are_kept_apart() -> None:
    assert fusion.normalise("2.5 mg") != fusion.normalise("25 mg")
    assert fusion.normalise("The 5 %") == fusion.normalise("5 %")


def test_abstains_below_the_threshold_and_is_sure_of_abstaining() -> None:
    decision = fusion.decide([candidate("x1", reader=-0.5)], EVEN)
    assert decision.best is None
    assert decision.confidence > 0.5
    assert decision.ranked


def test_no_candidates_is_an_abstention() -> None:
    assert fusion.decide([], EVEN).best is None


def test_not_finding_is_a_finding_only_inside_one_document() -> None:
    weak = {"is_exists": 1.0, "reader": -0.9}
    inside = fusion.decide([candidate("yes", kind="boolean", document=1.0, **weak)], EVEN)
    anywhere = fusion.decide([candidate("yes", kind="boolean", document=0.0, **weak)], EVEN)
    assert inside.best is not None and inside.best.items == ("no",)
    assert inside.confidence > 0.9
    assert anywhere.best is None


def test_a_chinese_yes_turns_into_a_chinese_no() -> None:
    weak = candidate("是", kind="boolean", is_exists=1.0, document=1.0, reader=-0.9)
    best = fusion.decide([weak], EVEN).best
    assert best is not None and best.items == ("否",)


def test_graph_and_text_that_differ_are_shown_as_a_conflict() -> None:
    graph = candidate("30", side="graph", kind="number", fit=0.9)
    text = candidate("45", kind="number", reader=0.8)
    decision = fusion.decide([graph, text], EVEN)
    assert decision.best == graph
    (conflict,) = decision.conflicts
    assert (conflict.one_says, conflict.other_says) == ("30", "45")


def stated(value: str, kind: str, relation: str = "said") -> Candidate:
    """What the graph states in one triple."""
    triple = Triple(Term("x:thing"), Term(f"http://x.org/v#{relation}"), Term(value, "literal"))
    evidence = Evidence("path", 1.0, path=Path((Step(triple),), 1.0, ""))
    return Candidate(kind, (value,), ("",), "graph", 1.0, (evidence,), None, {"fit": 0.9})


SAME = [
    ("2019-09-10", "date", "said", "10 September 2019", "date"),
    ("2021-11-01", "date", "said", "2021年11月1日", "date"),
    ("England and Wales", "span", "said", "the laws of England and Wales", "span"),
    ("3200", "number", "doseMg", "3,200 mg a day", "span"),
    ("300", "number", "fee", "三百元", "span"),
]
INCOMPARABLE = [
    ("1392", "number", "halfLifeHours", "about 58 days", "span"),
    ("180", "number", "noticeDays", "fifteen (15", "span"),
    ("6", "number", "said", "In six of the trials 20 patients had an attack of asthma", "span"),
]
DIFFERENT = [
    ("3200", "number", "doseMg", "2400 mg", "span"),
    ("990000", "number", "fee", "人民币860,000元", "span"),
    ("2019-09-10", "date", "said", "10 October 2019", "date"),
]


@pytest.mark.parametrize(("value", "kind", "relation", "words", "way"), [*SAME, *INCOMPARABLE])
def test_what_is_the_same_or_measured_otherwise_is_no_conflict(value, kind, relation, words, way) -> None:
    told = candidate(words, kind=way, reader=0.8)
    assert fusion.decide([stated(value, kind, relation), told], EVEN).conflicts == ()


@pytest.mark.parametrize(("value", "kind", "relation", "words", "way"), DIFFERENT)
def test_what_a_passage_tells_otherwise_than_the_graph_is_a_conflict(value, kind, relation, words, way) -> None:
    told = candidate(words, kind=way, reader=0.8)
    (conflict,) = fusion.decide([stated(value, kind, relation), told], EVEN).conflicts
    assert (conflict.one_says, conflict.other_says) == (value, words)


def test_what_the_graph_counts_is_not_compared_with_an_amount_in_a_passage() -> None:
    counted = Candidate("number", ("3",), ("",), "graph", 1.0, (quotation(),), None, {"fit": 0.9})
    assert fusion.decide([counted, candidate("GBP 50,000", reader=0.8)], EVEN).conflicts == ()


def dose(text: str, document: str, **features: float) -> Candidate:
    passage = Passage(f"p-{document}", document, text, "en", 0, len(text))
    evidence = Evidence("passage", 1.0, passage, 0, len(text), text)
    return Candidate("span", (text,), ("",), "text", 1.0, (evidence,), None, {"typed": 1.0, **features})


def test_two_documents_that_name_different_amounts_are_shown_as_a_conflict() -> None:
    old, new = dose("800 mg a day", "old.md", reader=0.5), dose("900 mg", "new.md", reader=0.8)
    (conflict,) = fusion.decide([old, new], EVEN).conflicts
    assert (conflict.one_says, conflict.other_says) == ("900 mg", "800 mg a day")


@pytest.mark.parametrize(
    "other",
    [
        dose("900 milligrams", "other.md", reader=0.7),
        dose("800 mg", "new.md", reader=0.7),
        dose("800 mg", "other.md", reader=0.7, typed=0.0),
        dose("800 mg", "other.md", reader=-0.4),
    ],
    ids=["the same amount", "the same document", "no amount was asked for", "an unsure reader"],
)
def test_what_is_no_contradiction_between_documents(other: Candidate) -> None:
    assert fusion.decide([dose("900 mg", "new.md", reader=0.8), other], EVEN).conflicts == ()


def test_two_documents_of_which_neither_is_surer_are_the_reason_to_abstain() -> None:
    torn = fusion.decide([dose("800 mg", "a.md", reader=0.0), dose("900 mg", "b.md", reader=0.0)], EVEN)
    assert torn.best is None
    assert fusion.disagree(torn.ranked, EVEN.threshold)
    alike = fusion.decide([dose("800 mg", "a.md", reader=0.0), dose("800 mg", "b.md", reader=0.0)], EVEN)
    assert not fusion.disagree(alike.ranked, EVEN.threshold)


def test_an_unsure_other_side_is_no_conflict() -> None:
    decision = fusion.decide(
        [candidate("30", side="graph", kind="number", fit=0.9), candidate("45", kind="number", reader=-0.5)], EVEN
    )
    assert decision.conflicts == ()


def test_a_calibration_survives_saving(tmp_path) -> None:
    EVEN.save(tmp_path / "c.json")
    assert Calibration.load(tmp_path / "c.json") == EVEN


@pytest.mark.parametrize("content", ["", "[]", json.dumps({"sides": {}}), '{"sides": {"graph": {}}}'])
def test_a_broken_calibration_is_one_clear_error(tmp_path, content: str) -> None:
    (tmp_path / "c.json").write_text(content)
    with pytest.raises(ModelError, match="kgqa train calibrate"):
        Calibration.load(tmp_path / "c.json")


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"hidden": True}, Reason.NOT_PERMITTED),
        ({"outdated": True}, Reason.OUT_OF_DATE),
        ({"found": True, "retrieved": True}, Reason.READER_UNSURE),
        ({"linked": True}, Reason.NO_PASSAGE),
        ({"linked": True, "retrieved": True}, Reason.NO_RELATION),
        ({"retrieved": True}, Reason.NO_ENTITY),
    ],
)
def test_the_reason_for_abstaining(facts: dict[str, bool], reason: Reason) -> None:
    given_facts = {"linked": False, "found": False, "retrieved": False, "hidden": False, "outdated": False, **facts}
    assert fusion.reason_for_nothing(**given_facts) == reason


features = st.dictionaries(st.sampled_from(["fit", "reader", "coverage"]), st.floats(-1, 1))
candidates = st.lists(
    st.builds(lambda text, values: candidate(text, **values), st.text(min_size=1, max_size=8), features), max_size=6
)


@given(candidates, candidates)
def test_merging_loses_no_evidence_and_leaves_its_inputs(graph, text) -> None:
    before = (list(graph), list(text))
    merged = fusion.merge(graph, text)
    assert sum(len(c.evidence) for c in merged) == len(graph) + len(text)
    assert (graph, text) == before


@given(features, st.sampled_from(["fit", "reader", "coverage"]), st.floats(0, 1))
def test_more_of_a_feature_never_lowers_the_confidence(values, name: str, more: float) -> None:
    better = {**values, name: values.get(name, 0.0) + more}
    assert EVEN.confidence(candidate("x", **better)) >= EVEN.confidence(candidate("x", **values))


def test_a_winner_is_as_sure_as_winners_of_its_way_are() -> None:
    final = {"span": Weights(1.0, {"odds": 1.0, "margin": 2.0})}
    lifted = Calibration(EVEN.sides, EVEN.threshold, final)
    weak = candidate("x1", reader=0.0)
    assert fusion.decide([weak], EVEN).best is None
    alone = fusion.decide([weak], lifted)
    assert alone.best == weak
    rivalled = fusion.decide([weak, candidate("y2", reader=-0.05)], lifted)
    assert rivalled.best == weak
    assert rivalled.confidence < alone.confidence


def test_a_calibration_is_written_and_read_whole(tmp_path) -> None:
    given = Calibration(EVEN.sides, 0.4, {"span": Weights(0.5, {"odds": 1.5, "margin": 0.0})})
    given.save(tmp_path / "calibration.json")
    assert Calibration.load(tmp_path / "calibration.json") == given


def test_a_calibration_without_a_way_of_answering_is_refused(tmp_path) -> None:
    sides = {way: weights for way, weights in EVEN.sides.items() if way != "truth"}
    Calibration(sides, 0.4).save(tmp_path / "old.json")
    with pytest.raises(ModelError, match="no model for truth"):
        Calibration.load(tmp_path / "old.json")


def test_inside_a_document_the_general_model_stands_in_for_a_missing_one() -> None:
    general = Calibration({way: w for way, w in EVEN.sides.items() if not way.endswith("inside")}, 0.4)
    inside = candidate("x1", reader=0.5, document=1.0)
    assert fusion.way_of(inside) == "span inside"
    assert general.confidence(inside) == EVEN.sides["span"].probability(inside.features)
