"""The forms of headings in statutes, contracts and papers: which line is one, what it says, how far out it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMERALS = "0-9０-９零〇一二三四五六七八九十百千两"
_LEAD = "[ \t\u00a0\u3000>*_#]*"
_BLANK = "[ \t\u00a0\u3000]"

_chinese = re.compile(rf"(?P<label>第[{_NUMERALS}]+(?P<unit>分编|[编章节条])(?:之[{_NUMERALS}]+)?)(?P<rest>.*)")
_chinese_list = re.compile(
    r"(?:(?P<outer>[一二三四五六七八九十]+、)|[（(][一二三四五六七八九十]+[)）])[^。；;，,：:]{1,40}$"
)
_named = re.compile(
    r"(?P<label>(?P<unit>(?i:book|title|part|chapter|article|exhibit|schedule|annex|appendix|attachment))"
    rf"{_BLANK}+(?:[IVXLC]+|\d+(?:\.\d+)*|[A-Z])(?!\w)(?:[-–]\w+)?)(?P<rest>.*)"
)
_section = re.compile(
    rf"(?P<label>(?:(?i:section|sec\.|clause)|§+){_BLANK}*(?P<number>\d+[A-Za-z]?(?:\.\d+)*))(?!\w)(?P<rest>.*)"
)
_numbered = re.compile(r"(?P<label>(?P<number>\d{1,3}(?:\.\d{1,3}){0,4})\.?)(?![\w,%/)])(?P<rest>.*)")
_roman = re.compile(rf"(?P<label>[IVX]{{1,6}}\.)(?P<rest>{_BLANK}+.*)")
_capitals = re.compile(r"[^a-z]{4,90}$")
_contents = re.compile(r"(?:\.{3,}|\s{2,}|\t|…+|\. \. \.)\s*(?:[Pp]age\s*)?[-–]?\d{1,4}$|[A-Za-z)] \d{1,3}$")
_run_in = re.compile(r"[\s.:—–-]*(?P<title>[A-Z\"“][^.:\n]{1,80}?)[.:](?=\s|[\"”]|$)")
_inline = re.compile(
    r"(?P<gap>(?<=[.;:!?)\"”])\s+|(?<=\S)\s{2,})"
    r"(?P<label>(?:(?:Section|SECTION|§)\s*)?(?P<number>\d{1,2}(?:\.\d{1,2}){0,3})\.?)"
    r"\s+(?P<title>[A-Z][^.:;\n]{2,70}(?=[.:](?:\s|$))|[\"“](?=[A-Z]))"
)
_bracketed = re.compile(r"[【（]([^】）]{1,30})[】）]")
_title_word = re.compile(r"[A-Za-z][\w'’-]*")
_chinese_title = re.compile(r"(?!\d)[\w\s\u3000（）()《》、/-]{2,30}")
_blanks = re.compile(r"\s+")
_exhibit = re.compile(r"exhibit\b", re.IGNORECASE)
_small = re.compile(
    r"an?|and|as|at|between|by|for|from|in|into|its|no|not|of|on|or|per|the|to|under|upon|vs|with|without",
    re.IGNORECASE,
)

# Ranks: only their order counts. Exhibits and the like begin anew.
_CHINESE_UNITS = {"编": 1, "分编": 2, "章": 3, "节": 4, "条": 7}
_UNITS = {"book": 1, "title": 1, "part": 2, "chapter": 3, "article": 5}
_ROMAN, _CHINESE_OUTER, _CHINESE_INNER, _NUMBER, _CAPITALS = 4, 6, 8, 10, 20


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a section opens.

    :param rank: smaller is further out; only the order of ranks counts.
    """

    start: int
    heading: str
    rank: int


def heading(line: str, length: int, *, strict: bool) -> tuple[str, int] | None:
    """Read a line as a heading.

    :param line: the beginning of a line, without blanks around it.
    :param length: of the whole line; what follows on the line of a heading is its text.
    :param strict: only headings that name themselves ("Article 5", "§ 7.2", "第十二条").
    :returns: the heading and its rank, ``None`` for other lines.
    """
    line = line.lstrip(" \t\u00a0\u3000>*_#")
    if line[:1] == "第":
        return _chinese_unit(line, length)
    if _chinese_list.match(line):
        outer = line[0] not in "（("
        return (tidy(line), _CHINESE_OUTER if outer else _CHINESE_INNER) if length <= 45 else None
    named = _named.match(line) or _section.match(line)
    if length < 160 and _contents.search(line) and (named is None or named["rest"].strip()):
        return None  # a line of the table of contents
    if named:
        return _named_unit(named, length)
    return None if strict else _loose(line, length)


def _chinese_unit(line: str, length: int) -> tuple[str, int] | None:
    found = _chinese.match(line)
    if not found:
        return None
    label, rest, rank = found["label"], found["rest"].strip(" \t\u3000*_"), _CHINESE_UNITS[found["unit"]]
    if found["unit"] != "条":
        whole = length <= 40 and not rest.endswith(("。", "；", "，"))
        return (tidy(f"{label} {rest}"), rank) if whole else None
    if found["rest"][:1] not in ("", *" \t\u3000【*_（:："):
        return None  # "第五条规定的……" refers to an article
    bracket = _bracketed.match(rest)
    short = rest if 0 < len(rest) <= 20 and rest[-1] not in "。；，：、.;,:" and length < 40 else ""
    return tidy(f"{label} {bracket[1] if bracket else short}"), rank


def _named_unit(found: re.Match[str], length: int) -> tuple[str, int] | None:
    label, rest = found["label"], found["rest"].strip(" \t\u00a0*_")
    if rest[:1].islower() or rest.startswith((",", ";", ")")):
        return None  # "Section 5 of this Agreement", "Article 4, and"
    number = found.groupdict().get("number")
    title = title_of(rest, length)
    if number:
        return tidy(f"{label} {title or ''}"), _NUMBER + number.count(".")
    if title is None and rest and length > 200:
        return None
    return tidy(f"{label} {title or ''}"), _UNITS.get(found["unit"].lower(), 1)


def _loose(line: str, length: int) -> tuple[str, int] | None:
    numbered = _numbered.match(line)
    if numbered:
        rest = numbered["rest"].strip(" \t\u00a0\u3000*_")
        depth = numbered["number"].count(".")
        title = title_of(rest, length)
        if title is None and not (depth and rest and (rest[0] in '"“[(' or rest[0].isupper())):
            return None  # a list item or a figure, not a clause
        return tidy(f"{numbered['label']} {title or ''}"), _NUMBER + depth
    roman = _roman.match(line)
    if roman:
        title = title_of(roman["rest"].strip(), length)
        return (tidy(f"{roman['label']} {title}"), _ROMAN) if title else None
    return (tidy(line), _CAPITALS) if length <= 90 and _capitals.match(line) and _in_capitals(line) else None


def inline_marks(text: str, start: int, end: int) -> list[Mark]:
    """Find clauses amid a line whose breaks were lost.

    Such as ``... thereof. 5. NOTICES. Any notice`` and ``...; 1.6 "Plan" means``.
    """
    marks = []
    for found in _inline.finditer(text, start, end):
        title, depth = tidy(found["title"]), found["number"].count(".")
        wide = found["gap"].isspace() and len(found["gap"]) > 1
        if title[:1] in ('"', "“"):
            if depth:
                marks.append(Mark(found.start("label"), found["label"], _NUMBER + depth))
        elif is_title(title) and (depth or wide or title.isupper()):
            marks.append(Mark(found.start("label"), tidy(f"{found['label']} {title}"), _NUMBER + depth))
    return marks


def is_label(text: str) -> bool:
    """Tell whether a heading is a bare label ("ARTICLE X"), whose title may stand on the next line."""
    found = _named.fullmatch(text) if len(text) < 20 else None
    return found is not None and not found["rest"]


def is_exhibit(text: str) -> bool:
    """Tell whether a heading is the stamp of a filing ("Exhibit 10.1")."""
    return _exhibit.match(text) is not None


def title_of(rest: str, length: int) -> str | None:
    """Return the title after a number: the whole short line, or what stands before the first stop of a paragraph."""
    rest = rest.lstrip(" .:—–-\u3000")
    if not rest:
        return None
    found = _run_in.match(rest)
    if found and rest[found.end() :].strip():
        return found["title"].strip() if is_title(found["title"]) else None
    bare = rest.rstrip(".:")
    return bare if length <= 100 and rest[-1] not in ";,；，。" and is_title(bare) else None


def is_title(line: str) -> bool:
    """Tell whether words look like a title: short, mostly capitalised (or Chinese without punctuation)."""
    words = _title_word.findall(line)
    if not words:
        return _chinese_title.fullmatch(line) is not None
    telling = [word for word in words if not _small.fullmatch(word)]
    if len(words) > 12 or not telling:
        return False
    capital = sum(1 for word in telling if word[0].isupper())
    return words[0][0].isupper() and (capital >= 0.6 * len(telling) or len(words) <= 4)


def _in_capitals(line: str) -> bool:
    words = _title_word.findall(line)
    letters = sum(map(len, words))
    return any(len(word) >= 4 for word in words) and letters >= 0.6 * len(line.replace(" ", "")) and "___" not in line


def tidy(text: str) -> str:
    """Fold blanks and drop marks around a heading."""
    return _blanks.sub(" ", text).strip(" *_#:—–-")
