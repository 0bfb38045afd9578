"""Pending: records a change of a case before it is made, until the custody log has its entry.

If a process is killed between a change and its custody entry, this file remains. Only `verify` reads it, to recognize
the change as one of this program.
"""

from __future__ import annotations

import os
from contextlib import suppress

import msgspec

from forensics.files.regular_files import read_regular, write_private
from forensics.lake.layout import Layout


class Pending(msgspec.Struct, frozen=True):
    """The size in bytes and the SHA-256 of the manifest after a commit, and the SHA-256 of a new database."""

    manifest_bytes: int = 0
    manifest_sha256: str | None = None
    database_sha256: str | None = None


def pending(layout: Layout) -> Pending:
    """Return the changes that were announced and not logged; none if the file is damaged."""
    try:
        return msgspec.json.decode(read_regular(layout.pending), type=Pending)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Pending()


def announce_commit(layout: Layout, manifest_bytes: int, manifest_sha256: str) -> None:
    """Record a commit before it is written to the manifest. Raises OSError."""
    _write(
        layout, msgspec.structs.replace(pending(layout), manifest_bytes=manifest_bytes, manifest_sha256=manifest_sha256)
    )


def announce_database(layout: Layout, database_sha256: str) -> None:
    """Record a database before it is renamed to its place. Raises OSError."""
    _write(layout, msgspec.structs.replace(pending(layout), database_sha256=database_sha256))


def logged_database(layout: Layout) -> None:
    """Remove the database from the pending changes after the custody log has its entry."""
    with suppress(OSError):
        remaining = msgspec.structs.replace(pending(layout), database_sha256=None)
        if remaining == Pending():
            layout.pending.unlink(missing_ok=True)
        else:
            _write(layout, remaining)


def logged_ingest(layout: Layout) -> None:
    """Remove all pending changes after the custody log has the commit and the database."""
    with suppress(OSError):
        os.unlink(layout.pending)  # noqa: PTH108 - missing is an OSError, too


def _write(layout: Layout, announced: Pending) -> None:
    write_private(layout.pending, msgspec.json.encode(announced).decode() + "\n")
