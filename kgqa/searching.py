"""Turn a question, its links and the graph's findings into searches for passages. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kgqa.asking import topic
from kgqa.language import detect, fold, is_chinese
from kgqa.naming import name_in, name_words
from kgqa.parties import CLASSES, described, kinds, parties
from kgqa.parts import Part, numbers_in, part_in
from kgqa.protocols import Library
from kgqa.types import Filters, GraphFinding, Hit, Link, Passage

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
    :param part: the numbered part that is asked about.
    """

    query: str
    question: str
    filters: Filters
    boost: frozenset[str] = frozenset()
    focus: Literal["document", "subject", "none"] = "none"
    names: tuple[str, ...] = ()
    finding: GraphFinding | None = None
    part: Part | None = None


def plan(
    question: str, links: Sequence[Link], findings: Sequence[GraphFinding], filters: Filters, library: Library | None
) -> list[Search]:
    """Return the searches for one question, at least one; see :func:`_plan` for where they look."""
    part = part_in(question)
    return [replace(search, part=part) for search in _plan(question, links, findings, filters, library)]


def parted(search: Search, hits: Sequence[Hit]) -> list[Hit]:
    """Put the passages of the numbered part that is asked about before the others, or leave only them.

    Only they are left, with a mark (``part``), where a question asks for nothing but what the part says; none is left where the
    text that is named has numbered parts but not this one: what another article says is no answer.
    """
    part = search.part
    if part is None:
        return list(hits)
    held = [(hit, numbers_in(hit.passage)) for hit in hits]
    own = [(hit, found) for hit, found in held if search.focus == "document" or _of_law(part.law, hit.passage)]
    first = [hit for hit, found in own if part.number in found] or _abroad(search, held)
    if not first:
        named = search.focus == "document" or bool(part.law)
        return [] if part.bare and named and sum(bool(found) for _, found in own) >= _NUMBERED else list(hits)
    if part.bare:
        sure = search.focus == "document" or bool(part.law)
        return [replace(hit, parts={**hit.parts, "part": float(sure)}) for hit in first]
    return [*first, *(hit for hit in hits if hit not in first)]


def _abroad(search: Search, held: Sequence[tuple[Hit, set[str]]]) -> list[Hit]:
    """Return the passages of the part in the one text that has it in another language, in which its name cannot be compared."""
    part = search.part
    found = [hit for hit, numbers in held if part and part.law and part.number in numbers]
    texts = {(hit.passage.doc_id, hit.passage.language) for hit in found}
    return found if len(texts) == 1 and detect(search.question) not in {language for _, language in texts} else []


_NUMBERED = 3
"""Passages of numbered parts that show that a text is numbered."""


def _of_law(name: str, passage: Passage) -> bool:
    """Tell whether a passage's document calls itself by a name, as far as titles and headings tell."""
    around = fold(f"{passage.doc_id} {passage.title} {passage.heading}")
    words = name_words(name)
    return sum(word in around for word in words) >= 0.6 * len(words)


def _plan(
    question: str, links: Sequence[Link], findings: Sequence[GraphFinding], filters: Filters, library: Library | None
) -> list[Search]:
    """Return the searches for one question, at least one.

    A thing that the question only describes ("the drug that treats X") is put in by the name that the graph found; a
    thing that has a document of its own (a contract) narrows the search to that document, as filters may do, and as does the
    name or number by which a document calls itself; other things lift the documents about them.
    """
    if findings and findings[0].fills:
        return [_of_entity(question, _trimmed(link), filters, library, findings[0]) for link in findings[0].fills[:3]]
    part = part_in(question)
    own = [
        link for link in links if link.documents and not _topical(link) and (link.method in _TRUSTED or _is(part, link))
    ]
    pointed = library.pointed_at(question) if library else None
    if pointed and not any(link.start < pointed[0][1] and pointed[0][0] < link.end for link in own):
        (start, end), documents = pointed
        name = Link(start, end, question[start:end], "", "", 1.0, "given")
        return [_in_documents(question, name, documents, filters, None)]
    if own:
        longest = max(_readable(own, question, library), key=lambda link: (link.end - link.start, link.score))
        same = [link for link in own if (link.start, link.end) == (longest.start, longest.end)]
        documents = frozenset(d for link in same for d in link.documents)
        inside = _in_documents(question, longest, documents, filters, None)
        if not _generic(longest, links):
            return [inside]
        return [inside, _anywhere(question, [link for link in links if link not in same], filters, library)]
    if filters.documents is not None and len(filters.documents) == 1:
        return [Search(topic(question), question, filters, focus="document")]
    place = name_in(question) if library else None
    if place and library and (documents := library.named(question[slice(*place)], filters)):
        name = Link(*place, question[slice(*place)], "", "", 1.0, "given")
        return [_in_documents(question, name, documents, filters, None)]
    return [_joined(question, links, filters, library) or _anywhere(question, links, filters, library)]


def _joined(question: str, links: Sequence[Link], filters: Filters, library: Library | None) -> Search | None:
    """Return the search in the text of what joins the named things in the graph, or one that lifts it, if there is one text."""
    named, classes = parties(links), kinds(links)
    if library is None or not named or not (classes or len(named) > 1):
        return None  # one thing alone, as "X", does not ask for a text that it takes part in
    documents, joins = library.joint([link.entity for link in named], classes, filters)
    if not 0 < len(documents) <= _JOINT:
        return None
    place = described(question, named) if joins == len(named) else None
    if place is not None:
        name = Link(*place, question[slice(*place)], "", "", 1.0, "given")
        return _in_documents(question, name, documents, filters, None)
    search = _anywhere(question, links, filters, library)
    return replace(search, boost=search.boost | documents, focus="subject")


_JOINT = 2
"""Texts that may belong to what joins the named things; more, and they tell nothing."""


def _topical(link: Link) -> bool:
    """Tell whether a numbered part of a text is meant by its topic alone: "probation period" asks for no Article 19."""
    return part_in(link.label) is not None and part_in(link.mention) is None


def _generic(chosen: Link, links: Sequence[Link]) -> bool:
    """Tell whether a thing is called like its kind ("the labour contract"): the question may be about the one or about any."""
    return any(
        (link.start, link.end) == (chosen.start, chosen.end) and any(kind in CLASSES for kind in link.types)
        for link in links
    )


def _is(part: Part | None, link: Link) -> bool:
    """Tell whether a thing found by like words is the numbered part asked for: "Article 8 of Act X" is "Act X, Article 8"."""
    its = part_in(link.label) if part else None
    if part is None or its is None or its.number != part.number:
        return False
    said, words = fold(link.mention), name_words(re.sub(r"[(（][^)）]*[)）]", "", link.label))
    return sum(word in said for word in words) >= 0.75 * len(words)


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
