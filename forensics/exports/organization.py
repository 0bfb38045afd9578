"""Organization: reads the accounts of an organization and the users of Identity Center."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from forensics.exports.api_response import ApiResponse, account_in
from forensics.exports.export_rows import AccountRow, IdentityStoreUser, Row


class _OrganizationAccount(msgspec.Struct, rename="pascal"):
    id: str
    name: str | None = None
    email: str | None = None
    status: str | None = None
    state: str | None = None
    joined_timestamp: str | float | None = None
    arn: str | None = None


class _IdentityCenterUser(msgspec.Struct, rename="pascal"):
    user_id: str
    user_name: str | None = None
    display_name: str | None = None
    identity_store_id: str | None = None


def accounts(response: ApiResponse) -> Iterator[Row]:
    """Yield the accounts of the organization."""
    for one in response.entries("Accounts", _OrganizationAccount):
        joined_at = response.moment(one.joined_timestamp, "JoinedTimestamp of an account")
        # AWS replaces Status with State in 2026
        yield AccountRow(one.id, one.name, one.email, one.state or one.status, joined_at, account_in(one.arn))


def identity_store_users(response: ApiResponse) -> Iterator[Row]:
    """Yield the users of an identity store."""
    for user in response.entries("Users", _IdentityCenterUser):
        yield IdentityStoreUser(user.identity_store_id, user.user_id, user.user_name, user.display_name)
