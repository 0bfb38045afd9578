"""Delivery: writes events to the files that CloudTrail would deliver to a bucket.

A file has events of one account and region. Some events are delivered hours late, some twice, and some regions have a
second trail to the same bucket, which delivers all events again in other files
(docs/attribution.md#delivery-and-coverage). No event is lost.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from .cloud import Event
from .ids import Ids
from .principals import Json

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LogFile:
    key: str
    records: tuple[Json, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Trail:
    """A trail of a bucket. `organization`: ID in the path of an organization trail; `batch`: time span of a file."""

    organization: str | None = None
    batch: timedelta = timedelta(minutes=5)
    late: float = 0.01
    twice: float = 0.01
    second_trails: float = 0.15


def deliver(events: Sequence[Event], rng: Random, trail: Trail) -> tuple[LogFile, ...]:
    ids = Ids(rng)
    batches: dict[tuple[str, str, datetime], list[Json]] = {}
    places = sorted({(event.account_id, event.region) for event in events})
    doubled = {place for place in places if rng.random() < trail.second_trails}
    if trail.second_trails and not doubled:
        doubled = {rng.choice(places)}
    files: list[LogFile] = []
    for event in events:
        arrival = event.time + timedelta(seconds=rng.randint(90, 400))
        if rng.random() < trail.late:
            arrival += timedelta(hours=rng.randint(2, 9))
        _add(batches, event, _round(arrival, trail.batch))
        if rng.random() < trail.twice:
            _add(batches, event, _round(arrival + trail.batch, trail.batch))
    files += _write_out(batches, rng, ids, trail)
    again: dict[tuple[str, str, datetime], list[Json]] = {}
    for event in events:
        if (event.account_id, event.region) in doubled:
            _add(again, event, _round(event.time + timedelta(seconds=rng.randint(90, 400)), trail.batch))
    files += _write_out(again, rng, ids, trail)
    return tuple(sorted(files, key=lambda file: file.key))


def write(files: Iterable[LogFile], folder: Path, compresslevel: int = 9) -> None:
    for file in files:
        path = folder / file.key
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"Records": file.records}, separators=(",", ":"), ensure_ascii=False)
        path.write_bytes(gzip.compress(text.encode(), compresslevel, mtime=0))


def shuffled(files: Sequence[LogFile], seed: int) -> tuple[LogFile, ...]:
    """Return the same events in other files and another order, some twice, none lost."""
    rng = Random(seed)
    ids = Ids(rng)
    heads: dict[str, list[str]] = {}
    groups: dict[str, list[Json]] = {}
    for file in files:
        head = file.key.rsplit("_", 1)[0]
        place = head.rsplit("/", 4)[0]
        heads.setdefault(place, []).append(head)
        groups.setdefault(place, []).extend(file.records)
    result: list[LogFile] = []
    for place, records in sorted(groups.items()):
        mixed = records + [record for record in records if rng.random() < 0.03]
        rng.shuffle(mixed)
        start = 0
        while start < len(mixed):
            end = start + rng.randint(1, 60)
            part = tuple(mixed[start:end])
            start = end
            for _ in range(2 if rng.random() < 0.05 else 1):
                result.append(LogFile(f"{rng.choice(heads[place])}_{ids.file_suffix()}.json.gz", part))
    rng.shuffle(result)
    return tuple(result)


def without(files: Sequence[LogFile], fraction: float, seed: int) -> tuple[LogFile, ...]:
    lost = set(Random(seed).sample(range(len(files)), round(len(files) * fraction)))
    return tuple(file for number, file in enumerate(files) if number not in lost)


def _add(batches: dict[tuple[str, str, datetime], list[Json]], event: Event, end: datetime) -> None:
    batches.setdefault((event.account_id, event.region, end), []).append(event.record)


def _round(time: datetime, batch: timedelta) -> datetime:
    return EPOCH + -((EPOCH - time) // batch) * batch


def _write_out(
    batches: dict[tuple[str, str, datetime], list[Json]], rng: Random, ids: Ids, trail: Trail
) -> list[LogFile]:
    head = f"AWSLogs/{trail.organization}" if trail.organization else "AWSLogs"
    files = []
    for (account, region, end), records in sorted(batches.items()):
        rng.shuffle(records)
        stamp = end.strftime("%Y%m%dT%H%MZ")
        name = f"{account}_CloudTrail_{region}_{stamp}_{ids.file_suffix()}.json.gz"
        files.append(LogFile(f"{head}/{account}/CloudTrail/{region}/{end:%Y/%m/%d}/{name}", tuple(records)))
    return files
