"""IAM: changes that a responder looks for, of users, keys, login profiles, policies and trails.

Source: Invictus logs 20230710T1230Z_ZtUNbBkwAu98FPZb (CreateUser, CreateAccessKey, CreateLoginProfile,
AttachUserPolicy, UpdateAssumeRolePolicy) and 20230710T1230Z_lHgkh3VeI3XnjZSL (DeleteAccessKey); for UpdateAccessKey the
docs/attribution.md#life-of-a-long-term-key. PutUserPolicy: documented only.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote

from .cloud import GLOBAL_REGION, Api, Cloud, Event, Parts, TrustPolicy
from .identities import Credential
from .ids import iam_date
from .permissions import Change
from .principals import Json, Place, Role, User

ALLOW_ALL: Json = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
ADMIN_POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"


def create_user(cloud: Cloud, by: Credential, account_id: str, name: str, time: datetime, place: Place) -> User:
    user = User(account_id, name, cloud.ids.unique_id("AIDA", account_id), (), place)
    response = {
        "user": {
            "path": user.path,
            "userName": name,
            "userId": user.user_id,
            "arn": user.arn,
            "createDate": iam_date(time),
        }
    }
    _iam(cloud, by, "CreateUser", time, {"path": user.path, "userName": name}, response, id=user.user_id)
    return user


def create_access_key(cloud: Cloud, by: Credential, user: User, time: datetime) -> User:
    """Return the user with a new key."""
    key_id = cloud.ids.unique_id("AKIA", user.account_id)
    response = {
        "accessKey": {
            "accessKeyId": key_id,
            "status": "Active",
            "userName": user.name,
            "createDate": iam_date(time),
        }
    }
    _iam(cloud, by, "CreateAccessKey", time, {"userName": user.name}, response, id=key_id)
    return replace(user, key_ids=(*user.key_ids, key_id))


def update_access_key(cloud: Cloud, by: Credential, user: User, key_id: str, status: str, time: datetime) -> None:
    _iam(cloud, by, "UpdateAccessKey", time, {"userName": user.name, "accessKeyId": key_id, "status": status})


def delete_access_key(cloud: Cloud, by: Credential, user: User, key_id: str, time: datetime) -> None:
    _iam(cloud, by, "DeleteAccessKey", time, {"userName": user.name, "accessKeyId": key_id})


def create_login_profile(cloud: Cloud, by: Credential, user: User, time: datetime) -> None:
    profile = {"userName": user.name, "createDate": iam_date(time), "passwordResetRequired": False}
    parameters = {"userName": user.name, "passwordResetRequired": False}
    _iam(cloud, by, "CreateLoginProfile", time, parameters, {"loginProfile": profile})


def attach_user_policy(cloud: Cloud, by: Credential, user: User, policy_arn: str, time: datetime) -> None:
    _iam(cloud, by, "AttachUserPolicy", time, {"userName": user.name, "policyArn": policy_arn})


def put_user_policy(cloud: Cloud, by: Credential, user: User, time: datetime) -> None:
    put_policy(cloud, by, user, "inline", ALLOW_ALL, time)


def update_assume_role_policy(cloud: Cloud, by: Credential, role: Role, trusted_arn: str, time: datetime) -> None:
    document = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"'
        + trusted_arn
        + '"},"Action":"sts:AssumeRole"}]}'
    )
    _set_trust(cloud, by, role, document, time, demands_source_identity=False)


def create_role(
    cloud: Cloud, by: Credential, account_id: str, name: str, time: datetime, *, demands_source_identity: bool
) -> Role:
    """Log CreateRole: the trust policy is plain in the request and URL-encoded in the response.

    Source: Invictus logs 20230710T1210Z_vj0QE0Tf5ZmzMsCo.
    """
    role = Role(account_id, name, cloud.ids.unique_id("AROA", account_id))
    document = trust_document(account_id, demands_source_identity=demands_source_identity)
    response = {
        "role": {
            "assumeRolePolicyDocument": quote(document, safe=""),
            "arn": role.arn,
            "roleId": role.role_id,
            "createDate": iam_date(time),
            "roleName": name,
            "path": role.path,
        }
    }
    parameters = {"path": role.path, "roleName": name, "assumeRolePolicyDocument": document}
    event = _iam(cloud, by, "CreateRole", time, parameters, response, id=role.role_id)
    cloud.policies.append(TrustPolicy(role.arn, time, event.id, demands_source_identity))
    return role


def change_trust(cloud: Cloud, by: Credential, role: Role, time: datetime, *, demands_source_identity: bool) -> None:
    document = trust_document(role.account_id, demands_source_identity=demands_source_identity)
    _set_trust(cloud, by, role, document, time, demands_source_identity=demands_source_identity)


def _set_trust(
    cloud: Cloud, by: Credential, role: Role, document: str, time: datetime, *, demands_source_identity: bool
) -> None:
    parameters = {"roleName": role.name, "policyDocument": document}
    event = _iam(cloud, by, "UpdateAssumeRolePolicy", time, parameters)
    cloud.policies.append(TrustPolicy(role.arn, time, event.id, demands_source_identity))


def delete_role(cloud: Cloud, by: Credential, role: Role, time: datetime) -> None:
    """Log DeleteRole. Source: Invictus logs 20230710T1230Z_KV9LZlfXqBel7nqf."""
    _iam(cloud, by, "DeleteRole", time, {"roleName": role.name})


def trust_document(account_id: str, *, demands_source_identity: bool) -> str:
    """Return a trust policy, with or without a required SourceIdentity (docs/attribution.md#sourceidentity)."""
    statement: Json = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"},
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
    }
    if demands_source_identity:
        statement["Condition"] = {"StringLike": {"sts:SourceIdentity": "${aws:username}"}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, indent=2)


def create_root_key(cloud: Cloud, root: Credential, time: datetime) -> str:
    """Log a new root key, without userName. Documented only (docs/attribution.md#life-of-a-long-term-key)."""
    assert root.account_id
    key_id = cloud.ids.unique_id("AKIA", root.account_id)
    key = {"accessKeyId": key_id, "status": "Active", "createDate": iam_date(time)}
    _iam(cloud, root, "CreateAccessKey", time, {}, {"accessKey": key}, id=key_id)
    return key_id


def delete_root_key(cloud: Cloud, root: Credential, key_id: str, time: datetime) -> None:
    _iam(cloud, root, "DeleteAccessKey", time, {"accessKeyId": key_id})


def refused_key(cloud: Cloud, key: Credential, time: datetime, region: str) -> None:
    """Log a call with a disabled key. Documented only: such calls were never seen in a trail."""
    error = ("InvalidClientTokenId", "The security token included in the request is invalid")
    cloud.log(key, Api("sts.amazonaws.com", "GetCallerIdentity"), time, region, error=error)


def stop_logging(cloud: Cloud, by: Credential, trail: str, time: datetime, region: str, *, denied: bool) -> None:
    """Log StopLogging. Source: Invictus logs 20230710T1205Z_SjF3IkuNXJkoHyar."""
    arn = f"arn:aws:cloudtrail:{region}:{by.account_id}:trail/{trail}"
    refusal = "is not authorized to perform: cloudtrail:StopLogging on resource:"
    message = f"User: {by.arn} {refusal} {arn} with an explicit deny in a service control policy"
    said = Parts(error=("AccessDenied", message)) if denied else Parts(parameters={"name": arn})
    cloud.log(by, Api("cloudtrail.amazonaws.com", "StopLogging", False), time, region, **said)


def rename_user(cloud: Cloud, by: Credential, user: User, name: str, time: datetime) -> User:
    """Return the user with a new name. Documented only (IAM API, UpdateUser): no record was seen."""
    _iam(cloud, by, "UpdateUser", time, {"userName": user.name, "newUserName": name}, value=name)
    return replace(user, name=name)


def delete_user(cloud: Cloud, by: Credential, user: User, time: datetime) -> None:
    """Log DeleteUser. Source: Invictus logs 20230710T1230Z_KV9LZlfXqBel7nqf."""
    _iam(cloud, by, "DeleteUser", time, {"userName": user.name})


def delete_login_profile(cloud: Cloud, by: Credential, user: User, time: datetime) -> None:
    _iam(cloud, by, "DeleteLoginProfile", time, {"userName": user.name})


Holder = User | Role


def put_policy(cloud: Cloud, by: Credential, holder: Holder, policy: str, document: Json, time: datetime) -> None:
    """Log an inline policy of a user or role; a second one of that name replaces the first."""
    parameters = _of(holder) | {"policyName": policy, "policyDocument": json.dumps(document, separators=(",", ":"))}
    _iam(cloud, by, f"Put{_kind(holder)}Policy", time, parameters, value=policy, document=document)


def delete_policy(cloud: Cloud, by: Credential, holder: Holder, policy: str, time: datetime) -> None:
    _iam(cloud, by, f"Delete{_kind(holder)}Policy", time, _of(holder) | {"policyName": policy}, value=policy)


def create_policy(cloud: Cloud, by: Credential, name: str, document: Json, time: datetime) -> str:
    """Return the ARN of a new managed policy."""
    arn = f"arn:aws:iam::{by.account_id}:policy/{name}"
    policy = {"policyName": name, "policyId": cloud.ids.unique_id("ANPA", str(by.account_id)), "arn": arn, "path": "/"}
    response = {"policy": policy | {"defaultVersionId": "v1", "createDate": iam_date(time)}}
    parameters = {"policyName": name, "policyDocument": json.dumps(document)}
    _iam(cloud, by, "CreatePolicy", time, parameters, response, value=arn, document=document)
    return arn


def replace_policy(
    cloud: Cloud, by: Credential, arn: str, document: Json, time: datetime, *, at_once: bool = True
) -> None:
    """Log a new default version of a managed policy, by one call or two. Documented only (IAM API)."""
    response = {"policyVersion": {"versionId": "v2", "isDefaultVersion": at_once, "createDate": iam_date(time)}}
    parameters = {"policyArn": arn, "policyDocument": json.dumps(document), "setAsDefault": at_once}
    in_force = document if at_once else None
    _iam(cloud, by, "CreatePolicyVersion", time, parameters, response, value=arn, document=in_force)
    if not at_once:
        parameters = {"policyArn": arn, "versionId": "v2"}
        time += timedelta(seconds=30)
        _iam(cloud, by, "SetDefaultPolicyVersion", time, parameters, value=arn, document=document)


def attach_policy(cloud: Cloud, by: Credential, holder: Holder, arn: str, time: datetime) -> None:
    _iam(cloud, by, f"Attach{_kind(holder)}Policy", time, _of(holder) | {"policyArn": arn}, value=arn)


def detach_policy(cloud: Cloud, by: Credential, holder: Holder, arn: str, time: datetime) -> None:
    _iam(cloud, by, f"Detach{_kind(holder)}Policy", time, _of(holder) | {"policyArn": arn}, value=arn)


def refused_change(cloud: Cloud, by: Credential, name: str, parameters: Json, time: datetime) -> None:
    """Log a change that IAM refused; it keeps its parameters (docs/attribution.md#denied-calls)."""
    error = ("NoSuchEntityException", "The user with the name cannot be found.")
    cloud.log(by, Api("iam.amazonaws.com", name, False), time, GLOBAL_REGION, parameters=parameters, error=error)


def service_credential(
    cloud: Cloud, by: Credential, name: str, parameters: Json, key_id: str, made: Json | None, time: datetime
) -> None:
    """Log a change of a service-specific credential."""
    response = {"serviceSpecificCredential": made} if made else None
    _iam(cloud, by, name, time, parameters, response, id=key_id)


def unlogged(cloud: Cloud, by: Credential, user: User, key_id: str, status: str, time: datetime) -> None:
    """Change the status of a key while no trail records it."""
    account = user.account_id
    cloud.changes.append(Change(time, None, account, "UpdateAccessKey", by, user.name, key_id, status))


def _kind(holder: Holder) -> str:
    return "User" if isinstance(holder, User) else "Role"


def _of(holder: Holder) -> Json:
    return {"userName" if isinstance(holder, User) else "roleName": holder.name}


def _iam(
    cloud: Cloud,
    by: Credential,
    name: str,
    time: datetime,
    parameters: Json,
    response: Json | None = None,
    *,
    id: str = "",
    value: str = "",
    document: Json | None = None,
) -> Event:
    """Log a successful change and note what it changed."""
    api = Api("iam.amazonaws.com", name, False)
    event = cloud.log(by, api, time, GLOBAL_REGION, parameters=parameters, response=response)
    named = str(parameters.get("userName") or parameters.get("roleName") or "")
    cloud.changes.append(
        Change(
            time=time,
            event_id=event.id,
            account_id=event.account_id,
            api=name,
            by=by,
            name=named,
            id=id or str(parameters.get("accessKeyId", "")),
            value=value or str(parameters.get("status") or parameters.get("policyArn") or parameters.get("path") or ""),
            document=document,
        )
    )
    return event
