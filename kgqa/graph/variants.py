"""Other forms in which people write a name: without legal form or brackets, with inverted parts turned round."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LEGAL = (
    r"inc|incorporated|corp|corporation|co|company|llc|l\.l\.c|ltd|limited|llp|l\.l\.p|lp|l\.p|plc|gmbh|ag|kg|se|sa|s\.a"
    r"|s\.p\.a|spa"
    r"|srl|s\.r\.l|bv|b\.v|nv|n\.v|ab|oy|as|a/s|pty|pte|kk|k\.k|sarl|s\.a\.r\.l|n\.a"
)
_COMPANY = re.compile(rf"(?:,?\s+(?:{_LEGAL})\.?)+$", re.IGNORECASE)
_ZH_COMPANY = re.compile(r"(?:股份有限公司|有限责任公司|集团有限公司|有限公司|公司)$")
_ZH_STATE = re.compile(r"^(?:中华人民共和国|《中华人民共和国)")
_BRACKETS = re.compile(r"\s*[(（\[【][^()（）\[\]【】]*[)）\]】]\s*$")
_INNER = re.compile(r"[(（]([^()（）]{2,})[)）]\s*$")
_MAX = 120
# "Italian law" means the law of Italy.
_ADJECTIVES = """
    Argentina: Argentine; Australia: Australian; Austria: Austrian; Belgium: Belgian; Brazil: Brazilian;
    Britain: British; Bulgaria: Bulgarian; Canada: Canadian; Chile: Chilean; China: Chinese; Colombia:
    Colombian; Croatia: Croatian; Cyprus: Cypriot; Czech Republic: Czech; Denmark: Danish; Egypt: Egyptian;
    England: English; Estonia: Estonian; Europe: European; European Union: European; Finland: Finnish; France:
    French; Germany: German; Greece: Greek; Hungary: Hungarian; Iceland: Icelandic; India: Indian; Indonesia:
    Indonesian; Ireland: Irish; Israel: Israeli; Italy: Italian; Japan: Japanese; Kenya: Kenyan; Latvia:
    Latvian; Lithuania: Lithuanian; Luxembourg: Luxembourgish; Malaysia: Malaysian; Malta: Maltese; Mexico:
    Mexican; Morocco: Moroccan; Netherlands: Dutch; Nigeria: Nigerian; Norway: Norwegian; Pakistan: Pakistani;
    Peru: Peruvian; Philippines: Philippine; Poland: Polish; Portugal: Portuguese; Romania: Romanian; Russia:
    Russian; Saudi Arabia: Saudi; Scotland: Scottish; Singapore: Singaporean; Slovakia: Slovak; Slovenia:
    Slovenian; South Africa: South African; South Korea: South Korean; Spain: Spanish; Sweden: Swedish;
    Switzerland: Swiss; Taiwan: Taiwanese; Thailand: Thai; Turkey: Turkish; Ukraine: Ukrainian; United Kingdom:
    British; United States: American; United States of America: American; Vietnam: Vietnamese; Wales: Welsh
"""
_ADJECTIVE = dict(pair.split(": ") for pair in " ".join(_ADJECTIVES.split()).split("; "))


def variants(name: str) -> Iterator[str]:
    """Yield other forms of a name, each at least three letters (two Chinese characters) long."""
    if len(name) > _MAX * 3:
        return
    found = {name}
    adjective = [_ADJECTIVE[name]] if name in _ADJECTIVE else []
    for text in (*_shorter(name), *_turned(name), *adjective):
        text = text.strip(" ,;，；")
        if text not in found and (len(text) >= 3 or (len(text) == 2 and not text.isascii())):
            found.add(text)
            yield text


def _shorter(name: str) -> Iterator[str]:
    bare = _BRACKETS.sub("", name)
    if bare != name:
        yield bare
    yield _COMPANY.sub("", bare)
    if not name.isascii():
        yield _ZH_COMPANY.sub("", bare)
        yield _ZH_STATE.sub("", bare)
        if (inner := _INNER.search(name)) and not inner[1].isascii():
            yield inner[1]


def _turned(name: str) -> Iterator[str]:
    """Turn "diabetes mellitus, type 2" into "type 2 diabetes mellitus"."""
    parts = name.split(", ")
    if len(parts) == 2 and len(name) <= _MAX and not _COMPANY.search(name) and parts[1][:1].islower():
        yield f"{parts[1]} {parts[0]}"
