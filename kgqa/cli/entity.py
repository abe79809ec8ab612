"""``kgqa entity NAME_OR_IRI --kb KB``."""

from __future__ import annotations

import click

from kgqa.cli.frame import json_option, kb_option, open_kb, print_json
from kgqa.language import is_chinese
from kgqa.types import Entity


@click.command("entity")
@click.argument("name")
@kb_option
@click.option("--language", type=click.Choice(["en", "zh"]), help="Of the labels; that of the name if not given.")
@json_option
def command(name: str, kb: str, language: str | None, as_json: bool) -> None:
    """Show all that is known of an entity, and what the ontology expects but nobody has stated.

    \b
    kgqa entity warfarin --kb medical
    """
    entity = open_kb(kb).entity(name, language or ("zh" if is_chinese(name) else "en"))
    if as_json:
        print_json(entity)
        return
    click.echo("\n".join(_lines(entity)))


def _lines(entity: Entity) -> list[str]:
    lines = [f"{entity.label}  <{entity.iri}>"]
    if entity.types:
        lines.append(f"  is a: {', '.join(entity.types)}")
    if entity.synonyms:
        lines.append(f"  also called: {', '.join(entity.synonyms)}")
    if entity.definition:
        lines.append(f"  {entity.definition}")
    lines += [f"  {predicate}: {label}{_from(triple.sources)}" for predicate, label, triple in entity.outgoing]
    lines += [f"  {label} {predicate} this{_from(triple.sources)}" for predicate, label, triple in entity.incoming]
    lines += [f"  not stated: {missing}" for missing in entity.missing]
    lines += [f"  in {p.doc_id} [{p.start}:{p.end}]: {' '.join(p.text.split())[:140]}" for p in entity.passages]
    return lines


def _from(sources: tuple[str, ...]) -> str:
    return f"   ({', '.join(sources)})" if sources else ""
