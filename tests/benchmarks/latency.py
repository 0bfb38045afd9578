"""How long a command keeps a person waiting, as a ratio to `python -c "import duckdb, typer"` in the same run.

    python -m tests.benchmarks.latency

The commands take turns, so that a busy moment of the machine falls on all of them; what counts is the median.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.simulator.sample import DEEP_KEY

ROUNDS = 15
SAMPLE_LOGS = Path(__file__).parents[2] / "sample_logs"
FORENSICS = str(Path(sys.executable).with_name("forensics"))
BASELINE = (sys.executable, "-c", "import duckdb, typer")


@dataclass(frozen=True, slots=True)
class Promise:
    """A command, and how many times as long as the baseline it may take."""

    name: str
    command: tuple[str, ...]
    limit: float


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        case = str(Path(folder) / "case")
        _run((FORENSICS, "ingest", str(SAMPLE_LOGS), "--case", case))
        promises = (
            Promise("forensics --help", (FORENSICS, "--help"), 1),
            Promise("forensics who, on a case", (FORENSICS, "who", DEEP_KEY, "--case", case), 4),
        )
        baseline, *medians = take_turns(BASELINE, *(promise.command for promise in promises))
    print(f"{'':26}{'median':>9}{'ratio':>8}{'limit':>7}")
    print(f"{'import duckdb, typer':26}{baseline:8.3f}s")
    missed = 0
    for promise, seconds in zip(promises, medians, strict=True):
        ratio = seconds / baseline
        missed += ratio > promise.limit
        verdict = "MISSED" if ratio > promise.limit else ""
        print(f"{promise.name:26}{seconds:8.3f}s{ratio:8.2f}{promise.limit:7.2f}  {verdict}".rstrip())
    return 1 if missed else 0


def take_turns(*commands: tuple[str, ...]) -> list[float]:
    """The median seconds of each command; a first round, which warms the caches of the disk, is not counted."""
    rounds = [[_run(command) for command in commands] for _ in range(ROUNDS + 1)][1:]
    return [median(times) for times in zip(*rounds, strict=True)]


def _run(command: tuple[str, ...]) -> float:
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
