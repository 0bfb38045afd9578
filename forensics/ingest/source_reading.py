"""Source reading: the state of a source file while it is read, the counts of its records, and its final status."""

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
from forensics.formats.unread_forms import holds_events
from forensics.ingest.faults import SourceChanged
from forensics.lake.manifest import SourceFile, Status

# maximum unknown field names reported per file, and their length
_UNKNOWN_FIELDS = 50
_LONGEST_NAME = 100
_FURTHER_FIELDS = "further ones"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SourceReading:
    """A file, or a member of an archive, while it is read. `failure`: why its content is incomplete, if it is."""

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
        """Return the entry of a document, with the times that may be its effective time."""
        return msgspec.structs.replace(
            self.ended("ok"), kind=document.kind.value, modified_at=self.modified_at, as_of=self.as_of
        )

    def ended(self, status: Status) -> SourceFile:
        """Return the entry of the file, without the counts of its records. Raises SourceChanged."""
        measure = self.measure
        if status == "duplicate":
            return SourceFile(self.name, self.path, status, sha256=self.sha256, archive=self.archive)
        while piece := self.content.read(1 << 20):  # bytes after a failure, or of a skipped file, are counted, too
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
    """Counts of one file so far. `first`, `last`: its event times, in microseconds since 1970 UTC.

    `foreign`: JSON values that are not CloudTrail records. `wraps`: whether one of them contains such a record.
    `unread`: records whose identity cannot be read. `undated`: records without a readable time. `non_events`: records
    of another known type, by type. `unknown_fields`: records with a field, by field. `first_reason`: why the first
    value was rejected. `held`: rejected values that are not in quarantine yet. If a file has nothing else, they are not
    CloudTrail records, and none of them is quarantined.
    """

    records: int = 0
    rejected: int = 0
    filtered: int = 0
    unread: int = 0
    undated: int = 0
    foreign: int = 0
    non_events: dict[str, int] = field(default_factory=dict)
    unknown_fields: Counter[str] = field(default_factory=Counter)
    limit: str | None = None
    members: int = 0
    truncated: bool = False
    wraps: bool = False
    failure: str | None = None
    first_reason: str | None = None
    held: list[Rejected] = field(default_factory=list)
    first: int | None = None
    last: int | None = None

    def ended(self) -> tuple[Status, str | None]:
        """Return the status of the file, and the reason of a status that needs one."""
        if self.failure:
            return "failed", self.failure
        if self.records + self.filtered == 0 and self.rejected == self.foreign:
            if self.wraps:
                return "failed", "it is damaged, or its events are in a form that is not read"
            if self.non_events:
                return "skipped", f"it contains no events of API calls, only {', '.join(sorted(self.non_events))}"
            if self.foreign:
                return "skipped", "it contains no CloudTrail records"
        if self.truncated:
            return "failed", "the file is truncated"
        if self.rejected and not (self.records or self.filtered or self.members):
            return "failed", f"none of its records can be read, because {self.first_reason}"
        return ("ok" if self.records or self.rejected or self.filtered or self.members else "empty"), None

    def added_to(self, file: SourceFile, status: Status, reason: str | None) -> SourceFile:
        """Return the entry of the file with these counts."""
        return msgspec.structs.replace(
            file,
            status=status,
            reason=reason,
            records=self.records,
            rejected=self.rejected,
            filtered=self.filtered,
            left_out=self.non_events,
            unknown_fields=dict(sorted(self.unknown_fields.items())),
            identity_unread=self.unread,
            undated=self.undated,
            limit=self.limit,
            members=self.members,
            first_event_time=_time(self.first),
            last_event_time=_time(self.last),
        )

    def without_non_events(self, foreign: list[Rejected]) -> list[Rejected]:
        """Return the non-CloudTrail records of unrecognized type, and count the others."""
        unknown: list[Rejected] = []
        for item in foreign:
            if reason := why_left_out(item.raw):
                self.non_events[reason] = self.non_events.get(reason, 0) + 1
            else:
                unknown.append(item)
        self.foreign += len(unknown)
        return unknown

    def hold(self, rejected: list[Rejected]) -> None:
        """Count rejected values, and keep them until the status of the file is known."""
        cells = b"\n".join(item.raw for item in rejected if not item.raw.startswith((b"{", b"[")))
        self.wraps = self.wraps or holds_events(cells) or any(holds_events(item.raw) for item in rejected)
        if rejected and self.first_reason is None:
            self.first_reason = rejected[0].reason
        self.rejected += len(rejected)
        self.held += rejected

    def count_unknown_fields(self, names: Mapping[str, int]) -> None:
        """Count unknown fields by name, up to a maximum: a hostile file could have any number of names."""
        for name, records in names.items():
            shortened = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."
            is_listed = shortened in self.unknown_fields or len(self.unknown_fields) < _UNKNOWN_FIELDS
            self.unknown_fields[shortened if is_listed else _FURTHER_FIELDS] += records

    def count_records(self, times: pa.Int64Array) -> None:
        """Count records by their event times: microseconds since 1970, null if a record has no valid time."""
        self.records += len(times)
        self.undated += times.null_count
        known = times.drop_null().to_numpy()
        if len(known):
            first, last = int(known.min()), int(known.max())
            self.first = first if self.first is None else min(self.first, first)
            self.last = last if self.last is None else max(self.last, last)


class Ended(NamedTuple):
    """A file that was read, and its counts, which are complete once its records are converted to rows."""

    file: SourceFile
    found: Tally | None = None


def _time(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)
