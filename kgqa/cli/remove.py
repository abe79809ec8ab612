"""``kgqa remove --kb KB DOC_ID...``."""

from __future__ import annotations

import click

from kgqa.cli.frame import json_option, kb_option, open_kb, print_json, progress, tell


@click.command("remove")
@click.argument("ids", nargs=-1, required=True)
@kb_option
@json_option
def command(ids: tuple[str, ...], kb: str, as_json: bool) -> None:
    """Remove documents with their text, vectors and what was derived from them, and check that nothing is left.

    \b
    kgqa remove --kb medical notes/case-3.md
    """
    base = open_kb(kb)
    with progress() as step:
        report = base.remove(*ids, progress=step)
    remains = {doc_id: base.verify_erasure(doc_id) for doc_id in ids}
    if as_json:
        print_json({"report": report, "remains": remains})
        return
    for doc_id, left in remains.items():
        tell(f"{doc_id}: nothing is left" if not left else f"{doc_id}: still found in {', '.join(left)}")
