"""Collect: adds logs to a case from files, S3 and LookupEvents.

Files are read in place and committed together. S3 objects are fetched into the spool of the case in rounds, and each
round is committed as its own ingest before it leaves the spool. So no object is fetched twice (committed ones are known
by URL and ETag, others are still in the spool), the spool never holds more than two rounds, and an interrupted case can
be queried. Answers of LookupEvents are saved as files in the case and then read like other files.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from msgspec.structs import replace

from forensics.answers.ingest_answer import Estimate, LookupEstimate
from forensics.errors import AwsFailed, Declined, IngestFailed, NoSuchSource
from forensics.files.path_text import as_text
from forensics.files.regular_files import create_private
from forensics.files.temporary_folder import TemporaryFolder
from forensics.ingest import run
from forensics.ingest.faults import ending_reason
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
from forensics.sources.paths import find_files
from forensics.sources.s3 import Found, ObjectFilter, S3Object, find_objects
from forensics.sources.s3_url import S3Url, is_s3_url, parse_url

STANDARD_INPUT = "-"
# with the start of its SHA-256, so that `info` counts each input
_STANDARD_INPUT = "standard input"
_HASH_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Fetching:
    """The settings and callbacks of a fetch."""

    aws: Aws
    request_payer: bool
    as_of: datetime | None
    """Effective time for exports that carry none."""
    version: str
    progress: Progress
    listing: Callable[[int], None]
    """Called while S3 is listed, with the number of objects found so far."""
    looking_up: Callable[[int, int], None]
    """Called after each call of LookupEvents with the calls made and the estimated total."""
    confirm: Callable[[Estimate | LookupEstimate], None]
    """Called with the estimate before anything is fetched. Raises Declined to cancel."""


@dataclass(frozen=True, slots=True)
class Collected:
    """The ingests of all rounds. `known`: the number of objects already in the case, which were not fetched."""

    rounds: tuple[Ingested, ...]
    known: int

    @property
    def source_files(self) -> list[SourceFile]:
        """Return the entries of the files of all rounds."""
        return [file for done in self.rounds for file in done.source_files]


def collect(
    layout: Layout, sources: Sequence[str], filter: Filter, fetching: Fetching, *, lookup_events: bool
) -> Collected:
    """Add files and folders, then standard input, trails in S3, and LookupEvents.

    Args:
        layout: the case folder.
        sources: paths, S3 URLs, and `-` for standard input.
        filter: which records to add.
        fetching: how to fetch them.
        lookup_events: whether to fetch from LookupEvents.

    Raises:
        NoSuchSource, NotAnS3Url, NothingFound, AwsFailed, Declined, CaseBusy, IngestFailed.
    """
    urls = [parse_url(source) for source in sources if is_s3_url(source)]
    local = [Path(source) for source in sources if not is_s3_url(source) and source != STANDARD_INPUT]
    collected = []
    if local:
        collected.append(from_files(layout, local, filter, fetching.version, fetching.as_of, fetching.progress))
    if STANDARD_INPUT in sources:
        collected.append(from_standard_input(layout, filter, fetching))
    if urls:
        collected.append(from_s3(layout, urls, filter, fetching))
    if lookup_events:
        collected.append(from_lookup_events(layout, filter, fetching))
    rounds = tuple(done for each in collected for done in each.rounds)
    return Collected(rounds, sum(each.known for each in collected))


def confirm(go_on: Callable[[Estimate | LookupEstimate], bool]) -> Callable[[Estimate | LookupEstimate], None]:
    """Return a function that raises Declined unless `go_on` returns true for an estimate."""

    def check(estimate: Estimate | LookupEstimate) -> None:
        if not go_on(estimate):
            raise Declined(estimate)

    return check


def from_files(
    layout: Layout, paths: Iterable[Path], filter: Filter, version: str, as_of: datetime | None, progress: Progress
) -> Collected:
    """Add files and folders. Raises NoSuchSource, CaseBusy, IngestFailed."""
    found = find_files(paths)
    skipped = [SourceFile(file.name, file.path, "skipped", file.skipped) for file in found if file.skipped]
    files = [file for file in found if not file.skipped]
    report = counting(progress, {file.path: file.size for file in files}, len(found))
    for entry in skipped:
        report(entry)
    done = run.ingest(
        layout,
        [ToRead(file.path, file.name, as_of=as_of) for file in files],
        [file.size for file in files],
        version,
        report,
        filter=replace(filter, delivered_from=None, delivered_to=None),
        ended=skipped,
    )
    return Collected((done,), 0)


def from_standard_input(layout: Layout, filter: Filter, fetching: Fetching) -> Collected:
    """Add what standard input delivers. Raises NoSuchSource, CaseBusy, IngestFailed."""
    if sys.stdin.isatty():
        raise NoSuchSource("standard input is a terminal; send a file to it: zcat log.json.gz | forensics ingest -")
    with TemporaryFolder() as folder:
        copy = Path(folder, "copy")
        try:
            with os.fdopen(create_private(copy), "wb") as file:
                shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
            with copy.open("rb") as file:
                name = f"{_STANDARD_INPUT} {hashlib.file_digest(file, 'sha256').hexdigest()[:_HASH_DIGITS]}"
        except OSError as error:
            raise IngestFailed(f"nothing was added to {layout.root}: {ending_reason(error)}") from None
        size = copy.stat().st_size
        done = run.ingest(
            layout,
            [ToRead(as_text(copy), name, name, as_of=fetching.as_of)],
            [size],
            fetching.version,
            counting(fetching.progress, {name: size}, 1),
            filter=replace(filter, delivered_from=None, delivered_to=None),
        )
    return Collected((done,), 0)


def from_s3(layout: Layout, urls: Iterable[S3Url], filter: Filter, fetching: Fetching) -> Collected:
    """Add the trails below `urls`. Raises AwsFailed, NothingFound, CaseBusy, IngestFailed."""
    payer = fetching.request_payer
    client = fetching.aws.client("s3", connections=DOWNLOADS)
    with only_fetch(layout):
        wanted = ObjectFilter(
            frozenset(filter.accounts), frozenset(filter.regions), filter.delivered_from, filter.delivered_to
        )
        listed = list(dict.fromkeys(urls))
        count = _running_total(fetching.listing)
        found = [find_objects(client, url, wanted, count, request_payer=payer) for url in listed]
        objects = list({one.url: one for each in found for one in each.objects}.values())
        known = {(file.path, file.etag) for file in _known(manifests.read(layout.manifest), filter)}
        new = [one for one in objects if (one.url, one.etag) not in known]
        fetching.confirm(_estimate(listed, found, objects, new))
        rounds: list[Ingested] = []
        report = counting(fetching.progress, {one.url: one.size for one in new}, len(new))
        try:
            with closing(fetch_rounds(client, new, layout.spool, request_payer=payer)) as fetched:
                for round_ in fetched:
                    rounds.append(_ingest_round(layout, round_, filter, fetching, report))
        except (AwsFailed, OSError, IngestFailed) as error:
            done = sum(len(ingested.source_files) for ingested in rounds)
            raise IngestFailed(_interrupted(error, done, len(new))) from None
        shutil.rmtree(layout.spool, ignore_errors=True)
        return Collected(tuple(rounds), len(objects) - len(new))


def from_lookup_events(layout: Layout, filter: Filter, fetching: Fetching) -> Collected:
    """Add the events that LookupEvents returns. Raises AwsFailed, NothingFound, CaseBusy, IngestFailed."""
    now = datetime.now(UTC)
    since = filter.since - LONGEST_LIFE if filter.since else None
    with only_fetch(layout):
        plan = lookups.plan(fetching.aws, layout.sources, filter.regions, since, filter.until, now)
        expected = lookups.expected(plan)
        fetching.confirm(_lookup_estimate(plan, expected))
        count = _running_total(lambda made: fetching.looking_up(made, max(made, expected.calls)))
        try:
            fetched = lookups.fetch(plan, now, lambda: count(1))
        except (AwsFailed, OSError) as error:
            raise IngestFailed(
                f"{ending_reason(error)}; fetched events are saved. Run the same command again to continue"
            ) from None
        known = {file.name for file in _known(manifests.read(layout.manifest), filter)}
        files = {path.relative_to(layout.root).as_posix(): path for path in fetched.files}
        new = [name for name in files if name not in known]
        failed = [
            SourceFile(name, name, "failed", reason)
            for region, reason in fetched.failures.items()
            for name in [f"LookupEvents/{plan.account_id}/{region}"]
        ]
        sizes = {as_text(files[name]): files[name].stat().st_size for name in new}
        done = run.ingest(
            layout,
            [ToRead(as_text(files[name]), name) for name in new],
            list(sizes.values()),
            fetching.version,
            counting(fetching.progress, sizes, len(new) + len(failed)),
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


def _running_total(report: Callable[[int], None]) -> Callable[[int], None]:
    """Return a thread-safe function that adds numbers and reports their sum."""
    total = 0
    lock = Lock()

    def add(number: int) -> None:
        nonlocal total
        with lock:
            total += number
            report(total)

    return add


def _known(manifest: Manifest, filter: Filter) -> list[SourceFile]:
    """Return the source files that need not be fetched again, because the case has all that `filter` accepts."""
    whole = set(run.known(manifest, filter))
    return [
        file
        for file in manifest.source_files
        if file.sha256 in whole
        or file.status == "skipped"
        or (file.status == "duplicate" and is_whole(manifest, file.sha256, filter))
    ]


def _ingest_round(
    layout: Layout, round_: Sequence[Fetched], filter: Filter, fetching: Fetching, report: Callable[[SourceFile], None]
) -> Ingested:
    fetched = [one for one in round_ if one.failure is None]
    failed = [_failed(one.object, one.failure) for one in round_ if one.failure is not None]
    for file in failed:
        report(file)
    done = run.ingest(
        layout,
        [
            ToRead(as_text(one.path), one.object.url, one.object.url, one.object.etag, one.metadata, fetching.as_of)
            for one in fetched
        ],
        [one.object.size for one in fetched],
        fetching.version,
        report,
        filter=filter,
        ended=failed,
    )
    for one in fetched:
        one.path.unlink(missing_ok=True)
        metadata_path(one.path).unlink(missing_ok=True)
    return done


def _failed(one: S3Object, reason: str) -> SourceFile:
    return SourceFile(one.url, one.url, "failed", reason, etag=one.etag)


def _interrupted(error: Exception, done: int, wanted: int) -> str:
    if done == 0:
        return ending_reason(error)
    return (
        f"{ending_reason(error)}; {done:,} of {wanted:,} objects are in the case."
        " Run the same command again to add the rest"
    )


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
