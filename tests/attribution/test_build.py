"""The database is a cache of the lake: made again whenever it is not the lake's, and never in a reader's way."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import forensics.attribution
from forensics.attribution import build, database
from forensics.case import Case
from forensics.lake import layout as layouts
from tests.attribution.records import Account, Json, assume_role, call, write
from tests.cases import keep, record_as_built, restored

AWS = Account("111111111111")
ALICE, DEPLOY, KEY = AWS.user("alice"), AWS.role("deploy"), AWS.key("K")
LOGS = (assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY), call(DEPLOY.session("build", 0, KEY), 5))
LATER = (call(ALICE.signs(), 60),)
MODELS = sorted((Path(forensics.attribution.__file__).parent / "sql").glob("*.sql"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case folder that no test changes."""
    return make(tmp_path_factory.mktemp("build"), LOGS)


@pytest.fixture(scope="module")
def moved(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it, elsewhere, with a database of its own."""
    copied = shutil.copytree(made, tmp_path_factory.mktemp("moved") / "it's a case, or {not}")
    assert names_alice(copied)
    return keep(copied)


@pytest.fixture
def folder(moved: Path) -> Path:
    return restored(moved)


def make(folder: Path, records: tuple[Json, ...]) -> Path:
    with Case.create(folder / "case") as case:
        case.ingest([write(records, folder / "logs")])
    return folder / "case"


def names_alice(folder: Path) -> bool:
    with Case.open(folder) as case:
        return case.who(KEY).actor.id == ALICE.id


def inode(folder: Path) -> int:
    return (folder / "case.duckdb").stat().st_ino


def built(folder: Path) -> list[tuple[str, str]]:
    with duckdb.connect(str(folder / "case.duckdb"), read_only=True) as connection:
        return connection.execute("select models_version, ingest_id from built").fetchall()


def spoil(folder: Path, statement: str) -> None:
    with duckdb.connect(str(folder / "case.duckdb")) as connection:
        connection.execute(statement)
    record_as_built(folder)


def test_a_current_database_is_left_alone(folder: Path) -> None:
    before = inode(folder)
    assert names_alice(folder)
    assert inode(folder) == before


def test_a_missing_database_is_built(folder: Path) -> None:
    (folder / "case.duckdb").unlink()
    assert names_alice(folder)
    assert (folder / "case.duckdb").exists()


@pytest.mark.parametrize(
    "change",
    [
        "update built set models_version = '0'",
        "update built set ingest_id = 'another'",
        "delete from built",
        "drop table built",
    ],
)
def test_a_database_of_other_models_or_another_commit_is_built_again(folder: Path, change: str) -> None:
    current = built(folder)
    spoil(folder, change)
    before = inode(folder)
    assert names_alice(folder)
    assert inode(folder) != before
    assert built(folder) == current


@pytest.mark.parametrize("content", [b"", b"no database"])
def test_a_damaged_database_is_built_again(folder: Path, content: bytes) -> None:
    (folder / "case.duckdb").write_bytes(content)
    record_as_built(folder)
    assert names_alice(folder)
    assert built(folder)


def test_a_build_leaves_nothing_but_the_database(folder: Path) -> None:
    (folder / "case.duckdb").unlink()
    before = {path.name for path in folder.iterdir()}
    assert names_alice(folder)
    assert {path.name for path in folder.iterdir()} == before | {"case.duckdb"}
    assert (folder / "case.duckdb").stat().st_mode & 0o777 == 0o600


def test_a_failed_build_leaves_the_old_database(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    before = inode(folder)
    monkeypatch.setattr("forensics.attribution.build.fill", fail)
    spoil(folder, "update built set ingest_id = 'another'")
    with pytest.raises(RuntimeError), Case.open(folder) as case:
        case.who(KEY)
    assert inode(folder) == before
    assert not [path for path in folder.iterdir() if path.name.startswith(".case")]


@pytest.mark.parametrize("share", [0.1, 0.7])
def test_a_build_without_room_is_an_error_and_leaves_nothing(folder: Path, share: float) -> None:
    database = folder / "case.duckdb"
    blocks = int(database.stat().st_size * share) // 512
    database.unlink()
    code = """
import sys
from pathlib import Path
from forensics.attribution.build import build
from forensics.exports.export_tables import create_tables
from forensics.lake import layout, manifest
case = layout.create(Path(sys.argv[1]))
build(case, manifest.read(case.manifest), [create_tables])
"""
    # Python would keep the part of a module's bytecode that fits
    shell = f'ulimit -f {blocks}; PYTHONDONTWRITEBYTECODE=1 exec "$@"'
    limited = ["/bin/sh", "-c", shell, "sh", sys.executable, "-c", code, str(folder)]
    done = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert "IOException" in done.stderr
    assert not [path for path in folder.iterdir() if "case.duckdb" in path.name]
    assert names_alice(folder)


def test_a_reader_keeps_its_snapshot_and_who_comes_later_sees_the_new_one(folder: Path, tmp_path: Path) -> None:
    with Case.open(folder) as reader, Case.open(folder) as writer:
        assert count(reader) == 2
        writer.ingest([write(LATER, tmp_path / "later")])
        assert count(reader) == 2
        assert count(writer) == 3
        with Case.open(folder) as newcomer:
            assert count(newcomer) == 3
        assert count(reader) == 2
        assert reader.who(KEY).actor.id == ALICE.id
    assert count(Case.open(folder)) == 3


def count(case: Case) -> int:
    (row,) = case.sql_rows("select count(*) from events").rows
    return int(row[0])


def test_a_moved_case_is_built_again_and_reads_the_lake_where_it_is(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shutil.copytree(made, tmp_path / "moved")
    before = inode(folder)
    hidden = made.rename(made.with_name("hidden"))
    monkeypatch.chdir(folder.parent)
    try:
        assert count(Case.open(folder)) == count(Case.open(folder.name)) == 2
        assert names_alice(folder)
    finally:
        hidden.rename(made)
    moved = inode(folder)
    assert moved != before
    assert names_alice(folder)
    assert inode(folder) == moved


# root may write everywhere, and nobody may not read where root's Python lies: so everything is loaded first
AS_SOMEBODY_WHO_MAY_NOT_WRITE = """
import os, sys
import forensics.answers.verify_answer
from forensics.case import Case
logs, folder, key = sys.argv[1:]
with Case.from_logs(logs) as case:
    case.who(key)
if os.getuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
assert not os.access(folder, os.W_OK)
print(Case.open(folder).who(key).actor.id)
"""


@pytest.fixture(params=["with its database", "without"])
def read_only(request: pytest.FixtureRequest, folder: Path) -> Iterator[Path]:
    """Outside pytest's own folders, which are closed to others."""
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)
        copied = Path(shutil.copytree(folder, Path(home, "case")))
        if request.param == "without":
            (copied / "case.duckdb").unlink()
        paths = [copied, *copied.rglob("*")]
        for path in paths:
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield copied
        for path in paths:
            path.chmod(0o755)


def test_a_read_only_case_answers(read_only: Path) -> None:
    before = sorted(read_only.rglob("*"))
    logs = write(LOGS, read_only.parent / "logs")
    done = subprocess.run(
        [sys.executable, "-c", AS_SOMEBODY_WHO_MAY_NOT_WRITE, str(logs), str(read_only), KEY],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == ALICE.id, done.stderr
    assert sorted(read_only.rglob("*")) == before


def test_the_database_opens_in_the_shells_in_use(made: Path) -> None:
    """The header of a DuckDB file: a checksum of 8 bytes, DUCK, and the storage version, which 65 is since 1.2.0."""
    header = (made / "case.duckdb").read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == 65
    with duckdb.connect(str(made / "case.duckdb"), read_only=True) as connection:
        (tags,) = connection.execute("select tags from duckdb_databases() where database_name = 'case'").fetchall()[0]
    assert tags["storage_version"].startswith("v1.2.0")


def test_a_reader_works_in_utc_and_cannot_write(made: Path) -> None:
    with database.connect(layouts.open_existing(made), made / "case.duckdb", read_only=True) as connection:
        assert connection.execute("select current_setting('TimeZone')").fetchall() == [("UTC",)]
        with pytest.raises(duckdb.Error):
            connection.execute("delete from built")


def test_an_empty_lake_has_every_table(tmp_path: Path, made: Path) -> None:
    with Case.create(tmp_path / "empty") as empty, Case.open(made) as full:
        assert tables(empty) == tables(full)
        assert count(empty) == 0


def tables(case: Case) -> list[tuple[object, ...]]:
    query = "select table_name, column_name, data_type from information_schema.columns order by all"
    return list(case.sql_rows(query).rows)


@pytest.mark.parametrize(("table", "column"), build.SORTED_BY.items())
def test_a_table_lies_in_the_order_that_it_is_looked_up_by(table: str, column: str, sample_case: Path) -> None:
    """Without an index, DuckDB skips the row groups whose values lie outside."""
    query = f"select {column} < lag({column}) over (order by rowid) as falls from {table}"
    with duckdb.connect(str(sample_case / "case.duckdb"), read_only=True) as connection:
        rows = connection.execute(f"select count(*), count(*) filter (where falls) from ({query})").fetchall()
        assert connection.execute("select count(*) from duckdb_indexes()").fetchall() == [(0,)]
    assert rows[0][1] == 0
    # the sample has no record of an issuance that proves nothing
    assert rows[0][0] > 1 or table == "not_trusted"


# The models


def test_every_table_of_the_design_is_there(made: Path) -> None:
    with Case.open(made) as case:
        names = {row[0] for row in tables(case)}
    assert names >= {
        "events", "event_copies", "event_conflicts", "credentials", "sessions", "access_keys", "principals",
        "issuances", "links", "actors", "coverage", "attributed_events",
    }  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_a_model_says_what_it_is_and_its_grain(model: Path) -> None:
    header = [line for line in model.read_text().split("\n\n")[0].splitlines() if line.startswith("--")]
    assert header[0].startswith(f"-- {model.stem}: "), header
    assert "Grain: one row per " in " ".join(header)


# what means something else, or nothing, in another engine (docs/architecture.md#models)
FORBIDDEN = {
    "recursion": r"\brecursive\b",
    "asof joins": r"\basof\b",
    "distinct on": r"\bdistinct\s+on\b",
    "JSON functions": r"\bjson_|\bfrom_json|->>?|\bjson\s*\(",
    "time parsing": r"\bstrptime|\bto_timestamp|\btry_strptime",
    "variables": r"\bgetvariable|\bset\s+variable",
    "lists": r"\blist_|\blist\s*\(|\barray_agg|\bstring_agg|\bgroup_concat|\bunnest(?!\(string_split\()|\[",
    "aggregates without a total order": r"\b(any_value|first|last|arbitrary|arg_min|arg_max|min_by|max_by|mode)\s*\(",
    "what only DuckDB reads": r"\bqualify\b|\bgroup\s+by\s+all|\border\s+by\s+all|\bexclude\b|\bcolumns\s*\(",
    "limits without an order": r"\blimit\b",
}


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
@pytest.mark.parametrize("what", FORBIDDEN)
def test_models_keep_to_what_means_the_same_elsewhere(model: Path, what: str) -> None:
    sql = re.sub(r"--.*", "", model.read_text())
    sql = re.sub(r"'[^']*'", "''", sql)
    assert not re.search(FORBIDDEN[what], sql, re.IGNORECASE | re.MULTILINE)


def test_the_models_of_the_build_are_all_there_are() -> None:
    folder = Path(forensics.attribution.__file__).parent
    text = (folder / "build.py").read_text() + (folder / "order.py").read_text()
    assert not [model.stem for model in MODELS if f'"{model.stem}"' not in text and f"'{model.stem}'" not in text]
