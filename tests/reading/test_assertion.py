"""What sentences assert of a span: negation, hypothesis, family, history, condition, in English and Chinese."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kgqa.reading.assertion import agrees, explain, status

CASES = [
    ("The patient has no allergy to penicillin.", "penicillin", "negated"),
    ("Not only aspirin but also ibuprofen may be used.", "aspirin", "affirmed"),
    ("Not only aspirin but also ibuprofen may be used.", "ibuprofen", "affirmed"),
    ("She denies chest pain, dyspnea and fever.", "fever", "negated"),
    ("No fever, but the patient reports cough.", "cough", "affirmed"),
    ("患者无青霉素过敏史。", "青霉素", "negated"),
    ("否认高血压、糖尿病病史。", "糖尿病", "negated"),
    ("无发热，有咳嗽。", "咳嗽", "affirmed"),
    ("除青霉素外，均可使用。", "青霉素", "negated"),
    ("除头痛外，还有发热。", "头痛", "affirmed"),
    ("除法律另有规定外，合同自成立时生效。", "法律另有规定", "conditional"),
    ("除法律另有规定外，合同自成立时生效。", "自成立时", "affirmed"),
    ("承租人不得转租房屋。", "转租", "negated"),
    ("未經出租人同意，承租人不得轉租。", "轉租", "negated"),
    ("無發熱及咳嗽。", "咳嗽", "negated"),
    ("除另有约定外，承租人不得转租。", "转租", "negated"),
    ("不能排除感染。", "感染", "hypothetical"),
    ("不排除感染的可能。", "感染", "hypothetical"),
    ("有无发热均可使用。", "发热", "affirmed"),
    ("劳动者不得不离开。", "离开", "affirmed"),
    ("试用期不得超过六个月。", "六个月", "affirmed"),
    ("试用期不满三个月的", "三个月", "affirmed"),
    ("The daily dose must not exceed 4 g.", "4 g", "affirmed"),
    ("The tenant shall not assign the lease.", "assign the lease", "negated"),
    ("If the tenant defaults, the landlord may terminate.", "the tenant defaults", "conditional"),
    ("If the tenant defaults, the landlord may terminate.", "terminate", "affirmed"),
    ("Her mother had breast cancer.", "breast cancer", "family"),
    ("Family history of diabetes.", "diabetes", "family"),
    ("No family history of diabetes.", "diabetes", "negated"),
    ("History of hypertension.", "hypertension", "historical"),
    ("Suspected pneumonia.", "pneumonia", "hypothetical"),
    ("Pneumonia was ruled out.", "Pneumonia", "negated"),
    ("青霉素皮试阴性。", "青霉素", "negated"),
    ("父亲患糖尿病。", "糖尿病", "family"),
    ("既往有高血压。", "高血压", "historical"),
    ("疑似肺炎。", "肺炎", "hypothetical"),
    ("如果承租人逾期，出租人可以解除合同。", "承租人逾期", "conditional"),
    ("如果承租人逾期，出租人可以解除合同。", "解除合同", "affirmed"),
    ("不仅有发热", "发热", "affirmed"),
    ("No drugs are allowed except paracetamol.", "paracetamol", "affirmed"),
    ("All drugs are allowed except paracetamol.", "paracetamol", "negated"),
    ("It was not stopped because of nausea.", "nausea", "affirmed"),
    ("Aspirin is contraindicated in children.", "children", "negated"),
    ("X does not interact with warfarin, and it is taken with food.", "food", "affirmed"),
    ("X doesn't interact with warfarin.", "warfarin", "negated"),
    ("Pregnancy is a contraindication.", "Pregnancy", "affirmed"),
    ("Warfarin is not recommended.", "Warfarin", "negated"),
    ("不良反应包括恶心。", "恶心", "affirmed"),
    ("非甾体抗炎药可用于止痛。", "止痛", "affirmed"),
    ("孕妇禁用。", "孕妇", "negated"),
    ("肺结核待排。", "肺结核", "hypothetical"),
    ("已排除主动脉夹层。", "主动脉夹层", "negated"),
    ("主动脉夹层已排除。", "主动脉夹层", "negated"),
    ("患者三年前患过带状疱疹。", "带状疱疹", "historical"),
    ("除青霉素过敏外，无其他药物过敏。", "青霉素过敏", "affirmed"),
    ("除青霉素过敏外，无其他药物过敏。", "其他药物过敏", "negated"),
    ("HBsAg（-），抗-HBs（+）。", "HBsAg", "negated"),
    ("无明显诱因出现胸痛。", "胸痛", "affirmed"),
    ("包括但不限于下列情形。", "下列情形", "affirmed"),
    ("可能与感染有关。", "感染", "hypothetical"),
    ("或為藥物熱。", "藥物熱", "hypothetical"),
    ("拟诊急性胰腺炎。", "急性胰腺炎", "hypothetical"),
    ("没有证据表明𠮷药有效。", "有效", "negated"),
    ("The deposit, unless waived, is 500 euros.", "500 euros", "affirmed"),
    ("The cure for 😀 is unknown. No doubt rest helps.", "rest", "affirmed"),
]


@pytest.mark.parametrize(("text", "span", "wanted"), CASES)
def test_status_of_a_span(text, span, wanted):
    at = text.index(span)
    assert status(text, at, at + len(span)) == wanted


def test_the_cue_is_named_in_characters_of_the_text():
    text = "😀 All is well. She denies fever."
    at = text.index("fever")
    found = explain(text, at, at + 5)
    assert text[found.start : found.end] == "denies"


def test_a_cue_in_another_sentence_does_not_count():
    text = "There was no fever. Cough was present."
    at = text.index("Cough")
    assert status(text, at, at + 5) == "affirmed"


def test_a_quotation_that_holds_its_own_negation_is_affirmed():
    text = "The patient has no allergy to penicillin."
    assert status(text, 0, len(text)) == "affirmed"


@pytest.mark.parametrize(
    ("question", "found", "wanted"),
    [
        ("What is the patient allergic to?", "negated", False),
        ("What must the tenant not do?", "negated", True),
        ("哪些药物禁用？", "negated", True),
        ("患者对什么过敏？", "negated", False),
        ("What illness does the patient have?", "family", False),
        ("Which disease did his mother have?", "family", True),
        ("What may the landlord do?", "conditional", True),
    ],
)
def test_which_statuses_answer_a_question(question, found, wanted):
    assert agrees(question, found) is wanted


@given(st.text(max_size=120), st.data())
def test_any_text_has_a_status(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    found = explain(text, start, end)
    assert 0 <= found.start <= found.end <= len(text)
    assert found.end <= start or found.start >= end or found.status != "affirmed" or (found.start, found.end) == (0, 0)
