"""Snapshots of accounts: what AWS answers is saved in the case, and added like any file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass
from datetime import UTC, datetime

from forensics.answers.ingest_answer import Ingest, RefusedCall, Snapshot
from forensics.ingest.collect import Collected, from_files
from forensics.ingest.filter import filter_of
from forensics.lake.layout import Layout
from forensics.sources.account_snapshot import SnapshotFiles, SnapshotWanted, take
from forensics.sources.aws import Aws


@dataclass(frozen=True, slots=True)
class SavedSnapshot:
    """The answers of AWS below `folder`. `collected` is None if there was none."""

    folder: str
    files: SnapshotFiles
    collected: Collected | None

    def answer(self, ingest: Ingest | None) -> Snapshot:
        """Return what was asked, with what an ingest of the files added."""
        return Snapshot(
            self.folder,
            tuple(self.files.account_ids),
            dict(sorted(self.files.calls.items())),
            tuple(RefusedCall(*astuple(refused)) for refused in self.files.refusals()),
            ingest,
        )


def save_snapshot(
    layout: Layout, aws: Aws, wanted: SnapshotWanted, progress: Callable[[str], None], version: str
) -> SavedSnapshot:
    """Ask accounts and add the answers. Raises AwsFailed, CaseBusy, IngestFailed."""
    folder = layout.sources / f"snapshot-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    files = take(aws, folder, wanted, progress)
    collected = None
    if files.files:
        collected = from_files(layout, [folder], filter_of(), version, None, lambda _: None)
    return SavedSnapshot(str(folder), files, collected)
