"""A table that exchanges single characters while a text is tokenised, in the form that the ``tokenizers`` library runs.

The library's ``Precompiled`` normaliser takes the character map of sentencepiece: a double-array trie (Aoe 1989; the layout
of darts-clone) over the UTF-8 bytes of what is exchanged, and the texts that take its place. A table of thousands of
characters costs no more there than one of ten.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping

_LEAF, _VALUE = 1 << 8, 1 << 31


def charsmap(changes: Mapping[str, str]) -> str:
    """Return the table as base64 text, for ``{"type": "Precompiled", "precompiled_charsmap": ...}``.

    :param changes: for each character what takes its place. No key begins with another's bytes, as whole characters never
        do in UTF-8.
    :raises ValueError: a key is not a single character, or there are too many.
    """
    if bad := [key for key in changes if len(key) != 1]:
        raise ValueError(f"{bad[0]!r} is not a single character; the table exchanges characters only")
    texts, places = bytearray(), {}
    for text in sorted(set(changes.values())):
        places[text] = len(texts)
        texts += text.encode() + b"\0"
    units = _trie({key.encode(): places[text] for key, text in changes.items()})
    blob = struct.pack(f"<{len(units)}I", *units)
    return base64.b64encode(struct.pack("<I", len(blob)) + blob + bytes(texts)).decode()


def _trie(values: Mapping[bytes, int]) -> list[int]:
    """Return the units of a double-array trie.

    A unit holds its label in its low 8 bits, bit 8 when a key ends there, and from bit 10 on the offset to its children,
    whose places are the unit's place, exclusive-or the offset, exclusive-or the child's label.
    """
    tree: dict[int, object] = {}
    for key, value in values.items():
        node = tree
        for byte in key:
            node = node.setdefault(byte, {})  # type: ignore[assignment]
        node[-1] = value
    units: list[int] = [0]
    _place(tree, 0, units, {0}, set())
    return units


def _place(node: dict[int, object], at: int, units: list[int], taken: set[int], bases: set[int]) -> None:
    """Find room for a node's children, write them, and go on below them."""
    labels = [max(0, label) for label in node]  # the value of a key that ends here stands at label 0
    base = max(1, len(units) - 256)  # what lies before is nearly full
    # Two nodes on one base would take each other's children for their own.
    while base in bases or any(base ^ label in taken for label in labels):
        base += 1
    bases.add(base)
    if (offset := at ^ base) >= 1 << 21:
        raise ValueError("too many characters for one table; exchange fewer")
    units += [0] * ((base | 0xFF) + 1 - len(units))
    units[at] |= offset << 10
    for label in labels:
        taken.add(base ^ label)
    for label, child in node.items():
        if label < 0:
            units[at] |= _LEAF
            units[base] = _VALUE | int(child)  # type: ignore[call-overload]
        else:
            units[base ^ label] = label
            _place(child, base ^ label, units, taken, bases)  # type: ignore[arg-type]
