"""Coverage answer: what is loaded of each account and region, and the summary of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from forensics.answers.core import LOCAL, Actor, ActorKind, Displayed, StopReason
from forensics.answers.ingest_answer import Export, Unread


@dataclass(frozen=True, slots=True)
class Account:
    """The loaded events of one account in one region."""

    account_id: str | None
    aws_region: str | None
    events: int
    first_event_time: datetime
    last_event_time: datetime
    name: str | None = None


@dataclass(frozen=True, slots=True)
class CoverageSpan:
    """Consecutive hours of one account and region with the same state.

    `state`: loaded, empty, stopped, narrowed or excluded_by_filter. An empty hour may be missing or quiet, because
    AWS delivers no file for a quiet one. A stopped or narrowed hour has no event either, and a loaded event shows that
    a trail of the account recorded nothing, or less, in that hour. Of an excluded_by_filter hour, only the events that
    issue or change credentials are loaded. `verified`: digests prove that every file of these hours that
    was delivered until an hour after them is loaded and unchanged, so an empty hour is a quiet one.
    """

    account_id: str | None
    aws_region: str | None
    from_: datetime
    to: datetime
    events: int
    state: str
    verified: bool = False


@dataclass(frozen=True, slots=True)
class TrailChange:
    """A call that stopped, narrowed or changed a trail. `until`: the time of the loaded event that reversed it.

    `leaves_out`: the management events that a narrowed trail does not record: management_events (all),
    read_only_events (such as AssumeRole), write_events, some_services, other_events (no AssumeRole), some_events
    (possibly AssumeRole), global_services (IAM and global STS) or other_regions.
    """

    event_time: datetime
    event_name: str
    effect: str
    account_id: str | None
    aws_region: str | None
    trail: str | None
    until: datetime | None
    event_id: str | None
    ended_by_event_id: str | None
    actor: Actor
    leaves_out: str | None = None


@dataclass(frozen=True, slots=True)
class ExportedTrail:
    """A trail as CloudTrail described it at the time `as_of`; null is unknown.

    `narrowed`: it does not record all management events. `data_events`: it records some data events. `leaves_out`: the
    management events that it does not record, as in `TrailChange`.
    """

    trail: str
    account_id: str | None
    home_region: str | None
    multi_region: bool | None
    organization: bool | None
    narrowed: bool | None
    data_events: bool | None
    as_of: datetime | None
    as_of_from: str
    source_files: tuple[str, ...]
    leaves_out: str | None = None


@dataclass(frozen=True, slots=True)
class Coverage(Displayed):
    """The loaded hours, from the first to the last hour with an event, and the gaps between them.

    `omitted_fields`: fields that CloudTrail omitted because of their size, and the number of events without each.
    """

    from_: datetime | None
    to: datetime | None
    spans: tuple[CoverageSpan, ...]
    trails: tuple[TrailChange, ...]
    exported_trails: tuple[ExportedTrail, ...] = ()
    omitted_fields: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ending:
    """The number of credentials, and of their events, with one kind of actor and one stop reason."""

    actor_kind: ActorKind
    stop_reason: StopReason
    credentials: int
    events: int


@dataclass(frozen=True, slots=True)
class Info(Displayed):
    """The summary of a case."""

    case: str = field(metadata=LOCAL)
    case_id: str = field(metadata=LOCAL)
    format_version: int
    files: Mapping[str, int]
    events: int
    copies: int
    conflicts: int
    rejected: int
    documents: Mapping[str, int]
    first_event_time: datetime | None
    last_event_time: datetime | None
    accounts: tuple[Account, ...]
    endings: tuple[Ending, ...]
    unread: tuple[Unread, ...]
    amended: int = 0
    """Addenda, each merged into the event that it amends."""
    exports: tuple[Export, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Records that are not CloudTrail events, by their type."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """Limits of the formats of some files, and the number of files that each applies to."""
    deliveries: Mapping[str, int] = field(default_factory=dict)
    """Events by delivery: as AWS wrote them (native), wrapped by another product, or rebuilt from their fields."""
    unknown_fields: Mapping[str, int] = field(default_factory=dict)
    """Fields that are not in AWS's record reference and are not read, and the number of records with each."""
    identity_unread: int = 0
    """Records whose identity is missing or in a form that is not read."""
    undated: int = 0
    """Records without a readable time."""
    omitted_fields: Mapping[str, int] = field(default_factory=dict)
    """Fields that CloudTrail omitted because of their size, and the number of events without each."""
    mismatch: str | None = None
    """One line on a difference between the records read and the records stored; null if there is none."""
