from hypothesis import given
from hypothesis import strategies as st

from kgqa.graph.terms import decode, encode, name, node, spoken, tail
from kgqa.types import Term

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)


@given(texts, st.sampled_from(["", "en", "zh-hans"]))
def test_a_literal_survives_its_notation(value, language):
    term = Term(value, "literal", language)
    assert decode(encode(term)) == term


@given(texts)
def test_a_typed_literal_survives_its_notation(value):
    term = Term(value, "literal", "", "http://www.w3.org/2001/XMLSchema#token")
    assert decode(encode(term)) == term


def test_iris_and_blank_nodes_survive():
    for term in (Term("http://example.org/药/é😀?a=1#b"), Term("b0", "blank")):
        assert decode(encode(term)) == term
        assert node(name(term)) == term


def test_what_is_no_term_is_in_no_graph():
    assert encode(Term("not an iri")) is None
    assert encode(Term("x> } ; DROP ALL #")) is None
    assert encode(Term("\ud800", "literal")) is None


def test_iris_are_spoken():
    assert spoken("http://example.org/v#hasSideEffect") == "has side effect"
    assert spoken("http://example.org/party/google-inc") == "google inc"
    assert spoken("http://example.org/ICD10Code") == "ICD10Code"
    assert spoken("http://purl.obolibrary.org/obo/DOID_633") == "DOID_633"
    assert spoken("http://example.org/%E7%B3%96%E5%B0%BF%E7%97%85") == "糖尿病"
    assert tail("http://example.org/a/b/") == "b"
