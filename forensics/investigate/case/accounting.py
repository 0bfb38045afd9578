"""Accounting: what became of every input file and of every record, and whether it adds up.

The manifest says what was read, the lake what there is; neither is made from the other, so they check each other.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

import duckdb

from forensics.answers.rows_answer import Rows
from forensics.investigate.sql_rows import Row, rows
from forensics.lake.manifest import Manifest, SourceFile

COLUMNS = (
    "name",
    "status",
    "reason",
    "kind",
    "bytes",
    "inflated_bytes",
    "records",
    "stored",
    "copies",
    "addenda",
    "rejected",
    "left_out",
    "filtered",
    "members",
    "first_event_time",
    "last_event_time",
    "sha256",
    "path",
)


class _PlacesRow(Row, frozen=True):
    """The records of a source file in the case."""

    source_sha256: str
    stored: int
    copies: int
    addenda: int
    rejected: int


def files(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> Rows:
    """Every input file as it ended last, in the order of names.

    Of its `records`, `stored` are events of their own, `copies` those of events that another record stands for, and
    `addenda` are in the event that they amend; `rejected` are in the quarantine, `left_out` are no events, and
    `filtered` the ingest was told to leave out.
    """
    places = _places(connection)
    found = [
        _file(file, places.get(file.sha256 or "")) for file in sorted(_latest(manifest), key=lambda file: file.name)
    ]
    return Rows(COLUMNS, tuple(found), len(found))


def mismatch(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> str | None:
    """Where what was read is not what there is, in one line; None where all adds up.

    A file that was read several times, as one that failed, counts between the most and the sum of what was found in it.
    """
    read: dict[str, list[SourceFile]] = defaultdict(list)
    for file in manifest.source_files:
        if file.sha256 and (file.records or file.rejected):
            read[file.sha256].append(file)
    places = _places(connection)
    for sha256, times in read.items():
        there = places.get(sha256)
        records = there.stored + there.copies + there.addenda if there else 0
        rejected = there.rejected if there else 0
        for what, found, counts in (
            ("records", records, [file.records for file in times]),
            ("rejected records", rejected, [file.rejected for file in times]),
        ):
            if not max(counts) <= found <= sum(counts):
                return f"{times[-1].name}: {what} read {max(counts):,}, in the case {found:,}"
    strangers = places.keys() - {file.sha256 for file in manifest.source_files}
    return f"the case has records of files that were never read, which number {len(strangers):,}" if strangers else None


def _places(connection: duckdb.DuckDBPyConnection) -> dict[str, _PlacesRow]:
    return {row.source_sha256: row for row in rows(connection, _PlacesRow, "case/places_of_sources")}


def left_out(manifest: Manifest) -> dict[str, int]:
    """What stood among the events and is none, by what it is."""
    return added_up(file.left_out for file in _latest(manifest))


def unknown_fields(manifest: Manifest) -> dict[str, int]:
    """Fields of records, and of the identities in them, that nothing here reads, and how many records have each."""
    return added_up(file.unknown_fields for file in _latest(manifest))


def limits(manifest: Manifest) -> dict[str, int]:
    """What the formats of some files cannot show, and how many files each is true of."""
    return dict(sorted(Counter(file.limit for file in _latest(manifest) if file.limit).items()))


def added_up(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total = Counter[str]()
    for count in counts:
        total.update(count)
    return dict(sorted(total.items()))


def _latest(manifest: Manifest) -> list[SourceFile]:
    """Each file once; one that was read and then found again as it was is not a duplicate of itself."""
    latest: dict[str, SourceFile] = {}
    for file in manifest.source_files:
        earlier = latest.get(file.path)
        if file.status != "duplicate" or earlier is None or earlier.sha256 != file.sha256:
            latest[file.path] = file
    return list(latest.values())


def _file(file: SourceFile, places: _PlacesRow | None) -> tuple[object, ...]:
    held = None if file.status == "duplicate" else places
    counted = {name: getattr(held, name, 0) for name in ("stored", "copies", "addenda")} | {
        "left_out": sum(file.left_out.values()),
        "reason": file.reason or file.limit,
    }
    return tuple(counted[name] if name in counted else getattr(file, name) for name in COLUMNS)
