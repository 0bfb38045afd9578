"""Worker: reads source files into parts, in this process or in a worker process.

A worker process runs `main` with the arguments CASE and NAME. It receives a `Start` and then batches of files. The
last batch is empty, and its answer lists the parts.
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
import pyarrow.compute as pc

from forensics.files.path_text import on_disk
from forensics.files.regular_files import open_regular
from forensics.formats.archives import ArchiveMember
from forensics.formats.contents import Log, open_contents, spool
from forensics.formats.documents import Document
from forensics.formats.inflate import Measure, Unreadable, bounded_member, count_records
from forensics.formats.record_stream import NotJson, Records, Rejected
from forensics.ingest.faults import ENDING, ending_reason, wrap_unexpected
from forensics.ingest.filter import accepts, excludes_anything
from forensics.ingest.source_reading import Ended, SourceReading, Tally
from forensics.lake.layout import Layout
from forensics.lake.manifest import Filter, LakeFile, SourceFile
from forensics.lake.parts import PartWriter
from forensics.processes.runtime import without_pandas
from forensics.processes.worker_processes import messages, reply
from forensics.records.columns import IDENTITY_UNREAD, SourceRecords, to_batch
from forensics.records.identity import Identity

# a trail file has at most 50 MB and is held in memory; a larger file is read twice, to hash it and to parse it
_HELD_BYTES = 64 << 20
_HELD_REJECTED_BYTES = 16 << 20
# the size of a rejected value in memory beside its bytes, of which a hostile file has one or two
_REJECTED_BYTES = 200
# bytes of records that are converted to columns at once
_BATCH_BYTES = 4 << 20
# maximum number of cached identities, of about 2 KiB each
_IDENTITIES = 10_000
# maximum size of their blocks: a hostile file can have blocks of megabytes
_IDENTITY_BYTES = 64 << 20
# maximum depth of nested archives
_MAX_DEPTH = 3
_EVERYTHING = Filter()
DUPLICATE = "its content is already in the case"
# the columns that a filter reads
_FILTERED = ("recipient_account_id", "aws_region", "event_time", "event_source", "event_name")


class ToRead(msgspec.Struct, frozen=True):
    """A file to read. `path` is written by `as_text`.

    `url`, `etag` and `metadata` are those of the S3 object, if the file is a copy of one. `as_of`: the effective time
    of an export, if the user gave one.
    """

    path: str
    name: str
    url: str | None = None
    etag: str | None = None
    metadata: dict[str, str] = {}
    as_of: datetime | None = None


class Start(msgspec.Struct, frozen=True):
    """The first message to a worker: the hashes of files that are in the case, and the filter."""

    known: list[str] = []
    filter: Filter = _EVERYTHING


class Worker:
    """Reads files into parts. A file whose SHA-256 is in `known` is a duplicate."""

    def __init__(self, case: Path, name: str, known: Iterable[str], filter: Filter = _EVERYTHING) -> None:
        self._parts = PartWriter(case, name)
        self._scratch = Layout(case).scratch
        self._known = set(known)
        self._filter = filter if excludes_anything(filter) else None
        self._waiting: list[tuple[Tally, SourceRecords]] = []
        self._waiting_bytes = 0
        self._held_bytes = 0
        self._identities: dict[bytes, Identity] = {}

    def read(self, files: Iterable[ToRead]) -> list[SourceFile]:
        """Read files, and return the entry of each file and each member of an archive.

        Raises SourceChanged, Fault, and OSError if the case cannot be written.
        """
        files = list(files)
        with wrap_unexpected(f"reading {_span(files)}"):
            readings = [reading for file in files for reading in self._open(file)]
            self._write_rows()
            return [self._entry(reading) for reading in readings]

    def close(self) -> list[LakeFile]:
        """Write the remaining rows, and return the parts. Raises Fault, and OSError if the case cannot be written."""
        with wrap_unexpected("writing the events"):
            return self._parts.close()

    def _open(self, file: ToRead) -> list[Ended]:
        try:
            stream = os.fdopen(open_regular(on_disk(file.path)), "rb")
            sha256, content = _hash(stream)
        except OSError as error:
            return [Ended(SourceFile(file.name, file.path, "failed", f"it cannot be read: {error.strerror}"))]
        with stream:
            source = SourceReading(
                file.name, file.path, sha256, content, Measure(), modified_at=_modified(stream), as_of=file.as_of
            )
            return list(self._read(source))

    def _read(self, source: SourceReading) -> Iterator[Ended]:
        """Read the records of a file, or the members of an archive. `_entry` is final once all rows are written."""
        if source.sha256 in self._known:
            yield Ended(msgspec.structs.replace(source.ended("duplicate"), reason=DUPLICATE))
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
                    self._add(records, source.sha256, found)
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
            reason = f"it is nested more than {_MAX_DEPTH} archives deep; extract the inner archives and ingest them"
            yield Ended(SourceFile(name, path, "failed", reason, archive=archive.sha256))
        else:
            outermost = archive.measure.archive or archive.measure
            spooled = spool(bounded_member(member.pieces, outermost), self._scratch)
            with spooled.file:
                yield from self._read(
                    SourceReading(
                        name,
                        path,
                        spooled.sha256,
                        spooled.file,
                        Measure(archive=outermost),
                        archive=archive.sha256,
                        modified_at=archive.modified_at,
                        as_of=archive.as_of,
                        depth=archive.depth + 1,
                        failure=str(spooled.failure) if spooled.failure else None,
                    )
                )

    def _entry(self, ended: Ended) -> SourceFile:
        file, found = ended
        if found is None:
            return file
        status, reason = found.ended()
        if status == "skipped" and found.rejected == len(found.held):
            return msgspec.structs.replace(file, status=status, reason=reason, left_out=found.non_events)
        assert file.sha256
        self._quarantine(file.sha256, found)
        return found.added_to(file, status, reason)

    def _add(self, records: Records | Rejected, sha256: str, found: Tally) -> None:
        """Add records to the batch. Small files share one, because converting many rows at once is faster."""
        if isinstance(records, Rejected):
            found.truncated = found.truncated or records.cut
            self._hold([records], sha256, found)
            return
        self._waiting.append((found, SourceRecords(records, sha256)))
        self._waiting_bytes += sum(map(len, records.raw))
        if self._waiting_bytes >= _BATCH_BYTES:
            self._write_rows()

    def _write_rows(self) -> None:
        if len(self._identities) > _IDENTITIES or sum(map(len, self._identities)) > _IDENTITY_BYTES:
            self._identities.clear()
        events, rejected, unknown_fields = to_batch([source for _, source in self._waiting], self._identities)
        times, accepted = events.column("event_time").cast(pa.int64()), self._accepted(events)
        unread = pc.fill_null(pc.match_substring(events.column("flags"), IDENTITY_UNREAD), False)
        start = 0
        for (found, source), foreign, names in zip(self._waiting, rejected, unknown_fields, strict=True):
            found.count_unknown_fields(names)
            end = start + len(source.records.raw) - len(foreign)
            found.count_records(times[start:end].filter(accepted[start:end]))
            found.unread += pc.sum(unread[start:end].filter(accepted[start:end])).as_py() or 0
            found.filtered += end - start - accepted[start:end].true_count
            start = end
            self._hold(found.without_non_events(foreign), source.source_sha256, found)
        self._parts.add(events.filter(accepted) if self._filter else events)
        self._waiting, self._waiting_bytes = [], 0

    def _accepted(self, events: pa.RecordBatch) -> pa.BooleanArray:
        if self._filter is None:
            return pa.repeat(True, events.num_rows)
        columns = (events.column(name).to_pylist() for name in _FILTERED)
        return pa.array([accepts(self._filter, *row) for row in zip(*columns, strict=True)], pa.bool_())

    def _hold(self, rejected: list[Rejected], sha256: str, found: Tally) -> None:
        found.hold(rejected)
        self._held_bytes += sum(len(item.raw) + _REJECTED_BYTES for item in rejected)
        if found.records or self._held_bytes > _HELD_REJECTED_BYTES:
            self._quarantine(sha256, found)

    def _quarantine(self, sha256: str, found: Tally) -> None:
        self._parts.quarantine(sha256, found.held)
        self._held_bytes -= sum(len(item.raw) + _REJECTED_BYTES for item in found.held)
        found.held = []


def _span(files: Sequence[ToRead]) -> str:
    """Return the names of the files, so that the user can exclude them."""
    names = [file.name for file in files]
    return f"{len(names):,} files from {names[0]} to {names[-1]}" if len(names) > 1 else "".join(names)


def _modified(stream: BinaryIO) -> datetime:
    return datetime.fromtimestamp(int(os.fstat(stream.fileno()).st_mtime), UTC)


def _hash(stream: BinaryIO) -> tuple[str, BinaryIO]:
    """Return the SHA-256 of a stream, and a stream of the same bytes at its start."""
    head = stream.read(_HELD_BYTES)
    digest = hashlib.sha256(head)
    if len(head) < _HELD_BYTES:
        return digest.hexdigest(), io.BytesIO(head)
    while piece := stream.read(1 << 20):
        digest.update(piece)
    stream.seek(0)
    return digest.hexdigest(), stream


class WorkerAnswer(msgspec.Struct, frozen=True):
    """The answer to a batch: the entries of its files, for the last batch the parts, or the reason of a failure."""

    source_files: list[SourceFile] = []
    parts: list[LakeFile] | None = None
    error: str | None = None


def main() -> None:
    """Run a worker process."""
    case, name = Path(sys.argv[1]), sys.argv[2]
    gc.disable()  # the loops create many objects but no cycles, and collections double the time
    without_pandas()
    received = messages()
    start = msgspec.json.decode(next(received, b"{}"), type=Start)
    read_batches(Worker(case, name, start.known, start.filter), received)


def read_batches(worker: Worker, batches: Iterator[bytes]) -> None:
    """Answer each batch until the empty one, or until an error that ends the ingest."""
    try:
        for message in batches:
            batch = msgspec.json.decode(message, type=list[ToRead])
            if not batch:
                return reply(WorkerAnswer(parts=worker.close()))
            reply(WorkerAnswer(source_files=worker.read(batch)))
    except ENDING as error:
        reply(WorkerAnswer(error=ending_reason(error)))
