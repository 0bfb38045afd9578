"""Core: what every answer is made of: subjects, actors, grades, evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from forensics.identifiers import SubjectType


class Displayed:
    """An answer that a notebook displays as HTML."""

    __slots__ = ()


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


class AddressClass(StrEnum):
    """What an address that a call came from is. `other` holds AWS's own too where no ip-ranges file tells."""

    PRIVATE = "private"
    AWS_SERVICE = "aws_service"
    AWS_REGION = "aws_region"
    OTHER = "other"


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


NOT_VERIFIED = DigestCheck()
"""No digest is loaded."""
