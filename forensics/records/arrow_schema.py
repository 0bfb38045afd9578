"""Arrow schema: the columns of the lake's Parquet files.

Each field that a model, a filter or a saved query reads has a column; `record` contains all other fields. Column names
are CloudTrail's names in snake_case; the fields of `userIdentity` have no prefix.
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
        ("event_source", TEXT, "the called service, such as sts.amazonaws.com"),
        ("event_name", TEXT, "the API action"),
        ("event_type", TEXT, "AwsApiCall, AwsServiceEvent, AwsConsoleSignIn, ..."),
        ("event_category", TEXT, "Management, Data, NetworkActivity, Insight"),
        ("aws_region", TEXT, "the region in which the event was recorded"),
        ("recipient_account_id", TEXT, "the account whose trail delivered this copy"),
        ("source_ip_address", TEXT, "as logged: an address, a service's host name, or AWS Internal"),
        (
            "source_addresses",
            TEXT,
            "the IP addresses in source_ip_address in canonical form, comma-separated; null for other values",
        ),
        ("user_agent", TEXT, "as logged; chosen by the caller"),
        ("error_code", TEXT, "null if the call succeeded, also for an HTTP status of success"),
        ("error_message", TEXT, "AWS's message for a refused call"),
        ("request_id", TEXT, "requestID"),
        ("shared_event_id", TEXT, "equal in all copies of an event that was delivered to several accounts"),
        ("read_only", pa.bool_(), "whether AWS classifies the action as read-only"),
        (
            "session_credential_from_console",
            pa.bool_(),
            "true on some events of a console session; null is not evidence",
        ),
    ]
)

IDENTITY_COLUMNS = _columns(
    [
        ("identity_type", TEXT, "userIdentity.type"),
        ("principal_id", TEXT, "userIdentity.principalId; the service principal of a service that has none"),
        ("arn", TEXT, "userIdentity.arn"),
        ("account_id", TEXT, "the caller's account"),
        ("access_key_id", TEXT, "the key that signed the call, or the service-specific credential; null if not logged"),
        ("user_name", TEXT, "userIdentity.userName"),
        ("invoked_by", TEXT, "the service that made the call on the identity's behalf"),
        ("identity_provider", TEXT, "identity provider of a SAML or web identity caller"),
        ("session_issuer_type", TEXT, "Role, IAMUser or Root: the source of the session"),
        ("session_issuer_arn", TEXT, "ARN of the session's role or user, with its path"),
        ("session_issuer_principal_id", TEXT, "unique ID of that role or user"),
        ("role_session_name", TEXT, "name of the session, chosen by its requester"),
        ("session_creation_date", TIMESTAMP, "when the session was issued, UTC, to the second"),
        ("mfa_authenticated", pa.bool_(), "whether the session was issued with MFA"),
        ("source_identity", TEXT, "sts:SourceIdentity of the session; a claim"),
        ("federated_provider", TEXT, "webIdFederationData.federatedProvider"),
        ("ec2_role_delivery", TEXT, "1.0 or 2.0: version of the metadata service that delivered the credentials"),
        ("credentials_issued_to", TEXT, "inScopeOf.credentialsIssuedTo: the workload's ARN, set by AWS"),
        ("assumed_root", pa.bool_(), "true for a session from sts:AssumeRoot"),
        ("sign_in_session_arn", TEXT, "sessionContext.signInSessionArn"),
        ("on_behalf_of_user_id", TEXT, "Identity Center user, set by AWS"),
        ("identity_store_arn", TEXT, "the identity store of that user"),
        ("delegate_account_id", TEXT, "invokedByDelegate: the product provider that acted with delegated access"),
        (
            "credential_id",
            TEXT,
            "account | access key ID | principal ID | creation date; null if no credential signed the event",
        ),
    ]
)

ISSUANCE_COLUMNS = _columns(
    [
        ("issued_access_key_id", TEXT, "the temporary key that the event issued"),
        ("issued_principal_id", TEXT, "principal ID of the issued session"),
        ("issued_arn", TEXT, "ARN of the issued session"),
        ("issued_account_id", TEXT, "account of the issued session"),
        ("expires_at", TIMESTAMP, "when the credential expires, UTC"),
        ("target_role_arn", TEXT, "the requested role; for a denied call, from the error message"),
        ("requested_session_name", TEXT, "roleSessionName of the request"),
        ("requested_source_identity", TEXT, "sourceIdentity of the request or the response"),
        ("switch_from_arn", TEXT, "SwitchRole: the previous identity in the console"),
        ("sign_in_result", TEXT, "Success or Failure of a console sign-in or role switch"),
        ("subject", TEXT, "SAML subject, sub of a web identity token, or Cognito identity ID"),
        ("issuer", TEXT, "SAML issuer, or provider of a web identity token"),
        ("workload_name", TEXT, "short name of the workload for which a service requested the credential"),
        ("issued_sign_in_session_arn", TEXT, "CreateOAuth2Token: the sign-in session issued to the client"),
        ("client_id", TEXT, "CreateOAuth2Token: the client"),
        ("downstream_request_ids", TEXT, "AwsMcpEvent: request IDs of its downstream calls, separated by spaces"),
        ("subject_type", TEXT, "SAML: the format of the subject's name, such as persistent or transient"),
        ("permission_set", TEXT, "the permission set that a person opened in the Identity Center portal"),
        ("session_tags", TEXT, "JSON: session tags of the request, chosen by the caller; a claim"),
        ("principal_tags", TEXT, "JSON: session tags in the assertion or token of an identity provider; a claim"),
        ("transitive_tag_keys", TEXT, "JSON: keys of the tags that sessions requested with this one inherit"),
        ("incoming_transitive_tags", TEXT, "JSON: session tags inherited from the caller's session; a claim"),
        ("session_policy", TEXT, "inline session policy of the request, which limits the session"),
        ("session_policy_arns", TEXT, "ARNs of the session policies of the request, separated by spaces"),
    ]
)

# changes of principals, keys and trails
CHANGE_COLUMNS = _columns(
    [
        ("created_access_key_id", TEXT, "the created long-term key or service-specific credential"),
        ("target_access_key_id", TEXT, "IAM: the key or service-specific credential that was changed"),
        ("target_status", TEXT, "IAM: the new status of that key: Active, Inactive or Deleted"),
        ("target_user_name", TEXT, "IAM: the target user"),
        ("new_user_name", TEXT, "UpdateUser: the name of the user after the call"),
        ("target_role_name", TEXT, "IAM: the target role"),
        ("target_principal_id", TEXT, "CreateUser, CreateRole: the unique ID of the created user or role"),
        ("target_policy", TEXT, "ARN or name of the attached or inline policy"),
        ("revoked_before", TIMESTAMP, "the policy denies sessions issued before this time, UTC"),
        ("requires_source_identity", pa.bool_(), "whether the new trust policy requires sts:SourceIdentity"),
        ("requires_session_name", pa.bool_(), "whether the new trust policy requires sts:RoleSessionName"),
        ("target_trail", TEXT, "the target trail"),
        ("launched", TEXT, "IDs of launched instances, separated by spaces, or name of a created function"),
        ("narrows_trail", pa.bool_(), "whether the trail now records less than all management events of all regions"),
        ("created_key_service", TEXT, "the service that accepts the created service-specific credential"),
        ("created_key_expires_at", TIMESTAMP, "when the created service-specific credential expires, UTC"),
        ("trail_leaves_out", TEXT, "the management events that it leaves out, such as read_only_events"),
        (
            "trusted_principals",
            TEXT,
            "whom the new trust policy trusts, separated by spaces; null if it is not readable",
        ),
        ("trust_is_conditional", pa.bool_(), "whether that policy has conditions or denies something"),
    ]
)

CONTEXT_COLUMNS = _columns(
    [
        ("context_source_identity", TEXT, "eventContext.requestContext aws:SourceIdentity; a claim"),
        (
            "context_principal_tags",
            TEXT,
            "eventContext.requestContext aws:PrincipalTag/...: a JSON object by tag key; a claim",
        ),
    ]
)

EVENT_COLUMNS = [
    *RECORD_COLUMNS,
    *IDENTITY_COLUMNS,
    *CONTEXT_COLUMNS,
    *ISSUANCE_COLUMNS,
    *CHANGE_COLUMNS,
    *_columns(
        [
            ("resource", TEXT, "ARN or name of the call's main target"),
            ("omitted_fields", TEXT, "fields that CloudTrail omitted because of their size, sorted, comma-separated"),
            ("flags", TEXT, "anomalies of the record, sorted, comma-separated; null if it has none"),
            ("named_access_key_ids", TEXT, "access key IDs anywhere else in the record, separated by spaces"),
            ("amends", TEXT, "eventID of the event that an addendum with updated data amends"),
            ("delivery", TEXT, "native as AWS wrote it, wrapped by another product, or rebuilt from its fields"),
            ("unreliable", pa.bool_(), "the record is for display only, never evidence"),
            ("content_sha256", TEXT, "SHA-256 of the canonical JSON if eventID or recipientAccountId is missing"),
            ("record", TEXT, "the JSON text for SQL; null if it equals raw"),
            ("raw", pa.binary(), "the record's original bytes"),
        ]
    ),
]

COPY_COLUMNS = _columns(
    [
        ("source_sha256", TEXT, "SHA-256 of the source file as read"),
        ("position", pa.int32(), "index of the record in that file, from 0"),
    ]
)

LAKE_SCHEMA = pa.schema([*EVENT_COLUMNS, *COPY_COLUMNS])

DOCUMENTS_SCHEMA = pa.schema(
    _columns(
        [
            ("source_sha256", TEXT, "SHA-256 of the source file as read"),
            ("kind", TEXT, "kind of document, such as digest"),
            ("content", pa.binary(), "its inflated bytes"),
        ]
    )
)

ADDENDA_SCHEMA = pa.schema(
    _columns(
        [
            ("event_key", TEXT, "key of the amended event"),
            ("addendum_key", TEXT, "key of the addendum"),
            ("event_time", TIMESTAMP, "time of the addendum, UTC; if two update one field, the later counts"),
            ("delivery", TEXT, "delivery of the addendum: native, wrapped or rebuilt"),
            ("source_sha256", TEXT, "SHA-256 of the source file as read"),
            ("position", pa.int32(), "index of the record in that file, from 0"),
            ("raw", pa.binary(), "its original bytes"),
        ]
    )
)

QUARANTINE_SCHEMA = pa.schema(
    _columns(
        [
            ("source_sha256", TEXT, "SHA-256 of the source file as read"),
            ("position", pa.int32(), "index of the record in that file, from 0"),
            ("byte_offset", pa.int64(), "offset in the inflated file; null if it is complete JSON, or unknown"),
            ("reason", TEXT, "why it is not an event"),
            ("raw", pa.binary(), "its bytes, at most 1 MiB"),
        ]
    )
)
