"""Portable: each model, translated by SQLGlot, gives on a local Spark the tables that DuckDB makes of the same lake.

Spark reads the case's Parquet files and runs the models in the same order (`order.run`). Needs Java and the extra
`spark`; run by .ci/full, in an environment of its own, where FORENSICS_SPARK=required turns a skip into a failure.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from forensics.attribution import order
from forensics.attribution.build import OUTCOME
from forensics.case import Case
from forensics.lake import manifest as manifests
from forensics.lake.copies import EVENT_KEY
from forensics.lake.manifest import Manifest

pytestmark = pytest.mark.full

# what the closures begin with, which becomes `reached` and `derived_beyond_walk`
_NO_TABLE = {"hops", "hops_beyond_walk"}


def _skip_or_fail(reason: str) -> None:
    if os.environ.get("FORENSICS_SPARK") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        _skip_or_fail("there is no Java: Spark runs on Java 17 or later")
    try:
        import pyspark.sql as pyspark
        import sqlglot  # noqa: F401
    except ImportError as error:
        _skip_or_fail(f"{error}: pip install -e '.[spark]'")
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    builder = pyspark.SparkSession.builder.master("local[2]").appName("models")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


class Spark:
    """The engine of a data lake: see `order`."""

    def __init__(self, session: Any, folder: Path) -> None:
        self._session = session
        self._folder = folder
        self._written = 0
        self.tables: set[str] = set()

    def create(self, table: str, model: str) -> None:
        import sqlglot

        (query,) = sqlglot.transpile(model, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
        self._written += 1
        files = str(self._folder / f"{self._written}-{table}")  # a model may read the table that it replaces
        self._session.sql(query).write.parquet(files)
        self._session.read.parquet(files).createOrReplaceTempView(table)
        self.tables.add(table)

    def drop(self, table: str) -> None:
        self._session.catalog.dropTempView(table)
        self.tables.remove(table)

    def count(self, table: str) -> int:
        return int(self._session.table(table).count())

    def rows(self, table: str, columns: list[str]) -> list[tuple[object, ...]]:
        return [tuple(_value(value) for value in row) for row in self._session.table(table).select(columns).collect()]


def test_every_model_gives_the_same_table_on_spark(spark: Any, sample_case: Path, tmp_path: Path) -> None:
    _show_lake(spark, sample_case)
    engine = Spark(spark, tmp_path)
    engine.create("credential_days", order.model("credential_days"))
    order.run(engine)
    engine.create("attributed_events", order.model("attributed_events"))
    models = {file.name.removesuffix(".sql") for file in (resources.files("forensics.attribution") / "sql").iterdir()}
    assert engine.tables == models - set(order.SCRATCH) - _NO_TABLE
    with Case.open(sample_case) as case:
        for table in sorted(engine.tables):
            expected = case.sql_rows(f"select * from {table}")
            expected_rows = sorted((tuple(map(_value, row)) for row in expected.rows), key=repr)
            rows = sorted(engine.rows(table, list(expected.columns)), key=repr)
            assert len(rows) == len(expected_rows), table
            for row, expected_row in zip(rows, expected_rows, strict=True):
                assert row == expected_row, table


def _show_lake(session: Any, case: Path) -> None:
    """The lake's Parquet files as the views that a case has over them."""
    manifest = manifests.read(case / "manifest.jsonl")
    conflicts = _read(session, case, manifest, "event_conflicts")
    if conflicts is None:
        disputed = session.createDataFrame([], "event_key string")
    else:
        disputed = conflicts.where("proves_nothing").select("event_key").distinct()
    lake = _read(session, case, manifest, "events")
    lake = lake.selectExpr(f"{EVENT_KEY} as event_key", "*")
    place = ("event_key", "source_sha256", "position")
    places = lake.selectExpr(*place, "true as is_stored", "delivery")
    copies = _read(session, case, manifest, "event_copies")
    events = (
        lake.join(disputed.selectExpr("event_key", "true as disputed"), "event_key", "left")
        .selectExpr(
            "* except (unreliable, record, raw, content_sha256, source_sha256, position, disputed)",
            "unreliable or disputed is not null as unreliable",
            "cast(null as string) as listing",
            "cast(null as string) as conflicting_access_key_ids",
            f"{OUTCOME} as outcome",
            "coalesce(record, decode(raw, 'utf-8')) as record",
        )
        .cache()
    )
    events.createOrReplaceTempView("events")
    events.createOrReplaceTempView("changed_events")
    if copies is not None:
        places = places.union(copies.selectExpr(*place, "false as is_stored", "delivery"))
    places.createOrReplaceTempView("event_copies")
    files = zip(manifest.source_files, manifest.ingested_at, strict=True)
    source_files = [(file.name, file.sha256, ingested_at) for file, ingested_at in files]
    columns = "name string, sha256 string, ingested_at timestamp"
    session.createDataFrame(source_files, columns).createOrReplaceTempView("source_files")
    _show_exported_principals(session, case)


def _show_exported_principals(session: Any, case: Path) -> None:
    """What a model reads of the exports: made by the room `exports`, of which there is no other engine."""
    columns = ("id", "store_id", "kind", "account_id", "name", "arn")
    with Case.open(case) as opened:
        found = opened.sql_rows(f"select {', '.join(columns)} from exported_principals").rows
    schema = ", ".join(f"{column} string" for column in columns)
    session.createDataFrame(list(found), schema).createOrReplaceTempView("exported_principals")


def _read(session: Any, case: Path, manifest: Manifest, table: str) -> Any:
    files = [str(case / path) for path in manifest.of_table(table)]
    return session.read.option("basePath", str(case / "lake" / table)).parquet(*files) if files else None


def _value(value: object) -> object:
    """A value as both give it; Spark's moments have no time zone and are in the machine's."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
