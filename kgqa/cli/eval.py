"""``kgqa eval reading|retrieval|graph|answers``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from kgqa.cli.frame import json_option, kb_option, note, open_kb, print_json, progress, usable

if TYPE_CHECKING:
    from kgqa.retrieval.hybrid import Mode


@click.group("eval")
def command() -> None:
    """Measure reading, retrieval, graph answers or whole answers."""


@command.command("reading")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--model", default="builtin", show_default=True, help="The built-in reader, a folder, or a hub name.")
@click.option("--limit", type=click.IntRange(1), help="Only the first questions.")
@json_option
def reading(files: tuple[Path, ...], model: str, limit: int | None, as_json: bool) -> None:
    """Score a reader on SQuAD 1.1 or 2.0 files, plain or .gz: exact, f1, has_answer_f1, no_answer_f1, n.

    \b
    kgqa eval reading dev-v2.0.json.gz
    """
    from kgqa.assemble import make_reader
    from kgqa.evaluation.squad import evaluate

    reader = make_reader(model)
    results = usable(lambda: {str(path): evaluate(path, reader, limit) for path in files})
    _show(results if len(files) > 1 else next(iter(results.values())), as_json)


@command.command("retrieval")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--split", default="test", show_default=True)
@click.option(
    "--mode", default="hybrid", show_default=True, type=click.Choice(["lexical", "dense", "hybrid", "rerank"])
)
@click.option("--encoder", default="builtin", show_default=True, help="The built-in encoder, a folder, or a hub name.")
@json_option
def retrieval(folder: Path, split: str, mode: str, encoder: str, as_json: bool) -> None:
    """Score retrieval on a folder in BEIR's format: ndcg@10, recall@10, recall@100, mrr@10.

    \b
    kgqa eval retrieval scifact --split train --mode rerank
    """
    from kgqa.assemble import make_encoder, make_reranker
    from kgqa.evaluation.retrieval import evaluate

    reranker = make_reranker() if mode == "rerank" else None
    _show(evaluate(folder, split, cast("Mode", mode), encoder=make_encoder(encoder), reranker=reranker), as_json)


@command.command("graph")
@click.option(
    "--triples", required=True, type=click.Path(path_type=Path), help="subject|relation|object a line, plain or .gz."
)
@click.option("--questions", "files", required=True, multiple=True, type=click.Path(path_type=Path))
@click.option(
    "--link",
    default="gold",
    show_default=True,
    type=click.Choice(["none", "gold"]),
    help="Where the topic entity is from.",
)
@click.option("--limit", type=click.IntRange(1), help="Only so many questions of each file.")
@json_option
def graph(triples: Path, files: tuple[Path, ...], link: str, limit: int | None, as_json: bool) -> None:
    """Score graph answers on files in MetaQA's format: hits@1 and f1.

    \b
    kgqa eval graph --triples kb.txt --questions 1-hop-dev.txt --questions 2-hop-dev.txt --link none
    """
    from kgqa.assemble import measure_graph

    _show(usable(lambda: measure_graph(triples, files, link, limit)), as_json)


@command.command("answers")
@click.argument("file", type=click.Path(path_type=Path))
@kb_option
@click.option("--limit", type=click.IntRange(1), help="Only the first questions.")
@click.option(
    "--mode",
    "modes",
    multiple=True,
    type=click.Choice(["text_only", "graph_only", "fused"]),
    help="All three if not given.",
)
@click.option("--errors", type=click.Path(path_type=Path), help="Write what was wrong to this JSONL file.")
@click.option(
    "--picture", type=click.Path(path_type=Path), help="Write the risk-coverage curve to this PNG or SVG file."
)
@json_option
def answers(
    file: Path,
    kb: str,
    limit: int | None,
    modes: tuple[str, ...],
    errors: Path | None,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Score answers by kind and family, with calibration; text-only, graph-only and fused side by side.

    \b
    kgqa eval answers kb/medical/questions.jsonl --kb medical
    """
    from kgqa.evaluation.run import MODES, evaluate

    with progress() as step:
        figures = evaluate(file, open_kb(kb), modes=modes or tuple(MODES), limit=limit, errors=errors, progress=step)
    if picture:
        from kgqa.evaluation.picture import draw

        draw(figures, picture)
    if as_json:
        print_json(figures)
    else:
        for line in _table(figures):
            click.echo(line)


def _table(figures: dict[str, Any]) -> list[str]:
    modes: dict[str, Any] = figures["modes"]
    names = list(modes)
    lines = [f"{'':<28}" + "".join(f"{name:>12}" for name in names) + f"{'n':>7}"]
    for key in ("accuracy", "coverage", "f1", "ece", "coverage_at_5_percent_risk", "p50_seconds", "p95_seconds"):
        lines.append(f"{key:<28}" + "".join(_cell(modes[name].get(key)) for name in names))
    for group in ("accuracy_by_needs", "accuracy_by_kind", "accuracy_by_family"):
        lines.append(group)
        for row, one in modes[names[-1]][group].items():
            cells = "".join(_cell(modes[name][group].get(row, {}).get("accuracy")) for name in names)
            lines.append(f"  {row:<26}{cells}{one['n']:>7}")
    return lines


def _cell(value: float | None) -> str:
    return f"{'-':>12}" if value is None else f"{value:>12.3f}"


def _show(figures: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(figures)
        return
    for key, value in figures.items():
        click.echo(f"{key:<24}{value:.4f}" if isinstance(value, float) else f"{key:<24}{value}")
    if not figures:
        note("nothing was measured")
