"""LookupEvents: fetches the 90 days of management events that AWS keeps for an account without a trail.

AWS allows two calls per second, account and region, and returns 50 events per call, newest first. Several pages are
saved in a file, whose name is the time span that it covers completely. Only spans that no file covers are fetched. The
last minutes are fetched again the next time, because events arrive late.
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
from forensics.files.regular_files import write_private
from forensics.sources.aws import Aws, Client, convert_aws_errors, error_reason

KEPT = timedelta(days=90)
_CALLS_A_SECOND = 2
_PAGE = 50
_PAGES_A_FILE = 40
# by AWS's documentation, events arrive within this time
_SETTLED = timedelta(minutes=15)
_SECOND = timedelta(seconds=1)
_EMPTY = '{"Events": []}'
_STAMP = "%Y%m%dT%H%M%SZ"
# number of pages from which the number of events in a span is estimated
_SAMPLES = 4


@dataclass(frozen=True, slots=True)
class LookupSpan:
    """A time span in whole seconds of UTC, with an exclusive end."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Region:
    """A region with the spans that are not saved yet, newest first, and the folder to save them in."""

    name: str
    client: Client
    folder: Path
    gaps: tuple[LookupSpan, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The calls to make in an account. `span`: the requested time, limited to the 90 days that AWS keeps."""

    account_id: str
    span: LookupSpan
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """An estimate from a sample of pages. `failures`: why a region cannot be queried, by region."""

    events: int
    calls: int
    seconds: int
    failures: dict[str, str]


@dataclass(frozen=True, slots=True)
class LookupFiles:
    """All files with events of the regions, also of earlier fetches. `failures`: why a region is incomplete."""

    files: tuple[Path, ...]
    failures: dict[str, str]


def plan(
    aws: Aws, folder: Path, regions: Iterable[str], since: datetime | None, until: datetime | None, now: datetime
) -> Plan:
    """Return the calls for spans that are not saved below `folder`. Raises AwsFailed, NothingFound.

    By default, `regions` are all enabled regions.
    """
    span = LookupSpan(_whole(max(since or now - KEPT, now - KEPT)), _whole(min(until or now, now)))
    if span.start >= span.end:
        raise NothingFound(
            "LookupEvents has only the last 90 days of events; load earlier logs from S3: s3://BUCKET/PREFIX"
        )
    with convert_aws_errors("cannot use LookupEvents"):
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
    """Return the spans that the files in a folder cover."""
    return [span for path in folder.glob("*.json") if (span := _span_of(path.name))]


def gaps(wanted: LookupSpan, covered: Iterable[LookupSpan]) -> Iterator[LookupSpan]:
    """Yield the parts of a span that no other span covers, newest first."""
    end = wanted.end
    overlapping = (span for span in covered if span.start < span.end and span.end > wanted.start)
    for span in sorted(overlapping, key=lambda one: one.end, reverse=True):
        if span.end < end:
            yield LookupSpan(span.end, end)
        end = min(end, span.start)
    if end > wanted.start:
        yield LookupSpan(wanted.start, end)


def expected(plan: Plan) -> Expected:
    """Return an estimate by a few calls in each region. Raises AwsFailed if all regions fail."""
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
    """Return the estimated number of events in a gap, from pages at several times and the time that each covers."""
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


def fetch(plan: Plan, now: datetime, called: Callable[[], None]) -> LookupFiles:
    """Fetch and save the missing spans; `called` is called after each call. Raises AwsFailed, OSError."""

    def fetch_region(region: Region, pace: _Pace) -> None:
        region.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for gap in region.gaps:
            _Gap(region, gap, min(gap.end, _whole(now - _SETTLED))).fetch(pace, called)

    failures = _in_every_region(plan, fetch_region)
    files = (path for region in plan.regions for path in sorted(region.folder.glob("*.json")))
    return LookupFiles(tuple(path for path in files if path.stat().st_size > len(_EMPTY)), failures)


class _LookupStopped(Exception):
    """Another region failed, or the user interrupted the fetch."""


class _Pace:
    """Limits the rate of calls to that of AWS. Raises _LookupStopped once `stop` is set."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._next = 0.0

    def wait(self) -> None:
        if self._stop.wait(max(self._next - time.monotonic(), 0)):
            raise _LookupStopped
        self._next = time.monotonic() + 1 / _CALLS_A_SECOND


class _Gap:
    """Fetches the events of one gap, newest first. All events since `_reached` are saved."""

    def __init__(self, region: Region, gap: LookupSpan, settled: datetime) -> None:
        self._region, self._gap = region, gap
        self._settled = max(settled, gap.start)
        self._reached = gap.end
        self._events: list[Any] = []

    def fetch(self, pace: _Pace, called: Callable[[], None]) -> None:
        for number, page in enumerate(self._pages(pace), 1):
            self._events += page
            called()
            if number % _PAGES_A_FILE == 0 and self._events:
                # the next page may have more events of the oldest second
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
                raise AwsFailed(
                    f"LookupEvents in {self._region.name} returns the same page repeatedly; run the command again later"
                )
            token = following

    def _save(self, down_to: datetime) -> None:
        """Save the fetched events, if they go further back than the saved ones."""
        start = max(down_to, self._gap.start)
        if start >= self._reached:
            return
        end = max(min(self._reached, self._settled), start)
        path = self._region.folder / f"{start:{_STAMP}}--{end:{_STAMP}}.json"
        write_private(path, json.dumps({"Events": self._events}, default=_as_text))
        self._events, self._reached = [], start


def _in_every_region(plan: Plan, do: Callable[[Region, _Pace], None]) -> dict[str, str]:
    """Call `do` for all regions in parallel, and return the reasons of failures. Raises AwsFailed if all fail."""
    from botocore.exceptions import BotoCoreError, ClientError

    failures: dict[str, str] = {}
    stop = threading.Event()

    def do_one(region: Region) -> None:
        try:
            do(region, _Pace(stop))
        except (BotoCoreError, ClientError) as error:
            failures[region.name] = error_reason(error)

    with ThreadPoolExecutor(max(len(plan.regions), 1), "region") as pool:
        try:
            for future in [pool.submit(do_one, region) for region in plan.regions]:
                future.result()
        finally:
            stop.set()
    if plan.regions and len(failures) == len(plan.regions):
        raise AwsFailed(f"cannot use LookupEvents: {next(iter(failures.values()))}")
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
