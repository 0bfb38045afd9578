"""Archives: the members of zip and tar, one after the other, as streams. Nothing is ever written under a member's name.

A tar is read as it comes and needs no second look; a zip begins at its end and needs a file to seek in.
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
_NOT_A_FILE = "it is a link or a device, not a file"
_END = bytes(_BLOCK_BYTES)
_BADLY_PACKED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError)
_DAMAGED = (*_BADLY_PACKED, OSError, EOFError, NotImplementedError, RuntimeError, ValueError)

TAR_HEAD_BYTES = _BLOCK_BYTES


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """One member.

    `pieces` is its content until the next member is asked for. If the member is not read, `pieces` is None, and
    `reason` and `status` say why.
    """

    name: str
    pieces: Iterator[bytes] | None
    reason: str | None = None
    status: Literal["failed", "skipped"] = "failed"


def is_zip(head: bytes) -> bool:
    return head.startswith(_ZIP_MAGICS)


def is_tar(head: bytes) -> bool:
    """Whether the first block is a header whose checksum is right."""
    return not head.startswith(b"\0") and _header(head[:_BLOCK_BYTES]) is not None


def members_of_zip(file: BinaryIO) -> Iterator[ArchiveMember]:
    """The members of a zip archive. Raises Unreadable."""
    try:
        with zipfile.ZipFile(file) as archive:
            for number, info in enumerate(archive.infolist()):
                _refuse_too_many(number)
                if not info.filename.endswith("/"):  # `is_dir` fails on a name of nothing
                    yield _of_zip(archive, info)
    except _DAMAGED as error:
        raise Unreadable(f"the zip archive is damaged: {error}") from None


def _of_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> ArchiveMember:
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        return ArchiveMember(info.filename, None, _NOT_A_FILE, "skipped")
    if info.flag_bits & 1:
        return ArchiveMember(info.filename, None, "it is encrypted; unpack the archive with its password")
    return ArchiveMember(info.filename, _content_of_zip(archive, info))


def _content_of_zip(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with archive.open(info) as stream:
            while piece := stream.read(READ_BYTES):
                yield piece
    except _DAMAGED as error:
        raise Unreadable(f"it is damaged in its archive: {error}") from None


def members_of_tar(pieces: Iterable[bytes]) -> Iterator[ArchiveMember]:
    """The members of a tar archive. Raises Unreadable where `pieces` does, and for one that is damaged or cut."""
    blocks = _Blocks(pieces)
    name: str | None = None
    number = 0
    while (block := blocks.take(_BLOCK_BYTES)) != _END:
        header = _header(block)
        if header is None:
            raise Unreadable("the tar archive is damaged, or cut short")
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
        raise Unreadable("there are other bytes behind the tar archive")


def _of_tar(name: str, header: tarfile.TarInfo, blocks: _Blocks) -> Iterator[ArchiveMember]:
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if header.type == tarfile.GNUTYPE_SPARSE:
        blocks.skip(header.size)
        yield ArchiveMember(shown, None, "it is a sparse file, which is not read; unpack the archive")
        return
    if header.type not in tarfile.REGULAR_TYPES:
        blocks.skip(header.size)
        yield ArchiveMember(shown, None, _NOT_A_FILE, "skipped")
        return
    end = blocks.taken + header.size
    yield ArchiveMember(shown, blocks.until(end))
    blocks.skip(end - blocks.taken)


def _header(block: bytes) -> tarfile.TarInfo | None:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return None


def _long_name(data: bytes, type_: bytes) -> str | None:
    """The name that stands in a header of its own, in GNU's or in POSIX's form."""
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
    """A stream that is taken from by length."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""
        self.taken = 0

    def take(self, size: int) -> bytes:
        return b"".join(self.until(self.taken + size))

    def skip(self, size: int) -> None:
        for _ in self.until(self.taken + size):
            pass

    def until(self, end: int) -> Iterator[bytes]:
        """What lies before `end`. Raises Unreadable where the stream ends earlier."""
        while self.taken < end:
            self._rest = self._rest or next(self._pieces, b"")
            if not self._rest:
                raise Unreadable("the tar archive is cut short")
            part, self._rest = self._rest[: end - self.taken], self._rest[end - self.taken :]
            self.taken += len(part)
            yield part

    def only_zeros(self) -> bool:
        return not self._rest.strip(b"\0") and not any(piece.strip(b"\0") for piece in self._pieces)
