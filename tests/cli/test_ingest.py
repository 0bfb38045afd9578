"""forensics ingest, info, sample"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.cli.run import run
from tests.conftest import SAMPLE_LOGS
from tests.s3_server import BUCKET, S3Server, error
from tests.simulator import sample


@pytest.fixture
def few_logs(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    for file in sorted(SAMPLE_LOGS.rglob("*.json.gz"))[:3]:
        shutil.copy(file, folder)
    return folder


def test_the_same_command_again_adds_nothing(few_logs: Path, tmp_path: Path) -> None:
    first = json.loads(run("ingest", few_logs, "--case", tmp_path / "case", "--format", "json").out)
    again = json.loads(run("ingest", few_logs, "--case", tmp_path / "case", "--format", "json").out)
    assert first["files"] == {"ok": 3}
    assert (again["new_events"], again["events"]) == (0, first["events"])


def test_an_unreadable_file_is_listed_and_the_rest_goes_in(few_logs: Path, tmp_path: Path) -> None:
    (few_logs / "cut.json.gz").write_bytes(gzip.compress(b'{"Records": [' + b" " * 1000)[:-20])
    done = run("ingest", few_logs, "--case", tmp_path / "case")
    assert done.code == 3
    assert "1 FAILED, 3 read" in done.out
    assert "  failed  cut.json.gz: " in done.out
    about = json.loads(run("info", "--case", tmp_path / "case", "--format", "json").out)
    assert [file["name"] for file in about["unread"]] == ["cut.json.gz"]


def test_a_question_on_logs_of_which_some_cannot_be_read_is_answered(few_logs: Path) -> None:
    (few_logs / "cut.json.gz").write_bytes(gzip.compress(b'{"Records": [' + b" " * 1000)[:-20])
    for command in (["who", sample.DEEP_KEY], ["events"], ["info"], ["sql", "select 1"]):
        done = run(*command, "--logs", few_logs)
        assert done.code == 3
        assert done.out
        assert "the answer is incomplete: 1 of 4 files could not be read completely" in done.complaint


def test_info_tells_what_is_loaded(sample_case: Path) -> None:
    done = run("info", "--case", sample_case, width=80)
    assert (done.code, done.err) == (0, "")
    assert "2026-10-01 00:00:00Z to 2026-10-05" in done.out
    assert max(len(line) for line in done.out.splitlines()[1:]) <= 80


def test_the_sample_is_written_once(tmp_path: Path) -> None:
    folder = tmp_path / "sample_logs"
    assert run("sample", folder).code == 0
    assert (folder / "README.md").is_file()
    assert run("sample", folder).code == 2


def test_a_relative_case_is_where_it_is_named(few_logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert run("ingest", str(few_logs), "--case", "rel/case").code == 0
    assert (tmp_path / "rel" / "case" / "case.duckdb").exists()


def in_s3(server: S3Server, files: Iterable[Path]) -> tuple[str, ...]:
    for path in files:
        server.put(path.relative_to(SAMPLE_LOGS).as_posix(), path.read_bytes())
    return ("ingest", f"s3://{BUCKET}", "--endpoint-url", server.url)


def test_a_dry_run_tells_how_much_there_is(server: S3Server, tmp_path: Path) -> None:
    command = in_s3(server, sorted(SAMPLE_LOGS.rglob("*.json.gz"))[:3])
    done = run(*command, "--case", tmp_path / "case", "--dry-run")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"s3://{BUCKET}/  3 objects to fetch, ")
    told = json.loads(run(*command, "--case", tmp_path / "case", "--dry-run", "--format", "json").out)
    assert (told["objects"], told["known"], told["from"]) == (3, 0, "2026-10-01")
    assert not (tmp_path / "case").exists()


def test_logs_in_s3_are_read_and_said_so(server: S3Server, tmp_path: Path) -> None:
    command = in_s3(server, sorted(SAMPLE_LOGS.rglob("*.json.gz"))[:3])
    done = run(*command, "--case", tmp_path / "case")
    assert done.code == 0
    assert done.complaint.startswith(f"forensics: s3://{BUCKET}/: 3 objects to fetch, ")
    assert "files     3 read" in done.out
    again = run(*command, "--case", tmp_path / "case", "--until", "2026-10-01 12:00")
    assert "0 objects to fetch" in again.complaint


@pytest.mark.parametrize(
    "options",
    [
        ["logs", "--account", "123"],
        ["logs", "--region", "EU"],
        ["logs", "--since", "2026-10-02", "--until", "2026-10-01"],
        ["logs", "--late", "-1"],
        ["logs", "--role-arn", "incident-response"],
        ["--since", "2026-10-02"],
    ],
)
def test_filters_that_mean_nothing_are_refused(tmp_path: Path, options: list[str]) -> None:
    done = run("ingest", *options, "--case", tmp_path / "case")
    assert (done.code, done.out) == (2, "")
    assert done.complaint


def test_what_s3_refuses_is_one_line(server: S3Server, tmp_path: Path) -> None:
    command = in_s3(server, [])
    server.faults["*"] = error("ExpiredToken", "400 Bad Request")
    done = run(*command, "--case", tmp_path / "case")
    assert done.code == 1
    assert "have expired; renew them" in done.complaint
    assert run("ingest", "s3://No_Bucket", "--case", tmp_path / "case").code == 2
    assert not (tmp_path / "case").exists()


def test_a_filter_on_files_says_what_it_left_out(tmp_path: Path) -> None:
    options = ("--case", tmp_path / "case", "--account", "647927485622", "--region", "eu-west-1")
    done = run("ingest", SAMPLE_LOGS / "AWSLogs" / "o-a1b2c3d4e5" / "704560302692", *options)
    assert done.code == 1
    assert "matches the requested accounts, regions and times" in done.complaint


def piped(content: bytes, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "forensics", "ingest", "-", *map(str, arguments)]
    return subprocess.run(command, input=content, capture_output=True, check=False)


def test_standard_input_is_read_like_a_file(few_logs: Path, tmp_path: Path) -> None:
    (file, *_) = sorted(few_logs.iterdir())
    for name, done in {
        "file": run("ingest", file, "--case", tmp_path / "file").code,
        "piped": piped(file.read_bytes(), "--case", tmp_path / "piped").returncode,
    }.items():
        assert (name, done) == (name, 0)
    about = [json.loads(run("info", "--case", tmp_path / name, "--format", "json").out) for name in ("file", "piped")]
    assert about[0]["events"] == about[1]["events"] > 0
    named = run("sql", "select name, path from source_files", "--case", tmp_path / "piped", "--format", "json").out
    name = f"standard input {hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"
    assert json.loads(named) == [{"name": name, "path": name}]


def test_each_standard_input_counts(few_logs: Path, tmp_path: Path) -> None:
    first, second, _ = sorted(file.read_bytes() for file in few_logs.iterdir())
    codes = [piped(content, "--case", tmp_path / "case").returncode for content in (first, b'{"Records":[{"e', second)]
    assert codes == [0, 3, 0]
    about = json.loads(run("info", "--case", tmp_path / "case", "--format", "json").out)
    assert [one["status"] for one in about["unread"]] == ["failed"]
    listed = json.loads(run("info", "--files", "--case", tmp_path / "case", "--format", "json").out)
    assert sorted(one["status"] for one in listed) == ["failed", "ok", "ok"]


def test_standard_input_beside_files_is_read_once(few_logs: Path, tmp_path: Path) -> None:
    first, second, _ = sorted(few_logs.iterdir())
    done = piped(first.read_bytes(), "-", second, "--case", tmp_path / "case", "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["files"]) == (0, {"ok": 2})


def test_a_name_that_is_not_utf_8_is_shown_escaped(few_logs: Path, tmp_path: Path) -> None:
    (file, *_) = sorted(few_logs.iterdir())
    file.rename(os.fsdecode(os.fsencode(few_logs) + b"/\xff\xfe.json.gz"))
    done = run("ingest", few_logs, "--case", tmp_path / "case")
    assert (done.code, "3 read" in done.out) == (0, True)
    names = run("sql", "select name from source_files", "--case", tmp_path / "case", "--format", "csv").out
    assert "\\xff\\xfe.json.gz" in names


@pytest.mark.parametrize("start", ["", "\n", "\naws: [ERROR]: "])
@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            "An error occurred (NoSuchEntity) when calling the GetAccessKeyLastUsed operation: No key AKIA2",
            "IAM found nothing to export, because it was deleted or never existed: No key AKIA2",
        ),
        (
            "An error occurred (Throttling) when calling the LookupEvents operation (max retries: 4): Try later",
            "it is not an export, but the error Throttling of LookupEvents: Try later",
        ),
    ],
)
def test_an_error_of_the_aws_cli_is_reported_as_one(tmp_path: Path, start: str, error: str, told: str) -> None:
    (tmp_path / "error.json").write_text(f"{start}{error}\n")
    done = run("ingest", SAMPLE_LOGS, tmp_path / "error.json", "--case", tmp_path / "case", width=300)
    assert (done.code, told in done.out) == (3, True)
