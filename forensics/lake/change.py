"""Change: what an event changes about principals, long-term keys, trust and trails.

Read only from the events of `READ_FROM` (reference, sections 9.1 and 11). A refused call changes nothing; it still
names its target, which its `error_code` beside it qualifies.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec

from forensics.lake.record import Record, UserIdentity, parse_time

_IAM = "iam.amazonaws.com"
_CLOUDTRAIL = "cloudtrail.amazonaws.com"

READ_FROM = frozenset(
    [
        *(
            (_IAM, name)
            for name in (
                "AttachRolePolicy",
                "AttachUserPolicy",
                "CreateAccessKey",
                "CreateLoginProfile",
                "CreateRole",
                "CreateUser",
                "DeactivateMFADevice",
                "DeleteAccessKey",
                "DeleteLoginProfile",
                "DeleteRole",
                "DeleteUser",
                "DeleteUserPolicy",
                "DetachUserPolicy",
                "PutRolePolicy",
                "PutUserPolicy",
                "UpdateAccessKey",
                "UpdateAssumeRolePolicy",
                "UpdateLoginProfile",
                "UpdateUser",
            )
        ),
        *(
            (_CLOUDTRAIL, name)
            for name in (
                "DeleteTrail",
                "PutEventSelectors",
                "StartLogging",
                "StopLogging",
                "UpdateTrail",
                "CreateTrail",
            )
        ),
        ("ec2.amazonaws.com", "RunInstances"),
        ("lambda.amazonaws.com", "CreateFunction20150331"),
    ]
)


class Change(NamedTuple):
    """The columns of schema.CHANGE_COLUMNS, in their order."""

    created_access_key_id: str | None = None
    target_access_key_id: str | None = None
    target_status: str | None = None
    target_user_name: str | None = None
    target_role_name: str | None = None
    target_principal_id: str | None = None
    target_policy: str | None = None
    revoked_before: datetime | None = None
    requires_source_identity: bool | None = None
    requires_session_name: bool | None = None
    target_trail: str | None = None
    launched: str | None = None
    narrows_trail: bool | None = None


NOTHING_CHANGED = Change()


class _EventSelector(msgspec.Struct, rename="camel"):
    read_write_type: str | None = None
    include_management_events: bool | None = None
    exclude_management_event_sources: list[str] | None = None


class _FieldSelector(msgspec.Struct, rename="camel"):
    field: str | None = None
    equals: list[str] | None = None


class _AdvancedEventSelector(msgspec.Struct, rename="camel"):
    field_selectors: list[_FieldSelector] | None = None


class _Request(msgspec.Struct, rename="camel"):
    user_name: str | None = None
    access_key_id: str | None = None
    status: str | None = None
    role_name: str | None = None
    policy_arn: str | None = None
    policy_name: str | None = None
    policy_document: str | None = None
    assume_role_policy_document: str | None = None
    name: str | None = None
    trail_name: str | None = None
    function_name: str | None = None
    is_multi_region_trail: bool | None = None
    include_global_service_events: bool | None = None
    event_selectors: list[_EventSelector] | None = None
    advanced_event_selectors: list[_AdvancedEventSelector] | None = None


class _AccessKey(msgspec.Struct, rename="camel"):
    access_key_id: str | None = None
    user_name: str | None = None


class _User(msgspec.Struct, rename="camel"):
    user_name: str | None = None
    user_id: str | None = None


class _Role(msgspec.Struct, rename="camel"):
    role_id: str | None = None
    role_name: str | None = None


class _Instance(msgspec.Struct, rename="camel"):
    instance_id: str | None = None


class _Instances(msgspec.Struct):
    items: list[_Instance] | None = None


class _Response(msgspec.Struct, rename="camel"):
    access_key: _AccessKey | None = None
    user: _User | None = None
    role: _Role | str | None = None  # IAM's role; Lambda's is the ARN of the function's
    instances_set: _Instances | None = None


class ChangingRecord(msgspec.Struct, rename="camel"):
    """The parts of a record that tell what it changed."""

    request_parameters: _Request | None = None
    response_elements: _Response | None = None


decode_changing = msgspec.json.Decoder(ChangingRecord).decode

_NO_REQUEST, _NO_RESPONSE = _Request(), _Response()
_NO_ACCESS_KEY, _NO_USER, _NO_ROLE = _AccessKey(), _User(), _Role()


def change(record: Record, identity: UserIdentity, changing: ChangingRecord) -> Change:
    """What a record of `READ_FROM` changes."""
    request = changing.request_parameters or _NO_REQUEST
    response = changing.response_elements or _NO_RESPONSE
    if record.event_source == _IAM:
        return _in_iam(record, identity, request, response)
    if record.event_source == _CLOUDTRAIL:
        return Change(target_trail=request.name or request.trail_name, narrows_trail=_narrows(request))
    instances = response.instances_set.items if response.instances_set else None
    names = [instance.instance_id for instance in instances or ()] or [request.function_name]
    return Change(launched=" ".join(name for name in names if name) or None)


def selectors_narrow(selectors: object) -> bool | None:
    """The same of event selectors that stand elsewhere, as a request names them. Raises msgspec.ValidationError."""
    return _narrows(msgspec.convert(selectors, _Request))


def _narrows(request: _Request) -> bool | None:
    """Whether a trail records less than all management events of all regions since; None if it is not about that."""
    if request.event_selectors is None and request.advanced_event_selectors is None:
        asked = (request.is_multi_region_trail, request.include_global_service_events)
        return None if asked == (None, None) else False in asked
    simple = any(_is_whole(selector) for selector in request.event_selectors or ())
    advanced = any(_is_every_management_event(selector) for selector in request.advanced_event_selectors or ())
    return not (simple or advanced)


def _is_whole(selector: _EventSelector) -> bool:
    return (
        selector.read_write_type in (None, "All")
        and selector.include_management_events is not False
        and not selector.exclude_management_event_sources
    )


def _is_every_management_event(selector: _AdvancedEventSelector) -> bool:
    fields = selector.field_selectors or []
    return len(fields) == 1 and fields[0].field == "eventCategory" and fields[0].equals == ["Management"]


def _in_iam(record: Record, identity: UserIdentity, request: _Request, response: _Response) -> Change:
    access_key, user = response.access_key or _NO_ACCESS_KEY, response.user or _NO_USER
    role = response.role if isinstance(response.role, _Role) else _NO_ROLE
    user_name = access_key.user_name or user.user_name or request.user_name
    refused = record.error_message if record.error_code else None
    if user_name is None and refused:
        user_name = _refused(_REFUSED_USER, refused)
    elif user_name is None and request.role_name is None and identity.type == "IAMUser":
        user_name = identity.user_name  # a call about oneself names nobody
    trust = request.assume_role_policy_document
    if record.event_name == "UpdateAssumeRolePolicy":
        trust = trust or request.policy_document
    trusted = trust_requirements(trust)
    return Change(
        created_access_key_id=access_key.access_key_id,
        target_access_key_id=request.access_key_id or _refused(_REFUSED_KEY, refused),
        target_status="Deleted" if record.event_name == "DeleteAccessKey" else request.status,
        target_user_name=user_name,
        target_role_name=request.role_name or role.role_name,
        target_principal_id=user.user_id or role.role_id,
        target_policy=request.policy_arn or request.policy_name,
        revoked_before=_revoked_before(request.policy_document),
        requires_source_identity=trusted.source_identity,
        requires_session_name=trusted.session_name,
    )


# a refused call has no parameters; who or what it was about stands in the refusal (reference, section 9.1)
_REFUSED_USER = re.compile(r"resource: \"?(?:arn:[^\s:]*:iam::\d{12}:user/(?:[^\s/\"]+/)*|user )([^\s/\"]+)")
_REFUSED_KEY = re.compile(r"\b(AKIA[A-Z0-9]{12,})\b")


def _refused(pattern: re.Pattern[str], message: str | None) -> str | None:
    match = pattern.search(message) if message else None
    return match.group(1) if match else None


class TrustRequirements(NamedTuple):
    """Whether a trust policy asks whoever assumes the role for a claim; None where there is no policy to read."""

    source_identity: bool | None = None
    session_name: bool | None = None


def trust_requirements(document: str | None) -> TrustRequirements:
    """What a trust policy asks for, URL-encoded or not."""
    conditions = _conditions(document)
    if conditions is None:
        return TrustRequirements()
    return TrustRequirements("sts:sourceidentity" in conditions, "sts:rolesessionname" in conditions)


def _conditions(document: str | None) -> set[str] | None:
    """The condition keys, in lower case, that every statement of a trust policy that allows AssumeRole asks for."""
    statements = _statements(document)
    if statements is None:
        return None
    asked = [_keys(statement) for statement in statements if statement.get("Effect") == "Allow" and _assumes(statement)]
    return set.intersection(*asked) if asked else set()


def _assumes(statement: dict[str, Any]) -> bool:
    actions = statement.get("Action", [])
    names = actions if isinstance(actions, list) else [actions]
    return any(
        str(name).lower() in ("*", "sts:*", "sts:assume*") or str(name).lower().startswith("sts:assumerole")
        for name in names
    )


# operators that hold where the key is absent ask for nothing
_OPTIONAL = re.compile(r"(?i)ifexists$|^null$|not")


def _keys(statement: dict[str, Any]) -> set[str]:
    condition = statement.get("Condition")
    if not isinstance(condition, dict):
        return set()
    return {
        str(key).lower()
        for operator, keys in condition.items()
        if not _OPTIONAL.search(str(operator)) and isinstance(keys, dict)
        for key, value in keys.items()
        if value not in ("*", ["*"])
    }


def _revoked_before(document: str | None) -> datetime | None:
    """The cut-off of a policy that denies sessions by their time of issue, as the console's revocation writes it."""
    for statement in _statements(document) or ():
        condition = statement.get("Condition")
        if statement.get("Effect") != "Deny" or not isinstance(condition, dict):
            continue
        before = condition.get("DateLessThan")
        if isinstance(before, dict) and isinstance(before.get("aws:TokenIssueTime"), str):
            return parse_time(before["aws:TokenIssueTime"])
    return None


def _statements(document: str | None) -> list[dict[str, Any]] | None:
    """The statements of a policy document, URL-encoded or not; None if it is none."""
    if not document:
        return None
    try:
        policy = json.loads(unquote(document) if document.startswith("%7B") else document)
        statements = policy["Statement"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    listed = statements if isinstance(statements, list) else [statements]
    return [statement for statement in listed if isinstance(statement, dict)]
