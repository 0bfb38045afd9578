"""Parts: one file per day, sorted within its row groups, with the correct entry in the manifest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forensics.formats.record_stream import Records, Rejected
from forensics.lake import parts as module
from forensics.lake.parts import PartWriter, write_table
from forensics.records.arrow_schema import LAKE_SCHEMA, QUARANTINE_SCHEMA
from forensics.records.columns import SourceRecords, to_batch
from tests.lake.cases import record


def batch(*numbers: int) -> pa.RecordBatch:
    return batch_of(*(record(number) for number in numbers))


def batch_of(*records: dict[str, Any]) -> pa.RecordBatch:
    raw = [json.dumps(one).encode() for one in records]
    return to_batch([SourceRecords(Records(0, raw), "source")], {}).events


@pytest.mark.parametrize("row_group_bytes", [1, 20_000, 48 << 20])
def test_every_row_is_in_the_part_of_its_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row_group_bytes: int
) -> None:
    monkeypatch.setattr(module, "ROW_GROUP_BYTES", row_group_bytes)
    writer = PartWriter(tmp_path, "w")
    for start in range(0, 90, 30):
        writer.add(batch(*range(start, start + 30)))
    writer.add(batch_of(record(99, eventTime="never")))
    assert not list(tmp_path.rglob("*.parquet"))
    files = {file.path: file for file in writer.close()}
    days = ["2026-10-01", "2026-10-02", "2026-10-03", "__HIVE_DEFAULT_PARTITION__"]
    assert sorted(files) == [f"lake/events/event_date={day}/w.parquet" for day in days]
    found = []
    for path, file in files.items():
        data = (tmp_path / path).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.bytes, file.sha256)
        parquet = pq.ParquetFile(tmp_path / path)
        assert parquet.metadata.num_rows == file.rows
        for group in range(parquet.num_row_groups):
            rows = parquet.read_row_group(group)
            assert rows.schema.names == LAKE_SCHEMA.names
            keys = [(row["access_key_id"], row["event_time"]) for row in rows.to_pylist()]
            assert keys == sorted(keys)
        for row in parquet.read().to_pylist():
            found.append(row["event_id"])
            day = f"{row['event_time']:%Y-%m-%d}" if row["event_time"] else "__HIVE_DEFAULT_PARTITION__"
            assert f"event_date={day}/" in path
    assert sorted(found) == sorted(f"id-{number}" for number in [*range(90), 99])


@pytest.mark.parametrize("group_bytes", [1, 16 << 20])
def test_the_quarantine_keeps_each_rejected_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group_bytes: int
) -> None:
    monkeypatch.setattr(module, "_GROUP_BYTES", group_bytes)
    writer = PartWriter(tmp_path, "w")
    writer.quarantine("one", [Rejected(0, -1, b"a", "why"), Rejected(4, 17, b"b" * (2 << 20), "large")])
    writer.quarantine("two", [Rejected(0, 0, b"c", "why")])
    (file,) = writer.close()
    assert (file.table, file.path, file.rows) == ("quarantine", "lake/quarantine/w.parquet", 3)
    table = pq.read_table(tmp_path / file.path)
    assert table.schema.names == QUARANTINE_SCHEMA.names
    assert [(row["source_sha256"], row["position"], row["byte_offset"], row["raw"]) for row in table.to_pylist()] == [
        ("one", 0, None, b"a"),
        ("one", 4, 17, b"b" * (1 << 20)),
        ("two", 0, 0, b"c"),
    ]


def test_nothing_to_write_writes_nothing(tmp_path: Path) -> None:
    writer = PartWriter(tmp_path, "w")
    writer.quarantine("one", [])
    assert writer.close() == []
    assert not list(tmp_path.iterdir())


def test_a_table_of_no_rows_is_a_file_too(tmp_path: Path) -> None:
    file = write_table(tmp_path, "lake/x/a.parquet", "x", QUARANTINE_SCHEMA.empty_table())
    assert (file.rows, pq.read_metadata(tmp_path / file.path).num_rows) == (0, 0)
