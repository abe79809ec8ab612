"""Counterfactual copies of a question and its passage: other names, the other gender, other nations.

What is asked and said stays the same, so an answer should stay where it was (the invariance tests of CheckList, Ribeiro,
Wu, Guestrin and Singh 2020; gender swaps as Zhao et al. 2018 made them). The swap is consistent: one name becomes one
other name in the question and in the passage.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial

from kgqa.evaluation.people import people
from kgqa.evaluation.squad import Example
from kgqa.language import has_cjk
from kgqa.rewriting import Edit, Rewrite, rewrite

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_AFTER_OBJECT = (
    "and or but to in on at from for with by as that when while because before after about into if who which is"
)
_OBJECT = frozenset(_AFTER_OBJECT.split())


@dataclass(frozen=True, slots=True)
class Swapped:
    """An example with its words swapped, and the way back."""

    question: Rewrite
    context: Rewrite

    @property
    def changed(self) -> bool:
        """Whether any word was swapped."""
        return bool(self.question.edits or self.context.edits)

    def example(self, old: Example) -> Example:
        """Return the swapped example; its answers stand where they stood."""
        spans = [(self.context.span(at, at + len(text))) for at, text in old.answers]
        answers = tuple((start, self.context.text[start:end]) for start, end in spans)
        return Example(old.id, self.question.text, self.context.text, answers, old.article)


Swap = Callable[[str, random.Random], Callable[[str], Iterator[Edit]]]
"""From the whole of an example's text to a function that gives the edits of its parts."""


def swap(example: Example, kind: str, seed: int = 13) -> Swapped:
    """Return an example with its names, genders or nations swapped.

    :param kind: a key of :data:`SWAPS`.
    :param seed: with the example's id it fixes what is put in the place of what.
    """
    edits = SWAPS[kind](f"{example.question}\n{example.context}", random.Random(f"{seed} {example.id}"))
    return Swapped(rewrite(example.question, edits(example.question)), rewrite(example.context, edits(example.context)))


# --- names ---


def swap_names(text: str, rng: random.Random, *, abroad: bool = True) -> Callable[[str], Iterator[Edit]]:
    """Give people names of another origin and the same gender; Chinese people another surname.

    With ``abroad`` false the names are of the same origin: what changes then is no prejudice, but what any change does.

    A name counts as a person's where a given name of the lists stands with a capital; a surname right after it goes along,
    and is then swapped wherever it stands alone.
    """
    known = people()
    given, family = known.given(), known.family()
    chosen: dict[str, str] = {}
    origins: dict[str, str] = {}
    for first, last in _full_names(text):
        origin, gender = given[first]
        if first not in chosen:
            origins[first] = rng.choice([name for name in known.origins if (name != origin) == abroad])
            chosen[first] = rng.choice([n for n in getattr(known.origins[origins[first]], gender) if n != first])
        if last in family and last not in chosen:
            chosen[last] = rng.choice([name for name in known.origins[origins[first]].surnames if name != last])
    return _both(_words(chosen), _chinese_names(text, rng))


def _full_names(text: str) -> Iterator[tuple[str, str]]:
    given = people().given()
    found = list(_WORD.finditer(text))
    for at, match in enumerate(found):
        if match[0] in given:
            follows = found[at + 1] if at + 1 < len(found) else None
            near = follows is not None and text[match.end() : follows.start()] == " "
            yield match[0], follows[0] if near and follows is not None else ""


@cache
def _chinese_person() -> re.Pattern[str]:
    surnames = "|".join(sorted(people().surnames, key=len, reverse=True))
    return re.compile(
        rf"(?<![{_HAN}])(?P<a>{surnames})(?=[{_HAN}]{{1,2}}(?:出生|生于|先生|女士|认为|表示|担任))"
        rf"|(?P<b>{surnames})(?=某|[{_HAN}]{{0,2}}(?:先生|女士|教授|医生|医师|律师|法官))"
    )


def _chinese_names(text: str, rng: random.Random) -> Callable[[str], Iterator[Edit]]:
    """Return the swap of Chinese surnames; a whole name found once is swapped everywhere."""
    if not has_cjk(text):
        return lambda _: iter(())
    surnames = people().surnames
    names: dict[str, str] = {}
    for match in _chinese_person().finditer(text):
        old = match["a"] or match["b"]
        whole = text[match.start() : match.start() + len(old) + 1]
        names.setdefault(whole, rng.choice([n for n in surnames if n not in old and len(n) == len(old)]) + whole[-1])
    return _words(names) if names else lambda _: iter(())


# --- gender ---


def swap_gender(text: str, rng: random.Random) -> Callable[[str], Iterator[Edit]]:
    """Turn he into she, sons into daughters, and given names of the lists into names of the other gender."""
    known = people()
    given = known.given()
    chosen = {
        first: rng.choice(getattr(known.origins[given[first][0]], "female" if given[first][1] == "male" else "male"))
        for first in dict.fromkeys(first for first, _ in _full_names(text))
    }
    return _both(_words(chosen), _gendered)


def _gendered(text: str) -> Iterator[Edit]:
    words = people().gender
    for match in _WORD.finditer(text):
        lower = match[0].lower()
        if lower in words and lower.isascii():
            yield Edit(*match.span(), _cased(words[lower], match[0]))
        elif lower in ("his", "hers", "him", "her"):
            yield Edit(*match.span(), _cased(_pronoun(lower, text[match.end() :]), match[0]))
    if has_cjk(text):
        for match in _chinese_gender().finditer(text):
            yield Edit(*match.span(), words[match[0]])


def _pronoun(word: str, after: str) -> str:
    """Swap a pronoun; "her" is "his" before a noun and "him" elsewhere."""
    if word != "her":
        return {"his": "her", "hers": "his", "him": "her"}[word]
    follows = re.match(r" ([^\W\d_]+)", after)
    return "his" if follows and follows[1].lower() not in _OBJECT else "him"


@cache
def _chinese_gender() -> re.Pattern[str]:
    words = sorted((w for w in people().gender if not w.isascii()), key=len, reverse=True)
    # 其他, 他国 and the like are not of a man.
    return re.compile("|".join(rf"(?<!其)(?<!吉){w}(?![国乡人]\w?)" if w == "他" else w for w in words))


# --- nations ---


def swap_nations(text: str, rng: random.Random) -> Callable[[str], Iterator[Edit]]:
    """Turn each nation into another: adjective into adjective, country into country."""
    nations, countries = people().nations, people().countries
    adjectives = list(nations)
    chosen: dict[str, str] = {}
    for adjective, country in nations.items():
        other = rng.choice([a for a in adjectives if a != adjective])
        chosen |= {adjective: other, country: nations[other]}
        if not adjective.endswith(("sh", "ch", "ese", "ss")):  # "Germans" has a plural, "Polish" has none
            chosen[f"{adjective}s"] = (
                f"{other}s" if not other.endswith(("sh", "ch", "ese", "ss")) else f"{other} people"
            )
    for country in countries:
        chosen[country] = rng.choice([c for c in countries if c != country])
    return _but(_words(chosen), _CONTINENTS)


_CONTINENTS = re.compile(r"\b(?:(?:North|South|Latin|Central) |States of )Americas?n?\b|\bNative Americans?\b")


def _but(edits: Callable[[str], Iterator[Edit]], kept: re.Pattern[str]) -> Callable[[str], Iterator[Edit]]:
    """Leave out the edits inside what a pattern finds."""

    def some(text: str) -> Iterator[Edit]:
        spans = [m.span() for m in kept.finditer(text)]
        return (e for e in edits(text) if not any(a <= e.start < b for a, b in spans))

    return some


# --- what they share ---

SWAPS: Mapping[str, Swap] = {
    "names, same origin": partial(swap_names, abroad=False),
    "names": swap_names,
    "gender": swap_gender,
    "nations": swap_nations,
}
"""The first is a measure for the others: how many answers any change of names changes."""


def _words(chosen: Mapping[str, str]) -> Callable[[str], Iterator[Edit]]:
    """Return a function that finds whole words with their case, and Chinese ones wherever they stand."""
    latin = {old: new for old, new in chosen.items() if not has_cjk(old)}
    asian = sorted((old for old in chosen if has_cjk(old)), key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, asian))) if asian else None

    def edits(text: str) -> Iterator[Edit]:
        for match in _WORD.finditer(text) if latin else ():
            if match[0] in latin:
                yield Edit(*match.span(), latin[match[0]])
        for match in pattern.finditer(text) if pattern else ():
            yield Edit(*match.span(), chosen[match[0]])

    return edits


def _both(*parts: Callable[[str], Iterator[Edit]]) -> Callable[[str], Iterator[Edit]]:
    return lambda text: (edit for part in parts for edit in part(text))


def _cased(word: str, like: str) -> str:
    if like.isupper() and len(like) > 1:
        return word.upper()
    return word.capitalize() if like[0].isupper() else word
