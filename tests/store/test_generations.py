import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kgqa.errors import IndexFault
from kgqa.store.generations import Generations

CHILD = [sys.executable, str(Path(__file__).with_name("writer_child.py"))]
FINGERPRINTS = {"encoder": "e"}


def commit(folder, number=1, keep=1):
    generations = Generations(folder)
    with generations.writing(keep) as draft:
        (draft.path / "lexical").mkdir()
        (draft.path / "passages.sqlite").write_bytes(f"{number} passages.sqlite 𝔘".encode())
        (draft.path / "lexical" / "terms.json").write_bytes(f"{number} lexical/terms.json 𝔘".encode())
        draft.commit(kb_hash=str(number), fingerprints=FINGERPRINTS, facts={"n": number})
    return generations


def number_of(folder):
    """Open the generation in force and return its number, after a look at its files."""
    with Generations(folder).current() as found:
        number = found.manifest.facts["n"]
        for name in found.manifest.files:
            assert (found.path / name).read_bytes() == f"{number} {name} 𝔘".encode()
        return number


def struck(how, *folders):
    """Write into each folder; in the n-th the n-th operation, counted from 0 for none, is struck."""
    done = subprocess.run([*CHILD, how, *map(str, folders)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def operations(folder):
    ((status, count),) = struck("none", folder)
    assert status == 0
    assert int(count) >= 10
    return int(count)


def test_the_last_commit_is_in_force_and_one_older_is_kept(tmp_path):
    for number in (1, 2, 3):
        generations = commit(tmp_path / "索引", number)
    with generations.current() as found:
        assert (found.name, found.note, found.manifest.kb_hash) == ("gen-000003", "", "3")
        found.require(FINGERPRINTS)
    assert generations.names() == ["gen-000002", "gen-000003"]
    assert generations.prune() == []
    assert generations.names() == ["gen-000003"]


def test_a_draft_that_is_not_committed_leaves_nothing(tmp_path):
    commit(tmp_path)
    with pytest.raises(RuntimeError), Generations(tmp_path).writing() as draft:
        (draft.path / "passages.sqlite").write_bytes(b"half")
        raise RuntimeError
    assert number_of(tmp_path) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "CURRENT", "gen-000001"]


def test_no_index_is_said_to_be_none(tmp_path):
    with pytest.raises(IndexFault, match=r"there is no index in .*; build it with: kgqa build"):
        Generations(tmp_path / "none").current()
    assert not (tmp_path / "none").exists()


def test_another_model_is_refused_with_both_values(tmp_path):
    with commit(tmp_path).current() as found, pytest.raises(IndexFault, match="encoder e, configured is other"):
        found.require({"encoder": "other"})
    with commit(tmp_path).current() as found, pytest.raises(IndexFault, match="reader none, configured is r"):
        found.require({"reader": "r"})


def test_another_format_is_refused_with_both_values(tmp_path, monkeypatch):
    monkeypatch.setattr("kgqa.store.manifest.FORMAT", 7)
    commit(tmp_path)
    monkeypatch.undo()
    with pytest.raises(IndexFault, match="format 7, this version reads 1"):
        Generations(tmp_path).current()
    assert number_of(commit(tmp_path, 2).folder) == 2  # a build replaces what cannot be opened


@pytest.mark.parametrize("how", ["kill", "kill-after"])
@pytest.mark.parametrize("commits", [0, 1])
def test_killed_at_any_point_the_old_or_the_new_generation_is_whole(tmp_path, how, commits):
    folders = [tmp_path / f"{point}" for point in range(operations(tmp_path / "first") + 1)]
    for folder in folders[: commits * len(folders)]:
        commit(folder)
    for folder, (status, _) in zip(folders[1:], struck(how, *folders)[1:], strict=True):
        assert status == -9
        try:
            assert number_of(folder) in (commits, commits + 1)
        except IndexFault:
            assert commits == 0  # only a first build can leave nothing
        commit(folder, 9)
        assert number_of(folder) == 9
        assert not list(folder.glob(".[doC]*"))  # no draft, no half-deleted generation, no new pointer


def test_failing_at_any_point_is_loud_and_keeps_the_old_generation(tmp_path):
    folders = [tmp_path / f"{point}" for point in range(operations(tmp_path / "first") + 1)]
    for folder in folders:
        commit(folder)
    results = struck("fail", *folders)
    for folder, (status, said) in list(zip(folders, results, strict=True))[1:]:
        assert status == 1
        assert said.startswith(f"IndexFault: index {folder} cannot be written (No space left on device)")
        after = folder == folders[-1]  # the sync that follows the replacement of CURRENT
        assert number_of(folder) == (2 if after else 1)
        assert len(Generations(folder).names()) == (2 if after else 1)


def test_a_full_disk_is_loud(tmp_path):
    commit(tmp_path)
    limit = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16));"
        "from pathlib import Path; from kgqa.store.generations import Generations\n"
        "with Generations(Path(sys.argv[1])).writing() as draft:\n"
        "    (draft.path / 'a').write_bytes(b'x')\n"
        "    draft.commit(kb_hash='2', fingerprints={})\n"
    )
    done = subprocess.run([sys.executable, "-c", limit, str(tmp_path)], capture_output=True, text=True, check=False)
    assert "IndexFault" in done.stderr
    assert "File too large" in done.stderr
    assert number_of(tmp_path) == 1


@pytest.mark.parametrize(
    "damage", [b"", b"\0\0\0", b"gen-99\n", b"gen-000042\n", b"../../etc/passwd\n", "世代".encode()]
)
def test_a_damaged_pointer_falls_back_to_the_newest_and_says_so(tmp_path, damage):
    commit(tmp_path, 1)
    generations = commit(tmp_path, 2)
    (tmp_path / "CURRENT").write_bytes(damage)
    with generations.current() as found:
        assert found.name == "gen-000002"
        assert "using gen-000002. Build the index again" in found.note
    commit(tmp_path, 3)
    assert number_of(tmp_path) == 3


def test_any_flipped_bit_and_any_cut_is_found(tmp_path):
    commit(tmp_path, 1)
    generations = commit(tmp_path, 2)
    files = [path for path in (tmp_path / "gen-000002").rglob("*") if path.is_file()]
    chance = random.Random(5)
    for path in files:
        whole = path.read_bytes()
        damaged = []
        for _ in range(60):
            place = chance.randrange(len(whole) * 8)
            flipped = bytearray(whole)
            flipped[place // 8] ^= 1 << place % 8
            damaged.append(bytes(flipped))
        damaged += [whole[: chance.randrange(len(whole))] for _ in range(10)] + [whole + b"\0", b""]
        for data in damaged:
            path.write_bytes(data)
            with generations.current() as found:
                assert (found.name, found.manifest.facts["n"]) == ("gen-000001", 1)
                assert "gen-000002" in found.note
        path.unlink()
        with generations.current() as found:
            assert found.name == "gen-000001"
        path.write_bytes(whole)
    assert number_of(tmp_path) == 2


def test_the_reason_names_the_file(tmp_path):
    commit(tmp_path)
    (tmp_path / "gen-000001" / "lexical" / "terms.json").write_bytes(b"1 lexical/terms.json xxxx")
    with pytest.raises(
        IndexFault, match=r"gen-000001: lexical/terms\.json has .* the manifest says .*no older generation"
    ):
        Generations(tmp_path).current()


def test_a_manifest_cannot_name_files_outside(tmp_path):
    from kgqa.store.manifest import MANIFEST, Manifest

    commit(tmp_path)
    for name in ("../secret", "/etc/passwd"):
        bad = Manifest("1", FINGERPRINTS, {name: (1, "0")}, {})
        (tmp_path / "gen-000001" / MANIFEST).write_bytes(bad.to_bytes())
        with pytest.raises(IndexFault, match="lies outside the generation"):
            Generations(tmp_path).current()


def test_a_second_writer_is_refused_at_once_and_told_who_writes(tmp_path):
    with Generations(tmp_path).writing():
        began = time.monotonic()
        ((status, said),) = struck("none", tmp_path)
        assert time.monotonic() - began < 30
        assert status == 1
        assert f"is being written by process {os.getpid()}" in said
        with pytest.raises(IndexFault, match=f"is being written by process {os.getpid()}"):
            Generations(tmp_path).prune()
    assert struck("none", tmp_path)[0][0] == 0  # and the lock of a process that ended is none


def test_a_generation_that_is_read_is_not_deleted(tmp_path):
    generations = commit(tmp_path, 1)
    reader = generations.current()
    for number in (2, 3, 4):
        commit(tmp_path, number, keep=0)
    assert generations.names() == ["gen-000001", "gen-000004"]
    assert (reader.path / "passages.sqlite").read_bytes().startswith(b"1 ")
    assert generations.prune() == ["gen-000001"]
    reader.close()
    reader.close()
    assert generations.prune() == []
    assert generations.names() == ["gen-000004"]


def test_readers_beside_a_writer_always_see_a_whole_generation(tmp_path):
    commit(tmp_path)
    code = (
        "import sys, time; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
        "from test_generations import number_of\n"
        "end = time.monotonic() + 1.5; last = 0; count = 0\n"
        "while time.monotonic() < end:\n"
        "    found = number_of(Path(sys.argv[2])); assert found >= last; last = found; count += 1\n"
        "print(count)\n"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    number = 1
    while any(reader.poll() is None for reader in readers):
        number += 1
        commit(tmp_path, number, keep=0)
    for reader in readers:
        out, err = reader.communicate()
        assert reader.returncode == 0, err
        assert int(out) > 3
    assert number > 3


def test_a_read_only_index_can_be_read_and_not_written(tmp_path):
    folder = tmp_path / "index"
    commit(folder)
    code = (
        "import os, sys\n"
        "from pathlib import Path; from kgqa.store.generations import Generations; g = Generations(Path('.'))\n"
        "os.chdir(sys.argv[1])\n"
        "if os.getuid() == 0: os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "print(g.current().name)\n"
        "with g.writing(): pass\n"
    )
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=False)
    finally:
        folder.chmod(0o755)
        (folder / "gen-000001").chmod(0o755)
        (folder / "gen-000001" / "lexical").chmod(0o755)
    assert done.stdout == "gen-000001\n"
    assert "IndexFault" in done.stderr
    assert "cannot be written (Permission denied)" in done.stderr


def test_what_an_older_writer_left_in_the_folder_is_cleared(tmp_path):
    commit(tmp_path)
    (tmp_path / ".draft-000002").mkdir()
    (tmp_path / ".draft-000002" / "half").write_bytes(b"x")
    (tmp_path / ".old-gen-000000").mkdir()
    (tmp_path / "gen-000007").mkdir()  # renamed, but its writer died before CURRENT and left it without a manifest
    commit(tmp_path, 2, keep=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "CURRENT", "gen-000008"]


def test_a_promised_erasure_is_kept_by_whoever_writes_next(tmp_path):
    commit(tmp_path, 1)
    Generations(tmp_path).promise_erasure()  # and then the remover dies
    reader = Generations(tmp_path).current()
    commit(tmp_path, 2)
    assert Generations(tmp_path).names() == ["gen-000001", "gen-000002"]  # it is being read
    reader.close()
    commit(tmp_path, 3)
    assert Generations(tmp_path).names() == ["gen-000003"]
    commit(tmp_path, 4)
    assert Generations(tmp_path).names() == ["gen-000003", "gen-000004"]  # the promise is kept once
