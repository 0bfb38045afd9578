"""Rows: the tables of this room. What a column says, an export said; null is what it did not say.

A row is one statement of one export. Each table has, after its own columns, those of `answer.Said`: which export, as of
when, and the file.
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
    IamUser: ("iam_users", "IAM users, by get-account-authorization-details and list-users"),
    IamRole: ("iam_roles", "IAM roles and what their trust policies ask for, by get-account-authorization-details"),
    IamAccessKey: (
        "iam_access_keys",
        "long-term keys, by list-access-keys, get-access-key-last-used and get-access-key-info",
    ),
    IamKeyListing: (
        "iam_key_listings",
        "users all of whose keys are listed by list-access-keys, and how many these are: any other key is gone",
    ),
    IamCredentialReport: ("iam_credential_report", "users and root of the credential report, which names no key IDs"),
    IamCredentialReportKey: (
        "iam_credential_report_keys",
        "the keys of the credential report: it has no key IDs, so a match by creation time is weak",
    ),
    IdentityStoreUser: ("identity_store_users", "Identity Center users, by identitystore list-users"),
    AccountRow: ("accounts", "accounts of the organisation, by organizations list-accounts"),
    Trail: ("trails", "trails, by cloudtrail describe-trails"),
    EventSelectors: ("event_selectors", "what trails record, by cloudtrail get-event-selectors"),
}

COMMENTS = {
    "access_key_id": "the long-term key",
    "access_keys": "how many keys the list has",
    "account_id": "as the export says, else as an ID in it carries",
    "active": "whether the key was active",
    "arn": "with the path",
    "as_of": "when it was so, UTC",
    "as_of_from": "what tells as_of: document, person (--as-of), file (when written) or ingest (when it was added)",
    "bucket": "the bucket that the trail delivers to",
    "created_as_of": "as of when created_at is said",
    "created_as_of_from": "as as_of_from, of created_at",
    "created_at": "CreateDate, UTC",
    "created_source_sha256": "the export that says created_at",
    "display_name": "as Identity Center shows it",
    "email": "of the account's root",
    "export": "which call said it, such as iam_access_keys",
    "home_region": "where the trail was made",
    "id": "AIDA..., AROA..., or the user ID of Identity Center",
    "identity_store_id": "d-...; a user ID is unique only inside it",
    "includes_global_services": "IncludeGlobalServiceEvents: whether IAM and STS are recorded",
    "is_multi_region": "IsMultiRegionTrail",
    "is_organization": "IsOrganizationTrail",
    "is_root": "whether it is the row <root_account>",
    "is_whole": "whether it has all that AWS answered, as far as it shows",
    "joined_at": "when the account joined the organisation, UTC",
    "kind": "iam_user, role or identity_center_user",
    "last_rotated_at": "when the key was made or last changed, UTC",
    "last_use_as_of": "as of when the last use is said",
    "last_use_as_of_from": "as as_of_from, of the last use",
    "last_use_source_sha256": "the export that says the last use",
    "last_used_at": "by IAM's own count, UTC; it lags by minutes, and says nothing of use before April 2015",
    "last_used_region": "where it was last used",
    "last_used_service": "what it was last used with, such as s3",
    "mfa_active": "whether the user had MFA",
    "name": "what people call it",
    "narrows_trail": "whether it records less than all management events",
    "never_used": "IAM says that it was never used; null if it does not say",
    "owner_as_of": "as of when the owner is said",
    "owner_as_of_from": "as as_of_from, of the owner",
    "owner_export": "which call says the owner",
    "owner_source_sha256": "the export that says the owner",
    "password_enabled": "whether the user had a console password",
    "password_last_used": "when the user last signed in by password, UTC",
    "problem": "what could not be read, in one line",
    "quarantined": "whether a policy of AWS's quarantine was attached",
    "records_data_events": "whether it records data events of anything",
    "requires_session_name": "whether the trust policy asks for sts:RoleSessionName",
    "requires_source_identity": "whether the trust policy asks for sts:SourceIdentity",
    "role_id": "AROA...",
    "role_name": "without the path",
    "slot": "1 or 2: the place of the key in the report",
    "source_sha256": "SHA-256 of the export's file; see source_files",
    "statements": "how many rows it gave",
    "status": "Active, Inactive or Expired; of an account, ACTIVE, SUSPENDED or PENDING_CLOSURE",
    "status_as_of": "as of when the status is said",
    "status_as_of_from": "as as_of_from, of the status",
    "status_source_sha256": "the export that says the status",
    "store_id": "the identity store of a user of Identity Center; empty for IAM",
    "trail_arn": "the trail",
    "trail_name": "the last part of its ARN",
    "user_arn": "of the owner, with the path",
    "user_created_at": "when the user was made, UTC",
    "user_id": "AIDA..., or the user ID of Identity Center",
    "user_name": "<root_account> is root",
    "validates_files": "LogFileValidationEnabled: whether digests are written",
}
