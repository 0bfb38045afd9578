"""Filter: which records an ingest adds, and that a later ingest with a wider filter adds the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensics.ingest.filter import accepts, covers, filter_of
from forensics.lake import manifest as manifests
from forensics.lake.manifest import Filter
from forensics.records.regions import home_region
from tests.lake.cases import add, put, record, rows, state

DAY = datetime(2026, 10, 2, tzinfo=UTC)
ACCOUNTS, REGIONS = ["1" * 12, "2" * 12], ["eu-west-1", "us-east-1", "cn-northwest-1"]

times = st.datetimes(DAY.replace(tzinfo=None), (DAY + timedelta(days=3)).replace(tzinfo=None)).map(
    lambda moment: moment.replace(tzinfo=UTC)
)
filters = st.builds(
    filter_of,
    accounts=st.sets(st.sampled_from(ACCOUNTS)),
    regions=st.sets(st.sampled_from(REGIONS)),
    since=st.none() | times,
    until=st.none() | times,
)
subjects = st.tuples(
    st.sampled_from([*ACCOUNTS, None]),
    st.sampled_from([*REGIONS, None]),
    st.none() | times,
    st.sampled_from(["sts.amazonaws.com", "s3.amazonaws.com"]),
    st.sampled_from(["AssumeRole", "ListBuckets"]),
)


@given(filters, filters, subjects)
def test_a_filter_that_covers_another_takes_all_that_the_other_takes(a: Filter, b: Filter, subject: Any) -> None:
    if covers(a, b) and accepts(b, *subject):
        assert accepts(a, *subject)


@given(filters)
def test_a_filter_covers_itself_and_everything_covers_it(one: Filter) -> None:
    assert covers(one, one)
    assert covers(Filter(), one)


@pytest.mark.parametrize(
    ("region", "home"),
    [
        ("eu-west-1", "us-east-1"),
        ("us-gov-east-1", "us-gov-west-1"),
        ("cn-northwest-1", "cn-north-1"),
        ("us-isob-east-1", "us-isob-east-1"),
    ],
)
def test_the_home_region_is_read_with_every_region(region: str, home: str) -> None:
    assert home_region(region) == home
    assert set(filter_of(regions=[region]).regions) == {region, home}


def test_the_days_of_delivery_reach_from_before_the_window_to_after_it() -> None:
    window = filter_of(since=DAY, until=DAY + timedelta(days=1))
    assert str(window.delivered_from) == "2026-09-30"
    assert str(window.delivered_to) == "2026-10-04"
    assert str(filter_of(until=DAY, late=7).delivered_to) == "2026-10-09"


def issuance(number: int) -> dict[str, Any]:
    return record(number, eventSource="sts.amazonaws.com", eventName="AssumeRole")


def test_outside_the_window_only_what_changes_a_credential_goes_in(tmp_path: Path) -> None:
    path = put(tmp_path / "a.json", *(record(number) for number in range(6)), issuance(6), record(7, eventTime=None))
    window = filter_of(since=DAY, until=DAY + timedelta(days=1))
    done = add(tmp_path / "case", path, filter=window)
    (file,) = done.source_files
    assert (file.status, file.records, file.filtered) == ("ok", 4, 4)
    assert [row[0] for row in rows(tmp_path / "case", "events", "event_id")] == ["id-1", "id-4", "id-6", "id-7"]
    assert manifests.read(tmp_path / "case" / "manifest.jsonl").filters == [window]


def test_a_wider_ingest_adds_what_a_narrower_one_left_out(tmp_path: Path) -> None:
    path = put(tmp_path / "a.json", *(record(number) for number in range(6)))
    window = filter_of(since=DAY, until=DAY + timedelta(days=1))
    add(tmp_path / "case", path, filter=window)
    assert [file.status for file in add(tmp_path / "case", path, filter=window).source_files] == ["duplicate"]
    assert [file.status for file in add(tmp_path / "case", path).source_files] == ["ok"]
    add(tmp_path / "whole", path)
    assert state(tmp_path / "case") == state(tmp_path / "whole")
    assert [file.status for file in add(tmp_path / "case", path, filter=window).source_files] == ["duplicate"]


def test_a_file_with_nothing_in_the_window_is_no_empty_one(tmp_path: Path) -> None:
    path = put(tmp_path / "a.json", record(1))
    (file,) = add(tmp_path / "case", path, filter=filter_of(accounts=["9" * 12])).source_files
    assert (file.status, file.records, file.filtered) == ("ok", 0, 1)
