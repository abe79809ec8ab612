"""Personal data in text: what is found, what is left, and that answers stay at their offsets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kgqa.evaluation.squad import Example
from kgqa.training.personal import chinese_id, iban, luhn
from kgqa.training.privacy import KINDS, Scrubber, find, scrub_examples


def found(text):
    return [(one.kind, text[one.start : one.end]) for one in find(text)]


@pytest.mark.parametrize(
    ("text", "kind", "piece"),
    [
        ("Write to mary.jones+x@mail.example.org now.", "email", "mary.jones+x@mail.example.org"),
        ("Her card 4111 1111 1111 1111 was used.", "card", "4111 1111 1111 1111"),
        ("13800138000 4111 1111 1111 1111", "card", "4111 1111 1111 1111"),
        ("银行卡4111111111111111已冻结", "card", "4111111111111111"),
        ("IBAN DE89 3704 0044 0532 0130 00.", "account", "DE89 3704 0044 0532 0130 00"),
        ("SSN 123-45-6789.", "id", "123-45-6789"),
        ("NI number AB 12 34 56 C", "id", "AB 12 34 56 C"),
        ("MRN: 4458821, seen today", "id", "4458821"),
        ("passport no. X1234567 expired", "id", "X1234567"),
        ("身份证号11010519491231002X。", "id", "11010519491231002X"),
        ("住院号：ZY20231234", "id", "ZY20231234"),
        ("手机13800138000", "phone", "13800138000"),
        ("电话010-62511234转", "phone", "010-62511234"),
        ("Call 555-234-9876 or wait", "phone", "555-234-9876"),
        ("Ring +44 20 7946 0958.", "phone", "+44 20 7946 0958"),
        ("from 192.168.1.20 at noon", "network", "192.168.1.20"),
        ("DOB: 12/03/1980", "birthday", "12/03/1980"),
        ("She was born on March 4, 1971 in a village", "birthday", "March 4, 1971"),
        ("1980年5月3日出生", "birthday", "1980年5月3日"),
        ("lives at 12 Old Mill Road, Springfield, IL 62704 now", "address", "12 Old Mill Road, Springfield, IL 62704"),
        ("住北京市朝阳区建国路88号院3号楼1201室。", "address", "北京市朝阳区建国路88号院3号楼1201室"),
        ("Dr. van der Berg treated it.", "person", "van der Berg"),
        ("Mrs Özge Yılmaz paid.", "person", "Özge Yılmaz"),
        ("Priya Sharma signed.", "person", "Priya Sharma"),
        ("患者王小明，男", "person", "王小明"),
        ("李某某诉公司", "person", "李某某"),
        ("由欧阳娜娜医生主刀", "person", "欧阳娜娜"),
        ("原告陈建国与被告", "person", "陈建国"),
    ],
)
def test_what_is_personal_is_found_to_its_edges(text, kind, piece):
    assert (kind, piece) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Order 4111 1111 1111 1112 was shipped.",  # its check digit is wrong
        "编号110105194912310021",
        "On 12/03/1999 the court sat; 1,234,567 people came.",
        "The Doctor said Section 12 applies to the Company.",
        "Version 1.2.3 of the Act, page 300.",
        "该患者高烧，高血压患者应注意。",
        "The dose is 500 mg twice a day for 14 days.",
        "合同编号为何？中国人民大学位于首都。",
        "原告陈述，被告何时到庭。",
    ],
)
def test_what_is_not_personal_stays(text):
    assert found(text) == []


def test_check_digits():
    assert luhn("4111111111111111") and not luhn("4111111111111112") and not luhn("0000000000000000")
    assert chinese_id("11010519491231002X") and not chinese_id("110105194912310021")
    assert iban("GB82 WEST 1234 5698 7654 32") and not iban("GB82 WEST 1234 5698 7654 33")


@given(st.text(alphabet="0123456789", min_size=11, max_size=15))
def test_of_all_last_digits_one_is_right(body):
    right = [digit for digit in "0123456789" if luhn(body + digit)]
    assert len(right) == 1 or len(set(body)) == 1


def test_one_thing_has_one_number_and_a_surname_is_its_owners():
    text = "Mary K. Jones met Raj Patel. Jones paid; mary@x.org and MARY@x.org. 王芳女士到了，王芳签字。"
    done = Scrubber().scrub(text).text
    assert done == (
        "[PERSON 1] met [PERSON 2]. [PERSON 1] paid; [EMAIL 1] and [EMAIL 1]. [PERSON 3]女士到了，[PERSON 3]签字。"
    )


def test_the_number_of_a_king_is_no_surname():
    assert Scrubber().scrub("King Edward III and World War III").text == "King [PERSON 1] and World War III"


def test_kinds_can_be_chosen():
    assert Scrubber(("email",)).scrub("Dr Smith: a@b.org").text == "Dr Smith: [EMAIL 1]"
    assert set(KINDS) >= {"email", "phone", "id", "card", "address", "person"}


def test_an_answer_that_is_personal_is_taken_out_of_the_answer_too():
    context = "Patient: Mary Jones (DOB: 12/03/1980) takes 5 mg. Call 555-234-9876."
    rows = [
        Example("1", "Who is the patient?", context, ((9, "Mary Jones"),), "a"),
        Example("2", "What does Jones take?", context, ((context.index("5 mg"), "5 mg"),), "a"),
    ]
    one, two = scrub_examples(rows)
    assert one.context == "Patient: [PERSON 1] (DOB: [BIRTHDAY 1]) takes 5 mg. Call [PHONE 1]."
    assert one.answers[0][1] == "[PERSON 1]" and one.context[one.answers[0][0] :].startswith("[PERSON 1]")
    assert two.question == "What does [PERSON 1] take?" and two.answers[0][1] == "5 mg"


PIECES = st.sampled_from(
    [
        "Mary Jones", "Dr Smith", "a@b.org", "13800138000", "患者王小明，", "DOB: 12/03/1980", "4111 1111 1111 1111", " ", ". ",
        "药", "𠮷", "took 5 mg", "北京市朝阳区建国路88号", "Jones", "\n",
    ]
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(st.lists(PIECES, min_size=1, max_size=10), st.data())
def test_answers_always_stand_at_their_offset(pieces, data):
    context = " ".join(pieces)
    start = data.draw(st.integers(0, len(context) - 1))
    end = data.draw(st.integers(start + 1, len(context)))
    old = Example("1", "Who?", context, ((start, context[start:end]),), "a")
    (new,) = scrub_examples([old])
    ((at, text),) = new.answers
    assert new.context[at : at + len(text)] == text
    for secret in ("a@b.org", "13800138000", "4111 1111 1111 1111", "王小明"):
        assert secret not in new.context and secret not in text
    if not any(one.start < end and start < one.end for one in find(context)):
        assert text == context[start:end]
