"""forensics events, forensics sql"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.cli.run import run
from tests.simulator import sample


def listed(case: Path, *options: str) -> list[dict[str, str]]:
    done = run("events", "--case", case, "--format", "jsonl", *options)
    assert done.code == 0
    return [json.loads(line) for line in done.out.splitlines()]


def test_every_format_but_the_table_has_all_rows(sample_case: Path) -> None:
    rows = listed(sample_case)
    assert len(rows) > 6000
    assert json.loads(run("events", "--case", sample_case, "--format", "json").out) == rows
    found = list(csv.DictReader(run("events", "--case", sample_case, "--format", "csv").out.splitlines()))
    assert [row["event_id"] for row in found] == [row["event_id"] for row in rows]


def test_a_table_says_how_many_rows_it_left_out(sample_case: Path) -> None:
    done = run("events", "--case", sample_case)
    assert done.out.startswith("100 of ")
    assert "--limit 0 prints all" in done.complaint
    assert len(listed(sample_case, "--limit", "7")) == 7


def test_filters(sample_case: Path) -> None:
    assert {row["access_key_id"] for row in listed(sample_case, "--key", sample.DEEP_KEY)} == {sample.DEEP_KEY}
    assert {row["actor_name"] for row in listed(sample_case, "--actor", "SVC-deploy")} == {"svc-deploy"}
    assert {row["source_ip_address"] for row in listed(sample_case, "--address", "192.0.2.44")} == {"192.0.2.44"}
    denied = listed(sample_case, "--name", "AssumeRole", "--errors")
    assert denied and {row["event_name"] for row in denied} == {"AssumeRole"}


def test_descendants_of_a_key(sample_case: Path) -> None:
    derived = listed(sample_case, "--key", sample.LEAKED_KEY, "--descendants")
    assert derived == listed(sample_case, "--origin-key", sample.LEAKED_KEY)
    own = listed(sample_case, "--key", sample.LEAKED_KEY)
    assert len(derived) > len(own) and {row["event_id"] for row in own} <= {row["event_id"] for row in derived}


def test_several_values_and_the_newest_first(sample_case: Path) -> None:
    rows = listed(sample_case, "--service", "iam", "--name", "Create*", "--name", "Delete*", "--newest")
    assert {row["event_source"] for row in rows} == {"iam.amazonaws.com"}
    assert [row["event_time"] for row in rows] == sorted((row["event_time"] for row in rows), reverse=True)
    assert {row["resource"] for row in rows} >= {"svc-metrics", "svc-backup"}


def test_columns(sample_case: Path) -> None:
    options = ("--service", "iam", "--name", "Create*", "--columns", "event_name, resource")
    assert listed(sample_case, *options)[0].keys() == {"event_name", "resource"}
    shown = run("events", "--case", sample_case, *options)
    assert shown.out.splitlines()[0].split() == ["event_name", "resource"]


@pytest.mark.parametrize(
    "options",
    [
        ["--columns", "event"],
        ["--columns", ""],
        ["--match", "event=x"],
        ["--match", "event_name=("],
        ["--outcome", "success"],
        ["--descendants"],
        ["--columns", "event_name", "--format", "timesketch-csv"],
    ],
)
def test_a_filter_that_cannot_be_used_is_a_usage_error(sample_case: Path, options: list[str]) -> None:
    done = run("events", "--case", sample_case, *options)
    assert (done.code, done.out) == (2, "")
    assert done.complaint.count("\n") == 1


@pytest.mark.parametrize("until", ["2026-10-04T02:30:00Z", "2026-10-04 02:30", "2026-10-04T04:30:00+02:00"])
def test_times_are_utc_unless_they_say_otherwise(sample_case: Path, until: str) -> None:
    rows = listed(sample_case, "--since", "2026-10-04", "--until", until)
    assert rows
    assert min(row["event_time"] for row in rows) >= "2026-10-04T00:00:00Z"
    assert max(row["event_time"] for row in rows) < "2026-10-04T02:30:00Z"


def test_nothing_found_says_what_there_is(sample_case: Path) -> None:
    done = run("events", "--case", sample_case, "--name", "asumerole")
    assert (done.code, done.out) == (0, "")
    own = "no event matches --name asumerole on its own (did you mean AssumeRole?)"
    assert f"no event found: {own}; loaded: " in done.complaint
    assert "2026-10-01 00:00:00Z to" in done.complaint


def test_a_note_repeats_no_secret_and_no_long_list(sample_case: Path) -> None:
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    names = [option for number in range(100) for option in ("--user-agent", f"program {number}")]
    complaint = run("events", "--case", sample_case, "--match", f"record={secret}", *names).complaint
    assert "--match [hidden] on its own" in complaint and secret not in complaint
    assert "program 9" in complaint and "program 99" not in complaint


def test_of_filters_that_exclude_each_other_it_says_what_each_matches(sample_case: Path) -> None:
    done = run("events", "--case", sample_case, "--key", sample.DEEP_KEY, "--name", "RunInstances", "--errors")
    assert f"78 events match --key {sample.DEEP_KEY} on its own" in done.complaint
    assert "no event matches --name RunInstances on its own, " in done.complaint
    assert " match --errors on its own" in done.complaint
    mistyped = run("events", "--case", sample_case, "--key", sample.DEEP_KEY.replace("S3J6", "SJ36"))
    assert f"(did you mean {sample.DEEP_KEY}?)" in mistyped.complaint


@pytest.mark.parametrize("width", [80, 200])
def test_the_table_fits(sample_case: Path, width: int) -> None:
    shown = run("events", "--case", sample_case, "--address", "192.0.2.44", "--limit", "0", width=width).out
    assert max(len(line) for line in shown.splitlines()) <= width


def test_a_query_reads(sample_case: Path) -> None:
    done = run("sql", "select 1 as a, 'x' as b, timestamp '2026-10-01' as c", "--case", sample_case)
    assert done.out == "a  b  c\n1  x  2026-10-01 00:00:00Z\n"
    assert "no row" in run("sql", "select 1 where false", "--case", sample_case).complaint


def test_a_pivot_only_reads(sample_case: Path) -> None:
    done = run("sql", "pivot (select event_name, grade from attributed_events) on grade", "--case", sample_case)
    assert done.code == 0


@pytest.mark.parametrize(
    "query",
    [
        "create table x (a int)",
        "copy (select 1) to '{folder}/out.csv'",
        "explain analyze copy (select 1) to '{folder}/out.csv'",
        "prepare x as copy (select 1) to '{folder}/out.csv'; execute x",
        "attach '{folder}/out.db' as x",
        "select 1; export database '{folder}/out'",
        "delete from actors",
        "set TimeZone = 'Asia/Tokyo'",
        "",
        "selec 1",
        "select no_such_column from events",
    ],
)
def test_a_query_that_writes_or_is_wrong_is_refused(sample_case: Path, tmp_path: Path, query: str) -> None:
    done = run("sql", query.format(folder=tmp_path), "--case", sample_case)
    assert (done.code, done.out) == (1, "")
    assert done.complaint
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_name_says_where_names_are(sample_case: Path) -> None:
    for query in ("select actor from attributed_events", "select * from event"):
        assert "`forensics schema`" in run("sql", query, "--case", sample_case).complaint


def test_the_column_certain_can_be_chosen(sample_case: Path) -> None:
    asked = ("events", "--case", sample_case, "--limit", "1", "--format", "csv", "--columns", "certain,event_id")
    done = run(*asked, "--key", sample.LEAKED_KEY, "--descendants")
    assert done.code == 0 and done.out.splitlines()[0] == "certain,event_id"
    refused = run(*asked)
    assert refused.code == 2
    assert "the column certain needs --descendants or --origin-key" in refused.complaint
