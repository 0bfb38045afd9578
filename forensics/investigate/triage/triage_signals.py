"""Triage signals: find what stands out about each story, and weigh it.

Each signal is one query that adds its rows to one temporary table. Two are judged by the rules of `who`, in Python.
`signal_weights` decides how much a signal counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from forensics.answers.triage_answer import Signal
from forensics.answers.who_answer import Agreement, UsedFrom
from forensics.investigate.ip_ranges import IpRanges
from forensics.investigate.signal_weights import WEIGHTS
from forensics.investigate.sql_rows import Connection, grouped, pairs, rows, run
from forensics.investigate.triage.given_access import given_to
from forensics.investigate.triage.triage_rows import ClaimRow, ScoredSignal, WorkloadRow
from forensics.investigate.who.claims import agreement
from forensics.investigate.workloads import workload
from forensics.tables import insert_rows

# in this order: the first ones create the tables that the others read
TABLES = ("stories", "crowds", "networks", "calls", "days", "records", "given", "signals")
SIGNALS = (
    "new_places",
    "first_seen",
    "moved_sessions",
    "new_regions",
    "refused_calls",
    "new_calls",
    "sensitive_calls",
    "large_instances",
    "planted_access",
    "given_access",
    "root_use",
    "sign_ins_without_mfa",
)
_JUDGED = 1000  # credentials that Python compares with the rules of `who`
_COLUMNS = pa.schema(
    {
        "story": pa.string(),
        "event_date": pa.date32(),
        "signal": pa.string(),
        "strength": pa.float64(),
        "events": pa.int64(),
        "first_event": pa.timestamp("us"),
        "last_event": pa.timestamp("us"),
        "event_ids": pa.list_(pa.string()),
        "details": pa.list_(pa.string()),
    }
)


_GIVEN = pa.schema({"event_key": pa.string(), "given_to": pa.string()})


@contextmanager
def signals_of(connection: Connection, ip_ranges: IpRanges | None = None) -> Iterator[int]:
    """Fill the temporary tables of triage, and drop them at the end. `ip_ranges` identifies AWS's own addresses.

    Yields the number of credentials that were too many to be compared with the rules of `who`.
    """
    try:
        run(connection, "sensitive_signals")
        for table in TABLES:
            run(connection, f"triage/{table}")
        insert_rows(connection, "triage_given", _GIVEN, list(_given(connection)))
        for signal in SIGNALS:
            run(connection, f"triage/{signal}")
        workloads = rows(connection, WorkloadRow, "triage/candidates_elsewhere", most=_JUDGED)
        claims = rows(connection, ClaimRow, "triage/source_identities", most=_JUDGED)
        judged = [*_workloads_elsewhere(connection, workloads, ip_ranges), *_source_identity_conflicts(claims)]
        insert_rows(connection, "triage_signals", _COLUMNS, judged)
        yield sum(found[0].candidates - len(found) for found in (workloads, claims) if found)
    finally:
        for table in TABLES:
            connection.execute(f"drop table if exists triage_{table}")


def _given(connection: Connection) -> Iterator[tuple[object, ...]]:
    """Yield the calls that gave access, with each account, provider or canonical user that it was given to."""
    for event_key, parameters in pairs(connection, str, str, "triage/giving_calls"):
        yield from ((event_key, one) for one in sorted(given_to(parameters)))


def scored(connection: Connection, least: float, least_of_lead: float, most: int) -> list[ScoredSignal]:
    """Return the signals of the stories with a score of at least `least`, at most `most` stories, the highest first."""
    weights = WEIGHTS.values()
    return rows(
        connection,
        ScoredSignal,
        "triage/scores",
        signals=[signal.value for signal in WEIGHTS],
        weights=[one.weight for one in weights],
        floors=[one.floor for one in weights],
        sensitive=[one.is_sensitive for one in weights],
        least=least,
        least_of_lead=least_of_lead,
        most=most,
    )


def _workloads_elsewhere(
    connection: Connection, workloads: Sequence[WorkloadRow], ip_ranges: IpRanges | None
) -> Iterator[tuple[object, ...]]:
    """Yield the credentials of workloads that were used elsewhere, by the rule of `who`."""
    candidates = {row.credential_id: row for row in workloads}
    if not candidates:
        return
    stories = dict(pairs(connection, str, str, "triage/stories_of", ids=list(candidates)))
    asked = {"ids": sorted(candidates), "keys": sorted({row.access_key_id for row in candidates.values()})}
    uses_of = grouped(pairs(connection, str, UsedFrom, "who/addresses", **asked), lambda pair: pair[0])
    for credential_id, found in uses_of.items():
        row = candidates[credential_id]
        judged = workload(row.access_key_id, [use for _, use in found], row.home_region, ip_ranges)
        if not judged.used_elsewhere or credential_id not in stories:
            continue
        home, *others = judged.addresses
        first, last = min(one.first_use for one in others), max(one.last_use for one in others)
        events = sum(one.events for one in others)
        details = [home.address, *(one.address for one in others[:4])]
        signal = Signal.WORKLOAD_ELSEWHERE.value
        ids = list(judged.event_ids)
        yield stories[credential_id], first.date(), signal, 1.0, events, first, last, ids, details


def _source_identity_conflicts(claims: Iterable[ClaimRow]) -> Iterator[tuple[object, ...]]:
    """Yield the sessions whose SourceIdentity differs from their actor, by the rule of `who`."""
    for row in claims:
        if agreement(row.source_identity, row.actor) == Agreement.DIFFERS:
            signal, ids = Signal.SOURCE_IDENTITY_CONFLICT.value, [row.event_id] if row.event_id else []
            last = max(row.first_event, row.last_event or row.first_event)
            details = [row.source_identity[:256]]
            yield row.story, row.first_event.date(), signal, 1.0, row.events, row.first_event, last, ids, details
