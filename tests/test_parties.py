"""A text that a question describes by those who take part in it."""

import pytest

import kgqa
from kgqa.parties import described, parties
from kgqa.types import Filters, Link

CLASS = "http://www.w3.org/2002/07/owl#Class"
GRAPH = """
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix : <http://example.org/deal/> .
:Loan a owl:Class ; rdfs:label "loan"@en , "借款合同"@zh .
:Lease a owl:Class ; rdfs:label "lease"@en .
:yuan rdfs:label "Yuan Shipping"@en , "远航"@zh .
:bei rdfs:label "Bei Machines"@en , "北工"@zh .
:c1 a :Loan ; rdfs:label "Contract 88-1" ; :party :yuan , :bei ; dcterms:source "c1.md" .
:c2 a :Lease ; rdfs:label "Contract 88-2" ; :party :yuan ; dcterms:source "c2.md" .
:c3 a :Lease ; rdfs:label "Contract 88-3" ; :party :bei ; dcterms:source "c3.md" .
"""
DOCUMENTS = {
    "c1.md": "# Contract 88-1\n\nThe borrower pays interest at 4 per cent a year. The loan ends on 3 May 2027.",
    "c2.md": "# Contract 88-2\n\nThe tenant pays interest on arrears at 9 per cent a year. The lease ends on 6 June 2028.",
    "c3.md": "# Contract 88-3\n\nThe tenant pays interest on arrears at 7 per cent a year. The lease ends on 9 July 2029.",
}


def link(question: str, mention: str, score: float = 0.95, types: tuple[str, ...] = ()) -> Link:
    at = question.index(mention)
    return Link(at, at + len(mention), mention, f"ex:{mention}", mention, score, "exact", types)


@pytest.mark.parametrize(
    ("question", "names", "text"),
    [
        (
            "When does the loan agreement between Yuan and Bei end?",
            ("Yuan", "Bei"),
            "the loan agreement between Yuan and Bei",
        ),
        ("Who pays under a lease from Yuan to Bei?", ("Yuan", "Bei"), "a lease from Yuan to Bei"),
        ("远航与北工的借款合同何时到期？", ("远航", "北工"), "远航与北工的借款合同"),
        ("远航和北工签订的补充协议改了什么？", ("远航", "北工"), "远航和北工签订的补充协议"),
        ("Did Yuan sue before Bei did?", ("Yuan", "Bei"), None),
        ("Do Yuan and Bei compete?", ("Yuan", "Bei"), None),
    ],
)
def test_the_words_that_describe_a_text(question: str, names: tuple[str, ...], text: str | None) -> None:
    place = described(question, [link(question, name) for name in names])
    assert (place and question[slice(*place)]) == text


def test_only_sure_things_take_part() -> None:
    question = "the loan of Yuan Shipping to Bei"
    found = [
        link(question, "loan", types=(CLASS,)),
        link(question, "Yuan Shipping"),
        link(question, "Yuan"),
        link(question, "Bei", 0.4),
    ]
    assert [one.mention for one in parties(found)] == ["Yuan Shipping"]


@pytest.fixture(scope="module")
def deals(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("deals") / "kb"
    (folder / "graph").mkdir(parents=True)
    (folder / "documents").mkdir()
    (folder / "graph" / "deals.ttl").write_text(GRAPH, encoding="utf-8")
    for name, text in DOCUMENTS.items():
        (folder / "documents" / name).write_text(text, encoding="utf-8")
    kgqa.build(folder)
    return kgqa.open(folder)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What interest is due under the loan between Yuan Shipping and Bei Machines?", "4 per cent"),
        ("What interest is due under the lease of Yuan Shipping?", "9 per cent"),
        ("What interest is due under the lease of Bei Machines?", "7 per cent"),
    ],
)
def test_the_text_of_what_joins_the_named_is_asked(deals, question: str, said: str) -> None:
    answer = deals.ask(question)
    assert said in (answer.text or ""), answer


def test_what_joins_things_and_how_many(deals) -> None:
    joint = deals.qa.parts.library.joint
    yuan, bei, loan, lease = (f"http://example.org/deal/{name}" for name in ("yuan", "bei", "Loan", "Lease"))
    assert joint([yuan, bei], (), Filters()) == ({"c1.md"}, 2)
    assert joint([yuan], (loan,), Filters()) == ({"c1.md"}, 1)
    assert joint([yuan], (lease,), Filters()) == ({"c2.md"}, 1)
    assert joint([yuan], (), Filters())[0] == frozenset()
