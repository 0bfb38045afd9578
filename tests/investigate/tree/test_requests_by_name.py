"""A requester that is known by name only: all of its credentials that existed at that time, loaded calls or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.attribution.records import (
    Account,
    Json,
    assume_role,
    call,
    copies,
    federated,
    get_federation_token,
    sign_in_event,
    switch_role,
)
from tests.cases import case_of_records

AWS = Account("111111111111")
ALICE, ADMIN, EVIL = AWS.user("alice"), AWS.role("admin"), AWS.elsewhere(2).user("evil")
CONSOLE, SWITCHED, ISSUED = AWS.key("CO"), AWS.key("SW"), AWS.key("X")
SWITCH = [switch_role(ALICE.arn, ADMIN, "alice", 60), call(ADMIN.session("alice", 60, SWITCHED), 70)]


def request(caller: Json) -> list[Json]:
    """AssumeRole as the role's account logs it, and a call of the session."""
    redacted = copies(assume_role(caller, ADMIN, "x", 100, issues=ISSUED), ADMIN)[1]
    return [redacted, call(ADMIN.session("x", 100, ISSUED), 110)]


def below(subject: str, records: Sequence[Json], folder: Path) -> list[tuple[str, bool]]:
    with case_of_records([*records, call(AWS.user("other").signs(), 500)], folder) as case:
        tree = case.tree(subject)
    return [(key, node.certain) for node in tree.nodes[1:] for key in node.access_key_ids]


@pytest.mark.parametrize("sign_in", [[sign_in_event(ALICE.signs_in(), 0, "ConsoleLogin")], []])
def test_a_switch_before_the_first_call_in_the_console(sign_in: list[Json], tmp_path: Path) -> None:
    records = [*sign_in, *SWITCH, call(ALICE.session(0, CONSOLE), 100)]
    assert below(CONSOLE, records, tmp_path) == [(SWITCHED, False)]


def test_a_session_that_began_later_did_not_ask(tmp_path: Path) -> None:
    assert below(CONSOLE, [*SWITCH, call(ALICE.session(65, CONSOLE), 100)], tmp_path) == []


@pytest.mark.parametrize("used", [50, 300])
def test_a_long_term_key_whose_first_loaded_call_is_later(used: int, tmp_path: Path) -> None:
    records = [*request(EVIL.signs()), call(EVIL.signs(), used)]
    assert below(EVIL.key, records, tmp_path) == [(ISSUED, False)]


@pytest.mark.parametrize(("created", "expected"), [(90, [(ISSUED, False)]), (200, [])])
def test_a_key_asks_from_its_creation_on(created: int, expected: list[tuple[str, bool]], tmp_path: Path) -> None:
    key = {"accessKey": {"accessKeyId": EVIL.key, "userName": "evil", "status": "Active"}}
    making = call(
        AWS.elsewhere(2).user("boss").signs(),
        created,
        source="iam.amazonaws.com",
        name="CreateAccessKey",
        requestParameters={"userName": "evil"},
        responseElements=key,
    )
    records = [making, *request(EVIL.signs("AKIA0SECOND1113XXXXX")), call(EVIL.signs(), 300)]
    assert below(EVIL.key, records, tmp_path) == expected


def test_another_path_of_a_user_makes_no_name_uncertain(tmp_path: Path) -> None:
    """Any user that may change its own path could otherwise hide who switched role."""
    bob, path = AWS.user("bob"), {"userName": "bob", "newPath": "/x/"}
    moved = call(bob.signs(), 20, source="iam.amazonaws.com", name="UpdateUser", requestParameters=path)
    uses = [call(ALICE.signs(), second) for second in (10, 90)]
    with case_of_records([*uses, moved, *SWITCH], tmp_path) as case:
        assert case.who(SWITCHED).actor.id == ALICE.id


@pytest.mark.parametrize("key", [None, "AKIA****", "HIDDEN_DUE_TO_SECURITY_REASONS"])
@pytest.mark.parametrize(
    ("requests", "relation"), [(assume_role, "assumed_role"), (get_federation_token, "federation_token")]
)
def test_a_caller_whose_key_is_masked(
    key: str | None, requests: Callable[..., Json], relation: str, tmp_path: Path
) -> None:
    caller = ALICE.signs() | {"accessKeyId": key}
    if relation == "assumed_role":
        request, session = requests(caller, ADMIN, "x", 100, issues=ISSUED), ADMIN.session("x", 100, ISSUED)
    else:
        request, session = requests(caller, "x", 100, issues=ISSUED), federated(ALICE, "x", 100, ISSUED)
    records = [request, call(session, 110), call(ALICE.signs(), 50), call(AWS.user("other").signs(), 500)]
    with case_of_records(records, tmp_path) as case:
        below = case.tree(ALICE.key).nodes[1:]
    assert [(node.access_key_ids, node.relation, node.certain) for node in below] == [((ISSUED,), relation, False)]
