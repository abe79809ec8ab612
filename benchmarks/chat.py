"""Measure how long people wait in the chat: ``python -m benchmarks.chat [--kb kb/medical] [--users 8]``.

A real server in a process of its own; each user is a session that asks one question after another by the calls that the page
makes. The wait is from the call to the first message that holds the answer. While all users ask, the page itself is fetched
again and again: it must stay live. Results go to ``benchmarks/results/chat-<commit>.json``.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
SERVER = """
import sys, kgqa, ui
base = kgqa.open(sys.argv[1])
base.ask_many(base.examples()[:8])
_, url = ui.launch(base, folder=sys.argv[2], port=0, block=False, proving=False)
print(url, flush=True)
sys.stdin.read()
"""
ANSWERED = ('class=\\"card level', 'class=\\"card none')
LIMIT = 0.3
"""Seconds within which half of all answers are to begin when one person asks."""


def main() -> None:
    """Ask as one user, then as several at once, and write one JSON file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kb", default="kb/medical")
    parser.add_argument("--users", type=int, default=8)
    parser.add_argument("--questions", type=int, default=40, help="asked by the one user, and by each of the users")
    options = parser.parse_args()
    os.chdir(ROOT)
    rows = (Path(options.kb) / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(row)["question"] for row in rows]
    figures: dict[str, Any] = {
        "commit": commit(),
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
        "kb": options.kb,
    }
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", SERVER, options.kb, folder]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        try:
            assert server.stdout is not None
            page = Page(server.stdout.readline().strip())
            alone = [page.wait(question) for question in (questions * 4)[: options.questions + 3]][3:]
            figures["one_user"] = _figures(alone)
            figures["several_users"] = _together(page, questions, options.users, options.questions)
        finally:
            server.communicate("", timeout=60)
    limit = 8 * LIMIT
    figures["first_answer_within_300_ms"] = figures["one_user"]["p50"] <= LIMIT
    figures["nobody_waits_over_8_times_that"] = figures["several_users"]["max"] <= limit
    target = ROOT / "benchmarks" / "results" / f"chat-{figures['commit']}.json"
    target.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


def _together(page: Page, questions: list[str], users: int, count: int) -> dict[str, Any]:
    """Let users ask at once, each other questions; fetch the page all the while."""
    fetched: list[float] = []
    done = threading.Event()

    def visit() -> None:
        while not done.is_set():
            fetched.append(page.fetch())
            time.sleep(0.2)

    def user(number: int) -> list[float]:
        own = [questions[(number * 17 + n) % len(questions)] for n in range(count)]
        return [page.wait(question) for question in own]

    visitor = threading.Thread(target=visit)
    visitor.start()
    with ThreadPoolExecutor(users) as pool:
        waits = [wait for found in pool.map(user, range(users)) for wait in found]
    done.set()
    visitor.join()
    return {"users": users, **_figures(waits), "page": _figures(fetched)}


def _figures(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "n": len(ordered),
        "p50": round(statistics.median(ordered), 4),
        "p95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 4),
        "max": round(ordered[-1], 4),
    }


class Page:
    """The calls that the page makes."""

    def __init__(self, url: str) -> None:
        self._place = urlsplit(url)
        config = json.loads(self._get("/config"))
        by_id = {part["id"]: part["props"].get("elem_id") for part in config["components"]}
        for place, call in enumerate(config["dependencies"]):
            triggers = [(by_id.get(part), event) for part, event in call["targets"]]
            if ("question", "submit") in triggers:
                self._call, self._inputs = call.get("id", place), [by_id.get(part) for part in call["inputs"]]
                self._ids = call["inputs"]
                self._values = {part["id"]: part["props"].get("value") for part in config["components"]}
                return
        raise SystemExit("the page has no box for questions")

    def _get(self, path: str) -> bytes:
        connection = http.client.HTTPConnection(self._place.hostname or "", self._place.port, timeout=120)
        try:
            connection.request("GET", path)
            return connection.getresponse().read()
        finally:
            connection.close()

    def fetch(self) -> float:
        """Fetch the page and return the seconds that it took."""
        began = time.perf_counter()
        self._get("/")
        return time.perf_counter() - began

    def wait(self, question: str) -> float:
        """Ask in a new session and return the seconds until the answer begins to show."""
        session = uuid.uuid4().hex[:12]
        began = time.perf_counter()
        data = [
            question if name == "question" else self._values[part]
            for name, part in zip(self._inputs, self._ids, strict=True)
        ]
        data[0] = uuid.uuid4().hex  # the ticket
        body = {"data": data, "fn_index": self._call, "session_hash": session, "event_data": None, "trigger_id": None}
        connection = http.client.HTTPConnection(self._place.hostname or "", self._place.port, timeout=120)
        connection.request("POST", "/gradio_api/queue/join", json.dumps(body), {"Content-Type": "application/json"})
        connection.getresponse().read()
        first = 0.0
        for line in self._messages(session):
            if not first and any(mark in line for mark in ANSWERED):
                first = time.perf_counter() - began
            if '"process_completed"' in line:
                break
        connection.close()
        if not first:
            raise SystemExit(f"no answer came to {question!r}")
        return first

    def _messages(self, session: str) -> Iterator[str]:
        connection = http.client.HTTPConnection(self._place.hostname or "", self._place.port, timeout=120)
        connection.request("GET", f"/gradio_api/queue/data?session_hash={session}")
        answer = connection.getresponse()
        try:
            while line := answer.readline():
                yield line.decode()
        finally:
            connection.close()


def commit() -> str:
    """Return the short name of the commit that is measured."""
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
