"""The windows that the reader of two languages is trained on, from small sets of each kind."""

import gzip
import json
import tarfile

import pytest

from kgqa.reading.extractive import load_tokenizer
from kgqa.training.bilingual_further import Further, chinese, chinese_rows, cmrc
from kgqa.training.bilingual_mix import TaughtMix, chinese_windows
from kgqa.training.bilingual_words import extend, vocabulary, write_tokenizer

PASSAGE = "羅馬是義大利的首都。由於河水上漲，居民離開了村莊。1535年他們建立了新的城市。法官住在羅馬，醫生住在巴黎。"
LAW = "中华人民共和国村庄法\n<!-- INFO END -->\n第一条 居民应当保护村庄的河流、道路和房屋，因为村庄是居民共同建立的，"
LAW += "任何人不得把河水引出村庄，也不得拆除他人的房屋；村庄的法官住在村庄里，由居民选出，每年一次，并在会议上报告村庄的工作。\n"


def write(path, articles):
    data = []
    for title, context, asked in articles:
        qas = [
            {"id": f"{title}{n}", "question": question, "answers": [{"answer_start": context.index(a), "text": a}]}
            for n, (question, a) in enumerate(asked)
        ]
        data.append({"title": title, "paragraphs": [{"context": context, "qas": qas}]})
    with gzip.open(path, "wt", encoding="utf-8") as out:
        json.dump({"data": data}, out)


@pytest.fixture
def data(tmp_path):
    """A folder with the sets, each of a few questions."""
    (tmp_path / "reading").mkdir()
    (tmp_path / "legal").mkdir()
    chinese = [
        (f"羅馬{n}", PASSAGE + "雨" * n, [("法官住在哪裡？", "羅馬"), ("醫生住在哪裡？", "巴黎")]) for n in range(6)
    ]
    write(tmp_path / "reading/drcd-dev.json.gz", chinese)
    write(tmp_path / "reading/cmrc2018-trial.json.gz", chinese)
    english = [
        (f"Rome{n}", "the judge live in rome " * (n + 1), [("where live the judge ?", "rome")]) for n in range(8)
    ]
    for name in ("squad-v1.1-train", "squad-v2.0-dev-a", "policyqa-dev"):
        write(tmp_path / f"reading/{name}.json.gz", english)
    law = tmp_path / "law.md"
    law.write_text("# " + LAW, encoding="utf-8")
    with tarfile.open(tmp_path / "legal/zh-laws.tar.xz", "w:xz") as archive:
        archive.add(law, "law.md")
    return tmp_path


@pytest.fixture
def start(tiny_base, tmp_path):
    """A folder with the tiny tokenizer, and Chinese characters in it."""
    old = json.loads((tiny_base / "tokenizer.json").read_text(encoding="utf-8"))
    vocab = vocabulary(old, 1300, sorted(set(LAW + "罗马是意大利的首都离开河水上涨医生在巴黎")), ["罗马"])
    write_tokenizer(extend(old, vocab), tmp_path / "tokenizer.json")
    return tmp_path


def test_each_kind_of_window_is_made(data, start):
    mix = TaughtMix(passes=((60, 16), (80, 16)), nothing=0.5, switched=5, shares=(1.0, 1.0), cloze=(8, 2))
    made = chinese_windows(data, start, {"judge": [("法官", 1.0)]}, {}, mix)
    assert set(made) == {"asked", "mixed", "cloze", "statutes"}
    assert all(made.values())
    tokenizer = load_tokenizer(start)
    judge = tokenizer.encode("法官", add_special_tokens=False).ids
    for window in made["mixed"]:
        assert set(judge) <= set(window.ids.tolist())
    answers = {tokenizer.decode(w.ids[w.start : w.end + 1].tolist()).replace(" ", "") for w in made["asked"] if w.end}
    assert answers == {"罗马", "巴黎"}
    assert {len(w.ids) <= 80 for w in made["asked"]} == {True}


def test_the_same_seed_makes_the_same_windows(data, start):
    mix = TaughtMix(passes=((60, 16),), switched=3, cloze=(5, 2))
    one, other = (chinese_windows(data, start, {}, {}, mix, seed=7) for _ in range(2))
    assert [w.ids.tolist() for part in one.values() for w in part] == [
        w.ids.tolist() for part in other.values() for w in part
    ]


def test_going_on_takes_half_of_the_passages_of_the_set_that_it_reports_on(data, start):
    mix = Further(passes=((60, 16),), wide=(0.0, 0.0), cmrc=2, cloze=(4, 2), switched=3)
    made = chinese(data, start, {"judge": [("法官", 1.0)]}, {}, mix, seed=7)
    assert set(made) == {"asked", "cmrc", "mixed", "cloze", "statutes"}
    kept, held = cmrc(data)
    assert not {e.context for e in kept} & {e.context for e in held}
    lengths = {len(w.ids) for w in made["cmrc"] if w.end}  # each passage has a length of its own
    assert len(lengths) == len({e.context for e in kept}) == 3


def test_chinese_rows_are_those_of_chinese_characters_and_words(start):
    tokenizer = load_tokenizer(start)
    rows = chinese_rows(start)
    assert tokenizer.token_to_id("罗马") in rows and tokenizer.token_to_id("村") in rows
    assert tokenizer.token_to_id("judge") not in rows and tokenizer.token_to_id("[CLS]") not in rows
