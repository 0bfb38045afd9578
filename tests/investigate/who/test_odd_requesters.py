"""Requesters that logs of the used account cannot show, and subjects that identify no person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from forensics.output.lines import lay_out
from forensics.output.who_text import render_who
from tests.attribution.records import STS, Account, Json, assume_role, call, credentials
from tests.cases import case_of_records
from tests.exports.cases import add

AWS, MANAGEMENT, MEMBER = Account("111111111111"), Account("999999999999"), Account("333333333333")
DEPLOY = AWS.role("deploy")
K = AWS.key("K")
SESSION = {"sessionIssuer": {}, "attributes": {"creationDate": "2026-03-01T12:00:00Z"}, "assumedRoot": "true"}
AS_ROOT = call(AWS.root(accessKeyId=K, sessionContext=SESSION), 5)
BEFORE = call(AWS.user("monitor").signs(), -3600)


# AssumeRoot


@pytest.mark.parametrize("before", [[], [BEFORE]])
def test_an_assume_root_call_is_sought_in_the_callers_account(tmp_path: Path, before: list[Json]) -> None:
    with case_of_records([*before, AS_ROOT], tmp_path) as case:
        answer = case.who(K)
    (missing,) = answer.missing
    assert (answer.stop_reason, missing.why, missing.account_id) == ("outside_coverage", "assume_root_elsewhere", None)
    shown = lay_out(render_who(answer), None)
    assert "management account" in shown and f"account {AWS.id}, any region" not in shown


def test_the_management_account_is_named_where_an_export_does(tmp_path: Path) -> None:
    arn = f"arn:aws:organizations::{MANAGEMENT.id}:account/o-1/{AWS.id}"
    with case_of_records([BEFORE, AS_ROOT], tmp_path) as case:
        add(case, tmp_path, {"org.json": {"Accounts": [{"Id": AWS.id, "Name": "dev", "Arn": arn}]}})
        (missing,) = case.who(K).missing
    assert (missing.why, missing.account_id) == ("assume_root_elsewhere", MANAGEMENT.id)


def test_the_management_account_is_named_where_another_call_does(tmp_path: Path) -> None:
    other = call(
        MANAGEMENT.user("admin").signs(), -60, source=STS, name="AssumeRoot",
        requestParameters={"targetPrincipal": MEMBER.id}, responseElements=credentials(MEMBER.key("M")),
    )  # fmt: skip
    with case_of_records([BEFORE, AS_ROOT, other], tmp_path) as case:
        (missing,) = case.who(K).missing
    assert missing.account_id == MANAGEMENT.id


# subjects of SAML assertions


def with_saml(subject_type: str | None, subject: str = "_7f3a0", **more: Any) -> Json:
    response = {
        **credentials(K), "subject": subject, "issuer": "https://idp.example",
        "assumedRoleUser": {"assumedRoleId": DEPLOY.session_id("dave"), "arn": DEPLOY.session_arn("dave")},
    }  # fmt: skip
    return call(
        {"type": "SAMLUser", "principalId": f"q=:{subject}", "userName": subject, "identityProvider": "q="}, 0,
        source=STS, name="AssumeRoleWithSAML", account=AWS.id,
        requestParameters={"roleArn": DEPLOY.arn, "roleSessionName": "dave", **more},
        responseElements=response | ({"subjectType": subject_type} if subject_type else {}),
    )  # fmt: skip


@pytest.mark.parametrize(("subject_type", "is_transient"), [("transient", True), ("persistent", False), (None, False)])
def test_a_transient_subject_identifies_no_person(tmp_path: Path, subject_type: str | None, is_transient: bool) -> None:
    issuance = with_saml(subject_type, sourceIdentity="dave")
    session = DEPLOY.session("dave", 0, K, source_identity="dave")
    onward = AWS.role("next")
    further = assume_role(session, onward, "x", 20, issues=AWS.key("N"))
    with case_of_records(
        [issuance, call(session, 5), further, call(onward.session("x", 20, AWS.key("N")), 30)], tmp_path
    ) as case:
        answers = [case.who(subject) for subject in (K, AWS.key("N"), issuance["eventID"])]
    for answer in answers:
        assert (answer.actor.kind, answer.actor.id, answer.grade) == ("saml_user", "_7f3a0", "proven")
        assert ("transient_subject" in answer.flags) is is_transient
        assert ("not a person" in lay_out(render_who(answer), None)) is is_transient
    assert answers[0].claims.source_identity.agreement == ("unverifiable" if is_transient else "differs")


# what trails leave out


def selectors(*fields: Json) -> Json:
    arn = f"arn:aws:cloudtrail:us-east-1:{AWS.id}:trail/main"
    return {"TrailARN": arn, "AdvancedEventSelectors": [{"Name": "x", "FieldSelectors": list(fields)}]}


MANAGED = {"Field": "eventCategory", "Equals": ["Management"]}
USE = call(DEPLOY.session("s", 0, K), 5)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ([MANAGED, {"Field": "readOnly", "Equals": ["false"]}], "trail_leaves_out"),
        ([{"Field": "eventCategory", "Equals": ["Data"]}], "trail_leaves_out"),
        ([MANAGED], "hour_incomplete"),
        ([MANAGED, {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]}], "hour_incomplete"),
    ],
)
def test_a_trail_that_leaves_assume_role_out_is_said(tmp_path: Path, fields: list[Json], why: str) -> None:
    with case_of_records([BEFORE, USE], tmp_path) as case:
        add(case, tmp_path, {"selectors.json": selectors(*fields)})
        (missing,) = case.who(K).missing
    assert missing.why == why


def test_a_loaded_assume_role_shows_a_trail_that_is_not_exported(tmp_path: Path) -> None:
    other = assume_role(AWS.user("bob").signs(), AWS.role("other"), "t", -600, issues=AWS.key("O"))
    with case_of_records([BEFORE, other, USE], tmp_path) as case:
        add(case, tmp_path, {"selectors.json": selectors(MANAGED, {"Field": "readOnly", "Equals": ["false"]})})
        (missing,) = case.who(K).missing
    assert missing.why == "hour_incomplete"


def test_where_only_data_events_are_loaded_issuances_are_management_events(tmp_path: Path) -> None:
    data = {"eventCategory": "Data"}
    with case_of_records([BEFORE | data, USE | data], tmp_path) as case:
        (missing,) = case.who(K).missing
    assert missing.why == "management_events_needed"
