"""Compares the wording of a question with the name of one relation: by what they share, by the kind of answer, and as learnt.

Made for attribute questions ("X的翼展有多少米") over relations that no training has seen: shared characters or stems, cues of
the kind of answer ("when", "多长") against the relation's name and its values, and, where a graph has been trained on,
two towers of hashed n-grams whose product says how often such words ask for such names.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from kgqa.errors import ModelError
from kgqa.graph.answer_kinds import (
    LOOSE,
    beyond,
    kinds_of_label,
    kinds_of_question,
    kinds_of_value,
    noun_of,
    spoken_for,
)
from kgqa.graph.words import is_chinese, stem

ROWS = 1 << 14
DIM = 32
SHARED = ("characters", "pairs", "last", "first", "run", "rest", "beyond", "clipped", "agrees", "disagrees")
_DEFAULT = (4.5, 1.5, 0.8, 0.3, 2.0, -2.4, -6.0, -1.5, 1.2, -5.0)
_BIAS = -1.5
_UNNAMED = 0.4
_MEANT = 0.8  # what a piece counts that the question only stands for
_PIECE = re.compile(r"⟦\d*⟧|[A-Za-z]+|\d+|[^\W_]")
_LEAD = re.compile(
    r"请问|(?:大家|各位|有谁|有没有人|有人|谁|你们?|您|我)?(?:很|想|比较|有点|能不能|可以|能|会|还)*(?:好奇|想?知道|了解|记得|清楚|晓得|告诉我?|帮我|说说|问一下|问)(?:一下)?"
)
_FILLER = re.compile(
    r"解释一下|介绍一下|大家|各位|现在|目前|已经|一下|是不是|到底|究竟|具体|主要|一共|总共|都|有|是|的|了|吗|呢|啊|呀|吧|嘛|么"
    r"|被|由|在|于|为|以|请|这|那|它|他|她|其|和|与|什么样?|哪个|哪些|哪种|哪(?:一|几)?[位名家部所种个里儿]?|几|多少|怎么样?|怎样|如何|谁|何|啥|叫做?|个|名|位"
)


@dataclass(frozen=True, slots=True)
class Wording:
    """What a question says around its mention, in pieces: characters of Chinese, stems of other words.

    :param said: the pieces, and those that the kind of question stands for ("多久": "时间").
    :param pairs: two pieces in a row; ``content`` are the pieces that a relation should account for.
    :param noun: what is asked for by a noun behind the mention ("的*导演*是谁"), if anything; ``meant`` are names that the
        words of the question stand for.
    :param clipped: 1 where a word that nothing accounts for stands right before the mention: it may be part of a longer name.
    """

    masked: str
    pieces: tuple[str, ...]
    said: frozenset[str]
    pairs: frozenset[str]
    content: tuple[str, ...]
    noun: str
    meant: frozenset[str]
    clipped: float
    kinds: frozenset[str]
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a relation in pieces.

    :param kinds: kinds of values that the name promises; ``shapes`` kinds that the values look like.
    """

    text: str
    pieces: tuple[str, ...]
    kinds: frozenset[str]
    shapes: frozenset[str]
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Likeness:
    """The weights of the comparison; the plain ones need no training.

    :param shared: weight of each of :data:`SHARED`; ``bias`` is added.
    :param asked: learnt vectors of the n-grams of wordings, shape (ROWS, DIM); ``named`` those of names and values. Empty
        where nothing was learnt.
    """

    shared: tuple[float, ...] = _DEFAULT
    bias: float = _BIAS
    asked: NDArray[np.float32] | None = None
    named: NDArray[np.float32] | None = None

    @property
    def learnt(self) -> bool:
        """Tell whether a graph's questions were trained on."""
        return self.asked is not None

    @classmethod
    def load(cls, folder: Path | None) -> Likeness:
        """Read ``likeness.json`` and ``likeness.npz`` of a folder; the plain weights where there are none.

        :raises ModelError: when they are damaged.
        """
        if folder is None or not (folder / "likeness.json").is_file():
            return cls()
        try:
            told = json.loads((folder / "likeness.json").read_text(encoding="utf-8"))
            with np.load(io.BytesIO((folder / "likeness.npz").read_bytes()), allow_pickle=False) as data:
                asked, named = data["asked"].astype(np.float32), data["named"].astype(np.float32)
            shared = tuple(float(told["shared"][name]) for name in SHARED)
            if asked.shape != (ROWS, DIM) or named.shape != (ROWS, DIM):
                raise ValueError(f"towers of shape {asked.shape} and {named.shape}")
            return cls(shared, float(told["bias"]), asked, named)
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile, zlib.error) as error:
            raise ModelError(f"{folder}: the likeness model is damaged ({error}); train it again") from None

    def save(self, folder: Path) -> None:
        """Write ``likeness.json`` and ``likeness.npz``; only for learnt weights."""
        if self.asked is None or self.named is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(
            folder / "likeness.npz", asked=self.asked.astype(np.float16), named=self.named.astype(np.float16)
        )
        told = {"shared": dict(zip(SHARED, self.shared, strict=True)), "bias": self.bias}
        (folder / "likeness.json").write_text(json.dumps(told), encoding="utf-8")

    def logit(self, wording: Wording, named: Named) -> float:
        """Return how likely the wording asks for the relation, as log-odds."""
        value = self.bias + float(np.dot(self.shared, shared(wording, named)))
        if self.asked is not None and self.named is not None:
            value += float(tower(self.asked, wording.rows) @ tower(self.named, named.rows))
        return value


def tower(table: NDArray[np.float32], rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the vector of a bag of n-grams, shape (DIM,)."""
    found: NDArray[np.float32] = table[rows].sum(0) / np.float32(math.sqrt(max(1, len(rows))))
    return found


@lru_cache(maxsize=4096)
def wording(masked: str) -> Wording:
    """Read a question whose mention is masked as ``⟦k⟧``."""
    parts = pieces(masked)
    kinds, extra = kinds_of_question(masked)
    more = [pieces(text) for text in extra]
    plain = _FILLER.sub(" ", spoken_for(_LEAD.sub(" ", masked)))
    return Wording(
        masked,
        parts,
        frozenset(parts).union(*more),
        frozenset(_pairs(parts)).union(*(_pairs(part) for part in more)),
        pieces(re.sub(r"⟦\d*⟧", " ", plain)),
        noun_of(masked),
        frozenset(extra),
        float(re.search(r"\w⟦", plain) is not None),
        kinds,
        rows([*_grams(parts), *(f"k:{kind}" for kind in sorted(kinds))]),
    )


@lru_cache(maxsize=16384)
def named(label: str, values: tuple[str, ...]) -> Named:
    """Read the name of a relation and some of the values that it has at the thing in question."""
    label = re.sub(r"[\d_]+$", "", label) or label
    parts = pieces(label)
    shapes = frozenset(kind for value in values[:3] for kind in kinds_of_value(value))
    found = [*_grams(parts), "|" + "".join(parts), *(f"v:{shape}" for shape in sorted(shapes))]
    return Named(label, parts, kinds_of_label(label), shapes, rows(found))


def shared(wording: Wording, named: Named) -> tuple[float, ...]:
    """Return what a wording and a name share, one number for each of :data:`SHARED`."""
    parts = named.pieces
    if not parts:
        return (0.0,) * len(SHARED)
    pairs, own = _pairs(parts), set(wording.pieces)
    own_pairs = set(_pairs(wording.pieces))
    found = [1.0 if part in own else _MEANT if part in wording.said else 0.0 for part in parts]
    characters = _share(parts, found, bool(wording.content))
    rest = unexplained(wording, named)
    return (
        characters,
        sum(1.0 if pair in own_pairs else _MEANT if pair in wording.pairs else 0.0 for pair in pairs) / len(pairs)
        if pairs
        else characters,
        found[-1],
        found[0],
        _run(parts, wording.masked) / len(parts),
        rest,
        missing(wording, named),
        wording.clipped,
        *kinship(wording, named),
    )


def _share(parts: Sequence[str], found: Sequence[float], content: bool) -> float:
    """Return the share of a name's pieces that are found; where the question has content, the telling pieces count most."""
    every = sum(found) / len(found)
    telling = [value for part, value in zip(parts, found, strict=True) if part not in LOOSE]
    return 0.3 * every + 0.7 * sum(telling) / len(telling) if telling and content else every


def unexplained(wording: Wording, named: Named) -> float:
    """Return how many pieces of the question nothing accounts for, in fours, at most three."""
    return min(3.0, sum(part not in named.pieces for part in wording.content) / 4)


def missing(wording: Wording, named: Named) -> float:
    """Return how much of the asked noun a relation's name leaves out, 0 where the noun stands for that name."""
    telling = {piece for piece in named.pieces if piece not in LOOSE}
    if not wording.noun:  # "什么时候沉没": nothing of the relation's own name is said, but something else is
        return _UNNAMED if telling and wording.content and not telling & wording.said else 0.0
    left = beyond(wording.noun, named.text)
    return 0.0 if left <= 1.0 and named.text in wording.meant else left


def kinship(wording: Wording, named: Named) -> tuple[float, float]:
    """Return how far the kind of answer that is asked for agrees with a relation, and how far it disagrees."""
    if not wording.kinds or not (kinds := named.kinds or named.shapes):
        return 0.0, 0.0
    agrees = bool(wording.kinds & (named.kinds | named.shapes))
    return float(agrees), 0.0 if agrees else 1.0 if kinds is named.kinds else 0.3


def pieces(text: str) -> tuple[str, ...]:
    """Return the characters of Chinese and the stems of other words, in order; a mention is ``⟦⟧``."""
    return tuple(_piece(part) for part in _PIECE.findall(text))


def _piece(part: str) -> str:
    if part.startswith("⟦"):
        return "⟦⟧"
    return part if is_chinese(part) else stem(part)


def _pairs(parts: Sequence[str]) -> list[str]:
    return [one + " " + two for one, two in pairwise(parts)]


def _run(parts: Sequence[str], text: str) -> int:
    """Return the length of the longest run of a name's pieces that the text has."""
    joined = "\0" + "\0".join(pieces(text)) + "\0"
    best = 0
    for start in range(len(parts)):
        while start + best < len(parts) and "\0" + "\0".join(parts[start : start + best + 1]) + "\0" in joined:
            best += 1
    return best


def _grams(parts: Sequence[str]) -> list[str]:
    row = ["^", *parts, "$"]
    return ["\0".join(row[at : at + size]) for size in (1, 2, 3) for at in range(len(row) - size + 1)]


def rows(grams: Iterable[str]) -> NDArray[np.int64]:
    """Return the rows of n-grams in a tower, each once."""
    return np.array(sorted({_row(gram) for gram in grams}), np.int64)


@lru_cache(maxsize=200_000)
def _row(gram: str) -> int:
    return int.from_bytes(hashlib.blake2b(gram.encode(), digest_size=4).digest(), "little") % ROWS
