"""Tree answer: everything derived from a credential, and how to contain it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from forensics.answers.core import NOT_VERIFIED, DigestCheck, Displayed, Evidence, Exported, Subject


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
    digests: DigestCheck = NOT_VERIFIED
