"""Core: the parts that answers share, such as subjects, actors, grades and evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from forensics.identifiers import SubjectType


class Displayed:
    """An answer that a notebook displays as HTML."""

    __slots__ = ()


class Grade(StrEnum):
    """The confidence in a link or an actor, strongest first. docs/attribution.md#grades defines each."""

    PROVEN = "proven"
    STRONG = "strong"
    MEDIUM = "medium"
    WEAK = "weak"
    NONE = "none"


class ActorKind(StrEnum):
    """The kind of an actor. docs/attribution.md#actor-kinds defines each."""

    IAM_USER = "iam_user"
    ROOT = "root"
    IDENTITY_CENTER_USER = "identity_center_user"
    SAML_USER = "saml_user"
    WEB_IDENTITY_USER = "web_identity_user"
    WORKLOAD = "workload"
    AWS_SERVICE = "aws_service"
    EXTERNAL_PRINCIPAL = "external_principal"
    DELEGATE = "delegate"
    NAMED_USER = "named_user"
    ANONYMOUS = "anonymous"
    UNKNOWN = "unknown"


class StopReason(StrEnum):
    """Where or why the walk from a credential to its requester ended."""

    LONG_TERM_KEY = "long_term_key"
    CONSOLE_SIGN_IN = "console_sign_in"
    ROOT_USER = "root_user"
    IDENTITY_CENTER_USER = "identity_center_user"
    SAML_SUBJECT = "saml_subject"
    WEB_IDENTITY_SUBJECT = "web_identity_subject"
    WORKLOAD = "workload"
    AWS_SERVICE = "aws_service"
    EXTERNAL_ACCOUNT = "external_account"
    DELEGATED_ACCESS = "delegated_access"
    NAMED_USER = "named_user"
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
    SEVERAL_SUBJECTS = "several_subjects"
    NOT_AN_IDENTIFIER = "not_an_identifier"


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject of a query. `account_id` comes from the records, or else is decoded from the ID."""

    type: SubjectType | None
    id: str
    account_id: str | None = None


class SubjectMatchType(StrEnum):
    """What a text can mean. An actor is a user, a workload or a service."""

    ACTOR = "actor"
    ROLE = "role"
    SESSION = "session"
    ACCESS_KEY = "access_key"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class SubjectMatch:
    """One of several things that a text means, and the command that queries it.

    `id` is null for a user or role that is only known by its name; `kind` is that of an actor. `first_seen`,
    `last_seen`: the first and the last record with this name. `issuer`: the SAML issuer, web identity provider or
    identity store that assigned the ID. `events`: the calls of a caller from an address; null for any other match.
    """

    type: SubjectMatchType
    id: str | None
    name: str | None
    arn: str | None
    account_id: str | None
    kind: ActorKind | None
    first_seen: datetime | None
    last_seen: datetime | None
    command: tuple[str, ...]
    issuer: str | None = None
    events: int | None = None


def with_options(matches: Iterable[SubjectMatch], options: Iterable[str]) -> tuple[SubjectMatch, ...]:
    """Return matches whose commands have further options, such as --case."""
    return tuple(replace(one, command=(*one.command, *options)) for one in matches)


SECRET = "(a secret, not shown)"
"""Replaces the ID of a subject that looked like a secret access key or a session token."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The person, workload or service behind a credential. `id` is stable; a `name` can be reused."""

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
"""Marks a field that depends on the machine, such as a file name. Equal answers may differ in it."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """An event that an answer rests on, and the files that contain it.

    `digest_status`: the best verification status of these files: signed, hash-chained, unverified, unlisted or changed;
    null if no digest is loaded.
    """

    event_id: str | None
    recipient_account_id: str | None
    aws_region: str | None
    event_time: datetime | None
    event_name: str | None
    source_files: tuple[str, ...] = field(metadata=LOCAL)
    digest_status: str | None = None


class AddressClass(StrEnum):
    """The class of a source address. Without an ip-ranges file, `other` includes addresses of AWS."""

    PRIVATE = "private"
    AWS_SERVICE = "aws_service"
    AWS_REGION = "aws_region"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Exported:
    """A value from an export of an account about `about`. It supplements the events and never replaces one.

    `what`: name, owner, account, status, last_use, trust_policy, console_password, password_last_used, mfa; for the
    last three, `about` is the user, and a null value means that there is none. `grade` is weak if the export only
    matches `about` and does not name it. `agrees`: whether the events have the same value; null if they have none.
    `as_of_from`: the source of `as_of`: document, person (`as_of` of the ingest), file (its modification time), or
    ingest (the time of the ingest, because the stated time was later).
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


class DigestState(StrEnum):
    """Whether a digest is loaded, and whether a loaded public key verifies one."""

    NONE = "none"
    NOT_PROVEN = "not_proven"
    PROVEN = "proven"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key that verifies digests, and the file that it was loaded from."""

    fingerprint: str
    source: str = field(metadata=LOCAL)


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """A delivery window that an answer depends on, and that the digests do not verify completely.

    `why`: incomplete (the log files `missing` are listed, and not loaded with the listed content), or contested
    (digests of its region and time are signed with different keys).
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
    """The verification by digests of the log files behind an answer. `windows`: those not verified completely."""

    state: DigestState = DigestState.NONE
    public_keys: tuple[SigningKey, ...] = ()
    windows: tuple[OpenWindow, ...] = ()


NOT_VERIFIED = DigestCheck()
"""No digest is loaded."""
