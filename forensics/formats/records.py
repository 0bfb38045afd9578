"""Records: the CloudTrail records in a stream of JSON text, whatever wraps them, as the bytes they came in.

A stream is a sequence of JSON values: `{"Records": [...]}` as a trail delivers it, a bare array, one event, NDJSON,
concatenated objects, any of these repeated. Records are cut out and not decoded; each keeps its own bytes, so what was
delivered can be given back.

Two ways lead to the same cut. The fast one guesses where the last whole record of a window ends and lets a JSON parser
check the guess: text that parses from the start of a record to there is a sequence of whole records, whatever it
holds. The exact one follows quotes and brackets. Where text is broken, reading goes on at the next thing that starts
like a record, and what comes from there on says so: `resynchronised`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from forensics.formats.inflate import Unreadable

MAX_RECORD_BYTES = 16 << 20
_WINDOW_BYTES = 4 << 20
_BATCH_RECORDS = 2_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_SPACE = re.compile(rb"\s*")
_SPACE_AND_COMMAS = re.compile(rb"[\s,]*")
_TRAIL_FILE = re.compile(rb'\{\s*"Records"\s*:\s*\[')
_NEXT_RECORDS = re.compile(rb'\s*,\s*"Records"\s*:\s*\[')
_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+("?)|[{}\[\]]', re.DOTALL)
# Inside valid JSON this cannot stand in a string, where its quotes would be escaped.
_RECORD_START = re.compile(
    rb'\{\s*"(?:eventVersion|eventTime|userIdentity|awsRegion|eventID|eventName|eventSource|additionalEventData)"\s*:'
)


class NotJson(Exception):
    """The stream does not begin as JSON does."""


class _TrailFile(msgspec.Struct):
    Records: list[msgspec.Raw]


_array = msgspec.json.Decoder(list[msgspec.Raw])
_value = msgspec.json.Decoder(msgspec.Raw)
_trail_file = msgspec.json.Decoder(_TrailFile)
_NOT_PARSED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Records:
    """Consecutive records of one stream; `position` is the place of the first, counted from 0."""

    position: int
    raw: list[bytes]
    resynchronised: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """Bytes where a record should be. `offset` is in inflated bytes; `raw` is cut at MAX_RECORD_BYTES."""

    position: int
    offset: int
    raw: bytes
    reason: str


def read_records(pieces: Iterable[bytes]) -> Iterator[Records | Rejected]:
    """Yield what a stream holds, in order, in bounded memory.

    Raises NotJson at once, and Unreadable where `pieces` does, after everything that came before it.
    """
    reader = _Reader(_Window(pieces))
    yield from reader.read()


class _Window:
    """The part of a stream that is in memory; `start` is where the next value is expected."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
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

    def fill(self, size: int = _WINDOW_BYTES) -> None:
        """Have `size` bytes at hand, or all that are left."""
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
        self.data = b"".join(parts)
        self.start = 0

    def skip(self, pattern: re.Pattern[bytes]) -> bool:
        """Pass over what matches and tell whether anything is left of the stream."""
        while True:
            self.fill()
            match = pattern.match(self.data, self.start)
            self.start = match.end() if match else self.start
            if self.size or self.ended:
                return self.size > 0

    def at(self, text: bytes) -> bool:
        return self.data.startswith(text, self.start)


class _Reader:
    def __init__(self, window: _Window) -> None:
        self._window = window
        self._position = 0
        self._resynchronised = False

    def read(self) -> Iterator[Records | Rejected]:
        window = self._window
        window.fill()
        if window.at(_BYTE_ORDER_MARK):
            window.start += len(_BYTE_ORDER_MARK)
        if window.skip(_SPACE) and not (window.at(b"{") or window.at(b"[")):
            raise NotJson("it is not JSON")
        while window.skip(_SPACE):
            if head := _TRAIL_FILE.match(window.data, window.start):
                window.start = head.end()
                yield from self._elements()
                yield from self._rest_of_trail_file()
            elif window.at(b"["):
                window.start += 1
                yield from self._elements()
            elif (lines := self._whole_lines()) is not None:
                yield self._records(lines)
            else:
                yield from self._exactly(in_array=False)
        if window.failure is not None:
            raise window.failure

    def _elements(self) -> Iterator[Records | Rejected]:
        """The elements of an array, up to and with its end."""
        window = self._window
        while window.skip(_SPACE_AND_COMMAS):
            if window.at(b"]"):
                window.start += 1
                return
            if (elements := self._whole_elements()) is not None:
                yield self._records(elements)
            else:
                yield from self._exactly(in_array=True)
        yield self._reject(window.start, "the file ends inside its list of records")

    def _rest_of_trail_file(self) -> Iterator[Records | Rejected]:
        """What stands between the end of `Records` and the end of its object: as a rule one brace."""
        window = self._window
        while window.skip(_SPACE):
            if head := _NEXT_RECORDS.match(window.data, window.start):
                window.start = head.end()
                yield from self._elements()
            elif window.at(b"}"):
                window.start += 1
                return
            else:
                end = window.data.find(b"}", window.start) + 1 or len(window.data)
                yield self._reject(end, "there is something beside the list of records")
                return

    def _whole_elements(self) -> list[bytes] | None:
        """The fast way inside an array: all records that end in the window, if they parse."""
        window = self._window
        cuts = [window.data.rfind(b'},{"', window.start) + 1]
        if window.ended:
            cuts.insert(0, window.data.rfind(b"]", window.start))
        for cut in cuts:
            if cut > window.start:
                try:
                    values = _array.decode(b"[%b]" % window.data[window.start : cut])
                except _NOT_PARSED:
                    continue
                return self._objects(values, cut)
        return None

    def _whole_lines(self) -> list[bytes] | None:
        """The fast way outside an array: all lines that end in the window, if each is one object."""
        window = self._window
        cut = len(window.data) if window.ended else window.data.rfind(b"\n", window.start) + 1
        lines = window.data[window.start : cut]
        if not lines or b'"Records"' in lines:
            return None
        try:
            return self._objects(_value.decode_lines(lines), cut)
        except _NOT_PARSED:
            return None

    def _objects(self, values: list[msgspec.Raw], cut: int) -> list[bytes] | None:
        raw = [bytes(value) for value in values]
        if not raw or not all(value.startswith(b"{") for value in raw):
            return None
        self._window.start = cut
        return raw

    def _exactly(self, in_array: bool) -> Iterator[Records | Rejected]:
        """The exact way: value by value, to the end of the window or of the array."""
        window = self._window
        good: list[bytes] = []
        while window.at(b"{"):
            if not in_array and _TRAIL_FILE.match(window.data, window.start):
                break
            end = self._end_of_object()
            raw = window.data[window.start : end] if end else b""
            broken = _why_broken(raw) if raw else self._why_endless()
            if broken and good:
                yield self._records(good)
                good = []
            if broken:
                yield self._reject_to_next_start(end or len(window.data), broken)
            elif not in_array and (nested := _records_inside(raw)) is not None:
                good += nested
                window.start = end
            else:
                good.append(raw)
                window.start = end
            if len(good) >= _BATCH_RECORDS or not window.skip(_SPACE_AND_COMMAS if in_array else _SPACE):
                break
        if good:
            yield self._records(good)
        elif window.size and not (window.at(b"{") or window.at(b"[") or (in_array and window.at(b"]"))):
            yield self._reject_to_next_start(len(window.data), "something that is not an object stands among the records")

    def _end_of_object(self) -> int:
        """Where the object at the start of the window ends; 0 if it does not, within MAX_RECORD_BYTES."""
        window = self._window
        while not (end := _end_of_object(window.data, window.start)):
            if window.ended or window.size > MAX_RECORD_BYTES:
                return 0
            window.fill(window.size * 2)
        return end

    def _why_endless(self) -> str:
        if self._window.ended:
            return "the record is cut off: the file ends inside it"
        return f"the record is larger than {MAX_RECORD_BYTES >> 20} MiB"

    def _reject_to_next_start(self, end: int, reason: str) -> Rejected:
        """Reject a broken value that seems to end at `end`, or before the first record that begins inside it."""
        window = self._window
        following = _RECORD_START.search(window.data, window.start + 1, end)
        if following:
            self._resynchronised = True
            end = following.start()
        return self._reject(end, reason)

    def _reject(self, end: int, reason: str) -> Rejected:
        window = self._window
        raw = window.data[window.start : min(end, window.start + MAX_RECORD_BYTES)]
        rejected = Rejected(self._position, window.offset, raw, reason)
        self._position += 1
        window.start = end
        return rejected

    def _records(self, raw: list[bytes]) -> Records:
        records = Records(self._position, raw, self._resynchronised)
        self._position += len(raw)
        return records


def _end_of_object(data: bytes, start: int) -> int:
    depth = 0
    for token in _STRUCTURE.finditer(data, start):
        first = data[token.start()]
        if first == 0x22:
            if not token.group(1):
                return 0
        elif first in b"{[":
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                return token.end()
    return 0


def _why_broken(raw: bytes) -> str | None:
    """Why a value is no JSON; None if it is. What only one of the two parsers takes is JSON enough to be looked at."""
    try:
        _value.decode(raw)
    except RecursionError:
        return "the record is nested too deep"
    except msgspec.MsgspecError as error:
        try:
            json.loads(raw.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return f"the record is not valid JSON: {error}"
    return None


def _records_inside(raw: bytes) -> list[bytes] | None:
    """The records of an object that lists them behind other keys."""
    if b'"Records"' not in raw:
        return None
    try:
        return [bytes(value) for value in _trail_file.decode(raw).Records]
    except _NOT_PARSED:
        return None
