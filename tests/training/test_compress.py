"""Compression of tiny models: what shrinks, what stays, and that a loss above the limit stops it."""

import json
import shutil

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel

from kgqa.cli.main import main
from kgqa.errors import ModelError, UsageError
from kgqa.evaluation.squad import read_examples
from kgqa.reading.extractive import OnnxReader, load_tokenizer
from kgqa.reading.windows import WindowCutter
from kgqa.retrieval.encoder import OnnxEncoder
from kgqa.training.compress import DistilOptions, Limit, distil, prune, quantise
from kgqa.training.distilling import (
    DistilTask,
    EncoderDistilTask,
    OnnxTeacher,
    TorchEncoder,
    TorchTeacher,
    taught,
)
from kgqa.training.export import MeanPooled
from kgqa.training.loop import Schedule, train
from kgqa.training.pruning import by_loss, by_weights, prune_model
from kgqa.training.reader import ReaderTask, features, pad_windows
from kgqa.training.starting import load_base, save_torch
from kgqa.types import Passage, Span

pytestmark = pytest.mark.torch
TEXT = """
[PAD] [UNK] [CLS] [SEP] [MASK] the a is in of and to at by on . , ? where who what when does live work city
name anna berta carl dora emil frieda paris rome oslo wien lima cairo baker doctor pilot judge likes red blue
green
"""
WORDS = TEXT.split()


@pytest.fixture(scope="module")
def questions(tmp_path_factory):
    rows = []
    for number, (name, city) in enumerate(
        [("Anna", "Paris"), ("Berta", "Rome"), ("Carl", "Oslo"), ("Dora", "Lima")] * 6
    ):
        context = f"{name} is in {city} ."
        qa = {
            "id": str(number),
            "question": "Where ?",
            "answers": [{"text": city, "answer_start": context.index(city)}],
        }
        rows.append({"title": str(number), "paragraphs": [{"context": context, "qas": [qa]}]})
    path = tmp_path_factory.mktemp("q") / "q.json"
    path.write_text(json.dumps({"data": rows}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def reader(tiny_base, questions, tmp_path_factory):
    """A tiny reader that has learned where answers stand."""
    folder = tmp_path_factory.mktemp("reader")
    model, source = load_base("AutoModelForQuestionAnswering", tiny_base)
    rows = features(read_examples(questions), WindowCutter(load_tokenizer(source), 32, 8))
    schedule = Schedule(learning_rate=5e-3, epochs=20, batch=8, mixed_precision=False)
    train(model, ReaderTask(rows, 0), schedule, folder / "work")
    save_torch(model, source, folder / "torch")
    return folder


def snapshot(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


PASSAGE = Passage("p", "d", "Anna is in Rome .", "en", 0, 17)


def test_quantising_shrinks_and_keeps_the_answers(tmp_path, reader, questions):
    figures = quantise(reader, tmp_path / "small", "reader", Limit((questions,), loss=5.0))
    assert list(figures) == ["fp32", "int8"]
    assert figures["int8"]["megabytes"] < 0.7 * figures["fp32"]["megabytes"]
    assert figures["int8"]["quality"]["q.json"] >= 95
    assert figures["fp32"]["texts_per_second"] > 0
    found = OnnxReader(tmp_path / "small").read(["Where ?"], [[PASSAGE]])
    assert found[0][0].text == "Rome"
    card = json.loads((tmp_path / "small" / "card.json").read_text())
    assert card["kind"] == "reader" and card["compression"] == figures


@pytest.mark.parametrize("method", ["minmax", "percentile", "entropy"])
def test_static_quantisation_fixes_the_ranges_of_activations(tmp_path, reader, questions, method):
    import onnx

    texts = tmp_path / "texts.txt"  # of many lengths
    texts.write_text("\n\n".join("anna is in rome . " * n for n in range(1, 6)))
    given = {"static": [questions, texts], "method": method}
    figures = quantise(reader, tmp_path / "s", "reader", Limit((questions,), 10.0), **given)
    assert list(figures) == ["fp32", "int8 dynamic", "int8 static"]
    steps = [node.op_type for node in onnx.load(tmp_path / "s" / "model.onnx").graph.node]
    assert "QuantizeLinear" in steps and "DynamicQuantizeLinear" not in steps
    assert figures["int8 static"]["megabytes"] < 0.75 * figures["fp32"]["megabytes"]
    assert OnnxReader(tmp_path / "s").read(["Where ?"], [[PASSAGE]])[0][0].text == "Rome"


def test_a_loss_above_the_limit_stops_it_and_nothing_is_written_over(tmp_path, reader, questions):
    out = tmp_path / "out"
    quantise(reader, out, "reader")
    before = snapshot(out)
    gain = Limit((questions,), loss=-1.0)  # F1 is 100 already, so a gain of one point is a limit that cannot be kept
    with pytest.raises(ModelError, match="nothing was written"):
        prune(reader, out, "reader", 0.75, 0.98, gain)
    assert snapshot(out) == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_no_limit_lets_a_loss_pass(tmp_path, reader, questions):
    figures = prune(reader, tmp_path / "o", "reader", 0.75, 0.98, Limit((questions,), loss=None))
    assert figures["int8 pruned"]["quality"]["q.json"] <= 100 and (tmp_path / "o" / "model.onnx").exists()


def test_pruned_models_are_smaller_faster_and_still_run(tmp_path, tiny_base, reader):
    figures = prune(reader, tmp_path / "pruned", "reader", heads=0.5, units=0.5)
    assert figures["int8 pruned"]["megabytes"] < figures["int8 whole"]["megabytes"]
    assert OnnxReader(tmp_path / "pruned").read(["Where ?"], [[PASSAGE]])[0]


def test_pruning_removes_what_is_weakest(tiny_base):
    model, _ = load_base("AutoModel", tiny_base)
    for layer in model.encoder.layer:
        with torch.no_grad():
            layer.attention.output.dense.weight[:, 8:16] = 0  # the second head counts for nothing
            layer.output.dense.weight[:, ::2] = 0  # nor does every second unit
    inputs = {"input_ids": torch.arange(5, 25).reshape(1, -1), "attention_mask": torch.ones(1, 20, dtype=torch.long)}
    before = model.eval()(**inputs)[0]
    prune_model(model, 0.25, 0.5)
    layer = model.encoder.layer[0]
    assert layer.attention.self.query.out_features == 24 and layer.intermediate.dense.out_features == 32
    assert torch.allclose(model(**inputs)[0], before, atol=1e-5)


def test_pruning_by_loss_finds_what_the_weights_hide(tiny_base):
    """A head with large weights whose input is always 0 looks strong, and is worth nothing."""
    model, _ = load_base("AutoModel", tiny_base)
    layer = model.encoder.layer[0]
    with torch.no_grad():
        layer.attention.self.value.weight[8:16] = 0
        layer.attention.self.value.bias[8:16] = 0
        layer.attention.output.dense.weight[:, 8:16] *= 50
    inputs = {"input_ids": torch.arange(5, 25).reshape(1, -1), "attention_mask": torch.ones(1, 20, dtype=torch.long)}
    assert int(by_weights(layer).heads.argmax()) == 1
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    worth = by_loss(model, [lambda m: m(**inputs)[0].pow(2).sum()] * 2)
    assert int(worth[0].heads.argmin()) == 1 and float(worth[0].heads[1]) == 0
    assert worth[0].units.shape == (64,) and float(worth[1].units.sum()) > 0
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())


def test_a_pruned_reader_recovers_with_the_whole_one_as_its_teacher(tmp_path, reader, questions):
    schedule = Schedule(learning_rate=5e-3, epochs=8, batch=8, mixed_precision=False)
    limit = Limit((questions,), loss=None)
    lame = prune(reader, tmp_path / "lame", "reader", 0.75, 0.9, limit, files=[questions])
    well = prune(reader, tmp_path / "well", "reader", 0.75, 0.9, limit, files=[questions], recover=schedule)
    assert well["int8 pruned"]["quality"]["q.json"] >= max(90, lame["int8 pruned"]["quality"]["q.json"])
    assert well["int8 pruned"]["megabytes"] == pytest.approx(lame["int8 pruned"]["megabytes"], rel=0.05)


SLOW = Schedule(learning_rate=5e-3, epochs=6, batch=8, mixed_precision=False, log_every=5)


def test_a_student_learns_from_its_teacher(tmp_path, reader, questions):
    reports = []
    figures = distil(
        [reader],
        [questions],
        tmp_path / "student",
        "reader",
        DistilOptions(layers=1, length=32, schedule=SLOW),
        Limit((questions,), loss=20),
        report=reports.append,
    )
    assert list(figures) == ["teacher", "fp32 student", "int8 student"]
    assert reports[-1].loss < reports[0].loss
    assert figures["int8 student"]["quality"]["q.json"] >= 80
    assert figures["fp32 student"]["megabytes"] < figures["teacher"]["megabytes"]
    assert (tmp_path / "student" / "torch" / "model.safetensors").exists()


def test_an_ensemble_of_an_onnx_and_a_torch_reader_teaches(tmp_path, reader, questions):
    quantise(reader, tmp_path / "onnx", "reader")
    figures = distil(
        [tmp_path / "onnx", reader],
        [questions],
        tmp_path / "student",
        "reader",
        DistilOptions(student=reader, layers=1, length=32, schedule=SLOW),
        Limit((questions,), loss=20),
    )
    assert figures["int8 student"]["quality"]["q.json"] >= 80
    assert len(json.loads((tmp_path / "student" / "card.json").read_text())["teachers"]) == 2


def test_both_kinds_of_teacher_say_the_same_up_to_rounding(tmp_path, reader, questions):
    quantise(reader, tmp_path / "onnx", "reader")
    model, source = load_base("AutoModelForQuestionAnswering", reader)
    rows = features(read_examples(questions), WindowCutter(load_tokenizer(source), 32, 8))[:4]
    inputs = pad_windows([(row.ids, row.context_at) for row in rows], 0, torch.device("cpu"))
    one, other = TorchTeacher(model)(rows, inputs), OnnxTeacher(tmp_path / "onnx")(rows, inputs)
    mask = inputs["attention_mask"].bool()
    for own, theirs in zip(one, other, strict=True):
        assert torch.corrcoef(torch.stack([own[mask], theirs[mask]]))[0, 1] > 0.98


def test_a_teacher_with_other_words_gives_its_answers(tmp_path, tiny_base, reader, questions):
    from tokenizers import Tokenizer

    other = tmp_path / "other"
    shutil.copytree(tiny_base, other)
    words = json.loads((other / "tokenizer.json").read_text())
    vocabulary = words["model"]["vocab"]
    vocabulary["anna"], vocabulary["pilot"] = vocabulary["pilot"], vocabulary["anna"]
    (other / "tokenizer.json").write_text(json.dumps(words))
    assert Tokenizer.from_file(str(other / "tokenizer.json")) is not None
    quantise(reader, tmp_path / "onnx", "reader")
    schedule = Schedule(learning_rate=5e-3, epochs=12, batch=8, mixed_precision=False)
    figures = distil(
        [tmp_path / "onnx"],
        [questions],
        tmp_path / "student",
        "reader",
        DistilOptions(student=other, layers=0, length=32, schedule=schedule),
        Limit((questions,), loss=20),
    )
    assert figures["int8 student"]["quality"]["q.json"] >= 80


def test_readers_vote_on_what_to_teach(questions):
    class Says:
        def __init__(self, text, score):
            self.text, self.score = text, score

        def read(self, questions, passages, n_best=5):
            return [
                [Span(p, at, at + len(self.text), self.text, self.score)] if (at := p.text.find(self.text)) >= 0 else []
                for (p,) in passages
            ]

    one = read_examples(questions)[:1]  # Anna is in Paris .
    assert taught(one, [Says("Paris", 3.0), Says("Anna", 1.0)])[0].answers == ((11, "Paris"),)
    assert taught(one, [Says("Paris", -3.0), Says("Rome", 9.0)])[0].answers == ()


def test_an_encoder_learns_its_teachers_vectors(tmp_path, tiny_base):
    texts = tmp_path / "texts.txt"
    texts.write_text("\n\n".join(f"{a} likes {b} ." for a in WORDS[22:30] for b in WORDS[31:44:3]))
    torch.manual_seed(8)
    BertModel(BertConfig.from_pretrained(tiny_base)).save_pretrained(tmp_path / "other")
    shutil.copyfile(tiny_base / "tokenizer.json", tmp_path / "other" / "tokenizer.json")
    schedule = Schedule(learning_rate=3e-3, epochs=15, batch=16, mixed_precision=False)
    options = DistilOptions(student=tmp_path / "other", layers=1, length=32, schedule=schedule)
    figures = distil([tiny_base], [texts], tmp_path / "student", "encoder", options)
    said = ["anna likes blue .", "berta likes rome .", "doctor likes red ."]
    teacher = TorchEncoder(tiny_base).encode(said)
    trained = OnnxEncoder(tmp_path / "student").encode(said)
    before = TorchEncoder(tmp_path / "other").encode(said)
    assert (trained * teacher).sum(1).mean() > (before * teacher).sum(1).mean() + 0.3
    assert figures["fp32 student"]["megabytes"] < figures["teacher"]["megabytes"]


def test_a_pruned_encoder_recovers(tmp_path, tiny_base):
    texts = tmp_path / "texts.txt"
    texts.write_text("\n\n".join(f"{a} likes {b} ." for a in WORDS[22:30] for b in WORDS[31:44:3]))
    schedule = Schedule(learning_rate=3e-3, epochs=10, batch=16, mixed_precision=False)
    prune(tiny_base, tmp_path / "lame", "encoder", 0.75, 0.9)
    prune(tiny_base, tmp_path / "well", "encoder", 0.75, 0.9, files=[texts], recover=schedule)
    said = ["anna likes blue .", "berta likes rome .", "doctor likes red ."]
    teacher = TorchEncoder(tiny_base).encode(said)
    lame, well = (OnnxEncoder(tmp_path / name).encode(said) for name in ("lame", "well"))
    assert np.abs(well @ well.T - teacher @ teacher.T).max() <= np.abs(lame @ lame.T - teacher @ teacher.T).max() + 1e-3
    assert (well * teacher).sum(1).mean() >= (lame * teacher).sum(1).mean()


def test_encoders_of_two_sizes_teach_by_their_similarities(tmp_path, tiny_base):
    class Wide:
        dim, fingerprint = 3, "wide"

        def encode(self, texts, role="passage"):
            rows = np.array([[1.0, len(t) % 7, len(t) % 3] for t in texts], np.float32)
            return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    tokenizer = load_tokenizer(tiny_base)
    texts = [f"{word} is red" for word in WORDS[17:30]]
    task = EncoderDistilTask(texts, tokenizer, [Wide(), Wide()], 32)
    alone = EncoderDistilTask(texts, tokenizer, [Wide()], 32)
    model, _ = load_base("AutoModel", tiny_base)
    rows = range(8)
    one, other = (float(t.loss(MeanPooled(model).eval(), rows, torch.device("cpu")).detach()) for t in (task, alone))
    assert one == pytest.approx(other, abs=1e-5) and one > 0


def test_a_teacher_that_is_the_student_leaves_the_hard_loss_alone(reader, questions):
    model, source = load_base("AutoModelForQuestionAnswering", reader)
    rows = features(read_examples(questions), WindowCutter(load_tokenizer(source), 32, 8))
    task = DistilTask(rows, 0, [TorchTeacher(model)] * 2, DistilOptions(trust=1.0))
    assert float(task.loss(model.eval(), range(8), torch.device("cpu")).detach()) == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("kind", ["encoder", "reranker"])
def test_other_kinds_are_quantised_and_pruned_too(tmp_path, tiny_base, questions, kind):
    limit = Limit((questions,), loss=None)
    figures = quantise(tiny_base, tmp_path / kind, kind, limit, static=[questions])
    assert figures["int8 static"]["megabytes"] < figures["fp32"]["megabytes"]
    assert all(0 <= row["quality"]["q.json"] <= 100 for row in figures.values())
    pruned = prune(tiny_base, tmp_path / "p", kind, 0.5, 0.5)
    assert pruned["int8 pruned"]["megabytes"] < pruned["int8 whole"]["megabytes"]


def test_wrong_use_is_said(tmp_path, tiny_base, questions):
    with pytest.raises(UsageError, match="unknown kind"):
        quantise(tiny_base, tmp_path, "toy")
    with pytest.raises(UsageError, match="unknown method"):
        quantise(tiny_base, tmp_path, "reader", method="guess")
    with pytest.raises(UsageError, match=r"\[0, 1\)"):
        prune(tiny_base, tmp_path, "reader", 1.0, 0)
    with pytest.raises(UsageError, match="by its weights"):
        prune(tiny_base, tmp_path, "reranker", 0.5, 0, files=[questions])
    with pytest.raises(UsageError, match="student of 9 layers"):
        distil([tiny_base], [questions], tmp_path, "reader", DistilOptions(layers=9))
    with pytest.raises(UsageError, match="no teacher"):
        distil([], [questions], tmp_path)
    with pytest.raises(UsageError, match="no such file"):
        quantise(tiny_base, tmp_path / "o", "reader", Limit((tmp_path / "none.json",)))
    with pytest.raises(ModelError, match="safetensors"):
        quantise(tmp_path, tmp_path / "o", "reader")


def _run(capsys, *args):
    status = 0
    try:
        main([str(a) for a in args])
    except SystemExit as stop:
        status = int(stop.code or 0)
    return status, *capsys.readouterr()


def test_the_commands_show_a_table_and_stop_at_the_limit(capsys, tmp_path, reader, questions):
    out = tmp_path / "o"
    status, shown, _ = _run(
        capsys, "compress", "quantise", reader, "--out", out, "--kind", "reader", "--quality", questions
    )
    assert status == 0 and "fp32" in shown and "texts/s" in shown and "q.json" in shown
    before = snapshot(out)
    words = ["--kind", "reader", "--quality", questions, "--max-loss", "-1"]
    status, _, err = _run(capsys, "compress", "prune", reader, "--out", out, "--heads", "0.5", *words)
    assert status == 1 and "nothing was written" in err and snapshot(out) == before
    status, shown, _ = _run(
        capsys,
        *("compress", "distil", reader, "--data", questions, "--out", tmp_path / "d", "--layers", "1", "--epochs", "1"),
        *("--json", "--quality", questions, "--max-loss", "100"),
    )
    assert status == 0 and list(json.loads(shown)) == ["teacher", "fp32 student", "int8 student"]
