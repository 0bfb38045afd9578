"""How fast `forensics ingest` is, from the command's start to a case that answers, beside what else reads such logs.

    python -m tests.benchmarks.ingest [--scale 0.1] [--shape large] [--logs FOLDER]

Two shapes: large, 500 files of 2,000 events, and small, 10,000 files of 20; `--scale` is how much of that. Everything
runs in turn on the same files, and what counts are ratios. The events are those of simulated organisations, no two
alike. `chdb` and `pysimdjson` take part where they are installed; nothing else needs them. Making all the logs takes a
minute: `--logs` keeps them in a folder, and takes those that it holds. Ends with 1 where a ratio is beyond its limit.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from tests.benchmarks.latency import BASELINE, FORENSICS, take_turns
from tests.simulator import simulate

_WORLD_EVENTS = 20_000
_REPEATS = 6
_NOT_REPEATED = ("sts.amazonaws.com", "signin.amazonaws.com", "iam.amazonaws.com")
_SAMPLE_SECONDS = 0.2
PEAK_GIB = 1.5

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """How events are cut into files, and what is required of an ingest: times as fast as, times as large as."""

    name: str
    files: int
    events_a_file: int
    duckdb: float
    lake: float
    chdb: float = 1.0
    floor: float = 0.12


SHAPES = (
    Shape("large", files=500, events_a_file=2_000, duckdb=3, lake=1.5),
    Shape("small", files=10_000, events_a_file=20, duckdb=5, lake=1.1),
)


@dataclass(frozen=True, slots=True)
class Run:
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    """Proportional set size of all its processes at once."""


def main() -> int:
    arguments = _arguments()
    missed = 0
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        for shape in SHAPES:
            if arguments.shape in (None, shape.name):
                logs = _logs(arguments.logs or Path(folder), shape, arguments.scale)
                missed += _compare(shape, logs, Path(folder, shape.name))
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ingest")
    parser.add_argument("--scale", type=float, default=0.1, help="1 is a million events in large files")
    parser.add_argument("--shape", choices=[shape.name for shape in SHAPES], help="only this one")
    parser.add_argument("--logs", type=Path, help="keep the logs here, or take those that are here")
    return parser.parse_args()


def _compare(shape: Shape, logs: Path, scratch: Path) -> int:
    scratch.mkdir()
    case = scratch / "case"
    events = len(list(logs.rglob("*.json.gz"))) * shape.events_a_file
    ours = measure(FORENSICS, "ingest", str(logs), "--case", str(case))
    others = {name: _run_contestant(name, logs, scratch) for name in ("duckdb", "chdb", "floor")}
    print(f"\n{shape.name} files: {events:,} events in files of {shape.events_a_file:,}")
    print(f"{'':12}{'events/s':>12}{'seconds':>10}{'CPU s':>8}{'peak MiB':>10}{'ours is':>10}{'must':>7}")
    _print_run("forensics", ours, events)
    missed = ours.peak_bytes > PEAK_GIB * (1 << 30)
    for name, run in others.items():
        if run is None:
            print(f"{name:12}{'not installed':>12}")
            continue
        ratio, required = run.seconds / ours.seconds, getattr(shape, name)
        missed |= ratio < required
        _print_run(name, run, events, f"{ratio:9.2f}x{required:7.2f}{'' if ratio >= required else '  MISSED'}")
    ratio = _bytes(case / "lake") / _bytes(logs)
    missed |= ratio > shape.lake
    print(f"lake: {ratio:.2f} of the input's bytes; at most {shape.lake}{'' if ratio <= shape.lake else '  MISSED'}")
    baseline, who = take_turns(BASELINE, (FORENSICS, "who", _a_key(logs), "--case", str(case)))
    print(f"who: {who:.3f}s, {who / baseline:.2f} times import duckdb, typer")
    shutil.rmtree(scratch)
    return missed


def _print_run(name: str, run: Run, events: int, verdict: str = "") -> None:
    peak = run.peak_bytes >> 20
    print(f"{name:12}{events / run.seconds:12,.0f}{run.seconds:10.2f}{run.cpu_seconds:8.1f}{peak:10,}{verdict}")


def _run_contestant(name: str, logs: Path, scratch: Path) -> Run | None:
    if name == "chdb" and not find_spec("chdb"):
        return None
    return measure(sys.executable, "-m", "tests.benchmarks.contestants", name, str(logs), str(scratch / name))


def measure(*command: str) -> Run:
    """Run a command and watch it. Raises SystemExit if it fails."""
    with tempfile.TemporaryFile() as output:
        start, cpu = time.perf_counter(), os.times()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        peak = 0
        while process.poll() is None:
            peak = max(peak, sum(map(_pss, _family(process.pid))))
            with suppress(subprocess.TimeoutExpired):
                process.wait(_SAMPLE_SECONDS)
        seconds, spent = time.perf_counter() - start, os.times()
        if process.returncode:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{output.read().decode()}")
    used = spent.children_user + spent.children_system - cpu.children_user - cpu.children_system
    return Run(seconds, used, peak)


def _family(pid: int) -> list[int]:
    """A process and its descendants."""
    with suppress(OSError):
        children = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _children(task)]
        return [pid, *(member for child in children for member in _family(child))]
    return [pid]


def _children(task: Path) -> list[str]:
    with suppress(OSError):
        return (task / "children").read_text().split()
    return []


def _pss(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    return 0


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _a_key(logs: Path) -> str:
    """The key of some event that has one."""
    file = min(logs.rglob("*.json.gz"))
    records = json.loads(gzip.decompress(file.read_bytes()))["Records"]
    keys = (record["userIdentity"].get("accessKeyId") for record in records)
    return str(next(key for key in keys if key and key.startswith("ASIA")))


def _logs(folder: Path, shape: Shape, scale: float) -> Path:
    """The logs of a shape, made once."""
    logs, made = folder / f"{shape.name}-{scale}", folder / f"{shape.name}-{scale}.made"
    if not made.exists():
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir(parents=True)
        files = round(shape.files * scale)
        files_a_world = _WORLD_EVENTS // shape.events_a_file
        worlds = [
            (logs, seed, min(files_a_world, files - first), shape.events_a_file)
            for seed, first in enumerate(range(0, files, files_a_world))
        ]
        with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
            list(pool.map(_write_world, *zip(*worlds, strict=True)))
        made.touch()
    return logs


def _write_world(logs: Path, seed: int, files: int, events_a_file: int) -> None:
    """The records of one organisation, in the order of their time, some thousands at a time."""
    records = sorted(_records(seed), key=lambda record: record["eventTime"])
    for number in range(files):
        some = records[number * events_a_file :][:events_a_file]
        account, region, end = some[0]["recipientAccountId"], some[0]["awsRegion"], some[-1]["eventTime"]
        stamp = end.translate({ord("-"): None, ord(":"): None})
        name = f"{account}_CloudTrail_{region}_{stamp}_{seed:04d}{number:012d}.json.gz"
        path = logs / "AWSLogs" / account / "CloudTrail" / region / end[:10].replace("-", "/") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"Records": some}, separators=(",", ":"), ensure_ascii=False)
        path.write_bytes(gzip.compress(text.encode(), compresslevel=6, mtime=0))


def _records(seed: int) -> Iterator[Json]:
    """A simulated world in which each credential does more: as in practice logs, where one in twenty is distinct."""
    rng = Random(seed)
    for event in simulate(seed, round(_WORLD_EVENTS / _REPEATS * 2)).events:
        yield event.record
        if event.record["eventSource"] not in _NOT_REPEATED and "sharedEventID" not in event.record:
            yield from (_again(event.record, rng) for _ in range(_REPEATS))


def _again(record: Json, rng: Random) -> Json:
    """Another call by the same caller, about another thing as often as not."""
    again = record | {"eventID": str(UUID(int=rng.getrandbits(128)))}
    time = datetime.fromisoformat(record["eventTime"]) + timedelta(seconds=rng.randrange(600))
    again["eventTime"] = f"{time:%Y-%m-%dT%H:%M:%SZ}"
    if "requestID" in record:
        again["requestID"] = str(UUID(int=rng.getrandbits(128)))
    request = record["requestParameters"]
    if request and rng.random() < 0.5:
        name, value = next(iter(request.items()))
        again["requestParameters"] = request | ({name: f"{value}-{rng.randrange(1000)}"} if type(value) is str else {})
    return again


if __name__ == "__main__":
    sys.exit(main())
