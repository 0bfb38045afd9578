"""Original records: records as they were delivered, with the files that contain them and their verification."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from msgspec import structs

from forensics.answers.verify_answer import ConflictingRecord, Copy, Extract, Original
from forensics.investigate.sql_rows import Connection, Row, grouped, rows, values
from forensics.records.secrets import mask


class _StoredRow(Row, frozen=True):
    event_key: str
    event_id: str
    recipient_account_id: str | None
    delivery: str
    raw: bytes
    stored_sha256: str | None
    replaced_by: str | None


class _CopyRow(Row, frozen=True):
    event_key: str
    is_stored: bool
    copy: Copy


class _ConflictRow(Row, frozen=True):
    event_key: str
    canonical_sha256: str | None
    delivery: str
    differs_in: str | None
    raw: bytes


def extract(
    connection: Connection,
    event_ids: Sequence[str],
    conflict_files: Sequence[str],
    *,
    with_secrets: bool,
) -> Extract:
    """Return the original records of some events, one per account that received it.

    Args:
        conflict_files: the files of the lake with copies that differ from the stored record.
        with_secrets: false to mask secrets.
    """
    files = values(connection, str, "case/events_files")
    asked = list(dict.fromkeys(event_ids))
    # AWS writes event IDs in lower case; other products may change the case
    spelled = sorted({spelling for id_ in asked for spelling in (id_, id_.lower(), id_.upper())})
    found = rows(connection, _StoredRow, "case/extract_events", ids=spelled, files=files) if files else []
    keys = [one.event_key for one in found]
    copies = grouped(
        rows(connection, _CopyRow, "case/extract_copies", keys=keys) if keys else [], lambda row: row.event_key
    )
    differing = {"keys": keys, "files": conflict_files}
    conflicts = grouped(
        rows(connection, _ConflictRow, "case/extract_conflicts", **differing) if keys and conflict_files else [],
        lambda row: row.event_key,
    )
    seen = {one.event_id.lower() for one in found}
    originals = [_effective_copy(one, conflicts[one.event_key]) for one in found]
    return Extract(
        tuple(_original(one, copies[one.event_key], others, with_secrets) for one, others in originals),
        tuple(id_ for id_ in asked if id_.lower() not in seen),
    )


def _effective_copy(stored: _StoredRow, conflicts: Sequence[_ConflictRow]) -> tuple[_StoredRow, list[_ConflictRow]]:
    """Return the copy that is the event, then the others: digests may verify one better than the stored copy."""
    if stored.replaced_by is None:
        return stored, list(conflicts)
    counts = next(one for one in conflicts if one.canonical_sha256 == stored.replaced_by)
    replaced = structs.replace(counts, canonical_sha256=stored.stored_sha256, delivery=stored.delivery, raw=stored.raw)
    others = [replaced if one is counts else one for one in conflicts]
    return structs.replace(stored, raw=counts.raw), sorted(others, key=lambda one: str(one.canonical_sha256))


def _original(
    row: _StoredRow, copies: Iterable[_CopyRow], conflicts: Sequence[_ConflictRow], with_secrets: bool
) -> Original:
    record = _text(row.raw, with_secrets)
    delivered = row.raw.decode("utf-8", "replace")
    return Original(
        row.event_id,
        row.recipient_account_id,
        record,
        hashlib.sha256(row.raw).hexdigest(),
        record != delivered,
        delivered.encode("utf-8") == row.raw,
        tuple(replace(one.copy, may_differ=bool(conflicts) and not one.is_stored) for one in copies),
        tuple(
            ConflictingRecord(
                _text(one.raw, with_secrets), hashlib.sha256(one.raw).hexdigest(), one.delivery, one.differs_in
            )
            for one in conflicts
        ),
    )


def _text(raw: bytes, with_secrets: bool) -> str:
    return (raw if with_secrets else mask(raw)).decode("utf-8", "replace")
