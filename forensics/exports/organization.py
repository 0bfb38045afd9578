"""The organisation: its accounts, and the users of Identity Center."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from forensics.exports.api_answer import ApiAnswer
from forensics.exports.export_rows import AccountRow, IdentityStoreUser, Row


class _OrganizationAccount(msgspec.Struct, rename="pascal"):
    id: str
    name: str | None = None
    email: str | None = None
    status: str | None = None
    state: str | None = None
    joined_timestamp: str | float | None = None


class _IdentityCenterUser(msgspec.Struct, rename="pascal"):
    user_id: str
    user_name: str | None = None
    display_name: str | None = None
    identity_store_id: str | None = None


def accounts(answer: ApiAnswer) -> Iterator[Row]:
    for one in answer.entries("Accounts", _OrganizationAccount):
        joined_at = answer.moment(one.joined_timestamp, "JoinedTimestamp of an account")
        # AWS replaces Status by State in 2026
        yield AccountRow(one.id, one.name, one.email, one.state or one.status, joined_at)


def identity_store_users(answer: ApiAnswer) -> Iterator[Row]:
    for user in answer.entries("Users", _IdentityCenterUser):
        yield IdentityStoreUser(user.identity_store_id, user.user_id, user.user_name, user.display_name)
