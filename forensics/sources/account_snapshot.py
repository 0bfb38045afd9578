"""Account snapshot: exports the current state of accounts by read-only calls, as files to ingest.

Each file contains answers of AWS one after the other, in the format of the AWS CLI. A member `Snapshot` in each answer
adds the account, the time, and the user or key of the request. `CALLS` lists every call, for the policy that allows
them.
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
from forensics.files.regular_files import open_regular
from forensics.sources.aws import Aws, Client, error_code, error_reason

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
"""The IAM actions of all calls in an account. AWS classifies each as Read or List."""

EVERY_ACCOUNT = "all"
# AWS creates a report within seconds, and returns the same one for up to four hours
_REPORT_ATTEMPTS = 30
_REPORT_PENDING = frozenset(["ReportNotPresent", "ReportExpired", "ReportInProgress"])
# not a failure: the account is not in an organization
_NOT_IN_USE = {"AWSOrganizationsNotInUseException"}
_ACTIONS = {"sso-admin": "sso"}


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """The accounts to export: the caller's own, or others by assuming a role of the same name in each.

    `regions`: the regions of the trails and Identity Center instances to export. `access_key_ids`: keys whose account
    is requested from STS.
    """

    accounts: tuple[str, ...] = ()
    role_name: str | None = None
    regions: tuple[str, ...] = ()
    access_key_ids: tuple[str, ...] = ()

    def parameters(self) -> dict[str, object]:
        """Return the parameters of the user, as the custody log records them."""
        return {"accounts": self.accounts, "role_name": self.role_name, "regions": self.regions}


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that was denied or failed, and how often."""

    account_id: str | None
    aws_region: str | None
    action: str
    reason: str
    times: int = 1


@dataclass(slots=True)
class SnapshotFiles:
    """The result of a snapshot. `calls`: the number of calls by action. `refused`: denied and failed calls."""

    account_ids: list[str] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    refused: Counter[tuple[str | None, str | None, str, str]] = field(default_factory=Counter)
    files: list[Path] = field(default_factory=list)

    def refusals(self) -> tuple[Refused, ...]:
        """Return the denied and failed calls, each with its number."""
        return tuple(
            Refused(*call, times) for call, times in sorted(self.refused.items(), key=lambda item: str(item[0]))
        )


def snapshot_policy(role_name: str | None = None) -> str:
    """Return the minimal IAM policy for `Case.snapshot` as JSON.

    With the name of the role that it assumes, a second statement allows assuming that role. The role itself needs the
    first statement.
    """
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


def take_snapshot(aws: Aws, folder: Path, request: SnapshotRequest, progress: Callable[[str], None]) -> SnapshotFiles:
    """Export accounts to files below `folder`. Raises AwsFailed if no call can be made with these credentials."""
    result = SnapshotFiles()
    caller = _SnapshotAccount(aws, folder, request, result)
    identity = caller.identify()
    members = caller.organization_accounts()
    if not request.accounts:
        progress(caller.account_id)
        caller.export()
        return result
    partition = str(identity["Arn"]).split(":")[1]
    active = [str(one["Id"]) for one in members if (one.get("State") or one.get("Status")) == "ACTIVE"]
    is_every = EVERY_ACCOUNT in request.accounts
    if is_every and not active:
        raise AwsFailed("cannot list the accounts of the organization; name them with --accounts ID,ID")
    for account_id in active if is_every else request.accounts:
        progress(account_id)
        if account_id == caller.account_id:
            caller.export()
        else:
            _export_other(caller, account_id, f"arn:{partition}:iam::{account_id}:role/{request.role_name}")
    return result


def _export_other(caller: _SnapshotAccount, account_id: str, role_arn: str) -> None:
    """Export another account, if the role in it can be assumed."""
    other = _SnapshotAccount(caller.aws, caller.folder, caller.request, caller.result, account_id)
    if other.assume(role_arn):
        other.export()


@dataclass(slots=True)
class _SnapshotAccount:
    """The export of one account."""

    aws: Aws
    folder: Path
    request: SnapshotRequest
    result: SnapshotFiles
    account_id: str = ""

    def identify(self) -> dict[str, Any]:
        """Return the identity of the caller. Raises AwsFailed."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.result.calls["sts:GetCallerIdentity"] += 1
            identity: dict[str, Any] = self.aws.client("sts").get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            raise AwsFailed(f"cannot call AWS: {error_reason(error)}") from None
        self.account_id = str(identity["Account"])
        return identity

    def assume(self, role_arn: str) -> bool:
        """Assume a role in this account, and return whether that succeeded."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self.aws = self.aws.assuming(role_arn)
            self.result.calls["sts:AssumeRole"] += 1  # made when the first call is signed
            self.result.calls["sts:GetCallerIdentity"] += 1
            self.aws.client("sts").get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            self.result.refused[self.account_id, None, f"sts:AssumeRole {role_arn}", error_reason(error)] += 1
            return False
        return True

    def organization_accounts(self) -> list[dict[str, Any]]:
        """Return the accounts of the organization; none if they cannot be listed."""
        answer = self.call("organizations", "list_accounts")
        if answer:
            self.write("organizations-list-accounts", [answer])
        accounts: list[dict[str, Any]] = (answer or {}).get("Accounts", [])
        return accounts

    def export(self) -> None:
        """Export everything from this account."""
        self.result.account_ids.append(self.account_id)
        self.write("iam-get-credential-report", self._report())
        self.write(
            "iam-get-account-authorization-details",
            _as_list(self.call("iam", "get_account_authorization_details", Filter=["User", "Role"])),
        )
        users = self.call("iam", "list_users")
        self.write("iam-list-users", _as_list(users))
        keys = list(self._call_each("iam", "list_access_keys", "UserName", _values(users, "Users", "UserName")))
        self.write("iam-list-access-keys", keys)
        key_ids = [key for answer in keys for key in _values(answer, "AccessKeyMetadata", "AccessKeyId")]
        self.write(
            "iam-get-access-key-last-used", self._call_each("iam", "get_access_key_last_used", "AccessKeyId", key_ids)
        )
        is_first = self.result.account_ids == [self.account_id]  # the answer is the same in each account
        others = [key for key in self.request.access_key_ids if is_first and key not in key_ids]
        self.write("sts-get-access-key-info", self._call_each("sts", "get_access_key_info", "AccessKeyId", others))
        for region in self.request.regions or (None,):
            self._export_region(region)

    def _export_region(self, region: str | None) -> None:
        suffix = f"-{region}" if region else ""
        described = self.call("cloudtrail", "describe_trails", region)
        self.write(f"cloudtrail-describe-trails{suffix}", _as_list(described))
        selectors = [
            answer
            for trail in (described or {}).get("trailList", [])
            if (
                answer := self.call(
                    "cloudtrail", "get_event_selectors", trail["HomeRegion"], TrailName=trail["TrailARN"]
                )
            )
        ]
        self.write(f"cloudtrail-get-event-selectors{suffix}", selectors)
        instances = self.call("sso-admin", "list_instances", region)
        stores = _values(instances, "Instances", "IdentityStoreId")
        users = [
            users
            for store in stores
            if (users := self.call("identitystore", "list_users", region, IdentityStoreId=store))
        ]
        self.write(f"identitystore-list-users{suffix}", users)

    def _report(self) -> list[dict[str, Any]]:
        """Return the credential report; request a new one if there is no recent one."""
        for attempt in range(_REPORT_ATTEMPTS):
            answer = self.call("iam", "get_credential_report", pending=_REPORT_PENDING)
            if answer != {}:
                return _as_list(answer)
            if self.call("iam", "generate_credential_report") is None:
                return []
            time.sleep(min(attempt, 2))
        action, reason = "iam:GetCredentialReport", "the report was not ready in time; run the same command again"
        self.result.refused[self.account_id, None, action, reason] += 1
        return []

    def _call_each(
        self, service: str, operation: str, parameter: str, values: Iterable[str]
    ) -> Iterator[dict[str, Any]]:
        """Yield the answer for each value of a parameter, without denied calls."""
        for value in values:
            answer = self.call(service, operation, None, frozenset(), **{parameter: value})
            if answer is not None:
                yield answer | {"Snapshot": answer["Snapshot"] | {parameter: value}}

    def call(
        self,
        service: str,
        operation: str,
        region: str | None = None,
        pending: frozenset[str] = frozenset(),
        **parameters: object,
    ) -> dict[str, Any] | None:
        """Return all pages of an answer, merged; None if the call was denied, {} if its error is in `pending`."""
        from botocore.exceptions import BotoCoreError, ClientError

        client = self.aws.client(service, region)
        action = f"{_ACTIONS.get(service, service)}:{client.meta.method_to_api_mapping[operation]}"
        self.result.calls[action] += 1
        try:
            answer = _all_pages(client, operation, parameters)
        except (BotoCoreError, ClientError) as error:
            code = error_code(error)
            if code in pending:
                return {}
            if code not in _NOT_IN_USE:
                self.result.refused[self.account_id or None, region, action, error_reason(error)] += 1
            return None
        now = datetime.now(UTC)
        return answer | {"Snapshot": {"AccountId": self.account_id, "AsOf": f"{now:%Y-%m-%dT%H:%M:%SZ}"}}

    def write(self, name: str, answers: Iterable[dict[str, Any]]) -> None:
        """Write answers to a private file (0600); write none without answers."""
        texts = [json.dumps(answer, indent=1, default=_plain) + "\n" for answer in answers]
        if not texts:
            return
        path = self.folder / self.account_id / f"{name}.json"
        for folder in (self.folder, path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "w", encoding="utf-8") as file:
            file.writelines(texts)
        self.result.files.append(path)


def _all_pages(client: Client, operation: str, parameters: dict[str, object]) -> dict[str, Any]:
    if client.can_paginate(operation):
        found: dict[str, Any] = client.get_paginator(operation).paginate(**parameters).build_full_result()
    else:
        found = getattr(client, operation)(**parameters)
    return {name: value for name, value in found.items() if name != "ResponseMetadata"}


def _values(answer: dict[str, Any] | None, member: str, name: str) -> list[str]:
    return [str(one[name]) for one in (answer or {}).get(member, []) if one.get(name)]


def _as_list(answer: dict[str, Any] | None) -> list[dict[str, Any]]:
    return [answer] if answer else []


def _plain(value: object) -> str:
    """Convert non-JSON types like the AWS CLI."""
    if isinstance(value, datetime):
        return value.isoformat()
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)
