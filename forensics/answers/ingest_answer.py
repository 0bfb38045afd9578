"""Ingest answer: what an ingest or a snapshot added to a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from forensics.answers.core import LOCAL, Displayed


@dataclass(frozen=True, slots=True)
class Unread:
    """An input file that was not read to its end, or not at all, and why."""

    name: str = field(metadata=LOCAL)
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class ChangedAnswers:
    """How many credentials that were in the case before an ingest are answered otherwise since; each counts once.

    `newly_resolved` had no actor and have one; `now_ambiguous` had one, or none for want of events, and now have
    several candidates; `named_otherwise` have another actor; `no_longer_named` had one and have none, nor candidates.
    """

    newly_resolved: int
    now_ambiguous: int
    named_otherwise: int
    no_longer_named: int


@dataclass(frozen=True, slots=True)
class Export:
    """Exports of one kind and account, alike in all but their files. `loaded`: whether events of the account are.

    `account_id` is null where they tell of several accounts, or of none.
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
    """What an ingest did, and what the case holds since. `files` counts input files by how they ended,
    `documents` those that hold no events and are kept, by kind.

    `unread` are those that are neither ok nor empty nor a duplicate. `new_events` are distinct ones. `changed` is None
    where the earlier answers are not at hand: the case's database was missing, or made by other models.
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
    """Records that the ingest's filter left out."""
    amended: int = 0
    """Addenda in the case: records that are in the event that they amend."""
    exports: tuple[Export, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    """What stood among the events and is none, by what it is."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """What the formats of some files cannot show, and of how many files that is true."""
    known: int = 0
    """Of the duplicates, those that were in the case by their URL and ETag, and were not fetched to be read."""

    @property
    def incomplete(self) -> bool:
        """Whether some input could not be read."""
        return any(file.status != "skipped" for file in self.unread)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What an ingest from S3 is about to fetch. `known` objects are in the case already and are not among `objects`.

    `archived` ones have to be restored in S3 first. `from_`, `to`: the first and last day of delivery. `passed_over`:
    what lies beside the trails and is not looked into.
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
    """What LookupEvents is about to be asked, told from a sample; `seconds` is how long AWS makes it last.

    Regions with everything saved already are not among `regions`. `failures`: why others cannot be asked.
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
    """A call to AWS that was denied or failed, why and how often. The account is null where it is not known."""

    account_id: str | None
    aws_region: str | None
    action: str
    reason: str
    times: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What accounts were asked, and what the case has of it since. `calls` counts calls by IAM action.

    `ingest` is null where nothing was answered.
    """

    folder: str
    account_ids: tuple[str, ...]
    calls: Mapping[str, int]
    refused: tuple[RefusedCall, ...]
    ingest: Ingest | None

    @property
    def incomplete(self) -> bool:
        """Whether something is missing that was asked for."""
        return bool(self.refused) or (self.ingest is not None and self.ingest.incomplete)
