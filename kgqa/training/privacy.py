"""Take personal data out of text before a model is trained on it: English and Chinese.

Found are e-mail and network addresses, telephone numbers, bank cards and accounts, identity numbers, birthdays, postal
addresses and names. Numbers with a check digit are checked, so that an order number is not taken for a card. Names are
found by titles, by words that announce a person, and by given names with a surname; a name that was found once is then taken
out everywhere. What has no such sign stays: read a sample of what is left (docs/guides/evaluation.md). Why no library:
docs/decisions/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from kgqa.evaluation.squad import Example
from kgqa.language import has_cjk
from kgqa.rewriting import Edit, Rewrite, rewrite
from kgqa.training.personal import KINDS, chinese_names, latin_names, marks


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of personal data in a text."""

    start: int
    end: int
    kind: str


@dataclass(slots=True)
class Scrubber:
    """Replaces personal data by its kind and a number, the same for the same thing: ``[PERSON 1]``.

    One scrubber belongs to one document: numbers say who is the same inside it, and nothing across documents.

    :param kinds: which of :data:`KINDS` are taken out.
    """

    kinds: tuple[str, ...] = KINDS
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    def scrub(self, text: str, names: Iterable[str] = ()) -> Rewrite:
        """Return a text without personal data.

        :param names: names of people that were found elsewhere in the document.
        """
        found = [one for one in find(text, names) if one.kind in self.kinds]
        return rewrite(text, [Edit(one.start, one.end, self._label(one, text)) for one in found])

    def _label(self, one: Found, text: str) -> str:
        said = re.sub(r"[\W_]+", " ", text[one.start : one.end]).strip().lower()
        if one.kind == "person":
            said = self._full(said)
        same = sum(1 for kind, _ in self._numbers if kind == one.kind)
        return f"[{one.kind.upper()} {self._numbers.setdefault((one.kind, said), same + 1)}]"

    def _full(self, name: str) -> str:
        """Return the whole name for a surname that one person of the document has."""
        known = [one for kind, one in self._numbers if kind == "person" and one.endswith(f" {name}")]
        return known[0] if len(known) == 1 else name


def scrub_examples(examples: Sequence[Example], kinds: tuple[str, ...] = KINDS) -> list[Example]:
    """Return examples without personal data; an answer stands at its offset, with what was taken out of it.

    Questions and passages of one article are one document.
    """
    scrubbers: dict[str, Scrubber] = {}
    names: dict[str, set[str]] = {}
    for example in examples:
        found = names.setdefault(example.article, set())
        for text in dict.fromkeys((example.context, example.question)):
            found |= set(names_in(text))
    done: list[Example] = []
    for example in examples:
        one = scrubbers.setdefault(example.article, Scrubber(kinds))
        context = one.scrub(example.context, names[example.article])
        question = one.scrub(example.question, names[example.article]).text
        spans = [context.span(at, at + len(text)) for at, text in example.answers]
        answers = tuple((start, context.text[start:end]) for start, end in spans)
        done.append(Example(example.id, question, context.text, answers, example.article))
    return done


def find(text: str, names: Iterable[str] = ()) -> list[Found]:
    """Return the personal data in a text, in order, not overlapping; of two that overlap the surer kind wins."""
    taken: list[Found] = []
    for one in [*(Found(*mark) for mark in marks(text)), *_people(text, names)]:
        if all(one.end <= other.start or other.end <= one.start for other in taken):
            taken.append(one)
    return sorted(taken, key=lambda one: one.start)


def names_in(text: str) -> Iterator[str]:
    """Yield the names of people that a text gives away by itself."""
    yield from latin_names(text)
    if has_cjk(text):
        yield from (text[start:end] for start, end in chinese_names(text))


def _people(text: str, names: Iterable[str]) -> list[Found]:
    """Find names wherever they stand: whole, and the surname of a longer name also alone."""
    whole = {name for name in (*names_in(text), *names) if len(name) > 1}
    lasts = {name.split()[-1] for name in whole if " " in name}
    found: list[Found] = []
    for name in whole | {last for last in lasts if len(last) > 2 and not re.fullmatch("[IVXL]+", last)}:
        edge = "" if has_cjk(name) else r"\b"
        found += [Found(*m.span(), "person") for m in re.finditer(rf"{edge}{re.escape(name)}{edge}", text)]
    if has_cjk(text):  # a surname alone is a name where its title follows, and nowhere else
        found += [Found(start, end, "person") for start, end in chinese_names(text)]
    return sorted(found, key=lambda one: (one.start - one.end, one.start))
