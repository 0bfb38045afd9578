"""Pivot page: the calls of an address, user, role or resource, as one table that every part of the page reads."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypedDict, TypeVar

from forensics.answers.pivot_answer import (
    FirstCall,
    KnownName,
    OwnedKey,
    Pivot,
    PivotActor,
    PivotKey,
    PivotSubject,
    PivotTotals,
    PivotType,
    RefusedAction,
    SubjectChange,
)
from forensics.investigate.case.event_filter import check_period
from forensics.investigate.key.activity import activity
from forensics.investigate.key.address_context import AddressContext
from forensics.investigate.sql_rows import Connection, Row, pairs, rows, run

T = TypeVar("T")
LISTED = 100  # maximum entries of each list


class _UnprovenRow(Row, frozen=True):
    event_id: str | None
    total: int


class _DaysRow(Row, frozen=True):
    first: str | None
    last: str | None


class PageTimes(TypedDict, total=False):
    """The arguments of TimeRange."""

    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class TimeRange:
    """The times of a page; a time without a zone is UTC. Raises UnusableFilter if it cannot contain a call."""

    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        check_period(self.since, self.until)

    @property
    def texts(self) -> dict[str, str | None]:
        """Return the times as text, because DuckDB needs pytz to bind a time with a zone."""
        return {
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
        }


@contextmanager
def calls_of(connection: Connection, statement: str, parameters: Mapping[str, object]) -> Iterator[None]:
    """Create the table of the calls of a page by one of the statements `pivot/calls_...`, and drop it at the end."""
    run(connection, "call_facts")
    run(connection, "pivot/every_call")
    try:
        run(connection, statement, **parameters)
        run(connection, "pivot/own_copies")
        yield
    finally:
        connection.execute("drop table if exists pivot_calls")
        connection.execute("drop table if exists pivot_copies")
        connection.execute("drop view if exists every_call")


@contextmanager
def calls_signed_by(connection: Connection, ids: Sequence[str]) -> Iterator[None]:
    """Create the table of the calls that some credentials signed, and drop it at the end."""
    (days,) = rows(connection, _DaysRow, "key/span", ids=ids)
    with calls_of(connection, "pivot/calls_of", {"ids": ids, "first": days.first, "last": days.last}):
        yield


def page(connection: Connection, subject: PivotSubject, asked: str, times: TimeRange) -> Pivot:
    """Return the page on the calls in the table."""
    first = next(iter(rows(connection, FirstCall, "pivot/first_call")), None)
    run(connection, "pivot/outside", **times.texts)
    actors, actors_total = _with_total(pairs(connection, PivotActor, int, "pivot/actors", most=LISTED))
    keys, keys_total = _with_total(pairs(connection, PivotKey, int, "pivot/keys", most=LISTED))
    refused, refused_total = _with_total(pairs(connection, RefusedAction, int, "pivot/refused", most=LISTED))
    unproven = rows(connection, _UnprovenRow, "pivot/unproven", **times.texts, most=LISTED)
    return Pivot(
        subject,
        asked,
        in_logs=first is not None or bool(unproven),
        since=times.since,
        until=times.until,
        first_call=first,
        activity=activity(connection, "pivot_calls", AddressContext()),
        actors=actors,
        keys=keys,
        refused=refused,
        unproven_event_ids=tuple(row.event_id for row in unproven if row.event_id),
        totals=PivotTotals(actors_total, keys_total, refused_total, unproven=unproven[0].total if unproven else 0),
    )


def _with_total(found: Sequence[tuple[T, int]]) -> tuple[tuple[T, ...], int]:
    """Return the entries of a list, and their total number, which each row repeats."""
    return tuple(entry for entry, _ in found), found[0][1] if found else 0


def with_iam(connection: Connection, answer: Pivot, times: TimeRange) -> Pivot:
    """Return the page on an IAM user or role with its names, its keys, and the changes of it."""
    subject = answer.subject
    account = {"account": subject.account_id}
    is_user = subject.type == PivotType.USER
    run(connection, "same_user")
    names = rows(connection, KnownName, "pivot/known_names", **account, id=subject.id) if is_user else []
    called = sorted({name.lower() for name in (subject.name, *(one.name for one in names)) if name})
    own = {"users": called, "role_names": []} if is_user else {"users": [], "role_names": called}
    asked = {**account, **own, **times.texts, "id": None if (subject.id or "").startswith("arn:") else subject.id}
    changes, total = _with_total(pairs(connection, SubjectChange, int, "pivot/changes", **asked, most=LISTED))
    owner = {**account, "id": subject.id, "name": subject.name}
    keys: Sequence[OwnedKey] = rows(connection, OwnedKey, "pivot/owned_keys", **owner) if is_user else ()
    return replace(
        answer,
        in_logs=bool(answer.in_logs or names or changes or keys),
        names=tuple(names),
        owned_keys=tuple(keys),
        changes=changes,
        totals=replace(answer.totals, changes=total),
    )
