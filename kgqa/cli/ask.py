"""``kgqa ask QUESTION --kb KB``."""

from __future__ import annotations

import click

from kgqa.cli.frame import json_option, kb_option, open_kb, parsed_date, print_json
from kgqa.errors import UsageError
from kgqa.types import Filters, Link


@click.command("ask")
@click.argument("question")
@kb_option
@click.option("--as-of", metavar="DATE", help="Answer from what was in force on this day (YYYY-MM-DD).")
@click.option("--jurisdiction", help="Use only sources of this jurisdiction, and those without one.")
@click.option("--document", "documents", multiple=True, metavar="ID", help="Use only this document; may be repeated.")
@click.option("--group", "groups", multiple=True, help="Ask as a member of this group; may be repeated.")
@click.option("--link", "links", multiple=True, metavar="MENTION=IRI", help="Take a mention for this entity.")
@json_option
def command(
    question: str,
    kb: str,
    as_of: str | None,
    jurisdiction: str | None,
    documents: tuple[str, ...],
    groups: tuple[str, ...],
    links: tuple[str, ...],
    as_json: bool,
) -> None:
    """Answer a question with evidence, or say why there is no answer.

    \b
    kgqa ask "Which drugs are contraindicated in asthma?" --kb medical
    kgqa ask "哪些药物禁用于哮喘？" --kb medical
    kgqa ask "Which law applied to personal data?" --kb legal --as-of 2017-06-01
    """
    filters = Filters(
        as_of=parsed_date(as_of),
        jurisdiction=jurisdiction,
        documents=frozenset(documents) or None,
        groups=frozenset(groups) or None,
    )
    base = open_kb(kb)
    answer = base.ask(question, filters=filters, links=[_link(question.strip(), text) for text in links])
    if as_json:
        from kgqa.rendering import as_object

        print_json(as_object(answer))
        return
    from kgqa.rendering import as_text

    click.echo(as_text(answer))


def _link(question: str, text: str) -> Link:
    mention, equals, iri = text.partition("=")
    at = question.lower().find(mention.lower())
    if not equals or not iri or at < 0:
        raise UsageError(f"--link {text!r}: write MENTION=IRI with a mention that stands in the question")
    return Link(at, at + len(mention), question[at : at + len(mention)], iri, mention, 1.0, "given")
