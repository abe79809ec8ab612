from datetime import date

import pytest

from kgqa.errors import IndexFault, UsageError
from kgqa.retrieval.dense import DenseConfig, DenseIndex
from kgqa.retrieval.hybrid import HybridConfig, HybridRetriever
from kgqa.retrieval.index import IndexConfig, open_retriever, write_indexes
from kgqa.retrieval.lexical import LexicalIndex
from kgqa.retrieval.text import headed_text
from kgqa.store.passages import PassageStore, PassageWriter
from kgqa.types import Document, Filters, Passage, Validity

MODES = ("lexical", "dense", "hybrid")
modes = pytest.mark.parametrize("mode", MODES)
KINDS = {"flat": DenseConfig(), "hnsw": DenseConfig(flat_up_to=0), "ivfpq": DenseConfig(flat_up_to=0, hnsw_up_to=1)}


def write(folder, documents):
    folder.mkdir(exist_ok=True)
    with PassageWriter(folder / "passages.sqlite") as writer:
        for document, passages in documents:
            writer.add(document, passages)
    return PassageStore(folder / "passages.sqlite")


def retriever(store, encoder, **named):
    passages = list(store.all_passages())
    dense = DenseIndex.build(encoder.encode([headed_text(passage) for passage in passages]))
    return HybridRetriever(store, LexicalIndex.build(passages), dense, encoder, **named)


@pytest.fixture
def store(tmp_path, documents):
    return write(tmp_path, documents)


@pytest.fixture
def search(store, encoder):
    return retriever(store, encoder)


def ids(hits):
    return [hit.passage.id for hit in hits]


@modes
def test_the_contract_of_a_retriever(search, mode):
    questions = ["metformin blood sugar", "fever and cough", "the tenant pays rent"]
    found = search.retrieve(questions, 2, mode=mode)
    assert [ids(hits)[0] for hits in found] == ["diabetes.md#2", "flu.md#0", "lease.md#4"]
    for hits in found:
        assert len(hits) <= 2
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)
        assert set(hits[0].parts) == {"lexical", "dense"} if mode == "hybrid" else {mode}
    assert search.retrieve([], 5, mode=mode) == []
    assert len(search.retrieve(questions, 99, mode=mode)[0]) <= 6
    assert [search.retrieve([question], 2, mode=mode)[0] for question in questions] == found


@modes
def test_blank_questions_find_nothing(search, mode):
    found = search.retrieve(["", "fever", " \n\u3000"], mode=mode)
    assert [bool(hits) for hits in found] == [False, True, False]


def test_a_question_of_a_megabyte_is_searched_by_its_beginning(search):
    hits = search.retrieve(["metformin " + "x" * 1_000_000], 3)[0]
    assert ids(hits)[0] == "diabetes.md#2"


def test_known_words(search):
    assert search.known(["metformin", "zeppelin", "糖尿病"]) == [True, False, True]


def test_wrong_calls_are_refused(search):
    with pytest.raises(UsageError, match="k is 0; ask for at least 1"):
        search.retrieve(["x"], 0)
    with pytest.raises(UsageError, match="boost has 1 entries for 2 questions"):
        search.retrieve(["x", "y"], boost=[["a"]])


def test_both_searches_see_what_only_one_finds(search):
    # BM25 shares no term with it; the dense side alone finds anything.
    hits = search.retrieve(["zeppelin"], 3)[0]
    assert len(hits) == 3
    assert {hit.parts["lexical"] for hit in hits} == {0.0}
    assert search.retrieve(["zeppelin"], 3, mode="lexical") == [[]]


def test_the_two_fusions(store, encoder):
    for fusion in ("normalised", "rank"):
        search = retriever(store, encoder, config=HybridConfig(fusion=fusion))
        hits = search.retrieve(["metformin blood sugar"], 3)[0]
        assert ids(hits)[0] == "diabetes.md#2"
        assert hits[0].score <= (1.0 if fusion == "normalised" else 2 / 61) + 1e-9
        assert hits[0].score > hits[1].score


def test_a_question_in_a_language_that_the_encoder_cannot_read_goes_by_its_words(store, encoder):
    encoder.languages = ("en",)
    search = retriever(store, encoder)
    assert search._lexical_weight("what lowers blood sugar?") == 0.5
    assert search._lexical_weight("治疗糖尿病的首选药物是什么？") == 0.9
    assert search._lexical_weight("1234") == 0.5
    encoder.languages = ("en", "zh")
    assert search._lexical_weight("治疗糖尿病的首选药物是什么？") == 0.7
    encoder.languages = ()
    assert search._lexical_weight("治疗糖尿病的首选药物是什么？") == 0.5


@modes
def test_lifted_documents_rise(search, mode):
    question = "symptoms and rest"
    plain = ids(search.retrieve([question], 6, mode=mode)[0])
    lifted = search.retrieve([question], 6, mode=mode, boost=[["diabetes.md", "lease.md", "unknown.md"]])[0]
    places = {name: ids(lifted).index(name) for name in ids(lifted)}
    for name in ("diabetes.md#2", "lease.md#4"):
        if name in plain:
            assert places[name] <= plain.index(name)
    assert all(("boost" in hit.parts) == (hit.passage.doc_id in ("diabetes.md", "lease.md")) for hit in lifted)


def test_a_lifted_document_is_found_beyond_the_candidates(tmp_path, encoder):
    content = [
        (Document(f"{i}", "", "", "text/plain", "en"), [Passage(f"{i}", f"{i}", f"apple {i} pie", "en", 0, 5)])
        for i in range(60)
    ]
    store = write(tmp_path, content)
    search = retriever(store, encoder, config=HybridConfig(depth=5))
    assert "59" not in ids(search.retrieve(["apple 7"], 5)[0])
    assert "59" in ids(search.retrieve(["apple 7"], 5, boost=[["59"]])[0])


@modes
@pytest.mark.parametrize("kind", KINDS)
def test_filters_are_applied_by_the_index(tmp_path, encoder, mode, kind):
    content = []
    for i in range(700):
        validity = Validity(date(2020, 1, 1) if i % 300 == 7 else date(2024, 1, 1))
        access = frozenset({"staff"}) if i == 307 else frozenset()
        passage = Passage(f"{i}", f"{i % 60}.md", f"apple number {i}", "en", 0, 5, validity=validity, access=access)
        content.append((Document(f"{i}", "", "", "text/plain", "en"), [passage]))
    content = [
        (
            document,
            [Passage(p.id, document.id, p.text, p.language, 0, 5, validity=p.validity, access=p.access) for p in mine],
        )
        for document, mine in content
    ]
    store = write(tmp_path / "a", content)
    config = IndexConfig(dense=KINDS[kind])
    write_indexes(tmp_path / "a", store.all_passages(), encoder, config=config)
    search = open_retriever(tmp_path / "a", store, encoder, mode=mode, config=config)
    early = Filters(as_of=date(2021, 1, 1))
    assert sorted(ids(search.retrieve(["apple number"], 10, filters=early)[0])) == ["307", "607", "7"]
    outsider = Filters(as_of=date(2021, 1, 1), groups=frozenset({"public"}))
    assert sorted(ids(search.retrieve(["apple number"], 10, filters=outsider)[0])) == ["607", "7"]
    boosted = search.retrieve(["apple number"], 10, filters=outsider, boost=[["307", "9", "7"]])[0]
    assert sorted(ids(boosted)) == ["607", "7"]
    nobody = Filters(documents=frozenset())
    assert search.retrieve(["apple number"], 10, filters=nobody) == [[]]


def test_an_empty_index_answers_nothing(tmp_path, encoder):
    store = write(tmp_path, [])
    assert write_indexes(tmp_path, [], encoder).passages == 0
    assert open_retriever(tmp_path, store, encoder).retrieve(["anything"]) == [[]]


# --- on disk ---


@pytest.mark.parametrize("kind", KINDS)
def test_unchanged_passages_keep_their_vectors(tmp_path, documents, encoder, kind):
    config = IndexConfig(dense=KINDS[kind])
    many = [Passage(f"m{i}", "many.md", f"filler {i} 𝔘", "en", 0, 5) for i in range(640)]
    documents = [*documents, (Document("many.md", "M", "", "text/plain", "en"), many)]
    store = write(tmp_path / "a", documents)
    first = write_indexes(tmp_path / "a", store.all_passages(), encoder, config=config)
    assert (first.passages, first.encoded, first.reused) == (646, 646, 0)
    new = Passage("new.md#0", "new.md", "Quite new. 𠮷", "en", 0, 5)
    changed = [*documents[1:], (Document("new.md", "N", "", "text/plain", "en"), [new])]
    store = write(tmp_path / "b", changed)
    encoder.encoded.clear()
    calls = []
    second = write_indexes(
        tmp_path / "b",
        store.all_passages(),
        encoder,
        previous=tmp_path / "a",
        config=config,
        progress=lambda *at: calls.append(at),
    )
    assert (second.passages, second.encoded, second.reused) == (645, 1, 644)
    assert encoder.encoded == ["Quite new. 𠮷"]
    assert calls == [(1, 1)]
    fresh = write(tmp_path / "c", changed)
    write_indexes(tmp_path / "c", fresh.all_passages(), encoder, config=config)
    for name in ("dense.faiss", "dense.keys", "dense.json"):
        assert (tmp_path / "b" / name).read_bytes() == (tmp_path / "c" / name).read_bytes()


def test_vectors_of_another_encoder_are_not_taken(tmp_path, documents, encoder):
    store = write(tmp_path / "a", documents)
    write_indexes(tmp_path / "a", store.all_passages(), encoder)
    encoder.fingerprint = "another"
    (tmp_path / "b").mkdir()
    assert write_indexes(tmp_path / "b", store.all_passages(), encoder, previous=tmp_path / "a").reused == 0
    with pytest.raises(IndexFault, match="made with encoder hash-256, configured is another"):
        open_retriever(tmp_path / "a", store, encoder)


def test_a_damaged_older_index_is_not_reused(tmp_path, documents, encoder):
    store = write(tmp_path / "a", documents)
    write_indexes(tmp_path / "a", store.all_passages(), encoder)
    (tmp_path / "a" / "dense.faiss").write_bytes(b"")
    (tmp_path / "b").mkdir()
    assert write_indexes(tmp_path / "b", store.all_passages(), encoder, previous=tmp_path / "a").reused == 0


def test_damaged_and_mismatched_parts_are_refused(tmp_path, documents, encoder):
    store = write(tmp_path / "a", documents)
    write_indexes(tmp_path / "a", store.all_passages(), encoder)
    for name, message in (
        ("dense.faiss", "has sha256 .*, dense.json says"),
        ("dense.keys", "does not match"),
        ("dense.json", "cannot be read"),
    ):
        path = tmp_path / "a" / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        with pytest.raises(IndexFault, match=message):
            open_retriever(tmp_path / "a", store, encoder)
        path.unlink()
        with pytest.raises(IndexFault, match="cannot be read"):
            open_retriever(tmp_path / "a", store, encoder)
        path.write_bytes(whole)
    other = write(tmp_path / "b", documents[1:])
    with pytest.raises(IndexFault, match="differ in their number of passages"):
        open_retriever(tmp_path / "a", other, encoder)


def test_what_is_encoded_has_title_and_heading_once():
    def said(text, title="", heading=""):
        return headed_text(Passage("a", "a", text, "en", 0, 5, title=title, heading=heading))

    assert said("Text.", "Title", "One > Two") == "Title. One > Two. Text."
    assert said("Title is here.", "Title", "Title") == "Title is here."
    assert said("Text.", "Same", "Same") == "Same. Text."


def test_a_passage_in_another_language_is_found_by_its_meaning(tmp_path, encoder):
    made = [
        (f"{name}.md", text, language)
        for name, text, language in (
            ("a", "metformin lowers blood sugar", "en"),
            ("b", "天气很好，适合散步。𠀀", "zh"),
            ("c", "血压的目标值。", "zh"),
        )
    ]
    documents = [
        (Document(name, name, text, "text/plain", language), [Passage(f"{name}#0", name, text, language, 0, len(text))])
        for name, text, language in made
    ]
    store = write(tmp_path / "two", documents)
    question = "血糖怎么降低？"
    plain, read = encoder.encode, {question: "metformin lowers blood sugar"}
    encoder.encode = lambda texts, role="passage": plain([read.get(text, text) for text in texts], role)
    encoder.languages = ("en", "zh")
    scores = {hit.passage.id: hit.score for hit in retriever(store, encoder).retrieve([question], 3)[0]}
    encoder.languages = ("zh",)
    before = {hit.passage.id: hit.score for hit in retriever(store, encoder).retrieve([question], 3)[0]}
    assert scores["a.md#0"] == pytest.approx(0.8)
    assert scores["a.md#0"] > before["a.md#0"]
