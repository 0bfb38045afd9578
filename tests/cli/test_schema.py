"""forensics schema, forensics connect"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from forensics.case import Case
from tests.cli.run import run


def test_the_schema_is_that_of_the_case(sample_case: Path) -> None:
    tables = json.loads(run("schema", "--case", sample_case, "--format", "json").out)
    assert [table["name"] for table in tables[:2]] == ["attributed_events", "events"]
    described = json.loads(run("sql", "describe attributed_events", "--case", sample_case, "--format", "json").out)
    assert [column["name"] for column in tables[0]["columns"]] == [row["column_name"] for row in described]
    rows = run("schema", "actors", "links", "--case", sample_case, "--format", "jsonl").out.splitlines()
    assert {json.loads(row)["table"] for row in rows} == {"actors", "links"}


def test_the_schema_fits_a_terminal(sample_case: Path) -> None:
    shown = run("schema", "--case", sample_case, width=80).out.splitlines()
    assert max(len(line) for line in shown) <= 80
    assert "  actor_id                         the actor's stable ID; null if unknown" in shown


def test_a_table_that_is_not_there(sample_case: Path) -> None:
    done = run("schema", "actor", "--case", sample_case)
    assert (done.code, done.out) == (2, "")
    assert "no table actor; the tables are attributed_events" in done.complaint


def test_what_it_prints_opens_the_case_elsewhere(sample_case: Path, tmp_path: Path) -> None:
    done = run("connect", "--case", sample_case, "-o", tmp_path / "open.sql")
    assert (done.code, done.out) == (0, "")
    assert done.complaint.startswith("forensics: wrote ")
    statements = (tmp_path / "open.sql").read_text()
    with duckdb.connect() as other:
        other.execute(statements)
        other.execute(statements)  # as a notebook does whose cell is run again
        with other.cursor() as further:
            further.execute(statements)
            assert further.execute("select current_setting('TimeZone') from events limit 1").fetchall() == [("UTC",)]
        (events,) = other.execute("select count(*) from attributed_events").fetchall()[0]
        (zone,) = other.execute("select current_setting('TimeZone')").fetchall()[0]
        (meaning,) = other.execute(
            "select comment from duckdb_views() where view_name = 'attributed_events'"
        ).fetchall()[0]
    assert (events > 6000, zone) == (True, "UTC")
    assert meaning.startswith("every event with who is behind it")


def test_a_case_whose_name_is_no_sql(sample_case: Path, tmp_path: Path) -> None:
    odd = tmp_path / "it's a \x1bcase"
    odd.symlink_to(sample_case)
    done = run("connect", "--case", odd)
    assert done.code == 0 and "\x1b" not in done.out


def test_a_database_of_its_own_needs_no_case(
    sample_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every table and view of it works from another folder, under another name, and with no other file to read."""
    file = tmp_path / "it's acme.duckdb"
    done = run("connect", "--case", sample_case, "--database", file)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [file.name]
    assert int.from_bytes(file.read_bytes()[12:20], "little") == 65  # the storage version of DuckDB 1.2
    with Case.open(sample_case) as case:
        expected = {table.name for table in case.schema()} - {"built", "lake_files", "events_files"}
        actors = case.sql_rows("select * from attributed_events order by event_key").rows
    monkeypatch.chdir("/")
    with duckdb.connect() as other:
        other.execute("attach $file as acme (read_only)", {"file": str(file)})
        other.execute("set enable_external_access = false")
        other.execute("use acme")
        other.execute("set TimeZone = 'UTC'")
        found = other.execute("select table_name from information_schema.tables").fetchall()
        assert {name for (name,) in found} == expected
        for name in expected:
            other.execute(f"select * from {name} limit 1")
        assert tuple(other.execute("select * from attributed_events order by event_key").fetchall()) == actors
        assert "raw" not in {name for (name,) in other.execute("select column_name from duckdb_columns()").fetchall()}
        unexplained = "select table_name from duckdb_columns() where not internal and comment is null"
        assert other.execute(f"{unexplained} and database_name = 'acme'").fetchall() == []
        assert other.execute("select count(*) > 0 from filtered_events(actor := 'svc-deploy')").fetchall() == [(True,)]


def test_a_database_replaces_another_file_only_if_asked(sample_case: Path, tmp_path: Path) -> None:
    file = tmp_path / "acme.duckdb"
    file.write_text("something else")
    done = run("connect", "--case", sample_case, "--database", file)
    assert (done.code, file.read_text()) == (1, "something else")
    assert "--force" in done.complaint
    assert run("connect", "--case", sample_case, "--database", file, "--force").code == 0
    assert file.read_bytes()[8:12] == b"DUCK"
    done = run("connect", "--case", sample_case, "--database", tmp_path / "no" / "acme.duckdb")
    assert done.code == 1 and "the folder does not exist" in done.complaint
