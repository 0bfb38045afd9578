"""Tree answer: everything derived from a credential, and how to contain it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from forensics.answers.core import NOT_VERIFIED, DigestCheck, Displayed, Evidence, Exported, Subject


class NodeKind(StrEnum):
    """The kind of a node that derives from a credential."""

    ACCESS_KEY = "access_key"
    SESSION = "session"
    USER = "user"
    ROLE = "role"
    LOGIN_PROFILE = "login_profile"


class Relation(StrEnum):
    """How a node derives from its parent."""

    ASSUMED_ROLE = "assumed_role"
    SESSION_TOKEN = "session_token"
    FEDERATION_TOKEN = "federation_token"
    ASSUMED_ROOT = "assumed_root"
    CONSOLE_SESSION = "console_session"
    SWITCHED_ROLE = "switched_role"
    FORWARD_ACCESS = "forward_access"
    CREATED_ACCESS_KEY = "created_access_key"
    RESET_SERVICE_CREDENTIAL = "reset_service_credential"
    CREATED_LOGIN_PROFILE = "created_login_profile"
    CREATED_USER = "created_user"
    CHANGED_TRUST_POLICY = "changed_trust_policy"


class State(StrEnum):
    """Whether a node was valid at the time of the tree, or why it was not."""

    VALID = "valid"
    UNKNOWN = "unknown"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    DEACTIVATED = "deactivated"
    DELETED = "deleted"
    REVOKED = "revoked"
    REPLACED = "replaced"


class Action(StrEnum):
    """The action of a containment step."""

    DEACTIVATE_ACCESS_KEY = "deactivate_access_key"
    DEACTIVATE_SERVICE_CREDENTIAL = "deactivate_service_credential"
    DENY_USER = "deny_user"
    DENY_ROLE = "deny_role"
    REVOKE_ROLE_SESSIONS = "revoke_role_sessions"
    DENY_IDENTITY_CENTER_USER = "deny_identity_center_user"
    DENY_SIGN_IN_SESSION = "deny_sign_in_session"
    DENY_BY_SCP = "deny_by_scp"
    DISABLE_CONSOLE_LOGIN = "disable_console_login"
    DELETE_CREATED_USER = "delete_created_user"
    DELETE_CREATED_ROLE = "delete_created_role"
    RESTORE_TRUST_POLICY = "restore_trust_policy"
    REPLACE_WORKLOAD_CREDENTIALS = "replace_workload_credentials"
    WAIT_UNTIL = "wait_until"
    NOT_POSSIBLE = "not_possible"


@dataclass(frozen=True, slots=True)
class LoggedEnd:
    """A logged end of a node that works, or possibly works, after it.

    `last_success`: a call that succeeded after the end. It is null if the node only possibly works, because some hours
    since the end are not loaded, or because the end was possibly undone.
    """

    state: State
    at: datetime
    last_success: datetime | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """The subject, which has no parent, or a credential, user or role derived from it.

    `certain`: whether every link from the subject to it is certain. `valid_at`: whether it was valid at the time of the
    tree; null if its expiry is unknown. A session with several keys is one node. `ended`: a logged end after which the
    node works, or possibly works.
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
    ended: LoggedEnd | None = None


@dataclass(frozen=True, slots=True)
class StillWorks:
    """A credential, user, password or trust policy that is not known to have ended at the latest event.

    `sessions`: the number of sessions of one ARN, if it stands for all of them. `valid_at`: null if the logs do not
    decide it. `owner_name`: the user of a key. `certain`: whether it certainly derives from the subject. `expires_at`:
    the latest expiry; null if nothing limits it, or if it is unknown.
    """

    kind: NodeKind
    id: str | None
    account_id: str | None
    state: State
    valid_at: bool | None
    sessions: int = 1
    owner_name: str | None = None
    certain: bool = True
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One containment step. `ends`: the nodes that it ends. `survives`: their descendants that still work after it.

    `command`: the `aws` command for a POSIX shell; run it with credentials of the account. It is null if the step has
    no command, or if a value that the command needs is unknown. `command_note`: what to fill in by hand if there is no
    command, or what to do after the command.
    """

    order: int
    action: Action
    target: str
    account_id: str | None
    ends: tuple[int, ...]
    survives: tuple[int, ...]
    why: str
    command: str | None = None
    command_note: str | None = None


@dataclass(frozen=True, slots=True)
class Tree(Displayed):
    """Everything derived from a subject, and how to contain it. `ancestors` requested the subject, nearest first.

    `evidence`: the events that issued or created a node, with their files and digest status. `exports`: long-term keys
    in the tree that were inactive according to an export of IAM, without a later logged change. `named`: for a tree
    without nodes, whether a loaded event names the key.
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
    named: bool = False
