import pytest

from kgqa.documents import Limits, load_one


@pytest.fixture
def load_bytes(tmp_path):
    """Write bytes to a file below a fresh folder and load it."""

    def run(name, data, limits=None):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return load_one(path, tmp_path, limits=limits or Limits())

    return run
