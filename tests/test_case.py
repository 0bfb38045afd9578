"""Case: the API for notebooks, its temporary folders, and its errors."""

from __future__ import annotations

import stat
import tempfile
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from forensics.case import Case
from forensics.errors import ChangedLake, NoLogs, NoSuchSource, NotACase, NotAnIdentifier, QueryFailed
from tests.attribution.records import Account, assume_role, call, write

AWS = Account("111111111111")
ALICE, DEPLOY, KEY = AWS.user("alice"), AWS.role("deploy"), AWS.key("K")
ISSUED = assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY)
USED = call(DEPLOY.session("build", 0, KEY), 10)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return write((ISSUED, USED), tmp_path / "logs")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of `tempfile` in this test."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_from_logs_answers_and_leaves_nothing_behind(logs: Path, temporary: Path) -> None:
    before = everything(logs)
    with Case.from_logs(logs) as case:
        assert case.who(KEY).actor.id == ALICE.id
        assert list(temporary.iterdir())
    assert not list(temporary.iterdir())
    assert everything(logs) == before


@pytest.mark.filterwarnings("ignore:Implicitly cleaning up:ResourceWarning")
def test_from_logs_of_no_logs_leaves_nothing_behind(tmp_path: Path, temporary: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "notes.txt").write_text("no log")
    with pytest.raises(NoLogs, match="notes"):
        Case.from_logs(tmp_path / "notes")
    with pytest.raises(NoSuchSource):
        Case.from_logs(tmp_path / "nowhere")
    assert not list(temporary.iterdir())


def test_from_logs_and_a_case_of_the_same_answer_alike(logs: Path, tmp_path: Path) -> None:
    with Case.from_logs(logs) as at_once, Case.create(tmp_path / "case") as kept:
        kept.ingest([logs])
        assert at_once.who(KEY) == kept.who(KEY)
        pd.testing.assert_frame_equal(at_once.events(), kept.events())


def test_a_folder_and_its_files_answer_alike(logs: Path, tmp_path: Path) -> None:
    with Case.from_logs(logs) as folder, Case.from_logs(logs / "records.json") as file:
        assert folder.who(KEY).actor == file.who(KEY).actor


def test_ingesting_twice_changes_nothing(logs: Path, tmp_path: Path) -> None:
    with Case.create(tmp_path / "case") as case:
        first = case.ingest([logs])
        answer, events = case.who(KEY), case.events()
        second = case.ingest([logs])
        assert (first.new_events, second.new_events, second.events) == (2, 0, 2)
        assert (first.files, second.files) == ({"ok": 1}, {"duplicate": 1})
        assert case.who(KEY) == answer
        pd.testing.assert_frame_equal(case.events(), events)


def test_a_later_ingest_resolves_what_was_open(tmp_path: Path) -> None:
    with Case.create(tmp_path / "case") as case:
        case.ingest([write((USED,), tmp_path / "use")])
        before = case.who(KEY)
        case.ingest([write((ISSUED,), tmp_path / "issuance")])
        after = case.who(KEY)
    assert (before.actor.kind, before.stop_reason) == ("unknown", "before_coverage")
    assert before.missing
    assert (after.actor.id, after.missing) == (ALICE.id, ())


def test_a_case_is_opened_made_and_refused(tmp_path: Path, logs: Path) -> None:
    with pytest.raises(NotACase):
        Case.open(tmp_path / "nowhere")
    with pytest.raises(NotACase):
        Case.open(logs)
    with pytest.raises(NotACase):
        Case.create(logs)
    with Case.create(tmp_path / "case") as made:
        made.ingest([logs])
    with Case.create(tmp_path / "case") as again, Case.open(tmp_path / "case") as opened:
        assert again.who(KEY) == opened.who(KEY)


def test_a_case_is_its_owners_alone(logs: Path, tmp_path: Path) -> None:
    with Case.create(tmp_path / "case") as case:
        case.ingest([logs])
        case.who(KEY)
    for path in (tmp_path / "case", *(tmp_path / "case").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_closed_case_opens_again_by_itself(logs: Path, tmp_path: Path) -> None:
    with Case.create(tmp_path / "case") as case:
        case.ingest([logs])
        answer = case.who(KEY)
        case.close_connection()
        case.close_connection()
        assert case.who(KEY) == answer


def test_queries_give_frames_with_types_in_utc(logs: Path) -> None:
    with Case.from_logs(logs) as case:
        frame = case.sql("select event_time, event_name, 1 as one from events where event_name = ?", ["AssumeRole"])
        assert list(frame.columns) == ["event_time", "event_name", "one"]
        assert str(frame["event_time"].dtype).endswith("UTC]")
        assert pd.api.types.is_integer_dtype(frame["one"])
        assert frame["event_time"][0].to_pydatetime() == datetime.fromisoformat(ISSUED["eventTime"])
        assert case.sql("select $n as n", {"n": 3})["n"].tolist() == [3]


@pytest.mark.parametrize("query", ["selec", "select nothing from events", "", "drop table links", "delete from links"])
def test_a_query_that_fails_or_writes_is_refused(logs: Path, query: str) -> None:
    with Case.from_logs(logs) as case:
        for ask in (case.sql, case.sql_rows):
            with pytest.raises(QueryFailed):
                ask(query)
        assert case.who(KEY).actor.id == ALICE.id


def test_no_subject_is_answered_that_is_no_identifier(logs: Path) -> None:
    with Case.from_logs(logs) as case:
        with pytest.raises(NotAnIdentifier):
            case.who("mallory")
        with pytest.raises(NotAnIdentifier) as refused:
            case.who("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        assert "wJalr" not in str(refused.value)


def test_a_lake_file_that_cannot_be_read_is_told_by_whoever_builds_the_tables(logs: Path, tmp_path: Path) -> None:
    with Case.create(tmp_path / "case") as case:
        case.ingest([logs])
    (tmp_path / "case" / "case.duckdb").unlink()
    next((tmp_path / "case").glob("lake/events/*/*.parquet")).write_bytes(b"no Parquet")
    with Case.open(tmp_path / "case") as case, pytest.raises(ChangedLake, match=r"manifest lists.*forensics verify"):
        case.who(KEY)


def test_a_token_in_a_log_is_in_no_table(tmp_path: Path) -> None:
    token = "FwoGZXIvYXdzEXAMPLE" + "a1B2" * 60
    response = ISSUED["responseElements"] | {"credentials": {"accessKeyId": KEY, "sessionToken": token}}
    with Case.from_logs(write((ISSUED | {"responseElements": response}, USED), tmp_path / "logs")) as case:
        assert case.who(KEY).actor.id == ALICE.id
        records = case.sql_rows("select record from events").rows
    assert not [record for (record,) in records if token in record]
