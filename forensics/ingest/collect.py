"""Collect: logs into a case, from wherever they lie.

Files are read in place, and count all at once. Objects of S3 come through the case's spool in rounds. A round is
committed as an ingest of its own and only then leaves the spool, so nothing is fetched twice: what was committed is
known by URL and ETag, the rest lies in the spool. That bounds the disk by two rounds, and a case that stopped half-way
answers from what it has. What LookupEvents answers is saved as files of the case, which are read like any.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from msgspec.structs import replace

from forensics.answers.ingest_answer import Estimate, LookupEstimate
from forensics.errors import AwsFailed, Declined, IngestFailed
from forensics.ingest import run
from forensics.ingest.filter import LONGEST_LIFE, is_whole
from forensics.ingest.progress import Progress, counting
from forensics.ingest.run import Ingested
from forensics.ingest.worker import ToRead
from forensics.lake import manifest as manifests
from forensics.lake.layout import Layout, only_fetch
from forensics.lake.manifest import Filter, Manifest, SourceFile
from forensics.sources import lookup_events as lookups
from forensics.sources.aws import Aws
from forensics.sources.download import DOWNLOADS, Fetched, fetch_rounds, metadata_path
from forensics.sources.paths import as_text, find_files
from forensics.sources.s3 import Found, S3Object, WantedObjects, find_objects
from forensics.sources.s3_url import S3Url, is_s3_url, parse_url


@dataclass(frozen=True, slots=True)
class Fetching:
    """How to fetch. `estimated` is told what will be fetched before anything is; it may raise to end it there."""

    aws: Aws
    request_payer: bool
    as_of: datetime | None
    """As of when exports hold that do not say so themselves."""
    version: str
    progress: Progress
    listing: Callable[[int], None]
    """Called while S3 is listed, before anything is fetched, with how many objects were seen so far."""
    asking: Callable[[int, int], None]
    """Called after each call of LookupEvents with how many were made, and about how many there will be."""
    estimated: Callable[[Estimate | LookupEstimate], None]


@dataclass(frozen=True, slots=True)
class Collected:
    """What was added, round by round. `known` objects are in the case already and were not fetched."""

    rounds: tuple[Ingested, ...]
    known: int

    @property
    def source_files(self) -> list[SourceFile]:
        return [file for done in self.rounds for file in done.source_files]


def collect(layout: Layout, sources: Sequence[str], filter: Filter, how: Fetching, *, lookup_events: bool) -> Collected:
    """Add files and folders, then trails in S3, then LookupEvents.

    Args:
        layout: the case folder.
        sources: paths, and URLs of S3.
        filter: which records to take.
        how: how to fetch.
        lookup_events: whether to ask LookupEvents, too.

    Raises:
        NoSuchSource, NotAnS3Url, NothingFound, AwsFailed, Declined, CaseBusy, IngestFailed.
    """
    urls = [parse_url(source) for source in sources if is_s3_url(source)]
    local = [Path(source) for source in sources if not is_s3_url(source)]
    collected = []
    if local:
        collected.append(from_files(layout, local, filter, how.version, how.as_of, how.progress))
    if urls:
        collected.append(from_s3(layout, urls, filter, how))
    if lookup_events:
        collected.append(from_lookup_events(layout, filter, how))
    rounds = tuple(done for each in collected for done in each.rounds)
    return Collected(rounds, sum(each.known for each in collected))


def confirm(go_on: Callable[[Estimate | LookupEstimate], bool]) -> Callable[[Estimate | LookupEstimate], None]:
    """Return a function that raises Declined unless `go_on` returns true for an estimate."""

    def ask(estimate: Estimate | LookupEstimate) -> None:
        if not go_on(estimate):
            raise Declined(estimate)

    return ask


def from_files(
    layout: Layout, paths: Iterable[Path], filter: Filter, version: str, as_of: datetime | None, progress: Progress
) -> Collected:
    """Add files and folders. Raises NoSuchSource, CaseBusy, IngestFailed."""
    found = find_files(paths)
    skipped = [
        SourceFile(as_text(file.name), as_text(file.path), "skipped", file.skipped) for file in found if file.skipped
    ]
    files = [file for file in found if not file.skipped]
    tell = counting(progress, {file.path: file.size for file in files}, len(found))
    for one in skipped:
        tell(one)
    done = run.ingest(
        layout,
        [ToRead(file.path, file.name, as_of=as_of) for file in files],
        [file.size for file in files],
        version,
        tell,
        filter=replace(filter, delivered_from=None, delivered_to=None),
        ended=skipped,
    )
    return Collected((done,), 0)


def from_s3(layout: Layout, urls: Iterable[S3Url], filter: Filter, how: Fetching) -> Collected:
    """Add the trails below `urls`. Raises AwsFailed, NothingFound, CaseBusy, IngestFailed."""
    payer = how.request_payer
    client = how.aws.client("s3", connections=DOWNLOADS)
    with only_fetch(layout):
        wanted = WantedObjects(
            frozenset(filter.accounts), frozenset(filter.regions), filter.delivered_from, filter.delivered_to
        )
        listed = list(dict.fromkeys(urls))
        seen = _adding_up(how.listing)
        found = [find_objects(client, url, wanted, seen, request_payer=payer) for url in listed]
        objects = list({one.url: one for each in found for one in each.objects}.values())
        known = {(file.path, file.etag) for file in _known(manifests.read(layout.manifest), filter)}
        new = [one for one in objects if (one.url, one.etag) not in known]
        how.estimated(_estimate(listed, found, objects, new))
        rounds: list[Ingested] = []
        tell = counting(how.progress, {one.url: one.size for one in new}, len(new))
        try:
            with closing(fetch_rounds(client, new, layout.spool, request_payer=payer)) as fetched:
                for round_ in fetched:
                    rounds.append(_ingest_round(layout, round_, filter, how, tell))
        except (AwsFailed, OSError, IngestFailed) as error:
            raise IngestFailed(_what_stands(error, sum(len(done.source_files) for done in rounds), len(new))) from None
        shutil.rmtree(layout.spool, ignore_errors=True)
        return Collected(tuple(rounds), len(objects) - len(new))


def from_lookup_events(layout: Layout, filter: Filter, how: Fetching) -> Collected:
    """Add what AWS keeps of an account without a trail. Raises AwsFailed, NothingFound, CaseBusy, IngestFailed."""
    now = datetime.now(UTC)
    since = filter.since - LONGEST_LIFE if filter.since else None
    with only_fetch(layout):
        plan = lookups.plan(how.aws, layout.sources, filter.regions, since, filter.until, now)
        expected = lookups.expected(plan)
        how.estimated(_lookup_estimate(plan, expected))
        call = _adding_up(lambda made: how.asking(made, max(made, expected.calls)))
        try:
            looked = lookups.fetch(plan, now, lambda: call(1))
        except (AwsFailed, OSError) as error:
            raise IngestFailed(f"{_reason(error)}; what came is saved, and the same command again goes on") from None
        known = {file.name for file in _known(manifests.read(layout.manifest), filter)}
        files = {path.relative_to(layout.root).as_posix(): path for path in looked.files}
        new = [name for name in files if name not in known]
        failed = [
            SourceFile(name, name, "failed", reason)
            for region, reason in looked.failures.items()
            for name in [f"LookupEvents/{plan.account_id}/{region}"]
        ]
        sizes = {str(files[name]): files[name].stat().st_size for name in new}
        done = run.ingest(
            layout,
            [ToRead(str(files[name]), name) for name in new],
            list(sizes.values()),
            how.version,
            counting(how.progress, sizes, len(new) + len(failed)),
            filter=filter,
            ended=failed,
        )
        return Collected((done,), len(files) - len(new))


def _lookup_estimate(plan: lookups.Plan, expected: lookups.Expected) -> LookupEstimate:
    return LookupEstimate(
        account_id=plan.account_id,
        regions=tuple(region.name for region in plan.regions if region.gaps),
        from_=plan.span.start,
        to=plan.span.end,
        events=expected.events,
        calls=expected.calls,
        seconds=expected.seconds,
        failures=expected.failures,
    )


def _adding_up(tell: Callable[[int], None]) -> Callable[[int], None]:
    """What tells the sum of all that it was told, by whichever thread."""
    sum_ = 0
    one_at_a_time = Lock()

    def add(number: int) -> None:
        nonlocal sum_
        with one_at_a_time:
            sum_ += number
            tell(sum_)

    return add


def _known(manifest: Manifest, filter: Filter) -> list[SourceFile]:
    """What need not be fetched again: all that `filter` takes of it is in the case, or it has nothing to take."""
    whole = set(run.known(manifest, filter))
    return [
        file
        for file in manifest.source_files
        if file.sha256 in whole
        or file.status == "skipped"
        or (file.status == "duplicate" and is_whole(manifest, file.sha256, filter))
    ]


def _ingest_round(
    layout: Layout, round_: Sequence[Fetched], filter: Filter, how: Fetching, tell: Callable[[SourceFile], None]
) -> Ingested:
    fetched = [one for one in round_ if one.failure is None]
    failed = [_failed(one.object, one.failure) for one in round_ if one.failure is not None]
    for file in failed:
        tell(file)
    done = run.ingest(
        layout,
        [
            ToRead(str(one.path), one.object.url, one.object.url, one.object.etag, one.metadata, how.as_of)
            for one in fetched
        ],
        [one.object.size for one in fetched],
        how.version,
        tell,
        filter=filter,
        ended=failed,
    )
    for one in fetched:
        one.path.unlink(missing_ok=True)
        metadata_path(one.path).unlink(missing_ok=True)
    return done


def _failed(one: S3Object, reason: str) -> SourceFile:
    return SourceFile(one.url, one.url, "failed", reason, etag=one.etag)


def _what_stands(error: Exception, done: int, wanted: int) -> str:
    if done == 0:
        return _reason(error)
    return (
        f"{_reason(error)}; {done:,} of {wanted:,} objects are in the case, and the same command again reads the rest"
    )


def _reason(error: Exception) -> str:
    return f"{error.strerror} ({error.filename})" if isinstance(error, OSError) and error.strerror else str(error)


def _estimate(
    urls: Sequence[S3Url], found: Sequence[Found], objects: Sequence[S3Object], new: Sequence[S3Object]
) -> Estimate:
    days = [one.day for one in new if one.day]
    return Estimate(
        sources=tuple(str(url) for url in urls),
        objects=len(new),
        bytes=sum(one.size for one in new),
        known=len(objects) - len(new),
        archived=sum(one.archived for one in new),
        accounts=tuple(sorted({one.account_id for one in new if one.account_id})),
        regions=tuple(sorted({one.aws_region for one in new if one.aws_region})),
        from_=min(days, default=None),
        to=max(days, default=None),
        passed_over=tuple(
            f"s3://{url.bucket}/{name}" for url, each in zip(urls, found, strict=True) for name in each.passed_over
        ),
    )
