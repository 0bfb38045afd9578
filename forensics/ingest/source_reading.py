"""Source reading: one source file while it is read, what it has held so far, and how its reading ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, NamedTuple

import msgspec
import pyarrow as pa

from forensics.formats.documents import Document
from forensics.formats.inflate import Measure
from forensics.formats.non_events import why_left_out
from forensics.formats.record_stream import Rejected
from forensics.ingest.faults import SourceChanged
from forensics.lake.manifest import SourceFile, Status

# maximum unknown field names reported per file, and their length
_UNKNOWN_FIELDS = 50
_LONGEST_NAME = 100
_FURTHER_FIELDS = "further ones"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SourceReading:
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


@dataclass(slots=True)
class Tally:
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

    def added_to(self, file: SourceFile, status: Status, reason: str | None) -> SourceFile:
        """The entry of the file with what it held."""
        return msgspec.structs.replace(
            file,
            status=status,
            reason=reason,
            records=self.records,
            rejected=self.rejected,
            filtered=self.filtered,
            left_out=self.left_out,
            unknown_fields=dict(sorted(self.unknown_fields.items())),
            limit=self.limit,
            members=self.members,
            first_event_time=_time(self.first),
            last_event_time=_time(self.last),
        )

    def without_left_out(self, foreign: list[Rejected]) -> list[Rejected]:
        """Return the non-CloudTrail records of unrecognized type, and count the others."""
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


class Ended(NamedTuple):
    """How a file ended, but for what has not become rows yet."""

    file: SourceFile
    found: Tally | None = None


def _time(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)
