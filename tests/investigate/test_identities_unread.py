"""Identities unread: an absence mentions the records whose identity is in a form that is not read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.case import Case
from tests.attribution.records import Account, Json, call
from tests.cases import case_of_records
from tests.cli.run import run

AWS = Account("111111111111")
KEY = AWS.key("LOST")
FORMS: list[object] = [
    ["AssumedRole", "AROA:s", KEY],
    "AssumedRole",
    None,
    {},
    {"caller": {"kind": "AssumedRole"}},
]


def unread(identity: object) -> Json:
    return call(AWS.user("alice").signs(), 5) | {"userIdentity": identity}


@pytest.fixture(params=FORMS, ids=["list", "text", "null", "empty", "unknown"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    with case_of_records([call(AWS.user("alice").signs(), 0), unread(request.param)], tmp_path) as made:
        yield made


def test_they_are_counted(case: Case) -> None:
    (file,) = case.info().unread
    assert case.info().identity_unread == 1
    assert (file.status, file.reason) == ("ok", "the identity in 1 of its records could not be read")


def test_who_and_tree_of_a_key_that_is_not_found_mention_them(case: Case) -> None:
    assert case.who(KEY).flags == ("identities_unread",)
    assert case.tree(KEY).flags == ("identities_unread",)


@pytest.mark.parametrize("member", [{"access_key": KEY}, {"accessKeyId": [KEY]}, {"accessKeyId": {"S": KEY}}])
def test_an_identity_with_an_access_key_in_another_form_is_counted(member: Json, tmp_path: Path) -> None:
    identity = {"type": "IAMUser", "principalId": "AIDACKCEVSQ6C2EXAMPLE", **member}
    with case_of_records([call(AWS.user("alice").signs(), 0), unread(identity)], tmp_path) as case:
        assert case.info().identity_unread == 1


def test_an_answer_that_is_found_does_not(case: Case) -> None:
    assert "identities_unread" not in case.who(AWS.user("alice").key).flags


def test_a_service_event_without_identity_is_read(tmp_path: Path) -> None:
    event = unread(None) | {"eventType": "AwsServiceEvent"}
    with case_of_records([call(AWS.user("alice").signs(), 0), event], tmp_path) as case:
        assert (case.info().identity_unread, case.who(KEY).flags) == (0, ())


def test_the_screens_say_so_and_the_exit_code_is_3(tmp_path: Path) -> None:
    with case_of_records([unread(["AssumedRole"])], tmp_path / "made"):
        logs = tmp_path / "made" / "logs"
    done = run("ingest", logs, "--case", tmp_path / "case")
    assert (done.code, "the identity in 1 of its records could not be read" in done.out) == (3, True)
    for command in ("who", "tree", "key"):
        shown = run(command, KEY, "--case", tmp_path / "case").out
        assert "the identity in some loaded records could not be read" in shown
