import pytest

from kgqa.graph.load import LoadReport
from kgqa.graph.store import GraphStore


@pytest.fixture
def make(tmp_path):
    """Build a graph from texts by file name; returns the open store and the report."""
    opened = []

    def build(files: dict[str, str | bytes], **options) -> tuple[GraphStore, LoadReport]:
        root = tmp_path / f"kb{len(opened)}"
        paths = []
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            paths.append(path)
        folder = tmp_path / f"graph{len(opened)}"
        report = GraphStore.build(paths, root, folder, **options)
        store = GraphStore.open(folder)
        opened.append(store)
        return store, report

    yield build
    for store in opened:
        store.close()
