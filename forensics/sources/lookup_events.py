"""LookupEvents: the 90 days of management events that AWS keeps for an account that has no trail.

AWS answers two calls a second for each account and region, 50 events a call, newest first. Answers are saved as they
come, some pages a file, and a file's name says which time it holds all of: so the files are the journal, and what they
do not cover is asked for. The newest minutes are asked for again next time, since events arrive late.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from forensics.errors import AwsFailed, NothingFound
from forensics.regular_files import write_private
from forensics.sources.aws import Aws, Client, aws_errors_told, why

KEPT = timedelta(days=90)
_CALLS_A_SECOND = 2
_PAGE = 50
_PAGES_A_FILE = 40
# by then events have arrived, as far as AWS says
_SETTLED = timedelta(minutes=15)
_SECOND = timedelta(seconds=1)
_NONE = '{"Events": []}'
_STAMP = "%Y%m%dT%H%M%SZ"
# where in a span the number of events is sampled
_SAMPLES = 4


@dataclass(frozen=True, slots=True)
class LookupSpan:
    """A time, its end not included, in whole seconds of UTC."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Region:
    """What of one region is not saved yet, newest first, and where to save it."""

    name: str
    client: Client
    folder: Path
    gaps: tuple[LookupSpan, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to ask of an account. `span` is what was wanted, as far back as AWS keeps events."""

    account_id: str
    span: LookupSpan
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """About how much there is to ask for: a sample, not a count. `failures`: why a region cannot be asked."""

    events: int
    calls: int
    seconds: int
    failures: dict[str, str]


@dataclass(frozen=True, slots=True)
class Looked:
    """The files with events of all wanted regions, also earlier ones; why a region could not be read to its end."""

    files: tuple[Path, ...]
    failures: dict[str, str]


def plan(
    aws: Aws, folder: Path, regions: Iterable[str], since: datetime | None, until: datetime | None, now: datetime
) -> Plan:
    """What is not saved below `folder` yet; no region is every enabled one. Raises AwsFailed, NothingFound."""
    span = LookupSpan(_whole(max(since or now - KEPT, now - KEPT)), _whole(min(until or now, now)))
    if span.start >= span.end:
        raise NothingFound(
            "AWS keeps 90 days of events for LookupEvents, and the time that was asked for is not in them"
        )
    with aws_errors_told("LookupEvents cannot be used"):
        account_id = str(aws.client("sts").get_caller_identity()["Account"])
        names = sorted(regions) or _enabled_regions(aws)
        below = folder / "lookup-events" / account_id
        return Plan(account_id, span, tuple(_region(aws, name, below / name, span) for name in names))


def _enabled_regions(aws: Aws) -> list[str]:
    answer = aws.client("ec2").describe_regions(AllRegions=False)
    return sorted(str(region["RegionName"]) for region in answer["Regions"])


def _region(aws: Aws, name: str, folder: Path, span: LookupSpan) -> Region:
    return Region(name, aws.client("cloudtrail", name), folder, tuple(gaps(span, saved(folder))))


def saved(folder: Path) -> list[LookupSpan]:
    """The spans that the files in a folder hold all events of."""
    return [span for path in folder.glob("*.json") if (span := _span_of(path.name))]


def gaps(wanted: LookupSpan, covered: Iterable[LookupSpan]) -> Iterator[LookupSpan]:
    """What of a span no other covers, newest first."""
    end = wanted.end
    reaching = (span for span in covered if span.start < span.end and span.end > wanted.start)
    for span in sorted(reaching, key=lambda one: one.end, reverse=True):
        if span.end < end:
            yield LookupSpan(span.end, end)
        end = min(end, span.start)
    if end > wanted.start:
        yield LookupSpan(wanted.start, end)


def expected(plan: Plan) -> Expected:
    """About how much there is, told from a few calls a region. Raises AwsFailed where no region answers."""
    events: dict[str, float] = {}

    def sample(region: Region, pace: _Pace) -> None:
        events[region.name] = sum(_sampled(region.client, gap, pace) for gap in region.gaps)

    failures = _in_every_region(plan, sample)
    calls = {name: max(number / _PAGE, 1) for name, number in events.items()}
    return Expected(
        round(sum(events.values())),
        round(sum(calls.values())),
        round(max(calls.values(), default=0) / _CALLS_A_SECOND),
        failures,
    )


def _sampled(client: Client, gap: LookupSpan, pace: _Pace) -> float:
    """About how many events lie in a gap: pages at several places of it, and how long a time each covers."""
    rates: list[float] = []
    for index in range(_SAMPLES):
        end = gap.end - (gap.end - gap.start) * index / _SAMPLES
        pace.wait()
        answer = client.lookup_events(StartTime=gap.start, EndTime=end, MaxResults=_PAGE)
        found = answer.get("Events", [])
        if not answer.get("NextToken"):
            rates.append(len(found) / max((end - gap.start).total_seconds(), 1))
            if index == 0:
                return float(len(found))
            continue
        oldest = min(_time(event) for event in found)
        rates.append(len(found) / max((end - oldest).total_seconds(), 1))
    return sum(rates) / len(rates) * gap.seconds


def fetch(plan: Plan, now: datetime, asked: Callable[[], None]) -> Looked:
    """Ask for what is missing and save it; `asked` is called after each call. Raises AwsFailed, OSError."""

    def look(region: Region, pace: _Pace) -> None:
        region.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for gap in region.gaps:
            _Gap(region, gap, min(gap.end, _whole(now - _SETTLED))).fetch(pace, asked)

    failures = _in_every_region(plan, look)
    files = (path for region in plan.regions for path in sorted(region.folder.glob("*.json")))
    return Looked(tuple(path for path in files if path.stat().st_size > len(_NONE)), failures)


class _LookupStopped(Exception):
    """Another region's failure, or the user, ended it."""


class _Pace:
    """No more calls a second than AWS answers, and none once `stop` is set."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._next = 0.0

    def wait(self) -> None:
        if self._stop.wait(max(self._next - time.monotonic(), 0)):
            raise _LookupStopped
        self._next = time.monotonic() + 1 / _CALLS_A_SECOND


class _Gap:
    """The events of one gap, on their way into files. `reached`: down to when they are all saved."""

    def __init__(self, region: Region, gap: LookupSpan, settled: datetime) -> None:
        self._region, self._gap = region, gap
        self._settled = max(settled, gap.start)
        self._reached = gap.end
        self._events: list[Any] = []

    def fetch(self, pace: _Pace, asked: Callable[[], None]) -> None:
        for number, page in enumerate(self._pages(pace), 1):
            self._events += page
            asked()
            if number % _PAGES_A_FILE == 0 and self._events:
                # others of the oldest second may be on the next page
                self._save(min(_time(event) for event in self._events) + _SECOND)
        self._save(self._gap.start)

    def _pages(self, pace: _Pace) -> Iterator[list[Any]]:
        token: str | None = None
        while True:
            pace.wait()
            further = {"NextToken": token} if token else {}
            answer = self._region.client.lookup_events(
                StartTime=self._gap.start, EndTime=self._gap.end, MaxResults=_PAGE, **further
            )
            yield answer.get("Events", [])
            following = answer.get("NextToken")
            if not following:
                return
            if following == token:
                raise AwsFailed(f"LookupEvents in {self._region.name} gives the same page again and again")
            token = following

    def _save(self, down_to: datetime) -> None:
        """Save what came, if it reaches further down than what is saved."""
        start = max(down_to, self._gap.start)
        if start >= self._reached:
            return
        end = max(min(self._reached, self._settled), start)
        path = self._region.folder / f"{start:{_STAMP}}--{end:{_STAMP}}.json"
        write_private(path, json.dumps({"Events": self._events}, default=_as_text))
        self._events, self._reached = [], start


def _in_every_region(plan: Plan, do: Callable[[Region, _Pace], None]) -> dict[str, str]:
    """Do something in all regions at once. One that refuses is in the result with the reason; if all do, AwsFailed."""
    from botocore.exceptions import BotoCoreError, ClientError

    failures: dict[str, str] = {}
    stop = threading.Event()

    def do_one(region: Region) -> None:
        try:
            do(region, _Pace(stop))
        except (BotoCoreError, ClientError) as error:
            failures[region.name] = why(error)

    with ThreadPoolExecutor(max(len(plan.regions), 1), "region") as pool:
        try:
            for future in [pool.submit(do_one, region) for region in plan.regions]:
                future.result()
        finally:
            stop.set()
    if plan.regions and len(failures) == len(plan.regions):
        raise AwsFailed(f"LookupEvents cannot be used: {next(iter(failures.values()))}")
    return dict(sorted(failures.items()))


def _span_of(name: str) -> LookupSpan | None:
    start, _, end = name.removesuffix(".json").partition("--")
    try:
        return LookupSpan(_stamped(start), _stamped(end))
    except ValueError:
        return None


def _stamped(text: str) -> datetime:
    return datetime.strptime(text, _STAMP).replace(tzinfo=UTC)


def _time(event: Any) -> datetime:
    return _whole(event["EventTime"])


def _whole(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _as_text(value: object) -> str:
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(value, datetime) else str(value)
