"""Records that lack a part of their identity: a key is still one key, and a person one person."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attribution.records import Account, Json, assume_role, call
from tests.cases import case_of_records

AWS = Account("111111111111")
ALICE, BOB, DEPLOY = AWS.user("alice"), AWS.user("bob"), AWS.role("deploy")
K = AWS.key("K")
SESSION = DEPLOY.session("s", 0, K)


def without(identity: Json, *parts: str) -> Json:
    return {name: value for name, value in identity.items() if name not in parts}


def use(identity: Json, second: float) -> Json:
    return call(identity, second, account=AWS.id)


@pytest.mark.parametrize("parts", [("accountId",), ("accountId", "arn"), ("accountId", "arn", "principalId")])
def test_a_session_without_account_has_its_requester(tmp_path: Path, parts: tuple[str, ...]) -> None:
    context = (
        SESSION["sessionContext"]
        if parts == ("accountId",)
        else {"attributes": SESSION["sessionContext"]["attributes"]}
    )
    odd = without(SESSION, *parts) | {"sessionContext": context}
    records = [assume_role(ALICE.signs(), DEPLOY, "s", 0, issues=K), use(SESSION, 5), use(odd, 6)]
    with case_of_records(records, tmp_path) as case:
        answer = case.who(K)
    assert (answer.actor.id, answer.actor.account_id, answer.grade) == (ALICE.id, AWS.id, "proven")


@pytest.mark.parametrize("parts", [("accountId",), ("accountId", "arn"), ("principalId",)])
def test_a_long_term_key_without_account_is_its_users(tmp_path: Path, parts: tuple[str, ...]) -> None:
    with case_of_records([use(ALICE.signs(), 5), use(without(ALICE.signs(), *parts), 6)], tmp_path) as case:
        answer, key = case.who(ALICE.key), case.key(ALICE.key)
        listed = [one.access_key_id for one in case.keys().keys]
    assert (answer.actor.id, answer.actor.name, answer.actor.account_id) == (ALICE.id, "alice", AWS.id)
    assert key.owner and (key.owner.id, key.activity.events) == (ALICE.id, 2)
    assert listed == [ALICE.key]


def test_two_users_of_one_key_stay_two(tmp_path: Path) -> None:
    records = [use(ALICE.signs(), 5), use(without(BOB.signs(ALICE.key), "accountId", "principalId"), 6)]
    with case_of_records(records, tmp_path) as case:
        assert case.who(ALICE.key).stop_reason == "several_actors"
