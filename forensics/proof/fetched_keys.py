"""Fetched keys: saves the public keys that AWS returns for the digests of a case."""

from __future__ import annotations

from pathlib import Path

import duckdb

from forensics.files.regular_files import write_private
from forensics.investigate.digest_check import digest_regions
from forensics.lake.layout import Layout
from forensics.sources.aws import Aws
from forensics.sources.listed_keys import fetch_public_keys


def save_public_keys(connection: duckdb.DuckDBPyConnection, layout: Layout, aws: Aws) -> list[Path]:
    """Save AWS's public keys for each region of the digests, and return the files. Raises AwsFailed."""
    layout.sources.mkdir(mode=0o700, exist_ok=True)
    saved = []
    for row in digest_regions(connection):
        path = layout.sources / f"public_keys_{row.aws_region}_{row.end:%Y%m%dT%H%M%SZ}.json"
        write_private(path, fetch_public_keys(aws, row.aws_region, row.start, row.end))
        saved.append(path)
    return saved
