"""Planted trust policies: no step sets a policy that a credential of the tree set."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from forensics.answers.tree_answer import Action, Step
from tests.attribution.records import Account, Json, assume_role, call, trust_policy
from tests.cases import case_of_records

IAM = "iam.amazonaws.com"
AWS = Account("111111111111")
ALICE, ADMIN, LOOP = AWS.user("alice"), AWS.user("admin"), AWS.role("loop")
MALLORY = AWS.elsewhere(1).user("mallory")
OURS = trust_policy(f"arn:aws:iam::{AWS.id}:root")
THEIRS = trust_policy(MALLORY.arn)


def created(second: float, by: Json, document: str = THEIRS) -> Json:
    request = {"roleName": "loop", "assumeRolePolicyDocument": document}
    role = {"role": {"roleName": "loop", "roleId": LOOP.id, "arn": LOOP.arn}}
    return call(by, second, source=IAM, name="CreateRole", requestParameters=request, responseElements=role)


def updated(second: float, by: Json, document: str = THEIRS) -> Json:
    request = {"roleName": "loop", "policyDocument": document}
    return call(by, second, source=IAM, name="UpdateAssumeRolePolicy", requestParameters=request)


def deleted(second: float) -> Json:
    return call(ADMIN.signs(), second, source=IAM, name="DeleteRole", requestParameters={"roleName": "loop"})


def session(second: float) -> list[Json]:
    """A session that mallory requested, as the role's account logs it, and a call with it."""
    caller = {"type": "AWSAccount", "principalId": MALLORY.id, "accountId": MALLORY.account_id}
    issued = assume_role(caller, LOOP, "s", second, issues=AWS.key("S"), account=AWS.id)
    return [issued, call(LOOP.session("s", second, AWS.key("S")), second + 1)]


def steps(folder: Path, *records: Json) -> list[Step]:
    """The steps on the role, after that on the key."""
    with case_of_records([*records, call(ADMIN.signs(), 99)], folder) as case:
        first, *others = case.tree(ALICE.key).containment
    assert first.action == Action.DEACTIVATE_ACCESS_KEY
    return others


@pytest.mark.parametrize(
    ("more", "target", "ends"),
    [
        ([], "loop", 1),
        ([updated(20, ALICE.signs())], "loop", 2),
        # the session is below both policies
        ([updated(20, ALICE.signs()), *session(30)], LOOP.arn, 4),
    ],
)
def test_a_created_role_is_denied_and_deleted(more: list[Json], target: str, ends: int, tmp_path: Path) -> None:
    """The policy before a change of it is that of its creator, too. Its sessions end with it."""
    denied, gone = steps(tmp_path, created(10, ALICE.signs()), *more)
    assert (denied.action, denied.target, len(denied.ends)) == (Action.DENY_ROLE, target, ends)
    assert (gone.action, gone.target) == (Action.DELETE_CREATED_ROLE, target)
    assert "--role-name loop --policy-name DenyEverything" in (denied.command or "")
    assert (gone.command or "").startswith("aws iam delete-role --role-name loop")


def test_a_role_that_was_created_outside_the_tree_gets_the_policy_from_outside(tmp_path: Path) -> None:
    """The credential of the tree changed the policy twice: the policy between is not restored."""
    before = updated(5, ADMIN.signs(), OURS)
    changes = [created(0, ADMIN.signs(), OURS), before, updated(20, ALICE.signs()), updated(30, ALICE.signs(), OURS)]
    restored, _ = steps(tmp_path, *changes[:3])
    assert restored.action == Action.RESTORE_TRUST_POLICY
    assert before["eventID"] in (restored.command_note or "")
    twice = steps(tmp_path / "twice", *changes)
    assert all(before["eventID"] in (one.command_note or "") for one in twice if one.action == restored.action)
    assert not any(change["eventID"] in json.dumps([str(one) for one in twice]) for change in changes[2:])


def test_without_a_policy_from_outside_none_is_proposed(tmp_path: Path) -> None:
    (restored, _) = steps(tmp_path, updated(20, ALICE.signs()), updated(30, ALICE.signs()))
    assert restored.action == Action.RESTORE_TRUST_POLICY
    assert "no loaded event shows" in (restored.command_note or "")


def test_a_policy_of_an_earlier_role_of_the_same_name_is_not_restored(tmp_path: Path) -> None:
    earlier = created(0, ADMIN.signs(), OURS)
    found = steps(tmp_path, earlier, deleted(5), created(10, ALICE.signs()), updated(20, ALICE.signs()))
    assert {one.action for one in found} == {Action.DENY_ROLE, Action.DELETE_CREATED_ROLE}
