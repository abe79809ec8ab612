"""``kgqa train label|pretrain|reader|encoder|reranker|paths|calibrate|search``: one file per command."""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "label": "Turn a table of questions and answers into training data.",
    "pretrain": "Go on pre-training on your own documents, before a reader or encoder is tuned.",
    "reader": "Fine-tune a reader on SQuAD files.",
    "encoder": "Fine-tune an encoder on questions and passages.",
    "reranker": "Fine-tune a reranker on questions and passages.",
    "paths": "Learn which wordings lead along which paths of a graph.",
    "calibrate": "Fit the confidence of answers.",
    "search": "Try several settings of a reader, encoder or reranker.",
}


class _Lazy(click.Group):
    """Loads the file of a command when it is named."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"kgqa.cli.train.{cmd_name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group("train", cls=_Lazy)
def command() -> None:
    """Train a model of the chain.

    A killed run goes on from its last checkpoint when the same command is given again.
    """
