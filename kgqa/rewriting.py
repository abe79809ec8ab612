"""Replacing pieces of a text without losing the way from old characters to new ones.

Everything that changes a text which answers point into goes through here: augmentation, scrubbing, tests of invariance.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Put ``text`` in the place of the characters from ``start`` to ``end``, at least one."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A text after some edits.

    :param old: the text before.
    :param text: the text after.
    :param edits: what was replaced, in order, not overlapping.
    """

    old: str
    text: str
    edits: tuple[Edit, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a span of the old text is in the new one; where an edge falls inside an edit, all of it is taken."""
        return self._at(start, left=True), self._at(end, left=False)

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Return where a span of the new text was in the old one; the same rule for edges holds."""
        return self._from(start, left=True), self._from(end, left=False)

    def cuts(self, start: int, end: int) -> bool:
        """Tell whether an edit takes a part of a span of the old text and something outside it."""
        return any(
            edit.start < end and start < edit.end and not (start <= edit.start and edit.end <= end)
            for edit in self.edits
        )

    def touches(self, start: int, end: int) -> bool:
        """Tell whether an edit changes any character of a span of the old text."""
        return any(edit.start < end and start < edit.end for edit in self.edits)

    def _at(self, place: int, *, left: bool) -> int:
        shift = 0
        for edit in self.edits:
            if edit.end > place:
                if edit.start < place:
                    return edit.start + shift + (0 if left else len(edit.text))
                break
            shift += len(edit.text) - (edit.end - edit.start)
        return place + shift

    def _from(self, place: int, *, left: bool) -> int:
        shift = 0
        for edit in self.edits:
            begin, until = edit.start + shift, edit.start + shift + len(edit.text)
            passed = until < place or (until == place and (left or begin < until))  # a deletion at an end is outside
            if not passed:
                if begin < place:
                    return edit.start if left else edit.end
                break
            shift += len(edit.text) - (edit.end - edit.start)
        return place - shift


def rewrite(text: str, edits: Iterable[Edit]) -> Rewrite:
    """Apply edits; of two that overlap the longer one stays, of two of one length the earlier.

    :raises ValueError: an edit is empty or outside the text.
    """
    kept: list[Edit] = []
    for edit in sorted(set(edits), key=lambda e: (e.start - e.end, e.start, e.text)):
        if not 0 <= edit.start < edit.end <= len(text):
            raise ValueError(f"edit {edit.start}:{edit.end} is empty or outside a text of {len(text)} characters")
        at = bisect_right(kept, edit)
        before, after = kept[at - 1] if at else None, kept[at] if at < len(kept) else None
        if (before is None or before.end <= edit.start) and (after is None or edit.end <= after.start):
            kept.insert(at, edit)
    pieces, at = [], 0
    for edit in kept:
        pieces += [text[at : edit.start], edit.text]
        at = edit.end
    return Rewrite(text, "".join([*pieces, text[at:]]), tuple(kept))
