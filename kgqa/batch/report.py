"""The summary of a run as one HTML page that loads nothing: counts, bad rows, answers (least certain first), abstentions."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
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
td.n { text-align: end; white-space: nowrap; }
.soft { color: var(--soft); } .bad { color: #b3372f; } .cites { white-space: pre-line; font-size: .87rem; }
"""
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def report_page(name: str, records: Sequence[Mapping[str, Any]], limit: int = 5000) -> str:
    """Return the page; everything that comes from questions or sources is escaped.

    :param limit: rows of a part that are shown.
    """
    figures = "".join(f"<li><b>{number}</b>{_text(label)}</li>" for label, number in _figures(records))
    parts = (
        ("Rows that could not be asked", [one for one in records if one["error"]]),
        ("Answers, the least certain first", [o for o in records if not o["error"] and o["kind"] != "none"]),
        ("Without an answer; the figure says how likely it is that the sources have none",
         [one for one in records if not one["error"] and one["kind"] == "none"]),
    )  # fmt: skip
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_text(name)}: answers</title><style>{_STYLE}</style></head><body>\n<h1>{_text(name)}: answers</h1>\n"
        f'<ul class="figures">{figures}</ul>\n{"".join(_part(title, some, limit) for title, some in parts if some)}'
        "</body></html>\n"
    )


def _part(title: str, records: Sequence[Mapping[str, Any]], limit: int) -> str:
    ordered = sorted(records, key=lambda one: one["confidence"] or 0.0)
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Row", "Confidence", "Question", "Answer", "Evidence"))
    more = f'<p class="soft">and {len(ordered) - limit:,} more</p>\n' if len(ordered) > limit else ""
    return (
        f"<h2>{_text(title)} ({len(ordered):,})</h2>\n<table><thead><tr>{head}</tr></thead>\n<tbody>\n"
        + "\n".join(map(_row, ordered[:limit]))
        + f"\n</tbody></table>\n{more}"
    )


def _figures(records: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    faults = [one for one in records if one["error"]]
    asked = [one for one in records if not one["error"]]
    none = [one for one in asked if one["kind"] == "none"]
    given = [one["confidence"] for one in asked if one["kind"] != "none"]
    figures = [("questions", f"{len(records):,}"), ("answered", f"{len(given):,}"), ("no answer", f"{len(none):,}")]
    figures += [("bad rows", f"{len(faults):,}")] if faults else []
    figures += [("mean confidence", f"{sum(given) / len(given):.0%}")] if given else []
    reasons = Counter(one["reason"] for one in none if one["reason"])
    return figures + [(f"because: {reason}", f"{n:,}") for reason, n in reasons.most_common()]


def _row(one: Mapping[str, Any]) -> str:
    confidence = f"{one['confidence']:.0%}" if isinstance(one["confidence"], float | int) else ""
    if one["error"]:
        said = f'<span class="bad">{_text(one["error"])}</span>'
    elif one["kind"] == "none":
        said = f'<span class="soft">no answer: {_text(one["explanation"] or one["reason"])}</span>'
    else:
        said = _text(one["answer"])
    about = f'<br><span class="soft">{_text(one["documents"])}</span>' if one["documents"] else ""
    return (
        f'<tr><td class="n">{_text(one["row"])}</td><td class="n">{confidence}</td>'
        f"<td>{_text(one['question'])}{about}</td>"
        f'<td>{said}</td><td class="cites">{_text(one["citations"])}</td></tr>'
    )


def _text(value: object) -> str:
    return html.escape(_FORBIDDEN.sub("\ufffd", str(value)[:4000]))
