"""RDF terms: between kgqa's own and Oxigraph's, and names that can be made from an IRI."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import pyoxigraph as ox

from kgqa.errors import UsageError
from kgqa.types import Term

XSD_STRING = "http://www.w3.org/2001/XMLSchema#string"
LANG_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[tbnrf\"'\\])")
_ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def to_ox(term: Term) -> Any:
    """Return Oxigraph's form of a term.

    :raises UsageError: if the text is no IRI, blank node label or literal at all (for example a lone surrogate).
    """
    try:
        if term.kind == "iri":
            return ox.NamedNode(term.value)
        if term.kind == "blank":
            return ox.BlankNode(term.value)
        if term.language:
            return ox.Literal(term.value, language=term.language)
        if term.datatype:
            return ox.Literal(term.value, datatype=ox.NamedNode(term.datatype))
        return ox.Literal(term.value)
    except (ValueError, UnicodeError) as error:
        raise UsageError(f"not a valid {term.kind}: {term.value[:80]!r} ({error})") from None


def from_ox(term: Any) -> Term:
    """Return kgqa's form of an Oxigraph term; a quoted triple becomes a blank term that holds its text."""
    if isinstance(term, ox.NamedNode):
        return Term(term.value)
    if isinstance(term, ox.Literal):
        datatype = term.datatype.value
        plain = datatype in (XSD_STRING, LANG_STRING)
        return Term(term.value, "literal", (term.language or "").lower(), "" if plain else datatype)
    if isinstance(term, ox.BlankNode):
        return Term(term.value, "blank")
    return Term(str(term), "blank")


def encode(term: Term) -> bytes | None:
    """Return a term in canonical N-Triples notation, ``None`` when it is no valid term and so can be in no graph."""
    if term.kind == "blank" and term.value.startswith("<<"):
        return term.value.encode()
    try:
        return str(to_ox(term)).encode()
    except UsageError:
        return None


def decode(data: bytes) -> Term:
    """Return the term that :func:`encode` wrote; a quoted triple becomes a blank term that holds its text."""
    text = data.decode()
    if text.startswith("<") and not text.startswith("<<"):
        return Term(text[1:-1])
    if text.startswith("_:"):
        return Term(text[2:], "blank")
    if not text.startswith('"'):
        return Term(text, "blank")
    end = text.rindex('"')
    value, rest = text[1:end], text[end + 1 :]
    if "\\" in value:
        value = _ESCAPE.sub(_unescape, value)
    if rest.startswith("@"):
        return Term(value, "literal", rest[1:].partition("--")[0].lower())
    return Term(value, "literal", "", rest[3:-1] if rest else "")


def node(name: str) -> Term:
    """Return the term of an entity's name: an IRI, or a blank node written ``_:label``."""
    return Term(name[2:], "blank") if name.startswith("_:") else Term(name)


def name(term: Term) -> str:
    """Return an entity's name as text, the inverse of :func:`node`."""
    return "_:" + term.value if term.kind == "blank" else term.value


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    return chr(int(code[1:], 16)) if code[0] in "uU" else _ESCAPES[code]


def tail(iri: str) -> str:
    """Return the last part of an IRI, unescaped: what follows the last ``#``, ``/`` or ``:``."""
    trimmed = iri.rstrip("/#:") or iri
    return unquote(re.split(r"[#/:]", trimmed)[-1])


def spoken(iri: str) -> str:
    """Return the last part of an IRI as words: ``.../hasSideEffect`` becomes ``has side effect``.

    Parts that carry digits or are all capitals ("DOID_633", "DB00563") are codes and stay as they are.
    """
    name = tail(iri)
    if any(letter.isdigit() for letter in name) and "-" not in name and " " not in name and not name[:1].islower():
        return name
    words = [word for word in re.split(r"[\s_\-]+", _CAMEL.sub(" ", name)) if word]
    return " ".join(word if word.isupper() else word.lower() for word in words) or iri
