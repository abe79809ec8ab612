"""From bytes to text."""

from __future__ import annotations

from kgqa.documents.source import clean
from kgqa.encodings import encoding as encoding_of
from kgqa.errors import SourceError


def decode(data: bytes, declared: str = "") -> tuple[str, str]:
    """Decode a file whose encoding is not known; see :func:`kgqa.encodings.encoding`.

    :param declared: encoding that the file itself names (HTML), or empty.
    :returns: the text, without byte order mark, NUL or lone surrogates, and the name of the encoding.
    :raises SourceError: when the bytes are no text.
    """
    encoding = encoding_of(data, declared)
    if not encoding:
        raise SourceError("the encoding cannot be told or this is no text; save the file as UTF-8")
    try:
        text = data.decode(encoding, "strict" if encoding != "utf-8" else "replace")
    except (UnicodeError, LookupError):
        raise SourceError(f"not valid {encoding}; save the file as UTF-8") from None
    if text.count("\x00") * 100 > len(text):
        raise SourceError("this is a binary file, not text; convert it first")
    return clean(text), encoding
