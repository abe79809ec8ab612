"""How statements are read from text, and which of them may answer: ``[extraction]`` in ``kb.toml``."""

from __future__ import annotations

from dataclasses import dataclass

USES = ("none", "accepted", "all")
"""Which statements may answer: none, those that a person accepted, or all that nobody rejected."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """How statements are read, and what is done with them.

    :param use: one of :data:`USES`.
    :param least: smallest confidence of a statement that is kept.
    :param fresh: whether names that the graph does not know may become things of their own.
    """

    use: str = "accepted"
    least: float = 0.5
    fresh: bool = True

    def __post_init__(self) -> None:
        if self.use not in USES:
            raise ValueError(f"[extraction] use must be one of {', '.join(USES)}, not {self.use!r}")
        if not isinstance(self.least, int | float) or not 0 < self.least < 1:
            raise ValueError(f"[extraction] least must be a number between 0 and 1, not {self.least!r}")
        if not isinstance(self.fresh, bool):
            raise ValueError(f"[extraction] fresh must be true or false, not {self.fresh!r}")
