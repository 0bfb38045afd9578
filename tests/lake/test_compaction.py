"""Compaction: the files of a day are merged into one with the same rows."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from forensics.lake import compaction, parts
from tests.lake.cases import add, events, listed, lying, put, record, state


@pytest.mark.parametrize("row_group_bytes", [1, 48 << 20])
def test_a_day_that_grew_over_many_ingests_is_one_file_and_holds_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row_group_bytes: int
) -> None:
    for module in (compaction, parts):
        monkeypatch.setattr(module, "ROW_GROUP_BYTES", row_group_bytes)
    files = [put(tmp_path / f"{number}.json", record(3 * number + 1), record(number % 4)) for number in range(12)]
    add(tmp_path / "one", *files)
    most = 0
    for file in files:
        add(tmp_path / "other", file)
        days = [path.rpartition("/")[0] for path in listed(tmp_path / "other") if "event_date=" in path]
        most = max(most, *map(days.count, days))
    assert most == compaction.MAX_FILES_A_DAY
    assert events(tmp_path / "other") == events(tmp_path / "one")
    assert state(tmp_path / "other") == state(tmp_path / "one")
    add(tmp_path / "other", files[0])
    assert lying(tmp_path / "other") == listed(tmp_path / "other")
    (merged,) = [path for path in listed(tmp_path / "other") if "-day." in path and "10-02" in path]
    source = pq.ParquetFile(tmp_path / "other" / merged)
    for index in range(source.num_row_groups):
        rows = [(row["access_key_id"], row["event_time"]) for row in source.read_row_group(index).to_pylist()]
        assert rows == sorted(rows)


def test_a_compaction_that_fails_leaves_the_case_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "MAX_FILES_A_DAY", 1)
    add(tmp_path / "case", put(tmp_path / "1.json", record(1)))
    before = state(tmp_path / "case")
    second = put(tmp_path / "2.json", record(4))
    with monkeypatch.context() as patch:
        patch.setattr(compaction, "_merge", lambda *_: json.loads("{"))
        with pytest.raises(ValueError, match="Expecting"):
            add(tmp_path / "case", second)
    assert state(tmp_path / "case") == before
    add(tmp_path / "case", second)
    assert len(events(tmp_path / "case")) == 2
    assert lying(tmp_path / "case") >= listed(tmp_path / "case")
