"""Changes: what events say of keys, users, roles, trust and trails."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from forensics.records.change import READ_FROM, change
from forensics.records.changing_record import ChangingRecord
from forensics.records.record import Record, UserIdentity

ALICE = UserIdentity(type="IAMUser", user_name="alice")


def changed(name: str, source: str = "iam", **record: Any) -> dict[str, Any]:
    """What a record says that it changes, without what it does not say."""
    top = Record(event_source=f"{source}.amazonaws.com", event_name=name, error_code=record.pop("errorCode", None))
    said = change(top, ALICE, msgspec.convert(record, ChangingRecord))
    return {field: value for field, value in said._asdict().items() if value is not None}


def trust(*statements: dict[str, Any]) -> str:
    return quote(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


ALLOWED = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
DENIED = {"Effect": "Deny", "Principal": "*", "Action": "sts:Assume*"}
ANY_BUT_TAGS = {"Effect": "Allow", "Principal": {"AWS": "*"}, "NotAction": "sts:TagSession"}
ASKED = {"StringLike": {"sts:SourceIdentity": "*@example.com"}}


def test_a_key_is_made_for_somebody_or_for_oneself() -> None:
    key_id = "AKIAIOSFODNN7EXAMPLE"
    key = {"accessKey": {"accessKeyId": key_id, "userName": "bob"}}
    assert changed("CreateAccessKey", responseElements=key) == {
        "created_access_key_id": key_id,
        "target_user_name": "bob",
    }
    own = changed("DeleteAccessKey", requestParameters={"accessKeyId": key_id})
    assert (own["target_access_key_id"], own["target_status"], own["target_user_name"]) == (key_id, "Deleted", "alice")


def test_only_a_call_that_may_leave_out_its_user_is_about_the_caller() -> None:
    for name in ("CreateUser", "DeleteUser", "UpdateUser", "AttachUserPolicy", "PutUserPolicy", "UpdateLoginProfile"):
        assert changed(name) == {}
    for name in ("CreateLoginProfile", "DeleteLoginProfile", "CreateAccessKey"):
        assert changed(name) == {"target_user_name": "alice"}


def test_users_and_roles_get_their_unique_ids() -> None:
    user = changed("CreateUser", responseElements={"user": {"userName": "bob", "userId": "AIDAB"}})
    assert (user["target_user_name"], user["target_principal_id"]) == ("bob", "AIDAB")
    role = changed("CreateRole", responseElements={"role": {"roleId": "AROAR", "roleName": "deploy"}})
    assert (role["target_role_name"], role["target_principal_id"]) == ("deploy", "AROAR")


@pytest.mark.parametrize(
    ("statements", "required"),
    [
        ([ALLOWED | {"Condition": ASKED}], True),
        ([ALLOWED], False),
        ([ALLOWED | {"Condition": ASKED}, ALLOWED], False),
        ([ALLOWED | {"Condition": {"StringLikeIfExists": {"sts:SourceIdentity": "a"}}}], False),
        ([ALLOWED | {"Condition": {"StringLike": {"sts:SourceIdentity": "*"}}}], True),
        ([ALLOWED | {"Condition": {"StringLike": {"sts:SourceIdentity": ["*"]}}}], True),
        ([ALLOWED | {"Condition": {"Null": {"sts:SourceIdentity": "false"}}}], True),
        ([ALLOWED | {"Condition": {"Null": {"sts:SourceIdentity": [False]}}}], True),
        ([ALLOWED | {"Condition": {"Null": {"sts:SourceIdentity": "true"}}}], False),
        ([ALLOWED | {"Condition": {"StringNotEquals": {"sts:SourceIdentity": "a"}}}], False),
        ([ALLOWED | {"Condition": {"ForAllValues:StringLike": {"sts:SourceIdentity": "a"}}}], False),
        ([ALLOWED | {"Condition": {"ForAnyValue:StringLike": {"sts:SourceIdentity": "a"}}}], True),
        ([ALLOWED | {"Condition": ASKED}, ANY_BUT_TAGS], False),
        ([ALLOWED, DENIED | {"Condition": {"Null": {"sts:SourceIdentity": "true"}}}], True),
        ([ALLOWED, DENIED | {"Condition": {"StringNotLike": {"sts:SourceIdentity": "*@example.com"}}}], True),
        ([ALLOWED, DENIED | {"Condition": {"StringLike": {"sts:SourceIdentity": "guest*"}}}], False),
        ([ALLOWED, DENIED | {"Principal": {"AWS": "*"}, "Condition": {"Null": {"sts:SourceIdentity": [True]}}}], True),
        ([ALLOWED, DENIED | {"Principal": {"AWS": "1"}, "Condition": {"Null": {"sts:SourceIdentity": True}}}], False),
        ([ALLOWED | {"Condition": ASKED}, {"Effect": "Allow", "Action": "sts:TagSession"}], True),
    ],
)
def test_a_trust_policy_asks_for_source_identity_only_if_every_way_in_does(
    statements: list[dict[str, Any]], required: bool
) -> None:
    policy = {"roleName": "deploy", "policyDocument": trust(*statements)}
    assert changed("UpdateAssumeRolePolicy", requestParameters=policy)["requires_source_identity"] is required


@pytest.mark.parametrize(("source", "name"), sorted(READ_FROM))
def test_an_event_that_says_nothing_changes_nothing(source: str, name: str) -> None:
    top = Record(event_source=source, event_name=name)
    said = change(top, UserIdentity(), ChangingRecord())
    assert not {field: value for field, value in said._asdict().items() if value and field != "target_status"}


def test_a_masked_name_is_no_target() -> None:
    assert "target_user_name" not in changed("DeleteUser", requestParameters={"userName": "***"})


@pytest.mark.parametrize(
    ("parameters", "new_name"),
    [
        ({"userName": "bob", "newUserName": "rob"}, "rob"),
        ({"userName": "bob", "newUserName": "rob", "newPath": "/x/"}, "rob"),
        ({"userName": "bob", "newPath": "/x/"}, "bob"),
        ({"userName": "bob", "newPath": "***"}, "bob"),
        ({"userName": "***", "newPath": "/x/"}, None),
        ({"userName": "bob"}, None),
        ({"userName": "bob", "newUserName": "***", "newPath": "/x/"}, None),
    ],
)
def test_another_path_leaves_the_name_of_a_user(parameters: dict[str, str], new_name: str | None) -> None:
    assert changed("UpdateUser", requestParameters=parameters).get("new_user_name") == new_name


CUT_OFF = '{"DateLessThan": {"aws:TokenIssueTime": "2026-03-01T12:00:00Z"}}'
REVOKING = f'"Action": "*", "Resource": "*", "Condition": {CUT_OFF}'


@pytest.mark.parametrize(
    "document",
    [
        f'{{"Statement": [{{"Effect": "Allow", "Effect": "Deny", {REVOKING}}}]}}',
        f'{{"Statement": [], "Statement": [{{"Effect": "Deny", {REVOKING}}}]}}',
    ],
)
def test_a_policy_with_a_repeated_key_is_not_read(document: str) -> None:
    """No documentation of IAM says which of the values counts."""
    parameters = {"roleName": "deploy", "policyName": "p", "policyDocument": document}
    assert "revoked_before" not in changed("PutRolePolicy", requestParameters=parameters)
    trusting = changed("UpdateAssumeRolePolicy", requestParameters=parameters)
    assert "trusted_principals" not in trusting and "requires_source_identity" not in trusting


def test_a_lone_surrogate_in_a_policy_is_replaced() -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": ["\ud800", "111122223333"]}, "Action": "sts:AssumeRole"}
    policy = {"roleName": "deploy", "policyDocument": trust(statement)}
    change = changed("UpdateAssumeRolePolicy", requestParameters=policy)
    assert "111122223333" in change["trusted_principals"]
    assert str(change).isprintable()
    assert str(change).encode()
