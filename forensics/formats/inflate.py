"""Inflate: a byte stream as the bytes it holds, whether it was gzipped or not, in bounded pieces.

Content decides, never the file's name. Both the bytes as read and the bytes as inflated are hashed on the way, so one
pass over a source gives both of its SHA-256 digests.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from isal import isal_zlib

READ_BYTES = 1 << 20
PIECE_BYTES = 4 << 20
# A trail file has at most 50 MB and inflates about 15 times; JSON of one repeated record about 300 times. What goes
# beyond both bounds was made to fill a disk.
MAX_INFLATED_BYTES = 16 << 30
MAX_RATIO = 500
_RATIO_COUNTS_FROM = 64 << 20
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
    """Yield the content of `stream` in pieces of at most PIECE_BYTES.

    Raises Unreadable for a damaged or cut gzip stream and for one that inflates beyond all proportion.
    """
    compressed = _read(stream, measure)
    first = next(compressed, b"")
    if not first.startswith(_GZIP_MAGIC):
        yield from _count(_chain(first, compressed), measure)
        return
    yield from _count(_gunzip(first, compressed), measure)


def _gunzip(data: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    """Every member of a gzip stream; bytes behind the last member are an error, told once the good part is out."""
    while data:
        member = isal_zlib.decompressobj(wbits=_GZIP_WINDOW)
        try:
            while not member.eof:
                yield member.decompress(data, PIECE_BYTES)
                data = member.unconsumed_tail or (b"" if member.eof else next(rest, b""))
                if not data and not member.eof:
                    raise Unreadable("the gzip stream is cut short")
        except isal_zlib.error as error:
            raise Unreadable(f"the gzip stream is damaged: {error}") from None
        data = member.unused_data or next(rest, b"")
        if data and not data.startswith(_GZIP_MAGIC):
            if not data.strip(b"\0"):  # padding to a block, as tapes and some copies leave it
                continue
            raise Unreadable("there are other bytes behind the gzip stream")


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


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
