"""What exports add to an answer: names, and what trust policies asked for. No event is overridden."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from forensics.case import Case
from tests.attribution.records import START, Account, Json, assume_role, at, call, copies, write
from tests.exports.cases import add
from tests.simulator.exports import role_details

HOME, AWAY = Account("111111111111"), Account("222222222222")
ALICE, DEPLOY, KEY = HOME.user("alice"), HOME.role("deploy"), HOME.key("K")
STORE = "d-906756bb1f"
PERSON = "b4a8d4c8-0001-7000-8000-000000000001"
AS_OF = START + timedelta(days=1)


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with Case.create(tmp_path / "case") as made:
        yield made


def ingest(case: Case, tmp_path: Path, *records: Json) -> None:
    case.ingest([write(records, tmp_path / "logs")])


def details(*users: tuple[str, str, str]) -> dict[str, Any]:
    return {
        "UserDetailList": [
            {"UserName": name, "UserId": id_, "Arn": f"arn:aws:iam::{account}:user/{name}"}
            for account, name, id_ in users
        ]
    }


def test_a_user_of_identity_center_gets_a_name(case: Case, tmp_path: Path) -> None:
    behalf = {"userId": PERSON, "identityStoreArn": f"arn:aws:identitystore::{HOME.id}:identitystore/{STORE}"}
    ingest(case, tmp_path, call(DEPLOY.session("me", 0, KEY) | {"onBehalfOf": behalf}, 5))
    assert case.who(KEY).actor.name is None
    users = {"Users": [{"UserId": PERSON, "UserName": "carla@example.com", "IdentityStoreId": STORE}]}
    add(case, tmp_path, {"people.json": users}, AS_OF)
    answer = case.who(KEY)
    assert (answer.actor.id, answer.actor.name) == (PERSON, "carla@example.com")
    (said,) = answer.exports
    assert (said.what, said.value, said.agrees, said.export) == (
        "name", "carla@example.com", None, "identity_store_users",
    )  # fmt: skip
    assert said.source_files == ("people.json",) and said.as_of == AS_OF.replace(tzinfo=None)
    assert case.events(actor="carla@example.com").shape[0] == 1


def test_a_user_of_another_store_gets_none(case: Case, tmp_path: Path) -> None:
    behalf = {"userId": PERSON, "identityStoreArn": f"arn:aws:identitystore::{HOME.id}:identitystore/{STORE}"}
    ingest(case, tmp_path, call(DEPLOY.session("me", 0, KEY) | {"onBehalfOf": behalf}, 5))
    users = {"Users": [{"UserId": PERSON, "UserName": "carla@example.com", "IdentityStoreId": "d-0000000000"}]}
    add(case, tmp_path, {"people.json": users}, AS_OF)
    assert (case.who(KEY).actor.name, case.who(KEY).exports) == (None, ())


def test_a_principal_of_another_account_gets_a_name(case: Case, tmp_path: Path) -> None:
    bob = AWAY.user("bob")
    _, theirs = copies(assume_role(bob.signs(), DEPLOY, "build", 0, issues=KEY), DEPLOY)
    ingest(case, tmp_path, theirs, call(DEPLOY.session("build", 0, KEY), 5))
    before = case.who(KEY)
    assert (before.actor.kind, before.actor.name) == ("external_principal", None)
    add(case, tmp_path, {"details.json": details((AWAY.id, "bob", bob.id))}, AS_OF)
    after = case.who(KEY)
    assert (after.actor.kind, after.actor.name, after.actor.arn) == ("external_principal", "bob", bob.arn)
    assert after.grade == before.grade and after.stop_reason == before.stop_reason


def test_an_event_is_never_overridden(case: Case, tmp_path: Path) -> None:
    ingest(case, tmp_path, call(ALICE.signs(), 0))
    add(case, tmp_path, {"details.json": details((HOME.id, "alice.renamed", ALICE.id))}, AS_OF)
    answer = case.who(ALICE.key)
    assert answer.actor.name == "alice"
    assert [(one.value, one.agrees, one.disagreement) for one in answer.exports] == [
        ("alice.renamed", False, "name_differs")
    ]


def _trust(demands: bool, created: float = -1000) -> dict[str, Any]:
    made = START + timedelta(seconds=created)
    return role_details(HOME.id, "deploy", DEPLOY.id, made, demands_source_identity=demands)


def _claimed(case: Case, tmp_path: Path, *before: Json) -> None:
    issued = assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY, source_identity="alice")
    ingest(case, tmp_path, *before, issued, call(DEPLOY.session("build", 0, KEY, source_identity="alice"), 5))


def _change(second: float, demands: bool) -> Json:
    from tests.simulator.iam import trust_document

    document = trust_document(HOME.id, demands_source_identity=demands)
    return call(
        ALICE.signs(), second, source="iam.amazonaws.com", name="UpdateAssumeRolePolicy",
        requestParameters={"roleName": "deploy", "policyDocument": document},
    )  # fmt: skip


@pytest.mark.parametrize("demands", [True, False])
def test_a_trust_policy_tells_whether_a_claim_was_enforced(case: Case, tmp_path: Path, demands: bool) -> None:
    _claimed(case, tmp_path)
    assert case.who(KEY).claims.source_identity.enforced is None
    add(case, tmp_path, {"details.json": _trust(demands)}, AS_OF)
    answer = case.who(KEY)
    assert answer.claims.source_identity.enforced is demands
    (said,) = [one for one in answer.exports if one.what == "trust_policy"]
    assert (said.about, said.value) == (DEPLOY.arn, "sts:SourceIdentity" if demands else None)


def test_a_logged_policy_before_the_session_beats_the_export(case: Case, tmp_path: Path) -> None:
    _claimed(case, tmp_path, _change(-60, False))
    add(case, tmp_path, {"details.json": _trust(True)}, AS_OF)
    answer = case.who(KEY)
    assert answer.claims.source_identity.enforced is False
    assert not [one for one in answer.exports if one.what == "trust_policy"]


def test_a_logged_change_in_between_leaves_it_open(case: Case, tmp_path: Path) -> None:
    _claimed(case, tmp_path, _change(60, True))
    add(case, tmp_path, {"details.json": _trust(True)}, AS_OF)
    assert case.who(KEY).claims.source_identity.enforced is None


def test_a_role_made_after_the_session_is_another_of_its_name(case: Case, tmp_path: Path) -> None:
    _claimed(case, tmp_path)
    add(case, tmp_path, {"details.json": _trust(True, created=60)}, AS_OF)
    assert case.who(KEY).claims.source_identity.enforced is None
    assert at(0)
