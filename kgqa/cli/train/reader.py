"""``kgqa train reader``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kgqa.cli.frame import json_option, note, open_kb, print_json, usable
from kgqa.cli.train.careful import Careful, careful_options
from kgqa.cli.train.options import (
    bar,
    base_option,
    card_options,
    hold_out_option,
    layer_options,
    out_option,
    said_command,
    schedule_options,
    told,
    weights_of,
)

if TYPE_CHECKING:
    from kgqa.training.loop import Schedule


@click.command("reader")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--weight", "weights", multiple=True, metavar="FILE=N", help="Read a file N times an epoch; repeatable.")
@out_option
@base_option
@schedule_options(lr=2e-4, batch=32)
@click.option(
    "--negatives",
    default=0.25,
    show_default=True,
    type=click.FloatRange(0),
    help="Unanswerable questions to make, as a share; of files that have none, or of all with --negatives-from.",
)
@click.option(
    "--negatives-from",
    "source",
    metavar="KB_OR_FOLDER",
    help="Ask them of passages that retrieval brings from this knowledge base or folder of documents and that lack"
    " the answer; the file's own passages if not given.",
)
@click.option(
    "--corpus",
    type=click.Path(path_type=Path),
    help="Knowledge base or folder of the documents that .csv and .jsonl files name.",
)
@hold_out_option(0.05)
@click.option(
    "--validate-on",
    "validation",
    multiple=True,
    type=click.Path(path_type=Path),
    help="SQuAD file that validates and is reported on as well; repeatable.",
)
@click.option(
    "--validate", default=1000, show_default=True, type=click.IntRange(1), help="Questions of a validation at most."
)
@layer_options(256, least=32)
@careful_options
@card_options("reader")
@json_option
def command(
    files: tuple[Path, ...],
    weights: tuple[str, ...],
    out: Path,
    base: str | None,
    schedule: Schedule,
    careful: Careful,
    source: str | None,
    validation: tuple[Path, ...],
    corpus: Path | None,
    said: dict[str, Any],
    as_json: bool,
    **given: Any,
) -> None:
    """Fine-tune an extractive reader on labelled questions and write it as int8 ONNX with its card.

    FILES are SQuAD 1.1 or 2.0 files (.json, also .gz; the chat exports feedback so), or .csv and .jsonl with question,
    answer, and passage or document (then --corpus says where the documents are).

    Several files are mixed, also of several languages; the base must know the words of each.

    \b
    kgqa train reader train.json.gz dev-v2.0.json --out runs/reader --epochs 2
    kgqa train reader mine.csv --corpus kb/medical --base builtin --out runs/mine
    kgqa train reader feedback.json squad.json --weight feedback.json=5 --negatives-from kb/medical --out runs/mine
    kgqa train reader mine.json --augment synonyms --augment paraphrase --augment-graph kb/medical --out runs/mine
    kgqa train reader private.json --scrub --private 8 --peft lora --epochs 10 --out runs/private
    """
    from kgqa.training.reading import train_reader

    if careful.private:
        given["negatives"] = 0.0  # they ask one passage's questions of another, and privacy is counted by passage
        note("with --private no unanswerable questions are made")
    options = reader_options(base, schedule, given)
    counts = weights_of(files, weights)
    with bar() as report:
        card = usable(
            lambda: train_reader(
                files,
                out,
                options,
                weights=counts,
                card={**said, "command": said_command(), **careful.said},
                report=report,
                prepare=careful.prepare,
                trainer=careful.trainer,
                retrieve=retriever(source),
                validation=validation,
                corpus=corpus,
                note=note,
                stage=report.stage,
            )
        )
    print_json(card) if as_json else click.echo(told(out, card))


def reader_options(base: str | None, schedule: Schedule, given: dict[str, Any]) -> Any:
    """Return the options of a reader that command line options stand for."""
    from kgqa.training.reading import ReaderOptions

    return ReaderOptions(
        base=base,
        held_out=given["hold_out"],
        negatives=given["negatives"],
        freeze=given["freeze"],
        freeze_words=not given["train_words"],
        peft=given["peft"],
        length=given["length"],
        overlap=given["length"] // 4,
        validate=given["validate"],
        schedule=schedule,
    )


def retriever(source: str | None) -> Any:
    """Return what finds passages: hybrid search of a knowledge base that is built, else BM25 over a folder of documents."""
    if source is None:
        return None
    folder = Path(source) if Path(source).is_dir() else Path("kb") / source
    if _built(folder):
        base = open_kb(str(folder))
        return lambda questions, k: [
            [hit.passage.text for hit in base.search(question, k, mode="hybrid")] for question in questions
        ]
    from kgqa.training.mining import Miner, passages_of

    return Miner(passages_of(folder)).texts_for


def _built(folder: Path) -> bool:
    from kgqa.config import index_folder
    from kgqa.store.generations import Generations

    return (folder / "documents").is_dir() and bool(Generations(index_folder(folder)).names())
