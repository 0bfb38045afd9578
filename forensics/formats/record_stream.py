"""Record stream: splits a stream of JSON text into the original bytes of its records.

A stream is a sequence of JSON values: a trail's `{"Records": [...]}`, an array, one event, NDJSON, concatenated
objects, or several of these. Records are not decoded, so their original bytes can be exported.

Two methods give the same result. The fast method guesses the end of the last complete record in a window and verifies
the guess with a JSON parser: if the text up to there parses, it is a sequence of complete records. The exact method
follows quotes and brackets. After broken text, reading continues at the next start of a record, and all later records
are marked `resynchronised`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby, islice
from operator import itemgetter

import msgspec

from forensics.errors import FormatError
from forensics.formats.inflate import Unreadable
from forensics.formats.json_structure import (
    end_of_broken_line,
    end_of_object,
    end_of_whole_line,
    head_of_list,
    head_of_trail_file,
    may_hold_a_record,
    why_broken,
)

MAX_RECORD_BYTES = 16 << 20
_WINDOW_BYTES = 4 << 20
_BATCH_RECORDS = 2_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_SPACE = re.compile(rb"\s*")
# an object or a list, or another value in a line before an object
_JSON_START = re.compile(rb'[{\[]|(?:null|true|false|-?\d[\d.eE+-]*+|"")[ \t\r]*\n\s*\{')
# a list that begins with a number, such as a time; in one line, with an object at its end
_ROW_START = re.compile(rb"\[\s*-?\d[\d.eE+-]*\s*,")
_ROW = re.compile(rb"\[\s*-?\d[\d.eE+-]*\s*,[^\n]*\}\s*\]")
_SPACE_AND_COMMAS = re.compile(rb"[\s,]*")
_TRAIL_FILE = re.compile(rb'\{\s*"Records"\s*:\s*\[')
_NEXT_RECORDS = re.compile(rb'\s*,\s*"Records"\s*:\s*\[')
# in valid JSON, this never occurs inside a string, where its quotes would be escaped
_RECORD_START = re.compile(
    rb'\{\s*"(?:eventVersion|eventTime|userIdentity|awsRegion|eventID|eventName|eventSource|additionalEventData)"\s*:'
)
# longer than the usual match of _RECORD_START, to find a start at the edge of a window
_START_BYTES = 64
# a larger record counts as broken if so many others start inside it; limits the time for a file of broken records
_USUAL_RECORD_BYTES = 64 << 10
_STARTS_IN_A_RECORD = 32


class NotJson(FormatError):
    """The stream does not begin like JSON."""


_NO_OBJECT = "a value among the records is not an object"
_BESIDE_RECORDS = "there is other content beside the list of records"
_FIRST_BYTE = itemgetter(0)
_OBJECTS = {ord("{")}
_LIST = re.compile(rb"\[")
_OBJECT_IN_A_LIST = re.compile(rb"\[[^{]*+\{")

_array = msgspec.json.Decoder(list[msgspec.Raw])
_value = msgspec.json.Decoder(msgspec.Raw)
_NOT_PARSED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Delivery(StrEnum):
    """Origin of a record: as AWS wrote it, extracted from another format, or rebuilt from its fields."""

    NATIVE = "native"
    WRAPPED = "wrapped"
    REBUILT = "rebuilt"


@dataclass(frozen=True, slots=True)
class Records:
    """Consecutive records of one stream. `position`: index of the first, from 0."""

    position: int
    raw: list[bytes]
    resynchronised: bool = False
    delivery: Delivery = Delivery.NATIVE


@dataclass(frozen=True, slots=True)
class Rejected:
    """Bytes that are not a valid record, at most MAX_RECORD_BYTES.

    `position`: index in the stream, from 0. `offset`: in inflated bytes; -1 if the value is complete JSON, or if it is
    unknown. `cut`: the stream is truncated here.
    """

    position: int
    offset: int
    raw: bytes
    reason: str
    cut: bool = False


def read_records(pieces: Iterable[bytes], window_bytes: int = _WINDOW_BYTES) -> Iterator[Records | Rejected]:
    """Yield the records of a stream in order, in bounded memory.

    Args:
        pieces: the bytes of the stream.
        window_bytes: size of the window; it does not affect the records of a valid stream.

    Raises:
        NotJson: the stream does not begin like JSON; raised before the first record.
        Unreadable: `pieces` raised it; raised after all earlier records.
    """
    reader = _Reader(_Window(pieces, window_bytes))
    yield from reader.read()


class _Window:
    """The part of a stream in memory. `start`: index of the next value in `data`."""

    def __init__(self, pieces: Iterable[bytes], usual_size: int) -> None:
        self._pieces = iter(pieces)
        self._usual_size = usual_size
        self._dropped = 0
        self.data = b""
        self.start = 0
        self.ended = False
        self.failure: Unreadable | None = None

    @property
    def offset(self) -> int:
        return self._dropped + self.start

    @property
    def size(self) -> int:
        return len(self.data) - self.start

    def fill(self, size: int = 0) -> None:
        """Read until the window has `size` bytes, or its usual size, or the stream ends."""
        size = size or self._usual_size
        if self.size >= size or self.ended:
            return
        self._dropped += self.start
        parts = [self.data[self.start :]]
        have = len(parts[0])
        while have < size and not self.ended:
            try:
                piece = next(self._pieces, None)
            except Unreadable as failure:
                self.failure, piece = failure, None
            if piece is None:
                self.ended = True
            else:
                parts.append(piece)
                have += len(piece)
        self.data = b"".join(filter(None, parts))  # does not copy a single part
        self.start = 0

    def skip(self, pattern: re.Pattern[bytes]) -> bool:
        """Skip a match; return whether the stream has more data."""
        while True:
            self.fill()
            match = pattern.match(self.data, self.start)
            self.start = match.end() if match else self.start
            if self.size or self.ended:
                return self.size > 0

    def array(self, end: int) -> bytes | memoryview:
        """Return the data from the start to `end` in brackets, without a copy if the data already has them."""
        if self.start and self.data[self.start - 1] == 0x5B and self.data[end : end + 1] == b"]":
            return memoryview(self.data)[self.start - 1 : end + 1]
        return b"[%b]" % self.data[self.start : end]

    def at(self, text: bytes) -> bool:
        return self.data.startswith(text, self.start)


class _Reader:
    def __init__(self, window: _Window) -> None:
        self._window = window
        self._position = 0
        self._resynchronised = False
        self._delivery = Delivery.NATIVE

    def read(self) -> Iterator[Records | Rejected]:
        window = self._window
        window.fill()
        if window.at(_BYTE_ORDER_MARK):
            window.start += len(_BYTE_ORDER_MARK)
        is_json = not window.skip(_SPACE) or _JSON_START.match(window.data, window.start)
        if not is_json and not _RECORD_START.search(window.data):
            raise NotJson("it is not JSON")
        if not is_json:
            self._delivery = Delivery.WRAPPED  # text around the records, such as YAML or lines of syslog
        while window.skip(self._between):
            if head := _TRAIL_FILE.match(window.data, window.start):
                window.start = head.end()
                yield from self._trail_file()
            elif window.at(b"["):
                begin = window.offset
                yield from self._rows_in_lines()
                if window.offset == begin:
                    window.start += 1
                    yield from self._elements()
            elif (lines := self._complete_lines()) is not None:
                yield from self._values(lines)
            else:
                yield from self._exactly(in_array=False)
        if window.failure is not None:
            raise window.failure

    @property
    def _between(self) -> re.Pattern[bytes]:
        """The separators between values; after damage, commas too, because the start of an array can be lost."""
        return _SPACE_AND_COMMAS if self._resynchronised else _SPACE

    def _trail_file(self) -> Iterator[Records | Rejected]:
        """Read a trail file from its first record."""
        yield from self._elements()
        yield from self._rest_of_trail_file()

    def _elements(self) -> Iterator[Records | Rejected]:
        """Read the elements of an array and its closing bracket."""
        window = self._window
        while window.skip(_SPACE_AND_COMMAS):
            if window.at(b"]"):
                window.start += 1
                return
            if (elements := self._complete_elements()) is not None:
                yield from self._values(elements)
            else:
                yield from self._exactly(in_array=True)
        yield replace(self._reject(window.start, "the file ends inside its list of records"), cut=True)

    def _rest_of_trail_file(self) -> Iterator[Records | Rejected]:
        """Read from the end of `Records` to the end of its object, usually one brace."""
        window = self._window
        while window.skip(_SPACE):
            if head := _NEXT_RECORDS.match(window.data, window.start):
                window.start = head.end()
                yield from self._elements()
            elif window.at(b"}"):
                window.start += 1
                return
            elif window.at(b",") and (end := end_of_object(window.data, window.start, len(window.data), depth=1)):
                if may_hold_a_record(window.data[window.start : end - 1]):
                    yield self._reject(end, _BESIDE_RECORDS)
                window.start = end
                return
            else:
                self._resynchronised = True  # this data is read like the start of a stream
                return

    def _complete_elements(self) -> list[bytes] | None:
        """Return all values of an array that end in the window, if they parse (fast method)."""
        window = self._window
        cuts = [window.data.rfind(b'},{"', window.start) + 1]
        if window.ended:
            cuts.insert(0, window.data.rfind(b"]", window.start))
        for cut in cuts:
            if cut > window.start:
                try:
                    values = _array.decode(window.array(cut))
                except _NOT_PARSED:
                    continue
                return self._without_lists(values, cut, _OBJECT_IN_A_LIST)
        return None

    def _complete_lines(self) -> list[bytes] | None:
        """Return all lines that end in the window, if each is one value (fast method)."""
        window = self._window
        cut = len(window.data) if window.ended else window.data.rfind(b"\n", window.start) + 1
        lines = window.data[window.start : cut]
        if not lines or b'"Records"' in lines:
            return None
        try:
            return self._without_lists(_value.decode_lines(lines), cut, _LIST)
        except _NOT_PARSED:
            return None

    def _rows_in_lines(self) -> Iterator[Records | Rejected]:
        """Read lines that are rows such as `[time, {record}]`, and reject broken ones among them."""
        window = self._window
        begin = window.offset
        rows: list[bytes] = []
        first = begin
        while _ROW_START.match(window.data, window.start):
            while window.data.find(b"\n", window.start) < 0 and not window.ended and window.size < MAX_RECORD_BYTES:
                window.fill(window.size * 2)
            is_row = _ROW.match(window.data, window.start)
            if is_row and (end := end_of_whole_line(window.data, window.start)):
                rows.append(window.data[window.start : end])
                window.start = end
            elif window.offset > begin and (end := end_of_broken_line(window.data, window.start)):
                yield from self._pending(rows)
                yield self._reject(end, why_broken(window.data[window.start : end]) or _NO_OBJECT)
                rows, first = [], window.offset
            else:
                break
            if len(rows) == _BATCH_RECORDS or window.offset - first >= _WINDOW_BYTES:
                yield from self._pending(rows)
                rows, first = [], window.offset
            if not window.skip(_SPACE):
                break
        yield from self._pending(rows)

    def _without_lists(self, values: list[msgspec.Raw], cut: int, records: re.Pattern[bytes]) -> list[bytes] | None:
        """Return the values up to `cut`; None if one is a list of records by the pattern, which are read one by one."""
        raw = list(map(bytes, values))
        if not raw or (set(map(_FIRST_BYTE, raw)) != _OBJECTS and any(map(records.match, raw))):
            return None
        self._window.start = cut
        return raw

    def _values(self, raw: list[bytes]) -> Iterator[Records | Rejected]:
        """Yield the objects among complete values as records; reject the others."""
        if set(map(_FIRST_BYTE, raw)) == _OBJECTS:
            yield self._records(raw)
            return
        for is_object, group in groupby(raw, lambda value: value.startswith(b"{")):
            if is_object:
                yield self._records(list(group))
                continue
            for value in group:
                yield Rejected(self._position, -1, value, _NO_OBJECT)
                self._position += 1

    def _exactly(self, in_array: bool) -> Iterator[Records | Rejected]:
        """Read value by value to the end of the window or the array, or to a trail file (exact method)."""
        window = self._window
        begin = window.offset
        good: list[bytes] = []
        for _ in range(_BATCH_RECORDS):
            if not (window.skip(_SPACE_AND_COMMAS if in_array else self._between) and window.at(b"{")):
                break
            if not in_array and (head := head_of_trail_file(window.data, window.start)):
                yield from self._pending(good)
                yield from self._trail_file_with_preface(head)
                return
            end = self._end_of_object()
            raw = window.data[window.start : end] if end else b""
            if not (raw or in_array) and (place := head_of_list(window.data, window.start)):
                yield from self._pending(good)
                yield from self._list_in_envelope(*place)
                return
            if broken := why_broken(raw) if raw else self._why_endless():
                yield from self._pending(good)
                yield self._reject_to_next_start(end, broken)
                good = []
            else:
                good.append(raw)
                window.start = end
            if window.offset - begin >= _WINDOW_BYTES:
                break
        yield from self._pending(good)
        if window.offset == begin:
            yield self._reject_to_next_start(0, _NO_OBJECT)

    def _pending(self, good: list[bytes]) -> Iterator[Records]:
        if good:
            yield self._records(good)

    def _trail_file_with_preface(self, head: int) -> Iterator[Records | Rejected]:
        """Read a trail file with other members before `Records`; reject these members after its records."""
        window = self._window
        offset, preface = window.offset, window.data[window.start : head]
        window.start = head
        yield from self._trail_file()
        if may_hold_a_record(preface[1:-1]):
            yield Rejected(self._position, offset, preface, _BESIDE_RECORDS)
            self._position += 1

    def _list_in_envelope(self, head: int, depth: int) -> Iterator[Records | Rejected]:
        """Read the first list in an object that is truncated or larger than a record can be.

        The other members are the envelope; they are skipped unless they contain the start of a record.
        """
        window = self._window
        window.start = head
        yield from self._elements()
        while depth and window.skip(_SPACE):
            if window.at(b"}") or window.at(b"]"):
                window.start += 1
                depth -= 1
                continue
            end = end_of_object(window.data, window.start, len(window.data), depth) if window.at(b",") else 0
            if not end:
                self._resynchronised = True
            elif _RECORD_START.search(window.data, window.start, end):
                yield self._reject(end, _BESIDE_RECORDS)
            else:
                window.start = end
            return

    def _end_of_object(self) -> int:
        """Return the end of the object at the start of the window; 0 if it has none within MAX_RECORD_BYTES."""
        window = self._window
        if end := end_of_object(window.data, window.start, window.start + _USUAL_RECORD_BYTES):
            return end
        while True:
            starts = islice(_RECORD_START.finditer(window.data, window.start), _STARTS_IN_A_RECORD)
            far = [start.start() for start in starts]
            broken = len(far) == _STARTS_IN_A_RECORD
            end = end_of_object(window.data, window.start, far[-1] if broken else len(window.data))
            if end or broken or window.ended or window.size > MAX_RECORD_BYTES:
                return end
            window.fill(window.size * 2)

    def _why_endless(self) -> str:
        if self._window.ended:
            return "the record is truncated: the file ends or another record begins inside it"
        return f"the record is broken, or larger than {MAX_RECORD_BYTES >> 20} MiB"

    def _reject_to_next_start(self, end: int, reason: str) -> Rejected:
        """Reject a broken value up to `end`, or up to the first start of a record inside it. `end`: 0 if unknown."""
        window = self._window
        line = end_of_broken_line(window.data, window.start) if reason != _NO_OBJECT else 0
        following = _RECORD_START.search(window.data, window.start + 1, line or end or len(window.data))
        if line and not following:
            end, self._resynchronised = line, False
        elif following:
            end, self._resynchronised = following.start(), True
        elif not end:
            self._resynchronised = True
            edge = 0 if window.ended else _START_BYTES
            end = max(len(window.data) - edge, window.start + 1)
        return self._reject(end, reason)

    def _reject(self, end: int, reason: str) -> Rejected:
        window = self._window
        raw = window.data[window.start : min(end, window.start + MAX_RECORD_BYTES)]
        rejected = Rejected(self._position, window.offset, raw, reason)
        self._position += 1
        window.start = end
        return rejected

    def _records(self, raw: list[bytes]) -> Records:
        records = Records(self._position, raw, self._resynchronised, self._delivery)
        self._position += len(raw)
        return records
