"""Questions about clauses of contracts with what is near them there, and the exam on contracts that were not trained on."""

from __future__ import annotations

import csv
import gzip
import random
import tarfile

import pytest

from kgqa.models.making import make_encoder, make_reranker
from kgqa.training.clauses import NEAR, RUN, answers, clause_groups, contracts, runs, topics, touches
from kgqa.training.corpora import CLAUSES, contract_key, trained
from kgqa.training.reranker_further import exam

AUDIT = "The buyer may audit the books and records of the seller once in every calendar year on written notice."
CAP = "The liability of either party under this agreement is limited to the fees that were paid in the last year."
FILLER = tuple(
    f"The {thing} is described in schedule {number} and is delivered to the {place} in {month} of each year."
    for number, (thing, place, month) in enumerate(
        (a, b, c) for a in ("pump", "valve", "meter") for b in ("yard", "quay") for c in ("May", "June", "July")
    )
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder like CUAD's: sixteen contracts, each with a clause on audits, or on the cap on liability, or both."""
    folder = tmp_path_factory.mktemp("cuad")
    (folder / "legal").mkdir()
    kinds = [column for column in csv_columns() if column != "Filename"]
    rows = []
    with tarfile.open(folder / "legal/cuad-contracts.tar.xz", "w:xz") as archive:
        for number in range(16):
            own = [clause for clause, has in ((AUDIT, number % 3), (CAP, number % 2)) if has]
            text = " ".join([*FILLER[:9], *own, *FILLER[9:]])
            path = folder / f"Contract {number}.txt"
            path.write_text(text, encoding="utf-8")
            archive.add(path, f"documents/{path.name}")
            marked = {"Audit Rights": AUDIT, "Cap On Liability": CAP}
            cells = [f"['{marked[k]}']" if marked.get(k) in own else "[]" for k in kinds]
            rows.append([f"Contract {number}.pdf", *cells])
    with gzip.open(folder / "legal/cuad-clauses.csv.gz", "wt", encoding="utf-8", newline="") as sink:
        csv.writer(sink).writerows([["Filename", *kinds], *rows])
    return folder


def csv_columns() -> list[str]:
    from kgqa.training import clauses

    return ["Filename", *dict.fromkeys([*CLAUSES, *clauses._NAMES])]


def test_a_run_is_as_long_as_a_quotation_and_a_clause_is_found_in_it() -> None:
    found = list(runs(" ".join([*FILLER[:4], AUDIT, *FILLER[4:6]])))
    assert all(len(run) <= RUN for run in found)
    assert any(answers(run, ("thebuyermayaudit" + "x" * 200,)) for run in found) is False
    from kgqa.training.clauses import squeezed

    gold = (squeezed(AUDIT),)
    assert any(answers(run, gold) for run in found) and not answers(FILLER[0], gold)
    assert touches(AUDIT[:60], gold) and not touches(FILLER[1], gold)


def test_the_halves_of_the_contracts_are_apart(data) -> None:
    one, other = ([contract.name for contract in contracts(data, held)] for held in (False, True))
    assert one and other and not set(one) & set(other)
    assert all(map(trained, one)) and not any(map(trained, other))
    assert len(one) + len(other) == 16 and contract_key("Contract 3.pdf") in one + other


def test_groups_ask_for_a_topic_and_hold_what_is_near_and_does_not_answer(data) -> None:
    found = list(contracts(data, held=False))
    groups = clause_groups(found, make_encoder(), 2, random.Random(3), rounds=3)
    assert groups
    names = [*topics("Audit Rights"), *topics("Cap On Liability")]
    for group in groups:
        asked_audit = any(topic in group.question for topic in topics("Audit Rights"))
        assert any(topic in group.question for topic in names)
        assert (AUDIT if asked_audit else CAP)[:40] in group.positive
        assert not any((AUDIT if asked_audit else CAP)[:40] in text for text in group.negatives)


def test_the_exam_tells_a_reranker_from_a_bad_one(data) -> None:
    encoder, reranker = make_encoder(), make_reranker("builtin")
    good = exam(data, reranker, encoder)
    assert good["runs, first"] >= 0.8 and good["exists"] >= 0.6 and 1 <= good["n"] <= 16

    class Backwards:
        """Gives what the built-in one likes least the best score."""

        def rerank(self, questions, hits):
            from dataclasses import replace

            rows = reranker.rerank(questions, hits)
            return [[replace(hit, parts={**hit.parts, "rerank": -hit.parts["rerank"]}) for hit in row] for row in rows]

    bad = exam(data, Backwards(), encoder)
    assert bad["runs, first"] < good["runs, first"] and bad["exists"] < good["exists"]
    assert NEAR >= 2
