"""What a spreadsheet would run is shown as text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.batch.cells import cut, safe, unquoted


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "\u00a0=cmd|' /C calc'!A0",
        "\u3000=1",
        "＝1",
        "\ufeff=1",
        "\u200b=1",
    ],
)
def test_a_cell_that_would_run_is_quoted(cell):
    assert safe(cell).startswith("'")
    assert unquoted(safe(cell)) == cell


def test_a_line_inside_a_cell_that_would_run_is_quoted():
    assert safe("harmless\n=HYPERLINK(1)") == "harmless\n'=HYPERLINK(1)"
    assert safe("harmless\r\n @x") == "harmless\r\n' @x"


@pytest.mark.parametrize("cell", ["metformin", "2型糖尿病", "a=b", "5 - 3", "", "'quoted'", "𝄞 note"])
def test_other_cells_stay_as_they_are(cell):
    assert safe(cell) == cell


@given(st.text())
def test_no_line_of_a_safe_cell_would_run(cell):
    for line in re.split("[\n\r]", safe(cell)):
        assert re.match("[ \u00a0\u2000-\u200d\u3000\ufeff]*[=+\\-@\t＝＋－＠]", line) is None


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_quoting_can_be_taken_off(cell):
    assert unquoted(safe(cell)) == cell.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")


def test_a_cell_that_begins_with_a_quotation_mark_of_its_own_keeps_it():
    assert unquoted(safe("'=1")) == "'=1"
    assert unquoted(safe("''-1\n'@x")) == "''-1\n'@x"


def test_control_characters_do_not_reach_a_file():
    assert safe("a\x00b\x1bc\ud800") == "a\ufffdb\ufffdc\ufffd"


def test_a_long_cell_is_cut_to_what_fits():
    assert len(cut("x" * 40_000)) == 32_767
    assert cut("x" * 40_000).endswith("…")
