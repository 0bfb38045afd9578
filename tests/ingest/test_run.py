"""Ingest: all or nothing, in one process or several, also if it is killed."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from forensics.errors import CaseBusy, IngestFailed
from forensics.ingest import run as module
from forensics.ingest.run import ingest
from forensics.ingest.worker import ToRead
from forensics.lake import manifest as manifests
from forensics.lake.layout import create, only_ingest
from forensics.lake.manifest import SourceFile
from tests.formats.test_documents import DIGEST
from tests.lake.cases import add, events, listed, lying, put, record, rows, state, statuses
from tests.simulator import simulate, write

# ingests in processes that can be killed: each is forked from a process that has only imported the modules
KILLABLE = """
import os, sys
from pathlib import Path
from forensics.ingest import run as ingest
from tests.lake.cases import add
ingest._ONE_PROCESS_BYTES = 0
os.cpu_count = lambda: 2
for line in sys.stdin:
    case, logs = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if not child:
        add(Path(case), Path(logs))
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


ONE_PROCESS = """
import sys
from pathlib import Path
from tests.lake.cases import add
"""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of a few hundred files with copies, a conflict, rejected records and unreadable files."""
    folder = tmp_path_factory.mktemp("ingest") / "logs"
    world = simulate(5, 300)
    write(world.files, folder)
    put(folder / "conflict-1.json", record(1, userAgent="a"), {"x": 1})
    put(folder / "conflict-2.json", record(1, userAgent="b"), record(2))
    (folder / "cut.json").write_text(json.dumps({"Records": [record(3), record(4)]})[:-9])
    (folder / "cut.json.gz").write_bytes(gzip.compress(json.dumps([record(5)]).encode())[:-4])
    (folder / "notes.txt").write_text("no log")
    for number in range(3):
        shutil.copy(folder / "conflict-1.json", folder / f"again-{number}.json")
    for number in range(2):
        (folder / f"digest-{number}.json").write_text(json.dumps(DIGEST))
    return folder


@pytest.fixture(scope="module")
def undisturbed(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    case = tmp_path_factory.mktemp("undisturbed") / "case"
    add(case, logs)
    return case


def several_processes(monkeypatch: pytest.MonkeyPatch, batch_files: int = 40) -> None:
    monkeypatch.setattr(module, "_ONE_PROCESS_BYTES", 0)
    monkeypatch.setattr(module, "_BATCH_FILES", batch_files)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)


@pytest.mark.parametrize("batch_files", [1, 40, 10_000])
def test_several_processes_do_what_one_does(
    logs: Path, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_files: int
) -> None:
    several_processes(monkeypatch, batch_files)
    assert statuses(add(tmp_path / "case", logs)) == statuses(add(undisturbed, logs)) | statuses_of_first(undisturbed)
    assert state(tmp_path / "case") == state(undisturbed)
    assert lying(tmp_path / "case") == listed(tmp_path / "case")


def statuses_of_first(case: Path) -> dict[str, tuple[str, str | None]]:
    """Return the status and reason of each file when it was first read."""
    first: dict[str, tuple[str, str | None]] = {}
    for file in manifests.read(case / "manifest.jsonl").source_files:
        first.setdefault(file.name, (file.status, file.reason))
    return first


def test_a_second_ingest_adds_nothing(logs: Path, tmp_path: Path) -> None:
    first = add(tmp_path / "case", logs)
    before = state(tmp_path / "case")
    files = lying(tmp_path / "case")
    second = add(tmp_path / "case", logs)
    assert state(tmp_path / "case") == before
    assert lying(tmp_path / "case") == listed(tmp_path / "case")
    assert lying(tmp_path / "case") == files
    changed = {"ok": "duplicate"}
    assert [file.status for file in second.source_files] == [
        changed.get(file.status, file.status) for file in first.source_files
    ]


def test_files_that_cannot_be_read_are_listed_and_the_rest_goes_in(logs: Path, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "dangling").symlink_to(tmp_path / "logs" / "nowhere")
    (tmp_path / "logs" / os.fsdecode(b"\xff.json")).write_text(json.dumps(record(9)))
    ingested = add(tmp_path / "case", logs, tmp_path / "logs")
    ends = statuses(ingested)
    assert ends["cut.json"] == ("failed", "the file is truncated")
    assert ends["cut.json.gz"] == ("failed", "the gzip stream is truncated")
    assert ends["notes.txt"] == ("skipped", "it is not JSON")
    assert ends["dangling"] == ("failed", "it cannot be read: No such file or directory")
    assert ends["\\xff.json"] == ("ok", None)
    assert ends["again-0.json"][0] == "ok"
    assert ends["again-1.json"] == ends["conflict-1.json"] == ("duplicate", "its content is already in the case")
    assert {f"id-{number}" for number in (1, 2, 3, 5)} <= {
        row[0] for row in rows(tmp_path / "case", "events", "event_id")
    }


def test_nothing_to_read_is_an_ingest_too(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    ingested = add(tmp_path / "case", tmp_path / "logs")
    assert (ingested.source_files, ingested.commit.events) == ((), 0)


def test_many_files_with_long_names_do_not_fill_the_pipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    several_processes(monkeypatch, 1000)
    for number in range(700):
        put(tmp_path / "logs" / ("n" * 120) / f"{number:05d}-{'x' * 180}.json", record(number))
    assert add(tmp_path / "case", tmp_path / "logs").commit.events == 700


@pytest.mark.parametrize(
    ("by", "told"),
    [
        (signal.SIGKILL, "a worker process was killed, probably because memory ran out; nothing was added"),
        (signal.SIGSEGV, "a worker process was ended by a signal: Segmentation fault; nothing was added"),
    ],
)
def test_a_worker_that_is_killed_changes_nothing(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: signal.Signals, told: str
) -> None:
    several_processes(monkeypatch, 5)
    put(tmp_path / "first.json", record(1))
    add(tmp_path / "case", tmp_path / "first.json")
    before = (tmp_path / "case" / "manifest.jsonl").read_bytes()
    layout = create(tmp_path / "case")
    paths = sorted(path for path in logs.rglob("*") if path.is_file())

    killed: list[str] = []

    def kill_one(file: SourceFile) -> None:
        if killed:
            return
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=True
        )
        for pid in children.stdout.split():
            command = Path("/proc", pid, "cmdline")
            if command.exists() and str(layout.root) in command.read_text() and "worker" in command.read_text():
                os.kill(int(pid), by)
                killed.append(pid)
                return

    with pytest.raises(IngestFailed, match=told):
        ingest(layout, [ToRead(str(path), path.name) for path in paths], [1] * len(paths), "test", kill_one)
    assert (tmp_path / "case" / "manifest.jsonl").read_bytes() == before
    assert len(events(tmp_path / "case")) == 1
    add(tmp_path / "case", logs)
    assert lying(tmp_path / "case") == listed(tmp_path / "case")


def test_a_disk_that_fails_changes_nothing(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "first.json", record(1))
    add(tmp_path / "case", tmp_path / "first.json")
    before = state(tmp_path / "case")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    for place in ("forensics.lake.parts.sync_folder", "forensics.lake.manifest.write_from"):
        with monkeypatch.context() as patch:
            patch.setattr(place, full)
            with pytest.raises(IngestFailed, match="No space left"):
                add(tmp_path / "case", logs)
        assert state(tmp_path / "case") == before
    add(tmp_path / "case", logs)
    assert lying(tmp_path / "case") == listed(tmp_path / "case")


@pytest.mark.parametrize(
    ("place", "error", "told"),
    [
        (
            "forensics.ingest.worker.to_batch",
            KeyError("x"),
            r"while reading 2 files from a.json to b.json.*KeyError: 'x'",
        ),
        ("forensics.lake.parts.PartWriter.close", ValueError("y"), "while writing the events.*it: ValueError: y"),
        ("forensics.ingest.worker.to_batch", MemoryError(), "memory ran out. Run the same command on fewer files"),
    ],
)
def test_a_fault_is_told_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, error: Exception, told: str
) -> None:
    put(tmp_path / "first.json", record(1))
    add(tmp_path / "case", tmp_path / "first.json")
    before = state(tmp_path / "case")
    for name, number in (("a", 2), ("b", 3)):
        put(tmp_path / "logs" / f"{name}.json", record(number))

    def faulty(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(place, faulty)
        with pytest.raises(IngestFailed, match=f"nothing was added.*{told}"):
            add(tmp_path / "case", tmp_path / "logs")
    assert state(tmp_path / "case") == before


@pytest.mark.parametrize(("several", "kilobytes"), [(False, 4), (True, 40)])
def test_a_full_disk_is_told_and_the_same_command_finishes(
    logs: Path, undisturbed: Path, tmp_path: Path, several: bool, kilobytes: int
) -> None:
    start = KILLABLE.partition("for line")[0] if several else ONE_PROCESS
    run = f"{start}\nadd(Path(sys.argv[1]), Path(sys.argv[2]))"
    # Python would keep the part of a module's bytecode that fits
    limited = ["/bin/sh", "-c", f'ulimit -f {2 * kilobytes}; PYTHONDONTWRITEBYTECODE=1 exec "$@"', "sh"]
    done = subprocess.run(
        [*limited, sys.executable, "-c", run, tmp_path / "case", logs], capture_output=True, text=True, check=False
    )
    assert "IngestFailed: nothing was added" in done.stderr
    assert "File too large. Free some disk space, and run the same command again" in done.stderr
    assert listed(tmp_path / "case") == set()
    add(tmp_path / "case", logs)
    assert state(tmp_path / "case") == state(undisturbed)
    assert lying(tmp_path / "case") == listed(tmp_path / "case")


def test_a_case_that_is_being_written_is_busy(logs: Path, tmp_path: Path) -> None:
    with only_ingest(create(tmp_path / "case")), pytest.raises(CaseBusy):
        add(tmp_path / "case", logs)


@pytest.mark.parametrize("garbage", [b"\0" * 9, b'{"type":"filter"}\n{"type":"comm', b'{"type":"lake_file"'])
def test_garbage_behind_the_last_commit_is_ignored_and_removed(tmp_path: Path, garbage: bytes) -> None:
    put(tmp_path / "1.json", record(1))
    put(tmp_path / "2.json", record(2))
    add(tmp_path / "case", tmp_path / "1.json")
    manifest = tmp_path / "case" / "manifest.jsonl"
    before = state(tmp_path / "case")
    committed = manifest.read_bytes()
    with manifest.open("ab") as file:
        file.write(garbage)
    assert state(tmp_path / "case") == before
    assert add(tmp_path / "case", tmp_path / "2.json").commit.events == 2
    assert manifest.read_bytes().startswith(committed + b'{"type":"source_file","name":"2.json"')
