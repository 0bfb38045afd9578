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
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from operator import itemgetter

import msgspec

from forensics.errors import FormatError
from forensics.formats.inflate import Unreadable

MAX_RECORD_BYTES = 16 << 20
_WINDOW_BYTES = 4 << 20
_BATCH_RECORDS = 2_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_SPACE = re.compile(rb"\s*")
_SPACE_AND_COMMAS = re.compile(rb"[\s,]*")
_TRAIL_FILE = re.compile(rb'\{\s*"Records"\s*:\s*\[')
_RECORDS_KEY = re.compile(rb'"Records"\s*:\s*\[')
_NEXT_RECORDS = re.compile(rb'\s*,\s*"Records"\s*:\s*\[')
# A string ends at a control character too: none can stand in one, so there it was cut off.
_STRUCTURE = re.compile(rb'"(?:[^"\\\x00-\x1f]++|\\.)*+("?)|[{}\[\]]', re.DOTALL)
# Inside valid JSON this cannot stand in a string, where its quotes would be escaped.
_RECORD_START = re.compile(
    rb'\{\s*"(?:eventVersion|eventTime|userIdentity|awsRegion|eventID|eventName|eventSource|additionalEventData)"\s*:'
)
_MEMBER_OF_A_RECORD = re.compile(
    rb"(?:event[A-Z]\w*|userIdentity|awsRegion|sourceIPAddress|userAgent|recipientAccountId|requestParameters"
    rb'|responseElements|additionalEventData|resources)"\s*:'
)
_OBJECT = re.compile(rb"\s*\{")
# more than the start of a record has, so that one on the edge of the window is not passed over
_START_BYTES = 64
# how much of an object is looked at for a list of records behind its other members
_PREFACE_BYTES = 64 << 10
# A record seldom has more bytes than this; one that has is sought up to where so many others seem to have begun that it
# must be broken. This bounds what a file of nothing but broken records costs.
_USUAL_RECORD_BYTES = 64 << 10
_STARTS_IN_A_RECORD = 32


class NotJson(FormatError):
    """The stream does not begin as JSON does."""


_FIRST_BYTE = itemgetter(0)
_BRACE = ord("{")

_array = msgspec.json.Decoder(list[msgspec.Raw])
_value = msgspec.json.Decoder(msgspec.Raw)
_NOT_PARSED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Delivery(StrEnum):
    """How a record came: as AWS wrote it, taken out of something else, or put together again from its fields."""

    NATIVE = "native"
    WRAPPED = "wrapped"
    REBUILT = "rebuilt"


@dataclass(frozen=True, slots=True)
class Records:
    """Consecutive records of one stream; `position` is the place of the first, counted from 0."""

    position: int
    raw: list[bytes]
    resynchronised: bool = False
    delivery: Delivery = Delivery.NATIVE


@dataclass(frozen=True, slots=True)
class Rejected:
    """Bytes where a record should be. `offset` is in inflated bytes; `raw` is cut at MAX_RECORD_BYTES.

    `cut`: the stream ended where more should have come.
    """

    position: int
    offset: int
    raw: bytes
    reason: str
    cut: bool = False


def read_records(pieces: Iterable[bytes], window_bytes: int = _WINDOW_BYTES) -> Iterator[Records | Rejected]:
    """Yield what a stream holds, in order, in bounded memory: of a sound stream the same whatever the window's size.

    Raises NotJson at once, and Unreadable where `pieces` does, after everything that came before it.
    """
    reader = _Reader(_Window(pieces, window_bytes))
    yield from reader.read()


class _Window:
    """The part of a stream that is in memory; `start` is where the next value is expected."""

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
        """Have `size` bytes at hand, or as many as usual, or all that are left."""
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
        self.data = b"".join(filter(None, parts))  # one part by itself is not copied
        self.start = 0

    def skip(self, pattern: re.Pattern[bytes]) -> bool:
        """Pass over what matches and tell whether anything is left of the stream."""
        while True:
            self.fill()
            match = pattern.match(self.data, self.start)
            self.start = match.end() if match else self.start
            if self.size or self.ended:
                return self.size > 0

    def array(self, end: int) -> bytes | memoryview:
        """What stands from the start to `end`, in brackets; where it has those already it is not copied."""
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

    def read(self) -> Iterator[Records | Rejected]:
        window = self._window
        window.fill()
        if window.at(_BYTE_ORDER_MARK):
            window.start += len(_BYTE_ORDER_MARK)
        is_json = not window.skip(_SPACE) or window.at(b"{") or window.at(b"[")
        if not is_json and not _RECORD_START.search(window.data):
            raise NotJson("it is not JSON")
        while window.skip(self._between):
            if head := _TRAIL_FILE.match(window.data, window.start):
                window.start = head.end()
                yield from self._trail_file()
            elif window.at(b"["):
                window.start += 1
                yield from self._elements()
            elif (lines := self._whole_lines()) is not None:
                yield self._records(lines)
            else:
                yield from self._exactly(in_array=False)
        if window.failure is not None:
            raise window.failure

    @property
    def _between(self) -> re.Pattern[bytes]:
        """What may stand between two values: commas where damage has hidden that they are in an array."""
        return _SPACE_AND_COMMAS if self._resynchronised else _SPACE

    def _trail_file(self) -> Iterator[Records | Rejected]:
        """The rest of a trail file from the first of its records."""
        yield from self._elements()
        yield from self._rest_of_trail_file()

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
        yield replace(self._reject(window.start, "the file ends inside its list of records"), cut=True)

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
            elif window.at(b",") and (end := _end_of_object(window.data, window.start, len(window.data), depth=1)):
                yield self._reject(end, "there is something beside the list of records")
                return
            else:
                self._resynchronised = True  # and whatever stands here is read like the start of a stream
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
                    values = _array.decode(window.array(cut))
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
        raw = list(map(bytes, values))
        if set(map(_FIRST_BYTE, raw)) != {_BRACE}:
            return None
        self._window.start = cut
        return raw

    def _exactly(self, in_array: bool) -> Iterator[Records | Rejected]:
        """The exact way: value by value, to the end of the window or of the array, or up to a trail file."""
        window = self._window
        begin = window.offset
        good: list[bytes] = []
        for _ in range(_BATCH_RECORDS):
            if not (window.skip(_SPACE_AND_COMMAS if in_array else self._between) and window.at(b"{")):
                break
            if not in_array and (head := _head_of_trail_file(window.data, window.start)):
                yield from self._pending(good)
                yield from self._trail_file_with_a_preface(head)
                return
            end = self._end_of_object()
            raw = window.data[window.start : end] if end else b""
            if not (raw or in_array) and (place := _head_of_list(window.data, window.start)):
                yield from self._pending(good)
                yield from self._list_in_an_envelope(*place)
                return
            if broken := _why_broken(raw) if raw else self._why_endless():
                yield from self._pending(good)
                yield self._reject_to_next_start(end, broken)
                good = []
            else:
                good.append(raw)
                window.start = end
        yield from self._pending(good)
        if window.offset == begin:
            yield self._reject_to_next_start(0, "something that is not an object stands among the records")

    def _pending(self, good: list[bytes]) -> Iterator[Records]:
        if good:
            yield self._records(good)

    def _trail_file_with_a_preface(self, head: int) -> Iterator[Records | Rejected]:
        """A trail file whose first member is not `Records`; what stands before that comes after its records."""
        window = self._window
        offset, preface = window.offset, window.data[window.start : head]
        window.start = head
        yield from self._trail_file()
        yield Rejected(self._position, offset, preface, "there is something beside the list of records")
        self._position += 1

    def _list_in_an_envelope(self, head: int, depth: int) -> Iterator[Records | Rejected]:
        """An object that is larger than a record can be, or cut off: the elements of the first list in it.

        What stands beside the list is the envelope, and is left out unless records begin there too.
        """
        window = self._window
        window.start = head
        yield from self._elements()
        while depth and window.skip(_SPACE):
            if window.at(b"}") or window.at(b"]"):
                window.start += 1
                depth -= 1
                continue
            end = _end_of_object(window.data, window.start, len(window.data), depth) if window.at(b",") else 0
            if not end:
                self._resynchronised = True
            elif _RECORD_START.search(window.data, window.start, end):
                yield self._reject(end, "there is something beside the list of records")
            else:
                window.start = end
            return

    def _end_of_object(self) -> int:
        """Where the object at the start of the window ends; 0 if it does not, within MAX_RECORD_BYTES."""
        window = self._window
        if end := _end_of_object(window.data, window.start, window.start + _USUAL_RECORD_BYTES):
            return end
        while True:
            starts = islice(_RECORD_START.finditer(window.data, window.start), _STARTS_IN_A_RECORD)
            far = [start.start() for start in starts]
            broken = len(far) == _STARTS_IN_A_RECORD
            end = _end_of_object(window.data, window.start, far[-1] if broken else len(window.data))
            if end or broken or window.ended or window.size > MAX_RECORD_BYTES:
                return end
            window.fill(window.size * 2)

    def _why_endless(self) -> str:
        if self._window.ended:
            return "the record is cut off: the file or another record begins inside it"
        return f"the record is broken, or larger than {MAX_RECORD_BYTES >> 20} MiB"

    def _reject_to_next_start(self, end: int, reason: str) -> Rejected:
        """Reject a broken value that seems to end at `end`, or before the first record that begins inside it.

        Where even its end is not known, `end` is 0.
        """
        window = self._window
        following = _RECORD_START.search(window.data, window.start + 1, end or len(window.data))
        if following:
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
        records = Records(self._position, raw, self._resynchronised)
        self._position += len(raw)
        return records


def _end_of_object(data: bytes, start: int, limit: int, depth: int = 0) -> int:
    """Where the object ends of which `depth` levels are open at `start`; 0 if it does not before `limit`."""
    for token in _STRUCTURE.finditer(data, start, limit):
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


def _head_of_trail_file(data: bytes, start: int) -> int:
    """Where the list of records begins in an object that may have other members before it; 0 if it has none."""
    limit = start + _PREFACE_BYTES
    if data.find(b'"Records"', start, limit) < 0:
        return 0
    depth = 0
    for token in _STRUCTURE.finditer(data, start, limit):
        first = data[token.start()]
        if first == 0x22:
            if depth == 1 and (head := _RECORDS_KEY.match(data, token.start())):
                return head.end()
        else:
            depth += 1 if first in b"{[" else -1
            if depth == 0:
                return 0
    return 0


def _head_of_list(data: bytes, start: int) -> tuple[int, int] | None:
    """Where the first list of objects begins in an object that is no record, and how many levels are open around it."""
    depth = 0
    for token in _STRUCTURE.finditer(data, start, start + _PREFACE_BYTES):
        first = data[token.start()]
        if first in b"{[":
            if first == 0x5B and _OBJECT.match(data, token.end()):
                is_of_a_record = _MEMBER_OF_A_RECORD.search(data, start, token.start())
                return None if is_of_a_record else (token.end(), depth)
            depth += 1
        elif first != 0x22:
            depth -= 1
            if depth == 0:
                return None
    return None


def _why_broken(raw: bytes) -> str | None:
    """Why a value is no JSON; None if it is. What only one of the two parsers takes is JSON enough to be looked at."""
    try:
        _value.decode(raw)
    except RecursionError:
        return "the record is nested too deep"
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        try:
            json.loads(raw.decode("utf-8", "replace"), parse_int=str)
        except (ValueError, RecursionError):
            return f"the record is not valid JSON: {error}"
    return None
