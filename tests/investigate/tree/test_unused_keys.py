"""Planted keys without a call, and users known only by copies of other accounts or by the request of their token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from forensics.answers.tree_answer import Action
from tests.attribution.records import Account, Json, assume_role, call, copies, federated, get_federation_token
from tests.cases import case_of_records

IAM = "iam.amazonaws.com"
AWS = Account("111111111111")
AWAY = AWS.elsewhere()
ALICE, ADMIN, SVC, REMOTE = AWS.user("alice"), AWS.user("admin"), AWS.user("svc"), AWAY.role("remote")
NEW, Y = "AKIA0NEW1111XXXXXXXX", AWAY.key("Y")


def iam(name: str, second: float, response: Json, **request: Any) -> Json:
    return call(ALICE.signs(), second, source=IAM, name=name, requestParameters=request, responseElements=response)


CREATED_USER = iam("CreateUser", 0, {"user": {"userName": "svc", "userId": SVC.id, "arn": SVC.arn}}, userName="svc")
CREATED_KEY = iam("CreateAccessKey", 5, {"accessKey": {"accessKeyId": NEW, "userName": "svc"}}, userName="svc")
ITS_COPY = copies(assume_role(SVC.signs(NEW), REMOTE, "t", 50, issues=Y), REMOTE)[1]
RECORDS = [CREATED_USER, CREATED_KEY, ITS_COPY, call(REMOTE.session("t", 50, Y), 60)]


@pytest.mark.parametrize("subject", [NEW, ALICE.key])
def test_a_request_by_the_user_of_an_unused_key_is_below_the_key(subject: str, tmp_path: Path) -> None:
    with case_of_records([*RECORDS, call(ADMIN.signs(), 900)], tmp_path) as case:
        tree, page = case.tree(subject), case.key(subject)
        query = case.query_rows("key_descendants", {"key": subject})
    (session,) = (node for node in tree.nodes if Y in node.access_key_ids)
    assert session.parent is not None and tree.nodes[session.parent].access_key_ids == (NEW,)
    assert not session.certain
    assert page.children.possible == 1
    certain = query.columns.index("is_certain")
    assert [row[certain] for row in query.rows].count(False) == 1


@pytest.mark.parametrize(("records", "target", "parent"), [(RECORDS, "svc", (NEW,)), (RECORDS[2:], SVC.id, ())])
def test_a_user_that_the_copy_of_another_account_names(
    records: list[Json], target: str, parent: tuple[str, ...], tmp_path: Path
) -> None:
    with case_of_records([*records, call(ADMIN.signs(), 900)], tmp_path) as case:
        tree = case.tree(SVC.id)
    (session,) = (node for node in tree.nodes if Y in node.access_key_ids)
    assert session.parent is not None and tree.nodes[session.parent].access_key_ids == parent
    assert [step.target for step in tree.containment if step.action == Action.DENY_USER] == [target]
    assert not {Action.NOT_POSSIBLE, Action.WAIT_UNTIL} & {step.action for step in tree.containment}


def test_a_role_that_only_the_copy_of_another_account_names(tmp_path: Path) -> None:
    role = AWS.role("deploy")
    own = assume_role(role.session("s", 0, AWS.key("K")), REMOTE, "t", 50, issues=Y)
    with case_of_records([copies(own, REMOTE)[1], call(ADMIN.signs(), 900)], tmp_path) as case:
        plan = case.tree(role.session_id("s")).containment
    assert [(step.action, step.target) for step in plan] == [
        (Action.REVOKE_ROLE_SESSIONS, role.id),
        (Action.REVOKE_ROLE_SESSIONS, REMOTE.arn),
    ]
    assert "iam:ListRoles" in plan[0].why


@pytest.mark.parametrize(
    ("caller", "action"),
    [(ALICE.signs(), "deny_user"), (AWS.root(accessKeyId="AKIA0ROOT1111XXXXXXX"), "deny_by_scp")],
    ids=["user", "root"],
)
def test_a_federated_user_whose_own_records_do_not_name_its_requester(
    caller: Json, action: str, tmp_path: Path
) -> None:
    request = get_federation_token(caller, "f", 0, issues=AWS.key("F"))
    use = call(federated(ALICE, "f", 0, AWS.key("F"), issuer=False), 5)
    with case_of_records([request, use], tmp_path) as case:
        plan = case.tree(caller["accessKeyId"]).containment
    assert [step.action for step in plan] == ["deactivate_access_key", action]


def test_the_user_of_an_unused_key_did_not_have_the_former_renames_of_its_name(tmp_path: Path) -> None:
    def by_admin(name: str, second: float, **parts: Any) -> Json:
        return call(ADMIN.signs(), second, source=IAM, name=name, **parts)

    renamed = by_admin("UpdateUser", -20, requestParameters={"userName": "svc", "newUserName": "former"})
    created = {"user": {"userName": "svc", "userId": SVC.id, "arn": SVC.arn}}
    again = by_admin("CreateUser", -10, requestParameters={"userName": "svc"}, responseElements=created)
    with case_of_records([renamed, again, CREATED_KEY, call(ADMIN.signs(), 900)], tmp_path) as case:
        plan = case.tree(NEW).containment
    assert "--user-name svc " in (plan[0].command or "")
