"""SQL: a query reads only the tables of a case, no other file, network, setting or variable, and never writes.

Every function in DuckDB's catalog is called with a path to a canary file, so a later version with a new way to read or
write a file fails here.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from forensics.attribution.database import connect, lock
from forensics.case import Case
from forensics.errors import QueryFailed
from forensics.investigate.case.statement import reading
from forensics.lake import layout as layouts

CANARY = "a secret outside of the case"


@pytest.fixture(scope="module")
def folder(sample_case: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(sample_case, tmp_path_factory.mktemp("sql") / "case"))


@pytest.fixture(scope="module")
def case(folder: Path) -> Iterator[Case]:
    with Case.open(folder) as opened:
        opened.sql_rows("select 1")
        yield opened


@pytest.fixture(scope="module")
def canary(folder: Path) -> Path:
    """Return a file that is valid text, CSV and JSON, and a Parquet file."""
    path = folder.parent / "canary.csv"
    path.write_text(f"{CANARY}\n{CANARY}\n")
    with duckdb.connect() as connection:
        connection.execute(f"copy (select '{CANARY}' as text) to '{path.with_suffix('.parquet')}'")
    return path


@pytest.fixture(autouse=True)
def nothing_written(folder: Path, canary: Path) -> Iterator[None]:
    """Check that no file in or beside the case is created or changed, except the custody log of queries."""
    before = seen(folder.parent)
    yield
    assert seen(folder.parent) == before


def seen(folder: Path) -> dict[str, tuple[int, int]]:
    files = [path for path in folder.rglob("*") if path.name not in ("custody.jsonl", "ingest.lock")]
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files if path.is_file()}


def a_lake_file(folder: Path) -> Path:
    return next((folder / "lake" / "events").rglob("*.parquet"))


# all statements in DuckDB's documentation; {out} is a new file, {lake} a file of the case
WRITING = """
copy (select 1) to '{out}'
copy (select 1) to '{lake}' (use_tmp_file false)
copy actors from '{canary}'
copy from database "case" to memory
with x as (copy (select 1 as a) to '{lake}' (use_tmp_file false)) select * from x
with x as (copy (select 1 as a) to '{scratch}/x.csv') select * from x
with x as (copy (select 1 as a) to '{scratch}/x.csv') pivot (select 1 as a, 2 as b) on a using sum(b)
pivot (with x as (copy (select 1 as a) to '{scratch}/x.csv') select 1 as a, 2 as b) on a using sum(b)
explain with x as (copy (select 1 as a) to '{scratch}/x.csv') pivot (select 1 as a, 2 as b) on a using sum(b)
explain copy (select 1) to '{out}'
explain analyze copy (select 1) to '{lake}' (use_tmp_file false)
explain (analyze) copy (select 1) to '{lake}' (use_tmp_file false)
explain /* */ analyze copy (select 1) to '{lake}' (use_tmp_file false)
explain analyze with x as (copy (select 1 as a) to '{scratch}/x.csv') select 1
copy (pivot (select 1 as a, 2 as b) on a using sum(b)) to '{lake}' (use_tmp_file false)
create table memory.t as pivot (select 1 as a, 2 as b) on a using sum(b)
explain analyze create table memory.t as pivot (select 1 as a, 2 as b) on a using sum(b)
pivot (select 1 as a, 2 as b) on a using sum(b); copy (select 1) to '{lake}' (use_tmp_file false)
select 1; copy (select 1) to '{lake}' (use_tmp_file false)
select * from json_execute_serialized_sql(json_serialize_sql('with x as (copy (select 1) to ''{scratch}/x'') from x'))
from query('with x as (copy (select 1) to ''{scratch}/x'') from x')
with x as (insert into actors by name select 'x' as actor_id returning 1) select * from x
with x as (update actors set actor_id = 'x' returning 1) select * from x
with x as (delete from actors returning 1) select * from x
insert into actors by name select 'x' as actor_id
update actors set actor_id = 'x'
delete from actors
truncate actors
merge into actors using (select 1 as a) as n on false when matched then delete
create table memory.t as select 1
create temp table t as select 1
create view memory.v as select 1
create macro memory.m() as 1
create function memory.f(a) as a
create schema memory.s
create sequence memory.s
create type memory.t as enum ('a')
create secret s (type http)
create persistent secret s (type http)
create index i on actors (actor_id)
create extension repository 'x'
drop table actors
drop secret s
alter table actors add column a int
comment on table actors is 'x'
attach '{out}' as x
attach '{canary}' as x
attach ':memory:' as x
detach "case"
use memory
export database '{out}'
import database '{out}'
install httpfs
load '{out}'
load json
update extensions
pragma database_list
pragma enable_profiling
pragma import_database('{out}')
call enable_logging(storage = 'file', storage_config = {{'path': '{out}'}})
call force_checkpoint()
call pragma_version()
checkpoint
force checkpoint
vacuum
analyze
set threads = 1
set variable x = 1
set profiling_output = '{out}'
set allowed_paths = ['/']
reset allowed_paths
reset threads
begin
commit
rollback
abort
prepare p as copy (select 1) to '{lake}' (use_tmp_file false)
execute p
deallocate p
""".strip().splitlines()

OUTSIDE = """
from '{canary}'
from "{canary}"
describe '{canary}'
summarize '{canary}'
from '{parquet}'
from '{lake}'
select raw from '{lake}'
pivot (select event_name, raw from '{lake}') on event_name
from read_csv('{canary}')
from main.read_csv('{canary}')
from system.main.read_text('{canary}')
pivot (from read_text('{canary}')) on filename
pivot (from "read_text"('{canary}')) on filename
select * from (select 1) as t, lateral (from read_text('{canary}'))
select (select content from read_text('{canary}'))
with x as (from read_blob('{canary}')) from x
explain analyze select * from read_text('{canary}')
from query('from read_text(''{canary}'')')
from query_table('{canary}')
from glob('/*')
from read_parquet('s3://bucket/key')
from 'https://127.0.0.1:1/x.csv'
from arrow_scan(1, 2, 3)
from pandas_scan(1)
pivot (from python_arrow_scan(1, 2, 3)) on a
from which_secret('s3://bucket/key', 's3')
from duckdb_secrets()
select getenv('HOME')
from frame
""".strip().splitlines()

READING = """
select count(*) from events
from actors limit 1
table actors
values (1), (2)
with a as (select * from actors) select count(*) from a
with recursive n as (select 1 as i union all select i + 1 from n where i < 3) from n
select event_name, row_number() over (partition by event_name order by event_time) from events limit 3
select * from (select 1 as a, 2 as b) pivot (sum(b) for a in (1, 2))
pivot (select grade, actor_kind from actors) on grade
pivot (select grade, actor_kind from actors) on grade;
from (pivot (select grade, actor_kind from actors) on grade using count(*))
unpivot (select 1 as a, 2 as b) on a, b
select 1 union all select 2 order by 1
show tables
show all tables
describe actors
summarize actors
explain select * from actors
explain (select 1)
explain (format json) select * from actors
explain analyze select * from actors
explain pivot (select grade, actor_kind from actors) on grade
select * from information_schema.columns limit 1
select table_name from duckdb_tables()
select unnest(range(3)), list_transform([1, 2], lambda x: x + 1)
select key from json_each('{{"a": 1}}')
select count(*) from events where event_name ilike '%delete%' or record like '%copy%' or record like '%read_csv%'
select 'insert' as "update", 2 as copy
select 1 -- a comment
/* first */ select 1;
""".strip().splitlines()


def filled(query: str, folder: Path, canary: Path) -> str:
    return query.format(
        canary=canary,
        parquet=canary.with_suffix(".parquet"),
        out=folder.parent / "out",
        lake=a_lake_file(folder),
        scratch=folder / "tmp",
    )


@pytest.mark.parametrize("query", [*WRITING, *OUTSIDE])
def test_what_writes_or_reads_outside_is_refused_in_one_line(
    query: str, case: Case, folder: Path, canary: Path
) -> None:
    frame = [CANARY]
    for ask in (case.sql_rows, case.sql):
        with pytest.raises(QueryFailed) as refused:
            ask(filled(query, folder, canary))
        assert "\n" not in str(refused.value) and frame[0] not in str(refused.value)


@pytest.mark.parametrize("query", READING)
def test_what_reads_is_answered(query: str, case: Case, folder: Path, canary: Path) -> None:
    query = filled(query, folder, canary)
    assert case.sql_rows(query).total == len(case.sql(query)) > 0


def test_a_saved_query_is_held_to_the_same(
    case: Case, canary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORENSICS_QUERIES", str(tmp_path))
    header = "-- title: A title\n-- question: Which?\n-- columns: content\n"
    (tmp_path / "outside.sql").write_text(f"{header}select content from read_text('{canary}')\n")
    with pytest.raises(QueryFailed):
        case.query("outside")
    with pytest.raises(QueryFailed):
        case.query_rows("outside", {})


def test_a_query_cannot_read_variables_of_the_program(case: Case) -> None:
    import pandas as pd

    frame = pd.DataFrame({"text": [CANARY]})
    with pytest.raises(QueryFailed):
        case.sql("select * from frame")
    assert len(frame) == 1


def test_the_settings_tell_nothing_of_the_users_home(case: Case) -> None:
    rows = case.sql_rows("select name, value from duckdb_settings()").rows
    home = str(Path.home())
    assert [name for name, value in rows if value and (value + "/").startswith(home + "/")] == []


# the catalog is queried on the locked connection, without the check of statements, because each guard must work alone


@pytest.fixture(scope="module")
def locked(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    layout = layouts.open_existing(folder)
    with connect(layout, folder / "case.duckdb", read_only=True) as connection:
        lock(connection, layout)
        yield connection


def functions() -> list[tuple[str, str, int]]:
    """Return all functions of DuckDB with their kind and possible numbers of arguments."""
    with duckdb.connect() as connection:
        return connection.execute(
            """
            select distinct function_name, function_type, least(len(parameters), 4)
            from duckdb_functions()
            where function_name ~ '^[a-z_0-9]+$' and function_type <> 'aggregate'
            order by all
            """
        ).fetchall()


# these take memory addresses and crash the process for an invalid one
BY_ADDRESS = {"arrow_scan", "arrow_scan_dumb", "pandas_scan", "python_arrow_scan", "python_map_function", "seq_scan"}


def calls(name: str, kind: str, arguments: int, path: Path) -> Iterator[str]:
    for count in {arguments, arguments + 1, 1}:
        given = ", ".join([f"'{path}'"] * count)
        yield f"select {name}({given})" if kind in ("scalar", "macro") else f"select * from {name}({given})"
        if kind == "pragma":
            yield f"pragma {name}({given})"
            yield f"pragma {name} = '{path}'"
    if kind == "pragma":
        yield f"pragma {name}"


def test_no_function_of_the_locked_connection_reads_or_writes_a_file(
    locked: duckdb.DuckDBPyConnection, canary: Path
) -> None:
    paths = (canary, canary.with_suffix(".parquet"), canary.with_name("out"))
    asked = 0
    for name, kind, arguments in functions():
        if name in BY_ADDRESS:
            continue
        for path in paths:
            for call in calls(name, kind, arguments, path):
                asked += 1
                try:
                    rows = locked.execute(call).fetchall()
                except (duckdb.Error, OverflowError):
                    continue
                assert CANARY not in str(rows), call
    assert asked > 5000


def test_a_query_calls_no_table_function_but_the_listed_ones(locked: duckdb.DuckDBPyConnection, canary: Path) -> None:
    answered = set()
    for name, kind, arguments in functions():
        if kind in ("table", "table_macro"):
            for call in calls(name, kind, arguments, canary):
                with suppress(QueryFailed):
                    reading(locked, call)
                    answered.add(name)
    # none of these takes a path, a query or an address; review a new function before adding it here
    assert answered <= set(
        """
        duckdb_columns duckdb_constraints duckdb_databases duckdb_functions duckdb_keywords duckdb_memory
        duckdb_schemas duckdb_settings duckdb_tables duckdb_temporary_files duckdb_types duckdb_views generate_series
        histogram histogram_values icu_calendar_names json_each json_tree pg_timezone_names pragma_database_size
        pragma_platform pragma_show pragma_storage_info pragma_table_info pragma_version query_table range repeat
        repeat_row summary test_all_types unnest
        """.split()
    )


@pytest.mark.parametrize("statement", [query for query in OUTSIDE if "lake" not in query and "scan(" not in query])
def test_the_lock_alone_keeps_other_files_closed(
    statement: str, locked: duckdb.DuckDBPyConnection, folder: Path, canary: Path
) -> None:
    try:
        rows = locked.execute(filled(statement, folder, canary)).fetchall()
    except duckdb.Error:
        return
    assert CANARY not in str(rows)


def test_the_lock_cannot_be_undone(locked: duckdb.DuckDBPyConnection) -> None:
    for setting in ("allowed_paths = ['/']", "enable_external_access = true", "lock_configuration = false"):
        with pytest.raises(duckdb.Error, match=r"locked|disabled"):
            locked.execute(f"set {setting}")


def test_a_deeply_nested_query_is_an_error_and_no_crash(locked: duckdb.DuckDBPyConnection) -> None:
    for opened in ("(", "abs("):
        with pytest.raises(duckdb.ParserException, match="Max expression depth"):
            reading(locked, f"select {opened * 3_000} 1 {')' * 3_000}")


def test_a_query_that_is_not_utf_8_is_refused_in_one_line(case: Case) -> None:
    with pytest.raises(QueryFailed, match="not valid UTF-8"):
        case.sql_rows("select '\udcff'")
