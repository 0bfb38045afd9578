"""Accounts: which ones the logs or an export know, what is loaded of each, and how its long-term keys fare."""

from __future__ import annotations

from collections import Counter

import duckdb

from forensics.answers.key_answer import Accounts, AuditedAccount
from forensics.investigate.audit.key_audit import keys
from forensics.investigate.sql_rows import rows


def accounts(connection: duckdb.DuckDBPyConnection, max_age_days: int, unused_days: int) -> Accounts:
    """Every account; the days are those of the audit of its keys."""
    living = [key for key in keys(connection, max_age_days, unused_days).keys if key.status != "Deleted"]
    held = Counter(key.account_id for key in living)
    faulty = Counter(key.account_id for key in living if key.findings)
    users = Counter(row.account_id for row in rows(connection, "audit/users") if not row.user_name.startswith("<"))
    return Accounts(
        tuple(
            AuditedAccount(
                row.account_id,
                row.name,
                row.email,
                row.status,
                row.as_of,
                row.events,
                row.first_event_time,
                row.last_event_time,
                tuple(region for region in row.aws_regions if region),
                users.get(row.account_id),
                held[row.account_id],
                faulty[row.account_id],
                row.iam_as_of,
            )
            for row in rows(connection, "audit/accounts")
        )
    )
