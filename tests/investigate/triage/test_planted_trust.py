"""Planted trust policies: a reason for a lead while somebody from outside can assume the role."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.answers.tree_answer import NodeKind
from forensics.answers.triage_answer import Lead, Signal
from tests.attribution.records import Account, Json, call, trust_policy
from tests.cases import case_of_records

DAY = 86_400.0
LAST = 12 * DAY
IAM = "iam.amazonaws.com"
ELSEWHERE = {"sourceIPAddress": "192.0.2.9", "userAgent": "S3 Browser/11.6.7"}
HOME = Account("111111111111")
ROBOT = HOME.user("robot")
OUTSIDE = "arn:aws:iam::999900001111:root"
PROVIDER = f"arn:aws:iam::{HOME.id}:saml-provider/theirs"


def iam(called: str, second: float, **parameters: object) -> Json:
    return call(ROBOT.signs(), LAST + second, source=IAM, name=called, requestParameters=parameters, **ELSEWHERE)


def trusts(second: float, *principals: str, **more: object) -> Json:
    return iam("UpdateAssumeRolePolicy", second, roleName="deploy", policyDocument=trust_policy(*principals, **more))


def lead_of(records: list[Json], folder: Path) -> Lead:
    habits = [call(ROBOT.signs(), day * DAY + hour * 3600) for day in range(13) for hour in range(0, 24, 6)]
    stopped = iam("DeleteAccountPasswordPolicy", 30)
    with case_of_records([*habits, stopped, *records], folder) as case:
        (lead,) = case.triage().leads
    return lead


def planted(lead: Lead) -> list[str]:
    return [detail for one in lead.reasons if one.signal == Signal.PLANTED_ACCESS for detail in one.details]


@pytest.mark.parametrize("principal", [OUTSIDE, "*"])
def test_a_trust_policy_in_force_is_created_access(tmp_path: Path, principal: str) -> None:
    lead = lead_of([trusts(60, principal)], tmp_path)
    assert planted(lead) == ["trust_policy"]
    assert (NodeKind.ROLE, "deploy") in {(one.kind, one.id) for one in lead.still_works or ()}


def test_a_provider_of_the_intruder_can_assume_the_role(tmp_path: Path) -> None:
    made = iam("CreateSAMLProvider", 50, name="theirs", sAMLMetadataDocument="<x/>")
    federated = {"Principal": {"Federated": PROVIDER}, "Action": "sts:AssumeRoleWithSAML"}
    assert planted(lead_of([made, trusts(60, **federated)], tmp_path / "a")) == ["trust_policy"]
    assert planted(lead_of([trusts(60, **federated)], tmp_path / "b")) == []


@pytest.mark.parametrize(
    "ended", [trusts(90, f"arn:aws:iam::{HOME.id}:root"), iam("DeleteRole", 90, roleName="deploy")]
)
def test_a_trust_policy_that_ended_is_not(tmp_path: Path, ended: Json) -> None:
    assert planted(lead_of([trusts(60, OUTSIDE), ended], tmp_path)) == []


def test_trust_in_a_loaded_account_is_not(tmp_path: Path) -> None:
    assert planted(lead_of([trusts(60, f"arn:aws:iam::{HOME.id}:root")], tmp_path)) == []
