"""Decompression bombs: reading each one ends within seconds, with a reason."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from forensics.formats.parquet_rows import expanded_bytes
from forensics.ingest.run import Ingested
from tests.lake.cases import add, put, record

MANY = 1_000_000


def parquet(**columns: pa.Array) -> bytes:
    sink = io.BytesIO()
    table = pa.table({"eventName": pa.array(["x"] * len(next(iter(columns.values()))), pa.string()), **columns})
    pq.write_table(table, sink, compression="zstd", write_statistics=False, store_schema=False)
    return sink.getvalue()


def repeated(value: str, times: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0] * times, pa.int32()), pa.array([value]))


def lists(values: pa.Array, a_row: int) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(range(0, len(values) + 1, a_row), pa.int32()), values)


def nested_list(depth: int) -> bytes:
    values = pa.array(["x"])
    for _ in range(depth):
        values = pa.ListArray.from_arrays(pa.array([0, 1], pa.int32()), values)
    return parquet(eventSource=values)


def in_gzip(data: bytes, layers: int = 1) -> bytes:
    for _ in range(layers):
        data = gzip.compress(data)
    return data


def in_zip(data: bytes, members: int = 1) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(members):
            archive.writestr(f"{number}.json", data + b"\n" * number)  # duplicates would be read only once
    return sink.getvalue()


def in_tar(data: bytes) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as archive:
        member = tarfile.TarInfo("a.json")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return sink.getvalue()


def values_in_base64(number: int) -> bytes:
    value = base64.b64encode(in_gzip(json.dumps({"a": "x" * (15 << 20)}).encode())).decode()
    return b"".join(json.dumps({"message": value, "number": line}).encode() + b"\n" for line in range(number))


BEYOND = "which no log does"
BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "parquet_dictionary": (lambda: parquet(eventSource=repeated("x" * (1 << 20), MANY)), BEYOND),
    "parquet_list_of_dictionary": (lambda: parquet(resources=lists(repeated("y" * 10_000, MANY), 1000)), BEYOND),
    "parquet_one_row": (lambda: parquet(resources=lists(repeated("y" * 10_000, MANY), MANY)), BEYOND),
    "parquet_map": (
        lambda: parquet(
            requestParameters=pa.MapArray.from_arrays(
                pa.array(range(0, MANY + 1, 1000), pa.int32()), repeated("k", MANY), repeated("v" * 10_000, MANY)
            )
        ),
        BEYOND,
    ),
    "parquet_struct": (
        lambda: parquet(requestParameters=pa.StructArray.from_arrays([repeated("x" * (1 << 20), 5000)], ["a"])),
        BEYOND,
    ),
    "parquet_nulls_in_one_row": (lambda: parquet(resources=lists(pa.nulls(10 * MANY, pa.string()), 10 * MANY)), BEYOND),
    "parquet_rows": (lambda: parquet(eventSource=repeated("x", 20_000)), BEYOND),
    "parquet_one_value": (lambda: parquet(eventSource=pa.array(["x" * (70 << 20)])), BEYOND),
    "parquet_columns": (
        lambda: parquet(**{f"c{number}": pa.nulls(1, pa.int8()) for number in range(6000)}),
        "columns, more than 5,000",
    ),
    "parquet_fixed_length": (
        lambda: parquet(
            a=pa.DictionaryArray.from_arrays(pa.array([0] * 5000), pa.array([b"x" * 9999], pa.binary(9999)))
        ),
        "values of 9,999 bytes each",
    ),
    "parquet_footer": (lambda: b"PAR1" + (1 << 30).to_bytes(4, "little") + b"PAR1", "a footer of 1,073,741,824 bytes"),
    "parquet_depth": (lambda: nested_list(120), "too deeply nested"),
    "gzip_of_empty_records": (lambda: in_gzip(b'{"Records":[' + b"{}," * 20_000 + b"{}]}"), BEYOND),
    "lines_of_empty_records": (lambda: in_gzip(b"{}\n" * 20_000), BEYOND),
    "zip_of_empty_records": (lambda: in_zip(b'{"Records":[' + b"{}," * 1_500 + b"{}]}", 4), BEYOND),
    "csv_of_empty_rows": (lambda: in_gzip(b"eventName,eventSource\n" + b",\n" * 20_000), BEYOND),
    "gzip_in_gzip": (lambda: in_gzip(in_gzip(b'{"a":"' + b"x" * (80 << 20))), BEYOND),
    "lines_in_base64": (lambda: (base64.b64encode(in_gzip(b'{"a":"' + b"x" * (8 << 20) + b'"}')) + b"\n") * 20, BEYOND),
    "values_in_base64": (lambda: in_gzip(values_in_base64(200)), BEYOND),
    "tar_in_gzip": (lambda: in_tar(b'{"a":"' + b"x" * (80 << 20)), BEYOND),
}


@pytest.mark.parametrize(("make", "told"), BOMBS.values(), ids=BOMBS)
def test_a_small_file_that_holds_too_much_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[], bytes], told: str
) -> None:
    monkeypatch.setattr("forensics.formats.inflate._RECORDS_COUNT_FROM", 2_000)  # a lower limit, for a faster test
    bomb = tmp_path / "logs" / "bomb"
    put(tmp_path / "logs" / "sound.json", record(1))
    bomb.write_bytes(make())
    assert bomb.stat().st_size < 1 << 20
    done, seconds = measured(tmp_path)
    ends = {file.name: (file.status, file.reason or "") for file in done.source_files}
    assert any(status == "failed" and told in reason for status, reason in ends.values()), ends
    assert ends["sound.json"][0] == "ok"
    assert seconds < 60


def measured(folder: Path) -> tuple[Ingested, float]:
    """Ingest a folder; return the ingest and its CPU time."""
    start = time.process_time()
    return add(folder / "case", folder / "logs"), time.process_time() - start


QUARANTINED: dict[str, Callable[[], bytes]] = {
    "one_field": lambda: b'eventName,eventSource\n"' + b"x" * (40 << 20) + b'",y\n',
    "one_row": lambda: b"eventName,eventSource\n" + b"x," * (20 << 20) + b"\n",
    "open_quote": lambda: b'eventName,eventSource\n"' + b"x\n" * (1 << 20),
    "one_string": lambda: b'{"Records":[{"eventName":"' + b"x" * (40 << 20) + b'"}]}',
    "depth": lambda: b'{"Records":[{"eventName":' + b"[" * 100_000 + b"]" * 100_000 + b"}]}",
    "endless_depth": lambda: b"[" * (4 << 20),
    "number": lambda: b'{"Records":[{"eventName":"a","eventSource":"b","x":' + b"9" * (4 << 20) + b"}]}",
    "exponent": lambda: b'{"Records":[{"eventName":"a","eventSource":"b","x":1e999999999}]}',
    "keys": lambda: json.dumps({f"k{number}": 0 for number in range(50_000)}).encode(),
}


@pytest.mark.parametrize("make", QUARANTINED.values(), ids=QUARANTINED)
def test_one_huge_thing_ends_in_bounded_time(tmp_path: Path, make: Callable[[], bytes]) -> None:
    put(tmp_path / "logs" / "sound.json", record(1))
    (tmp_path / "logs" / "huge").write_bytes(make())
    done, seconds = measured(tmp_path)
    assert {file.name: file.status for file in done.source_files}["sound.json"] == "ok"
    assert done.commit.events <= 2
    assert seconds < 60


def test_sound_parquet_with_dictionaries_lists_and_maps_is_read_whole(tmp_path: Path) -> None:
    rows = [
        record(number, resources=[{"ARN": f"arn:{number}"}], requestParameters={"a": "b"}) for number in range(1200)
    ]
    columns = {name: [row.get(name) for row in rows] for name in rows[0]}
    (tmp_path / "logs").mkdir()
    pq.write_table(pa.table(columns), tmp_path / "logs" / "events.parquet")
    assert add(tmp_path / "case", tmp_path / "logs").commit.events == 1200


def test_what_a_batch_expands_to_is_counted_at_every_depth() -> None:
    big = repeated("x" * 1000, 10)
    batch = pa.record_batch(
        {
            "flat": big,
            "list": lists(repeated("x" * 1000, 20), 2),
            "struct": pa.StructArray.from_arrays([big], ["a"]),
            "map": pa.MapArray.from_arrays(pa.array(range(11), pa.int32()), repeated("k", 10), big),
        }
    )
    assert 50_000 < expanded_bytes(batch) < 60_000
