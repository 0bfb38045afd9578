"""Trust: what a role's trust policy asked of whoever requested a session, as far as loaded events tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb

from forensics.investigate.tables import Row, rows


@dataclass(frozen=True, slots=True)
class Required:
    """Whether a trust policy asked for a claim; None if that is not known."""

    source_identity: bool | None = None
    session_name: bool | None = None


class TrustPolicies:
    """The trust policies of the roles of some hops."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, hops: Iterable[Row]) -> None:
        roles = sorted({role for hop in hops if (role := _role(hop))})
        self._set: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rows(connection, "who_trust_policies", roles=roles) if roles else []:
            self._set[f"{row.account_id}/{row.role_name}"].append(row)

    def required_of(self, hop: Row) -> Required:
        """By the last policy set before the second in which the session of a hop was requested."""
        requested_at = hop.issued_at or hop.issuance_time
        role = _role(hop)
        if role is None or requested_at is None:
            return Required()
        before = [row for row in self._set[role] if row.event_time < requested_at]
        last = [row for row in before if row.event_time == before[-1].event_time]
        return Required(
            _agreed([row.requires_source_identity for row in last]),
            _agreed([row.requires_session_name for row in last]),
        )


def _agreed(said: Sequence[bool | None]) -> bool | None:
    """What all policies of one second say; their order is not known."""
    return said[0] if len(set(said)) == 1 else None


def _role(hop: Row) -> str | None:
    """Account and name of the role of a session. A name is given once in an account, whatever its path."""
    parts = (hop.session_issuer_arn or "").split(":", 5)
    if len(parts) < 6 or not parts[5].startswith("role/"):
        return None
    return f"{parts[4]}/{parts[5].rpartition('/')[2]}"
