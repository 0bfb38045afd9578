"""Loaded exports: the exports of accounts in a case, their unreadable parts, and the trails that they describe."""

from __future__ import annotations

from collections.abc import Iterable

from forensics.answers.coverage_answer import ExportedTrail
from forensics.answers.ingest_answer import Export, Unread
from forensics.investigate.sql_rows import Connection, rows


def exports(connection: Connection) -> tuple[Export, ...]:
    """Return the exports of the case, identical ones once."""
    return tuple(rows(connection, Export, "case/exports"))


def problems(connection: Connection, hashes: Iterable[str | None] | None = None) -> tuple[Unread, ...]:
    """Return the parts of exports that could not be read: of all exports, or of some, by SHA-256."""
    wanted = None if hashes is None else sorted({hash_ for hash_ in hashes if hash_})
    return tuple(rows(connection, Unread, "case/export_problems", hashes=wanted))


def exported_trails(connection: Connection) -> tuple[ExportedTrail, ...]:
    """Return the trails that exports describe."""
    return tuple(rows(connection, ExportedTrail, "case/exported_trails"))
