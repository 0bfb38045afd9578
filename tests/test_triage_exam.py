"""The triage exam: what counts as found, and what the report says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.simulator.months import EXAM, TUNING, IncidentTruth, Month
from tests.triage_exam import Cited, Result, examine, finds, months_to_examine, report

START = datetime(2026, 10, 1, tzinfo=UTC)
TRUTH = IncidentTruth(
    kind="leaked_key",
    notes=("quiet",),
    first=START,
    last=START,
    event_ids=frozenset({"e1", "e2"}),
    access_key_ids=frozenset({"AKIALEAKED", "ASIAOWN"}),
    own_access_key_ids=frozenset({"ASIAOWN"}),
    own_ids=frozenset({"AIDAPLANTED"}),
)


def lead(actor_id: str | None = None, keys: tuple[str, ...] = (), events: tuple[str, ...] = ()) -> Cited:
    return Cited(actor_id, frozenset(keys), frozenset(events))


@pytest.mark.parametrize(
    ("cited", "found"),
    [
        (lead(events=("e1", "e9")), True),
        (lead("AIDAPLANTED"), True),
        (lead(keys=("ASIAOWN",)), True),
        (lead(), False),
        (lead("AIDAOWNER", ("AKIALEAKED",), ("e9",)), False),
        (lead("AIDAOWNER", ("AKIALEAKED", "ASIAOWN")), False),
    ],
)
def test_a_lead_finds_by_event_or_by_what_the_intruder_alone_used(cited: Cited, found: bool) -> None:
    assert finds(cited, TRUTH) is found


def test_the_rank_is_that_of_the_first_lead_that_finds() -> None:
    played = Month(1, (), (), TRUTH, frozenset())
    result = examine(played, [lead("AIDAOWNER"), lead(events=("e1", "e3", "e4", "e5")), lead("AIDAPLANTED")])
    assert (result.rank, result.purity, result.hits, result.found, result.leads) == (2, 0.25, 2, True, 3)
    assert examine(played, [lead()] * 10 + [lead("AIDAPLANTED")]).found is False


def test_papers_play_each_kind_in_seeds_of_the_family() -> None:
    asked = months_to_examine(TUNING, 3, ["mining", "insider"])
    assert [kind for _, kind in asked] == ["mining", "insider", None] * 3
    assert len({seed for seed, _ in asked}) == 9
    assert all(seed in EXAM for seed, _ in months_to_examine(EXAM, 60, ["mining", "insider", "leaked_key"]))


def test_the_report_has_shares_ranks_noise_and_what_was_missed() -> None:
    results = [
        Result(1, "mining", ("loud",), 4000, 12, rank=1, purity=1.0, hits=2),
        Result(2, "mining", ("quiet", "containers"), 4000, 12, rank=11, purity=0.5),
        Result(3, "insider", ("by day",), 4000, 7),
        Result(4, None, (), 5000, 25),
    ]
    assert report(results).splitlines() == [
        "incident                      months  first page      rank 1        rank      purity   precision",
        "mining                             2         50%         50%           6        0.75         10%",
        "insider                            1          0%          0%           -           -          0%",
        "all                                3         33%         33%           6        0.75          7%",
        "",
        "1 quiet months with 5,000 events; leads per 10,000 events:",
        "50.0 in total, 20.0 on the first page",
        "0% without a lead; a month has 25 leads (median)",
        "",
        "missed on the first page: 2",
        "  insider 3: no lead of 7; by day",
        "  mining 2: rank 11 of 12; quiet, containers",
    ]
