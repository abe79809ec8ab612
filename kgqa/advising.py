"""Questions that ask leave ("is it safe", "may it be taken together with", "可以吗"), and what is said for or against.

Sources seldom repeat the words of such a question: to "can A be taken with B?" they answer "A weakens B and can harm the
kidneys". What they say against something, or for it, is told by words that are the same in every field. Rules over English
and Chinese; nothing here knows a knowledge base.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_VERBS = (
    r"take|taken|use|used|combine|combined|give|given|prescribe|prescribed|administer|administered|mix|mixed|drink|eat|have"
    r"|breastfeed|continue|continued|start|started|add|added|swallow|inject|injected|receive|apply|applied|go|do|done"
)
_LEAVE = re.compile(
    r"^\W*(?:is|are|would|will)\b.*\b(?:safe|safely|ok|okay|fine|all right|alright|allowed|permitted|permissible|lawful"
    r"|legal|advisable|recommended|suitable|appropriate|acceptable|compatible|tolerated)\b"
    rf"|^\W*(?:can|could|should|is it possible)\b.*\b(?:{_VERBS})\b"
    r"|^\W*may\b"
    r"|(?:可不可以|能不能|可否|能否|是否(?:可以|能|允许|安全|适合|适宜|合法|推荐))"
    r"|(?:可以|能|允许|安全|适合|适宜|合法|推荐|行)[^，。？]*吗"
    r"|(?:安全|合适|可以)不",
    re.I,
)
_DENIED = re.compile(r"^[^,;]*\b(?:not|never)\b|n['’]t\b|不安全|不允许|(?<!能)不能|(?<!可)不可|不得|不宜|不推荐", re.I)
_AGAINST = re.compile(
    r"\b(?:avoid\w*|contra-?indicat\w*|unsafe|harm\w*|danger\w*|hazard\w*|toxic\w*|fatal\w*|incompatib\w*|interact\w*"
    r"|(?:at|the|higher|greater|increased?) risk|raises? the risk|increases? the risk|weakens?|prohibit\w*|forbid\w*"
    r"|forbidden|unlawful|illegal|void|invalid|bann?ed|inadvisable|discouraged|unsuitable|inappropriate)\b"
    r"|禁忌|禁用|忌用|慎用|避免|有害|危害|危险(?!因素)|毒性|致死|增加[^，。；]{0,12}风险|相互作用|减弱|禁止|违法|无效",
    re.I,
)
_FOR = re.compile(
    r"\b(?:safe(?:ly)?|allowed|permitted|lawful|advisable|recommended|suitable|appropriate|compatible|well tolerated"
    r"|preferred|entitled|free to|(?:may|can) (?:also )?be (?:taken|used|given|combined|continued|added|prescribed))\b"
    r"|安全|允许|推荐|适合|适宜|合法|首选|可以|可与|可用于|有权",
    re.I,
)


def asks_leave(question: str) -> bool:
    """Tell whether a yes/no question asks if something is safe, allowed or advisable, in the positive.

    >>> asks_leave("Can ibuprofen be taken together with lisinopril?")
    True
    >>> asks_leave("Can lisinopril cause a cough?")
    False
    """
    return _LEAVE.search(question) is not None and _DENIED.search(question) is None


def against(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of words that speak against something; whether they are denied themselves is for others to say."""
    return (match.span() for match in _AGAINST.finditer(text))


def in_favour(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of words that speak for something."""
    return (match.span() for match in _FOR.finditer(text))


__all__ = ["against", "asks_leave", "in_favour"]
