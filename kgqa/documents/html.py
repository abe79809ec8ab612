"""HTML files, read with the standard library's parser: it has no limit of depth beyond which text is lost."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from kgqa.documents.decoding import decode
from kgqa.documents.headings import Mark
from kgqa.documents.metadata import FIELDS, normal_name
from kgqa.documents.plain import note_encoding
from kgqa.documents.source import Extract, clean
from kgqa.documents.structure import sections_of
from kgqa.errors import SourceError

_charset = re.compile(
    rb"""<(?:meta[^>]{0,200}|\?xml[^>]{0,100}en)(?:charset|coding)\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HIDDEN = _words("script style template noscript svg math object iframe")
_BLOCKS = _words(
    "address article aside blockquote body br caption center dd details dialog div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hr html li main nav ol option p pre section select summary table tbody tfoot "
    "thead tr ul"
)
_APART = _words("p h1 h2 h3 h4 h5 h6 table ul ol dl blockquote section article pre")
_rubbish = re.compile(r"<(script|style|template)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", re.IGNORECASE | re.DOTALL)


def read_html(data: bytes, warnings: list[str]) -> list[Extract]:
    """Read an HTML file: visible text, headings as sections, table rows as lines; nothing is fetched."""
    declared = _charset.search(data[:4000])
    text, encoding = decode(data, declared[1].decode("ascii", "replace") if declared else "")
    note_encoding(text, encoding, warnings)
    page = _Page()
    page.feed(text)
    page.close()
    extracted = page.text()
    crude = html.unescape(_rubbish.sub(" ", text))
    if _letters(extracted) * 2 < _letters(crude) - len(page.title):
        warnings.append("the markup is broken; read without its structure")
        return [Extract(clean(re.sub(r"[ \t]+", " ", crude).strip()), page.title.strip(), about=page.about)]
    if not extracted.strip() and b"<" not in data:
        raise SourceError("this is no HTML; rename it to .txt")
    title = " ".join(page.title.split()) or next((mark.heading for mark in page.marks), "")
    return [Extract(extracted, title, page.language, sections=sections_of(extracted, page.marks), about=page.about)]


def _letters(text: str) -> int:
    return sum(map(len, re.findall(r"\w+", text)))


class _Page(HTMLParser):
    """Collects visible text and where headings stand in it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self.language = ""
        self.about: dict[str, str] = {}
        self.marks: list[Mark] = []
        self._parts: list[str] = []
        self._length = 0
        self._hidden: list[str] = []
        self._in_title = False
        self._verbatim = 0
        self._heading: tuple[int, int, int] | None = None  # offset, rank, parts before it

    def text(self) -> str:
        """Return the text so far."""
        return "".join(self._parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a block, a heading, a cell or something hidden."""
        if tag in _HIDDEN:
            self._hidden.append(tag)
        if self._hidden:
            return
        values = {key: value or "" for key, value in attrs}
        if tag == "title":
            self._in_title = not self.title
        elif tag == "html":
            self.language = values.get("lang", "")
        elif tag == "meta":
            self._meta(values)
        elif tag == "pre":
            self._verbatim += 1
        self._lay_out(tag)

    def _lay_out(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._break(2 if tag in _APART else 1)
        elif tag in ("td", "th") and self._parts and not self._parts[-1].endswith("\n"):
            self._put(" | ")
        if tag == "li":
            self._put("- ")
        elif len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self._heading = (self._length, int(tag[1]), len(self._parts))

    def handle_endtag(self, tag: str) -> None:
        """Close what :meth:`handle_starttag` opened."""
        if self._hidden:
            if tag in self._hidden:
                while self._hidden.pop() != tag:
                    pass
            return
        if tag == "title":
            self._in_title = False
        elif tag == "pre":
            self._verbatim = max(0, self._verbatim - 1)
        elif self._heading and len(tag) == 2 and tag[0] == "h":
            start, rank, parts = self._heading
            heading = " ".join("".join(self._parts[parts:]).split())
            if heading:
                self.marks.append(Mark(start, heading, rank))
            self._heading = None
        if tag in _BLOCKS:
            self._break(2 if tag in _APART else 1)

    def handle_data(self, data: str) -> None:
        """Take visible text; blanks are folded outside ``pre``."""
        if self._in_title:
            self.title += data
        elif not self._hidden:
            data = clean(data) if self._verbatim else re.sub(r"[ \t\r\n\f]+", " ", clean(data))
            at_line_start = not self._parts or self._parts[-1].endswith(("\n", " "))
            self._put(data.lstrip(" ") if at_line_start and not self._verbatim else data)

    def _put(self, data: str) -> None:
        if data:
            self._parts.append(data)
            self._length += len(data)

    def _break(self, lines: int) -> None:
        tail = "".join(self._parts[-3:])
        if tail.strip() or len(self._parts) > 3:
            have = len(tail) - len(tail.rstrip("\n"))
            self._put("\n" * max(0, lines - have))

    def _meta(self, attrs: dict[str, str]) -> None:
        name = normal_name(attrs.get("name") or attrs.get("property") or "").removeprefix("dc.").removeprefix("og:")
        if name in FIELDS and name != "title" and attrs.get("content"):
            self.about[name] = attrs["content"].strip()
