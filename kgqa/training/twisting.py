"""Questions without answer that are one small change away from a question with one.

What people write when asked for an unanswerable question is mostly this (Rajpurkar et al. 2018, section 4 and table 2): another
entity, an antonym, or a negation. Such a question shares its words with the passage, so that a reader must hold them
against what the passage says of them; one asked of another passage can be told by its topic alone.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from kgqa.evaluation.squad import Example

Change = Callable[[str, str, Sequence[str], random.Random], str | None]
"""Takes question, passage, answers; returns the changed question, or ``None`` where it cannot be changed."""

_OPPOSITES = (
    "largest smallest|larger smaller|first last|before after|more fewer|most least|highest lowest|higher lower|oldest newest"
    "|older younger|increase decrease|increased decreased|northern southern|north south|eastern western|east west|maximum minimum"
    "|early late|earliest latest|above below|longest shortest|longer shorter|won lost|best worst|better worse|male female"
    "|men women|major minor|upper lower|strong weak|stronger weaker|rich poor|begin end|began ended|start stop"
    "|started stopped|accepted rejected|old new|open closed|hot cold|long short|high low|large small"
    "|majority minority|public private|popular unpopular|common rare|similar different|former current"
    "|internal external|positive negative|true false|same different|arrive leave|arrived left|buy sell|bought sold"
    "|entered left|support oppose|supported opposed|agree disagree|agreed disagreed|include exclude|included excluded"
)
OPPOSITES = {word: other for pair in _OPPOSITES.split("|") for word, other in (pair.split(), pair.split()[::-1])}
_word = re.compile(r"[A-Za-z]+")
_name = re.compile(r"\b[A-Z][\w'’-]*(?:\s+(?:of\s+|the\s+|de\s+)?[A-Z][\w'’-]*)*")
_number = re.compile(r"\b\d[\d,.]*\b")
_verb = re.compile(r"\b(did|does|do|was|were|is|are|can|could|has|had|have|should|would|will|may)\b", re.IGNORECASE)
_ASKING = frozenset(
    re.findall(
        r"\w+", "what which who whom whose when where why how in on at the a an according is was does did do are"
    )
)


def twisted(examples: Sequence[Example], count: int, seed: int = 13) -> list[Example]:
    """Make questions without answer: of every hundred, about 60 name another entity or number of the passage, 25 have an
    opposite, 15 a negation.

    :param count: how many at most; fewer where few questions can be changed.
    """
    rng = random.Random(seed)
    pool = [e for e in examples if e.answers and not e.yes_no]
    rng.shuffle(pool)
    left = {other_name: round(0.6 * count), opposite: round(0.25 * count), negated: round(0.15 * count)}
    made: list[Example] = []
    for example in pool:
        if len(made) == count:
            break
        for change in sorted((c for c in left if left[c] > 0), key=lambda c: left[c]):
            question = change(example.question, example.context, [text for _, text in example.answers], rng)
            if question is not None:
                made.append(Example(f"{example.id}-twisted", question, example.context, (), example.article))
                left[change] -= 1
                break
    return made


def other_name(question: str, context: str, answers: Sequence[str], rng: random.Random) -> str | None:
    """Exchange a name or a number of the question for another one of the passage."""
    for pattern in (_name, _number):
        held = [
            m for m in pattern.finditer(question) if m[0].lower() not in _ASKING and (m.start() or pattern is _number)
        ]
        if not held:
            continue
        chosen = rng.choice(held)
        others = sorted(
            {
                m[0]
                for m in pattern.finditer(context)
                if _fits(m, chosen[0], context, question, answers, pattern is _name)
            }
        )
        if others:
            return question[: chosen.start()] + rng.choice(others) + question[chosen.end() :]
    return None


def _fits(found: re.Match[str], old: str, context: str, question: str, answers: Sequence[str], name: bool) -> bool:
    """Tell whether a name of the passage is another one than the question's, is not the answer, and is about as long."""
    text = found[0]
    begins = found.start() == 0 or context[: found.start()].rstrip()[-1:] in '.!?\n"“'
    if name and begins:  # the first word of a sentence is written large, too
        return False
    known = question.lower()
    overlap = any(text.lower() in a.lower() or a.lower() in text.lower() for a in answers)
    alike = abs(len(text.split()) - len(old.split())) <= 1
    return alike and not overlap and text.lower() not in known and old.lower() not in text.lower()


def opposite(question: str, context: str, answers: Sequence[str], rng: random.Random) -> str | None:
    """Exchange a word for its opposite."""
    held = [m for m in _word.finditer(question) if m[0].lower() in OPPOSITES and m[0].islower()]
    if not held:
        return None
    chosen = rng.choice(held)
    return question[: chosen.start()] + OPPOSITES[chosen[0]] + question[chosen.end() :]


def negated(question: str, context: str, answers: Sequence[str], rng: random.Random) -> str | None:
    """Deny what is asked."""
    found = _verb.search(question)
    if found is None or re.search(r"\b(?:not|never|no)\b|n't", question):
        return None
    verb, tail = found[0], question[found.end() :]
    short = {"can": "can't", "will": "won't", "may": "may not"}.get(verb.lower(), f"{verb}n't")
    # "What did Tesla invent" -> "What didn't Tesla invent"; "never" stands where a subject went before.
    return question[: found.start()] + (short if rng.random() < 0.7 else f"{verb} never") + tail
