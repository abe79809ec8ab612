"""The summary of a run as one HTML page that loads nothing: counts, bad rows, answers (least certain first), abstentions."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #6b7573; }
body {
  font: 15px/1.55 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  margin: 2rem auto; max-width: 72rem; padding: 0 1rem;
}
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.figures { display: flex; flex-wrap: wrap; gap: .75rem; padding: 0; list-style: none; }
.figures li { border: 1px solid var(--line); border-radius: 10px; padding: .5rem 1rem; }
.figures b { font-size: 1.3rem; display: block; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .5rem .6rem; text-align: start; vertical-align: top; }
td { overflow-wrap: anywhere; }
th:nth-child(n+3) { width: 29%; }
td.n { text-align: end; white-space: nowrap; }
.soft { color: var(--soft); } .bad { color: #b3372f; } .cites { white-space: pre-line; font-size: .87rem; }
@media (max-width: 40rem) {
  thead { display: none; } tr { display: block; border-bottom: 1px solid var(--line); padding: .6rem 0; }
  td { display: block; border: 0; padding: .15rem 0; } td.n { display: inline; margin-inline-end: 1rem; }
  td::before { content: attr(data-name) " "; color: var(--soft); }
}
"""
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # they can disguise what a name is

_HEADS = ("Row", "Confidence", "Question", "Answer", "Evidence")
_REASONS = {
    "no_entity": "nothing known is named",
    "no_relation": "no fitting relation",
    "no_passage": "no fitting passage",
    "sources_disagree": "sources disagree",
    "reader_unsure": "the reading is unsure",
    "out_of_date": "out of date",
    "not_permitted": "not permitted",
}
_CHINESE = {
    "answers": "答案",
    "Rows that could not be asked": "无法提问的行",
    "Answers, the least certain first": "答案（把握最小的在前）",
    "Without an answer; the figure says how likely it is that the sources have none": "无答案（数字表示来源中确无答案的可能性）",
    "Row": "行",
    "Confidence": "置信度",
    "Question": "问题",
    "Answer": "答案",
    "Evidence": "证据",
    "and {} more": "另有 {} 行",
    "questions": "问题",
    "answered": "已回答",
    "no answer": "无答案",
    "bad rows": "错误行",
    "mean confidence": "平均置信度",
    "because: {}": "原因：{}",
    "nothing known is named": "未提及已知事物",
    "no fitting relation": "没有相符的关系",
    "no fitting passage": "没有相符的段落",
    "sources disagree": "来源不一致",
    "the reading is unsure": "阅读结果不确定",
    "out of date": "已过时",
    "not permitted": "无权查看",
}


def report_page(
    name: str,
    records: Sequence[Mapping[str, Any]],
    language: str = "en",
    limit: int = 5000,
    say: Callable[[str], str] = str,
) -> str:
    """Return the page; everything that comes from questions or sources is escaped.

    :param language: of the page's own words, ``en`` or ``zh``.
    :param limit: rows of a part that are shown.
    :param say: puts what is wrong with a row into that language.
    """
    records, say = [{**one, "error": say(one["error"])} if one["error"] else one for one in records], _in(language)
    figures = "".join(f"<li><b>{number}</b>{_text(label)}</li>" for label, number in _figures(records, say))
    parts = (
        ("Rows that could not be asked", [one for one in records if one["error"]]),
        ("Answers, the least certain first", [o for o in records if not o["error"] and o["kind"] != "none"]),
        ("Without an answer; the figure says how likely it is that the sources have none",
         [one for one in records if not one["error"] and one["kind"] == "none"]),
    )  # fmt: skip
    title = f"{_text(name)}: {say('answers')}"
    return (
        f'<!doctype html>\n<html lang="{"zh" if language == "zh" else "en"}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>\n<h1>{title}</h1>\n"
        f'<ul class="figures">{figures}</ul>\n{"".join(_part(said, some, limit, say) for said, some in parts if some)}'
        "</body></html>\n"
    )


def _in(language: str) -> Callable[[str], str]:
    """Return what says the page's own words in a language."""
    return lambda words: _CHINESE.get(words, words) if language == "zh" else words


def _part(title: str, records: Sequence[Mapping[str, Any]], limit: int, say: Callable[[str], str]) -> str:
    ordered = sorted(records, key=lambda one: one["confidence"] or 0.0)
    head = "".join(f'<th scope="col">{say(name)}</th>' for name in _HEADS)
    left = f"{len(ordered) - limit:,}"
    more = f'<p class="soft">{say("and {} more").format(left)}</p>\n' if len(ordered) > limit else ""
    return (
        f"<h2>{_text(say(title))} ({len(ordered):,})</h2>\n<table><thead><tr>{head}</tr></thead>\n<tbody>\n"
        + "\n".join(_row(one, say) for one in ordered[:limit])
        + f"\n</tbody></table>\n{more}"
    )


def _figures(records: Sequence[Mapping[str, Any]], say: Callable[[str], str]) -> list[tuple[str, str]]:
    faults = [one for one in records if one["error"]]
    asked = [one for one in records if not one["error"]]
    none = [one for one in asked if one["kind"] == "none"]
    given = [one["confidence"] for one in asked if one["kind"] != "none"]
    figures = [("questions", f"{len(records):,}"), ("answered", f"{len(given):,}"), ("no answer", f"{len(none):,}")]
    figures += [("bad rows", f"{len(faults):,}")] if faults else []
    figures += [("mean confidence", f"{sum(given) / len(given):.0%}")] if given else []
    reasons = Counter(one["reason"] for one in none if one["reason"])
    because = [(say("because: {}").format(say(_REASONS.get(why, why))), f"{n:,}") for why, n in reasons.most_common()]
    return [*((say(label), number) for label, number in figures), *because]


def _row(one: Mapping[str, Any], say: Callable[[str], str]) -> str:
    confidence = f"{one['confidence']:.0%}" if isinstance(one["confidence"], float | int) else ""
    if one["error"]:
        said = f'<span class="bad">{_text(one["error"])}</span>'
    elif one["kind"] == "none":
        said = f'<span class="soft">{say("no answer")}: {_text(one["explanation"] or one["reason"])}</span>'
    else:
        said = _text(one["answer"])
    about = f'<br><span class="soft">{_text(one["documents"])}</span>' if one["documents"] else ""
    cells = [("n", _text(one["row"])), ("n", confidence), ("", f"{_text(one['question'])}{about}"), ("", said)]
    cells.append(("cites", _text(one["citations"])))
    named = zip(_HEADS, cells, strict=True)
    return f"<tr>{''.join(_cell(say(head), kind, inner) for head, (kind, inner) in named)}</tr>"


def _cell(head: str, kind: str, inner: str) -> str:
    return f'<td class="{kind}" data-name="{head}">{inner}</td>' if inner else "<td></td>"


def _text(value: object) -> str:
    return html.escape(_TURNING.sub("", _FORBIDDEN.sub("\ufffd", str(value)[:4000])))
