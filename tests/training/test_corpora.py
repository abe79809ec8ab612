"""Public sets as training groups: halves that never meet, negatives that are none of the answers."""

import gzip
import json
import os
import random
import tarfile
from pathlib import Path

import pytest

from kgqa.training.corpora import (
    beir_groups,
    bioasq_examples,
    bioasq_held,
    chunks,
    clause_groups,
    medquad_groups,
    snippet_groups,
    squad_groups,
    trained,
)

pytestmark = pytest.mark.torch


def write_gz(path, said):
    with gzip.open(path, "wt", encoding="utf-8") as out:
        json.dump(said, out, ensure_ascii=False)
    return path


def test_halves_are_about_half_and_fixed():
    ids = [f"id-{n}" for n in range(2000)]
    assert 900 < sum(map(trained, ids)) < 1100
    assert trained("id-1") == trained("id-1")


def test_chunks_are_whole_sentences_that_hold_all_of_the_text():
    text = "One is here. " * 200 + "二是这里。😀"
    parts = chunks(text, 300)
    assert len(parts) > 5 and all(len(part) < 400 for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_beir_groups_use_the_training_half_and_no_judged_document(tmp_path):
    docs = [{"_id": f"d{n}", "title": f"T{n}", "text": f"water {n} boils at heat {n % 7}"} for n in range(60)]
    queries = [{"_id": f"q{n}", "text": f"when does water {n} boil"} for n in range(40)]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, docs)), encoding="utf-8")
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)), encoding="utf-8")
    (tmp_path / "qrels").mkdir()
    rows = [f"q{n}\td{n}\t1" for n in range(40)]
    (tmp_path / "qrels" / "train.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *rows]), encoding="utf-8")
    groups = beir_groups(tmp_path, 3, 2, random.Random(1))
    expected = {f"when does water {n} boil" for n in range(40) if trained(f"q{n}")}
    assert {group.question for group in groups} == expected and len(groups) == 2 * len(expected)
    assert all(group.positive not in group.negatives and len(group.negatives) == 3 for group in groups)


def bioasq(path):
    rows = [
        {
            "id": f"{n:024x}",
            "type": "factoid",
            "body": f"Which drug treats disease {n}?",
            "exact_answer": [[f"Drug{n}"]],
            "snippets": [{"text": f"Disease {n} is treated with drug{n}."}, {"text": "Nothing to see."}],
        }
        for n in range(32)
    ]
    return write_gz(path, {"questions": rows})


def test_bioasq_examples_mark_the_answer_and_keep_a_quarter_back(tmp_path):
    path = bioasq(tmp_path / "b.json.gz")
    kept, held = bioasq_examples(path, held=False), bioasq_examples(path, held=True)
    assert (len(kept), len(held)) == (24, 8)
    assert not {e.article for e in kept} & {e.article for e in held}
    assert all(e.context[at : at + len(text)] == text for e in kept for at, text in e.answers)


def test_snippet_groups_leave_the_held_questions_out(tmp_path):
    path = bioasq(tmp_path / "b.json.gz")
    pubmed = write_gz(tmp_path / "p.json.gz", {"1": {"QUESTION": "Does tea help? 😀", "CONTEXTS": ["Tea was tested."]}})
    groups = snippet_groups(path, pubmed, 3, random.Random(1))
    assert len({group.question for group in groups}) == 25
    held = {f"Which drug treats disease {n}?" for n in range(32) if bioasq_held(f"{n:024x}")}
    assert not held & {group.question for group in groups}


def test_medquad_groups_take_sections_of_the_same_topic_as_negatives(tmp_path):
    with tarfile.open(tmp_path / "m.tar.xz", "w:xz") as archive:
        for n in range(12):
            pairs = "".join(
                f"<QAPair><Question>What is the {kind} of illness {n} ?</Question>"
                f"<Answer>The {kind} of illness {n} is long and widely described in books.</Answer></QAPair>"
                for kind in ("cause", "outlook", "treatment")
            )
            file = tmp_path / f"{n}.xml"
            file.write_text(
                f'<Document id="{n}"><Focus>illness {n}</Focus><QAPairs>{pairs}</QAPairs></Document>', encoding="utf-8"
            )
            archive.add(file, f"x/{n}.xml")
    groups = medquad_groups(tmp_path / "m.tar.xz", 100, 3, random.Random(1))
    assert len(groups) == 3 * sum(trained(str(n)) for n in range(12))
    own = [group.question.rstrip("?").split(" of ")[1] for group in groups]
    near = [any(topic in text for text in group.negatives) for topic, group in zip(own, groups, strict=True)]
    assert sum(near) > 0.6 * len(groups)
    assert all(group.positive not in group.negatives for group in groups)


def test_clause_groups_find_the_clause_in_the_contract(tmp_path):
    clause = "The buyer may audit the books of the seller once in every calendar year."
    names = [f"Contract {n}.txt" for n in range(8)]
    filler = " ".join(
        f"Article {n} says that the parties shall do thing number {n} with all due care." for n in range(60)
    )
    with tarfile.open(tmp_path / "c.tar.xz", "w:xz") as archive:
        for name in names:
            (tmp_path / name).write_text(f"{filler} {clause} {filler}", encoding="utf-8")
            archive.add(tmp_path / name, name)
    from kgqa.training.corpora import CLAUSES

    with gzip.open(tmp_path / "c.csv.gz", "wt", encoding="utf-8", newline="") as out:
        out.write(",".join(["Filename", *(f'"{c}"' for c in CLAUSES)]) + "\n")
        for name in names:
            cells = [f"['{clause}']" if c == "Audit Rights" else "[]" for c in CLAUSES]
            out.write(",".join([name.replace(".txt", ".pdf"), *(f'"{c}"' for c in cells)]) + "\n")
    groups = clause_groups(tmp_path / "c.tar.xz", tmp_path / "c.csv.gz", 50, 3, random.Random(1))
    ways = len(CLAUSES["Audit Rights"])
    assert 0 < len(groups) < ways * len(names)  # only half of the contracts may be trained on
    assert all("audit the books" in g.positive and not any("audit" in n for n in g.negatives) for g in groups)


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.skipif("KGQA_DATA" not in os.environ, reason="KGQA_DATA is not set")
def test_the_reader_recipe_trains_on_no_held_out_article():
    from kgqa.training.recipes import first_examples, reading

    data = Path(os.environ["KGQA_DATA"])
    used = {(e.article, e.context) for e in first_examples(data)}
    for _, held in reading(data).values():
        assert held and not {(e.article, e.context) for e in held} & used


def test_squad_groups_ask_answered_questions_only():
    from kgqa.evaluation.squad import Example

    rows = [
        Example(str(n), f"Where is thing {n}?", f"Thing {n} is in town {n}.", ((14, f"town {n}"),), "a")
        for n in range(20)
    ]
    rows.append(Example("x", "Where is nothing?", "Thing 1 is in town 1.", (), "a"))
    groups = squad_groups(rows, 100, 3, random.Random(1))
    assert len(groups) == 20 and all(len(g.negatives) == 3 for g in groups)
