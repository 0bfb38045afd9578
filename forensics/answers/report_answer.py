"""Report answer: the page on an access key, its tree, the activity of the tree, and the records of cited events."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from forensics.answers.core import LOCAL
from forensics.answers.coverage_answer import Coverage
from forensics.answers.key_answer import Activity, Key
from forensics.answers.story_answer import Story
from forensics.answers.tree_answer import Tree


@dataclass(frozen=True, slots=True)
class Bucket:
    """The calls of one node of the tree in the time step that begins at `start`."""

    node: int
    start: datetime
    succeeded: int
    refused: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Activity over time, in steps of `step` seconds. Steps without calls are left out."""

    step: int
    start: datetime | None
    end: datetime | None
    buckets: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True)
class SignedBy:
    """The nodes of the tree that signed calls of one sensitive action."""

    event_source: str
    event_name: str
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """An event signed by the key or by a credential derived from it. `outcome`: succeeded, denied or failed.

    `tactic`, `technique`: for sensitive calls only. `record`: the index of its record in the report; null if omitted.
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
    """The stored record of an event with masked secrets, and its source files.

    `length`: the characters of the whole record; `text` may be shorter. An `unreliable` record is not evidence.
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
    """The case that an answer is from, its last ingest, and the version of this program.

    `fingerprint`: one hash over its events and source files, equal for every case with the same ones. `custody_head`:
    the hash of the last entry of the custody log before this query; it verifies the log up to that entry.
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
    """A report on an access key. `activity`: of the key and the credentials that certainly derive from it.

    `events`: a part of all `events_total`; the first calls of each kind take precedence, then sensitive and refused
    ones. `cited_without_record`: the number of cited events whose record is not here, because the report is full or the
    event is not loaded. `story`: that of the key with everything derived from it, from every address; its first 500
    steps.
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
    story: Story | None = None

    @property
    def address_files(self) -> list[str]:
        """Return the hashes of the address databases and of the ip-ranges file that the answer used."""
        whos = [self.key.who, *self.key.who.sessions]
        lists = dict.fromkeys(one.workload.ip_ranges_sha256 for one in whos if one.workload)
        return [*(database.sha256 for database in self.key.address_databases), *filter(None, lists)]
