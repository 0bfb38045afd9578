"""Federated users: the record names the user that requested the session, and the grade is that of the request."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attribution.records import Account, Json, call, federated, get_federation_token
from tests.cases import case_of_records

AWS = Account("111111111111")
ALICE = AWS.user("alice")
REQUEST = get_federation_token(ALICE.signs(), "broker", 0, issues=AWS.key("K"))
WITHOUT_RESPONSE = REQUEST | {"responseElements": None}
AT_CONSOLE = call(federated(ALICE, "broker", 0, AWS.key("CONSOLE")), 5, sessionCredentialFromConsole="true")


@pytest.mark.parametrize(
    ("records", "key", "grade"),
    [
        ([REQUEST, AT_CONSOLE], "CONSOLE", "strong"),
        ([WITHOUT_RESPONSE, AT_CONSOLE], "CONSOLE", "strong"),
        ([REQUEST, call(federated(ALICE, "broker", 0, AWS.key("K")), 5)], "K", "proven"),
        ([AT_CONSOLE], "CONSOLE", "proven"),
    ],
)
def test_no_better_grade_than_that_of_the_link(tmp_path: Path, records: list[Json], key: str, grade: str) -> None:
    with case_of_records(records, tmp_path) as case:
        answer = case.who(AWS.key(key))
        events = case.sql_rows(f"select grade from attributed_events where access_key_id = '{AWS.key(key)}'").rows
    assert (answer.actor.name, answer.grade, list(events)) == ("alice", grade, [(grade,)])
    assert {hop.link.grade for hop in answer.chain if hop.link} <= {grade}


def test_a_console_key_does_not_expire_with_the_issued_key(tmp_path: Path) -> None:
    late = call(federated(ALICE, "broker", 0, AWS.key("CONSOLE")), 7200, sessionCredentialFromConsole="true")
    with case_of_records([REQUEST, AT_CONSOLE, late], tmp_path) as case:
        who, tree = case.who(AWS.key("CONSOLE")), case.tree(ALICE.key)
    (session,) = tree.nodes[1:]
    assert (who.actor.name, who.flags, who.chain[0].expires_at) == ("alice", (), None)
    assert (session.expires_at, session.valid_at) == (None, True)


def test_a_session_without_its_response_and_without_use_is_below_the_key(tmp_path: Path) -> None:
    with case_of_records([WITHOUT_RESPONSE], tmp_path) as case:
        tree = case.tree(ALICE.key)
    (session,) = tree.nodes[1:]
    assert (session.principal_id, session.valid_at) == ("111111111111:broker", True)
    assert any(session.id in step.ends for step in tree.containment)


ISSUED_BY_ROOT = {"type": "Root", "principalId": AWS.id, "arn": f"arn:aws:iam::{AWS.id}:root"}


@pytest.mark.parametrize(
    ("issuer", "kind"),
    [(ISSUED_BY_ROOT, "root"), (ISSUED_BY_ROOT | {"principalId": "222222222222"}, "unknown")],
)
def test_the_record_names_root_as_the_requester_of_a_session(tmp_path: Path, issuer: dict[str, str], kind: str) -> None:
    session = federated(ALICE, "kiosk", 0, AWS.key("K"), issuer=False)
    session["sessionContext"]["sessionIssuer"] = issuer
    with case_of_records([call(session, 5)], tmp_path) as case:
        answer = case.who(AWS.key("K"))
    assert answer.actor.kind == kind
    if kind == "root":
        assert (answer.grade, answer.stop_reason, answer.actor.id, answer.actor.arn, answer.actor.name) == (
            "proven", "root_user", AWS.id, ISSUED_BY_ROOT["arn"], None
        )  # fmt: skip
