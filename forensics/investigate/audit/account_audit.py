"""Accounts: which ones the logs or an export know, what is loaded of each, and how its long-term keys fare."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import duckdb

from forensics.answers.audit_answer import Accounts, AuditedAccount
from forensics.investigate.audit.audit_rows import ListedUserRow
from forensics.investigate.audit.key_audit import keys
from forensics.investigate.sql_rows import rows


def accounts(connection: duckdb.DuckDBPyConnection, max_age_days: int, unused_days: int) -> Accounts:
    """Every account; the days are those of the audit of its keys."""
    living = [key for key in keys(connection, max_age_days, unused_days).keys if key.status != "Deleted"]
    held = Counter(key.account_id for key in living)
    faulty = Counter(key.account_id for key in living if key.findings)
    listed = rows(connection, ListedUserRow, "audit/users")
    users = Counter(row.account_id for row in listed if not row.user_name.startswith("<"))
    return Accounts(
        tuple(
            replace(
                account,
                iam_users=users.get(account.account_id),
                long_term_keys=held[account.account_id],
                keys_with_findings=faulty[account.account_id],
            )
            for account in rows(connection, AuditedAccount, "audit/accounts")
        )
    )
