"""Absence: an answer says that a key or its issuance is in no loaded record only if no record names it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forensics.case import Case
from forensics.output.lines import lay_out
from forensics.output.who_text import render_who
from tests.attribution.records import Account, Json, assume_role, call, credentials, sign_in_event
from tests.cases import case_of_records

IAM = "iam.amazonaws.com"
AWS, OTHER = Account("111111111111"), Account("222222222222")
ALICE, DAVE, DEPLOY = AWS.user("alice"), AWS.user("dave"), AWS.role("deploy")
K = AWS.key("K")
ISSUED = assume_role(ALICE.signs(), DEPLOY, "s", 0, issues=K)
USE = call(DEPLOY.session("s", 0, K), 5)
LATER = call(DEPLOY.session("s", 1, K), 5)


def as_text(record: Json) -> Json:
    """As a product writes it that keeps objects as text."""
    return record | {name: json.dumps(record[name]) for name in ("requestParameters", "responseElements")}


def in_lists(record: Json) -> Json:
    """As nothing that is known writes it."""
    return record | {name: [record[name]] for name in ("requestParameters", "responseElements")}


def renamed(record: Json) -> Json:
    """As a product writes it that moves both to names of its own."""
    moved = {f"{name}OfTheCall": record[name] for name in ("requestParameters", "responseElements")}
    return without(record, "requestParameters", "responseElements") | moved


def without(record: Json, *names: str) -> Json:
    return {name: value for name, value in record.items() if name not in names}


NOBODYS = without(ISSUED, "userIdentity")
ITS_OWN = assume_role(DEPLOY.session("s", 0, K), DEPLOY, "s", 0, issues=K)
ELSEWHERE = ISSUED | {
    "requestParameters": {"roleArn": OTHER.role("deploy").arn, "roleSessionName": "s"},
    "responseElements": {
        **credentials(K),
        "assumedRoleUser": {"assumedRoleId": DEPLOY.session_id("s"), "arn": OTHER.role("deploy").session_arn("s")},
    },
}
TO_ANOTHER = assume_role(ALICE.signs(), AWS.role("other"), "s", 0, issues=K)
DELEGATED = call(
    ALICE.signs(), 0, source="sts.amazonaws.com", name="GetDelegatedAccessToken",
    responseElements={**credentials(K), "assumedPrincipal": DEPLOY.arn},
)  # fmt: skip


@pytest.mark.parametrize(
    ("issuance", "use", "reason"),
    [
        (as_text(ISSUED), USE, "rebuilt"),
        (in_lists(ISSUED), USE, "unreliable"),
        (renamed(ISSUED), USE, "unread"),
        (ISSUED, LATER, "time_differs"),
        (ISSUED | {"eventTime": "2026-03-01T12:00:09Z"}, USE, "time_differs"),
        (TO_ANOTHER, USE, "session_differs"),
        (NOBODYS, USE, "no_requester"),
        (ITS_OWN, USE, "self_issued"),
        (DELEGATED, USE, "documented_only"),
        (ISSUED, USE | {"userIdentity": USE["userIdentity"] | {"arn": 1}}, "unreliable_use"),
    ],
)
def test_a_loaded_issuance_that_proves_nothing_is_cited(tmp_path: Path, issuance: Json, use: Json, reason: str) -> None:
    with case_of_records([issuance, use], tmp_path) as case:
        answer = case.who(K)
        (by_event,) = case.sql_rows(f"select stop_reason from actors where credential_id like '%|{K}|%'").rows
    assert (answer.actor.kind, answer.stop_reason) == ("unknown", "not_trusted")
    assert [(one.reason, one.evidence.event_id) for one in answer.not_trusted] == [(reason, issuance["eventID"])]
    assert by_event == ("not_trusted",)
    shown = lay_out(render_who(answer), None)
    assert issuance["eventID"] in shown and "not in the loaded logs" not in shown and "not found" not in shown
    assert "none shows who" not in shown


def test_an_issuance_in_another_account_is_cited(tmp_path: Path) -> None:
    with case_of_records([ELSEWHERE, USE], tmp_path) as case:
        answer = case.who(K)
    assert {one.stop_reason for one in answer.sessions} == {"not_trusted", "long_term_key"}
    assert [one.reason for one in answer.not_trusted] == ["account_differs"]


@pytest.mark.parametrize("issuance", [in_lists(ISSUED), renamed(ISSUED)])
def test_a_key_that_only_an_unreadable_issuance_names(tmp_path: Path, issuance: Json) -> None:
    with case_of_records([issuance], tmp_path) as case:
        answer, page, tree = case.who(K), case.key(K), case.tree(K)
    assert answer.stop_reason == "not_trusted"
    assert [one.evidence.event_id for one in answer.not_trusted] == [issuance["eventID"]]
    assert page.in_logs and tree.named


SESSION = DEPLOY.session("pp", 0, K)
MASKED = {
    "a session's principal": ("principalId", "AROAOPSXXXXXXXXXXXXX:pp", "AROAOPSXXXXXXXXXXXXX:pp"),
    "the role of a session": ("principalId", "AROAOPSXXXXXXXXXXXXX:pp", "AROAOPSXXXXXXXXXXXXX"),
    "a session's name": ("principalId", f"{DEPLOY.id}:p***", f"{DEPLOY.id}:p***"),
    "a principal in full": ("principalId", "HIDDEN_DUE_TO_SECURITY_REASONS", "HIDDEN_DUE_TO_SECURITY_REASONS"),
    "a key": ("accessKeyId", "ASIA4QXXXXXXXXXXXXXX", "ASIA4QXXXXXXXXXXXXXX"),
    "a key in full": ("accessKeyId", "ASIA****", "ASIA****"),
    "an account": ("accountId", "XXXXXXXXXXXX", "XXXXXXXXXXXX"),
    "an account in an ARN": ("arn", "arn:aws:sts::****:assumed-role/deploy/pp", "****"),
    "an ARN": ("arn", "arn:aws:sts::****:assumed-role/deploy/pp", "arn:aws:sts::****:assumed-role/deploy/pp"),
    "a name in an ARN": (
        "arn",
        "arn:aws:sts::111111111111:assumed-role/deploy/p***",
        "arn:aws:sts::111111111111:assumed-role/deploy/p***",
    ),
}


@pytest.mark.parametrize("form", MASKED)
def test_a_masked_identifier_lists_the_events_that_show_it_and_names_nobody(form: str, tmp_path: Path) -> None:
    field, written, subject = MASKED[form]
    masked = call(SESSION | {field: written}, 5)
    with case_of_records([ISSUED, masked, call(DEPLOY.session("other", 0, AWS.key("L")), 6)], tmp_path) as case:
        answer, (same,) = case.who(subject), case.who_all([f" {subject} "])
    assert answer == same
    assert (answer.actor.kind, answer.stop_reason, answer.subject.account_id) == ("unknown", "not_trusted", None)
    assert [(one.reason, one.evidence.event_id) for one in answer.not_trusted] == [("masked", masked["eventID"])]
    shown = lay_out(render_who(answer), None)
    assert masked["eventID"] in shown and "not found" not in shown


def test_a_masked_key_is_in_the_logs_on_its_page_and_its_tree(tmp_path: Path) -> None:
    subject = "ASIA4QXXXXXXXXXXXXXX"
    with case_of_records([call(SESSION | {"accessKeyId": subject}, 5)], tmp_path) as case:
        assert case.key(subject).in_logs
        assert case.tree(subject).named


def test_of_many_events_with_a_masked_identifier_the_first_are_listed(tmp_path: Path) -> None:
    records = [call(SESSION | {"accountId": "****"}, second) for second in range(22)]
    with case_of_records(records, tmp_path) as case:
        answer = case.who("****")
    assert [one.evidence.event_id for one in answer.not_trusted] == [one["eventID"] for one in records[:20]]
    assert answer.flags == ("more_masked_events",)


@pytest.mark.parametrize("subject", ["AROAOPSXXXXXXXXXXXXX:p", "AIDAXXXXXXXXXXXXXXXXX", "AKIA****"])
def test_a_masked_identifier_that_no_record_shows_is_not_found(subject: str, tmp_path: Path) -> None:
    with case_of_records([call(SESSION | {"principalId": "AROAOPSXXXXXXXXXXXXX:pp"}, 5)], tmp_path) as case:
        assert case.who(subject).stop_reason == "not_found"


@pytest.mark.parametrize("used", [True, False])
def test_a_key_that_only_the_other_copy_of_an_event_names(used: bool, tmp_path: Path) -> None:
    """Of two copies that disagree, one is shown, and neither proves anything."""
    keys = (K, AWS.key("L"))
    forged = ISSUED | {
        "responseElements": assume_role(ALICE.signs(), DEPLOY, "s", 0, issues=keys[1])["responseElements"]
    }
    uses = [call(DEPLOY.session("s", 0, key), 5) for key in keys] if used else []
    with case_of_records([ISSUED, forged, *uses], tmp_path) as case:
        answers = [case.who(key) for key in keys]
        assert all(case.key(key).in_logs for key in keys)
    assert {answer.stop_reason for answer in answers} == {"not_trusted"}
    assert {one.evidence.event_id for answer in answers for one in answer.not_trusted} == {ISSUED["eventID"]}
    assert {one.reason for answer in answers for one in answer.not_trusted} == {"unreliable", "conflicting_copy"}
    for shown in (lay_out(render_who(answer), None) for answer in answers):
        assert ISSUED["eventID"] in shown and "loaded logs" not in shown.partition("Logs to load")[0]


@pytest.mark.parametrize(
    "changed",
    [
        {"userIdentity": DEPLOY.session("s", 0, AWS.key("L"))},
        {"requestParameters": {"key": AWS.key("L")}},
    ],
    ids=["signer", "parameter"],
)
def test_a_key_in_the_other_copy_of_a_call_is_named(changed: Json, tmp_path: Path) -> None:
    with case_of_records([USE, USE | changed], tmp_path) as case:
        answers = [case.who(key) for key in (K, AWS.key("L"))]
    assert "not_found" not in {answer.stop_reason for answer in answers}


def test_a_sign_in_is_trusted_as_evidence(tmp_path: Path) -> None:
    """It has no parent credential, because the records of its session name the user."""
    login = sign_in_event(ALICE.signs_in(), 0, "ConsoleLogin")
    with case_of_records([login, call(ALICE.session(0, AWS.key("C")), 5)], tmp_path) as case:
        assert case.who(AWS.key("C")).not_trusted == ()


def test_an_issuance_that_is_not_loaded_is_absent(tmp_path: Path) -> None:
    """Also where a caller writes the key into another call."""
    lookup = call(ALICE.signs(), 1, source="cloudtrail.amazonaws.com", name="LookupEvents", requestParameters={"k": K})
    session_name = assume_role(ALICE.signs(), DEPLOY, K, 0, issues=AWS.key("L"))
    with case_of_records([USE, lookup, session_name], tmp_path) as case:
        answer = case.who(K)
    assert (answer.stop_reason, answer.not_trusted) == ("outside_coverage", ())


# an issuance without a readable time

TIMELESS = without(ISSUED, "eventTime")


@pytest.mark.parametrize("time", [{}, {"eventTime": "at noon"}, {"@timestamp": "at noon"}])
@pytest.mark.parametrize("more", [[], [USE]])
def test_an_issuance_without_a_readable_time_has_its_requester(tmp_path: Path, time: Json, more: list[Json]) -> None:
    with case_of_records([TIMELESS | time, *more], tmp_path) as case:
        answer, page = case.who(K), case.key(K)
        below = case.tree(ALICE.key)
        own = case.tree(K)
    assert (answer.actor.name, answer.grade, answer.origin_access_key_id) == ("alice", "proven", ALICE.key)
    assert answer.chain[0].link and answer.chain[0].link.event_ids == (ISSUED["eventID"],)
    assert page.who == answer
    assert (K,) in [node.access_key_ids for node in below.nodes]
    assert [node.access_key_ids for node in own.nodes if node.parent is None] == [(K,)]
    assert "time unknown" in lay_out(render_who(answer), None)


def test_several_issuances_without_a_time_stay_several(tmp_path: Path) -> None:
    other = without(assume_role(DAVE.signs(), DEPLOY, "t", 0, issues=AWS.key("L")), "eventTime")
    with case_of_records([TIMELESS, other, without(NOBODYS, "eventTime") | {"eventID": "x"}], tmp_path) as case:
        assert (case.who(AWS.key("L")).actor.name, case.who(K).actor.kind) == ("dave", "unknown")


# keys that signed no loaded call

CREATED, OFF, DELETED, LOOKED_UP, REFUSED, ROOTS, ROOTS_OFF = (
    f"AKIA0{name}".ljust(20, "X") for name in ("CREATED", "OFF", "DELETED", "LOOKED", "REFUSED", "ROOTS", "ROOTSOFF")
)


def iam(name: str, key: str, *, by: Json | None = None, user: str | None = "dave", **more: Any) -> Json:
    request = {"accessKeyId": key, **({"userName": user} if user else {})}
    return call(by or ALICE.signs(), 10, source=IAM, name=name, requestParameters=request, **more)


def created(key: str, by: Json, user: str | None) -> Json:
    response = {"accessKey": {"accessKeyId": key, "status": "Active", **({"userName": user} if user else {})}}
    return call(by, 10, source=IAM, name="CreateAccessKey", requestParameters={}, responseElements=response)


ROOT = AWS.root(accessKeyId=AWS.key("ROOT"))
NAMING = [
    created(CREATED, ALICE.signs(), "dave"),
    iam("UpdateAccessKey", OFF) | {"requestParameters": {"accessKeyId": OFF, "status": "Inactive", "userName": "dave"}},
    iam("DeleteAccessKey", DELETED, by=DAVE.signs(), user=None),
    iam("GetAccessKeyLastUsed", LOOKED_UP, user=None),
    iam(
        "DeleteAccessKey", REFUSED, errorCode="AccessDenied",
        errorMessage=f"User: {ALICE.arn} is not authorized to perform: iam:DeleteAccessKey on resource: user dave",
    ),
    created(ROOTS, ROOT, None),
    iam("UpdateAccessKey", ROOTS_OFF, by=ROOT, user=None),
    call(DAVE.signs(), 20),
]  # fmt: skip


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with case_of_records(NAMING, tmp_path_factory.mktemp("naming")) as made:
        yield made


@pytest.mark.parametrize(
    ("key", "owner", "change"),
    [
        (CREATED, DAVE.id, "created"),
        (OFF, DAVE.id, "deactivated"),
        (DELETED, DAVE.id, "deleted"),
        (ROOTS, AWS.id, "created"),
        (ROOTS_OFF, AWS.id, "changed"),
    ],
)
def test_an_unused_key_has_its_owner_and_its_changes(case: Case, key: str, owner: str, change: str) -> None:
    answer, page = case.who(key), case.key(key)
    assert page.owner and (answer.actor.id, page.owner.id, answer.grade) == (owner, owner, "proven")
    assert (answer.actor.kind, "never_signed" in answer.flags) == (page.owner.kind, True)
    assert [one.change for one in answer.named_by] == [one.change for one in page.lifecycle.changes] == [change]
    shown = lay_out(render_who(answer), None)
    assert "AWS's record of the call" not in shown and str(answer.named_by[0].event.event_id) in shown


@pytest.mark.parametrize("key", [LOOKED_UP, REFUSED])
def test_a_key_that_is_only_named(case: Case, key: str) -> None:
    answer, page, tree = case.who(key), case.key(key), case.tree(key)
    assert (answer.actor.kind, answer.stop_reason) == ("unknown", "outside_coverage")
    (named,) = answer.named_by
    assert (named.actor.name, named.event.event_name) == (
        "alice", {LOOKED_UP: "GetAccessKeyLastUsed", REFUSED: "DeleteAccessKey"}[key],
    )  # fmt: skip
    assert page.in_logs and page.who.named_by == answer.named_by and tree.named
    assert "not found" not in lay_out(render_who(answer), None)


def test_a_key_that_no_record_names_is_not_found(case: Case) -> None:
    key = "AKIA0NOWHEREXXXXXXXX"
    answer = case.who(key)
    assert (answer.stop_reason, answer.named_by, case.key(key).in_logs, case.tree(key).named) == (
        "not_found", (), False, False,
    )  # fmt: skip
    assert case.who(DAVE.key).named_by == ()
