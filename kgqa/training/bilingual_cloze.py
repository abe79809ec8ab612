"""Chinese questions made without people: a statement whose part gives way to a question word (Lewis et al. 2019).

In Chinese the question word stands where the answer would, so that such a statement is a question already. What is asked for
is a name, a number or a date, or a whole clause: a cause, a definition, a list, or what follows a verb. Some words of the
question are dropped or exchanged for their neighbours among the word vectors, so that it does not repeat the passage.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from kgqa.evaluation.squad import Example
from kgqa.training.bilingual_words import simplified

Synonyms = Mapping[str, Sequence[str]]
"""Words that may stand for a word."""
_sentence = re.compile(r"[^。！？!?\n]+")
_clause = re.compile(r"[^，；,;：]+")
_brackets = re.compile(r"（[^（）]*）|\([^()]*\)")
_pronoun = re.compile(r"^(?:他们|她们|它们|他|她|它|其|该\w)")
_LONGEST = 48
"""Characters on each side of the question word at most."""
_MOST = 90
"""Characters of an answer at most."""
_WIDEST = 120
"""Characters of a clause or a sentence that is an answer at most."""
_LEAST = 6
"""Characters of a question at least, without its question word."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to a passage: the text before and after the question word, and the place of the answer."""

    before: str
    word: str
    after: str
    start: int
    end: int


def passages(examples: Sequence[Example]) -> list[tuple[str, str]]:
    """Return the title and the text of each passage once, in simplified characters."""
    seen = {e.context: e.article for e in examples}
    return [(simplified(title), simplified(text)) for text, title in seen.items()]


def neighbours(folder: Path, rows: Sequence[int], least: float = 0.6, most: int = 3) -> dict[str, list[str]]:
    """Return for the words of a vocabulary those next to them among the word vectors.

    :param folder: torch folder of a model with its tokenizer.
    :param rows: the Chinese rows.
    :param least: cosine.
    """
    import torch

    from kgqa.reading.extractive import load_tokenizer
    from kgqa.training.starting import load_base

    model, _ = load_base("AutoModel", folder)
    tokenizer = load_tokenizer(folder)
    words = {at: word for at in rows if len(word := (tokenizer.id_to_token(at) or "").replace(" ", "")) > 1}
    with torch.inference_mode():
        table = torch.nn.functional.normalize(model.get_input_embeddings().weight[list(words)], dim=-1)
        values, found = (table @ table.T).topk(most + 1)
    names = list(words.values())
    return {
        name: [
            names[other]
            for other, value in zip(near, near_values, strict=True)
            if names[other] != name and value >= least
        ]
        for name, near, near_values in zip(names, found.tolist(), values.tolist(), strict=True)
    }


def cloze(
    texts: Sequence[tuple[str, str]], count: int, synonyms: Synonyms, rng: random.Random, long: float = 0.7
) -> list[Example]:
    """Return questions to passages.

    :param texts: title and text of each passage, in simplified characters.
    :param count: how many at most.
    :param long: share of the questions whose answer is a clause or more; causes, definitions and lists up to a half of these.
    """
    short_asks: list[tuple[int, Ask]] = []
    long_asks: list[tuple[int, Ask]] = []
    loose_asks: list[tuple[int, Ask]] = []
    for at, (_, text) in enumerate(texts):
        for found in _sentence.finditer(text):
            if 8 <= len(found[0]) <= 160:
                long_asks += [(at, ask) for ask in named_asks(text, found.start(), found.end(), rng)]
                loose_asks += [(at, ask) for ask in clause_asks(text, found.start(), found.end(), rng)]
                short_asks += [(at, ask) for ask in word_asks(text, found.start(), found.end(), rng)]
    chosen: list[tuple[int, Ask]] = []
    for part, until in ((long_asks, long / 2), (loose_asks, long), (short_asks, 1.0)):
        chosen += rng.sample(part, min(len(part), round(count * until) - len(chosen)))
    made = []
    for number, (at, ask) in enumerate(chosen):
        title, text = texts[at]
        question = _question(ask, title, synonyms, rng)
        shift, context = _around(text, ask, rng)
        answer = (ask.start - shift, text[ask.start : ask.end])
        if len(question) > len(ask.word) + _LEAST and 1 < len(answer[1]) <= _MOST and answer[1] not in question:
            made.append(Example(f"cloze-{number}", question, context, (answer,), title))
    return made


def _around(text: str, ask: Ask, rng: random.Random) -> tuple[int, str]:
    """Return the passage, or more often the part of it around the answer, and where that begins."""
    if rng.random() < 0.3:
        return 0, text
    borders = [0, *(found.end() for found in re.finditer(r"[。！？]", text)), len(text)]
    start = max(b for b in borders if b <= ask.start)
    end = min(b for b in borders if b >= ask.end)
    want = rng.randint(120, 240)
    while end - start < want and (start > 0 or end < len(text)):
        before = [b for b in borders if b < start]
        after = [b for b in borders if b > end]
        if before and (not after or rng.random() < 0.5):
            start = before[-1]
        elif after:
            end = after[0]
        else:
            break
    return start, text[start:end]


def widened(example: Example, rng: random.Random, shares: tuple[float, float] = (0.33, 0.17)) -> Example:
    """Return an example with its answer, or now and then with the clause or the sentence that the answer is in.

    People differ in how much of a passage they call the answer: the sets of questions do, too. A reader that has seen both
    gives weight to both, and its decoding decides.

    :param shares: how often the clause, and how often the sentence.
    """
    if not example.answers:
        return example
    (at, text), draw = example.answers[0], rng.random()
    if draw >= sum(shares):
        return example
    borders = "，。；！？：\n" if draw < shares[0] else "。！？\n"
    start, end = at, at + len(text)
    while start > 0 and example.context[start - 1] not in borders:
        start -= 1
    while end < len(example.context) and example.context[end] not in borders:
        end += 1
    wide = example.context[start:end]
    start += len(wide) - len(wide.lstrip())
    if len(wide) > _WIDEST:
        return example
    return Example(example.id, example.question, example.context, ((start, wide.strip()),), example.article)


# --- what is asked ------------------------------------------------------------------------------------------------------

_CAUSE = re.compile(r"^(?:因为|由于|鉴于|因)(?=[^此])")
_EFFECT = re.compile(r"^(?:因此|所以|因而|故此|故|于是|从而|以致)")
_DEFINED = re.compile(
    r"^([^，。；、]{2,20}?)(?:，(?:[^，。；]{2,16}，)?)?(是指|指的是|是|为|指)(?=[^否不非什])(.{5,})$"
)
_LIST = re.compile(r"(包括了?|分为|分成|有|含有|例如|如|由|即|为|是|：)((?:[^，。；：、]{1,24}、)+[^，。；：、]{1,24})")
_VERB = re.compile(r"^v[^d]?$")


def named_asks(text: str, start: int, end: int, rng: random.Random) -> Iterator[Ask]:
    """Ask for causes, definitions and lists in the sentence ``text[start:end]``."""
    sentence = text[start:end]
    parts = [(start + m.start(), start + m.end()) for m in _clause.finditer(sentence)]
    yield from _causes(text, parts, rng)
    plain = _DEFINED.match(sentence)
    if plain:
        at = start + plain.start(3)
        until = min([e for _, e in parts if e >= at + 6], default=end) if rng.random() < 0.5 else end
        begin = start if rng.random() < 0.4 else at
        name = plain[1]
        forms = (("", "什么是", name), (name, "是什么", ""), (name, "指的是什么", ""), (name, "的定义是什么", ""))
        before, word, after = rng.choice(forms)
        yield Ask(before, word, after, begin, until)
    for found in _LIST.finditer(sentence):
        lead = sentence[: found.start(2)] if len(sentence[: found.start(2)]) > 3 else ""
        if lead:
            yield Ask(
                lead.rstrip("：如例"),
                rng.choice(("哪些", "哪些", "什么")),
                "",
                start + found.start(2),
                start + found.end(2),
            )


def clause_asks(text: str, start: int, end: int, rng: random.Random) -> Iterator[Ask]:
    """Ask for what follows a verb, and for what follows a clause, in the sentence ``text[start:end]``."""
    parts = [(start + m.start(), start + m.end()) for m in _clause.finditer(text[start:end])]
    for number, (at, until) in enumerate(parts):
        yield from _after_verb(text, at, until, [e for _, e in parts[number:]], rng)
    if len(parts) > 1 and parts[0][1] - parts[0][0] >= 6 and end - parts[1][0] >= 8:
        word = rng.choice(("怎么样", "如何", "有什么特点", "情况如何", "发生了什么", "做了什么"))
        yield Ask(text[slice(*parts[0])], word, "", parts[1][0], rng.choice([e for _, e in parts[1:]]))


def _causes(text: str, parts: Sequence[tuple[int, int]], rng: random.Random) -> Iterator[Ask]:
    for (at, until), (then, last) in pairwise(parts):
        one, other = text[at:until], text[then:last]
        cause, effect = _CAUSE.match(one), _EFFECT.match(other)
        if cause or effect:
            said = _EFFECT.sub("", other)
            begin = at + (cause.end() if cause and rng.random() < 0.5 else 0)
            end = last if rng.random() < 0.2 else until
        elif _CAUSE.match(other):
            said, begin, end = one, then, last
        else:
            continue
        word = rng.choice(("为什么", "为什么", "为何", "因为什么"))
        yield Ask("", word, said, begin, end) if rng.random() < 0.7 else Ask(said + "的", "原因是什么", "", begin, end)


def _after_verb(text: str, at: int, until: int, ends: Sequence[int], rng: random.Random) -> Iterator[Ask]:
    words = _tagged(text[at:until])
    place = at
    for number, (word, flag) in enumerate(words):
        place += len(word)
        if number and _VERB.match(flag) and until - place >= 5:
            if number + 1 < len(words) and words[number + 1][0] in ("了", "着", "过", "于", "在", "到", "为", "成"):
                place += len(words[number + 1][0])
            asked = rng.choice(("什么", "什么", "什么", "哪些", "什么内容", "怎样的"))
            end = rng.choice(ends[1:4]) if len(ends) > 1 and rng.random() < 0.4 else until
            start = at if rng.random() < 0.15 else place
            yield Ask(text[at:place], asked, "", start, end)
            return


_WORDS = {
    "nr": ("谁", "谁", "哪个人", "什么人"),
    "ns": ("哪里", "什么地方", "哪个地方", "哪"),
    "nt": ("哪个机构", "什么组织", "什么"),
    "nz": ("什么", "哪个"),
    "t": ("什么时候", "何时"),
    "n": ("什么",),
}
_number = re.compile(r"(?:约|第)?(?:\d[\d,.]*|[一二三四五六七八九十百千]+)(?:多|余)?(?:万|亿)?")
_date = re.compile(r"(?:公元前?)?\d{2,4}年(?:\d{1,2}月(?:\d{1,2}日)?)?")
_work = re.compile(r"《[^《》]{1,20}》")


def word_asks(text: str, start: int, end: int, rng: random.Random) -> Iterator[Ask]:
    """Ask for names, numbers and dates in the sentence ``text[start:end]``."""
    sentence = text[start:end]
    taken: set[int] = set()
    for pattern, asked in ((_work, ("哪部作品", "什么作品")), (_date, ("哪一年", "什么时候", "何时"))):
        for found in pattern.finditer(sentence):
            taken |= set(range(*found.span()))
            yield _ask(text, start, end, start + found.start(), start + found.end(), rng.choice(asked))
    place = 0
    for word, flag in _tagged(sentence):
        at, place = place, place + len(word)
        if taken & set(range(at, place)):
            continue
        if flag.startswith("m") and _number.fullmatch(word) and len(word) > 1:
            asked_for = "第几" if word.startswith("第") else "多少"
            yield _ask(text, start, end, start + at, start + place, asked_for)
        elif len(word) > 1 and (ways := _WORDS.get(flag)) and (flag != "n" or rng.random() < 0.3):
            yield _ask(text, start, end, start + at, start + place, rng.choice(ways))


def _ask(text: str, start: int, end: int, at: int, until: int, word: str) -> Ask:
    """Ask for ``text[at:until]`` by the clause that it is in, and the one before where that is short."""
    parts = [(start + m.start(), start + m.end()) for m in _clause.finditer(text[start:end])]
    inside = next((n for n, (a, b) in enumerate(parts) if a <= at < b), 0)
    first = (
        parts[inside][0] if (parts and parts[inside][1] - parts[inside][0] > 14) or not inside else parts[inside - 1][0]
    )
    return Ask(text[first:at], word, text[until : max(until, parts[inside][1])], at, until)


def _tagged(text: str) -> list[tuple[str, str]]:
    import jieba
    import jieba.posseg

    jieba.setLogLevel(60)
    return [(pair.word, pair.flag) for pair in jieba.posseg.cut(text)]


# --- how it is said -----------------------------------------------------------------------------------------------------


def _question(ask: Ask, title: str, synonyms: Synonyms, rng: random.Random) -> str:
    before, after = (_brackets.sub("", part).strip("，；：、 「」") for part in (ask.before, ask.after))
    name = _pronoun.match(before)
    if name and rng.random() < 0.7:
        before = title + ("的" if name[0] == "其" else "") + before[name.end() :]
    elif rng.random() < 0.35 and title not in before + after and len(before) < 24:
        before = title + before
    return _changed(before, synonyms, rng)[-_LONGEST:] + ask.word + _changed(after, synonyms, rng)[:_LONGEST] + "？"


_SMALL = frozenset("的了也都并且而则又就已还及与之所于")


def _changed(text: str, synonyms: Synonyms, rng: random.Random) -> str:
    """Drop some words and exchange some for others."""
    import jieba

    jieba.setLogLevel(60)
    kept = []
    words = list(jieba.cut(text))
    for word in words:
        chance = rng.random()
        if len(words) > 3 and chance < (0.4 if word in _SMALL else 0.08):
            continue
        ways = synonyms.get(word)
        kept.append(rng.choice(list(ways)) if ways and chance > 0.8 else word)
    return "".join(kept)
