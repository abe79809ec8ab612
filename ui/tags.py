"""HTML that is escaped by construction: a piece of text becomes markup only through :func:`el`."""

from __future__ import annotations

import re
from base64 import b64encode
from html import escape

# Characters that no HTML may hold, and those that turn the direction of what follows (they can disguise a file's name).
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
LONGEST, HOVERED, REPORTED = 4000, 1000, 8000
"""Characters of a text in a page, of one in an attribute, and of what a control reports: cells and labels can be of any size, and
pages must not."""

_VOID = frozenset({"br", "hr", "img", "input", "meta", "path", "circle", "line", "rect"})


class Html(str):
    """Text that is markup already; only this module makes it."""

    __slots__ = ()


def plain(value: object) -> str:
    """Return a value as text; control characters become U+FFFD, direction overrides are taken out."""
    return _TURNING.sub("", _FORBIDDEN.sub("\ufffd", str(value)))


def text(value: object, longest: int = LONGEST) -> Html:
    """Return a value as escaped :func:`plain` text; one of more characters than are shown is cut."""
    return Html(escape(_cut(plain(value), longest), quote=True))


def _cut(value: str, longest: int) -> str:
    return value if len(value) <= longest else value[:longest] + "…"


def el(name: str, *children: object, **attributes: object) -> Html:
    """Return an element; children that are not :class:`Html` are escaped, ``None`` children and attributes left out.

    ``cls`` stands for ``class``; an underscore in an attribute's name stands for a hyphen; ``True`` gives a bare
    attribute.

    :raises ValueError: an attribute could load or run something (``src``, ``on...``, ``href`` other than a fragment).
    """
    parts = [f"<{name}"]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = "class" if key == "cls" else key.rstrip("_").replace("_", "-")
        _check(key, value)
        # What a control reports back is not shown, and must come back as it was: a file's name may hold turning characters.
        reported = key.startswith("data-")
        shown = escape(_FORBIDDEN.sub("\ufffd", str(value))[:REPORTED]) if reported else text(value, HOVERED)
        parts.append(f" {key}" if value is True else f' {key}="{shown}"')
    parts.append(">")
    if name in _VOID and not children:
        return Html("".join(parts) if name in {"br", "hr", "img", "input", "meta"} else "".join(parts)[:-1] + "/>")
    return Html("".join(parts) + join(children) + f"</{name}>")


def drawn(png: bytes, alt: str) -> Html:
    """Return a picture that stands in the page itself, so that nothing is fetched for it and no file of it is kept.

    :param alt: what it shows, for people who cannot see it.
    :raises ValueError: it is no PNG.
    """
    if not png.startswith(b"\x89PNG\r\n\x1a\n"):
        raise ValueError("only a PNG is put into a page")
    return Html(f'<img alt="{text(alt)}" src="data:image/png;base64,{b64encode(png).decode("ascii")}">')


def join(children: object, between: str = "") -> Html:
    """Return children one after the other, those that are not markup escaped."""
    items = children if isinstance(children, list | tuple) else [children]
    flat = [join(item) if isinstance(item, list | tuple) else _one(item) for item in items if item is not None]
    return Html(str(text(between)).join(flat))


def _one(item: object) -> str:
    return item if isinstance(item, Html) else text(item)


def _check(key: str, value: object) -> None:
    if key.startswith("on") or key in {"src", "srcset", "srcdoc", "action", "formaction", "xlink:href"}:
        raise ValueError(f"attribute {key!r} is not allowed in a rendered page")
    if key == "href" and not str(value).startswith("#"):
        raise ValueError(f"a link may lead only inside the page, not to {value!r}")
