import sqlite3
from datetime import date

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kgqa.errors import IndexFault, SourceError
from kgqa.store.passages import PassageStore, PassageWriter
from kgqa.types import Document, Filters, Passage, Section, Validity

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
dates = st.none() | st.dates()
validities = st.builds(Validity, dates, dates, st.none() | words, st.none() | words)
groups = st.frozensets(words, max_size=3)
metadata = st.dictionaries(words, words, max_size=3)
spans = st.integers(0, 1 << 40)
sections = st.builds(Section, words, spans, spans, st.integers(1, 6))


@st.composite
def sources(draw):
    names = draw(st.lists(words, min_size=1, max_size=4, unique=True))
    result = []
    for name in names:
        document = Document(
            name,
            draw(words),
            draw(words),
            draw(words),
            draw(words),
            tuple(draw(st.lists(sections, max_size=3))),
            tuple(draw(st.lists(spans, max_size=3))),
            draw(validities),
            draw(groups),
            draw(metadata),
        )
        passages = [
            Passage(
                f"{name}#{number}",
                name,
                draw(words),
                draw(words),
                draw(spans),
                draw(spans),
                draw(words),
                draw(words),
                draw(st.none() | st.integers(1, 999)),
                draw(validities),
                draw(groups),
                draw(metadata),
            )
            for number in range(draw(st.integers(0, 3)))
        ]
        result.append((document, passages))
    return result


def write(path, content):
    with PassageWriter(path) as writer:
        for document, passages in content:
            writer.add(document, passages)
    return PassageStore(path)


def doc(name, *texts, **fields):
    passages = [
        Passage(
            f"{name}#{i}",
            name,
            text,
            fields.get("language", "en"),
            0,
            len(text),
            **{k: v for k, v in fields.items() if k != "language"},
        )
        for i, text in enumerate(texts)
    ]
    return Document(name, name, " ".join(texts), "text/plain", fields.get("language", "en")), passages


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sources())
def test_everything_comes_back_as_it_was(tmp_path_factory, content):
    store = write(tmp_path_factory.mktemp("store") / "passages.sqlite", content)
    expected = [passage for _, passages in content for passage in passages]
    assert list(store.all_passages(batch=2)) == expected
    assert [store.document(document.id) for document, _ in content] == [document for document, _ in content]
    assert [store.text(document.id) for document, _ in content] == [document.text for document, _ in content]
    assert store.documents() == [(document.id, document.title) for document, _ in content]
    assert len(store) == len(expected)
    store.close()


def test_rows_come_in_the_order_asked_for_and_more_than_once(tmp_path):
    store = write(tmp_path / "p", [doc("a", "one", "two"), doc("𝔟/二.md", "三")])
    assert [passage.text for passage in store.passages([2, 0, 2, 1])] == ["三", "one", "三", "two"]
    assert store.passages([]) == []
    assert store.passage("𝔟/二.md#0").text == "三"
    with pytest.raises(IndexError, match="no passage in row 3; the store has 3"):
        store.passages([0, 3])
    with pytest.raises(KeyError):
        store.document("c")
    with pytest.raises(KeyError):
        store.passage("c#0")


def test_more_rows_than_one_statement_takes(tmp_path):
    store = write(tmp_path / "p", [doc("a", *map(str, range(1300)))])
    rows = list(range(1299, -1, -1))
    assert [passage.text for passage in store.passages(rows)] == [str(row) for row in rows]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sources(), st.data())
def test_a_mask_agrees_with_the_filters_judgement(tmp_path_factory, content, data):
    passages = [passage for _, mine in content for passage in mine]
    store = write(tmp_path_factory.mktemp("store") / "p", content)
    some = st.sampled_from(passages) if passages else st.nothing()
    filters = Filters(
        data.draw(dates),
        data.draw(st.none() | words | some.map(lambda p: p.validity.jurisdiction)),
        data.draw(st.none() | some.map(lambda p: p.language)),
        data.draw(st.none() | groups | some.map(lambda p: p.access)),
        data.draw(st.none() | groups | some.map(lambda p: frozenset({p.doc_id}))),
        data.draw(st.just(()) | some.map(lambda p: tuple(p.metadata.items()))),
    )
    expected = [filters.admits(passage) for passage in passages]
    for _ in range(2):  # the second answer is a remembered one
        mask = store.mask(filters)
        assert (np.ones(len(passages), bool) if mask is None else mask).tolist() == expected
    store.close()


def test_no_filter_and_a_filter_that_admits_all_are_no_mask(tmp_path):
    store = write(tmp_path / "p", [doc("a", "x", validity=Validity(date(2020, 1, 1)))])
    assert store.mask(None) is None
    assert store.mask(Filters()) is None
    assert store.mask(Filters(as_of=date(2021, 1, 1))) is None
    assert store.mask(Filters(as_of=date(2019, 1, 1))).tolist() == [False]
    assert store.mask(Filters(documents=frozenset({"unknown"}))).tolist() == [False]


def test_rows_of_documents(tmp_path):
    store = write(tmp_path / "p", [doc("a", "1", "2"), doc("b"), doc("c", "3")])
    assert store.rows_of(["c", "a", "a", "?"]).tolist() == [0, 1, 2]
    assert store.rows_of(["b"]).tolist() == []


def test_a_refused_document_leaves_nothing_behind(tmp_path):
    with PassageWriter(tmp_path / "p") as writer:
        writer.add(*doc("a", "1"))
        with pytest.raises(SourceError, match="'a' cannot be stored"):
            writer.add(*doc("a", "2"))
        with pytest.raises(SourceError, match="mend its id or text"):
            writer.add(*doc("b", "fine", "lone \ud800"))
        document, passages = doc("c", "3")
        with pytest.raises(SourceError, match="passage c#0 is not of document b"):
            writer.add(doc("b", "x")[0], passages)
        writer.add(document, passages)
        assert len(writer) == 2
    store = PassageStore(tmp_path / "p")
    assert [passage.text for passage in store.passages([0, 1])] == ["1", "3"]


def test_bad_files_are_refused(tmp_path):
    with pytest.raises(IndexFault, match="missing"):
        PassageStore(tmp_path / "none")
    (tmp_path / "text").write_text("not a database, but long enough to be looked at " * 9)
    with pytest.raises(IndexFault, match="damaged"):
        PassageStore(tmp_path / "text")
    write(tmp_path / "p", [doc("a", "1")]).close()
    with pytest.raises(IndexFault, match="written once"):
        PassageWriter(tmp_path / "p")
    with sqlite3.connect(tmp_path / "p") as database:
        database.execute("PRAGMA user_version=99")
    database.close()
    with pytest.raises(IndexFault, match="format 99, this version reads 1"):
        PassageStore(tmp_path / "p")
    with pytest.raises(IndexFault, match="cannot be written"):
        PassageWriter(tmp_path / "no" / "folder")


def test_a_failed_write_leaves_no_store(tmp_path):
    with pytest.raises(RuntimeError), PassageWriter(tmp_path / "p") as writer:
        writer.add(*doc("a", "1"))
        raise RuntimeError
    with pytest.raises(IndexFault):
        PassageStore(tmp_path / "p")


def test_a_journal_put_beside_the_store_is_not_heeded(tmp_path):
    write(tmp_path / "p", [doc("a", "1")]).close()
    (tmp_path / "p-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\xff" * 2000)
    before = sorted(path.name for path in tmp_path.iterdir())
    assert PassageStore(tmp_path / "p").passages([0])[0].text == "1"
    assert sorted(path.name for path in tmp_path.iterdir()) == before
