"""LookupEvents: all events of a time span are saved, and saved spans are not fetched again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.errors import AwsFailed, NothingFound
from forensics.sources import lookup_events as module
from forensics.sources.aws import Access, Aws
from forensics.sources.lookup_events import LookupSpan, Plan, expected, fetch, gaps, plan, saved
from tests.lake.cases import record
from tests.lookup_server import ACCOUNT, LookupServer, lookup_server

NOW = datetime(2026, 10, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOME, AWAY = "us-east-1", "eu-west-1"


@pytest.fixture
def api(nobody: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[LookupServer]:
    monkeypatch.setattr(module, "_CALLS_A_SECOND", 10_000)
    monkeypatch.setattr(module, "_PAGES_A_FILE", 2)
    with lookup_server() as server:
        server.records = {
            HOME: [logged(number, NOW - timedelta(minutes=10 * number)) for number in range(430)],
            AWAY: [logged(1000 + number, NOW - timedelta(hours=number)) for number in range(20)],
        }
        yield server


def logged(number: int, at: datetime) -> dict[str, Any]:
    return record(number, eventTime=f"{at:%Y-%m-%dT%H:%M:%SZ}")


def planned(api: LookupServer, folder: Path, days: int = 3, now: datetime = NOW) -> Plan:
    return plan(aws(api.url), folder, api.records, now - days * DAY, None, now)


@cache
def aws(url: str) -> Aws:
    return Aws(Access(endpoint_url=url))


def ask(api: LookupServer, folder: Path, days: int = 3, now: datetime = NOW) -> list[str]:
    """Return the IDs of all saved events after a fetch, with duplicates."""
    files = fetch(planned(api, folder, days, now), now, lambda: None).files
    return sorted(event["EventId"] for path in files for event in json.loads(path.read_bytes())["Events"])


def logged_since(api: LookupServer, start: datetime) -> set[str]:
    return {
        str(one["eventID"])
        for records in api.records.values()
        for one in records
        if str(one["eventTime"]) >= f"{start:%Y-%m-%dT%H:%M:%SZ}"
    }


def test_every_event_of_every_region_is_saved(api: LookupServer, tmp_path: Path) -> None:
    assert set(ask(api, tmp_path)) == logged_since(api, NOW - 3 * DAY)
    assert (tmp_path / "lookup-events" / ACCOUNT / AWAY).is_dir()
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.rglob("*.json"))


def test_without_a_region_every_enabled_one_is_asked(api: LookupServer, tmp_path: Path) -> None:
    planned = plan(aws(api.url), tmp_path, [], None, None, NOW)
    assert [region.name for region in planned.regions] == [AWAY, HOME]
    assert planned.account_id == ACCOUNT


def test_what_is_saved_is_not_asked_for_again(api: LookupServer, tmp_path: Path) -> None:
    ask(api, tmp_path)
    api.calls.clear()
    assert set(ask(api, tmp_path)) == logged_since(api, NOW - 3 * DAY)
    assert api.calls == {HOME: 1, AWAY: 1}  # only the last minutes
    api.calls.clear()
    api.records[HOME].append(logged(5000, NOW + timedelta(hours=1)))
    later = NOW + timedelta(hours=2)
    assert set(ask(api, tmp_path, 4, later)) == logged_since(api, later - 4 * DAY)
    assert api.calls[HOME] < 10


def test_a_fetch_that_was_stopped_goes_on(api: LookupServer, tmp_path: Path) -> None:
    del api.records[AWAY]
    api.refuses, api.refuses_after = {HOME: "ExpiredTokenException"}, 5
    with pytest.raises(AwsFailed, match="have expired; renew"):
        ask(api, tmp_path)
    (before,) = (len(saved(path)) for path in tmp_path.rglob(HOME))
    assert before
    api.refuses.clear()
    api.calls.clear()
    assert set(ask(api, tmp_path)) == logged_since(api, NOW - 3 * DAY)
    assert api.calls[HOME] <= 9 - 4 + 2


def test_many_events_of_one_second_are_all_saved(api: LookupServer, tmp_path: Path) -> None:
    api.records = {HOME: [logged(number, NOW - DAY) for number in range(320)]}
    assert set(ask(api, tmp_path)) == logged_since(api, NOW - 3 * DAY)


def test_a_region_that_refuses_does_not_stop_the_others(api: LookupServer, tmp_path: Path) -> None:
    api.refuses = {AWAY: "AccessDeniedException"}
    looked = fetch(planned(api, tmp_path), NOW, lambda: None)
    assert list(looked.failures) == [AWAY]
    assert "access is denied" in looked.failures[AWAY]
    assert looked.files


def test_the_estimate_is_about_right(api: LookupServer, tmp_path: Path) -> None:
    about = expected(planned(api, tmp_path))
    there = len(logged_since(api, NOW - 3 * DAY))
    assert there * 0.8 < about.events < there * 1.2
    assert about.failures == {}
    ask(api, tmp_path)
    assert expected(planned(api, tmp_path)).events < 10


def test_ninety_days_are_kept_and_no_more(api: LookupServer, tmp_path: Path) -> None:
    assert planned(api, tmp_path, 400).span == LookupSpan(NOW - 90 * DAY, NOW)
    with pytest.raises(NothingFound, match="90 days"):
        plan(aws(api.url), tmp_path, [], NOW - 200 * DAY, NOW - 100 * DAY, NOW)


def test_a_page_that_comes_again_and_again_is_told(
    api: LookupServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "lookup", lambda _region, _asked: {"Events": [], "NextToken": "x"})
    with pytest.raises(AwsFailed, match="the same page repeatedly"):
        ask(api, tmp_path)


def test_no_more_calls_a_second_than_aws_answers(
    api: LookupServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CALLS_A_SECOND", 10)
    started = datetime.now(UTC)
    ask(api, tmp_path)
    assert (datetime.now(UTC) - started).total_seconds() >= (api.calls[HOME] - 1) / 10


moments = st.integers(0, 60).map(lambda minutes: NOW + timedelta(minutes=minutes))
spans = st.tuples(moments, moments).map(lambda pair: LookupSpan(min(pair), max(pair)))


@given(spans, st.lists(spans, max_size=5))
@settings(deadline=None)
def test_gaps_are_what_is_wanted_and_not_covered(wanted: LookupSpan, covered: list[LookupSpan]) -> None:
    def minutes(*of: LookupSpan) -> set[datetime]:
        every = (NOW + timedelta(minutes=minute) for minute in range(61))
        return {moment for moment in every if any(span.start <= moment < span.end for span in of)}

    found = list(gaps(wanted, covered))
    assert minutes(*found) == minutes(wanted) - minutes(*covered)
    assert all(a.start >= b.end for a, b in pairwise(found))
