"""Bad files: one clear reason each, the rest goes on, nothing is fetched, no limit is overrun."""

import io
import socket
import subprocess
import sys
import time
import zipfile

import pytest

from documents import makers
from kgqa.documents import Limits, find, load


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.txt", b"", "empty"),
        ("blank.txt", " \n\t\u3000\n".encode(), "no text"),
        ("blank.html", b"<html><body><script>x()</script></body></html>", "no text"),
        ("binary.txt", bytes(range(256)) * 40, "text"),
        ("nul.txt", b"\x00" * 5000, "binary"),
        ("broken.pdf", b"%PDF-1.4\nrubbish", "damaged"),
        ("broken.docx", b"PK\x03\x04rubbish", "damaged"),
        ("old.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "encrypted"),
        ("no-rows.csv", b"title,text\n", "no rows"),
        ("ragged.csv", b"title,text\na,b,c\n", "no row"),
        ("broken.jsonl", b"{\n{\n", "no row"),
        ("date.md", b"---\nvalid_from: 2020-13-45\n---\ntext\n", "is no date"),
        ("period.md", b"---\nvalid_from: 2021-01-01\nvalid_to: 2020-01-01\n---\ntext\n", "is before"),
        ("picture.pdf", makers.picture_pdf(), "OCR"),
        ("encrypted.pdf", makers.encrypted_pdf("geheim"), "encrypted"),
        ("what.exe", b"MZ", "no loader"),
    ],
)
def test_a_bad_file_gives_its_reason_and_no_document(load_bytes, name, data, reason):
    loaded = load_bytes(name, data)
    assert loaded.documents == ()
    assert loaded.problem is not None and reason in loaded.problem and "\n" not in loaded.problem


def test_a_missing_file_is_reported(tmp_path):
    (loaded,) = load([tmp_path / "gone.txt"], tmp_path)
    assert "cannot be opened" in loaded.problem


def test_stream_bomb_in_a_pdf_is_an_error_not_an_empty_page(load_bytes):
    data = makers.stream_bomb_pdf()
    assert len(data) < 1 << 20
    started = time.monotonic()
    loaded = load_bytes("bomb.pdf", data)
    assert loaded.documents == () and "limit" in loaded.problem
    assert time.monotonic() - started < 30


def test_docx_bombs_are_refused_before_they_are_unpacked(load_bytes):
    good = makers.docx([("Normal", "x")])
    big = makers.with_parts(good, {"word/document.xml": b" " * (30 << 20)})
    assert "times its size" in load_bytes("ratio.docx", big).problem
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for number in range(10_001):
            target.writestr(f"p{number}", "")
    assert "10001 parts" in load_bytes("entries.docx", buffer.getvalue()).problem
    assert "points outside" in load_bytes("dots.docx", makers.with_parts(good, {"../../evil": "x"})).problem


def test_entities_in_a_docx_are_not_expanded(load_bytes):
    bomb = '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(
        f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 50}">' for n in range(8)
    )
    body = (
        f'<?xml version="1.0"?>{bomb}]><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
        "<w:body><w:p><w:r><w:t>&i;</w:t></w:r></w:p></w:body></w:document>"
    )
    assert load_bytes("a.docx", makers.with_parts(makers.docx([]), {"word/document.xml": body})).problem


def test_nothing_that_a_file_names_is_fetched(load_bytes):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        relations = (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r9" '
            'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" '
            f'Target="{url}" TargetMode="External"/></Relationships>'
        )
        word = makers.with_parts(makers.docx([("Normal", "words")]), {"word/_rels/settings.xml.rels": relations})
        assert load_bytes("a.docx", word).problem is None
        assert load_bytes("a.md", f"![x]({url}) words").problem is None
        page = f'<!DOCTYPE html SYSTEM "{url}"><link rel=stylesheet href="{url}"><img src="{url}">words<iframe src="{url}">'
        assert load_bytes("a.html", page).problem is None
        with pytest.raises(TimeoutError):
            server.accept()


@pytest.mark.parametrize(
    "attack",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import os; os.system('true')",
        "import subprocess; subprocess.run(['true'])",
        "open('written.txt', 'w')",
        "import os; os.open('written.txt', os.O_WRONLY | os.O_CREAT)",
    ],
)
def test_a_loader_can_neither_connect_nor_write_nor_start_programs(attack, tmp_path):
    code = (
        "from kgqa.documents.worker import confine\nconfine(1 << 30)\n"
        f"try:\n    {attack}\nexcept PermissionError:\n    print('refused')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == "refused\n"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_takes_too_long_is_given_up_and_the_rest_goes_on(tmp_path):
    (tmp_path / "1.txt").write_text("one")
    (tmp_path / "2.html").write_text("<a " * 60_000)
    (tmp_path / "3.txt").write_text("three")
    one, two, three = load(find(tmp_path), tmp_path, limits=Limits(seconds=1))
    assert (one.documents[0].text, three.documents[0].text) == ("one", "three")
    assert two.documents == () and "longer than 1 s" in two.problem


def test_a_file_that_takes_too_much_memory_is_given_up_and_the_rest_goes_on(tmp_path):
    (tmp_path / "1.txt").write_bytes(b"a" * (20 << 20) + "𠮷".encode())
    (tmp_path / "2.txt").write_text("two")
    one, two = load(find(tmp_path), tmp_path, limits=Limits(memory=200 << 20))
    assert one.documents == () and "memory" in one.problem
    assert two.documents[0].text == "two"


def test_a_file_over_the_size_limit_is_not_opened(load_bytes):
    assert "refused" in load_bytes("big.txt", b"x" * 2000, Limits(size=1000)).problem


def test_long_csv_field_is_read_whole_and_ragged_rows_are_named(load_bytes):
    loaded = load_bytes("a.csv", "title,text\nlong," + "字" * 200_000 + "\nshort\nx,y,z\nnul,a\x00b\n")
    long, nul = loaded.documents
    assert len(long.text) == 200_000
    assert (nul.id, nul.text) == ("a.csv#4", "a b")
    assert any("rows 2, 3 have another number of cells" in warning for warning in loaded.warnings)


@pytest.mark.parametrize("text", ["x" * 1_000_000, "字" * 500_000, ". " * 200_000, "\n" * 300_000 + "x"])
def test_monotonous_text_is_bounded(load_bytes, text):
    assert load_bytes("a.txt", text).documents[0].text == text
