"""Hasher: hashes the inflated content of files, in this process or in a worker process (`main`)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

import msgspec
from isal import isal_zlib

from forensics.files.path_text import on_disk
from forensics.files.regular_files import open_regular
from forensics.formats.documents import Document, take_document
from forensics.formats.inflate import Measure, Unreadable, inflate
from forensics.processes.worker_processes import messages, reply

NO_LOG = "it contains no JSON"
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31
# limits for reading a log file at once; larger files are read in pieces
_USUAL_BYTES = 8 << 20
_USUAL_INFLATED_BYTES = 128 << 20
_DAMAGED: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub declares an instance


class ToHash(msgspec.Struct, frozen=True):
    """A file to hash: its path as `as_text` writes it, its name in reports, and its size in bytes."""

    path: str
    name: str
    size: int


class Hashed(msgspec.Struct, frozen=True):
    """The hash of a file's inflated content. `reason`: why it was not read to its end, or that it is not a log."""

    file: ToHash
    sha256: str | None
    reason: str | None = None
    document: Document | None = None


def hash_file(file: ToHash) -> Hashed:
    """Return the hash of a file's inflated content; of a document, also the content."""
    try:
        # a file read at once needs no buffer
        with os.fdopen(open_regular(on_disk(file.path)), "rb", buffering=0) as stream:
            usual = _inflated_at_once(stream, file.size)
            measure = Measure()
            pieces = iter([usual]) if usual else inflate(stream, measure)
            return _hashed(file, pieces, None if usual else measure)
    except OSError as error:
        return Hashed(file, None, f"it cannot be read: {error.strerror}")


def _inflated_at_once(stream: BinaryIO, size: int) -> bytes | None:
    """Return the content of one small gzip stream with nothing after it; rewind and return None for any other."""
    if size > _USUAL_BYTES:
        return None
    packed = stream.read(size + 1)
    if len(packed) == size and packed.startswith(_GZIP):
        member = isal_zlib.decompressobj(wbits=_GZIP_WINDOW)
        with suppress(_DAMAGED):
            content: bytes = member.decompress(packed, _USUAL_INFLATED_BYTES)
            if member.eof and not member.unused_data:
                return content
    stream.seek(0)
    return None


def _hashed(file: ToHash, pieces: Iterator[bytes], measure: Measure | None) -> Hashed:
    """Return the hash of some pieces. `measure`: hashes them while they are read; None for a single piece."""
    reason: str | None = None
    document: Document | None = None
    whole = b""
    try:
        if measure is None:
            whole = next(pieces)
            pieces = iter([whole])
        document, rest = take_document(pieces)
        for index, piece in enumerate(rest):
            if index == 0 and not piece.lstrip().startswith((b"{", b"[")):
                return Hashed(file, None, NO_LOG)
    except Unreadable as error:
        reason = str(error)
    if measure is None:
        return Hashed(file, hashlib.sha256(whole).hexdigest(), None, document)
    if not measure.bytes_inflated:
        return Hashed(file, None, reason or NO_LOG)
    return Hashed(file, measure.inflated_hash.hexdigest(), reason, document)


def main() -> None:
    """Run a worker process: hash each batch of files that it receives."""
    for message in messages():
        reply([hash_file(file) for file in msgspec.json.decode(message, type=list[ToHash])])
