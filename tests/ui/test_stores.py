"""Conversations belong to their owner and survive; feedback becomes training data; records round-trip."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from pypdf import PdfReader

from kgqa.errors import UsageError
from kgqa.evaluation.answers import read_gold
from kgqa.feedback import FeedbackStore
from kgqa.records import from_json, to_json
from kgqa.training.judged import questions
from kgqa.types import Answer
from ui.desk import Desk
from ui.export import to_markdown, to_pdf, to_record
from ui.history import Conversation, HistoryStore, Turn, now
from ui.proving import prove
from ui.users import Users, hash_password


def turn(kb, question: str, asked: str = "") -> Turn:
    answer = kb.ask(question)
    return Turn(asked or question, answer.question, kb.name, answer, now())


def test_any_answer_survives_json(kb):
    for question in [*kb.examples(), "What is a cold?", "nothing 𝄞"]:
        answer = kb.ask(question)
        assert from_json(Answer, json.loads(json.dumps(to_json(answer)))) == answer


def test_a_record_of_something_else_is_refused():
    for data in (
        {},
        {"question": "x", "text": 3, "kind": "span", "confidence": 1},
        [],
        {"question": "x", "text": None, "kind": "none", "confidence": 1, "reason": "bored"},
    ):
        with pytest.raises(UsageError):
            from_json(Answer, data)


def test_conversations_are_kept_searched_renamed_and_deleted(kb, tmp_path):
    store = HistoryStore(tmp_path / "c.sqlite")
    mine = Conversation().with_turn(turn(kb, "二甲双胍的禁忌症是什么？"))
    store.save("user:ann", mine)
    store.save("user:ann", mine.with_turn(turn(kb, "What are the side effects of metformin?")))
    assert store.list("user:ann") == [(mine.id, "二甲双胍的禁忌症是什么？")]
    assert store.list("user:ann", "lactic") and not store.list("user:ann", "100%")
    assert len(HistoryStore(tmp_path / "c.sqlite").load("user:ann", mine.id).turns) == 2
    store.rename("user:ann", mine.id, "  Kidney  ")
    assert store.list("user:ann") == [(mine.id, "Kidney")]
    store.delete("user:ann", mine.id)
    assert store.list("user:ann") == []


def test_another_user_sees_changes_and_deletes_nothing(kb, tmp_path):
    store = HistoryStore(tmp_path / "c.sqlite")
    mine = Conversation().with_turn(turn(kb, "When is metformin contraindicated?"))
    store.save("user:ann", mine)
    assert store.load("user:bob", mine.id) is None and store.list("user:bob") == []
    store.save("user:bob", replace(mine, title="taken"))
    store.rename("user:bob", mine.id, "taken")
    store.delete("user:bob", mine.id)
    assert store.list("user:ann") == [(mine.id, "When is metformin contraindicated?")]


def test_a_removed_document_leaves_no_text_in_conversations(kb, tmp_path):
    store = HistoryStore(tmp_path / "c.sqlite")
    mine = Conversation().with_turn(turn(kb, "When is metformin contraindicated?"))
    mine = mine.with_turn(turn(kb, "What are the side effects of metformin?"))
    store.save("user:ann", mine)
    assert store.forget("drugs/metformin.md") == 1
    kept = store.load("user:ann", mine.id)
    assert "lactic acidosis is rare" not in (tmp_path / "c.sqlite").read_bytes().decode(errors="ignore")
    assert kept.turns[0].answer.conflicts == ()
    assert [e.passage.doc_id for e in kept.turns[0].answer.evidence if e.passage] == ["archive/metformin-2012.md"]
    assert kept.turns[1].answer.text is None and kept.turns[1].answer.items == ()
    assert store.forget("drugs/二甲双胍.md") == 0


def test_feedback_becomes_squad_training_data(kb, tmp_path):
    store = FeedbackStore(tmp_path / "f.sqlite")
    effects, limits = kb.ask("What are the side effects of metformin?"), kb.ask("When is metformin contraindicated?")
    right = store.judge("medical", "ann", effects, "right")
    passage = limits.evidence[0].passage
    wrong = store.judge(
        "medical",
        "bob",
        limits,
        "wrong",
        right_answer="eGFR below 30",
        passage=passage,
        span="eGFR below 30 mL/min",
        note="𝄞",
    )
    none = store.judge("medical", "bob", limits, "wrong", passage=limits.evidence[2].passage)
    dropped = store.judge("medical", "bob", limits, "wrong", right_answer="something else")
    assert [item.id for item in store.list("new")] == [right.id, wrong.id, none.id, dropped.id]
    assert store.export(tmp_path / "none.json") == 0
    for item in (right, wrong, none, dropped):
        store.review(item.id, "accepted", "owner")
    assert store.export(tmp_path / "squad.json") == 3
    data = json.loads((tmp_path / "squad.json").read_text(encoding="utf-8"))
    found = {}
    for article in data["data"]:
        for paragraph in article["paragraphs"]:
            for qa in paragraph["qas"]:
                found[qa["id"]] = qa
                for one in qa["answers"]:
                    start = one["answer_start"]
                    assert paragraph["context"][start : start + len(one["text"])] == one["text"]
    assert set(found) == {right.id, wrong.id, none.id}
    assert found[wrong.id]["answers"][0]["text"] == "eGFR below 30 mL/min"
    assert found[none.id]["is_impossible"] and not found[right.id]["is_impossible"]
    assert store.forget("drugs/metformin.md") == 2
    assert not any(
        "lactic" in item.said + item.answer for item in store.list(None) if item.doc_id == "drugs/metformin.md"
    )
    assert store.export(tmp_path / "after.json") == 1


def test_training_data_is_what_the_squad_reader_reads(kb, tmp_path):
    from kgqa.evaluation.squad import read_examples

    store = FeedbackStore(tmp_path / "f.sqlite")
    store.review(
        store.judge("medical", "ann", kb.ask("What are the side effects of metformin?"), "right").id, "accepted"
    )
    store.export(tmp_path / "squad.json")
    assert len(read_examples(tmp_path / "squad.json")) == 1


def test_a_judgement_says_the_right_answer_as_a_row_of_questions(kb, tmp_path):
    store = FeedbackStore(tmp_path / "f.sqlite")
    drugs, effects = kb.ask("Which drugs treat type 2 diabetes?"), kb.ask("What are the side effects of metformin?")
    cold, love = kb.ask("What is a cold?"), kb.ask("What is love?")
    store.judge("medical", "ann", drugs, "wrong", right_answer="aspirin")
    store.judge("medical", "ann", drugs, "right")  # the later word counts
    store.judge("medical", "ann", effects, "wrong", passage=effects.evidence[0].passage, span="lactic acidosis")
    store.judge("medical", "ann", cold, "wrong", entity=cold.links[1].entity)
    store.judge("medical", "ann", love, "wrong")
    store.judge("legal", "ann", love, "wrong", right_answer="x")
    for item in store.list("new"):
        store.review(item.id, "accepted")
    rows = {row["question"]: row for row in questions(store.list("accepted"), "medical")}
    assert len(rows) == 3 and cold.question not in rows  # of that one only the meaning of a name is known
    assert rows[drugs.question]["answers"] == list(drugs.items) and rows[drugs.question]["kind"] == "entities"
    assert rows[drugs.question].get("answer_iris", []) == [iri for iri in drugs.iris if iri]
    assert rows[effects.question] | {"id": ""} == {
        "id": "", "question": effects.question, "kind": "span", "answers": ["lactic acidosis"],
        "documents": ["drugs/metformin.md"],
    }  # fmt: skip
    assert rows[love.question]["kind"] == "none" and rows[love.question]["answers"] == []
    kept = next(item for item in store.list(None) if item.entity)
    assert (kept.mention, kept.unknown) == (cold.links[1].mention, 0)
    file = tmp_path / "q.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows.values()), encoding="utf-8")
    assert len(read_gold(file)) == 3
    store.forget("drugs/metformin.md")
    assert effects.question not in {row["question"] for row in questions(store.list("accepted"), "medical")}


def test_an_older_file_of_judgements_is_read_and_written_on(kb, tmp_path):
    store = FeedbackStore(tmp_path / "f.sqlite")
    old = store.judge("medical", "ann", kb.ask("What is love?"), "wrong", right_answer="𝄞")
    with closing(sqlite3.connect(tmp_path / "f.sqlite")) as db, db:
        for column in ("kind", "items", "iris", "mention", "unknown"):
            db.execute(f"ALTER TABLE feedback DROP COLUMN {column}")
    again = FeedbackStore(tmp_path / "f.sqlite")
    assert [item.answer for item in again.list()] == [old.answer] and again.list()[0].items == "[]"
    again.judge("medical", "ann", kb.ask("What is love?"), "wrong", right_answer="x")
    assert FeedbackStore(tmp_path / "f.sqlite").list()[1].items == '["x"]'
    assert questions(again.list(), "medical")[0]["answers"] == ["x"]


def test_a_name_that_is_not_in_the_question_is_refused(kb, tmp_path):
    store = FeedbackStore(tmp_path / "f.sqlite")
    with pytest.raises(UsageError, match="in the question"):
        store.judge("medical", "ann", kb.ask("What is love?"), "wrong", entity="x:y", mention="hate")
    assert store.list(None) == []


def test_words_that_are_not_in_the_passage_are_refused(kb, tmp_path):
    store = FeedbackStore(tmp_path / "f.sqlite")
    answer = kb.ask("When is metformin contraindicated?")
    with pytest.raises(UsageError, match="do not stand"):
        store.judge("medical", "ann", answer, "wrong", passage=answer.evidence[0].passage, span="not there")
    with pytest.raises(UsageError):
        store.review("unknown", "accepted")


def test_usage_counts_days_misses_and_time(kb, tmp_path):
    store = FeedbackStore(tmp_path / "f.sqlite")
    assert store.usage().asked == 0
    for seconds, question in enumerate(
        ("Which drugs treat type 2 diabetes?", "What is a cold?", "What is a cold?", "What is love?"), 1
    ):
        store.record("medical", "ann", kb.ask(question), seconds)
    usage = store.usage()
    assert (usage.asked, usage.abstained) == (4, 3)
    assert usage.missed[0] == ("common cold", 2)
    assert usage.days[0][1:] == (4, 3)
    assert usage.seconds == (3.0, 4.0)


def test_exports_hold_the_evidence_and_nothing_that_runs(kb):
    talk = Conversation().with_turn(
        turn(kb, "When is metformin contraindicated?", "<img src=x> and [link](javascript:1)?")
    )
    talk = talk.with_turn(turn(kb, "二甲双胍的禁忌症是什么？"))
    written = to_markdown(talk, "en").data.decode()
    assert "severe renal impairment (eGFR below 30 mL/min)" in written and "drugs/metformin.md" in written
    assert "<img" not in written and "\\[link\\](javascript\\:1)" in written
    assert "二甲双胍" in written and "graph/drugs.ttl" in written and "The sources disagree" in written
    record = json.loads(to_record(talk).data)
    assert record["turns"][0]["answer"]["evidence"][0]["quote"] == "severe renal impairment (eGFR below 30 mL/min)"
    pdf = to_pdf(talk, "zh")
    assert pdf.data.startswith(b"%PDF") and pdf.name.endswith(".pdf")
    pages = "".join(page.extract_text() for page in PdfReader(BytesIO(pdf.data)).pages)
    for words in ("eGFR below 30 mL/min", "drugs/metformin.md", "graph/drugs.ttl", "严重肾功能不全", "来源说法不一"):
        assert words in pages


def test_users_sign_in_with_hashed_passwords(tmp_path):
    file = tmp_path / "users.toml"
    file.write_text(
        f'[users.ann]\npassword = "{hash_password("geheim 𝄞")}"\ngroups = ["ward"]\nowner = true\n', encoding="utf-8"
    )
    users = Users.load(file)
    assert users.check("ann", "geheim 𝄞")
    assert not users.check("ann", "geheim") and not users.check("bob", "geheim 𝄞") and not users.check("", "")
    assert (users.groups("ann"), users.groups("bob"), users.owners()) == ({"ward"}, frozenset(), ["ann"])
    assert "geheim" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", "[users]", '[users.ann]\npassword = "plain"', "[[["])
def test_a_file_of_users_that_cannot_be_used_is_refused(tmp_path, text):
    (tmp_path / "users.toml").write_text(text)
    with pytest.raises(UsageError):
        Users.load(tmp_path / "users.toml")
    with pytest.raises(UsageError):
        Users.load(tmp_path / "gone.toml")


def test_a_proxy_names_the_user_in_a_header_that_only_it_can_send(tmp_path):
    from starlette.datastructures import Headers

    file = tmp_path / "users.toml"
    file.write_text('[users.ann]\ngroups = ["ward"]\n[users."bób"]\n', encoding="utf-8")
    with pytest.raises(UsageError, match="not hashed"):
        Users.load(file)
    named = Users.load(file, passwords=False).from_header("X-Remote-User", {"10.0.0.1"})

    def request(peer, *sent):
        headers = Headers(raw=[(b"x-remote-user", one.encode("latin-1")) for one in sent])
        return SimpleNamespace(client=SimpleNamespace(host=peer), headers=headers)

    assert named(request("10.0.0.1", "ann")) == "ann"
    assert named(request("10.0.0.2", "ann")) is None
    assert named(request("10.0.0.1", "eve")) is None and named(request("10.0.0.1")) is None
    assert named(request("10.0.0.1", "ann", "ann")) is None
    assert not Users.load(file, passwords=False).check("ann", "")


def test_a_document_of_another_group_is_as_good_as_none(kb, tmp_path):
    kb._documents["drugs/metformin.md"] = replace(kb.document("drugs/metformin.md"), access=frozenset({"ward"}))
    desk = Desk(
        {"medical": kb}, HistoryStore(tmp_path / "c.sqlite"), FeedbackStore(tmp_path / "f.sqlite"), frozenset({"ann"}),
        lambda user: frozenset({"ward"}) if user == "ann" else frozenset(),
    )  # fmt: skip
    assert desk.document(kb, "drugs/metformin.md", "ann").title == "Metformin"
    with pytest.raises(UsageError, match="no document"):
        desk.document(kb, "drugs/metformin.md", "bob")
    assert "drugs/metformin.md" not in dict(desk.documents(kb, "bob"))
    assert desk.filters("bob").groups == frozenset()
    talk = Conversation().with_turn(turn(kb, "What are the side effects of metformin?"))
    assert desk.permitted(talk, "ann") == talk
    withdrawn = desk.permitted(talk, "bob").turns[0].answer
    assert (
        withdrawn.text is None
        and withdrawn.evidence == ()
        and "lactic" not in to_record(desk.permitted(talk, "bob")).data.decode()
    )


AS_IN_A_WHEEL = """
import importlib.util, pathlib, sys
sys.path[:0] = [{root!r}, {tests!r}]
import kgqa
spec = importlib.util.spec_from_file_location("kgqa.ui", {ui!r} + "/__init__.py", submodule_search_locations=[{ui!r}])
sys.modules["kgqa.ui"] = kgqa.ui = module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
assert "gradio" not in sys.modules, "importing the package is light"
sys.path.remove({root!r})
from fakes import FakeKnowledgeBase
app = module.build(FakeKnowledgeBase(pathlib.Path({folder!r})))
assert "ui" not in sys.modules and app.analytics_enabled is False
"""


def test_the_package_works_under_its_name_in_a_wheel(tmp_path):
    root = Path(__file__).parents[2]
    script = AS_IN_A_WHEEL.format(root=str(root), tests=str(root / "tests"), ui=str(root / "ui"), folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_examples_that_are_answered_wrongly_are_not_offered(kb, tmp_path):
    rows = [
        {"question": question, "kind": kind, "answers": answers}
        for question, kind, answers in (
            (
                "Which drugs treat type 2 diabetes?",
                "entities",
                list(kb.ask("Which drugs treat type 2 diabetes?").items),
            ),
            ("What are the side effects of metformin?", "span", ["a purple nose"]),
            ("二甲双胍的禁忌症是什么？", "span", [kb.ask("二甲双胍的禁忌症是什么？").text]),
        )
    ]
    desk = Desk({"medical": kb}, HistoryStore(tmp_path / "c.sqlite"), FeedbackStore(tmp_path / "f.sqlite"))
    prove(desk).join(60)
    assert desk.examples(kb, "") == kb.examples()  # without acceptance questions nothing can be proven
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (kb.folder / "questions.jsonl").write_text(text, encoding="utf-8")
    prove(desk).join(60)
    assert set(desk.examples(kb, "")) == {rows[0]["question"], rows[2]["question"]} & set(kb.examples())
    assert rows[1]["question"] not in desk.examples(kb, "")


def test_what_is_forgotten_is_gone_from_the_file_itself(kb, tmp_path):
    history, feedback = HistoryStore(tmp_path / "c.sqlite"), FeedbackStore(tmp_path / "f.sqlite")
    asked = "What are the side effects of metformin?"
    history.save("ann", Conversation().with_turn(turn(kb, asked)))
    answer = kb.ask(asked)
    feedback.judge("medical", "ann", answer, "wrong", passage=answer.evidence[0].passage, span="lactic acidosis")
    files = [tmp_path / "c.sqlite", tmp_path / "f.sqlite"]
    assert all(b"lactic acidosis" in file.read_bytes() for file in files)
    for store in (history, feedback):
        store.forget("drugs/metformin.md")
    assert not any(b"lactic acidosis" in file.read_bytes() for file in files)
