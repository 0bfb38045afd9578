"""Users and passwords whose creation is logged without its response or without a name: what was planted is not lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from forensics.answers.tree_answer import Action, NodeKind, State, Tree
from forensics.output.lines import lay_out
from forensics.output.tree_text import render_tree
from tests.attribution.records import Account, Json, User, assume_role, assume_root, assumed_root, call, sign_in_event
from tests.cases import case_of_records

IAM = "iam.amazonaws.com"
AWS = Account("111111111111")
MEMBER = AWS.elsewhere()
ALICE, BOB, ADMIN, SVC = (AWS.user(name) for name in ("alice", "bob", "admin", "svc"))
NEW, ROOT_KEY, OPENED = "AKIA0NEW1111XXXXXXXX", "AKIA0ROOT111XXXXXXXX", MEMBER.key("OPENED")


def iam(name: str, second: float, *, by: Json | None = None, response: Json | None = None, **request: Any) -> Json:
    caller = by or ALICE.signs()
    parameters = request or None
    return call(caller, second, source=IAM, name=name, requestParameters=parameters, responseElements=response)


def tree_of(records: Sequence[Json], folder: Path, subject: str = ALICE.key) -> Tree:
    with case_of_records([*records, call(ADMIN.signs(), 900, source=IAM, name="ListUsers")], folder) as case:
        return case.tree(subject)


def steps_of(tree: Tree) -> list[tuple[Action, str]]:
    return [(step.action, step.target.rpartition("/")[2]) for step in tree.containment[1:]]


def created_key(by: User) -> Json:
    return iam("CreateAccessKey", 5, by=by.signs(), response={"accessKey": {"accessKeyId": NEW, "userName": "svc"}})


CREATED = iam("CreateUser", 0, userName="SVC")
DENIED_AND_DELETED = [(Action.DENY_USER, "svc"), (Action.DELETE_CREATED_USER, "svc")]


@pytest.mark.parametrize("key", [[created_key(BOB)], []], ids=["created by another user", "without its creation"])
def test_a_created_user_without_an_id_is_known_by_its_calls(key: list[Json], tmp_path: Path) -> None:
    tree = tree_of([CREATED, *key, call(SVC.signs(NEW), 50)], tmp_path)
    _, user, used = tree.nodes
    assert (user.kind, user.principal_id, user.certain) == (NodeKind.USER, SVC.id, True)
    assert (used.access_key_ids, used.parent, used.certain) == ((NEW,), user.id, True)
    assert steps_of(tree) == DENIED_AND_DELETED


def test_a_key_for_the_name_of_a_created_user_without_an_id(tmp_path: Path) -> None:
    tree = tree_of([CREATED, created_key(BOB)], tmp_path)
    _, user, key = tree.nodes
    assert (user.kind, user.principal_id, key.access_key_ids, key.certain) == (NodeKind.USER, None, (NEW,), False)
    denied, deleted = ((action, "SVC") for action, _ in DENIED_AND_DELETED)
    assert steps_of(tree) == [denied, (Action.DEACTIVATE_ACCESS_KEY, NEW), deleted]


def test_a_created_key_without_an_id(tmp_path: Path) -> None:
    """A key of the user whose creation is not logged is possibly that one."""
    created = [iam("CreateAccessKey", 5, userName="bob"), iam("CreateAccessKey", 6, userName="bob")]
    listed = iam("CreateAccessKey", 7, response={"accessKey": {"accessKeyId": ROOT_KEY, "userName": "bob"}})
    used = [call(BOB.signs(), -50), call(BOB.signs(NEW), 50), call(BOB.signs(ROOT_KEY), 60)]
    tree = tree_of([*created, listed, *used], tmp_path)
    unknown = [node for node in tree.nodes if node.kind == NodeKind.ACCESS_KEY and not node.access_key_ids]
    assert [(node.parent, node.name, node.certain, node.valid_at) for node in unknown] == [(0, "bob", True, True)] * 2
    possible = [
        (node.access_key_ids, node.certain) for node in tree.nodes if node.parent in (unknown[0].id, unknown[1].id)
    ]
    assert possible == [((NEW,), False), ((NEW,), False)]
    targets = [step.target for step in tree.containment if step.action == Action.DEACTIVATE_ACCESS_KEY]
    times = [f"of bob that was created at 2026-03-01T12:00:0{second}Z" for second in (5, 6)]
    assert targets == [ALICE.key, *times, ROOT_KEY, NEW]
    shown = lay_out(render_tree(tree), 120)
    assert "access key without a logged ID  user/bob" in shown
    # the used key is below both, and is one key
    assert "derived  4 access keys;" in shown and "valid    5 of 5 at" in shown


def test_a_key_without_an_id_that_was_possibly_deleted(tmp_path: Path) -> None:
    """The step stays, and says so. A deleted key that was used before is another key."""
    created = iam("CreateAccessKey", 50, userName="bob")
    used = [call(BOB.signs(), 0), call(ALICE.signs(), 1)]
    deletions = [iam("DeleteAccessKey", 60, userName="bob", accessKeyId=key) for key in (BOB.key, NEW)]
    before = tree_of([*used, created, deletions[0]], tmp_path / "other")
    after = tree_of([*used, created, deletions[1]], tmp_path / "possible")
    for tree, is_said in ((before, False), (after, True)):
        (step,) = tree.containment[1:]
        assert step.action == Action.DEACTIVATE_ACCESS_KEY
        assert ("a deletion at 2026-03-01T12:01:00Z that was possibly" in step.why) == is_said


def opened(second: float, key: str) -> tuple[Json, Json]:
    return assume_root(ALICE.signs(), MEMBER.id, second, issues=key), assumed_root(MEMBER, second, key)


def test_a_password_and_a_key_that_assume_root_created(tmp_path: Path) -> None:
    request, root = opened(10, MEMBER.key("R"))
    password = iam("CreateLoginProfile", 20, by=root, response={"loginProfile": {"createDate": "Mar 1, 2026"}})
    key = iam("CreateAccessKey", 21, by=root, response={"accessKey": {"accessKeyId": ROOT_KEY, "userName": "alias"}})
    context = {"attributes": {"creationDate": "2026-03-01T12:01:40Z", "mfaAuthenticated": "false"}}
    sign_in = sign_in_event(MEMBER.root(), 100, "ConsoleLogin")
    use = call(MEMBER.root(accessKeyId=OPENED, sessionContext=context), 110)
    tree = tree_of([request, password, key, sign_in, use], tmp_path / "live")
    (planted,) = (node for node in tree.nodes if node.kind == NodeKind.LOGIN_PROFILE)
    (session,) = (node for node in tree.nodes if OPENED in node.access_key_ids)
    assert (planted.account_id, planted.valid_at) == (MEMBER.id, True)
    assert (session.parent, session.certain) == (planted.id, False)
    root_steps = [(Action.DENY_BY_SCP, MEMBER.id), (Action.DEACTIVATE_ACCESS_KEY, ROOT_KEY)]
    assert steps_of(tree) == [*root_steps, (Action.DISABLE_CONSOLE_LOGIN, "the root user")]
    assert all("AssumeRoot" in step.why for step in tree.containment[2:])

    later_request, later_root = opened(300, MEMBER.key("L"))
    deleted = iam("DeleteLoginProfile", 310, by=later_root)
    tree = tree_of([request, password, later_request, deleted], tmp_path / "deleted")
    (planted,) = (node for node in tree.nodes if node.kind == NodeKind.LOGIN_PROFILE)
    assert (planted.state, planted.valid_at) == (State.DELETED, False)


def test_a_user_is_denied_once(tmp_path: Path) -> None:
    """The policy also denies what is issued later, so it is not repeated after a deeper step."""
    role = AWS.role("deploy")
    password = iam("UpdateLoginProfile", 5, userName="alice")
    console = call(ALICE.session(20, AWS.key("C")), 25)
    again = iam("UpdateLoginProfile", 40, by=role.session("x", 30, AWS.key("X")), userName="alice")
    records = [
        password,
        sign_in_event(ALICE.signs_in(), 20, "ConsoleLogin"),
        console,
        assume_role(ALICE.session(20, AWS.key("C")), role, "x", 30, issues=AWS.key("X")),
        again,
        sign_in_event(ALICE.signs_in(), 50, "ConsoleLogin"),
        call(ALICE.session(50, AWS.key("D")), 55),
    ]
    tree = tree_of(records, tmp_path)
    denials = [step for step in tree.containment if step.action == Action.DENY_USER]
    assert [len(step.ends) for step in denials] == [2]
