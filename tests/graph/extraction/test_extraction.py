"""Statements read from passages by their wording, without a language model."""

import pytest

from kgqa.errors import SourceError
from kgqa.graph.excerpts import UNREVIEWED
from kgqa.graph.extraction import ledger
from kgqa.graph.extraction.finding import FRESH, Reader
from kgqa.graph.extraction.settings import USES, Extraction
from kgqa.graph.store import GraphStore
from kgqa.types import Passage, Term

E = "http://example.org/"
PEOPLE = ("Ada Byron", "Bo Lindqvist", "Chen Wei", "Dora Maar", "Élodie Roux", "𠮷田 Fumio")


def graph() -> str:
    """Films whose directors and actors are known, so that the parts that people play are known too."""
    lines = [
        '<http://example.org/directedBy> <http://www.w3.org/2000/01/rdf-schema#label> "directed by" .',
        '<http://example.org/starring> <http://www.w3.org/2000/01/rdf-schema#label> "starring" .',
    ]
    for n, name in enumerate(PEOPLE):
        lines.append(f'<{E}p{n}> <http://www.w3.org/2000/01/rdf-schema#label> "{name}" .')
    for n in range(24):
        lines.append(f'<{E}f{n}> <http://www.w3.org/2000/01/rdf-schema#label> "Film Number {chr(65 + n)}x" .')
        lines.append(f"<{E}f{n}> <{E}directedBy> <{E}p{n % 3}> .")
        lines.append(f"<{E}f{n}> <{E}starring> <{E}p{3 + n % 3}> .")
    return "\n".join(lines) + "\n"


def passages(*extra: tuple[str, str]) -> list[Passage]:
    texts = []
    for n in range(12):
        film = f"Film Number {chr(65 + n)}x"
        one, two = PEOPLE[(n + 1) % 3], PEOPLE[3 + (n + 1) % 3]
        texts.append((film, f"{film} was directed by {one}. The cast of {film}, starring {two}, was small."))
    texts += extra
    return [Passage(f"p{n}", f"d{n}.md", text, "en", 0, len(text), title) for n, (title, text) in enumerate(texts)]


def found(store, rows, **settings):
    reader = Reader(store, settings=Extraction(**settings)) if settings else Reader(store)
    reader.learn(lambda: iter(rows), len(rows))
    return list(reader.find(rows))


@pytest.fixture
def films(make):
    store, report = make({"films.nt": graph()})
    assert not report.problems
    return store


def said(rows):
    return {(row.names[0], row.names[1], row.names[2]) for row in rows}


def test_statements_are_read_with_their_place_and_confidence(films):
    rows = passages()
    out = found(films, rows)
    assert ("Film Number Ax", "directed by", "Bo Lindqvist") in said(out)
    assert ("Film Number Bx", "starring", "𠮷田 Fumio") in said(out)
    texts = {row.doc_id: row.text for row in rows}
    for row in out:
        assert texts[row.document][row.start : row.end] == row.quote
        assert 0 < row.confidence < 1
        assert row.names[2] in row.quote
    right = {(f"Film Number {chr(65 + n)}x", "directed by", PEOPLE[(n + 1) % 3]) for n in range(12)}
    assert right <= said(out)


def test_a_name_that_the_graph_does_not_know_becomes_a_thing_only_if_wanted(films):
    rows = passages(("Film Number Zx", "Film Number Zx was directed by Frida Kahlo."))
    new = [row for row in found(films, rows) if row.names[2] == "Frida Kahlo"]
    assert [row.object.value for row in new] == [FRESH + "Frida%20Kahlo"]
    assert {iri for iri, _ in new[0].fresh} == {FRESH + "Frida%20Kahlo", FRESH + "Film%20Number%20Zx"}
    assert not [row for row in found(films, rows, fresh=False) if row.names[2] == "Frida Kahlo"]


def test_what_the_text_does_not_affirm_is_not_read(films):
    from kgqa.reading.assertion import status

    rows = passages(("Film Number Mx", "Film Number Mx was not directed by Ada Byron."))
    reader = Reader(films, asserted=lambda text, start, end: status(text, start, end) == "affirmed")
    reader.learn(lambda: iter(rows), len(rows))
    assert not [row for row in reader.find(rows) if row.document == rows[-1].doc_id]


def test_a_sentence_about_another_thing_says_nothing_of_the_topic(films):
    rows = passages(("Film Number Nx", "Long before, Film Number Ax was directed by Bo Lindqvist."))
    assert ("Film Number Nx", "directed by", "Bo Lindqvist") not in said(found(films, rows))


def test_hostile_passages_give_nothing_and_raise_nothing(films):
    nasty = ["", " ", "\x00\x1f", "“‘" * 500, "‮abc‬", "A" * 50_000, "(" * 3000, "𠮷" * 2000, "Film Number Ax " * 800]
    rows = [Passage(f"p{n}", f"d{n}", t, "en", 0, len(t), t[:300]) for n, t in enumerate(nasty)]
    assert found(films, rows) == []


def test_phrases_headings_and_numbers_are_no_names(films):
    from kgqa.graph.extraction.lines import _runs

    text = "## Monitoring\n\nBefore Ada Byron came, the St. Louis de la Mer had 12 rooms."
    assert [text[a:b] for a, b in _runs(text)] == ["Ada Byron", "St", "Louis de la Mer", "12"]
    rows = passages(
        ("Film Number Ux", "Film Number Ux was directed by more than one man."),
        ("Film Number Vx", "Film Number Vx was directed by 1999."),
        ("A note on Film Number Ax", "It was directed by Chen Wei."),
    )
    texts = {row.doc_id for row in rows[-3:]}
    assert not [row for row in found(films, rows) if row.document in texts]


def test_chinese_sentences_are_read(make):
    label = "<http://www.w3.org/2000/01/rdf-schema#label>"
    lines = [f'<{E}director> {label} "导演"@zh .', f'<{E}actor> {label} "主演"@zh .']
    people = ("张艺谋", "陈凯歌", "巩俐", "葛优")
    lines += [f'<{E}p{n}> {label} "{name}"@zh .' for n, name in enumerate(people)]
    films = [f"第{n}部电影" for n in range(10, 26)]
    for n, name in enumerate(films):
        lines.append(f'<{E}f{n}> {label} "{name}"@zh .')
        lines.append(f"<{E}f{n}> <{E}director> <{E}p{n % 2}> .")
        lines.append(f"<{E}f{n}> <{E}actor> <{E}p{2 + n % 2}> .")
    store, _ = make({"z.nt": "\n".join(lines) + "\n"})
    texts = [f"{name}的导演是{people[(n + 1) % 2]}。主演为{people[2 + (n + 1) % 2]}。" for n, name in enumerate(films)]
    rows = [Passage(f"p{n}", f"d{n}", t, "zh", 0, len(t), films[n]) for n, t in enumerate(texts)]
    got = said(found(store, rows))
    assert (films[0], "导演", "陈凯歌") in got
    assert (films[0], "主演", "葛优") in got
    assert not [row for row in got if row[1] == "导演" and row[2] in people[2:]]


# --- the ledger ---


def test_decisions_survive_a_new_run_and_rejected_statements_are_gone(films, tmp_path):
    out = found(films, passages())
    path = tmp_path / "extracted" / "statements.jsonl"
    assert ledger.write(path, out) == len(out)
    rows, count = ledger.decided(ledger.read(path), [out[0].id], "rejected")
    assert count == 1
    rows, count = ledger.decided(rows, ["all"], "accepted", least=0.99999)
    assert count == 0
    rows, _ = ledger.decided(rows, [out[1].id], "accepted")
    again = ledger.merged(rows, out)
    assert {row.state for row in again if row.id == out[0].id} == {"rejected"}
    assert {row.state for row in again if row.id == out[1].id} == {"accepted"}
    gone = ledger.merged(rows, out[5:])
    assert {row.state for row in gone if row.id == out[1].id} == {"accepted"}
    triples = {item.triple[0].value + item.triple[2].value for item in ledger.statements(again, "all").statements}
    assert out[0].subject + out[0].object.value not in triples


def test_a_damaged_ledger_names_its_line(tmp_path):
    path = tmp_path / "statements.jsonl"
    path.write_text('{"subject": "x"}\n', encoding="utf-8")
    with pytest.raises(SourceError, match=r"statements\.jsonl:1: .*kgqa extract"):
        ledger.read(path)


def test_statements_of_changed_or_missing_documents_fall_away(films):
    rows = passages()
    texts = {row.doc_id: row.text for row in rows}
    out = found(films, rows)
    texts["d0.md"] = texts["d0.md"].replace("directed", "Directed")
    del texts["d1.md"]
    left = {row.document for row in ledger.standing(out, lambda doc: texts[doc])}
    assert "d1.md" not in left
    assert "d2.md" in left
    assert all(texts[r.document][r.start : r.end] == r.quote for r in ledger.standing(out, lambda doc: texts[doc]))


# --- in the graph ---


@pytest.mark.parametrize("use", USES)
def test_unaccepted_statements_answer_only_where_they_may_and_say_what_they_are(films, tmp_path, use):
    out = found(films, passages())
    row = next(r for r in out if r.names[:2] == ("Film Number Ax", "directed by") and r.object.value == E + "p1")
    rows, _ = ledger.decided([row], [row.id], "accepted") if use == "accepted" else ([row], 0)
    source = tmp_path / "s" / "films.nt"
    source.parent.mkdir()
    source.write_text(graph(), encoding="utf-8")
    GraphStore.build([source], source.parent, tmp_path / "g", read=ledger.statements(rows, use))
    store = GraphStore.open(tmp_path / "g")
    triple = store.triple(row.subject, row.predicate, row.object)
    assert store.has(row.subject, row.predicate, row.object) == (use != "none")
    if use == "none":
        named = f"ASK {{ GRAPH <{UNREVIEWED}> {{ <{row.subject}> <{row.predicate}> <{row.object.value}> }} }}"
        assert store.select(named) is True
        assert triple.excerpts == ()
    else:
        assert triple.sources == (row.document,)
        assert triple.reviewed == (use == "accepted")
        assert [(e.document, e.start, e.end) for e in triple.excerpts] == [(row.document, row.start, row.end)]
    known = store.triple(E + "f0", E + "directedBy", Term(E + "p0"))
    assert known.reviewed and known.excerpts == ()
    store.close()
