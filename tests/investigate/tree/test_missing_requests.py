"""Sessions whose request is not loaded, or proves nothing: downwards, doubt includes them, and the plan ends them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.attribution.records import (
    Account,
    Json,
    User,
    assume_role,
    call,
    copies,
    federated,
    sign_in_event,
    switch_role,
    trust_policy,
    with_repeated_key,
)
from tests.cases import case_of_records

IAM = "iam.amazonaws.com"
AWS = Account("111111111111")
AWAY, FAR = AWS.elsewhere(1), AWS.elsewhere(2)
ALICE, BOB, ADMIN, SVC = AWS.user("alice"), AWS.user("bob"), AWS.user("admin"), AWS.user("svc")
DEPLOY, BACKDOOR, REMOTE = AWS.role("deploy"), AWS.role("backdoor"), AWAY.role("remote")
X, Y, NEW = AWS.key("X"), AWAY.key("Y"), "AKIA0NEW1111XXXXXXXX"


def iam(name: str, second: float, response: Json | None = None, *, by: User = ALICE, **request: Any) -> Json:
    return call(by.signs(), second, source=IAM, name=name, requestParameters=request, responseElements=response)


def plan_of(records: Sequence[Json | str], folder: Path, subject: str = ALICE.key) -> dict[str, list[tuple[str, str]]]:
    """Return the steps that end each access key of the tree: action and name. Certain keys have an asterisk."""
    with case_of_records([*records, call(ADMIN.signs(), 900, source=IAM, name="ListUsers")], folder) as case:
        tree = case.tree(subject)
    steps = {id_: (step.action.value, step.target.rpartition("/")[2]) for step in tree.containment for id_ in step.ends}
    keys = ((key, node) for node in tree.nodes[1:] for key in node.access_key_ids if node.id in steps)
    found: dict[str, list[tuple[str, str]]] = {}
    for key, node in keys:
        found.setdefault(f"{key}*" if node.certain else key, []).append(steps[node.id])
    return found


def trusting(second: float, *principals: str, by: User = ALICE, role: str = "deploy") -> Json:
    return iam("UpdateAssumeRolePolicy", second, by=by, roleName=role, policyDocument=trust_policy(*principals))


def theirs(record: Json) -> Json:
    """Return the copy of a call that the account of the remote role has."""
    return copies(record, REMOTE)[1]


CREATED_ROLE = iam(
    "CreateRole",
    0,
    {"role": {"roleName": "backdoor", "roleId": BACKDOOR.id, "arn": BACKDOOR.arn}},
    roleName="backdoor",
    assumeRolePolicyDocument=trust_policy(FAR.id),
)
CREATED_USER = iam("CreateUser", 0, {"user": {"userName": "svc", "userId": SVC.id, "arn": SVC.arn}}, userName="svc")
PASSWORD = iam("CreateLoginProfile", 5, {"loginProfile": {"userName": "bob"}}, userName="bob")
CREATED_KEY = iam("CreateAccessKey", 5, {"accessKey": {"accessKeyId": NEW, "userName": "bob"}}, userName="bob")
SWITCHED = call(DEPLOY.session("x", 100, X), 110)
UNRELIABLE = with_repeated_key(
    copies(assume_role(FAR.user("mallory").signs(), DEPLOY, "x", 100, issues=X), DEPLOY)[1], "principalId", "AIDA0"
)
REMOTE_USE = call(REMOTE.session("t", 50, Y), 60)


def requested(by: Json) -> Json:
    return theirs(assume_role(by, REMOTE, "t", 50, issues=Y))


@pytest.mark.parametrize(
    "requests",
    [
        [switch_role(account.user("x").arn, DEPLOY, "x", 100) for account in (AWAY, FAR)],
        [switch_role(AWS.user("carol").arn, DEPLOY, "carol", -99), switch_role(FAR.user("x").arn, DEPLOY, "x", 100)],
        [UNRELIABLE],
    ],
    ids=["of two people", "that name the switched session only", "unreliable"],
)
def test_sessions_of_a_role_that_was_opened_for_a_while(requests: list[Json | str], tmp_path: Path) -> None:
    opened = trusting(0, FAR.id, AWAY.id)
    earlier = call(DEPLOY.session("carol", -99, AWS.key("C")), -90)
    records = [earlier, opened, *requests, SWITCHED, trusting(200, AWS.id, by=ADMIN)]
    assert plan_of(records, tmp_path) == {X: [("revoke_role_sessions", "deploy")]}


def test_a_session_of_a_created_role(tmp_path: Path) -> None:
    use = call(BACKDOOR.session("x", 100, X), 110)
    later = call(BACKDOOR.session("y", 300, AWS.key("LATER")), 310)
    records = [CREATED_ROLE, use, trusting(200, AWS.id, by=ADMIN, role="backdoor"), later]
    assert plan_of(records, tmp_path) == {X: [("revoke_role_sessions", "backdoor")]}


@pytest.mark.parametrize(
    ("session", "step"),
    [
        (federated(ALICE, "fed", 100, X), ("deny_user", "alice")),
        (ALICE.session(100, X), ("deny_user", "alice")),
        (ALICE.session(-500, X), None),
    ],
)
def test_a_token_of_the_user_of_a_key(session: Json, step: tuple[str, str] | None, tmp_path: Path) -> None:
    own = {"accessKey": {"accessKeyId": ALICE.key, "userName": "alice"}}
    created = iam("CreateAccessKey", -10, own, by=ADMIN, userName="alice")
    plan = plan_of([created, call(ALICE.signs(), 0), call(session, 110)], tmp_path)
    assert plan == ({X: [step]} if step else {})


def test_a_console_session_is_no_token(tmp_path: Path) -> None:
    console = call(ALICE.session(100, AWS.key("C")), 105, sessionCredentialFromConsole="true")
    assert plan_of([call(ALICE.signs(), 0), console, call(ALICE.session(100, X), 110)], tmp_path) == {}


def test_a_token_of_a_planted_user(tmp_path: Path) -> None:
    plan = plan_of([CREATED_USER, call(federated(SVC, "fed", 100, X), 110)], tmp_path)
    assert plan == {f"{X}*": [("deny_user", "svc")]}


def test_a_console_session_with_a_planted_password(tmp_path: Path) -> None:
    flagged = call(BOB.session(100, AWS.key("C")), 105, sessionCredentialFromConsole="true")
    plan = plan_of([call(BOB.signs(), -50), PASSWORD, flagged, call(BOB.session(100, X), 110)], tmp_path)
    assert plan == {X: [("deny_user", "bob")], AWS.key("C"): [("deny_user", "bob")]}


@pytest.mark.parametrize(
    "records",
    [
        [CREATED_USER, requested(SVC.signs(NEW)), REMOTE_USE],
        [CREATED_ROLE, requested(BACKDOOR.session("x", 40, X)), REMOTE_USE],
        [CREATED_KEY, call(BOB.signs(), -9), requested(BOB.signs(NEW)), REMOTE_USE, call(BOB.signs(), 99)],
    ],
    ids=["user", "role", "key"],
)
def test_requests_by_the_id_of_what_was_planted(records: list[Json], tmp_path: Path) -> None:
    assert plan_of(records, tmp_path)[Y] == [("revoke_role_sessions", "remote")]


@pytest.mark.parametrize("user", [SVC, BOB])
def test_a_switch_by_the_arn_of_a_user_with_a_planted_password(user: User, tmp_path: Path) -> None:
    planted = [CREATED_USER, PASSWORD | {"requestParameters": {"userName": "svc"}}] if user is SVC else [PASSWORD]
    login = sign_in_event(user.signs_in(), 20, "ConsoleLogin")
    switch = switch_role(user.arn, DEPLOY, "x", 100)
    plan = plan_of([call(BOB.signs(), -50), *planted, login, switch, SWITCHED], tmp_path)
    assert plan[X] == [("revoke_role_sessions", "deploy")]


CONSOLE = AWS.key("CONSOLE")
UNEXPLAINED = call(DEPLOY.session("x", 100, CONSOLE), 5000)


class TestAnotherKeyOfASession:
    """Its sign-in is not loaded: the session outlives the key that was requested."""

    REQUEST = assume_role(ALICE.signs(), DEPLOY, "x", 100, issues=X)

    @pytest.mark.parametrize("use", [(), (call(DEPLOY.session("x", 100, X), 110),)], ids=["unused", "used"])
    @pytest.mark.parametrize("subject", [ALICE.key, X])
    def test_it_is_possibly_below_the_key_of_the_request(
        self, use: Sequence[Json], subject: str, tmp_path: Path
    ) -> None:
        plan = plan_of([self.REQUEST, *use, UNEXPLAINED], tmp_path, subject)
        assert plan[CONSOLE] == [("revoke_role_sessions", "deploy")]

    def test_another_session_is_not(self, tmp_path: Path) -> None:
        others = [call(DEPLOY.session("y", 100, CONSOLE), 5000), call(DEPLOY.session("x", 101, AWS.key("Z")), 5000)]
        assert plan_of([self.REQUEST, *others], tmp_path) == {}

    def test_a_key_with_a_request_of_its_own_is_not(self, tmp_path: Path) -> None:
        other = assume_role(BOB.signs(), DEPLOY, "x", 100, issues=CONSOLE)
        assert plan_of([self.REQUEST, other, UNEXPLAINED], tmp_path) == {}

    def test_nobody_is_named(self, tmp_path: Path) -> None:
        with case_of_records([self.REQUEST, UNEXPLAINED], tmp_path) as case:
            assert case.who(CONSOLE).actor.name is None
