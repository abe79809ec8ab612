"""Training a reader from files to a folder that answers, with and without adapters, on a tiny model."""

import json
import random

import pytest
import torch

from kgqa.errors import UsageError
from kgqa.evaluation.squad import Example, evaluate, read_examples
from kgqa.reading.extractive import OnnxReader, load_tokenizer
from kgqa.reading.hub import TransformersReader
from kgqa.reading.windows import WindowCutter
from kgqa.training.adapters import adapt, merged, trainable_share
from kgqa.training.loop import Schedule
from kgqa.training.reader import features, hold_out, unanswerable
from kgqa.training.reading import ReaderOptions, train_reader
from kgqa.training.starting import load_base
from kgqa.types import Passage

pytestmark = pytest.mark.torch
NAMES = "anna berta carl dora emil frieda".split()  # noqa: SIM905
CITIES = "paris rome oslo wien lima cairo".split()  # noqa: SIM905


def squad(path, count, seed, open_share=0.0):
    """Passages that say who is where; a question asks for one person's city."""
    rng = random.Random(seed)
    articles = []
    for number in range(count):
        people, places = rng.sample(NAMES, 3), rng.sample(CITIES, 3)
        context = " ".join(f"{a.title()} is in {b.title()} ." for a, b in zip(people, places, strict=True))
        who = rng.randrange(3)
        answer = places[who].title()
        asked = f"Where is {people[who].title()} ?"
        qa = {
            "id": f"{seed}-{number}",
            "question": asked,
            "answers": [{"text": answer, "answer_start": context.index(answer)}],
        }
        if rng.random() < open_share:
            missing = next(n for n in NAMES if n not in people)
            qa |= {"question": f"Where is {missing.title()} ?", "answers": [], "is_impossible": True}
        articles.append({"title": f"t{number}", "paragraphs": [{"context": context, "qas": [qa]}]})
    path.write_text(json.dumps({"version": "x", "data": articles}), encoding="utf-8")
    return path


QUICK = Schedule(learning_rate=2e-3, epochs=30, batch=8, log_every=20, check_every=100, mixed_precision=False)


def test_two_hundred_examples_make_a_reader_that_is_better_than_its_start(tmp_path, tiny_base):
    file = squad(tmp_path / "train.json", 220, 1, open_share=0.2)
    start = ReaderOptions(
        base=tiny_base, schedule=Schedule(epochs=0.01, batch=16), length=48, overlap=8, freeze_words=False
    )
    before = train_reader([file], tmp_path / "start", start)["metrics"]["train.json"]["f1"]
    options = ReaderOptions(base=tiny_base, schedule=QUICK, length=48, overlap=8, freeze_words=False, held_out=0.1)
    reports = []
    card = train_reader([file], tmp_path / "out", options, card={"license": "CC0-1.0"}, report=reports.append)
    metrics = card["metrics"]["train.json"]
    assert metrics["f1"] > before + 15 and metrics["n"] == 22
    assert reports[-1].loss < reports[0].loss
    assert {"model.onnx", "tokenizer.json", "card.json", "torch", "work"} <= {
        p.name for p in (tmp_path / "out").iterdir()
    }
    assert (tmp_path / "out" / "work" / "curve.png").stat().st_size > 5000
    assert card["license"] == "CC0-1.0" and len(card["held_out"]["train.json"]) == 22

    other = squad(tmp_path / "other.json", 60, 2)
    quantised = evaluate(other, OnnxReader(tmp_path / "out"))["f1"]
    full = evaluate(other, TransformersReader(tmp_path / "out" / "torch"))["f1"]
    assert abs(quantised - full) < 12  # a model 32 wide loses more than a real one

    again = ReaderOptions(base=tmp_path / "out", schedule=Schedule(epochs=0.01, batch=16), length=48, overlap=8)
    more = train_reader([file], tmp_path / "more", again)
    assert more["base"] == str(tmp_path / "out")


@pytest.mark.parametrize("method", ["lora", "adalora", "ia3"])
def test_adapters_train_few_weights_and_fold_in(tiny_base, method):
    from kgqa.training.loop import train
    from kgqa.training.reader import ReaderTask

    cutter = WindowCutter(load_tokenizer(tiny_base), 48, 8)
    rows = features([Example("1", "Where is Anna ?", "Anna is in Paris .", ((11, "Paris"),), "a")] * 32, cutter)
    plain, _ = load_base("AutoModelForQuestionAnswering", tiny_base)
    model = adapt(plain, method, rank=2, updates=20)
    assert 0 < trainable_share(model) < 0.25
    task = ReaderTask(rows, 0)
    first = float(task.loss(model, range(8), torch.device("cpu")).detach())
    train(
        model, task, Schedule(learning_rate=0.02, epochs=5, batch=8, mixed_precision=False), tiny_base.parent / method
    )
    flat = merged(model)
    assert not any("lora" in name or "ia3" in name for name, _ in flat.named_parameters())
    assert float(task.loss(flat.eval(), range(8), torch.device("cpu")).detach()) < 0.8 * first


def test_an_unknown_adapter_is_a_usage_error(tiny_base):
    with pytest.raises(UsageError, match="lora, adalora"):
        adapt(load_base("AutoModelForQuestionAnswering", tiny_base)[0], "magic")


def test_any_transformers_reader_marks_slices(tmp_path, tiny_base):
    from kgqa.training.starting import save_torch

    model, folder = load_base("AutoModelForQuestionAnswering", tiny_base)
    save_torch(model, folder, tmp_path / "m")
    text = "😀 Anna is in Paris ."
    reader = TransformersReader(tmp_path / "m")
    for span in reader.read(["Where is Anna ?"], [[Passage("p", "d", text, "en", 7, 7 + len(text))]])[0]:
        assert text[span.start - 7 : span.end - 7] == span.text


def test_held_out_articles_share_no_passage_with_training(tmp_path):
    examples = read_examples(squad(tmp_path / "x.json", 100, 3))
    kept, held = hold_out(examples, 0.2)
    assert len(held) == 20 and not {e.article for e in kept} & {e.article for e in held}
    assert hold_out(examples, 0.2) == (kept, held)


def test_unanswerable_questions_are_asked_of_passages_without_the_answer():
    rows = [
        Example("1", "Where is Anna ?", "Anna is in Paris .", ((11, "Paris"),), "a"),
        Example("2", "Where is Carl ?", "Carl is in Rome . Anna is here .", ((11, "Rome"),), "a"),
    ]
    made = unanswerable(rows, 1.0)
    assert {(e.question, e.context) for e in made} == {
        ("Where is Anna ?", rows[1].context),
        ("Where is Carl ?", rows[0].context),
    }
    assert all(not e.answers for e in made)


def test_targets_are_the_tokens_of_the_answer(tiny_base):
    tokenizer = load_tokenizer(tiny_base)
    context = "Anna is in Rome . " * 12 + "Berta is in Paris ."
    example = Example("1", "Where is Berta ?", context, ((context.index("Paris"), "Paris"),), "a")
    found = features([example], WindowCutter(tokenizer, 32, 8))
    with_answer = [f for f in found if f.end]
    assert len(found) > 2 and with_answer
    for feature in with_answer:
        assert tokenizer.decode(list(feature.ids[feature.start : feature.end + 1])) == "paris"


def test_an_answer_that_is_not_at_its_offset_is_left_out(tiny_base):
    wrong = Example("1", "Where ?", "Anna is in Paris .", ((3, "Paris"),), "a")
    assert features([wrong], WindowCutter(load_tokenizer(tiny_base), 32, 8)) == []


def test_no_usable_data_is_said(tmp_path, tiny_base):
    with pytest.raises(ValueError, match="at least one file"):
        train_reader([], tmp_path / "o")
    path = tmp_path / "x.json"
    path.write_text('{"data": []}', encoding="utf-8")
    with pytest.raises(ValueError, match="nothing to train on"):
        train_reader([path], tmp_path / "o", ReaderOptions(base=tiny_base))
