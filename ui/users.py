"""Users of the chat: a TOML file with hashed passwords, groups, and who owns the place.

::

    [users.ann]
    password = "scrypt$..."      # made by hash_password
    groups = ["cardiology"]
    owner = true

Where a proxy in front of the chat signs people in and names them in a header, the users need no password.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kgqa.errors import UsageError

_COST = {"n": 2**14, "r": 8, "p": 1}


@dataclass(frozen=True, slots=True)
class User:
    """A user and what they may do.

    :param groups: sources that name groups are shown to their members only.
    :param owner: may review feedback and change knowledge bases.
    """

    name: str
    password: str
    groups: frozenset[str] = frozenset()
    owner: bool = False


class Users:
    """The users that a file names."""

    def __init__(self, users: dict[str, User]) -> None:
        self._users = users
        # Checked when a name is unknown, so that the time taken does not tell which names exist.
        self._nobody = hash_password(base64.b64encode(os.urandom(9)).decode())

    @classmethod
    def load(cls, file: Path, *, passwords: bool = True) -> Users:
        """Read a file of users.

        :param passwords: everyone signs in with one; ``False`` where a proxy signs people in.
        :raises UsageError: it is missing or malformed, or a password in it is not hashed.
        """
        try:
            tables = tomllib.loads(file.read_text(encoding="utf-8")).get("users", {})
        except (OSError, ValueError) as fault:
            raise UsageError(f"{file}: cannot be read as a file of users ({fault})") from fault
        users = {}
        for name, table in tables.items():
            password = str(table.get("password", ""))
            if not password.startswith("scrypt$") and (passwords or password):
                raise UsageError(
                    f"{file}: the password of {name!r} is not hashed; write what ui.users.hash_password gives"
                )
            groups = frozenset(str(group) for group in table.get("groups", ()))
            users[name] = User(name, password, groups, bool(table.get("owner", False)))
        if not users:
            raise UsageError(f"{file}: names no user; add a table [users.NAME] with a password")
        return cls(users)

    def check(self, name: str, password: str) -> bool:
        """Tell whether a name and a password belong together."""
        user = self._users.get(name)
        fits = _fits(password, user.password if user else self._nobody)
        return fits and user is not None

    def from_header(self, header: str, proxies: Collection[str]) -> Callable[[Any], str | None]:
        """Return what names the user of a request: the header that a proxy sets.

        :param proxies: addresses whose header is believed; a request from elsewhere is nobody's.
        """

        def named(request: Any) -> str | None:
            peer = request.client.host if request.client else ""
            sent = request.headers.getlist(header)
            # Two headers of the name: one may be the visitor's own, so neither is believed.
            return sent[0] if peer in proxies and len(sent) == 1 and sent[0] in self._users else None

        return named

    def groups(self, name: str) -> frozenset[str]:
        """Return a user's groups."""
        user = self._users.get(name)
        return user.groups if user else frozenset()

    def owners(self) -> list[str]:
        """Return the names of the users who own the place."""
        return [user.name for user in self._users.values() if user.owner]


def hash_password(password: str) -> str:
    """Return a password as ``scrypt$salt$hash``."""
    salt = os.urandom(16)
    return f"scrypt${base64.b64encode(salt).decode()}${base64.b64encode(_derived(password, salt)).decode()}"


def _derived(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_COST["n"], r=_COST["r"], p=_COST["p"], dklen=32)


def _fits(password: str, stored: str) -> bool:
    try:
        _, salt, wanted = stored.split("$")
        return hmac.compare_digest(_derived(password, base64.b64decode(salt)), base64.b64decode(wanted))
    except ValueError:
        return False
