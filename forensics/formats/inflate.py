"""Inflate: decompresses a stream of bytes in bounded pieces.

The compression is detected from the content, never from the file's name. The bytes read and the bytes inflated are
hashed in the same pass over a source.
"""

from __future__ import annotations

import bz2
import hashlib
import lzma
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import BinaryIO, Protocol

from isal import igzip_lib

from forensics.errors import FormatError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

READ_BYTES = 1 << 20
PIECE_BYTES = 1 << 20
AT_ONCE_BYTES = 8 << 20
# a damaged slice is lost, so slices are small
_SLICE_BYTES = 512
_GZIP_TRAILER_BYTES = 8
# a trail file has at most 50 MB and inflates about 15 times; one repeated JSON record inflates about 300 times; a file
# beyond that was made to fill a disk
MAX_RATIO = 500
_RATIO_COUNTS_FROM = 64 << 20
# a compressed record has at least 50 bytes; each record takes time, also one of two characters
_RECORDS_COUNT_FROM = 100_000
# `xz -9` needs 65 MiB to decompress
_XZ_BYTES = 128 << 20
# maximum number of nested compressions
_MAX_LAYERS = 3


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Compression:
    name: str
    magic: bytes
    decompressor: Callable[[], _Decompressor]


_COMPRESSIONS = (
    _Compression("gzip", b"\x1f\x8b", lambda: igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)),
    _Compression("zstd", b"\x28\xb5\x2f\xfd", zstd.ZstdDecompressor),
    _Compression("bzip2", b"BZh", bz2.BZ2Decompressor),
    _Compression("xz", b"\xfd7zXZ\0", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_BYTES)),
)
_LONGEST_MAGIC = max(len(compression.magic) for compression in _COMPRESSIONS)
_GZIP_DAMAGED: type[Exception] = igzip_lib.error  # type: ignore[assignment]  # its stub declares an instance
_DAMAGED = (_GZIP_DAMAGED, zstd.ZstdError, lzma.LZMAError, OSError, EOFError, ValueError)


class Unreadable(FormatError):
    """The stream cannot be read to its end; the message has the reason. The data before that is valid."""


@dataclass(slots=True)
class Measure:
    """Sizes and hashes of a stream, complete once the stream has ended.

    Args:
        bytes_read: number of bytes read.
        bytes_inflated: number of bytes after decompression.
        archive: for a member of an archive, the measure of the outermost archive.
        in_members: for an archive, number of inflated bytes of all members.
        records: number of records in the file and its members.
        read_hash: SHA-256 of the bytes read.
        inflated_hash: SHA-256 of the inflated bytes.
    """

    bytes_read: int = 0
    bytes_inflated: int = 0
    archive: Measure | None = None
    in_members: int = 0
    records: int = 0
    read_hash: hashlib._Hash = field(default_factory=hashlib.sha256)
    inflated_hash: hashlib._Hash = field(default_factory=hashlib.sha256)


def inflate(stream: BinaryIO, measure: Measure) -> Iterator[bytes]:
    """Yield the content of a stream in bounded pieces; decompress gzip, zstd, bzip2 and xz, also nested.

    Args:
        stream: the stream.
        measure: measures the bytes that are read and inflated.

    Raises:
        Unreadable: the stream is damaged, truncated, or a decompression bomb; raised after all valid data.
    """
    return _count(_unpacked(_read(stream, measure), measure), measure)


def peek(pieces: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """Return the start of a stream, at least `size` bytes if it has them, and the same stream from its start."""
    parts: list[bytes] = []
    try:
        while sum(map(len, parts)) < size and (piece := next(pieces, b"")):
            parts.append(piece)
    except Unreadable as failure:
        pieces = _failing(failure)
    head = b"".join(parts)
    return head, chain([head], pieces)


def _failing(failure: Unreadable) -> Iterator[bytes]:
    raise failure
    yield b""


def _unpacked(pieces: Iterator[bytes], measure: Measure) -> Iterator[bytes]:
    for layer in range(_MAX_LAYERS + 1):
        head, pieces = peek(pieces, _LONGEST_MAGIC)
        compression = _compression_of(head)
        if compression is None:
            return pieces
        if layer == _MAX_LAYERS:
            return _failing(Unreadable(f"it is compressed more than {_MAX_LAYERS} times"))
        pieces = _bounded(_decompressed(compression, pieces), measure)
    return pieces


def _decompressed(compression: _Compression, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Return the content of a stream; in one step if it is small and has one valid member, as most have."""
    head, pieces = peek(pieces, READ_BYTES)
    if len(head) < READ_BYTES and (whole := _at_once(compression, head)) is not None:
        next(pieces)
        return chain([whole], pieces)  # to report a failure of the source after the member
    return _gathered(_members(compression, _slices(pieces)))


def _at_once(compression: _Compression, data: bytes) -> bytes | None:
    member = compression.decompressor()
    try:
        content = member.decompress(data, AT_ONCE_BYTES)
    except _DAMAGED:
        return None
    return content if member.eof and not member.unused_data else None


def _compression_of(head: bytes) -> _Compression | None:
    return next((compression for compression in _COMPRESSIONS if head.startswith(compression.magic)), None)


def _members(compression: _Compression, slices: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the content of all members. After the last one, only zeros are valid, as tapes and some copies add them."""
    data = _at_least_magic(b"", slices)
    while data.startswith(compression.magic):
        rest = yield from _member(compression, data, slices)
        data = _at_least_magic(rest, slices)
    if any(part.strip(b"\0") for part in chain([data], slices)):
        raise Unreadable(f"there is other data after the {compression.name} stream")


def _at_least_magic(data: bytes, rest: Iterator[bytes]) -> bytes:
    """Extend `data` until it is long enough to detect the start of a member."""
    while len(data) < _LONGEST_MAGIC and (more := next(rest, b"")):
        data += more
    return data


def _member(compression: _Compression, data: bytes, slices: Iterator[bytes]) -> Generator[bytes, None, bytes]:
    """Yield the content of one member; return the data after it in the last slice."""
    member = compression.decompressor()
    while data:
        try:
            yield member.decompress(data, PIECE_BYTES)
            while not (member.eof or member.needs_input):
                yield member.decompress(b"", PIECE_BYTES)
        except _DAMAGED as error:
            raise Unreadable(f"the {compression.name} stream is damaged: {error}") from None
        if member.eof:
            return member.unused_data
        data = next(slices, b"")
    raise Unreadable(f"the {compression.name} stream is truncated")


def _slices(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in small slices, so damage costs little, with the last checksum in its own slice."""
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
    """Join small pieces to larger ones; yield all data before a failure."""
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
        if piece:
            yield piece


def _bounded(pieces: Iterator[bytes], measure: Measure) -> Iterator[bytes]:
    """Yield the same pieces; raise Unreadable if they exceed the ratio to the bytes read of the file or its archive."""
    inflated = 0
    for piece in bounded_member(pieces, measure.archive):
        inflated += len(piece)
        refuse_if_beyond(inflated, measure.bytes_read)
        yield piece


def bounded_member(pieces: Iterable[bytes], archive: Measure | None) -> Iterator[bytes]:
    """Yield the same pieces; raise Unreadable if all members of an archive exceed the ratio to its size."""
    for piece in pieces:
        if archive is not None:
            archive.in_members += len(piece)
            refuse_if_beyond(archive.in_members, archive.bytes_read)
        yield piece


def refuse_if_beyond(inflated: int, read: int) -> None:
    """Raise Unreadable if `inflated` bytes are more than a log of `read` compressed bytes can have."""
    if inflated > _RATIO_COUNTS_FROM and inflated > MAX_RATIO * read:
        raise Unreadable(f"it inflates from {read:,} to more than {inflated:,} bytes, which no log does")


def count_records(number: int, measure: Measure) -> None:
    """Count the records of a file or an archive's member. Raises Unreadable if it has more records than bytes."""
    outermost = measure.archive or measure
    outermost.records += number
    if outermost.records > max(_RECORDS_COUNT_FROM, outermost.bytes_read):
        many, read = outermost.records, outermost.bytes_read
        raise Unreadable(f"it contains more than {many:,} records in {read:,} bytes, which no log does")
