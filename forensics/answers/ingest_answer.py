"""Ingest answer: what an ingest or a snapshot added to a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from forensics.answers.core import LOCAL, Displayed

UNDATED = "undated"


@dataclass(frozen=True, slots=True)
class Unread:
    """An input file that was not or only partly read, and the reason.

    `status`: that of the file, or `undated` if all of it was read except the times of some records.
    """

    name: str = field(metadata=LOCAL)
    status: str
    reason: str

    @property
    def is_incomplete(self) -> bool:
        """Return whether content other than times could not be read."""
        return self.status not in ("skipped", UNDATED)


@dataclass(frozen=True, slots=True)
class ChangedAnswers:
    """The number of credentials already in the case whose actor changed by an ingest. Each counts once.

    `newly_resolved`: had no actor, now have one. `now_ambiguous`: had an actor, or none for lack of events, and now
    have several candidates. `named_otherwise`: now have another actor. `no_longer_named`: had an actor, now have
    neither an actor nor candidates.
    """

    newly_resolved: int
    now_ambiguous: int
    named_otherwise: int
    no_longer_named: int


@dataclass(frozen=True, slots=True)
class Export:
    """Exports of one kind, account and time.

    `account_id` is null if they cover several accounts, or none. `statements`: the facts read from them. `loaded`:
    whether events of the account are loaded.
    """

    export: str
    account_id: str | None
    as_of: datetime | None
    as_of_from: str
    files: int
    statements: int
    loaded: bool | None


@dataclass(frozen=True, slots=True)
class Ingest(Displayed):
    """The result of an ingest, and the totals of the case after it.

    `files`: input files by status. `documents`: files without events that are kept, such as digests, by kind. `unread`:
    files that were skipped, failed, or only partly read. `new_events`: without duplicates. `changed` is null if the
    case had no earlier database of the same models to compare with.
    """

    case: str = field(metadata=LOCAL)
    files: Mapping[str, int]
    bytes: int
    records: int
    rejected: int
    documents: Mapping[str, int]
    new_events: int
    events: int
    copies: int
    conflicts: int
    changed: ChangedAnswers | None
    unread: tuple[Unread, ...]
    filtered: int = 0
    """Records that the filter of the ingest excluded."""
    amended: int = 0
    """Addenda in the case, each merged into the event that it amends."""
    exports: tuple[Export, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Records that are not CloudTrail events, by their type."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Limits of the formats of some files, and the number of files that each applies to."""
    known: int = 0
    """Duplicates that were recognized by their URL and ETag and not fetched."""

    @property
    def incomplete(self) -> bool:
        """Return whether an input file could not be read."""
        return any(file.is_incomplete for file in self.unread)


@dataclass(frozen=True, slots=True)
class Estimate:
    """The objects that an ingest from S3 will fetch.

    `bytes`: their size as stored in S3. `known`: objects that are in the case; `objects` does not count them.
    `archived`: objects that must be restored in S3 first. `from_`, `to`: the first and last day of delivery, UTC.
    `passed_over`: prefixes that are skipped, because they are beside the folders of trails.
    """

    sources: tuple[str, ...]
    objects: int
    bytes: int
    known: int
    archived: int
    accounts: tuple[str, ...]
    regions: tuple[str, ...]
    from_: date | None
    to: date | None
    passed_over: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LookupEstimate:
    """The calls of LookupEvents that an ingest will make, estimated from a sample.

    `regions`: without those whose events are all saved. `seconds`: the duration under AWS's rate limit. `failures`: why
    a region cannot be queried, by region.
    """

    account_id: str
    regions: tuple[str, ...]
    from_: datetime
    to: datetime
    events: int
    calls: int
    seconds: int
    failures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RefusedCall:
    """Calls of an AWS API that were denied or failed for one reason. `account_id` is null if unknown."""

    account_id: str | None
    aws_region: str | None
    action: str
    reason: str
    times: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The result of a snapshot of accounts. `calls`: the number of calls by IAM action.

    `ingest` is null if no call succeeded.
    """

    folder: str
    account_ids: tuple[str, ...]
    calls: Mapping[str, int]
    refused: tuple[RefusedCall, ...]
    ingest: Ingest | None

    @property
    def incomplete(self) -> bool:
        """Return whether a call was refused, or an answer of AWS could not be read."""
        return bool(self.refused) or (self.ingest is not None and self.ingest.incomplete)
