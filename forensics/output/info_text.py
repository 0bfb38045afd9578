"""Summaries of a case, an ingest and a snapshot on screen."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from forensics.answers.coverage_answer import Info
from forensics.answers.ingest_answer import UNDATED, ChangedAnswers, Export, Ingest, Snapshot, Unread
from forensics.answers.rows_answer import Rows
from forensics.output.lines import BLANK, Line, and_more, heading, labelled, line, table
from forensics.output.words import ACTOR_KINDS, AS_OF_FROM, EXPORTS, count, minute, readable_time

_UNREAD_SHOWN = 20
_EXPORTS_SHOWN = 20
_FIELDS_SHOWN = 10
# in the order shown
_STATUSES = {
    "failed": ("FAILED", "FAILED"),
    "ok": ("read", "read"),
    "duplicate": ("duplicate", "duplicates"),
    "skipped": ("skipped (not a log)", "skipped (not logs)"),
    "empty": ("empty", "empty"),
}
_ORDER = list(_STATUSES)
_STYLES = {"failed": "bad", "skipped": "warn"}
_RECORD_COUNTS = ("records", "stored", "copies", "addenda", "rejected", "left_out", "filtered", "members")
_DELIVERIES = {
    "wrapped": "unwrapped from the formats of other products",
    "rebuilt": "rebuilt from fields, which support a grade of medium at most",
}


def render_ingest(answer: Ingest) -> Iterator[Line]:
    """Return what an ingest added, and the files that it could not read."""
    yield line((answer.case, "bold"), f"  {count(answer.new_events, 'new event')}, {answer.events:,} in the case")
    yield labelled("files", f"{_ingested(answer)}; {count(answer.bytes, 'byte')}")
    excluded = f", {answer.filtered:,} excluded by a filter" if answer.filtered else ""
    yield labelled("records", f"{answer.records:,} read, {answer.rejected:,} rejected{excluded}")
    yield labelled("copies", _copies(answer.copies - answer.events, answer.conflicts, answer.amended))
    yield from _non_events(answer.left_out)
    yield from _documents(answer.documents)
    yield from _exports(answer.exports)
    yield labelled("actors", _changed(answer.changed))
    yield from _limits(answer.limits)
    yield from _unread(answer.unread)
    if answer.events:
        yield BLANK
        case = shlex.quote(answer.case)
        yield line(f"Next: forensics triage --case {case}, or with a key: forensics who ACCESS_KEY_ID --case {case}")


def render_snapshot(answer: Snapshot) -> Iterator[Line]:
    """Return the accounts of a snapshot, the calls that they refused, and what was added to the case."""
    calls = count(sum(answer.calls.values()), "call")
    yield line((answer.folder, "bold"), f"  {count(len(answer.account_ids), 'account')}, {calls}, all read-only")
    if answer.refused:
        yield from (BLANK, heading(f"Refused: {count(len(answer.refused), 'call')}"))
    for refused in answer.refused:
        where = " ".join(part for part in (refused.account_id, refused.aws_region) if part)
        times = f", {refused.times:,} times" if refused.times > 1 else ""
        yield line((refused.action, "warn"), f"  {where}{times}: {refused.reason}", indent=2, hang=4)
    yield BLANK
    if answer.ingest is None:
        yield line(("no call succeeded; `forensics snapshot --policy` prints the required permissions", "bad"))
    else:
        yield from render_ingest(answer.ingest)


def render_info(answer: Info) -> Iterator[Line]:
    """Return the contents of a case, and how many of its credentials are resolved."""
    yield line((answer.case, "bold"), f"  case {answer.case_id}")
    yield labelled("files", _files(answer.files))
    yield from _records(answer)
    yield from _deliveries(answer.deliveries)
    yield from _non_events(answer.left_out)
    yield from _unknown_fields(answer.unknown_fields)
    yield from omitted_field_lines(answer.omitted_fields)
    yield from _documents(answer.documents)
    yield from _limits(answer.limits)
    if answer.first_event_time and answer.last_event_time:
        yield labelled("time", f"{readable_time(answer.first_event_time)} to {readable_time(answer.last_event_time)}")
    yield from _exports(answer.exports)
    yield from (BLANK, heading("Loaded events"))
    yield from table(
        ("account", "region", "events", "first event", "last event"),
        [
            (
                " ".join(part for part in (account.account_id or "unknown", account.name) if part),
                account.aws_region or "unknown",
                f"{account.events:,}",
                minute(account.first_event_time),
                minute(account.last_event_time),
            )
            for account in answer.accounts
        ],
    )
    yield from (BLANK, heading("Actors behind the credentials"))
    yield from table(
        ("credentials", "events", "actor", "stop_reason"),
        [
            (f"{ending.credentials:,}", f"{ending.events:,}", ACTOR_KINDS[ending.actor_kind], ending.stop_reason)
            for ending in answer.endings
        ],
    )
    yield from _unread(answer.unread)


def _records(answer: Info) -> Iterator[Line]:
    """Return the number of events, and of records that could not be read in full."""
    copies = _copies(answer.copies - answer.events, answer.conflicts, answer.amended)
    yield labelled("events", f"{answer.events:,}; {copies}")
    if answer.rejected:
        yield labelled("records", f"{answer.rejected:,} unreadable, kept in quarantine")
    if answer.identity_unread:
        yield labelled("identity", f"not read in {count(answer.identity_unread, 'record')}")
    if answer.undated:
        yield labelled("undated", f"{count(answer.undated, 'record')} without a readable time; time filters skip them")


def omitted_field_lines(omitted: Mapping[str, int]) -> Iterator[Line]:
    """Return the fields that CloudTrail omitted, with the number of events without each."""
    if omitted:
        named = ", ".join(f"{name} of {count(events, 'event')}" for name, events in omitted.items())
        yield labelled("omitted", f"{named}, by CloudTrail because of their size")


def render_files(rows: Rows) -> Iterator[Line]:
    """Return every input file with its status and counts of records, and the sums."""
    files = [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]
    shown = [name for name in _RECORD_COUNTS if name == "records" or any(file[name] for file in files)]
    yield from table(
        ("status", *(name.replace("_", " ") for name in shown), "file"),
        [
            (
                (file["status"], _STYLES.get(file["status"], "")),
                *(f"{file[name]:,}" for name in shown),
                f"{file['name']}: {file['reason']}" if file["reason"] else file["name"],
            )
            for file in files
        ],
        indent=0,
    )
    sums = Counter({name: sum(file[name] for file in files) for name in shown})
    statuses = Counter(file["status"] for file in files)
    yield BLANK
    yield line((count(len(files), "file"), "bold"), f": {_files(statuses)}")
    yield line(", ".join(f"{sums[name]:,} {name.replace('_', ' ')}" for name in shown))


def _files(files: Mapping[str, int]) -> str:
    ordered = sorted(files, key=lambda status: _ORDER.index(status) if status in _ORDER else len(_ORDER))
    return ", ".join(count(files[status], *_STATUSES.get(status, (status, status))) for status in ordered) or "none"


def _ingested(answer: Ingest) -> str:
    """Return the number of files by status; files that the case has and that were not fetched are not duplicates."""
    fetched = Counter(answer.files) - Counter(duplicate=answer.known)
    if not answer.known:
        return _files(fetched)
    known = f"{answer.known:,} already in the case, not fetched"
    return f"{_files(fetched)}, {known}" if fetched else known


def _documents(documents: Mapping[str, int]) -> Iterator[Line]:
    """Return the documents that are not exports; `_exports` shows those."""
    counts = [f"{number:,} {kind}" for kind, number in documents.items() if kind not in EXPORTS]
    if counts:
        yield labelled("documents", ", ".join(counts))


def _exports(exports: Sequence[Export]) -> Iterator[Line]:
    """Return the exports with their accounts and times, and the accounts of which no event is loaded."""
    kinds = {kind: list(found) for kind, found in groupby(exports, key=lambda export: export.export)}
    for index, (kind, found) in enumerate(kinds.items()):
        known = [export.account_id for export in found if export.account_id]
        of = f" of account {known[0]}" if len(known) == 1 else f" of {count(len(known), 'account')}" if known else ""
        files = sum(export.files for export in found)
        many = f", {count(files, 'file')}" if files > 1 else ""
        yield labelled("" if index else "exports", f"{EXPORTS.get(kind, kind)}{of}{many}{_as_of(found)}")
    alone = sorted({export.account_id for export in exports if export.account_id and export.loaded is False})
    if alone:
        shown = f"{', '.join(alone[:_EXPORTS_SHOWN])}{' and others' if len(alone) > _EXPORTS_SHOWN else ''}"
        accounts = "account" if len(alone) == 1 else "accounts"
        yield labelled("", (f"no event of {accounts} {shown} is loaded, only exports", "warn"))


def _as_of(exports: Sequence[Export]) -> str:
    times = sorted(export.as_of for export in exports if export.as_of)
    if not times:
        return ""
    until = f" to {readable_time(times[-1])}" if times[-1] != times[0] else ""
    how = {AS_OF_FROM[export.as_of_from] for export in exports}
    return f", as of {readable_time(times[0])}{until}{how.pop() if len(how) == 1 else ''}"


def _non_events(counts: Mapping[str, int]) -> Iterator[Line]:
    if counts:
        text = ", ".join(f"{number:,} {kind}" for kind, number in counts.items())
        yield labelled("skipped", f"{text} (not events)")


def _unknown_fields(records: Mapping[str, int]) -> Iterator[Line]:
    if not records:
        return
    names = sorted(records, key=lambda name: (-records[name], name))
    shown = ", ".join(f"{name} ({count(records[name], 'record')})" for name in names[:_FIELDS_SHOWN])
    more = len(names) - _FIELDS_SHOWN
    rest = f" and {more:,} more; --format json lists them all" if more > 0 else ""
    yield labelled("fields", f"unknown, so not read, but kept in the records: {shown}{rest}")


def _deliveries(events: Mapping[str, int]) -> Iterator[Line]:
    counts = [f"{events[delivery]:,} {words}" for delivery, words in _DELIVERIES.items() if events.get(delivery)]
    if counts:
        yield labelled("of these", ", ".join(counts))


def _limits(files: Mapping[str, int]) -> Iterator[Line]:
    for limit, number in files.items():
        yield labelled("limits", f"{limit} ({count(number, 'file')})")


def _copies(duplicates: int, conflicts: int, amended: int) -> str:
    differing = f", {conflicts:,} of which differ" if conflicts else ""
    addenda = f"; {count(amended, 'addendum', 'addenda')} merged into the amended event" if amended else ""
    return f"{count(duplicates, 'duplicate event')}{differing}{addenda}"


def _changed(changed: ChangedAnswers | None) -> str:
    if changed is None:
        return "changes are unknown: the state before this ingest is not available"
    counts = (
        (changed.newly_resolved, "newly resolved"),
        (changed.now_ambiguous, "now ambiguous"),
        (changed.named_otherwise, "now with another actor"),
        (changed.no_longer_named, "no longer resolved"),
    )
    return ", ".join(f"{number:,} {change}" for number, change in counts if number) or "no earlier conclusion changed"


def _unread(files: Sequence[Unread]) -> Iterator[Line]:
    if not files:
        return
    yield BLANK
    yield heading(f"Skipped or partly read: {count(len(files), 'file')}")
    # failed files first, so that any number of skipped links and FIFOs cannot hide them
    for file in sorted(files, key=lambda file: (file.status == "skipped", file.status == UNDATED))[:_UNREAD_SHOWN]:
        style = "bad" if file.status == "failed" else "warn"
        yield line((file.status, style), f"  {file.name}: {file.reason}", indent=2, hang=4)
    if len(files) > _UNREAD_SHOWN:
        yield and_more(f"{len(files) - _UNREAD_SHOWN:,} more", indent=2)
