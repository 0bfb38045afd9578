"""Foreign databases: a database that this user did not build is never read, for any files and times in the case."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from forensics.attribution import state
from forensics.case import Case
from tests.attribution.records import Account, Json, assume_role, call, write
from tests.cases import keep, record_as_built, restored

AWS = Account("111111111111")
ALICE, DEPLOY, KEY = AWS.user("alice"), AWS.role("deploy"), AWS.key("K")
LOGS: tuple[Json, ...] = (
    assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY),
    call(DEPLOY.session("build", 0, KEY), 5),
)
MALLORY = "update actors set actor_id = 'AIDAMALLORY', actor_name = 'mallory'"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("database")
    with Case.create(folder / "case") as case:
        case.ingest([write(LOGS, folder / "logs")])
    return keep(folder / "case")


@pytest.fixture
def folder(made: Path) -> Path:
    """Return the case with the database that this user built."""
    return restored(made)


def change(database: Path, statement: str = MALLORY) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute(statement)


def answer(folder: Path) -> str | None:
    with Case.open(folder) as case:
        return case.who(KEY).actor.id


def inode(folder: Path) -> int:
    return (folder / "case.duckdb").stat().st_ino


def test_the_recorded_database_is_opened_and_not_rebuilt(folder: Path) -> None:
    before = inode(folder)
    assert answer(folder) == ALICE.id
    assert inode(folder) == before


def changed_in_place(folder: Path) -> None:
    change(folder / "case.duckdb")


def changed_with_its_size_and_times(folder: Path) -> None:
    database = folder / "case.duckdb"
    before = database.stat()
    changed = database.with_name("changed")
    shutil.copy(database, changed)
    change(changed)
    data = changed.read_bytes()[: before.st_size].ljust(before.st_size, b"\0")
    changed.unlink()
    with database.open("r+b") as file:
        file.write(data)
    os.utime(database, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (database.stat().st_size, database.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def swapped_for_another(folder: Path) -> None:
    other = folder / "other"
    shutil.copy2(folder / "case.duckdb", other)
    change(other)
    other.rename(folder / "case.duckdb")


def a_log_to_replay(folder: Path) -> None:
    """Write a write-ahead log beside the database, which DuckDB replays even if it opens the database read-only."""
    other = folder.parent / "other.duckdb"
    shutil.copy2(folder / "case.duckdb", other)
    code = (
        "import duckdb, os, sys; connection = duckdb.connect(sys.argv[1]);"
        "connection.execute(\"set checkpoint_threshold = '1TB'\"); connection.execute(sys.argv[2]); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(other), MALLORY], check=True)
    shutil.copy(f"{other}.wal", folder / "case.duckdb.wal")


def without_a_record(folder: Path) -> None:
    change(folder / "case.duckdb")
    record_of(folder).unlink()


def with_a_damaged_record(folder: Path) -> None:
    change(folder / "case.duckdb")
    record_of(folder).write_bytes(b'{"case": "')


def record_of(folder: Path) -> Path:
    (found,) = (
        file
        for file in Path(os.environ["XDG_STATE_HOME"], "forensics").glob("*.json")
        if str(folder.resolve()) in file.read_text()
    )
    return found


HARMS = [
    changed_in_place,
    changed_with_its_size_and_times,
    swapped_for_another,
    a_log_to_replay,
    without_a_record,
    with_a_damaged_record,
]


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_a_changed_database_is_rebuilt_and_not_believed(harm: Callable[[Path], None], folder: Path) -> None:
    harm(folder)
    assert answer(folder) == ALICE.id
    assert not (folder / "case.duckdb.wal").exists()
    before = inode(folder)
    assert answer(folder) == ALICE.id
    assert inode(folder) == before


def test_a_link_to_a_recorded_database_is_not_that_database(folder: Path) -> None:
    database = folder / "case.duckdb"
    assert state.recorded(folder) is not None
    database.rename(folder / "other")
    database.symlink_to(folder / "other")
    assert state.recorded(folder) is None


def test_a_planted_view_is_never_bound(folder: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("outside the case")
    planted = f"drop view attributed_events; create view attributed_events as select content from read_text('{canary}')"
    change(folder / "case.duckdb", planted)
    with Case.open(folder) as case:
        rows = case.sql_rows("select * from attributed_events").rows
    assert len(rows) == 2 and "outside the case" not in str(rows)


def test_not_even_a_recorded_view_reads_outside_the_case(folder: Path, tmp_path: Path) -> None:
    """The connection is locked to the lake, so the state is not the only guard."""
    canary = tmp_path / "canary"
    canary.write_text("outside the case")
    change(folder / "case.duckdb", f"create view planted as select content from read_text('{canary}')")
    record_as_built(folder)
    with Case.open(folder) as case, pytest.raises(Exception, match="reads only the tables of the case"):
        case.sql_rows("select * from planted")


def test_a_copy_of_a_case_is_rebuilt(folder: Path, tmp_path: Path) -> None:
    change(folder / "case.duckdb")
    record_as_built(folder)
    copied = tmp_path / "copied"
    subprocess.run(["cp", "-a", str(folder), str(copied)], check=True)
    assert answer(copied) == ALICE.id


def test_a_moved_case_is_rebuilt(folder: Path, tmp_path: Path) -> None:
    before = inode(folder)
    moved = folder.rename(tmp_path / "moved")
    assert answer(moved) == ALICE.id
    assert inode(moved) != before


def test_an_ingest_takes_over_nothing_from_a_foreign_database(folder: Path, tmp_path: Path) -> None:
    change(folder / "case.duckdb", "update credential_days set events = 1000")
    with Case.open(folder) as case:
        case.ingest([write((call(ALICE.signs(), 86_400),), tmp_path / "later")])
        (events,) = case.sql_rows("select sum(events)::bigint from credential_days").rows[0]
    assert events == 3


def test_the_state_is_private(folder: Path) -> None:
    record = record_of(folder)
    assert (record.stat().st_mode & 0o777, record.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_state_that_others_can_write_is_not_believed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    record_as_built(folder)
    assert state.recorded(folder) is not None
    (tmp_path / "state" / "forensics").chmod(0o777)
    assert state.recorded(folder) is None
    with Case.open(folder) as case:
        assert case.who(KEY).actor.id == ALICE.id
        assert "XDG_STATE_HOME" in str(case.rebuild_note)


def test_a_relative_state_folder_is_ignored(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a relative XDG_STATE_HOME, the state would be in the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    record_as_built(folder)
    assert not Path("state").exists()
    assert list((tmp_path / "home" / ".local/state/forensics").glob("*.json"))


# Read-only cases. Root can write everywhere, so these tests run as `nobody`, with all modules loaded before.

ASK_AS_NOBODY = """
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


@pytest.fixture
def read_only(made: Path) -> Iterator[Path]:
    """Return a read-only case outside pytest's folders, which other users cannot open."""
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)
        copied = Path(shutil.copytree(made, Path(home, "case")))
        change(copied / "case.duckdb")
        paths = [copied, *copied.rglob("*")]
        for path in paths:
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield copied
        for path in paths:
            path.chmod(0o755)


def ask_as_nobody(folder: Path, xdg: Path) -> str:
    logs = write(LOGS, folder.parent / "logs")
    done = subprocess.run(
        [sys.executable, "-c", ASK_AS_NOBODY, str(logs), str(folder), KEY],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"XDG_STATE_HOME": str(xdg / "state"), "XDG_CACHE_HOME": str(xdg / "cache")},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_read_only_case_is_built_once_in_the_cache(read_only: Path) -> None:
    xdg = read_only.parent / "xdg"
    xdg.mkdir()
    xdg.chmod(0o777)
    before = sorted(read_only.rglob("*"))
    assert ask_as_nobody(read_only, xdg) == ALICE.id
    (database,) = (xdg / "cache" / "forensics").iterdir()
    assert database.suffix == ".duckdb" and "case" not in database.name
    first = database.stat().st_ino
    assert ask_as_nobody(read_only, xdg) == ALICE.id
    assert database.stat().st_ino == first
    assert sorted(read_only.rglob("*")) == before


def test_a_case_answers_where_neither_case_nor_state_nor_cache_can_be_written(read_only: Path) -> None:
    assert ask_as_nobody(read_only, Path("/proc")) == ALICE.id


def test_the_cache_keeps_only_what_a_record_names(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    kept, of_a_case_that_is_gone = state.cached_database(folder), state.cached_database(tmp_path / "gone")
    leftover, of_a_running_build = kept.with_name(".a.duckdb.1"), kept.with_name(".b.duckdb.2")
    for file in (kept, of_a_case_that_is_gone, leftover, of_a_running_build):
        file.write_bytes(b"")
        if file != of_a_running_build:
            os.utime(file, (0, 0))
    state.record(state.Built(str(folder), str(kept), 0, 0, 0, 0))
    state.record(state.Built(str(tmp_path / "gone"), str(of_a_case_that_is_gone), 0, 0, 0, 0))
    state.sweep_cache()
    assert sorted(kept.parent.iterdir()) == sorted([kept, of_a_running_build])
    assert len(list((tmp_path / "XDG_STATE_HOME" / "forensics").iterdir())) == 1
