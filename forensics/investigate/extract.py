"""Extract: records as they were delivered, with where they lie and how far that is proven."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence

import duckdb

from forensics.investigate.tables import Row, rows
from forensics.lake.secrets import mask
from forensics.verify_answer import Copy, Extract, Original


def extract(connection: duckdb.DuckDBPyConnection, event_ids: Sequence[str], *, with_secrets: bool) -> Extract:
    """The originals of some events, each copy that another account got as well; secrets masked unless asked for."""
    files = [row.path for row in rows(connection, "events_files")]
    asked = list(dict.fromkeys(event_ids))
    # AWS writes event IDs in lower case; what came otherwise is found as it came
    spelled = sorted({spelling for id_ in asked for spelling in (id_, id_.lower(), id_.upper())})
    found = rows(connection, "extract_events", ids=spelled, files=files) if files else []
    copies: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows(connection, "extract_copies", keys=[one.event_key for one in found]) if found else []:
        copies[row.event_key].append(row)
    seen = {one.event_id.lower() for one in found}
    return Extract(
        tuple(_original(one, copies[one.event_key], with_secrets=with_secrets) for one in found),
        tuple(id_ for id_ in asked if id_.lower() not in seen),
    )


def _original(row: Row, copies: Iterable[Row], *, with_secrets: bool) -> Original:
    text: str = row.raw.decode("utf-8", "replace")
    masked = mask(row.raw).decode("utf-8", "replace")
    return Original(
        row.event_id,
        row.recipient_account_id,
        text if with_secrets else masked,
        hashlib.sha256(row.raw).hexdigest(),
        not with_secrets and masked != text,
        text.encode("utf-8") == row.raw,
        tuple(Copy(copy.source_file, copy.source_sha256, copy.position, copy.digest_status) for copy in copies),
    )
