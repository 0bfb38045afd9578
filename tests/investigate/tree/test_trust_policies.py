"""Planted trust policies: a later policy ends one only for the principals that it no longer trusts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from forensics.answers.tree_answer import Node, Tree
from tests.attribution.records import START, Account, Json, assume_role, call, trust_policy, with_repeated_key
from tests.cases import case_of_records

IAM = "iam.amazonaws.com"
AWS = Account("111111111111")
ALICE, ADMIN, LOOP = AWS.user("alice"), AWS.user("admin"), AWS.role("loop")
ROOT = f"arn:aws:iam::{AWS.id}:root"
MALLORY, CAROL = AWS.elsewhere(1).user("mallory"), AWS.elsewhere(2).user("carol")
EC2 = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "*"}]})
DENIAL = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}


def setting(second: float, document: str | None, *, by: Json | None = None) -> Json:
    request = {"roleName": "loop"} | ({} if document is None else {"policyDocument": document})
    return call(by or ADMIN.signs(), second, source=IAM, name="UpdateAssumeRolePolicy", requestParameters=request)


def creating(second: float, document: str) -> Json:
    request = {"roleName": "loop", "assumeRolePolicyDocument": document}
    role = {"role": {"roleName": "loop", "roleId": LOOP.id, "arn": LOOP.arn}}
    return call(ADMIN.signs(), second, source=IAM, name="CreateRole", requestParameters=request, responseElements=role)


def planted(*principals: str) -> Json:
    return setting(10, trust_policy(*principals), by=ALICE.signs())


def tree_of(records: Sequence[Json | str], folder: Path, at: float | None = None) -> Tree:
    with case_of_records([*records, call(ADMIN.signs(), 99)], folder) as case:
        return case.tree(ALICE.key, at=None if at is None else START + timedelta(seconds=at))


def role_of(tree: Tree) -> Node:
    (node,) = (node for node in tree.nodes if node.kind == "role")
    is_planned = "restore_trust_policy" in {step.action for step in tree.containment}
    assert is_planned is (node.valid_at is not False)
    return node


def both(denial: dict[str, str]) -> str:
    document = json.loads(trust_policy(MALLORY.arn))
    return json.dumps(document | {"Statement": [*document["Statement"], denial]})


@pytest.mark.parametrize(
    ("later", "valid"),
    [
        ([], True),
        ([trust_policy(ROOT)], False),
        ([EC2], False),
        ([trust_policy(CAROL.arn)], False),
        ([trust_policy(ROOT, MALLORY.arn)], True),
        ([trust_policy(AWS.id, MALLORY.arn, CAROL.arn)], True),
        ([trust_policy(MALLORY.account_id)], True),
        ([trust_policy("*")], True),
        ([trust_policy(ROOT), trust_policy(MALLORY.arn, ROOT)], True),
        ([trust_policy(MALLORY.arn), trust_policy(ROOT)], False),
        ([trust_policy(MALLORY.arn, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})], None),
        ([both(DENIAL)], None),
        ([trust_policy("AIDA0MALLORY2112XXXXX")], None),
        (["not readable"], None),
        ([None], None),
        (["***"], None),
        ([json.dumps({"Statement": "***"})], None),
        ([trust_policy("arn:aws:iam::***:root")], None),
        ([json.dumps({"Statement": {"Effect": "Allow", "NotPrincipal": {"AWS": CAROL.arn}, "Action": "*"}})], None),
    ],
)
def test_the_last_policy_decides(later: list[str | None], valid: bool | None, tmp_path: Path) -> None:
    changes = [setting(60 + second, document) for second, document in enumerate(later)]
    node = role_of(tree_of([planted(ROOT, MALLORY.arn), *changes], tmp_path))
    assert (node.valid_at, node.state) == (valid, "valid" if valid else "replaced")
    assert ("possibly_kept" in node.flags) is (valid is None)


@pytest.mark.parametrize("second", [10, 60])
def test_an_unreliable_or_simultaneous_policy_does_not_end_it(second: float, tmp_path: Path) -> None:
    later: Json | str = setting(second, trust_policy(ROOT))
    if second == 60:
        later = with_repeated_key(setting(second, trust_policy(ROOT)), "type", "Root")
    assert role_of(tree_of([planted(MALLORY.arn), later], tmp_path)).valid_at is None


def test_an_undated_policy_leaves_a_doubt(tmp_path: Path) -> None:
    undated = setting(70, trust_policy(MALLORY.arn))
    del undated["eventTime"]
    restored = setting(60, trust_policy(ROOT))
    assert role_of(tree_of([planted(MALLORY.arn), restored, undated], tmp_path)).valid_at is None


@pytest.mark.parametrize(("later", "valid"), [(99, False), (130, None)])
def test_of_very_many_later_policies_the_last_ones_are_in_doubt(later: int, valid: bool | None, tmp_path: Path) -> None:
    changes = [setting(11 + second, EC2) for second in range(later)]
    assert role_of(tree_of([planted(MALLORY.arn), *changes], tmp_path)).valid_at is valid


def test_a_policy_that_cannot_be_read_ends_when_none_is_known_to_keep_it(tmp_path: Path) -> None:
    node = role_of(tree_of([setting(10, "***", by=ALICE.signs()), setting(60, trust_policy(ROOT))], tmp_path))
    assert node.valid_at is None


@pytest.mark.parametrize(
    ("before", "kept", "valid"),
    [
        (setting(0, trust_policy(CAROL.arn)), [CAROL.arn], False),
        (setting(0, trust_policy(CAROL.arn)), [MALLORY.arn], True),
        (creating(0, trust_policy(ROOT)), [CAROL.arn], True),
        (None, [CAROL.arn], None),
        (None, [CAROL.arn, MALLORY.arn], True),
    ],
)
def test_a_principal_that_was_trusted_before_was_not_planted(
    before: Json | None, kept: list[str], valid: bool | None, tmp_path: Path
) -> None:
    earlier = [before] if before else []
    later = setting(60, trust_policy(ROOT, *kept))
    assert role_of(tree_of([*earlier, planted(CAROL.arn, MALLORY.arn), later], tmp_path)).valid_at is valid


def test_the_policies_until_a_time_decide(tmp_path: Path) -> None:
    records = [planted(MALLORY.arn), setting(60, trust_policy(ROOT)), setting(80, trust_policy(MALLORY.arn))]
    for at, valid in ((50, True), (70, False), (90, True)):
        assert role_of(tree_of(records, tmp_path / str(at), at)).valid_at is valid


@pytest.mark.parametrize(("document", "state"), [(trust_policy(ROOT), "deleted"), (trust_policy(MALLORY.arn), "valid")])
def test_a_recreated_role_may_have_the_planted_policy(document: str, state: str, tmp_path: Path) -> None:
    gone = call(ADMIN.signs(), 60, source=IAM, name="DeleteRole", requestParameters={"roleName": "loop"})
    assert role_of(tree_of([planted(MALLORY.arn), gone, creating(70, document)], tmp_path)).state == state


def test_the_sessions_of_a_kept_principal_are_below_it(tmp_path: Path) -> None:
    """Not those of a principal that only the later policy trusts."""
    keeping = setting(60, trust_policy(ROOT, MALLORY.arn, CAROL.arn))
    restored = setting(80, trust_policy(ROOT, CAROL.arn))
    requests = [
        assume_role(
            {"type": "AWSAccount", "principalId": user.id, "accountId": user.account_id},
            LOOP, name, second, issues=AWS.key(name), account=AWS.id,
        )
        for user, name, second in ((MALLORY, "M", 70), (CAROL, "C", 71), (MALLORY, "L", 90))
    ]  # fmt: skip
    uses = [call(LOOP.session(name, second, AWS.key(name)), 95) for name, second in (("M", 70), ("C", 71), ("L", 90))]
    tree = tree_of([planted(ROOT, MALLORY.arn), keeping, restored, *requests, *uses], tmp_path)
    keys = {key for node in tree.nodes for key in node.access_key_ids}
    assert keys == {ALICE.key, AWS.key("M")}
    assert next(node for node in tree.nodes if node.kind == "role").valid_at is not True


def requested_by(*requests: tuple[str, float]) -> list[Json]:
    """Sessions that mallory requested, as the role's account logs them, each with a call."""
    caller = {"type": "AWSAccount", "principalId": MALLORY.id, "accountId": MALLORY.account_id}
    issued = [
        assume_role(caller, LOOP, name, second, issues=AWS.key(name), account=AWS.id) for name, second in requests
    ]
    return [*issued, *(call(LOOP.session(name, second, AWS.key(name)), 95) for name, second in requests)]


def test_iam_does_not_distinguish_role_names_by_case(tmp_path: Path) -> None:
    change = planted(MALLORY.arn)
    change["requestParameters"]["roleName"] = "LOOP"
    tree = tree_of([change, *requested_by(("M", 70))], tmp_path)
    assert {key for node in tree.nodes for key in node.access_key_ids} == {ALICE.key, AWS.key("M")}
    steps = [(step.action, step.target) for step in tree.containment[1:]]
    assert steps == [("restore_trust_policy", LOOP.arn), ("revoke_role_sessions", LOOP.arn)]


@pytest.mark.parametrize("document", [trust_policy(ROOT), trust_policy(CAROL.arn)])
def test_a_policy_that_was_restored_and_planted_again_opens_the_role_again(document: str, tmp_path: Path) -> None:
    """The first one was set by another credential, and the requester had a session by it."""
    records = [
        setting(0, trust_policy(ROOT)),
        setting(10, trust_policy(MALLORY.arn), by=AWS.user("bob").signs()),
        setting(30, document),
        setting(50, trust_policy(ROOT, MALLORY.arn), by=ALICE.signs()),
        *requested_by(("M1", 20), ("M2", 60)),
    ]
    tree = tree_of(records, tmp_path)
    assert {key for node in tree.nodes for key in node.access_key_ids} == {ALICE.key, AWS.key("M2")}
    assert tree.containment[-1].action == "revoke_role_sessions"


def test_a_policy_that_trusts_nobody_new_opens_nothing(tmp_path: Path) -> None:
    """The requester had its sessions by the policy before, which also trusts another user of its account."""
    other = MALLORY.arn.replace("mallory", "other")
    records = [setting(0, trust_policy(MALLORY.arn)), planted(MALLORY.arn, other), *requested_by(("M1", 5), ("M2", 60))]
    assert {key for node in tree_of(records, tmp_path).nodes for key in node.access_key_ids} == {ALICE.key}


@pytest.mark.parametrize("between", [[], [setting(30, trust_policy(ROOT))]])
def test_a_policy_that_is_planted_twice_loses_no_session(between: list[Json], tmp_path: Path) -> None:
    twice = [planted(MALLORY.arn), *between, setting(50, trust_policy(MALLORY.arn), by=ALICE.signs())]
    tree = tree_of([*twice, *requested_by(("M1", 20), ("M2", 60))], tmp_path)
    assert {key for node in tree.nodes for key in node.access_key_ids} == {ALICE.key, AWS.key("M1"), AWS.key("M2")}
