"""A knowledge base that changes while it is asked: askers finish on the old generation, and nothing broken stays."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import kgqa
from kgqa.errors import UsageError


def test_questions_asked_while_documents_come_and_go_are_all_answered(own: Path, tmp_path: Path) -> None:
    base = kgqa.open(own)
    note = tmp_path / "zorbafexine.md"
    note.write_text("# Zorbafexine\n\nZorbafexine was first sold in 2031 in Utopia.\n", encoding="utf-8")
    failures: list[BaseException] = []
    answered: list[frozenset[str]] = []
    done = threading.Event()

    def asker() -> None:
        while not done.is_set():
            try:
                answered.append(frozenset(base.ask("Which drugs treat gout?").items))
                base.search("zorbafexine", 3)
                base.documents()
            except BaseException as failure:
                failures.append(failure)
                return

    threads = [threading.Thread(target=asker) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            base.add(note)
            assert base.search("zorbafexine", 1)[0].passage.doc_id == "zorbafexine.md"
            base.remove("zorbafexine.md")
            assert base.verify_erasure("zorbafexine.md") == []
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert len(answered) >= 3
    assert set(answered) == {frozenset({"colchicine", "allopurinol"})}


def test_a_generation_closes_when_the_last_of_its_users_has_left(own: Path, tmp_path: Path) -> None:
    base = kgqa.open(own)
    before = base._now
    assert before.enter()
    note = tmp_path / "note.md"
    note.write_text("Gout hurts.", encoding="utf-8")
    base.add(note)
    assert base._now is not before
    assert not before.wait(0)
    assert before.store.text("asthma.md")
    before.leave()
    assert before.wait(0)
    assert not before.enter()


def test_a_closed_knowledge_base_says_so(own: Path) -> None:
    base = kgqa.open(own)
    base.close()
    base.close()
    with pytest.raises(UsageError, match="is closed; open it again"):
        base.ask("Which drugs treat gout?")


def test_a_file_that_cannot_be_read_does_not_stay(own: Path, tmp_path: Path) -> None:
    base = kgqa.open(own)
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 this is no document")
    good = tmp_path / "good.md"
    good.write_text("Gout hurts.", encoding="utf-8")
    report = base.add(broken, good)
    assert [name for name, _ in report.problems] == ["broken.pdf"]
    assert not (own / "documents" / "broken.pdf").exists()
    assert (own / "documents" / "good.md").exists()
    assert base.search("hurts", 1)[0].passage.doc_id == "good.md"


def test_files_of_a_failed_build_are_taken_out_again(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kgqa import knowledge_base

    def fails(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    base = kgqa.open(own)
    note = tmp_path / "note.md"
    note.write_text("Gout hurts.", encoding="utf-8")
    monkeypatch.setattr(knowledge_base, "build_index", fails)
    with pytest.raises(OSError, match="disk is full"):
        base.add(note)
    assert not (own / "documents" / "note.md").exists()
    assert base.ask("Which drugs treat gout?").items
