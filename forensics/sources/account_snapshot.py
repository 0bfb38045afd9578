"""Snapshot: what accounts say of themselves right now, by calls that only read, as files to ingest.

Each file holds AWS's answers as they came, one after the other, as the CLI prints them; a member `Snapshot` beside them
says what an answer itself does not: the account, the time, and the user or key that was asked about. `CALLS` is every
call that is made, and so the policy that allows them.
"""

from __future__ import annotations

import json
import os
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from forensics.errors import AwsFailed
from forensics.regular_files import open_regular
from forensics.sources.aws import Aws, Client, error_code, why

CALLS = (
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventSelectors",
    "iam:GenerateCredentialReport",
    "iam:GetAccessKeyLastUsed",
    "iam:GetAccountAuthorizationDetails",
    "iam:GetCredentialReport",
    "iam:ListAccessKeys",
    "iam:ListUsers",
    "identitystore:ListUsers",
    "organizations:ListAccounts",
    "sso:ListInstances",
    "sts:GetAccessKeyInfo",
    "sts:GetCallerIdentity",
)
"""The IAM actions of the calls that are made in an account. AWS itself counts each as one that reads or lists."""

EVERY_ACCOUNT = "all"
# a report is made within seconds; one is at most four hours old
_REPORT_TRIES = 30
_REPORT_PENDING = frozenset(["ReportNotPresent", "ReportExpired", "ReportInProgress"])
# not a failure: the account has no organisation, or none of its business
_NOT_HERE = {"AWSOrganizationsNotInUseException"}
_ACTIONS = {"sso-admin": "sso"}


@dataclass(frozen=True, slots=True)
class SnapshotWanted:
    """Which accounts to ask: the caller's own, or others by a role of one name.

    `regions`: where trails and Identity Center are asked about. `access_key_ids`: keys of which the account is wanted.
    """

    accounts: tuple[str, ...] = ()
    role_name: str | None = None
    regions: tuple[str, ...] = ()
    access_key_ids: tuple[str, ...] = ()

    def parameters(self) -> dict[str, object]:
        """Return what the user asked for, as the custody log has it."""
        return {"accounts": self.accounts, "role_name": self.role_name, "regions": self.regions}


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that AWS refused, or that failed, and how often."""

    account_id: str | None
    aws_region: str | None
    action: str
    reason: str
    times: int = 1


@dataclass(slots=True)
class SnapshotFiles:
    """What was asked and what came of it. `calls` counts them by action."""

    account_ids: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str | None, str | None, str, str]] = field(default_factory=Counter)
    files: list[Path] = field(default_factory=list)

    def refusals(self) -> tuple[Refused, ...]:
        return tuple(
            Refused(*call, times) for call, times in sorted(self.refused.items(), key=lambda item: str(item[0]))
        )


def policy(role_name: str | None) -> str:
    """The minimal IAM policy; with a role name, also to assume that role, which needs the first statement itself."""
    statements: list[dict[str, object]] = [
        {"Sid": "ReadForForensics", "Effect": "Allow", "Action": list(CALLS), "Resource": "*"}
    ]
    if role_name:
        statements.append(
            {
                "Sid": "AssumeTheRoleOfEachAccount",
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Resource": f"arn:aws:iam::*:role/{role_name}",
            }
        )
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2)


def take(aws: Aws, folder: Path, wanted: SnapshotWanted, progress: Callable[[str], None]) -> SnapshotFiles:
    """Ask, and write the answers under `folder`. Raises AwsFailed where AWS cannot be used at all."""
    taken = SnapshotFiles()
    caller = _SnapshotAccount(aws, folder, wanted, taken)
    identity = caller.identify()
    organisation = caller.organisation()
    if not wanted.accounts:
        progress(caller.account_id)
        caller.take()
        return taken
    partition = str(identity["Arn"]).split(":")[1]
    active = [str(one["Id"]) for one in organisation if (one.get("State") or one.get("Status")) == "ACTIVE"]
    everyone = EVERY_ACCOUNT in wanted.accounts
    if everyone and not active:
        raise AwsFailed("the accounts of the organisation cannot be listed; name them: --accounts ID,ID")
    for account_id in active if everyone else wanted.accounts:
        progress(account_id)
        if account_id == caller.account_id:
            caller.take()
        else:
            _take_other(caller, account_id, f"arn:{partition}:iam::{account_id}:role/{wanted.role_name}")
    return taken


def _take_other(caller: _SnapshotAccount, account_id: str, role_arn: str) -> None:
    """The same in another account, if its role can be assumed."""
    other = _SnapshotAccount(caller.aws, caller.folder, caller.wanted, caller.taken, account_id)
    if other.assume(role_arn):
        other.take()


@dataclass(slots=True)
class _SnapshotAccount:
    """One account that is asked."""

    aws: Aws
    folder: Path
    wanted: SnapshotWanted
    taken: SnapshotFiles
    account_id: str = ""

    def identify(self) -> dict[str, Any]:
        """Whose credentials these are. Raises AwsFailed: without that, there is nothing to ask."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.taken.calls["sts:GetCallerIdentity"] += 1
            identity: dict[str, Any] = self.aws.client("sts").get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            raise AwsFailed(f"AWS cannot be asked: {why(error)}") from None
        self.account_id = str(identity["Account"])
        return identity

    def assume(self, role_arn: str) -> bool:
        """Whether the role of this account is there to be assumed."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.aws = self.aws.assuming(role_arn)
            self.taken.calls["sts:AssumeRole"] += 1  # by the first call that is signed with it
            self.taken.calls["sts:GetCallerIdentity"] += 1
            self.aws.client("sts").get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            self.taken.refused[self.account_id, None, f"sts:AssumeRole {role_arn}", why(error)] += 1
            return False
        return True

    def organisation(self) -> list[dict[str, Any]]:
        """The accounts of the organisation, as far as this one may list them."""
        answer = self.ask("organizations", "list_accounts")
        if answer:
            self.write("organizations-list-accounts", [answer])
        accounts: list[dict[str, Any]] = (answer or {}).get("Accounts", [])
        return accounts

    def take(self) -> None:
        """All that this account says."""
        self.taken.account_ids.append(self.account_id)
        self.write("iam-get-credential-report", self._report())
        self.write(
            "iam-get-account-authorization-details",
            _some(self.ask("iam", "get_account_authorization_details", Filter=["User", "Role"])),
        )
        users = self.ask("iam", "list_users")
        self.write("iam-list-users", _some(users))
        keys = list(self._each("iam", "list_access_keys", "UserName", _named(users, "Users", "UserName")))
        self.write("iam-list-access-keys", keys)
        key_ids = [key for answer in keys for key in _named(answer, "AccessKeyMetadata", "AccessKeyId")]
        self.write(
            "iam-get-access-key-last-used", self._each("iam", "get_access_key_last_used", "AccessKeyId", key_ids)
        )
        is_first = self.taken.account_ids == [self.account_id]  # AWS tells any account whose a key is
        others = [key for key in self.wanted.access_key_ids if is_first and key not in key_ids]
        self.write("sts-get-access-key-info", self._each("sts", "get_access_key_info", "AccessKeyId", others))
        for region in self.wanted.regions or (None,):
            self._of_region(region)

    def _of_region(self, region: str | None) -> None:
        suffix = f"-{region}" if region else ""
        described = self.ask("cloudtrail", "describe_trails", region)
        self.write(f"cloudtrail-describe-trails{suffix}", _some(described))
        selectors = [
            answer
            for trail in (described or {}).get("trailList", [])
            if (
                answer := self.ask(
                    "cloudtrail", "get_event_selectors", trail["HomeRegion"], TrailName=trail["TrailARN"]
                )
            )
        ]
        self.write(f"cloudtrail-get-event-selectors{suffix}", selectors)
        instances = self.ask("sso-admin", "list_instances", region)
        stores = _named(instances, "Instances", "IdentityStoreId")
        users = [
            users
            for store in stores
            if (users := self.ask("identitystore", "list_users", region, IdentityStoreId=store))
        ]
        self.write(f"identitystore-list-users{suffix}", users)

    def _report(self) -> list[dict[str, Any]]:
        """The credential report, made where there is none that is recent."""
        for tried in range(_REPORT_TRIES):
            answer = self.ask("iam", "get_credential_report", pending=_REPORT_PENDING)
            if answer != {}:
                return _some(answer)
            if self.ask("iam", "generate_credential_report") is None:
                return []
            time.sleep(min(tried, 2))
        action = "iam:GetCredentialReport"
        self.taken.refused[self.account_id, None, action, "the report was not ready in time; try again"] += 1
        return []

    def _each(self, service: str, operation: str, parameter: str, values: Iterable[str]) -> Iterator[dict[str, Any]]:
        for value in values:
            answer = self.ask(service, operation, None, frozenset(), **{parameter: value})
            if answer is not None:
                yield answer | {"Snapshot": answer["Snapshot"] | {parameter: value}}

    def ask(
        self,
        service: str,
        operation: str,
        region: str | None = None,
        pending: frozenset[str] = frozenset(),
        **parameters: object,
    ) -> dict[str, Any] | None:
        """All pages of one answer as one; None if it was refused, and {} if it is `pending`."""
        from botocore.exceptions import BotoCoreError, ClientError

        client = self.aws.client(service, region)
        action = f"{_ACTIONS.get(service, service)}:{client.meta.method_to_api_mapping[operation]}"
        self.taken.calls[action] += 1
        try:
            answer = _all_pages(client, operation, parameters)
        except (BotoCoreError, ClientError) as error:
            code = error_code(error)
            if code in pending:
                return {}
            if code not in _NOT_HERE:
                self.taken.refused[self.account_id or None, region, action, why(error)] += 1
            return None
        now = datetime.now(UTC)
        return answer | {"Snapshot": {"AccountId": self.account_id, "AsOf": f"{now:%Y-%m-%dT%H:%M:%SZ}"}}

    def write(self, name: str, answers: Iterable[dict[str, Any]]) -> None:
        """A file of answers, if there are any; only its owner may read it."""
        texts = [json.dumps(answer, indent=1, default=_plain) + "\n" for answer in answers]
        if not texts:
            return
        path = self.folder / self.account_id / f"{name}.json"
        for made in (self.folder, path.parent):
            made.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "w", encoding="utf-8") as file:
            file.writelines(texts)
        self.taken.files.append(path)


def _all_pages(client: Client, operation: str, parameters: dict[str, object]) -> dict[str, Any]:
    if client.can_paginate(operation):
        found: dict[str, Any] = client.get_paginator(operation).paginate(**parameters).build_full_result()
    else:
        found = getattr(client, operation)(**parameters)
    return {name: value for name, value in found.items() if name != "ResponseMetadata"}


def _named(answer: dict[str, Any] | None, member: str, name: str) -> list[str]:
    return [str(one[name]) for one in (answer or {}).get(member, []) if one.get(name)]


def _some(answer: dict[str, Any] | None) -> list[dict[str, Any]]:
    return [answer] if answer else []


def _plain(value: object) -> str:
    """What JSON does not hold, as the CLI prints it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)
