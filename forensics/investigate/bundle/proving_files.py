"""Proving files: the source files, digests and exports behind an answer, for a bundle."""

from collections.abc import Collection

from forensics.investigate.sql_rows import Connection, Row, rows, values


class SourceRow(Row, frozen=True):
    """A file with cited events; `paths` are its locations, `digest_sha256` names the digest that lists it."""

    source_sha256: str
    name: str
    paths: tuple[str, ...]
    digest_sha256: str | None
    digest_status: str | None


class DigestRow(Row, frozen=True):
    """A digest with everything that other tools need to verify it; `der` is the public key."""

    digest_sha256: str
    s3_object: str
    signed_text: bytes
    signature: bytes | None
    der: bytes | None
    content: bytes


class ExportRow(Row, frozen=True):
    """An export with its content."""

    source_sha256: str
    name: str
    content: bytes


def sources_of(connection: Connection, event_ids: Collection[str]) -> list[SourceRow]:
    """Return the files that contain some events."""
    return rows(connection, SourceRow, "bundle/sources", ids=sorted(event_ids))


def events_in(connection: Connection, event_ids: Collection[str], source_hashes: Collection[str]) -> list[str]:
    """Return the event IDs that occur in files with these SHA-256."""
    return values(connection, str, "bundle/records", ids=sorted(event_ids), sources=sorted(source_hashes))


def digests_with(connection: Connection, digest_hashes: Collection[str]) -> list[DigestRow]:
    """Return the digests with these SHA-256."""
    return rows(connection, DigestRow, "bundle/digests", digests=sorted(digest_hashes))


def exports_named(connection: Connection, names: Collection[str]) -> list[ExportRow]:
    """Return the exports with these file names."""
    return rows(connection, ExportRow, "bundle/exports", names=sorted(names)) if names else []
