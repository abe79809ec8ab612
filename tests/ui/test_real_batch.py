"""The batch page over the sample contracts in a real browser: clauses by document in each format, bad rows, stopping, typed lines."""

import csv
import io
import json
import re

import openpyxl
import pytest
from visiting import AXE, CHROMIUM

import kgqa

pytest.importorskip("playwright.sync_api")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
LAW, NOTICE = "Which law governs this agreement?", "How much notice is needed to end it?"
FORMULA = "=1+1 is a cell that a spreadsheet runs; which law governs?"
CONTRACTS = {
    "contracts/component-supply-orrin-valmont.docx": "German",
    "contracts/consulting-ferrow-bramwell.pdf": "Singapore",
    "contracts/mutual-nda-harlow-pinecrest.md": "",
}


@pytest.fixture(scope="module")
def address(real):
    return real[1]


@pytest.fixture(scope="module")
def contracts(real):
    """The texts of the contracts that are asked."""
    base = kgqa.open(real[0] / "kb" / "legal")
    yield {name: base.document(name).text for name in CONTRACTS}
    base.close()


@pytest.fixture
def at(visit):
    """The batch page of the contracts."""
    at = visit().ready()
    at.tab("Knowledge base")
    at.page.locator("#bases [data-act=base]", has_text="Contracts").click()
    at.page.locator("#kb-figures h2", has_text="Contracts").wait_for()
    at.tab("Batch")
    return at


def choose(at, *names):
    at.page.get_by_label("Ask each question of each document").check()
    for name in names:
        at.page.get_by_label("Documents for that").click()
        at.page.get_by_label("Documents for that").fill(name)
        at.page.get_by_role("option", name=name).first.click()
    at.page.keyboard.press("Escape")


def answered(at, kind, told):
    """Run, and return the files that are offered by the end of their names."""
    at.page.get_by_label(kind, exact=True).check()
    at.page.click("#batch-run")
    at.page.locator("#batch-stop").wait_for()
    at.page.locator("#batch-told .ok", has_text=told).wait_for()
    links = at.page.locator(f"#batch-results a[href$='.{kind}']")
    links.first.wait_for()
    offered = {link.get_attribute("href") for link in at.page.locator("#batch-results a[href]").all()}
    return {href.rsplit(".", 1)[1]: at.page.request.get(href).body() for href in offered}


def holds(citation, text):
    """Tell whether a citation names its place, and the document says there what is quoted."""
    found = re.search(r"\[(\d+):(\d+)\] “(.+)”", citation)
    start, end = int(found[1]), int(found[2])
    return " ".join(text[start:end].split()) == found[3]


def test_clauses_by_contract_are_read_on_the_page_and_in_each_format(at, tmp_path, contracts):
    file = tmp_path / "clauses.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([["question"], [LAW], [NOTICE], [FORMULA]])
    at.put("#batch-file", file)
    choose(at, *CONTRACTS)
    found = answered(at, "csv", "0 bad rows")
    rows = list(csv.DictReader(io.StringIO(found["csv"].decode("utf-8-sig"))))
    assert [row["documents"] for row in rows] == list(CONTRACTS)
    assert all(row["title"] for row in rows)
    assert f"'{FORMULA}" in rows[0] and FORMULA not in rows[0], "a spreadsheet shows the question and does not run it"
    for row in rows:
        assert CONTRACTS[row["documents"]] in row[LAW] and row[LAW] != "not found"
        cited = row[f"{LAW} · citation"]
        assert cited.startswith("[1] graph: ") or holds(cited, contracts[row["documents"]])
    heads = at.page.locator("#batch-answers thead th").all_inner_texts()
    assert heads[1:] == [LAW, NOTICE, FORMULA], "one column for each question"
    lines = at.page.locator("#batch-answers tbody tr")
    assert lines.count() == len(CONTRACTS)
    for number, row in enumerate(rows):
        shown = lines.nth(number).inner_text()
        assert row["documents"] in shown and row[LAW] in shown and f"{float(row[f'{LAW} · confidence']):.0%}" in shown
    lines.nth(1).get_by_role("button", name=re.compile("page|Open")).first.click()
    at.page.locator("#batch-opened .document-text mark").first.wait_for()
    assert at.page.locator("#batch-opened h3").inner_text().startswith("Consulting Agreement")
    assert at.page.locator("#batch-opened .page-picture img").count() == 1, "of a PDF the page as printed"
    assert not AXE.exists() or at.hindrances() == []
    part = found["html"].decode().partition("least certain first")[2].partition("<h2>")[0]
    sure = [int(n) for n in re.findall(r'data-name="Confidence">(\d+)%', part)]
    assert len(sure) >= len(CONTRACTS) and sure == sorted(sure)

    book = openpyxl.load_workbook(io.BytesIO(answered(at, "xlsx", "0 bad rows")["xlsx"]))
    assert book.sheetnames == ["matrix", "answers"]
    table = [[cell.value for cell in row] for row in book["matrix"].iter_rows()]
    assert [line[0] for line in table[1:]] == list(CONTRACTS) and table[1][2] == rows[0][LAW]
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)

    lines = [json.loads(line) for line in answered(at, "jsonl", "0 bad rows")["jsonl"].splitlines()]
    assert len(lines) == 3 * len(CONTRACTS) and {one["question"] for one in lines} == {LAW, NOTICE, FORMULA}
    quoted = [one for one in lines if one["quote"]]
    assert quoted and all(contracts[one["document"]][one["start"] : one["end"]] == one["quote"] for one in quoted)
    assert all(one["document"] == one["documents"] for one in quoted), "a cell quotes its own contract"
    paged = [one for one in quoted if one["document"].endswith(".pdf")]
    assert all(one["page"] >= 1 for one in paged)
    at.check()


def test_typed_questions_are_asked_of_a_whole_folder(at):
    at.page.get_by_label("or type them, one a line").fill("本合同适用哪国法律？")
    choose(at, "documents in contracts/zh")
    found = answered(at, "csv", "0 bad rows")
    rows = list(csv.DictReader(io.StringIO(found["csv"].decode("utf-8-sig"))))
    assert len(rows) == 8 and all(row["documents"].startswith("contracts/zh/") for row in rows)
    assert sum("中华人民共和国" in row["本合同适用哪国法律？"] for row in rows) >= 5
    assert at.page.locator("#batch-answers tbody tr").count() == 8
    at.check()


def test_a_bad_row_is_told_and_the_rest_is_answered(at, tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text(
        "question,documents,as_of\n"
        f"{LAW},contracts/consulting-ferrow-bramwell.pdf,\n"
        f"{LAW},contracts/no-such-contract.md,\n"
        f"{LAW},,31/12/2020\n"
        "Who is the landlord under the 2019 Quayside lease?,,\n",
        encoding="utf-8",
    )
    at.put("#batch-file", file)
    found = answered(at, "jsonl", "2 answered, 0 without an answer, 2 bad rows")
    told = at.page.locator("#batch-told li").all_inner_texts()
    assert told[0].startswith("2: ") and "no-such-contract" in told[0] and told[1].startswith("3: ")
    lines = [json.loads(line) for line in found["jsonl"].splitlines()]
    assert [bool(one["error"]) for one in lines] == [False, True, True, False]
    assert "Singapore" in lines[0]["answer"] and "Meridian" in lines[3]["answer"]
    assert "Rows that could not be asked (2)" in found["html"].decode()
    shown = at.page.locator("#batch-answers tbody tr")
    assert shown.count() == 2 and "page" in at.page.locator("#batch-answers", has_text="Singapore").inner_text()
    at.check()


def test_a_stopped_matrix_goes_on_where_it_was(at, tmp_path):
    file = tmp_path / "many.txt"
    file.write_text("\n".join(f"{LAW[:-1]} (asked {n})?" for n in range(8)), encoding="utf-8")
    at.put("#batch-file", file)
    at.page.get_by_label("csv", exact=True).check()
    choose(at, "documents in contracts (")
    at.page.click("#batch-run")
    at.page.wait_for_function("document.querySelector('#batch-told progress')?.value >= 4")
    at.page.click("#batch-stop")
    at.page.locator("#batch-told", has_text="Stopped").wait_for()
    assert at.page.locator("#batch-answers table").count() == 0
    at.page.click("#batch-run")
    at.page.locator("#batch-told progress").wait_for()
    kept = int(at.page.locator("#batch-told progress").get_attribute("value"))
    at.page.click("#batch-stop")
    at.page.locator("#batch-told", has_text="Stopped").wait_for()
    assert kept >= 4
    at.check()
