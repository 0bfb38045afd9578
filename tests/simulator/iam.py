"""IAM changes that a responder looks for: users, keys, login profiles, policies, and the trail itself.

Shapes: practice logs 20230710T1230Z_ZtUNbBkwAu98FPZb (CreateUser, CreateAccessKey, CreateLoginProfile,
AttachUserPolicy, UpdateAssumeRolePolicy) and 20230710T1230Z_lHgkh3VeI3XnjZSL (DeleteAccessKey); for UpdateAccessKey the
reference, section 9.1. PutUserPolicy: documented only.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from .cloud import GLOBAL_REGION, Api, Cloud
from .identities import Credential, Json, Place, Role, User
from .ids import iam_date

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
    _iam(cloud, by, "CreateUser", time, {"path": user.path, "userName": name}, response)
    return user


def create_access_key(cloud: Cloud, by: Credential, user: User, time: datetime) -> User:
    """The user with one key more."""
    key_id = cloud.ids.unique_id("AKIA", user.account_id)
    response = {
        "accessKey": {
            "accessKeyId": key_id,
            "status": "Active",
            "userName": user.name,
            "createDate": iam_date(time),
        }
    }
    _iam(cloud, by, "CreateAccessKey", time, {"userName": user.name}, response)
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
    document = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    parameters = {"userName": user.name, "policyName": "inline", "policyDocument": document}
    _iam(cloud, by, "PutUserPolicy", time, parameters)


def update_assume_role_policy(cloud: Cloud, by: Credential, role: Role, trusted_arn: str, time: datetime) -> None:
    document = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"'
        + trusted_arn
        + '"},"Action":"sts:AssumeRole"}]}'
    )
    _iam(cloud, by, "UpdateAssumeRolePolicy", time, {"roleName": role.name, "policyDocument": document})


def stop_logging(cloud: Cloud, by: Credential, trail: str, time: datetime, region: str, *, denied: bool) -> None:
    """Shape: practice logs 20230710T1205Z_SjF3IkuNXJkoHyar."""
    arn = f"arn:aws:cloudtrail:{region}:{by.account_id}:trail/{trail}"
    refusal = "is not authorized to perform: cloudtrail:StopLogging on resource:"
    message = f"User: {by.arn} {refusal} {arn} with an explicit deny in a service control policy"
    cloud.log(
        by,
        Api("cloudtrail.amazonaws.com", "StopLogging", False),
        time,
        region,
        parameters=None if denied else {"name": arn},
        error=("AccessDenied", message) if denied else None,
    )


def _iam(
    cloud: Cloud, by: Credential, name: str, time: datetime, parameters: Json, response: Json | None = None
) -> None:
    api = Api("iam.amazonaws.com", name, False)
    cloud.log(by, api, time, GLOBAL_REGION, parameters=parameters, response=response)
