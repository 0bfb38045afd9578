"""Loaded hours: the coverage of each account and region, and the changes of the trails that record it.

The coverage of every account runs from the first to the last hour of the case, so gaps at its ends are visible.
Consecutive hours in the same state are one span, so a long case needs little memory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

from forensics.answers.coverage_answer import Coverage, CoverageSpan, TrailChange
from forensics.investigate.case.loaded_exports import exported_trails
from forensics.investigate.filters import Filters
from forensics.investigate.loaded_spans import verified_hours
from forensics.investigate.periods import Period, hour_of, shifted, split
from forensics.investigate.sql_rows import Connection, Row, pairs, rows

_HOUR = timedelta(hours=1)


class _TrailChangeRow(Row, frozen=True):
    home_region: str | None
    change: TrailChange


def coverage(connection: Connection) -> Coverage:
    """Return the coverage of the whole case."""
    filters = Filters(connection)
    cuts = sorted({edge for moment in filters.edges() for edge in (hour_of(moment), _hour_after(moment))})
    runs = rows(connection, CoverageSpan, "case/coverage_runs", cuts=cuts)
    verified = verified_hours(connection)
    trails = rows(connection, _TrailChangeRow, "case/coverage_trails")
    exported = exported_trails(connection)
    if not runs:
        return Coverage(None, None, (), (), exported)
    start, end = min(run.from_ for run in runs), max(run.to for run in runs)
    spans: list[CoverageSpan] = []
    for (account, region), found in groupby(runs, key=lambda run: (run.account_id, run.aws_region)):
        stops = [
            Period(hour_of(one.change.event_time), _hour_after(one.change.until or end), one.change.effect)
            for one in trails
            if one.change.account_id == account and one.change.effect != "changed" and one.home_region != region
        ]
        excluded = [
            Period(_hour_after(first), hour_of(last), "excluded_by_filter")
            for first, last, _ in filters.excluded_times(account, region, start, end)
        ]
        found_spans = _spans(list(found), stops, excluded, start, end)
        quiet = [
            Period(row.start_hour, row.end_hour, "verified")
            for row in verified
            if (row.account_id, row.aws_region) == (account, region)
        ]
        spans += (part for span in found_spans for part in _verified_parts(span, quiet))
    omitted = dict(pairs(connection, str, int, "case/omitted_fields"))
    return Coverage(start, end, tuple(spans), tuple(row.change for row in trails), exported, omitted)


def _spans(
    runs: Sequence[CoverageSpan], stops: Sequence[Period], excluded: Sequence[Period], start: datetime, end: datetime
) -> Iterator[CoverageSpan]:
    """Yield the runs of one account and region, and the gaps before, between and after them.

    Hours that a filter excluded may contain events, because those that issue or change credentials are always loaded.
    """
    causes = sorted([*stops, *excluded], key=lambda period: period.start)
    for run in runs:
        yield from _gaps(run, start, run.from_, causes)
        partly = any(period.start <= run.from_ and run.to <= period.end for period in excluded)
        yield replace(run, state="excluded_by_filter", verified=False) if partly else run
        start = run.to
    yield from _gaps(runs[0], start, end, causes)


def _gaps(run: CoverageSpan, start: datetime, end: datetime, causes: Sequence[Period]) -> Iterator[CoverageSpan]:
    """Split a gap beside a run by its causes, such as a stopped trail."""
    for part in split(start, end, causes):
        yield CoverageSpan(run.account_id, run.aws_region, part.start, part.end, 0, part.state or "empty")


def _verified_parts(span: CoverageSpan, verified: Sequence[Period]) -> Iterator[CoverageSpan]:
    """Split a span without events into the hours that digests verify as quiet and the others."""
    if span.events or span.state == "excluded_by_filter":
        yield span
        return
    for part in split(span.from_, span.to, verified):
        yield replace(span, from_=part.start, to=part.end, verified=part.state is not None)


def _hour_after(moment: datetime) -> datetime:
    return hour_of(shifted(moment, _HOUR - timedelta(microseconds=1)))
