"""Every table and column says what it is, in the database itself."""

from __future__ import annotations

from forensics.attribution.column_docs import column_meaning, table_meaning
from forensics.case import Case


def test_everything_has_a_meaning(sample_case: object) -> None:
    with Case.open(str(sample_case)) as case:
        tables = case.schema()
    assert [table.name for table in tables if not table.meaning] == []
    assert [f"{table.name}.{column.name}" for table in tables for column in table.columns if not column.meaning] == []


def test_a_meaning_is_that_of_the_model_or_of_the_lakes_schema() -> None:
    assert str(table_meaning("launches")).startswith("the call that created a workload. Grain: one row per (event_key,")
    assert column_meaning("launches", "aws_region") == column_meaning("events", "aws_region")
    assert column_meaning("coverage", "events") != column_meaning("credentials", "events")
    assert table_meaning("nothing") is column_meaning("events", "nothing") is None
