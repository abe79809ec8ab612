"""Questions that are asked of one document: what points at it, and what is said of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgqa.pointing import bare, names_a_text, pointed
from kgqa.types import Filters, Link

LEASE = Link(0, 0, "", "urn:lease", "Lease 𝔄", 1.0, "given", documents=("lease.txt",))


@pytest.mark.parametrize(
    ("question", "told", "mention"),
    [
        ("Which law governs this agreement?", "Which law governs this agreement?", "agreement"),
        ("Who signed the present supply contract?", "Who signed the present supply contract?", "contract"),
        ("Does this trial have a sponsor?", "Does this trial have a sponsor?", "trial"),
        ("When does the contract end?", "When does the contract end?", "contract"),
        ("Governing law", "Governing law of this document", "document"),
        ("notice period:", "notice period of this document", "document"),
        ("Who are the parties?", "Who are the parties in this document?", "document"),
        ("Is it in force at this time?", "Is it in force at this time in this document?", "document"),
        ("本合同适用什么法律？", "本合同适用什么法律？", "合同"),
        ("适用法律", "该文件的适用法律", "文件"),
        ("谁是当事人？", "谁是当事人，在该文件中？", "文件"),
    ],
)
def test_the_words_that_point_are_linked(question, told, mention):
    found, link = pointed(question, LEASE)
    assert (found, link.mention) == (told, mention)
    assert (link.entity, link.documents, link.method) == ("urn:lease", ("lease.txt",), "given")


@settings(deadline=None)
@given(st.text(min_size=1))
def test_any_question_keeps_its_words_and_gets_a_link_inside(question):
    found, link = pointed(question, LEASE)
    assert found[link.start : link.end] == link.mention != ""
    assert question.strip().rstrip("?？.。:： ") in found


def test_a_topic_is_told_from_a_question():
    assert all(map(bare, ("Governing law", "notice period:", "适用法律")))
    assert not any(map(bare, ("Which law governs", "List the parties", "适用什么法律", "Is it void?")))


def test_a_question_that_names_a_text_needs_no_pointing():
    assert names_a_text([Link(0, 5, "Lease", "urn:x", "Lease", 1.0, "alias", documents=("x.txt",))])
    assert not names_a_text([Link(0, 5, "Lease", "urn:x", "Lease", 1.0, "fuzzy", documents=("x.txt",)), LEASE][:1])
    assert not names_a_text([Link(0, 4, "gout", "urn:gout", "gout", 1.0)])


def test_what_is_asked_of_one_document_is_asked_of_its_thing(small):
    of = Filters(documents=frozenset({"contracts/lease.txt"}))
    for question in ("Which law governs this agreement?", "Governing law", "Which law governs it?"):
        answer = small.ask(question, filters=of)
        assert answer.text is not None and "Ireland" in answer.text, question
        assert any(link.documents == ("contracts/lease.txt",) for link in answer.links)
        assert {e.passage.doc_id for e in answer.evidence if e.passage} <= {"contracts/lease.txt"}


def test_a_document_that_is_nobodys_text_is_searched_as_it_is(small):
    answer = small.ask("What is asthma?", filters=Filters(documents=frozenset({"asthma.md"})))
    assert answer.question == "What is asthma?"
    assert {e.passage.doc_id for e in answer.evidence if e.passage} <= {"asthma.md"}
