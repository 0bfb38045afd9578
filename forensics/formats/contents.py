"""Contents: what a stream of bytes holds, whatever its format. The door of this room.

Content decides, never the file's name.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, cast

from forensics.formats.archives import TAR_HEAD_BYTES, ArchiveMember, is_tar, is_zip, members_of_tar, members_of_zip
from forensics.formats.documents import Document, take_document
from forensics.formats.event_tables import PARQUET_MAGIC, csv_of_events, read_csv, read_parquet
from forensics.formats.inflate import Measure, Unreadable, inflate, peek
from forensics.formats.record_stream import Delivery, NotJson, Records, Rejected, read_records
from forensics.formats.text import are_export_lines, as_utf8, without_times
from forensics.formats.unwrap import unwrapped

_HEAD_BYTES = 64 << 10
_HELD_BYTES = 64 << 20

FAULT = "it cannot be read, by an error of this program that is worth a report"


@dataclass(frozen=True, slots=True)
class Archive:
    """Files in a file, in their order."""

    members: Iterator[ArchiveMember]


@dataclass(frozen=True, slots=True)
class Log:
    """The records of a log in their order, and what a log of this format cannot show."""

    records: Iterator[Records | Rejected]
    limit: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A stream that was read to its end, or up to a failure."""

    file: BinaryIO
    sha256: str
    failure: Unreadable | None


def open_contents(stream: BinaryIO, measure: Measure, scratch: Path) -> Archive | Document | Log:
    """What `stream` holds. What has to be sought in and is too large for memory lies in `scratch` meanwhile.

    Raises Unreadable. So do what is returned, and NotJson for a log that is none.
    """
    head, pieces = peek(inflate(stream, measure), TAR_HEAD_BYTES)
    if is_zip(head):
        return Archive(members_of_zip(_to_seek_in(pieces, scratch)))
    if is_tar(head):
        return Archive(members_of_tar(pieces))
    if head.startswith(PARQUET_MAGIC):
        return Log(_told(read_parquet(_to_seek_in(pieces, scratch), measure)))
    document, pieces = take_document(as_utf8(head, pieces))
    return document or _log(pieces)


def _told(found: Iterator[Records | Rejected]) -> Iterator[Records | Rejected]:
    """The same records. What nobody foresaw in a file ends the reading of that file, and of no other."""
    try:
        yield from found
    except (Unreadable, NotJson, OSError, MemoryError):
        raise
    except Exception as error:
        raise Unreadable(f"{FAULT}: {type(error).__name__}: {error}") from error


def _log(pieces: Iterator[bytes]) -> Log:
    head, pieces = peek(pieces, _HEAD_BYTES)
    if head.lstrip()[:1] in (b"{", b"["):
        return Log(_told(unwrapped(read_records(pieces))))
    if table := csv_of_events(head):
        return Log(_told(read_csv(table, pieces)), table.limit)
    if are_export_lines(head):
        return Log(_told(_wrapped(unwrapped(read_records(without_times(pieces))))))
    return Log(_told(unwrapped(read_records(pieces))))


def _wrapped(found: Iterable[Records | Rejected]) -> Iterator[Records | Rejected]:
    """The same records, none of which came as AWS wrote it; where they lay before is not known any more."""
    for item in found:
        if isinstance(item, Rejected):
            yield replace(item, offset=-1)
        elif item.delivery == Delivery.NATIVE:
            yield replace(item, delivery=Delivery.WRAPPED)
        else:
            yield item


def hold(pieces: Iterable[bytes], scratch: Path) -> Held:
    """A stream as a file to seek in, up to where it fails."""
    file = tempfile.SpooledTemporaryFile(max_size=_HELD_BYTES, dir=str(scratch))  # noqa: SIM115 - its reader lets it go
    digest = hashlib.sha256()
    failure: Unreadable | None = None
    try:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
    except Unreadable as error:
        failure = error
    file.seek(0)
    return Held(cast(BinaryIO, file), digest.hexdigest(), failure)


def _to_seek_in(pieces: Iterable[bytes], scratch: Path) -> BinaryIO:
    held = hold(pieces, scratch)
    if held.failure:
        raise held.failure
    return held.file
