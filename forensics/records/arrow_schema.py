"""Schema: the columns of an event, as the lake's Parquet files hold them.

One column for each field that a model, a filter or a saved query reads; everything else is in `record`. Names are
CloudTrail's own in snake_case; those of `userIdentity` stand without a prefix, as CloudTrail's documentation uses them.
"""

from __future__ import annotations

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")
TEXT = pa.string()


def _columns(columns: list[tuple[str, pa.DataType, str]]) -> list[pa.Field]:
    return [pa.field(name, type_, metadata={"comment": comment}) for name, type_, comment in columns]


RECORD_COLUMNS = _columns(
    [
        ("event_id", TEXT, "eventID; unique within one recipient account"),
        ("event_time", TIMESTAMP, "when the call completed, UTC, to the second"),
        ("event_source", TEXT, "the service called, such as sts.amazonaws.com"),
        ("event_name", TEXT, "the API action"),
        ("event_type", TEXT, "AwsApiCall, AwsServiceEvent, AwsConsoleSignIn, ..."),
        ("event_category", TEXT, "Management, Data, NetworkActivity, Insight"),
        ("aws_region", TEXT, "the region that the event was recorded in"),
        ("recipient_account_id", TEXT, "the account whose trail delivered this copy"),
        ("source_ip_address", TEXT, "as logged: an address, a service's host name, or AWS Internal"),
        ("user_agent", TEXT, "as logged; chosen by the caller"),
        ("error_code", TEXT, "null if the call succeeded"),
        ("error_message", TEXT, "what AWS answered to a refused call"),
        ("request_id", TEXT, "requestID"),
        ("shared_event_id", TEXT, "equal in the copies of one event that went to several accounts"),
        ("read_only", pa.bool_(), "whether AWS counts the action as read-only"),
        (
            "session_credential_from_console",
            pa.bool_(),
            "true on part of a console session's events; null proves nothing",
        ),
    ]
)

IDENTITY_COLUMNS = _columns(
    [
        ("identity_type", TEXT, "userIdentity.type"),
        ("principal_id", TEXT, "userIdentity.principalId; where a service has none, its service principal"),
        ("arn", TEXT, "userIdentity.arn"),
        ("account_id", TEXT, "the caller's account"),
        ("access_key_id", TEXT, "the key that signed the call; null if not logged"),
        ("user_name", TEXT, "userIdentity.userName"),
        ("invoked_by", TEXT, "the service that made the call on the identity's behalf"),
        ("identity_provider", TEXT, "who vouched for a SAML or web identity caller"),
        ("session_issuer_type", TEXT, "Role, IAMUser, Root: what issued the session"),
        ("session_issuer_arn", TEXT, "ARN of the role, or user, of the session, with its path"),
        ("session_issuer_principal_id", TEXT, "unique ID of that role or user"),
        ("role_session_name", TEXT, "the session's name, chosen by whoever requested the session"),
        ("session_creation_date", TIMESTAMP, "when the session was issued, UTC, to the second"),
        ("mfa_authenticated", pa.bool_(), "whether the session was issued with MFA"),
        ("source_identity", TEXT, "sts:SourceIdentity that the session carries; a claim"),
        ("federated_provider", TEXT, "webIdFederationData.federatedProvider"),
        ("ec2_role_delivery", TEXT, "1.0 or 2.0: the metadata service that gave an instance its credentials"),
        ("credentials_issued_to", TEXT, "inScopeOf.credentialsIssuedTo: the workload's ARN, as AWS says"),
        ("assumed_root", pa.bool_(), "true for a session made by sts:AssumeRoot"),
        ("sign_in_session_arn", TEXT, "sessionContext.signInSessionArn"),
        ("on_behalf_of_user_id", TEXT, "Identity Center user, as AWS says"),
        ("identity_store_arn", TEXT, "the identity store of that user"),
        (
            "credential_id",
            TEXT,
            "account | access key ID | principal ID | creation date; null if nothing signed the event",
        ),
    ]
)

ISSUANCE_COLUMNS = _columns(
    [
        ("issued_access_key_id", TEXT, "the temporary key that this event handed out"),
        ("issued_principal_id", TEXT, "principal ID of the session that it handed out"),
        ("issued_arn", TEXT, "ARN of that session"),
        ("issued_account_id", TEXT, "account of that session"),
        ("expires_at", TIMESTAMP, "when the credential ends, UTC"),
        ("target_role_arn", TEXT, "the role asked for; of a denied call, read out of the error message"),
        ("requested_session_name", TEXT, "roleSessionName of the request"),
        ("requested_source_identity", TEXT, "sourceIdentity of the request or the response"),
        ("switch_from_arn", TEXT, "SwitchRole: the identity that the console switched from"),
        ("sign_in_result", TEXT, "Success or Failure of a console sign-in or switch"),
        ("subject", TEXT, "SAML subject, sub of a web identity token, or Cognito identity ID"),
        ("issuer", TEXT, "SAML issuer, or the provider of a web identity token"),
        ("workload_name", TEXT, "the workload that a service asked for it for, by its short name"),
        ("issued_sign_in_session_arn", TEXT, "CreateOAuth2Token: the sign-in session that was opened to a client"),
        ("client_id", TEXT, "CreateOAuth2Token: the client that it was opened to"),
        ("downstream_request_ids", TEXT, "AwsMcpEvent: request IDs of the calls it made, separated by spaces"),
    ]
)

# What an event changes about principals, keys and trails.
CHANGE_COLUMNS = _columns(
    [
        ("created_access_key_id", TEXT, "CreateAccessKey: the long-term key made"),
        ("target_access_key_id", TEXT, "UpdateAccessKey, DeleteAccessKey: the key that the call was about"),
        ("target_status", TEXT, "UpdateAccessKey: Active or Inactive; DeleteAccessKey: Deleted"),
        ("target_user_name", TEXT, "IAM: the user that the call was about"),
        ("target_role_name", TEXT, "IAM: the role that the call was about"),
        ("target_principal_id", TEXT, "CreateUser, CreateRole: the unique ID made"),
        ("target_policy", TEXT, "ARN or name of the policy attached or put"),
        ("revoked_before", TIMESTAMP, "sessions issued before this are denied by the policy put, UTC"),
        ("requires_source_identity", pa.bool_(), "whether the trust policy set asks for sts:SourceIdentity"),
        ("requires_session_name", pa.bool_(), "whether the trust policy set asks for sts:RoleSessionName"),
        ("target_trail", TEXT, "the trail that the call was about"),
        ("launched", TEXT, "IDs of instances launched, or name of the function made, separated by spaces"),
        ("narrows_trail", pa.bool_(), "whether a trail records less than all management events of all regions since"),
    ]
)

EVENT_COLUMNS = [
    *RECORD_COLUMNS,
    *IDENTITY_COLUMNS,
    *ISSUANCE_COLUMNS,
    *CHANGE_COLUMNS,
    *_columns(
        [
            ("resource", TEXT, "ARN or name of the main thing that the call was about"),
            ("flags", TEXT, "what is odd about the record, sorted, comma-separated; null if nothing"),
            ("amends", TEXT, "eventID of the event that the record amends, as an addendum with updated data says"),
            ("delivery", TEXT, "native as AWS wrote it, wrapped by another product, or rebuilt from its fields"),
            ("unreliable", pa.bool_(), "the record is shown and proves nothing"),
            ("content_sha256", TEXT, "of the canonical JSON, where eventID or recipientAccountId is missing"),
            ("record", TEXT, "what SQL reads; null where it is the text of raw"),
            ("raw", pa.binary(), "the record's bytes as they came"),
        ]
    ),
]

COPY_COLUMNS = _columns(
    [
        ("source_sha256", TEXT, "SHA-256 of the source file as read"),
        ("position", pa.int32(), "the record's place in that file, counted from 0"),
    ]
)

LAKE_SCHEMA = pa.schema([*EVENT_COLUMNS, *COPY_COLUMNS])

DOCUMENTS_SCHEMA = pa.schema(
    _columns(
        [
            ("source_sha256", TEXT, "SHA-256 of the source file as read"),
            ("kind", TEXT, "what it is, such as digest"),
            ("content", pa.binary(), "its bytes as inflated"),
        ]
    )
)

ADDENDA_SCHEMA = pa.schema(
    _columns(
        [
            ("event_key", TEXT, "the event that it amends"),
            ("addendum_key", TEXT, "the addendum's own"),
            ("event_time", TIMESTAMP, "its own; of two that update a field the newer counts"),
            ("delivery", TEXT, "how it came"),
            ("source_sha256", TEXT, "SHA-256 of the source file as read"),
            ("position", pa.int32(), "the record's place in that file, counted from 0"),
            ("raw", pa.binary(), "its bytes as they came"),
        ]
    )
)

QUARANTINE_SCHEMA = pa.schema(
    _columns(
        [
            ("source_sha256", TEXT, "SHA-256 of the source file as read"),
            ("position", pa.int32(), "the record's place in that file, counted from 0"),
            ("byte_offset", pa.int64(), "where it begins in the inflated file; null if the record could be cut out"),
            ("reason", TEXT, "why it is no event"),
            ("raw", pa.binary(), "its bytes, at most 1 MiB"),
        ]
    )
)
