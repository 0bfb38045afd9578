"""Answers: every answer as a frozen value, and its JSON.

The JSON is a contract: fields are added, never renamed; every key is always present, unknown is null and nothing is
[]. Times are UTC, written `YYYY-MM-DDTHH:MM:SSZ`. A trailing underscore in a field's name is not part of its JSON name.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from forensics.keys import SubjectType


class Displayed:
    """An answer that a notebook displays; `Case`, which every notebook begins with, says how."""

    __slots__ = ()
    as_html: ClassVar[Callable[[Displayed], str] | None] = None

    def _repr_html_(self) -> str | None:
        return Displayed.as_html(self) if Displayed.as_html else None


class Grade(StrEnum):
    """How sure a link or an actor is, strongest first."""

    PROVEN = "proven"
    STRONG = "strong"
    MEDIUM = "medium"
    WEAK = "weak"
    NONE = "none"


class ActorKind(StrEnum):
    IAM_USER = "iam_user"
    ROOT = "root"
    IDENTITY_CENTER_USER = "identity_center_user"
    SAML_USER = "saml_user"
    WEB_IDENTITY_USER = "web_identity_user"
    WORKLOAD = "workload"
    AWS_SERVICE = "aws_service"
    EXTERNAL_PRINCIPAL = "external_principal"
    ANONYMOUS = "anonymous"
    UNKNOWN = "unknown"


class StopReason(StrEnum):
    """Where and why the walk ended."""

    LONG_TERM_KEY = "long_term_key"
    CONSOLE_SIGN_IN = "console_sign_in"
    ROOT_USER = "root_user"
    IDENTITY_CENTER_USER = "identity_center_user"
    SAML_SUBJECT = "saml_subject"
    WEB_IDENTITY_SUBJECT = "web_identity_subject"
    WORKLOAD = "workload"
    AWS_SERVICE = "aws_service"
    EXTERNAL_ACCOUNT = "external_account"
    ANONYMOUS = "anonymous"
    AMBIGUOUS = "ambiguous"
    CYCLE = "cycle"
    NOT_FOUND = "not_found"
    OUT_OF_REACH = "out_of_reach"
    SEVERAL_ACTORS = "several_actors"
    NEVER_LOGGED = "never_logged"
    NOT_TRUSTED = "not_trusted"
    BEFORE_COVERAGE = "before_coverage"
    OUTSIDE_COVERAGE = "outside_coverage"
    NOT_AN_IDENTIFIER = "not_an_identifier"


class Agreement(StrEnum):
    """Whether a claim fits the actor that the walk found."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNVERIFIABLE = "unverifiable"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Subject:
    """What was asked about. `account_id` is the record's, else the one that the ID carries."""

    type: SubjectType | None
    id: str
    account_id: str | None = None


SECRET = "(a secret, not shown)"
"""Stands for a subject that looked like a secret access key or a session token."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The person, workload or service behind a credential. `id` is the stable one, `name` the one people use."""

    kind: ActorKind
    id: str | None = None
    name: str | None = None
    arn: str | None = None
    account_id: str | None = None
    workload_type: str | None = None
    issuer: str | None = None
    provider: str | None = None
    identity_store_arn: str | None = None


NOBODY = Actor(ActorKind.UNKNOWN)


LOCAL = {"local": True}
"""Marks a field that tells of this machine, such as the name of a file; equal answers may differ in it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """An event that proves something, and the files that hold it.

    `digest_status`: how far these are proven to be what AWS wrote, of several files the best: signed, hash-chained,
    unverified, unlisted, changed; null where no digest is loaded.
    """

    event_id: str | None
    recipient_account_id: str | None
    aws_region: str | None
    event_time: datetime | None
    event_name: str | None
    source_files: tuple[str, ...] = field(metadata=LOCAL)
    digest_status: str | None = None


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


class AddressClass(StrEnum):
    """What an address that a call came from is. `other` holds AWS's own too where no ip-ranges file tells."""

    PRIVATE = "private"
    AWS_SERVICE = "aws_service"
    AWS_REGION = "aws_region"
    OTHER = "other"


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
class Exported:
    """What an export of an account says of `about`, beside the events and never instead of one.

    `what`: name, owner, account, status, last_use, trust_policy, console_password, password_last_used, mfa; of the last
    three `about` is the user, and a null value says there is none. `grade` is weak where the export does not name
    `about` and only fits it. `agrees`: whether the events say the same; null if they say nothing of it. `as_of_from`:
    what tells the time: document, person (who ingested it) or file (when it was written); ingest, where that is a time
    which had not come when it was ingested.
    """

    what: str
    about: str
    value: str | None
    grade: Grade
    agrees: bool | None
    disagreement: str | None
    export: str
    as_of: datetime | None
    as_of_from: str
    source_files: tuple[str, ...]


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


class DigestState(StrEnum):
    """Whether any digest is loaded that a loaded public key proves."""

    NONE = "none"
    NOT_PROVEN = "not_proven"
    PROVEN = "proven"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key that proves digests, and the file that brought it, which vouches for it."""

    fingerprint: str
    source: str = field(metadata=LOCAL)


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A delivery window that an answer rests on and that digests leave open.

    `why`: incomplete (`missing` are listed log files that are not here with the listed content), contested (digests of
    its region and time are signed with different keys).
    """

    account_id: str
    aws_region: str
    trail: str
    from_: datetime
    to: datetime
    why: str
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DigestCheck:
    """What digests prove of the log files behind an answer. `windows`: those that leave it open."""

    state: DigestState = DigestState.NONE
    public_keys: tuple[SigningKey, ...] = ()
    windows: tuple[OpenWindow, ...] = ()


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
    digests: DigestCheck = DigestCheck()


class NodeKind(StrEnum):
    """What descends from a credential."""

    ACCESS_KEY = "access_key"
    SESSION = "session"
    USER = "user"
    ROLE = "role"
    LOGIN_PROFILE = "login_profile"


class Relation(StrEnum):
    """How a node came of its parent."""

    ASSUMED_ROLE = "assumed_role"
    SESSION_TOKEN = "session_token"
    FEDERATION_TOKEN = "federation_token"
    ASSUMED_ROOT = "assumed_root"
    CONSOLE_SESSION = "console_session"
    SWITCHED_ROLE = "switched_role"
    FORWARD_ACCESS = "forward_access"
    CREATED_ACCESS_KEY = "created_access_key"
    CREATED_LOGIN_PROFILE = "created_login_profile"
    CREATED_USER = "created_user"
    CHANGED_TRUST_POLICY = "changed_trust_policy"


class State(StrEnum):
    """Whether a node worked at the time of its tree; if not, why."""

    VALID = "valid"
    UNKNOWN = "unknown"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"
    REVOKED = "revoked"
    REPLACED = "replaced"


class Action(StrEnum):
    """A step of containment."""

    DEACTIVATE_ACCESS_KEY = "deactivate_access_key"
    DENY_USER = "deny_user"
    REVOKE_ROLE_SESSIONS = "revoke_role_sessions"
    DENY_IDENTITY_CENTER_USER = "deny_identity_center_user"
    DENY_SIGN_IN_SESSION = "deny_sign_in_session"
    DENY_BY_SCP = "deny_by_scp"
    DISABLE_CONSOLE_LOGIN = "disable_console_login"
    DELETE_CREATED_USER = "delete_created_user"
    RESTORE_TRUST_POLICY = "restore_trust_policy"
    REPLACE_WORKLOAD_CREDENTIALS = "replace_workload_credentials"
    WAIT_UNTIL = "wait_until"
    NOT_POSSIBLE = "not_possible"


@dataclass(frozen=True, slots=True)
class Node:
    """One thing that descends from the subject; the subject itself has no parent.

    `certain`: that it came of its parent, and that of the subject. `valid_at`: whether it worked at the tree's time;
    None if its expiry is unknown. A session that AWS gave several keys is one node.
    """

    id: int
    kind: NodeKind
    parent: int | None
    relation: Relation | None
    depth: int
    certain: bool
    access_key_ids: tuple[str, ...]
    principal_id: str | None
    arn: str | None
    account_id: str | None
    issued_at: datetime | None
    expires_at: datetime | None
    valid_at: bool | None
    first_use: datetime | None
    last_use: datetime | None
    events: int
    event_ids: tuple[str, ...]
    name: str | None = None
    state: State = State.UNKNOWN
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of containment. `ends` and `survives` are nodes: what stops, and what of theirs goes on."""

    order: int
    action: Action
    target: str
    account_id: str | None
    ends: tuple[int, ...]
    survives: tuple[int, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Tree(Displayed):
    """Everything that descends from a subject, and how to end it. `ancestors` requested the subject, nearest first.

    `evidence`: the files that hold the events that handed something out or planted it, and how far these are proven.
    `exports`: which long-term keys of it IAM called inactive, where no logged change came after that.
    """

    subject: Subject
    at: datetime | None
    nodes: tuple[Node, ...] = ()
    containment: tuple[Step, ...] = ()
    ancestors: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    exports: tuple[Exported, ...] = ()
    digests: DigestCheck = DigestCheck()


@dataclass(frozen=True, slots=True)
class Unread:
    """An input file that was not read to its end, or not at all, and why."""

    name: str = field(metadata=LOCAL)
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class Changed:
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
    changed: Changed | None
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


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of plain values under their column names. `total` counts what there is where not all are here.

    `types` are the database's names of the columns' types, where a query gave the rows.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    total: int
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a case's table, its type as the database names it, and what it means."""

    name: str
    type: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table or view of a case, and what it holds."""

    name: str
    is_view: bool
    meaning: str
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class FilterMatches:
    """How many events one filter matches on its own; `nearest` is a value of the case that may have been meant."""

    filter: str
    value: str | None
    events: int
    nearest: str | None


@dataclass(frozen=True, slots=True)
class QueryParameter:
    """What a saved query asks for, `$name` in its SQL. `type`: the database's, such as varchar or timestamptz."""

    name: str
    type: str
    default: str | int | bool | None
    is_required: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A question kept as SQL. `is_own`: of its user, not of the package.

    `needs` are tables that not every case has, each with how a case comes by it. `unusable`: why the file is no query.
    """

    name: str
    title: str
    question: str
    parameters: tuple[QueryParameter, ...]
    techniques: tuple[str, ...]
    needs: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    sql: str
    path: str
    is_own: bool
    unusable: str | None = None


def timestamp(moment: datetime) -> str:
    """A UTC time as every answer writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def to_json(answer: object, *, indent: int | None = 2) -> str:
    """The JSON of an answer, of a sequence of answers, or of rows of plain values."""
    return json.dumps(answer, indent=indent, ensure_ascii=True, default=_plainer)


def canonical_json(answer: object) -> str:
    """The one JSON that equal answers have: names in order, no spaces, ASCII, nothing that tells of this machine."""
    return json.dumps(answer, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_portable)


def answer_sha256(answer: object) -> str:
    """The hash of an answer's canonical JSON."""
    return hashlib.sha256(canonical_json(answer).encode("ascii")).hexdigest()


def _plainer(value: Any) -> Any:
    """What JSON has no form of, one step nearer to one that it has."""
    if dataclasses.is_dataclass(value):
        return {field.name.rstrip("_"): getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON")


def _portable(value: Any) -> Any:
    """The same without the fields that are marked as local; anything has one."""
    if dataclasses.is_dataclass(value):
        fields = [field for field in dataclasses.fields(value) if not field.metadata]
        return {field.name.rstrip("_"): getattr(value, field.name) for field in fields}
    return _plainer(value) if isinstance(value, (date, Mapping)) else str(value)
