"""Who answer: who requested a credential, by which links, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from forensics.answers.core import (
    NOBODY,
    NOT_VERIFIED,
    Actor,
    AddressClass,
    DigestCheck,
    Displayed,
    Evidence,
    Exported,
    Grade,
    StopReason,
    Subject,
)


class Agreement(StrEnum):
    """Whether a claim fits the actor that the walk found."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNVERIFIABLE = "unverifiable"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Link:
    """Why a credential is believed to come from another; `event_ids` prove it, in the order of `evidence`."""

    rule: str
    grade: Grade
    documented_only: bool
    event_ids: tuple[str, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Hop:
    """One credential of a chain. `link` tells how it came from the next; a long-term key has none."""

    access_key_ids: tuple[str, ...]
    principal_id: str | None
    arn: str | None
    account_id: str | None
    issued_at: datetime | None
    expires_at: datetime | None
    via: tuple[str, ...]
    link: Link | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be behind a credential; a link names nobody by it."""

    actor: Actor
    grade: Grade
    link: Link


@dataclass(frozen=True, slots=True)
class OriginCandidate:
    """A long-term key that may stand at the origin."""

    access_key_id: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class Caller:
    """Who made the calls, as the records say."""

    principal_id: str | None
    arn: str | None
    account_id: str | None


@dataclass(frozen=True, slots=True)
class SourceIdentityClaim:
    """`sts:SourceIdentity`: chosen by the first caller, carried unchanged; `set_by_event_id` set it."""

    value: str | None = None
    agreement: Agreement = Agreement.ABSENT
    set_by_event_id: str | None = None
    enforced: bool | None = None


@dataclass(frozen=True, slots=True)
class SessionNameClaim:
    value: str | None = None
    agreement: Agreement = Agreement.ABSENT
    enforced: bool | None = None


@dataclass(frozen=True, slots=True)
class OnBehalfOfClaim:
    value: str | None = None
    identity_store_arn: str | None = None
    agreement: Agreement = Agreement.ABSENT


@dataclass(frozen=True, slots=True)
class Claims:
    """What the session says of itself; never proof."""

    source_identity: SourceIdentityClaim = SourceIdentityClaim()
    role_session_name: SessionNameClaim = SessionNameClaim()
    on_behalf_of: OnBehalfOfClaim = OnBehalfOfClaim()


@dataclass(frozen=True, slots=True)
class Missing:
    """Logs that would carry the walk further: an account (null: unknown), a region (null: any) and a time."""

    account_id: str | None
    aws_region: str | None
    from_: datetime | None
    to: datetime | None
    why: str
    event_source: str | None = None
    """Whose data events to enable, where only those would show it."""
    event_id: str | None = None
    """The event that stopped the trail, where one did."""


@dataclass(frozen=True, slots=True)
class UsedFrom:
    """An address that a credential was used from; `aws_region` is that of an address of AWS."""

    address: str
    class_: AddressClass
    aws_region: str | None
    first_use: datetime
    last_use: datetime
    events: int
    first_event_id: str | None
    last_event_id: str | None


@dataclass(frozen=True, slots=True)
class Workload:
    """Where the credential that a workload was handed was used from, the first address first.

    `used_elsewhere`: whether it was used outside of where it belongs while it was also used there; `event_ids` are one
    event of each. `ip_ranges_sha256`: of AWS's list of addresses, if it was given.
    """

    access_key_id: str | None
    used_elsewhere: bool | None
    addresses: tuple[UsedFrom, ...]
    event_ids: tuple[str, ...]
    ip_ranges_sha256: str | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who made the thing that the answer ends at; beside the answer, never part of it."""

    relation: str
    actor: Actor
    event_id: str | None


@dataclass(frozen=True, slots=True)
class NotTrusted:
    """A loaded record that tells of an issuance and proves nothing.

    `reason`: unlisted (proven digests cover the delivery of its file and none lists it), contested (digests of its
    region and time are signed with different keys).
    """

    reason: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Who(Displayed):
    """Who is behind a subject: four answers to four questions.

    `caller`: who called. `actor`: who requested the credential. `key_owner`: who owns the long-term key at the
    origin. `claims`: what the session says of itself.
    """

    subject: Subject
    actor: Actor = NOBODY
    grade: Grade = Grade.NONE
    stop_reason: StopReason = StopReason.NOT_FOUND
    ambiguous: bool = False
    candidates: tuple[Candidate, ...] = ()
    caller: Caller | None = None
    origin_access_key_id: str | None = None
    origin_grade: Grade | None = None
    origin_candidates: tuple[OriginCandidate, ...] = ()
    key_owner: Actor | None = None
    mfa_authenticated: bool | None = None
    chain: tuple[Hop, ...] = ()
    claims: Claims = Claims()
    missing: tuple[Missing, ...] = ()
    provenance: tuple[Provenance, ...] = ()
    flags: tuple[str, ...] = ()
    sessions: tuple[Who, ...] = ()
    workload: Workload | None = None
    exports: tuple[Exported, ...] = ()
    not_trusted: tuple[NotTrusted, ...] = ()
    digests: DigestCheck = NOT_VERIFIED
