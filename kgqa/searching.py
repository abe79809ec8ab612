"""Turn a question, its links and the graph's findings into searches for passages. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kgqa.asking import topic
from kgqa.language import detect, is_chinese
from kgqa.naming import name_in
from kgqa.protocols import Library
from kgqa.types import Filters, GraphFinding, Link

_TRUSTED = ("exact", "alias", "code", "given")


@dataclass(frozen=True, slots=True)
class Search:
    """One search for passages.

    :param query: what the retriever gets.
    :param question: what reranker and reader get.
    :param boost: documents whose passages are lifted.
    :param focus: how the passages were narrowed: to the ``document`` that is the named entity's own text, to the ``subject``
        by lifting, or not at all.
    :param names: names that a passage (or its title) must know to be about what is asked.
    :param finding: the graph's finding that named the entity, for a question that needs both sides.
    """

    query: str
    question: str
    filters: Filters
    boost: frozenset[str] = frozenset()
    focus: Literal["document", "subject", "none"] = "none"
    names: tuple[str, ...] = ()
    finding: GraphFinding | None = None


def plan(
    question: str, links: Sequence[Link], findings: Sequence[GraphFinding], filters: Filters, library: Library | None
) -> list[Search]:
    """Return the searches for one question, at least one.

    A thing that the question only describes ("the drug that treats X") is put in by the name that the graph found; a
    thing that has a document of its own (a contract) narrows the search to that document, as filters may do, and as does the
    name or number by which a document calls itself; other things lift the documents about them.
    """
    if findings and findings[0].fills:
        return [_of_entity(question, _trimmed(link), filters, library, findings[0]) for link in findings[0].fills[:3]]
    own = [link for link in links if link.documents and link.method in _TRUSTED]
    pointed = library.pointed_at(question) if library else None
    if pointed and not any(link.start < pointed[0][1] and pointed[0][0] < link.end for link in own):
        (start, end), documents = pointed
        name = Link(start, end, question[start:end], "", "", 1.0, "given")
        return [_in_documents(question, name, documents, filters, None)]
    if own:
        longest = max(_readable(own, question, library), key=lambda link: (link.end - link.start, link.score))
        same = [link for link in own if (link.start, link.end) == (longest.start, longest.end)]
        documents = frozenset(d for link in same for d in link.documents)
        return [_in_documents(question, longest, documents, filters, None)]
    if filters.documents is not None and len(filters.documents) == 1:
        return [Search(topic(question), question, filters, focus="document")]
    place = name_in(question) if library else None
    if place and library and (documents := library.named(question[slice(*place)], filters)):
        name = Link(*place, question[slice(*place)], "", "", 1.0, "given")
        return [_in_documents(question, name, documents, filters, None)]
    return [_anywhere(question, links, filters, library)]


def _readable(own: Sequence[Link], question: str, library: Library | None) -> Sequence[Link]:
    """Return the links to things that have a text in the question's language, if any has; else all."""
    texts = library.written(detect(question)) if library else frozenset()
    return [link for link in own if texts.intersection(link.documents)] or own


def _trimmed(link: Link) -> Link:
    """Leave the verb of the question out of a description: "the agreement of X say about" ends before "say"."""
    verb = re.search(
        r"\s+(say|state|provide|stipulate|require|contain|include)s?(\s+(about|on|for|regarding))?$", link.mention
    )
    return replace(link, end=link.end - len(verb.group()), mention=link.mention[: verb.start()]) if verb else link


def _of_entity(question: str, link: Link, filters: Filters, library: Library | None, finding: GraphFinding) -> Search:
    own = frozenset(link.documents) | (library.own(link.entity) if library else frozenset())
    if own:
        return _in_documents(question, link, own, filters, finding)
    named = f"{question[: link.start]}{link.label}{question[link.end :]}"
    boost = library.about([link.entity]) if library else frozenset()
    return Search(named, named, filters, boost, "subject" if boost else "none", (link.label,), finding)


def _in_documents(
    question: str, link: Link, documents: frozenset[str], filters: Filters, finding: GraphFinding | None
) -> Search:
    """Inside one document its own name tells nothing: ask for the rest of the question, if there is any."""
    allowed = documents if filters.documents is None else documents & filters.documents
    stand_in = "文件" if is_chinese(question) else "document"
    rest = f"{question[: link.start]}{stand_in}{question[link.end :]}"
    if not _WORD.search(_ASKING.sub(" ", f"{question[: link.start]} {question[link.end :]}")):
        rest = question  # "What is asthma?"
    return Search(topic(rest), rest, replace(filters, documents=allowed), focus="document", finding=finding)


_WORD = re.compile(r"\w")
_ASKING = re.compile(
    r"\b(what|who|which|is|are|was|were|does|do|mean|the|a|an|define|explain|describe|about|tell|me|of)\b|什么是|是什么|是|什么|介绍|解释|一下|意思|的",
    re.I,
)
"""Words that only ask what a thing is."""


def _anywhere(question: str, links: Sequence[Link], filters: Filters, library: Library | None) -> Search:
    trusted = [link for link in links if link.method in _TRUSTED]
    boost = library.about([link.entity for link in trusted]) if library and trusted else frozenset()
    # A question may use another name than the documents do: search for the preferred one as well.
    others = {link.label for link in trusted if link.label and link.label.lower() != link.mention.lower()}
    query = " ".join([question, *sorted(others)[:3]])
    names = tuple(dict.fromkeys(link.mention for link in trusted))
    return Search(query, question, filters, boost, "subject" if boost else "none", names)
