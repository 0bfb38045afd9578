"""Signals of triage: twelve days of a robot's habits, and one thing that differs on the thirteenth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from forensics.answers.core import Grade
from forensics.answers.triage_answer import Signal, Triage
from forensics.case import Case
from forensics.investigate.signal_weights import WEIGHTS
from forensics.investigate.triage import triage_page, triage_signals
from tests.attribution.records import S3, Account, Json, assume_role, call, sign_in_event, trust_policy
from tests.cases import case_of_records

DAY = 86_400.0
LAST = 12 * DAY
OUTSIDE = "999900001111"
EC2, IAM, SECRETS = "ec2.amazonaws.com", "iam.amazonaws.com", "secretsmanager.amazonaws.com"
TRAIL = "cloudtrail.amazonaws.com"
ELSEWHERE = {"sourceIPAddress": "192.0.2.9", "userAgent": "S3 Browser/11.6.7"}
DENIED = {"errorCode": "AccessDenied", "errorMessage": "not authorized"}


class Place:
    """An account with a robot, a clerk and an administrator."""

    def __init__(self, account_id: str) -> None:
        self.aws = Account(account_id)
        self.robot, self.admin, self.clerk = (self.aws.user(name) for name in ("robot", "admin", "clerk"))

    def habits(self) -> Iterator[Json]:
        """A robot that lists buckets four times a day, and a clerk beside it who signs in with MFA."""
        for day in range(13):
            for hour in range(0, 24, 6):
                yield call(self.robot.signs(), day * DAY + hour * 3600)
            yield self.console(day * DAY, mfa="Yes")

    def console(self, second: float, mfa: str) -> Json:
        return sign_in_event(self.clerk.signs_in(), second, "ConsoleLogin", additionalEventData={"MFAUsed": mfa})

    def calls(self, source: str, *names: str, **top: Any) -> list[Json]:
        signed = self.robot.signs()
        return [call(signed, LAST + 60 + n, source=source, name=name, **top) for n, name in enumerate(names)]

    def moved_session(self) -> list[Json]:
        role, key = self.aws.role("deploy"), self.aws.key("MOVED")
        session = role.session("build", LAST + 60, key)
        issued = assume_role(self.robot.signs(), role, "build", LAST + 60, issues=key)
        return [issued, call(session, LAST + 70), call(session, LAST + 80, **ELSEWHERE)]

    def role_session(self) -> list[Json]:
        """A role session of the robot with the SourceIdentity of somebody else."""
        role, key = self.aws.role("deploy"), self.aws.key("CLAIM")
        session = role.session("build", LAST + 60, key, source_identity="admin")
        issued = assume_role(self.robot.signs(), role, "build", LAST + 60, issues=key, source_identity="admin")
        return [issued, *(call(session, LAST + 70 + n) for n in range(9))]

    def unusual(self) -> dict[Signal, list[Json]]:
        """What differs on the thirteenth day, for each signal."""
        calls, root = self.calls, self.aws.root(accessKeyId="AKIA0ROOTXXXXXXXXXXX")
        return {
            Signal.NEW_NETWORK: calls(S3, "ListBuckets", sourceIPAddress="192.0.2.9"),
            Signal.NEW_PROGRAM: calls(S3, "ListBuckets", **ELSEWHERE),
            Signal.NEW_REGION: calls(S3, "ListBuckets", awsRegion="sa-east-1", **ELSEWHERE),
            Signal.SESSION_MOVED: self.moved_session(),
            Signal.FIRST_SEEN: [call(self.admin.signs(), LAST + n, **ELSEWHERE) for n in range(9)],
            Signal.ENUMERATION: calls(IAM, "ListUsers", "ListRoles", "GetAccountSummary", "ListGroups", **ELSEWHERE),
            Signal.REFUSED_CALLS: calls(
                IAM, "ListPolicies", "ListAccountAliases", "ListSAMLProviders", "CreateGroup", **DENIED
            ),
            Signal.NEW_CALLS: calls(IAM, "TagUser", "TagRole", "UntagUser", "UntagRole", "TagPolicy", **ELSEWHERE),
            Signal.PERSISTENCE: calls(EC2, "ImportKeyPair", **ELSEWHERE),
            Signal.PRIVILEGE_ESCALATION: calls(IAM, "AttachUserPolicy", **ELSEWHERE),
            Signal.EVASION: calls(TRAIL, "StopLogging"),
            Signal.DATA_ACCESS: calls(SECRETS, *["GetSecretValue"] * 12),
            Signal.DESTRUCTION: calls(S3, "DeleteBucket", **ELSEWHERE),
            Signal.COST_ABUSE: calls("bedrock.amazonaws.com", *["InvokeModel"] * 30),
            Signal.LARGE_INSTANCES: calls(EC2, "RunInstances", requestParameters={"instanceType": "c6a.32xlarge"}),
            Signal.EXECUTION: calls("ssm.amazonaws.com", "SendCommand", **ELSEWHERE),
            Signal.DISCOVERY: calls(IAM, "GetAccountAuthorizationDetails", **ELSEWHERE),
            Signal.PLANTED_ACCESS: calls(
                IAM,
                "CreateAccessKey",
                requestParameters={"userName": "clerk"},
                responseElements={"accessKey": {"accessKeyId": "AKIA0PLANTEDXXXXXXXX", "userName": "clerk"}},
            ),
            Signal.OUTSIDE_ACCOUNT: calls(
                IAM,
                "UpdateAssumeRolePolicy",
                requestParameters={
                    "roleName": "deploy",
                    "policyDocument": trust_policy(f"arn:aws:iam::{OUTSIDE}:root"),
                },
            ),
            Signal.PUBLIC_ACCESS: calls(
                EC2,
                "ModifySnapshotAttribute",
                requestParameters={"createVolumePermission": {"add": {"items": [{"group": "all"}]}}},
            ),
            Signal.ROOT_USE: [call(root, LAST + n, **ELSEWHERE) for n in range(3)],
            Signal.SIGN_IN_WITHOUT_MFA: [self.console(LAST + 60, mfa="No") | ELSEWHERE],
            Signal.SOURCE_IDENTITY_CONFLICT: self.role_session(),
        }


HOME = Place("111111111111")
UNUSUAL = HOME.unusual()


def triage_of(records: Iterable[Json], folder: Path) -> Triage:
    with case_of_records([*HOME.habits(), *records], folder) as case:
        return case.triage()


def test_every_signal_has_a_weight_and_a_test() -> None:
    assert set(WEIGHTS) == set(Signal)
    assert {*UNUSUAL, Signal.WORKLOAD_ELSEWHERE} == set(Signal)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[Signal, Place], Triage]:
    """One case with an account for each signal, and its answer."""
    accounts = {signal: Place(f"2222222222{number:02}") for number, signal in enumerate(UNUSUAL)}
    records = [record for signal, place in accounts.items() for record in (*place.habits(), *place.unusual()[signal])]
    with case_of_records(records, tmp_path_factory.mktemp("places")) as case:
        return accounts, case.triage()


@pytest.mark.parametrize("signal", UNUSUAL)
def test_what_differs_is_a_lead_that_cites_it(places: tuple[dict[Signal, Place], Triage], signal: Signal) -> None:
    place = places[0][signal]
    (lead,) = (lead for lead in places[1].leads if place.aws.id in lead.account_ids)
    found = {reason.signal: reason for reason in lead.reasons}
    assert signal in found, found.keys()
    logged = {record["eventID"] for record in place.unusual()[signal]}
    assert logged & {*found[signal].event_ids}


def test_habits_are_not_a_lead(tmp_path: Path) -> None:
    answer = triage_of([], tmp_path)
    assert answer.leads == ()
    assert (answer.events, answer.stories) == (65, 2)


@pytest.mark.parametrize("usual", [Signal.REFUSED_CALLS, Signal.DATA_ACCESS, Signal.NEW_NETWORK, Signal.EVASION])
def test_what_is_repeated_every_day_is_a_habit(tmp_path: Path, usual: Signal) -> None:
    records = [record | {"eventTime": f"2026-03-{1 + day:02}T13:00:00Z", "eventID": f"{day}-{n}"}
               for day in range(12) for n, record in enumerate(UNUSUAL[usual])]  # fmt: skip
    assert triage_of(records, tmp_path).leads == ()


def test_one_story_is_one_lead(tmp_path: Path) -> None:
    """Sessions that the key requested belong to its story, as in `who`."""
    answer = triage_of([*UNUSUAL[Signal.SOURCE_IDENTITY_CONFLICT], *UNUSUAL[Signal.EVASION]], tmp_path)
    (lead,) = answer.leads
    assert lead.origin_access_key_id == HOME.robot.key
    assert lead.actor.name == "robot"
    assert lead.access_key_ids[0] == HOME.robot.key
    assert HOME.aws.key("CLAIM") in lead.access_key_ids
    assert lead.command == ("forensics", "story", HOME.robot.key)


def test_a_planted_key_belongs_to_a_suspicious_planter_only(tmp_path: Path) -> None:
    """The key that a robot created from a new network is its; one that it created on a usual day stands alone."""
    planted = "AKIA0PLANTEDXXXXXXXX"
    uses = [call(HOME.clerk.signs(planted), LAST + 3600 + n, source=IAM, name=name, **ELSEWHERE)
            for n, name in enumerate(("ListUsers", "ListRoles", "DeleteUser", "StopLogging"))]  # fmt: skip
    plant = UNUSUAL[Signal.PLANTED_ACCESS]
    suspicious = [record | ELSEWHERE for record in (*plant, *UNUSUAL[Signal.ENUMERATION])]
    (lead,) = triage_of([*suspicious, *uses], tmp_path / "a").leads
    assert (lead.origin_access_key_id, lead.planted) == (HOME.robot.key, (planted,))
    leads = triage_of([*(record | {"eventTime": "2026-03-01T12:00:30Z"} for record in plant), *uses], tmp_path / "b")
    assert planted in {one.origin_access_key_id for one in leads.leads}
    assert all(not one.planted for one in leads.leads)


def test_an_event_that_proves_nothing_is_not_a_reason(tmp_path: Path) -> None:
    """A record with a wrong type in its identity is for display only."""
    stopped = UNUSUAL[Signal.EVASION][0]
    damaged = stopped | {"userIdentity": stopped["userIdentity"] | {"arn": 5}}
    assert triage_of([damaged], tmp_path).leads == ()


def test_the_order_of_records_changes_nothing(tmp_path: Path) -> None:
    records = [record for some in UNUSUAL.values() for record in some]
    first, second = tmp_path / "a", tmp_path / "b"
    assert triage_of(records, first) == triage_of(records[::-1], second)


def test_the_grade_is_that_of_the_weakest_cited_event(tmp_path: Path) -> None:
    """The response of AssumeRole does not show the key, so the session is found by its time."""
    role = HOME.aws.role("deploy")
    issued = assume_role(HOME.robot.signs(), role, "build", LAST + 60, issues=None)
    stopped = call(role.session("build", LAST + 60, HOME.aws.key("K")), LAST + 70, source=TRAIL, name="StopLogging")
    (lead,) = triage_of([issued, stopped | ELSEWHERE, call(HOME.robot.signs(), LAST + 3600)], tmp_path).leads
    assert (lead.actor.name, lead.origin_access_key_id, lead.grade) == ("robot", HOME.robot.key, Grade.STRONG)


def test_leads_beyond_the_stories_that_are_read_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    users = [HOME.aws.user(f"late{number}") for number in range(6)]
    records = [call(user.signs(), LAST + n, **ELSEWHERE) for user in users for n in range(9)]
    records += [call(user.signs(), LAST + 60, source=TRAIL, name="StopLogging", **ELSEWHERE)
                for user in users]  # fmt: skip
    every = triage_of(records, tmp_path / "a").leads_total
    monkeypatch.setattr(triage_page, "_MOST_STORIES", 2)
    few = triage_of(records, tmp_path / "b")
    assert (few.leads_total, len(few.leads)) == (every, 2)


def test_credentials_that_are_too_many_to_compare_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    second = HOME.aws.role("deploy"), HOME.aws.key("SECOND")
    issued = assume_role(HOME.robot.signs(), second[0], "b2", LAST + 90, issues=second[1], source_identity="admin")
    session = second[0].session("b2", LAST + 90, second[1], source_identity="admin")
    monkeypatch.setattr(triage_signals, "_JUDGED", 1)
    few = triage_of([*UNUSUAL[Signal.SOURCE_IDENTITY_CONFLICT], issued, call(session, LAST + 95)], tmp_path)
    assert few.blind.not_compared == 1


def test_lists_are_bounded(tmp_path: Path) -> None:
    names = [f"List{'x' * 90}{n}" for n in range(400)]
    answer = triage_of([*HOME.calls(IAM, *names, **DENIED), *HOME.calls(IAM, *names)], tmp_path)
    (lead,) = answer.leads
    assert all(len(reason.event_ids) <= 5 and len(reason.details) <= 5 for reason in lead.reasons)
    assert len(lead.event_ids) <= 20
    assert lead.events >= 800


def test_an_empty_case_has_no_lead(tmp_path: Path) -> None:
    with Case.create(tmp_path / "case") as case:
        answer = case.triage()
    assert (answer.leads, answer.events, answer.first_event) == ((), 0, None)
