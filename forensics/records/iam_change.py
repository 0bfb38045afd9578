"""IAM changes: extracts changes of users, roles and long-term keys from a call to IAM."""

from __future__ import annotations

import re

from forensics.formats.event_times import parse_time
from forensics.identifiers import unmasked_arn, unmasked_id, unmasked_key, unmasked_name
from forensics.records.changing_record import (
    AccessKeyResponse,
    Change,
    Request,
    Response,
    RoleResponse,
    ServiceCredentialResponse,
    UserResponse,
)
from forensics.records.policy_document import revoked_before, trust, trust_requirements
from forensics.records.record import Record, UserIdentity

_NO_ACCESS_KEY, _NO_USER, _NO_ROLE = AccessKeyResponse(), UserResponse(), RoleResponse()
_NO_CREDENTIAL = ServiceCredentialResponse()
_DELETIONS = ("DeleteAccessKey", "DeleteServiceSpecificCredential")
# the calls that must name their user; others are about the caller if they name none
_NAMES_ITS_USER = re.compile(
    r"(Create|Delete|Update)User|(Attach|Detach|Put|Delete)(User|Role)Policy|UpdateLoginProfile"
)
# the calls that must name their key: without one, the parameters are omitted, and the user in them is unknown
_NAMES_ITS_KEY = re.compile(r"(Update|Delete)AccessKey|(Update|Delete|Reset)ServiceSpecificCredential")


def iam_change(record: Record, identity: UserIdentity, request: Request, response: Response) -> Change:
    """Return the change by a call to IAM. A refused call has a target, from its parameters or its error message."""
    access_key, user = response.access_key or _NO_ACCESS_KEY, response.user or _NO_USER
    role = response.role if isinstance(response.role, RoleResponse) else _NO_ROLE
    is_creation = record.event_name == "CreateServiceSpecificCredential"  # a reset has the same response
    created = (response.service_specific_credential if is_creation else None) or _NO_CREDENTIAL
    refused = record.error_message if record.error_code else None
    document = request.assume_role_policy_document
    if record.event_name == "UpdateAssumeRolePolicy":
        document = document or request.policy_document
    required, trusted = trust_requirements(document), trust(document)
    return Change(
        created_access_key_id=unmasked_key(access_key.access_key_id or created.service_specific_credential_id),
        target_access_key_id=unmasked_key(request.access_key_id or request.service_specific_credential_id)
        or _refused(_REFUSED_KEY, refused),
        target_status="Deleted" if record.event_name in _DELETIONS else request.status,
        target_user_name=unmasked_name(_target_user(record, identity, request, response)),
        new_user_name=unmasked_name(_new_user_name(identity, request)),
        target_role_name=unmasked_name(request.role_name or role.role_name),
        target_principal_id=unmasked_id(user.user_id or role.role_id) or _root(record, identity, request, response),
        target_policy=unmasked_arn(request.policy_arn) or unmasked_name(request.policy_name),
        revoked_before=revoked_before(request.policy_document),
        requires_source_identity=required.source_identity,
        requires_session_name=required.session_name,
        created_key_service=created.service_name,
        created_key_expires_at=parse_time(created.expiration_date),
        trusted_principals=trusted.principals,
        trust_is_conditional=trusted.is_conditional,
    )


def _target_user(record: Record, identity: UserIdentity, request: Request, response: Response) -> str | None:
    """Return the user whom a call changes, by its response, its parameters, its refusal, or its caller."""
    access_key, user = response.access_key or _NO_ACCESS_KEY, response.user or _NO_USER
    credential = response.service_specific_credential or _NO_CREDENTIAL
    name = access_key.user_name or credential.user_name or user.user_name or request.user_name
    if identity.type == "Root" and request.user_name is None and user.user_name is None:
        name = None  # root's own key: the response can have the account alias as the name
    if name is None and record.error_code and record.error_message:
        return _refused(_REFUSED_USER, record.error_message)
    is_of_caller = request.role_name is None and _may_omit_its_user(record, request)
    if name is None and is_of_caller and identity.type == "IAMUser":
        return identity.user_name  # a call about the caller has no userName
    return name


def _may_omit_its_user(record: Record, request: Request) -> bool:
    """Return whether a call that names no user is about its caller: its parameters are not omitted."""
    names_no_key = request.access_key_id is None and request.service_specific_credential_id is None
    needed = (_NAMES_ITS_USER, _NAMES_ITS_KEY) if names_no_key else (_NAMES_ITS_USER,)
    return not any(pattern.fullmatch(record.event_name or "") for pattern in needed)


def _new_user_name(identity: UserIdentity, request: Request) -> str | None:
    """Return the name of a user after UpdateUser, which gives it another name, another path or both."""
    if request.new_user_name is None and request.new_path is not None:
        return request.user_name or identity.user_name
    return request.new_user_name


def _root(record: Record, identity: UserIdentity, request: Request, response: Response) -> str | None:
    """Return root's principal ID, its account, if root changes itself: the call names no user or role."""
    if identity.type != "Root" or not _may_omit_its_user(record, request):
        return None
    names_another = (request.user_name, request.role_name, response.user, response.role)
    return identity.account_id if all(one is None for one in names_another) else None


# a refused call has no parameters; its error message names the target (docs/attribution.md#denied-calls)
_REFUSED_USER = re.compile(r"resource: \"?(?:arn:[^\s:]*:iam::\d{12}:user/(?:[^\s/\"]+/)*|user )([^\s/\"]+)")
_REFUSED_KEY = re.compile(r"\b((?:AKIA|ACCA)[A-Z0-9]{12,})\b")


def _refused(pattern: re.Pattern[str], message: str | None) -> str | None:
    match = pattern.search(message) if message else None
    return match.group(1) if match else None
