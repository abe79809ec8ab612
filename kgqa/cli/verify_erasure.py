"""``kgqa verify-erasure DOC_ID --kb KB``."""

from __future__ import annotations

import click

from kgqa.cli.frame import json_option, kb_option, open_kb, print_json, tell
from kgqa.errors import KgqaError


@click.command("verify-erasure")
@click.argument("doc_id")
@kb_option
@json_option
def command(doc_id: str, kb: str, as_json: bool) -> None:
    """Search sources, index generations and derived data for remains of a document; exit status 1 if there are any.

    \b
    kgqa verify-erasure notes/case-3.md --kb medical
    """
    remains = open_kb(kb).verify_erasure(doc_id)
    if as_json:
        print_json({"document": doc_id, "remains": remains})
    else:
        tell(f"{doc_id}: nothing is left") if not remains else click.echo("\n".join(remains))
    if remains:
        raise KgqaError(f"{doc_id}: {len(remains)} remains found; remove the document again or rebuild")
