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
    if "header" in sys.argv:
        (folder / "users.toml").write_text("[users.ann]\nowner = true\n[users.bob]\n")
        options = {"users": folder / "users.toml", "trusted_header": "X-Remote-User"}
    if "users" in sys.argv:
        from ui.users import hash_password

        lines = [f'[users.{name}]\npassword = "{hash_password("secret-" + name[0])}"' for name in ("ann", "bob")]
        (folder / "users.toml").write_text(f'{lines[0]}\nowner = true\ngroups = ["ward"]\n{lines[1]}\n')
        options = {"users": folder / "users.toml"}
    bases = [FakeKnowledgeBase(folder, pause=0.02), FakeKnowledgeBase(folder, "legal")]
    _, url = ui.launch(bases, folder=folder, port=0, block=False, **options)
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    sys.stdin.read()
