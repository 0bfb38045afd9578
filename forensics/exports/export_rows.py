"""Rows: row types, table names and column comments of the export tables.

A row is one statement of one export; null if the export does not have the value. After its own columns, each table has
those of `StatementOrigin`: the kind of export, the time and the file.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class IamUser(NamedTuple):
    account_id: str | None
    user_name: str
    user_id: str | None
    arn: str | None
    created_at: datetime | None
    password_last_used: datetime | None
    quarantined: bool | None


class IamRole(NamedTuple):
    account_id: str | None
    role_name: str
    role_id: str | None
    arn: str | None
    created_at: datetime | None
    last_used_at: datetime | None
    requires_source_identity: bool | None
    requires_session_name: bool | None


class IamAccessKey(NamedTuple):
    access_key_id: str
    account_id: str | None
    user_name: str | None
    status: str | None
    created_at: datetime | None
    never_used: bool | None
    last_used_at: datetime | None
    last_used_service: str | None
    last_used_region: str | None


class IamKeyListing(NamedTuple):
    account_id: str | None
    user_name: str | None
    access_keys: int


class IamCredentialReport(NamedTuple):
    account_id: str | None
    user_name: str
    arn: str | None
    is_root: bool
    user_created_at: datetime | None
    password_enabled: bool | None
    password_last_used: datetime | None
    mfa_active: bool | None


class IamCredentialReportKey(NamedTuple):
    account_id: str | None
    user_name: str
    is_root: bool
    slot: int
    active: bool | None
    last_rotated_at: datetime | None
    never_used: bool | None
    last_used_at: datetime | None
    last_used_service: str | None
    last_used_region: str | None


class IdentityStoreUser(NamedTuple):
    identity_store_id: str | None
    user_id: str
    user_name: str | None
    display_name: str | None


class AccountRow(NamedTuple):
    account_id: str
    name: str | None
    email: str | None
    status: str | None
    joined_at: datetime | None
    management_account_id: str | None


class Trail(NamedTuple):
    trail_arn: str | None
    account_id: str | None
    trail_name: str | None
    home_region: str | None
    is_multi_region: bool | None
    is_organization: bool | None
    includes_global_services: bool | None
    validates_files: bool | None
    bucket: str | None


class EventSelectors(NamedTuple):
    trail_arn: str
    account_id: str | None
    trail_name: str | None
    narrows_trail: bool | None
    records_data_events: bool
    leaves_out: str | None


Row = (
    IamUser
    | IamRole
    | IamAccessKey
    | IamKeyListing
    | IamCredentialReport
    | IamCredentialReportKey
    | IdentityStoreUser
    | AccountRow
    | Trail
    | EventSelectors
)

TABLES: dict[type[Row], tuple[str, str]] = {
    IamUser: ("iam_users", "IAM users, from get-account-authorization-details and list-users"),
    IamRole: ("iam_roles", "IAM roles and their trust requirements, from get-account-authorization-details"),
    IamAccessKey: (
        "iam_access_keys",
        "long-term keys, from list-access-keys, get-access-key-last-used and get-access-key-info",
    ),
    IamKeyListing: (
        "iam_key_listings",
        "users with a complete list of keys from list-access-keys, and its length; any other key was deleted",
    ),
    IamCredentialReport: ("iam_credential_report", "users and root from the credential report, which has no key IDs"),
    IamCredentialReportKey: (
        "iam_credential_report_keys",
        "keys from the credential report, which has no key IDs, so a match by creation time is weak",
    ),
    IdentityStoreUser: ("identity_store_users", "Identity Center users, from identitystore list-users"),
    AccountRow: ("accounts", "accounts of the organization, from organizations list-accounts"),
    Trail: ("trails", "trails, from cloudtrail describe-trails"),
    EventSelectors: ("event_selectors", "event selectors of trails, from cloudtrail get-event-selectors"),
}

COMMENTS = {
    "access_key_id": "the long-term key",
    "access_keys": "number of keys in the list",
    "account_id": "from the export, otherwise from an ID in it",
    "active": "whether the key was active",
    "arn": "with the path",
    "as_of": "time at which the statement was true, UTC",
    "as_of_from": "source of as_of: document, person (--as-of), file (modification time) or ingest (ingest time)",
    "bucket": "the bucket that the trail delivers to",
    "created_as_of": "as_of of the statement about created_at",
    "created_as_of_from": "as_of_from of the statement about created_at",
    "created_at": "CreateDate, UTC",
    "created_source_sha256": "the export that contains created_at",
    "display_name": "display name in Identity Center",
    "email": "email address of the account's root user",
    "export": "kind of the export, such as iam_access_keys",
    "home_region": "the region in which the trail was created",
    "id": "AIDA..., AROA..., or the user ID in Identity Center",
    "identity_store_id": "d-...; a user ID is unique only in its identity store",
    "includes_global_services": "IncludeGlobalServiceEvents: whether events of IAM and STS are recorded",
    "is_multi_region": "IsMultiRegionTrail",
    "is_organization": "IsOrganizationTrail",
    "is_root": "whether the row is <root_account>",
    "is_whole": "whether the export is complete, as far as it shows",
    "joined_at": "when the account joined the organization, UTC",
    "kind": "iam_user, role or identity_center_user",
    "last_rotated_at": "when the key was created or last changed, UTC",
    "last_use_as_of": "as_of of the statement about the last use",
    "last_use_as_of_from": "as_of_from of the statement about the last use",
    "last_use_source_sha256": "the export that contains the last use",
    "last_used_at": "last use that IAM reports, UTC; minutes late, and never before April 2015",
    "last_used_region": "region of the last use",
    "last_used_service": "service of the last use, such as s3",
    "leaves_out": "the management events that the trail does not record, such as read_only_events",
    "management_account_id": "the management account of the organization",
    "mfa_active": "whether the user had MFA",
    "name": "user, role or account name",
    "narrows_trail": "whether the trail records less than all management events",
    "never_used": "IAM reports that the key was never used; null if unknown",
    "owner_as_of": "as_of of the statement about the owner",
    "owner_as_of_from": "as_of_from of the statement about the owner",
    "owner_export": "kind of the export that contains the owner",
    "owner_source_sha256": "the export that contains the owner",
    "password_enabled": "whether the user had a console password",
    "password_last_used": "when the user last signed in by password, UTC",
    "problem": "what could not be read, in one line",
    "quarantined": "whether one of AWS's quarantine policies was attached",
    "records_data_events": "whether the trail records any data events",
    "requires_session_name": "whether the trust policy requires sts:RoleSessionName",
    "requires_source_identity": "whether the trust policy requires sts:SourceIdentity",
    "role_id": "AROA...",
    "role_name": "without the path",
    "slot": "1 or 2: the number of the key in the report",
    "source_sha256": "SHA-256 of the export's file; see source_files",
    "statements": "number of rows from the export",
    "status": "Active, Inactive or Expired; of an account, ACTIVE, SUSPENDED or PENDING_CLOSURE",
    "status_as_of": "as_of of the statement about the status",
    "status_as_of_from": "as_of_from of the statement about the status",
    "status_source_sha256": "the export that contains the status",
    "store_id": "the identity store of an Identity Center user; empty for IAM",
    "trail_arn": "ARN of the trail",
    "trail_name": "the last part of the trail's ARN",
    "user_arn": "ARN of the owner, with the path",
    "user_created_at": "when the user was created, UTC",
    "user_id": "AIDA..., or the user ID in Identity Center",
    "user_name": "name of the user; <root_account> for root",
    "validates_files": "LogFileValidationEnabled: whether CloudTrail writes digests",
}
