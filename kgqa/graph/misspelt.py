"""Misspelt words and names that a question gives only in part."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from kgqa.graph.context import is_common
from kgqa.graph.mentions import hashes
from kgqa.graph.names import MAX_FUZZY, MIN_FUZZY, NameIndex
from kgqa.language import fold, has_cjk

MAX_CORRECTED = 6
"""Words of a question that are corrected."""
MAX_CHOICES = 4
MAX_LEADING = 6
"""Most names that may share a first word that alone stands for a name."""
MAX_PARTIAL = 8
"""Most names for one partial mention."""
_MAX_CANDIDATES = 400
_ENOUGH = 0.6
_JOINTS = re.compile(
    r"[，。；、：！？《》（）“”‘’,;:?!()]|什么|哪|是否|怎|如何|多少|几|吗|呢|的|了|谁|和|与|或|及|规定|由|被|按|用|中(?!国|华|央)"
)
"""What ends a name in a Chinese question, unless the name itself has it."""


def corrections(names: NameIndex, stems: list[str], covered: set[int]) -> Iterator[tuple[int, str, float]]:
    """Yield (place, other word, likeness) for words that no name has but that are close to one that some have."""
    values = hashes(stems).tolist()
    done = 0
    for at, word in enumerate(stems):
        if (
            at in covered
            or not MIN_FUZZY <= len(word) <= MAX_FUZZY
            or is_common(word)
            or not word.isalpha()
            or names.word(values[at]) is not None
        ):
            continue
        done += 1
        if done > MAX_CORRECTED:
            return
        yield from ((at, other, likeness) for other, likeness in _near(names, word))


def _near(names: NameIndex, word: str) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for number in names.similar(word):
        other = names.spelling(number)
        distance = OSA.distance(word, other, score_cutoff=2)
        if distance == 1 or (distance == 2 and len(word) >= 8):
            # A wrong first letter is rarer than any other, and short words are close to many.
            likeness = 1.0 - distance / len(word) - (0.1 if word[0] != other[0] else 0.0)
            if likeness >= 0.7 or (distance == 1 and word[0] == other[0]):
                found.append((other, max(0.6, likeness)))
    return sorted(found, key=lambda item: -item[1])[:MAX_CHOICES]


def partial(names: NameIndex, stems: list[str], covered: set[int]) -> Iterator[tuple[int, int, int, float]]:
    """Yield (first word, number of words, row, share) for names most of whose telling words stand near each other."""
    values = hashes(stems).tolist()
    numbers = [names.word(value) if not is_common(word) else None for value, word in zip(values, stems, strict=True)]
    rows: dict[int, set[int]] = {}
    for at, number in enumerate(numbers):
        if number is None or at in covered or names.word_names[number] > _MAX_CANDIDATES:
            continue
        for row in names.rows_with(number).tolist():
            rows.setdefault(row, set()).add(at)
    if not rows:
        return
    total = len(names)
    weights = {n: math.log(total / int(names.word_names[n])) + 0.1 for n in numbers if n is not None}
    ranked = sorted(rows.items(), key=lambda item: -sum(weights[n] for at in item[1] if (n := numbers[at]) is not None))
    found: dict[tuple[int, int], int] = {}
    for row, places in ranked[:_MAX_CANDIDATES]:
        share, first, last = _share(names, row, places, numbers, weights, total)
        length = last - first + 1
        if share < _ENOUGH or not _alike(stems[first : last + 1], names.text(row)):
            continue
        found[first, length] = found.get((first, length), 0) + 1
        if found[first, length] <= MAX_PARTIAL:
            yield first, length, row, share


def _alike(words: list[str], name: str) -> bool:
    """Tell whether a partial mention can stand for a name: Chinese characters say little one by one, words say much."""
    if has_cjk(name):
        text = "".join(words)
        return len(text) >= 2 and fuzz.ratio(text, fold(name)) >= 65
    # An abbreviation in another case has been looked at already, and was not it.
    return len(words) <= 2 * len(name.split()) and not (len(name) <= 5 and name.isupper())


def crosses(mention: str, name: str) -> bool:
    """Tell whether a part of a Chinese question goes over what ends a name ("合同中卖方", "用什么药治疗")."""
    return has_cjk(mention) and any(joint not in name for joint in _JOINTS.findall(mention))


def _tight(near: list[int], numbers: list[int | None]) -> list[int]:
    """Leave out places at the end whose word stands there already: the verb of "修正案修改了" is no part of the name."""
    while len(near) > 1 and numbers[near[-1]] in {numbers[at] for at in near[:-1]}:
        near = near[:-1]
    return near


def _share(
    names: NameIndex, row: int, places: set[int], numbers: list[int | None], weights: dict[int, float], total: int
) -> tuple[float, int, int]:
    from kgqa.graph.mentions import stem, tokens

    words = list(dict.fromkeys(stem(token.text) for token in tokens(names.text(row))))
    wanted: dict[int | str, float] = {}
    for word, value in zip(words, hashes(words).tolist(), strict=True):
        if not is_common(word):
            number = names.word(value)
            rare = math.log(total / int(names.word_names[number])) + 0.1 if number is not None else 1.0
            wanted[word if number is None else number] = rare
    seed = min(places)
    near = [at for at, n in enumerate(numbers) if n in wanted and n in weights and abs(at - seed) <= 2 * len(words)]
    got = sum(wanted[n] for n in {numbers[at] for at in near} if n is not None)
    near = _tight(near, numbers)
    share = got / max(0.1, sum(wanted.values()))
    lead = next(iter(wanted))
    if share < _ENOUGH and lead in {numbers[at] for at in near} and names.word_names[lead] <= MAX_LEADING:
        share = _ENOUGH  # firms and acts are called by their first word, if few share it
    return share, min(near, default=seed), max(near, default=seed)
