"""Key answer: the page on an access key."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from forensics.answers.core import LOCAL, Actor, AddressClass, Displayed, Evidence, Exported, Grade, Subject
from forensics.answers.tree_answer import State, StillWorks
from forensics.answers.who_answer import KeyChange, Who


@dataclass(frozen=True, slots=True)
class UsedAfterEnd:
    """Calls signed by a key after it was deactivated or deleted. `event_ids`: the first of them.

    `change`: deactivated, deleted, or switched_both_ways if the key was activated and deactivated within one second, so
    that the order is unknown.
    """

    change: str
    ended_at: datetime
    succeeded: int
    refused: int
    first_use: datetime
    last_use: datetime
    event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The status changes of a long-term key. `status`: Active, Inactive or Deleted, by the last logged change.

    `service_name`, `expires_at`: of a service-specific credential, the only service that accepts it, and its expiry.
    `expired`: the expiry is before the latest event, and no call succeeded after it. `state`, `valid_at`: those of the
    tree at the latest event; a key also ends with its user.
    """

    status: str | None = None
    status_since: datetime | None = None
    created_at: datetime | None = None
    changes: tuple[KeyChange, ...] = ()
    used_after_end: tuple[UsedAfterEnd, ...] = ()
    service_name: str | None = None
    expires_at: datetime | None = None
    expired: bool = False
    state: State | None = None
    valid_at: bool | None = None


@dataclass(frozen=True, slots=True)
class OtherKey:
    """Another long-term key of the same owner. `event_id`: its creation, or else its first use.

    `expires_at`, `expired`: as in `Lifecycle`.
    """

    access_key_id: str
    status: str | None
    created_at: datetime | None
    first_use: datetime | None
    last_use: datetime | None
    events: int
    event_id: str | None = None
    last_success: datetime | None = None
    expires_at: datetime | None = None
    expired: bool = False


@dataclass(frozen=True, slots=True)
class UserChange:
    """A change of a key's owner: the console password, or an AWS quarantine policy attached or detached."""

    event_name: str
    policy: str | None
    succeeded: bool
    error_code: str | None
    actor: Actor
    grade: Grade
    by_access_key_id: str | None
    event: Evidence


@dataclass(frozen=True, slots=True)
class OwnersAccess:
    """The other access of a long-term key's owner. `console_password`: whether one exists; null if no event shows it.

    `sign_in_event_ids`: the first and the last sign-in.
    """

    keys: tuple[OtherKey, ...] = ()
    console_password: bool | None = None
    password_changes: tuple[UserChange, ...] = ()
    sign_ins: int = 0
    first_sign_in: datetime | None = None
    last_sign_in: datetime | None = None
    sign_in_event_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The AWS quarantine of a key's owner. `in_force`: whether the last change attached it; null without a change."""

    in_force: bool | None = None
    changes: tuple[UserChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Sensitive:
    """Sensitive calls of one action, with its MITRE ATT&CK tactic and technique; administrators make them, too.

    `mfa_authenticated`: whether all were made with MFA; null if unknown. `event_ids`: the first of them. `callers`: the
    number of actors in the case that made such a call with success. `score`: orders the actions of one answer by
    gravity and rarity, and means nothing outside of it; docs/attribution.md#sensitive-calls defines it.
    """

    tactic: str
    technique: str
    technique_name: str
    event_source: str
    event_name: str
    succeeded: int
    denied: int
    failed: int
    first_use: datetime | None
    last_use: datetime | None
    mfa_authenticated: bool | None
    resources: tuple[str, ...]
    resources_total: int
    event_ids: tuple[str, ...]
    callers: int = 0
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Descendants:
    """Credentials of one role or user that derive from a key, directly (`depth` 1) or through others.

    `unexpired`: those known to be valid at the latest event of the case, as in the tree. `certain` is false if the logs
    leave several possible requesters, one of them the key.
    """

    arn: str | None
    account_id: str | None
    certain: bool
    depth: int
    credentials: int
    direct: int
    unexpired: int
    first_issued: datetime | None
    last_issued: datetime | None
    last_expires: datetime | None
    events: int


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A long-term key that was created with a key or a credential derived from it (`by_access_key_id`).

    `status` is that of its last logged change; `state` and `valid_at` are those of the tree at the latest event.
    `certain` is false if its creator may not derive from the key.
    """

    access_key_id: str
    account_id: str | None
    owner_name: str | None
    status: str | None
    created_at: datetime | None
    first_use: datetime | None
    last_use: datetime | None
    by_access_key_id: str | None
    event_id: str | None
    state: State | None = None
    valid_at: bool | None = None
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Used:
    """The calls with one value, such as an address or region. docs/attribution.md#words defines the outcomes."""

    value: str | None
    succeeded: int
    denied: int
    failed: int
    first_use: datetime | None
    last_use: datetime | None

    @property
    def events(self) -> int:
        """Return the number of calls, whatever their outcome."""
        return self.succeeded + self.denied + self.failed


@dataclass(frozen=True, slots=True)
class UsedAddress(Used):
    """The calls from one address, with its location and network by the given address databases.

    `country`: a two-letter code. `as_number`, `as_name`: the autonomous system, which is the operator of the network.
    """

    class_: AddressClass
    country: str | None
    city: str | None
    as_number: int | None
    as_name: str | None


@dataclass(frozen=True, slots=True)
class AddressDatabase:
    """An address database that an answer used. `type`: as its metadata names it."""

    name: str
    type: str
    built_at: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class UsedAgent(Used):
    """The calls with one user agent, and the program that it claims to be."""

    application: str | None


@dataclass(frozen=True, slots=True)
class UsedWith(Used):
    """The calls to one service or resource. `objects`: the number of objects used, if it is a bucket."""

    event_names: tuple[str, ...]
    objects: int = 0


@dataclass(frozen=True, slots=True)
class Burst:
    """Reconnaissance: many different read-only calls in a row from one address (ATT&CK T1526, T1580)."""

    first_use: datetime
    last_use: datetime
    source_ip_address: str | None
    succeeded: int
    denied: int
    failed: int
    event_names: tuple[str, ...]
    regions: tuple[str, ...]
    first_event_id: str | None


@dataclass(frozen=True, slots=True)
class Totals:
    """The totals for the lists of an activity, each of which contains at most its hundred busiest entries."""

    addresses: int = 0
    user_agents: int = 0
    regions: int = 0
    services: int = 0
    resources: int = 0
    discovery_bursts: int = 0


@dataclass(frozen=True, slots=True)
class Activity:
    """The calls of a key, by source, target and outcome."""

    events: int = 0
    succeeded: int = 0
    denied: int = 0
    failed: int = 0
    first_use: datetime | None = None
    last_use: datetime | None = None
    last_success: datetime | None = None
    addresses: tuple[UsedAddress, ...] = ()
    user_agents: tuple[UsedAgent, ...] = ()
    regions: tuple[Used, ...] = ()
    services: tuple[UsedWith, ...] = ()
    resources: tuple[UsedWith, ...] = ()
    sensitive: tuple[Sensitive, ...] = ()
    discovery_bursts: tuple[Burst, ...] = ()
    totals: Totals = Totals()


@dataclass(frozen=True, slots=True)
class Children:
    """A summary of the tree below a key. Counts exclude uncertain links, except `possible`.

    `sensitive`: the sensitive calls of all derived credentials. `activity`: all of their calls.
    """

    credentials: int = 0
    direct: int = 0
    unexpired: int = 0
    possible: int = 0
    account_ids: tuple[str, ...] = ()
    at: datetime | None = None
    roles: tuple[Descendants, ...] = ()
    made_keys: tuple[MadeKey, ...] = ()
    sensitive: tuple[Sensitive, ...] = ()
    activity: Activity = Activity()


class KeyKind(StrEnum):
    """The kind of a key, by its prefix: long-term (AKIA), service-specific (ACCA), temporary (ASIA) or other."""

    LONG_TERM = "long_term"
    SERVICE_SPECIFIC = "service_specific"
    TEMPORARY = "temporary"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CallFilter:
    """The calls that a page counts, to separate an intruder from the owner of a key. Times are UTC.

    `addresses`: IP addresses and networks as given; calls from them count, and calls by credentials that were requested
    or created from them. `leaked_at`: earlier calls are summarized.
    """

    addresses: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    leaked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OtherCalls:
    """Calls by a key, or by what derives from it, that a page does not count.

    `addresses`: at most 12 of `addresses_total`; `event_ids`: the first 3.
    """

    events: int
    first_use: datetime | None
    last_use: datetime | None
    addresses: tuple[str, ...]
    addresses_total: int
    event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Key(Displayed):
    """The page on an access key.

    `account_ids` are from the records, `decoded_account_id` is from the key ID. Only a long-term or
    service-specific key has an `owner`; only a temporary key has `issued_at`. A long-term key has no `expires_at`.
    `who`: the requester and the chain to it. `still_works`: what of the key, and of everything derived from it, is not
    known to have ended at the latest event. `counted`: the calls that `activity` and `children` are about; `earlier`:
    those before the leak; `left_out`: those that the filter excludes. All other fields are about all calls.
    `unreliable`: calls in records that prove nothing (in conflict or damaged), which no field counts.
    `source`: the options that name the case or the logs, for further commands.
    """

    subject: Subject
    kind: KeyKind
    in_logs: bool
    account_ids: tuple[str, ...]
    decoded_account_id: str | None
    owner: Actor | None
    issued_at: datetime | None
    expires_at: datetime | None
    lifecycle: Lifecycle
    owners_access: OwnersAccess
    quarantine: Quarantine
    who: Who
    children: Children
    activity: Activity
    flags: tuple[str, ...]
    address_databases: tuple[AddressDatabase, ...]
    exports: tuple[Exported, ...] = ()
    still_works: tuple[StillWorks, ...] = ()
    counted: CallFilter = CallFilter()
    earlier: OtherCalls | None = None
    left_out: OtherCalls | None = None
    unreliable: OtherCalls | None = None
    source: tuple[str, ...] = field(default=(), metadata=LOCAL)
