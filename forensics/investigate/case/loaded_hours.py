"""Loaded hours: the coverage of each account and region, and the changes of the trails that record it.

The coverage of every account runs from the first to the last hour of the case, so gaps at its ends are visible.
Consecutive hours in the same state are one span, so a long case needs little memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from forensics.answers.coverage_answer import Coverage, CoverageSpan, TrailChange
from forensics.investigate.case.loaded_exports import exported_trails
from forensics.investigate.filters import Filters
from forensics.investigate.loaded_spans import VerifiedHoursRow, verified_hours
from forensics.investigate.sql_rows import Connection, Row, rows

_HOUR = timedelta(hours=1)


class _RunRow(Row, frozen=True):
    """Consecutive hours with events in the same state."""

    account_id: str | None
    aws_region: str | None
    first_hour: datetime
    end_hour: datetime
    events: int
    is_verified: bool


class _TrailChangeRow(Row, frozen=True):
    home_region: str | None
    change: TrailChange


@dataclass(frozen=True, slots=True)
class _Stop:
    """Hours in which a trail recorded nothing or less, or that a filter excluded."""

    start: datetime
    end: datetime
    state: str


def coverage(connection: Connection) -> Coverage:
    """Return the coverage of the whole case."""
    filters = Filters(connection)
    cuts = sorted({edge for moment in filters.edges() for edge in (_hour(moment), _hour_after(moment))})
    runs = rows(connection, _RunRow, "case/coverage_runs", cuts=cuts)
    verified = verified_hours(connection)
    trails = rows(connection, _TrailChangeRow, "case/coverage_trails")
    exported = exported_trails(connection)
    if not runs:
        return Coverage(None, None, (), (), exported)
    start, end = min(run.first_hour for run in runs), max(run.end_hour for run in runs)
    spans: list[CoverageSpan] = []
    for (account, region), found in groupby(runs, key=lambda run: (run.account_id, run.aws_region)):
        stops = [
            _Stop(_hour(one.change.event_time), _hour_after(one.change.until or end), one.change.effect)
            for one in trails
            if one.change.account_id == account and one.change.effect != "changed" and one.home_region != region
        ]
        excluded = [
            _Stop(_hour_after(first), _hour(last), "excluded_by_filter")
            for first, last in filters.excluded_times(account, region, start, end)
        ]
        found_spans = _spans(list(found), stops, excluded, start, end)
        of_region = [row for row in verified if (row.account_id, row.aws_region) == (account, region)]
        spans += (part for span in found_spans for part in _verified_parts(span, of_region))
    return Coverage(start, end, tuple(spans), tuple(row.change for row in trails), exported)


def _spans(
    runs: Sequence[_RunRow], stops: Sequence[_Stop], excluded: Sequence[_Stop], start: datetime, end: datetime
) -> Iterator[CoverageSpan]:
    """Yield the runs of one account and region, and the gaps before, between and after them.

    Hours that a filter excluded may contain events, because those that issue or change credentials are always loaded.
    """
    account, region = runs[0].account_id, runs[0].aws_region
    reached = start
    causes = sorted([*stops, *excluded], key=lambda stop: stop.start)
    for run in runs:
        for gap in _gaps(reached, run.first_hour, causes):
            yield CoverageSpan(account, region, gap.start, gap.end, 0, gap.state)
        partly = any(stop.start <= run.first_hour and run.end_hour <= stop.end for stop in excluded)
        state = "excluded_by_filter" if partly else "loaded"
        is_verified = run.is_verified and not partly
        yield CoverageSpan(account, region, run.first_hour, run.end_hour, run.events, state, is_verified)
        reached = run.end_hour
    for gap in _gaps(reached, end, causes):
        yield CoverageSpan(account, region, gap.start, gap.end, 0, gap.state)


def _verified_parts(span: CoverageSpan, verified: Sequence[VerifiedHoursRow]) -> Iterator[CoverageSpan]:
    """Split a span without events into the hours that digests verify as quiet and the others."""
    if span.events or span.state == "excluded_by_filter":
        yield span
        return
    reached = span.from_
    for run in verified:
        first, last = max(run.start_hour, reached), min(run.end_hour, span.to)
        if first >= last:
            continue
        if first > reached:
            yield replace(span, from_=reached, to=first)
        yield replace(span, from_=first, to=last, verified=True)
        reached = last
    if reached < span.to:
        yield replace(span, from_=reached)


def _gaps(start: datetime, end: datetime, stops: Sequence[_Stop]) -> Iterator[_Stop]:
    """Split a gap by its causes, such as a stopped trail. The first of overlapping causes takes precedence."""
    for stop in stops:
        first, last = max(stop.start, start), min(stop.end, end)
        if first >= last:
            continue
        if first > start:
            yield _Stop(start, first, "empty")
        yield _Stop(first, last, stop.state)
        start = last
    if start < end:
        yield _Stop(start, end, "empty")


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _hour_after(moment: datetime) -> datetime:
    return _hour(moment + _HOUR - timedelta(microseconds=1))
