"""What ``kgqa train encoder`` and ``kgqa train reranker`` share: questions with passages, negatives, a teacher."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from kgqa.cli.train.options import hold_out_option
from kgqa.errors import UsageError

if TYPE_CHECKING:
    from kgqa.training.mining import Group
    from kgqa.training.pairs import Exam

F = TypeVar("F", bound=Callable[..., Any])
_NAMES = ("split", "negatives", "mine_with", "corpus", "hold_out", "teacher")


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a ranking model is trained and examined on.

    :param sources: the data's files and folders.
    """

    sources: tuple[Path, ...]
    groups: list[Group]
    exam: Exam | None


def data_options(function: F) -> F:
    """Add the data's arguments and options; the command receives a function ``gather`` that reads it as :class:`Ranking`."""

    @functools.wraps(function)
    def wrapped(*args: Any, data: tuple[Path, ...], **given: Any) -> Any:
        said = {name: given.pop(name) for name in _NAMES}
        return function(*args, gather=lambda seed: gathered(data, seed, **said), **given)

    for option in reversed(_options()):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


def _options() -> list[Callable[[Any], Any]]:
    return [
        click.argument("data", nargs=-1, required=True, type=click.Path(path_type=Path)),
        click.option("--split", default="train", show_default=True, help="Judgements of a BEIR folder."),
        click.option(
            "--negatives", default=4, show_default=True, type=click.IntRange(0), help="Hard negatives of a question."
        ),
        click.option(
            "--mine-with",
            default="bm25",
            show_default=True,
            help="What finds them: bm25, or an encoder (builtin, a folder, a name on a hub).",
        ),
        click.option(
            "--corpus",
            type=click.Path(path_type=Path),
            help="Knowledge base or folder of documents whose passages are mined too.",
        ),
        hold_out_option(0.1),
        click.option(
            "--teacher", help="Reranker whose scores are followed: builtin, a folder, or a cross-encoder by name."
        ),
    ]


def gathered(
    data: Sequence[Path],
    seed: int,
    *,
    split: str,
    negatives: int = 4,
    mine_with: str = "bm25",
    corpus: Path | None = None,
    hold_out: float,
    teacher: str | None = None,
) -> Ranking:
    """Read questions and passages, mine negatives, hold questions out, and ask the teacher."""
    from kgqa.training.mining import passages_of
    from kgqa.training.pairs import apart, exam, groups_of, read_pairs, scored

    pairs = read_pairs(data, split)
    passages = list(dict.fromkeys([*pairs.passages, *(passages_of(corpus) if corpus else ())]))
    kept, held = apart(pairs, hold_out, seed)
    groups = groups_of(kept, passages, negatives, seed, _miner(mine_with, passages))
    if teacher is not None:
        groups = scored(groups, _teach(teacher))
    return Ranking(tuple(data), groups, exam(held, passages, seed=seed) if held else None)


def _miner(name: str, passages: Sequence[str]) -> Any:
    if name == "bm25":
        return None
    from kgqa.models.making import make_encoder
    from kgqa.training.mining import VectorMiner

    return VectorMiner(passages, make_encoder(name)).texts_for


def _teach(name: str) -> Any:
    from kgqa.models.making import make_reranker
    from kgqa.training.pairs import scores_of

    reranker = make_reranker(name, blend=1.0)
    if reranker is None:
        raise UsageError("--teacher none teaches nothing; name a reranker or leave the option out")
    return lambda questions, texts: scores_of(reranker, questions, texts)
