"""Export sources: which export says something, as of when, and in which files."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import duckdb

from forensics.answers.core import Exported, Grade
from forensics.investigate.sql_rows import Row, rows

Agreement = tuple[bool | None, str | None]
"""Whether the events say the same, null if they say nothing of it, and how they disagree."""
NOT_COMPARED: Agreement = (None, None)


class ExportSource(Row, frozen=True):
    """The columns that tell which export says the rest of a row."""

    export: str
    as_of: datetime | None
    as_of_from: str
    source_sha256: str

    def exported(
        self,
        what: str,
        about: str,
        value: str | None,
        files: tuple[str, ...],
        judged: Agreement = NOT_COMPARED,
        grade: Grade = Grade.STRONG,
    ) -> Exported:
        """Return what the export says, for an answer."""
        return Exported(what, about, value, grade, *judged, self.export, self.as_of, self.as_of_from, files)


class _FileRow(Row, frozen=True):
    sha256: str
    names: tuple[str, ...]


def files_of(connection: duckdb.DuckDBPyConnection, hashes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the names of files by their SHA-256."""
    wanted = sorted(set(hashes))
    found = rows(connection, _FileRow, "export_files", hashes=wanted) if wanted else []
    return {row.sha256: row.names for row in found}


def files_about(key_id: str, names: Sequence[str]) -> tuple[str, ...]:
    """Of files with the same bytes, each named for the key that it is about, those of one key; else all."""
    return tuple(name for name in names if key_id in name) or tuple(names)
