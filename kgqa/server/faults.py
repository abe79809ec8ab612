"""What went wrong, as a status and one line of JSON; nothing of the inside of the program goes out."""

from __future__ import annotations

import logging
from typing import Any

from kgqa.errors import IndexFault, KgqaError, MissingExtra, ModelError, NotPermitted, SourceError, UsageError

log = logging.getLogger("kgqa.server")


class NotFound(UsageError):
    """There is no such thing here, or none that the caller may know of."""


class NotSignedIn(UsageError):
    """The request names no caller."""


class TooLarge(UsageError):
    """The request is larger than the service takes."""


class Busy(KgqaError):
    """Too many requests are waiting."""


_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (NotFound, 404),
    (NotSignedIn, 401),
    (NotPermitted, 403),
    (TooLarge, 413),
    (MissingExtra, 501),
    (Busy, 503),
    (IndexFault, 503),
    (ModelError, 503),
    (SourceError, 422),
    (UsageError, 400),
)


def status_of(fault: BaseException) -> int:
    """Return the HTTP status of a fault."""
    return next((status for kind, status in _STATUS if isinstance(fault, kind)), 500)


def told(fault: BaseException) -> dict[str, Any]:
    """Return a fault as the body of a response; a fault of the program itself is logged and not told."""
    if not isinstance(fault, KgqaError):
        log.error("a request failed", exc_info=fault)
        return {"error": {"type": "internal", "message": "the service failed; its log says why", "code": 500}}
    message = " ".join(str(fault).split())
    return {"error": {"type": type(fault).__name__, "message": message, "code": status_of(fault)}}
