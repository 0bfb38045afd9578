"""To whom calls give access, by the parameters that CloudTrail logs of each service."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forensics.investigate.triage.given_access import EVERYBODY, given_to

OTHER, CANONICAL, OWNER = "999988887777", "7" * 64, "8" * 64
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
SIGNED_IN = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"


def policy(principal: object, **more: object) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal} | more]}


def acl(grantee: dict[str, str]) -> dict[str, Any]:
    grants = [{"Grantee": {"ID": OWNER}, "Permission": "FULL_CONTROL"}, {"Grantee": grantee, "Permission": "READ"}]
    return {"AccessControlPolicy": {"Owner": {"ID": OWNER}, "AccessControlList": {"Grant": grants}}}


PUBLIC = [
    {"createVolumePermission": {"add": {"items": [{"group": "all"}]}}},
    {"launchPermission": {"add": {"items": [{"group": "all"}, {"userId": OTHER}]}}},
    {"operationType": "add", "groupNames": "all"},
    {"groupSet": {"items": [{"group": "all"}]}, "operationType": "add"},
    {"attributeName": "restore", "valuesToAdd": ["all"]},
    {"accountIdsToAdd": ["all"], "permissionType": "Share"},
    {"functionName": "f", "principal": "*", "action": "lambda:InvokeFunction"},
    {"functionName": "f", "principal": "*", "functionUrlAuthType": "NONE"},
    {"action": "events:PutEvents", "principal": "*", "statementId": "s"},
    {"addAllowedPrincipals": ["*"]},
    {"bucketName": "b", "bucketPolicy": policy("*")},
    {"bucketName": "b", "bucketPolicy": policy({"AWS": ["*"]}, Condition={"Bool": {"aws:SecureTransport": "true"}})},
    {"policyDocument": json.dumps(policy({"AWS": "*"}, Condition={"StringEquals": {"sts:ExternalId": "x"}}))},
    {"policy": json.dumps(policy("*", Condition={"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}))},
    {"policy": json.dumps(policy("*", Condition={"StringEqualsIfExists": {"aws:SourceAccount": "1" * 12}}))},
    {"policy": json.dumps(policy("*", Condition={"StringNotEquals": {"aws:SourceAccount": "1" * 12}}))},
    {"attributes": {"Policy": json.dumps(policy({"AWS": "*"}))}, "queueUrl": "q"},
    {"attributeName": "Policy", "attributeValue": json.dumps(policy({"AWS": "*"})), "topicArn": "t"},
    {"bucketPolicy": {"Statement": {"Effect": "Allow", "NotPrincipal": {"AWS": "x"}, "Action": "*"}}},
    {"bucketName": "b", "x-amz-acl": "public-read"},
    {"bucketName": "b", "x-amz-acl": ["authenticated-read"]},
    {"bucketName": "b", "x-amz-grant-read": f'uri="{ALL_USERS}"'},
    acl({"URI": ALL_USERS}),
    acl({"URI": SIGNED_IN}),
]  # fmt: skip

LIMITED = [
    policy("*", Condition={"StringEquals": {"aws:SourceAccount": OTHER}}),
    policy({"AWS": "*"}, Condition={"StringEquals": {"AWS:SourceOwner": OTHER}}),
    policy("*", Condition={"ArnLike": {"aws:SourceArn": f"arn:aws:sns:eu-west-1:{OTHER}:topic"}}),
    policy("*", Condition={"StringLike": {"aws:PrincipalArn": [f"arn:aws:iam::{OTHER}:role/*"]}}),
    policy({"Service": "s3.amazonaws.com"}, Condition={"StringEquals": {"aws:SourceAccount": OTHER}}),
    policy({"AWS": f"arn:aws:iam::{OTHER}:root"}),
    policy({"AWS": OTHER}, Condition={"StringEquals": {"sts:ExternalId": "x"}}),
]

NOBODY: list[dict[str, Any]] = [
    {"createVolumePermission": {"remove": {"items": [{"group": "all"}, {"userId": OTHER}]}}},
    {"operationType": "remove", "groupNames": "all", "userIds": OTHER},
    {"attributeName": "restore", "valuesToRemove": ["all", OTHER]},
    {"functionName": "f", "principal": "*", "principalOrgID": "o-1234567890"},
    {"principal": "*", "condition": {"type": "StringEquals", "key": "aws:PrincipalOrgID", "value": "o-1"}},
    {"bucketPolicy": policy("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}})},
    {"bucketPolicy": {"Statement": [{"Effect": "Deny", "Principal": "*"}, {"Effect": "Deny", "Principal": OTHER}]}},
    {"bucketPolicy": policy({"Service": "*"})},
    {"bucketName": "b", "x-amz-acl": "private"},
    {"expectedBucketOwner": OTHER, "registryId": OTHER, "bucketName": "all"},
]


@pytest.mark.parametrize("parameters", PUBLIC)
def test_access_for_everybody(parameters: dict[str, Any]) -> None:
    assert EVERYBODY in given_to(json.dumps(parameters))


@pytest.mark.parametrize("document", LIMITED)
def test_a_limiting_condition_names_who_has_access(document: dict[str, Any]) -> None:
    assert given_to(json.dumps({"policy": json.dumps(document)})) == {OTHER}
    assert given_to(json.dumps({"bucketPolicy": document})) == {OTHER}


@pytest.mark.parametrize("parameters", NOBODY)
def test_what_gives_access_to_nobody(parameters: dict[str, Any]) -> None:
    assert given_to(json.dumps(parameters)) == set()


@pytest.mark.parametrize(
    "parameters",
    [
        {"createVolumePermission": {"add": {"items": [{"userId": OTHER}]}}},
        {"functionName": "f", "principal": OTHER},
        {"functionName": "f", "principal": "s3.amazonaws.com", "sourceAccount": OTHER},
        {"granteePrincipal": f"arn:aws:iam::{OTHER}:role/x", "keyId": "k"},
        {"aWSAccountIds": [OTHER], "label": "l"},
        {"ReplicationConfiguration": {"Rule": {"Destination": {"Account": OTHER, "Bucket": "b"}}}},
        {"principals": [OTHER], "allowExternalPrincipals": True},
        {"policyDocument": '{"Statement": [{"Principal": {"AWS": "999988887777"}, "Principal": "x"}]}'},
    ],
)
def test_an_account(parameters: dict[str, Any]) -> None:
    assert given_to(json.dumps(parameters)) == {OTHER}


def test_a_canonical_user_that_is_not_the_owner() -> None:
    assert given_to(json.dumps(acl({"ID": CANONICAL}))) == {CANONICAL}
    assert given_to(json.dumps({"x-amz-grant-read": f'id="{CANONICAL}"'})) == {CANONICAL}
    assert given_to(json.dumps({"bucketPolicy": policy({"CanonicalUser": CANONICAL})})) == {CANONICAL}


def test_an_identity_provider() -> None:
    arn = "arn:aws:iam::111111111111:saml-provider/x"
    assert arn in given_to(json.dumps({"assumeRolePolicyDocument": json.dumps(policy({"Federated": arn}))}))


@pytest.mark.parametrize("parameters", [None, "", "null", "[]", "{", "[" * 5000, '{"a": {"Statement": 5}}', "5"])
def test_parameters_that_cannot_be_read(parameters: str | None) -> None:
    assert given_to(parameters) == set()
