"""BM25 over passages, with title and heading as fields that count more than once.

bm25s makes the matrix of scores (term by passage, sparse); a query sums the rows of its terms. So a filter is a mask
over the sums, before the cut, and costs nothing to build. Why bm25s: ``docs/decisions/0003-lexical-index.md``.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import IndexFault
from kgqa.retrieval.analysis import Analyser
from kgqa.types import Passage

Scores = NDArray[np.float32]
Rows = NDArray[np.int64]

_ARRAYS = ("data", "indices", "indptr")


@dataclass(frozen=True, slots=True)
class LexicalConfig:
    """How terms are weighed.

    :param k1: how fast repeated terms stop counting.
    :param b: how much long passages are held back, in [0, 1].
    :param title: how often a term of the title counts.
    :param heading: how often a term of the headings counts.
    """

    k1: float = 1.2
    b: float = 0.75
    title: int = 2
    heading: int = 1


class LexicalIndex:
    """A BM25 index; row ``i`` is the ``i``-th passage that it was built from.

    :param terms: number of each term.
    :param matrix: ``data``, ``indices`` and ``indptr`` of the scores, by term.
    """

    def __init__(
        self, terms: dict[str, int], matrix: dict[str, NDArray[Any]], count: int, languages: Sequence[str]
    ) -> None:
        self._terms = terms
        self._data, self._rows, self._starts = (matrix[name] for name in _ARRAYS)
        self._count = count
        self.languages = tuple(languages)
        self._analyser = Analyser()

    def __len__(self) -> int:
        return self._count

    @classmethod
    def build(cls, passages: Iterable[Passage], config: LexicalConfig | None = None) -> LexicalIndex:
        """Index passages, in order."""
        config = config or LexicalConfig()
        analyser = Analyser()
        terms: dict[str, int] = {}
        documents: list[list[int]] = []
        languages: set[str] = set()
        for passage in passages:
            languages.add(passage.language)
            words = _passage_terms(passage, analyser, config)
            documents.append([terms.setdefault(word, len(terms)) for word in words])
        return cls(terms, _matrix(documents, terms, config), len(documents), sorted(languages))

    def scores(self, question: str) -> Scores:
        """Return the BM25 score of every passage for a question, shape (len(self),); 0 where no term is shared."""
        total = np.zeros(self._count, np.float32)
        for term, weight in self._analyser.weighted_terms(question, self.languages).items():
            number = self._terms.get(term)
            if number is not None:
                start, end = self._starts[number], self._starts[number + 1]
                scores = self._data[start:end] if weight == 1.0 else weight * self._data[start:end]
                total[self._rows[start:end]] += scores  # a passage occurs once in a term's row
        return total

    def search(self, question: str, k: int, allowed: NDArray[np.bool_] | None = None) -> tuple[Rows, Scores]:
        """Return rows and scores of the best passages that share a term with the question, best first.

        :param allowed: which rows may be found, shape (len(self),); all when ``None``.
        """
        return best(self.scores(question), k, allowed)

    def known(self, words: Sequence[str]) -> list[bool]:
        """Tell for each word whether it stands in a passage; true for a word without terms (a stop word)."""
        found = []
        for word in words:
            terms = self._analyser.query_terms(word, self.languages)
            found.append(not terms or any(term in self._terms for term in terms))
        return found

    def save(self, folder: Path) -> None:
        """Write the index into a new folder."""
        folder.mkdir(parents=True)
        for name, array in zip(_ARRAYS, (self._data, self._rows, self._starts), strict=True):
            with (folder / f"{name}.npy").open("wb") as file:
                np.save(file, array, allow_pickle=False)
        head = {"count": self._count, "languages": self.languages, "terms": list(self._terms)}
        (folder / "terms.json").write_text(json.dumps(head, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        """Open a saved index.

        :raises IndexFault: when a file is missing or damaged.
        """
        try:
            head = json.loads((folder / "terms.json").read_text(encoding="utf-8"))
            matrix = {name: _read_array(folder / f"{name}.npy") for name in _ARRAYS}
            terms = {term: number for number, term in enumerate(head["terms"])}
            index = cls(terms, matrix, int(head["count"]), head["languages"])
            index._check()
        except (OSError, ValueError, KeyError, TypeError, EOFError) as fault:
            raise IndexFault(f"lexical index {folder} is damaged ({fault}); build the index again") from fault
        return index

    def _check(self) -> None:
        """Refuse arrays that do not belong together, so that no query reads outside them."""
        starts = self._starts
        whole = len(starts) == len(self._terms) + 1 and starts[0] == 0 and starts[-1] == len(self._rows)
        if not whole or len(self._rows) != len(self._data) or (np.diff(starts) < 0).any():
            raise ValueError("its arrays do not fit together")
        if len(self._rows) and not 0 <= int(self._rows.min()) <= int(self._rows.max()) < self._count:
            raise ValueError("it names passages that it does not have")


def best(scores: Scores, k: int, allowed: NDArray[np.bool_] | None = None) -> tuple[Rows, Scores]:
    """Return rows and scores of the ``k`` largest positive scores among the allowed rows, best first, ties by row."""
    rows = np.flatnonzero(scores > 0 if allowed is None else (scores > 0) & allowed)
    found = scores[rows]
    if len(rows) > k:
        # All that equal the k-th score stay in, so that ties are cut by row and not by chance.
        cut = np.partition(found, len(found) - k)[len(found) - k] if k else np.inf
        rows, found = rows[found >= cut], found[found >= cut]
    order = np.lexsort((rows, -found))[:k]
    return rows[order], found[order]


def _passage_terms(passage: Passage, analyser: Analyser, config: LexicalConfig) -> list[str]:
    language = passage.language
    title = analyser.terms(passage.title, language) * config.title
    heading = analyser.terms(passage.heading, language) * config.heading
    return title + heading + analyser.terms(passage.text, language)


def _matrix(documents: list[list[int]], terms: dict[str, int], config: LexicalConfig) -> dict[str, NDArray[Any]]:
    if not terms:  # bm25s cannot index nothing
        return {"data": np.zeros(0, np.float32), "indices": np.zeros(0, np.int32), "indptr": np.zeros(1, np.int64)}
    import bm25s  # late: it loads SciPy, which answering does without

    index = bm25s.BM25(k1=config.k1, b=config.b, method="lucene")
    built = index.build_index_from_ids(list(range(len(terms))), documents, show_progress=False)
    return {name: np.asarray(built[name]) for name in _ARRAYS}


def _read_array(path: Path) -> NDArray[Any]:
    array: NDArray[Any] = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
    return array
