"""``kgqa replay NUMBER --kb KB``."""

from __future__ import annotations

import click

from kgqa.cli.frame import json_option, kb_option, open_kb, print_json, tell
from kgqa.cli.speech import translate
from kgqa.errors import KgqaError


@click.command("replay")
@click.argument("number", type=int)
@kb_option
@json_option
def command(number: int, kb: str, as_json: bool) -> None:
    """Ask again what a record of `kgqa audit` says was asked, and compare; exit status 1 if the answer is another.

    \b
    kgqa replay 12 --kb medical
    """
    from kgqa.rendering import as_object, as_text
    from kgqa.replaying import replay

    found = replay(open_kb(kb), number)
    if as_json:
        print_json({"same": found.same, "changed": list(found.changed), "answer": as_object(found.answer)})
    else:
        click.echo(as_text(found.answer, say=translate))
        tell("the same answer, to the last citation" if found.same else f"differs in: {', '.join(found.changed)}")
    if not found.same:
        raise KgqaError(f"record {number}: the answer is another now; {', '.join(found.changed) or 'its text'} changed")
