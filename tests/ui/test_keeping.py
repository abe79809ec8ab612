"""What answers bring is written in order beside the answering, and a fault is told once to whoever asks."""

import threading

import pytest

from ui.keeping import Keeper


def test_nobody_waits_for_a_slow_disk_unless_he_needs_what_is_written():
    keeper, disk, written = Keeper(), threading.Event(), []

    def slow():
        disk.wait(30)
        written.append("first")

    keeper.put("ann", slow)
    keeper.put("ann", lambda: written.append("second"))
    assert written == []
    disk.set()
    assert keeper.settled("ann") is None and written == ["first", "second"]
    assert keeper.settled("bob") is None


def test_what_comes_after_comes_after():
    keeper, written = Keeper(), []
    for number in range(20):
        keeper.put("ann", lambda number=number: written.append(number))
    keeper.after(lambda: written.append("deleted"))
    assert written == [*range(20), "deleted"]


def test_a_fault_is_told_once_and_stops_nothing():
    keeper, written = Keeper(), []

    def full():
        raise OSError("no space left")

    keeper.put("ann", full)
    keeper.put("ann", lambda: written.append("kept"))
    assert "no space" in str(keeper.settled("ann")) and written == ["kept"]
    assert keeper.settled("ann") is None
    with pytest.raises(OSError, match="no space"):
        keeper.after(full)
