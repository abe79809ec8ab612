"""``kgqa ask QUESTION --kb KB``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from kgqa.cli.frame import json_option, kb_option, open_kb, parsed_date, print_json
from kgqa.cli.speech import translate
from kgqa.errors import UsageError
from kgqa.types import Answer, Filters, Link

if TYPE_CHECKING:
    from kgqa.knowledge_base import KnowledgeBase


@click.command("ask")
@click.argument("question")
@kb_option
@click.option("--as-of", metavar="DATE", help="Answer from what was in force on this day (YYYY-MM-DD).")
@click.option("--jurisdiction", help="Use only sources of this jurisdiction, and those without one.")
@click.option("--document", "documents", multiple=True, metavar="ID", help="Use only this document; may be repeated.")
@click.option("--group", "groups", multiple=True, help="Ask as a member of this group; may be repeated.")
@click.option("--link", "links", multiple=True, metavar="MENTION=IRI", help="Take a mention for this entity.")
@click.option(
    "--explain-words", type=click.IntRange(1), metavar="N", help="Show which words decided quotation N of the answer."
)
@json_option
def command(
    question: str,
    kb: str,
    as_of: str | None,
    jurisdiction: str | None,
    documents: tuple[str, ...],
    groups: tuple[str, ...],
    links: tuple[str, ...],
    explain_words: int | None,
    as_json: bool,
) -> None:
    """Answer a question with evidence, or say why there is no answer.

    \b
    kgqa ask "Which drugs are contraindicated in asthma?" --kb medical
    kgqa ask "哪些药物禁用于哮喘？" --kb medical
    kgqa ask "Which law applied to personal data?" --kb legal --as-of 2017-06-01
    kgqa ask "What is the first dose of colchicine?" --kb medical --explain-words 1
    """
    filters = Filters(
        as_of=parsed_date(as_of),
        jurisdiction=jurisdiction,
        documents=frozenset(documents) or None,
        groups=frozenset(groups) or None,
    )
    base = open_kb(kb)
    answer = base.ask(question, filters=filters, links=[_link(question.strip(), text) for text in links])
    words = _words(base, answer, explain_words) if explain_words else {}
    if as_json:
        from kgqa.rendering import as_object

        print_json(as_object(answer) | ({"words": words} if words else {}))
        return
    from kgqa.rendering import as_text

    click.echo("\n".join([as_text(answer, say=translate), *_shown(words)]))


def _words(base: KnowledgeBase, answer: Answer, citation: int) -> dict[str, list[dict[str, Any]]]:
    sides: tuple[Literal["question", "passage"], ...] = ("question", "passage")
    return {
        side: [
            {"word": word, "start": start, "end": end, "weight": weight}
            for word, start, end, weight in base.attribution(answer, citation, side=side)
        ]
        for side in sides
    }


def _shown(words: dict[str, list[dict[str, Any]]], most: int = 8) -> list[str]:
    """Return the words that spoke loudest for and against, those of the question and of the passage apart."""
    lines = ["", translate("Words that decided (what the answer's score loses without them):")] if words else []
    for side, found in words.items():
        best = sorted(found, key=lambda one: -abs(one["weight"]))[:most]
        lines.append(f"  {side:<9}" + ", ".join(f"{one['word']} {one['weight']:+.1f}" for one in best if one["weight"]))
    return lines


def _link(question: str, text: str) -> Link:
    mention, equals, iri = text.partition("=")
    at = question.lower().find(mention.lower())
    if not equals or not iri or at < 0:
        raise UsageError(f"--link {text!r}: write MENTION=IRI with a mention that stands in the question")
    return Link(at, at + len(mention), question[at : at + len(mention)], iri, mention, 1.0, "given")
