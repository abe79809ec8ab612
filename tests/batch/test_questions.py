"""Questions are read from every format; a bad row says why and the others stay."""

import json
from datetime import date

import pytest
from openpyxl import Workbook

from kgqa.batch.questions import matrix, read_questions
from kgqa.errors import UsageError


def test_csv_with_optional_columns_in_any_encoding(tmp_path):
    lines = (
        "id,question,documents,as_of,language,Client\n"
        "7,二甲双胍的禁忌症？,a.md;b.md,2024-03-01,zh,Muller\n8,What is gout?,,,,\n"
    )
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "gb18030"):
        file = tmp_path / f"{encoding}.csv"
        file.write_bytes(lines.encode(encoding))
        first, second = read_questions(file)
        assert (first.id, first.question) == ("7", "二甲双胍的禁忌症？")
        assert first.filters.documents == {"a.md", "b.md"}
        assert first.filters.as_of == date(2024, 3, 1)
        assert first.filters.language == "zh"
        assert dict(first.extra) == {"Client": "Muller"}
        assert second.filters.documents is None


def test_semicolons_tabs_and_quoted_line_breaks(tmp_path):
    file = tmp_path / "q.csv"
    file.write_text('question;id\n"What; is\nthis?";1\n', encoding="utf-8")
    assert read_questions(file)[0].question == "What; is\nthis?"
    tabbed = tmp_path / "q.tsv"
    tabbed.write_text("id\t问题\n1\t什么是痛风？\n", encoding="utf-8")
    assert read_questions(tabbed)[0].question == "什么是痛风？"


def test_a_csv_without_a_header_is_a_column_of_questions(tmp_path):
    file = tmp_path / "q.csv"
    file.write_text("What is gout?\nWhat is asthma?\n", encoding="utf-8")
    assert [row.question for row in read_questions(file)] == ["What is gout?", "What is asthma?"]


def test_xlsx_with_dates_and_blank_rows(tmp_path):
    book = Workbook()
    for line in (
        [None, None],
        ["question", "as_of"],
        ["What is 𝄞?", date(2020, 5, 4)],
        [None, None],
        ["And this?", "2021-01-02"],
    ):
        book.active.append(line)
    book.save(tmp_path / "q.xlsx")
    rows = read_questions(tmp_path / "q.xlsx")
    assert [(row.question, row.filters.as_of) for row in rows] == [
        ("What is 𝄞?", date(2020, 5, 4)),
        ("And this?", date(2021, 1, 2)),
    ]


def test_text_and_jsonl(tmp_path):
    text = tmp_path / "q.txt"
    text.write_text("What is gout?\n\n什么是哮喘？\n", encoding="utf-8")
    assert [row.question for row in read_questions(text)] == ["What is gout?", "什么是哮喘？"]
    lines = tmp_path / "q.jsonl"
    lines.write_text(
        '"What is gout?"\n{"question": "x?", "documents": ["a.md"]}\n{broken\n[1]\n'
        + json.dumps({"question": ""})
        + "\n",
        encoding="utf-8",
    )
    rows = read_questions(lines)
    assert [row.question for row in rows[:2]] == ["What is gout?", "x?"]
    assert rows[1].filters.documents == {"a.md"}
    assert rows[2].fault.startswith("not JSON") and "object or a text" in rows[3].fault


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ('{"question": "", "id": "3"}', "empty"),
        (json.dumps({"question": "x" * 5000}), "5,000 characters"),
        ('{"question": "x?", "as_of": "soon"}', "no date"),
        ('{"question": "x?", "documents": "gone.md"}', "no document 'gone.md'"),
        ('{"question": "x?", "as_of": "01/02/2020"}', "no date"),
        ('{"question": "x?", "as_of": "2020-02-30"}', "no date"),
        ('{"question": "x?", "as_of": "2020-01-01xyz"}', "no date"),
        ('{"question": "x?", "language": "klingon"}', "no language"),
        ('{"question": ["x?"]}', "list, not a text"),
        ('{"question": "a\\u0000b"}', "NUL"),
    ],
)
def test_a_bad_row_says_why(tmp_path, cell, why):
    file = tmp_path / "q.jsonl"
    file.write_text(cell + "\n" + '"What is gout?"', encoding="utf-8")
    bad, good = read_questions(file, known={"a.md"})
    assert why in bad.fault
    assert good.fault == ""


def test_ragged_and_oversized_csv_rows_are_bad_rows_of_their_own(tmp_path):
    file = tmp_path / "q.csv"
    file.write_text(
        'id,question\n1,What is gout?,and,more\n2,"' + "x" * 140_000 + '"\n3,What is asthma?\n', encoding="utf-8"
    )
    rows = read_questions(file)
    assert "4 cells" in rows[0].fault
    assert rows[1].fault == "the question has 140,000 characters; 4,000 are the most"
    assert (rows[-1].question, rows[-1].fault) == ("What is asthma?", "")


@pytest.mark.parametrize(
    ("name", "content"), [("q.pdf", b"%PDF"), ("q.csv", b"\n\n"), ("q.xlsx", b"not a zip"), ("gone.txt", None)]
)
def test_a_file_that_is_no_list_of_questions_is_refused(tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError):
        read_questions(tmp_path / name)


def test_a_matrix_asks_each_question_of_each_document(tmp_path):
    file = tmp_path / "q.txt"
    file.write_text("Governing law?\nNotice period?\n", encoding="utf-8")
    rows = matrix(read_questions(file), ["a.txt", "b.txt"])
    assert [(row.number, row.document, row.question) for row in rows] == [
        (1, "a.txt", "Governing law?"),
        (2, "a.txt", "Notice period?"),
        (3, "b.txt", "Governing law?"),
        (4, "b.txt", "Notice period?"),
    ]
    assert rows[2].filters.documents == {"b.txt"}


@pytest.mark.parametrize(
    "stated", ["2020-01-05", "2020-1-5", "2020/1/5", "2020.01.05", "20200105", "2020年1月5日", "2020-01-05T10:30:00Z"]
)
def test_a_day_is_understood_where_the_year_comes_first(tmp_path, stated):
    file = tmp_path / "q.csv"
    file.write_text(f"question,as_of\nWhat is gout?,{stated}\n", encoding="utf-8")
    assert read_questions(file)[0].filters.as_of == date(2020, 1, 5)


@pytest.mark.parametrize(
    ("stated", "code"), [("en", "en"), ("EN-us", "en"), ("English", "en"), ("中文", "zh"), ("", None)]
)
def test_languages_by_code_and_by_name(tmp_path, stated, code):
    file = tmp_path / "q.csv"
    file.write_text(f"question,language\nWhat is gout?,{stated}\n", encoding="utf-8")
    assert read_questions(file)[0].filters.language == code


COMMAS = "Which law governs the agreement between Alpha, Inc. and Beta, LLC?"


@pytest.mark.parametrize("header", ["question\n", "", "\nquestion\n"])
def test_in_a_single_column_a_comma_separates_nothing(tmp_path, header):
    file = tmp_path / "q.csv"
    file.write_text(f'{header}{COMMAS}\nWhat is gout?,,\n"{COMMAS}"\n', encoding="utf-8")
    assert [row.question for row in read_questions(file)] == [COMMAS, "What is gout?", COMMAS]


def test_columns_of_which_none_is_named_question_are_refused(tmp_path):
    file = tmp_path / "q.csv"
    file.write_text("Frage,Antwort\nWas ist Gicht?,\n", encoding="utf-8")
    with pytest.raises(UsageError, match="none of its columns is named question; name one so, it has: Frage, Antwort"):
        read_questions(file)
    book = Workbook()
    book.active.append(["What is gout?", "Anna"])
    book.save(tmp_path / "q.xlsx")
    with pytest.raises(UsageError, match="none of its columns"):
        read_questions(tmp_path / "q.xlsx")


def test_a_quotation_mark_that_is_never_closed_costs_its_own_row(tmp_path):
    file = tmp_path / "q.csv"
    file.write_text('id,question\n1,"""Term"" of it?"\n2,"Term" of it?\n3,"What is gout?\n4,What is asthma?\n', "utf-8")
    rows = read_questions(file)
    assert [row.question for row in rows] == ['"Term" of it?', "Term of it?", "", "What is asthma?"]
    assert "line 4: a quotation mark is never closed" in rows[2].fault


def test_columns_with_the_same_name_or_none_are_all_kept(tmp_path):
    file = tmp_path / "q.csv"
    file.write_text("question,Note,Note,,question\nWhat is gout?,a,b,c,d\n", encoding="utf-8")
    assert dict(read_questions(file)[0].extra) == {"Note": "a", "Note (3)": "b", "column 4": "c", "question (5)": "d"}


def test_what_spreadsheets_say_of_their_separator_is_no_question(tmp_path):
    file = tmp_path / "q.csv"
    file.write_text("sep=;\nid;question\n1;What, then, is gout?\n", encoding="utf-8")
    assert [row.question for row in read_questions(file)] == ["What, then, is gout?"]


def test_the_sheet_with_the_questions_is_found(tmp_path):
    book = Workbook()
    book.active.append(["Read me first"])
    book.create_sheet("Questions").append(["id", "question"])
    book["Questions"].append([1, "What is gout?"])
    book.save(tmp_path / "q.xlsx")
    assert [row.question for row in read_questions(tmp_path / "q.xlsx")] == ["What is gout?"]


def test_a_document_whose_name_holds_the_separator(tmp_path):
    file = tmp_path / "q.csv"
    file.write_text("question,documents\nx?,a; b.txt\ny?,a; c.txt\n", encoding="utf-8")
    rows = read_questions(file, known=["a; b.txt", "a", "c.txt"])
    assert [row.filters.documents for row in rows] == [{"a; b.txt"}, {"a", "c.txt"}]


def test_rows_are_numbered_by_their_place_and_half_characters_go(tmp_path):
    file = tmp_path / "q.jsonl"
    file.write_text('\n{"question": "a\\ud800?", "tags": ["ü"]}\n', encoding="utf-8")
    (row,) = read_questions(file)
    assert (row.number, row.question, dict(row.extra)) == (2, "a??", {"tags": '["ü"]'})


def test_a_matrix_asks_a_row_of_its_own_documents_and_names_a_bad_row_once(tmp_path):
    file = tmp_path / "q.csv"
    file.write_text("question,documents\nGoverning law?,\nCap?,b.txt\nTerm?,gone.txt\n", encoding="utf-8")
    rows = matrix(read_questions(file, known=["a.txt", "b.txt"]), ["a.txt", "b.txt"])
    assert [(row.document, row.question, bool(row.fault)) for row in rows] == [
        ("", "Term?", True),
        ("a.txt", "Governing law?", False),
        ("b.txt", "Governing law?", False),
        ("b.txt", "Cap?", False),
    ]
    assert rows[0].number == 3


@pytest.mark.parametrize("name", ["lease%231.txt", "lease#1.txt", "documents/lease#1.txt"])
def test_a_document_is_found_by_its_id_and_by_its_file(tmp_path, name):
    file = tmp_path / "q.csv"
    file.write_text(f"question,documents\nx?,{name}\ny?,lease\n", encoding="utf-8")
    good, bad = read_questions(file, known=["lease%231.txt"])
    assert good.filters.documents == {"lease%231.txt"} and "no document 'lease'" in bad.fault
