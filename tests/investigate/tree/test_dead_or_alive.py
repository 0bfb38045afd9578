"""What still works: a node that the logs end and that a later call contradicts, and steps that IAM would refuse."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from forensics.answers.tree_answer import Node, Tree
from tests.attribution.records import (
    START,
    Account,
    Json,
    assume_role,
    at,
    call,
    copies,
    federated,
    get_federation_token,
    sign_in_event,
)
from tests.cases import case_of_records

AWS = Account("111111111111")
AWAY, FAR = AWS.elsewhere(1), AWS.elsewhere(2)
ALICE, ADMIN = AWS.user("alice"), AWS.user("admin")
LOOP = AWS.role("loop")
IAM = "iam.amazonaws.com"
REQUEST = assume_role(ALICE.signs(), LOOP, "s", 0, issues=AWS.key("K"))
SESSION = LOOP.session("s", 0, AWS.key("K"))


def tree_of(records: list[Json], folder: Path, subject: str = ALICE.key) -> Tree:
    with case_of_records(records, folder) as case:
        return case.tree(subject)


def node_of(tree: Tree, key: str) -> Node:
    (node,) = (node for node in tree.nodes if key in node.access_key_ids)
    return node


def end_of(tree: Tree, key: str) -> tuple[bool | None, str | None]:
    """Whether a node is valid, and the end that its logs show."""
    node = node_of(tree, key)
    return node.valid_at, node.ended.state if node.ended else None


def by_admin(name: str, second: float, **request: Any) -> Json:
    return call(ADMIN.signs(), second, source=IAM, name=name, requestParameters=request)


def deactivated(second: float) -> Json:
    return by_admin("UpdateAccessKey", second, userName="alice", accessKeyId=ALICE.key, status="Inactive")


class TestUsedAfterItsEnd:
    """Whatever succeeded after its end has not ended: both facts are shown, and the step is planned."""

    def test_a_deactivated_key(self, tmp_path: Path) -> None:
        tree = tree_of(
            [call(ALICE.signs(), 0), deactivated(60), call(ALICE.signs(), 90), call(ADMIN.signs(), 99)], tmp_path
        )
        node = node_of(tree, ALICE.key)
        assert (end_of(tree, ALICE.key), node.flags) == ((True, "deactivated"), ("used_after_end",))
        assert tree.containment[0].action == "deactivate_access_key"

    @pytest.mark.parametrize("late", [{"errorCode": "AccessDenied"}, None], ids=["refused", "none"])
    def test_a_refused_call_is_no_use(self, late: Json | None, tmp_path: Path) -> None:
        records = [call(ALICE.signs(), 0), deactivated(60)]
        tree = tree_of([*records, *([call(ALICE.signs(), 90) | late] if late else [])], tmp_path)
        assert (node_of(tree, ALICE.key).valid_at, node_of(tree, ALICE.key).state) == (False, "deactivated")

    def test_an_expired_and_a_revoked_session(self, tmp_path: Path) -> None:
        tree = tree_of([REQUEST, call(SESSION, 5), call(SESSION, 4000), call(ADMIN.signs(), 5000)], tmp_path)
        assert end_of(tree, AWS.key("K")) == (True, "expired")
        revoked = tree_of([REQUEST, put(60), call(SESSION, 90)], tmp_path / "revoked")
        assert end_of(revoked, AWS.key("K")) == (True, "revoked")

    def test_before_that_use_it_had_ended(self, tmp_path: Path) -> None:
        on = by_admin("UpdateAccessKey", 80, userName="alice", accessKeyId=ALICE.key, status="Active")
        with case_of_records([call(ALICE.signs(), 0), deactivated(60), on, call(ALICE.signs(), 90)], tmp_path) as case:
            ended = case.tree(ALICE.key, at=START + timedelta(seconds=70))
            now = case.tree(ALICE.key)
        assert node_of(ended, ALICE.key).state == "deactivated"
        assert (node_of(now, ALICE.key).state, node_of(now, ALICE.key).ended) == ("valid", None)


def document(**changes: Any) -> str:
    condition = {"DateLessThan": {"aws:TokenIssueTime": at(60)}}
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition} | changes
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def put(second: float, text: str | None = None) -> Json:
    return by_admin(
        "PutRolePolicy", second, roleName="loop", policyName="AWSRevokeOlderSessions", policyDocument=text or document()
    )


class TestRevocation:
    """A revocation lasts as long as its policy, and ends only what the policy denies."""

    def state(self, folder: Path, *changes: Json) -> str:
        return node_of(tree_of([REQUEST, call(SESSION, 5), *changes], folder), AWS.key("K")).state

    def test_it_ends_the_session(self, tmp_path: Path) -> None:
        assert self.state(tmp_path, put(60)) == "revoked"

    def test_deleting_or_replacing_the_policy_undoes_it(self, tmp_path: Path) -> None:
        gone = by_admin("DeleteRolePolicy", 70, roleName="loop", policyName="AWSRevokeOlderSessions")
        allow = put(70, document(Effect="Allow"))
        assert self.state(tmp_path / "1", put(60), gone) == "valid"
        assert self.state(tmp_path / "2", put(60), allow) == "valid"
        assert self.state(tmp_path / "3", put(60), gone, put(80)) == "revoked"

    @pytest.mark.parametrize(
        "changes",
        [
            {"Action": "s3:*"},
            {"Action": ["s3:*"]},
            {"NotAction": "iam:*", "Action": None},
            {"Resource": "arn:aws:s3:::b"},
            {
                "Condition": {
                    "DateLessThan": {"aws:TokenIssueTime": at(60)},
                    "IpAddress": {"aws:SourceIp": "192.0.2.0/24"},
                }
            },
            {"Condition": {"DateLessThan": {"aws:TokenIssueTime": at(60), "aws:CurrentTime": at(60)}}},
            {"Condition": {"DateGreaterThan": {"aws:TokenIssueTime": at(60)}}},
        ],
        ids=["action", "actions", "not_action", "resource", "condition", "key", "operator"],
    )
    def test_a_narrow_policy_does_not(self, changes: Json, tmp_path: Path) -> None:
        assert self.state(tmp_path, put(60, document(**changes))) == "valid"

    def test_the_shape_of_the_console_counts(self, tmp_path: Path) -> None:
        text = document(Action=["*"], Resource=["*"])
        assert self.state(tmp_path, put(60, text)) == "revoked"


def test_a_console_session_has_its_own_duration(tmp_path: Path) -> None:
    console = LOOP.session("s", 0, AWS.key("CONSOLE"))
    sign_in = sign_in_event(LOOP.session("s", 0, None), 10, "ConsoleLogin")
    tree = tree_of([REQUEST, call(SESSION, 5), sign_in, call(console, 20), call(ADMIN.signs(), 8000)], tmp_path)
    node = node_of(tree, AWS.key("CONSOLE"))
    assert node.valid_at is not False and node.expires_at is None
    assert "revoke_role_sessions" in {step.action for step in tree.containment}


def test_a_session_of_an_account_without_logs_may_have_requested_others(tmp_path: Path) -> None:
    mid, top = AWAY.role("mid"), FAR.role("top")
    first, _ = copies(assume_role(ALICE.signs(), mid, "m", 0, issues=AWAY.key("MID")), mid)
    _, second = copies(assume_role(mid.session("m", 0, AWAY.key("MID")), top, "t", 60, issues=FAR.key("TOP")), top)
    use = call(top.session("t", 60, FAR.key("TOP")), 90)
    tree = tree_of([first, second, use], tmp_path)
    assert "account_not_loaded" in node_of(tree, AWAY.key("MID")).flags
    assert not node_of(tree, FAR.key("TOP")).certain


@pytest.mark.parametrize("used", [True, False])
def test_root_cannot_carry_a_policy(used: bool, tmp_path: Path) -> None:
    key = "AKIA0ROOT1111XXXXXXX"
    request = get_federation_token(AWS.root(accessKeyId=key), "rf", 0, issues=AWS.key("K"))
    issuer = {"type": "Root", "principalId": AWS.id, "arn": f"arn:aws:iam::{AWS.id}:root", "accountId": AWS.id}
    session = federated(ALICE, "rf", 0, AWS.key("K"))
    session["sessionContext"]["sessionIssuer"] = issuer
    tree = tree_of([request, *([call(session, 5)] if used else [])], tmp_path, key)
    actions = {step.action for step in tree.containment}
    assert "deny_user" not in actions and "deny_by_scp" in actions


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ("/", "revoke_role_sessions"),
        ("/aws-reserved/sso.amazonaws.com/", "deny_identity_center_user"),
        ("/aws-service-role/rds.amazonaws.com/", "not_possible"),
    ],
)
@pytest.mark.parametrize("name", ["AWSServiceRoleForRDS", "AWSReservedSSO_Admin_0"])
def test_the_path_of_a_role_counts_and_not_its_name(path: str, name: str, action: str, tmp_path: Path) -> None:
    role = AWS.role(name, path=path)
    request = assume_role(ALICE.signs(), role, "s", 0, issues=AWS.key("K"))
    tree = tree_of([request, call(role.session("s", 0, AWS.key("K")), 5)], tmp_path)
    assert action in {step.action for step in tree.containment}
