import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.errors import SourceError
from kgqa.evaluation.answers import (
    Gold,
    comparable,
    coverage_at_risk,
    expected_calibration_error,
    iso_date,
    read_gold,
    report,
    score,
    token_f1,
)
from kgqa.types import Answer, Evidence, Passage


def said(*items: str, iris: tuple[str, ...] = (), kind: str = "span", doc: str = "") -> Answer:
    passage = Passage("p", doc, "text", "en", 0, 4)
    evidence = (Evidence("passage", 1.0, passage, 0, 4, "text"),) if doc else ()
    return Answer(
        "q", ", ".join(items) if items else None, kind, 0.8, items, iris or ("",) * len(items), evidence=evidence
    )


def test_a_list_is_right_when_the_set_is_equal_in_any_order_by_name_alias_or_iri() -> None:
    gold = Gold("1", "q", "entities", ("gout", "flu"), "all", ("ex:1", "ex:2"), {"flu": ("influenza",)})
    assert score(gold, said("Influenza", "Gout")).correct
    assert score(gold, said("x", "y", iris=("ex:2", "ex:1"))).correct
    half = score(gold, said("gout"))
    assert not half.correct and half.hit and half.f1 == pytest.approx(2 / 3)
    assert not score(gold, said("gout", "flu", "cold")).correct


def test_optional_answers_count_on_neither_side() -> None:
    gold = Gold("1", "q", "entities", ("a1",), "all", optional=("b1",))
    assert score(gold, said("a1", "b1")).correct
    assert not score(gold, said("b1")).correct


def test_a_span_is_right_from_half_of_the_words_on() -> None:
    gold = Gold("1", "q", "span", ("thirty (30) days",))
    assert score(gold, said("thirty days")).correct
    assert not score(gold, said("within a month of the thirty or more other things")).correct


def test_a_descriptive_question_is_right_when_the_first_citation_is_from_a_gold_document() -> None:
    gold = Gold("1", "q", "span", (), documents=("a.md",))
    assert score(gold, said("whatever", doc="a.md")).correct
    assert not score(gold, said("whatever", doc="b.md")).correct


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("boolean", "是", "yes"),
        ("boolean", "No.", "no"),
        ("number", "three", "3"),
        ("number", "1,200 mg", "1200"),
        ("date", "March 20, 2020", "2020-03-20"),
        ("date", "the 1st day of June, 1999", "1999-06-01"),
        ("date", "2021年1月1日", "2021-01-01"),
        ("date", "5/31/2000", "2000-05-31"),
    ],
)
def test_equal_values_in_other_words_are_equal(kind: str, one: str, other: str) -> None:
    assert comparable(one, kind) == comparable(other, kind)


@pytest.mark.parametrize("text", ["", "no date here", "32 May 2000", "2000-13-45", "99/99/9999"])
def test_what_is_no_date_gives_none(text: str) -> None:
    assert iso_date(text) is None


def test_nothing_is_right_where_there_is_no_answer() -> None:
    gold = Gold("1", "q", "none", ())
    assert score(gold, said()).correct
    assert not score(gold, said("something")).correct


def test_chinese_is_compared_by_characters() -> None:
    assert token_f1("治疗方法", "治疗") == pytest.approx(2 / 3)


def test_calibration_error_of_a_perfect_and_of_a_boastful_system() -> None:
    assert expected_calibration_error([(1.0, True)] * 20) == 0
    assert expected_calibration_error([(1.0, False)] * 20) == 1
    assert expected_calibration_error([]) is None


def test_coverage_at_a_risk_counts_the_surest_answers() -> None:
    pairs = [(0.9, True), (0.8, True), (0.7, False), (0.6, True)]
    assert coverage_at_risk(pairs, 8, 0.25) == pytest.approx(4 / 8)
    assert coverage_at_risk(pairs, 8, 0.0) == pytest.approx(2 / 8)


def test_a_report_counts_by_family_and_kind() -> None:
    golds = [Gold("1", "q", "span", ("a1",), family="f"), Gold("2", "q", "none", (), family="g")]
    figures = report(golds, [said("a1"), said("x1")], [0.1, 0.3])
    assert figures["accuracy"] == 0.5
    assert figures["accuracy_by_family"] == {"f": {"accuracy": 1.0, "n": 1}, "g": {"accuracy": 0.0, "n": 1}}
    assert figures["p95_seconds"] == 0.3


def test_a_question_file_is_read_with_its_day(tmp_path) -> None:
    path = tmp_path / "q.jsonl"
    row = {"question": "Was gilt?", "kind": "entities", "answers": ["甲"], "as_of": "2015-01-01", "family": "as-of"}
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n\n", encoding="utf-8")
    (gold,) = read_gold(path)
    assert (gold.match, gold.as_of, gold.family) == ("all", date(2015, 1, 1), "as-of")


@pytest.mark.parametrize("line", ["{", "[]", '{"question": "x"}', '{"question": "x", "kind": "span", "answers": 3}'])
def test_a_bad_row_is_named_by_its_line(tmp_path, line: str) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"question": "x", "kind": "none", "answers": []}\n' + line, encoding="utf-8")
    with pytest.raises(SourceError, match="line 2"):
        read_gold(path)


@given(st.text(max_size=40), st.text(max_size=40))
def test_token_f1_is_a_share_and_symmetric(one: str, other: str) -> None:
    assert 0 <= token_f1(one, other) <= 1
    assert token_f1(one, other) == pytest.approx(token_f1(other, one))
