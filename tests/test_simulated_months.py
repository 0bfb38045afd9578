"""Simulated months: functions of seed and incident, with a truth that the files hold, and clean to ingest."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.cases import case_of
from tests.simulator.incidents import INCIDENTS
from tests.simulator.months import EXAM, TUNING, Month, month

SEEDS = (134, 87, 10_070)
"""Small months with IAM users, Identity Center and SAML; the last one is of the exam family."""
COMMON = {"AssumeRole", "CreateAccessKey", "GetObject", "ListBuckets"}


@cache
def played(seed: int, incident: str | None = None) -> Month:
    return month(seed, incident)


def records(of: Month) -> list[dict[str, Any]]:
    return [record for file in of.files for record in file.records]


def test_a_month_is_a_function_of_its_seed() -> None:
    assert month(SEEDS[0], "mining").files == played(SEEDS[0], "mining").files
    assert played(SEEDS[0]).files != played(SEEDS[1]).files


@pytest.mark.parametrize("seed", SEEDS)
def test_a_quiet_month_has_no_intruder_and_the_size_of_a_small_organization(seed: int) -> None:
    quiet = played(seed)
    assert quiet.incident is None
    assert 3_000 <= len(quiet.events) <= 10_000
    assert 2 <= len({event.account_id for event in quiet.events}) <= 4


@pytest.mark.parametrize("incident", INCIDENTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_an_incident_adds_events_to_the_quiet_month(seed: int, incident: str) -> None:
    quiet, with_incident = played(seed), played(seed, incident)
    truth = with_incident.incident
    assert truth
    theirs = {event.id: event for event in with_incident.events if event.id in truth.event_ids}
    assert theirs.keys() == truth.event_ids
    assert truth.event_ids <= {record["eventID"] for record in records(with_incident)}
    assert {event.id for event in quiet.events} <= {event.id for event in with_incident.events} - truth.event_ids
    assert (truth.first, truth.last) == (
        min(event.time for event in theirs.values()),
        max(event.time for event in theirs.values()),
    )


@pytest.mark.parametrize("incident", INCIDENTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_own_credentials_are_those_that_only_the_intruder_used(seed: int, incident: str) -> None:
    played_month = played(seed, incident)
    truth = played_month.incident
    assert truth
    others = [event for event in played_month.events if event.id not in truth.event_ids]
    assert truth.own_access_key_ids <= truth.access_key_ids
    assert not truth.own_access_key_ids & {event.credential.access_key_id for event in others if event.credential}
    assert not truth.own_ids & {event.credential.actor.id for event in others if event.credential}
    assert not truth.own_ids & {event.credential.principal_id for event in others if event.credential}


@pytest.mark.parametrize("seed", SEEDS)
def test_no_session_is_used_before_its_issuance_or_after_its_end(seed: int) -> None:
    for incident in (None, *INCIDENTS):
        lives = {}
        for event in played(seed, incident).events:
            issued = (event.record["responseElements"] or {}).get("credentials") or {}
            if "expiration" in issued:
                lives[issued["accessKeyId"]] = (event.time, _time(issued["expiration"]))
        for event in played(seed, incident).events:
            if event.credential and event.credential.access_key_id in lives:
                start, end = lives[event.credential.access_key_id]
                assert start <= event.time <= end, (incident, event.record)


def test_families_of_seeds_are_apart() -> None:
    assert not set(TUNING) & set(EXAM)
    tuned, examined = (_iam_users(played(seed)) for seed in (SEEDS[0], SEEDS[2]))
    assert tuned and examined and not tuned & examined


@pytest.mark.parametrize(
    ("incident", "digest"),
    [(None, "b0e97241dedeb222"), ("insider", "b9b6ab641f831deb"), ("mining", "a0eba73f12128a8c")],
)
def test_the_exam_is_frozen(incident: str | None, digest: str) -> None:
    """A change of these digests starts a new exam: measure triage again, without tuning on the result."""
    text = json.dumps([file.records for file in played(SEEDS[2], incident).files], sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == digest


def test_quiet_months_differ_and_contain_what_intruders_do() -> None:
    quiet = [played(seed) for seed in SEEDS]
    assert len({one.traits for one in quiet}) == len(SEEDS)
    calls = Counter(event.record["eventName"] for one in quiet for event in one.events)
    assert calls.keys() >= COMMON
    assert any("errorCode" in event.record for one in quiet for event in one.events)


@pytest.mark.parametrize(("seed", "incident"), [(SEEDS[0], "persistence_chain"), (SEEDS[2], None)])
def test_ingest_rejects_nothing(seed: int, incident: str | None, tmp_path: Path) -> None:
    with case_of(played(seed, incident).files, tmp_path) as case:
        assert {status for (status,) in case.sql_rows("select distinct status from source_files").rows} == {"ok"}
        rows = case.sql_rows("select count(distinct event_id) from events").rows
        assert rows == ((len({event.id for event in played(seed, incident).events}),),)


def _iam_users(of: Month) -> set[str]:
    identities = [event.record["userIdentity"] for event in of.events]
    return {one["userName"] for one in identities if one.get("type") == "IAMUser" and "HIDDEN" not in one["userName"]}


def _time(expiration: str) -> datetime:
    return datetime.strptime(expiration, "%b %d, %Y, %I:%M:%S %p").replace(tzinfo=UTC)
