"""Key report: an access key, everything derived from it, its calls and their records, in one document.

It combines the answers of `key` and `tree` with the records that they cite, and reads the events of the key and of
everything certainly derived from it once. All lists are limited, so that the document can be opened.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple, TypeVar

from forensics.answers.key_answer import Activity, CallFilter
from forensics.answers.report_answer import Bucket, CaseState, ListedEvent, ProvingRecord, Report, SignedBy, Timeline
from forensics.answers.story_answer import Story
from forensics.identifiers import Identifier
from forensics.investigate.case.loaded_hours import coverage
from forensics.investigate.evidence import cited_event_ids
from forensics.investigate.key.activity import UNRESTRICTED, activity, derived_from, uses_of
from forensics.investigate.key.address_context import AddressContext
from forensics.investigate.key.counted_calls import CallCriteria, CountedCalls, call_filter, counted_calls
from forensics.investigate.key.key_page import key
from forensics.investigate.sql_rows import Connection, Row, rows
from forensics.investigate.story.story_page import story
from forensics.investigate.tree.derived import NodesBelow, tree_and_credentials
from forensics.investigate.who.requesters import ids_of, subject_rows

_EVENTS = 5_000
_ALIKE = 10  # similar calls listed before others
_TEXT = 200  # maximum characters of a text of a listed event
_RECORD = 32_768  # maximum characters of a record
_RECORDS = 6_000_000  # maximum characters of all records read
_ROOM_FOR_RECORDS = 9_000_000  # maximum characters of all records in the document
_ROOM_FOR_EVENTS = 3_000_000
_CITED = 2_000  # maximum cited event IDs
_STEPS = 160  # maximum steps of the timeline
_STORY_STEPS = 500
_STORY_IDS = 3
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC, as in the tables
_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
_values = attrgetter(*(field.name for field in fields(ListedEvent)[:-1]))
_FINE_STEPS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60, 180, 360, 720, 1440))


T = TypeVar("T")


class _ListedRow(Row, frozen=True):
    event_key: str
    rank: int
    event: ListedEvent


class _ProvingRow(Row, frozen=True):
    event_key: str
    record: ProvingRecord


def report(
    connection: Connection,
    identifier: Identifier,
    context: AddressContext,
    case: CaseState,
    criteria: CallCriteria,
) -> Report:
    """Return the report on an access key. For a key that is not logged, it lists the missing logs.

    Args:
        connection: the case.
        identifier: the access key.
        context: databases of addresses.
        case: the state of the case.
        criteria: which calls count.
    """
    below, credentials = tree_and_credentials(connection, identifier)
    nodes = NodesBelow(below.nodes, credentials)
    page = key(connection, identifier, context, criteria, nodes)
    counted = counted_calls(connection, ids_of(subject_rows(connection, identifier)), call_filter(**criteria))
    calls = _activity_of_tree(connection, identifier, context, counted, nodes)
    story_of_key = _story(connection, identifier, page.counted, (counted and counted.credential_ids) or ())
    loaded = coverage(connection)
    cited = list(dict.fromkeys(cited_event_ids((page, below, calls.activity, loaded.trails, story_of_key))))
    records = _records(connection, cited[:_CITED], calls.listed)
    places = {row.event_key: number for number, row in enumerate(records)}
    with_record = {row.record.event_id for row in records}
    return Report(
        key=page,
        tree=below,
        activity=calls.activity,
        signed_by=calls.signed_by,
        timeline=calls.timeline,
        events=tuple(replace(row.event, record=places.get(row.event_key)) for row in calls.listed),
        events_total=calls.activity.events,
        records=tuple(row.record for row in records),
        cited_without_record=sum(event_id not in with_record for event_id in cited),
        coverage=loaded,
        case=case,
        story=story_of_key,
    )


class _TreeActivity(NamedTuple):
    """The counted calls of a key and of everything certainly derived from it. `listed`: the most relevant ones."""

    activity: Activity
    signed_by: tuple[SignedBy, ...]
    timeline: Timeline
    listed: list[_ListedRow]


def _activity_of_tree(
    connection: Connection,
    identifier: Identifier,
    context: AddressContext,
    counted: CountedCalls | None,
    below: NodesBelow,
) -> _TreeActivity:
    ids = ids_of(subject_rows(connection, identifier))
    derived = set(derived_from(connection, ids))
    certain = {id_: node for id_, node in below.places.items() if below.nodes[node].certain or id_ in derived}
    with uses_of(connection, certain, restriction=counted.parameters if counted else UNRESTRICTED) as uses:
        found = activity(connection, uses, context)
        signed_by = rows(connection, SignedBy, "report/signed_by", uses=uses)
        timeline = _timeline(connection, uses, found)
        return _TreeActivity(found, tuple(signed_by), timeline, _listed_rows(connection, uses))


def _story(connection: Connection, identifier: Identifier, counted: CallFilter, issued: Sequence[str]) -> Story:
    """Return the most notable steps of the story of a key, of the calls that the report counts."""
    wanted: dict[str, object] = {"since": counted.since, "until": counted.until, "address": counted.addresses}
    bounds = {"most_steps": _STORY_STEPS, "most_ids": _STORY_IDS}
    return story(connection, identifier.id, wanted, counted.leaked_at, issued, **bounds)


def _records(connection: Connection, cited: Sequence[str], listed: Iterable[_ListedRow]) -> list[_ProvingRow]:
    """Return the records that fit, the cited ones first."""
    wanted = [row.event_key for row in sorted(listed, key=_rank)]
    asked = {"cited": cited, "listed": wanted, "longest": _RECORD, "room": _RECORDS}
    found = rows(connection, _ProvingRow, "report/records", **asked)
    return _fitting(found, lambda row: (row.record.text, *row.record.source_files), _ROOM_FOR_RECORDS)


def _listed_rows(connection: Connection, uses: str) -> list[_ListedRow]:
    """Return the most relevant events, ordered by time."""
    asked = {"uses": uses, "most": _EVENTS, "alike": _ALIKE, "longest": _TEXT}
    found = rows(connection, _ListedRow, "report/events", **asked)
    ranked = _fitting(
        sorted(found, key=_rank), lambda row: (row.event_key, row.rank, *_values(row.event)), _ROOM_FOR_EVENTS
    )
    fitting = {row.event_key for row in ranked}
    return [row for row in found if row.event_key in fitting]


def _rank(row: _ListedRow) -> int:
    return row.rank


def _fitting(found: Iterable[T], texts: Callable[[T], Iterable[object]], room: int) -> list[T]:
    """Return the first rows that fit. The document escapes markup and characters that are not ASCII."""
    fitting: list[T] = []
    for row in found:
        room -= sum(_length(str(text)) for text in texts(row))
        if room < 0:
            break
        fitting.append(row)
    return fitting


def _length(text: str) -> int:
    return len(json.dumps(text)) + 5 * sum(text.count(character) for character in "<>&")


def _timeline(connection: Connection, uses: str, counted: Activity) -> Timeline:
    if counted.first_use is None or counted.last_use is None:
        return Timeline(0, None, None, ())
    step = _step(counted.last_use - counted.first_use)
    first = counted.first_use - (counted.first_use - _EPOCH) % step
    buckets = rows(connection, Bucket, "report/timeline", uses=uses, first=first, step=step // _SECOND)
    return Timeline(step // _SECOND, counted.first_use, counted.last_use, tuple(buckets))


def _step(span: timedelta) -> timedelta:
    """Return the shortest step with few enough steps, or a number of days."""
    fitting = next((step for step in _FINE_STEPS if span / step <= _STEPS), None)
    return fitting or -(-span // _STEPS // _DAY) * _DAY
