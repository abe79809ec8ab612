"""Who calls: bearer tokens of a TOML file, with groups and rights. Only the hashes of tokens are kept.

::

    [tokens.ward]
    sha256 = "..."              # made by: kgqa serve --new-token ward
    groups = ["cardiology"]
    bases = ["medical"]         # all when left out
    owner = true                # may add and remove documents
"""

from __future__ import annotations

import hashlib
import re
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path

from kgqa.errors import UsageError


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls, and what they may do.

    :param groups: sources that name groups are used for their members only; ``None`` means that no access rule is in force.
    :param bases: names of the knowledge bases that they may use; ``None`` means all.
    :param owner: may add and remove documents.
    """

    name: str
    groups: frozenset[str] | None = None
    bases: frozenset[str] | None = None
    owner: bool = False

    def uses(self, base: str) -> bool:
        """Tell whether they may use a knowledge base."""
        return self.bases is None or base in self.bases


class Tokens:
    """The callers that a file names.

    :param callers: by the SHA-256 of their token, in hexadecimal digits.
    """

    def __init__(self, callers: dict[str, Caller]) -> None:
        self._callers = callers

    @classmethod
    def load(cls, file: Path) -> Tokens:
        """Read a file of tokens.

        :raises UsageError: it is missing or malformed, or names nobody.
        """
        try:
            tables = tomllib.loads(file.read_text(encoding="utf-8")).get("tokens", {})
        except (OSError, ValueError) as fault:
            raise UsageError(f"{file}: cannot be read as a file of tokens ({fault})") from fault
        callers: dict[str, Caller] = {}
        for name, table in tables.items():
            digest = str(table.get("sha256", "")).lower()
            if not re.fullmatch(r"[0-9a-f]{64}", digest) or digest in callers:
                raise UsageError(
                    f"{file}: {name!r} needs a sha256 of its own, 64 digits; make one: kgqa serve --new-token {name}"
                )
            bases = table.get("bases")
            callers[digest] = Caller(
                name,
                frozenset(map(str, table.get("groups", ()))),
                None if bases is None else frozenset(map(str, bases)),
                table.get("owner", False) is True,
            )
        if not callers:
            raise UsageError(f"{file}: names no token; add a table [tokens.NAME], see: kgqa serve --new-token NAME")
        return cls(callers)

    def caller(self, header: str) -> Caller | None:
        """Return who an ``Authorization`` header names, ``None`` when it names nobody."""
        scheme, _, token = header.partition(" ")
        # The digest is looked up, not the token: how long that takes tells nothing of the tokens there are.
        return self._callers.get(_digest(token.strip())) if scheme.lower() == "bearer" and token.strip() else None


def new_token(name: str) -> tuple[str, str]:
    """Return a new token and the table for the file of tokens."""
    token = f"kgqa_{secrets.token_urlsafe(32)}"
    return token, f'[tokens.{name}]\nsha256 = "{_digest(token)}"\ngroups = []\nowner = false\n'


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
