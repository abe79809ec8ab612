"""Phrases in the clauses of contracts as examples for a reader: laws, dates, terms, notice periods."""

from __future__ import annotations

import csv
import gzip
import random
import re
from collections.abc import Sequence
from pathlib import Path

from kgqa.evaluation.squad import Example
from kgqa.training.corpora import chunks, contract_key, contract_texts, trained

_SPAN = (
    r"(?:[a-z-]+ \(\d+\)|\d+|one|two|three|four|five|six|seven|ten|twelve|thirty|sixty|ninety)[ -]"
    r"(?:calendar |business )?(?:day|week|month|year)s?"
)
_DURATION = re.compile(_SPAN + r"(?!['’]?\s+(?:prior|before|written|notice|advance|in advance))\b", re.IGNORECASE)
_NOTICE = re.compile(_SPAN + r"(?=[^.]{0,40}(?:prior|before|notice|advance))", re.IGNORECASE)
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATE = re.compile(rf"(?:{_MONTHS}) \d{{1,2}},? \d{{4}}|\d{{1,2}}(?:st|nd|rd|th)? (?:day of )?(?:{_MONTHS}),? \d{{4}}")
_FACTS: dict[str, tuple[re.Pattern[str] | None, tuple[str, ...]]] = {
    "Governing Law": (
        None,
        (
            "Which law governs {}?",
            "Under which law is {}?",
            "What is the governing law of {}?",
            "The laws of which state or country apply to {}?",
        ),
    ),
    "Effective Date": (
        _DATE,
        ("When does {} take effect?", "What is the effective date of {}?", "As of which date is {} effective?"),
    ),
    "Agreement Date": (_DATE, ("When was {} made?", "On which date was {} signed?", "What is the date of {}?")),
    "Expiration Date": (_DATE, ("When does {} expire?", "Until when does {} run?", "When does {} end?")),
    "Expiration Date, term": (
        _DURATION,
        ("How long is the initial term of {}?", "What is the term of {}?", "For what period does {} last?"),
    ),
    "Renewal Term": (
        _DURATION,
        ("For how long is {} renewed?", "What is the renewal term of {}?", "How long is each renewal of {}?"),
    ),
    "Notice Period To Terminate Renewal": (
        _NOTICE,
        (
            "How much notice must be given to stop the renewal of {}?",
            "What notice of non-renewal does {} require?",
            "How long before the end of {} must notice be given?",
        ),
    ),
    "Warranty Duration": (
        _DURATION,
        ("How long is the warranty in {}?", "For what period does the seller give a warranty in {}?"),
    ),
}
"""Clause types whose answer is a phrase: its form (``None``: the annotators' own answer), and ways to ask for it."""


def fact_examples(contracts: Path, clauses: Path, rng: random.Random) -> list[Example]:
    """Phrases in clauses of the training half of the contracts, in SQuAD's form, and the same questions of other passages.

    :returns: one example for each annotated clause that holds its answer, and one without answer for every second of them.
    """
    texts = contract_texts(contracts)
    out: list[Example] = []
    with gzip.open(clauses, "rt", encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            text = texts.get(contract_key(row["Filename"]))
            if text is None or not trained(contract_key(row["Filename"])):
                continue
            parts = chunks(text)
            for name, (form, ways) in _FACTS.items():
                column = name.partition(",")[0]
                marked = [a or b for a, b in re.findall(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", row[column])]
                accepted = [a.strip() for a in row.get(f"{name}-Answer", "").split(",")] if form is None else []
                question = rng.choice(ways).format(_contract(row, rng))
                out += _fact(f"{contract_key(row['Filename'])}-{name}", question, form, marked, accepted, parts, rng)
    return out


def _contract(row: dict[str, str], rng: random.Random) -> str:
    """Return a way to name a contract: plainly, by its title, or by title and parties."""
    title = row["Document Name-Answer"].strip().title()
    parties = [part.partition("(")[0].strip(" ,") for part in row["Parties-Answer"].split(";")]
    if not title or rng.random() < 0.4:
        return rng.choice(("the agreement", "the contract", "this agreement"))
    if len(parties) < 2 or not all(parties[:2]) or rng.random() < 0.5:
        return f"the {title}"
    return f"the {title} between {parties[0]} and {parties[1]}"


def _fact(
    id: str,
    question: str,
    form: re.Pattern[str] | None,
    marked: Sequence[str],
    accepted: Sequence[str],
    parts: Sequence[str],
    rng: random.Random,
) -> list[Example]:
    for clause in marked:
        for number, part in enumerate(parts):
            begin = part.find(clause)
            if begin < 0 or len(clause) < 6:
                continue
            matches = list(form.finditer(part, begin, begin + len(clause))) if form else []
            # A term is told from its beginning to its end, so of several dates the last one ends it.
            last = matches[-1 if id.endswith("-Expiration Date") else 0] if matches else None
            found = last if form else _named(part, begin, clause, accepted)
            if found is None:
                continue
            made = [Example(id, question, part, ((found.start(), found.group()),), id)]
            rest = [p for at, p in enumerate(parts) if at != number and clause not in p]
            others = [p for p in rest if not (form and form.search(p))]
            if others and rng.random() < 0.5:
                made.append(Example(f"{id}-none", question, rng.choice(others), (), id))
            return made
    return []


def _named(part: str, begin: int, clause: str, accepted: Sequence[str]) -> re.Match[str] | None:
    return next(
        (
            m
            for a in accepted
            if len(a) > 2 and (m := re.compile(re.escape(a)).search(part, begin, begin + len(clause)))
        ),
        None,
    )
