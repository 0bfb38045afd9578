"""Audit answer: the audits of all long-term keys and of all accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from forensics.answers.core import Actor, Displayed, Grade


@dataclass(frozen=True, slots=True)
class KeyFinding:
    """A finding about a key that an administrator should act on, or know.

    `rests_on`: events or export. `event_ids`: the first events that show it. `export`, `as_of`, `as_of_from` and
    `source_files`: the export that shows it, as in `Exported`.
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
    """A long-term key by the logs, and by IAM at the time of an export (`iam_...`).

    `access_key_id` is null for a key of the credential report that matches no key with a known ID. `iam_grade`: strong
    if an export names the key, weak if only its creation time matches, null without an export of it. `owner_rests_on`:
    events or export. `age_days`, `expired` and `findings` are as of the time of the audit.
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
    expires_at: datetime | None = None
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Keys(Displayed):
    """Every long-term key in the logs or exports. `findings`: the number of keys by finding.

    `at`: the time of the latest event or export. `exports`: whether an export of keys is loaded.
    `accounts_by_logs_alone`: accounts without an export of their keys; unused keys of these are missing.
    `accounts`: the accounts that the audit is restricted to; none for all.
    """

    at: datetime | None
    max_age_days: int
    unused_days: int
    exports: bool
    findings: Mapping[str, int]
    keys: tuple[AuditedKey, ...]
    accounts_by_logs_alone: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditedAccount:
    """An account in the logs or exports. `name`, `email` and `status`: by AWS Organizations at the time `as_of`.

    `long_term_keys`: those not known to be deleted. `keys_with_findings`: those of them for which the audit of keys has
    a finding. `iam_as_of`: the time of the latest export that lists its keys.
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
    """Every account in the logs or exports."""

    accounts: tuple[AuditedAccount, ...]
