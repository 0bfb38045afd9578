"""Who answer: who requested a credential, the chain of links to them, and the grade of the conclusion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
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
    SubjectMatch,
    with_options,
)


class Agreement(StrEnum):
    """Whether a claim of a session matches the actor."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNVERIFIABLE = "unverifiable"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Link:
    """The rule and the events that link a credential to its requester. `event_ids`: in the order of `evidence`."""

    rule: str
    grade: Grade
    documented_only: bool
    event_ids: tuple[str, ...]
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Hop:
    """One credential of a chain. `link`: how it derives from the next one; null for a long-term key."""

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
    """A possible actor behind a credential. It does not decide the answer."""

    actor: Actor
    grade: Grade
    link: Link


@dataclass(frozen=True, slots=True)
class OriginCandidate:
    """A long-term key that may be the origin of a credential."""

    access_key_id: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class Caller:
    """The identity that made the calls, from the records."""

    principal_id: str | None
    arn: str | None
    account_id: str | None


@dataclass(frozen=True, slots=True)
class SourceIdentityClaim:
    """`sts:SourceIdentity`, which the first caller chooses and later sessions inherit unchanged.

    `set_by_event_id`: the event that set it. `enforced`: whether the role's trust policy required it; null if unknown.
    """

    value: str | None = None
    agreement: Agreement = Agreement.ABSENT
    set_by_event_id: str | None = None
    enforced: bool | None = None


@dataclass(frozen=True, slots=True)
class SessionNameClaim:
    """The role session name, which the requester of a session may choose."""

    value: str | None = None
    agreement: Agreement = Agreement.ABSENT
    enforced: bool | None = None


@dataclass(frozen=True, slots=True)
class OnBehalfOfClaim:
    """The Identity Center user in `onBehalfOf`."""

    value: str | None = None
    identity_store_arn: str | None = None
    agreement: Agreement = Agreement.ABSENT


class TagSource(StrEnum):
    """The source of a session tag: the request, the assertion of an identity provider, or the caller's session."""

    REQUEST = "request"
    ASSERTION = "assertion"
    INHERITED = "inherited"


@dataclass(frozen=True, slots=True)
class SessionTag:
    """A session tag. `is_transitive`: sessions requested with this one inherit the tag. Long texts are truncated."""

    key: str
    value: str
    source: TagSource
    is_transitive: bool


@dataclass(frozen=True, slots=True)
class SessionPolicy:
    """The session policies of the request, which limit the session. A long document is truncated.

    `is_known` is false if the request is unknown, or if CloudTrail omitted its parameters because of their size.
    """

    policy_arns: tuple[str, ...] = ()
    document: str | None = None
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class Claims:
    """Self-declared by the session, or requested for it; never evidence. `session_tags` has at most 50 of the total."""

    source_identity: SourceIdentityClaim = SourceIdentityClaim()
    role_session_name: SessionNameClaim = SessionNameClaim()
    on_behalf_of: OnBehalfOfClaim = OnBehalfOfClaim()
    session_tags: tuple[SessionTag, ...] = ()
    session_tags_total: int = 0
    session_policy: SessionPolicy = SessionPolicy()


@dataclass(frozen=True, slots=True)
class Missing:
    """Logs that could continue the walk. Null is an unknown account, and any region."""

    account_id: str | None
    aws_region: str | None
    from_: datetime | None
    to: datetime | None
    why: str
    event_source: str | None = None
    """The service whose data events must be enabled, if only those would show the call."""
    event_id: str | None = None
    """The event that stopped the trail, if any."""


@dataclass(frozen=True, slots=True)
class UsedFrom:
    """A source address of a credential. `aws_region`: the region of an address of AWS."""

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
    """The source addresses of a credential that was issued to a workload, by first use.

    `used_elsewhere`: whether it was used outside its home address while it was also used there. `event_ids`: one event
    of each. `ip_ranges_sha256`: the hash of the ip-ranges file, if one was given.
    """

    access_key_id: str | None
    used_elsewhere: bool | None
    addresses: tuple[UsedFrom, ...]
    event_ids: tuple[str, ...]
    ip_ranges_sha256: str | None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who created the key, or launched the workload, where the chain ends. It does not decide the answer."""

    relation: str
    actor: Actor
    event_id: str | None


@dataclass(frozen=True, slots=True)
class NotTrusted:
    """A loaded record of an issuance that is not used as evidence.

    `reason`: unlisted (verified digests cover the delivery window of its file, and none lists the file), contested
    (digests of its region and time are signed with different keys), unreliable (in conflict or damaged; `flags` says
    how), conflicting_copy (a copy in conflict with the event names the key), unread (it names the key, but not as the
    issued key), unreliable_use (the records of the use are unreliable), rebuilt (from fields), documented_only (a
    record format not yet seen in real logs), time_differs, session_differs or account_differs (from that of the use),
    no_requester (it does not name a requester), no_response (the record does not show what was issued), self_issued
    (signed with the key that it issued), or masked (it shows the masked identifier of the subject).
    """

    reason: str
    evidence: Evidence
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A status change of a long-term key, a refused attempt at one, or another event that names a key.

    `change`: created, activated, deactivated, reset (a new secret) or deleted; `changed` if a refused call does not
    contain the new status; `named` if the event only names the key, such as GetAccessKeyLastUsed.
    `access_key_id` is null if a refused call does not name one of the owner's keys. `actor` is behind the call, and
    `by_access_key_id` signed it.
    """

    change: str
    access_key_id: str | None
    succeeded: bool
    error_code: str | None
    actor: Actor
    grade: Grade
    by_access_key_id: str | None
    by_arn: str | None
    event: Evidence


@dataclass(frozen=True, slots=True)
class Who(Displayed):
    """Who is behind a subject.

    `caller`: the identity that made the calls. `actor`: who requested the credential. `key_owner`: the owner of the
    long-term key at the origin. `claims`: self-declared by the session. `named_by`: for a key that signed no loaded
    call, its status changes and the first other events that name it, of `named_by_total` events. `asked`: the name,
    e-mail address, ARN or address that was resolved to the subject. `matches`: if it means several things, the first
    hundred of `matches_total`.
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
    named_by: tuple[KeyChange, ...] = ()
    named_by_total: int = 0
    asked: str | None = None
    matches: tuple[SubjectMatch, ...] = ()
    matches_total: int = 0

    def with_options(self, options: Iterable[str]) -> Who:
        """Return the answer with further options, such as --case, in the commands of its matches."""
        return replace(self, matches=with_options(self.matches, options))
