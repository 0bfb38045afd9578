"""Inflate: a byte stream as the bytes it holds, whether it was gzipped or not, in bounded pieces.

Content decides, never the file's name. Both the bytes as read and the bytes as inflated are hashed on the way, so one
pass over a source gives both of its SHA-256 digests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import BinaryIO

from isal import isal_zlib

READ_BYTES = 1 << 20
PIECE_BYTES = 1 << 20
AT_ONCE_BYTES = 8 << 20
# A slice that holds damage is lost, so it is small; deflate makes at most 1,032 times as much of it.
_SLICE_BYTES = 512
_GZIP_TRAILER_BYTES = 8
# A trail file has at most 50 MB and inflates about 15 times; JSON of one repeated record about 300 times. What goes
# beyond both bounds was made to fill a disk.
MAX_INFLATED_BYTES = 16 << 30
MAX_RATIO = 500
_RATIO_COUNTS_FROM = 64 << 20
_DAMAGED: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub takes the class for an instance
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31


class Unreadable(Exception):
    """The stream cannot be read to its end; the message says why. What came before is good."""


@dataclass(slots=True)
class Measure:
    """What has gone through: bytes and SHA-256, as read and as inflated; whole only once the stream has ended."""

    bytes_read: int = 0
    bytes_inflated: int = 0
    read_hash: hashlib._Hash = field(default_factory=hashlib.sha256)
    inflated_hash: hashlib._Hash = field(default_factory=hashlib.sha256)


def inflate(stream: BinaryIO, measure: Measure) -> Iterator[bytes]:
    """Yield the content of `stream` in bounded pieces.

    Raises Unreadable for a damaged or cut gzip stream and for one that inflates beyond all proportion, after what came
    before the damage.
    """
    chunks = _read(stream, measure)
    first = _at_least_magic(b"", chunks)
    second = next(chunks, b"")
    if not second and (whole := _gunzip_at_once(first)) is not None:
        pieces = iter([whole])
    else:
        pieces = chain([first, second], chunks)
        if first.startswith(_GZIP_MAGIC):
            pieces = _gathered(_gunzip(_slices(pieces)))
    yield from _count(pieces, measure)


def _gunzip_at_once(data: bytes) -> bytes | None:
    """The content of a gzip stream as nearly all are: of one sound member, and not large. None for any other."""
    if not data.startswith(_GZIP_MAGIC):
        return None
    member = isal_zlib.decompressobj(wbits=_GZIP_WINDOW)
    try:
        content = member.decompress(data, AT_ONCE_BYTES)
    except _DAMAGED:
        return None
    return content if member.eof and not member.unused_data else None


def _gunzip(slices: Iterator[bytes]) -> Iterator[bytes]:
    """Every member of a gzip stream, and behind the last nothing but zeros, as tapes and some copies leave them."""
    data = _at_least_magic(b"", slices)
    while data.startswith(_GZIP_MAGIC):
        rest = yield from _member(data, slices)
        data = _at_least_magic(rest, slices)
    if any(part.strip(b"\0") for part in chain([data], slices)):
        raise Unreadable("there are other bytes behind the gzip stream")


def _at_least_magic(data: bytes, rest: Iterator[bytes]) -> bytes:
    """`data` with so much of the rest that it shows whether a member begins here."""
    while len(data) < len(_GZIP_MAGIC) and (more := next(rest, b"")):
        data += more
    return data


def _member(data: bytes, slices: Iterator[bytes]) -> Generator[bytes, None, bytes]:
    """The content of one member; returns what of the last slice stands behind it."""
    member = isal_zlib.decompressobj(wbits=_GZIP_WINDOW)
    while data:
        try:
            yield member.decompress(data)
        except _DAMAGED as error:
            raise Unreadable(f"the gzip stream is damaged: {error}") from None
        if member.eof:
            return member.unused_data
        data = next(slices, b"")
    raise Unreadable("the gzip stream is cut short")


def _slices(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in slices so small that little is lost with one that is damaged, and the last checksum alone."""
    chunk = next(chunks)
    while chunk:
        following = next(chunks, b"")
        end = len(chunk) if following else max(len(chunk) - _GZIP_TRAILER_BYTES, 0)
        for start in range(0, end, _SLICE_BYTES):
            yield chunk[start : min(start + _SLICE_BYTES, end)]
        if end < len(chunk):
            yield chunk[end:]
        chunk = following


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Small pieces as larger ones; what came before a failure comes out before it."""
    parts: list[bytes] = []
    have = 0
    try:
        for piece in pieces:
            parts.append(piece)
            have += len(piece)
            if have >= PIECE_BYTES:
                yield b"".join(parts)
                parts, have = [], 0
    except Unreadable:
        yield b"".join(parts)
        raise
    yield b"".join(parts)


def _read(stream: BinaryIO, measure: Measure) -> Iterator[bytes]:
    try:
        while data := stream.read(READ_BYTES):
            measure.bytes_read += len(data)
            measure.read_hash.update(data)
            yield data
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror}") from None


def _count(pieces: Iterator[bytes], measure: Measure) -> Iterator[bytes]:
    for piece in pieces:
        measure.bytes_inflated += len(piece)
        measure.inflated_hash.update(piece)
        inflated, read = measure.bytes_inflated, measure.bytes_read
        if inflated > MAX_INFLATED_BYTES or (inflated > _RATIO_COUNTS_FROM and inflated > MAX_RATIO * read):
            raise Unreadable(f"it inflates to more than {inflated:,} bytes from {read:,}, beyond what a log does")
        if piece:
            yield piece
