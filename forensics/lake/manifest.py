"""Manifest: which source files went in and which lake files count, as lines of JSON.

Lines are only ever added. A `commit` line ends an ingest, and what follows the last one does not count: whatever was
killed in between leaves no trace in an answer. What an ingest replaces it removes by a line too.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import msgspec

from forensics.regular_files import open_regular, read_regular


class Line(msgspec.Struct, frozen=True, tag_field="type"):
    pass


class SourceFile(Line, frozen=True, tag="source_file"):
    """One file that was read. `status`: ok, duplicate, empty, skipped or failed, the last two with a reason.

    Of a `failed` file the records before the damage are in the case. `records` counts them, `rejected` what is in the
    quarantine instead, `filtered` what the ingest's filter left out. `kind`: which kind of document the file is; null
    for one of events. `left_out` counts what is no event, by what it is instead, and `unknown_fields` the records that
    have a field which AWS's record reference does not name, by its name; `limit` tells what a file of this
    format cannot show; `members` is how many files an archive holds, and `archive` the SHA-256 of the archive that the
    file is a member of. An object of S3 has its URL as name and path, and the `etag` and user `metadata` it had then.
    Of a document, `modified_at` is when the file was last written, and `as_of` as of when it holds, if whoever added it
    said so.
    """

    name: str
    path: str
    status: str
    reason: str | None = None
    sha256: str | None = None
    inflated_sha256: str | None = None
    bytes: int = 0
    inflated_bytes: int = 0
    records: int = 0
    rejected: int = 0
    first_event_time: datetime | None = None
    last_event_time: datetime | None = None
    kind: str | None = None
    filtered: int = 0
    left_out: dict[str, int] = {}
    unknown_fields: dict[str, int] = {}
    limit: str | None = None
    members: int = 0
    archive: str | None = None
    etag: str | None = None
    metadata: dict[str, str] = {}
    modified_at: datetime | None = None
    as_of: datetime | None = None


class Filter(Line, frozen=True, tag="filter"):
    """What the ingest whose lines it stands among took; see `filter`. Nothing given is everything.

    `delivered_from`, `delivered_to`: the days of delivery, both included, outside of which nothing was looked at.
    """

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    delivered_from: date | None = None
    delivered_to: date | None = None


class LakeFile(Line, frozen=True, tag="lake_file"):
    """A Parquet file that counts; `path` is relative to the case folder, `table` what it holds rows of."""

    table: str
    path: str
    rows: int
    bytes: int
    sha256: str


class Removed(Line, frozen=True, tag="removed"):
    """A lake file that no longer counts."""

    path: str


class Commit(Line, frozen=True, tag="commit"):
    """The end of an ingest. `events`: distinct events in the case; `copies`: these and their further copies;
    `conflicts`: copies that differ; `amended`: addenda, which are in their events."""

    ingest_id: str
    committed_at: datetime
    version: str
    events: int
    copies: int
    conflicts: int
    rejected: int
    documents: int = 0
    amended: int = 0


AnyLine = SourceFile | Filter | LakeFile | Removed | Commit

_decoder = msgspec.json.Decoder(AnyLine)
_encoder = msgspec.json.Encoder()
_COMMIT = b'{"type":"commit"'
_NO_LINE = (msgspec.MsgspecError, UnicodeDecodeError)


class DamagedManifest(Exception):
    """A committed line cannot be read."""


@dataclass(slots=True)
class Manifest:
    """What counts, as of the last commit.

    `ingested_at`: beside each of `source_files`, when it was added. `filters`: what the ingests took, that of
    everything among them. `read_under`: by SHA-256, the filter that left out some of a file.
    """

    source_files: list[SourceFile] = field(default_factory=list)
    ingested_at: list[datetime] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    read_under: dict[str, Filter] = field(default_factory=dict)
    lake_files: dict[str, LakeFile] = field(default_factory=dict)
    commit: Commit | None = None

    def of_table(self, table: str) -> list[str]:
        """The paths of a table's files, in order."""
        return sorted(path for path, file in self.lake_files.items() if file.table == table)


def read(path: Path) -> Manifest:
    """The manifest at `path`; lines after the last commit are passed over. Raises DamagedManifest."""
    manifest = Manifest()
    pending: list[AnyLine] = []
    for line in _committed(path).splitlines():
        try:
            entry = _decoder.decode(line)
            pending.append(entry)
            if isinstance(entry, Commit):
                _apply(manifest, pending)
                pending.clear()
        except _NO_LINE as error:
            raise DamagedManifest(f"{path} is damaged: {error}") from None
        except KeyError as error:
            raise DamagedManifest(f"{path} is damaged: it removes {error}, which it never listed") from None
    return manifest


def last_commit(path: Path) -> Commit | None:
    """The end of the last ingest; what came before it is not read. Raises DamagedManifest."""
    if not path.exists() or not path.stat().st_size:
        return None
    with os.fdopen(open_regular(path), "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data.rfind(_COMMIT, 0, data.rfind(b"\n") + 1)
        line = data[start : data.find(b"\n", start)] if start >= 0 else b""
    if not line:
        return None
    try:
        return msgspec.json.decode(line, type=Commit)
    except _NO_LINE as error:
        raise DamagedManifest(f"{path} is damaged: {error}") from None


def committed_bytes(path: Path) -> int:
    """How much of the manifest counts."""
    return len(_committed(path))


def append(path: Path, lines: Iterable[AnyLine], commit: Commit) -> None:
    """Add what an ingest did, and make it count."""
    committed = committed_bytes(path)
    text = b"".join(_encoder.encode(line) + b"\n" for line in [*lines, commit])
    descriptor = open_regular(path, os.O_WRONLY | os.O_CREAT)
    try:
        os.ftruncate(descriptor, committed)
        os.lseek(descriptor, committed, os.SEEK_SET)
        _write_all(descriptor, text)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _committed(path: Path) -> bytes:
    """The bytes up to the end of the last whole commit line."""
    data = read_regular(path) if path.exists() else b""
    whole = data[: data.rfind(b"\n") + 1]
    start = whole.rfind(_COMMIT)
    return whole[: whole.index(b"\n", start) + 1] if start >= 0 else b""


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _apply(manifest: Manifest, lines: list[AnyLine]) -> None:
    under = next((line for line in lines if isinstance(line, Filter)), Filter())
    took_something = under != Filter() or any(isinstance(line, SourceFile) and line.records for line in lines)
    if took_something and under not in manifest.filters:
        manifest.filters.append(under)
    for line in lines:
        match line:
            case SourceFile():
                manifest.source_files.append(line)
                if line.sha256 and line.filtered:
                    manifest.read_under[line.sha256] = under
                elif line.sha256 and line.status != "duplicate":
                    manifest.read_under.pop(line.sha256, None)
            case LakeFile():
                manifest.lake_files[line.path] = line
            case Removed():
                del manifest.lake_files[line.path]
            case Commit():
                manifest.commit = line
                added = len(manifest.source_files) - len(manifest.ingested_at)
                manifest.ingested_at += [line.committed_at] * added
