"""Coverage on screen: one bar per account and region over time, with its gaps, and the trails that were stopped."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from forensics.answers.coverage_answer import Coverage, CoverageSpan, ExportedTrail, TrailChange
from forensics.answers.rows_answer import Rows
from forensics.output.identity_text import described
from forensics.output.info_text import omitted_field_lines
from forensics.output.lines import BLANK, Line, Span, heading, line
from forensics.output.words import AS_OF_FROM, LEAVES_OUT, count, readable_time

_HOUR = timedelta(hours=1)
_WIDTH = 80  # if the output does not fold
_REGION = 16  # columns for the name of a region
_SHARE = 6  # columns for the share of loaded hours
_PROVEN_SHARE = 7  # columns for the share of hours verified by digests
# hours per character, before multiples of a week
_STEPS = (1, 2, 3, 4, 6, 8, 12, 24, 48, 72, 168)
_WHOLE, _PART, _NONE, _STOPPED, _EXCLUDED = "█", "▒", "·", "x", "-"
_PROVEN = ("  ✓", "good")
_STYLES = {_WHOLE: "good", _PART: "warn", _NONE: "dim", _STOPPED: "bad", _EXCLUDED: "dim"}
_REGIONS = {True: "all regions", False: "{} only", None: "regions unknown"}
_RECORDS: dict[bool | None, str | Span] = {
    True: ("not all management events", "warn"),
    False: "all management events",
    None: "event selection unknown",
}


def coverage_rows(answer: Coverage) -> Rows:
    """Return one row per span."""
    rows = tuple((s.account_id, s.aws_region, s.from_, s.to, s.events, s.state, s.verified) for s in answer.spans)
    return Rows(("account_id", "aws_region", "from", "to", "events", "state", "verified"), rows, len(rows))


def render_coverage(answer: Coverage, width: int | None) -> Iterator[Line]:
    """Return the map, then the trails. `width`: columns of the terminal, None if the output does not fold."""
    if answer.from_ is None or answer.to is None:
        yield line("no event with a time is loaded")
        yield from _exported(answer.exported_trails)
        return
    proven = any(span.verified for span in answer.spans)
    room = (width or _WIDTH) - 2 - _REGION - _SHARE - (_PROVEN_SHARE if proven else 0)
    scale = _scale(answer.from_, answer.to, room)
    yield heading(f"Loaded events, {readable_time(answer.from_)} to {readable_time(answer.to)}")
    has_excluded = any(span.state == "excluded_by_filter" for span in answer.spans)
    yield line(*_legend(scale, has_excluded=has_excluded), indent=2, hang=2)
    if proven:
        yield line(_PROVEN, " hours verified by digests: every delivered file is loaded", hang=2)
    for account, spans in groupby(answer.spans, key=lambda span: span.account_id):
        yield BLANK
        yield line((account or "account unknown", "bold"), indent=2)
        for region, found in groupby(spans, key=lambda span: span.aws_region):
            yield _bar(region or "unknown", list(found), scale, proven=proven)
    yield from omitted_field_lines(answer.omitted_fields)
    yield from _trails(answer.trails)
    yield from _exported(answer.exported_trails)


@dataclass(frozen=True, slots=True)
class _Scale:
    """The start of the bars, and the time and number of their characters."""

    start: datetime
    step: timedelta
    characters: int


def _scale(start: datetime, end: datetime, room: int) -> _Scale:
    hours = (end - start) // _HOUR
    room = max(room, 8)
    fitting = next((step for step in _STEPS if -(-hours // step) <= room), 0)
    step = fitting or -(-hours // room // 168 + 1) * 168
    return _Scale(start, step * _HOUR, -(-hours // step))


def _legend(scale: _Scale, *, has_excluded: bool) -> tuple[str | Span, ...]:
    hours = scale.step // _HOUR
    each = count(hours, "hour") if hours < 24 else count(hours // 24, "day")
    return (
        f"each character is {each}: ",
        _styled(_WHOLE),
        " events in every hour, ",
        _styled(_PART),
        " in some, ",
        _styled(_NONE),
        " in none, ",
        _styled(_STOPPED),
        " in none while a trail was stopped or narrowed",
        *(
            (", ", _styled(_EXCLUDED), " excluded by a filter, except events that issue or change credentials")
            if has_excluded
            else ()
        ),
        ". An hour without activity has no events either",
    )


def _styled(character: str) -> Span:
    return (character, _STYLES[character])


def _bar(region: str, spans: Sequence[CoverageSpan], scale: _Scale, *, proven: bool) -> Line:
    starts = [span.from_ for span in spans]
    characters = []
    for number in range(scale.characters):
        start = scale.start + number * scale.step
        first, last = bisect_right(starts, start) - 1, bisect_left(starts, start + scale.step)
        characters.append(_character({span.state for span in spans[max(first, 0) : last]}))
    bar = [("".join(run), _STYLES[character]) for character, run in groupby(characters)]
    hours = sum((span.to - span.from_) // _HOUR for span in spans)
    loaded = sum((span.to - span.from_) // _HOUR for span in spans if span.state == "loaded")
    verified = sum((span.to - span.from_) // _HOUR for span in spans if span.verified)
    share = (_PROVEN, f"{100 * verified // max(hours, 1):>3}%") if proven else ()
    return line(region.ljust(_REGION), *bar, f" {100 * loaded // max(hours, 1):>3}%", *share, indent=2, hang=4)


def _character(states: set[str]) -> str:
    if states == {"loaded"}:
        return _WHOLE
    if "loaded" in states:
        return _PART
    if states & {"stopped", "narrowed"}:
        return _STOPPED
    return _EXCLUDED if "excluded_by_filter" in states else _NONE


def _trails(trails: Iterable[TrailChange]) -> Iterator[Line]:
    listed = list(trails)
    if not listed:
        return
    yield from (BLANK, heading("Trails stopped, narrowed or changed"))
    for trail in listed:
        of_trail = f"{trail.trail or 'a trail'} of account {trail.account_id or 'unknown'}"
        until = f" until {readable_time(trail.until)}" if trail.until else ""
        still = ", not reverted by any loaded event" if trail.effect != "changed" and not trail.until else ""
        yield line(
            f"{readable_time(trail.event_time)}  ",
            (trail.effect, "bad" if trail.effect != "changed" else "warn"),
            f"{until}: {of_trail}, by {trail.event_name}{still}",
            indent=2,
            hang=4,
        )
        if trail.leaves_out:
            yield line(f"it {LEAVES_OUT[trail.leaves_out]}", indent=4, hang=6)
        yield line("by ", *described(trail.actor), indent=4, hang=6)
        yield line((f"event {trail.event_id or 'without ID'}  {trail.aws_region or ''}", "dim"), indent=4, hang=6)


def _records(trail: ExportedTrail) -> str | Span:
    return (LEAVES_OUT[trail.leaves_out], "warn") if trail.leaves_out else _RECORDS[trail.narrowed]


def _exported(trails: Sequence[ExportedTrail]) -> Iterator[Line]:
    """Return the trails as CloudTrail described them at a time."""
    if not trails:
        return
    yield from (BLANK, heading("Trails described by CloudTrail"))
    for trail in trails:
        where = _REGIONS[trail.multi_region].format(trail.home_region or "its region")
        of_data = {True: ", some data events", False: ", no data events", None: ""}[trail.data_events]
        of = f" of account {trail.account_id}" if trail.account_id else ""
        whole = " for the organization" if trail.organization else ""
        yield line((trail.trail, "bold"), f"{of}{whole}: {where}, ", _records(trail), of_data, indent=2, hang=4)
        when = f"as of {readable_time(trail.as_of)}{AS_OF_FROM[trail.as_of_from]}: " if trail.as_of else ""
        yield line((f"{when}{', '.join(trail.source_files)}", "dim"), indent=4, hang=6)
