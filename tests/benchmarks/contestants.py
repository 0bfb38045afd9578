"""Run one of the programs that `forensics ingest` is compared with, in its own process.

    python -m tests.benchmarks.contestants NAME LOGS OUTPUT

`duckdb` is the usual SQL statement, `chdb` ClickHouse's engine in Python; both convert gzipped files to one Parquet
file. `polars` converts some files at a time, parsed by orjson. `floor` only reads, inflates, parses and compresses, as
fast as libraries can.
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
IDENTITY = ("type", "principalId", "arn", "accountId", "accessKeyId")
USER_IDENTITY = f"STRUCT({', '.join(f'{name} VARCHAR' for name in IDENTITY)})"
NESTED = ("requestParameters", "responseElements", "additionalEventData", "resources")
_FILES_A_JOB = 16


def main() -> None:
    name, logs, output = sys.argv[1:]
    contestants = {"duckdb": by_duckdb, "polars": by_polars, "chdb": by_chdb, "floor": by_the_floor}
    contestants[name](Path(logs), Path(output))


def by_duckdb(logs: Path, output: Path) -> None:
    """Convert the logs with one statement and declared columns."""
    import duckdb

    columns = ", ".join(f"{name} VARCHAR" for name in COLUMNS)
    record = f"STRUCT({columns}, userIdentity {USER_IDENTITY}, {', '.join(f'{name} JSON' for name in NESTED)})"
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


def by_polars(logs: Path, output: Path) -> None:
    """Run one process per core; each writes one Parquet file for some files, with nested values as JSON."""
    output.mkdir()
    jobs = list(enumerate(_jobs(logs)))
    os.environ["POLARS_MAX_THREADS"] = "1"
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        list(pool.map(_to_parquet, [output / f"{number}.parquet" for number, _ in jobs], [files for _, files in jobs]))


def _to_parquet(output: Path, files: list[Path]) -> None:
    import orjson
    import polars as pl
    from isal import isal_zlib

    columns: dict[str, list[object]] = {name: [] for name in (*COLUMNS, *IDENTITY, *NESTED, "record")}
    for file in files:
        for record in orjson.loads(isal_zlib.decompress(file.read_bytes(), wbits=31))["Records"]:
            identity = record.get("userIdentity") or {}
            for name in COLUMNS:
                columns[name].append(record.get(name))
            for name in IDENTITY:
                columns[name].append(identity.get(name))
            for name in NESTED:
                value = record.get(name)
                columns[name].append(None if value is None else orjson.dumps(value).decode())
            columns["record"].append(orjson.dumps(record).decode())
    pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)).write_parquet(output, compression="zstd")


def by_the_floor(logs: Path, output: Path) -> None:
    """Run one process per core; each returns only the compressed size of its files."""
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        output.write_text(str(sum(pool.map(_pass_through, _jobs(logs)))))


def _jobs(logs: Path) -> list[list[Path]]:
    files = sorted(logs.rglob("*.json.gz"))
    return [files[start : start + _FILES_A_JOB] for start in range(0, len(files), _FILES_A_JOB)]


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
