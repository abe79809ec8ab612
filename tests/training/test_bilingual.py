"""Chinese beside English: vocabulary, alignment, first rows, training of new rows, code-switched questions."""

import gzip
import json
import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models
from transformers import AutoModel

from kgqa.evaluation.squad import Example
from kgqa.reading.extractive import load_tokenizer
from kgqa.reading.windows import WindowCutter
from kgqa.training.bilingual import BilingualOptions, by_characters, prepare, sentence_pairs, train_rows
from kgqa.training.bilingual_measure import distinct, recalls
from kgqa.training.bilingual_pairs import Pair, articles, held, statute_pairs, translations
from kgqa.training.bilingual_reader import between, graft, switched, train_bilingual, unanswerable_by_pairs
from kgqa.training.bilingual_words import align, choose, extend, first_rows, vocabulary, write_tokenizer
from kgqa.training.charsmap import charsmap
from kgqa.training.loop import Schedule
from kgqa.training.reader import features

SOME = [
    ("the doctor live in paris", "医生住在巴黎"),
    ("the judge live in rome", "法官住在罗马"),
    ("the doctor work in rome", "医生在罗马工作"),
    ("the pilot live in oslo", "飞行员住在奥斯陆"),
    ("the judge work in oslo", "法官在奥斯陆工作"),
    ("the pilot work in paris", "飞行员在巴黎工作"),
]
PAIRS = [Pair(english, chinese, "made") for english, chinese in SOME] * 4


@pytest.fixture(scope="module")
def words(tiny_base):
    """The tiny English tokenizer, the same with Chinese, and the Chinese rows."""
    old = json.loads((tiny_base / "tokenizer.json").read_text(encoding="utf-8"))
    vocab = vocabulary(old, 1300, list("医生住在巴黎法官罗马病药爱国"), ["医生", "罗马", "爱国"])
    new = extend(old, vocab)
    return Tokenizer.from_file(str(tiny_base / "tokenizer.json")), Tokenizer.from_str(json.dumps(new)), vocab


def test_english_text_has_the_same_tokens_as_before(words):
    before, after, _ = words
    for text in ("the doctor live in Paris.", "Anna likes green ?", "naïve doctor 𝔘"):
        assert after.encode(text).ids == before.encode(text).ids


@pytest.mark.parametrize(("one", "other"), [("羅馬", "罗马"), ("愛國", "爱国"), ("醫生", "医生"), ("藥", "药")])
def test_traditional_and_simplified_text_have_the_same_tokens(words, one, other):
    _, tokenizer, _ = words
    assert tokenizer.encode(one).ids == tokenizer.encode(other).ids
    assert tokenizer.token_to_id("[UNK]") not in tokenizer.encode(one).ids


def test_offsets_are_those_of_the_text(words):
    _, tokenizer, _ = words
    text = "𝔘 the 醫生，住在 羅馬(rome)"
    pieces = [text[a:b] for a, b in tokenizer.encode(text, add_special_tokens=False).offsets]
    assert pieces == ["𝔘", "the", "醫生", "，", "住", "在", "羅馬", "(", "rome", ")"]


def test_a_token_that_was_there_keeps_its_row_and_other_rows_are_distinct(words):
    before, _, vocab = words
    assert vocab.rows["病"] == before.token_to_id("病")
    assert len({vocab.rows[token] for token in "医生住在巴黎法官罗马病药爱国"}) == 14
    assert max(vocab.rows.values()) < vocab.size


def test_by_characters_reads_words_as_characters(words, tmp_path, tiny_base):
    old = json.loads((tiny_base / "tokenizer.json").read_text(encoding="utf-8"))
    write_tokenizer(extend(old, words[2]), tmp_path / "tokenizer.json")
    single = by_characters(tmp_path / "tokenizer.json")
    assert single.encode("醫生", add_special_tokens=False).ids == [words[2].rows["医"], words[2].rows["生"]]
    assert len(words[1].encode("醫生", add_special_tokens=False).ids) == 1


# Letters that stand alone: the library exchanges a letter together with the accents on it.
_LETTERS = st.one_of(
    *(st.characters(min_codepoint=a, max_codepoint=b) for a, b in ((0x21, 0x7E), (0xC0, 0xFF), (0x3400, 0x9FFF))),
    st.characters(min_codepoint=0x20000, max_codepoint=0x2A6DF),
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(_LETTERS, st.text("甲乙ab𝔘", max_size=3), max_size=40), st.text(_LETTERS))
def test_a_character_table_exchanges_what_it_names_and_nothing_else(changes, text):
    made = json.loads(Tokenizer(models.WordPiece({"[UNK]": 0})).to_str()) | {
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": charsmap(changes)}
    }
    text += "".join(changes)
    found = Tokenizer.from_str(json.dumps(made)).normalizer.normalize_str(text)
    assert found == "".join(changes.get(char, char) for char in text)


def test_choose_takes_frequent_words_and_leaves_out_what_is_seen_once():
    characters, chosen = choose([("高血压患者患有高血压，高血压。", 1.0), ("罕", 1.0)], 100, 1)
    assert "罕" not in characters
    assert {"高", "血", "压"} <= set(characters)
    assert chosen == ["高血压"]


def test_alignment_finds_the_translation():
    texts = [
        (["医生", "住", "巴黎"], ["doctor", "lives", "paris"]),
        (["医生", "住", "罗马"], ["doctor", "lives", "rome"]),
    ]
    texts += [
        (["法官", "住", "罗马"], ["judge", "lives", "rome"]),
        (["法官", "去", "巴黎"], ["judge", "goes", "paris"]),
    ]
    found = align(texts * 5)
    assert [found[word][0][0] for word in ("医生", "巴黎", "罗马", "法官")] == ["doctor", "paris", "rome", "judge"]


def test_first_rows_are_those_of_the_translation_and_english_rows_stay(words):
    before, _, vocab = words
    table = np.random.default_rng(1).normal(size=(1300, 8)).astype(np.float32)
    rows, translated = first_rows(vocab, {"医": [("doctor", 1.0)], "生": [("live", 1.0)]}, before, table)
    doctor, live = (table[before.token_to_id(word)] for word in ("doctor", "live"))
    assert np.allclose(rows[vocab.rows["医"]], doctor)
    assert np.allclose(rows[vocab.rows["医生"]], (doctor + live) / 2)  # without translation: the mean of its characters
    assert translated == 2
    english = [at for at in range(60) if at not in vocab.rows.values()]
    assert (rows[english] == table[english]).all()


def test_training_moves_chinese_towards_its_translation_and_leaves_english_alone(tiny_base, tmp_path):
    options = BilingualOptions(
        characters=60,
        words=10,
        bank=4,
        length=32,
        schedule=Schedule(learning_rate=2e-2, epochs=30, batch=12, warmup=0.1),
    )
    start = prepare(PAIRS, ["药"], tmp_path / "start", options, tiny_base)
    base = AutoModel.from_pretrained(tiny_base).eval()
    tokenizer = Tokenizer.from_file(str(start.folder / "tokenizer.json"))
    targets = np.stack([_vector(base, tokenizer, pair.english) for pair in PAIRS])
    trained = train_rows(start, PAIRS, targets, [("医生", "巴黎")], tmp_path / "out", options)
    model = AutoModel.from_pretrained(trained).eval()
    first = AutoModel.from_pretrained(start.folder).eval()
    before, after = (
        np.mean([_vector(m, tokenizer, pair.chinese) @ row for pair, row in zip(PAIRS, targets, strict=True)])
        for m in (first, model)
    )
    assert after > before
    assert (_vector(model, tokenizer, "the doctor likes red") == _vector(base, tokenizer, "the doctor likes red")).all()


def _vector(model, tokenizer, text):
    ids = torch.tensor([tokenizer.encode(text, add_special_tokens=False).ids])
    with torch.inference_mode():
        row = model(input_ids=ids)[0].mean(1)[0].numpy()
    return row / np.linalg.norm(row)


def test_no_translation_of_a_held_out_sentence_is_trained_on(tmp_path):
    rows = [f"sentence {at}\t句子{at % 7}\tsome right" for at in range(200)]
    _gz(tmp_path / "bilingual/tatoeba-en-zh.tsv.gz", "\ufeff" + "\n".join([*rows, "a line without a tab"]))
    _gz(
        tmp_path / "medical/hpo-en-zh.tsv.gz",
        "source_value\ttranslation_value\nShort stature\t身材矮小\n",
    )
    for language in ("en", "zh"):
        _gz(tmp_path / f"bilingual/stsb-{language}-train.csv.gz", "a,b,1.0\n")
    used, kept = translations(tmp_path)
    assert {p.chinese for p in used if p.source == "tatoeba"}.isdisjoint({p.chinese for p in kept})
    assert kept
    assert all(held(pair.english) for pair in kept)
    assert not any(held(pair.english) for pair in used if pair.source != "stsb")


def _gz(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.write(text)


def test_articles_of_a_statute_and_their_parts(tmp_path):
    import tarfile

    text = "# 中华人民共和国某法\n\n2020年通过\n\n<!-- INFO END -->\n\n## 第一章\n\n第一条 为了保护公民的合法权益，维护社会秩序，保障社会主义建设，根据宪法，制定本法，并且依法施行。\n\n第二条 短。\n"
    (tmp_path / "某法.md").write_text(text, encoding="utf-8")
    with tarfile.open(tmp_path / "laws.tar.xz", "w:xz") as archive:
        archive.add(tmp_path / "某法.md", "某法.md")
    (one,) = articles(tmp_path / "laws.tar.xz")
    assert (one.law, one.number) == ("中华人民共和国某法", "第一条")
    ((asked, rest),) = statute_pairs([one])
    assert asked == "某法：为了保护公民的合法权益"
    assert rest.startswith("维护社会秩序")


def test_the_sentence_that_holds_the_answer():
    example = Example("1", "谁住在罗马？", "甲住在巴黎。乙住在罗马。", ((6, "乙"),), "城")
    assert sentence_pairs([example]) == [("谁住在罗马？", "乙住在罗马。")]


LEXICON = {"doctor": [("医生", 0.8), ("大夫", 0.2)], "lives": [("住在", 1.0)], "rome": [("罗马", 1.0)]}


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(["The", "doctor", "lives", "in", "Rome", "𝔘", "(42)"]), min_size=1, max_size=12),
    st.integers(0, 99),
    st.floats(0, 1),
)
def test_a_switched_example_has_its_answer_where_it_says(tokens, seed, share):
    context = " ".join(tokens)
    at = seed % len(tokens)
    start = len(" ".join(tokens[:at])) + (at > 0)
    example = Example("1", "Who lives in Rome?", context, ((start, tokens[at]),), "a")
    made = switched(example, LEXICON, share, random.Random(seed))
    ((place, text),) = made.answers
    assert made.context[place : place + len(text)] == text
    if share == 0:
        assert made.context == context


def test_a_wrong_offset_is_not_switched():
    assert switched(Example("1", "Who?", "Rome", ((1, "Rome"),), "a"), LEXICON, 1.0, random.Random(1)) is None


def test_a_grafted_reader_has_the_english_head_and_the_chinese_rows(tiny_base, tmp_path):
    from transformers import AutoModelForQuestionAnswering

    options = BilingualOptions(characters=60, words=10)
    start = prepare(PAIRS, [], tmp_path / "start", options, tiny_base)
    reader = AutoModelForQuestionAnswering.from_pretrained(tiny_base)
    reader.save_pretrained(tmp_path / "reader")
    made = graft(tmp_path / "reader", start.folder, start.rows, tmp_path / "made")
    found = AutoModelForQuestionAnswering.from_pretrained(made)
    wanted = AutoModel.from_pretrained(start.folder).get_input_embeddings().weight
    assert (found.get_input_embeddings().weight[list(start.rows)] == wanted[list(start.rows)]).all()
    assert (found.qa_outputs.weight == reader.qa_outputs.weight).all()


@pytest.mark.parametrize("body", [False, True])
def test_a_bilingual_reader_learns_chinese_rows_and_keeps_english_ones(tiny_base, tmp_path, body):
    from transformers import AutoModelForQuestionAnswering

    options = BilingualOptions(characters=60, words=10)
    start = prepare(PAIRS, [], tmp_path / "start", options, tiny_base)
    AutoModelForQuestionAnswering.from_pretrained(tiny_base).save_pretrained(tmp_path / "reader")
    made = graft(tmp_path / "reader", start.folder, start.rows, tmp_path / "made")
    asked = [Example(str(n), "住在罗马", zh, ((0, zh[:2]),), "a") for n, (_, zh) in enumerate(SOME)]
    asked += [Example("en", "who live in rome ?", "the judge live in rome", ((4, "judge"),), "b")]
    windows = features(asked, WindowCutter(load_tokenizer(made), 32, 8))
    schedule = Schedule(learning_rate=1e-2, epochs=20, batch=4, mixed_precision=False)
    trained = train_bilingual(made, start.rows, windows, tmp_path / "run", schedule, body=body)
    before, after = (AutoModelForQuestionAnswering.from_pretrained(folder) for folder in (made, trained))
    moved = (before.get_input_embeddings().weight != after.get_input_embeddings().weight).any(1).nonzero().flatten()
    assert len(moved) > 0
    assert set(moved.tolist()) <= set(start.rows)
    assert torch.equal(before.qa_outputs.weight, after.qa_outputs.weight) is not body
    half = AutoModelForQuestionAnswering.from_pretrained(between(made, trained, 0.5, tmp_path / "half"))
    wanted = (before.qa_outputs.weight + after.qa_outputs.weight) / 2
    assert torch.allclose(half.qa_outputs.weight, wanted, atol=1e-6)
    assert torch.equal(half.get_input_embeddings().weight, after.get_input_embeddings().weight)


def test_a_stopped_run_is_the_beginning_of_the_whole_one(tiny_base, tmp_path):
    from transformers import AutoModelForQuestionAnswering

    start = prepare(PAIRS, [], tmp_path / "start", BilingualOptions(characters=60, words=10), tiny_base)
    AutoModelForQuestionAnswering.from_pretrained(tiny_base).save_pretrained(tmp_path / "reader")
    made = graft(tmp_path / "reader", start.folder, start.rows, tmp_path / "made")
    asked = [Example(str(n), "住在罗马", zh, ((0, zh[:2]),), "a") for n, (_, zh) in enumerate(SOME)]
    windows = features(asked, WindowCutter(load_tokenizer(made), 32, 8))
    schedule = Schedule(learning_rate=1e-2, epochs=5, batch=2, mixed_precision=False, save_every=2)
    part, whole = (
        train_bilingual(made, start.rows, windows, tmp_path / f"run{stop}", schedule, stop=stop) for stop in (4, 0)
    )
    lines = (tmp_path / "run4/work/log.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[-1])["update"] == 4
    on = train_bilingual(made, start.rows, windows, tmp_path / "run4", schedule)
    ends = [AutoModelForQuestionAnswering.from_pretrained(folder).state_dict() for folder in (whole, on)]
    assert part == on
    assert all(torch.allclose(ends[0][name], ends[1][name], atol=1e-6) for name in ends[0])


def test_a_question_without_answer_is_asked_of_the_likest_passage_without_it():
    texts = ["罗马的法官住在城里。", "罗马的医生住在罗马的城里。", "飞行员在奥斯陆。"]
    asked = [Example(str(n), "罗马的医生是谁？", text, ((0, text[:2]),), "a") for n, text in enumerate(texts[:1])]
    asked += [Example("x", "飞行员？", text, ((0, text[:3]),), "a") for text in texts[1:]]
    made = unanswerable_by_pairs(asked[:1] + asked[1:], 1.0, random.Random(1))
    first = next(e for e in made if e.id == "0-none")
    assert first.answers == ()
    assert first.context == texts[2]  # the other passage on Rome holds the answer's words


def test_recall_counts_how_often_the_own_text_is_first():
    rows = np.eye(3, dtype=np.float32)
    assert recalls(rows, rows, np.arange(3)) == {"recall@1": 100.0, "recall@10": 100.0}
    assert recalls(rows, rows, np.array([1, 0, 2]))["recall@1"] == pytest.approx(33.33)


def test_pools_hold_no_text_twice():
    pairs = [Pair("a", "甲", "x"), Pair("a", "乙", "x"), Pair("b", "甲", "x"), Pair("c", "丙", "x")]
    assert [pair.english for pair in distinct(pairs, 9)] == ["a", "c"]
