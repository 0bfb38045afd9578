"""Measure the processor time of attribution, which must be linear in events and small beside ingest, and of `who`.

    python -m tests.benchmarks.attribution [--events 1000000] [--logs FOLDER] [--profile]

The benchmark ingests N and 4N events of simulated organizations and builds their tables. A last ingest of one file
shows the time if only one day has changed. The exit code is 1 if a ratio exceeds its limit. --logs keeps the logs in a
folder and reuses existing ones.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from forensics.attribution import build as builds
from forensics.digests.digest_tables import create_tables as of_digests
from forensics.exports.export_tables import create_tables as of_exports
from forensics.lake import layout as layouts
from forensics.lake import manifest as manifests
from forensics.lake.layout import Layout
from tests.benchmarks.latency import BASELINE, FORENSICS, take_turns
from tests.benchmarks.processor import processor_seconds
from tests.benchmarks.worlds import a_deep_key, ingest, logs_of

GROWTH, SHARE, LATENCY = 5.0, 0.25, 4.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor seconds. An ingest is `lake` and `attribution`; `model_seconds` is by table."""

    events: int
    lake: float
    attribution: float
    one_day_more: float
    model_seconds: dict[str, float]


def main() -> int:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        scratch = Path(folder)
        logs = arguments.logs or scratch / "logs"
        costs = [
            _cost(logs_of(logs, events), scratch / str(events)) for events in (arguments.events, arguments.events * 4)
        ]
        few, many = costs
        if arguments.profile:
            _print_profile(few, many)
        for cost in costs:
            print(
                f"{cost.events:,} events: lake {cost.lake:.1f}s, attribution {cost.attribution:.2f}s,"
                f" again after one more file {cost.one_day_more:.2f}s"
            )
        case = scratch / str(arguments.events * 4)
        baseline, who = take_turns(BASELINE, (FORENSICS, "who", a_deep_key(case), "--case", str(case)))
    return _verdict(
        (f"attribution, {many.events:,} to {few.events:,} events", many.attribution / few.attribution, GROWTH),
        *((f"attribution's share of an ingest, {cost.events:,} events", _share(cost), SHARE) for cost in costs),
        (f"who, {many.events:,} events, to import duckdb, typer", who / baseline, LATENCY),
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.attribution")
    parser.add_argument("--events", type=int, default=1_000_000, help="N; the other case has four times as many")
    parser.add_argument("--logs", type=Path, help="keep the logs here, or take those that are here")
    parser.add_argument("--profile", action="store_true", help="print what each model takes")
    return parser.parse_args()


def _cost(logs: Path, case: Path) -> Cost:
    layout = layouts.create(case)
    lake = _seconds(lambda: ingest(layout, logs))
    events = manifests.read(layout.manifest).commit
    assert events is not None
    model_seconds: dict[str, float] = defaultdict(float)
    with patch.object(builds, "DuckDB", _timed(model_seconds)):
        attribution = _seconds(lambda: _build(layout))
    ingest(layout, _one_more(case.with_name(f"{case.name}-more.json")))
    return Cost(events.events, lake, attribution, _seconds(lambda: _build(layout)), model_seconds)


def _share(cost: Cost) -> float:
    return cost.attribution / (cost.lake + cost.attribution)


def _build(layout: Layout) -> None:
    builds.build(layout, manifests.read(layout.manifest), [of_digests, of_exports])


def _one_more(path: Path) -> Path:
    """Write a file with one event on the day after all others."""
    record = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "principalId": "AIDAX", "accountId": "1" * 12, "accessKeyId": "AKIAX"},
        "eventTime": "2030-01-01T12:00:00Z",
        "eventSource": "s3.amazonaws.com",
        "eventName": "ListBuckets",
        "awsRegion": "us-east-1",
        "eventID": "one-more",
        "recipientAccountId": "1" * 12,
    }
    path.write_text(json.dumps({"Records": [record]}))
    return path


def _timed(seconds: dict[str, float]) -> type[builds.DuckDB]:
    class Timed(builds.DuckDB):
        def create(self, table: str, model: str) -> None:
            start = processor_seconds()
            super().create(table, model)
            seconds[table] += processor_seconds() - start

        def add(self, table: str, model: str) -> None:
            start = processor_seconds()
            super().add(table, model)
            seconds[table] += processor_seconds() - start

    return Timed


def _seconds(work: Callable[[], object]) -> float:
    start = processor_seconds()
    work()
    return processor_seconds() - start


def _print_profile(few: Cost, many: Cost) -> None:
    for table, seconds in sorted(many.model_seconds.items(), key=lambda item: -item[1]):
        print(f"  {table:22}{few.model_seconds[table]:8.2f}s{seconds:8.2f}s")


def _verdict(*ratios: tuple[str, float, float]) -> int:
    print(f"{'':52}{'ratio':>8}{'limit':>7}")
    for name, ratio, limit in ratios:
        print(f"{name:52}{ratio:8.2f}{limit:7.2f}  {'MISSED' if ratio > limit else ''}".rstrip())
    return 1 if any(ratio > limit for _, ratio, limit in ratios) else 0


if __name__ == "__main__":
    sys.exit(main())
