"""Counters of the service in the text format of Prometheus."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping

from kgqa.types import Answer

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histogram of seconds."""

_Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Counts requests and answers; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, Counter[_Labels]] = {
            "kgqa_requests_total": Counter(),
            "kgqa_answers_total": Counter(),
            "kgqa_answer_seconds_bucket": Counter(),
            "kgqa_answer_seconds_count": Counter(),
        }
        self._seconds: dict[_Labels, float] = {}

    def request(self, route: str, status: int) -> None:
        """Count a request by route and status."""
        with self._lock:
            self._counts["kgqa_requests_total"][("route", route), ("status", str(status))] += 1

    def answered(self, base: str, answers: Iterable[Answer], seconds: float) -> None:
        """Count answers by knowledge base and outcome, and the seconds that they took together."""
        answers = list(answers)
        label: _Labels = (("kb", base),)
        with self._lock:
            for answer in answers:
                outcome = answer.reason.value if answer.reason else "answered"
                self._counts["kgqa_answers_total"][("kb", base), ("outcome", outcome)] += 1
            each = seconds / max(1, len(answers))
            for bound in (*BUCKETS, float("inf")):
                if each <= bound:
                    named = "+Inf" if bound == float("inf") else f"{bound:g}"
                    self._counts["kgqa_answer_seconds_bucket"][("kb", base), ("le", named)] += len(answers)
            self._counts["kgqa_answer_seconds_count"][label] += len(answers)
            self._seconds[label] = self._seconds.get(label, 0.0) + seconds

    def text(self, gauges: Mapping[str, float]) -> str:
        """Return all counters, and gauges of the moment."""
        with self._lock:
            lines = [
                "# TYPE kgqa_requests_total counter",
                "# TYPE kgqa_answers_total counter",
                "# TYPE kgqa_answer_seconds histogram",
            ]
            for name, counts in self._counts.items():
                lines += [f"{name}{_shown(labels)} {count}" for labels, count in counts.items()]
            lines += [f"kgqa_answer_seconds_sum{_shown(at)} {total:.6f}" for at, total in self._seconds.items()]
        for name, value in gauges.items():
            lines += [f"# TYPE {name} gauge", f"{name} {value:g}"]
        return "\n".join(lines) + "\n"


def _shown(labels: _Labels) -> str:
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{inner}}}" if inner else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
