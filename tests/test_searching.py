from kgqa.naming import place_of
from kgqa.searching import plan
from kgqa.types import Filters, GraphFinding, Link


class Shelf:
    """A library with one document about gout and one that is the contract c2."""

    def text(self, doc_id: str) -> str:
        raise KeyError(doc_id)

    def about(self, entities):
        return frozenset({"gout.md"} if "ex:gout" in entities else ())

    def joint(self, entities, kinds, filters):
        return frozenset(), 0

    def named(self, name, filters):
        return frozenset({"supply.txt"}) if "Supply Agreement" in name else frozenset()

    def pointed_at(self, question):
        place = place_of("Case note 1", question)
        return (place, frozenset({"case-1.md"})) if place else None

    def own(self, entity: str):
        return frozenset({"c2.txt"} if entity == "ex:c2" else ())

    def written(self, language):
        return frozenset({"zh/warfarin.md"} if language == "zh" else ("c1.txt", "fibrillation.md"))

    def known(self, words):
        return [True] * len(words)


QUESTION = "What does the Supply Agreement between A and B say about audits?"
AT = QUESTION.index("Supply")
CONTRACT = Link(AT, AT + 32, QUESTION[AT : AT + 32], "ex:c1", "Supply Agreement", 1.0, documents=("c1.txt",))


def test_a_thing_with_its_own_document_narrows_the_search_and_loses_its_name() -> None:
    (search,) = plan(QUESTION, [CONTRACT], [], Filters(), None)
    assert search.filters.documents == {"c1.txt"}
    assert search.focus == "document"
    assert search.question == "What does the document say about audits?"


def test_narrowing_never_widens_what_the_asker_may_use() -> None:
    (search,) = plan(QUESTION, [CONTRACT], [], Filters(documents=frozenset({"other.txt"})), None)
    assert search.filters.documents == frozenset()


def test_a_doubtful_link_does_not_narrow() -> None:
    doubtful = Link(AT, AT + 32, CONTRACT.mention, "ex:c1", "Supply Agreement", 0.6, "fuzzy", documents=("c1.txt",))
    (search,) = plan(QUESTION, [doubtful], [], Filters(), None)
    assert search.filters.documents is None
    assert search.question == QUESTION


def test_a_described_thing_is_put_in_by_its_name() -> None:
    question = "How is the disease that drug X treats treated?"
    at = question.index("the disease")
    fill = Link(at, question.index(" treated?"), "the disease that drug X treats", "ex:gout", "gout", 1.0)
    finding = GraphFinding("none", (), 0.9, "SELECT", fills=(fill,))
    (search,) = plan(question, [], [finding], Filters(), Shelf())
    assert search.question == "How is gout treated?"
    assert search.boost == {"gout.md"}
    assert search.finding == finding


def test_the_preferred_name_joins_the_query_but_not_the_question() -> None:
    link = Link(16, 19, "MI", "ex:mi", "myocardial infarction", 1.0, "alias")
    (search,) = plan("How common is an MI?", [link], [], Filters(), Shelf())
    assert "myocardial infarction" in search.query
    assert search.question == "How common is an MI?"


def test_a_described_contract_narrows_the_search_to_its_document() -> None:
    question = "Which law governs the contract of A dated May 2, 2015?"
    fill = Link(18, 53, question[18:53], "ex:c2", "Supply Agreement", 1.0)
    (search,) = plan(question, [], [GraphFinding("none", (), 0.9, "SELECT", fills=(fill,))], Filters(), Shelf())
    assert search.filters.documents == {"c2.txt"}
    assert search.question == "Which law governs document?"


def test_a_document_that_calls_itself_by_the_name_narrows_the_search() -> None:
    question = "Which law governs the Supply Agreement between Acme, Inc. and Bolt GmbH?"
    (search,) = plan(question, [], [], Filters(), Shelf())
    assert search.filters.documents == {"supply.txt"}
    assert search.question == "Which law governs the document?"
    (unknown,) = plan(question.replace("Supply", "Lease"), [], [], Filters(), Shelf())
    assert unknown.filters.documents is None


def test_the_number_of_a_document_narrows_the_search_to_it() -> None:
    question = "Does the patient in case note 1 have gout?"
    gout = Link(37, 41, "gout", "ex:gout", "gout", 1.0, documents=("gout.md",))
    (search,) = plan(question, [gout], [], Filters(), Shelf())
    assert search.filters.documents == {"case-1.md"}
    assert search.question == "Does the patient in document have gout?"
    (other,) = plan("Does the patient in case note 12 have gout?", [], [], Filters(), Shelf())
    assert other.filters.documents is None


def _own(question: str, name: str, document: str) -> Link:
    at = question.index(name)
    return Link(at, at + len(name), name, f"ex:{name}", name, 1.0, documents=(document,))


def test_of_two_things_with_texts_the_one_is_read_that_has_it_in_the_language_of_the_question() -> None:
    question = "华法林治疗心房颤动时INR的目标范围是多少？"
    links = [_own(question, "华法林", "zh/warfarin.md"), _own(question, "心房颤动", "fibrillation.md")]
    (search,) = plan(question, links, [], Filters(), Shelf())
    assert search.filters.documents == {"zh/warfarin.md"}


def test_a_thing_whose_only_text_is_in_another_language_is_read_in_it() -> None:
    question = "心房颤动如何治疗？"
    (search,) = plan(question, [_own(question, "心房颤动", "fibrillation.md")], [], Filters(), Shelf())
    assert search.filters.documents == {"fibrillation.md"}
