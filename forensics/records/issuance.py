"""Issuance: extracts the issued credential from an event.

Only events in `READ_FROM` are read. Source of the types: AWS's API models in CloudTrail's lower camel case, compared
with real records where these exist (docs/attribution.md#issuers).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from forensics.formats.event_times import parse_event_time, parse_time
from forensics.identifiers import (
    ACCOUNT,
    account_of_arn,
    unmasked_arn,
    unmasked_id,
    unmasked_key,
    unmasked_name,
    unmasked_principal,
)
from forensics.records.record import Record, UserIdentity, parse_bool
from forensics.records.session_request import Requested, session_request, tags

STS = "sts.amazonaws.com"
_SIGN_IN = "signin.amazonaws.com"
_SSO = "sso.amazonaws.com"
_COGNITO = "cognito-identity.amazonaws.com"
_PODS = "pods.eks.amazonaws.com"

READ_FROM = frozenset(
    [
        (STS, "AssumeRole"),
        (STS, "AssumeRoleWithSAML"),
        (STS, "AssumeRoleWithWebIdentity"),
        (STS, "AssumeRoot"),
        (STS, "GetDelegatedAccessToken"),
        (STS, "GetFederationToken"),
        (STS, "GetSessionToken"),
        (_SIGN_IN, "ConsoleLogin"),
        (_SIGN_IN, "SwitchRole"),
        (_SIGN_IN, "CreateOAuth2Token"),
        (_SIGN_IN, "CredentialVerification"),
        (_SIGN_IN, "UserAuthentication"),
        (_SSO, "Federate"),
        (_SSO, "GetRoleCredentials"),
        (_COGNITO, "GetCredentialsForIdentity"),
        ("rolesanywhere.amazonaws.com", "CreateSession"),
        ("s3express.amazonaws.com", "CreateSession"),
        ("aws-mcp.amazonaws.com", "CallReadOnlyTool"),
        ("aws-mcp.amazonaws.com", "CallReadWriteTool"),
    ]
)

_DENIED_ROLE = re.compile(r"resource: (arn:[^\s:]*:iam::\d{12}:role/[^\s\"]+)")
# while Lambda creates a function, its session does not have the function's name
_LAMBDA_TRIAL = re.compile(r"awslambda_\d+_\d+")
# the lifetimes that STS grants, in seconds
_DURATIONS = range(900, 129_601)
_POD_TAGS = ("eks-cluster-name", "kubernetes-namespace", "kubernetes-pod-name")


class Issuance(NamedTuple):
    """The columns of ISSUANCE_COLUMNS, in their order."""

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
    workload_name: str | None = None
    issued_sign_in_session_arn: str | None = None
    client_id: str | None = None
    downstream_request_ids: str | None = None
    subject_type: str | None = None
    permission_set: str | None = None
    session_tags: str | None = None
    principal_tags: str | None = None
    transitive_tag_keys: str | None = None
    incoming_transitive_tags: str | None = None
    session_policy: str | None = None
    session_policy_arns: str | None = None


class _Request(Requested, rename="camel"):
    role_arn: str | None = None
    role_session_name: str | None = None
    duration_seconds: object = None
    source_identity: str | None = None
    target_principal: str | None = None
    name: object = None
    identity_id: str | None = None
    client_id: str | None = msgspec.field(default=None, name="client_id")


class _Credentials(msgspec.Struct, rename="camel"):
    access_key_id: str | None = None
    expiration: str | None = None


class _AssumedRoleUser(msgspec.Struct, rename="camel"):
    assumed_role_id: str | None = None
    arn: str | None = None


class _FederatedUser(msgspec.Struct, rename="camel"):
    federated_user_id: str | None = None
    arn: str | None = None


class _CredentialSet(msgspec.Struct, rename="camel"):
    assumed_role_user: _AssumedRoleUser | None = None
    credentials: _Credentials | None = None
    role_arn: str | None = None
    source_identity: str | None = None


class _Response(msgspec.Struct, rename="camel"):
    credentials: _Credentials | None = None
    assumed_role_user: _AssumedRoleUser | None = None
    federated_user: _FederatedUser | None = None
    assumed_principal: str | None = None
    credential_set: list[_CredentialSet] | None = None
    source_identity: str | None = None
    subject: str | None = None
    subject_type: str | None = None
    issuer: str | None = None
    provider: str | None = None
    subject_from_web_identity_token: str | None = None
    console_login: str | None = msgspec.field(default=None, name="ConsoleLogin")
    switch_role: str | None = msgspec.field(default=None, name="SwitchRole")


class _DownstreamRequest(msgspec.Struct, rename="camel"):
    request_id: str | None = None


class _Additional(msgspec.Struct, rename="camel"):
    switch_from: str | None = msgspec.field(default=None, name="SwitchFrom")
    sign_in_session_arn: str | None = None
    success: str | bool | None = None
    user_name: str | None = msgspec.field(default=None, name="UserName")
    downstream_requests: list[_DownstreamRequest] | None = None


class _ServiceDetails(msgspec.Struct):
    role_name: str | None = None
    account_id: str | None = None
    user_authentication: str | None = msgspec.field(default=None, name="UserAuthentication")
    credential_verification: str | None = msgspec.field(default=None, name="CredentialVerification")


class IssuingRecord(msgspec.Struct, rename="camel"):
    """The parts of a record that describe an issued credential."""

    request_parameters: _Request | None = None
    response_elements: _Response | None = None
    additional_event_data: _Additional | None = None
    service_event_details: _ServiceDetails | str | None = None


decode_issuing = msgspec.json.Decoder(IssuingRecord).decode

_NO_REQUEST, _NO_RESPONSE, _NO_ADDITIONAL, _NO_DETAILS = _Request(), _Response(), _Additional(), _ServiceDetails()
_NO_CREDENTIALS, _NO_ROLE_USER, _NO_FEDERATED_USER = _Credentials(), _AssumedRoleUser(), _FederatedUser()


def issuance(record: Record, identity: UserIdentity, issuing: IssuingRecord) -> Issuance:
    """Return the issuance by a record whose event is in `READ_FROM`. A refused call has a target and no credential."""
    request = issuing.request_parameters or _NO_REQUEST
    response = issuing.response_elements or _NO_RESPONSE
    additional = issuing.additional_event_data or _NO_ADDITIONAL
    details = _details(issuing)
    if record.event_source == _SSO:
        return Issuance(permission_set=details.role_name, issued_account_id=details.account_id)
    if record.event_name in ("UserAuthentication", "CredentialVerification"):
        return Issuance(sign_in_result=identity_center_result(issuing), subject=unmasked_name(additional.user_name))
    if record.event_source == _SIGN_IN:
        return _by_sign_in(record, identity, request, response, additional)
    if additional.downstream_requests:
        ids = (downstream.request_id for downstream in additional.downstream_requests)
        return Issuance(downstream_request_ids=" ".join(id_ for id_ in ids if id_) or None)
    if response.credential_set:
        return _by_certificate(request, response.credential_set[0])
    return _by_api(record, identity, request, response)


def identity_center_result(issuing: IssuingRecord) -> str | None:
    """Return the result of a user's sign-in to Identity Center: `Success` or `Failure`; None if it is not recorded."""
    details = _details(issuing)
    return details.user_authentication or details.credential_verification


def _details(issuing: IssuingRecord) -> _ServiceDetails:
    details = issuing.service_event_details
    return details if isinstance(details, _ServiceDetails) else _NO_DETAILS


def _by_api(record: Record, identity: UserIdentity, request: _Request, response: _Response) -> Issuance:
    """Return an issuance by STS, or by a service whose response has the same members."""
    credentials = response.credentials or _NO_CREDENTIALS
    principal_id, arn, account_id = _issued_session(record, identity, request, response)
    refused = bool(record.error_code)
    return Issuance(
        issued_access_key_id=None if refused else unmasked_key(credentials.access_key_id),
        issued_principal_id=None if refused else unmasked_principal(principal_id),
        issued_arn=None if refused else unmasked_arn(arn),
        issued_account_id=None if refused else account_id,
        expires_at=None if refused else parse_time(credentials.expiration) or _requested_end(record, request),
        target_role_arn=unmasked_arn(request.role_arn) or _role_in(record.error_message),
        requested_session_name=unmasked_name(request.role_session_name),
        requested_source_identity=unmasked_name(response.source_identity or request.source_identity),
        subject=unmasked_name(response.subject or response.subject_from_web_identity_token)
        or unmasked_id(request.identity_id)
        or _subject_of(identity),
        issuer=response.issuer or response.provider or identity.identity_provider or _issuer_of(record),
        subject_type=response.subject_type,
        workload_name=_workload(identity, request),
        **session_request(request)._asdict(),
    )


def _requested_end(record: Record, request: _Request) -> datetime | None:
    """Return the requested expiry, for an omitted response: STS grants the requested duration or refuses the call."""
    issued_at, text = parse_event_time(record.event_time), str(request.duration_seconds)
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
    if issued_at is None or seconds not in _DURATIONS:
        return None
    try:
        return issued_at + timedelta(seconds=seconds)
    except OverflowError:  # after the year 9999
        return None


def _issued_session(
    record: Record, identity: UserIdentity, request: _Request, response: _Response
) -> tuple[str | None, str | None, str | None]:
    """Return principal ID, ARN and account of the issued session."""
    role_user = response.assumed_role_user or _NO_ROLE_USER
    federated = response.federated_user or _requested_federated_user(record, identity, request)
    match record.event_name:
        case "GetSessionToken" | "CreateSession":  # the caller's principal with a new key
            return identity.principal_id, identity.arn, identity.account_id
        case "AssumeRoot":
            target = ACCOUNT.search(request.target_principal or "")
            account = target.group() if target else None
            return account, None, account
        case "GetDelegatedAccessToken":
            return None, response.assumed_principal, account_of_arn(response.assumed_principal)
        case "GetCredentialsForIdentity":
            return None, None, record.recipient_account_id
    arn = role_user.arn or federated.arn
    principal_id = role_user.assumed_role_id or federated.federated_user_id
    return principal_id, arn, account_of_arn(arn) or account_of_arn(request.role_arn)


def _requested_federated_user(record: Record, identity: UserIdentity, request: _Request) -> _FederatedUser:
    """Return the federated user that a request names, for an omitted response: its ID and ARN follow from the name."""
    name = unmasked_name(request.name) if isinstance(request.name, str) else None
    account = identity.account_id
    _, _, after_arn = (identity.arn or "").partition(":")
    partition = after_arn.partition(":")[0]
    if record.event_name != "GetFederationToken" or not (name and account and partition):
        return _NO_FEDERATED_USER
    return _FederatedUser(f"{account}:{name}", f"arn:{partition}:sts::{account}:federated-user/{name}")


def _by_certificate(request: _Request, issued: _CredentialSet) -> Issuance:
    """Return an issuance by Roles Anywhere.

    The session name is the certificate's serial number, unless the client chose a name, which can be any other number.
    """
    credentials, role_user = issued.credentials or _NO_CREDENTIALS, issued.assumed_role_user or _NO_ROLE_USER
    name = (role_user.assumed_role_id or "").rpartition(":")[2] or None
    return Issuance(
        issued_access_key_id=unmasked_key(credentials.access_key_id),
        issued_principal_id=unmasked_principal(role_user.assumed_role_id),
        issued_arn=unmasked_arn(role_user.arn),
        issued_account_id=account_of_arn(role_user.arn),
        expires_at=parse_time(credentials.expiration),
        target_role_arn=issued.role_arn,
        requested_session_name=name,
        requested_source_identity=issued.source_identity,
        workload_name=None if request.role_session_name else name,
    )


def _by_sign_in(
    record: Record, identity: UserIdentity, request: _Request, response: _Response, additional: _Additional
) -> Issuance:
    """Return an issuance by a sign-in or a role switch, whose caller is the session, or by a token for a client."""
    if record.event_name == "CreateOAuth2Token":
        result = None if record.error_code or parse_bool(additional.success) is False else "Success"
        return Issuance(
            sign_in_result=result,
            issued_sign_in_session_arn=additional.sign_in_session_arn if result else None,
            client_id=request.client_id,
        )
    result = response.console_login or response.switch_role
    if result != "Success":
        return Issuance(sign_in_result=result)
    return Issuance(
        issued_principal_id=unmasked_principal(identity.principal_id),
        issued_arn=unmasked_arn(identity.arn),
        issued_account_id=identity.account_id,
        switch_from_arn=unmasked_arn(additional.switch_from),
        sign_in_result=result,
    )


def _role_in(error_message: str | None) -> str | None:
    match = _DENIED_ROLE.search(error_message or "")
    return match.group(1) if match else None


def _subject_of(identity: UserIdentity) -> str | None:
    return identity.user_name if identity.type in ("SAMLUser", "WebIdentityUser") else None


def _issuer_of(record: Record) -> str | None:
    return _COGNITO if record.event_source == _COGNITO else None


def _workload(identity: UserIdentity, request: _Request) -> str | None:
    """Return the short name of the workload for which a service requested the credential."""
    if identity.type != "AWSService":
        return None
    if identity.invoked_by == _PODS:
        pod_tags = tags(request.tags)
        parts = [pod_tags.get(key) for key in _POD_TAGS]
        return "/".join(part for part in parts if part) if all(parts) else None
    name = unmasked_name(request.role_session_name)
    return None if name and _LAMBDA_TRIAL.fullmatch(name) else name
