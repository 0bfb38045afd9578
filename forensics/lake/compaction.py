"""Compaction: merges the files of a day into one file once there are too many.

Each ingest adds up to one file per day and worker. Without compaction, a case that is fed daily would become slower
with each ingest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from forensics.lake.copies import Settled
from forensics.lake.file_names import day_of, lake_path
from forensics.lake.manifest import LakeFile, Manifest
from forensics.lake.parts import ROW_GROUP_BYTES, SORT_KEYS, ParquetFile
from forensics.records.arrow_schema import LAKE_SCHEMA

MAX_FILES_A_DAY = 8


def compact(case: Path, before: Manifest, settled: Settled, ingest_id: str) -> Settled:
    """Return `settled` with one file for each day of more than MAX_FILES_A_DAY. Writes new files, changes none."""
    events = {file.path for file in settled.lake_files if file.table == "events"}
    events |= set(before.of_table("events")) - set(settled.removed)
    days: dict[date | None, list[str]] = defaultdict(list)
    for path in sorted(events):
        days[day_of(path)].append(path)
    many = {day: paths for day, paths in days.items() if len(paths) > MAX_FILES_A_DAY}
    merged = [_merge(case, lake_path("events", f"{ingest_id}-day", day), paths) for day, paths in many.items()]
    replaced = [path for paths in many.values() for path in paths]
    kept = [file for file in settled.lake_files if file.path not in set(replaced)]
    return Settled([*kept, *merged], [*settled.removed, *replaced], settled.repeated)


def _merge(case: Path, path: str, parts: list[str]) -> LakeFile:
    file: ParquetFile | None = None
    for rows in _row_groups(case, parts):
        file = file or ParquetFile(case, path, "events", LAKE_SCHEMA, rows.num_rows)
        file.write(rows.sort_by(SORT_KEYS))
    assert file is not None
    return file.finish()


def _row_groups(case: Path, parts: list[str]) -> Iterator[pa.Table]:
    """Yield the rows of several parts, merged into groups of about ROW_GROUP_BYTES."""
    waiting: list[pa.Table] = []
    waiting_bytes = 0
    for part in parts:
        source = pq.ParquetFile(case / part)
        for index in range(source.num_row_groups):
            group = source.read_row_group(index).cast(LAKE_SCHEMA)
            if waiting and waiting_bytes + group.nbytes > ROW_GROUP_BYTES:
                yield pa.concat_tables(waiting)
                waiting, waiting_bytes = [], 0
            waiting.append(group)
            waiting_bytes += group.nbytes
    yield pa.concat_tables(waiting)
