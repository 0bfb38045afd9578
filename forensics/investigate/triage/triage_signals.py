"""Triage signals: find what stands out about each story, and weigh it.

Each signal is one query that adds its rows to one temporary table. Two are judged by the rules of `who`, in Python.
`WEIGHTS` is the only place that decides how much a signal counts. It was tuned on simulated months
(`tests/triage_exam.py`), and docs/triage.md explains it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pyarrow as pa

from forensics.answers.triage_answer import Signal
from forensics.answers.who_answer import Agreement, UsedFrom
from forensics.investigate.sql_rows import Connection, grouped, pairs, rows, run
from forensics.investigate.triage.triage_rows import ClaimRow, ScoredSignal
from forensics.investigate.who.claims import agreement
from forensics.investigate.workloads import workload
from forensics.tables import insert_rows


@dataclass(frozen=True, slots=True)
class Weight:
    """How much a signal counts. `floor`: the part of it that counts on a day that is otherwise like the others.

    `is_sensitive`: one kind of sensitive call, of which a day may have several.
    """

    weight: float
    floor: float = 1.0
    is_sensitive: bool = False


_USUAL, _EVEN_IF_USUAL = 0.25, 0.5

WEIGHTS = {
    # who calls, and from where
    Signal.WORKLOAD_ELSEWHERE: Weight(6),
    Signal.SESSION_MOVED: Weight(3),
    Signal.SOURCE_IDENTITY_CONFLICT: Weight(3),
    Signal.NEW_NETWORK: Weight(2.5),
    Signal.NEW_PROGRAM: Weight(2),
    Signal.ROOT_USE: Weight(2),
    Signal.SIGN_IN_WITHOUT_MFA: Weight(1.5),
    Signal.FIRST_SEEN: Weight(1.25),
    Signal.NEW_REGION: Weight(0.5, _USUAL),
    # how the story calls
    Signal.ENUMERATION: Weight(3, _USUAL),
    Signal.REFUSED_CALLS: Weight(2, _USUAL),
    Signal.NEW_CALLS: Weight(2, _USUAL),
    # what succeeded; administrators do it, too
    Signal.OUTSIDE_ACCOUNT: Weight(3.5, _EVEN_IF_USUAL, is_sensitive=True),
    Signal.EVASION: Weight(2.5, _USUAL, is_sensitive=True),
    Signal.LARGE_INSTANCES: Weight(2.5, _USUAL, is_sensitive=True),
    Signal.PRIVILEGE_ESCALATION: Weight(2.5, _USUAL, is_sensitive=True),
    Signal.DATA_ACCESS: Weight(2, _EVEN_IF_USUAL, is_sensitive=True),
    Signal.DESTRUCTION: Weight(2, _USUAL, is_sensitive=True),
    Signal.EXECUTION: Weight(2, _USUAL, is_sensitive=True),
    Signal.PLANTED_ACCESS: Weight(2, _USUAL, is_sensitive=True),
    Signal.COST_ABUSE: Weight(1.5, _USUAL, is_sensitive=True),
    Signal.PERSISTENCE: Weight(1.5, _USUAL, is_sensitive=True),
    Signal.DISCOVERY: Weight(1, _USUAL, is_sensitive=True),
}
# in this order: the first ones create the tables that the others read
TABLES = ("stories", "calls", "days", "records", "signals")
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
    "outside_accounts",
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


@contextmanager
def signals_of(connection: Connection) -> Iterator[None]:
    """Fill the temporary tables of triage, and drop them at the end."""
    try:
        for table in TABLES:
            run(connection, f"triage/{table}")
        for signal in SIGNALS:
            run(connection, f"triage/{signal}")
        judged = [*_workloads_elsewhere(connection), *_source_identity_conflicts(connection)]
        insert_rows(connection, "triage_signals", _COLUMNS, judged)
        yield
    finally:
        for table in TABLES:
            connection.execute(f"drop table if exists triage_{table}")


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


def _workloads_elsewhere(connection: Connection) -> Iterator[tuple[object, ...]]:
    """Yield the credentials of workloads that were used elsewhere, by the rule of `who`."""
    keys = dict(pairs(connection, str, str, "triage/candidates_elsewhere", most=_JUDGED))
    if not keys:
        return
    stories = dict(pairs(connection, str, str, "triage/stories_of", ids=list(keys)))
    asked = {"ids": sorted(keys), "keys": sorted(set(keys.values()))}
    uses_of = grouped(pairs(connection, str, UsedFrom, "who/addresses", **asked), lambda pair: pair[0])
    for credential_id, found in uses_of.items():
        judged = workload(keys[credential_id], [use for _, use in found], None, None)
        if not judged.used_elsewhere or credential_id not in stories:
            continue
        home, *others = judged.addresses
        first, last = min(one.first_use for one in others), max(one.last_use for one in others)
        events = sum(one.events for one in others)
        details = [home.address, *(one.address for one in others[:4])]
        signal = Signal.WORKLOAD_ELSEWHERE.value
        ids = list(judged.event_ids)
        yield stories[credential_id], first.date(), signal, 1.0, events, first, last, ids, details


def _source_identity_conflicts(connection: Connection) -> Iterator[tuple[object, ...]]:
    """Yield the sessions whose SourceIdentity differs from their actor, by the rule of `who`."""
    for row in rows(connection, ClaimRow, "triage/source_identities", most=_JUDGED):
        if agreement(row.source_identity, row.actor) == Agreement.DIFFERS:
            signal, ids = Signal.SOURCE_IDENTITY_CONFLICT.value, [row.event_id] if row.event_id else []
            last = max(row.first_event, row.last_event or row.first_event)
            details = [row.source_identity[:256]]
            yield row.story, row.first_event.date(), signal, 1.0, row.events, row.first_event, last, ids, details
