"""What kgqa raises. Each message is one line: what is wrong, where, and the mend."""

from __future__ import annotations


class KgqaError(Exception):
    """Base of all errors that a user can meet. ``exit_status`` is the command line's."""

    exit_status = 1


class UsageError(KgqaError):
    """The caller's mistake: a wrong option, name, question or query."""

    exit_status = 2


class MissingExtra(UsageError):
    """A part needs packages that are not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs packages that are not installed; run: pip install 'kgqa[{extra}]'")
        self.extra = extra


class NotPermitted(UsageError):
    """What is asked for would show what is closed to the asker."""


class SourceError(KgqaError):
    """A source (document, RDF file, table) cannot be read as it is."""


class IndexFault(KgqaError):
    """An index is missing, damaged, of another format or made with another model."""


class ModelError(KgqaError):
    """A model folder is missing, damaged or of a kind that is refused (pickles, remote code)."""


class QueryError(UsageError):
    """A SPARQL query is malformed, not allowed, or ran into a limit."""
