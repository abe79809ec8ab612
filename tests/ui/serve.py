"""Serve the chat over the fakes for the browser tests: ``serve.py FOLDER [users]`` prints the address."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

if __name__ == "__main__":
    from fakes import FakeKnowledgeBase

    import ui

    folder = Path(sys.argv[1])
    options = {}
    if "users" in sys.argv:
        options = {"auth": [("ann", "secret-a"), ("bob", "secret-b")], "owners": ["ann"]}
    bases = [FakeKnowledgeBase(folder, pause=0.02), FakeKnowledgeBase(folder, "legal")]
    _, url = ui.launch(bases, folder=folder, port=0, block=False, **options)
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    sys.stdin.read()
