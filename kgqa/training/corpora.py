"""Public data sets as training groups for the built-in reranker and encoder.

Each set is split by a hash of its own ids into a half for training and a half for reporting, so that nothing is trained
on what it is reported on. See the models' cards for the sets, their licences and the shares.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
import re
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from kgqa.evaluation.squad import Example
from kgqa.language import sentences
from kgqa.training.mining import Group, Miner, hard_negatives

CHUNK = 900
"""Characters that a passage of a long text has, about."""


def trained(id: str) -> bool:
    """Tell whether an item belongs to the half that is trained on; the other half is for reporting."""
    return zlib.crc32(id.encode()) % 2 == 0


def chunks(text: str, size: int = CHUNK) -> list[str]:
    """Cut a text at sentence ends into pieces of about ``size`` characters."""
    out: list[str] = []
    begin = None
    for start, end in sentences(text):
        if begin is not None and end - begin > size:
            out.append(text[begin:start].strip())
            begin = None
        begin = start if begin is None else begin
    if begin is not None:
        out.append(text[begin:].strip())
    return out


def squad_groups(examples: Sequence[Example], count: int, negatives: int, rng: random.Random) -> list[Group]:
    """Questions of SQuAD files against the paragraphs of all their articles."""
    answered = [e for e in examples if e.answers]
    miner = Miner(sorted({e.context for e in examples}))
    chosen = rng.sample(answered, min(count, len(answered)))
    found = miner.similar([e.question for e in chosen], 20)
    return [
        Group(
            e.question,
            e.context,
            hard_negatives(
                e.question, [miner.texts[i] for i in row], [e.context, *(text for _, text in e.answers)], negatives, rng
            ),
        )
        for e, row in zip(chosen, found, strict=True)
    ]


def medquad_groups(path: Path, count: int, negatives: int, rng: random.Random) -> list[Group]:
    """MedQuAD questions against answer sections: those of the same topic, and similar ones of other topics."""
    rows = [row for row in _medquad(path) if trained(row[0])]
    texts = [f"{focus}. {text}" if rng.random() < 0.5 else text for _, focus, _, text in rows]
    miner = Miner(texts)
    numbers = rng.sample(range(len(rows)), min(count, len(rows)))
    same: dict[str, list[int]] = {}
    for number, row in enumerate(rows):
        same.setdefault(row[1], []).append(number)
    found = miner.similar([rows[n][2] for n in numbers], 12)
    out = []
    for number, near in zip(numbers, found, strict=True):
        _, focus, question, _ = rows[number]
        sisters = [n for n in same[focus] if rows[n][2] != question]
        ranked = rng.sample(sisters, min(2, len(sisters))) + [n for n in near if rows[n][2] != question]
        candidates = [texts[n] for n in dict.fromkeys(ranked)]
        out.append(
            Group(question, texts[number], hard_negatives(question, candidates, [texts[number]], negatives, rng))
        )
    return out


def _medquad(path: Path) -> Iterator[tuple[str, str, str, str]]:
    with tarfile.open(path) as archive:
        for member in archive:
            source = archive.extractfile(member) if member.name.endswith(".xml") else None
            if source is None:
                continue
            root = ElementTree.fromstring(source.read())
            focus = (root.findtext("Focus") or "").strip()
            for pair in root.iter("QAPair"):
                question = re.sub(r"\s+", " ", (pair.findtext("Question") or "").replace("(are) ", "")).strip()
                answer = re.sub(r"[ \t]+", " ", pair.findtext("Answer") or "").strip()
                if question and len(answer) > 40:
                    yield str(root.get("id")), focus, question.replace(" ?", "?"), chunks(answer)[0]


def snippet_groups(bioasq: Path, pubmedqa: Path, negatives: int, rng: random.Random) -> list[Group]:
    """BioASQ questions against snippets and PubMedQA questions against abstracts; negatives answer others."""
    pairs = []
    for item in _json(bioasq)["questions"]:
        if not bioasq_held(item["id"]):
            texts = list(dict.fromkeys(s["text"] for s in item["snippets"]))
            pairs += [(item["id"], item["body"], text) for text in rng.sample(texts, min(3, len(texts)))]
    for id, item in _json(pubmedqa).items():
        pairs += [(id, item["QUESTION"], text) for text in rng.sample(item["CONTEXTS"], 1)]
    miner = Miner([text for _, _, text in pairs])
    found = miner.similar([question for _, question, _ in pairs], 25)
    out = []
    for (id, question, text), row in zip(pairs, found, strict=True):
        others = [pairs[n][2] for n in row if pairs[n][0] != id]
        out.append(Group(question, text, hard_negatives(question, others, [text], negatives, rng)))
    return out


def bioasq_held(id: str) -> bool:
    """Tell whether a BioASQ question is held out: a quarter, by the last digit of its id."""
    return int(id[-1], 16) % 4 == 0


def bioasq_examples(path: Path, *, held: bool) -> list[Example]:
    """Return BioASQ's factoid questions over their snippets, those that hold an exact answer, in SQuAD's form.

    :param held: the held-out quarter instead of the rest.
    """
    out = []
    for item in _json(path)["questions"]:
        if item["type"] != "factoid" or bioasq_held(item["id"]) is not held:
            continue
        accepted = [a for given in item["exact_answer"] for a in (given if isinstance(given, list) else [given])]
        for number, snippet in enumerate(item["snippets"][:6]):
            text = snippet["text"]
            found = [
                (text.lower().find(a.lower()), len(a)) for a in accepted if len(a) > 1 and a.lower() in text.lower()
            ]
            if found:
                at, size = min(found)
                answer = ((at, text[at : at + size]),)
                out.append(Example(f"{item['id']}-{number}", item["body"], text, answer, item["id"]))
    return out


def beir_groups(folder: Path, negatives: int, passes: int, rng: random.Random) -> list[Group]:
    """Queries of a BEIR folder with the judgments of ``qrels/train.tsv``, the half that is trained on."""
    corpus = {
        row["_id"]: " ".join((row.get("title", ""), row["text"])).strip() for row in _lines(folder / "corpus.jsonl")
    }
    queries = {row["_id"]: row["text"] for row in _lines(folder / "queries.jsonl")}
    judged: dict[str, list[str]] = {}
    for line in (folder / "qrels" / "train.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, grade = line.split("\t")
        if int(grade) > 0 and trained(query):
            judged.setdefault(query, []).append(document)
    ids = list(corpus)
    miner = Miner([corpus[id] for id in ids])
    asked = sorted(judged)
    found = miner.similar([queries[query] for query in asked], 40)
    out = []
    for query, row in zip(asked, found, strict=True):
        others = [corpus[ids[n]] for n in row if ids[n] not in judged[query]]
        for _ in range(passes):
            positive = corpus[rng.choice(judged[query])]
            out.append(Group(queries[query], positive, tuple(rng.sample(others, min(negatives, len(others))))))
    return out


def title_groups(folder: Path, count: int, negatives: int, rng: random.Random) -> list[Group]:
    """Titles of a BEIR corpus as questions to their own abstracts: no judgment is needed for them."""
    rows = [(row["title"], row["text"]) for row in _lines(folder / "corpus.jsonl") if len(row.get("title", "")) > 20]
    chosen = rng.sample(rows, min(count, len(rows)))
    miner = Miner([text for _, text in rows])
    found = miner.similar([title for title, _ in chosen], 20)
    return [
        Group(title, text, hard_negatives(title, [miner.texts[n] for n in near], [text], negatives, rng))
        for (title, text), near in zip(chosen, found, strict=True)
    ]


CLAUSES = {
    "Audit Rights": ("audits", "the right to inspect books and records"),
    "Cap On Liability": (
        "the cap on liability",
        "limits of liability",
        "how much one party can owe the other for damages",
    ),
    "Uncapped Liability": ("unlimited liability", "what liability is not limited"),
    "Anti-Assignment": ("assignment of the agreement", "transferring the contract to somebody else"),
    "Termination For Convenience": ("termination for convenience", "ending the contract without cause"),
    "License Grant": ("the license that is granted", "rights to use intellectual property"),
    "Non-Compete": ("non-competition", "competing with the other party"),
    "Exclusivity": ("exclusivity", "exclusive dealing"),
    "No-Solicit Of Employees": ("hiring away employees", "non-solicitation of employees"),
    "No-Solicit Of Customers": ("non-solicitation of customers", "approaching customers of the other party"),
    "Change Of Control": ("a change of control", "a merger or sale of one of the parties"),
    "Revenue/Profit Sharing": ("revenue or profit sharing", "royalties and shares of income"),
    "Minimum Commitment": ("minimum commitments", "the minimum quantity to be ordered"),
    "Volume Restriction": ("volume restrictions", "limits on quantity"),
    "Price Restrictions": ("price restrictions", "changes of prices"),
    "Ip Ownership Assignment": ("ownership of intellectual property", "who owns what is developed"),
    "Joint Ip Ownership": ("jointly owned intellectual property",),
    "Non-Transferable License": ("whether the license can be transferred",),
    "Irrevocable Or Perpetual License": ("perpetual or irrevocable licenses",),
    "Source Code Escrow": ("source code escrow",),
    "Post-Termination Services": (
        "what happens after termination",
        "obligations that go on after the end of the contract",
    ),
    "Liquidated Damages": ("liquidated damages", "fixed penalties for breach"),
    "Warranty Duration": ("how long the warranty lasts",),
    "Insurance": ("insurance", "which insurance must be kept"),
    "Covenant Not To Sue": ("covenants not to sue", "contesting the other party's rights"),
    "Third Party Beneficiary": ("third party beneficiaries",),
    "Most Favored Nation": ("most favored customer terms",),
    "Rofr/Rofo/Rofn": ("rights of first refusal", "rights of first offer or negotiation"),
    "Non-Disparagement": ("non-disparagement",),
    "Governing Law": ("the governing law", "which law applies"),
    "Expiration Date": ("when the contract ends", "the term of the agreement"),
    "Renewal Term": ("renewal of the contract", "automatic extension"),
    "Notice Period To Terminate Renewal": ("the notice needed to stop renewal",),
    "Effective Date": ("when the agreement takes effect",),
}
"""Clause types of CUAD and ways to name what they are about."""

ASKED = (
    "What does the contract say about {}?",
    "Which clause deals with {}?",
    "Is there a provision on {}?",
    "{}",
    "What have the parties agreed on regarding {}?",
    "Show me the section about {}.",
)


def clause_groups(contracts: Path, clauses: Path, count: int, negatives: int, rng: random.Random) -> list[Group]:
    """Questions about clauses against sentences and passages of contracts, of the training half only.

    One negative in three is the nearest part of a contract that has no such clause: what a reader sees who asks for it in vain.
    """
    texts = contract_texts(contracts)
    jobs: list[tuple[str, str, list[str], str]] = []
    without: dict[str, list[str]] = {}
    with gzip.open(clauses, "rt", encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            text = texts.get(contract_key(row["Filename"]))
            if text is None or not trained(contract_key(row["Filename"])):
                continue
            for name, ways in CLAUSES.items():
                marked = re.findall(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", row[name])
                gold = [(a or b).strip() for a, b in marked if len(a or b) > 25]
                if gold:
                    jobs += [(name, rng.choice(ASKED).format(way), gold, text) for way in ways]
                elif not marked:
                    without.setdefault(name, []).append(text)
    rng.shuffle(jobs)
    out: list[Group] = []
    for name, question, gold, text in jobs:
        if len(out) >= count:
            break
        vain = rng.choice(without[name]) if without.get(name) and rng.random() < 0.7 else ""
        out += _clause(question, gold, text, vain, negatives, rng)
    return out


def _clause(question: str, gold: list[str], text: str, vain: str, negatives: int, rng: random.Random) -> list[Group]:
    short = rng.random() < 0.5  # sentences for quoting, passages for retrieving
    parts = _parts(text, short)
    keys = [_squeeze(g)[:80] for g in gold]
    hits = [
        p for p in parts if any(k in _squeeze(p) or (short and _squeeze(p) in _squeeze(" ".join(gold))) for k in keys)
    ]
    others = [p for p in parts if p not in hits]
    elsewhere = _parts(vain, short) if vain else []
    if not hits or len(others) < negatives + 1:
        return []
    near = [others[n] for n in Miner(others).similar([question + " " + hits[0]], negatives * 2)[0]]
    chosen = rng.sample(near, min(len(near), negatives - 1)) + rng.sample(others, 1)
    if elsewhere:
        chosen[0] = elsewhere[rng.choice(Miner(elsewhere).similar([question + " " + hits[0]], 2)[0])]
    return [Group(question, rng.choice(hits), tuple(dict.fromkeys(chosen)))]


def _parts(text: str, short: bool) -> list[str]:
    return [text[a:b] for a, b in sentences(text) if b - a > 40] if short else chunks(text)


def contract_texts(path: Path) -> dict[str, str]:
    """Return the contracts of CUAD's archive, each by :func:`contract_key` of its name."""
    with tarfile.open(path) as archive:
        found = {}
        for member in archive:
            source = archive.extractfile(member) if member.name.endswith(".txt") else None
            if source is not None:
                found[contract_key(Path(member.name).name)] = source.read().decode("utf-8", "replace")
        return found


def contract_key(name: str) -> str:
    """Return the form of a contract's file name in which archive and table agree."""
    return re.sub(r"\W+", "", Path(name).stem).lower()


def _squeeze(text: str) -> str:
    return re.sub(r"\W+", "", text).lower()


def _json(path: Path) -> Any:
    with gzip.open(path, "rt", encoding="utf-8") as source:
        return json.load(source)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as source:
        for line in source:
            yield json.loads(line)
