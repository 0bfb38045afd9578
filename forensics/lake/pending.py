"""Pending: what a command is about to change in a case, written down before it does and removed once it is logged.

A process that is killed between a change and its custody entry leaves this file. It tells `verify` that our own command
made the change; nothing else reads it.
"""

from __future__ import annotations

import os
from contextlib import suppress

import msgspec

from forensics.lake.layout import Layout
from forensics.regular_files import read_regular, write_private


class Pending(msgspec.Struct, frozen=True):
    """The manifest's size and hash after a commit, and the hash of a database that was built."""

    manifest_bytes: int = 0
    manifest_sha256: str | None = None
    database_sha256: str | None = None


def pending(layout: Layout) -> Pending:
    """What was announced and not logged. A damaged file announces nothing."""
    try:
        return msgspec.json.decode(read_regular(layout.pending), type=Pending)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return Pending()


def announce_commit(layout: Layout, manifest_bytes: int, manifest_sha256: str) -> None:
    """Write down a commit before the manifest has it. Raises OSError."""
    _write(
        layout, msgspec.structs.replace(pending(layout), manifest_bytes=manifest_bytes, manifest_sha256=manifest_sha256)
    )


def announce_database(layout: Layout, database_sha256: str) -> None:
    """Write down a database before it gets its name. Raises OSError."""
    _write(layout, msgspec.structs.replace(pending(layout), database_sha256=database_sha256))


def logged_database(layout: Layout) -> None:
    """The custody log has the database now."""
    with suppress(OSError):
        left = msgspec.structs.replace(pending(layout), database_sha256=None)
        if left == Pending():
            layout.pending.unlink(missing_ok=True)
        else:
            _write(layout, left)


def logged_ingest(layout: Layout) -> None:
    """The custody log has the commit and the database now."""
    with suppress(OSError):
        os.unlink(layout.pending)  # noqa: PTH108 - missing is an OSError, too


def _write(layout: Layout, announced: Pending) -> None:
    write_private(layout.pending, msgspec.json.encode(announced).decode() + "\n")
