"""Whether Chinese rules permit what is asked leave for: the rule on the same act decides, not the sentence that is most alike."""

from __future__ import annotations

import pytest

from kgqa.reading.assertion import stance
from kgqa.reading.leave import permitted

ENTRUSTED = "委托他人处理个人信息的，应当与受托人约定目的、期限，并对受托人进行监督。未经同意，受托人不得转委托。"
PROBATION = (
    "劳动合同期限三个月以上不满一年的，试用期不得超过一个月。只能约定一次试用期。期限不满三个月的，不得约定试用期。"
)
ENDED = "任何一方可提前六十日書面通知終止本協議，但首個合約年度內不得行使此權利。"


@pytest.mark.parametrize(
    ("question", "text", "wanted"),
    [
        ("未经同意，受托人可以转委托处理个人信息吗？", ENTRUSTED, "negated"),
        ("不满三个月的劳动合同可以约定试用期吗？", PROBATION, "negated"),
        ("首个合约年度内可以提前终止协议吗？", ENDED, "negated"),
        ("協議可以提前終止嗎？", ENDED, "affirmed"),
        ("承租人可以转租吗？", "承租人经出租人同意，可以将租赁物转租给第三人。", "affirmed"),
        ("借款人能否提前还款？", "借款人可以提前还款，应当提前七日通知，不收取违约金。", "affirmed"),
        ("用人单位可以扣押身份证吗？", "用人单位招用劳动者，不得扣押劳动者的居民身份证。", "negated"),
    ],
)
def test_the_rule_on_the_same_act_decides(question: str, text: str, wanted: str) -> None:
    assert stance(question, text, 0, len(text)) == wanted


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("孕妇能吃布洛芬吗？", "妊娠晚期禁用布洛芬。"),
        ("承租人可以转租吗？", "出租人应当维修房屋。"),
        ("试用期最长多久？", "试用期不得超过六个月。"),
        ("May the tenant sublet?", "承租人不得转租。"),
    ],
)
def test_nothing_is_said_of_another_act_or_another_question(question: str, text: str) -> None:
    assert permitted(question, [text]) is None
