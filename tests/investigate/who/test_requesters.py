"""`who`: four answers to four questions, for every kind of subject, as docs/attribution.md#four-answers has them."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from forensics.answers.canonical import to_json
from forensics.answers.core import Actor, ActorKind, Grade
from forensics.answers.who_answer import Caller, Who
from forensics.case import Case
from tests.attribution.records import (
    INTERNAL,
    START,
    STS,
    Account,
    assume_role,
    call,
    copies,
    sign_in_event,
    switch_role,
)
from tests.cases import case_of_records

HOME, AWAY = Account("111111111111"), Account("222222222222")
ALICE, ADMIN = HOME.user("alice"), HOME.user("admin")
DEPLOY, AUDIT, AWAY_ROLE, SSO = (
    HOME.role("deploy", path="/team/"),
    HOME.role("audit"),
    AWAY.role("reach"),
    HOME.role("saml"),
)
K1, K2, K3, SAML, CONSOLE = (HOME.key(name) for name in ("K1", "K2", "K3", "SAML", "CONSOLE"))
ROOT_KEY, MADE_KEY = "AKIA0ROOTXXXXXXXXXXX", "AKIA0MADEXXXXXXXXXXX"
NOON = START.replace(tzinfo=None)

MADE = call(
    ADMIN.signs(), -60, source="iam.amazonaws.com", name="CreateAccessKey", requestParameters={"userName": "alice"},
    responseElements={"accessKey": {"accessKeyId": ALICE.key, "userName": "alice", "status": "Active"}},
)  # fmt: skip
NEVER_USED = call(
    ADMIN.signs(), -50, source="iam.amazonaws.com", name="CreateAccessKey", requestParameters={"userName": "alice"},
    responseElements={"accessKey": {"accessKeyId": MADE_KEY, "userName": "alice", "status": "Active"}},
)  # fmt: skip
# alice has her name before the key is made
EARLIER = call(ALICE.signs(), -70)
FIRST = assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=K1)
SECOND, SECOND_THERE = copies(assume_role(DEPLOY.session("build", 0, K1), AWAY_ROLE, "hop", 10, issues=K2), AWAY_ROLE)
USE = call(AWAY_ROLE.session("hop", 10, K2), 20)
WITH_SAML = call(
    {"type": "SAMLUser", "principalId": "idp=:eve@example.com", "userName": "eve@example.com"},
    30, source=STS, name="AssumeRoleWithSAML", account=HOME.id,
    requestParameters={"roleArn": SSO.arn, "roleSessionName": "eve"},
    responseElements={
        "credentials": {"accessKeyId": SAML, "expiration": "Mar 1, 2026, 1:00:30 PM"},
        "assumedRoleUser": {"assumedRoleId": SSO.session_id("eve"), "arn": SSO.session_arn("eve")},
        "subject": "eve@example.com", "issuer": "https://idp.example.com",
    },
)  # fmt: skip
LOGIN = sign_in_event(ALICE.signs_in(), 40, "ConsoleLogin")
TWIN = assume_role(ALICE.session(40, CONSOLE, invoked_by=INTERNAL), AUDIT, "alice", 50, issues=HOME.key("UNUSED"))
SWITCH = switch_role(ALICE.arn, AUDIT, "alice", 50)
HANDMADE = (
    EARLIER, MADE, NEVER_USED, FIRST, SECOND, SECOND_THERE, USE, WITH_SAML, LOGIN, TWIN, SWITCH,
    call(SSO.session("eve", 30, SAML), 35),
    call(ALICE.session(40, CONSOLE), 45),
    call(AUDIT.session("alice", 50, K3), 55),
    call(AUDIT.session("lost", 0, HOME.key("LOST1")), 56), call(AUDIT.session("lost", 1, HOME.key("LOST2")), 57),
    call(HOME.root(accessKeyId=ROOT_KEY, userName="alias"), 60),
)  # fmt: skip


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with case_of_records(HANDMADE, tmp_path_factory.mktemp("who")) as made:
        yield made


ACTOR_ALICE = Actor(ActorKind.IAM_USER, ALICE.id, "alice", ALICE.arn, HOME.id)
ACTOR_ADMIN = Actor(ActorKind.IAM_USER, ADMIN.id, "admin", ADMIN.arn, HOME.id)


# Subjects


@pytest.mark.parametrize(
    ("type_", "subject"),
    [
        ("access_key", K2),
        ("event", USE["eventID"]),
        ("event", USE["eventID"].upper()),
        ("session", AWAY_ROLE.session_arn("hop")),
        ("session", AWAY_ROLE.arn),
        ("principal", AWAY_ROLE.session_id("hop")),
        ("principal", AWAY_ROLE.id),
    ],
)
def test_every_name_of_a_credential_gives_one_answer(case: Case, type_: str, subject: str) -> None:
    answer = case.who(subject)
    assert (answer.subject.type, answer.subject.account_id) == (type_, AWAY.id)
    assert dataclasses.replace(answer, subject=case.who(K2).subject) == case.who(K2)
    assert answer.actor == ACTOR_ALICE


@pytest.mark.parametrize("subject", [ALICE.arn, ALICE.id])
def test_a_user_is_all_of_its_credentials(case: Case, subject: str) -> None:
    answer = case.who(subject)
    assert answer.actor == ACTOR_ALICE
    assert answer.grade == Grade.PROVEN
    keys = {hop.access_key_ids for one in answer.sessions for hop in one.chain[:1]}
    assert keys == {(), (ALICE.key,), (CONSOLE,), (MADE_KEY,)}


def test_no_name_begins_a_longer_one(case: Case) -> None:
    assert case.who(ALICE.id[:-1]).stop_reason == "not_found"
    assert case.who(AWAY_ROLE.session_id("ho")).stop_reason == "not_found"
    assert case.who(AWAY_ROLE.session_arn("ho")).stop_reason == "not_found"


def test_both_copies_of_a_call_are_subjects(case: Case) -> None:
    assert case.who(SECOND["eventID"]).actor == ACTOR_ALICE
    assert case.who(SECOND_THERE["eventID"]).actor == ACTOR_ALICE


def test_answers_come_in_the_order_of_the_questions(case: Case) -> None:
    asked = [K2, "no identifier", SAML, "x" * 40, K2]
    answers = case.who_all(asked)
    assert [answer.stop_reason for answer in answers] == [
        "long_term_key", "not_an_identifier", "saml_subject", "not_an_identifier", "long_term_key"
    ]  # fmt: skip
    assert answers[0] == answers[4] == case.who(K2)
    assert "x" * 40 not in to_json(answers)


# The answer


def test_four_answers_to_four_questions(case: Case) -> None:
    answer = case.who(K2)
    assert answer.caller == Caller(AWAY_ROLE.session_id("hop"), AWAY_ROLE.session_arn("hop"), AWAY.id)
    assert (answer.actor, answer.grade, answer.stop_reason) == (ACTOR_ALICE, "proven", "long_term_key")
    assert (answer.origin_access_key_id, answer.origin_grade) == (ALICE.key, "proven")
    assert answer.key_owner == ACTOR_ALICE
    assert answer.claims.role_session_name.value == "hop"
    assert (answer.ambiguous, answer.candidates, answer.origin_candidates) == (False, (), ())
    assert (answer.missing, answer.flags, answer.sessions) == ((), (), ())
    assert answer.mfa_authenticated is False


def test_a_chain_runs_from_the_subject_to_the_origin(case: Case) -> None:
    first, second, origin = case.who(K2).chain
    assert [hop.access_key_ids for hop in (first, second, origin)] == [(K2,), (K1,), (ALICE.key,)]
    assert [hop.arn for hop in (first, second, origin)] == [
        AWAY_ROLE.session_arn("hop"),
        DEPLOY.session_arn("build"),
        ALICE.arn,
    ]
    assert [hop.account_id for hop in (first, second, origin)] == [AWAY.id, HOME.id, HOME.id]
    assert first.issued_at == NOON + timedelta(seconds=10)
    assert first.expires_at == NOON + timedelta(seconds=3610)
    assert (origin.issued_at, origin.expires_at, origin.link) == (None, None, None)


def test_a_link_cites_every_copy_of_the_event_that_proves_it(case: Case) -> None:
    link = case.who(K2).chain[0].link
    assert link is not None
    assert (link.rule, link.grade, link.documented_only) == ("issued_key", "proven", False)
    assert link.event_ids == tuple(sorted((SECOND["eventID"], SECOND_THERE["eventID"])))
    assert link.event_ids == tuple(event.event_id for event in link.evidence)
    assert {event.recipient_account_id for event in link.evidence} == {HOME.id, AWAY.id}
    assert {(event.event_name, event.aws_region, event.source_files) for event in link.evidence} == {
        ("AssumeRole", "us-east-1", ("records.json",))
    }


def test_an_issuer_outside_aws_is_the_actor_and_its_event_the_last_link(case: Case) -> None:
    answer = case.who(SAML)
    (only,) = answer.chain
    assert only.link is not None
    assert only.link.event_ids == (WITH_SAML["eventID"],)
    assert (answer.actor.kind, answer.actor.id, answer.actor.issuer) == (
        "saml_user",
        "eve@example.com",
        "https://idp.example.com",
    )
    assert (answer.origin_access_key_id, answer.key_owner) == (None, None)


def test_a_switch_is_proven_by_the_call_and_the_switch_in_the_order_of_time_and_id(case: Case) -> None:
    answer = case.who(K3)
    link = answer.chain[0].link
    assert link is not None
    assert link.event_ids == tuple(sorted((TWIN["eventID"], SWITCH["eventID"])))
    assert (answer.actor, answer.stop_reason, answer.grade) == (ACTOR_ALICE, "console_sign_in", "strong")
    assert [hop.link and hop.link.rule for hop in answer.chain] == ["session_and_time", "user_and_time"]


def test_who_made_a_key_stands_beside_the_answer(case: Case) -> None:
    for subject in (ALICE.key, K1, K2):
        (made,) = case.who(subject).provenance
        assert (made.relation, made.actor, made.event_id) == ("created_by", ACTOR_ADMIN, MADE["eventID"])
    assert case.who(ALICE.key).actor == ACTOR_ALICE
    assert case.who(ADMIN.key).provenance == ()
    assert case.who(SAML).provenance == ()


def test_a_root_key_is_roots(case: Case) -> None:
    answer = case.who(ROOT_KEY)
    assert (answer.actor.kind, answer.actor.id, answer.stop_reason) == ("root", HOME.id, "root_user")
    assert answer.key_owner == Actor(ActorKind.ROOT, HOME.id, None, f"arn:aws:iam::{HOME.id}:root", HOME.id)


def test_a_key_that_was_never_used_has_an_owner_and_a_maker(case: Case) -> None:
    answer = case.who(MADE_KEY)
    assert answer.key_owner is not None
    assert answer.key_owner.name == "alice"
    assert answer.provenance[0].event_id == NEVER_USED["eventID"]


# Several credentials


def test_several_that_agree_give_one_actor_and_each_its_answer(case: Case) -> None:
    answer = case.who(ALICE.id)
    assert len(answer.sessions) == 4
    assert all(one.actor == answer.actor == ACTOR_ALICE for one in answer.sessions)
    assert answer.subject.account_id == HOME.id
    assert answer.chain == ()
    assert not answer.ambiguous


def test_several_that_differ_give_no_actor(case: Case) -> None:
    answer = case.who(AUDIT.id)
    assert (answer.actor.kind, answer.grade, answer.stop_reason) == ("unknown", "none", "several_actors")
    assert {one.actor.kind for one in answer.sessions} == {"iam_user", "unknown"}


def test_several_of_whom_none_is_known_have_their_reason(case: Case) -> None:
    answer = case.who(AUDIT.session_arn("lost"))
    assert len(answer.sessions) == 2
    assert (answer.actor.kind, answer.stop_reason, answer.ambiguous) == ("unknown", "outside_coverage", False)
    assert answer.missing == answer.sessions[0].missing


def test_sessions_come_in_the_order_of_their_issue(case: Case) -> None:
    times = [one.chain[0].issued_at for one in case.who(AUDIT.id).sessions]
    assert [time for time in times if time] == sorted(time for time in times if time)


# JSON

EVIDENCE = set("event_id recipient_account_id aws_region event_time event_name source_files digest_status".split())
LINK = {"rule": str, "grade": str, "documented_only": bool, "event_ids": [str], "evidence": [EVIDENCE]}
ACTOR = {"kind", "id", "name", "arn", "account_id", "workload_type", "issuer", "provider", "identity_store_arn"}
SHAPE: dict[str, Any] = {
    "subject": {"type", "id", "account_id"},
    "actor": ACTOR,
    "grade": str,
    "stop_reason": str,
    "ambiguous": bool,
    "candidates": [{"actor": ACTOR, "grade": str, "link": LINK}],
    "caller": {"principal_id", "arn", "account_id"},
    "origin_access_key_id": str,
    "origin_grade": str,
    "origin_candidates": [{"access_key_id", "grade"}],
    "key_owner": ACTOR,
    "mfa_authenticated": bool,
    "chain": [
        {
            "access_key_ids": [str], "principal_id": str, "arn": str, "account_id": str, "issued_at": str,
            "expires_at": str, "via": [str], "link": LINK,
        }
    ],
    "claims": {
        "source_identity": {"value", "agreement", "set_by_event_id", "enforced"},
        "role_session_name": {"value", "agreement", "enforced"},
        "on_behalf_of": {"value", "identity_store_arn", "agreement"},
        "session_tags": [{"key": str, "value": str, "source": str, "is_transitive": bool}],
        "session_tags_total": int,
        "session_policy": {"policy_arns": [str], "document": str, "is_known": bool},
    },
    "missing": [{"account_id", "aws_region", "from", "to", "why", "event_source", "event_id"}],
    "provenance": [{"relation": str, "actor": ACTOR, "event_id": str}],
    "flags": [str],
    "sessions": [],
    "workload": {"access_key_id", "used_elsewhere", "addresses", "event_ids", "ip_ranges_sha256"},
    "exports": [
        {
            "what": str, "about": str, "value": str, "grade": str, "agrees": bool, "disagreement": str, "export": str,
            "as_of": str, "as_of_from": str, "source_files": [str],
        }
    ],
    "not_trusted": [{"reason": str, "evidence": EVIDENCE, "flags": [str]}],
    "digests": {
        "state": str,
        "public_keys": [{"fingerprint", "source"}],
        "windows": [{"account_id", "aws_region", "trail", "from", "to", "why", "missing"}],
    },
    "named_by": [
        {
            "change": str, "access_key_id": str, "succeeded": bool, "error_code": str, "actor": ACTOR, "grade": str,
            "by_access_key_id": str, "by_arn": str, "event": EVIDENCE,
        }
    ],
    "named_by_total": int,
    "asked": str,
    "matches": [],
    "matches_total": int,
}  # fmt: skip
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture(scope="module")
def answers(case: Case, sample_case: Path) -> list[Who]:
    """An answer of every kind of actor and reason that the sample has, and all of the handmade case."""
    with Case.open(sample_case) as sample:
        rows = sample.sql_rows(
            """
            select min(coalesce(access_key_id, principal_id))
            from credentials join actors using (credential_id)
            group by actor_kind, stop_reason, grade, account_id is null
            """
        ).rows
        found = sample.who_all(subject for (subject,) in rows if subject)
    handmade = (
        K1,
        K2,
        K3,
        SAML,
        CONSOLE,
        ALICE.id,
        AUDIT.id,
        ROOT_KEY,
        MADE["eventID"],
        "no identifier",
        "AKIA0NOWHEREXXXXXXXX",
    )
    return found + case.who_all(handmade)


def test_every_key_is_there_and_nothing_else(answers: list[Who]) -> None:
    for written in json.loads(to_json(answers)):
        check(written, SHAPE)
        for one in written["sessions"]:
            check(one, SHAPE)


def check(value: Any, shape: Any) -> None:
    if isinstance(shape, list):
        assert isinstance(value, list)
        for item in value if shape else ():
            check(item, shape[0])
    elif isinstance(shape, set):
        assert value is None or set(value) == shape
    elif isinstance(shape, dict):
        assert value is None or list(value) == list(shape)
        for name in shape if value else ():
            check(value[name], shape[name])
    else:
        assert value is None or isinstance(value, shape)


def test_times_are_utc_to_the_second(answers: list[Who]) -> None:
    text = to_json(answers)
    times = re.findall(r'"(?:issued_at|expires_at|event_time|from|to)": ("[^"]*"|null)', text)
    assert times
    assert all(time == "null" or TIME.fullmatch(time.strip('"')) for time in times)


def test_lists_are_sorted(answers: list[Who]) -> None:
    for answer in (one for outer in answers for one in (outer, *outer.sessions)):
        links = [hop.link for hop in answer.chain if hop.link] + [candidate.link for candidate in answer.candidates]
        for link in links:
            assert [(e.event_time, e.event_id) for e in link.evidence] == sorted(
                (e.event_time, e.event_id) for e in link.evidence
            )
            assert all(list(event.source_files) == sorted(event.source_files) for event in link.evidence)
        assert list(answer.origin_candidates) == sorted(answer.origin_candidates, key=lambda one: one.access_key_id)
        assert [one.account_id or "" for one in answer.missing] == sorted(
            one.account_id or "" for one in answer.missing
        )
        assert list(answer.flags) == sorted(answer.flags)


def test_the_grade_is_none_exactly_when_nobody_is_named(answers: list[Who]) -> None:
    for answer in (one for outer in answers for one in (outer, *outer.sessions)):
        assert (answer.grade == "none") == (answer.actor.kind == "unknown")
        assert answer.actor.kind != "unknown" or answer.actor == Actor(ActorKind.UNKNOWN)
        assert not answer.ambiguous or len(answer.candidates) >= 2


def test_an_answer_is_the_same_however_often_it_is_asked(case: Case) -> None:
    assert to_json(case.who(ALICE.id)) == to_json(case.who(ALICE.id))
