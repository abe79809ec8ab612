from hypothesis import given
from hypothesis import strategies as st

from kgqa.everyday import everyday, formal
from kgqa.numerals import number, numbers

_DIGITS = "零一二三四五六七八九"


def test_everyday_words_lead_to_formal_ones_and_back() -> None:
    assert formal("小孩拉肚子，还发烧") == ("未成年人", "儿童", "子女", "腹泻", "发热")
    assert "拉肚子" in everyday("腹泻")
    assert formal("Which drugs treat gout?") == ()


def test_the_longest_everyday_word_counts() -> None:
    assert "机动车" not in formal("电动车闯红灯")
    assert "非机动车" in formal("电动车闯红灯")


def test_traditional_characters_are_the_same() -> None:
    assert formal("爸媽離婚") == formal("爸妈离婚")


@given(st.text())
def test_any_text_has_formal_words_that_are_not_its_own_everyday_ones(text: str) -> None:
    assert all(word and word == word.strip() for word in formal(text))


def _chinese(value: int) -> str:
    """Write a number below 10,000 as statutes do."""
    text, zero = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = value // unit % 10
        if digit:
            text += ("零" if zero and text else "") + _DIGITS[digit] + name
            zero = False
        else:
            zero = True
    return text


@given(st.integers(1, 9999))
def test_chinese_numerals_have_their_value(value: int) -> None:
    assert number(_chinese(value)) == value
    assert number(str(value)) == value


def test_numerals_of_other_forms() -> None:
    assert (number("十二"), number("两百"), number("二〇一七"), number("３１２")) == (12, 200, 2017, 312)
    assert (number("五十万"), number("一亿二千万"), number("貳"), number("")) == (500_000, 120_000_000, None, None)
    assert list(numbers("男不得早于二十二周岁，一人罚五十万元")) == [22, 500_000]
