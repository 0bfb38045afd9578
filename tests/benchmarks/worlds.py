"""Cases to measure with: a simulated world, and more of the same beside it where more events are asked for.

A world of a million events takes minutes to play, one of ten does not fit into memory. So a larger case is a world and
copies of its lake, each of accounts, keys and principals of its own. Their raw records are left out: nothing that is
measured here reads them.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from forensics.case import Case
from forensics.lake import ingest as ingests
from forensics.lake import layout as layouts
from forensics.lake import manifest as manifests
from forensics.lake.layout import Layout
from forensics.lake.manifest import Commit, LakeFile
from forensics.lake.parts import write_table
from forensics.lake.schema import LAKE_SCHEMA
from forensics.lake.worker import ToRead
from forensics.sources.paths import find_files
from tests.simulator import simulate, write

SEED = 5
LARGEST_WORLD = 1_000_000
_AS_IT_IS = {"event_source", "event_name", "event_type", "event_category", "aws_region", "user_agent", "source_sha256"}


def logs_of(folder: Path, events: int) -> Path:
    """A world's logs, made once."""
    logs, made = folder / str(events), folder / f"{events}.made"
    if not made.exists():
        write(simulate(SEED, events).files, logs)
        made.touch()
    return logs


def ingest(layout: Layout, logs: Path) -> None:
    """The lake alone: no tables are made."""
    files = find_files([logs])
    ingests.ingest(
        layout,
        [ToRead(file.path, file.name) for file in files],
        [file.size for file in files],
        "benchmark",
        lambda _: None,
    )


def lake_of(case: Path, logs: Path, events: int) -> Layout:
    """The lake of the case of so many events, made once; beyond a world's worth, of whole worlds."""
    layout = layouts.create(case)
    if manifests.read(layout.manifest).commit is None:
        if events <= LARGEST_WORLD:
            ingest(layout, logs_of(logs, events))
        else:
            _copy(lake_of(case.with_name(f"case-{LARGEST_WORLD}"), logs, LARGEST_WORLD), layout)
            for copy in range(1, events // LARGEST_WORLD):
                _lay_beside(layout, copy)
    return layout


def _copy(layout: Layout, to: Layout) -> None:
    shutil.copytree(layout.lake, to.lake)
    shutil.copy2(layout.manifest, to.manifest)


def a_deep_key(case: Path) -> str:
    """A key many hops away from its origin."""
    with Case.open(case) as opened:
        (row,) = opened.sql_rows(
            """
            select access_key_id from credentials join actors using (credential_id)
            where access_key_id like 'ASIA%' and actor_kind <> 'unknown'
            order by hops desc, access_key_id limit 1
            """
        ).rows
    return str(row[0])


def _lay_beside(layout: Layout, copy: int) -> None:
    """The first world's events once more, as another organisation's."""
    manifest = manifests.read(layout.manifest)
    first = [file for file in manifest.lake_files.values() if file.table == "events" and "/copy-" not in file.path]
    assert manifest.commit is not None
    files: list[LakeFile] = []
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for file in first:
            copied = connection.sql(_another_organisation(copy), params={"file": str(layout.root / file.path)})
            folder, _, name = file.path.rpartition("/")
            rows: pa.Table = copied.to_arrow_table().cast(LAKE_SCHEMA)
            files.append(write_table(layout.root, f"{folder}/copy-{copy}-{name}", "events", rows))
    events = manifest.commit.events + sum(file.rows for file in files)
    commit = Commit(f"copy-{copy}", datetime.now(UTC), "benchmark", events, copies=0, conflicts=0, rejected=0)
    manifests.append(layout.manifest, files, commit)


def _another_organisation(copy: int) -> str:
    columns = ", ".join(f"{_copied(field, copy)} as {field.name}" for field in LAKE_SCHEMA)
    return f"select {columns} from read_parquet($file, hive_partitioning = false)"


def _copied(column: pa.Field, copy: int) -> str:
    if column.name == "raw":
        return "''::blob"
    if column.name == "record":
        return "'{}'"
    is_renamed = pa.types.is_string(column.type) and column.name not in _AS_IT_IS
    return _renamed(column.name, copy) if is_renamed else str(column.name)


def _renamed(column: str, copy: int) -> str:
    """Accounts begin otherwise, and every unique ID has a letter more."""
    letter = "BCDEFGHIJK"[copy]
    accounts = f"regexp_replace({column}, '[0-9]{{2}}([0-9]{{10}})', '0{copy}\\1', 'g')"
    return f"regexp_replace({accounts}, '(A(?:KIA|SIA|IDA|ROA)[A-Z0-9]{{16}})', '\\1{letter}', 'g')"
