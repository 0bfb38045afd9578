"""What exports add to an answer: names, and what trust policies asked for. No event is overridden.

One case holds all scenes, each in an account of its own; beside it the same logs without exports.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from forensics.answers.core import Exported
from forensics.answers.who_answer import SourceIdentityClaim
from forensics.case import Case
from tests.attribution.records import START, Account, Json, assume_role, call, copies, write
from tests.exports.cases import add
from tests.simulator.exports import role_details
from tests.simulator.iam import trust_document

STORE = "d-906756bb1f"
PERSON = "b4a8d4c8-0001-7000-8000-000000000001"
AS_OF = START + timedelta(days=1)

(
    CENTER, HOME, AWAY, RENAMED, DEMANDS, DOES_NOT, LOGGED, BETWEEN, LATER,
) = (Account(str(number) * 12) for number in range(1, 10))  # fmt: skip


def on_behalf(home: Account) -> Json:
    behalf = {"userId": PERSON, "identityStoreArn": f"arn:aws:identitystore::{home.id}:identitystore/{STORE}"}
    role = home.role("AWSReservedSSO_Deploy_0123456789abcdef", path="/aws-reserved/sso.amazonaws.com/")
    return call(role.session("me", 0, home.key("K")) | {"onBehalfOf": behalf}, 5)


def users(name: str, store: str) -> dict[str, Any]:
    return {"Users": [{"UserId": PERSON, "UserName": name, "IdentityStoreId": store}]}


def details(account: Account, name: str, id_: str) -> dict[str, Any]:
    return {"UserDetailList": [{"UserName": name, "UserId": id_, "Arn": f"arn:aws:iam::{account.id}:user/{name}"}]}


def trust(home: Account, demands: bool, created: float = -1000) -> dict[str, Any]:
    made = START + timedelta(seconds=created)
    return role_details(home.id, "deploy", home.role("deploy").id, made, demands_source_identity=demands)


def claimed(home: Account) -> tuple[Json, Json]:
    role, key = home.role("deploy"), home.key("K")
    issued = assume_role(home.user("alice").signs(), role, "build", 0, issues=key, source_identity="alice")
    return issued, call(role.session("build", 0, key, source_identity="alice"), 5)


def changed(home: Account, second: float, demands: bool) -> Json:
    document = trust_document(home.id, demands_source_identity=demands)
    return call(
        home.user("alice").signs(), second, source="iam.amazonaws.com", name="UpdateAssumeRolePolicy",
        requestParameters={"roleName": "deploy", "policyDocument": document},
    )  # fmt: skip


def records() -> Iterator[Json]:
    yield on_behalf(CENTER)
    deploy, bob = HOME.role("deploy"), AWAY.user("bob")
    _, theirs = copies(assume_role(bob.signs(), deploy, "build", 0, issues=HOME.key("K")), deploy)
    yield from (theirs, call(deploy.session("build", 0, HOME.key("K")), 5))
    yield call(RENAMED.user("alice").signs(), 0)
    for home in (DEMANDS, DOES_NOT, LOGGED, BETWEEN, LATER):
        yield from claimed(home)
    yield changed(LOGGED, -60, False)
    yield changed(BETWEEN, 60, True)


FILES = {
    "people.json": users("carla@example.com", STORE),
    "people-of-another.json": users("another@example.com", "d-0000000000"),
    "bob.json": details(AWAY, "bob", AWAY.user("bob").id),
    "renamed.json": details(RENAMED, "alice.renamed", RENAMED.user("alice").id),
    "demands.json": trust(DEMANDS, True),
    "does-not.json": trust(DOES_NOT, False),
    "logged.json": trust(LOGGED, True),
    "between.json": trust(BETWEEN, True),
    "later.json": trust(LATER, True, created=60),
}


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Case, Case]]:
    folder = tmp_path_factory.mktemp("exports")
    with Case.create(folder / "logs-alone") as alone, Case.create(folder / "case") as both:
        logs = write(list(records()), folder / "logs")
        alone.ingest([logs])
        both.ingest([logs])
        assert not add(both, folder / "exports", FILES, AS_OF).unread
        yield alone, both


@pytest.fixture
def alone(cases: tuple[Case, Case]) -> Case:
    return cases[0]


@pytest.fixture
def case(cases: tuple[Case, Case]) -> Case:
    return cases[1]


def source_identity(case: Case, home: Account) -> tuple[SourceIdentityClaim, list[Exported]]:
    answer = case.who(home.key("K"))
    return answer.claims.source_identity, [one for one in answer.exports if one.what == "trust_policy"]


def test_a_user_of_identity_center_gets_a_name_by_the_export_of_its_store(alone: Case, case: Case) -> None:
    key = CENTER.key("K")
    assert (alone.who(key).actor.name, alone.who(key).exports) == (None, ())
    answer = case.who(key)
    assert (answer.actor.id, answer.actor.name) == (PERSON, "carla@example.com")
    (said,) = answer.exports
    assert (said.what, said.value, said.agrees, said.export) == (
        "name", "carla@example.com", None, "identity_store_users",
    )  # fmt: skip
    assert said.source_files == ("people.json",) and said.as_of == AS_OF.replace(tzinfo=None)
    assert said in case.key(key).exports
    assert case.events(actor="carla@example.com").shape[0] == 1
    assert case.events(actor="another@example.com").empty


def test_the_id_of_a_user_of_identity_center_is_not_taken_for_an_event(alone: Case, case: Case) -> None:
    for one in (alone, case):
        assert (one.user(PERSON).subject.id, one.user(PERSON).activity.events) == (PERSON, 1)
        assert not one.role(PERSON).in_logs


def test_a_principal_of_another_account_gets_a_name(alone: Case, case: Case) -> None:
    before, after = (one.who(HOME.key("K")) for one in (alone, case))
    assert (before.actor.kind, before.actor.name) == ("external_principal", None)
    assert (after.actor.kind, after.actor.name, after.actor.arn) == (
        "external_principal", "bob", AWAY.user("bob").arn,
    )  # fmt: skip
    assert after.grade == before.grade and after.stop_reason == before.stop_reason


def test_an_event_is_never_overridden(case: Case) -> None:
    answer = case.who(RENAMED.user("alice").key)
    assert answer.actor.name == "alice"
    assert [(one.value, one.agrees, one.disagreement) for one in answer.exports] == [
        ("alice.renamed", False, "name_differs")
    ]


@pytest.mark.parametrize(("home", "demands"), [(DEMANDS, True), (DOES_NOT, False)], ids=["asks", "does not"])
def test_a_trust_policy_tells_whether_a_claim_was_enforced(
    alone: Case, case: Case, home: Account, demands: bool
) -> None:
    assert source_identity(alone, home)[0].enforced is None
    claim, (said,) = source_identity(case, home)
    assert claim.enforced is demands
    assert (said.about, said.value) == (home.role("deploy").arn, "sts:SourceIdentity" if demands else None)


def test_a_logged_policy_before_the_session_beats_the_export(case: Case) -> None:
    claim, said = source_identity(case, LOGGED)
    assert (claim.enforced, said) == (False, [])


def test_a_logged_change_in_between_leaves_it_open(case: Case) -> None:
    assert source_identity(case, BETWEEN)[0].enforced is None


def test_a_role_made_after_the_session_is_another_of_its_name(case: Case) -> None:
    assert source_identity(case, LATER)[0].enforced is None
