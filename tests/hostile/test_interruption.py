"""Interruption: a command that is terminated at any time leaves no logs, no processes and no traceback."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.files.temporary_folder import TemporaryFolder, remove_leftovers
from tests.conftest import SAMPLE_LOGS
from tests.simulator import sample

FORENSICS = [sys.executable, "-m", "forensics"]
WHO = [*FORENSICS, "who", sample.DEEP_KEY, "--logs"]
# several workers for any machine and logs, each with one large file, so that they are busy for some time
SEVERAL = """
import os, sys
from forensics.ingest import run as ingest
ingest._ONE_PROCESS_BYTES = 0
ingest._workers = lambda: 2
from forensics.cli import main
main()
"""


@pytest.fixture(scope="module")
def large_logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write logs that take seconds to read."""
    folder = tmp_path_factory.mktemp("interruption") / "logs"
    folder.mkdir()
    for number in range(2):
        record = b'{"eventVersion":"1.08","eventName":"x","eventSource":"s3.amazonaws.com","a":%d},' % number
        (folder / f"{number}.json").write_bytes(b'{"Records":[' + record * 300_000 + b'{"eventName":"x"}]}')
    return folder


def started(tmp_path: Path, *command: object, **environment: str) -> subprocess.Popen[str]:
    temporary = tmp_path / "tmp"
    temporary.mkdir(exist_ok=True)
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        env={**os.environ, "TMPDIR": str(temporary), **environment},
    )


def wait_for(condition: object, seconds: float = 60) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def members(group: int) -> list[str]:
    """Return the command lines of a group's processes, without zombies."""
    found = subprocess.run(["ps", "-ww", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in found.splitlines()]
    return [row[2] for row in rows if int(row[0]) == group and not row[1].startswith("Z")]


def reads_with_workers(process: subprocess.Popen[str]) -> bool:
    assert process.poll() is None
    return sum("ingest.worker" in command for command in members(process.pid)) == 2


@pytest.mark.parametrize(
    ("by", "told"),
    [
        (signal.SIGTERM, "ended by SIGTERM"),
        (signal.SIGHUP, "ended by SIGHUP"),
        (signal.SIGINT, "interrupted"),
    ],
)
@pytest.mark.parametrize("whole_group", [False, True], ids=["one", "group"])
def test_who_on_logs_that_is_ended_leaves_nothing(
    tmp_path: Path, large_logs: Path, by: signal.Signals, told: str, whole_group: bool
) -> None:
    process = started(tmp_path, sys.executable, "-c", SEVERAL, *WHO[3:], large_logs)
    wait_for(lambda: reads_with_workers(process))
    time.sleep(0.5)
    (os.killpg if whole_group else os.kill)(process.pid, by)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (128 + by, "", f"forensics: {told}\n")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert members(process.pid) == []


def test_workers_end_soon_after_a_killed_parent_and_the_next_command_removes_its_logs(
    tmp_path: Path, large_logs: Path
) -> None:
    process = started(tmp_path, sys.executable, "-c", SEVERAL, *WHO[3:], large_logs)
    wait_for(lambda: reads_with_workers(process))
    process.kill()
    _, err = process.communicate(timeout=60)
    wait_for(lambda: not members(process.pid), 5)
    assert err == ""
    assert len(list((tmp_path / "tmp").iterdir())) == 1
    following = started(tmp_path, *WHO, SAMPLE_LOGS)
    assert following.communicate(timeout=120)[1] == ""
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_command_that_ignores_hangups_goes_on(tmp_path: Path) -> None:
    process = started(tmp_path, "/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh", *WHO, SAMPLE_LOGS)
    wait_for(lambda: any((tmp_path / "tmp").iterdir()))
    os.kill(process.pid, signal.SIGHUP)
    assert (process.communicate(timeout=120)[1], process.returncode) == ("", 0)


def leftover(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    (folder / "in-use.lock").touch(mode=0o600)
    (folder / "logs").write_text("a customer's")
    return folder


@pytest.fixture
def temporary(tmp_path: Path) -> Iterator[Path]:
    before, tempfile.tempdir = tempfile.tempdir, str(tmp_path)
    yield tmp_path
    tempfile.tempdir = before


def test_only_leftovers_of_dead_processes_of_this_user_are_removed(temporary: Path) -> None:
    dead = leftover(temporary / "forensics-abcdefgh")
    living = TemporaryFolder()
    others = [leftover(temporary / name) for name in ("forensics-abc", "other-abcdefgh", "forensics-ABCDEFGH")]
    unlocked = temporary / "forensics-aaaaaaaa"
    unlocked.mkdir(mode=0o700)
    linked = temporary / "forensics-bbbbbbbb"
    linked.symlink_to(leftover(temporary / "target"))
    opened = leftover(temporary / "forensics-cccccccc")
    opened.chmod(0o755)
    lock_is_a_link = temporary / "forensics-dddddddd"
    lock_is_a_link.mkdir(mode=0o700)
    (lock_is_a_link / "in-use.lock").symlink_to(temporary / "target" / "in-use.lock")
    lock_is_a_pipe = temporary / "forensics-eeeeeeee"
    lock_is_a_pipe.mkdir(mode=0o700)
    os.mkfifo(lock_is_a_pipe / "in-use.lock")
    inner = leftover(temporary / "forensics-ffffffff")
    (inner / "out").symlink_to(temporary / "target")
    remove_leftovers(temporary)
    assert not dead.exists() and not inner.exists()
    kept = [Path(living.name), *others, unlocked, linked, opened, lock_is_a_link, lock_is_a_pipe]
    assert all(path.exists() for path in kept)
    assert (temporary / "target" / "logs").read_text() == "a customer's"
    living.cleanup()
    assert not Path(living.name).exists()


def test_the_lock_is_removed_last(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a process is killed during its cleanup, the next process removes its folder."""
    folder = TemporaryFolder()
    Path(folder.name, "case").mkdir()
    Path(folder.name, "case", "events.parquet").write_text("a customer's")

    def killed(_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(tempfile.TemporaryDirectory, "cleanup", killed)
        with pytest.raises(SystemExit):
            folder.cleanup()
    assert [path.name for path in Path(folder.name).iterdir()] == ["in-use.lock"]
    folder.cleanup()
    assert not Path(folder.name).exists()


def test_a_leftover_of_another_user_is_left_alone(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = leftover(temporary / "forensics-abcdefgh")
    with monkeypatch.context() as patch:
        somebody_else = os.geteuid() + 1
        patch.setattr(os, "geteuid", lambda: somebody_else)
        remove_leftovers(temporary)
    assert folder.exists()
    remove_leftovers(temporary)
    assert not folder.exists()


def test_a_folder_that_is_locked_is_in_use_whatever_process_holds_it(temporary: Path) -> None:
    folder = leftover(temporary / "forensics-abcdefgh")
    with (folder / "in-use.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        remove_leftovers(temporary)
        assert folder.exists()
    remove_leftovers(temporary)
    assert not folder.exists()


COMMANDS = {
    "who": ["who", sample.DEEP_KEY],
    "who_csv": ["who", sample.DEEP_KEY, "--format", "csv"],
    "who_parquet": ["who", sample.DEEP_KEY, "--format", "parquet"],
    "who_xlsx": ["who", sample.DEEP_KEY, "--format", "xlsx"],
    "who_dot": ["who", sample.DEEP_KEY, "--format", "dot"],
    "key": ["key", sample.DEEP_KEY],
    "tree_json": ["tree", sample.DEEP_KEY, "--format", "json"],
    "events_jsonl": ["events", "--format", "jsonl"],
    "report": ["report", sample.DEEP_KEY],
    "schema": ["schema"],
    "custody": ["custody"],
}


def shell(command: list[str], redirection: str, case: Path) -> subprocess.CompletedProcess[str]:
    line = f'"$@" {redirection}'
    environment = {**os.environ, "FORENSICS_CASE": str(case)}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line, "bash", *FORENSICS, *command],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=120,
    )


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_reader_that_stops_at_once_or_a_closed_output_is_no_error(sample_case: Path, command: list[str]) -> None:
    for redirection in ("| true", ">&- <&-"):
        done = shell(command, redirection, sample_case)
        assert (done.returncode, done.stderr) == (0, ""), redirection


@pytest.mark.parametrize("command", [*COMMANDS.values(), ["--help"], ["--version"]], ids=[*COMMANDS, "help", "version"])
def test_a_full_disk_behind_the_output_is_one_line(sample_case: Path, command: list[str]) -> None:
    done = shell(command, ">/dev/full", sample_case)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done
    assert "No space left on device" in done.stderr
    assert "unexpected" not in done.stderr


def test_closed_standard_error_changes_nothing(sample_case: Path) -> None:
    assert shell(["who", sample.DEEP_KEY], "2>&-", sample_case).returncode == 0
    assert shell(["who", "nothing"], "2>&-", sample_case).returncode == 2
