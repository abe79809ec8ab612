"""Signs of personal data: patterns for English and Chinese, with check digits where there are any."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from kgqa.evaluation.people import people

KINDS = ("email", "network", "card", "account", "id", "phone", "birthday", "address", "person")

# --- numbers with check digits ---


def luhn(digits: str) -> bool:
    """Tell whether the check digit of a card number is right (ISO/IEC 7812-1)."""
    values = [int(d) for d in reversed(re.sub(r"\D", "", digits))]
    doubled = [v if at % 2 == 0 else sum(divmod(2 * v, 10)) for at, v in enumerate(values)]
    return len(values) >= 12 and len(set(values)) > 1 and sum(doubled) % 10 == 0


def chinese_id(text: str) -> bool:
    """Tell whether the check character of a Chinese identity number is right (GB 11643, ISO 7064 MOD 11-2)."""
    body, last = text[:17], text[17:].upper()
    if not re.fullmatch(r"[0-9]{17}", body) or not ("01" <= body[10:12] <= "12" and "01" <= body[12:14] <= "31"):
        return False
    return "10X98765432"[sum(int(d) * pow(2, 17 - at, 11) for at, d in enumerate(body)) % 11] == last


def iban(text: str) -> bool:
    """Tell whether the check digits of an IBAN are right (ISO 13616, MOD 97-10)."""
    plain = re.sub(r"\s", "", text).upper()
    return 15 <= len(plain) <= 34 and int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _social(text: str) -> bool:
    """Tell whether a number may be a US social security number."""
    area, group, serial = text.split("-")
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def _yes(_: str) -> bool:
    return True


# --- patterns: kind, pattern (the group x is what is taken, else all), check ---

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_DAY = (
    rf"(?:\d{{1,2}}[ /.-](?:{_MONTH}|\d{{1,2}})[ /.-],? ?\d{{2,4}}|{_MONTH} \d{{1,2}},? \d{{4}}"
    r"|\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?)"
)
_STREET = "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Square|Sq|Terrace|Way|Place|Pl|Close|Crescent"
_TOWN = r"(?:, ?[A-Z][a-z'-]+(?: [A-Z][a-z'-]+){0,2}){0,2}"
_CODE = r"(?:,? ?[A-Z]{2} \d{5}(?:-\d{4})?|,? [A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2})?"
# A place name in a Chinese address: no word of being or going somewhere, which would reach back into the sentence.
_PLACE = r"(?:(?![住于在是至到和与及位从向为])[\u4e00-\u9fff])"
_LAST = r"(?![A-Za-z0-9])"
_PATTERNS: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("email", r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+", _yes),
    ("network", r"(?<![\d.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\d.])", _yes),
    ("network", r"(?<![\w:])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![\w:])", _yes),
    ("id", rf"(?<!\d)[1-9]\d{{16}}[\dXx]{_LAST}", chinese_id),
    ("account", rf"(?<![A-Za-z0-9])[A-Z]{{2}}[0-9]{{2}}(?: ?[A-Z0-9]{{4}}){{2,7}}(?: ?[A-Z0-9]{{1,3}})?{_LAST}", iban),
    ("id", r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])", _social),
    ("id", rf"(?<![A-Za-z0-9])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{{2}} ?\d{{2}} ?\d{{2}} ?[A-D]{_LAST}", _yes),
    (
        "id",
        r"(?i:(?:passport|licen[cs]e|patient|member|employee|insurance|medical record|MRN|NHS|case|policy|tax)"
        r"(?: (?:no|number|id|identifier))?\.?[:#]? ?(?:is )?)"
        r"(?P<x>(?=[A-Z0-9-]*\d)[A-Z0-9][A-Z0-9-]{4,18}[A-Z0-9])",
        _yes,
    ),
    (
        "id",
        r"(?:身份证|护照|病历|住院|门诊|社保|工|学|医保|驾驶证)(?:卡|证)?(?:号码?|编号)(?:为|是)?[:：]? ?"
        r"(?P<x>[A-Za-z0-9]{5,20})",
        _yes,
    ),
    ("account", r"(?:账号|帐号|账户|银行卡号?)(?:为|是)?[:：]? ?(?P<x>\d[\d ]{8,24}\d)", _yes),
    ("phone", r"(?<!\d)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)", _yes),
    ("phone", r"(?<![\d-])0\d{2,3}[- ]?[2-9]\d{6,7}(?:-\d{1,6})?(?![\d-])", _yes),
    ("phone", r"(?<![\w+])\+\d{1,3}(?:[ .-]?\(?\d{1,4}\)?){2,5}(?!\d)", _yes),
    ("phone", r"(?<![\w(])\(?[2-9]\d{2}\)?[ .-][2-9]\d{2}[ .-]\d{4}(?!\d)", _yes),
    (
        "phone",
        r"(?i:(?:tel|phone|mobile|cell|fax|电话|手机|传真)(?:ephone)?(?: (?:no|number))?\.?(?:号码?)?[:：]? ?)"
        r"(?P<x>\(?\d[\d ()./-]{5,18}\d)",
        _yes,
    ),
    (
        "birthday",
        r"(?i:born(?: on)?|date of birth|birth ?date|DOB|出生日期|出生于|生于|生日)[:：]? ?(?:(?i:is) |为|是)?"
        rf"(?P<x>{_DAY})",
        _yes,
    ),
    ("birthday", rf"(?P<x>{_DAY})(?:出生|生)(?![产效成])", _yes),
    (
        "address",
        rf"(?<![\w-])\d{{1,5}}[A-Za-z]?,? (?:[A-Z][\w'-]+ ){{1,4}}(?:{_STREET})\b\.?"
        rf"(?:,? (?:Apt|Suite|Unit|Flat|Floor)\.? ?#?\w+)?{_TOWN}{_CODE}",
        _yes,
    ),
    (
        "address",
        rf"(?:{_PLACE}{{2,8}}?(?:省|自治区))?(?:{_PLACE}{{2,6}}?[市州])?(?:{_PLACE}{{1,6}}?[区县旗])?"
        rf"(?:{_PLACE}|\d){{1,12}}?(?:路|街|大道|巷|弄|胡同|村|镇|小区|花园)(?:{_PLACE}|\d){{0,6}}?\d{{1,5}}(?:号|弄|幢|栋)"
        rf"(?:(?:{_PLACE}|\d){{0,8}}?\d{{1,4}}(?:室|单元|楼|层|房|号))*",
        _yes,
    ),
)


@cache
def _compiled() -> tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...]:
    return tuple((kind, re.compile(pattern), check) for kind, pattern, check in _PATTERNS)


_DIGITS = re.compile(r"\d(?:[ -]?\d){11,}")


def _cards(text: str) -> Iterator[tuple[int, int]]:
    """Yield card numbers, also beside other numbers: runs of whole groups of digits whose check digit is right."""
    for run in _DIGITS.finditer(text):
        groups = [(run.start() + m.start(), run.start() + m.end()) for m in re.finditer(r"\d+", run[0])]
        at = 0
        while at < len(groups):
            start = groups[at][0]
            fitting = (last for last in range(min(len(groups), at + 7) - 1, at - 1, -1))
            found = next((last for last in fitting if _card(text[start : groups[last][1]])), None)
            if found is None:
                at += 1
                continue
            yield start, groups[found][1]
            at = found + 1


def _card(text: str) -> bool:
    return 12 <= sum(c.isdigit() for c in text) <= 19 and luhn(text)


def marks(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and kind of what has the form of personal data; the surest kinds first."""
    yield from ((start, end, "card") for start, end in _cards(text))
    for kind, pattern, check in _compiled():
        part = "x" if "x" in pattern.groupindex else 0
        for match in pattern.finditer(text):
            if check(match[part]):
                yield *match.span(part), kind


# --- names ---

_UPPER = "A-ZÀ-ÖØ-ÞĆČĐĞİŁŃŚŞŠŹŻŽ"
_CAPITAL = rf"[{_UPPER}][^\W\d_]+(?:[-'’][{_UPPER}]?[^\W\d_]+)*"
_PARTICLE = r"(?:(?:van|von|de|der|den|da|di|bin|al|el|la) ){1,2}"
_FULL = rf"(?:{_PARTICLE})?{_CAPITAL}(?: [A-Z]\.)?(?: (?:{_PARTICLE})?{_CAPITAL}){{0,2}}"
_TITLES = "Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Judge|Justice|Nurse|Sir|Dame|Lady|Lord|Rev|Capt|Sgt|Lt"
_TITLED = re.compile(rf"\b(?:{_TITLES})\b\.? (?P<x>(?:[A-Z]\. )?{_FULL})")
_ROLES = "patient|client|employee|tenant|landlord|plaintiff|defendant|witness|name|signed by|contact"
_ANNOUNCED = re.compile(
    rf"\b(?i:(?:{_ROLES})(?: name)?(?: is)?[:,]? )(?P<x>{_CAPITAL}(?: [A-Z]\.)?(?: {_CAPITAL}){{1,2}})"
)
_PAIR = re.compile(rf"\b(?=(?P<x>{_CAPITAL}(?: [A-Z]\.)? {_CAPITAL})\b)")  # also inside "King Edward Smith"
_NO_NAME = frozenset(
    re.findall(
        r"\w+", "The This That These Those And But For With From Inc Ltd Corp Company Agreement Court State Section Act"
    )
)


def latin_names(text: str) -> Iterator[str]:
    """Yield names in Latin letters: after a title or a role, or a known given name with a surname."""
    for pattern in (_TITLED, _ANNOUNCED):
        yield from (m["x"] for m in pattern.finditer(text) if not _NO_NAME & set(m["x"].split()))
    given = people().given()
    for match in _PAIR.finditer(text):
        first, *_, last = match["x"].split()
        if first in given and last not in _NO_NAME:
            yield match["x"]


_CHINESE_ROLES = (
    "姓名|患者|病人|原告|被告|上诉人|被上诉人|申请人|被申请人|法定代表人|负责人|委托代理人|联系人|证人|被害人|犯罪嫌疑人"
    "|审判长|审判员|书记员"
)
_CHINESE_TITLES = "先生|女士|小姐|教授|医生|医师|大夫|护士|律师|法官|同志|老师|经理|主任"
_HAN = r"[\u4e00-\u9fff]"


@cache
def _chinese() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    surname = f"(?:{'|'.join(sorted(people().surnames, key=len, reverse=True))})"
    edge = r"(?=[，,。；;、（(\s：:]|$|诉|与|和|因|于|在|的|系|被|男|女)"
    role = rf"(?:{_CHINESE_ROLES})(?:为|是|系)?[:：]? ?"
    return (
        re.compile(rf"{role}(?P<x>{surname}(?:{_HAN}{{2}}|{_HAN}){edge})"),
        re.compile(rf"(?P<x>{surname}(?:某{{1,2}}|{_HAN}{{1,2}})?)(?={_CHINESE_TITLES})|(?P<y>{surname}某{{1,3}})"),
        re.compile(rf"{role}(?={surname})"),
    )


def chinese_names(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of Chinese names: after a role, before a title, or with 某; a word of the dictionary is no name."""
    after_role, titled, role = _chinese()
    seen: set[int] = set()
    for match in after_role.finditer(text):
        if not _word(match["x"]):
            seen.add(match.start("x"))
            yield match.span("x")
    for match in titled.finditer(text):
        part = "x" if match["x"] else "y"
        if not _word(match[part]) or len(match[part]) == 1:
            yield match.span(part)
    for match in role.finditer(text):
        if match.end() in seen:
            continue
        first = next(iter(_tagger().cut(text[match.end() : match.end() + 6])), None)
        if first is not None and first.flag.startswith("nr") and 2 <= len(first.word) <= 4 and not _word(first.word):
            yield match.end(), match.end() + len(first.word)


@cache
def _tagger() -> Any:
    import logging

    import jieba  # a dictionary of 5 MB: only loaded for Chinese
    import jieba.posseg

    jieba.setLogLevel(logging.WARNING)
    tagger = jieba.posseg.dt
    tagger.initialize()
    return tagger


def _word(text: str) -> bool:
    """Tell whether a dictionary has a text as something else than a name, as 高烧 is; 陈述 it has as a name, and is wrong."""
    import jieba

    tag = _tagger().word_tag_tab.get(text)
    return tag is not None and (not tag.startswith("nr") or (len(text) == 2 and (jieba.get_FREQ(text) or 0) >= 100))
