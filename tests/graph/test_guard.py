import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.errors import QueryError
from kgqa.graph.guard import check, mask

BAD = [
    "SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }",
    "select * { service silent <http://example.org/> { ?s ?p ?o } }",
    "SELECT * { SERVICE ?x { ?s ?p ?o } }",
    r"SELECT * { \u0053ERVICE <http://example.org/> { ?s ?p ?o } }",
    r'SELECT * { ?s ?p "\u0022 . SERVICE <http://example.org/> { ?a ?b ?c } #" }',
    r"SELECT * { ?s ?p '\u005Cu0027' }",
    "SELECT * { FILTER(?a<?b)SERVICE#>\n<http://example.org/>{ ?s ?p ?o } }",
    "SELECT * FROM <http://example.org/> { ?s ?p ?o }",
    "SELECT * FROM NAMED <http://example.org/> { ?s ?p ?o }",
    "LOAD <http://example.org/>",
    "PREFIX a: <http://a/> DELETE WHERE { ?s ?p ?o }",
    "INSERT DATA { <http://a> <http://b> <http://c> }",
    "DROP ALL",
    "CLEAR ALL",
    "DROP ALL ; SELECT * { ?s ?p ?o }",
    "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
    "DESCRIBE <http://a>",
    "",
    "  # only a comment",
    "SELECT * " + "{" * 5000 + "}" * 5000,
    "SELECT * { FILTER(" + "(" * 3000 + "1" + ")" * 3000 + ") }",
    "SELECT * { " + "[ <http://p> " * 100 + "1" + " ]" * 100 + " ?p ?o }",
    "SELECT * { ?s ?p 'x" + "y" * 200_000 + "' }",
    "SELECT * { ?s ?p 'never ends }",
    "SELECT * { ?s ?p '\ud800' }",
    "SELECT * { ?s ?p 'a\0b' }",
]
GOOD = [
    "SELECT * { ?s ?p ?o }",
    "ASK { ?s ?p 'SERVICE <http://example.org/>' }",
    'ASK { ?s ?p """FROM " LOAD \' DROP""" }',
    "# SERVICE\nSELECT ?service ?from ?load { ?service ?from ?load }",
    "PREFIX from: <http://example.org/SERVICE/> SELECT * { ?s from:load from:SERVICE }",
    "PREFIX ex: <http://e/> BASE <http://b/> SELECT (COUNT(*) AS ?n) { ?s ex:p|^ex:q/ex:r* ?o FILTER(?o < 5 && ?o > 1) }",
    "SELECT * { <http://example.org/service?from=load> ?p '药😀'@zh }",
    r"SELECT * { ?s ?p '\u836F' }",
    "SELECT * WHERE " + "{" * 60 + "?s ?p ?o" + "}" * 60,
]


@pytest.mark.parametrize("sparql", BAD)
def test_what_is_not_allowed_is_refused_at_once(sparql):
    start = time.perf_counter()
    with pytest.raises(QueryError) as error:
        check(sparql)
    assert "\n" not in str(error.value)
    assert time.perf_counter() - start < 2  # far above what it takes; a hang would be longer


@pytest.mark.parametrize("sparql", GOOD)
def test_what_is_allowed_runs(make, sparql):
    store, _ = make({"a.nt": "<http://a> <http://b> <http://c> ."})
    store.select(check(sparql))


@given(st.text(max_size=200))
def test_any_text_is_refused_or_passed(text):
    try:
        assert isinstance(check(text), str)
    except QueryError as error:
        assert "\n" not in str(error)


@given(st.text(alphabet="\"'\\<>{}()#?:aSERVICE \n", max_size=80))
def test_a_mask_keeps_the_length(text):
    with contextlib.suppress(QueryError):
        assert len(mask(text)) == len(text)
