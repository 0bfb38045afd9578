"""Progress: how far an ingest is, told after each file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from forensics.lake.manifest import SourceFile


@dataclass(frozen=True, slots=True)
class Done:
    """Files that have ended so far, their bytes as they lie there, and the records that were read out of them."""

    files: int
    of_files: int
    bytes: int
    of_bytes: int
    records: int


Progress = Callable[[Done], None]


def counting(progress: Progress, sizes: Mapping[str, int], files: int) -> Callable[[SourceFile], None]:
    """What adds up the files of an ingest; `sizes` are theirs by path. A member of an archive counts with it."""
    of_bytes = sum(sizes.values())
    ended = size = records = 0

    def tell(file: SourceFile) -> None:
        nonlocal ended, size, records
        ended += not file.archive
        size += 0 if file.archive else sizes.get(file.path, 0)
        records += file.records
        progress(Done(ended, files, size, of_bytes, records))

    return tell
