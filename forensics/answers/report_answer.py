"""The answer to `report`: what a report on an access key shows. Part of `answers`, apart as `key_answer` is.

It takes together the page on the key, the tree below it, and what was done with any of that; and carries the record of
every event that it cites.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from forensics.answers.core import LOCAL
from forensics.answers.coverage_answer import Coverage
from forensics.answers.key_answer import Activity, Key
from forensics.answers.tree_answer import Tree


@dataclass(frozen=True, slots=True)
class Bucket:
    """The calls of one node of the tree in one step of time from `start` on."""

    node: int
    start: datetime
    succeeded: int
    refused: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Activity over time, in steps of so many seconds; steps without calls are left out."""

    step: int
    start: datetime | None
    end: datetime | None
    buckets: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True)
class SignedBy:
    """The nodes of the tree that made calls of one sensitive action."""

    event_source: str
    event_name: str
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """An event that the key, or what came of it, signed. `outcome`: succeeded, denied or failed.

    `tactic`, `technique`: of a sensitive call. `record`: which of the report's records it is; null if it is left out.
    """

    node: int
    event_time: datetime | None
    event_name: str | None
    event_source: str | None
    aws_region: str | None
    outcome: str
    error_code: str | None
    source_ip_address: str | None
    user_agent: str | None
    resource: str | None
    tactic: str | None
    technique: str | None
    event_id: str | None
    recipient_account_id: str | None
    record: int | None


@dataclass(frozen=True, slots=True)
class ProvingRecord:
    """An event's record as the case holds it, secrets masked, and the files that it came in.

    `length`: characters of the whole record, of which `text` may be only the beginning. If `unreliable`, it proves
    nothing.
    """

    event_id: str | None
    recipient_account_id: str | None
    event_time: datetime | None
    event_name: str | None
    aws_region: str | None
    unreliable: bool
    source_files: tuple[str, ...] = field(metadata=LOCAL)
    length: int
    text: str


@dataclass(frozen=True, slots=True)
class CaseState:
    """Which case, as of which ingest, and the version of the program that asked it.

    `fingerprint`: one hash over its events and sources, the same wherever these are loaded. `custody_head`: the hash of
    the last entry of its log before this question, which proves the log up to there.
    """

    case_id: str = field(metadata=LOCAL)
    version: str
    ingest_id: str | None = field(metadata=LOCAL)
    committed_at: datetime | None = field(metadata=LOCAL)
    events: int
    files: int = field(metadata=LOCAL)
    fingerprint: str | None = None
    custody_head: str | None = field(default=None, metadata=LOCAL)


@dataclass(frozen=True, slots=True)
class Report:
    """A report on an access key. `activity` is of the key and all that certainly came of it.

    `events` are at most `events_total`: each different call first, then the sensitive, then the refused, then the rest.
    `cited_without_record`: how many of the cited events have no record here, for want of room or of an event loaded.
    """

    key: Key
    tree: Tree
    activity: Activity
    signed_by: tuple[SignedBy, ...]
    timeline: Timeline
    events: tuple[ListedEvent, ...]
    events_total: int
    records: tuple[ProvingRecord, ...]
    cited_without_record: int
    coverage: Coverage
    case: CaseState

    @property
    def address_files(self) -> list[str]:
        """The hashes of the files on addresses that the answer rests on: databases, and AWS's own list."""
        said = [self.key.who, *self.key.who.sessions]
        lists = dict.fromkeys(one.workload.ip_ranges_sha256 for one in said if one.workload)
        return [*(database.sha256 for database in self.key.address_databases), *filter(None, lists)]
