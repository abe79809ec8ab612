"""``kgqa eval reading|robustness|retrieval|graph|answers``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from kgqa.cli.frame import json_option, kb_option, note, open_kb, print_json, progress, usable
from kgqa.errors import UsageError

if TYPE_CHECKING:
    from kgqa.evaluation.squad import Example
    from kgqa.protocols import Reader
    from kgqa.retrieval.hybrid import Mode


_held_option = click.option(
    "--held-out", "held", is_flag=True, help="Only the articles that the model's card names as held out of the file."
)


@click.group("eval")
def command() -> None:
    """Measure reading, retrieval, graph answers or whole answers."""


@command.command("reading")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--model", default="builtin", show_default=True, help="The built-in reader, a folder, or a hub name.")
@click.option(
    "--limit", type=click.IntRange(1), help="Only the first questions of each file; with --by so many drawn at random."
)
@_held_option
@click.option("--by", default="", metavar="NAME,…", help="By language, type, length, question, answer, source or file.")
@click.option("--least", default=10, show_default=True, help="Smaller slices are put together.")
@click.option("--picture", type=click.Path(path_type=Path), help="Draw the slices to this PNG or SVG file.")
@json_option
def reading(
    files: tuple[Path, ...],
    model: str,
    limit: int | None,
    held: bool,
    by: str,
    least: int,
    picture: Path | None,
    as_json: bool,
) -> None:
    """Score a reader on SQuAD 1.1 or 2.0 files, plain or .gz: exact, f1, has_answer_f1, no_answer_f1, n.

    With --by the figures are of slices: F1 with its 95 % interval, and whether it differs from the mean.

    \b
    kgqa eval reading dev-v2.0.json.gz
    kgqa eval reading dev-v2.0.json.gz --by type,length,source
    """
    from kgqa.models.making import make_reader

    reader = make_reader(model)
    if by:
        names = [name.strip() for name in by.split(",")]
        figures = usable(lambda: _sliced({p: _asked(p, model, held, limit) for p in files}, reader, names, least))
        if picture:
            from kgqa.evaluation.picture import draw_slices

            draw_slices(figures, picture)
        print_json(figures) if as_json else click.echo("\n".join(_slice_table(figures)))
        return
    from kgqa.evaluation.squad import evaluate

    results = usable(lambda: {str(p): evaluate(p, reader, limit, articles=_articles(p, model, held)) for p in files})
    _show(results if len(files) > 1 else next(iter(results.values())), as_json)


def _articles(path: Path, model: str, held: bool) -> frozenset[str] | None:
    from kgqa.evaluation.heldout import held_out
    from kgqa.models.registry import builtin

    return held_out(path, builtin("reader") if model == "builtin" else Path(model)) if held else None


def _asked(path: Path, model: str, held: bool, limit: int | None, seed: int = 13) -> tuple[list[Example], bool]:
    """Return the questions of a file that are asked, and whether "no answer" is allowed, which the whole file tells."""
    from kgqa.evaluation.squad import check_ids, draw, read_examples

    examples, titles = read_examples(path), _articles(path, model, held)
    nulls = any(not example.answers for example in examples)
    chosen = draw([e for e in examples if titles is None or e.article in titles], limit, seed)
    check_ids(chosen, path)
    return chosen, nulls


def _sliced(asked: dict[Path, tuple[list[Example], bool]], reader: Reader, by: list[str], least: int) -> dict[str, Any]:
    from kgqa.evaluation.slices import SLICES, mark, report

    if unknown := [name for name in by if name not in SLICES]:
        raise UsageError(f"--by {unknown[0]!r}: choose from {', '.join(SLICES)}")
    return report(
        [row for path, (examples, nulls) in asked.items() for row in mark(examples, path.name, reader, nulls)],
        by,
        least,
    )


def _slice_table(figures: dict[str, Any]) -> list[str]:
    lines = [f"{'':<34}{'n':>7}{'exact':>8}{'f1':>8}   95 % of f1"]
    rows = [("all", figures["all"])]
    for name, part in figures["by"].items():
        rows += [(f"by {name}", {}), *((f"  {key}", one) for key, one in part.items())]
    for name, one in rows:
        cells = (
            f"{one['n']:>7}{one['exact']:>8.1f}{one['f1']:>8.1f}   {one['low']:.1f} to {one['high']:.1f}" if one else ""
        )
        lines.append(f"{name[:34]:<34}{cells}  {one.get('differs', '')}".rstrip())
    return lines


@command.command("robustness")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--model", default="builtin", show_default=True, help="The built-in reader, a folder, or a hub name.")
@click.option("--limit", type=click.IntRange(1), help="Only so many questions, drawn at random.")
@_held_option
@click.option("--seed", default=13, show_default=True, help="Fixes the draw, the slips and what is swapped for what.")
@click.option("--picture", type=click.Path(path_type=Path), help="Draw the figures to this PNG or SVG file.")
@json_option
def robustness(
    file: Path, model: str, limit: int | None, held: bool, seed: int, picture: Path | None, as_json: bool
) -> None:
    """Measure what a reader should not mind: slips and casing in the question, other names, genders and nations.

    \b
    kgqa eval robustness dev-v2.0.json.gz --limit 300 --picture robustness.png
    """
    from kgqa.evaluation.robustness import report
    from kgqa.models.making import make_reader

    reader = make_reader(model)
    examples, nulls = usable(lambda: _asked(file, model, held, limit, seed))
    with progress() as step:
        figures = usable(lambda: report(examples, reader, nulls=nulls, seed=seed, progress=step))
    if picture:
        from kgqa.evaluation.picture import draw_robustness

        draw_robustness(figures, picture)
    print_json(figures) if as_json else click.echo("\n".join(_robustness_table(figures)))


def _robustness_table(figures: dict[str, Any]) -> list[str]:
    lines = [f"{'noise':<22}{'n':>6}{'f1':>8}{'noisy':>8}{'drop':>8}   95 %            answers changed"]
    for name, one in figures["noise"].items():
        if one["n"]:
            between = f"{one['low']:.1f} to {one['high']:.1f}"
            cells = f"{one['f1']:>8.1f}{one['noisy_f1']:>8.1f}{one['drop']:>8.1f}   {between:<16}{one['changed']:.1f} %"
            lines.append(f"{name:<22}{one['n']:>6}{cells}")
    lines.append(f"{'swapped':<22}{'n':>6}   answers changed")
    for name, one in figures["swaps"].items():
        if one["n"]:
            lines.append(f"{name:<22}{one['n']:>6}   {one['changed']:.1f} % ({one['low']:.1f} to {one['high']:.1f})")
            lines += [f"    {e['question']}  {e['answer']!r} -> {e['then']!r}" for e in one["examples"][:2]]
    return lines


@command.command("retrieval")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--split", default="test", show_default=True)
@click.option(
    "--mode", default="hybrid", show_default=True, type=click.Choice(["lexical", "dense", "hybrid", "rerank"])
)
@click.option("--encoder", default="builtin", show_default=True, help="The built-in encoder, a folder, or a hub name.")
@click.option(
    "--reranker", default="builtin", show_default=True, help="The built-in reranker, a folder, or a hub name."
)
@json_option
def retrieval(folder: Path, split: str, mode: str, encoder: str, reranker: str, as_json: bool) -> None:
    """Score retrieval on a folder in BEIR's format: ndcg@10, recall@10, recall@100, mrr@10.

    \b
    kgqa eval retrieval scifact --split train --mode rerank
    kgqa eval retrieval scifact --split train --mode rerank --reranker runs/reranker
    """
    from kgqa.evaluation.retrieval import evaluate
    from kgqa.models.making import make_encoder, make_reranker

    ranker = make_reranker(reranker) if mode == "rerank" else None
    _show(evaluate(folder, split, cast("Mode", mode), encoder=make_encoder(encoder), reranker=ranker), as_json)


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
