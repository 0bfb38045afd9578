"""Leads: what still works of all sessions of an actor, how many events they have, and the next command."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from forensics.answers.tree_answer import NodeKind
from forensics.answers.triage_answer import Triage
from tests.attribution.records import STS, Account, Json, assume_role, call, copies, credentials
from tests.cases import case_of_records

DAY = 86_400.0
LAST = 12 * DAY
IAM, TRAIL = "iam.amazonaws.com", "cloudtrail.amazonaws.com"
ELSEWHERE = {"sourceIPAddress": "192.0.2.9", "userAgent": "S3 Browser/11.6.7"}
HOME = Account("111111111111")
OTHER = HOME.elsewhere()
ROBOT = HOME.user("robot")
ADMIN = HOME.role("admin")
EVE = "eve@x.example"
REAL_IDP = "https://idp.x.example"


def habits() -> list[Json]:
    return [call(ROBOT.signs(), day * DAY + hour * 3600) for day in range(13) for hour in range(0, 24, 6)]


def with_saml(subject: str, second: float, key: str, issuer: str = REAL_IDP) -> Json:
    """A session of the role admin for a user of an identity provider."""
    qualifier = f"hash-of-{issuer}"
    return call(
        {"type": "SAMLUser", "principalId": f"{qualifier}:{subject}", "userName": subject,
         "identityProvider": qualifier},
        second, source=STS, name="AssumeRoleWithSAML", account=HOME.id,
        requestParameters={"roleArn": ADMIN.arn, "roleSessionName": subject,
                           "principalArn": f"arn:aws:iam::{HOME.id}:saml-provider/idp"},
        responseElements={
            **credentials(key, second + 3600),
            "assumedRoleUser": {"assumedRoleId": ADMIN.session_id(subject), "arn": ADMIN.session_arn(subject)},
            "subject": subject, "issuer": issuer, "nameQualifier": qualifier,
        },
        **ELSEWHERE,
    )  # fmt: skip


def created_key(identity: Json, second: float, user: str, key: str) -> Json:
    return call(
        identity, second, source=IAM, name="CreateAccessKey", requestParameters={"userName": user},
        responseElements={"accessKey": {"accessKeyId": key, "userName": user}}, **ELSEWHERE,
    )  # fmt: skip


def plantings(sessions: int) -> list[Json]:
    """Eve creates a key in each of her sessions."""
    made: list[Json] = []
    for number in range(sessions):
        began, key = LAST + 600 * number, HOME.key(f"EVE{number}")
        made.append(with_saml(EVE, began, key))
        made.append(created_key(ADMIN.session(EVE, began, key), began + 30, f"u{number}", f"AKIA0PLANTED{number:08}"))
    return made


def triage_of(records: Iterable[Json], folder: Path) -> Triage:
    with case_of_records([*habits(), *records], folder) as case:
        return case.triage()


def test_the_access_of_all_sessions_of_a_person_is_examined(tmp_path: Path) -> None:
    """Twelve sessions created a key each; the reasons cite five of them."""
    with case_of_records([*habits(), *plantings(12)], tmp_path) as case:
        (lead,) = case.triage().leads
        story = case.story(lead.command[2])
    keys = [one for one in lead.still_works or () if one.kind == NodeKind.ACCESS_KEY]
    assert len(keys) == 10  # the longest list of a lead
    assert (lead.still_working or 0) >= 12
    assert lead.command == ("forensics", "story", EVE)
    assert story.events == lead.events == 24


def test_a_call_that_two_accounts_logged_is_one_event_of_its_caller(tmp_path: Path) -> None:
    """The caller's own copy counts, and it is the one that is cited."""
    role = OTHER.role("deploy")
    both: list[Json] = []
    for number in range(6):
        asked = assume_role(ROBOT.signs(), role, f"s{number}", LAST + 60 + number, issues=None)
        both += copies(asked | ELSEWHERE, role)
    stopped = call(ROBOT.signs(), LAST + 90, source=TRAIL, name="StopLogging", **ELSEWHERE)
    (lead,) = triage_of([*both, stopped], tmp_path).leads
    own = {record["eventID"] for record in [*both[::2], stopped]}
    cited = {id_ for reason in lead.reasons for id_ in reason.event_ids}
    assert cited <= own
    assert max(reason.events for reason in lead.reasons) == 7
    # the four calls of the robot's usual work on that day are not reasons, but are its events
    assert lead.events == 11
    assert lead.command == ("forensics", "story", ROBOT.key)


def test_one_subject_of_two_identity_providers_is_two_stories(tmp_path: Path) -> None:
    """The next command names the provider, because the subject alone means both."""
    other, records = "https://idp.y.example", []
    for number, issuer in enumerate((REAL_IDP, other)):
        began, key = LAST + 600 * number, HOME.key(f"SAML{number}")
        records.append(with_saml(EVE, began, key, issuer))
        session = ADMIN.session(EVE, began, key)
        records.append(created_key(session, began + 30, f"u{number}", f"AKIA0PLANTED{number:08}"))
        records.append(call(session, began + 40, source=TRAIL, name="StopLogging", **ELSEWHERE))
    with case_of_records([*habits(), *records], tmp_path) as case:
        leads = case.triage().leads
        stories = [case.story(lead.command[2]) for lead in leads]
    assert {lead.actor.issuer for lead in leads} == {REAL_IDP, other}
    assert {lead.command for lead in leads} == {("forensics", "story", f"{idp}:{EVE}") for idp in (REAL_IDP, other)}
    assert [story.events for story in stories] == [lead.events for lead in leads] == [3, 3]
