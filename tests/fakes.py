"""Stand-ins that answer from a table, with the facade of a knowledge base and realistic answers."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import date
from pathlib import Path as FilePath
from types import SimpleNamespace

from kgqa.errors import QueryError, UsageError
from kgqa.followup import resolve
from kgqa.rights import permitted
from kgqa.types import (
    Answer,
    Candidate,
    Conflict,
    Document,
    Entity,
    Evidence,
    Filters,
    Hit,
    Link,
    Passage,
    Path,
    Reason,
    Step,
    Term,
    Triple,
    Validity,
)

EX = "http://example.org/med/"
LABELS = {
    "metformin": ("metformin", "二甲双胍"),
    "warfarin": ("warfarin", "华法林"),
    "aspirin": ("aspirin", "阿司匹林"),
    "type-2-diabetes": ("type 2 diabetes", "2型糖尿病"),
    "renal-impairment": ("severe renal impairment", "严重肾功能不全"),
    "lactic-acidosis": ("lactic acidosis", "乳酸酸中毒"),
    "treats": ("treats", "治疗"),
    "contraindicatedIn": ("is contraindicated in", "禁用于"),
    "interactsWith": ("interacts with", "相互作用"),
    "cold-common": ("common cold", "普通感冒"),
    "cold-temp": ("cold (temperature)", "寒冷"),
}
TEXT = (
    "# Metformin\n\nMetformin is the usual first medicine for type 2 diabetes. 𝄞 It lowers the production of glucose in the liver.\n\n"
    "## Contraindications\n\nMetformin must not be given in severe renal impairment (eGFR below 30 mL/min) or in acute "
    "metabolic acidosis.\n\n## Side effects\n\nNausea and diarrhoea are common; lactic acidosis is rare but serious.\n"
)
TEXT_ZH = (
    "# 二甲双胍\n\n二甲双胍是2型糖尿病的一线用药。\n\n## 禁忌\n\n严重肾功能不全（eGFR低于30）和乳酸酸中毒患者禁用。\n"
)
OLD = "# Metformin (2012)\n\nMetformin is contraindicated when creatinine clearance is below 60 mL/min.\n"


def iri(name: str) -> str:
    return EX + name


def term(name: str) -> Term:
    return Term(iri(name))


def path(*steps: tuple[str, str, str], words: str = "") -> Path:
    return Path(
        tuple(Step(Triple(term(s), term(p), term(o), sources=("graph/drugs.ttl",))) for s, p, o in steps), 0.9, words
    )


def documents() -> dict[str, Document]:
    items = [
        Document("drugs/metformin.md", "Metformin", TEXT, "text/markdown", "en", validity=Validity(date(2024, 3, 1))),
        Document("drugs/二甲双胍.md", "二甲双胍", TEXT_ZH, "text/markdown", "zh"),
        Document(
            "archive/metformin-2012.md",
            "Metformin (2012)",
            OLD,
            "text/markdown",
            "en",
            validity=Validity(date(2012, 1, 1), date(2016, 4, 8), superseded_by="drugs/metformin.md"),
        ),
    ]
    return {item.id: item for item in items}


def quotation(document: Document, quote: str, score: float = 0.8, page: int | None = None) -> Evidence:
    start = document.text.index(quote)
    left = document.text.rfind("\n\n", 0, start) + 2 if "\n\n" in document.text[:start] else 0
    right = document.text.find("\n\n", start)
    right = len(document.text) if right < 0 else right
    passage = Passage(
        f"{document.id}:{left}", document.id, document.text[left:right], document.language, left, right,
        title=document.title, heading="Contraindications", page=page, validity=document.validity,
    )  # fmt: skip
    return Evidence("passage", score, passage, start, start + len(quote), quote)


def link(question: str, mention: str, name: str, score: float = 0.95, method: str = "exact") -> Link:
    at = question.casefold().find(mention.casefold())
    at = max(at, 0)
    return Link(at, at + len(mention), mention, iri(name), LABELS[name][0], score, method)


class FakeKnowledgeBase:
    """Answers a handful of questions; everything else is an abstention."""

    def __init__(self, folder: FilePath, name: str = "medical", pause: float = 0.0) -> None:
        self.name, self.title, self.languages = name, f"{name.title()} samples", ("en", "zh")
        self.folder, self.generation, self.pause = folder, "gen-000001", pause
        self._documents = documents()
        self.asked: list[tuple[str, Filters | None]] = []

    # --- asking ---

    def ask(self, question, *, filters=None, links=(), history=(), progress=None):
        if not question.strip():
            raise UsageError("the question is empty; type one")
        question = resolve(question, history).question
        for stage in ("understand", "link", "graph", "retrieve", "read", "decide"):
            if progress is not None:
                progress(stage)
            time.sleep(0.5 if question.startswith("slow") else self.pause)
        self.asked.append((question, filters))
        answer = self._answer(question, tuple(links))
        if filters is not None and filters.documents is not None:
            kept = tuple(e for e in answer.evidence if e.passage is None or e.passage.doc_id in filters.documents)
            answer = replace(answer, evidence=kept)
        return replace(
            answer,
            seconds={"link": 0.01, "graph": 0.02, "retrieve": 0.03, "read": 0.1},
            models={"encoder": "builtin-0a1b", "reader": "builtin-2c3d"},
            generation=self.generation,
        )

    def ask_many(self, questions, *, filters=None, progress=None):
        out = []
        for index, question in enumerate(questions):
            out.append(self.ask(question, filters=filters[index] if filters else None))
            if progress is not None:
                progress(index + 1)
        return out

    def _answer(self, question: str, links: tuple[Link, ...]) -> Answer:
        low = question.casefold()
        if "cold" in low:
            return self._ambiguous(question, links)
        if "禁" in question:
            return self._chinese(question)
        if "contraindicat" in low:
            return self._conflicted(question)
        if "treat" in low or "interact" in low:
            return self._listed(question)
        if "side effect" in low:
            return self._span(question)
        return self._none(question)

    def _none(self, question: str) -> Answer:
        return Answer(
            question, None, "none", 0.88, reason=Reason.NO_ENTITY,
            explanation="Nothing in the question is known to the graph, and no passage answers it.",
            alternatives=(Candidate("span", ("nausea",), ("",), "text", -1.2, ()),),
        )  # fmt: skip

    def _span(self, question: str) -> Answer:
        evidence = (quotation(self._documents["drugs/metformin.md"], "lactic acidosis is rare but serious", page=2),)
        return Answer(
            question, "lactic acidosis is rare but serious", "span", 0.71,
            items=("lactic acidosis is rare but serious",), iris=("",), evidence=evidence,
            links=(link(question, "metformin", "metformin"),),
        )  # fmt: skip

    def _listed(self, question: str) -> Answer:
        paths = [
            ("metformin", "treats", "type-2-diabetes"),
            ("aspirin", "interactsWith", "warfarin"),
            ("warfarin", "contraindicatedIn", "renal-impairment"),
        ]
        sparql = f"SELECT ?x WHERE {{ ?x <{iri('treats')}> <{iri('type-2-diabetes')}> }}"
        evidence = tuple(
            Evidence("path", 0.9, path=path(p, words=" ".join(LABELS[w][0] for w in p)), sparql=sparql) for p in paths
        )
        return Answer(
            question, "metformin, warfarin, aspirin", "entities", 0.94, items=("metformin", "warfarin", "aspirin"),
            iris=(iri("metformin"), iri("warfarin"), iri("aspirin")), complete=True, evidence=evidence,
            links=(link(question, "type 2 diabetes", "type-2-diabetes"),),
        )  # fmt: skip

    def _conflicted(self, question: str) -> Answer:
        new = quotation(self._documents["drugs/metformin.md"], "severe renal impairment (eGFR below 30 mL/min)", page=1)
        old = quotation(self._documents["archive/metformin-2012.md"], "creatinine clearance is below 60 mL/min")
        walk = Evidence(
            "path", 0.85, path=path(("metformin", "contraindicatedIn", "renal-impairment"), words="metformin is contraindicated in severe renal impairment"),
            sparql=f"SELECT ?x WHERE {{ <{iri('metformin')}> <{iri('contraindicatedIn')}> ?x }}",
        )  # fmt: skip
        return Answer(
            question, "severe renal impairment", "entities", 0.83, items=("severe renal impairment",),
            iris=(iri("renal-impairment"),), complete=False, evidence=(new, walk, old),
            conflicts=(Conflict("limit of kidney function", new, old, "eGFR below 30 mL/min", "creatinine clearance below 60 mL/min"),),
            links=(link(question, "metformin", "metformin"),),
            alternatives=(Candidate("entities", ("lactic acidosis",), (iri("lactic-acidosis"),), "text", 0.3, ()),),
        )  # fmt: skip

    def _chinese(self, question: str) -> Answer:
        evidence = (quotation(self._documents["drugs/二甲双胍.md"], "严重肾功能不全（eGFR低于30）"),)
        return Answer(
            question, "严重肾功能不全", "entities", 0.9, items=("严重肾功能不全",), iris=(iri("renal-impairment"),),
            complete=True, language="zh", evidence=evidence,
            links=(replace(link(question, "二甲双胍", "metformin"), label="二甲双胍"),),
        )  # fmt: skip

    def _ambiguous(self, question: str, links: tuple[Link, ...]) -> Answer:
        offered = (link(question, "cold", "cold-common", 0.55), link(question, "cold", "cold-temp", 0.45, "alias"))
        if links:
            chosen = links[0]
            return Answer(
                question,
                chosen.label,
                "entities",
                0.8,
                items=(chosen.label,),
                iris=(chosen.entity,),
                links=tuple(links),
            )
        return replace(self._none(question), links=offered, reason=Reason.READER_UNSURE)

    def attribution(self, answer, citation=1, *, side="passage"):
        passage = [e.passage for e in answer.evidence if e.passage is not None][citation - 1]
        text, first = (answer.question, 0) if side == "question" else (passage.text, passage.start)
        return tuple(
            (m[0], m.start() + first, m.end() + first, 1.0 / (1 + n)) for n, m in enumerate(re.finditer(r"\w+", text))
        )

    # --- looking ---

    def search(self, query, k=10, *, mode="rerank", filters=None):
        hits = [
            Hit(quotation(document, document.text[:20]).passage, 1.0)
            for document in self._documents.values()
            if query.casefold() in document.text.casefold()
        ]
        return hits[:k]

    def label(self, iri, language="en", filters=None):
        name = iri.rsplit("/", 1)[-1]
        return LABELS[name][language == "zh"] if name in LABELS else name

    def entity(self, name_or_iri, language="en", *, filters=None):
        name = name_or_iri.rsplit("/", 1)[-1]
        name = next((key for key, labels in LABELS.items() if name in (key, *labels)), name)
        if name not in LABELS:
            raise UsageError(f"no entity is called {name_or_iri!r}; try kgqa search")
        about = Triple(term(name), term("contraindicatedIn"), term("renal-impairment"), sources=("graph/drugs.ttl",))
        return Entity(
            iri(name), self.label(iri(name), language), synonyms=LABELS[name], types=("drug",),
            definition="An oral medicine that lowers blood glucose.",
            outgoing=(("is contraindicated in", "severe renal impairment", about),),
            missing=("has ATC code", "has pregnancy category"),
        )  # fmt: skip

    def sparql(self, query, *, limit=1000, filters=None):
        if "SERVICE" in query.upper():
            raise QueryError("SERVICE is not allowed; ask this knowledge base only")
        if query.lstrip().upper().startswith("ASK"):
            return True
        if "SELECT" not in query.upper():
            raise QueryError("line 1: expected SELECT or ASK")
        return SimpleNamespace(
            columns=("x",), rows=((term("metformin"),), (Term("<b>bold</b>", "literal"),)), complete=True
        )

    def document(self, doc_id):
        try:
            return self._documents[doc_id]
        except KeyError:
            raise UsageError(f"no document {doc_id!r}; see kb.documents()") from None

    def documents(self, filters=None):
        return [(one.id, one.title) for one in self._documents.values() if filters is None or filters.sees(one.access)]

    def permitted(self, answer, filters):
        def shown(doc_id):
            return doc_id not in self._documents or filters.sees(self._documents[doc_id].access)

        return permitted(answer, shown, None)

    # --- changing ---

    def add(self, *sources, progress=None):
        problems = []
        for source in map(FilePath, sources):
            if source.name in self._documents:
                raise UsageError(f"{source.name}: is there already; remove it first")
            text = source.read_bytes().decode(errors="replace")
            if not text.strip():
                problems.append((source.name, "no text in it"))
                continue
            self._documents[source.name] = Document(source.name, source.stem, text, "text/plain", "en")
        return self._report(problems)

    def remove(self, *doc_ids, progress=None):
        for doc_id in doc_ids:
            self.document(doc_id)
            del self._documents[doc_id]
        return self._report([])

    def _report(self, problems):
        self.generation = f"gen-{int(self.generation[4:]) + 1:06}"
        return SimpleNamespace(
            documents=len(self._documents), passages=5, encoded=1, reused=4, problems=tuple(problems), seconds=0.1,
            generation=self.generation,
        )  # fmt: skip

    def reopen(self):
        self._report([])

    def verify_erasure(self, doc_id):
        return [f"passage of {doc_id}"] if doc_id in self._documents else []

    def examples(self, filters=None):
        return [
            "Which drugs treat type 2 diabetes?",
            "When is metformin contraindicated?",
            "二甲双胍的禁忌症是什么？",
            "What are the side effects of metformin?",
        ]

    def stats(self, filters=None):
        return {
            "documents": len(self._documents), "passages": 6, "triples": 1520, "entities": 310, "relations": 14,
            "languages": {"en": 2, "zh": 1}, "built": "2026-11-22T10:00:00",
        }  # fmt: skip
