"""Notes: what standard error says beside an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from forensics.answers.core import SECRET
from forensics.output.terminal import tell
from forensics.output.words import count, readable_time

if TYPE_CHECKING:
    from pathlib import Path

    from forensics.answers.coverage_answer import Info
    from forensics.answers.report_answer import Report
    from forensics.answers.rows_answer import FilterMatches, Rows
    from forensics.answers.who_answer import Who


def tell_secrets(answers: Sequence[Who]) -> None:
    """Warn if a subject looked like a secret."""
    if any(answer.subject.id == SECRET for answer in answers):
        tell(
            "a subject looks like a secret access key or a session token; it was not used, stored or logged:"
            " treat it as exposed"
        )


def tell_limit(rows: Rows) -> None:
    """Say how many events there are if not all are printed."""
    if len(rows.rows) < rows.total:
        tell(f"{len(rows.rows):,} of {rows.total:,} events; --limit 0 gives all")


def tell_no_event(filters: Sequence[FilterMatches], holds: Info) -> None:
    """Say that no event matches, how many events each filter matches on its own, and what the case holds."""
    alone = [_alone(part) for part in filters]
    why = f": {', '.join(alone)}" if alone else ""
    tell(f"no event matches{why}; {_events_held(holds)}")


def tell_no_row(holds: Info) -> None:
    """Say that a saved query gives no row, and what the case holds."""
    tell(f"no row; {_events_held(holds)}")


def tell_report(file: Path, page: str, answer: Report) -> None:
    """Say what the file of a report holds."""
    listed, total = len(answer.events), answer.events_total
    events = count(total, "event") if listed == total else f"{listed:,} of {count(total, 'event')}"
    head = answer.case.custody_head
    log = f"; head of the custody log {head}" if head else ""
    tell(f"{file}: {len(page) / 1e6:,.1f} MB with {events} and {count(len(answer.records), 'record')}{log}")


def _alone(part: FilterMatches) -> str:
    option = f"--{part.filter}{f' {part.value}' if part.value else ''}"
    if part.events:
        return f"{option} alone matches {count(part.events, 'event')}"
    return f"{option} alone matches none{f' (is it {part.nearest}?)' if part.nearest else ''}"


def _events_held(holds: Info) -> str:
    if not (holds.first_event_time and holds.last_event_time):
        return "there are none at all"
    first, last = readable_time(holds.first_event_time), readable_time(holds.last_event_time)
    return f"there are {count(holds.events, 'event')}, {first} to {last}"
