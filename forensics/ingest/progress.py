"""Progress: counts the files, bytes and records of an ingest after each file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from forensics.lake.manifest import SourceFile


@dataclass(frozen=True, slots=True)
class Done:
    """The files that were read so far, their bytes (compressed, as stored), and their records."""

    files: int
    of_files: int
    bytes: int
    of_bytes: int
    records: int


Progress = Callable[[Done], None]


def counting(progress: Progress, sizes: Mapping[str, int], files: int) -> Callable[[SourceFile], None]:
    """Return a function that adds a file to the counts and calls `progress`. `sizes`: bytes by path.

    A member of an archive counts as part of the archive.
    """
    of_bytes = sum(sizes.values())
    ended = size = records = 0

    def count(file: SourceFile) -> None:
        nonlocal ended, size, records
        ended += not file.archive
        size += 0 if file.archive else sizes.get(file.path, 0)
        records += file.records
        progress(Done(ended, files, size, of_bytes, records))

    return count
