"""Changing record: the parts of a record that describe a change, and the columns of a change."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec

from forensics.records.trail_selectors import TrailRequest


class Change(NamedTuple):
    """The columns of CHANGE_COLUMNS, in their order."""

    created_access_key_id: str | None = None
    target_access_key_id: str | None = None
    target_status: str | None = None
    target_user_name: str | None = None
    new_user_name: str | None = None
    target_role_name: str | None = None
    target_principal_id: str | None = None
    target_policy: str | None = None
    revoked_before: datetime | None = None
    requires_source_identity: bool | None = None
    requires_session_name: bool | None = None
    target_trail: str | None = None
    launched: str | None = None
    narrows_trail: bool | None = None
    created_key_service: str | None = None
    created_key_expires_at: datetime | None = None
    trail_leaves_out: str | None = None
    trusted_principals: str | None = None
    trust_is_conditional: bool | None = None


class Request(TrailRequest, rename="camel"):
    """The parameters of a call that changes a principal, a key, a policy or a trail, or launches a workload."""

    user_name: str | None = None
    new_user_name: str | None = None
    new_path: str | None = None
    access_key_id: str | None = None
    service_specific_credential_id: str | None = None
    status: str | None = None
    role_name: str | None = None
    policy_arn: str | None = None
    policy_name: str | None = None
    policy_document: str | None = None
    assume_role_policy_document: str | None = None
    name: str | None = None
    trail_name: str | None = None
    function_name: str | None = None


class AccessKeyResponse(msgspec.Struct, rename="camel"):
    access_key_id: str | None = None
    user_name: str | None = None


class ServiceCredentialResponse(msgspec.Struct, rename="camel"):
    service_specific_credential_id: str | None = None
    user_name: str | None = None
    service_name: str | None = None
    expiration_date: str | None = None


class UserResponse(msgspec.Struct, rename="camel"):
    user_name: str | None = None
    user_id: str | None = None


class RoleResponse(msgspec.Struct, rename="camel"):
    role_id: str | None = None
    role_name: str | None = None


class Instance(msgspec.Struct, rename="camel"):
    instance_id: str | None = None


class Instances(msgspec.Struct):
    items: list[Instance] | None = None


class Response(msgspec.Struct, rename="camel"):
    """The response to such a call."""

    access_key: AccessKeyResponse | None = None
    service_specific_credential: ServiceCredentialResponse | None = None
    user: UserResponse | None = None
    role: RoleResponse | str | None = None  # an object from IAM, an ARN from Lambda
    instances_set: Instances | None = None


class ChangingRecord(msgspec.Struct, rename="camel"):
    """The parts of a record that describe a change."""

    request_parameters: Request | None = None
    response_elements: Response | None = None


decode_changing = msgspec.json.Decoder(ChangingRecord).decode
