"""A training process that is killed with SIGKILL goes on to the same curve and the same weights."""

import json
import os
import runpy
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.torch
JOB = """
import sys, time
from pathlib import Path
import torch
from kgqa.training.loop import Schedule, train

class Line:
    x = torch.rand(64, 1, generator=torch.Generator().manual_seed(1))
    pause = 0.0
    def lengths(self):
        return [1 + int(10 * x) for x in self.x[:, 0]]
    def loss(self, model, rows, device):
        time.sleep(self.pause)
        x = self.x[list(rows)]
        return ((model(x) - (2 * x + 1)) ** 2).mean()

def run(folder, pause):
    torch.set_num_threads(1)
    torch.manual_seed(5)
    model = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Dropout(0.1), torch.nn.Linear(8, 1))
    schedule = Schedule(
        learning_rate=0.03, epochs=10, batch=8, log_every=3, save_every=7, check_every=10, mixed_precision=False
    )
    task = Line()
    task.pause = pause
    score = lambda m: -float(((m(Line.x) - (2 * Line.x + 1)) ** 2).mean())
    train(model, task, schedule, Path(folder), check=score)
    return [p.tolist() for p in model.parameters()]

if __name__ == "__main__":
    run(sys.argv[1], float(sys.argv[2]))
"""


def curve(folder):
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [(row["update"], row["loss"], row["score"]) for row in rows]


def test_a_run_killed_with_sigkill_resumes_to_the_same_curve(tmp_path):
    (tmp_path / "job.py").write_text(JOB, encoding="utf-8")
    log = tmp_path / "killed" / "log.jsonl"
    child = subprocess.Popen(
        [sys.executable, str(tmp_path / "job.py"), str(tmp_path / "killed"), "0.1"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 500  # importing torch on a busy machine
    while not (log.exists() and len(log.read_text().splitlines()) >= 8):
        assert time.monotonic() < deadline and child.poll() is None
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    with log.open("a") as out:
        out.write('{"update": 26, "lo')  # what a kill in the middle of a line leaves
    job = runpy.run_path(str(tmp_path / "job.py"), run_name="job")
    expected = job["run"](tmp_path / "whole", 0.0)
    assert len(curve(tmp_path / "whole")) == 27
    assert job["run"](tmp_path / "killed", 0.0) == expected
    assert curve(tmp_path / "killed") == curve(tmp_path / "whole")
