"""Worker: source files to parts. The unit of parallel work, in this process or in one of its own.

As a process (`python -m forensics.lake.worker CASE NAME`) it reads batches of files as JSON lines on standard input
and answers each file with a JSON line; at the end of its input it writes its parts and names them in the last line.
"""

from __future__ import annotations

import gc
import hashlib
import io
import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from forensics.formats.inflate import Measure, Unreadable, inflate
from forensics.formats.records import NotJson, Records, Rejected, read_records
from forensics.lake.columns import to_arrow
from forensics.lake.manifest import LakeFile, SourceFile
from forensics.lake.parts import PartWriter
from forensics.lake.schema import EVENT_COLUMNS

# A trail file has at most 50 MB and is held while it is hashed and read; a larger one is read twice.
_HELD_BYTES = 64 << 20
_TIME = [field.name for field in EVENT_COLUMNS].index("event_time")


class ToRead(msgspec.Struct, frozen=True):
    """A file to read: where it is, and what to call it."""

    path: str
    name: str


class SourceChanged(Exception):
    """A file changed while it was read."""


class Worker:
    """Reads files into parts; files whose SHA-256 is in `known` are in the case already."""

    def __init__(self, case: Path, name: str, known: Iterable[str]) -> None:
        self._parts = PartWriter(case, name)
        self._known = set(known)

    def read(self, file: ToRead) -> SourceFile:
        """Read one file and tell how it ended. Raises SourceChanged, and OSError only for the case's own disk."""
        try:
            stream = open(file.path, "rb")  # noqa: SIM115 - its errors are the source's, those inside are the case's
            sha256, content = _hash(stream)
        except OSError as error:
            return SourceFile(file.name, file.path, "failed", f"it cannot be read: {error.strerror}")
        with stream:
            if sha256 in self._known:
                return SourceFile(file.name, file.path, "duplicate", "these bytes are in the case", sha256)
            self._known.add(sha256)
            return self._read(file, sha256, content)

    def close(self) -> list[LakeFile]:
        return self._parts.close()

    def _read(self, file: ToRead, sha256: str, content: BinaryIO) -> SourceFile:
        measure = Measure()
        records = 0
        rejected: list[Rejected] = []
        times: list[datetime] = []
        failure: str | None = None
        try:
            for found in read_records(inflate(content, measure)):
                if isinstance(found, Rejected):
                    rejected.append(found)
                    continue
                records += self._add(found, sha256, rejected, times)
        except NotJson as error:
            return _end(file, sha256, measure, content, "skipped", str(error))
        except Unreadable as error:
            failure = str(error)
        if not records and rejected and all(item.offset < 0 for item in rejected) and not failure:
            return _end(file, sha256, measure, content, "skipped", "it holds no CloudTrail record")
        if not failure and any(item.reason.startswith("the file ends inside") for item in rejected):
            failure = "the file is cut off"
        self._parts.quarantine(sha256, rejected)
        status = "failed" if failure else "ok" if records or rejected else "empty"
        return msgspec.structs.replace(
            _end(file, sha256, measure, content, status, failure),
            records=records,
            rejected=len(rejected),
            first_event_time=min(times, default=None),
            last_event_time=max(times, default=None),
        )

    def _add(self, found: Records, sha256: str, rejected: list[Rejected], times: list[datetime]) -> int:
        batch = to_arrow(found, sha256)
        rejected += batch.rejected
        if batch.events.num_rows:
            self._parts.add(batch.events)
            times += _range(batch.events.column(_TIME))
        return batch.events.num_rows


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


def _range(times: pa.Array) -> list[datetime]:
    bounds = pc.min_max(times).as_py()
    return [bounds["min"], bounds["max"]] if bounds["min"] is not None else []


class Answer(msgspec.Struct, frozen=True):
    """A line from a worker process: how one file ended, or at last its parts, or why it gave up."""

    source_file: SourceFile | None = None
    parts: list[LakeFile] | None = None
    error: str | None = None


def main() -> None:
    case, name = Path(sys.argv[1]), sys.argv[2]
    gc.disable()  # the loops make many values and no cycles; collecting them doubles the time
    known, batches = msgspec.json.decode(sys.stdin.buffer.readline(), type=list[str]), sys.stdin.buffer
    worker = Worker(case, name, known)
    try:
        for line in batches:
            for file in msgspec.json.decode(line, type=list[ToRead]):
                _say(Answer(source_file=worker.read(file)))
        _say(Answer(parts=worker.close()))
    except (SourceChanged, OSError) as error:
        _say(Answer(error=str(error)))


def _say(answer: Answer) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
