"""The names of a graph's entities in memory-mapped arrays: millions open at once, a look-up takes microseconds.

Arrays (``names/*.npy``), one row for each name of an entity unless said otherwise:

``keys``        hash of the name's stemmed words, ascending
``exact``       hash of its folded words
``entities``    number of the entity in the adjacency
``kinds``       0 label, 1 alias, 2 abbreviation, 3 code, 4 code without its vocabulary, 5 made from the
                IRI, 6 derived from another name
``lengths``     number of words
``text_starts`` (n + 1,) where its text starts in ``texts.bin``
``words``       (w,) hash of each different stemmed word, ascending; ``word_names`` number of names that have it
``word_starts`` (w + 1,) where its spelling starts in ``words.bin``
``word_first``  (w + 1,) where its names start in ``word_rows``; words of more names than ``MAX_POSTINGS`` have none
``deleted``     hash of each word with one letter left out, ascending; ``deleted_words`` which word it was
"""

from __future__ import annotations

import mmap
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import IndexFault
from kgqa.graph.adjacency import mapped
from kgqa.graph.mentions import hashes, key, stem, tokens
from kgqa.graph.schema import NameKind

KINDS: Final[tuple[str, ...]] = ("label", "alias", "abbreviation", "code", "bare", "iri", "derived")
MAX_WORDS = 48
"""Longest name in words; longer ones are cut and found by their beginning."""
MAX_POSTINGS = 2_000
MIN_FUZZY = 4
"""Shortest word in letters that may be misspelt; ``MAX_FUZZY`` the longest."""
MAX_FUZZY = 40
_ARRAYS = (
    *("keys", "exact", "entities", "kinds", "lengths", "text_starts"),
    *("words", "word_names", "word_starts", "word_first", "word_rows", "deleted", "deleted_words"),
)


class NameIndex:
    """The names, read-only."""

    def __init__(self, folder: Path) -> None:
        """Map the arrays of a folder.

        :raises IndexFault: if one is missing or damaged.
        """
        try:
            loaded = {name: mapped(folder / f"{name}.npy") for name in _ARRAYS}
            self._texts = _map(folder / "texts.bin")
            self._spellings = _map(folder / "words.bin")
        except (OSError, ValueError) as error:
            raise IndexFault(f"the names in {folder} are missing or damaged ({error}); build the graph again") from None
        self.keys, self.exact, self.entities = loaded["keys"], loaded["exact"], loaded["entities"]
        self.kinds, self.lengths = loaded["kinds"], loaded["lengths"]
        self._text_starts = loaded["text_starts"]
        self.words, self.word_names = loaded["words"], loaded["word_names"]
        self._word_starts, self._word_first, self._word_rows = (
            loaded["word_starts"],
            loaded["word_first"],
            loaded["word_rows"],
        )
        self._deleted, self._deleted_words = loaded["deleted"], loaded["deleted_words"]
        if int(self._text_starts[-1]) != len(self._texts) or int(self._word_starts[-1]) != len(self._spellings):
            raise IndexFault(f"the names in {folder} are damaged; build the graph again")
        self.longest = int(self.lengths.max()) if len(self.lengths) else 0

    def __len__(self) -> int:
        """Return the number of names."""
        return len(self.keys)

    def text(self, row: int) -> str:
        """Return a name as it is written."""
        return str(self._texts[int(self._text_starts[row]) : int(self._text_starts[row + 1])], "utf-8")

    def find(self, values: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return for each hash the first row that has it and one past the last."""
        return self.keys.searchsorted(values, "left"), self.keys.searchsorted(values, "right")

    def word(self, value: int) -> int | None:
        """Return the number of the stemmed word with a hash."""
        at = int(self.words.searchsorted(np.uint64(value)))
        return at if at < len(self.words) and int(self.words[at]) == value else None

    def spelling(self, word: int) -> str:
        """Return a stemmed word."""
        return str(self._spellings[int(self._word_starts[word]) : int(self._word_starts[word + 1])], "utf-8")

    def rows_with(self, word: int) -> NDArray[np.uint32]:
        """Return the names that have a word; none for words that too many have."""
        rows: NDArray[np.uint32] = self._word_rows[int(self._word_first[word]) : int(self._word_first[word + 1])]
        return rows

    def similar(self, word: str) -> list[int]:
        """Return words that may differ from a stemmed word by one letter (or two that are exchanged)."""
        near = hashes([word, *deletions(word)])
        low, high = self._deleted.searchsorted(near, "left"), self._deleted.searchsorted(near, "right")
        found = [int(n) for a, b in zip(low, high, strict=True) for n in self._deleted_words[a : min(b, a + 200)]]
        for value in near[1:].tolist():
            if (same := self.word(value)) is not None:
                found.append(same)
        return list(dict.fromkeys(found))


def deletions(word: str) -> list[str]:
    """Return a word with each of its letters left out in turn."""
    return list(dict.fromkeys(word[:at] + word[at + 1 :] for at in range(len(word))))


def write(folder: Path, names: Iterable[tuple[int, str, NameKind | str]]) -> int:
    """Write the arrays for (entity number, name, kind); return how many names there are."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = list(_rows(names))
    rows.sort(key=lambda row: (row[0], row[3], row[2]))
    count = len(rows)
    columns: dict[str, Any] = {
        "keys": np.fromiter((row[0] for row in rows), np.uint64, count),
        "exact": np.fromiter((row[1] for row in rows), np.uint64, count),
        "entities": np.fromiter((row[2] for row in rows), np.uint32, count),
        "kinds": np.fromiter((row[3] for row in rows), np.uint8, count),
        "lengths": np.fromiter((len(row[4]) for row in rows), np.uint16, count),
    }
    columns["text_starts"] = _write_texts(folder / "texts.bin", (row[5] for row in rows), count)
    columns |= _vocabulary(folder / "words.bin", [row[4] for row in rows], columns["kinds"])
    for name in _ARRAYS:
        np.save(folder / f"{name}.npy", columns[name])
    return count


def _rows(names: Iterable[tuple[int, str, NameKind | str]]) -> Iterator[tuple[int, int, int, int, list[str], str]]:
    for entity, text, kind in names:
        # A code without its vocabulary is found by its local part, and its text still says which vocabulary it is of.
        seen = text.rpartition(":")[2] if kind == "bare" else text
        words = [token.text for token in tokens(seen)][:MAX_WORDS]
        if words:
            stems = [stem(word) for word in words]
            yield key(stems), key(words), entity, KINDS.index(kind), stems, text


def _vocabulary(path: Path, stems: list[list[str]], kinds: NDArray[np.uint8]) -> dict[str, Any]:
    """Return the arrays of words; codes do not count, they are never misspelt."""
    used: Counter[str] = Counter()
    for words, kind in zip(stems, kinds.tolist(), strict=True):
        if kind not in (3, 4):
            used.update(set(words))
    spelled = list(used)
    values = hashes(spelled)
    order = np.argsort(values)
    spelled = [spelled[at] for at in order.tolist()]
    numbers = {word: number for number, word in enumerate(spelled)}
    postings: list[list[int]] = [[] for _ in spelled]
    for row, words in enumerate(stems):
        if kinds[row] not in (3, 4):
            for word in set(words):
                if used[word] <= MAX_POSTINGS:
                    postings[numbers[word]].append(row)
    first = np.zeros(len(spelled) + 1, np.uint64)
    np.cumsum(np.fromiter(map(len, postings), np.uint64, len(postings)), out=first[1:])
    fuzzy = [(cut, number) for word, number in numbers.items() if _fuzzy(word) for cut in deletions(word)]
    cut_hashes = hashes([cut for cut, _ in fuzzy])
    cut_order = np.argsort(cut_hashes)
    return {
        "words": values[order],
        "word_names": np.fromiter((used[word] for word in spelled), np.uint32, len(spelled)),
        "word_starts": _write_texts(path, spelled, len(spelled)),
        "word_first": first,
        "word_rows": np.fromiter((row for rows in postings for row in rows), np.uint32, int(first[-1])),
        "deleted": cut_hashes[cut_order],
        "deleted_words": np.fromiter((number for _, number in fuzzy), np.uint32, len(fuzzy))[cut_order],
    }


def _fuzzy(word: str) -> bool:
    return MIN_FUZZY <= len(word) <= MAX_FUZZY and not any(char.isdigit() for char in word)


def _write_texts(path: Path, texts: Iterable[str], count: int) -> NDArray[np.uint64]:
    starts = np.zeros(count + 1, np.uint64)
    with path.open("wb") as handle:
        for number, text in enumerate(texts):
            starts[number + 1] = starts[number] + np.uint64(handle.write(text.encode()))
    return starts


def _map(path: Path) -> Any:
    with path.open("rb") as handle:
        handle.seek(0, 2)
        return mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) if handle.tell() else b""
