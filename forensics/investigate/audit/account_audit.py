"""Account audit: every account in the logs or an export, its loaded events and the findings about its keys."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from forensics.answers.audit_answer import Accounts, AuditedAccount
from forensics.investigate.audit.audit_rows import ListedUserRow
from forensics.investigate.audit.key_audit import keys
from forensics.investigate.sql_rows import Connection, rows


def accounts(connection: Connection, max_age_days: int, unused_days: int) -> Accounts:
    """Return every account; the limits in days are those of the key audit."""
    existing = [key for key in keys(connection, max_age_days, unused_days).keys if key.status != "Deleted"]
    keys_of = Counter(key.account_id for key in existing)
    with_findings = Counter(key.account_id for key in existing if key.findings)
    listed = rows(connection, ListedUserRow, "audit/users")
    users = Counter(row.account_id for row in listed if not row.user_name.startswith("<"))
    return Accounts(
        tuple(
            replace(
                account,
                iam_users=users.get(account.account_id),
                long_term_keys=keys_of[account.account_id],
                keys_with_findings=with_findings[account.account_id],
            )
            for account in rows(connection, AuditedAccount, "audit/accounts")
        )
    )
