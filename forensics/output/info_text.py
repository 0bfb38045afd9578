"""Info and ingest, for a reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from forensics.answers.coverage_answer import Info
from forensics.answers.ingest_answer import ChangedAnswers, Export, Ingest, Snapshot, Unread
from forensics.answers.rows_answer import Rows
from forensics.output.lines import BLANK, Line, and_more, heading, labelled, line, table
from forensics.output.words import ACTOR_KINDS, AS_OF_FROM, EXPORTS, count, minute, readable_time

_UNREAD_SHOWN = 20
_EXPORTS_SHOWN = 20
_FIELDS_SHOWN = 10
_STATUSES = {
    "ok": "read",
    "empty": "empty",
    "duplicate": "with the content of another",
    "skipped": "skipped (no logs)",
    "failed": "FAILED",
}

_STYLES = {"failed": "bad", "skipped": "warn"}
_OF_RECORDS = ("records", "stored", "copies", "addenda", "rejected", "left_out", "filtered", "members")
_DELIVERIES = {
    "wrapped": "taken out of what other products made of them",
    "rebuilt": "put together again from fields, which name nobody above medium",
}


def render_ingest(answer: Ingest) -> Iterator[Line]:
    """What an ingest did, and what it could not read."""
    yield line((answer.case, "bold"), f"  {count(answer.new_events, 'new event')}, {answer.events:,} in the case")
    yield labelled("files", f"{_ingested(answer)}; {count(answer.bytes, 'byte')}")
    left_out = f", {answer.filtered:,} left out as asked" if answer.filtered else ""
    yield labelled("records", f"{answer.records:,} read, {answer.rejected:,} rejected{left_out}")
    yield labelled("copies", _copies(answer.copies - answer.events, answer.conflicts, answer.amended))
    yield from _left_out(answer.left_out)
    yield from _documents(answer.documents)
    yield from _exports(answer.exports)
    yield labelled("answers", _changed(answer.changed))
    yield from _limits(answer.limits)
    yield from _unread(answer.unread)
    if answer.events:
        yield BLANK
        yield line(f"Ask it: forensics who ACCESS_KEY_ID --case {answer.case}")


def render_snapshot(answer: Snapshot) -> Iterator[Line]:
    """What accounts were asked, what they refused, and what went into the case."""
    calls = count(sum(answer.calls.values()), "call")
    yield line((answer.folder, "bold"), f"  {count(len(answer.account_ids), 'account')}, {calls}, all of them reading")
    if answer.refused:
        yield from (BLANK, heading(f"Refused: {count(len(answer.refused), 'call')}"))
    for refused in answer.refused:
        where = " ".join(part for part in (refused.account_id, refused.aws_region) if part)
        times = f", {refused.times:,} times" if refused.times > 1 else ""
        yield line((refused.action, "warn"), f"  {where}{times}: {refused.reason}", indent=2, hang=4)
    yield BLANK
    if answer.ingest is None:
        yield line(("nothing was answered; `forensics snapshot --policy` prints the rights that it needs", "bad"))
    else:
        yield from render_ingest(answer.ingest)


def render_info(answer: Info) -> Iterator[Line]:
    """What a case holds, and how far it is resolved."""
    yield line((answer.case, "bold"), f"  case {answer.case_id}")
    yield labelled("files", _files(answer.files))
    yield labelled(
        "events", f"{answer.events:,}; {_copies(answer.copies - answer.events, answer.conflicts, answer.amended)}"
    )
    if answer.rejected:
        yield labelled("records", f"{answer.rejected:,} could not be read and are in quarantine")
    yield from _deliveries(answer.deliveries)
    yield from _left_out(answer.left_out)
    yield from _unknown_fields(answer.unknown_fields)
    yield from _documents(answer.documents)
    yield from _limits(answer.limits)
    if answer.first_event_time and answer.last_event_time:
        yield labelled("time", f"{readable_time(answer.first_event_time)} to {readable_time(answer.last_event_time)}")
    yield from _exports(answer.exports)
    yield from (BLANK, heading("What is loaded"))
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
    yield from (BLANK, heading("Who is behind the credentials"))
    yield from table(
        ("credentials", "events", "actor", "stop_reason"),
        [
            (f"{ending.credentials:,}", f"{ending.events:,}", ACTOR_KINDS[ending.actor_kind], ending.stop_reason)
            for ending in answer.endings
        ],
    )
    yield from _unread(answer.unread)


def render_files(rows: Rows) -> Iterator[Line]:
    """Every input file with how it ended, and the sums."""
    files = [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]
    shown = [name for name in _OF_RECORDS if name == "records" or any(file[name] for file in files)]
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
    ended = Counter(file["status"] for file in files)
    yield BLANK
    yield line((count(len(files), "file"), "bold"), f": {_files(dict(sorted(ended.items())))}")
    yield line(", ".join(f"{sums[name]:,} {name.replace('_', ' ')}" for name in shown))


def _files(files: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {_STATUSES.get(status, status)}" for status, number in files.items()) or "none"


def _ingested(answer: Ingest) -> str:
    """How the files ended; those that the case has and that were not fetched are no duplicates to a reader."""
    fetched = dict(sorted((Counter(answer.files) - Counter(duplicate=answer.known)).items()))
    if not answer.known:
        return _files(fetched)
    known = f"{answer.known:,} in the case already and not fetched"
    return f"{_files(fetched)}, {known}" if fetched else known


def _documents(documents: Mapping[str, int]) -> Iterator[Line]:
    """Those that are no exports, of which more is told."""
    told = [f"{number:,} {kind}" for kind, number in documents.items() if kind not in EXPORTS]
    if told:
        yield labelled("documents", ", ".join(told))


def _exports(exports: Sequence[Export]) -> Iterator[Line]:
    """What the accounts themselves said, of when; and of which of them nothing else is loaded."""
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
        yield labelled("", (f"no event is loaded of {accounts} {shown}: only exports tell of it", "warn"))


def _as_of(exports: Sequence[Export]) -> str:
    times = sorted(export.as_of for export in exports if export.as_of)
    if not times:
        return ""
    until = f" to {readable_time(times[-1])}" if times[-1] != times[0] else ""
    how = {AS_OF_FROM[export.as_of_from] for export in exports}
    return f", as of {readable_time(times[0])}{until}{how.pop() if len(how) == 1 else ''}"


def _left_out(counts: Mapping[str, int]) -> Iterator[Line]:
    if counts:
        told = ", ".join(f"{number:,} {what}" for what, number in counts.items())
        yield labelled("no events", f"{told}: left out")


def _unknown_fields(records: Mapping[str, int]) -> Iterator[Line]:
    if not records:
        return
    most = sorted(records, key=lambda name: (-records[name], name))
    told = ", ".join(f"{name} ({count(records[name], 'record')})" for name in most[:_FIELDS_SHOWN])
    more = len(most) - _FIELDS_SHOWN
    further = f" and {more:,} more, which --format json has" if more > 0 else ""
    yield labelled("fields", f"not known and not read, but kept in the records: {told}{further}")


def _deliveries(events: Mapping[str, int]) -> Iterator[Line]:
    told = [f"{events[delivery]:,} {words}" for delivery, words in _DELIVERIES.items() if events.get(delivery)]
    if told:
        yield labelled("of them", ", ".join(told))


def _limits(files: Mapping[str, int]) -> Iterator[Line]:
    for limit, number in files.items():
        yield labelled("limits", f"{limit} ({count(number, 'file')})")


def _copies(further: int, conflicts: int, amended: int) -> str:
    copies = "further copy" if further == 1 else "further copies"
    differing = f", {conflicts:,} of which differ" if conflicts else ""
    addenda = f"; {count(amended, 'record')} taken into the event that it amends" if amended else ""
    return f"{further:,} {copies} of events{differing}{addenda}"


def _changed(changed: ChangedAnswers | None) -> str:
    if changed is None:
        return "what changed is not known: those before this ingest are not at hand"
    told = (
        (changed.newly_resolved, "newly resolved"),
        (changed.now_ambiguous, "now ambiguous"),
        (changed.named_otherwise, "named otherwise"),
        (changed.no_longer_named, "no longer named"),
    )
    return ", ".join(f"{number:,} {what}" for number, what in told if number) or "no earlier one changed"


def _unread(files: Sequence[Unread]) -> Iterator[Line]:
    if not files:
        return
    yield BLANK
    yield heading(f"Not read, or not wholly: {count(len(files), 'file')}")
    # links and FIFOs, of which there can be any number, hide no file that failed
    for file in sorted(files, key=lambda file: file.status == "skipped")[:_UNREAD_SHOWN]:
        style = "bad" if file.status == "failed" else "warn"
        yield line((file.status, style), f"  {file.name}: {file.reason}", indent=2, hang=4)
    if len(files) > _UNREAD_SHOWN:
        yield and_more(f"{len(files) - _UNREAD_SHOWN:,} more", indent=2)
