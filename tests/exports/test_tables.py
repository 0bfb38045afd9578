"""What exports say becomes tables; what of them cannot be read is one line each, and the rest goes in."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.answers.ingest_answer import Ingest
from forensics.case import Case
from tests.attribution.records import Account, call, write
from tests.exports.cases import AS_OF, add, key, listed, rows, tables, used
from tests.simulator import simulate
from tests.simulator.exports import REPORT_COLUMNS, KeyTruth, exports, report_csv, report_rows

ACCOUNT = "704560302692"
KEY, OTHER = "AKIA2ICYRBJSM2TGXVBF", "AKIA2ICYRBJSCUQBO6WH"
CREATED = datetime(2026, 1, 1, tzinfo=UTC)
TRUTH = KeyTruth(
    KEY, ACCOUNT, "alice", "AIDA2ICYRBJSGGG4IM5GA", f"arn:aws:iam::{ACCOUNT}:user/alice", "Active", CREATED, CREATED
)


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    with Case.create(tmp_path / "case") as made:
        yield made


def test_a_case_without_exports_has_the_tables_and_nothing_in_them(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        for table in ("iam_users", "iam_access_keys", "exported_keys", "exported_principals", "trails", "exports"):
            assert rows(case, f"select count(*) from {table}") == [(0,)]


def test_every_table_and_column_is_described(sample_case: Path) -> None:
    with tables() as made:
        found = made.rows(
            "select table_name from duckdb_tables() where table_name not in ('documents', 'source_files')"
        )
    names = {name for (name,) in found}
    with Case.open(sample_case) as case:
        comments = dict(rows(case, "select table_name, comment from duckdb_tables()"))
        columns = rows(case, "select table_name, column_name, comment from duckdb_columns()")
    assert names
    assert all(comments[name] for name in names)
    assert [column for table, *column, comment in columns if table in names and not comment] == []


def test_a_key_by_all_that_is_said_of_it() -> None:
    files = {"keys.json": listed(key(KEY, "alice")), f"{KEY}.json": used("alice", "2026-02-01T10:00:00Z")}
    with tables((files, AS_OF)) as made:
        said = made.rows("select user_name, account_id, status, last_used_at, status_as_of_from from exported_keys")
    assert said == [("alice", ACCOUNT, "Active", datetime(2026, 2, 1, 10, tzinfo=UTC), "person")]


def test_the_time_is_the_documents_else_what_is_said_else_the_files(case: Case, tmp_path: Path) -> None:
    dated = listed(key(KEY, "alice")) | {
        "ResponseMetadata": {"HTTPHeaders": {"date": "Mon, 02 Mar 2026 10:00:00 GMT"}},
    }
    add(case, tmp_path, {"dated.json": dated, "said.json": listed(key(OTHER, "bob"))})
    written = tmp_path / "written.json"
    written.write_text(json.dumps({"Users": [{"UserId": "1", "IdentityStoreId": "d-1", "UserName": "x"}]}))
    os.utime(written, (1_767_225_600, 1_767_225_600))
    case.ingest([written])
    assert rows(case, "select as_of, as_of_from from exports order by as_of_from") == [
        (datetime(2026, 3, 2, 10, tzinfo=UTC), "document"),
        (datetime(2026, 1, 1, tzinfo=UTC), "file"),
        (AS_OF, "person"),
    ]


def test_the_latest_export_counts_and_two_of_one_time_that_differ_say_nothing() -> None:
    old, new = ({"keys.json": listed(key(KEY, "alice", status))} for status in ("Active", "Inactive"))
    later = AS_OF.replace(day=3)
    with tables((old, AS_OF), (new, later)) as made:
        assert made.rows("select status from exported_keys") == [("Inactive",)]
    other = {"other.json": listed(key(KEY, "alice", "Active", "2026-01-02T00:00:00Z"))}
    with tables((old, AS_OF), (new, later), (other, later)) as made:
        assert made.rows("select status, user_name from exported_keys") == [(None, "alice")]


def test_two_last_uses_of_one_time_are_the_later_in_any_order() -> None:
    """A key that was used stays used: the other answer is the older one, whatever is said of its time."""
    answers = [
        ({f"{name}/{KEY}.json": used("alice", at)}, AS_OF)
        for name, at in (("a", None), ("b", "2026-02-01T10:00:00Z"), ("c", "2026-01-01T10:00:00Z"))
    ]
    for ordered in permutations(answers):
        with tables(*ordered) as made:
            said = made.rows("select never_used, last_used_at from exported_keys")
        assert said == [(False, datetime(2026, 2, 1, 10, tzinfo=UTC))]


def test_two_creations_of_one_time_that_differ_say_nothing() -> None:
    one, other = (
        {f"{day}.json": listed(key(KEY, "alice", created=f"2026-01-{day}T00:00:00Z"))} for day in ("01", "02")
    )
    with tables((one, AS_OF), (other, AS_OF)) as made:
        assert made.rows("select user_name, created_at from exported_keys") == [("alice", None)]


def test_an_export_that_is_dated_after_it_was_ingested_is_told_and_dated_then(case: Case, tmp_path: Path) -> None:
    later = listed(key(KEY, "alice")) | {"Snapshot": {"AccountId": ACCOUNT, "AsOf": "2999-01-01T00:00:00Z"}}
    done = add(case, tmp_path, {"later.json": later, "said.json": listed(key(OTHER, "bob"))})
    assert [file.reason for file in done.unread] == [
        "its time is after its ingest; the time of the ingest is used instead: 2999-01-01 00:00:00+00:00"
    ]
    assert rows(case, "select access_key_id, status, status_as_of_from from exported_keys order by all") == [
        (OTHER, "Active", "person"),
        (KEY, "Active", "ingest"),
    ]
    ((ingested_at,),) = rows(case, "select max(ingested_at) from source_files")
    assert case.keys().at == ingested_at.replace(tzinfo=None)


def test_an_export_dated_into_the_future_stays_where_its_ingest_put_it() -> None:
    dated = listed(key(KEY, "alice")) | {"Snapshot": {"AccountId": ACCOUNT, "AsOf": "2999-01-01T00:00:00Z"}}
    day = datetime(2026, 3, 1, tzinfo=UTC)
    added = dict.fromkeys(("ingested_at", "last_event_time"), day)
    later = {"ingested_at": day.replace(month=5), "last_event_time": day.replace(month=4)}
    for logs in ([added], [added, later]):
        with tables(({"keys.json": dated}, None), ingested_at=day, logs=logs) as made:
            assert made.rows("select status_as_of, status_as_of_from from exported_keys") == [(day, "ingest")]


def test_an_export_of_no_answer_is_not_dated_into_the_future_either() -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC)
    with tables(({"keys.json": "{"}, day.replace(year=2999)), ingested_at=day) as made:
        assert made.rows("select as_of, as_of_from from exports") == [(day, "ingest")]


def test_a_snapshot_says_of_whom_there_is_no_key() -> None:
    none = listed() | {"Snapshot": {"AccountId": ACCOUNT, "AsOf": "2026-03-02T00:00:00Z", "UserName": "alice"}}
    with tables(({"keys.json": none}, AS_OF)) as made:
        assert made.rows("select account_id, user_name, access_keys from iam_key_listings") == [(ACCOUNT, "alice", 0)]


def test_equal_answers_about_two_keys_are_of_both() -> None:
    """The answer does not name its key; two files with the same bytes are one document."""
    never = used("svc", None)
    with tables(({f"{KEY}.json": never, f"{OTHER}.json": never}, AS_OF)) as made:
        assert made.rows("select access_key_id, never_used from exported_keys order by all") == [
            (OTHER, True),
            (KEY, True),
        ]


def test_trust_policies_as_objects_and_as_text() -> None:
    policy = {
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Condition": {"StringLike": {"sts:SourceIdentity": "a*"}}}
        ]
    }
    details = {
        "RoleDetailList": [
            {"RoleName": name, "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "AssumeRolePolicyDocument": document}
            for name, document in (("object", policy), ("text", json.dumps(policy)), ("none", None))
        ]
    }
    said = "select role_name, requires_source_identity, requires_session_name from iam_roles order by 1"
    with tables(({"details.json": details}, AS_OF)) as made:
        assert made.rows(said) == [("none", None, None), ("object", True, False), ("text", True, False)]


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_report_says_all_it_has_to_say(separator: str) -> None:
    text = report_csv(report_rows(ACCOUNT, [TRUTH]), separator=separator)
    with tables(({"report.csv": text}, AS_OF)) as made:
        said = "select user_name, account_id, slot, active, last_rotated_at, last_used_service"
        assert made.rows(f"{said} from iam_credential_report_keys") == [("alice", ACCOUNT, 1, True, CREATED, "s3")]
        assert made.rows("select problem from export_problems") == []


def _without(column: str) -> str:
    return report_csv(report_rows(ACCOUNT, [TRUTH]), [name for name in REPORT_COLUMNS if name != column])


def _german(text: str) -> str:
    return text.replace("2026-01-01T00:00:00+00:00", "01.01.2026 00:00")


DAMAGED: list[tuple[str, Any, str]] = [
    ("missing column.csv", _without("access_key_1_last_rotated"), "no column access_key_1_last_rotated"),
    ("german.csv", _german(report_csv(report_rows(ACCOUNT, [TRUTH]))), "times are not in AWS's form"),
    ("cut.csv", report_csv(report_rows(ACCOUNT, [TRUTH]))[:-60], "truncated"),
    ("entry.json", {"AccessKeyMetadata": [key(KEY, "alice"), {"UserName": 7}, "x"]}, "skipped"),
    ("time.json", listed(key(KEY, "alice", created="1.1.2026")), "not an ISO 8601 time"),
    ("page.json", listed(key(KEY, "alice")) | {"IsTruncated": True, "Marker": "x"}, "one page of several"),
    ("base64.json", {"Content": "dXNlcixhcm4*", "ReportFormat": "text/csv"}, "base64 is incomplete"),
]


OLD_KEY = "AKIAI44QH8DHBEXAMPLE"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/main"
READABLE: dict[str, Any] = {
    "good.json": listed(key(OTHER, "bob")),
    "report.csv": report_csv(report_rows(ACCOUNT, [TRUTH])),
    f"{OLD_KEY}.json": {"Account": ACCOUNT},
    "trails.json": {
        "trailList": [{"Name": "main", "TrailARN": TRAIL, "HomeRegion": "eu-west-1", "IsMultiRegionTrail": True}]
    },
    "selectors.json": {
        "TrailARN": TRAIL,
        "EventSelectors": [{"ReadWriteType": "WriteOnly", "IncludeManagementEvents": True}],
    },
    "k.json": listed(),
}
OF_NO_KEY: dict[str, Any] = {"last.json": used("carol", None), "info.json": {"Account": "111122223333"}}


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Case, Ingest]]:
    """All of these files, with the log of an account that none of them is about."""
    folder = tmp_path_factory.mktemp("ingested")
    logs = write([call(Account("111111111111").user("alice").signs(), 0)], folder / "logs")
    files = {**READABLE, **OF_NO_KEY, **{name: content for name, content, _ in DAMAGED}}
    with Case.create(folder / "case") as case:
        yield case, add(case, folder / "exports", files, AS_OF, logs)


def test_what_cannot_be_read_is_one_line_and_the_rest_goes_in(ingested: tuple[Case, Ingest]) -> None:
    case, done = ingested
    assert done.incomplete
    assert {file.name for file in done.unread} == {*OF_NO_KEY, *(name for name, *_ in DAMAGED)}
    for name, _, why in DAMAGED:
        (line,) = (file.reason for file in done.unread if file.name == name)
        assert why in line and "\n" not in line
    assert (OTHER,) in rows(case, "select access_key_id from exported_keys")
    assert case.info().unread == done.unread


def test_an_answer_about_a_key_that_does_not_say_which_is_told(ingested: tuple[Case, Ingest]) -> None:
    _, done = ingested
    assert all("file named after its key" in file.reason for file in done.unread if file.name in OF_NO_KEY)


def test_exports_of_an_account_that_is_not_loaded_are_told(ingested: tuple[Case, Ingest]) -> None:
    case, done = ingested
    assert {(one.account_id, one.loaded) for one in done.exports if one.account_id} == {(ACCOUNT, False)}
    assert done.exports == case.info().exports


def test_the_account_of_a_key_by_the_file_that_is_named_for_it(ingested: tuple[Case, Ingest]) -> None:
    answer = ingested[0].key(OLD_KEY)
    assert (answer.subject.account_id, [(one.what, one.value) for one in answer.exports]) == (
        ACCOUNT, [("account", ACCOUNT)],
    )  # fmt: skip


def test_trails_and_what_they_record(ingested: tuple[Case, Ingest]) -> None:
    (told,) = ingested[0].coverage().exported_trails
    assert (told.trail, told.account_id, told.multi_region, told.narrowed) == ("main", ACCOUNT, True, True)
    assert told.data_events is False and told.source_files == ("selectors.json", "trails.json")


def test_the_order_and_grouping_of_answers_change_nothing() -> None:
    files = exports(simulate(3, 200)).files()
    answers = [text for name, text in sorted(files.items()) if name.endswith("access-keys.json")]
    found = []
    for texts in (answers, answers[::-1], ["".join(answers)]):
        with tables(({f"{n}.json": text for n, text in enumerate(texts)}, AS_OF)) as made:
            found.append(sorted(made.rows("select * exclude (source_sha256) from iam_access_keys"), key=repr))
    assert found[0] == found[1] == found[2] != []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = st.sampled_from(
    ["AccessKeyMetadata", "UserDetailList", "RoleDetailList", "Users", "Accounts", "trailList", "AccessKeyLastUsed"]
)


@settings(max_examples=5, deadline=None)
@given(answers=st.lists(st.dictionaries(MEMBERS, JSON, min_size=1, max_size=2), min_size=1, max_size=12))
def test_no_json_under_known_names_is_more_than_a_line(answers: list[dict[str, Any]]) -> None:
    files = {f"{number}-{KEY}.json": answer for number, answer in enumerate(answers)}
    with tables(({**files, "good.json": listed(key(OTHER, "bob"))}, None)) as made:
        assert all("\n" not in problem for (problem,) in made.rows("select problem from export_problems"))
        assert (OTHER,) in made.rows("select access_key_id from exported_keys")


def test_a_user_who_was_made_after_a_key_is_not_its_owner() -> None:
    user = {"UserName": "alice", "UserId": TRUTH.user_id, "Arn": TRUTH.user_arn}
    for created, expected in (
        ({}, TRUTH.user_id),
        ({"CreateDate": "2025-12-01T00:00:00+00:00"}, TRUTH.user_id),
        ({"CreateDate": "2026-02-01T00:00:00+00:00"}, None),
    ):
        users = {"UserDetailList": [user | created]}
        with tables(({"keys.json": listed(key(KEY, "alice")), "users.json": users}, AS_OF)) as exported:
            assert exported.rows("select user_name, user_id from exported_keys") == [("alice", expected)]
