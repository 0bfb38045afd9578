"""Rows as Parquet: complete, typed, in UTC."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from forensics.answers.rows_answer import Rows
from forensics.output.parquet import to_parquet

NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


def read(rows: Rows) -> pa.Table:
    return pq.read_table(io.BytesIO(to_parquet(rows)))


def test_every_value_is_what_it_was() -> None:
    values = ("=\x1b\u202e\x00" + "x" * 100_000, 1, True, 1.5, NOON.replace(tzinfo=None), date(2026, 10, 1), b"\xff")
    types = ("VARCHAR", "BIGINT", "BOOLEAN", "DOUBLE", "TIMESTAMP", "DATE", "BLOB")
    table = read(Rows(tuple("abcdefg"), (values, (None,) * 7), 2, types))
    first, second = table.to_pylist()
    assert tuple(first.values()) == (*values[:4], NOON, *values[5:])
    assert set(second.values()) == {None}


def test_a_column_without_a_value_has_its_type() -> None:
    empty = read(Rows(("a", "b"), (), 0, ("TIMESTAMP WITH TIME ZONE", "HUGEINT")))
    assert empty.schema.types == [pa.timestamp("us", tz="UTC"), pa.int64()]
    assert read(Rows(("a",), ((None,),), 1)).schema.types == [pa.string()]


def test_what_has_no_type_of_its_own_is_text() -> None:
    table = read(Rows(("a", "a"), ((2**70, {"x": 1}), (None, [Decimal("1.5")])), 2, ("HUGEINT", "VARCHAR")))
    assert table.column_names == ["a", "a_1"]
    assert table["a"].to_pylist() == [str(2**70), None]
    assert table["a_1"].to_pylist()[0] == "{'x': 1}"
