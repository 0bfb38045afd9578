"""Identities unread: flags an absence that records with an unreadable identity could explain."""

from __future__ import annotations

from forensics.investigate.sql_rows import Connection, values


def unread_flags(connection: Connection) -> tuple[str, ...]:
    """Return the flag for an answer that found nothing, if the case has records whose identity could not be read."""
    return ("identities_unread",) if any(values(connection, int, "identities_unread")) else ()
