"""Info and ingest, for a reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from forensics.answers import Changed, Info, Ingest, Unread
from forensics.output.lines import BLANK, Line, heading, line, table
from forensics.output.words import ACTOR_KINDS, count, readable_time

_UNREAD_SHOWN = 20
_LABEL = 10
_STATUSES = {
    "ok": "read",
    "empty": "empty",
    "duplicate": "with the content of another",
    "skipped": "skipped (no logs)",
    "failed": "FAILED",
}


def render_ingest(answer: Ingest) -> Iterator[Line]:
    """What an ingest did, and what it could not read."""
    yield line((answer.case, "bold"), f"  {count(answer.new_events, 'new event')}, {answer.events:,} in the case")
    yield _labelled("files", f"{_files(answer.files)}; {count(answer.bytes, 'byte')}")
    left_out = f", {answer.filtered:,} left out as asked" if answer.filtered else ""
    yield _labelled("records", f"{answer.records:,} read, {answer.rejected:,} rejected{left_out}")
    yield _labelled("copies", _copies(answer.copies - answer.events, answer.conflicts, answer.amended))
    yield from _documents(answer.documents)
    yield _labelled("answers", _changed(answer.changed))
    yield from _unread(answer.unread)
    if answer.events:
        yield BLANK
        yield line(f"Ask it: forensics who ACCESS_KEY_ID --case {answer.case}")


def render_info(answer: Info) -> Iterator[Line]:
    """What a case holds, and how far it is resolved."""
    yield line((answer.case, "bold"), f"  case {answer.case_id}")
    yield _labelled("files", _files(answer.files))
    yield _labelled(
        "events", f"{answer.events:,}; {_copies(answer.copies - answer.events, answer.conflicts, answer.amended)}"
    )
    if answer.rejected:
        yield _labelled("records", f"{answer.rejected:,} could not be read and are in quarantine")
    yield from _documents(answer.documents)
    if answer.first_event_time and answer.last_event_time:
        yield _labelled("time", f"{readable_time(answer.first_event_time)} to {readable_time(answer.last_event_time)}")
    yield from (BLANK, heading("What is loaded"))
    yield from table(
        ("account", "region", "events", "first event", "last event"),
        [
            (
                account.account_id or "unknown",
                account.aws_region or "unknown",
                f"{account.events:,}",
                _minute(account.first_event_time),
                _minute(account.last_event_time),
            )
            for account in answer.accounts
        ],
    )
    yield from (BLANK, heading("Who is behind the credentials"))
    yield from table(
        ("credentials", "events", "actor", "stop_reason"),
        [
            (f"{ending.credentials:,}", f"{ending.events:,}", ACTOR_KINDS[ending.actor_kind], ending.stop_reason)
            for ending in answer.endings
        ],
    )
    yield from _unread(answer.unread)


def _labelled(label: str, text: str) -> Line:
    return line((label.ljust(_LABEL), "dim"), text, indent=2, hang=2 + _LABEL)


def _files(files: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {_STATUSES.get(status, status)}" for status, number in files.items()) or "none"


def _documents(documents: Mapping[str, int]) -> Iterator[Line]:
    if documents:
        yield _labelled("documents", ", ".join(f"{number:,} {kind}" for kind, number in documents.items()))


def _copies(further: int, conflicts: int, amended: int) -> str:
    copies = "further copy" if further == 1 else "further copies"
    differing = f", {conflicts:,} of which differ" if conflicts else ""
    addenda = f"; {count(amended, 'record')} taken into the event that it amends" if amended else ""
    return f"{further:,} {copies} of events{differing}{addenda}"


def _changed(changed: Changed | None) -> str:
    if changed is None:
        return "what changed is not known: those before this ingest are not at hand"
    told = (
        (changed.newly_resolved, "newly resolved"),
        (changed.now_ambiguous, "now ambiguous"),
        (changed.named_otherwise, "named otherwise"),
        (changed.no_longer_named, "no longer named"),
    )
    return ", ".join(f"{number:,} {what}" for number, what in told if number) or "no earlier one changed"


def _minute(moment: datetime) -> str:
    return f"{readable_time(moment)[:16]}Z"


def _unread(files: Sequence[Unread]) -> Iterator[Line]:
    if not files:
        return
    yield BLANK
    yield heading(f"Not read, or not wholly: {count(len(files), 'file')}")
    for file in files[:_UNREAD_SHOWN]:
        style = "bad" if file.status == "failed" else "warn"
        yield line((file.status, style), f"  {file.name}: {file.reason}", indent=2, hang=4)
    if len(files) > _UNREAD_SHOWN:
        yield line((f"and {len(files) - _UNREAD_SHOWN:,} more; --format json has them all", "dim"), indent=2)
