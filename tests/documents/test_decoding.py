import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgqa.documents.decoding import decode
from kgqa.documents.folder import title_from
from kgqa.encodings import readable_name
from kgqa.errors import SourceError

CHINESE = "根据《中华人民共和国合同法》的规定，当事人应当按照约定全面履行自己的义务。"
TRADITIONAL = "本合約雙方同意，買方應於收到貨物後三十日內支付全部價款，否則視為違約。"
WESTERN = "The “Licensee” pays € 5 – that’s the café’s fee; naïve résumé."


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (CHINESE, "utf-8"),
        (CHINESE + "🙂", "utf-8-sig"),
        (CHINESE + "𠮷", "utf-16"),
        ("plain ASCII text " * 5, "utf-16-le"),
        ("mostly ASCII text, 甲 " * 5, "utf-16-be"),
        (CHINESE, "gb18030"),
        ("第一条", "gb18030"),
        ("price list 价格表 for the 上海 office", "gb18030"),
        (TRADITIONAL, "big5"),
        ("姓名,症狀\n王小明,發燒 咳嗽\n陳美玲,頭痛\n", "big5"),
        (WESTERN, "windows-1252"),
        ("Une clause résolutoire est prévue à l'article 5, où le délai est fixé.", "windows-1252"),
    ],
)
def test_encodings_are_told_apart(text, encoding):
    assert decode(text.encode(encoding))[0] == text


def test_declared_encoding_is_used_where_bytes_leave_it_open():
    text = "Договор вступает в силу"
    assert decode(text.encode("cp1251"), "windows-1251")[0] == text


def test_a_few_stray_bytes_do_not_change_the_encoding():
    text, encoding = decode((CHINESE * 20).encode() + b"\xff\x93")
    assert encoding == "utf-8"
    assert text == CHINESE * 20 + "\ufffd\ufffd"


def test_what_is_no_text_is_refused():
    with pytest.raises(SourceError, match="binary"):
        decode(b"ab\x00\x00\x00\x00cd")


@settings(deadline=None)  # the first call loads profiles
@given(st.text())
def test_utf8_comes_back_with_nul_made_blank(text):
    if text.startswith("\ufeff") or text.count("\x00") * 100 > len(text):
        return
    assert decode(text.encode())[0] == text.replace("\x00", " ")


def test_a_file_name_of_another_encoding_is_read_as_people_wrote_it(tmp_path):
    name = os.fsdecode("住院须知".encode("gb18030"))
    assert readable_name(f"{name}.txt") == "住院须知.txt"
    assert title_from(tmp_path / f"{name}.txt") == "住院须知"
    assert readable_name("普通 name.md") == "普通 name.md"
