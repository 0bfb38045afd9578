"""Worker: source files to parts. The unit of parallel work, in this process or in one of its own.

As a process (`python -m forensics.lake.worker CASE NAME`) it reads a `Start` and then batches of files as JSON lines on
standard input, and answers each file with a JSON line. An empty batch is the last: it writes its parts and names them
in the last line. If its input ends without one, whoever started it is gone, and it leaves without a word.
"""

from __future__ import annotations

import gc
import hashlib
import io
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from forensics.formats.documents import take_document
from forensics.formats.inflate import Measure, Unreadable, inflate
from forensics.formats.records import NotJson, Records, Rejected, read_records
from forensics.lake.columns import Identity, Row, to_batch, to_rows
from forensics.lake.filter import leaves_anything_out, takes
from forensics.lake.manifest import Filter, LakeFile, SourceFile
from forensics.lake.parts import PartWriter

# A trail file has at most 50 MB and is held while it is hashed and read; a larger one is read twice.
_HELD_BYTES = 64 << 20
_HELD_REJECTED_BYTES = 16 << 20
# how much of records is made into columns at once
_BATCH_BYTES = 8 << 20
_EVERYTHING = Filter()


class ToRead(msgspec.Struct, frozen=True):
    """A file to read: where it is, and what to call it; of a copy of an S3 object, that object's URL and marks."""

    path: str
    name: str
    url: str | None = None
    etag: str | None = None
    metadata: dict[str, str] = {}


class Start(msgspec.Struct, frozen=True):
    """What a worker has to know first."""

    known: list[str] = []
    filter: Filter = _EVERYTHING


class SourceChanged(Exception):
    """A file changed while it was read."""


class Worker:
    """Reads files into parts; files whose SHA-256 is in `known` are in the case already."""

    def __init__(self, case: Path, name: str, known: Iterable[str], filter: Filter = _EVERYTHING) -> None:
        self._parts = PartWriter(case, name)
        self._known = set(known)
        self._filter = filter if leaves_anything_out(filter) else None
        self._rows: list[Row] = []
        self._rows_bytes = 0
        self._identities: dict[bytes, Identity] = {}

    def read(self, file: ToRead) -> SourceFile:
        """Read one file and tell how it ended. Raises SourceChanged, and OSError only for the case's own disk."""
        try:
            stream = Path(file.path).open("rb")  # noqa: SIM115 - its errors are the source's, those inside are the case's
            sha256, content = _hash(stream)
        except OSError as error:
            return SourceFile(file.name, file.path, "failed", f"it cannot be read: {error.strerror}")
        with stream:
            if sha256 in self._known:
                return SourceFile(file.name, file.path, "duplicate", "these bytes are in the case", sha256)
            self._known.add(sha256)
            return self._read(file, sha256, content)

    def close(self) -> list[LakeFile]:
        self._write_rows()
        return self._parts.close()

    def _read(self, file: ToRead, sha256: str, content: BinaryIO) -> SourceFile:
        measure = Measure()
        found = _Found()
        failure: str | None = None
        try:
            document, pieces = take_document(inflate(content, measure))
            if document:
                self._parts.document(sha256, document)
                return msgspec.structs.replace(_end(file, sha256, measure, content, "ok", None), kind=document.kind)
            for records in read_records(pieces):
                self._add(records, sha256, found)
        except NotJson as error:
            return _end(file, sha256, measure, content, "skipped", str(error))
        except Unreadable as error:
            failure = str(error)
        status, reason = found.ended(failure)
        if status == "skipped" and found.rejected == len(found.held):
            return _end(file, sha256, measure, content, status, reason)
        self._quarantine(sha256, found)
        return msgspec.structs.replace(
            _end(file, sha256, measure, content, status, reason),
            records=found.records,
            rejected=found.rejected,
            filtered=found.filtered,
            first_event_time=found.first,
            last_event_time=found.last,
        )

    def _add(self, records: Records | Rejected, sha256: str, found: _Found) -> None:
        if isinstance(records, Rejected):
            found.cut = found.cut or records.cut
            found.hold([records])
        else:
            rows, rejected = to_rows(records, sha256, self._identities)
            found.foreign += len(rejected)
            found.hold(rejected)
            taken = self._taken(rows)
            found.filtered += len(rows) - len(taken)
            found.saw(taken)
            self._keep(taken)
        if found.records or found.held_bytes > _HELD_REJECTED_BYTES:
            self._quarantine(sha256, found)

    def _taken(self, rows: list[Row]) -> list[Row]:
        if self._filter is None:
            return rows
        return [row for row in rows if _takes(self._filter, row)]

    def _keep(self, rows: list[Row]) -> None:
        """Small files share a batch: columns are made of many rows at once."""
        self._rows += rows
        self._rows_bytes += sum(len(row.raw) for row in rows)
        if self._rows_bytes >= _BATCH_BYTES:
            self._write_rows()

    def _write_rows(self) -> None:
        if self._rows:
            self._parts.add(to_batch(self._rows))
        self._rows, self._rows_bytes, self._identities = [], 0, {}

    def _quarantine(self, sha256: str, found: _Found) -> None:
        self._parts.quarantine(sha256, found.held)
        found.held, found.held_bytes = [], 0


@dataclass(slots=True)
class _Found:
    """What one file has held so far.

    `foreign`: sound JSON that is no CloudTrail record, `wraps`: one with such a record inside. Of a file with nothing
    else no record goes to the quarantine, unless it has more than can be `held` until that is known.
    """

    records: int = 0
    rejected: int = 0
    filtered: int = 0
    foreign: int = 0
    cut: bool = False
    wraps: bool = False
    held: list[Rejected] = field(default_factory=list)
    held_bytes: int = 0
    first: datetime | None = None
    last: datetime | None = None

    def ended(self, failure: str | None) -> tuple[str, str | None]:
        """How the file ended, and why where that needs a reason."""
        if failure:
            return "failed", failure
        if self.records + self.filtered == 0 and self.rejected == self.foreign > 0:
            if self.wraps:
                return "failed", "it is damaged or of a format that is not read: records stand inside something else"
            return "skipped", "it holds no CloudTrail record"
        if self.cut:
            return "failed", "the file is cut off"
        return ("ok" if self.records or self.rejected or self.filtered else "empty"), None

    def hold(self, rejected: list[Rejected]) -> None:
        self.wraps = self.wraps or any(b'"eventVersion"' in item.raw for item in rejected)
        self.rejected += len(rejected)
        self.held += rejected
        self.held_bytes += sum(len(item.raw) for item in rejected)

    def saw(self, rows: list[Row]) -> None:
        self.records += len(rows)
        times = [row.event_time for row in rows if row.event_time]
        self.first = min([*times, *([self.first] if self.first else [])], default=None)
        self.last = max([*times, *([self.last] if self.last else [])], default=None)


def _takes(filter: Filter, row: Row) -> bool:
    record = row.record
    return takes(
        filter, record.recipient_account_id, record.aws_region, row.event_time, record.event_source, record.event_name
    )


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


def _end(file: ToRead, sha256: str, measure: Measure, content: BinaryIO, status: str, reason: str | None) -> SourceFile:
    while piece := content.read(1 << 20):  # what a failure or a skipped file left unread still counts as read
        measure.bytes_read += len(piece)
        measure.read_hash.update(piece)
    if measure.read_hash.hexdigest() != sha256:
        raise SourceChanged(f"{file.path} changed while it was read; nothing was added. Run the same command again")
    return SourceFile(
        file.name,
        file.path,
        status,
        reason,
        sha256,
        measure.inflated_hash.hexdigest(),
        measure.bytes_read,
        measure.bytes_inflated,
    )


class Answer(msgspec.Struct, frozen=True):
    """A line from a worker process: how one file ended, or at last its parts, or why it gave up."""

    source_file: SourceFile | None = None
    parts: list[LakeFile] | None = None
    error: str | None = None


def main() -> None:
    case, name = Path(sys.argv[1]), sys.argv[2]
    gc.disable()  # the loops make many values and no cycles; collecting them doubles the time
    lines = (line for line in sys.stdin.buffer if line.endswith(b"\n"))  # half a line is from one that was killed
    start = msgspec.json.decode(next(lines, b"{}"), type=Start)
    worker = Worker(case, name, start.known, start.filter)
    try:
        for line in lines:
            batch = msgspec.json.decode(line, type=list[ToRead])
            for file in batch:
                _say(Answer(source_file=worker.read(file)))
            if not batch:
                return _say(Answer(parts=worker.close()))
    except BrokenPipeError:
        os._exit(1)  # nobody listens any more
    except (SourceChanged, OSError) as error:
        _say(Answer(error=str(error)))


def _say(answer: Answer) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
