"""Teach an English encoder Chinese: a Chinese text must land where the encoder puts its English translation.

The teacher is the English encoder itself, frozen; the student reads Chinese by new rows of the embedding table (Reimers and
Gurevych 2020, "Making monolingual sentence embeddings multilingual"; new rows under a body that stays as it is, Artetxe et
al. 2020). As neither the body nor any English row changes, English vectors stay what they were. Questions and passages that
Chinese text gives by itself (a statute's beginning and its rest) are added by contrast.

    python -m kgqa.training.bilingual DATA OUT
"""

from __future__ import annotations

import json
import random
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import nn

from kgqa.evaluation.squad import Example
from kgqa.language import sentences
from kgqa.reading.extractive import load_tokenizer
from kgqa.retrieval.encoder import OnnxEncoder
from kgqa.training.attention import use_plain_attention
from kgqa.training.bilingual_measure import measure
from kgqa.training.bilingual_pairs import Pair, articles, drcd, held_statutes, statute_pairs, translations
from kgqa.training.bilingual_words import (
    choose,
    extend,
    first_rows,
    lexicon,
    simplified,
    vocabulary,
    write_tokenizer,
)
from kgqa.training.export import BASE_SHA256, SAMPLE_TEXTS, MeanPooled, export_encoder, write_card
from kgqa.training.loop import Progress, Schedule, train
from kgqa.training.starting import load_base, save_torch

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BilingualOptions:
    """How the encoder learns Chinese.

    :param characters: Chinese characters that become tokens at most.
    :param words: Chinese words that become tokens at most.
    :param split: share of the texts that are read by characters alone, so that characters learn what words mean.
    :param scale: the cosines are multiplied by it before the softmax.
    :param bank: teacher vectors of other texts that a text must be farther from.
    :param length: tokens of a text at most.
    """

    characters: int = 4000
    words: int = 3600
    split: float = 0.3
    scale: float = 20.0
    bank: int = 2048
    length: int = 128
    schedule: Schedule = field(
        default_factory=lambda: Schedule(learning_rate=2e-3, epochs=3.0, batch=64, warmup=0.05, weight_decay=0.0)
    )


class NewRows(nn.Module):
    """A BERT-like model of which only some rows of the embedding table learn.

    :param inner: the model, its table already grown; it is frozen.
    :param rows: the rows that learn.
    """

    def __init__(self, inner: Any, rows: Sequence[int]) -> None:
        super().__init__()
        self.inner = inner
        for parameter in inner.parameters():
            parameter.requires_grad = False
        table = inner.get_input_embeddings().weight.detach()
        self._rows = sorted(rows)
        self.learnt = nn.Parameter(table[self._rows].clone())
        place = torch.full((len(table),), -1, dtype=torch.int64)
        place[self._rows] = torch.arange(len(self._rows))
        self.register_buffer("place", place, persistent=False)

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor
    ) -> tuple[torch.Tensor]:
        """Return the last states, shape (batch, tokens, dim), in a tuple as transformers has it."""
        table = self.inner.get_input_embeddings()
        at = self.place[input_ids]  # type: ignore[index]
        mine = nn.functional.embedding(at.clamp(min=0), self.learnt)
        words = torch.where((at >= 0).unsqueeze(-1), mine, table(input_ids))
        found = self.inner(inputs_embeds=words, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return (found[0],)

    def settle(self, low: float, high: float) -> Any:
        """Write the learnt rows into the table and return the model.

        :param low: values below are raised to it, and those above ``high`` lowered, so that the English rows keep
            their step of quantisation.
        """
        with torch.no_grad():
            self.inner.get_input_embeddings().weight[self._rows] = self.learnt.clamp(low, high)
        return self.inner


class DistilTask:
    """Chinese texts with the teacher's vector of their translation, and Chinese texts with their own other part.

    :param texts: Chinese texts.
    :param targets: the teacher's unit vectors, shape (len(texts), dim).
    :param alike: pairs of Chinese texts that belong together.
    """

    def __init__(
        self,
        texts: Sequence[str],
        targets: Vectors,
        alike: Sequence[tuple[str, str]],
        tokenizers: tuple[Tokenizer, Tokenizer],
        options: BilingualOptions,
    ) -> None:
        self._options, self._pad = options, 0
        self._targets = torch.from_numpy(targets)
        self._texts = [[_ids(t, text, options.length) for t in tokenizers] for text in texts]
        self._alike = [[[_ids(t, text, options.length) for t in tokenizers] for text in pair] for pair in alike]

    def lengths(self) -> list[int]:
        """Return the tokens of each example."""
        return [len(ids[0]) for ids in self._texts] + [1000 + len(pair[1][0]) for pair in self._alike]

    def loss(self, model: nn.Module, rows: Sequence[int], device: torch.device) -> torch.Tensor:
        """Return the distance to the teacher's vectors and the cross-entropies of finding the right one."""
        rng = random.Random(rows[0])
        count = len(self._texts)
        own = [row for row in rows if row < count]
        others = [row - count for row in rows if row >= count]
        parts = []
        if own:
            parts.append((len(own), self._distance(model, own, rng, device)))
        if others:
            parts.append((len(others), self._contrast(model, others, rng, device)))
        total = sum(size for size, _ in parts)
        return torch.stack([loss * (size / total) for size, loss in parts]).sum()

    def _distance(self, model: nn.Module, rows: list[int], rng: random.Random, device: torch.device) -> torch.Tensor:
        found = self._vectors(model, [self._drawn(self._texts[row], rng) for row in rows], device)
        wanted = self._targets[rows].to(device)
        others = [rng.randrange(len(self._targets)) for _ in range(self._options.bank)]
        bank = torch.cat([wanted, self._targets[others].to(device)])
        # A text that says nearly the same is no wrong answer.
        same = wanted @ bank.T > 0.9
        same[:, : len(rows)].fill_diagonal_(False)
        scores = (self._options.scale * found @ bank.T).masked_fill(same, -1e4)
        finding = nn.functional.cross_entropy(scores, torch.arange(len(rows), device=device))
        return finding + 2.0 * (1 - (found * wanted).sum(-1)).mean()

    def _contrast(self, model: nn.Module, rows: list[int], rng: random.Random, device: torch.device) -> torch.Tensor:
        one, other = (
            self._vectors(model, [self._drawn(self._alike[row][side], rng) for row in rows], device) for side in (0, 1)
        )
        scores = self._options.scale * one @ other.T
        wanted = torch.arange(len(rows), device=device)
        loss = nn.functional.cross_entropy
        return (loss(scores, wanted) + loss(scores.T, wanted)) / 2

    def _drawn(self, ways: list[list[int]], rng: random.Random) -> list[int]:
        return ways[rng.random() < self._options.split]

    def _vectors(self, model: nn.Module, rows: list[list[int]], device: torch.device) -> torch.Tensor:
        found: torch.Tensor = model(**_padded(rows, self._pad, device))
        return nn.functional.normalize(found.float(), dim=-1)


def _padded(rows: Sequence[Sequence[int]], pad: int, device: torch.device) -> dict[str, torch.Tensor]:
    """Return model inputs; the width is a multiple of 4, as most texts are single sentences."""
    width = -(-max(map(len, rows)) // 4) * 4
    ids = torch.tensor([[*row, *[pad] * (width - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    kinds = torch.zeros_like(ids)
    return {"input_ids": ids.to(device), "attention_mask": mask.to(device), "token_type_ids": kinds.to(device)}


def _ids(tokenizer: Tokenizer, text: str, length: int) -> list[int]:
    found: list[int] = tokenizer.encode(text[: 4 * length]).ids
    return found if len(found) <= length else [*found[: length - 1], found[-1]]


@dataclass(frozen=True, slots=True)
class Start:
    """An English model made ready to learn Chinese.

    :param folder: torch model folder with the new tokenizer and first rows.
    :param rows: the rows that learn.
    :param low: smallest value of the English table, and ``high`` its largest.
    """

    folder: Path
    rows: tuple[int, ...]
    low: float
    high: float


def prepare(
    pairs: Sequence[Pair], texts: Sequence[str], out: Path, options: BilingualOptions, base: Path | None
) -> Start:
    """Write a model folder whose table has first values for Chinese tokens.

    :param texts: further Chinese texts whose characters and words are counted, by a tenth of the weight.
    """
    model, folder = load_base("AutoModel", base)
    old = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    counted = [(simplified(p.chinese), 1.0) for p in pairs] + [(simplified(text), 0.1) for text in texts]
    table = model.get_input_embeddings().weight.detach().numpy()
    vocab = vocabulary(old, len(table), *choose(counted, options.characters, options.words))
    rows, translated = first_rows(vocab, lexicon(pairs, vocab), load_tokenizer(folder), table)
    low, high = float(table.min()), float(table.max())
    model.resize_token_embeddings(vocab.size, mean_resizing=False)
    with torch.no_grad():
        model.get_input_embeddings().weight.copy_(torch.from_numpy(rows))
    save_torch(model, folder, out)
    write_tokenizer(extend(old, vocab), out / "tokenizer.json")
    learnt = tuple(sorted(set(vocab.rows.values())))
    said = {"rows": learnt, "low": low, "high": high, "translated": translated, "words": len(vocab.words)}
    (out / "rows.json").write_text(json.dumps(said), encoding="utf-8")
    return Start(out, learnt, low, high)


def by_characters(path: Path) -> Tokenizer:
    """Return a tokenizer that knows Chinese characters but no words."""
    said = json.loads(path.read_text(encoding="utf-8"))
    said["added_tokens"] = [token for token in said["added_tokens"] if token["special"]]
    return Tokenizer.from_str(json.dumps(said, ensure_ascii=False))


def sentence_pairs(examples: Sequence[Example]) -> list[tuple[str, str]]:
    """Return each question with the sentence of its passage that holds the answer."""
    made = []
    for example in examples:
        at = example.answers[0][0] if example.answers else -1
        found = [(a, b) for a, b in sentences(example.context) if a <= at < b]
        made += [(example.question, example.context[a:b]) for a, b in found]
    return made


def train_rows(
    start: Start,
    pairs: Sequence[Pair],
    targets: Vectors,
    alike: Sequence[tuple[str, str]],
    out: Path,
    options: BilingualOptions,
    report: Callable[[Progress], None] | None = None,
) -> Path:
    """Train the Chinese rows and write the torch model.

    :param targets: the teacher's unit vectors of the English texts, shape (len(pairs), dim).
    :param alike: pairs of Chinese texts that belong together.
    :returns: the folder of the model, ``out/torch``.
    """
    inner, folder = load_base("AutoModel", start.folder)
    use_plain_attention(inner)
    learner = NewRows(inner, start.rows)
    model = MeanPooled(learner)
    path = folder / "tokenizer.json"
    task = DistilTask(
        [p.chinese for p in pairs], targets, alike, (load_tokenizer(folder), by_characters(path)), options
    )
    train(model, task, options.schedule, out / "work", report=report)
    save_torch(learner.settle(start.low, start.high), folder, out / "torch")
    return out / "torch"


DATA = (
    "as the base model",
    "Tatoeba English-Chinese sentence pairs, 13 of 14 by a hash of the English (CC BY 2.0)",
    "Human Phenotype Ontology labels in English and Chinese, 13 of 14 likewise (HPO licence)",
    "STS benchmark train, English and Chinese sentences of a row, without the ratings (CC BY-SA 4.0 in part)",
    "DRCD dev questions with the sentence that holds the answer, without the held-out articles (CC BY-SA 3.0)",
    "Chinese statutes, the beginning of an article with its rest, 18 of 19 (public statutes)",
)


def make_encoder(data: Path, out: Path, epochs: float = 1.0, statutes: float = 3000) -> dict[str, Any]:
    """Train the built-in encoder and write its folder, measured on what was held out.

    :param statutes: pairs of parts of statutes at most.
    :returns: its card.
    """
    options = BilingualOptions()
    options = replace(options, schedule=replace(options.schedule, epochs=epochs))
    pairs, _ = translations(data)
    found = articles(data / "legal/zh-laws.tar.xz")
    examples, _ = drcd(data)
    texts = [article.text for article in found] + sorted({e.context for e in examples})
    start = prepare(pairs, texts, out / "start", options, None)
    rng = random.Random(options.schedule.seed)
    parts = held_statutes(statute_pairs(found, 60))[0]
    alike = sentence_pairs(examples) + rng.sample(parts, min(len(parts), int(statutes)))
    english = sorted({pair.english for pair in pairs})
    at = {text: number for number, text in enumerate(english)}
    rows = OnnxEncoder(builtin_english(out / "teacher")).encode(english)
    targets = rows[[at[pair.english] for pair in pairs]]
    trained = train_rows(start, pairs, targets, alike, out, options, progress_line)
    return export_bilingual(trained, data, out, {"learning_rate": options.schedule.learning_rate, "epochs": epochs})


def builtin_english(folder: Path) -> Path:
    """Write the English encoder, the teacher, as int8 and return its folder."""
    export_encoder(folder)
    return folder


def export_bilingual(trained: Path, data: Path, out: Path, said: dict[str, Any]) -> dict[str, Any]:
    """Write the encoder's folder from a torch model: int8 weights, tokenizer, card with held-out figures.

    :param said: the hyper-parameters.
    :returns: the card.
    """
    export_encoder(out, trained, texts=SAMPLE_TEXTS, card=CARD | {"hyper_parameters": said})
    shutil.copyfile(trained / "tokenizer.json", out / "tokenizer.json")
    card = json.loads((out / "card.json").read_text(encoding="utf-8"))
    card["metrics"] = {**card["metrics"], **measure(OnnxEncoder(out), data)}
    write_card(out, card)
    return dict(card)


CARD: dict[str, Any] = {
    "name": "kgqa-encoder-en-zh",
    "base": f"all-MiniLM-L6-v2, model.safetensors sha256 {BASE_SHA256}; body and English rows unchanged",
    "data": DATA,
    "languages": ["en", "zh"],
    "command": "python -m kgqa.training.bilingual DATA OUT",
    "measured_by": "python -m kgqa.training.bilingual_measure DATA MODEL_FOLDER",
}


def progress_line(progress: Progress) -> None:
    """Write where a run stands to standard error."""
    sys.stderr.write(json.dumps(asdict(progress)) + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    make_encoder(Path(sys.argv[1]), Path(sys.argv[2]), *map(float, sys.argv[3:]))
