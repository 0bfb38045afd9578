"""Unwrap: extracts CloudTrail records from the formats of other products.

One rule covers all products: a record is recognized by its members, and searched for in the members and elements of a
value, to a limited depth. A string is searched only if its name marks it as a whole message, or if every value of the
file under that name is one (`messages`). The parts of a record are never searched: they may be attacker-controlled and
contain a forged record. If a product keeps the original message under a name that only the product writes, only that
message is used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import msgspec

from forensics.formats.bare_records import ESCAPED_RECORD, UNUSUAL_TIME, is_bare_record, possibly_changed
from forensics.formats.message_text import decoded_text, has_prefix, json_values_in
from forensics.formats.ocsf import NotOcsf, from_ocsf
from forensics.formats.record_names import FREE_BLOCKS, OF_THE_CALLER
from forensics.formats.record_stream import Delivery, Records, Rejected
from forensics.formats.rows import (
    NotARow,
    has_time_of_a_product,
    is_spelled_otherwise,
    names_events,
    record_of,
    scatters_its_identity,
)

MAX_DEPTH = 8
_GROUP_BYTES = 4 << 20
# start of a record in a trail file; such a value is a record unless a product added the text of one to its members
_NATIVE = b'{"eventVersion"'
# names of the original message that only the product writes, in order of preference
_ORIGINALS = (
    "event.original",
    "log.original",
    "_raw",
    "@message",
    "CloudTrailEvent",
    "cloudTrailEvent",
    "eventJson",
    "eventjson",
)
# `event.original` is the message; `user_agent.original` is attacker-controlled
_HOLDERS_OF_ORIGINAL = ("event", "log")
_EMPTY_ORIGINALS = (b"", b"null", b'""')
# field of the message in a result of CloudWatch Logs Insights; other fields may be attacker-controlled
_WHOLE_MESSAGE = b'"@message"'
# members beside the headers of an HTTP request
_OF_HTTP = {"method", "path", "rawPath", "requestContext", "uri", "url"}
# members beside the `value` of a Kafka message
_OF_KAFKA = {"topic", "partition", "offset"}
# names, in any spelling, of strings that contain a whole message
_MESSAGES = {
    "atmessage",
    "body",
    "cloudtrailevent",
    "data",
    "event",
    "eventjson",
    "eventoriginal",
    "log",
    "message",
    "messagebody",
    "payload",
    "raw",
    "rawevent",
    "rawlog",
    "rawmessage",
    "record",
    "textpayload",
}
_NOT_LETTERS = re.compile(r"[^a-z0-9]")

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_NOT_DECODED = (msgspec.MsgspecError, ValueError, RecursionError)

_Found = tuple[Delivery, bytes]


def unwrapped(
    found: Iterable[Records | Rejected], messages: frozenset[str] = frozenset()
) -> Iterator[Records | Rejected]:
    """Yield the same stream with each wrapper replaced by its records, and with new positions.

    `messages`: the paths of members that contain whole records, in the form of `texts_in`. A value without a record is
    yielded unchanged; the decoder rejects it.
    """
    position = 0
    for item in found:
        if isinstance(item, Rejected):
            yield replace(item, position=position)
            position += 1
        elif not (changed := possibly_changed(item.raw)):
            yield item if item.position == position else replace(item, position=position)
            position += len(item.raw)
        else:
            for delivery, raws in _grouped(_records_of(item.raw, changed, messages)):
                as_delivered = item.delivery if delivery == Delivery.NATIVE else delivery
                yield Records(position, raws, item.resynchronised, as_delivered)
                position += len(raws)


def _records_of(values: Sequence[bytes], changed: Container[int], messages: frozenset[str]) -> Iterator[_Found]:
    """Yield the records of some values. Only those at the indexes `changed` are searched."""
    for index, raw in enumerate(values):
        if index in changed:
            yield from open_value(raw, messages)
        else:
            yield Delivery.NATIVE, raw


def _grouped(found: Iterator[_Found]) -> Iterator[tuple[Delivery, list[bytes]]]:
    """Yield consecutive records of one delivery, in lists of bounded size: messages can be compressed."""
    size = 0

    def list_of(one: _Found) -> tuple[Delivery, int]:
        nonlocal size
        size += len(one[1])
        return one[0], size // _GROUP_BYTES

    for (delivery, _), group in groupby(found, key=list_of):
        yield delivery, [raw for _, raw in group]


def open_value(raw: bytes, messages: frozenset[str] = frozenset()) -> Iterator[_Found]:
    """Yield the records in one value with their delivery; the value itself if it contains none."""
    found = [] if is_bare_record(raw) else _record(raw, MAX_DEPTH, Delivery.NATIVE)
    if not found and not raw.startswith(_NATIVE):
        found = _inside(raw, MAX_DEPTH, "", messages)
    yield from found or [(Delivery.NATIVE, raw)]


def holds_records(raw: bytes) -> bool:
    """Return whether a JSON value is a record or contains one."""
    return is_bare_record(raw) or bool(_record(raw, MAX_DEPTH, Delivery.NATIVE) or _inside(raw, MAX_DEPTH))


def records_in(raw: bytes) -> list[bytes]:
    """Return the records inside a JSON value."""
    return [record for _, record in _value(raw, MAX_DEPTH)]


def texts_in(raw: bytes) -> Iterator[tuple[str, str]]:
    """Yield the texts in a JSON value, without the parts of records, with their paths.

    The path of `{"a": {"b": ""}}` is `.a.b`. An element of a list has its index, unless it is an object.
    """
    try:
        value = msgspec.json.decode(raw)
    except _NOT_DECODED:
        return
    yield from _texts(value, "", MAX_DEPTH)


def _texts(value: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict) and depth and not names_a_record(value):
        for name, member in value.items():
            yield from _texts(member, f"{path}.{name}", depth - 1)
    elif isinstance(value, list) and depth:
        for place, element in enumerate(value):
            yield from _texts(element, path if isinstance(element, dict) else f"{path}[{place}]", depth - 1)


def is_decorated(names: Iterable[str]) -> bool:
    """Return whether a product added members to a record, by their unknown names: AWS's names begin with a letter.

    Names with `p_` are Panther's.
    """
    return any(not name[:1].isalpha() or name.startswith("p_") for name in names)


def _record(raw: bytes, depth: int, delivery: Delivery) -> list[_Found]:
    """Return a CloudTrail record of any kind, also an Insight or aggregated event; empty if it is not one.

    If a product keeps the original message beside the extracted members, the message is the record.
    """
    try:
        members = _members(raw)
        if not _is_record(members):
            return []
        original = _original(members, depth)
        if original and not _repeats(members, raw):
            return original
        if _is_altered(members) and (rebuilt := _rebuilt(members, raw)):
            return [(Delivery.REBUILT, rebuilt)]
        return [(delivery, raw)]
    except _NOT_DECODED:
        # the careful path of the decoder decides
        return [(delivery, raw)] if raw.startswith(_NATIVE) else []


def _is_record(members: dict[str, msgspec.Raw]) -> bool:
    return names_a_record(members) and not _is_notification(members)


def _is_notification(members: dict[str, msgspec.Raw]) -> bool:
    """Return whether an object is a notification of S3, SQS or Kinesis, whose members have the names of a record's."""
    return bytes(members.get("eventSource", b"")).startswith(b'"aws:')


def names_a_record(members: Container[str]) -> bool:
    """Return whether an object has members that every record has."""
    if "eventName" in members:
        return "eventSource" in members or "eventTime" in members
    return "eventVersion" in members and "eventType" in members


def _is_altered(members: dict[str, msgspec.Raw]) -> bool:
    """Return whether a product spells fields of a record otherwise, or wrote its identity or a block as text."""
    members = {name: value for name, value in members.items() if bytes(value) != b"null"}
    identity = bytes(members.get("userIdentity", b"{}"))
    if not identity.startswith(b"{") or _has_another_time(members):
        return True
    blocks = (bytes(members.get(name, b"")) for name in FREE_BLOCKS)
    if any(block.startswith((b'"{', b'"[')) for block in blocks) or is_spelled_otherwise(members):
        return True
    return scatters_its_identity(members, msgspec.json.decode(identity))


def _has_another_time(members: dict[str, msgspec.Raw]) -> bool:
    """Return whether the time of a record is under another name, or in a form that AWS does not write."""
    if "eventTime" not in members:
        return has_time_of_a_product(members)
    return UNUSUAL_TIME.match(b'"eventTime":' + members["eventTime"]) is not None


def _inside(raw: bytes, depth: int, path: str = "", messages: frozenset[str] = frozenset()) -> list[_Found]:
    """Return all records inside a value that is not a record; empty if it cannot be parsed."""
    if path in messages and raw.startswith(b'"'):
        return list(in_message(decoded_text(raw)))
    if depth <= 0:
        return []
    try:
        if raw.startswith(b"{"):
            return list(_in_object(raw, depth, path, messages))
        if raw.startswith(b"["):
            return list(_in_list([bytes(element) for element in _elements(raw)], depth, path, messages))
    except _NOT_DECODED:
        pass
    return []


def _value(raw: bytes, depth: int, path: str = "", messages: frozenset[str] = frozenset()) -> list[_Found]:
    """Return the value if it is a record, otherwise the records inside it."""
    itself = _record(raw, depth, Delivery.WRAPPED) if raw.startswith(b"{") else []
    return itself or _inside(raw, depth, path, messages)


def _in_list(elements: list[bytes], depth: int, path: str, messages: frozenset[str]) -> Iterator[_Found]:
    """Yield the records in some elements; if any contains a record, also yield the rows without one."""
    found = [
        _value(element, depth - 1, path if element.startswith(b"{") else f"{path}[{place}]", messages)
        for place, element in enumerate(elements)
    ]
    if any(found):
        are_rows = sum(element.startswith((b"{", b"[")) for element in elements) > 1
        for element, records in zip(elements, found, strict=True):
            yield from [(Delivery.NATIVE, element)] if not records and _must_be_kept(element, are_rows) else records


def _must_be_kept(element: bytes, are_rows: bool) -> bool:
    """Return whether an element without a record must be kept, for the quarantine.

    A field of a query's result need not, nor a cell of a row, such as the time in `[time, {record}]`.
    """
    if not element.startswith((b"{", b"[")):
        return are_rows or ESCAPED_RECORD in element
    if element.startswith(b"["):
        return True
    try:
        return "field" not in _members(element)
    except _NOT_DECODED:
        return True


def _in_object(raw: bytes, depth: int, path: str, messages: frozenset[str]) -> Iterator[_Found]:
    members = _members(raw)
    if _repeats(members, raw) or _is_custom_event(members) or _is_http_request(members):
        return
    original = _original(members, depth)
    if original is not None:
        yield from original or [(Delivery.NATIVE, raw)]
        return
    whole = next((bytes(value) for name, value in members.items() if f"{path}.{name}" in messages), b"")
    if found := list(_opened(whole, depth)) if whole.startswith(b'"') else []:
        yield from found
        return
    rebuilt = _rebuilt(members, raw)
    if rebuilt is not None:
        yield Delivery.REBUILT, rebuilt
        return
    carried = [one for message in _messages(members) if not _has_prefix(message) for one in _opened(message, depth)]
    if carried:
        yield from carried
        return
    for name, value in members.items():
        if not is_of_the_caller(name):
            yield from _value(bytes(value), depth - 1, f"{path}.{name}", messages)


def _is_custom_event(members: dict[str, msgspec.Raw]) -> bool:
    """Return whether an EventBridge event is not from AWS, so its detail may be attacker-controlled."""
    source = bytes(members.get("source", b""))
    is_of_aws = source.startswith(b'"aws.') and not source.startswith(b'"aws.partner/')
    return "detail-type" in members and bool(source) and not is_of_aws


def _is_http_request(members: dict[str, msgspec.Raw]) -> bool:
    """Return whether an object is an HTTP request, such as the event of API Gateway, whose body its sender wrote."""
    has_headers = bytes(members.get("headers", b"")).startswith(b"{")
    return "httpMethod" in members or (has_headers and not members.keys().isdisjoint(_OF_HTTP))


def _original(members: dict[str, msgspec.Raw], depth: int) -> list[_Found] | None:
    """Return the records in the original message; None if there is no original message.

    Members beside the original message may be attacker-controlled, so they never contain records. If another message
    has different records, it is returned as text, for the quarantine.
    """
    if original := next((one for one in _originals(members) if one not in _EMPTY_ORIGINALS), None):
        found = list(_opened(original, depth))
    elif "detail" in members and "detail-type" in members:
        original = bytes(members["detail"])
        found = _record(original, depth - 1, Delivery.WRAPPED)
    else:
        return None
    if not found:
        return []
    records = {raw for _, raw in found}
    beside = (message for message in _messages(members) if message != original)
    others = (one for one in beside if any(raw not in records for _, raw in _opened(one, depth)))
    return [*found, *((Delivery.NATIVE, one) for one in others)]


def _originals(members: dict[str, msgspec.Raw]) -> Iterator[bytes]:
    """Yield the members that only a product writes."""
    for holder in _HOLDERS_OF_ORIGINAL:
        if holder in members:
            yield _original_in(bytes(members[holder]))
    for name in _ORIGINALS:
        if name in members:
            yield _only_element(bytes(members[name]))
    if "value" in members and (members.keys() >= _OF_KAFKA or bytes(members.get("field", b"")) == _WHOLE_MESSAGE):
        yield bytes(members["value"])


def _only_element(value: bytes) -> bytes:
    """Return the element of a list of one, in which Elasticsearch returns `fields`; every other value unchanged."""
    elements = _elements(value) if value.startswith(b"[") else []
    return bytes(elements[0]) if len(elements) == 1 else value


def _messages(members: dict[str, msgspec.Raw]) -> Iterator[bytes]:
    """Yield the members that contain a message as text."""
    for name, value in members.items():
        message = _original_in(bytes(value)) if name in _HOLDERS_OF_ORIGINAL else b""
        message = message or (bytes(value) if _plain(name) in _MESSAGES else b"")
        if message.startswith(b'"'):
            yield message


def _has_prefix(message: bytes) -> bool:
    """Return whether a message has text before its JSON. An application writes there what its callers sent."""
    return has_prefix(decoded_text(message))


def _original_in(holder: bytes) -> bytes:
    return bytes(_members(holder).get("original", b"")) if holder.startswith(b"{") else b""


def _opened(value: bytes, depth: int) -> Iterator[_Found]:
    """Yield the records in a message, which is text or a JSON value."""
    if value.startswith(b'"'):
        yield from in_message(decoded_text(value), depth - 1)
    else:
        yield from _value(value, depth - 1)


def _repeats(members: dict[str, msgspec.Raw], raw: bytes) -> bool:
    """Return whether an object has a repeated member, one of which would be lost."""
    if len(raw) == least_bytes(members):
        return False
    named: list[int] = []
    json.loads(raw.decode("utf-8", "replace"), object_pairs_hook=lambda pairs: named.append(len(pairs)))
    return named[-1] != len(members)


def least_bytes(members: dict[str, msgspec.Raw]) -> int:
    """Return the length in bytes of an object with these members, without white space or repeated members."""
    return 1 + sum(len(name) + len(value) + 4 for name, value in members.items())


def in_message(text: str, depth: int = MAX_DEPTH) -> Iterator[_Found]:
    """Yield the records in the text of a message."""
    for raw in json_values_in(text):
        yield from _value(raw, depth)


def _rebuilt(members: dict[str, msgspec.Raw], raw: bytes) -> bytes | None:
    """Return the record of an OCSF event or a row of a table of events; None if it is neither."""
    if "class_uid" not in members and not _may_be_row(members):
        return None
    try:
        value = json.loads(raw)
        return from_ocsf(value) if "class_uid" in members else record_of(list(value.items()))
    except (ValueError, RecursionError, NotOcsf, NotARow):
        return None


def _may_be_row(members: dict[str, msgspec.Raw]) -> bool:
    """Return whether an object has the columns of an event, or members such as `aws` and `event` that contain them."""
    if _is_notification(members):
        return False
    return names_events(members) or (
        "@timestamp" in members and any(name in members for name in ("aws", "event.action", "event"))
    )


def is_of_the_caller(name: str) -> bool:
    """Return whether the caller chooses the content of a member."""
    return _plain(name) in OF_THE_CALLER


def _plain(name: str) -> str:
    return _NOT_LETTERS.sub("", name.lower().replace("@", "at"))
