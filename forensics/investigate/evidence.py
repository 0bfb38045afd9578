"""Evidence: an event that proves something, with the files that hold it and how far these are proven themselves."""

from __future__ import annotations

from forensics.answers import Evidence
from forensics.investigate.tables import Row


def evidence_of(row: Row) -> Evidence:
    """A row of `who_evidence`."""
    return Evidence(
        row.event_id,
        row.recipient_account_id,
        row.aws_region,
        row.event_time,
        row.event_name,
        tuple(name for name in row.source_files if name),
        row.digest_status,
    )
