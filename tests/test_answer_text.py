import json
from datetime import date

from kgqa.rendering import as_object, as_text
from kgqa.types import Answer, Conflict, Evidence, Link, Passage, Path, Reason, Step, Term, Triple, Validity

PASSAGE = Passage(
    "p1", "guide/高血压.md", "目标是 140/90。\U0001f600", "zh", 10, 22, "高血压", "治疗", 3,
    Validity(valid_from=date(2020, 1, 2)),
)  # fmt: skip
QUOTE = Evidence("passage", 2.0, PASSAGE, 10, 20, "目标是 140/90。")
TRIPLE = Triple(Term("ex:a"), Term("ex:treats"), Term("ex:b"), ("drugs.ttl",))
PATH = Evidence("path", 0.9, path=Path((Step(TRIPLE),), 0.9, "A treats B."), sparql="SELECT ?a WHERE { ?a ?b ?c }")
ANSWER = Answer(
    "Q?", "A, C", "entities", 0.91, ("A", "C"), ("ex:a", "ex:c"), True, evidence=(PATH, QUOTE),
    links=(Link(0, 1, "B", "ex:b", "B one", 1.0), Link(0, 1, "B", "ex:b2", "B two", 0.9)),
)  # fmt: skip


def test_the_json_of_an_answer_is_stable() -> None:
    found = json.loads(json.dumps(as_object(ANSWER), ensure_ascii=False))
    assert list(found) == [
        "format", "question", "answer", "kind", "items", "iris", "confidence", "complete", "reason", "explanation",
        "language", "prose", "evidence", "conflicts", "links", "alternatives", "seconds", "models", "generation",
    ]  # fmt: skip
    path, quote = found["evidence"]
    assert path["triples"][0]["sources"] == ["drugs.ttl"]
    assert quote["quote"] == "目标是 140/90。"
    assert (quote["document"], quote["page"], quote["valid_from"]) == ("guide/高血压.md", 3, "2020-01-02")


def test_plain_text_shows_answer_confidence_places_path_and_ambiguity() -> None:
    text = as_text(ANSWER)
    for part in ("A, C", "0.91", "sure", "complete list", "高血压.md, page 3 [10:20]", "A treats B.", "drugs.ttl"):
        assert part in text
    assert "SELECT ?a WHERE" in text
    assert "'B' may mean: B one <ex:b>, B two <ex:b2>" in text


def test_an_abstention_says_why_and_shows_the_nearest_text() -> None:
    answer = Answer(
        "Q?", None, "none", 0.8, reason=Reason.READER_UNSURE, explanation="Not sure enough.", evidence=(QUOTE,)
    )
    text = as_text(answer)
    assert text.startswith("No answer: Not sure enough.")
    assert "reader_unsure" in text
    assert "Nearest text:" in text


def test_a_conflict_shows_both_sides() -> None:
    conflict = Conflict("number", PATH, QUOTE, "30", "45")
    answer = Answer("Q?", "30", "number", 0.7, ("30",), ("",), evidence=(PATH,), conflicts=(conflict,))
    text = as_text(answer)
    assert "'30' against '45'" in text
    assert "in force from 2020-01-02" in text
    assert as_object(answer)["conflicts"][0]["other"]["says"] == "45"
