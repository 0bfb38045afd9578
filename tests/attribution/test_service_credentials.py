"""Service-specific credentials: API keys of Bedrock, passwords of CodeCommit. Shapes are documented only.

A call that carries one as a bearer token names it in `userIdentity.credentialId`.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from forensics.answers.core import Grade, StopReason
from forensics.answers.key_answer import KeyKind
from forensics.answers.tree_answer import Action, Relation, State
from forensics.output.key_text import render_key
from forensics.output.keys_text import render_keys
from forensics.output.lines import lay_out
from tests.attribution.records import START, Account, Json, User, at, call, unique_id
from tests.cases import case_of_records

IAM, BEDROCK = "iam.amazonaws.com", "bedrock.amazonaws.com"
AWS = Account("111111111111")
THIEF, VICTIM, ADMIN = AWS.user("thief"), AWS.user("victim"), AWS.user("admin")
TOKEN = unique_id("ACCA", "TOKEN", AWS.id, 21)


def with_token(user: User, second: float, name: str = "InvokeModel", **top: Any) -> Json:
    identity = {**user.signs_in(), "credentialId": TOKEN}
    return call(identity, second, source=BEDROCK, name=name, additionalEventData={"callWithBearerToken": True}, **top)


def created(by: User, owner: User, second: float, days: float | None = 30) -> Json:
    expires = {} if days is None else {"expirationDate": at(days * 86_400)}
    credential = {"serviceSpecificCredentialId": TOKEN, "userName": owner.name, "serviceName": BEDROCK, **expires}
    request = {"userName": owner.name, "serviceName": BEDROCK}
    return in_iam(by, second, "Create", request, responseElements={"serviceSpecificCredential": credential})


def changed(by: User, owner: User, second: float, verb: str, **request: str) -> Json:
    request = {"userName": owner.name, "serviceSpecificCredentialId": TOKEN, **request}
    response = {"serviceSpecificCredential": {"serviceSpecificCredentialId": TOKEN, "userName": owner.name}}
    return in_iam(by, second, verb, request, responseElements=response if verb == "Reset" else None)


def in_iam(by: User, second: float, verb: str, request: Json, **top: Any) -> Json:
    name = f"{verb}ServiceSpecificCredential"
    return call(by.signs(), second, source=IAM, name=name, requestParameters=request, **top)


def test_a_credential_whose_creation_has_no_response_is_planted(tmp_path: Path) -> None:
    request = {"userName": VICTIM.name, "serviceName": BEDROCK}
    records = [call(VICTIM.signs(), 0), in_iam(THIEF, 10, "Create", request), with_token(VICTIM, 20)]
    with case_of_records(records, tmp_path) as case:
        tree = case.tree(THIEF.key)
    _, planted, used = tree.nodes
    assert (planted.access_key_ids, planted.name, planted.valid_at) == ((), "victim", True)
    assert (used.access_key_ids, used.parent, used.certain) == ((TOKEN,), planted.id, False)
    actions = [step.action for step in tree.containment]
    assert actions == [Action.DEACTIVATE_ACCESS_KEY, *[Action.DEACTIVATE_SERVICE_CREDENTIAL] * 2]
    assert "iam:ListServiceSpecificCredentials" in tree.containment[1].why


def test_it_is_a_key_with_owner_life_and_use(tmp_path: Path) -> None:
    records = [
        call(VICTIM.signs(), 0),
        created(THIEF, VICTIM, 10),
        with_token(VICTIM, 20),
        with_token(VICTIM, 30, errorCode="AccessDenied"),
        changed(ADMIN, VICTIM, 40, "Update", status="Inactive"),
        with_token(VICTIM, 50),
    ]
    with case_of_records(records, tmp_path) as case:
        who, page, audit = case.who(TOKEN), case.key(TOKEN), case.keys()
    assert (who.actor.name, who.grade, who.stop_reason) == ("victim", Grade.PROVEN, StopReason.LONG_TERM_KEY)
    assert who.origin_access_key_id == TOKEN and who.provenance[0].actor.name == "thief"
    assert (page.kind, page.owner and page.owner.id) == (KeyKind.SERVICE_SPECIFIC, VICTIM.id)
    life = page.lifecycle
    assert (life.service_name, life.status) == (BEDROCK, "Inactive")
    assert [change.change for change in life.changes] == ["created", "deactivated"]
    assert [end.succeeded for end in life.used_after_end] == [1]
    assert page.expires_at == (START + timedelta(days=30)).replace(tzinfo=None)
    assert (page.activity.succeeded, page.activity.denied) == (2, 1)
    assert [one.technique for one in page.activity.sensitive] == ["T1496.004"]
    (audited,) = (key for key in audit.keys if key.access_key_id == TOKEN)
    assert (audited.status, audited.events, audited.owner and audited.owner.name) == ("Inactive", 3, "victim")
    shown = lay_out(render_key(page), 200)
    assert (
        "service-specific credential of account" in shown and "for       bedrock.amazonaws.com only; expires" in shown
    )


def test_who_created_it_reaches_it_downwards(tmp_path: Path) -> None:
    records = [created(THIEF, VICTIM, 10), with_token(VICTIM, 20), call(ADMIN.signs(), 60)]
    with case_of_records(records, tmp_path) as case:
        tree, page = case.tree(THIEF.key), case.key(THIEF.key)
        planted = case.query("persistence", origin_key=THIEF.key)
    (node,) = (node for node in tree.nodes if TOKEN in node.access_key_ids)
    assert (node.relation, node.certain, node.state) == (Relation.CREATED_ACCESS_KEY, True, State.VALID)
    (step,) = (step for step in tree.containment if node.id in step.ends)
    assert (step.action, step.target) == (Action.DEACTIVATE_SERVICE_CREDENTIAL, TOKEN)
    assert [made.access_key_id for made in page.children.made_keys] == [TOKEN]
    assert [one.event_name for one in page.children.sensitive] == ["InvokeModel"]
    assert planted["access_key_id"].tolist() == [TOKEN] and planted["uses"].tolist() == [1]


def test_an_expired_or_deleted_one_is_over(tmp_path: Path) -> None:
    expired = [created(THIEF, VICTIM, 10, days=0.001), with_token(VICTIM, 20), call(ADMIN.signs(), 900)]
    deleted = [created(THIEF, VICTIM, 10), changed(ADMIN, VICTIM, 30, "Delete"), call(ADMIN.signs(), 60)]
    for name, records, state in (("a", expired, State.EXPIRED), ("b", deleted, State.DELETED)):
        with case_of_records(records, tmp_path / name) as case:
            tree, page = case.tree(TOKEN), case.key(TOKEN)
        assert [(node.state, node.valid_at) for node in tree.nodes] == [(state, False)]
        assert tree.containment == ()
        assert page.lifecycle.expired is (state == State.EXPIRED)


@pytest.mark.parametrize(("used_later", "expired"), [([], True), ([with_token(VICTIM, 400)], False)])
def test_an_expired_one_is_not_active(used_later: list[Json], expired: bool, tmp_path: Path) -> None:
    days, later = 0.001, 100 * 86_400
    records = [created(THIEF, VICTIM, 10, days), call(VICTIM.signs(), 20), *used_later, call(ADMIN.signs(), later)]
    with case_of_records(records, tmp_path) as case:
        page, audit = case.key(VICTIM.key), case.keys()
        ways = case.query("owner_access", key=VICTIM.key).set_index("access_key_id")
    (other,) = page.owners_access.keys
    (audited,) = (key for key in audit.keys if key.access_key_id == TOKEN)
    assert (other.status, other.expired, audited.expired) == ("Active", expired, expired)
    assert ("overdue_for_rotation" in {one.finding for one in audited.findings}) is not expired
    ends = "expired 2026-03-01 12:01:26Z" if expired else "expires 2026-03-01 12:01:26Z"
    shown = lay_out(render_key(page), 200)
    assert f"{TOKEN}  {'' if expired else 'active, '}{ends}" in shown
    row = ways.loc[TOKEN]
    assert row["way_in"] == "service-specific credential"
    assert (row["expires_at"].strftime("%H:%M:%S"), row["event_name"]) == (
        "12:01:26",
        "CreateServiceSpecificCredential",
    )
    assert ("expired" if expired else ends) in lay_out(render_keys(audit), 200)


def test_a_reset_hands_its_new_secret_to_the_caller(tmp_path: Path) -> None:
    """Before the reset it was the victim's, so whether its calls are the thief's is not certain."""
    records = [with_token(VICTIM, 5), changed(THIEF, VICTIM, 10, "Reset"), with_token(VICTIM, 20)]
    with case_of_records(records, tmp_path) as case:
        tree, page, own = case.tree(THIEF.key), case.key(THIEF.key), case.key(TOKEN)
    (node,) = (node for node in tree.nodes if TOKEN in node.access_key_ids)
    assert (node.relation, node.certain, node.valid_at) == (Relation.RESET_SERVICE_CREDENTIAL, False, True)
    assert page.children.sensitive == () and page.children.possible == 1
    assert [change.change for change in own.lifecycle.changes] == ["reset"] and own.lifecycle.status is None


def test_the_token_of_the_access_portal_is_not_a_key(tmp_path: Path) -> None:
    person = {
        "type": "IdentityCenterUser",
        "accountId": AWS.id,
        "onBehalfOf": {"userId": "u-1", "identityStoreArn": "arn:aws:identitystore::111111111111:identitystore/d-1"},
        "credentialId": "544e5f86-1f3f-4c8b-a0b5-6a4e0cc9bbd1",
    }
    with case_of_records([call(person, 0)], tmp_path) as case:
        assert case.sql("select distinct access_key_id from credentials")["access_key_id"].isna().all()
