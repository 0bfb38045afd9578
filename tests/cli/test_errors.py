"""Bad input gets one clear line and the right exit code, and a secret is written nowhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.cli.run import run
from tests.conftest import SAMPLE_LOGS
from tests.simulator import sample

SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEOv//////////wEaCXVzLWVhc3QtMSJHMEUCIQDx" * 5 + "AbCdEf12=="


def case_of_version(version: object, folder: Path) -> Path:
    folder.mkdir()
    (folder / "case.json").write_text(json.dumps({"case_id": "x", "format_version": version}))
    return folder


def test_a_folder_without_logs(tmp_path: Path) -> None:
    assert run("who", sample.DEEP_KEY, "--logs", tmp_path).code == 1
    (tmp_path / "notes.txt").write_text("hello")
    done = run("who", sample.DEEP_KEY, "--logs", tmp_path)
    assert done.code == 1
    assert "no CloudTrail logs" in done.complaint and "notes.txt" in done.complaint


def test_a_folder_that_is_no_case(tmp_path: Path) -> None:
    for command in (["who", sample.DEEP_KEY], ["events"], ["info"], ["sql", "select 1"]):
        done = run(*command, "--case", tmp_path)
        assert done.code == 1
        assert "is not a case" in done.complaint and "--logs" in done.complaint


def test_a_case_that_is_not_there(tmp_path: Path) -> None:
    done = run("info", "--case", tmp_path / "nowhere")
    assert done.code == 1
    assert "forensics ingest" in done.complaint


@pytest.mark.parametrize(("version", "told"), [(99, "newer version"), (1, "ingest its logs again into a new case")])
def test_a_case_of_another_version(tmp_path: Path, version: int, told: str) -> None:
    other = case_of_version(version, tmp_path / "other")
    for command in (["info"], ["ingest", str(SAMPLE_LOGS)]):
        done = run(*command, "--case", other)
        assert done.code == 1
        assert told in done.complaint


def test_a_damaged_cache_is_built_again(tmp_path: Path) -> None:
    logs = sorted(SAMPLE_LOGS.rglob("*.json.gz"))[:2]
    run("ingest", *logs, "--case", tmp_path / "case")
    (tmp_path / "case" / "case.duckdb").write_bytes(b"no database")
    assert run("info", "--case", tmp_path / "case").code == 0


def test_a_damaged_file_of_the_lake_is_one_line_that_says_how_to_find_it(tmp_path: Path) -> None:
    run("ingest", *sorted(SAMPLE_LOGS.rglob("*.json.gz"))[:2], "--case", tmp_path / "case")
    for file in (tmp_path / "case" / "lake" / "events").rglob("*.parquet"):
        file.write_bytes(b"no Parquet")
    done = run("extract", "944c89bc-112d-4f10-aad0-2b75abc00d36", "--case", tmp_path / "case")
    assert done.code == 1
    assert "unexpected" not in done.complaint and "forensics verify" in done.complaint


def test_a_file_as_a_case(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    for command in (["info"], ["ingest", str(SAMPLE_LOGS)]):
        done = run(*command, "--case", file)
        assert done.code == 1
        assert done.complaint


# root may write everywhere, and nobody may not read where root's Python lies: so everything is loaded first
AS_SOMEBODY_ELSE = """
import os, sys
import forensics.attribution.build, forensics.ingest.run
from forensics.cli import main
logs, case = sys.argv[1:]
try:
    main(["ingest", case + "-of-nothing", "--case", case])
except SystemExit:
    pass
sys.stderr = sys.stdout
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
main(["ingest", logs, "--case", case])
"""


def test_a_folder_that_cannot_be_written() -> None:
    with tempfile.TemporaryDirectory() as home:  # pytest's own folders are closed to others
        Path(home).chmod(0o755)
        logs = Path(home, "logs.json")
        logs.write_text('{"Records": []}')
        closed = Path(home, "closed")
        closed.mkdir(mode=0o555)
        done = subprocess.run(
            [sys.executable, "-c", AS_SOMEBODY_ELSE, str(logs), str(closed / "case")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout.count("\n")) == (1, 1), done
        assert done.stdout.startswith("forensics: ")
        assert "Permission denied" in done.stdout


def test_a_place_where_no_case_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = run("ingest", SAMPLE_LOGS, "--case", tmp_path / "file" / "case")
    assert done.code == 1
    assert "Not a directory" in done.complaint


def test_logs_that_are_not_there(tmp_path: Path) -> None:
    done = run("who", sample.DEEP_KEY, "--logs", tmp_path / "nowhere")
    assert done.code == 2
    assert "nowhere" in done.complaint


@pytest.mark.parametrize(
    "arguments",
    [
        ["who"],
        ["who", sample.DEEP_KEY],
        ["who", sample.DEEP_KEY, "--case", "a", "--logs", "b"],
        ["who", sample.DEEP_KEY, "--case", "a", "--format", "xml"],
        ["nonsense"],
        ["--nonsense"],
        ["ingest", "logs"],
        ["events", "--case", "a", "--since", "soon"],
        ["events", "--case", "a", "--since", "10/04/2026"],
        ["events", "--case", "a", "--tz", "Nowhere"],
        ["events", "--case", "a", "-o", "nowhere/events.csv"],
        ["events", "--case", "a", "--since", "2026-10-05", "--until", "2026-10-04"],
        ["events", "--case", "a", "--limit", "-1"],
        ["sql", "--case", "a"],
    ],
)
def test_usage_errors(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert done.complaint


@pytest.mark.parametrize("subject", ["foo", "s3://bucket", "AKIA"])
def test_a_sole_subject_that_is_no_identifier(sample_case: Path, subject: str) -> None:
    done = run("who", subject, "--case", sample_case)
    assert (done.code, done.out) == (2, "")
    assert "is not an access key ID" in done.complaint


@pytest.mark.parametrize("secret", [SECRET_KEY, TOKEN, f"aws_secret_access_key={SECRET_KEY}"])
@pytest.mark.parametrize("format", ["table", "json", "jsonl", "csv"])
def test_a_secret_is_refused_and_written_nowhere(sample_case: Path, secret: str, format: str) -> None:
    options = ("--case", sample_case, "--format", format)
    alone = run("who", secret, *options)
    assert (alone.code, alone.out) == (2, "")
    assert "treat the secret as exposed" in alone.complaint
    folded = "\n".join(secret[start : start + 64] for start in range(0, len(secret), 64))
    for done in (
        alone,
        run("who", sample.DEEP_KEY, secret, *options),
        run("who", "-", *options, stdin=f"{sample.DEEP_KEY}\n{folded}\n"),
        run("info", secret, "--case", sample_case),
        run("events", "--case", sample_case, f"--{secret}"),
    ):
        assert done.complaint
        for start in range(0, len(secret), 64):
            piece = secret[start : start + 64][-10:]
            assert piece not in done.out + done.err


def test_a_reader_who_stops_early_is_no_error(sample_case: Path) -> None:
    shell = f"{sys.executable} -m forensics events --case {sample_case} --format csv | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines()[1] == "0"


def test_interrupted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "forensics", "ingest", str(SAMPLE_LOGS), "--case", str(tmp_path / "case")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    ) as process:
        while not (tmp_path / "case" / "case.json").exists():
            time.sleep(0.01)
        time.sleep(0.3)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode in (0, 130), err  # it may have been done already
    assert "Traceback" not in out + err


INTERRUPTED_LIBRARY = """
import os, signal, sys
import forensics.case
from forensics.cli import main
from forensics.errors import QueryFailed

def who(*_arguments, **_options):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()
    except BaseException:
        raise QueryFailed("the query was interrupted") from None

forensics.case.who = who
main()
"""


def test_an_interrupt_that_a_library_reports_as_an_error(sample_case: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED_LIBRARY, "who", sample.DEEP_KEY, "--case", str(sample_case)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 128 + signal.SIGINT
    assert done.stderr.splitlines() == ["forensics: the query was interrupted", "forensics: interrupted"]


def test_the_unexpected_is_one_line_too(monkeypatch: pytest.MonkeyPatch, sample_case: Path) -> None:
    def fails(*_arguments: object) -> None:
        raise RuntimeError("no\nreason\x1b")

    monkeypatch.setattr("forensics.case.who", fails)
    done = run("who", sample.DEEP_KEY, "--case", sample_case)
    assert (done.code, done.out) == (1, "")
    assert done.complaint.startswith("forensics: unexpected RuntimeError: no reason\\x1b (test_errors.py")
