"""Extract: records as they were delivered, with where they lie and how far that is proven."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

import duckdb

from forensics.answers.verify_answer import ConflictingRecord, Copy, Extract, Original
from forensics.investigate.sql_rows import Row, rows
from forensics.records.secrets import mask


def extract(
    connection: duckdb.DuckDBPyConnection,
    event_ids: Sequence[str],
    conflict_files: Sequence[str],
    *,
    with_secrets: bool,
) -> Extract:
    """The originals of some events, each copy that another account got as well; secrets masked unless asked for.

    `conflict_files`: the lake's files of what copies say that differs.
    """
    files = [row.path for row in rows(connection, "case/events_files")]
    asked = list(dict.fromkeys(event_ids))
    # AWS writes event IDs in lower case; what came otherwise is found as it came
    spelled = sorted({spelling for id_ in asked for spelling in (id_, id_.lower(), id_.upper())})
    found = rows(connection, "case/extract_events", ids=spelled, files=files) if files else []
    keys = [one.event_key for one in found]
    copies = _by_event(rows(connection, "case/extract_copies", keys=keys) if keys else [])
    conflicts = _by_event(
        rows(connection, "case/extract_conflicts", keys=keys, files=conflict_files) if keys and conflict_files else []
    )
    seen = {one.event_id.lower() for one in found}
    originals = [_that_counts(one, conflicts[one.event_key]) for one in found]
    return Extract(
        tuple(_original(one, copies[one.event_key], others, with_secrets) for one, others in originals),
        tuple(id_ for id_ in asked if id_.lower() not in seen),
    )


def _by_event(found: Iterable[Row]) -> defaultdict[str, list[Row]]:
    of_event: defaultdict[str, list[Row]] = defaultdict(list)
    for row in found:
        of_event[row.event_key].append(row)
    return of_event


def _that_counts(stored: Row, conflicts: Sequence[Row]) -> tuple[Row, list[Row]]:
    """The copy that counts and the others: digests may prove more of another copy than of the stored one."""
    if stored.replaced_by is None:
        return stored, list(conflicts)
    counts = next(one for one in conflicts if one.canonical_sha256 == stored.replaced_by)
    replaced = counts._replace(
        canonical_sha256=stored.stored_sha256, delivery=stored.delivery, raw=stored.raw, differs_in=counts.differs_in
    )
    others = [replaced if one is counts else one for one in conflicts]
    return stored._replace(raw=counts.raw), sorted(others, key=lambda one: str(one.canonical_sha256))


def _original(row: Row, copies: Iterable[Row], conflicts: Sequence[Row], with_secrets: bool) -> Original:
    record = _text(row.raw, with_secrets)
    delivered: str = row.raw.decode("utf-8", "replace")
    return Original(
        row.event_id,
        row.recipient_account_id,
        record,
        hashlib.sha256(row.raw).hexdigest(),
        record != delivered,
        delivered.encode("utf-8") == row.raw,
        tuple(
            Copy(
                copy.source_file,
                copy.source_sha256,
                copy.position,
                copy.digest_status,
                bool(conflicts) and not copy.is_stored,
            )
            for copy in copies
        ),
        tuple(
            ConflictingRecord(
                _text(one.raw, with_secrets), hashlib.sha256(one.raw).hexdigest(), one.delivery, one.differs_in
            )
            for one in conflicts
        ),
    )


def _text(raw: bytes, with_secrets: bool) -> str:
    return (raw if with_secrets else mask(raw)).decode("utf-8", "replace")
