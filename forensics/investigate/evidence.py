"""Evidence: the events behind an answer, with the files that contain them and the verification of these files."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

from forensics.answers.core import Evidence
from forensics.errors import ChangedRecord
from forensics.investigate.sql_rows import Connection, Row, pairs, rows


class _StoredRecordRow(Row, frozen=True):
    event_id: str
    path: str
    raw_sha256: bytes


def evidence_of(connection: Connection, ids: Iterable[str]) -> defaultdict[str, list[Evidence]]:
    """Return the proving events of each issuance ID or event key, ordered by time."""
    found: defaultdict[str, list[Evidence]] = defaultdict(list)
    wanted = sorted(set(ids))
    for id_, event in pairs(connection, str, Evidence, "who/evidence", ids=wanted) if wanted else ():
        found[id_].append(event)
    return found


def cited_event_ids(answer: object) -> Iterator[str]:
    """Yield every event ID in an answer, at any depth."""
    if is_dataclass(answer) and not isinstance(answer, type):
        for field in fields(answer):
            value = getattr(answer, field.name)
            if field.name.endswith(("event_id", "event_ids")):
                yield from value if isinstance(value, tuple) else [value] if value else []
            else:
                yield from cited_event_ids(value)
    elif isinstance(answer, (tuple, list)):
        for item in answer:
            yield from cited_event_ids(item)


def check_cited(connection: Connection, answer: object) -> None:
    """Compare the proving records that an answer cites with their hashes in the database. Raises ChangedRecord."""
    cited = sorted(set(cited_event_ids(answer)))
    built_from = rows(connection, _StoredRecordRow, "evidence_records", ids=cited) if cited else []
    now = _records_now(connection, built_from)
    for row in built_from:
        if row not in now:
            raise ChangedRecord(
                f"the record of event {row.event_id} in {row.path} was changed since the case was built, so this answer"
                " cannot cite it; `forensics verify` lists every changed file. Ingest the logs into a new case"
            )


def _records_now(connection: Connection, built_from: list[_StoredRecordRow]) -> set[_StoredRecordRow]:
    """Return the current records of the lake; a copy that replaces the stored record is among the conflicts."""
    ids = sorted({row.event_id for row in built_from})
    files = {row.path for row in built_from}
    copies = {path for path in files if Path(path).parent.name == "event_conflicts"}
    stored = sorted(files - copies)
    now = set(rows(connection, _StoredRecordRow, "records_now", ids=ids, files=stored) if stored else ())
    return now.union(rows(connection, _StoredRecordRow, "copies_now", ids=ids, files=sorted(copies)) if copies else ())
