"""Saved snapshot: saves the answers of AWS about accounts in the case, and adds them like other files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

from forensics.answers.ingest_answer import Ingest, RefusedCall, Snapshot
from forensics.ingest.collect import Collected, from_files
from forensics.ingest.filter import filter_of
from forensics.lake.layout import Layout
from forensics.sources.account_snapshot import SnapshotFiles, SnapshotRequest, take_snapshot
from forensics.sources.aws import Aws


@dataclass(frozen=True, slots=True)
class SavedSnapshot:
    """The answers of AWS below `folder`. `collected` is None if there are none."""

    folder: str
    files: SnapshotFiles
    collected: Collected | None

    def answer(self, ingest: Ingest | None) -> Snapshot:
        """Return the result of the snapshot, with what the ingest of its files added."""
        return Snapshot(
            self.folder,
            tuple(self.files.account_ids),
            dict(sorted(self.files.calls.items())),
            tuple(RefusedCall(*astuple(refused)) for refused in self.files.refusals()),
            ingest,
        )


def save_snapshot(
    layout: Layout, aws: Aws, request: SnapshotRequest, progress: Callable[[str], None], version: str
) -> SavedSnapshot:
    """Take a snapshot and add its files to the case. Raises AwsFailed, CaseBusy, IngestFailed."""
    folder = layout.sources / f"snapshot-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    files = take_snapshot(aws, folder, request, progress)
    collected = None
    if files.files:
        collected = from_files(layout, [folder], filter_of(), version, None, lambda _: None)
    return SavedSnapshot(str(folder), files, collected)
