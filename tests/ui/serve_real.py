"""Serve the chat over copies of the sample knowledge bases: ``serve_real.py FOLDER [users]`` prints the address.

What an index of the samples in the working tree has encoded already is not encoded again.
"""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]
RULES = '\n[access]\n"documents/cases/*" = ["ward"]\n"graph/half-life.csv" = ["ward"]\n'


def copied(folder: Path, name: str, rules: str = "") -> Path:
    """Copy a sample with its index, close some of its sources, and build it."""
    import kgqa

    target = folder / "kb" / name
    shutil.copytree(ROOT / "kb" / name, target)
    built = ROOT / "indexes" / name
    if (built / "CURRENT").is_file():
        shutil.copytree(
            built, folder / "indexes" / name, ignore=shutil.ignore_patterns("conversations.*", "feedback.*", "models")
        )
    if rules:
        toml = target / "kb.toml"
        toml.write_text(toml.read_text(encoding="utf-8") + rules, encoding="utf-8")
    kgqa.build(target)
    return target


if __name__ == "__main__":
    import kgqa
    import ui

    folder = Path(sys.argv[1])
    options = {}
    if "users" in sys.argv:
        from ui.users import hash_password

        lines = [f'[users.{name}]\npassword = "{hash_password("secret-" + name[0])}"' for name in ("ann", "bob")]
        (folder / "users.toml").write_text(f'{lines[0]}\nowner = true\ngroups = ["ward"]\n{lines[1]}\n')
        options = {"users": folder / "users.toml"}
        bases = [kgqa.open(copied(folder, "medical", RULES))]
    else:
        bases = [kgqa.open(copied(folder, name)) for name in ("medical", "legal")]
    for base in bases:
        base.ask_many(base.examples()[:2])
    _, url = ui.launch(bases, folder=folder, port=0, block=False, **options)
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()
    sys.stdin.read()
