"""Decode: decodes batches of records to typed values by field.

The fast decoder silently keeps the last of two equal keys. Its result is checked by length: a repeated key, white
space, an unnecessary escape or an unknown field makes the original longer than the re-encoded record, and nothing makes
it shorter. Only longer records are inspected one by one, and only ambiguous ones take the careful path.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from forensics.formats.unwrap import least_bytes
from forensics.records import record as rec
from forensics.records.record import Careful, NotARecord, Record

# AWS never escapes a letter in a key; such an escape could hide a repeated key
_ESCAPED_LETTER = re.compile(rb"\\u00[4-7]")
# members that conclusions depend on: name, and name in quotes
_DECISIVE = [
    (name, f'"{name}"'.encode())
    for name in (
        "eventID eventTime eventName eventSource eventType errorCode errorMessage awsRegion recipientAccountId"
        " sourceIPAddress requestID sharedEventID sessionCredentialFromConsole userIdentity requestParameters addendum"
    ).split()
]
# Insight events and aggregated events describe many calls, so they are not events
_OF_MANY_CALLS = ["Insight", "Aggregated"]
# notifications of S3, SQS and Kinesis have members with the names of CloudTrail fields
_NOTIFICATION = "aws:"

# few enough that they are still in the processor's cache when they are checked
_AT_ONCE = 256
_UNDECODED = Record()
_NAMES = Record.__struct_fields__
_encode = msgspec.json.Encoder().encode
_encode_lines = msgspec.json.Encoder().encode_lines

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Decoded records, as parallel lists, and the refused ones.

    Args:
        place: index of each record in the input.
        raw: bytes of each record.
        records: values of each record.
        fields: the same values by field.
        careful: results of the careful path, by index in these lists.
        unknown_fields: names of unknown fields, by index in these lists.
        refused: reasons of refused records, by index in the input.
    """

    place: Numbers
    raw: list[bytes]
    records: list[Record]
    fields: Fields
    careful: dict[int, Careful]
    unknown_fields: dict[int, list[str]]
    refused: dict[int, str]


class Fields:
    """The fields of many records, as Python lists and as Arrow arrays."""

    def __init__(self) -> None:
        self._values: dict[str, list[Any]] = {name: [] for name in _NAMES}
        self._texts: dict[str, pa.StringArray] = {}

    @classmethod
    def of(cls, records: Sequence[Record]) -> Fields:
        """Return the fields of some records."""
        fields = cls()
        for start in range(0, len(records), _AT_ONCE):
            fields.add(records[start : start + _AT_ONCE])
        return fields

    def add(self, records: Sequence[Record]) -> None:
        """Add the fields of further records."""
        rows = map(msgspec.structs.astuple, records)
        for values, more in zip(self._values.values(), zip(*rows, strict=True), strict=True):
            values.extend(more)

    def values(self, name: str) -> Sequence[Any]:
        """Return a field of all records, in their order."""
        return self._values[name]

    def text(self, name: str) -> pa.StringArray:
        """Return a text field of all records; null if it is absent."""
        if name not in self._texts:
            self._texts[name] = pa.array(self.values(name), pa.string())
        return self._texts[name]

    def block(self, name: str) -> pa.BinaryArray:
        """Return a field that is not decoded, as JSON; empty if it is absent."""
        return binary(self.values(name))


def binary(values: Sequence[bytes]) -> pa.BinaryArray:
    """Return an array of bytes in one buffer, with a single copy."""
    ends = np.cumsum(np.fromiter(map(len, values), np.int32, len(values)), dtype=np.int32)
    offsets = np.concatenate([np.zeros(1, np.int32), ends])
    return pa.Array.from_buffers(
        pa.binary(), len(values), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(values))]
    )


def decode(raw: Sequence[bytes]) -> Decoded:
    """Decode records. Never raises for the content of a record."""
    records: list[Record] = []
    fields = Fields()
    doubtful: list[int] = []
    for start in range(0, len(raw), _AT_ONCE):
        some = raw[start : start + _AT_ONCE]
        decoded = [_decode_fast(one) for one in some]
        doubtful += [start + place for place in _doubtful(some, decoded)]
        rec.clear_success(decoded)  # after the check, which compares lengths
        fields.add(decoded)
        records += decoded
    careful: dict[int, Careful] = {}
    unknown_fields: dict[int, list[str]] = {}
    refused: dict[int, str] = {}
    for place in doubtful:
        if records[place] is _UNDECODED or not _is_unambiguous(raw[place]):
            try:
                careful[place] = rec.decode_carefully(raw[place])
                records[place] = careful[place].record
                rec.clear_success([records[place]])
            except NotARecord as error:
                refused[place] = str(error)
                continue
        text = careful[place].text.encode() if place in careful else raw[place]
        if names := rec.unknown_fields(text):
            unknown_fields[place] = names
    if careful:
        fields = Fields.of(records)
    for place in _foreign(fields):
        refused.setdefault(place, "it is not a CloudTrail record")
    if not refused:
        return Decoded(np.arange(len(raw)), list(raw), records, fields, careful, unknown_fields, refused)
    kept = [place for place in range(len(raw)) if place not in refused]
    records = [records[place] for place in kept]
    return Decoded(
        np.array(kept, np.int64),
        [raw[place] for place in kept],
        records,
        Fields.of(records),
        {index: careful[place] for index, place in enumerate(kept) if place in careful},
        {index: unknown_fields[place] for index, place in enumerate(kept) if place in unknown_fields},
        refused,
    )


def _decode_fast(raw: bytes) -> Record:
    try:
        return rec.decode(raw)
    except rec.NOT_DECODED:
        return _UNDECODED


def _doubtful(raw: Sequence[bytes], records: Sequence[Record]) -> list[int]:
    """Return the indexes of records that are not decoded, can be ambiguous, or are not UTF-8."""
    text = b"".join(raw)
    doubtful: set[int] = set()
    if len(_encode_lines(records)) != len(text) + len(raw):
        written = (len(_encode(record)) for record in records)
        doubtful = {place for place, (one, size) in enumerate(zip(raw, written, strict=True)) if len(one) != size}
    if not _is_utf8(text):
        doubtful.update(place for place, one in enumerate(raw) if not _is_utf8(one))
    if escapes := [match.start() for match in _ESCAPED_LETTER.finditer(text)]:
        ends = np.cumsum(np.fromiter(map(len, raw), np.int64, len(raw)))
        doubtful.update(np.searchsorted(ends, escapes, "right").tolist())
    return sorted(doubtful)


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _is_unambiguous(raw: bytes) -> bool:
    """Return whether a record is UTF-8 without a repeated decisive member, by its length or by counting names."""
    if not _is_utf8(raw) or _ESCAPED_LETTER.search(raw):
        return False
    members = rec.members(raw)
    if least_bytes(members) == len(raw):
        return True
    return bool(members) and all(raw.count(key) == (name in members) for name, key in _DECISIVE)


def _foreign(fields: Fields) -> list[int]:
    """Return the indexes of values that are not events; every version of the format has the tested fields."""
    source_or_time = pc.or_(fields.text("event_source").is_valid(), fields.text("event_time").is_valid())
    is_event = pc.and_(fields.text("event_name").is_valid(), source_or_time)
    is_other = pc.or_(
        pc.is_in(fields.text("event_category"), pa.array(_OF_MANY_CALLS)),
        pc.fill_null(pc.starts_with(fields.text("event_source"), _NOTIFICATION), False),
    )
    return np.flatnonzero(pc.or_(pc.invert(is_event), is_other).to_numpy(zero_copy_only=False)).tolist()
