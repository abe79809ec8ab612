import pyoxigraph as ox
import pytest

from kgqa.errors import SourceError
from kgqa.graph.rules import CLOSURE, Rule, RuleSet, apply_rules, read_rules
from kgqa.types import Term

EX = "http://example.org/"
HEAD = """@prefix ex: <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
"""
PREFIX = "PREFIX ex: <http://example.org/> "


def rule(head, body, name="r"):
    return Rule(name, f"{PREFIX} CONSTRUCT {{ {head} }} WHERE {{ {body} }}")


def test_a_chain_is_followed_to_its_end_and_premises_are_kept(make):
    text = HEAD + "".join(f"ex:a{n} ex:in ex:a{n + 1} . " for n in range(6))
    rules = RuleSet((rule("?x ex:in ?z", "?x ex:in ?y . ?y ex:in ?z", "located-in"),))
    store, report = make({"a.ttl": text}, rules=rules)
    assert report.derived == 15 and report.triples == 21
    far = store.triple(EX + "a0", EX + "in", EX + "a6")
    assert far.rule == "located-in" and far.sources == ("a.ttl",)
    one, two = far.premises
    assert one.subject == Term(EX + "a0") and one.object == two.subject and two.object == Term(EX + "a6")
    assert store.select(f"ASK {{ <{EX}a0> <{EX}in> <{EX}a6> }}") is True
    assert store.triple(EX + "a0", EX + "in", EX + "a1").rule == ""


def test_what_is_stated_is_not_derived(make):
    store, report = make(
        {"a.ttl": HEAD + "ex:a ex:p ex:b . ex:a ex:q ex:b ."}, rules=RuleSet((rule("?x ex:q ?y", "?x ex:p ?y"),))
    )
    assert report.derived == 0
    assert store.triple(EX + "a", EX + "q", EX + "b").rule == ""


@pytest.mark.parametrize(
    ("path", "count"),
    [("ex:p|ex:q", 1), ("^ex:r", 1), ("ex:p/ex:p", 2), ("ex:p+", 2), ("ex:p*/ex:p", 2), ("(ex:p|ex:q)/^ex:r", 2)],
)
def test_premises_of_property_paths_are_one_walk(make, path, count):
    ends = {"ex:p|ex:q": "ex:b", "^ex:r": "ex:b", "(ex:p|ex:q)/^ex:r": "ex:d"}.get(path, "ex:c")
    text = HEAD + "ex:a ex:p ex:b . ex:b ex:p ex:c . ex:b ex:r ex:a . ex:d ex:r ex:b ."
    store, report = make(
        {"a.ttl": text}, rules=RuleSet((rule("ex:a ex:new ?x", f"ex:a {path} ?x FILTER(?x = {ends})"),))
    )
    assert report.derived == 1
    (made,) = store.objects(EX + "a", EX + "new")
    triple = store.triple(EX + "a", EX + "new", made)
    assert len(triple.premises) == count
    assert all(store.has(p.subject.value, p.predicate.value, p.object) for p in triple.premises)


def test_negation_optional_and_literals(make):
    body = "?x ex:dose ?d OPTIONAL { ?x ex:name ?n } FILTER NOT EXISTS { ?x ex:safe true } BIND('high'@en AS ?l)"
    text = HEAD + "ex:a ex:dose 5 ; ex:name 'A' . ex:b ex:dose 6 ; ex:safe true . ex:c ex:dose 7 ."
    store, report = make({"a.ttl": text}, rules=RuleSet((rule("?x ex:risk ?l", body),)))
    assert report.derived == 2
    triple = store.triple(EX + "a", EX + "risk", Term("high", "literal", "en"))
    assert {p.predicate.value for p in triple.premises} == {EX + "dose", EX + "name"}


def test_bounds_are_kept_and_told(make):
    grow = rule("?x ex:n ?m", "?x ex:n ?k BIND(?k + 1 AS ?m)")
    _, report = make({"a.ttl": HEAD + "ex:a ex:n 1 ."}, rules=RuleSet((grow,), max_rounds=5))
    assert report.derived == 5 and "5 rounds" in report.notes[0]
    _, report = make({"a.ttl": HEAD + "ex:a ex:n 1 ."}, rules=RuleSet((grow,), max_rounds=100, max_triples=7))
    assert report.derived == 7 and "7 derived" in report.notes[0]


def test_built_in_closure(make):
    text = (
        HEAD
        + """ex:A rdfs:subClassOf ex:B . ex:B rdfs:subClassOf ex:C . ex:x a ex:A .
    ex:cures rdfs:subPropertyOf ex:treats . ex:x ex:cures ex:y . ex:treats owl:inverseOf ex:treatedBy .
    ex:near a owl:SymmetricProperty . ex:x ex:near ex:z .
    ex:part a owl:TransitiveProperty . ex:x ex:part ex:y . ex:y ex:part ex:w ."""
    )
    store, report = make({"a.ttl": text}, rules=RuleSet(CLOSURE))
    kind = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
    for subject, predicate, thing in [
        ("A", "http://www.w3.org/2000/01/rdf-schema#subClassOf", "C"),
        ("x", kind, "C"),
        ("x", EX + "treats", "y"),
        ("y", EX + "treatedBy", "x"),
        ("z", EX + "near", "x"),
        ("x", EX + "part", "w"),
    ]:
        assert store.triple(EX + subject, predicate, EX + thing).rule, (subject, predicate, thing)
    assert report.notes == ()


def test_files_of_rules_are_read_and_bad_ones_named(tmp_path):
    good = f"# a comment with CONSTRUCT {{ in it\n{PREFIX} CONSTRUCT {{ ?a ex:p '}}' }} WHERE {{ ?a ex:q ?b }}"
    (tmp_path / "a-good.rq").write_text(good)
    (tmp_path / "b-select.rq").write_text("SELECT * { ?s ?p ?o }")
    (tmp_path / "c-broken.rq").write_text("CONSTRUCT { ?s ?p ")
    (tmp_path / "d-blank.rq").write_text("CONSTRUCT { ?s ?p [] } WHERE { ?s ?p ?o }")
    (tmp_path / "e-deep.rq").write_text("CONSTRUCT " + "{" * 5000)
    (tmp_path / "f-latin.rq").write_bytes(b"# caf\xe9")
    rules, problems = read_rules(tmp_path)
    assert [rule.name for rule in rules] == ["a-good"]
    assert [name for name, _ in problems] == ["b-select.rq", "c-broken.rq", "d-blank.rq", "e-deep.rq", "f-latin.rq"]
    assert all("\n" not in reason for _, reason in problems)


def test_a_comment_or_string_does_not_mislead_the_rewriting(make):
    text = f"# CONSTRUCT {{ ?x ?y ?z }}\n{PREFIX} CONSTRUCT {{ ?a ex:says '}} WHERE {{' }} WHERE {{ ?a ex:q ?b }}"
    store, report = make({"a.ttl": HEAD + "ex:a ex:q ex:b ."}, rules=RuleSet((Rule("r", text),)))
    assert report.derived == 1
    assert store.objects(EX + "a", EX + "says") == (Term("} WHERE {", "literal"),)


def test_a_rule_that_is_none_is_named_and_the_others_are_applied(make):
    rules = RuleSet((Rule("x", "DROP ALL"), rule("?a ex:p ?b", "?a ex:q ?b")))
    _, report = make({"a.ttl": HEAD + "ex:a ex:q ex:b ."}, rules=rules)
    assert report.derived == 1
    assert [name for name, _ in report.problems] == ["x"]
    with pytest.raises(SourceError, match="'x'"):
        apply_rules(ox.Store(), rules)


def test_time_is_bounded(make):
    numbers = " ".join(f"ex:a ex:n {n} ." for n in range(60))
    endless = rule("?x ex:n ?m", "?x ex:n ?k BIND(?k + 1 AS ?m)")
    _, report = make({"a.ttl": HEAD + numbers}, rules=RuleSet((endless,), max_rounds=10**6, max_seconds=0.2))
    assert "seconds" in report.notes[0]
