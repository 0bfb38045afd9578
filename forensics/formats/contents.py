"""Contents: detects the format of a stream and opens it. `open_contents` is the entry point of the room `formats`.

The format is detected from the content, never from the file's name.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from forensics.formats.archives import TAR_HEAD_BYTES, ArchiveMember, is_tar, is_zip, members_of_tar, members_of_zip
from forensics.formats.documents import Document, take_document
from forensics.formats.event_tables import (
    PARQUET_MAGIC,
    csv_of_events,
    csv_of_messages,
    read_csv,
    read_parquet,
    read_rows,
    rows_with_events,
)
from forensics.formats.inflate import Measure, Unreadable, inflate, peek
from forensics.formats.json_documents import begins_as_document, elements_of, read_document, rows_in
from forensics.formats.message_text import counted_in
from forensics.formats.messages import message_members
from forensics.formats.record_stream import Delivery, NotJson, Records, Rejected, read_records
from forensics.formats.text import are_export_lines, as_utf8, objects_in_lines, without_times
from forensics.formats.unread_forms import of_another_program, shows_callers
from forensics.formats.unwrap import holds_records, open_value, unwrapped

_HEAD_BYTES = 64 << 10
_SPOOLED_BYTES = 64 << 20

# a record inside text, in JSON or in CSV, or with its own quotes
_RECORD_IN_TEXT = re.compile(rb'(?:\\"|"")event(?:Version|Source|Name)(?:\\"|"")|\{\s*"event(?:Version|Source|Name)"')
# `aws cloudtrail lookup-events` with `--output` text, yaml or table, which change the text of records
_OTHER_OUTPUT = re.compile(rb"EVENTS\t|Events:\s*\n\s*- |-{20,}\s*\n\|\s+LookupEvents")
_CLI_ERROR = re.compile(
    rb"\s*(?:aws: \[ERROR\]: )?An error occurred \((?P<code>\w+)\) when calling the (?P<call>\w+) operation"
    rb"(?: \([^)\n]*\))?:\s*(?P<message>[^\r\n]{0,300})"
)
# JSON or gzip in base64
_BASE64 = re.compile(rb"\s*(?:H4sI|eyJ|ewo|W3s|Wwo)[A-Za-z0-9+/=\s]+")
# a value in base64 that can be a record
_BASE64_VALUE = re.compile(rb"(?<![A-Za-z0-9+/=])(?:H4sI|eyJ|ewo)[A-Za-z0-9+/]{80}")
_OCSF_COLUMNS = re.compile(rb"[^\n]*\bclass_uid\b")
# `[INFO] {`, `[2026-10-04T10:00:00Z] {` and `[0] aws.cloudtrail: {` are text before JSON
_JSON_START = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*(?:\[(?!(?:(?!null|true|false)[A-Za-z]|\d{4}-\d|\d+\])[^{\[\n]*[{\[])|\{\s*["}]|"\s*\{\s*\\")'
)

_UNREAD = "it shows callers of AWS in a form that is not read; export the events as JSON, or as CSV with a header"
FAULT = "it cannot be read because of a bug in this program; please report it"


@dataclass(frozen=True, slots=True)
class Archive:
    """The members of an archive, in their order."""

    members: Iterator[ArchiveMember]


@dataclass(frozen=True, slots=True)
class Log:
    """The records of a log, in their order. `limit`: what a log of this format does not show."""

    records: Iterator[Records | Rejected]
    limit: str | None = None


@dataclass(frozen=True, slots=True)
class Spooled:
    """A seekable copy of a stream, up to its end or its failure, with the SHA-256 of the copied bytes."""

    file: BinaryIO
    sha256: str
    failure: Unreadable | None


def open_contents(stream: BinaryIO, measure: Measure, scratch: Path) -> Archive | Document | Log:
    """Detect the format of a stream and open it.

    Args:
        stream: the stream, compressed or not.
        measure: measures the bytes that are read and inflated.
        scratch: folder for temporary files, which seekable formats need.

    Returns:
        An archive, a document or a log; archives and logs are read while they are iterated.

    Raises:
        Unreadable: the stream cannot be read; also raised while iterating.
        NotJson: only while iterating: the stream is not a log.
    """
    head, pieces = peek(inflate(stream, measure), TAR_HEAD_BYTES)
    if is_zip(head):
        return Archive(members_of_zip(_seekable(pieces, scratch)))
    if is_tar(head):
        return Archive(members_of_tar(pieces))
    if head.startswith(PARQUET_MAGIC):
        return Log(_with_faults(read_parquet(_seekable(pieces, scratch), measure), measure))
    if what := of_another_program(head):
        raise Unreadable(f"it is {what}")
    document, pieces = take_document(as_utf8(head, pieces))
    return document or _log(pieces, measure, scratch)


def _with_faults(found: Iterator[Records | Rejected], measure: Measure) -> Iterator[Records | Rejected]:
    """Yield the same records; turn an unexpected exception into Unreadable, so it affects only this file."""
    try:
        while True:
            with counted_in(measure):
                item = next(found, None)
            if item is None:
                return
            yield item
    except (Unreadable, NotJson, OSError, MemoryError):
        raise
    except Exception as error:
        raise Unreadable(f"{FAULT}: {type(error).__name__}: {error}") from error


def _log(pieces: Iterator[bytes], measure: Measure, scratch: Path) -> Log:
    head, pieces = peek(pieces, _HEAD_BYTES)
    if _JSON_START.match(head):
        return Log(_with_faults(_json_log(head, pieces, scratch), measure))
    if error := _CLI_ERROR.match(head):
        raise Unreadable(_refused(error))
    if _BASE64.fullmatch(head):
        return Log(_with_faults(_wrapped(unwrapped(_in_base64(pieces, measure))), measure))
    if _OTHER_OUTPUT.match(head):
        raise Unreadable("it was printed by `aws cloudtrail lookup-events` as text; print it again with --output json")
    if _OCSF_COLUMNS.match(head):
        raise Unreadable("it is CSV of OCSF events, which is not read; export the events as JSON or Parquet")
    if table := csv_of_events(head):
        return Log(_with_faults(read_csv(table, pieces), measure), table.limit)
    if are_export_lines(head):
        return Log(_with_faults(_wrapped(unwrapped(read_records(without_times(pieces)))), measure))
    if _can_hold_messages(head):
        return Log(_with_faults(_records_in_text(head, pieces, scratch), measure))
    return Log(_with_faults(_if_json(head, pieces), measure))


def _if_json(head: bytes, pieces: Iterator[bytes]) -> Iterator[Records | Rejected]:
    """Yield the records of JSON. Raises NotJson, or Unreadable if other text shows events."""
    try:
        yield from unwrapped(read_records(pieces))
    except NotJson:
        if shows_callers(head):
            raise Unreadable(_UNREAD) from None
        raise


def _in_base64(pieces: Iterable[bytes], measure: Measure) -> Iterator[Records | Rejected]:
    """Yield the values of text in base64: each line is a message, or all lines together are one.

    The limits of decompression hold for the file: its lines count like the members of an archive.
    """
    content = bytearray()
    for piece in pieces:
        content += piece
        if len(content) > _SPOOLED_BYTES:
            raise Unreadable(f"it is text in base64 larger than {_SPOOLED_BYTES >> 20} MiB; decode it")
    lines = content.split()
    texts = lines if all(map(_BASE64.fullmatch, lines)) else [b"".join(lines)]
    try:
        for text in texts:
            message = io.BytesIO(base64.b64decode(text, validate=True))
            yield from read_records(inflate(message, Measure(archive=measure.archive or measure)))
    except binascii.Error as error:
        raise Unreadable(f"its text in base64 is damaged: {error}") from None


def _refused(error: re.Match[bytes]) -> str:
    """Return why a file with an error message of the AWS CLI is not an export."""
    code, call, message = (text.decode("utf-8", "replace").strip() for text in error.group("code", "call", "message"))
    if code == "NoSuchEntity":
        return f"it is not an export: IAM found nothing to export, because it was deleted or never existed: {message}"
    return f"it is not an export, but the error {code} of {call}: {message}"


def _json_log(head: bytes, pieces: Iterator[bytes], scratch: Path) -> Iterator[Records | Rejected]:
    if begins_as_document(head):
        yield from _document(pieces)
    elif _can_hold_messages(head) and not _begins_with_records(head):
        spooled = spool(pieces, scratch)
        with spooled.file as file:
            values = (raw for item in read_records(_chunks(file)) if isinstance(item, Records) for raw in item.raw)
            messages = message_members(values)
            yield from unwrapped(read_records(_chunks(file)), messages)
        if spooled.failure:
            raise spooled.failure
    else:
        yield from unwrapped(read_records(pieces))


def _can_hold_messages(head: bytes) -> bool:
    """Return whether a file has a record inside text, or a value in base64."""
    return bool(_RECORD_IN_TEXT.search(head) or _BASE64_VALUE.search(head))


def _begins_with_records(head: bytes) -> bool:
    """Return whether the first value of a file is a record, or contains one where a known product writes it."""
    first = next(read_records(iter([head])), None)
    if not isinstance(first, Records) or not holds_records(first.raw[0]):
        return False
    return all(delivery != Delivery.REBUILT for delivery, _ in open_value(first.raw[0]))


def _document(pieces: Iterable[bytes]) -> Iterator[Records | Rejected]:
    """Yield the records of a list of texts, or of the rows of a table."""
    values = read_document(pieces)
    rows, others = rows_in(values)
    if table := rows_with_events(rows):
        position = 0
        for item in read_rows(rows, table):
            position += len(item.raw) if isinstance(item, Records) else 1
            yield item
        for place, raw in enumerate(others, start=position):
            yield Rejected(place, -1, raw, "it is not a row of the table in the same file")
    else:
        elements = elements_of(values)
        yield from unwrapped([Records(0, elements)], message_members(elements))


def _records_in_text(head: bytes, pieces: Iterator[bytes], scratch: Path) -> Iterator[Records | Rejected]:
    """Yield the records of a file whose every line has one, or of a CSV file with a column of them."""
    spooled = spool(pieces, scratch)
    with spooled.file as file:
        if table := csv_of_messages(head, file):
            yield from read_csv(table, _chunks(file))
        elif all(len(found) == 1 for found in _records_in_lines(file)):
            yield from _wrapped(unwrapped(Records(0, found) for found in _records_in_lines(file)))
        else:
            yield from _if_json(head, _chunks(file))
    if spooled.failure:
        raise spooled.failure


def _records_in_lines(file: BinaryIO) -> Iterator[list[bytes]]:
    """Yield the first two objects with records in each line; a transport writes one, and text around it."""
    return (list(islice(filter(holds_records, found), 2)) for found in objects_in_lines(file))


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file from its start."""
    file.seek(0)
    while chunk := file.read(1 << 20):
        yield chunk


def _wrapped(found: Iterable[Records | Rejected]) -> Iterator[Records | Rejected]:
    """Yield the same records as wrapped; their offsets in the file are unknown."""
    for item in found:
        if isinstance(item, Rejected):
            yield replace(item, offset=-1)
        elif item.delivery == Delivery.NATIVE:
            yield replace(item, delivery=Delivery.WRAPPED)
        else:
            yield item


def spool(pieces: Iterable[bytes], scratch: Path) -> Spooled:
    """Copy a stream to a seekable file, up to its end or its failure."""
    file = tempfile.SpooledTemporaryFile(max_size=_SPOOLED_BYTES, dir=str(scratch))  # noqa: SIM115 - its reader closes it
    digest = hashlib.sha256()
    failure: Unreadable | None = None
    try:
        for piece in pieces:
            digest.update(piece)
            file.write(piece)
    except Unreadable as error:
        failure = error
    file.seek(0)
    return Spooled(cast(BinaryIO, file), digest.hexdigest(), failure)


def _seekable(pieces: Iterable[bytes], scratch: Path) -> BinaryIO:
    spooled = spool(pieces, scratch)
    if spooled.failure:
        raise spooled.failure
    return spooled.file
