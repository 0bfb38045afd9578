"""Standalone: a copy of a case's database that needs neither the case nor this program.

Views over the lake become tables, so the copy has every table and view that queries can use. It has no `raw` records,
and secrets are masked.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from forensics.attribution.build import remove_unfinished
from forensics.attribution.case_database import CaseDatabase
from forensics.attribution.column_docs import copy_comments
from forensics.attribution.database import WRITTEN, connect, create_macros
from forensics.attribution.order import model
from forensics.attribution.state import install
from forensics.errors import CannotWrite
from forensics.files.private_file import check_place
from forensics.lake.layout import Layout

# views that stay views, because they read only tables
_VIEWS = ("attributed_events",)
# these describe the files of the case, which the copy does not have
_LEFT_OUT = ("built", "lake_files", "events_files")


def write_standalone(layout: Layout, source: CaseDatabase, path: Path, *, replace: bool) -> None:
    """Copy a case's database to `path`, 0600, over any file that is there. Raises CannotWrite."""
    check_place(path, replace=replace)
    built = source.file()
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    remove_unfinished(temporary)
    try:
        with connect(layout, built.database, read_only=True) as connection:
            connection.execute(f'attach $database as "copy" ({WRITTEN})', {"database": str(temporary)})
            # most of the data is records of events; DuckDB by default compresses only much longer strings with zstd
            connection.execute("set zstd_min_string_length = 256")
            names = connection.execute(
                """
                select table_name from information_schema.tables
                where table_catalog = 'case' and table_name not in (select unnest($kept_or_left_out::varchar[]))
                order by table_name
                """,
                {"kept_or_left_out": [*_VIEWS, *_LEFT_OUT]},
            ).fetchall()
            for (name,) in names:
                connection.execute(f'create table "copy"."{name}" as from "case"."{name}"')
            connection.execute('use "copy"')
            for name in _VIEWS:
                connection.execute(f"create view {name} as {model(name)}")
            create_macros(connection)
            copy_comments(connection, "case")
            connection.execute('checkpoint "copy"')
        install(temporary, path, layout.root)
    except (OSError, duckdb.Error) as error:
        raise CannotWrite(f"{path} cannot be written: {' '.join(str(error).split())}") from None
    finally:
        remove_unfinished(temporary)
