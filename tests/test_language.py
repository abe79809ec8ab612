import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgqa.language import detect, fold, fold_with_offsets, halfwidth, is_chinese, original_span, sentences, simplified


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("什么是高血压？", "zh"),
        ("布洛芬能和 warfarin 一起用吗", "zh"),
        ("What is 高血压?", "zh"),
        ("臺灣的法律", "zh"),
        ("高血圧症の治療薬は何ですか", "ja"),
        ("고혈압이란 무엇인가", "ko"),
        ("aspirin", "en"),
        ("Guillain-Barré syndrome", "en"),
        ("Does aspirin treat headache?", "en"),
        ("Acute cauda equina syndrome secondary to a lumbar synovial cyst", "en"),
        ("Ningbo Trading Ltd (宁波) is a company organised under the laws of China and has its seat there.", "en"),
        ("Quels sont les symptômes de la grippe ?", "fr"),
        ("¿Cuáles son los síntomas de la gripe?", "es"),
        ("Der Mieter hat die Miete im Voraus zu zahlen und das Haus in gutem Zustand zu halten.", "de"),
        ("Что такое гипертония", "ru"),
        ("ما هي أعراض الإنفلونزا", "ar"),
        ("", "und"),
        ("123 – !! 🙂", "und"),
    ],
)
def test_detect(text, code):
    assert detect(text) == code


@settings(deadline=None)  # the first call loads profiles
@given(st.text())
def test_detect_never_raises_and_always_says_the_same(text):
    code = detect(text)
    assert code == detect(text)
    assert code == "und" or (2 <= len(code) <= 3 and code.isalpha())
    assert is_chinese(text) == (code == "zh")


def test_import_is_light():
    code = "import sys, kgqa.language; print(sorted({'langdetect', 'opencc', 'jieba', 'torch'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＢＣ", "abc"),
        ("Straße", "STRASSE"),
        ("臺灣頭髮", "台湾头发"),
        ("cafe\u0301", "CAFÉ"),
        ("ﬁbrosis", "FIBROSIS"),
        ("Ⅷ", "viii"),
        ("高血壓", "高血压"),
        ("ｶﾞ", "ガ"),
    ],
)
def test_fold_makes_equal_what_is_the_same(one, other):
    assert fold(one) == fold(other)


@settings(deadline=None)  # the first call loads profiles
@given(st.text())
def test_folding_with_offsets_is_folding(text):
    folded, offsets = fold_with_offsets(text)
    assert folded == fold(text)
    assert len(offsets) == len(folded) + 1
    assert offsets == sorted(offsets) and offsets[-1] == len(text)


@settings(deadline=None)  # the first call loads profiles
@given(st.text(alphabet=st.sampled_from("aÉéﬁ臺灣Ａ 🙂𠮷e\u0301ßİ가각ｶﾞ"), max_size=30), st.data())
def test_a_match_in_folded_text_leads_back_to_the_original(text, data):
    folded, offsets = fold_with_offsets(text)
    if not folded:
        return
    start = data.draw(st.integers(0, len(folded) - 1))
    end = data.draw(st.integers(start + 1, len(folded)))
    first, last = original_span(offsets, start, end)
    assert folded[start:end] in fold(text[first:last])


def test_traditional_text_is_found_with_its_own_offsets():
    text = "依據《臺灣民法》第十二條"
    folded, offsets = fold_with_offsets(text)
    at = folded.index(fold("台湾民法"))
    first, last = original_span(offsets, at, at + 4)
    assert text[first:last] == "臺灣民法"


def cut(text):
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["Dr. Smith of Acme Inc. paid 5.3 mg (e.g. No. 5).", "He left."],
        ["See Fig. 3 and Art. 12 of the Act.", "J. R. Tolkien wrote it."],
        ["The U.S. law applies, cf. p. 45.", "It is old.", "Is it?", "Yes!"],
        ["He works for Acme Inc.", "The firm is old."],
        ['He said: "Stop."', "Then he went."],
        ["1. Definitions of terms are here.", "2. More follows."],
        ["It costs 1.5 million.", "1.2 Term."],
        ["他说：“你好。”", "然后走了！", "真的吗？", "是的……", "血压为 120/80 mmHg。"],
        ["（一）甲方付款；", "（二）乙方交货。"],
        ["承租人应当付款；逾期的，承担责任。", "第二句。"],
    ],
)
def test_sentences(parts):
    joiner = "" if "\u4e00" <= parts[0][-2] <= "\u9fff" or parts[0][0] == "他" else " "
    joiner = "\n" if parts[0].startswith("（") else joiner
    assert cut(joiner.join(parts)) == parts


def test_wrapped_lines_go_on_and_others_end():
    wrapped = "This line is wrapped by an editor at some width that is usual\nand goes on here."
    assert cut(wrapped) == [wrapped]
    assert cut("Heading\nBody text.\n\n- one\n- two\r\nthree") == ["Heading", "Body text.", "- one", "- two\r\nthree"]


@settings(deadline=None)  # the first call loads profiles
@given(st.text(alphabet=st.sampled_from('aB1 .。！?"”)（\n\r\t；;e.g Dr🙂字'), max_size=200))
def test_sentences_are_apart_in_order_and_cover_all_that_is_not_blank(text):
    spans = sentences(text)
    at = 0
    for start, end in spans:
        assert start < end and not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


def test_names_that_unicode_composes_are_normalised_as_a_whole():
    text = unicodedata.normalize("NFD", "Ménière 각")
    assert fold_with_offsets(text)[0] == fold("Ménière 각")


@given(st.text(max_size=60))
def test_simplified_text_keeps_its_length_and_folds_alike(text: str) -> None:
    assert len(simplified(text)) == len(text)
    assert fold(simplified(text)) == fold(text)


def test_japanese_is_not_simplified() -> None:
    assert simplified("學校の歴史") == "學校の歴史"
    assert simplified("無發熱𠮷") == "无发热𠮷"


def test_full_width_letters_and_digits_become_plain_in_their_places():
    text = "ＣＯＰＤ（２０２３年）占５０％，是吗？"
    assert halfwidth(text) == "COPD（2023年）占50%，是吗？"
    assert len(halfwidth(text)) == len(text)
