"""Coverage answer: what is loaded of each account and region, and what a case holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from forensics.answers.core import LOCAL, Actor, ActorKind, Displayed, StopReason
from forensics.answers.ingest_answer import Export, Unread


@dataclass(frozen=True, slots=True)
class Account:
    """What is loaded of one account in one region."""

    account_id: str | None
    aws_region: str | None
    events: int
    first_event_time: datetime
    last_event_time: datetime
    name: str | None = None


@dataclass(frozen=True, slots=True)
class CoverageSpan:
    """Hours of one account and region, one after the other, that are alike: loaded, empty, stopped, narrowed or
    excluded_by_filter, of which only what issues or changes credentials is loaded.

    `empty` proves nothing: a quiet hour has no file. `stopped` and `narrowed` are empty too, and a loaded event says
    that a trail of the account recorded nothing, or less, then. `verified`: digests prove that whatever was delivered
    of these hours by the hour after them is here and unchanged, so that an empty one is a quiet one.
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
    """A call that stopped or narrowed a trail, or changed it otherwise. `until`: when a loaded event ended that."""

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


@dataclass(frozen=True, slots=True)
class ExportedTrail:
    """A trail as CloudTrail described it at a time. Of what it records, null is what no export says.

    `narrowed`: it leaves out management events; `data_events`: it records data events of something.
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


@dataclass(frozen=True, slots=True)
class Coverage(Displayed):
    """What is loaded, hour by hour from the first to the last that has an event, with its holes."""

    from_: datetime | None
    to: datetime | None
    spans: tuple[CoverageSpan, ...]
    trails: tuple[TrailChange, ...]
    exported_trails: tuple[ExportedTrail, ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """How many credentials, and events signed by them, end at one kind of actor for one reason."""

    actor_kind: ActorKind
    stop_reason: StopReason
    credentials: int
    events: int


@dataclass(frozen=True, slots=True)
class Info(Displayed):
    """What a case holds."""

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
    """Addenda: records that are in the event that they amend."""
    exports: tuple[Export, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    """What stood among the events and is none, by what it is."""
    limits: Mapping[str, int] = field(default_factory=dict)
    """What the formats of some files cannot show, and of how many files that is true."""
    deliveries: Mapping[str, int] = field(default_factory=dict)
    """How many events came as AWS wrote them (native), wrapped by another product, or rebuilt from their fields."""
    unknown_fields: Mapping[str, int] = field(default_factory=dict)
    """Fields that AWS's record reference does not name and nothing here reads, and how many records have each."""
    mismatch: str | None = None
    """Where what was read is not what there is, in one line; null where all adds up."""
