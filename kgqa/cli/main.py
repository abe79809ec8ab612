"""The command line: ``kgqa COMMAND``. One file per command; a command's heavy imports happen when it runs."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence

import click

from kgqa.cli.speech import Formatter, lang_option, speak, translate, translated, wanted

# Threads that spin while idle cost tens of times their own work beside other programs; say so before any library starts.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

COMMANDS = {
    "build": "Make or update the index of a knowledge base.",
    "ask": "Answer a question with evidence.",
    "search": "Find passages.",
    "entity": "Show all that is known of an entity, and what is missing.",
    "sparql": "Run a SPARQL query on the graph.",
    "add": "Add sources to a knowledge base and its index.",
    "remove": "Remove a document and all that came from it.",
    "verify-erasure": "Prove that nothing of a removed document is left.",
    "audit": "List the records of answers and check their chain.",
    "replay": "Ask again what a record says, and compare.",
    "extract": "Read statements from documents into the graph; accept or reject them.",
    "batch": "Answer a file of questions.",
    "chat": "Open the chat in a browser.",
    "serve": "Serve knowledge bases over HTTP.",
    "mcp": "Offer knowledge bases as tools to an MCP client.",
    "eval": "Measure reading, retrieval, graph answers or whole answers.",
    "train": "Train a model of the chain.",
    "compress": "Make a model smaller.",
    "models": "List, show and verify models.",
}


class _Lazy(click.Group):
    """Loads the file of a command when it is named, so that ``kgqa ask`` starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"kgqa.cli.{cmd_name.replace('-', '_')}")
        found: click.Command = module.command
        return translated(found)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="kgqa")
@lang_option
def cli() -> None:
    """Answers from documents and an RDF knowledge graph, with evidence that can be checked.

    \b
    kgqa build kb/medical
    kgqa ask "Which drugs are contraindicated in asthma?" --kb medical
    kgqa chat --kb medical
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 2 the caller's mistake, 1 anything else."""
    from kgqa.errors import KgqaError

    speak(wanted())
    click.Context.formatter_class = Formatter
    try:
        cli.main(args=list(args) if args is not None else None, standalone_mode=False)
    except click.exceptions.Abort:
        _fail("stopped", 130)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        _fail(" ".join(error.format_message().split()), 2)
    except KgqaError as error:
        _fail(" ".join(str(error).split()), error.exit_status)
    except KeyboardInterrupt:
        _fail("stopped", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        _fail(
            f"{error.filename or 'the system'}: {error.strerror or error}; check that it exists, its rights and space",
            1,
        )


def _fail(message: str, status: int) -> None:
    print(f"kgqa: {translate(message)}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
