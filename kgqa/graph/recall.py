"""Uses what was learnt on a graph: which mention makes the rest of a question familiar, and which paths its wording means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kgqa.graph.memory import Memory, Step, skeleton_of
from kgqa.graph.question import Mention, mask
from kgqa.types import Link

_MOST_MENTIONS = 24
_LEAST_LINK = 0.3  # links that score less are too uncertain to read a question by
_NEAR = 0.06  # links of a mention that score this much below its best have another name
_SURE = 0.5  # a reading by one mention counts when the path it recalls is this likely
_CERTAIN = 0.9


@dataclass(frozen=True, slots=True)
class Recalled:
    """A mention, and the likeliest paths of the question read by it alone.

    :param share: how familiar the wording around the mention is, 0 to 1.
    """

    mention: Mention
    share: float
    paths: tuple[tuple[float, tuple[Step, ...]], ...]

    @property
    def sure(self) -> bool:
        """Tell whether the wording is so well known that no general scorer need be asked."""
        return self.share * self.paths[0][0] >= _CERTAIN


def recall(memory: Memory, question: str, links: Sequence[Link]) -> Recalled | None:
    """Return the reading of a question by the one mention that makes the rest of it most familiar.

    Titles are made of common words ("The Girl", "Movie Movie"), so that the longest or surest name is not always the one
    that is meant; the learnt wordings tell.
    """
    best: tuple[float, Recalled] | None = None
    for mention in mentions(question, links):
        words = skeleton_of(mask(question, [mention])[0])
        share = memory.known(words)
        if share == 0.0:
            continue
        paths = tuple(memory.likely(words))
        if not paths:
            continue
        weight = share * paths[0][0] * mention.links[0].score
        longer = best is not None and weight == best[0] and len(mention.text) > len(best[1].mention.text)
        if best is None or weight > best[0] or longer:
            best = weight, Recalled(mention, share, paths)
    return best[1] if best is not None and best[1].share * best[1].paths[0][0] >= _SURE else None


def mentions(question: str, links: Sequence[Link]) -> list[Mention]:
    """Return every linked place of a question, the surest first; places may overlap."""
    places: dict[tuple[int, int], list[Link]] = {}
    for link in links:
        if link.score >= _LEAST_LINK or link.method == "given":
            places.setdefault((link.start, link.end), []).append(link)
    found = [Mention(start, end, question[start:end], _like_best(group)) for (start, end), group in places.items()]
    found.sort(key=lambda mention: (-mention.links[0].score, mention.start - mention.end))
    return found[:_MOST_MENTIONS]


def _like_best(group: Sequence[Link]) -> tuple[Link, ...]:
    best = max(link.score for link in group)
    return tuple(sorted((link for link in group if link.score >= best - _NEAR), key=lambda link: -link.score))
