"""Events: attributed, filtered, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta, timezone
from typing import Any

import pandas as pd
import pytest

from forensics.case import Case
from forensics.investigate.case.event_search import COLUMNS, EventFilter
from tests.attribution.records import START, Account, assume_role, call
from tests.cases import case_of_records

AWS = Account("111111111111")
ALICE, BOB, DEPLOY, KEY = AWS.user("alice"), AWS.user("bob"), AWS.role("deploy"), AWS.key("K")
DENIED = {"errorCode": "AccessDenied", "sourceIPAddress": "203.0.113.9"}
RECORDS = (
    call(BOB.signs(), 30, name="GetObject", **DENIED),
    assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY),
    call(DEPLOY.session("build", 0, KEY), 10, name="GetObject"),
    call(DEPLOY.session("build", 0, KEY), 20, name="PutObject", **DENIED),
)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with case_of_records(RECORDS, tmp_path_factory.mktemp("events")) as made:
        yield made


@pytest.mark.parametrize(
    ("wanted", "seconds"),
    [
        ({}, [0, 10, 20, 30]),
        ({"key": KEY}, [10, 20]),
        ({"key": ALICE.key}, [0]),
        ({"key": KEY.lower()}, [10, 20]),
        ({"actor": "alice"}, [0, 10, 20]),
        ({"actor": "ALICE"}, [0, 10, 20]),
        ({"actor": ALICE.id}, [0, 10, 20]),
        ({"actor": ALICE.arn}, [0, 10, 20]),
        ({"actor": "build"}, []),
        ({"since": START + timedelta(seconds=10)}, [10, 20, 30]),
        ({"until": START + timedelta(seconds=20)}, [0, 10]),
        ({"since": START + timedelta(seconds=10), "until": START + timedelta(seconds=10)}, []),
        ({"since": (START + timedelta(seconds=20)).astimezone(timezone(timedelta(hours=-8)))}, [20, 30]),
        ({"name": "GetObject"}, [10, 30]),
        ({"address": "203.0.113.9"}, [20, 30]),
        ({"errors": True}, [20, 30]),
        ({"actor": "alice", "errors": True, "name": "PutObject"}, [20]),
        ({"name": "GetObject' or 'a' = 'a"}, []),
    ],
)
def test_a_filter_leaves_what_fits_in_the_order_of_time(case: Case, wanted: dict[str, Any], seconds: list[int]) -> None:
    frame = case.events(**wanted)
    assert [(time - START).total_seconds() for time in frame["event_time"]] == seconds
    rows = case.event_rows(EventFilter(**wanted))
    assert (rows.total, [row[0] for row in rows.rows]) == (
        len(seconds),
        [(START + timedelta(seconds=second)).replace(tzinfo=None) for second in seconds],
    )


def test_a_frame_has_types_and_utc(case: Case) -> None:
    frame = case.events()
    assert str(frame["event_time"].dtype).endswith("UTC]")
    assert str(frame["session_creation_date"].dtype).endswith("UTC]")
    assert pd.api.types.is_bool_dtype(frame["unreliable"])
    assert pd.api.types.is_string_dtype(frame["event_name"])
    assert {"actor_kind", "actor_id", "actor_name", "grade", "stop_reason", "origin_access_key_id"} <= set(
        frame.columns
    )


def test_an_empty_frame_has_the_same_columns_and_times(case: Case) -> None:
    empty, full = case.events(name="Nothing"), case.events()
    assert len(empty) == 0
    assert list(empty.columns) == list(full.columns)
    assert empty["event_time"].dtype == full["event_time"].dtype


def test_every_event_says_who_is_behind_it(case: Case) -> None:
    frame = case.events(key=KEY)
    assert set(frame["actor_id"]) == {ALICE.id}
    assert set(frame["origin_access_key_id"]) == {ALICE.key}
    assert set(frame["grade"]) == {"proven"}


def test_a_limit_cuts_the_rows_and_not_the_count(case: Case) -> None:
    rows = case.event_rows(EventFilter(), limit=1)
    assert (len(rows.rows), rows.total, rows.columns) == (1, 4, COLUMNS)
    assert case.event_rows(EventFilter(), limit=0).total == 4


LOGGED = (
    "203.0.113.9, 192.168.10.10",
    "203.0.113.9:443",
    "[2001:db8::1]:443",
    "2001:0DB8:0000:0000:0000:0000:0000:0001",
    "::ffff:203.0.113.9",
    "unknown, 203.0.113.77",
    "198.51.100.7",
    "grafana.amazonaws.com",
    "AWS Internal",
)


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    records = [call(ALICE.signs(), second, sourceIPAddress=logged) for second, logged in enumerate(LOGGED)]
    with case_of_records(records, tmp_path_factory.mktemp("addresses")) as made:
        yield made


@pytest.mark.parametrize(
    ("wanted", "seconds"),
    [
        ("203.0.113.9", [0, 1, 4]),
        ("203.0.113.9:8443", [0, 1, 4]),
        ("192.168.10.10", [0]),
        ("2001:db8::1", [2, 3]),
        ("2001:0db8:0:0:0:0:0:1", [2, 3]),
        ("203.0.113.0/24", [0, 1, 4, 5]),
        ("203.0.113.", [0, 1, 4, 5]),
        ("203.0.113.9/24", [0, 1, 4, 5]),
        ("2001:db8::/32", [2, 3]),
        ("2001:db8:", [2, 3]),
        ("0.0.0.0/0", [0, 1, 4, 5, 6]),
        ("grafana.amazonaws.com", [7]),
        ("AWS Internal", [8]),
        ("203.0.113.9/99", []),
    ],
)
def test_an_address_matches_by_value_and_by_network(addresses: Case, wanted: str, seconds: list[int]) -> None:
    assert [(time - START).total_seconds() for time in addresses.events(address=wanted)["event_time"]] == seconds
    queried = addresses.query_rows("address_identities", {"address": wanted})
    assert {row[0] for row in queried.rows} == {LOGGED[second] for second in seconds}


def test_a_key_counts_an_address_once_in_all_its_spellings(addresses: Case) -> None:
    found = {place.value: place.succeeded for place in addresses.key(ALICE.key).activity.addresses}
    assert found == {
        "203.0.113.9, 192.168.10.10": 1,
        "203.0.113.9": 2,
        "2001:db8::1": 2,
        "203.0.113.77": 1,
        "198.51.100.7": 1,
        "grafana.amazonaws.com": 1,
        "AWS Internal": 1,
    }
