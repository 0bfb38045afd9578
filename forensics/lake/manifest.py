"""Manifest: lists the source files and the lake files of a case, as lines of JSON.

The file is append-only. A `commit` line ends an ingest, and lines after the last commit are ignored, so a killed ingest
has no effect. A `removed` line removes a lake file that an ingest replaced.

A manifest may be attacker-controlled, so each line is checked when it is read: types, ranges, paths of lake files, and
the consistency of the lines of an ingest. Text about source files is untrusted and used for display only.
"""

from __future__ import annotations

import hashlib
import itertools
import mmap
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from forensics.errors import DamagedManifest
from forensics.files.regular_files import open_regular, write_from
from forensics.lake.file_names import INGEST_ID, TABLES, is_lake_path

# the name of an archive member has up to 1 MiB, archives are nested, and JSON may escape a byte as six
_LONGEST_LINE = 64 << 20
_LONGEST_QUOTE = 100

Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]  # so that sums of thousands fit bigint
Sha256 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Status = Literal["ok", "duplicate", "empty", "skipped", "failed"]


class ManifestLine(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    pass


class SourceFile(ManifestLine, frozen=True, tag="source_file"):
    """A source file.

    Attributes:
        name: the path below the folder that the user gave. Name and path of an S3 object are its URL.
        status: ok, duplicate, empty, skipped or failed. Of a failed file, the records before the damage are in the
            case.
        reason: why the file was skipped or failed.
        inflated_sha256: the hash of the decompressed content.
        bytes: the bytes read, and decompressed `inflated_bytes`.
        records: the number of its records in the case.
        rejected: the number of values in quarantine.
        kind: the kind of a document; null for a file of events.
        filtered: the number of records that the filter of the ingest excluded.
        left_out: the number of records that are not events, by type.
        unknown_fields: the number of records with a field that is not in AWS's record reference, by field.
        identity_unread: the number of records whose identity is missing or in a form that is not read.
        undated: the number of records without a readable time.
        limit: what a file of this format cannot contain, if anything.
        members: the number of files in an archive.
        archive: the SHA-256 of the archive that contains the file.
        etag, metadata: those of the S3 object when it was fetched.
        modified_at: the time when a document was last written.
        as_of: the effective time of a document, if the user gave one.
    """

    name: str
    path: str
    status: Status
    reason: str | None = None
    sha256: Sha256 | None = None
    inflated_sha256: Sha256 | None = None
    bytes: Count = 0
    inflated_bytes: Count = 0
    records: Count = 0
    rejected: Count = 0
    first_event_time: Moment | None = None
    last_event_time: Moment | None = None
    kind: str | None = None
    filtered: Count = 0
    left_out: dict[str, Count] = {}
    unknown_fields: dict[str, Count] = {}
    identity_unread: Count = 0
    undated: Count = 0
    limit: str | None = None
    members: Count = 0
    archive: Sha256 | None = None
    etag: str | None = None
    metadata: dict[str, str] = {}
    modified_at: Moment | None = None
    as_of: Moment | None = None


class Filter(ManifestLine, frozen=True, tag="filter"):
    """The filter of an ingest. An empty one accepts everything.

    `since` is inclusive, `until` exclusive. `delivered_from`, `delivered_to`: the first and last day of delivery that
    was read.
    """

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    since: Moment | None = None
    until: Moment | None = None
    delivered_from: date | None = None
    delivered_to: date | None = None


class LakeFile(ManifestLine, frozen=True, tag="lake_file"):
    """A Parquet file with rows of `table`. `path` is relative to the case folder; `bytes` is the size of the file."""

    table: str
    path: str
    rows: Count
    bytes: Count
    sha256: Sha256


class Removed(ManifestLine, frozen=True, tag="removed"):
    """A lake file that was replaced."""

    path: str


class Commit(ManifestLine, frozen=True, tag="commit"):
    """The end of an ingest, with the totals of the case after it.

    `events`: distinct events. `copies`: events and their duplicate copies. `conflicts`: copies that differ from their
    event. `rejected`: values in quarantine. `amended`: addenda that were merged into their events.
    """

    ingest_id: Annotated[str, msgspec.Meta(pattern=rf"\A{INGEST_ID}\Z")]
    committed_at: Moment
    version: str
    events: Count
    copies: Count
    conflicts: Count
    rejected: Count
    documents: Count = 0
    amended: Count = 0


AnyLine = SourceFile | Filter | LakeFile | Removed | Commit

_decoder = msgspec.json.Decoder(AnyLine)
_encoder = msgspec.json.Encoder()
_COMMIT = b'{"type":"commit"'
_INVALID = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _InvalidLine(Exception):
    """The line has valid types, but no ingest writes it there."""


@dataclass(slots=True)
class Manifest:
    """The content of a manifest, up to the last commit.

    `ingested_at`: for each of `source_files`, the time of its commit. `filters`: the distinct filters of the ingests,
    including the empty one. `read_under`: by SHA-256, the filter that excluded records of a file.
    """

    source_files: list[SourceFile] = field(default_factory=list)
    ingested_at: list[datetime] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    read_under: dict[str, Filter] = field(default_factory=dict)
    lake_files: dict[str, LakeFile] = field(default_factory=dict)
    commit: Commit | None = None

    def of_table(self, table: str) -> list[str]:
        """Return the paths of the files of a table, sorted."""
        return sorted(path for path, file in self.lake_files.items() if file.table == table)


def read(path: Path, *, last: str | None = None) -> Manifest:
    """Return the manifest at `path`. Lines after the last commit are checked and ignored. Raises DamagedManifest.

    `last`: the ID of the last ingest to read.
    """
    reader = _ManifestReader()
    for number, line in _lines(path):
        try:
            entry = _decoder.decode(line)
            reader.add(entry)
        except (*_INVALID, OverflowError, _InvalidLine) as error:
            raise DamagedManifest(path, number, str(error)) from None
        if isinstance(entry, Commit) and entry.ingest_id == last:
            break
    return reader.manifest


def last_commit(path: Path) -> Commit | None:
    """Return the last commit without reading the lines before it. Raises DamagedManifest."""
    with _mapped(path) as data:
        start = data.rfind(_COMMIT, 0, data.rfind(b"\n") + 1)
        line = data[start : data.find(b"\n", start)] if start >= 0 else b""
    if not line:
        return None
    try:
        return msgspec.json.decode(line, type=Commit)
    except _INVALID as error:
        raise DamagedManifest(path, None, str(error)) from None


def committed_bytes(path: Path) -> int:
    """Return the size of the manifest up to the end of the last complete commit line."""
    with _mapped(path) as data:
        complete = data.rfind(b"\n") + 1
        start = data.rfind(_COMMIT, 0, complete)
        return data.find(b"\n", start) + 1 if start >= 0 else 0


def append(
    path: Path,
    lines: Iterable[AnyLine],
    commit: Commit,
    announce: Callable[[int, str], None] = lambda _size, _hash: None,
) -> None:
    """Append the lines of an ingest and its commit. `announce` is called first, with the new size and SHA-256."""
    committed = committed_bytes(path)
    text = b"".join(_encoder.encode(line) + b"\n" for line in [*lines, commit])
    with _mapped(path) as data:
        announce(committed + len(text), hashlib.sha256(data[:committed] + text).hexdigest())
    descriptor = open_regular(path, os.O_WRONLY | os.O_CREAT)
    try:
        write_from(descriptor, committed, text)
    finally:
        os.close(descriptor)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the complete lines with their numbers. A killed ingest may have left an incomplete last line."""
    if not path.exists():
        return
    with os.fdopen(open_regular(path), "rb") as file:
        for number in itertools.count(1):
            line = file.readline(_LONGEST_LINE + 1)
            if len(line) > _LONGEST_LINE:
                raise DamagedManifest(path, number, f"it is longer than {_LONGEST_LINE >> 20} MiB")
            if not line.endswith(b"\n"):
                return
            yield number, line


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap | bytes]:
    if not path.exists() or not path.stat().st_size:
        yield b""
        return
    with os.fdopen(open_regular(path), "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        yield data


class _ManifestReader:
    """Checks line after line, and adds those of an ingest to the manifest at its commit."""

    def __init__(self) -> None:
        self.manifest = Manifest()
        self._lines: list[AnyLine] = []
        self._files: dict[str, LakeFile] = {}
        self._every_path: set[str] = set()
        self._rows = Counter[str]()
        self._ingest_ids: set[str] = set()

    def add(self, line: AnyLine) -> None:
        """Check a line and add it. Raises _InvalidLine, and OverflowError for a time outside of UTC's range."""
        self._lines.append(line)
        match line:
            case SourceFile():
                _check_times(line.first_event_time, line.last_event_time, line.modified_at, line.as_of)
            case Filter():
                _check_times(line.since, line.until)
            case LakeFile():
                self._list(line)
            case Removed():
                self._remove(line)
            case Commit():
                _check_times(line.committed_at)
                self._commit(line)

    def _list(self, file: LakeFile) -> None:
        if file.table not in TABLES:
            raise _InvalidLine(f"there is no table {_quoted(file.table)}")
        if not is_lake_path(file.table, file.path):
            raise _InvalidLine(f"{_quoted(file.path)} is not a valid path of a lake file of {file.table}")
        if file.path in self._every_path:
            raise _InvalidLine(f"{file.path} is listed twice")
        self._every_path.add(file.path)
        self._files[file.path] = file
        self._rows[file.table] += file.rows

    def _remove(self, line: Removed) -> None:
        file = self._files.pop(line.path, None)
        if file is None:
            raise _InvalidLine(f"it removes {_quoted(line.path)}, which is not listed")
        self._rows[file.table] -= file.rows

    def _commit(self, commit: Commit) -> None:
        if commit.ingest_id in self._ingest_ids:
            raise _InvalidLine(f"ingest {commit.ingest_id} is committed twice")
        self._ingest_ids.add(commit.ingest_id)
        counts = row_counts(self._rows)
        if any(getattr(commit, name) != count for name, count in counts.items()):
            raise _InvalidLine("the counts of the commit do not match the listed rows")
        _apply(self.manifest, self._lines)
        self._lines.clear()


def row_counts(rows: Mapping[str, int]) -> dict[str, int]:
    """Return the counts of a commit. `rows`: the number of rows in all lake files of each table."""
    return {
        "events": rows.get("events", 0),
        "copies": rows.get("events", 0) + rows.get("event_copies", 0),
        "conflicts": rows.get("event_conflicts", 0),
        "rejected": rows.get("quarantine", 0),
        "documents": rows.get("documents", 0),
        "amended": rows.get("event_addenda", 0),
    }


def _check_times(*times: datetime | None) -> None:
    for time in times:
        if time is not None and time.tzinfo is not UTC:
            time.astimezone(UTC)


def _quoted(text: str) -> str:
    return repr(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}...")


def _apply(manifest: Manifest, lines: list[AnyLine]) -> None:
    under = next((line for line in lines if isinstance(line, Filter)), Filter())
    added_records = under != Filter() or any(isinstance(line, SourceFile) and line.records for line in lines)
    if added_records and under not in manifest.filters:
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
