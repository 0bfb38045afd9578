"""Worlds: logs and cases of simulated organizations, no two alike, for the benchmarks.

In a simulated organization, each credential makes few calls; in the Invictus logs, there is one credential per twenty
events. So in the steady world most calls are repeated as other calls of the same caller. In the busy world few are, and
services make most of these on behalf of the caller, each with another `userIdentity`.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
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
_SERVICES = (
    "athena autoscaling backup batch cloudformation cloudtrail codebuild config databrew dax dms ec2 ecs eks"
    " elasticache elasticbeanstalk elasticloadbalancing emr events firehose fsx glue guardduty inspector kafka kinesis"
    " lakeformation lambda logs macie opensearch quicksight rds redshift sagemaker sns sqs ssm states transfer"
).split()
_NOT_REPEATED = ("sts.amazonaws.com", "signin.amazonaws.com", "iam.amazonaws.com")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """An organization's simulated events, how often each is repeated, and the share of the repetitions by services."""

    name: str
    simulated_events: int
    repeats: int
    by_services: float


STEADY = Kind("steady", simulated_events=6_667, repeats=6, by_services=0)
"""5 % of the events issue a credential, and 6 % of the identities are distinct."""
BUSY = Kind("busy", simulated_events=13_000, repeats=1, by_services=0.85)
"""12 % of the events issue a credential, and half of the identities are distinct."""


def logs_of(folder: Path, events: int, events_a_file: int = EVENTS_A_FILE, kind: Kind = STEADY) -> Path:
    """Return the logs with so many events, created once."""
    name = f"{kind.name}-{events}-by-{events_a_file}"
    logs, made = folder / name, folder / f"{name}.made"
    if not made.exists():
        shutil.rmtree(logs, ignore_errors=True)
        logs.mkdir(parents=True)
        files = events // events_a_file
        files_a_world = _WORLD_EVENTS // events_a_file
        worlds = [
            (logs, kind, seed, min(files_a_world, files - first), events_a_file)
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


def _write_world(logs: Path, kind: Kind, seed: int, files: int, events_a_file: int) -> None:
    """Write the records of one organization in order of time, some thousands per file."""
    records = sorted(_records(kind, seed), key=lambda record: record["eventTime"])
    for number in range(files):
        some = records[number * events_a_file :][:events_a_file]
        account, region, end = some[0]["recipientAccountId"], some[0]["awsRegion"], some[-1]["eventTime"]
        stamp = end.translate({ord("-"): None, ord(":"): None})
        name = f"{account}_CloudTrail_{region}_{stamp}_{seed:04d}{number:012d}.json.gz"
        path = logs / "AWSLogs" / account / "CloudTrail" / region / end[:10].replace("-", "/") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"Records": some}, separators=(",", ":"), ensure_ascii=False)
        path.write_bytes(gzip.compress(text.encode(), compresslevel=6, mtime=0))


def _records(kind: Kind, seed: int) -> Iterator[Json]:
    rng = Random(seed)
    for event in simulate(seed, kind.simulated_events).events:
        yield event.record
        if event.record["eventSource"] not in _NOT_REPEATED and "sharedEventID" not in event.record:
            yield from (_again(event.record, rng, kind.by_services) for _ in range(kind.repeats))


def _again(record: Json, rng: Random, by_services: float) -> Json:
    """Return another call by the same caller, with another target in half of the cases."""
    again = record | {"eventID": str(UUID(int=rng.getrandbits(128)))}
    time = datetime.fromisoformat(record["eventTime"]) + timedelta(seconds=rng.randrange(600))
    again["eventTime"] = f"{time:%Y-%m-%dT%H:%M:%SZ}"
    if "requestID" in record:
        again["requestID"] = str(UUID(int=rng.getrandbits(128)))
    if rng.random() < by_services:
        again["userIdentity"] = record["userIdentity"] | {"invokedBy": f"{rng.choice(_SERVICES)}.amazonaws.com"}
    request = record["requestParameters"]
    if request and rng.random() < 0.5:
        name, value = next(iter(request.items()))
        again["requestParameters"] = request | ({name: f"{value}-{rng.randrange(1000)}"} if type(value) is str else {})
    return again
