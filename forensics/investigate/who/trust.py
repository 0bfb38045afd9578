"""Trust: the claims that the trust policy of a role required for a session, by events or else by an export.

An export applies to a session if no change of the policy is logged between their times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from forensics.answers.core import Exported
from forensics.investigate.export_source import files_of
from forensics.investigate.sql_rows import Connection, grouped, rows
from forensics.investigate.who.who_rows import ExportedRoleRow, HopRow, TrustPolicyRow


@dataclass(frozen=True, slots=True)
class Required:
    """Whether a trust policy required each claim; None if unknown."""

    source_identity: bool | None = None
    session_name: bool | None = None
    exported: Exported | None = None
    """The export that shows it, if no event does."""


class TrustPolicies:
    """The trust policies of the roles of some hops."""

    def __init__(self, connection: Connection, hops: Iterable[HopRow]) -> None:
        roles = sorted({role for hop in hops if (role := _role(hop))})
        policies = rows(connection, TrustPolicyRow, "who/trust_policies", roles=roles) if roles else []
        exported = rows(connection, ExportedRoleRow, "exported_roles", roles=roles) if roles else []
        self._set = grouped(policies, lambda row: f"{row.account_id}/{row.role_name}")
        self._exported = grouped(exported, lambda row: f"{row.account_id}/{row.role_name}")
        self._files = files_of(connection, [row.source_sha256 for row in exported])

    def required_of(self, hop: HopRow) -> Required:
        """Return the claims required by the last policy set before the second of the request of a hop."""
        requested_at = hop.requested_at
        role = _role(hop)
        if role is None or requested_at is None:
            return Required()
        before = [row for row in self._set[role] if row.event_time and row.event_time < requested_at]
        if not before:
            return self._by_export(role, requested_at)
        last = [row for row in before if row.event_time == before[-1].event_time]
        return Required(
            _agreed([row.requires_source_identity for row in last]),
            _agreed([row.requires_session_name for row in last]),
        )

    def _by_export(self, role: str, requested_at: datetime) -> Required:
        """Return the claims required by the export closest in time without a logged change in between."""
        changed_at = [row.event_time for row in self._set[role] if row.event_time]
        fitting = [
            row
            for row in self._exported[role]
            if (row.created_at is None or row.created_at <= requested_at)
            and not any(requested_at <= time <= row.as_of for time in changed_at)
        ]
        if not fitting:
            return Required()
        row = min(fitting, key=lambda row: (abs(row.as_of - requested_at), row.as_of))
        required = ["sts:SourceIdentity"] if row.requires_source_identity else []
        required += ["sts:RoleSessionName"] if row.requires_session_name else []
        files = self._files[row.source_sha256]
        exported = row.exported("trust_policy", row.arn or role, ", ".join(required) or None, files)
        return Required(row.requires_source_identity, row.requires_session_name, exported)


def _agreed(values: Sequence[bool | None]) -> bool | None:
    """Return the value of all policies of one second, whose order is unknown; None if they differ."""
    return values[0] if len(set(values)) == 1 else None


def _role(hop: HopRow) -> str | None:
    """Return the account and name of the role of a session. A name is unique in an account, without its path."""
    parts = (hop.session_issuer_arn or "").split(":", 5)
    if len(parts) < 6 or not parts[5].startswith("role/"):
        return None
    return f"{parts[4]}/{parts[5].rpartition('/')[2]}"
