"""Measure `forensics ingest`, from the start of the command to a case with tables, as a ratio to other programs.

    python -m tests.benchmarks.ingest [--scale 0.1] [--shape large] [--logs FOLDER]

There are two shapes: large, 500 files of 2,000 events, and small, 10,000 files of 20; `--scale` is a factor for both.
All programs run in turn on the same files. The events are those of simulated organizations, no two alike. `chdb` and
`pysimdjson` are included if they are installed. Creating all logs takes a minute: `--logs` keeps them in a folder and
reuses existing ones. The exit code is 1 if a ratio exceeds its limit.
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
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.latency import BASELINE, FORENSICS, take_turns
from tests.benchmarks.worlds import logs_of

_SAMPLE_SECONDS = 0.2
PEAK_GIB = 1.5


@dataclass(frozen=True, slots=True)
class Shape:
    """The number and size of files, and the limits of an ingest: ratios of speed and of size."""

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
    """Largest proportional set size of all its processes together."""


def main() -> int:
    arguments = _arguments()
    missed = 0
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        for shape in SHAPES:
            if arguments.shape in (None, shape.name):
                events = round(shape.files * arguments.scale) * shape.events_a_file
                logs = logs_of(arguments.logs or Path(folder), events, shape.events_a_file)
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
    """Run a command and measure it. Raises SystemExit if it fails."""
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
    """Return a process and its descendants."""
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
    """Return an access key from any event that has one."""
    file = min(logs.rglob("*.json.gz"))
    records = json.loads(gzip.decompress(file.read_bytes()))["Records"]
    keys = (record["userIdentity"].get("accessKeyId") for record in records)
    return str(next(key for key in keys if key and key.startswith("ASIA")))


if __name__ == "__main__":
    sys.exit(main())
