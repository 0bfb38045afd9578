"""Killed ingests: running the same command again gives the same case, and `verify` reports no change."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import IO

import pytest

from forensics.answers.verify_answer import Integrity
from forensics.case import Case
from tests.lake.cases import listed, lying, put, record, state
from tests.simulator import simulate, write

# runs the command line in processes that can be killed, each forked from a process with all imports
KILLABLE = """
import os, sys, traceback
import forensics.attribution.build, forensics.ingest.collect
import forensics.digests.digest_tables, forensics.exports.export_tables
from forensics.lake import compaction
from forensics.ingest import run as ingest
from forensics.cli import main
ingest._ONE_PROCESS_BYTES = 0
ingest._workers = lambda: 2
compaction.MAX_FILES_A_DAY = 1
for line in sys.stdin:
    case, logs = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        sys.stdin = open(os.devnull)
        sys.argv = ["forensics", "ingest", logs, "--case", case]
        code = 70
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
UNREADABLE = 3


class Killable:
    """Runs ingests one by one, each in its own process group."""

    def __init__(self, noise: IO[bytes]) -> None:
        pipe = subprocess.PIPE
        self._forks = subprocess.Popen(
            [sys.executable, "-c", KILLABLE], stdin=pipe, stdout=pipe, stderr=noise, text=True
        )

    def run(self, case: Path, logs: Path, kill_after: float | None = None, by: signal.Signals = signal.SIGKILL) -> int:
        """Run an ingest; return its exit code, or minus the signal that terminated it."""
        assert self._forks.stdin and self._forks.stdout
        self._forks.stdin.write(f"{case}\t{logs}\n")
        self._forks.stdin.flush()
        group = int(self._forks.stdout.readline())
        if kill_after is not None:
            time.sleep(kill_after)
            with suppress(ProcessLookupError):
                os.killpg(group, by)
        line = ""
        while not line.strip().isdigit():  # the output of the command comes first
            line = self._forks.stdout.readline()
            assert line
        return os.waitstatus_to_exitcode(int(line))

    def close(self) -> None:
        assert self._forks.stdin and self._forks.stdout
        self._forks.stdin.close()
        self._forks.stdout.close()
        assert self._forks.wait() == 0


@pytest.fixture(scope="module")
def killable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killable]:
    noise = tmp_path_factory.mktemp("kills") / "noise"
    with noise.open("w+b") as file:
        with closing(Killable(file)) as made:
            yield made
        file.seek(0)
        text = file.read().decode()
    assert "Traceback" not in text and "unexpected" not in text, text


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write two hundred files with copies and a conflict, in two parts, so that the second ingest compacts."""
    folder = tmp_path_factory.mktemp("kills") / "logs"
    write(simulate(5, 150).files, folder / "first")
    put(folder / "first" / "conflict-1.json", record(1, userAgent="a"))
    (folder / "second").mkdir()
    for number, file in enumerate(sorted((folder / "first").rglob("*.json.gz"))):
        if number % 2:
            file.rename(folder / "second" / file.name)
    put(folder / "second" / "conflict-2.json", record(1, userAgent="b"), record(2))
    return folder


def kill_and_repeat(killable: Killable, logs: Path, folder: Path, times: int, seed: int) -> None:
    start = time.monotonic()
    assert killable.run(folder / "first", logs / "first") in (0, UNREADABLE)
    whole = time.monotonic() - start
    shutil.copytree(folder / "first", folder / "wanted")
    assert killable.run(folder / "wanted", logs) in (0, UNREADABLE)
    wanted = {table: len(rows) for table, rows in state(folder / "wanted").items()}
    random = Random(seed)
    ends: Counter[int] = Counter()
    for number in range(times):
        case, is_new = folder / f"case-{number}", number % 2 == 0
        if not is_new:
            shutil.copytree(folder / "first", case)
        by = random.choice(SIGNALS)
        end = killable.run(case, logs, random.uniform(0, 1.2 * whole), by)
        ends[end] += 1
        assert end in (0, UNREADABLE, -by, 128 + by)
        if (case / "case.json").exists():
            assert integrity(case).problems == (), (number, by)
        assert killable.run(case, logs) in (0, UNREADABLE)
        done = integrity(case)
        assert done.problems == (), (number, by)
        assert {table: len(rows) for table, rows in state(case).items()} == wanted
        # replaced files are kept for earlier readers until the next ingest
        assert lying(case) - listed(case) == {file.where for file in done.leftovers}
        if done.leftovers:
            assert killable.run(case, logs) in (0, UNREADABLE)
            assert integrity(case).leftovers == ()
        assert not [path for path in case.iterdir() if path.name.startswith(".") or path.name == "pending.json"]
        shutil.rmtree(case)
    assert set(ends) - {0, UNREADABLE}, ends


def integrity(case: Path) -> Integrity:
    """Return the result of `verify` for a copy, because it builds missing tables."""
    copy = case.with_name(f"{case.name}-verified")
    shutil.copytree(case, copy)
    found = Case.open(copy).verify().integrity
    shutil.rmtree(copy)
    assert found
    return found


def test_a_few_kills(killable: Killable, logs: Path, tmp_path: Path) -> None:
    kill_and_repeat(killable, logs, tmp_path, 2, seed=1)


@pytest.mark.full
def test_120_kills(killable: Killable, logs: Path, tmp_path: Path) -> None:
    kill_and_repeat(killable, logs, tmp_path, 120, seed=2)
