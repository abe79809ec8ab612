"""The training commands end to end on tiny models: each runs, resumes, reports, and what it makes is promoted and asked."""

import itertools
import json
import random
import shutil

import pytest

from kgqa.cli.main import main
from kgqa.models.cards import read_card, render
from kgqa.models.registry import current

pytestmark = pytest.mark.torch
NAMES = "anna berta carl dora emil frieda".split()  # noqa: SIM905
CITIES = "paris rome oslo wien lima cairo".split()  # noqa: SIM905
QUICK = ["--lr", "2e-3", "--batch", "8", "--precision", "fp32", "--train-words", "--seed", "5"]


def run(capsys, *args):
    capsys.readouterr()
    status = 0
    try:
        main([str(a) for a in args])
    except SystemExit as stop:
        status = int(stop.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def squad(path, count, seed, open_share=0.0):
    """Passages that say where somebody is and what they like; a question asks for the city."""
    rng = random.Random(seed)
    articles = []
    for number in range(count):
        name, city = rng.choice(NAMES).title(), rng.choice(CITIES).title()
        said = [f"{name} is in {city} .", f"{name} likes {rng.choice(['red', 'blue', 'green'])} ."]
        rng.shuffle(said)
        context = " ".join(said)
        qa = {
            "id": f"{seed}-{number}",
            "question": f"Where is {name} ?",
            "answers": [{"text": city, "answer_start": context.index(city)}],
        }
        if rng.random() < open_share:
            other = next(n for n in NAMES if n.title() != name)
            qa |= {"question": f"Where is {other.title()} ?", "answers": [], "is_impossible": True}
        articles.append({"title": f"t{number}", "paragraphs": [{"context": context, "qas": [qa]}]})
    path.write_text(json.dumps({"version": "x", "data": articles}), encoding="utf-8")
    return path


def pairs(path, count=40):
    rng = random.Random(2)
    rows = []
    for _ in range(count):
        name, other = rng.sample(NAMES, 2)
        city = rng.choice(CITIES)
        rows.append(
            {
                "question": f"Where is {name} ?",
                "passage": f"{name} is in {city} .",
                "negatives": [f"{other} likes red ."],
            }
        )
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny_base):
    """A reader that was trained by command: 200 examples, with early stopping, accumulation and retrieved negatives."""
    folder = tmp_path_factory.mktemp("trained")
    documents = folder / "documents"
    documents.mkdir()
    for name in NAMES:
        (documents / f"{name}.txt").write_text(f"{name.title()} likes red and blue .", encoding="utf-8")
    squad(folder / "main.json", 200, 1)
    squad(folder / "more.json", 20, 2, open_share=0.5)
    command = ["train", "reader", folder / "main.json", folder / "more.json", "--weight", "more.json=2"]
    command += ["--out", folder / "out", "--base", tiny_base, *QUICK, "--epochs", "8", "--length", "48"]
    command += ["--negatives-from", documents, "--hold-out", "0.1", "--accumulate", "1", "--patience", "6"]
    command += ["--name", "读者", "--license", "CC0-1.0"]
    return folder, [str(part) for part in command]


@pytest.fixture(scope="module")
def reader(trained):
    folder, command = trained
    main(command)
    return folder


def test_a_reader_is_trained_by_command_and_is_better_than_its_start(reader, trained, tmp_path, capsys):
    card = read_card(reader / "out")
    figures = card.said["metrics"]
    assert card.name == "读者" and card.license == "CC0-1.0" and card.said["languages"] == ["en"]
    assert {"main.json", "more.json"} <= set(figures)
    assert card.command.startswith("kgqa train reader main.json more.json --weight more.json=2 --out out --base ")
    assert "--patience 6" in card.command and "--warmup" not in card.command and "/" not in card.command
    assert card.said["made_with"]["kgqa"] and "made with kgqa " in render(card, 1)
    _, command = trained
    start = [*command]
    start[start.index("--out") + 1] = str(tmp_path / "start")
    start[start.index("--epochs") + 1] = "0.01"
    status, out, _ = run(capsys, *start, "--json")
    assert status == 0
    assert figures["main.json"]["f1"] > json.loads(out)["metrics"]["main.json"]["f1"] + 15
    work = {path.name for path in (reader / "out" / "work").iterdir()}
    assert {"curve.png", "log.jsonl", "tensorboard"} <= work
    assert any((reader / "out" / "work" / "tensorboard").iterdir())


def test_the_same_command_again_goes_on_where_it_was_and_other_settings_are_refused(reader, trained, capsys):
    _, command = trained
    log = (reader / "out" / "work" / "log.jsonl").read_text()
    status, out, _ = run(capsys, *command, "--json")
    assert status == 0 and json.loads(out)["metrics"] == read_card(reader / "out").said["metrics"]
    assert (reader / "out" / "work" / "log.jsonl").read_text() == log  # nothing was trained twice
    other = [*command]
    other[other.index("--seed") + 1] = "6"
    status, _, err = run(capsys, *other)
    assert status == 1 and "other data or settings" in err and len(err.strip().splitlines()[-1:]) == 1


def test_a_model_is_verified_promoted_used_and_rolled_back(reader, tmp_path, capsys, own, tiny_base):
    store, gate = tmp_path / "models" / "mine", squad(tmp_path / "gate.json", 40, 9)
    good = reader / "out"
    assert run(capsys, "models", "verify", good)[0] == 0
    # A first version is compared with the built-in model where a gate is given.
    status, out, _ = run(capsys, "models", "promote", good, store, "--gate", gate, "--loss", "100", "--json")
    told = json.loads(out)
    version = told["version"]
    assert set(told["figures"]) == set(told["figures_before"]) == {"gate.json f1"}
    assert status == 0 and current(store.parent, "mine") == version
    assert {p.name for p in (store / version).iterdir()} == {"model.onnx", "tokenizer.json", "card.json"}

    bad = ["train", "reader", reader / "main.json", "--out", tmp_path / "bad", "--base", tiny_base, *QUICK]
    assert run(capsys, *bad, "--epochs", "0.01", "--length", "48")[0] == 0
    status, _, err = run(capsys, "models", "promote", tmp_path / "bad", store, "--gate", gate)
    assert status == 1 and "not promoted: gate.json f1" in err and current(store.parent, "mine") == version

    (own / "kb.toml").write_text('title = "x"\n[models]\nreader = "models/mine"\n', encoding="utf-8")
    shutil.copytree(tmp_path / "models", own / "models")
    status, out, _ = run(capsys, "ask", "Which drugs treat gout?", "--kb", own, "--json")
    assert status == 0
    from kgqa.models.making import make_reader

    used = make_reader(str(own / "models" / "mine"))
    status, out, _ = run(capsys, "eval", "reading", gate, "--model", own / "models" / "mine", "--json")
    assert status == 0 and json.loads(out)["f1"] > 30 and used.fingerprint

    run(capsys, "models", "promote", tmp_path / "bad", store)
    assert current(store.parent, "mine") != version
    assert run(capsys, "models", "rollback", store)[0] == 0 and current(store.parent, "mine") == version
    _, out, _ = run(capsys, "models", "list", "--root", tmp_path / "models", "--json")
    mine = {one["version"]: one["in_force"] for one in json.loads(out)["models"] if one["name"] == "mine"}
    assert mine[version] and sum(mine.values()) == 1 and len(mine) >= 2
    _, out, _ = run(capsys, "models", "show", store)
    assert "读者 (reader)" in out and f"rollback {version}" in out
    assert f"gate.json f1: {told['figures_before']['gate.json f1']:.2f} -> {told['figures']['gate.json f1']:.2f}" in out


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_swapped_file_is_refused_wherever_the_model_is_used(reader, tmp_path, capsys, own, name):
    run(capsys, "models", "promote", reader / "out", own / "models" / "mine")
    (own / "kb.toml").write_text('[models]\nreader = "models/mine"\n', encoding="utf-8")
    with (own / "models" / "mine" / "v000001" / name).open("ab") as file:
        file.write(b" ")
    status, out, _ = run(capsys, "models", "verify", own / "models" / "mine", "--json")
    assert status == 1 and f"{name} has sha256" in json.loads(out)["faults"][str(own / "models" / "mine")][0]
    status, out, err = run(capsys, "ask", "When does the lease expire?", "--kb", own)
    assert status == 1 and out == "" and "its card says" in err
    status, _, err = run(capsys, "models", "promote", own / "models" / "mine" / "v000001", own / "models" / "other")
    assert status == 1 and "its card says" in err and not (own / "models" / "other" / "CURRENT").exists()


@pytest.mark.parametrize("objective", ["words", "spans"])
def test_pretraining_reads_documents_and_is_a_start(tmp_path, tiny_base, capsys, objective):
    folder = tmp_path / "kb"
    (folder / "documents").mkdir(parents=True)
    for n in NAMES:
        text = " ".join(f"{n} is in {c} . {n} likes {c} and red ." for c in CITIES)
        (folder / "documents" / f"{n}.md").write_text(f"# {n}\n\n{text}\n", encoding="utf-8")
    (folder / "documents" / "broken.pdf").write_bytes(b"no pdf")
    command = ["train", "pretrain", folder, "--out", tmp_path / "start", "--base", tiny_base, *QUICK, "--epochs", "12"]
    status, out, _ = run(capsys, *command, "--objective", objective, "--length", "32", "--freeze", "0", "--json")
    figures = json.loads(out)["metrics"]["held-out texts"]
    assert status == 0 and figures["loss after"] < figures["loss before"]
    status, out, _ = run(capsys, "models", "show", tmp_path / "start")
    assert status == 0 and "(language)" in out and "torch/model.safetensors" in out
    data = squad(tmp_path / "s.json", 12, 3)
    more = ["train", "reader", data, "--out", tmp_path / "r", "--base", tmp_path / "start", *QUICK]
    status, out, _ = run(capsys, *more, "--epochs", "0.5", "--length", "48", "--json")
    assert status == 0 and json.loads(out)["base"] == str(tmp_path / "start")


def test_an_encoder_is_trained_on_pairs_and_compared_with_its_base(tmp_path, tiny_base, capsys):
    command = ["train", "encoder", pairs(tmp_path / "p.jsonl"), "--out", tmp_path / "e", "--base", tiny_base, *QUICK]
    status, out, _ = run(capsys, *command, "--epochs", "6", "--length", "32", "--hold-out", "0.4", "--json")
    card = json.loads(out)
    assert status == 0 and card["kind"] == "encoder" and card["data"] == ["p.jsonl"]
    figures = card["metrics"]
    assert set(figures) == {"held-out questions", "held-out questions, base", "held-out questions, BM25"}
    assert figures["held-out questions"]["mrr@10"] >= figures["held-out questions, base"]["mrr@10"]
    store = tmp_path / "models" / "encoder-mine"
    assert (
        run(capsys, "models", "promote", tmp_path / "e", store, "--gate", tmp_path / "p.jsonl", "--loss", "100")[0] == 0
    )


@pytest.mark.parametrize("loss", ["symmetric", "triplet", "margin", "divergence"])
def test_each_loss_of_an_encoder_goes_down(tmp_path, tiny_base, loss):
    from kgqa.training.encoder import EncoderOptions, fit_encoder
    from kgqa.training.loop import Schedule
    from kgqa.training.mining import Group

    made = [
        Group(f"where is {n} ?", f"{n} is in {c} .", (f"{o} likes red .", f"{o} is in {c} ."), (9.0, 1.0, 4.0))
        for n, o in itertools.pairwise(NAMES)
        for c in CITIES
    ]
    reports = []
    schedule = Schedule(learning_rate=2e-3, epochs=4, batch=8, log_every=4, mixed_precision=False)
    options = EncoderOptions(base=tiny_base, length=32, loss=loss, freeze_words=False, schedule=schedule)
    fit_encoder(made, tmp_path, options, report=reports.append)
    assert reports[-1].loss < 0.9 * reports[0].loss


def test_a_reranker_follows_its_teacher(tmp_path, tiny_base, capsys):
    """The teacher prefers what the answers do not say; with full trust the student does too."""
    rows = [
        {
            "question": f"where is {n} ?",
            "passage": f"{n} is in {c} .",
            "negatives": [f"{n} likes red ."],
            "scores": [-4.0, 4.0],
        }
        for n in NAMES
        for c in CITIES
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    command = ["train", "reranker", tmp_path / "t.jsonl", "--out", tmp_path / "r", "--base", tiny_base, *QUICK]
    command += ["--epochs", "6", "--length", "32", "--negatives", "1", "--trust", "1", "--temperature", "1", "--json"]
    status, out, _ = run(capsys, *command)
    assert status == 0 and json.loads(out)["kind"] == "reranker" and "BM25" in json.loads(out)["metrics"]
    from kgqa.retrieval.rerank import CrossEncoderReranker
    from kgqa.training.pairs import scores_of

    student = CrossEncoderReranker(tmp_path / "r")
    found = scores_of(student, ["where is anna ?"], [["anna is in oslo .", "anna likes red ."]])[0]
    assert found[1] > found[0]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["reader", "none.json", "--out", "o"], "none.json"),
        (["reader", "{squad}", "--out", "o", "--weight", "x.json=2"], "names 0 of the files"),
        (["reader", "{squad}", "--out", "o", "--weight", "s.json"], "FILE=N"),
        (["reader", "{squad}", "--out", "o", "--lr", "0"], "--lr"),
        (["reader", "{squad}", "--out", "o", "--negatives-from", "nowhere"], "nowhere"),
        (["encoder", "{tmp}/x.csv", "--out", "o"], "BEIR"),
        (["encoder", "{bad}", "--out", "o"], "line 2"),
        (["encoder", "{tmp}", "--out", "o"], "corpus.jsonl"),
        (["reranker", "{pairs}", "--out", "o", "--teacher", "none"], "teacher"),
        (["encoder", "{pairs}", "--out", "o", "--loss", "margin"], "follows a teacher"),
        (["pretrain", "nowhere", "--out", "o"], "no such folder"),
        (["magic"], "magic"),
    ],
)
def test_bad_input_is_one_line(tmp_path, capsys, tiny_base, args, says):
    known = {
        "{squad}": squad(tmp_path / "s.json", 4, 1),
        "{pairs}": pairs(tmp_path / "p.jsonl", 6),
        "{bad}": tmp_path / "bad.jsonl",
        "{tmp}": tmp_path,
    }
    (tmp_path / "bad.jsonl").write_text('{"query": "a", "text": "b"}\n{"query": 1}\n', encoding="utf-8")
    filled = [str(known.get(a, a.replace("{tmp}", str(tmp_path)))) for a in args]
    filled = [str(tmp_path / "o") if a == "o" else a for a in filled]
    base = ["--base", tiny_base] if args[0] != "magic" else []
    status, out, err = run(capsys, "train", *filled, *base)
    assert status in (1, 2) and out == ""
    line = err.strip().splitlines()[-1]
    assert line.startswith("kgqa: ") and says in line


def test_a_base_that_does_not_know_the_language_is_refused(tmp_path, tiny_base, capsys):
    context = "哮喘是气道的慢性炎症。首选缓解药物是沙丁胺醇。"
    qa = {
        "id": "1",
        "question": "首选药物是什么？",
        "answers": [{"text": "沙丁胺醇", "answer_start": context.index("沙丁")}],
    }
    data = {"data": [{"title": "哮喘", "paragraphs": [{"context": context, "qas": [qa]}]}]}
    (tmp_path / "zh.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    status, _, err = run(
        capsys, "train", "reader", tmp_path / "zh.json", "--out", tmp_path / "o", "--base", tiny_base, "--length", "48"
    )
    assert status == 2 and "'zh'" in err and "--base" in err


def test_a_search_tries_settings_and_goes_on_after_a_kill(tmp_path, tiny_base, capsys):
    file = squad(tmp_path / "s.json", 60, 4)
    command = ["train", "search", "reader", file, "--out", tmp_path / "search", "--base", tiny_base, "--epochs", "2"]
    command += ["--precision", "fp32", "--train-words", "--length", "48", "--json"]
    status, out, _ = run(capsys, *command, "--trials", "2")
    first = json.loads(out)
    assert status == 0 and len(first["trials"]) == 2
    assert {"lr", "batch", "freeze", "negatives"} == set(first["best"])
    status, out, _ = run(capsys, *command, "--trials", "3")  # two are remembered, one is new
    more = json.loads(out)
    assert status == 0 and len(more["trials"]) == 3 and more["score"] >= first["score"]
    assert [one for one in more["trials"] if one in first["trials"]] and f"--lr {more['best']['lr']:.3g}" in more[
        "command"
    ]
    assert f"--base {tiny_base}" in more["command"] and "--train-words --precision fp32 --epochs 2" in more["command"]
    assert all(5e-5 <= one["settings"]["lr"] <= 1e-3 for one in more["trials"])  # the base knows no task
    assert not list((tmp_path / "search").glob("trial-*"))


def test_a_model_that_knows_its_task_is_searched_with_smaller_rates(reader, tmp_path, capsys):
    command = ["train", "search", "reader", reader / "main.json", "--base", reader / "out", "--out", tmp_path]
    status, out, err = run(capsys, *command, "--trials", "2", "--epochs", "0.2", "--length", "48", "--json")
    assert status == 0 and all(one["settings"]["lr"] <= 2e-4 for one in json.loads(out)["trials"])
    assert "trial 2 of 2" in err


def test_negatives_come_from_the_search_of_a_built_knowledge_base(built):
    from kgqa.cli.train.reader import retriever

    question = "What is the first dose of colchicine?"
    found = retriever(str(built))([question], 3)
    assert len(found[0]) == 3 and "1.2 mg" in found[0][0]
    assert retriever(None) is None
