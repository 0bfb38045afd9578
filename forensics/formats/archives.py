"""Archives: reads the members of zip and tar archives as streams. No file is ever created under a member's name.

A tar archive is read in one pass. The directory of a zip archive is at its end, so it needs a seekable file.
"""

from __future__ import annotations

import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

from forensics.formats.inflate import READ_BYTES, Unreadable

MAX_MEMBERS = 1_000_000
_ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")
_BLOCK_BYTES = tarfile.BLOCKSIZE
_LONGEST_HEADER = 1 << 20
_PAX_RECORD = re.compile(rb"([1-9]\d{0,6}) ([^=]+)=")
# the code of Unix in a zip archive, for the system that a member was made on
_UNIX = 3
_NOT_A_FILE = "it is a link or a device, not a file"
_END = bytes(_BLOCK_BYTES)
_BAD_COMPRESSION = (zipfile.BadZipFile, zlib.error, lzma.LZMAError)
_DAMAGED = (*_BAD_COMPRESSION, OSError, EOFError, NotImplementedError, RuntimeError, ValueError)

TAR_HEAD_BYTES = _BLOCK_BYTES


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """One member of an archive.

    Args:
        name: its name in the archive.
        pieces: its content, valid until the next member is requested; None if the member cannot be read.
        reason: why it cannot be read.
        status: its status in reports if it cannot be read.
    """

    name: str
    pieces: Iterator[bytes] | None
    reason: str | None = None
    status: Literal["failed", "skipped"] = "failed"


def is_zip(head: bytes) -> bool:
    """Return whether a stream with this start is a zip archive."""
    return head.startswith(_ZIP_MAGICS)


def is_tar(head: bytes) -> bool:
    """Return whether the first block is a tar header with a valid checksum."""
    return not head.startswith(b"\0") and _header(head[:_BLOCK_BYTES]) is not None


def members_of_zip(file: BinaryIO) -> Iterator[ArchiveMember]:
    """Yield the members of a zip archive. Raises Unreadable."""
    try:
        with zipfile.ZipFile(file) as archive:
            for number, info in enumerate(archive.infolist()):
                _refuse_too_many(number)
                name = _zip_name(info)
                if not name.endswith("/"):  # `is_dir` fails for an empty name
                    yield _of_zip(archive, info, name)
    except _DAMAGED as error:
        raise Unreadable(f"the zip archive is damaged: {error}") from None


def _zip_name(info: zipfile.ZipInfo) -> str:
    """Return the name of a member; some programs of Windows separate its folders by backslashes."""
    return info.filename if info.create_system == _UNIX else info.filename.replace("\\", "/")


def _of_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> ArchiveMember:
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return ArchiveMember(name, None, _NOT_A_FILE, "skipped")
    if info.flag_bits & 1:
        return ArchiveMember(name, None, "it is encrypted; extract the archive with its password")
    return ArchiveMember(name, _content_of_zip(archive, info))


def _content_of_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(info) as stream:
            while piece := stream.read(READ_BYTES):
                yield piece
    except _DAMAGED as error:
        raise Unreadable(f"it is damaged in its archive: {error}") from None


def members_of_tar(pieces: Iterable[bytes]) -> Iterator[ArchiveMember]:
    """Yield the members of a tar archive. Raises Unreadable if it is damaged or truncated, or if `pieces` does."""
    blocks = _Blocks(pieces)
    name: str | None = None
    number = 0
    while (block := blocks.take(_BLOCK_BYTES)) != _END:
        header = _header(block)
        if header is None:
            raise Unreadable("the tar archive is damaged or truncated")
        if header.type in (tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE):
            name = _long_name(blocks.take(min(header.size, _LONGEST_HEADER)), header.type) or name
            blocks.skip(header.size - min(header.size, _LONGEST_HEADER))
        elif header.type in (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK) or header.isdir():
            blocks.skip(header.size)
        else:
            number += 1
            _refuse_too_many(number)
            yield from _of_tar(name or header.name, header, blocks)
            name = None
        blocks.skip(-header.size % _BLOCK_BYTES)
    if not blocks.only_zeros():
        raise Unreadable("there is other data after the tar archive")


def _of_tar(name: str, header: tarfile.TarInfo, blocks: _Blocks) -> Iterator[ArchiveMember]:
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if header.type == tarfile.GNUTYPE_SPARSE:
        blocks.skip(header.size)
        yield ArchiveMember(shown, None, "it is a sparse file, which is not supported; extract the archive")
        return
    if header.type not in tarfile.REGULAR_TYPES:
        blocks.skip(header.size)
        yield ArchiveMember(shown, None, _NOT_A_FILE, "skipped")
        return
    end = blocks.consumed + header.size
    yield ArchiveMember(shown, blocks.until(end))
    blocks.skip(end - blocks.consumed)


def _header(block: bytes) -> tarfile.TarInfo | None:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return None


def _long_name(data: bytes, type_: bytes) -> str | None:
    """Return the name in a separate header of GNU or POSIX tar."""
    if type_ == tarfile.GNUTYPE_LONGNAME:
        return data.partition(b"\0")[0].decode("utf-8", "surrogateescape")
    while match := _PAX_RECORD.match(data):
        record, data = data[: int(match.group(1))], data[int(match.group(1)) :]
        if match.group(2) == b"path":
            return record[match.end() : -1].decode("utf-8", "surrogateescape")
    return None


def _refuse_too_many(number: int) -> None:
    if number > MAX_MEMBERS:
        raise Unreadable(f"the archive has more than {MAX_MEMBERS:,} members")


class _Blocks:
    """A stream that is read by length. `consumed`: number of bytes read so far."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""
        self.consumed = 0

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes. Raises Unreadable if the stream ends earlier."""
        return b"".join(self.until(self.consumed + size))

    def skip(self, size: int) -> None:
        """Skip the next `size` bytes. Raises Unreadable if the stream ends earlier."""
        for _ in self.until(self.consumed + size):
            pass

    def until(self, end: int) -> Iterator[bytes]:
        """Yield the bytes before the offset `end`. Raises Unreadable if the stream ends earlier."""
        while self.consumed < end:
            self._rest = self._rest or next(self._pieces, b"")
            if not self._rest:
                raise Unreadable("the tar archive is truncated")
            part, self._rest = self._rest[: end - self.consumed], self._rest[end - self.consumed :]
            self.consumed += len(part)
            yield part

    def only_zeros(self) -> bool:
        """Return whether the rest of the stream is zeros, the end of a tar archive."""
        return not self._rest.strip(b"\0") and not any(piece.strip(b"\0") for piece in self._pieces)
