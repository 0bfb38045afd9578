"""What is loaded, hour by hour, and what was done to trails: laws over worlds, then one case by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from forensics.answers.coverage_answer import Coverage
from forensics.answers.who_answer import Missing
from forensics.case import Case
from tests.attribution.records import START, Account, call
from tests.cases import case_of, case_of_records, shared_case
from tests.simulator import simulate

HOUR = timedelta(hours=1)
NOON = START.replace(tzinfo=None)
TRAIL = "cloudtrail.amazonaws.com"
HOME = Account("111111111111")
ALICE = HOME.user("alice")


def on_trail(name: str, second: float, **request: object) -> dict[str, object]:
    return call(ALICE.signs(), second, source=TRAIL, name=name, requestParameters={"name": "t", **request})


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    """Events at noon and five hours later; in between the trail is stopped; then it shrinks for good."""
    session = HOME.role("deploy").session("build", 2.5 * 3600, HOME.key("K"))
    nodes = {
        name: HOME.role("app").session(name, 5 * 3600 + 1, HOME.key(name[:5].upper()))
        for name in ("CognitoIdentityCredentials", "mi-0123456789abcdef0")
    }
    records = [
        call(ALICE.signs(), 0, awsRegion="eu-west-1"),
        on_trail("StopLogging", 3700),
        call(ALICE.signs(), 3701, source=TRAIL, name="StopLogging", errorCode="AccessDenied"),
        on_trail("StartLogging", 3 * 3600 + 60),
        call(session, 5 * 3600),
        *(call(identity, 5 * 3600 + 2) for identity in nodes.values()),
        call(HOME.role("app").session("s3", 5 * 3600, HOME.key("E")), 5 * 3600 + 2, source="s3express.amazonaws.com"),
        on_trail("UpdateTrail", 5 * 3600 + 10, isMultiRegionTrail=False),
        call(ALICE.signs(), 6 * 3600 + 10),
    ]
    with case_of_records(records, tmp_path_factory.mktemp("coverage")) as made:
        yield made


def spans(case: Case, region: str) -> list[tuple[int, int, int, str]]:
    return [
        ((one.from_ - NOON) // HOUR, (one.to - NOON) // HOUR, one.events, one.state)
        for one in case.coverage().spans
        if one.aws_region == region
    ]


def test_each_region_has_its_hours_and_its_holes(case: Case) -> None:
    assert spans(case, "us-east-1") == [
        (0, 1, 0, "empty"),
        (1, 2, 2, "loaded"),
        (2, 3, 0, "stopped"),
        (3, 4, 1, "loaded"),
        (4, 5, 0, "empty"),
        (5, 7, 6, "loaded"),
    ]
    assert spans(case, "eu-west-1") == [
        (0, 1, 1, "loaded"),
        (1, 4, 0, "stopped"),
        (4, 5, 0, "empty"),
        (5, 7, 0, "narrowed"),
    ]


def test_who_stopped_and_narrowed_a_trail_and_until_when(case: Case) -> None:
    stopped, narrowed = case.coverage().trails
    assert (stopped.event_name, stopped.effect, stopped.trail, stopped.actor.name) == (
        "StopLogging",
        "stopped",
        "t",
        "alice",
    )
    assert stopped.until == NOON + timedelta(seconds=3 * 3600 + 60)
    assert stopped.event_id and stopped.ended_by_event_id
    assert (narrowed.event_name, narrowed.effect, narrowed.until) == ("UpdateTrail", "narrowed", None)


def test_an_issuance_in_a_stopped_hour_is_not_to_be_had(case: Case) -> None:
    (stopped,) = (trail for trail in case.coverage().trails if trail.effect == "stopped")
    start = NOON + 2 * HOUR
    assert case.who(HOME.key("K")).missing == tuple(
        Missing(HOME.id, region, start, start + HOUR, "trail_stopped", event_id=stopped.event_id)
        for region in ("eu-west-1", "us-east-1")
    )


@pytest.mark.parametrize(
    ("key", "source"),
    [
        ("COGNI", "cognito-identity.amazonaws.com"),
        ("MI-01", "ssm.amazonaws.com"),
        ("E", "s3express.amazonaws.com"),
    ],
)
def test_what_only_data_events_show(case: Case, key: str, source: str) -> None:
    one, *others = case.who(HOME.key(key)).missing
    assert (one.account_id, one.why, one.event_source) == (HOME.id, "data_events_needed", source)
    # callers can choose such a session name, so the logs of the hour may be missing, too
    assert others
    assert one.from_ == NOON + 5 * HOUR


def test_spans_cover_every_hour_once_and_every_event(tmp_path: Path) -> None:
    world = simulate(seed=3, events=600)
    with case_of(world.files, tmp_path) as case:
        found = case.coverage()
        assert found.from_ and found.to
        for place in {(one.account_id, one.aws_region) for one in found.spans}:
            of_this = [one for one in found.spans if (one.account_id, one.aws_region) == place]
            assert of_this[0].from_ == found.from_ and of_this[-1].to == found.to
            assert all(one.to == other.from_ for one, other in pairwise(of_this))
            assert all(one.state != other.state for one, other in pairwise(of_this))
        assert sum(one.events for one in found.spans) == len({event.id for event in world.events})


@pytest.mark.parametrize("seed", [pytest.param(seed, marks=[pytest.mark.full] if seed else []) for seed in range(10)])
def test_every_gap_of_a_world_is_told_with_its_event(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    world = simulate(seed=seed, events=3000, everything=True)
    with shared_case(world.files, f"everything-{seed}", tmp_path_factory) as case:
        told = {one.event_id: one for one in case.coverage().trails if one.effect in ("stopped", "narrowed")}
    recorded = {event.id for event in world.events}
    for gap in world.gaps:
        if gap.event_id in recorded:
            one = told[gap.event_id]
            assert (one.account_id, one.event_time.replace(tzinfo=UTC)) == (gap.account_id, gap.start)
            # what ends a gap while nothing is logged is in no log; what ends another gap may end this one too
            if not any(
                other.account_id == gap.account_id and other.start < gap.end < other.end for other in world.gaps
            ):
                assert one.until and one.until.replace(tzinfo=UTC) <= gap.end


def test_a_case_without_times_is_empty(tmp_path: Path) -> None:
    with case_of_records([call(ALICE.signs(), 0, eventTime=None, eventID="x")], tmp_path) as case:
        assert case.coverage() == Coverage(None, None, (), ())
