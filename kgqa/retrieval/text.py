"""What models read of a passage."""

from __future__ import annotations

from kgqa.types import Passage


def headed_text(passage: Passage) -> str:
    """Return title, headings and text, joined by full stops; nothing of it twice at the start."""
    parts: list[str] = []
    for part in (passage.title, passage.heading):
        if part and part not in parts and not passage.text.startswith(part):
            parts.append(part)
    return ". ".join([*parts, passage.text])
