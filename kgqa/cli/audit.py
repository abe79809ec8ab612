"""``kgqa audit --kb KB``."""

from __future__ import annotations

import click

from kgqa.cli.frame import json_option, kb_option, open_kb, print_json, tell
from kgqa.errors import KgqaError


@click.command("audit")
@kb_option
@json_option
def command(kb: str, as_json: bool) -> None:
    """List the records of answers and check their chain; exit status 1 if a record was changed, dropped or moved.

    Records are kept where `audit = true` stands in kb.toml.

    \b
    kgqa audit --kb medical
    kgqa replay 12 --kb medical
    """
    journal = open_kb(kb).journal
    faults = journal.faults()
    records = [] if any("is no record" in fault for fault in faults) else list(journal.records())
    if as_json:
        print_json({"records": records, "faults": faults})
    else:
        for record in records:
            said = record["reason"] or f"{record['confidence']:.2f}"
            click.echo(f"{record['number']:6}  {record['time'][:19]}  {said:16}  {record['asked']['question']}")
        tell(f"{len(records)} records; the chain is whole" if not faults else "\n".join(faults))
    if faults:
        raise KgqaError(f"{journal.path}: {len(faults)} faults in the chain; compare it with a copy")
