"""Worker: source files to parts. The unit of parallel work, in this process or in one of its own.

As a process (`main`, with CASE and NAME as arguments) it gets a `Start` and then batches of files. It answers the empty
batch, which is the last, with the names of its parts.
"""

from __future__ import annotations

import gc
import hashlib
import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec
import pyarrow as pa

from forensics.formats.archives import ArchiveMember
from forensics.formats.contents import Log, hold, open_contents
from forensics.formats.documents import Document
from forensics.formats.inflate import Measure, Unreadable, bounded_member, count_records
from forensics.formats.record_stream import NotJson, Records, Rejected
from forensics.ingest.faults import ENDING, faults_told, why
from forensics.ingest.filter import leaves_anything_out, takes
from forensics.ingest.source_reading import Ended, SourceReading, Tally
from forensics.lake.layout import Layout
from forensics.lake.manifest import Filter, LakeFile, SourceFile
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
# how deep archives may lie in each other
_MAX_DEPTH = 3
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


class Worker:
    """Reads files into parts; files whose SHA-256 is in `known` are in the case already."""

    def __init__(self, case: Path, name: str, known: Iterable[str], filter: Filter = _EVERYTHING) -> None:
        self._parts = PartWriter(case, name)
        self._scratch = Layout(case).scratch
        self._known = set(known)
        self._filter = filter if leaves_anything_out(filter) else None
        self._taken: list[tuple[Tally, SourceRecords]] = []
        self._taken_bytes = 0
        self._held_bytes = 0
        self._identities: dict[bytes, Identity] = {}

    def read(self, files: Iterable[ToRead]) -> list[SourceFile]:
        """Read some files and tell how each ended; small ones share the cost of being made into columns.

        Raises SourceChanged, Fault, and OSError only for the case's own disk.
        """
        files = list(files)
        with faults_told(f"while it read {_span(files)}"):
            ends = [end for file in files for end in self._open(file)]
            self._write_rows()
            return [self._ended(end) for end in ends]

    def close(self) -> list[LakeFile]:
        with faults_told("while it wrote the events"):
            return self._parts.close()

    def _open(self, file: ToRead) -> list[Ended]:
        try:
            stream = os.fdopen(open_regular(file.path), "rb")
            sha256, content = _hash(stream)
        except OSError as error:
            return [Ended(SourceFile(file.name, file.path, "failed", f"it cannot be read: {error.strerror}"))]
        with stream:
            source = SourceReading(
                file.name, file.path, sha256, content, Measure(), modified_at=_modified(stream), as_of=file.as_of
            )
            return list(self._read(source))

    def _read(self, source: SourceReading) -> Iterator[Ended]:
        """Take what a file holds, of an archive its members. How it ended is known once all of that has become rows."""
        if source.sha256 in self._known:
            yield Ended(msgspec.structs.replace(source.ended("duplicate"), reason="these bytes are in the case"))
            return
        self._known.add(source.sha256)
        found = Tally()
        try:
            contents = open_contents(source.content, source.measure, self._scratch)
            if isinstance(contents, Document):
                self._parts.document(source.sha256, contents)
                yield Ended(source.kept(contents))
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
            yield Ended(msgspec.structs.replace(source.ended("skipped"), reason=str(error)))
            return
        except Unreadable as error:
            found.failure = str(error)
        found.failure = found.failure or source.failure
        yield Ended(source.ended("ok"), found)

    def _read_member(self, member: ArchiveMember, archive: SourceReading) -> Iterator[Ended]:
        name, path = f"{archive.name}/{member.name}", f"{archive.path}/{member.name}"
        if member.pieces is None:
            yield Ended(SourceFile(name, path, member.status, member.reason, archive=archive.sha256))
        elif archive.depth == _MAX_DEPTH:
            reason = f"it lies in archives more than {_MAX_DEPTH} deep"
            yield Ended(SourceFile(name, path, "failed", reason, archive=archive.sha256))
        else:
            outermost = archive.measure.archive or archive.measure
            held = hold(bounded_member(member.pieces, outermost), self._scratch)
            with held.file:
                yield from self._read(
                    SourceReading(
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

    def _ended(self, end: Ended) -> SourceFile:
        file, found = end
        if found is None:
            return file
        status, reason = found.ended()
        if status == "skipped" and found.rejected == len(found.held):
            return msgspec.structs.replace(file, status=status, reason=reason, left_out=found.left_out)
        assert file.sha256
        self._quarantine(file.sha256, found)
        return found.added_to(file, status, reason)

    def _take(self, records: Records | Rejected, sha256: str, found: Tally) -> None:
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

    def _hold(self, rejected: list[Rejected], sha256: str, found: Tally) -> None:
        found.hold(rejected)
        self._held_bytes += sum(len(item.raw) for item in rejected)
        if found.records or self._held_bytes > _HELD_REJECTED_BYTES:
            self._quarantine(sha256, found)

    def _quarantine(self, sha256: str, found: Tally) -> None:
        self._parts.quarantine(sha256, found.held)
        self._held_bytes -= sum(len(item.raw) for item in found.held)
        found.held = []


def _span(files: Sequence[ToRead]) -> str:
    """Name the files, so that the user can leave them out."""
    names = [file.name for file in files]
    return f"{len(names):,} files from {names[0]} to {names[-1]}" if len(names) > 1 else "".join(names)


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
