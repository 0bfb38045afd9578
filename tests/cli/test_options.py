"""Options that commands share: the case in use, the file, the format."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.cli.run import run
from tests.conftest import SAMPLE_LOGS
from tests.simulator import sample


def test_the_case_in_use(sample_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = run("who", sample.DEEP_KEY, "--case", sample_case).out
    monkeypatch.setenv("FORENSICS_CASE", str(sample_case))
    assert run("who", sample.DEEP_KEY).out == named
    monkeypatch.setenv("FORENSICS_CASE", str(tmp_path / "case"))
    logs = min(SAMPLE_LOGS.rglob("*.json.gz"))
    assert run("who", sample.DEEP_KEY, "--case", sample_case).out == named
    assert "not in" not in run("info", "--logs", logs).err
    assert not (tmp_path / "case").exists()
    assert run("ingest", logs).code == 0
    assert run("info").code == 0


def test_without_a_case_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORENSICS_CASE", raising=False)
    for command in (["info"], ["ingest", str(SAMPLE_LOGS)]):
        done = run(*command)
        assert (done.code, done.out) == (2, "")
        assert "--case DIR" in done.complaint


def test_a_file_gets_what_the_screen_would_have_got(sample_case: Path, tmp_path: Path) -> None:
    for form in ("table", "json", "jsonl", "csv"):
        asked = ("who", sample.DEEP_KEY, "--case", sample_case, "--format", form)
        path = tmp_path / f"who.{form}"
        written = run(*asked, "-o", path)
        assert (written.code, written.out) == (0, "")
        assert written.complaint == f"forensics: wrote {path}, {path.stat().st_size:,} bytes\n"
        assert path.read_text() == run(*asked).out
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run(*asked, "-o", "-").out == run(*asked).out


def test_the_name_of_the_file_says_the_format(sample_case: Path, tmp_path: Path) -> None:
    for form in ("json", "jsonl", "csv", "parquet", "xlsx"):
        path = tmp_path / f"found.{form.upper()}"
        assert run("events", "--case", sample_case, "--limit", "1", "-o", path).code == 0
    assert json.loads((tmp_path / "found.JSON").read_text()) == [json.loads((tmp_path / "found.JSONL").read_text())]
    assert pq.read_table(tmp_path / "found.PARQUET").num_rows == 1
    assert (tmp_path / "found.XLSX").read_bytes().startswith(b"PK")
    assert run("who", sample.DEEP_KEY, "--case", sample_case, "-o", tmp_path / "who.txt").code == 0
    assert (tmp_path / "who.txt").read_text().startswith(sample.DEEP_KEY)


@pytest.mark.parametrize("command", [["who", sample.DEEP_KEY], ["events"], ["report", sample.DEEP_KEY], ["info"]])
def test_a_file_name_with_an_unknown_ending_is_refused(sample_case: Path, tmp_path: Path, command: list[str]) -> None:
    done = run(*command, "--case", sample_case, "-o", tmp_path / "found.pdf")
    assert (done.code, done.out, list(tmp_path.iterdir())) == (2, "", [])
    assert "cannot write a .pdf file; name a file ending in ." in done.complaint
    assert run(*command, "--case", sample_case, "-o", tmp_path / "found.pdf", "--format", "json").code == 0


def test_quiet_and_verbose(sample_case: Path) -> None:
    asked = ("events", "--case", sample_case, "--limit", "1")
    usual, quiet, verbose = run(*asked), run(*asked, "-q"), run(*asked, "--verbose")
    assert usual.out == quiet.out == verbose.out
    assert "1 of " in usual.complaint and quiet.err == ""
    assert verbose.err.startswith(usual.err) and " took " in verbose.err
    assert run(*asked).err == usual.err
    assert run("events", "--case", sample_case, "--quiet", "--columns", "nothing").complaint


def test_quiet_does_not_hide_that_logs_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "torn.json").write_text('{"Records":[{"eventVersion":"1.11",')
    assert run("events", "--logs", tmp_path, "-q").complaint


def test_wrong_input_is_a_usage_error(sample_case: Path, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    for wrong in (
        ["who", "not a key!", "--case", sample_case],
        ["ingest", missing, "--case", tmp_path / "case"],
        ["ingest", "s3://", "--case", tmp_path / "case"],
        ["query", "run", "nothing", "--case", sample_case],
        ["query", "run", "key_activity", "--case", sample_case],
        ["query", "run", "key_activity", "--case", sample_case, "--kee", "x"],
        ["key", sample.DEEP_KEY, "--case", sample_case, "--geo", SAMPLE_LOGS / "README.md"],
    ):
        done = run(*wrong)
        assert (done.code, done.out) == (2, ""), done
        assert done.complaint


def test_hints_can_be_pasted(tmp_path: Path) -> None:
    case = tmp_path / "my case; rm -rf x"
    assert f"--case '{case}'" in run("ingest", min(SAMPLE_LOGS.rglob("*.json.gz")), "--case", case).out
    assert f"--case '{tmp_path}/no case'` creates one" in run("info", "--case", tmp_path / "no case").complaint


def test_a_file_that_is_there_is_kept_before_any_work(tmp_path: Path) -> None:
    path = tmp_path / "found.csv"
    path.write_text("mine")
    done = run("events", "--case", tmp_path / "nowhere", "-o", path)
    assert (done.code, done.out, path.read_text()) == (2, "", "mine")
    assert "--force" in done.complaint


def test_an_error_leaves_the_file_as_it_was(sample_case: Path, tmp_path: Path) -> None:
    path = tmp_path / "found.csv"
    path.write_text("mine")
    assert run("sql", "selec", "--case", sample_case, "-o", path, "--force").code == 1
    assert path.read_text() == "mine"


def test_what_was_answered_from_damaged_logs_is_written_too(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "good.json").write_bytes(b'{"Records":[]}')
    whole = min(SAMPLE_LOGS.rglob("*.json.gz")).read_bytes()
    (logs / "whole.json.gz").write_bytes(whole)
    (logs / "torn.json.gz").write_bytes(whole[: len(whole) // 2])
    done = run("info", "--logs", logs, "-o", tmp_path / "info.json")
    assert done.code == 3
    assert json.loads((tmp_path / "info.json").read_text())["unread"]
