"""Questions for one attribute of one thing in Chinese, over a graph that no training has seen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kgqa.evaluation.graph import evaluate, load_triples, read_questions
from kgqa.evaluation.graph import main as measure
from kgqa.graph.answer import GraphSearch
from kgqa.graph.linking import EntityLinker
from kgqa.training.paths import train

TRIPLES = """\
青石镇（某县下辖镇）\t海拔\t1250米
青石镇（某县下辖镇）\t面积\t88平方公里
青石镇（某县下辖镇）\t别称\t石头镇
知道\t作者\t何人
白𠮷号\t下水日期\t1999年5月3日
白𠮷号\t船长\t林若溪
白𠮷号\t出生地\t上海
山\t拼音\tshān
"""
ANSWERED = [
    ("青石镇有多高？", "1250米"),
    ("你知道青石镇的面积有多大吗？", "88平方公里"),
    ("请问青石镇又叫什么？", "石头镇"),
    ("白𠮷号是哪天下水的？", "1999年5月3日"),
    ("白𠮷号的船长是谁？", "林若溪"),
]
REFUSED = ["青石镇的人口有多少？", "白𠮷号的船东是哪家公司？", "白𠮷号是什么时候沉没的？", "青石镇的邮编是多少？"]


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("places")
    (folder / "t.tsv").write_text(TRIPLES, encoding="utf-8")
    store = load_triples(folder / "t.tsv", folder / "index")
    return GraphSearch(store), EntityLinker(store)


def _answers(places, question: str) -> list[str]:
    search, linker = places
    found = search.find([question], linker.link([question]))[0]
    return [label for _, label in found[0].values] if found else []


@pytest.mark.parametrize(("question", "answer"), ANSWERED)
def test_attributes_are_found_by_what_their_names_share_with_the_question(places, question: str, answer: str) -> None:
    assert _answers(places, question) == [answer]


@pytest.mark.parametrize("question", REFUSED)
def test_a_relation_that_the_graph_lacks_is_refused(places, question: str) -> None:
    assert _answers(places, question) == []


def test_questions_with_their_gold_triple_train_and_measure(tmp_path: Path, capsys) -> None:
    (tmp_path / "t.tsv").write_text(
        "".join(f"东{n}号\t属性{chr(0x4E00 + n % 40)}\t值{n}\n" for n in range(240)), encoding="utf-8"
    )
    rows = [
        {
            "question": f"东{n}号怎么{chr(0x6E00 + n % 40)}的",
            "answer": f"东{n}号 ||| 属性{chr(0x4E00 + n % 40)} ||| 值{n}",
        }
        for n in range(240)
    ]
    (tmp_path / "q.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    counts = train(tmp_path / "t.tsv", [tmp_path / "q.jsonl"], tmp_path / "model")
    assert counts == {"questions": 240, "relations": 40}
    store = load_triples(tmp_path / "t.tsv", tmp_path / "index")
    questions = read_questions(tmp_path / "q.jsonl")[::6]
    assert evaluate(GraphSearch(store), store, questions, "none").figures()["hits@1"] < 0.2
    trained = evaluate(GraphSearch(store, None, tmp_path / "model"), store, questions, "none").figures()
    assert trained["hits@1"] > 0.8
    arguments = ["--triples", str(tmp_path / "t.tsv"), "--questions", str(tmp_path / "q.jsonl"), "--limit", "20"]
    gone = ["--without", *{f"属性{chr(0x4E00 + n)}" for n in range(1, 40)}, "--link", "none"]
    measure([*arguments, *gone])
    assert json.loads(capsys.readouterr().out)["q.jsonl"]["answered"] < 0.1
