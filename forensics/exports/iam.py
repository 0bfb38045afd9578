"""IAM: users, roles and access keys as `aws iam` and `aws sts` print them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from forensics.exports.api_answer import ApiAnswer
from forensics.exports.export_rows import IamAccessKey, IamKeyListing, IamRole, IamUser, Row
from forensics.records.policy_document import trust_requirements

_QUARANTINE = "AWSCompromisedKeyQuarantine"
_NEVER = "N/A"  # the service and region of a key that was never used


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


def users(answer: ApiAnswer, member: str) -> Iterator[Row]:
    for user in answer.entries(member, _User):
        policies = user.attached_managed_policies
        yield IamUser(
            _account_in(user.arn) or answer.account_of(user.user_id),
            user.user_name,
            user.user_id,
            user.arn,
            answer.moment(user.create_date, "CreateDate of a user"),
            answer.moment(user.password_last_used, "PasswordLastUsed of a user"),
            None if policies is None else any(_QUARANTINE in (policy.policy_name or "") for policy in policies),
        )


def roles(answer: ApiAnswer) -> Iterator[Row]:
    for role in answer.entries("RoleDetailList", _Role):
        asked = trust_requirements(_document(role.assume_role_policy_document))
        last_used = role.role_last_used.last_used_date if role.role_last_used else None
        yield IamRole(
            _account_in(role.arn) or answer.account_of(role.role_id),
            role.role_name,
            role.role_id,
            role.arn,
            answer.moment(role.create_date, "CreateDate of a role"),
            answer.moment(last_used, "LastUsedDate of a role"),
            asked.source_identity,
            asked.session_name,
        )


def access_keys(answer: ApiAnswer) -> Iterator[Row]:
    """Every key, and each user all of whose keys these are. An empty list says whose it is in a snapshot alone."""
    listed: dict[tuple[str | None, str], int] = {}
    if answer.user_name:
        listed[answer.account_id, answer.user_name] = 0
    for key in answer.entries("AccessKeyMetadata", _AccessKey):
        account = answer.account_of(key.access_key_id)
        created_at = answer.moment(key.create_date, "CreateDate of a key")
        if key.user_name:
            listed[account, key.user_name] = listed.get((account, key.user_name), 0) + 1
        yield _key(key.access_key_id, account, key.user_name, key.status, created_at)
    if not answer.is_one_page_of_several():
        yield from (IamKeyListing(account, name, number) for (account, name), number in listed.items())


def access_key_last_used(answer: ApiAnswer) -> Iterator[Row]:
    if not answer.access_key_ids:
        answer.problems.add(
            "it says when a key of a user was last used, and not which: save the answer in a file named for the key,"
            " such as AKIA....json",
            answer.text("UserName") or "",
        )
        return
    used = answer.one("AccessKeyLastUsed", _LastUsed)
    if used is None:
        return
    at = answer.moment(used.last_used_date, "LastUsedDate of a key")
    for key_id in answer.access_key_ids:
        yield IamAccessKey(
            key_id,
            answer.account_of(key_id),
            answer.text("UserName"),
            None,
            None,
            used.last_used_date is None,
            at,
            None if used.service_name == _NEVER else used.service_name,
            None if used.region == _NEVER else used.region,
        )


def access_key_info(answer: ApiAnswer) -> Iterator[Row]:
    if not answer.access_key_ids:
        answer.problems.add(
            "it names the account of a key, and not the key: save the answer in a file named for the key, such as"
            " AKIA....json"
        )
        return
    for key_id in answer.access_key_ids:
        yield _key(key_id, answer.text("Account"), None, None, None)


def _key(
    key_id: str, account: str | None, user_name: str | None, status: str | None, created_at: datetime | None
) -> IamAccessKey:
    return IamAccessKey(key_id, account, user_name, status, created_at, None, None, None, None)


def _account_in(arn: str | None) -> str | None:
    parts = (arn or "").split(":")
    return parts[4] if len(parts) > 5 and parts[4].isdigit() else None


def _document(raw: msgspec.Raw) -> str | None:
    """The text of a policy, which is an object, or a string that holds one."""
    text = bytes(raw).decode("utf-8", "replace")
    if not text.startswith('"'):
        return None if text == "null" else text
    return msgspec.json.decode(raw, type=str)
