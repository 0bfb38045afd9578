"""Counted calls: separate the calls of an intruder from those of the owner of a key.

A filter says which calls of a key, and of everything derived from it, a page counts: those in a period that came
from some addresses, or from credentials that were requested or created from there. Calls before the time of the leak
are summarized. A filter never hides what still works, nor who owns or requested the key.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, Unpack

from forensics.addresses import canonical_addresses
from forensics.answers.key_answer import Activity, CallFilter, OtherCalls
from forensics.investigate.case.event_filter import Several, given, logged_addresses, several
from forensics.investigate.key.activity import UNRESTRICTED, activity, uses_of
from forensics.investigate.key.address_context import AddressContext
from forensics.investigate.periods import utc
from forensics.investigate.sql_rows import Connection, Row, rows, values

_ADDRESSES = 12
_EVENTS = 3
_NO_CALLS = Activity()


class UncountedCalls(Row, frozen=True):
    """Calls that a page does not count. `addresses`: all of them; `first_events`: time and ID of the first."""

    events: int
    first_use: datetime | None
    last_use: datetime | None
    addresses: tuple[str, ...]
    first_events: tuple[tuple[datetime | None, str], ...]


class _IssuedRow(Row, frozen=True):
    id: str
    event_key: str | None
    event_time: datetime | None


@dataclass(frozen=True, slots=True)
class CountedCalls:
    """The calls that a filter counts.

    Attributes:
        addresses: the source addresses, as in the table of calls; None for all.
        credential_ids: credentials whose calls count from every address; None if `addresses` is None.
        issued: what was requested or created by counted calls, or derives from that.
        issued_by: the events that requested or created it.
    """

    filter: CallFilter
    addresses: list[str] | None
    credential_ids: list[str] | None
    issued: frozenset[str]
    issued_by: frozenset[str]

    @property
    def parameters(self) -> dict[str, object]:
        """Return the parameters of `key/uses`."""
        wanted = self.filter
        times = {"since": wanted.since, "until": wanted.until, "leaked_at": wanted.leaked_at}
        texts = {name: time.isoformat() if time else None for name, time in times.items()}
        return {**texts, "addresses": self.addresses, "credentials": self.credential_ids}


class CallCriteria(TypedDict, total=False):
    """Which calls of a key a page counts. A time without a zone is UTC.

    `address`: an IP address or network, or several. `since`, `until`: the period. `leaked_at`: earlier calls are
    summarized.
    """

    address: Several
    since: datetime | None
    until: datetime | None
    leaked_at: datetime | None


def call_filter(**criteria: Unpack[CallCriteria]) -> CallFilter:
    """Return the filter with some criteria. Raises UnusableFilter."""
    given({name: value for name, value in criteria.items() if name != "leaked_at"})
    times = (criteria.get("since"), criteria.get("until"), criteria.get("leaked_at"))
    return CallFilter(several(criteria.get("address")), *(utc(time) if time else None for time in times))


def counted_calls(connection: Connection, ids: Sequence[str], wanted: CallFilter) -> CountedCalls | None:
    """Return the calls of credentials, and of everything derived from them, that a filter counts; None without one."""
    if wanted == CallFilter():
        return None
    addresses = None
    if wanted.addresses:
        logged = logged_addresses(connection, wanted.addresses)
        addresses = [canonical_addresses(text) or text for text in logged]
    issued = rows(connection, _IssuedRow, "key/issued_from", ids=ids, addresses=addresses)
    counted = [row for row in issued if _is_in(row.event_time, wanted)]
    return CountedCalls(
        wanted,
        addresses,
        None if addresses is None else sorted({row.id for row in issued}),
        frozenset(row.id for row in counted),
        frozenset(row.event_key for row in counted if row.event_key),
    )


def _is_in(time: datetime | None, wanted: CallFilter) -> bool:
    """Return whether a time is one at which calls are counted; an unknown time may be."""
    starts = [start for start in (wanted.since, wanted.leaked_at) if start]
    return time is None or (all(time >= start for start in starts) and not (wanted.until and time >= wanted.until))


@dataclass(frozen=True, slots=True)
class CountedActivity:
    """The counted calls of some credentials, the others, and the credentials that made counted calls."""

    activity: Activity = _NO_CALLS
    earlier: UncountedCalls | None = None
    left_out: UncountedCalls | None = None
    unreliable: UncountedCalls | None = None
    credential_ids: frozenset[str] = frozenset()


def counted_activity(
    connection: Connection,
    ids: Iterable[str],
    context: AddressContext,
    counted: CountedCalls | None,
    key_id: str | None = None,
) -> CountedActivity:
    """Return the counted calls of credentials. `key_id`: the access key, if all have the same."""
    nodes = dict.fromkeys(ids, 0)
    if not nodes:
        return CountedActivity()
    with uses_of(connection, nodes, key_id, counted.parameters if counted else UNRESTRICTED) as uses:
        done = activity(connection, uses, context)
        unreliable = uncounted_calls(connection, "unreliable")
        if counted is None:
            return CountedActivity(done, unreliable=unreliable)
        earlier, left_out = (uncounted_calls(connection, part) for part in ("earlier", "left_out"))
        ids_of_uses = frozenset(values(connection, str, "key/credentials_of_uses", uses=uses))
        return CountedActivity(done, earlier, left_out, unreliable, ids_of_uses)


def uncounted_calls(connection: Connection, part: str) -> UncountedCalls | None:
    """Return the calls of a part in the table of calls: earlier, left_out or unreliable."""
    return next(iter(rows(connection, UncountedCalls, "key/other_calls", part=part, most=_EVENTS)), None)


def together(*groups: UncountedCalls | None) -> OtherCalls | None:
    """Return the summary of the calls of several groups of credentials."""
    some = [group for group in groups if group]
    if not some:
        return None
    addresses = sorted({address for group in some for address in group.addresses})
    events = [event for group in some for event in group.first_events]
    events.sort(key=lambda event: (event[0] is None, str(event[0]), event[1]))
    return OtherCalls(
        events=sum(group.events for group in some),
        first_use=min((group.first_use for group in some if group.first_use), default=None),
        last_use=max((group.last_use for group in some if group.last_use), default=None),
        addresses=tuple(addresses[:_ADDRESSES]),
        addresses_total=len(addresses),
        event_ids=tuple(event_id for _, event_id in events[:_EVENTS]),
    )
