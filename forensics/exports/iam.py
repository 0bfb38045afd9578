"""IAM: reads users, roles and access keys from the output of `aws iam` and `aws sts`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from forensics.exports.api_response import ApiResponse, account_in
from forensics.exports.export_rows import IamAccessKey, IamKeyListing, IamRole, IamUser, Row
from forensics.identifiers import key_as_logged
from forensics.records.policy_document import trust_requirements

_QUARANTINE = "AWSCompromisedKeyQuarantine"
_NEVER = "N/A"  # service and region of a key that was never used


class _Policy(msgspec.Struct, rename="pascal"):
    policy_name: str | None = None


class _User(msgspec.Struct, rename="pascal"):
    user_name: str
    user_id: str | None = None
    arn: str | None = None
    create_date: str | float | None = None
    password_last_used: str | float | None = None
    attached_managed_policies: list[_Policy] | None = None


class _RoleLastUsed(msgspec.Struct, rename="pascal"):
    last_used_date: str | float | None = None


class _Role(msgspec.Struct, rename="pascal"):
    role_name: str
    role_id: str | None = None
    arn: str | None = None
    create_date: str | float | None = None
    role_last_used: _RoleLastUsed | None = None
    assume_role_policy_document: msgspec.Raw = msgspec.Raw(b"null")


class _AccessKey(msgspec.Struct, rename="pascal"):
    access_key_id: str
    user_name: str | None = None
    status: str | None = None
    create_date: str | float | None = None


class _LastUsed(msgspec.Struct, rename="pascal"):
    last_used_date: str | float | None = None
    service_name: str | None = None
    region: str | None = None


def users(response: ApiResponse, member: str) -> Iterator[Row]:
    """Yield the users in a list of the response. `member`: the name of the list."""
    for user in response.entries(member, _User):
        policies = user.attached_managed_policies
        yield IamUser(
            account_in(user.arn) or response.account_of(user.user_id),
            user.user_name,
            user.user_id,
            user.arn,
            response.moment(user.create_date, "CreateDate of a user"),
            response.moment(user.password_last_used, "PasswordLastUsed of a user"),
            None if policies is None else any(_QUARANTINE in (policy.policy_name or "") for policy in policies),
        )


def roles(response: ApiResponse) -> Iterator[Row]:
    """Yield the roles, with what their trust policies require."""
    for role in response.entries("RoleDetailList", _Role):
        required = trust_requirements(_document(role.assume_role_policy_document))
        last_used = role.role_last_used.last_used_date if role.role_last_used else None
        yield IamRole(
            account_in(role.arn) or response.account_of(role.role_id),
            role.role_name,
            role.role_id,
            role.arn,
            response.moment(role.create_date, "CreateDate of a role"),
            response.moment(last_used, "LastUsedDate of a role"),
            required.source_identity,
            required.session_name,
        )


def access_keys(response: ApiResponse) -> Iterator[Row]:
    """Yield the keys, and the users with a complete list. Only a snapshot names the user of an empty list."""
    listed: dict[tuple[str | None, str], int] = {}
    if response.user_name:
        listed[response.account_id, response.user_name] = 0
    for key in response.entries("AccessKeyMetadata", _AccessKey):
        key_id = key_as_logged(key.access_key_id)
        account = response.account_of(key_id)
        created_at = response.moment(key.create_date, "CreateDate of a key")
        if key.user_name:
            listed[account, key.user_name] = listed.get((account, key.user_name), 0) + 1
        yield _key(key_id, account, key.user_name, key.status, created_at)
    if not response.is_one_page_of_several():
        yield from (IamKeyListing(account, name, number) for (account, name), number in listed.items())


def access_key_last_used(response: ApiResponse) -> Iterator[Row]:
    """Yield the last use of the key that the response is about; without a key ID, add a problem."""
    if not response.access_key_ids:
        response.problems.add(
            "it has the last use of a key without the key's ID; save each output in a file named after its key, such as"
            " AKIA....json",
            response.text("UserName") or "",
        )
        return
    used = response.one("AccessKeyLastUsed", _LastUsed)
    if used is None:
        return
    at = response.moment(used.last_used_date, "LastUsedDate of a key")
    for key_id in response.access_key_ids:
        yield IamAccessKey(
            key_id,
            response.account_of(key_id),
            response.text("UserName"),
            None,
            None,
            used.last_used_date is None,
            at,
            None if used.service_name == _NEVER else used.service_name,
            None if used.region == _NEVER else used.region,
        )


def access_key_info(response: ApiResponse) -> Iterator[Row]:
    """Yield the account of the key that the response is about; without a key ID, add a problem."""
    if not response.access_key_ids:
        response.problems.add(
            "it has the account of a key without the key's ID; save each output in a file named after its key, such as"
            " AKIA....json"
        )
        return
    for key_id in response.access_key_ids:
        yield _key(key_id, response.text("Account"), None, None, None)


def _key(
    key_id: str, account: str | None, user_name: str | None, status: str | None, created_at: datetime | None
) -> IamAccessKey:
    return IamAccessKey(key_id, account, user_name, status, created_at, None, None, None, None)


def _document(raw: msgspec.Raw) -> str | None:
    """Return the text of a policy, which is an object, or a string that contains one."""
    text = bytes(raw).decode("utf-8", "replace")
    if not text.startswith('"'):
        return None if text == "null" else text
    return msgspec.json.decode(raw, type=str)
