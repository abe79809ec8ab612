"""Cells that a spreadsheet shows and does not run."""

from __future__ import annotations

import re

XLSX_LIMIT = 32_767
"""Characters that a cell of an XLSX file can hold."""

# A program that opens the file may run a cell, or a line of one, that begins like this; in Asian locales full-width
# signs count too.
_BLANKS = "[ \\u00a0\\u1680\\u2000-\\u200d\\u202f\\u205f\\u2060\\u3000\\ufeff]*"
_RUNS = re.compile(f"(?:^|(?<=[\\n\\r]))(?='*{_BLANKS}[=+\\-@\\t\\r＝＋－＠])")
_QUOTED = re.compile(f"(?:^|(?<=[\\n\\r]))'(?='*{_BLANKS}[=+\\-@\\t\\r＝＋－＠])")
_FORBIDDEN = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ud800-\\udfff\\ufffe\\uffff]")


def safe(value: str) -> str:
    """Return a text with a quotation mark before each line that a spreadsheet would run, without control characters."""
    return _RUNS.sub("'", _FORBIDDEN.sub("\ufffd", value))


def unquoted(value: str) -> str:
    """Return what :func:`safe` was given (control characters apart)."""
    return _QUOTED.sub("", value)


def cut(value: str, limit: int = XLSX_LIMIT) -> str:
    """Return a text that fits a cell."""
    return value if len(value) <= limit else value[: limit - 1] + "…"
