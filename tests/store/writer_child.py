"""Processes that write a generation and are killed, or fail, at the n-th dangerous operation.

    python writer_child.py HOW FOLDER...     how: none, kill, kill-after, fail

In the first folder no operation is struck, in the second the first one, and so on. Prints for each its exit status
(negative for a signal), and the number of operations met or the error. One process makes all by forking, as starting
Python each time is slow.
"""

import errno
import json
import os
import signal
import sys
import threading
from pathlib import Path

from kgqa.store.generations import Generations

NAMES = ("passages.sqlite", "lexical/terms.json")


def write(folder, number, how):
    """Return how many dangerous operations there were."""
    count, one = 0, threading.Lock()

    def strike(real):
        def wrapped(*arguments, **named):
            nonlocal count
            with one:  # files are hashed in threads
                count += 1
                mine = count
            if mine == number and how == "kill-after":
                real(*arguments, **named)
            if mine == number and how.startswith("kill"):
                os.kill(os.getpid(), signal.SIGKILL)
            if mine == number and how == "fail":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*arguments, **named)

        return wrapped

    with Generations(Path(folder)).writing() as draft:
        before = draft.previous.manifest.facts["n"] if draft.previous else 0
        for name in NAMES:
            path = draft.path / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(f"{before + 1} {name} 𝔘".encode())
        os.fsync = strike(os.fsync)
        Path.rename = strike(Path.rename)
        Path.replace = strike(Path.replace)
        Path.open = strike(Path.open)
        draft.commit(kb_hash=str(before + 1), fingerprints={"encoder": "e"}, facts={"n": before + 1})
    return count


def forked(folder, number, how):
    read, send = os.pipe()
    child = os.fork()
    if not child:
        said = ""
        try:
            said = str(write(folder, number, how))
        except Exception as fault:
            said = f"{type(fault).__name__}: {fault}"
        os.write(send, said.encode())
        os._exit(0 if said.isdigit() else 1)
    os.close(send)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    said = os.read(read, 10_000).decode()
    os.close(read)
    return status, said


if __name__ == "__main__":
    results = [forked(folder, number, sys.argv[1]) for number, folder in enumerate(sys.argv[2:])]
    sys.stdout.write(json.dumps(results))
