"""Rows: complete in JSON and CSV, readable in a table."""

from __future__ import annotations

import csv
import json
from datetime import date, datetime
from decimal import Decimal

from forensics.answers.rows_answer import Rows
from forensics.output.lines import cells, lay_out
from forensics.output.rows_text import objects, render_events, render_rows, to_csv, to_jsonl

NOON = datetime(2026, 10, 1, 12)  # noqa: DTZ001 - as the database returns it
EVENT = "237177ec-96c4-44db-9998-0500a3791ad0"
COLUMNS = ("event_time", "event_name", "actor_name", "access_key_id", "principal_id", "user_agent", "event_id")


def events(*changes: dict[str, object], total: int | None = None) -> Rows:
    same: dict[str, object] = {
        "event_time": NOON,
        "event_name": "GetObject",
        "actor_name": "alice",
        "access_key_id": "ASIAZNW342S3J6ZQNFX7",
        "principal_id": None,
        "user_agent": "aws-cli/2.9.19 " + "x" * 100,
        "event_id": EVENT,
    }
    rows = tuple(tuple((same | change)[name] for name in COLUMNS) for change in changes)
    return Rows(COLUMNS, rows, len(rows) if total is None else total)


def test_json_holds_every_value() -> None:
    values = (1, Decimal("1.50"), [NOON, {"a": date(2026, 10, 1)}], float("nan"), None, "\x1b", b"\x01", 2)
    rows = Rows(("a", "b", "c", "d", "e", "f", "g", "a"), (values,), 1)
    (written,) = to_jsonl(objects(rows)).splitlines()
    assert written.isascii()
    assert json.loads(written) == {
        "a": 1,
        "b": 1.5,
        "c": ["2026-10-01T12:00:00Z", {"a": "2026-10-01"}],
        "d": "nan",
        "e": None,
        "f": "\x1b",
        "g": "01",
        "a_1": 2,
    }


def test_csv_is_a_line_a_row_whatever_is_in_it() -> None:
    rows = Rows(("=a", "b"), (('x"y,z\n', -1), ("@cmd", None)), 2)
    assert to_csv(rows).splitlines() == ["'=a,b", '"x""y,z\\n",-1', "'@cmd,"]
    assert [row[0] for row in csv.reader(to_csv(rows).splitlines())] == ["'=a", 'x"y,z\\n', "'@cmd"]


def test_the_times_of_events_are_those_of_the_dated_ones() -> None:
    undated: dict[str, object] = {"event_time": None}
    shown = lay_out(render_events(events({}, {"event_name": "PutObject"}, undated), 80), 80)
    assert shown.startswith("3 events, 2026-10-01 12:00:00Z\n")
    assert lay_out(render_events(events(undated), 80), 80).startswith("1 event, time not logged\n")


def test_a_table_says_once_what_all_events_share() -> None:
    shown = lay_out(render_events(events({}, {"event_name": "PutObject"}, total=9), 80), 80)
    assert shown.startswith("2 of 9 events, 2026-10-01 12:00:00Z\nsame in all: ")
    assert shown.count("alice") == shown.count("ASIAZNW342S3J6ZQNFX7") == shown.count(EVENT) == 1
    assert shown.endswith("\nevent_name\nGetObject\nPutObject\n")


def test_a_table_shows_the_columns_that_fit_and_names_the_others() -> None:
    rows = events(
        {"event_id": EVENT[::-1]},
        {"user_agent": "y", "event_name": "PutObject", "actor_name": "bob", "access_key_id": "ASIA" + "Q" * 16},
    )
    narrow, wide = (lay_out(render_events(rows, width), width) for width in (80, 200))
    assert "event_name  actor_name  access_key_id" in narrow
    assert "not shown: event_id, user_agent; use a wider terminal or --format csv" in narrow
    assert max(cells(row) for row in narrow.splitlines()) <= 80
    assert EVENT in wide and "…" in wide and "not shown" not in wide
    assert max(cells(row) for row in wide.splitlines()) <= 200


def test_a_result_that_is_too_wide_is_shown_row_by_row() -> None:
    rows = Rows(("id", "text", "none"), ((EVENT, "word " * 30, None), (EVENT, "", None)), 2)
    assert lay_out(render_rows(rows, 500), 500).startswith("id ")
    narrow = lay_out(render_rows(rows, 60), 60)
    assert narrow.splitlines()[0] == f"id    {EVENT}"
    assert narrow.splitlines()[1].startswith("text  word word")
    assert "empty: none" in narrow


def test_no_rows() -> None:
    assert lay_out(render_events(Rows(COLUMNS, (), 0), 80), 80) == ""
    assert lay_out(render_rows(Rows(("a",), (), 0), 80), 80) == "a\n"


def test_where_a_table_is_too_wide_who_did_how_much_comes_before_what_only_says_more_of_them() -> None:
    columns = ("actor_id", "actor_kind", "actor_name", "denied")
    rows = Rows(columns, tuple((f"AIDA{n:017}", f"iam_user{n}", f"alice{n}", n) for n in range(9)), 9)
    head = lay_out(render_rows(rows, 40), 40).splitlines()[2]
    assert head.split() == ["actor_name", "denied", "actor_kind"]


def test_what_tells_something_and_has_no_place_in_a_row_stands_below_it() -> None:
    columns = ("actor_name", "calls", "store", "first_event", "last_event", "note", "first_event_id")
    store = "arn:aws:s3:::" + "b" * 60
    rows = Rows(
        columns,
        tuple((f"alice{n}", 10**n, store[n:], NOON, NOON.replace(day=n + 1), None, EVENT[n:]) for n in range(9)),
        9,
    )
    shown = lay_out(render_rows(rows, 80), 80).splitlines()
    assert max(map(cells, shown)) <= 80
    assert shown[1] == "same in all: first_event 2026-10-01 12:00:00Z"
    assert [line.split() for line in shown[3:5]] == [["actor_name", "calls", "last_event"], ["store"]]
    assert shown[5].startswith("alice0              1  2026-10-01") and shown[6] == f"  {store}"
    assert "not shown: first_event_id;" in shown[-1]


def test_a_line_below_a_row_that_would_be_empty_is_left_out() -> None:
    rows = Rows(("a", "b"), tuple((f"{n}{'a' * 50}", None if n else "b" * 50) for n in range(9)), 9)
    shown = lay_out(render_rows(rows, 80), 80).splitlines()
    assert [line[:4].strip() for line in shown[2:]] == ["a", "b", "0aaa", "bb", *(f"{n}aaa" for n in range(1, 9))]


def test_of_a_hundred_columns_a_row_shows_three_lines() -> None:
    columns = tuple(f"column_{n:03}" for n in range(100))
    shown = lay_out(render_rows(Rows(columns, tuple((row,) * 100 for row in range(9)), 9), 80), 80)
    assert sum(line.startswith(" ") for line in shown.splitlines()) > 9 * 2
    assert "not shown: column_" in shown and shown.count("\n") < 60
