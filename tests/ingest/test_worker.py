"""Worker: the status of each file, and the messages between a worker process and its parent."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from forensics.ingest import worker as module
from forensics.ingest.faults import SourceChanged
from forensics.ingest.worker import Start, ToRead, Worker, WorkerAnswer
from forensics.lake.manifest import SourceFile
from tests.lake.cases import put, record

TRAIL_FILE = json.dumps({"Records": [record(1), record(2), record(3)]}).encode()


def read(tmp_path: Path, data: bytes) -> SourceFile:
    (tmp_path / "file").write_bytes(data)
    (found,) = Worker(tmp_path / "case", "w", []).read([ToRead(str(tmp_path / "file"), "file")])
    return found


def test_a_file_ends_with_what_was_in_it(tmp_path: Path) -> None:
    data = gzip.compress(TRAIL_FILE)
    assert read(tmp_path, data) == SourceFile(
        name="file",
        path=str(tmp_path / "file"),
        status="ok",
        sha256=hashlib.sha256(data).hexdigest(),
        inflated_sha256=hashlib.sha256(TRAIL_FILE).hexdigest(),
        bytes=len(data),
        inflated_bytes=len(TRAIL_FILE),
        records=3,
        first_event_time=datetime(2026, 10, 1, 12, 0, 3, tzinfo=UTC),
        last_event_time=datetime(2026, 10, 3, 12, 0, 2, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("data", "status", "reason", "records", "rejected"),
    [
        (b"", "empty", None, 0, 0),
        (gzip.compress(b"", mtime=0), "empty", None, 0, 0),
        (b'{"Records":[]}', "empty", None, 0, 0),
        (b"plain text", "skipped", "it is not JSON", 0, 0),
        (gzip.compress(b"plain text", mtime=0), "skipped", "it is not JSON", 0, 0),
        (b'{"a":1}\n{"b":2}', "skipped", "it contains no CloudTrail records", 0, 0),
        (TRAIL_FILE[:-2], "failed", "the file is truncated", 3, 1),
        (TRAIL_FILE[:-20], "failed", "the file is truncated", 2, 2),
        (gzip.compress(TRAIL_FILE, mtime=0)[:-9], "failed", "the gzip stream is truncated", 3, 0),
        (gzip.compress(TRAIL_FILE, mtime=0) + b"x", "failed", "there is other data after the gzip stream", 3, 0),
        (TRAIL_FILE.replace(b'"id-2"', b'"id-2'), "ok", None, 2, 1),
        (TRAIL_FILE + b'{"x":1}', "ok", None, 3, 1),
    ],
)
def test_each_end_has_its_reason(
    tmp_path: Path, data: bytes, status: str, reason: str | None, records: int, rejected: int
) -> None:
    found = read(tmp_path, data)
    assert (found.status, found.reason, found.records) == (status, reason, records)
    assert found.rejected == rejected or (data[:2] == b"\x1f\x8b" and status == "failed")
    assert found.bytes == len(data)
    assert found.sha256 == hashlib.sha256(data).hexdigest()


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    worker = Worker(tmp_path, "w", [])
    (tmp_path / "folder").mkdir()
    gone, folder = worker.read(ToRead(str(tmp_path / name), name) for name in ("gone", "folder"))
    assert (gone.status, gone.reason) == ("failed", "it cannot be read: No such file or directory")
    assert (folder.status, folder.reason) == ("failed", "it cannot be read: not a regular file but a folder")
    assert worker.close() == []


def test_bytes_that_are_known_are_not_read_again(tmp_path: Path) -> None:
    path = put(tmp_path / "a.json", record(1))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    (found,) = Worker(tmp_path, "w", [sha256]).read([ToRead(str(path), "a")])
    assert found.status == "duplicate"
    worker = Worker(tmp_path, "w", [])
    assert [found.status for found in worker.read([ToRead(str(path), "a")] * 2)] == ["ok", "duplicate"]
    assert [part.rows for part in worker.close()] == [1]


def test_a_file_larger_than_what_is_held_is_read_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = read(tmp_path, TRAIL_FILE)
    monkeypatch.setattr(module, "_HELD_BYTES", 10)
    assert read(tmp_path, TRAIL_FILE) == held


def test_a_file_that_changes_while_it_is_read_ends_the_ingest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_HELD_BYTES", 10)
    monkeypatch.setattr(module, "_hash", lambda stream: ("other", stream))
    with pytest.raises(SourceChanged, match="changed while it was read"):
        read(tmp_path, TRAIL_FILE)


@pytest.mark.parametrize("held", [0, 100, 2 << 20])
def test_a_flood_of_other_json_is_not_held_in_memory_and_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(module, "_HELD_REJECTED_BYTES", held)
    (tmp_path / "file").write_bytes(b'{"other":"log"}\n' * 5_000)
    worker = Worker(tmp_path, "w", [])
    (found,) = worker.read([ToRead(str(tmp_path / "file"), "file")])
    assert (found.status, found.reason) == ("skipped", "it contains no CloudTrail records")
    parts = worker.close()
    assert sum(part.rows for part in parts) == found.rejected == (0 if held == 2 << 20 else 5_000)
    for part in parts:
        assert pq.read_metadata(tmp_path / part.path).num_rows == part.rows


def start(case: Path, *lines: object) -> subprocess.CompletedProcess[bytes]:
    data = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    command = [sys.executable, "-c", "from forensics.ingest.worker import main; main()", str(case), "w"]
    return subprocess.run(command, input=data, capture_output=True, check=False, timeout=60)


def test_a_process_answers_each_batch_and_names_its_parts_last(tmp_path: Path) -> None:
    paths = [put(tmp_path / f"{number}.json", record(number)) for number in range(3)]
    batches = [[ToRead(str(paths[0]), "0")], [ToRead(str(path), "x") for path in paths[1:]], []]
    done = start(tmp_path, Start(), *batches)
    answers = [msgspec.json.decode(line, type=WorkerAnswer) for line in done.stdout.splitlines()]
    assert [len(answer.source_files) for answer in answers] == [1, 2, 0]
    assert sum(part.rows for part in answers[-1].parts or []) == 3
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_process_whose_starter_is_gone_leaves_no_part(tmp_path: Path) -> None:
    path = put(tmp_path / "a.json", record(1))
    done = start(tmp_path, Start(), [ToRead(str(path), "a")])
    assert len(done.stdout.splitlines()) == 1
    assert not list(tmp_path.rglob("*.parquet"))
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_process_tells_why_it_gives_up(tmp_path: Path) -> None:
    path = put(tmp_path / "a.json", record(1))
    (tmp_path / "case").write_text("no folder")
    done = start(tmp_path / "case", Start(), [ToRead(str(path), "a")], [])
    answer = msgspec.json.decode(done.stdout.splitlines()[-1], type=WorkerAnswer)
    assert answer.error is not None and "case" in answer.error


def test_of_countless_unknown_fields_some_are_named(tmp_path: Path) -> None:
    odd = {f"field-{number:03}": 1 for number in range(200)} | {"x" * 5_000: 1}
    found = read(tmp_path, json.dumps({"Records": [record(1, **odd), record(2, **odd)]}).encode())
    assert len(found.unknown_fields) == 51
    assert sum(found.unknown_fields.values()) == 2 * len(odd)
    assert all(len(name) < 110 for name in found.unknown_fields)


def test_a_fault_in_a_worker_process_is_said_to_whoever_started_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    def faulty(*_: object) -> None:
        raise KeyError("x")

    put(tmp_path / "a.json", record(1))
    monkeypatch.setattr(module, "to_batch", faulty)
    batch = msgspec.json.encode([ToRead(str(tmp_path / "a.json"), "a.json")]) + b"\n"
    module.read_batches(Worker(tmp_path / "case", "w", []), iter([batch]))
    said = msgspec.json.decode(capfdbinary.readouterr().out, type=WorkerAnswer).error
    assert said and said.startswith("internal error while reading a.json; please report it: ")
    assert "KeyError: 'x' (test_worker.py, line " in said
