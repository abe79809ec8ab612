"""RDF/XML without a document type: simple entities are expanded here, everything else that a DTD can do is refused.

RDF/XML parsers expand entities of entities without a bound (a kilobyte can become gigabytes), yet OWL files rightly
name their namespaces by entities. So the declarations are read and removed before a parser sees the text.
"""

from __future__ import annotations

import codecs
import re

MAX_ENTITIES = 2_000
MAX_VALUE = 2_000
MAX_GROWTH = 8
"""The expanded text may be at most this many times as long as the file (small files: at most a megabyte longer)."""

_DECLARED = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._\-]+)["']""")
_DOCTYPE = re.compile(r"<!DOCTYPE\s+[^\s\[>]+\s*(?P<external>(?:SYSTEM|PUBLIC)\b)?", re.IGNORECASE)
_ENTITY = re.compile(r"""<!ENTITY\s+(?P<name>[^\s%"'&;<>]+)\s+(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)')\s*>""")
_SKIP = re.compile(r"\s+|<!--.*?-->", re.DOTALL)
_REFERENCE = re.compile(r"<!\[CDATA\[.*?\]\]>|<!--.*?-->|&([^\s#;&<>]+);", re.DOTALL)
_PREDEFINED = frozenset({"amp", "lt", "gt", "quot", "apos"})
_CHARACTER = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]+|#x[0-9A-Fa-f]+);)")


class XmlRefused(ValueError):
    """The XML uses something that is not allowed here."""


def without_doctype(data: bytes) -> bytes:
    """Return RDF/XML as UTF-8 without a document type, its simple internal entities expanded.

    :raises XmlRefused: for external, nested, parameter or oversized entities, an external DTD, or a broken declaration.
    """
    text = _decode(data)
    match = _DOCTYPE.search(text)
    if match is None:
        if "<!ENTITY" in text:
            raise XmlRefused("an ENTITY outside a DOCTYPE; remove it")
        return _utf8(text)
    if match["external"]:
        raise XmlRefused(f"line {_line(text, match.start())}: an external DTD is not fetched; remove the DOCTYPE")
    entities, end = _subset(text, match.end())
    newlines = "\n" * text.count("\n", match.start(), end)
    body = text[: match.start()] + newlines + text[end:]
    if _DOCTYPE.search(body, match.start()) or "<!ENTITY" in body:
        raise XmlRefused("a second DOCTYPE or ENTITY; remove it")
    return _utf8(_expand(body, entities))


def _decode(data: bytes) -> str:
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(name)
    for mark, name in ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"), (b"\0\0\0<", "utf-32-be")):
        if data.startswith(mark):
            return data.decode(name, errors="strict")
    declared = _DECLARED.match(data[:300])
    name = declared[1].decode() if declared else "utf-8"
    try:
        return data.decode(name)
    except (LookupError, UnicodeDecodeError) as error:
        raise XmlRefused(f"the text is not in the encoding {name!r} ({error}); save it as UTF-8") from None


def _utf8(text: str) -> bytes:
    """Encode as UTF-8 and make the XML declaration say so."""
    return re.sub(r"""(<\?xml[^>]*?)\s+encoding\s*=\s*["'][^"']*["']""", r"\1", text, count=1).encode()


def _subset(text: str, at: int) -> tuple[dict[str, str], int]:
    """Read the internal subset that may follow a DOCTYPE's name; return entities and where the DOCTYPE ends."""
    entities: dict[str, str] = {}
    at = _space(text, at)
    if text.startswith("[", at):
        at = _space(text, at + 1)
        while not text.startswith("]", at):
            match = _ENTITY.match(text, at)
            if match is None:
                raise XmlRefused(
                    f"line {_line(text, at)}: only simple internal entities are read; remove the declaration"
                )
            value = match["double"] if match["double"] is not None else match["single"]
            entities.setdefault(match["name"], _value(match["name"], value, text, at))
            if len(entities) > MAX_ENTITIES:
                raise XmlRefused(f"more than {MAX_ENTITIES} entities")
            at = _space(text, match.end())
        at = _space(text, at + 1)
    if not text.startswith(">", at):
        raise XmlRefused(f"line {_line(text, at)}: the DOCTYPE does not end")
    return entities, at + 1


def _space(text: str, at: int) -> int:
    while match := _SKIP.match(text, at):
        at = match.end()
    return at


def _value(name: str, value: str, text: str, at: int) -> str:
    if _CHARACTER.search(value) or re.search(r"%[^\s;]+;", value):
        raise XmlRefused(f"line {_line(text, at)}: the entity {name[:40]!r} names another one; write its text out")
    if len(value) > MAX_VALUE or "<" in value:
        raise XmlRefused(f"line {_line(text, at)}: the entity {name[:40]!r} is longer than {MAX_VALUE} or holds markup")
    return value.replace('"', "&quot;").replace("'", "&apos;").replace(">", "&gt;")


def _expand(text: str, entities: dict[str, str]) -> str:
    limit = max(len(text) * MAX_GROWTH, len(text) + 1_000_000)
    size = len(text)

    def replace(match: re.Match[str]) -> str:
        nonlocal size
        name = match[1]
        if name is None or name in _PREDEFINED:
            return match[0]
        if name not in entities:
            raise XmlRefused(f"line {_line(text, match.start())}: the entity {name[:40]!r} is not declared")
        size += len(entities[name])
        if size > limit:
            raise XmlRefused(
                f"line {_line(text, match.start())}: entities make the text more than {MAX_GROWTH} times longer"
            )
        return entities[name]

    return _REFERENCE.sub(replace, text)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
