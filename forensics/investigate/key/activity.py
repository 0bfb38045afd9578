"""Activity: the calls of credentials by address, user agent, region, service and resource."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from forensics.answers.key_answer import Activity, Burst, Sensitive, Totals, Used, UsedAddress, UsedAgent, UsedWith
from forensics.investigate.applications import application_of
from forensics.investigate.key.address_context import AddressContext
from forensics.investigate.signal_weights import WEIGHTS
from forensics.investigate.sql_rows import Connection, Row, grouped, rows, run, values
from forensics.investigate.workloads import address_class

_LISTED = 100  # maximum entries of each list
CITED = 10  # maximum events or resources for one finding
_USES = "key_uses"  # the view that key/counted_uses.sql creates
UNRESTRICTED: Mapping[str, object] = dict.fromkeys(("since", "until", "leaked_at", "addresses", "credentials"))


class _SpanRow(Row, frozen=True):
    first: str | None
    last: str | None


class _CountedRow(Row, frozen=True):
    """The calls with one value, such as an address; `total` is the number of values of its kind."""

    value: str | None
    succeeded: int
    denied: int
    failed: int
    first_use: datetime | None
    last_use: datetime | None
    event_names: tuple[str, ...]
    total: int

    @property
    def use(self) -> tuple[str | None, int, int, int, datetime | None, datetime | None]:
        return self.value, self.succeeded, self.denied, self.failed, self.first_use, self.last_use


class _PlaceRow(_CountedRow, frozen=True):
    kind: str


class _ResourceRow(_CountedRow, frozen=True):
    objects: int


class _BurstRow(Row, frozen=True):
    burst: Burst
    total: int


@contextmanager
def uses_of(
    connection: Connection,
    nodes: Mapping[str, int],
    key_id: str | None = None,
    restriction: Mapping[str, object] = UNRESTRICTED,
) -> Iterator[str]:
    """Yield the name of a temporary view of the calls of some credentials, for the queries with $uses.

    Args:
        nodes: the number of the tree node of each credential ID.
        key_id: the access key, if all credentials have the same.
        restriction: the parameters of `key/uses` for the calls to count; by default all.
    """
    (days,) = rows(connection, _SpanRow, "key/span", ids=list(nodes))
    asked = {"ids": list(nodes), "nodes": list(nodes.values()), "key": key_id, "first": days.first, "last": days.last}
    run(connection, "call_facts")
    try:
        run(connection, "key/uses", **asked, **restriction)
        run(connection, "key/counted_uses")
        yield _USES
    finally:
        connection.execute("drop view if exists key_uses")
        connection.execute("drop table if exists key_calls")


def activity(connection: Connection, uses: str, context: AddressContext) -> Activity:
    """Return the activity in a table of calls."""
    (total,) = rows(connection, Activity, "key/total", uses=uses)
    if not total.events:
        return total
    places = grouped(rows(connection, _PlaceRow, "key/places", uses=uses, most=_LISTED), lambda row: row.kind)
    addresses, agents, regions, services = (places[kind] for kind in ("address", "user_agent", "region", "service"))
    resources = rows(connection, _ResourceRow, "key/resources", uses=uses, most=_LISTED)
    bursts = rows(connection, _BurstRow, "key/bursts", uses=uses, most=_LISTED)
    return replace(
        total,
        addresses=tuple(_used_address(row, context) for row in addresses),
        user_agents=tuple(UsedAgent(*row.use, application_of(row.value)) for row in agents),
        regions=tuple(Used(*row.use) for row in regions),
        services=tuple(UsedWith(*row.use, row.event_names) for row in services),
        resources=tuple(UsedWith(*row.use, row.event_names, row.objects) for row in resources),
        sensitive=_sensitive(connection, uses),
        discovery_bursts=tuple(row.burst for row in bursts),
        totals=Totals(*(_total(found) for found in (addresses, agents, regions, services, resources, bursts))),
    )


def derived_from(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Return the IDs of the credentials and plantings that certainly derive from some credentials."""
    return values(connection, str, "key/derived", ids=ids)


def _sensitive(connection: Connection, uses: str) -> tuple[Sensitive, ...]:
    run(connection, "sensitive_signals")
    signals, weights = [one.value for one in WEIGHTS], [one.weight for one in WEIGHTS.values()]
    return tuple(rows(connection, Sensitive, "key/sensitive", uses=uses, most=CITED, signals=signals, weights=weights))


def _used_address(row: _PlaceRow, context: AddressContext) -> UsedAddress:
    class_, _ = address_class(row.value or "", None)
    place = context.place_of(row.value)
    return UsedAddress(*row.use, class_, place.country, place.city, place.as_number, place.as_name)


def _total(found: Sequence[_CountedRow] | Sequence[_BurstRow]) -> int:
    return found[0].total if found else 0
