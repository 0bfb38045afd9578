"""Unfinished ingests: cleans up after an ingest that ends early."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from forensics.errors import AwsFailed, CaseBusy, Declined, NoLogs, NoSuchSource, NotAnS3Url, NothingFound
from forensics.lake import manifest as manifests
from forensics.lake.layout import Layout, only_ingest
from forensics.lake.manifest import Commit

_NOTHING_TO_ADD = (NoLogs, NoSuchSource, NotAnS3Url, NothingFound, AwsFailed, Declined)


@contextmanager
def discard_empty_case(layout: Layout) -> Iterator[None]:
    """Remove the new case if the ingest finds nothing to add."""
    try:
        yield
    except _NOTHING_TO_ADD:
        with suppress(CaseBusy), only_ingest(layout):
            shutil.rmtree(layout.root)
        raise


@contextmanager
def note_commit(layout: Layout, before: Commit | None) -> Iterator[None]:
    """Add a note to an interrupt if events were committed after `before`."""
    try:
        yield
    except Exception:
        raise
    except BaseException as stop:
        if manifests.last_commit(layout.manifest) != before:
            stop.add_note(f"the events are in {layout.root}; run the same command again to finish")
        raise
