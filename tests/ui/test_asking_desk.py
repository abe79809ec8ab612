"""Answers come out as they are made; a stop ends them wherever they are."""

import threading
import time

import pytest

from kgqa.errors import UsageError
from ui.asking import KEPT, Stopped, Stops, stream

pytestmark = pytest.mark.usefixtures("patient")


@pytest.fixture
def patient(monkeypatch):
    monkeypatch.setattr("ui.asking.BRIEF", 0.25)  # so that a busy machine makes no brief stage long


class Slow:
    """A knowledge base that takes its time over one stage."""

    def __init__(self, seconds):
        self.seconds, self.reached, self.ended = seconds, [], threading.Event()

    def ask(self, question, *, filters=None, links=(), history=(), progress=None):
        try:
            if not question:
                raise UsageError("the question is empty")
            for stage in ("understand", "link", "read", "decide"):
                progress(stage)
                self.reached.append(stage)
                time.sleep(self.seconds if stage == "read" else 0)
            return question
        finally:
            self.ended.set()


def test_a_stage_that_lasts_is_told_and_a_brief_one_is_not():
    events = []
    for event in stream(Slow(0.8), "x 𝄞"):
        events.append(event)
        if event == "x 𝄞":
            break
    assert events[0] == "read" and "understand" not in events


def test_a_fault_comes_out_as_it_is():
    assert [str(event) for event in stream(Slow(0), "")] == ["the question is empty"]


def test_a_stop_ends_the_stream_at_once_and_the_work_at_its_next_stage():
    base, stops = Slow(1.5), Stops()
    started = time.monotonic()
    events = stream(base, "x", stop=stops.of("ticket"))
    assert next(events) == "read"
    stops.of("ticket").set()
    assert isinstance(next(events), Stopped) and list(events) == []
    assert time.monotonic() - started < 1.5
    assert base.ended.wait(5) and base.reached == ["understand", "link", "read"]


def test_a_stop_that_comes_first_is_remembered():
    stops = Stops()
    stops.of("early").set()
    assert isinstance(next(stream(Slow(0), "x", stop=stops.of("early"))), Stopped)
    for number in range(KEPT):
        stops.of(str(number))
    assert not stops.of("early").is_set(), "what is long past is forgotten"


def test_a_page_that_goes_away_ends_the_work():
    base = Slow(0.8)
    events = stream(base, "x")
    next(events)
    events.close()
    assert base.ended.wait(5) and "decide" not in base.reached
