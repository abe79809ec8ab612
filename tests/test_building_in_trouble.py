"""Builds that meet a full disk, or sources that go away meanwhile: one line, the old index in force, nothing half done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import kgqa

CRAMPED = """
import resource, sys
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from kgqa.cli.main import main
main(["build", sys.argv[2]])
"""


@pytest.mark.parametrize("limit", [0, 4_000, 20_000, 60_000])
def test_a_disk_that_fills_up_at_any_step_leaves_the_old_index_in_force(own: Path, limit: int) -> None:
    before = kgqa.open(own).generation
    (own / "documents" / "new.md").write_text("Probenecid lowers uric acid. 痛风。\U00020000\n" * 40, encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-c", CRAMPED, str(limit), str(own)], capture_output=True, text=True, timeout=120, check=False
    )
    *_, said = found.stderr.strip().splitlines()
    assert found.returncode == 1, found.stderr
    assert said.startswith("kgqa: ") and "Traceback" not in found.stderr
    base = kgqa.open(own)
    assert base.generation == before
    assert base.search("gout", mode="lexical")
    base.close()
    assert kgqa.build(own).documents == 7
    assert kgqa.open(own).search("Probenecid", mode="lexical")[0].passage.doc_id == "new.md"


def test_sources_that_go_away_during_a_build_are_told_and_the_rest_is_built(own: Path) -> None:
    for number in range(12):
        (own / "documents" / f"z{number:02}.md").write_text(f"Note {number} of the yard.", encoding="utf-8")

    def remove(stage: str, done: int, of: int) -> None:
        (own / "documents" / "z11.md").unlink(missing_ok=True)
        (own / "graph" / "facts.ttl").unlink(missing_ok=True)

    (own / "graph" / "other.ttl").write_text("<http://e.org/a> <http://e.org/b> <http://e.org/c> .", encoding="utf-8")
    report = kgqa.build(own, progress=remove)
    assert {name for name, _ in report.problems} >= {"z11.md"}
    assert report.documents == 17 and report.triples == 1
    again = kgqa.build(own)
    assert not again.unchanged and not again.problems
    assert kgqa.build(own).unchanged


def test_a_source_that_goes_away_before_it_is_hashed_is_no_crash(own: Path) -> None:
    (own / "documents" / "gone.md").symlink_to(own / "documents" / "never-there.md")
    report = kgqa.build(own)
    assert report.documents == 6
