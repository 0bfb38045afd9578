"""Worlds: logs and cases of simulated organizations, no two alike, for the benchmarks.

In a simulated world, each credential makes few calls; in the Invictus logs, there is one credential per twenty events.
So most calls are repeated as other calls of the same caller.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from forensics.case import Case
from forensics.ingest import run as ingests
from forensics.ingest.worker import ToRead
from forensics.lake import layout as layouts
from forensics.lake import manifest as manifests
from forensics.lake.layout import Layout
from forensics.sources.paths import find_files
from tests.simulator import simulate

EVENTS_A_FILE = 2_000
_WORLD_EVENTS = 20_000
_REPEATS = 6
_NOT_REPEATED = ("sts.amazonaws.com", "signin.amazonaws.com", "iam.amazonaws.com")

Json = dict[str, Any]


def logs_of(folder: Path, events: int, events_a_file: int = EVENTS_A_FILE) -> Path:
    """Return the logs with so many events, created once."""
    name = f"{events}-by-{events_a_file}"
    logs, made = folder / name, folder / f"{name}.made"
    if not made.exists():
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir(parents=True)
        files = events // events_a_file
        files_a_world = _WORLD_EVENTS // events_a_file
        worlds = [
            (logs, seed, min(files_a_world, files - first), events_a_file)
            for seed, first in enumerate(range(0, files, files_a_world))
        ]
        with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
            list(pool.map(_write_world, *zip(*worlds, strict=True)))
        made.touch()
    return logs


def ingest(layout: Layout, logs: Path) -> None:
    """Ingest logs into the lake without building tables."""
    files = find_files([logs])
    ingests.ingest(
        layout,
        [ToRead(file.path, file.name) for file in files],
        [file.size for file in files],
        "benchmark",
        lambda _: None,
    )


def lake_of(case: Path, logs: Path, events: int) -> Layout:
    """Return a case with so many events in its lake, created once."""
    layout = layouts.create(case)
    if manifests.read(layout.manifest).commit is None:
        ingest(layout, logs_of(logs, events))
    return layout


def a_deep_key(case: Path) -> str:
    """Return a key many hops away from its origin."""
    with Case.open(case) as opened:
        (row,) = opened.sql_rows(
            """
            select access_key_id from credentials join actors using (credential_id)
            where access_key_id like 'ASIA%' and actor_kind <> 'unknown'
            order by hops desc, access_key_id limit 1
            """
        ).rows
    return str(row[0])


def _write_world(logs: Path, seed: int, files: int, events_a_file: int) -> None:
    """Write the records of one organization in order of time, some thousands per file."""
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
    rng = Random(seed)
    for event in simulate(seed, round(_WORLD_EVENTS / _REPEATS * 2)).events:
        yield event.record
        if event.record["eventSource"] not in _NOT_REPEATED and "sharedEventID" not in event.record:
            yield from (_again(event.record, rng) for _ in range(_REPEATS))


def _again(record: Json, rng: Random) -> Json:
    """Return another call by the same caller, with another target in half of the cases."""
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
