"""A training process that is killed with SIGKILL goes on to the same curve and the same weights."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.torch
SCRIPT = """
import sys, time
from pathlib import Path
import torch
from kgqa.training.loop import Schedule, train

torch.set_num_threads(1)

class Line:
    x = torch.rand(64, 1, generator=torch.Generator().manual_seed(1))
    def lengths(self):
        return [1 + int(10 * x) for x in self.x[:, 0]]
    def loss(self, model, rows, device):
        time.sleep(float(sys.argv[2]))
        x = self.x[list(rows)]
        return ((model(x) - (2 * x + 1)) ** 2).mean()

torch.manual_seed(5)
model = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Dropout(0.1), torch.nn.Linear(8, 1))
schedule = Schedule(learning_rate=0.03, epochs=10, batch=8, log_every=3, save_every=7, check_every=10, mixed_precision=False)
score = lambda m: -float(((m(Line.x) - (2 * Line.x + 1)) ** 2).mean())
train(model, Line(), schedule, Path(sys.argv[1]), check=score)
print([p.tolist() for p in model.parameters()])
"""


def start(folder, pause):
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), str(pause)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def curve(folder):
    rows = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [(row["update"], row["loss"], row["score"]) for row in rows]


def test_a_run_killed_with_sigkill_resumes_to_the_same_curve(tmp_path):
    whole = start(tmp_path / "whole", 0)
    killed = start(tmp_path / "killed", 0.05)
    log = tmp_path / "killed" / "log.jsonl"
    deadline = time.monotonic() + 120
    while not (log.exists() and len(log.read_text().splitlines()) >= 8):
        assert time.monotonic() < deadline and killed.poll() is None
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    killed.stdout.close()
    with log.open("a") as out:
        out.write('{"update": 26, "lo')  # what a kill in the middle of a line leaves
    expected, _ = whole.communicate(timeout=120)
    assert len(curve(tmp_path / "whole")) == 27
    again = start(tmp_path / "killed", 0)
    found, _ = again.communicate(timeout=120)
    assert curve(tmp_path / "killed") == curve(tmp_path / "whole")
    assert found == expected != ""
