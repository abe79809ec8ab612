"""Kill a batch again and again, and compare its end with an undisturbed run: ``python -m benchmarks.kills KB [--matrix N]``.

Each of the kills is a SIGKILL at a random moment while questions are being answered; the same command then goes on. The answers
must be the same in everything but the seconds that they took. ``--matrix`` asks three clauses of so many documents instead of
the acceptance questions. Results go to ``benchmarks/results/kills-<commit>.json``,
of a matrix to ``kills-matrix-<commit>.json``.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.batch import CLAUSES
from benchmarks.chat import ROOT, commit

COMMAND = "import sys; from kgqa.cli.main import main; main(sys.argv[1:])"


def main() -> None:
    """Run the batch undisturbed, then killed, and write one JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kb")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--matrix", type=int, default=0, help="documents of a matrix")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(options, Path(folder))
    kind = "kills-matrix" if options.matrix else "kills"
    target = ROOT / "benchmarks" / "results" / f"{kind}-{figures['commit']}.json"
    target.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))
    if not figures["equal"]:
        raise SystemExit("the killed batch ended otherwise than the undisturbed one")


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return what came of both runs."""
    asked = folder / "questions.txt"
    rows = (Path(options.kb) / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = CLAUSES if options.matrix else [json.loads(row)["question"] for row in rows][: options.questions]
    asked.write_text("\n".join(" ".join(question.split()) for question in questions), encoding="utf-8")
    extra = [arg for doc in _documents(options) for arg in ("--document", doc)]
    command = [sys.executable, "-c", COMMAND, "batch", "run", str(asked), "--kb", options.kb]
    command += ["--each-document", *extra] if options.matrix else []
    began = time.perf_counter()
    subprocess.run([*command, "-o", str(folder / "whole.jsonl")], check=True, capture_output=True)
    seconds = time.perf_counter() - began
    kills = _killed([*command, "-o", str(folder / "killed.jsonl")], folder / "killed.jsonl", options, seconds)
    whole, killed = _answers(folder / "whole.jsonl"), _answers(folder / "killed.jsonl")
    return {
        "commit": commit(),
        "kb": Path(options.kb).resolve().name,
        "matrix": options.matrix,
        "rows": len(whole),
        "kills": kills,
        "equal": whole == killed,
        "differing": sum(one != other for one, other in zip(whole, killed, strict=False)),
    }


def _documents(options: argparse.Namespace) -> list[str]:
    if not options.matrix:
        return []
    import kgqa

    return [doc_id for doc_id, _ in kgqa.open(options.kb).documents()][: options.matrix]


def _killed(command: list[str], output: Path, options: argparse.Namespace, seconds: float) -> int:
    """Run the command until its output is there, killing it at random moments; return how often that was done."""
    moments, kills = random.Random(options.seed), 0
    journal = output.with_name(output.name + ".journal")
    while not output.exists():
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and not _answering(journal):
            time.sleep(0.01)
        if kills < options.kills:
            time.sleep(moments.uniform(0.0, 2 * seconds / (options.kills + 1)))
            kills += process.poll() is None
            process.send_signal(signal.SIGKILL)
        process.wait()
    return kills


def _answering(journal: Path) -> bool:
    """Tell whether a run holds its journal: it has loaded its models and asks."""
    if not journal.exists():
        return False
    with journal.open("rb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _answers(file: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


if __name__ == "__main__":
    main()
