"""Text: converts UTF-16 to UTF-8, and removes what a transport wrote around the JSON of each line."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from forensics.formats.inflate import Unreadable

_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_LONGEST_LINE = 16 << 20
_OBJECT_IN_A_LINE = re.compile(r'\{\s*"')
# what a transport wrote can contain a few braces, such as QRadar's `{LogStreamName: ..., Message: {"eventVersion"`
_ATTEMPTS = 4
# a field of a record: text around an object that contains one is a part of another record
_PART_OF_A_RECORD = re.compile(r'(?:event(?:Version|Source|Name|Time|ID)|userIdentity)\\*"\s*:')
# start of a line of a CloudWatch Logs export, or of `aws logs tail`, which also prints the stream
_TIME_AND_STREAM = rb"^[ \t]*\d{4}-\d\d-\d\d[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?[ \t]+(?:[^\s{\"]+[ \t]+)?(?=\{\s*[\"}])"
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


def objects_in_lines(file: BinaryIO) -> Iterator[list[bytes]]:
    """Yield the JSON objects in each line that is not blank, without the text around them.

    None of a broken line, or of one with a part of a record around the objects.
    """
    file.seek(0)
    while line := file.readline(_LONGEST_LINE):
        if line.strip():
            yield _objects_in(line.decode("utf-8", "surrogateescape"))


def _objects_in(line: str) -> list[bytes]:
    decoder = json.JSONDecoder()
    found: list[str] = []
    around: list[str] = []
    failures = at = end = 0
    while failures < _ATTEMPTS and (match := _OBJECT_IN_A_LINE.search(line, at)):
        try:
            _, at = decoder.raw_decode(line, match.start())
        except (ValueError, RecursionError):
            failures, at = failures + 1, match.end()
        else:
            found.append(line[match.start() : at])
            around.append(line[end : match.start()])
            end = at
    is_broken = failures == _ATTEMPTS or any(map(_PART_OF_A_RECORD.search, [*around, line[end:]]))
    return [] if is_broken else [text.encode("utf-8", "surrogateescape") for text in found]
