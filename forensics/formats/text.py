"""Text: converts UTF-16 to UTF-8, and removes the times and stream names before JSON in exported log lines."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

from forensics.formats.inflate import Unreadable

_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_LONGEST_LINE = 16 << 20
# start of a line of a CloudWatch Logs export, or of `aws logs tail`, which also prints the stream
_TIME_AND_STREAM = rb"^[ \t]*\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?[ \t]+(?:[^\s{\"]+[ \t]+)?(?=\{)"
_FIRST = re.compile(_TIME_AND_STREAM)
_EACH = re.compile(_TIME_AND_STREAM, re.MULTILINE)


def as_utf8(head: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Convert text with a UTF-16 byte order mark to UTF-8; return other content unchanged."""
    for mark, name in _UTF_16.items():
        if head.startswith(mark):
            return _recoded(pieces, name)
    return pieces


def _recoded(pieces: Iterator[bytes], name: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(name)("surrogatepass")
    first = True
    try:
        for piece in pieces:
            text = decoder.decode(piece)
            if first and text:
                text, first = text.removeprefix("\ufeff"), False
            yield text.encode("utf-8", "surrogatepass")
        yield decoder.decode(b"", final=True).encode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        raise Unreadable("its text is not valid UTF-16, or truncated") from None


def are_export_lines(head: bytes) -> bool:
    """Return whether the first line has a time before its JSON."""
    return _FIRST.match(head.lstrip()) is not None


def without_times(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines of a CloudWatch Logs export without the text before their JSON."""
    rest = b""
    for piece in pieces:
        lines, newline, rest = (rest + piece).rpartition(b"\n")
        if newline:
            yield _EACH.sub(b"", lines) + newline
        elif len(rest) > _LONGEST_LINE:
            yield _EACH.sub(b"", rest)
            rest = b""
    yield _EACH.sub(b"", rest)
