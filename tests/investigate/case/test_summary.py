"""Overview: what a case holds and how far it is resolved, counted once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from forensics.answers.coverage_answer import Account as Loaded
from forensics.answers.coverage_answer import Ending, Info
from forensics.case import Case
from tests.attribution.records import START, Account, assume_role, call, write

HOME, AWAY = Account("111111111111"), Account("222222222222")
ALICE, DEPLOY, KEY = HOME.user("alice"), HOME.role("deploy"), HOME.key("K")
NOON = START.replace(tzinfo=None)
RECORDS = (
    assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY),
    call(DEPLOY.session("build", 0, KEY), 10),
    call(DEPLOY.session("lost", 0, HOME.key("LOST")), 20, awsRegion="eu-west-1"),
    call(AWAY.user("bob").signs(), 30),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("overview")


@pytest.fixture(scope="module")
def case(folder: Path) -> Iterator[Case]:
    logs = write(RECORDS, folder / "logs")
    (logs / "again.json").write_bytes((logs / "records.json").read_bytes())
    (logs / "notes.txt").write_text("no log")
    (logs / "cut.json").write_text((logs / "records.json").read_text()[:-20])
    with Case.create(folder / "case") as made:
        made.ingest([logs])
        yield made


@pytest.fixture(scope="module")
def info(case: Case) -> Info:
    return case.info()


def test_what_is_loaded_of_each_account_and_region(info: Info) -> None:
    assert info.accounts == (
        Loaded(HOME.id, "eu-west-1", 1, NOON + timedelta(seconds=20), NOON + timedelta(seconds=20)),
        Loaded(HOME.id, "us-east-1", 2, NOON, NOON + timedelta(seconds=10)),
        Loaded(AWAY.id, "us-east-1", 1, NOON + timedelta(seconds=30), NOON + timedelta(seconds=30)),
    )
    assert (info.first_event_time, info.last_event_time) == (NOON, NOON + timedelta(seconds=30))


def test_how_the_credentials_end(info: Info) -> None:
    assert [(e.actor_kind, e.stop_reason, e.credentials, e.events) for e in info.endings] == [
        ("iam_user", "long_term_key", 3, 3),
        ("unknown", "outside_coverage", 1, 1),
    ]
    assert all(isinstance(ending, Ending) for ending in info.endings)


def test_endings_count_every_credential_and_every_signed_event(info: Info, case: Case) -> None:
    assert sum(ending.events for ending in info.endings) == info.events == 4
    ((credentials,),) = case.sql_rows("select count(*) from credentials").rows
    assert sum(ending.credentials for ending in info.endings) == credentials


def test_files_are_counted_by_how_they_ended(info: Info) -> None:
    assert info.files == {"duplicate": 1, "failed": 1, "ok": 1, "skipped": 1}
    assert {(file.name, file.status) for file in info.unread} == {("cut.json", "failed"), ("notes.txt", "skipped")}
    assert all(file.reason for file in info.unread)


def test_an_empty_case_holds_nothing(tmp_path: Path) -> None:
    with Case.create(tmp_path / "case") as empty:
        info = empty.info()
    assert (info.events, info.accounts, info.endings, info.files, info.unread) == (0, (), (), {}, ())
    assert (info.first_event_time, info.last_event_time) == (None, None)


def test_a_second_ingest_of_the_same_adds_no_event(case: Case, info: Info, folder: Path) -> None:
    case.ingest([folder / "logs"])
    again = case.info()
    assert (again.case_id, again.events, again.accounts, again.endings, again.conflicts) == (
        info.case_id, info.events, info.accounts, info.endings, info.conflicts
    )  # fmt: skip
