from pathlib import Path

from kgqa.store.manifest import describe


def test_the_graph_engines_diary_is_no_part_of_an_index(tmp_path: Path) -> None:
    folder = tmp_path / "graph" / "oxigraph"
    folder.mkdir(parents=True)
    for name in ("LOG", "LOG.old.1700000000000000", "CURRENT", "000004.log", "CATALOGUE"):
        (folder / name).write_bytes(b"x")
    assert sorted(describe(tmp_path)) == [f"graph/oxigraph/{n}" for n in ("000004.log", "CATALOGUE", "CURRENT")]
