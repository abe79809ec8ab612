"""Audit records: complete, chained, on the disk before the answer is given, free of source text, and repeatable."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import kgqa
from kgqa.audit import Journal
from kgqa.errors import IndexFault, UsageError
from kgqa.replaying import replay
from kgqa.types import Filters


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    made = Journal(tmp_path / "audit.jsonl")
    made.append([{"said": f"{number} \U00020000"} for number in range(3)])
    made.append([{"said": "x" * 9000}, {"said": "end"}])
    return made


def lines(journal: Journal) -> list[bytes]:
    return journal.path.read_bytes().splitlines(keepends=True)


def test_an_untouched_chain_is_whole(journal) -> None:
    assert journal.faults() == []
    assert [record["number"] for record in journal.records()] == [1, 2, 3, 4, 5]
    assert Journal(journal.path.with_name("none.jsonl")).faults() == []


@pytest.mark.parametrize("number", range(5))
def test_every_edit_is_found(journal, number: int) -> None:
    kept = lines(journal)
    record = json.loads(kept[number])
    kept[number] = json.dumps({**record, "said": "something else"}, sort_keys=True).encode() + b"\n"
    journal.path.write_bytes(b"".join(kept))
    assert journal.faults()


@pytest.mark.parametrize("number", range(5))
def test_every_dropped_line_is_found(journal, number: int) -> None:
    kept = lines(journal)
    journal.path.write_bytes(b"".join(kept[:number] + kept[number + 1 :]))
    assert journal.faults()


@pytest.mark.parametrize("number", range(4))
def test_every_exchange_is_found(journal, number: int) -> None:
    kept = lines(journal)
    kept[number], kept[number + 1] = kept[number + 1], kept[number]
    journal.path.write_bytes(b"".join(kept))
    assert journal.faults()


def test_a_journal_that_lost_its_end_is_not_written_on(journal) -> None:
    journal.path.write_bytes(b"".join(lines(journal)[:-1]))
    with pytest.raises(IndexFault, match="its end is missing"):
        journal.append([{"said": "more"}])


@pytest.mark.parametrize("cut", [1, 20, 4000])
def test_a_line_torn_by_a_kill_is_taken_out_and_the_chain_goes_on(journal, cut: int) -> None:
    whole = journal.path.read_bytes()
    journal.path.write_bytes(whole + lines(journal)[3][:cut])
    assert journal.faults() == []
    journal.append([{"said": "after"}])
    assert journal.faults() == []
    assert [record["number"] for record in journal.records()] == [1, 2, 3, 4, 5, 6]


def test_writers_in_several_processes_make_one_chain(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from kgqa.audit import Journal; j = Journal(Path(sys.argv[1]));"
        " [j.append([{'said': n}]) for n in range(20)]"
    )
    place = tmp_path / "audit.jsonl"
    running = [subprocess.Popen([sys.executable, "-c", code, str(place)]) for _ in range(3)]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert Journal(place).faults() == []
    assert len(list(Journal(place).records())) == 60


@pytest.fixture
def audited(own: Path) -> kgqa.KnowledgeBase:
    (own / "kb.toml").write_text('audit = true\nlanguages = ["en", "zh"]\n', encoding="utf-8")
    kgqa.build(own)
    return kgqa.open(own)


def test_each_answer_leaves_a_record_that_gives_it_again(audited) -> None:
    first = audited.ask("Which drugs treat gout?")
    audited.ask_many(["In which year was salbutamol first sold?", "What is zorbafexine?"])
    audited.ask("What is the speed limit on the yard?", filters=Filters(groups=frozenset({"staff"})))
    assert audited.journal.faults() == []
    records = list(audited.journal.records())
    assert [r["asked"]["question"] for r in records][:2] == [first.question, "In which year was salbutamol first sold?"]
    assert records[2]["reason"]
    for record in records:
        again = replay(audited, record["number"])
        assert again.same, again.changed
    assert len(list(audited.journal.records())) == 4


def test_a_changed_source_changes_the_replay_and_says_what(audited, own: Path) -> None:
    audited.ask("In which year was salbutamol first sold?")
    page = own / "documents" / "asthma.md"
    page.write_text(page.read_text(encoding="utf-8").replace("1969", "1971"), encoding="utf-8")
    kgqa.build(own)
    again = replay(kgqa.open(own), 1)
    assert not again.same
    assert {"generation", "citations"} <= set(again.changed)


def test_records_hold_no_text_of_the_sources(audited) -> None:
    audited.ask("In which year was salbutamol first sold?")
    assert b"1969" not in audited.journal.path.read_bytes()
    audited.remove("asthma.md")
    assert audited.verify_erasure("asthma.md") == []


def test_no_answer_is_given_when_its_record_cannot_be_written(audited) -> None:
    audited.journal.path.mkdir()
    with pytest.raises(IndexFault, match="no answer is given without"):
        audited.ask("Which drugs treat gout?")


def test_a_record_that_is_not_there(audited) -> None:
    with pytest.raises(UsageError, match="has no record 7"):
        replay(audited, 7)


def test_without_the_setting_nothing_is_kept(own: Path) -> None:
    base = kgqa.open(own)
    base.ask("Which drugs treat gout?")
    assert not base.journal.path.exists()
