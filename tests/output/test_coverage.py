"""Screens of `coverage`, and of the addresses that used a workload's credential."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forensics.answers.core import AddressClass
from forensics.answers.coverage_answer import Coverage, CoverageSpan, TrailChange
from forensics.answers.who_answer import UsedFrom, Workload
from forensics.output.coverage_text import render_coverage
from forensics.output.lines import lay_out
from forensics.output.workload_text import used_from_lines
from tests.output.answers import ALICE, DEV, NOON, PROD
from tests.output.golden import same_as_golden

HOUR = timedelta(hours=1)
START = datetime(2026, 10, 1, tzinfo=UTC)


def spans(account: str | None, region: str, *states: tuple[int, str]) -> list[CoverageSpan]:
    """Return spans. `states`: pairs of a number of hours and their state."""
    found, start = [], START
    for hours, state in states:
        found.append(
            CoverageSpan(account, region, start, start + hours * HOUR, hours if state == "loaded" else 0, state)
        )
        start += hours * HOUR
    return found


COVERAGE = Coverage(
    START,
    START + 120 * HOUR,
    (
        *spans(None, "us-gov-west-1", (1, "loaded"), (119, "empty")),
        *spans(PROD, "ap-southeast-2", (50, "loaded"), (10, "stopped"), (60, "loaded")),
        *spans(PROD, "us-east-1", (20, "loaded"), (2, "empty"), (38, "loaded"), (60, "narrowed")),
    ),
    (
        TrailChange(NOON, "StopLogging", "stopped", PROD, "us-east-1", "org-trail", NOON + HOUR, "e-1", "e-2", ALICE),
        TrailChange(NOON, "UpdateTrail", "changed", DEV, "us-east-1", None, None, None, None, ALICE),
        TrailChange(NOON, "PutEventSelectors", "narrowed", None, None, "t", None, "e-3", None, ALICE),
    ),
)
TAKEN = Workload(
    "ASIAZNW342S3J6ZQNFX7",
    True,
    (
        UsedFrom("10.0.12.7", AddressClass.PRIVATE, None, NOON, NOON + HOUR, 20, "e-1", "e-2"),
        UsedFrom("52.1.2.3", AddressClass.AWS_REGION, "us-west-1", NOON, NOON, 1, "e-3", "e-3"),
        *(UsedFrom(f"192.0.2.{n}", AddressClass.OTHER, None, NOON, NOON, 1, None, None) for n in range(30)),
    ),
    ("e-2", "e-3"),
    "0" * 64,
)


@pytest.mark.parametrize("width", [80, 120])
def test_coverage(width: int) -> None:
    shown = lay_out(render_coverage(COVERAGE, width), width)
    same_as_golden(f"coverage_{width}", shown)
    assert max(len(line) for line in shown.splitlines()) <= width


@pytest.mark.parametrize("width", [80, 120])
def test_used_from(width: int) -> None:
    same_as_golden(f"used_from_{width}", lay_out(used_from_lines(TAKEN), width))


def test_nothing_is_loaded() -> None:
    assert lay_out(render_coverage(Coverage(None, None, (), ()), 80), 80) == "no event with a time is loaded\n"


@pytest.mark.parametrize("years", [1, 9])
def test_years_fit_a_terminal(years: int) -> None:
    hours = years * 366 * 24
    long = Coverage(
        START, START + hours * HOUR, tuple(spans(PROD, "us-east-1", (hours - 1, "loaded"), (1, "empty"))), ()
    )
    (bar,) = (line for line in lay_out(render_coverage(long, 80), 80).splitlines() if "us-east-1" in line)
    assert len(bar) <= 80 and bar.count("█") >= 20 and "▒" in bar
