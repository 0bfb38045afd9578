"""Bundle archive: writes and reads the file format of a bundle.

`write` creates either one gzip member that contains a POSIX tar of regular files, or a zip of uncompressed files
without extra fields. `read` accepts only these formats; it reads them sequentially, in constant memory. Members are
sorted by name, so a duplicate is out of order.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from forensics.errors import FormatError, OutputError
from forensics.files.regular_files import open_named

MAX_FILES = 65_535
MAX_BYTES = 16 << 30  # of all members together, uncompressed

_STEP = 1 << 20
_MAX_NAME = 200
_NAME = re.compile(r"(?:[a-z]+/)?[A-Za-z0-9_][A-Za-z0-9._-]*")
_PACKED_AT = (1980, 1, 1, 0, 0, 0)  # the earliest time in a zip; a constant, so equal contents give equal archives
_MODE = 0o600

_BLOCK = 512
_TAR_PADDING = 20 * _BLOCK
_USTAR = b"ustar\x0000"
_PAX_HEADER_BYTES = 1024
_PAX_PATH = re.compile(rb"(\d{1,4}) path=([^\n]+)\n")

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_LOCAL_HEADER = struct.Struct("<5H3L2H")
_CENTRAL_HEADER = struct.Struct("<6H3L5H2L")
_END_RECORD = struct.Struct("<4H2LH")


class DamagedArchive(FormatError):
    """The file is not an archive as `write` creates it. The message contains the difference."""


class TooLarge(OutputError):
    """The files are too many or too large for an archive."""


class PackedSourceChanged(OutputError):
    """A file to pack no longer has its recorded hash."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file on disk to pack. It must still have this size and hash."""

    path: Path
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BundleMember:
    """A file in an archive. `content` is None unless `read` was to keep it."""

    sha256: str
    content: bytes | None


Content = bytes | Source


def write(file: BinaryIO, files: Mapping[str, Content], *, as_zip: bool) -> None:
    """Write an archive of `files`, which maps names to contents. Raises TooLarge, PackedSourceChanged, OSError."""
    if len(files) > MAX_FILES or sum(map(size_of, files.values())) > MAX_BYTES:
        raise TooLarge(f"the bundle would contain over {MAX_FILES:,} files or {MAX_BYTES >> 30} GiB")
    if as_zip:
        _write_zip(file, files)
    else:
        _write_tar(file, files)


def read(file: BinaryIO, keep: Mapping[str, int]) -> dict[str, BundleMember]:
    """Return the members of an archive by name.

    Args:
        file: the archive.
        keep: the names of the members to return with their content, and the maximum size of each in bytes.

    Raises:
        DamagedArchive: the archive is invalid, or a member is too large.
    """
    file.seek(0)
    is_zip = file.read(2) == b"PK"
    file.seek(0)
    try:
        return _members(_zip_members(file) if is_zip else _tar_members(_Inflated(file)), keep)
    except zlib.error as error:
        raise DamagedArchive(f"its compressed data is damaged ({error})") from None


def size_of(content: Content) -> int:
    """Return the size of a content in bytes."""
    return content.bytes if isinstance(content, Source) else len(content)


def sha256_of(content: Content) -> str:
    """Return the SHA-256 of a content; that of a source file is the recorded one."""
    return content.sha256 if isinstance(content, Source) else hashlib.sha256(content).hexdigest()


def _members(packed: Iterator[tuple[bytes, Iterator[bytes]]], keep: Mapping[str, int]) -> dict[str, BundleMember]:
    """Hash and check the members. Names that collide on some file systems (`A` and `a`, `a` and `a/b`) are refused."""
    found: dict[str, BundleMember] = {}
    used_names: set[str] = set()
    total, last = 0, ""
    for raw, pieces in packed:
        name = _checked_name(raw)
        if name <= last:
            raise DamagedArchive(f"{name} is a duplicate or out of order")
        folder = name.rpartition("/")[0]
        if name.lower() in used_names or folder in found:
            raise DamagedArchive(f"{name} has the same name as another member on some file systems")
        if len(found) == MAX_FILES:
            raise DamagedArchive(f"it contains over {MAX_FILES:,} files")
        digest, kept = hashlib.sha256(), bytearray()
        for piece in pieces:
            total += len(piece)
            if total > MAX_BYTES:
                raise DamagedArchive(f"it inflates to over {MAX_BYTES >> 30} GiB")
            digest.update(piece)
            if name in keep:
                kept += piece
                if len(kept) > keep[name]:
                    raise DamagedArchive(f"{name} is larger than {keep[name] >> 20} MiB")
        found[name] = BundleMember(digest.hexdigest(), bytes(kept) if name in keep else None)
        used_names |= {name.lower(), folder}
        last = name
    return found


def _checked_name(raw: bytes) -> str:
    """Return a name that is ASCII, has at most one folder, and no path traversal. Raises DamagedArchive otherwise."""
    name = raw.decode("ascii", "backslashreplace")
    if len(raw) > _MAX_NAME or not _NAME.fullmatch(name):
        raise DamagedArchive(f"a member has an invalid name: {ascii(name)[:80]}")
    return name


# tar.gz


def _write_tar(file: BinaryIO, files: Mapping[str, Content]) -> None:
    with (
        gzip.GzipFile("", "wb", 6, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = size_of(files[name]), _MODE
            with _opened(files[name]) as stream:
                archive.addfile(entry, stream)


class _Inflated:
    """The uncompressed content of a file that consists of exactly one gzip member."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inflate = zlib.decompressobj(wbits=31)

    def read_some(self, most: int) -> bytes:
        """Return between one and `most` bytes, or none at the end. Raises DamagedArchive."""
        while not self._inflate.eof:
            packed = self._inflate.unconsumed_tail or self._file.read(_STEP)
            if not packed:
                raise DamagedArchive("it is truncated")
            if piece := self._inflate.decompress(packed, most):
                return piece
        if self._inflate.unused_data or self._file.read(1):
            raise DamagedArchive("there is data after the end of the archive")
        return b""

    def read_exactly(self, size: int) -> bytes:
        """Return exactly `size` bytes. Raises DamagedArchive if there are fewer."""
        return b"".join(self.pieces(size))

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield exactly `size` bytes in pieces. Raises DamagedArchive if there are fewer."""
        while size:
            piece = self.read_some(min(size, _STEP))
            if not piece:
                raise DamagedArchive("it is truncated")
            size -= len(piece)
            yield piece


def _tar_members(stream: _Inflated) -> Iterator[tuple[bytes, Iterator[bytes]]]:
    while any(block := stream.read_exactly(_BLOCK)):
        kind, name, size = _tar_header(block)
        if kind == b"x":
            name = _pax_name(_padded(stream, size) if size <= _PAX_HEADER_BYTES else b"")
            kind, _, size = _tar_header(stream.read_exactly(_BLOCK))
        if kind != b"0":
            raise DamagedArchive(f"{ascii(name)[:80]} is not a regular file (tar type {kind!a})")
        yield name, stream.pieces(size)
        _check_zeros(stream.read_exactly(-size % _BLOCK))
    # the first zero block may end a record, and the second one begins another
    left = _TAR_PADDING + 1
    while left and (piece := stream.read_some(left)):
        _check_zeros(piece)
        left -= len(piece)
    if not left:
        raise DamagedArchive("there is data after the end of the archive")


def _tar_header(block: bytes) -> tuple[bytes, bytes, int]:
    """Return the type, name and size in a header of a regular file, or of its long name, as `tarfile` writes it."""
    name, size, checksum = block[:100].rstrip(b"\0"), block[124:136], block[148:156]
    plain = (block[:148], b" " * 8, block[156:])
    is_supported = (
        re.fullmatch(rb"[0-7]{11}\0", size)
        and re.fullmatch(rb"[0-7]{6}\0 ", checksum)
        and int(checksum[:6], 8) == sum(map(sum, plain))
        and block[257:265] == _USTAR
        and not any(block[157:257])  # the target of a link
        and not any(block[345:])  # a prefix of the name
    )
    if not is_supported:
        raise DamagedArchive("a tar header is damaged or not supported")
    return block[156:157], name, int(size[:11], 8)


def _pax_name(record: bytes) -> bytes:
    """Return the long name, which must be the only content of an extended header."""
    found = _PAX_PATH.fullmatch(record)
    if found is None or int(found[1]) != len(record):
        raise DamagedArchive("an extended tar header contains more than one long name")
    return found[2]


def _padded(stream: _Inflated, size: int) -> bytes:
    content = stream.read_exactly(size)
    _check_zeros(stream.read_exactly(-size % _BLOCK))
    return content


def _check_zeros(padding: bytes) -> None:
    if any(padding):
        raise DamagedArchive("the padding of the tar contains data")


# zip


def _write_zip(file: BinaryIO, files: Mapping[str, Content]) -> None:
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:
            for name in sorted(files):
                entry = zipfile.ZipInfo(name, _PACKED_AT)
                entry.external_attr = _MODE << 16
                entry.create_system = 3
                with _opened(files[name]) as stream, archive.open(entry, "w") as member:
                    while piece := stream.read(_STEP):
                        member.write(piece)
    except (zipfile.LargeZipFile, RuntimeError):
        raise TooLarge("the bundle is too large for a zip (2 GiB); name it NAME.tar.gz") from None


@dataclass(frozen=True, slots=True)
class _Entry:
    """A member of a zip by its local header. The central directory must agree."""

    crc: int
    size: int
    name: bytes
    offset: int


def _zip_members(file: BinaryIO) -> Iterator[tuple[bytes, Iterator[bytes]]]:
    entries: list[_Entry] = []
    while (signature := _read_exactly(file, 4)) == _LOCAL:
        offset = file.tell() - 4
        _, flags, method, _, _, crc, packed, size, length, extra = _LOCAL_HEADER.unpack(_read_exactly(file, 26))
        if (flags, method, extra, packed) != (0, zipfile.ZIP_STORED, 0, size) or length > _MAX_NAME:
            raise DamagedArchive("a zip header is damaged or not supported")
        entry = _Entry(crc, size, _read_exactly(file, length), offset)
        entries.append(entry)
        yield entry.name, _stored(file, entry)
    start = file.tell() - 4
    for entry in entries:
        _check_central(file, signature, entry)
        signature = _read_exactly(file, 4)
    counts = (0, 0, len(entries), len(entries), file.tell() - 4 - start, start, 0)
    if signature != _END or _END_RECORD.unpack(_read_exactly(file, _END_RECORD.size)) != counts:
        raise DamagedArchive("the directory of the zip does not list its members in order")
    if file.read(1):
        raise DamagedArchive("there is data after the end of the archive")


def _stored(file: BinaryIO, entry: _Entry) -> Iterator[bytes]:
    left, crc = entry.size, 0
    while left:
        piece = _read_exactly(file, min(left, _STEP))
        left, crc = left - len(piece), zlib.crc32(piece, crc)
        yield piece
    if crc != entry.crc:
        raise DamagedArchive(f"{entry.name!a} does not have the checksum of its zip header")


def _check_central(file: BinaryIO, signature: bytes, entry: _Entry) -> None:
    if signature != _CENTRAL:
        raise DamagedArchive("the directory of the zip does not list its members in order")
    fields = _CENTRAL_HEADER.unpack(_read_exactly(file, _CENTRAL_HEADER.size))
    _, _, flags, method, _, _, crc, packed, size, length, extra, comment, disk, _, attributes, offset = fields
    same = (crc, packed, size, length, offset) == (entry.crc, entry.size, entry.size, len(entry.name), entry.offset)
    plain = (flags, method, extra, comment, disk) == (0, zipfile.ZIP_STORED, 0, 0, 0)
    if not (same and plain and attributes == _MODE << 16 and _read_exactly(file, length) == entry.name):
        raise DamagedArchive(f"the directory of the zip and the header of {entry.name!a} differ")


def _read_exactly(file: BinaryIO, size: int) -> bytes:
    content = file.read(size)
    if len(content) != size:
        raise DamagedArchive("it is truncated")
    return content


# files to pack


class _CheckedSource(io.RawIOBase):
    """Reads a source file while it is packed, and checks its size and hash."""

    def __init__(self, file: BinaryIO, source: Source) -> None:
        self._file, self._source, self._left, self._digest = file, source, source.bytes, hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes. Raises PackedSourceChanged if the file ended early or has another hash."""
        wanted = self._left if size < 0 else min(size, self._left)
        piece = self._file.read(wanted)
        self._left -= len(piece)
        self._digest.update(piece)
        is_unchanged = self._left > 0 or self._digest.hexdigest() == self._source.sha256
        if len(piece) < wanted or not is_unchanged:
            raise PackedSourceChanged(f"{self._source.path} was changed while it was packed; run the command again")
        return piece


@contextmanager
def _opened(content: Content) -> Iterator[IO[bytes]]:
    if isinstance(content, bytes):
        yield io.BytesIO(content)
        return
    with open_named(content.path) as file:
        yield _CheckedSource(file, content)  # type: ignore[misc]
