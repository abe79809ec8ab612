"""Noise and swaps: what they change, what stays, and that a reader which minds them is found out."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgqa.cli.main import main
from kgqa.errors import UsageError
from kgqa.evaluation.noise import NOISES, noisy
from kgqa.evaluation.people import people
from kgqa.evaluation.picture import draw_robustness, draw_slices
from kgqa.evaluation.robustness import report
from kgqa.evaluation.squad import Example, draw
from kgqa.evaluation.swaps import SWAPS, swap
from kgqa.types import Span

TEXT = "Anna Smith met her brother John in Paris. She told him that the German doctor knew his son."
ASKED = "Whom did Anna meet?"


def example(context=TEXT, question=ASKED, answer="her brother John", id="1"):
    at = context.find(answer)
    return Example(id, question, context, ((at, answer),) if answer else (), "a")


class Words:
    """Finds the first word after a cue in the passage; minds case when told to."""

    def __init__(self, pattern, flags=0):
        self.pattern = re.compile(pattern, flags)

    def read(self, questions, passages, n_best=5):
        out = []
        for question, group in zip(questions, passages, strict=True):
            spans = []
            for p in group:
                m = self.pattern.search(p.text) if question[:1] not in "ｗＷ" else None
                spans += [Span(p, m.start(1), m.end(1), m[1], 1.0)] if m else []
            out.append(spans[:n_best])
        return out


def test_names_are_swapped_in_question_and_passage_alike():
    done = swap(example(), "names")
    first = done.question.text.removeprefix("Whom did ").removesuffix(" meet?")
    assert first != "Anna" and done.context.text.startswith(first)
    assert "John" not in done.context.text and "Smith" not in done.context.text
    known = people()
    origin, gender = known.given()[first]
    assert origin != "western" and gender == "female"


def test_names_of_the_same_origin_are_the_measure():
    done = swap(example(), "names, same origin")
    first = done.context.text.split()[0]
    assert first != "Anna" and people().given()[first] == ("western", "female")


def test_continents_are_no_nations():
    done = swap(example("In North America a Greek met an American in America.", "Q", ""), "nations").context.text
    assert done.startswith("In North America a ") and "Greek" not in done and not done.endswith("America.")


def test_gender_is_swapped_with_its_pronouns():
    done = swap(example(), "gender")
    assert " met his sister " in done.context.text
    assert " told her that the German doctor knew her daughter." in done.context.text
    assert swap(example("He saw her. It is hers and HIS.", "Q", ""), "gender").context.text == (
        "She saw him. It is his and HER."
    )


def test_chinese_is_swapped_too():
    old = example("他是中国医生，父亲是法国人。其他人不认识王小明先生。", "谁是中国医生？", "", id="z")
    assert swap(old, "gender").context.text.startswith("她是中国医生，母亲是法国人。其他人")
    nations = swap(old, "nations")
    assert "中国" not in nations.context.text and "法国" not in nations.context.text
    country = nations.question.text.removeprefix("谁是").removesuffix("医生？")
    assert country in people().countries and f"他是{country}医生" in nations.context.text
    names = swap(old, "names").context.text
    assert "王小明" not in names and names.endswith("明先生。")


@given(
    st.text(alphabet="Anna hims.他是王女士中国GermanSmith\U00020000 ", max_size=60),
    st.sampled_from(list(SWAPS)),
    st.data(),
)
def test_answers_of_a_swapped_example_stand_at_their_offset(context, kind, data):
    start = data.draw(st.integers(0, len(context)))
    end = data.draw(st.integers(start, len(context)))
    old = Example("1", "Who?", context, ((start, context[start:end]),) if start < end else (), "a")
    new = swap(old, kind).example(old)
    assert all(new.context[at : at + len(text)] == text for at, text in new.answers)


@settings(deadline=None)  # the first conversion of a script loads its dictionary
@given(st.text(max_size=40), st.sampled_from(list(NOISES)))
def test_noise_keeps_offsets_and_never_fails(text, kind):
    old = Example("1", text, text, ((0, text[:3]),) if text[:3] else (), "a")
    new = noisy(old, kind)
    assert len(new.context) == len(old.context)
    assert all(new.context[at : at + len(said)] == said for at, said in new.answers)
    assert noisy(old, kind) == new


def test_slips_are_small_and_keep_the_first_letter():
    for seed in range(50):
        new = noisy(example(), "typos", seed).question
        words = list(zip(ASKED.split(), new.split(), strict=True))
        assert sum(a != b for a, b in words) == 1
        assert all(a[0] == b[0] and abs(len(a) - len(b)) <= 1 for a, b in words)
    assert sorted(noisy(example(question="糖尿病怎样治疗"), "typos").question) == sorted("糖尿病怎样治疗")


def test_other_script_and_width():
    assert noisy(example(question="头孢可以用吗"), "other script").question == "頭孢可以用嗎"
    assert noisy(example(question="頭孢"), "other script").question == "头孢"
    assert noisy(example(question="What is 5?"), "full width").question == "Ｗｈａｔ ｉｓ ５？"


def test_a_reader_that_minds_is_found_out():
    rows = [example(f"{n} {TEXT}", id=str(n)) for n in range(12)]
    by_case = report(rows, Words(r"(her brother John)"), nulls=False)
    assert by_case["noise"]["passage upper case"]["drop"] == 100.0
    assert by_case["noise"]["lower case"]["drop"] == 0.0
    assert by_case["noise"]["full width"]["changed"] == 100.0
    minds_gender = by_case["swaps"]["gender"]
    assert minds_gender["changed"] == 100.0 and minds_gender["examples"][0]["answer"] == "her brother John"
    by_place = report(rows, Words(r"met (\w+ \w+ \w+)"), nulls=False)
    assert all(one["changed"] == 0.0 for one in by_place["swaps"].values())
    assert by_place["n"] == 12


def test_a_sample_is_of_the_whole_file_and_in_order():
    rows = [example(id=str(n)) for n in range(100)]
    some = draw(rows, 10)
    assert len(some) == 10 and int(some[-1].id) > 50
    assert [int(e.id) for e in some] == sorted(int(e.id) for e in some)
    assert draw(rows, None) == rows == draw(rows, 200)


def test_pictures_are_written(tmp_path):
    rows = [example(f"{n} {TEXT}", id=str(n)) for n in range(3)]
    draw_robustness(report(rows, Words(r"(her \w+)"), nulls=False), tmp_path / "r.png")
    one = {"n": 3, "f1": 50.0, "low": 40.0, "high": 60.0, "differs": "worse"}
    draw_slices({"all": one, "by": {"type": {"person": one}}}, tmp_path / "s.svg")
    assert (tmp_path / "r.png").read_bytes()[1:4] == b"PNG"
    assert "person" in (tmp_path / "s.svg").read_text()
    with pytest.raises(UsageError, match=r"\.svg"):
        draw_slices({"all": one, "by": {}}, tmp_path / "s.gif")


def _squad(path, count=12):
    qas = [
        {"id": str(n), "question": ASKED, "answers": [{"text": "John", "answer_start": TEXT.index("John")}]}
        for n in range(count)
    ]
    path.write_text(json.dumps({"data": [{"title": "T", "paragraphs": [{"context": TEXT, "qas": qas}]}]}))
    return path


def _run(capsys, *args):
    status = 0
    try:
        main([str(a) for a in args])
    except SystemExit as stop:
        status = int(stop.code or 0)
    return status, *capsys.readouterr()


def test_the_commands_print_json_and_tables(capsys, tmp_path):
    file = _squad(tmp_path / "q.json")
    status, out, _ = _run(capsys, "eval", "robustness", file, "--limit", "3", "--json")
    found = json.loads(out)
    assert status == 0 and found["n"] == 3 and set(found["swaps"]) == set(SWAPS)
    status, out, _ = _run(capsys, "eval", "reading", file, "--by", "type,source", "--picture", tmp_path / "p.png")
    assert status == 0 and "by type" in out and "person" in out
    assert (tmp_path / "p.png").stat().st_size > 1000
    status, out, _ = _run(capsys, "eval", "reading", file, "--limit", "2", "--json")
    assert status == 0 and json.loads(out)["n"] == 2
    status, _, err = _run(capsys, "eval", "reading", file, "--held-out")
    assert status == 2 and "q.json: the card of reader names no articles" in err and "squad-v1.1-train" in err
    held = file.with_name("squad-v2.0-dev-a.json")
    text = file.read_text()
    held.write_text(text.replace('"title": "T"', '"title": "Warsaw"'))
    status, out, _ = _run(capsys, "eval", "reading", held, "--held-out", "--json")
    assert status == 0 and json.loads(out)["n"] == 12
    held.write_text(text)
    status, _, err = _run(capsys, "eval", "reading", held, "--held-out")
    assert status == 2 and "no questions" in err
    status, _, err = _run(capsys, "eval", "reading", file, "--by", "colour")
    assert status == 2 and "language" in err


def test_swaps_draw_from_the_seed_alone():
    assert swap(example(), "names", 1) == swap(example(), "names", 1)
    assert any(swap(example(), "names", s).question != swap(example(), "names", 1).question for s in range(2, 5))
