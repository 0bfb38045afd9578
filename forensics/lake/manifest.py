"""Manifest: which source files went in and which lake files count, as lines of JSON.

Lines are only ever added. A `commit` line ends an ingest, and what follows the last one does not count: whatever was
killed in between leaves no trace in an answer. What an ingest replaces it removes by a line too.

A manifest may come from somebody else, so each line is checked when it is read: its types, its ranges, the names of its
lake files, and that the lines of an ingest fit together. Text about source files is hostile and only ever shown.
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
from forensics.lake.file_names import INGEST_ID, TABLES, is_lake_path
from forensics.regular_files import open_regular, write_from

# a name in an archive has up to 1 MiB, archives lie in each other, and JSON may write a byte as six
_LONGEST_LINE = 64 << 20
_LONGEST_REASON = 300
_LONGEST_QUOTE = 100

Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]  # sums of thousands of them fit SQL's bigint
Sha256 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Status = Literal["ok", "duplicate", "empty", "skipped", "failed"]


class ManifestLine(msgspec.Struct, frozen=True, tag_field="type", forbid_unknown_fields=True):
    pass


class SourceFile(ManifestLine, frozen=True, tag="source_file"):
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
    limit: str | None = None
    members: Count = 0
    archive: Sha256 | None = None
    etag: str | None = None
    metadata: dict[str, str] = {}
    modified_at: Moment | None = None
    as_of: Moment | None = None


class Filter(ManifestLine, frozen=True, tag="filter"):
    """What the ingest whose lines it stands among took; see `filter`. Nothing given is everything.

    `delivered_from`, `delivered_to`: the days of delivery, both included, outside of which nothing was looked at.
    """

    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    since: Moment | None = None
    until: Moment | None = None
    delivered_from: date | None = None
    delivered_to: date | None = None


class LakeFile(ManifestLine, frozen=True, tag="lake_file"):
    """A Parquet file that counts; `path` is relative to the case folder, `table` what it holds rows of."""

    table: str
    path: str
    rows: Count
    bytes: Count
    sha256: Sha256


class Removed(ManifestLine, frozen=True, tag="removed"):
    """A lake file that no longer counts."""

    path: str


class Commit(ManifestLine, frozen=True, tag="commit"):
    """The end of an ingest. `events`: distinct events in the case; `copies`: these and their further copies;
    `conflicts`: copies that differ; `amended`: addenda, which are in their events."""

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
_NO_LINE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _NotOurs(Exception):
    """A line has the right types, and no ingest writes it there."""


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


def read(path: Path, *, last: str | None = None) -> Manifest:
    """The manifest at `path`; lines after the last commit are checked and do not count. Raises DamagedManifest.

    `last`: the ID of an ingest; what came after it is not read.
    """
    reader = _ManifestReader()
    for number, line in _lines(path):
        try:
            entry = _decoder.decode(line)
            reader.take(entry)
        except (*_NO_LINE, OverflowError, _NotOurs) as error:
            raise DamagedManifest(path, number, str(error)) from None
        if isinstance(entry, Commit) and entry.ingest_id == last:
            break
    return reader.manifest


def last_commit(path: Path) -> Commit | None:
    """The end of the last ingest; what came before it is not read. Raises DamagedManifest."""
    with _mapped(path) as data:
        start = data.rfind(_COMMIT, 0, data.rfind(b"\n") + 1)
        line = data[start : data.find(b"\n", start)] if start >= 0 else b""
    if not line:
        return None
    try:
        return msgspec.json.decode(line, type=Commit)
    except _NO_LINE as error:
        raise DamagedManifest(path, None, str(error)) from None


def committed_bytes(path: Path) -> int:
    """How much of the manifest counts: up to the end of the last whole commit line."""
    with _mapped(path) as data:
        whole = data.rfind(b"\n") + 1
        start = data.rfind(_COMMIT, 0, whole)
        return data.find(b"\n", start) + 1 if start >= 0 else 0


def append(
    path: Path,
    lines: Iterable[AnyLine],
    commit: Commit,
    announce: Callable[[int, str], None] = lambda _size, _hash: None,
) -> None:
    """Add what an ingest did, and make it count. `announce` is called before, with the new size and SHA-256."""
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
    """The whole lines with their numbers; the last may be one that an ingest was writing when it was killed."""
    if not path.exists():
        return
    with os.fdopen(open_regular(path), "rb") as file:
        for number in itertools.count(1):
            line = file.readline(_LONGEST_LINE + 1)
            if len(line) > _LONGEST_LINE:
                raise DamagedManifest(path, number, f"it has more than {_LONGEST_LINE >> 20} MiB")
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
    """Takes line after line, and makes those of an ingest count at its commit."""

    def __init__(self) -> None:
        self.manifest = Manifest()
        self._lines: list[AnyLine] = []
        self._files: dict[str, LakeFile] = {}
        self._every_path: set[str] = set()
        self._rows = Counter[str]()
        self._ingest_ids: set[str] = set()

    def take(self, line: AnyLine) -> None:
        """Raises _NotOurs, and OverflowError for a time that UTC cannot hold."""
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
            raise _NotOurs(f"there is no table {_shown(file.table)}")
        if not is_lake_path(file.table, file.path):
            raise _NotOurs(f"{_shown(file.path)} is not a name that an ingest gives to a lake file of {file.table}")
        if file.path in self._every_path:
            raise _NotOurs(f"{file.path} is listed twice")
        self._every_path.add(file.path)
        self._files[file.path] = file
        self._rows[file.table] += file.rows

    def _remove(self, line: Removed) -> None:
        file = self._files.pop(line.path, None)
        if file is None:
            raise _NotOurs(f"it removes {_shown(line.path)}, which is not listed")
        self._rows[file.table] -= file.rows

    def _commit(self, commit: Commit) -> None:
        if commit.ingest_id in self._ingest_ids:
            raise _NotOurs(f"ingest {commit.ingest_id} is committed twice")
        self._ingest_ids.add(commit.ingest_id)
        counts = row_counts(self._rows)
        if any(getattr(commit, name) != count for name, count in counts.items()):
            raise _NotOurs("the counts of the commit are not the sums of the listed rows")
        _apply(self.manifest, self._lines)
        self._lines.clear()


def row_counts(rows: Mapping[str, int]) -> dict[str, int]:
    """The counts of a commit, from the rows that the listed files of each table have together."""
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


def _shown(text: str) -> str:
    """Text of a line as a message quotes it."""
    return repr(text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}...")


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
