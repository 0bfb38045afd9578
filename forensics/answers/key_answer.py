"""The answers to `key`, one page on an access key, and to `keys` and `accounts`, the audit of all long-term keys.

Part of `answers`, apart so that other questions need not load it.

The rules of the JSON are those of `answers`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from forensics.answers.core import Actor, AddressClass, Displayed, Evidence, Exported, Grade, Subject
from forensics.answers.who_answer import Who


@dataclass(frozen=True, slots=True)
class KeyChange:
    """An event of a long-term key's life, or a refused attempt at one; who is behind it, and the key that signed it.

    `change`: created, activated, deactivated, deleted; `changed` where a refused call does not say to what.
    `access_key_id` is null where a refused call does not say which of the owner's keys it was about.
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
class UsedAfterEnd:
    """Calls signed by a key after it was disabled or deleted; `event_ids` are the first of them.

    `change`: deactivated, deleted, or switched_both_ways where it was switched off and on within one second, and
    nothing tells which came last.
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
    """What befell a long-term key. `status`: Active, Inactive, Deleted, as the last logged change left it."""

    status: str | None = None
    status_since: datetime | None = None
    created_at: datetime | None = None
    changes: tuple[KeyChange, ...] = ()
    used_after_end: tuple[UsedAfterEnd, ...] = ()


@dataclass(frozen=True, slots=True)
class OtherKey:
    """Another long-term key of the same owner. `event_id`: what made it, else its first use."""

    access_key_id: str
    status: str | None
    created_at: datetime | None
    first_use: datetime | None
    last_use: datetime | None
    events: int
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class UserChange:
    """Something done to a key's owner: a console password set, a policy of AWS's quarantine attached or detached."""

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
    """How else a long-term key's owner gets in. `console_password`: whether there is one; null if no event tells.

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
    """AWS's quarantine of a key's owner. `in_force`: whether the last change attached it; null if there is none."""

    in_force: bool | None = None
    changes: tuple[UserChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Descendants:
    """Credentials of one role or user that were requested with a key, directly (`depth` 1) or further down.

    `unexpired` are those known to be valid at the case's latest event. `certain` is false where the logs do not decide
    between several that may have asked, of which the key is one.
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
    """A long-term key that was made with a key, or with what was requested with it (`by_access_key_id`)."""

    access_key_id: str
    account_id: str | None
    owner_name: str | None
    status: str | None
    created_at: datetime | None
    first_use: datetime | None
    last_use: datetime | None
    by_access_key_id: str | None
    event_id: str | None


@dataclass(frozen=True, slots=True)
class Children:
    """The tree below a key in short; `forensics tree` has it in full. Counts are of what is certain."""

    credentials: int = 0
    direct: int = 0
    unexpired: int = 0
    possible: int = 0
    account_ids: tuple[str, ...] = ()
    at: datetime | None = None
    roles: tuple[Descendants, ...] = ()
    made_keys: tuple[MadeKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Used:
    """How often one address, region or the like was used; docs/attribution.md#words defines `denied` and `failed`."""

    value: str | None
    succeeded: int
    denied: int
    failed: int
    first_use: datetime | None
    last_use: datetime | None

    @property
    def events(self) -> int:
        return self.succeeded + self.denied + self.failed


@dataclass(frozen=True, slots=True)
class UsedAddress(Used):
    """An address: what it is, and where and whose network, as the address databases say that were given.

    `country`: its code of two letters. `as_number`, `as_name`: of the autonomous system, the network's operator.
    """

    class_: AddressClass
    country: str | None
    city: str | None
    as_number: int | None
    as_name: str | None


@dataclass(frozen=True, slots=True)
class AddressDatabase:
    """A file that told where addresses are: its name, what it calls itself, when it was built, and its SHA-256."""

    name: str
    type: str
    built_at: datetime
    sha256: str


@dataclass(frozen=True, slots=True)
class UsedAgent(Used):
    """A user agent, and the program that it claims to be."""

    application: str | None


@dataclass(frozen=True, slots=True)
class UsedWith(Used):
    """A service, or a resource, and the calls made to it. `objects`: of a bucket, how many objects of it."""

    event_names: tuple[str, ...]
    objects: int = 0


@dataclass(frozen=True, slots=True)
class Sensitive:
    """Calls of one action that intruders are known for, by MITRE ATT&CK tactic and technique; no verdict.

    `mfa_authenticated`: whether all were made with MFA; null if the records do not say. `event_ids` are the first.
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


@dataclass(frozen=True, slots=True)
class Burst:
    """Many different reading calls in a row from one address: somebody looks around (ATT&CK T1526, T1580)."""

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
    """How many there are of what an activity lists; each list holds at most its busiest hundred."""

    addresses: int = 0
    user_agents: int = 0
    regions: int = 0
    services: int = 0
    resources: int = 0
    discovery_bursts: int = 0


@dataclass(frozen=True, slots=True)
class Activity:
    """What a key did, from where, and what it was refused."""

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


class KeyKind(StrEnum):
    LONG_TERM = "long_term"
    TEMPORARY = "temporary"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Key(Displayed):
    """The one page on an access key. `who` is the chain up; `owner` has a long-term key only.

    `account_ids` are those of the records, `decoded_account_id` the one inside the ID. `issued_at` and `expires_at` are
    a temporary key's.
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


@dataclass(frozen=True, slots=True)
class KeyFinding:
    """Something about a key that somebody should act on, or know.

    `rests_on`: events or export. `event_ids` are the first events that show it; `export`, `as_of`, `as_of_from`
    and `source_files` tell of when the account said it, as in `Exported`.
    """

    finding: str
    rests_on: str
    event_ids: tuple[str, ...] = ()
    export: str | None = None
    as_of: datetime | None = None
    as_of_from: str | None = None
    source_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditedKey:
    """A long-term key: what the logs say, and beside it what IAM said at a time (`iam_...`).

    `access_key_id` is null for a key of the credential report that fits none whose ID is known. `iam_grade`: strong
    where an export names the key, weak where only its time of creation fits; null where none tells of it.
    `owner_rests_on`: events or export. `age_days` and the findings are as of the audit's time.
    """

    access_key_id: str | None
    account_id: str | None
    account_name: str | None
    owner: Actor | None
    owner_rests_on: str | None
    created_at: datetime | None
    age_days: int | None
    status: str | None
    status_since: datetime | None
    first_use: datetime | None
    last_use: datetime | None
    events: int
    applications: tuple[str, ...]
    iam_grade: Grade | None
    iam_status: str | None
    iam_status_as_of: datetime | None
    iam_never_used: bool | None
    iam_last_use: datetime | None
    iam_last_use_service: str | None
    iam_last_use_region: str | None
    iam_last_use_as_of: datetime | None
    findings: tuple[KeyFinding, ...]


@dataclass(frozen=True, slots=True)
class Keys(Displayed):
    """Every long-term key that the logs or an export know. `findings` counts keys, by finding.

    `at`: the latest event or export. `exports` says whether any export tells of keys: else the logs alone do.
    `accounts_by_logs_alone`: those of which no export lists the keys, so one that was not used is not here.
    """

    at: datetime | None
    max_age_days: int
    unused_days: int
    exports: bool
    findings: Mapping[str, int]
    keys: tuple[AuditedKey, ...]
    accounts_by_logs_alone: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditedAccount:
    """An account that the logs or an export know; `status` and `name` are the organisation's, as of a time.

    `long_term_keys` are those not known to be deleted; `keys_with_findings` those of them that an audit finds fault
    with. `iam_as_of`: of the latest export that lists its keys.
    """

    account_id: str
    name: str | None
    email: str | None
    status: str | None
    as_of: datetime | None
    events: int
    first_event_time: datetime | None
    last_event_time: datetime | None
    aws_regions: tuple[str, ...]
    iam_users: int | None
    long_term_keys: int
    keys_with_findings: int
    iam_as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Accounts(Displayed):
    accounts: tuple[AuditedAccount, ...]
