"""What was planted through forward access, the console or a role switch is below a key in `key` as it is in `tree`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.case import Case
from tests.attribution.records import Account, Json, assume_role, call, copies, sign_in_event, switch_role
from tests.cases import case_of_records

IAM = "iam.amazonaws.com"
CLOUDFORMATION = "cloudformation.amazonaws.com"
AWS = Account("111111111111")
ALICE, BOB, ADMIN = AWS.user("alice"), AWS.user("bob"), AWS.user("admin")
EVIL = AWS.elsewhere(2).user("evil")
DEPLOY, ADMINS = AWS.role("deploy"), AWS.role("admin")
PLANTED = AWS.user("svc")
PLANTED_KEY = "AKIA0NEWK1111ABCDEFG"
SESSION, CONSOLE, SWITCHED, FORWARDED = (AWS.key(name) for name in ("SESSION", "CONSOLE", "SWITCHED", "FORWARDED"))


def _plants(caller: Json) -> list[Json]:
    """Records of a caller that creates a user and a key for it, and of a use of this key."""
    user = {"userName": PLANTED.name, "userId": PLANTED.id, "arn": PLANTED.arn}
    key = {"accessKeyId": PLANTED_KEY, "userName": PLANTED.name, "status": "Active"}
    about = {"userName": PLANTED.name}
    return [
        call(caller, 160, source=IAM, name="CreateUser", requestParameters=about, responseElements={"user": user}),
        call(
            caller,
            161,
            source=IAM,
            name="CreateAccessKey",
            requestParameters=about,
            responseElements={"accessKey": key},
        ),
        call(PLANTED.signs(PLANTED_KEY), 200, name="GetObject"),
    ]


def _by_forward_access_of_a_session() -> tuple[str, list[Json]]:
    forwarded = DEPLOY.session("s", 0, FORWARDED, invoked_by=CLOUDFORMATION)
    return SESSION, [
        assume_role(ALICE.signs(), DEPLOY, "s", 0, issues=SESSION),
        call(DEPLOY.session("s", 0, SESSION), 50, source=CLOUDFORMATION, name="CreateStack"),
        *_plants(forwarded),
    ]


def _by_forward_access_of_a_user() -> tuple[str, list[Json]]:
    forwarded = ALICE.session(49, FORWARDED, invoked_by=CLOUDFORMATION)
    return ALICE.key, [
        call(ALICE.signs(), 50, source=CLOUDFORMATION, name="CreateStack"),
        *_plants(forwarded),
    ]


def _in_the_console() -> tuple[str, list[Json]]:
    return SESSION, [
        assume_role(ALICE.signs(), DEPLOY, "s", 0, issues=SESSION),
        call(DEPLOY.session("s", 0, SESSION), 40),
        sign_in_event(DEPLOY.session("s", 0, None), 45, "ConsoleLogin"),
        *_plants(DEPLOY.session("s", 0, CONSOLE)),
    ]


def _after_a_switch_of_role() -> tuple[str, list[Json]]:
    return CONSOLE, [
        sign_in_event(ALICE.signs_in(), 0, "ConsoleLogin"),
        call(ALICE.session(0, CONSOLE), 10),
        switch_role(ALICE.arn, ADMINS, "alice", 60),
        *_plants(ADMINS.session("alice", 60, SWITCHED)),
    ]


def _by_one_of_two_requesters() -> tuple[str, list[Json]]:
    return ALICE.key, [
        assume_role(ALICE.signs(), DEPLOY, "s", 0, issues=None),
        assume_role(BOB.signs(), DEPLOY, "s", 0, issues=None),
        *_plants(DEPLOY.session("s", 0, SESSION)),
    ]


def _by_a_requester_of_another_account() -> tuple[str, list[Json]]:
    request = assume_role(EVIL.signs(), DEPLOY, "x", 100, issues=SESSION)
    return EVIL.key, [
        call(EVIL.signs(), 50),
        copies(request, DEPLOY)[1],
        *_plants(DEPLOY.session("x", 100, SESSION)),
    ]


@pytest.mark.parametrize(
    "world",
    [
        _by_forward_access_of_a_session,
        _by_forward_access_of_a_user,
        _in_the_console,
        _after_a_switch_of_role,
        _by_one_of_two_requesters,
        _by_a_requester_of_another_account,
    ],
)
def test_the_planted_key_is_below(world: Callable[[], tuple[str, list[Json]]], tmp_path: Path) -> None:
    subject, records = world()
    with case_of_records(records, tmp_path) as case:
        children = case.key(subject).children
        assert [(made.access_key_id, made.certain) for made in children.made_keys] == [(PLANTED_KEY, False)]
        assert children.credentials == 0
        assert _planted(case, "persistence", origin_key=subject) == [("user", False), ("access_key", False)]
        assert (PLANTED_KEY, False) in _descendants(case, subject)
        in_tree = {key for node in case.tree(subject).nodes if node.parent is not None for key in node.access_key_ids}
        assert {key for key, _ in _descendants(case, subject)} - {None} == in_tree


def test_a_planting_with_the_key_itself_is_certain(tmp_path: Path) -> None:
    with case_of_records(_plants(ALICE.signs()), tmp_path) as case:
        assert [made.certain for made in case.key(ALICE.key).children.made_keys] == [True]
        assert _planted(case, "persistence", origin_key=ALICE.key) == [("user", True), ("access_key", True)]
        assert [kind for kind, _ in _planted(case, "persistence")] == ["user", "access_key"]
        assert [certain for _, certain in _planted(case, "persistence")] == [None, None]


def _planted(case: Case, query: str, **parameters: str) -> list[tuple[object, ...]]:
    return _columns(case, query, ("kind", "is_certain"), parameters)


def _descendants(case: Case, key: str) -> list[tuple[object, ...]]:
    return _columns(case, "key_descendants", ("access_key_id", "is_certain"), {"key": key})


def _columns(case: Case, query: str, names: tuple[str, ...], parameters: dict[str, str]) -> list[tuple[object, ...]]:
    found = case.query_rows(query, parameters)
    places = [found.columns.index(name) for name in names]
    return [tuple(row[place] for place in places) for row in found.rows]
