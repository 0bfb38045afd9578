"""Notes: messages on standard error about an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from forensics.answers.core import SECRET
from forensics.output.escape import without_secrets
from forensics.output.lines import cut
from forensics.output.terminal import Level, tell
from forensics.output.words import count, readable_time

if TYPE_CHECKING:
    from forensics.answers.coverage_answer import Info
    from forensics.answers.report_answer import Report
    from forensics.answers.rows_answer import FilterMatches, Rows
    from forensics.answers.who_answer import Who

# characters of a filter that a note repeats; more than an ARN of a user has
_LONGEST = 200


def tell_secrets(answers: Sequence[Who]) -> None:
    """Warn on standard error if a subject looked like a secret."""
    if any(answer.subject.id == SECRET for answer in answers):
        tell(
            "a subject looks like a secret access key or a session token; it was not used, stored or logged;"
            " treat it as exposed",
            Level.ERROR,
        )


def tell_limit(rows: Rows) -> None:
    """Report the number of events if not all are printed."""
    if len(rows.rows) < rows.total:
        tell(f"{len(rows.rows):,} of {rows.total:,} events; --limit 0 prints all")


def tell_no_event(filters: Sequence[FilterMatches], holds: Info) -> None:
    """Report that no event matches, the number of events that each filter matches on its own, and the loaded events."""
    single = [_on_its_own(part) for part in filters]
    why = f": {', '.join(single)}" if single else ""
    tell(f"no event found{why}; {_loaded_events(holds)}")


def tell_no_row(holds: Info) -> None:
    """Report that a saved query returned no rows, and the loaded events."""
    tell(f"no row found; {_loaded_events(holds)}")


def tell_report(answer: Report) -> None:
    """Report the events and records in a report, and the head of the custody log."""
    listed, total = len(answer.events), answer.events_total
    events = count(total, "event") if listed == total else f"{listed:,} of {count(total, 'event')}"
    head = answer.case.custody_head
    log = f"; head of the custody log {head}" if head else ""
    tell(f"the report has {events} and {count(len(answer.records), 'record')}{log}")


def _on_its_own(part: FilterMatches) -> str:
    value = f" {cut(without_secrets(part.value), _LONGEST)}" if part.value else ""
    option = f"--{part.filter.replace('_', '-')}{value}"
    if part.events:
        return f"{count(part.events, 'event')} {'matches' if part.events == 1 else 'match'} {option} on its own"
    return f"no event matches {option} on its own{f' (did you mean {part.nearest}?)' if part.nearest else ''}"


def _loaded_events(info: Info) -> str:
    if not (info.first_event_time and info.last_event_time):
        return "no events are loaded"
    first, last = readable_time(info.first_event_time), readable_time(info.last_event_time)
    return f"loaded: {count(info.events, 'event')}, {first} to {last}"
