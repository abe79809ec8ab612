"""A vocabulary of two languages: Chinese words and characters beside the English word pieces of a BERT-like model.

English text gives the same tokens as before. Rows of the embedding table that English never uses (placeholders, single
letters of other scripts) are taken for Chinese first, then the table grows. The tokenizer itself exchanges traditional
characters for simplified ones, one for one, so offsets are those of the text. Frequent Chinese words are tokens of their
own, found before the text is cut into characters, longest first.

New rows begin as means of English rows, weighted by how words of the two languages are translated (IBM model 1; Brown et
al. 1993).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kgqa.training.bilingual_pairs import Pair
from kgqa.training.charsmap import charsmap

Rows = NDArray[np.float32]
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_han = re.compile(f"[{_HAN}]")
_runs = re.compile(f"[{_HAN}]{{2,}}")
_english = re.compile(r"[a-z]+|\d+")
_FREED = re.compile(
    "BENGALI|DEVANAGARI|HANGUL|HIRAGANA|KATAKANA|ARMENIAN|TAMIL|GEORGIAN|THAI|TIBETAN|SINHALA|KANNADA|HEBREW|ARABIC|CJK"
)
"""Scripts whose rows are taken: English and Chinese text has none of their letters."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Chinese tokens and the rows of the embedding table that they have.

    :param rows: for each token its row.
    :param size: rows of the whole table.
    """

    rows: dict[str, int]
    size: int

    @property
    def words(self) -> tuple[str, ...]:
        """The tokens of more than one character."""
        return tuple(token for token in self.rows if len(token) > 1)


@lru_cache(maxsize=4)
def _converter(way: str) -> Any:
    import opencc

    return opencc.OpenCC(way)


def simplified(text: str) -> str:
    """Return a text in simplified characters."""
    return str(_converter("t2s").convert(text))


def cut(text: str) -> list[str]:
    """Return the words of a Chinese text as jieba finds them."""
    import jieba

    jieba.setLogLevel(60)
    return [word for run in _runs.findall(text) for word in jieba.cut(run)]


def choose(texts: Iterable[tuple[str, float]], characters: int, words: int) -> tuple[list[str], list[str]]:
    """Return the characters and the words that are tokens, most frequent first.

    :param texts: simplified texts, each with the weight of its set.
    :param characters: how many characters at most; those seen once are left out.
    """
    singles: Counter[str] = Counter()
    found: Counter[str] = Counter()
    weights: Counter[str] = Counter()
    for text, weight in texts:
        singles.update(_han.findall(text))
        for word in cut(text):
            if 2 <= len(word) <= 6:
                found[word] += 1
                weights[word] += weight  # type: ignore[assignment]
    ranked = [word for word, _ in weights.most_common() if found[word] >= 3]
    return [c for c, n in singles.most_common(characters) if n > 1], ranked[:words]


def vocabulary(tokenizer: dict[str, Any], size: int, characters: Sequence[str], words: Sequence[str]) -> Vocabulary:
    """Give rows to Chinese tokens.

    :param tokenizer: a ``tokenizer.json`` with a WordPiece model.
    :param size: rows of the embedding table so far.
    """
    old: dict[str, int] = tokenizer["model"]["vocab"]
    kept = {old[c] for c in characters if c in old}
    free = iter(sorted(at for word, at in old.items() if _freed(word) and at not in kept))
    rows: dict[str, int] = {}
    for token in (*characters, *words):
        if token in old:
            rows[token] = old[token]
            continue
        at = next(free, None)
        if at is None:
            at, size = size, size + 1
        rows[token] = at
    return Vocabulary(rows, size)


def _freed(word: str) -> bool:
    if word.startswith("[unused"):
        return True
    letter = word.removeprefix("##")[:1]
    return bool(letter) and _FREED.match(unicodedata.name(letter, "")) is not None


def changes() -> dict[str, str]:
    """Return what the tokenizer exchanges: traditional characters, full-width marks, digits and letters."""
    chars = [chr(code) for code in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    pairs = zip(chars, simplified("\n".join(chars)).split("\n"), strict=True)
    wide = {chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)}
    return {one: other for one, other in pairs if one != other and len(other) == 1} | wide


def extend(tokenizer: dict[str, Any], vocab: Vocabulary) -> dict[str, Any]:
    """Return a ``tokenizer.json`` that knows the Chinese tokens too."""
    taken = set(vocab.rows.values())
    known = {word: at for word, at in tokenizer["model"]["vocab"].items() if at not in taken} | vocab.rows
    model = {**tokenizer["model"], "vocab": dict(sorted(known.items(), key=lambda item: item[1]))}
    fold = {"type": "Precompiled", "precompiled_charsmap": charsmap(changes())}
    normalizer = {"type": "Sequence", "normalizers": [fold, tokenizer["normalizer"]]}
    # The library looks for them in the normalised text, so both scripts are found.
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": True, "special": False}
    added = [{"id": vocab.rows[word], "content": word, **plain} for word in vocab.words]
    every = sorted([*tokenizer["added_tokens"], *added], key=lambda item: item["id"])
    return {**tokenizer, "normalizer": normalizer, "model": model, "added_tokens": every}


def write_tokenizer(tokenizer: dict[str, Any], path: Path) -> None:
    """Write a ``tokenizer.json`` in one line."""
    path.write_text(json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")


# --- the first values of the new rows ----------------------------------------------------------------------------------


def align(pairs: Sequence[tuple[Sequence[str], Sequence[str]]], rounds: int = 6) -> dict[str, list[tuple[str, float]]]:
    """Return for each foreign word the English words that translate it, with their weights, heaviest first.

    IBM model 1 in both directions; a weight is the product of p(english | foreign) and the root of p(foreign | english),
    so that rare words do not gather what they merely stand beside.

    :param pairs: the words of a foreign text and of its English translation.
    """
    foreign = {word: at for at, word in enumerate(sorted({w for row, _ in pairs for w in row}))}
    english = {word: at for at, word in enumerate(sorted({w for _, row in pairs for w in row}))}
    one = _model([([foreign[w] for w in f], [english[w] for w in e]) for f, e in pairs], len(english), rounds)
    other = _model([([english[w] for w in e], [foreign[w] for w in f]) for f, e in pairs], len(foreign), rounds)
    names, words = list(foreign), list(english)
    out: dict[str, list[tuple[str, float]]] = {}
    for (f, e), value in one.items():
        weight = value * other.get((e, f), 0.0) ** 0.5
        if weight > 0.01:
            out.setdefault(names[f], []).append((words[e], weight))
    return {name: sorted(found, key=lambda x: -x[1])[:4] for name, found in out.items()}


def _model(pairs: Sequence[tuple[list[int], list[int]]], size: int, rounds: int) -> dict[tuple[int, int], float]:
    """Return p(target | source) of IBM model 1.

    :param size: number of target words.
    """
    null = 1 + max((at for source, _ in pairs for at in source), default=0)
    sources, targets, places = [], [], []
    place = 0
    for source, target in pairs:
        row = np.array([null, *source])
        for word in target:
            sources.append(row)
            targets.append(np.full(len(row), word))
            places.append(np.full(len(row), place))
            place += 1
    place_of = np.concatenate(places)
    joined: NDArray[np.int64] = np.concatenate(sources).astype(np.int64) * size + np.concatenate(targets)
    keys, link = np.unique(joined, return_inverse=True)
    given = keys // size
    chance = np.ones(len(keys))
    for _ in range(rounds):
        share = chance[link]
        share = share / np.bincount(place_of, share)[place_of]
        count = np.bincount(link, share, len(keys))
        chance = count / np.bincount(given, count)[given]
    return {
        (int(key // size), int(key % size)): float(value)
        for key, value in zip(keys, chance, strict=True)
        if value > 1e-3 and key // size != null
    }


def english_words(text: str) -> list[str]:
    """Return the words of an English text in lower case."""
    return _english.findall(text.lower())


def tokens_of(words: Sequence[str]) -> re.Pattern[str]:
    """Return what finds the Chinese tokens of a text: the longest of ``words``, else a character."""
    return re.compile("|".join([*sorted(map(re.escape, words), key=len, reverse=True), f"[{_HAN}]"]))


def lexicon(pairs: Sequence[Pair], vocab: Vocabulary) -> dict[str, list[tuple[str, float]]]:
    """Return translations of the Chinese tokens: words from texts cut as the tokenizer cuts them, characters from texts
    cut into characters.
    """
    words = tokens_of(vocab.words)
    texts = [(simplified(pair.chinese), english_words(pair.english)) for pair in pairs]
    single = align([(_han.findall(zh), en) for zh, en in texts])
    longer = align([(words.findall(zh), en) for zh, en in texts])
    return single | {token: found for token, found in longer.items() if len(token) > 1}


def first_rows(
    vocab: Vocabulary, found: dict[str, list[tuple[str, float]]], tokenizer: Any, table: Rows
) -> tuple[Rows, int]:
    """Return the embedding table with first values for the Chinese rows, and how many of these were translated.

    A word without translation is the mean of its characters; a character without, the mean of all, a little moved.

    :param tokenizer: the English one, of the ``tokenizers`` library.
    :param table: the English table, shape (words, dim).
    """
    rng = np.random.default_rng(13)
    out = np.zeros((vocab.size, table.shape[1]), np.float32)
    out[: len(table)] = table
    made: dict[int, Rows] = {}
    for token, at in vocab.rows.items():
        if token in found:
            made[at] = _mean(found[token], tokenizer, table)
    translated = len(made)
    middle = np.mean(list(made.values()), axis=0) if made else table.mean(0)
    spread = float(np.std(table)) * 0.5
    for token, at in sorted(vocab.rows.items(), key=lambda item: len(item[0])):
        if at not in made:
            parts = [made[vocab.rows[c]] for c in token if len(token) > 1 and vocab.rows.get(c) in made]
            noise = np.asarray(rng.normal(0, spread, table.shape[1]), np.float32)
            made[at] = np.asarray(np.mean(parts, axis=0) if parts else middle + noise, np.float32)
    for at, row in made.items():
        out[at] = row
    return out, translated


def _mean(found: Sequence[tuple[str, float]], tokenizer: Any, table: Rows) -> Rows:
    total = sum(weight for _, weight in found)
    rows = [
        table[tokenizer.encode(word, add_special_tokens=False).ids].mean(0) * (weight / total) for word, weight in found
    ]
    mean: Rows = np.sum(rows, axis=0, dtype=np.float32)
    return mean
