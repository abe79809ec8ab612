"""Turn findings, spans and quotations into candidates with the features that fusion weighs. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from kgqa.advising import against, asks_leave, in_favour
from kgqa.amounts import whole_amount
from kgqa.asking import Asked, fits
from kgqa.everyday import formal
from kgqa.language import fold, is_chinese
from kgqa.protocols import Library
from kgqa.reading.leave import permitted
from kgqa.searching import Search
from kgqa.types import Candidate, Evidence, GraphFinding, Hit, Passage, Span
from kgqa.unreviewed import trust
from kgqa.whole_words import whole_word
from kgqa.wording import truth

_STOP = frozenset(
    re.findall(
        r"\w+",
        """a an the of in on at to for from by with and or not is are was were be been do does did has have had can could may
        must should shall will would what which who whom whose when where why how it its this that these those there any
        some all many much long about say says agreed name list give tell me i you one document agreement contract""",
    )
)


def from_graph(asked: Asked, findings: Sequence[GraphFinding], hits: Sequence[Hit], language: str) -> list[Candidate]:
    """Return a candidate for each finding that is an answer in itself.

    :param hits: passages found for the question; those that name a member of the answer support it.
    """
    answers = [f for f in findings if f.values and f.kind != "none" and not _beside(asked, f)]
    made = []
    for place, finding in enumerate(answers):
        rival = max((f.score for f in answers if f is not finding and f.values != finding.values), default=0.0)
        items = _items(finding, language)
        iris = tuple(term.value if term.kind == "iri" else "" for term, _ in finding.values)
        support = _support(items, hits) if finding.kind in ("entities", "span") else ()
        relied = trust(finding)
        features = {
            "fit": finding.score * relied,
            "place": 1.0 / (1 + place),
            "margin": finding.score - rival,
            "link": min((link.score for link in finding.links), default=1.0),
            "kind": float(_agrees(asked, finding)),
            "support": min(1.0, len(support) / 2),
        }
        paths = [Evidence("path", finding.score, path=path, sparql=finding.sparql) for path in finding.paths]
        evidence = (*(paths or [Evidence("path", finding.score, sparql=finding.sparql)]), *support)
        complete = finding.complete and relied == 1.0 if finding.kind in ("entities", "span", "number") else None
        made.append(Candidate(finding.kind, items, iris, "graph", finding.score, evidence, complete, features))
    return made


def _items(finding: GraphFinding, language: str) -> tuple[str, ...]:
    if finding.kind == "boolean":
        return tuple(truth(term.value == "true", language) for term, _ in finding.values)
    return tuple(label for _, label in finding.values)


_SENTENCE = 40
"""Characters from which a value of the graph may be a sentence, such as a definition."""


def _beside(asked: Asked, finding: GraphFinding) -> bool:
    """Tell whether a finding cannot answer: things where a number is asked for, another number where a day is."""
    if asked.kind == "number":
        return finding.kind == "entities"
    if asked.kind == "date" and finding.kind == "number":
        return not all(re.fullmatch(r"(1\d|20)\d\d", label) for _, label in finding.values)
    return False


def _agrees(asked: Asked, finding: GraphFinding) -> bool:
    open_kinds = ("entities", "span")
    if asked.style == "quote" and not any(
        term.kind == "literal" and len(label) > _SENTENCE for term, label in finding.values
    ):
        return False  # names do not tell what a thing is like
    return asked.kind == finding.kind or (asked.kind in open_kinds and finding.kind in (*open_kinds, "date", "number"))


def _support(items: Sequence[str], hits: Sequence[Hit]) -> tuple[Evidence, ...]:
    """Return sentences of the best passages that name a member of the answer, at most three."""
    found: list[Evidence] = []
    for hit in hits[:5]:
        for item in items[:30]:
            at = hit.passage.text.lower().find(item.lower()) if len(item) > 2 else -1
            if at >= 0:
                start, end = _sentence(hit.passage.text, at)
                found.append(_quotation(hit.passage, start, end, hit.score))
                break
    return tuple(found[:3])


def _sentence(text: str, at: int) -> tuple[int, int]:
    breaks = [m.end() for m in re.finditer(r"[.!?](?=\s)|[。！？；\n]", text)]
    start = max((b for b in breaks if b <= at), default=0)
    end = min((b for b in breaks if b > at), default=len(text))
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _quotation(passage: Passage, start: int, end: int, score: float) -> Evidence:
    at = passage.start
    return Evidence("passage", score, passage, at + start, at + end, passage.text[start:end])


def voided(findings: Sequence[GraphFinding]) -> float:
    """Return how sure the graph is that it understands a question and has no answer to it, in [0, 1]."""
    return max((f.score for f in findings if f.kind == "none" and not f.values), default=0.0)


def from_text(
    search: Search,
    asked: Asked,
    hits: Sequence[Hit],
    spans: Sequence[Span],
    quotes: Sequence[Span],
    language: str,
    library: Library | None,
    void: float = 0.0,
) -> list[Candidate]:
    """Return the candidates of one search, best first.

    :param void: how sure the graph is that it understands the question and has no answer, in [0, 1].
    """
    if not hits:
        return []
    shared = _Shared(search, asked, hits, library, void)
    if asked.style == "exists":
        return [_existence(shared, quotes or spans, language)]
    if asked.style == "truth":
        told = _of_the_act(search.question, [span for span in quotes if _tells(search, span)])
        return [_verdict(shared, span, rank, language) for rank, span in enumerate(told)]
    if asked.style == "quote":
        return [shared.candidate(span, "span", "quote", rank) for rank, span in enumerate(quotes)]
    kind = asked.kind if asked.kind in ("date", "number") else "span"
    phrases = [
        shared.candidate(span, "date" if kind == "date" else "span", "span", rank)
        for rank, span in enumerate(spans)
        if span.text.strip()
    ]
    whole = (
        [] if kind != "span" else [shared.candidate(span, "span", "sentence", rank) for rank, span in enumerate(quotes)]
    )
    return [*phrases, *whole]


class _Shared:
    """What the candidates of one search have in common."""

    def __init__(
        self, search: Search, asked: Asked, hits: Sequence[Hit], library: Library | None, void: float = 0.0
    ) -> None:
        self.search = search
        self.asked = asked
        self.hits = {hit.passage.id: hit for hit in hits}
        self.order = {hit.passage.id: place for place, hit in enumerate(hits)}
        self.words = content_words(search.question)
        self._chinese = is_chinese(search.question)
        self.unknown = _unheard(self.words, library)
        self.void = void

    def candidate(self, span: Span, kind: str, way: str, rank: int) -> Candidate:
        span, passage = whole_word(whole_amount(span)), span.passage
        features = self.features(passage, span)
        features[f"is_{way}"] = 1.0
        if way != "span":
            features["affirmed"] = 1.0  # a quotation answers by what it says, denials included
        features["rank"] = 1.0 / (1 + rank)
        features["form"] = float(fits(self.asked.form, span.text) and not _only_heading(span)) - 1.0
        features["new"] = self._new(span.text) - 1.0
        features["typed"] = float(way == "span" and self.asked.form != "any" and features["form"] == 0.0)
        evidence = Evidence("passage", span.score, passage, span.start, span.end, span.text, status=span.status)
        text = " ".join(span.text.split())
        return Candidate(
            "date" if kind == "date" else "span", (text,), ("",), "text", span.score, (evidence,), None, features
        )

    def _new(self, text: str) -> float:
        """Return how much of a span the question does not say itself: "governing law" answers no question about the law."""
        asked = fold(self.search.question)
        said = content_words(text)
        return sum(_stem(word) not in asked for word in said) / len(said) if said else 0.0

    def features(self, passage: Passage, span: Span | None) -> dict[str, float]:
        hit = self.hits[passage.id]
        around = fold(f"{passage.title} {passage.heading} {passage.text}")
        title = fold(f"{passage.title} {passage.heading}")
        # The numbered part whose words are asked for answers, whatever its words are like.
        graph, own = self.search.finding, bool(hit.parts.get("part"))
        # Words of one language are not looked for in a text of the other: that they are missing there says nothing. Where the
        # graph understands the question and has nothing, a text must show that it speaks of it.
        same = self._chinese == (passage.language == "zh") or self.void > 0
        words, names = (self.words, self.search.names) if same else ([], ())
        return {
            "reader": _squash(span.score) if span else 0.0,
            "quoted": 1.0 if own else _squash(span.relevance) if span else 0.0,
            "rerank": 1.0 if own else _squash(hit.parts.get("rerank", 0.0)),
            "dense": 1.0 if own else hit.parts.get("dense", 0.0),
            "order": 1.0 / (1 + self.order[passage.id]),
            "coverage": 1.0 if own else _share(words, around),
            "titled": 1.0 if own else _share(words, title),
            "named": _share([fold(n) for n in names], around),
            "unknown": -self.unknown if same else 0.0,
            "void": -self.void,
            "document": float(own or self.search.focus == "document"),
            "subject": float(passage.doc_id in self.search.boost),
            "affirmed": float(span is None or span.status in ("affirmed", "conditional")),
            "fit": graph.score if graph else 0.0,
            "filled": float(graph is not None),
        }


def _existence(shared: _Shared, spans: Sequence[Span], language: str) -> Candidate:
    """Answer whether the text has such a part: the best quotation is the witness, its weakness the opposite.

    Whether the witness is strong enough is learned: the candidate says "yes" and fusion's model for ``exists`` may turn it.
    """
    hit = max(shared.hits.values(), key=lambda h: h.score)
    strongest = max(_squash(h.parts.get("rerank", 0.0)) for h in shared.hits.values())
    span = max(spans, key=lambda span: span.relevance, default=None)
    passage = span.passage if span else hit.passage
    features = {**shared.features(passage, span), "is_exists": 1.0, "strongest": strongest}
    quote = (
        Evidence("passage", span.score, passage, span.start, span.end, span.text, status=span.status)
        if span
        else Evidence("passage", hit.score, passage, passage.start, passage.end, passage.text)
    )
    return Candidate("boolean", (truth(True, language),), ("",), "text", hit.score, (quote,), None, features)


def _of_the_act(question: str, told: Sequence[Span]) -> Sequence[Span]:
    """Leave only the quotations that rule on the very act that a question asks leave for, where there are any."""
    ruling = [span for span in told if permitted(question, [span.text]) is not None]
    return ruling or told


def _tells(search: Search, span: Span) -> bool:
    """Tell whether a quotation says something of what a yes/no question asks, not only of the things that it names.

    A quotation in another language cannot be compared with it by words, so it settles nothing; nor does one about a relative.
    """
    question, text = search.question, fold(span.text)
    leave = asks_leave(question)
    if is_chinese(question) != is_chinese(span.text) or span.status == "family":
        return False
    around = fold(f"{span.passage.title} {span.passage.heading} {text}")
    names = [words for words in map(content_words, search.names) if words]
    met = all(_share(words, around) >= _MET for words in names)
    if not met and span.passage.doc_id not in search.boost:
        return False
    predicate = [word for word in content_words(question) if not any(word in words for words in names)]
    said = _share(predicate, text) if predicate else 1.0
    if any(word in text for word in formal(question)):  # "孕妇" asks of what is written "妊娠"
        said = max(said, _ADVISED)
    if not leave:
        return said > 0
    advised = any(against(text)) or any(in_favour(text))
    return (advised and met and len(names) > 1) or ((advised or bool(_MODAL.search(text))) and said >= _ADVISED)


_MET, _ADVISED = 0.5, 0.3
"""Share of the words of a name, and of what leave is asked for, that a quotation must have."""
_MODAL = re.compile(
    r"\b(?:may|shall|must|can|cannot|entitled|right|obliged|free to)\b|不得|应当|可以|有权|必须|须", re.I
)


def _verdict(shared: _Shared, span: Span, rank: int, language: str) -> Candidate:
    """Answer whether a statement holds by what a quotation asserts of its words."""
    said = {
        "is_truth": 1.0,
        "rank": 1.0 / (1 + rank),
        "said": _share(shared.words, fold(f"{span.passage.title} {span.passage.heading} {span.text}")),
    }
    evidence = Evidence("passage", span.score, span.passage, span.start, span.end, span.text, status=span.status)
    items = (truth(span.status != "negated", language),)
    features = {
        **shared.features(span.passage, span),
        **said,
        "affirmed": float(span.status in ("affirmed", "negated", "conditional")),
    }
    return Candidate("boolean", items, ("",), "text", span.score, (evidence,), None, features)


def _unheard(words: Sequence[str], library: Library | None) -> float:
    """Return how much of a question the documents have never heard of, in [0, 1].

    One strange word is enough where words are separated, as names are; of Chinese pairs many are chance, so their share counts.
    """
    telling = [word for word in words if len(word) > 3 or is_chinese(word)]
    if library is None or not telling:
        return 0.0
    strange = [not known for known in library.known(telling)]
    return sum(strange) / len(strange) if any(map(is_chinese, telling)) else float(any(strange))


def _only_heading(span: Span) -> bool:
    """Tell whether a span is a part's number or heading, which names an answer's place and is none itself."""
    bare = span.text.strip(" .:;-")
    return (bool(re.fullmatch(r"[\d.()§\s]+[a-z]?\)?", bare)) and "." in bare) or bare in span.passage.heading


def _squash(score: float) -> float:
    """Bring a logit-like score into (-1, 1), so that no feature runs away on new data."""
    return math.tanh(score / 6)


def _share(words: Iterable[str], text: str) -> float:
    wanted = list(words)
    return sum(_stem(word) in text for word in wanted) / len(wanted) if wanted else 0.5


def _stem(word: str) -> str:
    return word if len(word) < 6 or is_chinese(word) else word[: max(5, len(word) - 3)]


def content_words(question: str) -> list[str]:
    """Return the words of a question that carry its subject, folded; for Chinese overlapping pairs of characters."""
    folded = fold(question)
    words = [w for w in re.findall(r"[a-z0-9][\w'-]*", folded) if w not in _STOP and len(w) > 1]
    runs = re.findall(
        r"[\u4e00-\u9fff]+", re.sub(r"什么|哪些|哪个|如何|怎么|怎样|是否|多少|的|吗|呢|有|是|和|了|在", " ", folded)
    )
    pairs = [run[i : i + 2] for run in runs for i in range(max(1, len(run) - 1))]
    return list(dict.fromkeys([*words, *pairs]))
