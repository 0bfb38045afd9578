"""Timesketch: events as rows of a timeline, in the form that its importer reads (CSV or JSON lines).

The importer requires `message`, `datetime` (ISO 8601) and `timestamp_desc`, reads `timestamp` in microseconds, and
keeps every other column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from forensics.answers.core import Actor, Evidence
from forensics.answers.key_answer import Key
from forensics.answers.rows_answer import Rows
from forensics.output.words import KEY_CHANGES

_CALL = "API call completed"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNKNOWN = "an unknown actor"
_Entry = tuple[str, str, Mapping[str, object]]
"""The description of the time, the message, and the event by column name."""


def events_timeline(rows: Rows) -> Rows:
    """Return attributed events as a timeline."""
    return _timeline(rows, list(_calls(rows)))


def key_timeline(answer: Key, events: Rows) -> Rows:
    """Return the calls of a key, its issuances, and the changes to it and to its owner, ordered by time."""
    entries = list(_calls(events))
    known = {event["event_id"] for _, _, event in entries}
    entries += [entry for entry in _changes(answer) if entry[2]["event_id"] not in known]
    return _timeline(events, sorted(entries, key=_order))


def _order(entry: _Entry) -> tuple[datetime, str]:
    return _utc(entry[2]["event_time"]), str(entry[2]["event_id"])


def _calls(rows: Rows) -> Iterator[_Entry]:
    for row in rows.rows:
        event = dict(zip(rows.columns, row, strict=True))
        yield _CALL, f"{event['event_name']} by {_who(event)} from {event['source_ip_address']}{_refused(event)}", event


def _changes(answer: Key) -> Iterator[_Entry]:
    for hop in answer.who.chain:
        for evidence in hop.link.evidence if hop.link else ():
            message = f"{evidence.event_name} issued {', '.join(hop.access_key_ids) or hop.arn}"
            yield "credential requested", message, _event(evidence)
    for change in answer.lifecycle.changes:
        refused = "" if change.succeeded else f", refused: {change.error_code}"
        message = f"{change.access_key_id} {KEY_CHANGES[change.change]} by {_name(change.actor)}{refused}"
        yield f"access key {change.change}", message, _event(change.event, change.actor, change.by_access_key_id)
    for done in (*answer.owners_access.password_changes, *answer.quarantine.changes):
        what = " ".join(filter(None, (done.event_name, done.policy)))
        yield (
            "owner of the key changed",
            f"{what} by {_name(done.actor)}",
            _event(done.event, done.actor, done.by_access_key_id),
        )


def _event(evidence: Evidence, actor: Actor | None = None, by_access_key_id: str | None = None) -> dict[str, object]:
    return {
        "event_time": evidence.event_time,
        "event_name": evidence.event_name,
        "aws_region": evidence.aws_region,
        "recipient_account_id": evidence.recipient_account_id,
        "event_id": evidence.event_id,
        "actor_name": actor and actor.name,
        "actor_kind": actor and actor.kind,
        "actor_id": actor and actor.id,
        "access_key_id": by_access_key_id,
    }


def _timeline(rows: Rows, entries: list[_Entry]) -> Rows:
    columns = ("message", "datetime", "timestamp", "timestamp_desc", *rows.columns)
    found = tuple(
        (message, moment.isoformat(), _microseconds(moment), what, *(event.get(name) for name in rows.columns))
        for what, message, event in entries
        if (moment := _utc(event["event_time"]))
    )
    return Rows(columns, found, rows.total + len(found) - len(rows.rows))


def _who(event: Mapping[str, object]) -> object:
    return event["actor_name"] or event["actor_id"] or _UNKNOWN


def _name(actor: Actor) -> str:
    return actor.name or actor.id or _UNKNOWN


def _refused(event: Mapping[str, object]) -> str:
    if event["outcome"] == "succeeded":
        return ""
    return f", refused: {event['error_code'] or event['outcome']}"


def _microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _utc(moment: object) -> datetime:
    """Return a time in UTC; a time without a zone is UTC. An event without a time sorts first."""
    if not isinstance(moment, datetime):
        return _EPOCH
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
