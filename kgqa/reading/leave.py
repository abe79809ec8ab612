"""Whether Chinese rules permit the act that a question asks leave for ("可以转委托吗": "不得转委托").

A rule says what may be done by a word of leave or of ban before the verb. The act is the one asked about where the same verb
follows; where it only points back ("不得行使此权利"), the condition decides that the question and the rule share.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kgqa.language import fold

_ASKS = re.compile(
    r"(?P<ask>可不可以|能不能|是否可以|是否允许|是否有权|可否|能否|可以|允许|有权|准许|能够|能)(?P<act>[^，。；？?]+?)[吗么]?[？?\s]*$"
)
_RULE = re.compile(
    r"(?P<ban>不得|不能|不可以|不可(?!抗|撤|分)|不应当?|不准|不许|不允许|禁止|严禁|无权|不宜)|(?P<leave>可以|有权|允许|应当|必须|准许|可(?![能以]))"
)
_CLAUSE = re.compile(r"[，,；;：:]")
_BACK = re.compile(r"(?:行使|享有|主张|适用)?(?:此|该|前述|上述|前款|这)(?:等|项|一)?(?:权利|权|约定|规定|条|款)")
_LIGHT = re.compile(r"(?:再|被|予以|进行|擅自|自行|单方|随时|提前|同时|继续|直接|另行)+")
_SAME = 2
"""Characters with which the same act begins."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A word of leave or ban, the act after it, and the clauses before it that say when it holds."""

    ban: bool
    act: str
    when: str


def permitted(question: str, sentences: Sequence[str]) -> bool | None:
    """Tell whether sentences permit what a Chinese question asks leave for.

    :returns: ``None`` where they do not speak of the same act, or the question asks for no leave.

    >>> permitted("未经同意，受托人可以转委托吗？", ["受托人应当接受监督。", "未经同意，受托人不得转委托。"])
    False
    """
    asked = _ASKS.search(fold(question))
    if asked is None:
        return None
    act, when = _LIGHT.sub("", asked["act"]), _pairs(fold(question)[: asked.start()])
    rules = [rule for sentence in sentences for rule in _rules(fold(sentence))]
    same = [(len(when & _pairs(rule.when)), rule.ban, rule) for rule in rules if _alike(rule.act, act)]
    back = [rule for rule in rules if rule.ban and _BACK.match(rule.act) and len(when & _pairs(rule.when)) >= _SAME]
    # The exception to a leave ("但首年内不得行使此权利") decides where the question is about its case.
    most = max((shared for shared, _, _ in same), default=0)
    if any(len(when & _pairs(rule.when)) > most for rule in back):
        return False
    return not _best(same).ban if same else None


def _best(rules: Sequence[tuple[int, bool, _Rule]]) -> _Rule:
    """Return the rule whose case is most like the question's; of equal ones the ban."""
    return max(rules, key=lambda rule: rule[:2])[2]


def _rules(sentence: str) -> Iterator[_Rule]:
    for match in _RULE.finditer(sentence):
        before = _CLAUSE.split(sentence[: match.start()])
        act = _LIGHT.sub("", _CLAUSE.split(sentence[match.end() :])[0].rstrip("。！？ "))
        # What stands before the last turn ("但") belongs to another rule.
        case = re.split(r"但是?|然而", "，".join(before[-3:]))[-1]
        yield _Rule(match["ban"] is not None, act, case)


def _alike(rule: str, asked: str) -> bool:
    """Tell whether a rule's act is the one asked about: its verb stands there, perhaps after its object ("将房屋转租")."""
    return len(asked) >= _SAME and asked[:_SAME] in rule


def _pairs(text: str) -> set[str]:
    return {text[at : at + 2] for run in re.findall(r"[\u4e00-\u9fff]+", text) for at in range(len(run) - 1)}
