"""The rows of the queries behind `who`."""

from datetime import datetime

from forensics.answers.core import Actor, Grade, StopReason
from forensics.investigate.export_source import ExportSource
from forensics.investigate.owners import OwnerColumns
from forensics.investigate.sql_rows import Row


class RecordedUser(Row, frozen=True):
    """The IAM user in an event's own record. The user may have had another name before or after."""

    principal_id: str | None
    user_name: str | None
    arn: str | None


class SubjectRow(Row, frozen=True):
    """A credential of a subject; null for an unsigned event."""

    credential_id: str | None
    unreliable: bool | None
    is_attempt: bool | None
    user: RecordedUser | None = None


class CredentialRow(Row, frozen=True):
    actor: Actor
    credential_id: str
    access_key_id: str | None
    account_id: str | None
    principal_id: str | None
    arn: str | None
    role_session_name: str | None
    source_identity: str | None
    source_identities: int
    on_behalf_of_user_id: str | None
    identity_store_arn: str | None
    mfa_authenticated: bool | None
    last_use: datetime | None
    events: int
    reliable_events: int
    distrusted_events: int
    is_rebuilt: bool | None
    grade: Grade
    stop_reason: StopReason
    is_ambiguous: bool | None
    named_credential_id: str
    last_credential_id: str
    origin_access_key_id: str | None
    origin_grade: Grade | None


class HopRow(Row, frozen=True):
    """A credential of a chain, with the link to the next one."""

    credential_id: str
    hop_credential_id: str
    access_key_id: str | None
    principal_id: str | None
    arn: str | None
    account_id: str | None
    issued_at: datetime | None
    role_session_name: str | None
    session_issuer_arn: str | None
    assumed_root: bool
    subject_type: str | None
    first_use: datetime | None
    via: str | None
    rule: str | None
    grade: Grade | None
    issuance_id: str | None
    switch_issuance_id: str | None
    tool_event_key: str | None
    client_id: str | None
    expires_at: datetime | None
    requested_source_identity: str | None
    caller_source_identity: str | None
    session_tags: str | None
    principal_tags: str | None
    transitive_tag_keys: str | None
    incoming_transitive_tags: str | None
    session_policy: str | None
    session_policy_arns: str | None
    omitted_fields: str | None
    issuance_event_id: str | None
    caller_account_id: str | None
    caller_principal_id: str | None
    is_redacted: bool | None
    issuance_time: datetime | None
    is_used_before_issue: bool
    on_behalf_of_event_key: str | None

    @property
    def requested_at(self) -> datetime | None:
        return self.issued_at or self.issuance_time

    @property
    def is_temporary(self) -> bool:
        return (self.access_key_id or "").startswith("ASIA")


class CandidateRow(Row, frozen=True):
    actor: Actor
    credential_id: str
    issuance_id: str
    rule: str
    grade: Grade


class ForwardAccessRow(Row, frozen=True):
    credential_id: str
    access_key_id: str | None
    event_key: str


class OriginRow(Row, frozen=True):
    credential_id: str
    access_key_id: str
    grade: Grade


class KeyOwnerRow(OwnerColumns, frozen=True):
    """The owner of a long-term key; the actor is its creator."""

    access_key_id: str
    created_by_event_key: str | None
    created_by_event_id: str | None
    actor: Actor


class LaunchRow(Row, frozen=True):
    actor: Actor
    launched_type: str
    workload_id: str
    account_id: str | None
    aws_region: str | None
    event_time: datetime | None
    event_id: str | None


class TrailStopRow(Row, frozen=True):
    account_id: str | None
    home_region: str | None
    event_time: datetime | None
    until: datetime | None
    event_id: str | None
    has_assume_role: bool


class LoadedHourRow(Row, frozen=True):
    recipient_account_id: str
    aws_region: str | None
    hour: datetime


class TrustPolicyRow(Row, frozen=True):
    account_id: str
    role_name: str
    event_time: datetime | None
    requires_source_identity: bool | None
    requires_session_name: bool | None


class ExportedRoleRow(ExportSource, frozen=True):
    account_id: str
    role_name: str
    as_of: datetime
    arn: str | None
    created_at: datetime | None
    requires_source_identity: bool | None
    requires_session_name: bool | None
