"""Report: an access key for people who were not there: what became of it, what was done with all that, and the proof.

`key` and `tree` answer as ever; here what they cite is gathered, and the events of the key and of all that certainly
came of it are read once. Everything is bounded: a report is a file that somebody opens.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

import duckdb

from forensics.answers.key_answer import Activity
from forensics.answers.report_answer import Bucket, CaseState, ListedEvent, ProvingRecord, Report, SignedBy, Timeline
from forensics.identifiers import Identifier
from forensics.investigate.case.loaded_hours import coverage
from forensics.investigate.evidence import cited_event_ids
from forensics.investigate.key.address_context import AddressContext
from forensics.investigate.key.key_page import activity, collect_uses, key
from forensics.investigate.sql_rows import Row, rows
from forensics.investigate.tree.derived import tree_and_credentials

_EVENTS = 5_000
_ALIKE = 10  # of calls that are alike, how many come before anything else
_TEXT = 200  # characters of a text of a listed event
_RECORD = 32_768  # characters of a record
_RECORDS = 6_000_000  # characters of all records that are looked at
_ROOM_FOR_RECORDS = 9_000_000  # as they are embedded in a page
_ROOM_FOR_EVENTS = 3_000_000
_CITED = 2_000  # event IDs
_STEPS = 160  # of the timeline
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC, as the tables have it
_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
_FINE_STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 180, 360, 720, 1440))


def report(
    connection: duckdb.DuckDBPyConnection, identifier: Identifier, context: AddressContext, case: CaseState
) -> Report:
    """The report on an access key; of one in no log it says so, and what to load."""
    page = key(connection, identifier, context)
    below, credentials = tree_and_credentials(connection, identifier)
    certain = {id_: node for id_, node in credentials.items() if below.nodes[node].certain}
    collect_uses(connection, certain)
    done = activity(connection, context)
    listed = _listed_rows(connection)
    loaded = coverage(connection)
    cited = list(dict.fromkeys(cited_event_ids((page, below, done, loaded.trails))))
    found = _records(connection, cited[:_CITED], listed)
    places = {event_key: number for number, event_key in enumerate(found)}
    with_record = {record.event_id for record in found.values()}
    answer = Report(
        key=page,
        tree=below,
        activity=done,
        signed_by=tuple(
            SignedBy(row.event_source, row.event_name, tuple(row.nodes)) for row in rows(connection, "report/signed_by")
        ),
        timeline=_timeline(connection, done),
        events=tuple(_listed(row, places.get(row.event_key)) for row in listed),
        events_total=done.events,
        records=tuple(found.values()),
        cited_without_record=sum(event_id not in with_record for event_id in cited),
        coverage=loaded,
        case=case,
    )
    connection.execute("drop table if exists key_uses")
    return answer


def _records(
    connection: duckdb.DuckDBPyConnection, cited: Sequence[str], listed: Iterable[Row]
) -> dict[str, ProvingRecord]:
    """The records by event key, the cited ones first."""
    wanted = [row.event_key for row in sorted(listed, key=_rank)]
    found = rows(connection, "report/records", cited=cited, listed=wanted, longest=_RECORD, room=_RECORDS)
    found = _fitting(found, lambda row: (row.text, *(row.source_files or ())), _ROOM_FOR_RECORDS)
    return {
        row.event_key: ProvingRecord(
            row.event_id,
            row.recipient_account_id,
            row.event_time,
            row.event_name,
            row.aws_region,
            row.unreliable,
            tuple(row.source_files or ()),
            row.length,
            row.text,
        )
        for row in found
    }


def _listed_rows(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The events to list in the order of time, the telling ones of all."""
    found = rows(connection, "report/events", most=_EVENTS, alike=_ALIKE, longest=_TEXT)
    fitting = {row.event_key for row in _fitting(sorted(found, key=_rank), lambda row: row, _ROOM_FOR_EVENTS)}
    return [row for row in found if row.event_key in fitting]


def _rank(row: Row) -> int:
    return int(row.rank)


def _fitting(found: Iterable[Row], texts: Callable[[Row], Iterable[object]], room: int) -> list[Row]:
    """The first rows, as many as fit into a page: there, what could be markup or is not ASCII is spelled out."""
    fitting: list[Row] = []
    for row in found:
        room -= sum(_length(str(text)) for text in texts(row))
        if room < 0:
            break
        fitting.append(row)
    return fitting


def _length(text: str) -> int:
    return len(json.dumps(text)) + 5 * sum(text.count(character) for character in "<>&")


def _listed(row: Row, record: int | None) -> ListedEvent:
    values: dict[str, Any] = {field.name: getattr(row, field.name) for field in fields(ListedEvent)[:-1]}
    return ListedEvent(**values, record=record)


def _timeline(connection: duckdb.DuckDBPyConnection, done: Activity) -> Timeline:
    if done.first_use is None or done.last_use is None:
        return Timeline(0, None, None, ())
    step = _step(done.last_use - done.first_use)
    first = done.first_use - (done.first_use - _EPOCH) % step
    found = rows(connection, "report/timeline", first=first, step=step // _SECOND)
    buckets = tuple(Bucket(row.node, row.start, row.succeeded, row.refused) for row in found)
    return Timeline(step // _SECOND, done.first_use, done.last_use, buckets)


def _step(span: timedelta) -> timedelta:
    """The shortest step that is not too many; beyond the longest, whole days."""
    fitting = next((step for step in _FINE_STEPS if span / step <= _STEPS), None)
    return fitting or -(-span // _STEPS // _DAY) * _DAY
