"""Plain text files."""

from __future__ import annotations

import re

from kgqa.documents.decoding import decode
from kgqa.documents.source import Extract
from kgqa.documents.structure import plain_sections


def read_text(data: bytes, warnings: list[str]) -> list[Extract]:
    """Read a text file; the text is the decoded file, line ends included."""
    text, encoding = decode(data)
    note_encoding(text, encoding, warnings)
    return [Extract(text, sections=plain_sections(text), title=first_title(text))]


def note_encoding(text: str, encoding: str, warnings: list[str]) -> None:
    """Say when an encoding was guessed or bytes were replaced."""
    if not encoding.startswith("utf"):
        warnings.append(f"no UTF-8; read as {encoding}")
    elif encoding == "utf-8" and "\ufffd" in text:
        warnings.append(f"{text.count(chr(0xFFFD))} characters are not valid UTF-8 and were replaced")


def first_title(text: str) -> str:
    """Return the first line where it looks like a title, else nothing."""
    found = re.search(r"\S[^\r\n]*", text)
    line = found.group().strip() if found else ""
    return line if 3 <= len(line) <= 100 and line[-1] not in ".;,:。；，：" and not line[0].isdigit() else ""
