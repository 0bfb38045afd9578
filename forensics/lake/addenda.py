"""Addenda: what newer records say of an event, taken into the event.

An addendum with updated data waits as an event of its own until the event that it amends is in the case. Then it is
kept in `event_addenda`, and the event is written again from its own bytes and all its addenda, so that nothing depends
on what came first. An amended event keeps its bytes as they came and is flagged `amended`.
"""

from __future__ import annotations

import pyarrow as pa

from forensics.formats.records import Delivery, Records
from forensics.lake.file_names import lake_path
from forensics.lake.manifest import LakeFile
from forensics.lake.parts import PartWriter, write_table
from forensics.lake.tables import Tables, sql
from forensics.records.addendum import amended
from forensics.records.columns import Taken, to_batch
from forensics.records.schema import ADDENDA_SCHEMA, LAKE_SCHEMA

_EVENTS_AT_ONCE = 1_000
AMENDED = "amended"


def amend(tables: Tables, files: list[str], ingest_id: str) -> tuple[list[LakeFile], int]:
    """Amend what can be; also how many addenda were known from the same place.

    What is replaced is added to `losers`, where copies of addenda lie to `places`.
    """
    tables.create("pending_addenda", "pending_addenda", files=files)
    if not tables.create("to_amend", "to_amend", files=files):
        return [], 0
    amending = tables.create("amending_addenda", "amending_addenda")
    chosen = tables.create("addenda", "addenda")
    places = tables.count("places")
    repeated = amending - chosen - (tables.add("places", "addenda_places") - places)
    tables.add("losers", "amended_rows")
    writer = PartWriter(tables.case, f"{ingest_id}-amended")
    for events in tables.connection.sql(sql("amended")).to_arrow_reader(_EVENTS_AT_ONCE):
        writer.add(_amended(events))
    every = tables.connection.sql(sql("every_addendum")).to_arrow_table().cast(ADDENDA_SCHEMA)
    path = lake_path("event_addenda", ingest_id)
    return [*writer.close(), write_table(tables.case, path, "event_addenda", every)], repeated


def _amended(events: pa.RecordBatch) -> pa.RecordBatch:
    """Events as their addenda say; what was odd about them stays odd."""
    before = events.to_pylist()
    texts = [amended(row["raw"], row["addenda"]) for row in before]
    taken = [
        Taken(Records(row["position"], [text], delivery=Delivery(row["delivery"])), row["source_sha256"])
        for row, text in zip(before, texts, strict=True)
    ]
    columns = to_batch(taken, {}).events.to_pydict()
    columns["raw"] = [row["raw"] for row in before]
    columns["record"] = [
        text.decode() if record is None else record for record, text in zip(columns["record"], texts, strict=True)
    ]
    columns["unreliable"] = [row["unreliable"] or now for row, now in zip(before, columns["unreliable"], strict=True)]
    columns["flags"] = [_flags(row["flags"], now, AMENDED) for row, now in zip(before, columns["flags"], strict=True)]
    return pa.RecordBatch.from_pydict(columns, schema=LAKE_SCHEMA)


def _flags(*flags: str | None) -> str:
    return ",".join(sorted({flag for some in flags if some for flag in some.split(",")}))
