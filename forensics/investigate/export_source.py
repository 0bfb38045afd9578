"""Export sources: the export behind a value, its effective time and its files."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from forensics.answers.core import Exported, Grade
from forensics.investigate.sql_rows import Connection, Row, pairs

Agreement = tuple[bool | None, str | None]
"""Whether the events agree with an export, None if they cannot be compared, and the name of a disagreement."""
NOT_COMPARED: Agreement = (None, None)


class ExportSource(Row, frozen=True):
    """The columns that name the export behind a row."""

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
        """Return a value of the export for an answer."""
        return Exported(what, about, value, grade, *judged, self.export, self.as_of, self.as_of_from, files)


def files_of(connection: Connection, hashes: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the names of files by their SHA-256."""
    wanted = sorted(set(hashes))
    found = pairs(connection, str, list, "export_files", hashes=wanted) if wanted else []
    return {sha256: tuple(names) for sha256, names in found}


def files_about(key_id: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return the files whose name contains the key ID, if any does; otherwise all files with the same content."""
    return tuple(name for name in names if key_id in name) or tuple(names)
