"""Incremental: an ingest reduces again only the days that it changed, and every table is that of one full build."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random

import duckdb
import pytest

from forensics.answers.ingest_answer import ChangedAnswers
from forensics.attribution import build
from forensics.case import Case
from tests.attribution.records import Account, Json, assume_role, call
from tests.cases import record_as_built, tables
from tests.simulator import LogFile, shuffled, simulate, write

# the first at every run, all before an issue is closed
SEEDS = [pytest.param(seed, marks=[pytest.mark.full] if seed >= 2 else []) for seed in range(20)]
EVENTS = 1_200
DAY = 86_400


@pytest.mark.parametrize("seed", SEEDS)
def test_however_files_come_and_days_are_parted_every_table_is_that_of_one_build(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = Random(f"split {seed}")
    files = _with_disputed_copies(_over_days(simulate(seed, EVENTS, everything=True).files), rng)
    write(files, tmp_path / "logs")
    with Case.create(tmp_path / "one") as one:
        one.ingest([tmp_path / "logs"])
        expected = tables(one)
    monkeypatch.setattr(build, "_EVENTS_AT_ONCE", EVENTS // 8)
    added = _counted_additions(monkeypatch)
    with Case.create(tmp_path / "split") as split:
        for paths in _split([tmp_path / "logs" / file.key for file in files], rng):
            split.ingest(paths)
            if rng.random() < 0.3:
                assert tables(split) == _built_anew(split, tmp_path / "split")
        assert tables(split) == expected
    assert added


def test_only_the_days_that_changed_are_reduced_again(tmp_path: Path) -> None:
    aws = Account("111111111111")
    alice = aws.user("alice")
    case, logs = Case.create(tmp_path / "case"), _Logs(tmp_path / "logs")
    case.ingest([logs.of(call(alice.signs(), 0), call(alice.signs(), DAY), call(alice.signs(), 2 * DAY))])
    _change(tmp_path / "case", "update credential_days set events = 1000")
    case.ingest([logs.of(call(alice.signs(), DAY + 1))])
    assert _events_by_day(case) == [1000, 2, 1000]
    assert case.sql_rows("select events from credentials").rows == ((2002,),)


def test_a_copy_that_says_otherwise_changes_the_day_of_its_event(tmp_path: Path) -> None:
    aws = Account("111111111111")
    alice = aws.user("alice")
    event, other_day = call(alice.signs(), 0), call(alice.signs(), DAY)
    forged = event | {"requestParameters": {"bucketName": "another"}}
    for first, second in [(event, forged), (forged, event)]:
        folder = tmp_path / ("forged" if first is forged else "sound")
        case, logs = Case.create(folder / "case"), _Logs(folder / "logs")
        case.ingest([logs.of(first, other_day)])
        case.ingest([logs.of(second)])
        assert case.sql_rows("select reliable_events, events from credentials").rows == ((1, 2),)
        assert tables(case) == _built_anew(case, folder / "case")


def _missing(database: Path) -> None:
    database.unlink()


def _cut_short(database: Path) -> None:
    database.write_bytes(database.read_bytes()[:5000])
    record_as_built(database.parent)


def _scrambled(database: Path) -> None:
    data = bytearray(database.read_bytes())
    data[len(data) // 3 :] = bytes(byte ^ 0x5A for byte in data[len(data) // 3 :])
    database.write_bytes(bytes(data))
    record_as_built(database.parent)


def _of_other_models(database: Path) -> None:
    _change(database.parent, "update built set models_version = 'another'; update credential_days set events = 1000")


def _foreign(database: Path) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute("update credential_days set events = 1000")


@pytest.mark.parametrize("harm", [_missing, _cut_short, _scrambled, _of_other_models, _foreign])
def test_without_the_last_build_everything_is_reduced_again(harm: Callable[[Path], None], tmp_path: Path) -> None:
    aws = Account("111111111111")
    alice = aws.user("alice")
    case, logs = Case.create(tmp_path / "case"), _Logs(tmp_path / "logs")
    case.ingest([logs.of(*(call(alice.signs(), day * DAY) for day in range(3)))])
    harm(tmp_path / "case" / "case.duckdb")
    assert case.ingest([logs.of(call(alice.signs(), 1))]).changed is None
    assert _events_by_day(case) == [2, 1, 1]


def test_an_ingest_tells_which_answers_it_changed(tmp_path: Path) -> None:
    aws = Account("111111111111")
    alice, bob, deploy = aws.user("alice"), aws.user("bob"), aws.role("deploy")
    used = [call(deploy.session("build", 10, aws.key(name)), 20 + DAY) for name in ("K", "L")]
    by_alice = assume_role(alice.signs(), deploy, "build", 10, issues=aws.key("K"))
    without_key = [assume_role(user.signs(), deploy, "build", 10, issues=None) for user in (alice, bob)]
    case, logs = Case.create(tmp_path / "case"), _Logs(tmp_path / "logs")
    assert case.ingest([logs.of(*used)]).changed == ChangedAnswers(0, 0, 0, 0)
    assert case.ingest([logs.of(by_alice)]).changed == ChangedAnswers(1, 0, 0, 0)
    assert case.ingest([logs.of(*without_key)]).changed == ChangedAnswers(0, 1, 0, 0)
    assert case.ingest([logs.of(call(bob.signs(), 30))]).changed == ChangedAnswers(0, 0, 0, 0)
    _change(tmp_path / "case", f"update actors set actor_id = 'X' where credential_id like '%{aws.key('K')}%'")
    assert case.ingest([logs.of(call(bob.signs(), 40))]).changed == ChangedAnswers(0, 0, 1, 0)


def test_a_name_that_a_disputed_event_gave_is_taken_back(tmp_path: Path) -> None:
    aws = Account("111111111111")
    alice, deploy = aws.user("alice"), aws.role("deploy")
    issued = assume_role(alice.signs(), deploy, "build", 10, issues=aws.key("K"))
    case, logs = Case.create(tmp_path / "case"), _Logs(tmp_path / "logs")
    case.ingest([logs.of(issued, call(deploy.session("build", 10, aws.key("K")), 20))])
    forged = issued | {"requestParameters": None}
    assert case.ingest([logs.of(forged)]).changed == ChangedAnswers(
        0, 0, 0, 2
    )  # of the session, and of alice's own key


class _Logs:
    """A folder that gets a new log file whenever records are put into it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = 0
        folder.mkdir(parents=True)

    def of(self, *records: Json) -> Path:
        self._files += 1
        path = self._folder / f"{self._files}.json"
        path.write_text(json.dumps({"Records": records}))
        return path


def _counted_additions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tables that a build adds a further part to from now on, once for each time."""
    added: list[str] = []
    add = build.DuckDB.add

    def counted(engine: build.DuckDB, table: str, model: str) -> None:
        added.append(table)
        add(engine, table, model)

    monkeypatch.setattr(build.DuckDB, "add", counted)
    return added


def _events_by_day(case: Case) -> list[int]:
    return [events for (events,) in case.sql_rows("select events from credential_days order by event_date").rows]


def _built_anew(case: Case, folder: Path) -> dict[str, list[tuple[object, ...]]]:
    case.close_connection()
    (folder / "case.duckdb").unlink()
    return tables(case)


def _change(folder: Path, statement: str) -> None:
    with duckdb.connect(str(folder / "case.duckdb")) as connection:
        connection.execute(statement)
    record_as_built(folder)


def _split(paths: Sequence[Path], rng: Random) -> list[list[Path]]:
    """Into two to four parts: by their time, backwards in time, or at random."""
    ordered = sorted(paths) if rng.random() < 0.5 else rng.sample(paths, len(paths))
    bounds = sorted(rng.sample(range(1, len(ordered)), rng.randint(1, 3)))
    parts = [list(ordered[start:end]) for start, end in zip([0, *bounds], [*bounds, len(ordered)], strict=True)]
    return parts[:: rng.choice((1, -1))]


def _over_days(files: Sequence[LogFile]) -> tuple[LogFile, ...]:
    """A world that lasted hours as one that lasted days: every hour happens on a day of its own."""

    def moved(match: re.Match[str]) -> str:
        day, hour, rest = match.groups()
        later = (date.fromisoformat(day) - date(2026, 1, 1)) * 24 + timedelta(days=int(hour))
        return f"{date(2000, 1, 1) + later}T{hour}{rest}"

    time = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d)(:\d\d:\d\d)")
    return tuple(
        LogFile(file.key, tuple(json.loads(time.sub(moved, json.dumps(record))) for record in file.records))
        for file in files
    )


def _with_disputed_copies(files: Sequence[LogFile], rng: Random) -> tuple[LogFile, ...]:
    """Some events have a copy in another file that says something else."""
    records = [record for file in files for record in file.records]
    disputed = [{**record, "requestParameters": {"forged": True}} for record in rng.sample(records, 12)]
    again = [
        LogFile(file.key.replace("_CloudTrail_", "_CloudTrail_again_"), (record,))
        for file, record in zip(rng.sample(list(files), len(disputed)), disputed, strict=True)
    ]
    return (*shuffled(files, rng.randrange(1000)), *again) if rng.random() < 0.3 else (*files, *again)
