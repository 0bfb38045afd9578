"""Planted users are followed by their ID: a name can be changed, and belong to another user later."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from forensics.answers.tree_answer import Tree
from tests.attribution.records import Account, Json, User, call, sign_in_event
from tests.cases import case_of_records

AWS = Account("111111111111")
ALICE, BOB, ADMIN = AWS.user("alice"), AWS.user("bob"), AWS.user("admin")
SVC, ANOTHER = AWS.user("svc"), AWS.user("svc", life="b")
KEY, CONSOLE = "AKIA0NEWK1111ABCDEFG", AWS.key("CO")
STEPS_FOR_USERS = {"deny_user", "delete_created_user", "disable_console_login"}


def iam(name: str, second: float, *, by: User = ADMIN, response: Json | None = None, **request: Any) -> Json:
    return call(
        by.signs(),
        second,
        source="iam.amazonaws.com",
        name=name,
        requestParameters=request,
        responseElements=response,
    )


def created(user: User, second: float, by: User = ADMIN) -> Json:
    response = {"user": {"userName": user.name, "userId": user.id, "arn": user.arn}}
    return iam("CreateUser", second, by=by, response=response, userName=user.name)


def key_for(name: str, second: float, by: User = BOB) -> Json:
    response = {"accessKey": {"accessKeyId": KEY, "userName": name, "status": "Active"}}
    return iam("CreateAccessKey", second, by=by, response=response, userName=name)


def renamed(second: float, old: str = "svc", new: str = "svc2") -> Json:
    return iam("UpdateUser", second, userName=old, newUserName=new)


def named(name: str, user: User = SVC) -> User:
    return User(user.account_id, name, user.id)


def signed_in(user: User, second: float) -> list[Json]:
    return [sign_in_event(user.signs_in(), second, "ConsoleLogin"), call(user.session(second, CONSOLE), second + 5)]


def tree_of(records: Sequence[Json], folder: Path) -> Tree:
    with case_of_records([call(BOB.signs(), -9), *records, call(ADMIN.signs(), 300)], folder) as case:
        return case.tree(ALICE.key)


def below(tree: Tree) -> list[tuple[str, bool]]:
    """The nodes below the subject, by key or kind, and whether each is certain."""
    return [(next(iter(node.access_key_ids), node.kind), node.certain) for node in tree.nodes[1:]]


def steps(tree: Tree) -> list[tuple[str, str]]:
    found = [(str(step.action), step.target.rpartition("/")[2]) for step in tree.containment]
    return [step for step in found if step[0] in STEPS_FOR_USERS]


PLANTED = created(SVC, 0, ALICE)


@pytest.mark.parametrize("is_used", [True, False])
@pytest.mark.parametrize("names", [["svc2"], ["svc2", "svc3"], ["svc2", "svc"], ["SVC"], ["svc2", "svc3", "svc4"]])
def test_what_a_renamed_user_was_given_is_below_it(names: list[str], is_used: bool, tmp_path: Path) -> None:
    renames = [
        renamed(10 + place, old, new) for place, (old, new) in enumerate(zip(["svc", *names], names, strict=False))
    ]
    last = named(names[-1])
    password = iam("CreateLoginProfile", 30, by=BOB, userName=names[-1])
    uses = [call(last.signs(KEY), 40), *signed_in(last, 50)] if is_used else []
    tree = tree_of([PLANTED, *renames, key_for(names[-1], 20), password, *uses], tmp_path)
    expected = [("user", True), (KEY, True), ("login_profile", True)]
    assert below(tree) == [*expected, *([(CONSOLE, True)] if is_used else [])]
    assert set(steps(tree)) == {(action, names[-1]) for action in STEPS_FOR_USERS}


def test_a_session_with_the_password_of_a_renamed_user_is_below_it(tmp_path: Path) -> None:
    password = iam("CreateLoginProfile", 30, by=ALICE, userName="bob")
    tree = tree_of([password, renamed(40, "bob", "bob2"), *signed_in(named("bob2", BOB), 60)], tmp_path)
    assert below(tree) == [("login_profile", True), (CONSOLE, True)]


@pytest.mark.parametrize("gone", [iam("DeleteUser", 60, userName="svc"), renamed(60)])
def test_a_later_user_of_the_name_has_nothing_to_do_with_it(gone: Json, tmp_path: Path) -> None:
    password = iam("CreateLoginProfile", 80, userName="svc")
    given = [created(ANOTHER, 70), key_for("svc", 75), password, *signed_in(ANOTHER, 90)]
    tree = tree_of([PLANTED, gone, *given], tmp_path)
    assert below(tree) == [("user", True)]
    assert "svc" not in {target for _, target in steps(tree)}


@pytest.mark.parametrize(
    "later",
    [
        [created(ANOTHER, 70)],
        [created(named("SVC", ANOTHER), 70)],
        [call(ANOTHER.signs(), 70)],
        [created(named("x", ANOTHER), 50), renamed(70, "x", "svc")],
        [renamed(60), created(ANOTHER, 70), call(named("svc").signs(KEY), 65), call(ANOTHER.signs(), 80)],
    ],
)
def test_a_step_never_names_a_later_user_of_the_name(later: list[Json], tmp_path: Path) -> None:
    """The deletion or renaming of the planted user is not loaded."""
    tree = tree_of([PLANTED, *later], tmp_path)
    assert set(steps(tree)) == {("deny_user", SVC.id), ("delete_created_user", SVC.id)}
    planned = [step for step in tree.containment if step.action in STEPS_FOR_USERS]
    assert all("find the present name of this user by its ID" in step.why for step in planned)


def test_a_record_shows_the_present_name(tmp_path: Path) -> None:
    tree = tree_of([PLANTED, call(named("svc2").signs(KEY), 90)], tmp_path)
    assert {target for _, target in steps(tree)} == {"svc2"}


def test_in_doubt_about_the_user_a_key_is_ended_on_its_own(tmp_path: Path) -> None:
    """Two renamings in one second: the holder of the name is unknown."""
    renames = [renamed(10), renamed(10, "svc2", "svc3")]
    tree = tree_of([PLANTED, *renames, key_for("svc3", 20)], tmp_path)
    assert below(tree) == [("user", True), (KEY, False)]
    assert ("deactivate_access_key", KEY) in {(step.action, step.target) for step in tree.containment}


def test_a_service_credential_that_was_reset_is_below_its_user_too(tmp_path: Path) -> None:
    credential = "ACCA0BEDROCK1111ABCD"
    reset = iam(
        "ResetServiceSpecificCredential",
        20,
        by=BOB,
        userName="svc",
        serviceSpecificCredentialId=credential,
        response={"serviceSpecificCredential": {"serviceSpecificCredentialId": credential, "userName": "svc"}},
    )
    use = call(SVC.signs_in() | {"credentialId": credential}, 50, source="bedrock.amazonaws.com", name="InvokeModel")
    assert below(tree_of([PLANTED, reset, use], tmp_path)) == [("user", True), (credential, True)]


class TestCase:
    """IAM does not distinguish names by case."""

    def test_what_a_planted_user_was_given(self, tmp_path: Path) -> None:
        password = iam("CreateLoginProfile", 12, by=ALICE, userName="SVC")
        given = [key_for("Svc", 10), password, call(SVC.signs(KEY), 30), *signed_in(SVC, 40)]
        tree = tree_of([PLANTED, *given], tmp_path)
        assert below(tree) == [("user", True), (KEY, True), ("login_profile", True), (CONSOLE, True)]

    def test_a_deletion(self, tmp_path: Path) -> None:
        tree = tree_of([PLANTED, iam("DeleteUser", 60, userName="SVC")], tmp_path)
        assert (tree.nodes[1].state, steps(tree)) == ("deleted", [])

    def test_a_password(self, tmp_path: Path) -> None:
        password = iam("CreateLoginProfile", 20, by=ALICE, userName="BOB")
        tree = tree_of([call(BOB.signs(), 0), password, *signed_in(BOB, 40)], tmp_path)
        assert below(tree) == [("login_profile", True), (CONSOLE, True)]
        assert ("deny_user", "bob") in steps(tree)
