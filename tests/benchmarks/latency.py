"""Measure the processor time of a command, as a ratio to `python -c "import duckdb, typer"` in the same run.

    python -m tests.benchmarks.latency [--events N ...] [--cases FOLDER]

Without numbers, the commands run on the sample. With numbers, `who`, `tree` and `key` run on cases with so many events;
the last case is also compared with the first, because the time must not depend on the size of a case. Creating cases
takes minutes: --cases keeps them in a folder and reuses existing ones. The commands run in turn, so that other load on
the machine affects all of them; the result is the median. Modules are compiled once, as for an installed program, even
if PYTHONDONTWRITEBYTECODE is set.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.processor import processor_seconds
from tests.benchmarks.worlds import a_deep_key, lake_of
from tests.simulator.sample import DEEP_KEY

ROUNDS = 15
SAMPLE_LOGS = Path(__file__).parents[2] / "sample_logs"
FORENSICS = str(Path(sys.executable).with_name("forensics"))
BASELINE = (sys.executable, "-c", "import duckdb, typer")
HELP, LATENCY, LATENCY_OF_MORE, GROWTH = 1, 4, 6, 1.5
QUESTIONS = ("who", "tree", "key")


@dataclass(frozen=True, slots=True)
class Promise:
    """A command with the limit of its ratio to the baseline."""

    name: str
    command: tuple[str, ...]
    limit: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="*", default=[], help="in each case that is asked")
    parser.add_argument("--cases", type=Path, help="keep the cases here, or take those that are here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(folder, "compiled"))
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        cases = arguments.cases or Path(folder)
        if not arguments.events:
            return _verdict(_measured(_of_the_sample(cases)))
        promises = [promise for events in arguments.events for promise in _of_a_case(cases, events)]
        ratios = _measured(promises)
    return _verdict([*ratios, *_growth(ratios)]) if len(arguments.events) > 1 else _verdict(ratios)


def take_turns(*commands: tuple[str, ...]) -> list[float]:
    """Return the median seconds of each command. A first round fills the disk caches and is not counted."""
    rounds = [[_run(command) for command in commands] for _ in range(ROUNDS + 1)][1:]
    return [median(times) for times in zip(*rounds, strict=True)]


def _of_the_sample(cases: Path) -> Iterator[Promise]:
    case = str(cases / "sample")
    _run((FORENSICS, "ingest", str(SAMPLE_LOGS), "--case", case))
    yield Promise("forensics --help", (FORENSICS, "--help"), HELP)
    yield from _questions(case, DEEP_KEY, "the sample", LATENCY)


def _of_a_case(cases: Path, events: int) -> Iterator[Promise]:
    case = cases / f"case-{events}"
    lake_of(case, cases / "logs", events)
    limit = LATENCY if events <= 1_000_000 else LATENCY_OF_MORE
    yield from _questions(str(case), a_deep_key(case), f"{events:,} events", limit)


def _questions(case: str, key: str, of_what: str, limit: float) -> Iterator[Promise]:
    for question in QUESTIONS:
        yield Promise(f"{question}, {of_what}", (FORENSICS, question, key, "--case", case), limit)


def _measured(promises: Iterator[Promise] | Sequence[Promise]) -> list[tuple[str, float, float]]:
    promises = list(promises)
    baseline, *medians = take_turns(BASELINE, *(promise.command for promise in promises))
    print(f"import duckdb, typer: {baseline:.3f}s")
    return [
        (promise.name, seconds / baseline, promise.limit) for promise, seconds in zip(promises, medians, strict=True)
    ]


def _growth(ratios: Sequence[tuple[str, float, float]]) -> Iterator[tuple[str, float, float]]:
    """Compare the last case with the first."""
    pairs = zip(ratios[: len(QUESTIONS)], ratios[-len(QUESTIONS) :], strict=True)
    for (few, before, _), (many, after, _) in pairs:
        yield f"{many} to {few.partition(', ')[2]}", after / before, GROWTH


def _verdict(ratios: Sequence[tuple[str, float, float]]) -> int:
    print(f"{'':48}{'ratio':>8}{'limit':>7}")
    for name, ratio, limit in ratios:
        print(f"{name:48}{ratio:8.2f}{limit:7.2f}  {'MISSED' if ratio > limit else ''}".rstrip())
    return 1 if any(ratio > limit for _, ratio, limit in ratios) else 0


def _run(command: tuple[str, ...]) -> float:
    start = processor_seconds()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = processor_seconds() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
