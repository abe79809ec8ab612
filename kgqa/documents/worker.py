"""The child process that reads files: limited memory and time, no network, no files written, no programs started.

Run as ``python -m kgqa.documents.worker MEMORY``. One request per line on standard input, a JSON object with ``path``,
``media_type`` and ``seconds``; one reply per line on the original standard output, with ``extracts``, ``problem`` and
``warnings``. The first line is ``"ready"``.
"""

from __future__ import annotations

import json
import math
import os
import resource
import sys
from pathlib import Path
from typing import Any

from kgqa.documents.formats import loader
from kgqa.errors import SourceError
from kgqa.language import detect

_NETWORK = ("socket.", "ftplib.", "urllib.Request", "webbrowser.")
_PROGRAMS = ("subprocess.", "pty.spawn", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn")
_FILES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.chmod", "os.chown", "os.link", "os.symlink")
_FORBIDDEN = (*_NETWORK, *_PROGRAMS, *_FILES)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main() -> None:
    """Serve requests until standard input ends."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogateescape", newline="\n")
    os.dup2(2, 1)  # what a library prints must not mix with replies
    requests = os.fdopen(0, "r", encoding="utf-8", errors="surrogateescape", newline="\n")
    confine(int(sys.argv[1]))
    replies.write('"ready"\n')
    replies.flush()
    for line in requests:
        request = json.loads(line)
        _limit_time(float(request["seconds"]))
        replies.write(json.dumps(_answer(request["path"], request["media_type"]), ensure_ascii=False) + "\n")
        replies.flush()


def confine(memory: int) -> None:
    """Limit this process for good: address space, no sockets, no programs, no files written.

    :param memory: bytes of address space.
    """
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sys.addaudithook(_refuse)


def _limit_time(seconds: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.RLIM_INFINITY))


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event.startswith(_FORBIDDEN):
        raise PermissionError(f"a document loader tried {event}; refused")
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITING:
        raise PermissionError("a document loader tried to write a file; refused")


def _answer(path: str, media_type: str) -> dict[str, Any]:
    warnings: list[str] = []
    try:
        extracts = loader(media_type)(Path(path).read_bytes(), warnings)
        if not any(extract.text.strip() for extract in extracts):
            raise SourceError("no text in it; nothing to index")
        values = [extract.to_json() for extract in extracts if extract.text.strip()]
        for value in values:
            value["language"] = _language(value)
        return {"extracts": values, "problem": None, "warnings": warnings}
    except MemoryError:
        problem = "reading it needs more memory than allowed; split it"
    except SourceError as error:
        problem = str(error)
    except RecursionError:
        problem = "it is nested too deeply"
    except Exception as error:  # a parser may raise anything on a hostile file; the file is reported, the rest goes on
        problem = f"cannot be read ({type(error).__name__}: {' '.join(str(error).split())[:120]})"
    return {"extracts": [], "problem": problem, "warnings": warnings}


def _language(value: dict[str, Any]) -> str:
    stated = value["about"].get("language") or value["language"]
    code = str(stated).replace("_", "-").split("-")[0].strip().lower()
    if 2 <= len(code) <= 3 and code.isascii() and code.isalpha():
        return code
    start = value["sections"][0][1] if value["sections"] else 0
    return detect(value["text"][start : start + 20_000])


if __name__ == "__main__":
    main()
