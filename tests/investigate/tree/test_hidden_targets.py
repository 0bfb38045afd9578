"""Changes whose key, user, role or policy is masked or omitted: they possibly undid an end, so its step stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.attribution.records import Account, Json, assume_role, at, call
from tests.cases import case_of_records

AWS = Account("111111111111")
ALICE, ADMIN = AWS.user("alice"), AWS.user("admin")
LOOP = AWS.role("loop")
MASK = "HIDDEN_DUE_TO_SECURITY_REASONS"
REVOKING = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition":'
    f' {{"DateLessThan": {{"aws:TokenIssueTime": "{at(60)}"}}}}}}]}}'
)


def by_admin(name: str, second: float, **request: Any) -> Json:
    return call(ADMIN.signs(), second, source="iam.amazonaws.com", name=name, requestParameters=request or None)


def by_root(name: str, second: float, **request: Any) -> Json:
    return call(AWS.root(), second, source="iam.amazonaws.com", name=name, requestParameters=request or None)


def state_of(key: str, folder: Path, *records: Json) -> tuple[str, bool | None, tuple[str, ...]]:
    """The state of a key or session in the tree of alice's key."""
    with case_of_records([*records, call(ADMIN.signs(), 99)], folder) as case:
        (node,) = (node for node in case.tree(ALICE.key).nodes if key in node.access_key_ids)
    return node.state, node.valid_at, node.flags


@pytest.mark.parametrize(
    ("change", "flags"),
    [
        (by_admin("UpdateAccessKey", 70, userName="alice", accessKeyId="AKIA****************", status="Active"), True),
        (by_admin("UpdateAccessKey", 70, userName=MASK, accessKeyId=MASK, status="Active"), True),
        (by_admin("UpdateAccessKey", 70), True),
        (by_root("UpdateAccessKey", 70), True),
        (by_root("UpdateAccessKey", 70, accessKeyId=MASK, status="Active"), False),  # one of root's own keys
        (by_admin("UpdateAccessKey", 70, userName="alice", accessKeyId=MASK, status="Inactive"), False),
        (by_admin("UpdateAccessKey", 70, userName="bob", accessKeyId=MASK, status="Active"), False),
        (by_admin("UpdateAccessKey", 50, userName="alice", accessKeyId=MASK, status="Active"), False),
    ],
)
def test_an_activation_of_a_hidden_key(change: Json, flags: bool, tmp_path: Path) -> None:
    off = by_admin("UpdateAccessKey", 60, userName="alice", accessKeyId=ALICE.key, status="Inactive")
    found = state_of(ALICE.key, tmp_path, call(ALICE.signs(), 0), off, change)
    assert found == (("deactivated", None, ("possibly_undone",)) if flags else ("deactivated", False, ()))


@pytest.mark.parametrize(
    ("change", "flags"),
    [
        (by_root("UpdateAccessKey", 70), True),
        (by_root("UpdateAccessKey", 70, accessKeyId=MASK, status="Active"), True),
        (by_root("UpdateAccessKey", 70, userName="alice", accessKeyId=MASK, status="Active"), False),
    ],
)
def test_an_activation_of_a_hidden_key_of_root(change: Json, flags: bool, tmp_path: Path) -> None:
    key = "AKIA0ROOT1111XXXXXXX"
    off = by_root("UpdateAccessKey", 60, accessKeyId=key, status="Inactive")
    with case_of_records([call(AWS.root(accessKeyId=key), 0), off, change, call(ADMIN.signs(), 99)], tmp_path) as case:
        node = case.tree(key).nodes[0]
    assert node.flags == (("possibly_undone",) if flags else ())


@pytest.mark.parametrize(
    ("change", "flags"),
    [
        (by_admin("DeleteRolePolicy", 70, roleName="loop", policyName=MASK), True),
        (by_admin("DeleteRolePolicy", 70, roleName="***", policyName="AWSRevokeOlderSessions"), True),
        (by_admin("DeleteRolePolicy", 70), True),
        (by_admin("PutRolePolicy", 70), True),
        (by_root("DeleteRolePolicy", 70), True),
        (by_root("PutRolePolicy", 70), True),
        (by_admin("PutRolePolicy", 70, roleName="loop", policyName=MASK, policyDocument=REVOKING), False),
        (by_admin("DeleteRolePolicy", 70, roleName="other", policyName=MASK), False),
        (by_admin("DeleteUserPolicy", 70, userName="alice", policyName=MASK), False),
        (by_admin("DeleteRolePolicy", 50), False),
    ],
)
def test_a_change_of_a_hidden_policy(change: Json, flags: bool, tmp_path: Path) -> None:
    request = assume_role(ALICE.signs(), LOOP, "s", 0, issues=AWS.key("K"))
    parameters = {"roleName": "loop", "policyName": "AWSRevokeOlderSessions", "policyDocument": REVOKING}
    found = state_of(AWS.key("K"), tmp_path, request, by_admin("PutRolePolicy", 60, **parameters), change)
    assert found == (("revoked", None, ("possibly_undone",)) if flags else ("revoked", False, ()))
