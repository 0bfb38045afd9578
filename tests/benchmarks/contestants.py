"""Run one of the programs that `forensics ingest` is compared with, in its own process.

    python -m tests.benchmarks.contestants NAME LOGS OUTPUT

`duckdb` is the usual SQL statement, `chdb` ClickHouse's engine in Python; both convert gzipped files to one Parquet
file. `floor` only reads, inflates, parses and compresses, as fast as libraries can.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

COLUMNS = (
    "eventID eventTime eventSource eventName eventType awsRegion recipientAccountId sourceIPAddress userAgent"
    " errorCode errorMessage requestID"
).split()
USER_IDENTITY = "STRUCT(type VARCHAR, principalId VARCHAR, arn VARCHAR, accountId VARCHAR, accessKeyId VARCHAR)"
_FLOOR_CHUNK = 16


def main() -> None:
    name, logs, output = sys.argv[1:]
    contestants = {"duckdb": by_duckdb, "chdb": by_chdb, "floor": by_the_floor}
    contestants[name](Path(logs), Path(output))


def by_duckdb(logs: Path, output: Path) -> None:
    """Convert the logs with one statement and declared columns."""
    import duckdb

    columns = ", ".join(f"{name} VARCHAR" for name in COLUMNS)
    record = (
        f"STRUCT({columns}, userIdentity {USER_IDENTITY}, requestParameters JSON, responseElements JSON,"
        " additionalEventData JSON, resources JSON)"
    )
    duckdb.execute(
        f"""
        copy (
            select record.* from (
                select unnest(Records) as record
                from read_json($files, columns = {{Records: '{record}[]'}}, maximum_object_size = 1 << 28)
            )
        ) to '{output}' (format parquet, compression zstd)
        """,
        {"files": f"{logs}/**/*.json.gz"},
    )


def by_chdb(logs: Path, output: Path) -> None:
    """Convert each record as text, with 14 columns extracted from it."""
    import chdb

    columns = ", ".join(f"JSONExtractString(record, '{name}') as {name}" for name in COLUMNS)
    query = f"""
        select {columns},
               JSONExtractString(record, 'userIdentity', 'accessKeyId') as accessKeyId,
               JSONExtractString(record, 'userIdentity', 'principalId') as principalId,
               record
        from (
            select arrayJoin(JSONExtractArrayRaw(line, 'Records')) as record
            from file('{logs}/**/*.json.gz', 'LineAsString', 'line String', 'gzip')
        )
        into outfile '{output}' format Parquet
        settings output_format_parquet_compression_method = 'zstd'
    """
    chdb.query(query)


def by_the_floor(logs: Path, output: Path) -> None:
    """Run one process per core; each returns only the compressed size of its files."""
    files = sorted(logs.rglob("*.json.gz"))
    chunks = [files[start : start + _FLOOR_CHUNK] for start in range(0, len(files), _FLOOR_CHUNK)]
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        output.write_text(str(sum(pool.map(_pass_through, chunks))))


def _pass_through(files: list[Path]) -> int:
    import pyarrow as pa
    from isal import isal_zlib

    zstd = pa.Codec("zstd", compression_level=1)
    size = 0
    for file in files:
        text = isal_zlib.decompress(file.read_bytes(), wbits=31)
        _parse(text)
        size += zstd.compress(text).size
    return size


def _parse(text: bytes) -> None:
    """Parse with simdjson if its bindings are installed; otherwise only split the text into records."""
    try:
        import simdjson

        simdjson.Parser().parse(text)
    except ImportError:
        import msgspec

        msgspec.json.decode(text, type=dict[str, list[msgspec.Raw]])


if __name__ == "__main__":
    main()
