"""Measure `forensics ingest`, from the start of the command to a case with tables, beside other programs.

    python -m tests.benchmarks.ingest [--scale 0.1] [--trial busy-large] [--logs FOLDER]

A trial is a world in large files, 500 of 2,000 events, or in small ones, 10,000 of 20; `--scale` is a factor for both.
All programs run in turn on the same files. Ratios are those of CPU seconds, of all processes of a program. `chdb`,
`polars` and `pysimdjson` are included if they are installed. Creating all logs takes minutes: `--logs` keeps them in a
folder and reuses existing ones. The exit code is 1 if a ratio is missed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.latency import FORENSICS
from tests.benchmarks.worlds import BUSY, STEADY, Kind, logs_of

_SAMPLE_SECONDS = 0.2
PEAK_GIB = 1.5
CONTESTANTS = ("duckdb", "polars", "chdb", "floor")


@dataclass(frozen=True, slots=True)
class Trial:
    """A world in files of one size, and what an ingest must reach.

    Args:
        cpu: least ratio of the CPU seconds of a program to those of forensics, by program.
        size: largest ratio of the bytes of the case to those of the logs.
    """

    kind: Kind
    shape: str
    files: int
    events_a_file: int
    cpu: Mapping[str, float] = field(default_factory=dict)
    size: float | None = None

    @property
    def name(self) -> str:
        return f"{self.kind.name}-{self.shape}"


TRIALS = (
    Trial(BUSY, "large", files=500, events_a_file=2_000, cpu={"duckdb": 2.2, "chdb": 0.6}, size=1.9),
    Trial(BUSY, "small", files=10_000, events_a_file=20, cpu={"duckdb": 5}),
    Trial(STEADY, "large", files=500, events_a_file=2_000, size=1.6),
    Trial(STEADY, "small", files=10_000, events_a_file=20),
)


@dataclass(frozen=True, slots=True)
class Run:
    seconds: float
    cpu_seconds: float
    peak_bytes: int
    """Largest proportional set size of all its processes together."""
    output_bytes: int


def main() -> int:
    arguments = _arguments()
    missed = False
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        for trial in TRIALS:
            if arguments.trial in (None, trial.name):
                events = round(trial.files * arguments.scale) * trial.events_a_file
                logs = logs_of(arguments.logs or Path(folder), events, trial.events_a_file, trial.kind)
                missed |= _compare(trial, logs, events, Path(folder, trial.name))
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.ingest")
    parser.add_argument("--scale", type=float, default=0.1, help="1 is a million events in large files")
    parser.add_argument("--trial", choices=[trial.name for trial in TRIALS], help="only this one")
    parser.add_argument("--logs", type=Path, help="keep the logs here, or take those that are here")
    return parser.parse_args()


def _compare(trial: Trial, logs: Path, events: int, scratch: Path) -> bool:
    """Run all programs in turn, print their measurements, and return whether forensics missed a ratio."""
    scratch.mkdir()
    case = scratch / "case"
    ours = measure(case, FORENSICS, "ingest", str(logs), "--case", str(case))
    others = {name: _run_contestant(name, logs, scratch / name) for name in CONTESTANTS if _is_installed(name)}
    input_bytes = bytes_of(logs)
    print(f"\n{trial.name}: {events:,} events in files of {trial.events_a_file:,}, {input_bytes:,} bytes")
    print(f"{'':12}{'CPU s':>8}{'seconds':>9}{'peak MiB':>10}{'output/input':>14}{'CPU/ours':>10}{'must':>7}")
    missed = ours.peak_bytes > PEAK_GIB * (1 << 30)
    missed |= _print_run("forensics", ours, input_bytes, size=trial.size)
    for name, run in others.items():
        ratio = run.cpu_seconds / ours.cpu_seconds
        missed |= _print_run(name, run, input_bytes, ratio=ratio, least=trial.cpu.get(name))
    shutil.rmtree(scratch)
    return missed


def _print_run(
    name: str,
    run: Run,
    input_bytes: int,
    *,
    size: float | None = None,
    ratio: float | None = None,
    least: float | None = None,
) -> bool:
    """Print a line of the table, and return whether a limit is missed: of `size`, or the `least` of `ratio`."""
    stored = run.output_bytes / input_bytes
    is_too_large, is_too_small = size is not None and stored > size, least is not None and (ratio or 0) < least
    cells = [f"{name:12}{run.cpu_seconds:8.1f}{run.seconds:9.1f}{run.peak_bytes >> 20:10,}{stored:14.2f}"]
    cells += [f"{ratio:10.2f}" if ratio else f"{'':10}", f"{least:7.2f}" if least else ""]
    cells += [f"  at most {size}" if size else "", "  MISSED" if is_too_large or is_too_small else ""]
    print("".join(cells).rstrip())
    return is_too_large or is_too_small


def _is_installed(name: str) -> bool:
    return name == "floor" or find_spec(name) is not None


def _run_contestant(name: str, logs: Path, output: Path) -> Run:
    return measure(output, sys.executable, "-m", "tests.benchmarks.contestants", name, str(logs), str(output))


def measure(output: Path, *command: str) -> Run:
    """Run a command that writes `output` and measure it. Raises SystemExit if it fails."""
    with tempfile.TemporaryFile() as said:
        start, cpu = time.perf_counter(), os.times()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        peak = 0
        while process.poll() is None:
            peak = max(peak, sum(map(_pss, _family(process.pid))))
            with suppress(subprocess.TimeoutExpired):
                process.wait(_SAMPLE_SECONDS)
        seconds, spent = time.perf_counter() - start, os.times()
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(command)} ended with {process.returncode}\n{said.read().decode()}")
    used = spent.children_user + spent.children_system - cpu.children_user - cpu.children_system
    return Run(seconds, used, peak, bytes_of(output))


def bytes_of(path: Path) -> int:
    """Return the size of a file, or of all files in a folder, in bytes."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


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


if __name__ == "__main__":
    sys.exit(main())
