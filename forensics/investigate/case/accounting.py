"""Accounting: the result for every input file and record, and a check that all records are accounted for.

The manifest counts what was read, and the lake what is stored. They are independent, so each verifies the other.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from forensics.answers.rows_answer import Rows
from forensics.investigate.sql_rows import Connection, Row, rows
from forensics.lake.manifest import Manifest, SourceFile

COLUMNS = tuple(
    """
    name status reason kind bytes inflated_bytes records stored copies addenda rejected left_out filtered members
    first_event_time last_event_time sha256 path
    """.split()
)


class _PlacesRow(Row, frozen=True):
    """The records of a source file in the case."""

    source_sha256: str
    stored: int
    copies: int
    addenda: int
    rejected: int


def files(connection: Connection, manifest: Manifest) -> Rows:
    """Return every input file with its latest status, ordered by name.

    Its `records` are `stored` events, `copies` of events that are stored from another record, and `addenda`, which are
    merged into the event that they amend. `rejected` are in the quarantine, `left_out` are not events, and `filtered`
    were excluded by the filter of the ingest.
    """
    places = _places(connection)
    found = [
        _file(file, places.get(file.sha256 or "")) for file in sorted(_latest(manifest), key=lambda file: file.name)
    ]
    return Rows(COLUMNS, tuple(found), len(found))


def mismatch(connection: Connection, manifest: Manifest) -> str | None:
    """Return the first difference between the records read and the records stored, in one line; None if none.

    For a file that was read several times, because a read failed, any number from the maximum to the sum is accepted.
    """
    read: dict[str, list[SourceFile]] = defaultdict(list)
    for file in manifest.source_files:
        if file.sha256 and (file.records or file.rejected):
            read[file.sha256].append(file)
    places = _places(connection)
    for sha256, reads in read.items():
        held = places.get(sha256)
        records = held.stored + held.copies + held.addenda if held else 0
        rejected = held.rejected if held else 0
        for what, found, counts in (
            ("records", records, [file.records for file in reads]),
            ("rejected records", rejected, [file.rejected for file in reads]),
        ):
            if not max(counts) <= found <= sum(counts):
                return f"{reads[-1].name}: {what} read {max(counts):,}, stored {found:,}"
    unknown = places.keys() - {file.sha256 for file in manifest.source_files}
    return f"the case has records of {len(unknown):,} file(s) that its manifest does not list" if unknown else None


def _places(connection: Connection) -> dict[str, _PlacesRow]:
    return {row.source_sha256: row for row in rows(connection, _PlacesRow, "case/places_of_sources")}


def non_events(manifest: Manifest) -> dict[str, int]:
    """Return the number of records that are not events, by type."""
    return total(file.left_out for file in _latest(manifest))


def unknown_fields(manifest: Manifest) -> dict[str, int]:
    """Return the number of records with each field that is unknown to this program."""
    return total(file.unknown_fields for file in _latest(manifest))


def limits(manifest: Manifest) -> dict[str, int]:
    """Return the limits of the formats of files, and the number of files that each applies to."""
    return counted(file.limit for file in _latest(manifest) if file.limit)


def counted(names: Iterable[str]) -> dict[str, int]:
    """Return how often each name occurs, ordered by name."""
    return dict(sorted(Counter(names).items()))


def total(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """Return the sums of counts by name."""
    found = Counter[str]()
    for count in counts:
        found.update(count)
    return dict(sorted(found.items()))


def _latest(manifest: Manifest) -> list[SourceFile]:
    """Return the latest read of each file. A file that was found again unchanged is not its own duplicate."""
    latest: dict[str, SourceFile] = {}
    for file in manifest.source_files:
        earlier = latest.get(file.path)
        if file.status != "duplicate" or earlier is None or earlier.sha256 != file.sha256:
            latest[file.path] = file
    return list(latest.values())


def _file(file: SourceFile, places: _PlacesRow | None) -> tuple[object, ...]:
    held = None if file.status == "duplicate" else places
    known = {name: getattr(held, name, 0) for name in ("stored", "copies", "addenda")} | {
        "left_out": sum(file.left_out.values()),
        "reason": file.reason or file.limit,
    }
    return tuple(known[name] if name in known else getattr(file, name) for name in COLUMNS)
