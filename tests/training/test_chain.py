"""Pre-training, encoder and reranker training on a tiny model: each learns, and each leaves a folder that runs."""

import random

import numpy as np
import pytest

from kgqa.reading.extractive import load_tokenizer
from kgqa.retrieval.encoder import OnnxEncoder
from kgqa.retrieval.rerank import CrossEncoderReranker
from kgqa.training.encoder import EncoderOptions, train_encoder
from kgqa.training.loop import Schedule
from kgqa.training.mining import Group, Miner, hard_negatives
from kgqa.training.pretrain import MaskedWords, PretrainOptions, pretrain, recurring
from kgqa.training.reader import hold_out
from kgqa.training.reranker import RerankerOptions, train_reranker
from kgqa.training.starting import freeze, load_base
from kgqa.types import Hit, Passage

pytestmark = pytest.mark.torch
NAMES, CITIES = ["anna", "berta", "carl", "dora"], ["paris", "rome", "oslo", "lima"]
FAST = Schedule(learning_rate=3e-3, epochs=6, batch=8, log_every=4, mixed_precision=False)
TEXTS = [f"{n} is in {c} . {n} likes red and {c} is the city of {n} ." for n in NAMES for c in CITIES]


def groups(count=48):
    rng = random.Random(2)
    made = []
    for _ in range(count):
        name, *others = rng.sample(NAMES, 3)
        city = rng.choice(CITIES)
        made.append(Group(f"where is {name} ?", f"{name} is in {city} .", tuple(f"{o} is in {city} ." for o in others)))
    return made


def test_a_reranker_learns_to_pick_the_passage(tmp_path, tiny_base):
    reports = []
    options = RerankerOptions(base=tiny_base, length=32, freeze_words=False, schedule=FAST)
    told = [Group(g.question, g.positive, tuple(f"{n} likes red ." for n in NAMES[:2])) for g in groups()]
    train_reranker(told, tmp_path / "r", options, {"name": "tiny", "blend": 1.0}, reports.append)
    assert reports[-1].loss < 0.5 * reports[0].loss
    hits = [Hit(Passage(t, t, t, "en", 0, len(t)), 1.0) for t in ("dora likes blue .", "dora is in rome .")]
    best = CrossEncoderReranker(tmp_path / "r").rerank(["where is dora ?"], [hits])[0]
    assert best[0].passage.text == "dora is in rome ." and best[0].parts["rerank"] > best[1].parts["rerank"]


def test_an_encoder_learns_to_find_the_passage(tmp_path, tiny_base):
    reports = []
    options = EncoderOptions(base=tiny_base, length=32, freeze_words=False, schedule=FAST)
    train_encoder(groups(), tmp_path / "e", options, report=reports.append)
    assert reports[-1].loss < 0.8 * reports[0].loss
    encoder = OnnxEncoder(tmp_path / "e")
    scores = (
        encoder.encode([f"where is {n} ?" for n in NAMES], "query")
        @ encoder.encode([f"{n} is in rome ." for n in NAMES]).T
    )
    assert (scores.argmax(1) == np.arange(4)).sum() >= 3


@pytest.mark.parametrize("objective", ["words", "spans"])
def test_pretraining_lowers_its_loss_and_leaves_a_start(tmp_path, tiny_base, objective):
    reports = []
    options = PretrainOptions(base=tiny_base, objective=objective, length=32, freeze_words=False, schedule=FAST)
    pretrain(TEXTS, tmp_path, options, reports.append)
    assert reports[-1].loss < reports[0].loss
    model, _ = load_base("AutoModelForQuestionAnswering", tmp_path)
    assert model.config.hidden_size == 32


def test_masking_hides_the_chosen_tokens_only_and_is_the_same_each_time(tiny_base):
    tokenizer = load_tokenizer(tiny_base)
    window = np.array([2, *tokenizer.encode(TEXTS[0], add_special_tokens=False).ids, 3], dtype=np.int32)
    task = MaskedWords([window], tokenizer, 0.3, seed=1)
    ids, targets = task.masked(0)
    chosen = targets >= 0
    assert 0 < chosen.sum() < len(window) and not chosen[0] and not chosen[-1]
    assert (ids[~chosen] == window[~chosen]).all() and (targets[chosen] == window[chosen]).all()
    again = task.masked(0)
    assert (again[0] == ids).all() and (again[1] == targets).all()


def test_recurring_spans_point_at_the_other_occurrence(tiny_base):
    tokenizer = load_tokenizer(tiny_base)
    windows = [np.array([2, *tokenizer.encode(t, add_special_tokens=False).ids, 3], dtype=np.int32) for t in TEXTS]
    made = recurring(windows, tokenizer, 2, seed=1)
    assert made
    for feature in made:
        answer = tokenizer.decode([int(i) for i in feature.ids[feature.start : feature.end + 1]])
        assert any(text.count(answer) >= 2 for text in TEXTS) and answer
        assert 4 in feature.ids[: feature.context_at]  # the question has the mask


def test_mined_negatives_are_near_and_never_the_answer():
    texts = ["anna is in paris", "anna likes red", "carl is in rome", "the doctor is in"]
    miner = Miner(texts)
    near = [texts[i] for i in miner.similar(["where is anna"], 4)[0]]
    assert set(near[:2]) == {"anna is in paris", "anna likes red"}
    chosen = hard_negatives("where is anna", near, ["anna is in paris"], 2, random.Random(1))
    assert "anna is in paris" not in chosen and len(chosen) == 2


@pytest.mark.parametrize(("layers", "words"), [(0, False), (0, True), (1, True), (2, False)])
def test_freezing_keeps_the_lowest_layers(tiny_base, layers, words):
    model, _ = load_base("AutoModel", tiny_base)
    freeze(model, layers, words=words)
    moving = {name for name, p in model.named_parameters() if p.requires_grad}
    assert any("layer.0." in name for name in moving) is (layers < 1)
    assert any("layer.1." in name for name in moving) is (layers < 2)
    assert ("embeddings.word_embeddings.weight" in moving) is (not words and layers == 0)


def test_too_little_data_is_said(tmp_path, tiny_base):
    with pytest.raises(ValueError, match="at least two"):
        train_encoder(groups(1), tmp_path, EncoderOptions(base=tiny_base))
    with pytest.raises(ValueError, match="no training groups"):
        train_reranker([], tmp_path, RerankerOptions(base=tiny_base), {})
    with pytest.raises(ValueError, match="nothing to learn from"):
        pretrain(["short"], tmp_path, PretrainOptions(base=tiny_base))
    assert hold_out([], 0.5) == ([], [])
