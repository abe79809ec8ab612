"""What a quotation asserts of what a yes/no question says."""

from __future__ import annotations

import pytest

from kgqa.reading.assertion import stance


@pytest.mark.parametrize(
    ("question", "text", "stands"),
    [
        ("May the tenant sublet the premises?", "The tenant may sublet the premises with consent.", "affirmed"),
        (
            "May the tenant sublet the premises?",
            "Rent is due monthly. The tenant shall not sublet the premises.",
            "negated",
        ),
        ("Is the tenant not allowed to sublet?", "The tenant may not sublet.", "affirmed"),
        ("Is metoprolol contraindicated in asthma?", "Metoprolol is contraindicated in asthma.", "affirmed"),
        ("Can metoprolol be given in asthma?", "Metoprolol must not be given in asthma.", "negated"),
        ("Does the patient have a penicillin allergy?", "The patient denies any allergy to penicillin.", "negated"),
        ("未经出租人同意，承租人可以转租房屋吗？", "未经出租人书面同意，承租人不得转租房屋。", "negated"),
        ("承租人可以转租房屋吗？", "租金按月支付。承租人可以转租房屋。", "affirmed"),
        ("患者有没有发热？", "体温正常，无发热。", "negated"),
        ("患者是不是有发热？", "患者发热三天。", "affirmed"),
        ("患者發燒嗎？", "患者无发烧。", "negated"),
        ("患者有青霉素过敏史吗？", "患者否认青霉素过敏史。", "negated"),
        ("Does the moon shine?", "", "affirmed"),
    ],
)
def test_the_sentence_that_shares_most_words_decides(question: str, text: str, stands: str) -> None:
    assert stance(question, text, 0, len(text)) == stands


def test_sentences_outside_the_quotation_do_not_count() -> None:
    text = "The tenant may sublet the house. The tenant may not sublet the garden."
    assert stance("May the tenant sublet?", text, 0, 30) == "affirmed"
    assert stance("May the tenant sublet?", text, 34, len(text)) == "negated"
