"""What a SPARQL query may be, checked on its text before a parser sees it.

The parser breaks down on deep nesting, and SERVICE would fetch from anywhere, so the query is split into tokens here
first: strings, IRIs and comments are told apart from words, after the codepoint escapes that SPARQL allows anywhere are
resolved.
"""

from __future__ import annotations

import re

from kgqa.errors import QueryError

MAX_LENGTH = 100_000
"""Longest query in characters."""
MAX_NESTING = 64
"""Deepest nesting of brackets."""

_CODEPOINT = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_TOKEN = re.compile(
    r'''(?P<string>"""(?:[^"\\]|\\.|"(?!""))*"""|\'\'\'(?:[^'\\]|\\.|'(?!\'\'))*\'\'\'|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*')'''
    r"""|(?P<iri><[^<>"{}|^`\\\x00-\x20]*>)"""
    r"""|(?P<comment>\#[^\n\r]*)"""
    r"""|(?P<name>(?:[^\W\d_][\w.\-]*)?:[\w.\-:%\\]*)"""
    r"""|(?P<variable>[?$]\w+)"""
    r"""|(?P<tag>@[A-Za-z]+[A-Za-z0-9\-]*)"""
    r"""|(?P<word>[A-Za-z_]\w*)"""
    r"""|(?P<open><<\(?|[{(\[])"""
    r"""|(?P<close>\)?>>|[})\]])"""
    r"""|(?P<quote>["'])"""
    r"""|(?P<other>\s+|.)""",
    re.DOTALL,
)
# ``?a<?b)SERVICE#>`` is an IRI to one way of reading and a comparison to another.
_HIDDEN = re.compile(r"^<(?![A-Za-z][A-Za-z0-9+.\-]*://).*(?:service|from|load)", re.IGNORECASE | re.DOTALL)
_REMOTE = frozenset({"SERVICE", "FROM", "LOAD"})
_UPDATES = frozenset({"INSERT", "DELETE", "CLEAR", "DROP", "CREATE", "COPY", "MOVE", "ADD", "WITH"})
_FORMS = frozenset({"SELECT", "ASK"})
_PROLOGUE = frozenset({"PREFIX", "BASE", "VERSION"})


def check(sparql: str) -> str:
    """Return the query with its codepoint escapes resolved, if it is one that may be run.

    :raises QueryError: if it is too long, too deep, no SELECT or ASK, an update, or reaches for other data.
    """
    if len(sparql) > MAX_LENGTH:
        raise QueryError(f"SPARQL: the query has {len(sparql)} characters; at most {MAX_LENGTH} are allowed")
    text = _resolved(sparql)
    words = _words(text)
    for word in words:
        if word in _REMOTE:
            raise QueryError(f"SPARQL: {word} is not allowed: a query sees this knowledge base only")
    form = next((word for word in words if word not in _PROLOGUE), "")
    if form in _UPDATES:
        raise QueryError(f"SPARQL: {form} is an update; only SELECT and ASK are answered")
    if form not in _FORMS:
        raise QueryError(f"SPARQL: only SELECT and ASK are answered, not {form or 'an empty query'!r}")
    return text


def _resolved(sparql: str) -> str:
    try:
        sparql.encode()
        text = _CODEPOINT.sub(lambda match: chr(int(match[1] or match[2], 16)), sparql)
        text.encode()
    except (UnicodeEncodeError, ValueError, OverflowError):
        raise QueryError("SPARQL: the query holds what is no character (a lone surrogate)") from None
    if _CODEPOINT.search(text) or "\0" in text:
        raise QueryError("SPARQL: escapes of escapes and NUL are not allowed")
    return text


def _words(text: str) -> list[str]:
    """Return the bare words in upper case; check nesting on the way."""
    words: list[str] = []
    depth = 0
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "word":
            words.append(match[0].upper())
        elif kind == "open":
            depth += 1
            if depth > MAX_NESTING:
                raise QueryError(f"SPARQL: brackets are nested more than {MAX_NESTING} deep")
        elif kind == "close":
            depth -= 1
        elif kind == "iri" and _HIDDEN.search(match[0]):
            raise QueryError(f"SPARQL: {match[0][:60]!r} is not allowed: write spaces around < and >")
        elif kind == "quote":
            line = text.count("\n", 0, match.start()) + 1
            raise QueryError(f"SPARQL: line {line}: a string does not end")
    return words


def mask(sparql: str) -> str:
    """Return the query with strings, IRIs and comments blanked out; it keeps its length, so places in it can be found.

    :raises QueryError: if it is too long, nested too deep, or a string does not end.
    """
    if len(sparql) > MAX_LENGTH:
        raise QueryError(f"SPARQL: the query has {len(sparql)} characters; at most {MAX_LENGTH} are allowed")
    _words(sparql)
    hidden = ("string", "iri", "comment")
    return "".join(" " * len(m[0]) if m.lastgroup in hidden else m[0] for m in _TOKEN.finditer(sparql))
