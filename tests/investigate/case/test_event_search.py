"""Events: attributed, filtered, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path

import pandas as pd
import pytest

from forensics.case import Case, EventFilter
from forensics.errors import UnusableFilter
from forensics.investigate.case import event_filter
from forensics.investigate.case.event_columns import COLUMNS
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
        ({"since": (START + timedelta(seconds=20)).astimezone(timezone(timedelta(hours=-8)))}, [20, 30]),
        ({"name": "GetObject"}, [10, 30]),
        ({"address": "203.0.113.9"}, [20, 30]),
        ({"errors": True}, [20, 30]),
        ({"actor": "alice", "errors": True, "name": "PutObject"}, [20]),
        ({"name": "GetObject' or 'a' = 'a"}, []),
        ({"name": "getobject"}, [10, 30]),
        ({"name": "*Object"}, [10, 20, 30]),
        ({"name": ["?utObject", "AssumeRole"]}, [0, 20]),
        ({"name": "Get"}, []),
        ({"name": "%Object"}, []),
        ({"name": "Get.*"}, []),
        ({"service": "sts"}, [0]),
        ({"service": "STS.amazonaws.com"}, [0]),
        ({"service": ["s?", "sts.*"]}, [0, 10, 20, 30]),
        ({"service": "amazonaws.com"}, []),
        ({"region": "us-*"}, [0, 10, 20, 30]),
        ({"region": "eu-*"}, []),
        ({"account": "111111111111"}, [0, 10, 20, 30]),
        ({"account": "222222222222"}, []),
        ({"role": "deploy"}, [10, 20]),
        ({"role": "DEPL*"}, [10, 20]),
        ({"role": DEPLOY.arn}, [10, 20]),
        ({"role": "build"}, []),
        ({"resource": "deploy"}, [0]),
        ({"resource": "role/deploy"}, [0]),
        ({"resource": DEPLOY.arn}, [0]),
        ({"resource": "eploy"}, []),
        ({"user_agent": "*"}, [0, 10, 20, 30]),
        ({"address": ["203.0.113.0/24", "198.51.100.9"]}, [20, 30]),
        ({"outcome": "denied"}, [20, 30]),
        ({"outcome": ["Succeeded", "failed"]}, [0, 10]),
        ({"match": "event_name=^Get"}, [10, 30]),
        ({"match": "event_name=(?i)^GET"}, [10, 30]),
        ({"match": ["event_name=Object", "error_code=."]}, [20, 30]),
        ({"match": 'record="roleSessionName": ?"build"'}, [0]),
        ({"match": "EVENT_NAME=="}, []),
        ({"origin_key": ALICE.key}, [0, 10, 20]),
        ({"key": ALICE.key, "descendants": True}, [0, 10, 20]),
        ({"key": KEY, "descendants": True}, [10, 20]),
        ({"session": f"{DEPLOY.id}:build"}, [10, 20]),
        ({"session": DEPLOY.session("build", 0, KEY)["arn"]}, [10, 20]),
        ({"session": f"{DEPLOY.id}:build", "descendants": True, "errors": True}, [20]),
        ({"role": "deploy", "descendants": True}, [10, 20]),
        ({"actor": "bob", "descendants": True}, [30]),
        ({"name": [], "account": (), "descendants": False}, [0, 10, 20, 30]),
    ],
)
def test_a_filter_leaves_what_fits_in_the_order_of_time(case: Case, wanted: EventFilter, seconds: list[int]) -> None:
    frame = case.events(**wanted)
    assert [(time - START).total_seconds() for time in frame["event_time"]] == seconds
    rows = case.event_rows(wanted)
    assert (rows.total, [row[0] for row in rows.rows]) == (
        len(seconds),
        [(START + timedelta(seconds=second)).replace(tzinfo=None) for second in seconds],
    )


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"match": "event_nam=x"}, r"no column 'event_nam' \(did you mean event_name\?\)"),
        ({"match": "=x"}, "no column ''; `forensics schema"),
        ({"match": "event_name"}, "cannot read 'event_name'; use COLUMN=REGEX"),
        ({"match": "event_name=("}, r"cannot use '\(' as a regular expression: missing \)"),
        ({"match": "event_name=a: (b: "}, r"'a: \(b: ' as a regular expression: missing \)$"),
        ({"match": "event_name=(?<x>a)"}, r"as a regular expression: invalid perl operator"),
        ({"match": "event_name=(" + "x" * 1000}, r"^.{,200}$"),
        ({"match": 'event_name" = event_name or "x=x'}, "no column"),
        ({"outcome": "success"}, "no outcome 'success'; use succeeded, denied, failed"),
        ({"descendants": True}, "--descendants needs --key, --session, --actor or --role"),
        ({"key": KEY, "descendants": True, "origin_key": ALICE.key}, "--key with --descendants, or --origin-key"),
        ({"key": ""}, "--key has an empty value"),
        ({"since": START, "until": START}, "--since must be before --until"),
        ({"address": "203.0.113.9/99"}, "'203.0.113.9/99' is not an IP address or network"),
        ({"user_agent": ["", "kali"]}, "--user-agent has an empty value"),
        ({"match": ""}, "--match has an empty value"),
        ({"name": "\udcff"}, "--name has a value that is not UTF-8"),
        ({"user": "alice"}, "no criterion user; use key, "),
    ],
)
def test_a_filter_that_cannot_be_used(case: Case, wanted: EventFilter, message: str) -> None:
    with pytest.raises(UnusableFilter, match=message):
        case.events(**wanted)
    with pytest.raises(UnusableFilter, match=message):
        case.event_rows(wanted)


def test_descendants_include_what_was_planted(tmp_path: Path) -> None:
    planted, made = Account("111111111111").user("planted"), {"userName": "planted"}
    key = {"accessKey": {"accessKeyId": planted.key, "userName": "planted", "status": "Active"}}
    plants = call(DEPLOY.session("build", 0, KEY), 30, source="iam.amazonaws.com", name="CreateAccessKey")
    plants |= {"requestParameters": made, "responseElements": key}
    records = (*RECORDS[1:3], plants, call(planted.signs(), 40, name="ListBuckets"), call(BOB.signs(), 50))
    with case_of_records(records, tmp_path) as case:
        found = case.events(key=ALICE.key, descendants=True)
        assert found["event_name"].tolist() == ["AssumeRole", "GetObject", "CreateAccessKey", "ListBuckets"]


def test_a_bucket_is_the_target_of_the_calls_on_its_objects(tmp_path: Path) -> None:
    targets = ["arn:aws:s3:::backups/a/b", "arn:aws:s3:::backups", "arn:aws:s3:::backups-2/a", "arn:aws:s3:::x/backups"]
    records = [call(BOB.signs(), at, resources=[{"ARN": arn}]) for at, arn in enumerate(targets)]
    with case_of_records(records, tmp_path) as case:
        for wanted, found in {
            "backups": [0, 1, 3],
            "backups*": [0, 1, 2, 3],
            targets[0]: [0],
            "a/b": [0],
            targets[1]: [0, 1],
            "arn:aws:s3:::backup*": [0, 1, 2],
        }.items():
            assert case.events(resource=wanted)["resource"].tolist() == [targets[number] for number in found]


def test_columns_and_the_newest_first(case: Case) -> None:
    frame = case.events(columns=["EVENT_NAME", "event_time"], newest=True, actor="alice")
    assert list(frame.columns) == ["event_name", "event_time"]
    assert frame["event_name"].tolist() == ["PutObject", "GetObject", "AssumeRole"]
    rows = case.event_rows({}, limit=1, columns=["event_time", "event_name"], newest=True)
    assert (rows.columns, rows.rows[0][1], rows.total) == (("event_time", "event_name"), "GetObject", 4)
    assert case.event_rows({}, columns=["event_name", "EVENT_NAME"]).columns == ("event_name",)
    for unknown, message in {"resourc": "did you mean resource", "": "no column ''"}.items():
        with pytest.raises(UnusableFilter, match=message):
            case.events(columns=[unknown])


def test_a_role_is_found_without_its_issuer_in_the_record(tmp_path: Path) -> None:
    session = DEPLOY.session("build", 0, KEY)
    without = {name: value for name, value in session.items() if name != "sessionContext"}
    with case_of_records([call(session, 0), call(without, 1)], tmp_path) as case:
        for role in ("deploy", "DEPL*", DEPLOY.arn, "arn:aws:iam::*:role/deploy"):
            assert len(case.events(role=role)) == 2
        for other in ("build", "deploy*/build", DEPLOY.arn.replace("aws", "aws-cn", 1)):
            assert case.events(role=other).empty


def test_many_addresses_are_looked_up_at_once(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def values(_connection: object, _type: object, query: str) -> list[str]:
        asked.append(query)
        return ["203.0.113.9"]

    monkeypatch.setattr(event_filter, "values", values)
    assert len(case.events(address=["203.0.113.0/24", *(f"10.{number}.0.0/16" for number in range(99))])) == 2
    assert asked == ["case/source_addresses"]


def test_root_services_and_anonymous_callers_have_a_name(tmp_path: Path) -> None:
    service = {"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}
    records = (
        call(AWS.root(accessKeyId="AKIA0ROOT1111XXXXXXX"), 0),
        call(service, 1),
        call({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}, 2, name="GetObject"),
    )
    with case_of_records(records, tmp_path) as case:
        names = case.events()["actor_name"].tolist()
        assert names == ["root of 111111111111", "autoscaling.amazonaws.com", "anonymous"]
        assert case.events(actor="root of 111111111111").shape[0] == 1
        named = case.sql("select display_name from actors order by display_name")["display_name"].tolist()
        assert named == sorted(names)


def test_everything_derived_from_root_is_found_by_its_name(tmp_path: Path) -> None:
    records = (
        assume_role(AWS.root(accessKeyId="AKIA0ROOT1111XXXXXXX"), DEPLOY, "build", 0, issues=KEY),
        call(DEPLOY.session("build", 0, KEY), 10),
    )
    with case_of_records(records, tmp_path) as case:
        assert len(case.events(actor="root of 111111111111", descendants=True)) == 2


def test_sql_filters_events_as_the_command_does(case: Case) -> None:
    """By the macros of the case, which a query of the user can call as well."""
    counted = case.sql(
        "select count(*) as events from filtered_events(actor := 'ALICE', account := ['111111111111'], until := $end)",
        {"end": (START + timedelta(seconds=20)).isoformat()},
    )
    assert counted["events"].tolist() == [2]
    assert case.sql("from filtered_events(address := ['nowhere'])").empty
    used = case.sql("select credential_id, events from filtered_credentials(actor := 'alice') order by events")
    assert used["events"].tolist() == [1, 2]


def test_a_credential_that_was_only_issued_matches_by_its_issuance(tmp_path: Path) -> None:
    records = (assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY), call(BOB.signs(), 60))
    with case_of_records(records, tmp_path) as case:
        whole = case.sql(
            "select credential_id from filtered_credentials() except select credential_id from credentials"
        )
        assert whole.empty and len(case.sql("from filtered_credentials()")) == 3
        for arguments, events in (("actor := 'alice'", [0, 1]), ("since := '2026-03-01T12:00:30Z'", [1])):
            found = case.sql(f"select events from filtered_credentials({arguments}) order by events")
            assert found["events"].tolist() == events, arguments


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
