"""Worker: source files to parts. The unit of parallel work, in this process or in one of its own.

As a process (`main`, with CASE and NAME as arguments) it gets a `Start` and then batches of files. It answers the empty
batch, which is the last, with the names of its parts.
"""

from __future__ import annotations

import errno
import gc
import hashlib
import io
import os
import sys
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple

import msgspec
import pyarrow as pa

from forensics.errors import IngestError
from forensics.formats.archives import ArchiveMember
from forensics.formats.contents import Log, hold, open_contents
from forensics.formats.documents import Document
from forensics.formats.inflate import Measure, Unreadable, bounded_member, count_records
from forensics.formats.non_events import why_left_out
from forensics.formats.record_stream import NotJson, Records, Rejected
from forensics.ingest.filter import leaves_anything_out, takes
from forensics.lake.layout import ROOM_NEEDED, Layout
from forensics.lake.manifest import Filter, LakeFile, SourceFile, Status
from forensics.lake.parts import PartWriter
from forensics.records.columns import SourceRecords, to_batch
from forensics.records.identity import Identity
from forensics.regular_files import open_regular
from forensics.runtime import without_pandas
from forensics.worker_processes import messages, reply

# A trail file has at most 50 MB and is held while it is hashed and read; a larger one is read twice.
_HELD_BYTES = 64 << 20
_HELD_REJECTED_BYTES = 16 << 20
# how much of records is made into columns at once
_BATCH_BYTES = 4 << 20
# how many are remembered, of about 2 KiB each
_IDENTITIES = 10_000
# how many names of a file's unknown fields are told, and how much of each
_UNKNOWN_FIELDS = 50
_LONGEST_NAME = 100
_FURTHER_FIELDS = "further ones"
# how deep archives may lie in each other
_MAX_DEPTH = 3
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EVERYTHING = Filter()
# what a filter looks at
_FILTERED = ("recipient_account_id", "aws_region", "event_time", "event_source", "event_name")


class ToRead(msgspec.Struct, frozen=True):
    """A file to read: where it is, and what to call it; of a copy of an S3 object, that object's URL and marks.

    `as_of`: as of when it holds if it is an export, where somebody says so.
    """

    path: str
    name: str
    url: str | None = None
    etag: str | None = None
    metadata: dict[str, str] = {}
    as_of: datetime | None = None


class Start(msgspec.Struct, frozen=True):
    """What a worker has to know first."""

    known: list[str] = []
    filter: Filter = _EVERYTHING


class SourceChanged(IngestError):
    """A file changed while it was read."""


class Fault(Exception):
    """An error of this program, outside of the reading of one file, which would end that file alone."""


# what ends an ingest, and is told
ENDING = (SourceChanged, Fault, OSError, MemoryError)


class Worker:
    """Reads files into parts; files whose SHA-256 is in `known` are in the case already."""

    def __init__(self, case: Path, name: str, known: Iterable[str], filter: Filter = _EVERYTHING) -> None:
        self._parts = PartWriter(case, name)
        self._scratch = Layout(case).scratch
        self._known = set(known)
        self._filter = filter if leaves_anything_out(filter) else None
        self._taken: list[tuple[_Found, SourceRecords]] = []
        self._taken_bytes = 0
        self._held_bytes = 0
        self._identities: dict[bytes, Identity] = {}

    def read(self, files: Iterable[ToRead]) -> list[SourceFile]:
        """Read some files and tell how each ended; small ones share the cost of being made into columns.

        Raises SourceChanged, Fault, and OSError only for the case's own disk.
        """
        files = list(files)
        with _faults_told(f"while it read {_span(files)}"):
            ends = [end for file in files for end in self._open(file)]
            self._write_rows()
            return [self._ended(end) for end in ends]

    def close(self) -> list[LakeFile]:
        with _faults_told("while it wrote the events"):
            return self._parts.close()

    def _open(self, file: ToRead) -> list[_End]:
        try:
            stream = os.fdopen(open_regular(file.path), "rb")
            sha256, content = _hash(stream)
        except OSError as error:
            return [_End(SourceFile(file.name, file.path, "failed", f"it cannot be read: {error.strerror}"))]
        with stream:
            source = _Source(
                file.name, file.path, sha256, content, Measure(), modified_at=_modified(stream), as_of=file.as_of
            )
            return list(self._read(source))

    def _read(self, source: _Source) -> Iterator[_End]:
        """Take what a file holds, of an archive its members. How it ended is known once all of that has become rows."""
        if source.sha256 in self._known:
            yield _End(msgspec.structs.replace(source.ended("duplicate"), reason="these bytes are in the case"))
            return
        self._known.add(source.sha256)
        found = _Found()
        try:
            contents = open_contents(source.content, source.measure, self._scratch)
            if isinstance(contents, Document):
                self._parts.document(source.sha256, contents)
                yield _End(source.kept(contents))
                return
            if isinstance(contents, Log):
                found.limit = contents.limit
                for records in contents.records:
                    count_records(1 if isinstance(records, Rejected) else len(records.raw), source.measure)
                    self._take(records, source.sha256, found)
            else:
                for member in contents.members:
                    found.members += 1
                    yield from self._read_member(member, source)
        except NotJson as error:
            yield _End(msgspec.structs.replace(source.ended("skipped"), reason=str(error)))
            return
        except Unreadable as error:
            found.failure = str(error)
        found.failure = found.failure or source.failure
        yield _End(source.ended("ok"), found)

    def _read_member(self, member: ArchiveMember, archive: _Source) -> Iterator[_End]:
        name, path = f"{archive.name}/{member.name}", f"{archive.path}/{member.name}"
        if member.pieces is None:
            yield _End(SourceFile(name, path, member.status, member.reason, archive=archive.sha256))
        elif archive.depth == _MAX_DEPTH:
            reason = f"it lies in archives more than {_MAX_DEPTH} deep"
            yield _End(SourceFile(name, path, "failed", reason, archive=archive.sha256))
        else:
            outermost = archive.measure.archive or archive.measure
            held = hold(bounded_member(member.pieces, outermost), self._scratch)
            with held.file:
                yield from self._read(
                    _Source(
                        name,
                        path,
                        held.sha256,
                        held.file,
                        Measure(archive=outermost),
                        archive=archive.sha256,
                        modified_at=archive.modified_at,
                        as_of=archive.as_of,
                        depth=archive.depth + 1,
                        failure=str(held.failure) if held.failure else None,
                    )
                )

    def _ended(self, end: _End) -> SourceFile:
        file, found = end
        if found is None:
            return file
        status, reason = found.ended()
        if status == "skipped" and found.rejected == len(found.held):
            return msgspec.structs.replace(file, status=status, reason=reason, left_out=found.left_out)
        assert file.sha256
        self._quarantine(file.sha256, found)
        return msgspec.structs.replace(
            file,
            status=status,
            reason=reason,
            records=found.records,
            rejected=found.rejected,
            filtered=found.filtered,
            left_out=found.left_out,
            unknown_fields=dict(sorted(found.unknown_fields.items())),
            limit=found.limit,
            members=found.members,
            first_event_time=_time(found.first),
            last_event_time=_time(found.last),
        )

    def _take(self, records: Records | Rejected, sha256: str, found: _Found) -> None:
        """Small files share a batch: columns are made of many rows at once."""
        if isinstance(records, Rejected):
            found.cut = found.cut or records.cut
            self._hold([records], sha256, found)
            return
        self._taken.append((found, SourceRecords(records, sha256)))
        self._taken_bytes += sum(map(len, records.raw))
        if self._taken_bytes >= _BATCH_BYTES:
            self._write_rows()

    def _write_rows(self) -> None:
        if len(self._identities) > _IDENTITIES:
            self._identities.clear()
        events, rejected, unknown_fields = to_batch([taken for _, taken in self._taken], self._identities)
        times, goes_in = events.column("event_time").cast(pa.int64()), self._goes_in(events)
        start = 0
        for (found, taken), foreign, names in zip(self._taken, rejected, unknown_fields, strict=True):
            found.met(names)
            end = start + len(taken.records.raw) - len(foreign)
            found.saw(times[start:end].filter(goes_in[start:end]))
            found.filtered += end - start - goes_in[start:end].true_count
            start = end
            self._hold(found.without_left_out(foreign), taken.source_sha256, found)
        self._parts.add(events.filter(goes_in) if self._filter else events)
        self._taken, self._taken_bytes = [], 0

    def _goes_in(self, events: pa.RecordBatch) -> pa.BooleanArray:
        if self._filter is None:
            return pa.repeat(True, events.num_rows)
        columns = (events.column(name).to_pylist() for name in _FILTERED)
        return pa.array([takes(self._filter, *row) for row in zip(*columns, strict=True)], pa.bool_())

    def _hold(self, rejected: list[Rejected], sha256: str, found: _Found) -> None:
        found.hold(rejected)
        self._held_bytes += sum(len(item.raw) for item in rejected)
        if found.records or self._held_bytes > _HELD_REJECTED_BYTES:
            self._quarantine(sha256, found)

    def _quarantine(self, sha256: str, found: _Found) -> None:
        self._parts.quarantine(sha256, found.held)
        self._held_bytes -= sum(len(item.raw) for item in found.held)
        found.held = []


@dataclass(slots=True)
class _Found:
    """What one file has held so far; times in microseconds.

    `foreign`: sound JSON that is no CloudTrail record, `wraps`: one with such a record inside. Of a file with nothing
    else no record goes to the quarantine, unless it has more than can be `held` until that is known. `left_out`: what
    is known to be no event, by what it is. `unknown_fields`: how many records have each.
    """

    records: int = 0
    rejected: int = 0
    filtered: int = 0
    foreign: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    unknown_fields: Counter[str] = field(default_factory=Counter)
    limit: str | None = None
    members: int = 0
    cut: bool = False
    wraps: bool = False
    failure: str | None = None
    held: list[Rejected] = field(default_factory=list)
    first: int | None = None
    last: int | None = None

    def ended(self) -> tuple[Status, str | None]:
        """How the file ended, and why where that needs a reason."""
        if self.failure:
            return "failed", self.failure
        if self.records + self.filtered == 0 and self.rejected == self.foreign:
            if self.wraps:
                return "failed", "it is damaged or of a format that is not read: records stand inside something else"
            if self.left_out:
                return "skipped", f"it holds no event of a call, but {', '.join(sorted(self.left_out))}"
            if self.foreign:
                return "skipped", "it holds no CloudTrail record"
        if self.cut:
            return "failed", "the file is cut off"
        return ("ok" if self.records or self.rejected or self.filtered or self.members else "empty"), None

    def without_left_out(self, foreign: list[Rejected]) -> list[Rejected]:
        """Of what is no CloudTrail record, that which nobody knows either; the rest is counted."""
        unknown: list[Rejected] = []
        for item in foreign:
            if reason := why_left_out(item.raw):
                self.left_out[reason] = self.left_out.get(reason, 0) + 1
            else:
                unknown.append(item)
        self.foreign += len(unknown)
        return unknown

    def hold(self, rejected: list[Rejected]) -> None:
        self.wraps = self.wraps or any(b'"eventVersion"' in item.raw for item in rejected)
        self.rejected += len(rejected)
        self.held += rejected

    def met(self, names: Mapping[str, int]) -> None:
        """Count unknown fields; of a file made to have countless ones, only some by their names."""
        for name, records in names.items():
            shown = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."
            is_told = shown in self.unknown_fields or len(self.unknown_fields) < _UNKNOWN_FIELDS
            self.unknown_fields[shown if is_told else _FURTHER_FIELDS] += records

    def saw(self, times: pa.Int64Array) -> None:
        self.records += len(times)
        known = times.drop_null().to_numpy()
        if len(known):
            first, last = int(known.min()), int(known.max())
            self.first = first if self.first is None else min(self.first, first)
            self.last = last if self.last is None else max(self.last, last)


def _time(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


def _modified(stream: BinaryIO) -> datetime:
    return datetime.fromtimestamp(int(os.fstat(stream.fileno()).st_mtime), UTC)


def _hash(stream: BinaryIO) -> tuple[str, BinaryIO]:
    """The SHA-256 of a stream, and the same bytes again from their start."""
    head = stream.read(_HELD_BYTES)
    digest = hashlib.sha256(head)
    if len(head) < _HELD_BYTES:
        return digest.hexdigest(), io.BytesIO(head)
    while piece := stream.read(1 << 20):
        digest.update(piece)
    stream.seek(0)
    return digest.hexdigest(), stream


@dataclass(frozen=True, slots=True)
class _Source:
    """A file that is read, or a member of an archive, which is a file too. `failure`: why its content is not whole."""

    name: str
    path: str
    sha256: str
    content: BinaryIO
    measure: Measure
    archive: str | None = None
    modified_at: datetime | None = None
    as_of: datetime | None = None
    depth: int = 0
    failure: str | None = None

    def kept(self, document: Document) -> SourceFile:
        """A document, with what tells as of when it holds."""
        return msgspec.structs.replace(
            self.ended("ok"), kind=document.kind.value, modified_at=self.modified_at, as_of=self.as_of
        )

    def ended(self, status: Status) -> SourceFile:
        measure = self.measure
        if status == "duplicate":
            return SourceFile(self.name, self.path, status, sha256=self.sha256, archive=self.archive)
        while piece := self.content.read(1 << 20):  # what a failure or a skipped file left unread still counts as read
            measure.bytes_read += len(piece)
            measure.read_hash.update(piece)
        if measure.read_hash.hexdigest() != self.sha256:
            raise SourceChanged(f"{self.path} changed while it was read; nothing was added. Run the same command again")
        return SourceFile(
            self.name,
            self.path,
            status,
            sha256=self.sha256,
            inflated_sha256=measure.inflated_hash.hexdigest(),
            bytes=measure.bytes_read,
            inflated_bytes=measure.bytes_inflated,
            archive=self.archive,
        )


class _End(NamedTuple):
    """How a file ended, but for what has not become rows yet."""

    file: SourceFile
    found: _Found | None = None


class WorkerAnswer(msgspec.Struct, frozen=True):
    """A line from a worker process: how the files of a batch ended, or at last its parts, or why it gave up."""

    source_files: list[SourceFile] = []
    parts: list[LakeFile] | None = None
    error: str | None = None


def main() -> None:
    case, name = Path(sys.argv[1]), sys.argv[2]
    gc.disable()  # the loops make many values and no cycles; collecting them doubles the time
    without_pandas()
    received = messages()
    start = msgspec.json.decode(next(received, b"{}"), type=Start)
    read_batches(Worker(case, name, start.known, start.filter), received)


def read_batches(worker: Worker, batches: Iterator[bytes]) -> None:
    """Answer each batch, or the one at which the worker gives up with the reason."""
    try:
        for message in batches:
            batch = msgspec.json.decode(message, type=list[ToRead])
            if not batch:
                return reply(WorkerAnswer(parts=worker.close()))
            reply(WorkerAnswer(source_files=worker.read(batch)))
    except ENDING as error:
        reply(WorkerAnswer(error=why(error)))


def why(error: Exception) -> str:
    """What ended an ingest, for a person; where a disk or the memory is full, that nothing more is lost."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return f"{error.strerror}. {ROOM_NEEDED}"
    if isinstance(error, MemoryError):
        return "memory ran out. Run the same command on fewer files at a time"
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


@contextmanager
def _faults_told(doing: str) -> Iterator[None]:
    """Raises Fault for what nobody foresaw, with where it came from."""
    try:
        yield
    except ENDING:
        raise
    except Exception as error:
        at = traceback.extract_tb(error.__traceback__)[-1]
        raise Fault(
            f"{doing}, there was an error of this program that is worth a report:"
            f" {type(error).__name__}: {error} ({Path(at.filename).name}, line {at.lineno})"
        ) from error


def _span(files: Sequence[ToRead]) -> str:
    """Which files, for whoever wants to leave them out."""
    names = [file.name for file in files]
    return f"{len(names):,} files from {names[0]} to {names[-1]}" if len(names) > 1 else "".join(names)
