"""Issuance: what an event says about a credential that it hands out, or about a principal that it makes or changes.

Read only from the events named in `READ_FROM`. Shapes: AWS's API models in CloudTrail's lower camel case, checked
against real records (reference, sections 4 and 9).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

import msgspec

from forensics.lake.record import Record, UserIdentity, parse_time

_STS = "sts.amazonaws.com"
_SIGN_IN = "signin.amazonaws.com"
_IAM = "iam.amazonaws.com"

READ_FROM = frozenset(
    [
        (_STS, "AssumeRole"),
        (_STS, "AssumeRoleWithSAML"),
        (_STS, "AssumeRoleWithWebIdentity"),
        (_STS, "AssumeRoot"),
        (_STS, "GetFederationToken"),
        (_STS, "GetSessionToken"),
        (_SIGN_IN, "ConsoleLogin"),
        (_SIGN_IN, "SwitchRole"),
        (_IAM, "CreateAccessKey"),
        (_IAM, "CreateRole"),
        (_IAM, "CreateUser"),
    ]
)

_ARN_ACCOUNT = re.compile(r"arn:[^:]*:[^:]*:[^:]*:(\d{12}):")
_ACCOUNT = re.compile(r"\d{12}")
_DENIED_ROLE = re.compile(r"resource: (arn:[^\s:]*:iam::\d{12}:role/[^\s\"]+)")


class Issuance(NamedTuple):
    """The columns of schema.ISSUANCE_COLUMNS, in their order."""

    issued_access_key_id: str | None = None
    issued_principal_id: str | None = None
    issued_arn: str | None = None
    issued_account_id: str | None = None
    expires_at: datetime | None = None
    target_role_arn: str | None = None
    requested_session_name: str | None = None
    requested_source_identity: str | None = None
    switch_from_arn: str | None = None
    sign_in_result: str | None = None
    subject: str | None = None
    issuer: str | None = None
    created_access_key_id: str | None = None
    target_user_name: str | None = None
    target_principal_id: str | None = None


NOTHING_ISSUED = Issuance()


class _Request(msgspec.Struct, rename="camel"):
    role_arn: str | None = None
    role_session_name: str | None = None
    source_identity: str | None = None
    target_principal: str | None = None
    user_name: str | None = None


class _Credentials(msgspec.Struct, rename="camel"):
    access_key_id: str | None = None
    expiration: str | None = None


class _AssumedRoleUser(msgspec.Struct, rename="camel"):
    assumed_role_id: str | None = None
    arn: str | None = None


class _FederatedUser(msgspec.Struct, rename="camel"):
    federated_user_id: str | None = None
    arn: str | None = None


class _AccessKey(msgspec.Struct, rename="camel"):
    access_key_id: str | None = None
    user_name: str | None = None


class _User(msgspec.Struct, rename="camel"):
    user_name: str | None = None
    user_id: str | None = None


class _Role(msgspec.Struct, rename="camel"):
    role_id: str | None = None
    arn: str | None = None


class _Response(msgspec.Struct, rename="camel"):
    credentials: _Credentials | None = None
    assumed_role_user: _AssumedRoleUser | None = None
    federated_user: _FederatedUser | None = None
    source_identity: str | None = None
    subject: str | None = None
    issuer: str | None = None
    provider: str | None = None
    subject_from_web_identity_token: str | None = None
    access_key: _AccessKey | None = None
    user: _User | None = None
    role: _Role | None = None
    console_login: str | None = msgspec.field(default=None, name="ConsoleLogin")
    switch_role: str | None = msgspec.field(default=None, name="SwitchRole")


class _Additional(msgspec.Struct):
    SwitchFrom: str | None = None


class IssuingRecord(msgspec.Struct, rename="camel"):
    """The parts of a record that tell what it handed out."""

    request_parameters: _Request | None = None
    response_elements: _Response | None = None
    additional_event_data: _Additional | None = None


decode_issuing = msgspec.json.Decoder(IssuingRecord).decode

_NO_REQUEST, _NO_RESPONSE, _NO_ADDITIONAL = _Request(), _Response(), _Additional()
_NO_CREDENTIALS, _NO_ROLE_USER, _NO_FEDERATED_USER = _Credentials(), _AssumedRoleUser(), _FederatedUser()
_NO_ACCESS_KEY, _NO_USER, _NO_ROLE = _AccessKey(), _User(), _Role()


def issuance(record: Record, identity: UserIdentity, issuing: IssuingRecord) -> Issuance:
    """What a record of `READ_FROM` hands out; a refused call hands out nothing and still names its target."""
    request = issuing.request_parameters or _NO_REQUEST
    response = issuing.response_elements or _NO_RESPONSE
    if record.event_source == _STS:
        return _by_sts(record, identity, request, response)
    if record.event_source == _SIGN_IN:
        return _by_sign_in(identity, response, issuing.additional_event_data or _NO_ADDITIONAL)
    return _by_iam(request, response)


def _by_sts(record: Record, identity: UserIdentity, request: _Request, response: _Response) -> Issuance:
    credentials = response.credentials or _NO_CREDENTIALS
    role_user = response.assumed_role_user or _NO_ROLE_USER
    federated = response.federated_user or _NO_FEDERATED_USER
    principal_id, arn = role_user.assumed_role_id or federated.federated_user_id, role_user.arn or federated.arn
    account_id = account_of_arn(arn) or account_of_arn(request.role_arn)
    if record.event_name == "GetSessionToken":
        principal_id, arn, account_id = identity.principal_id, identity.arn, identity.account_id
    elif record.event_name == "AssumeRoot":
        target = _ACCOUNT.search(request.target_principal or "")
        principal_id = account_id = target.group() if target else None
    refused = record.error_code is not None
    return Issuance(
        issued_access_key_id=None if refused else credentials.access_key_id or None,
        issued_principal_id=None if refused else principal_id,
        issued_arn=None if refused else arn,
        issued_account_id=None if refused else account_id,
        expires_at=parse_time(credentials.expiration),
        target_role_arn=request.role_arn or _role_in(record.error_message),
        requested_session_name=request.role_session_name,
        requested_source_identity=response.source_identity or request.source_identity,
        subject=response.subject or response.subject_from_web_identity_token or _subject_of(identity),
        issuer=response.issuer or response.provider or identity.identity_provider,
    )


def _by_sign_in(identity: UserIdentity, response: _Response, additional: _Additional) -> Issuance:
    result = response.console_login or response.switch_role
    if result != "Success":
        return Issuance(sign_in_result=result)
    return Issuance(
        issued_principal_id=identity.principal_id,
        issued_arn=identity.arn,
        issued_account_id=identity.account_id,
        switch_from_arn=additional.SwitchFrom,
        sign_in_result=result,
    )


def _by_iam(request: _Request, response: _Response) -> Issuance:
    access_key, user, role = response.access_key or _NO_ACCESS_KEY, response.user or _NO_USER, response.role or _NO_ROLE
    return Issuance(
        target_role_arn=role.arn,
        created_access_key_id=access_key.access_key_id,
        target_user_name=access_key.user_name or user.user_name or request.user_name,
        target_principal_id=user.user_id or role.role_id,
    )


def account_of_arn(arn: str | None) -> str | None:
    """The account in an ARN."""
    match = _ARN_ACCOUNT.match(arn or "")
    return match.group(1) if match else None


def _role_in(error_message: str | None) -> str | None:
    match = _DENIED_ROLE.search(error_message or "")
    return match.group(1) if match else None


def _subject_of(identity: UserIdentity) -> str | None:
    return identity.user_name if identity.type in ("SAMLUser", "WebIdentityUser") else None
