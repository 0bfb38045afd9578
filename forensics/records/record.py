"""Record: decodes the bytes of one CloudTrail record to typed values.

A record as AWS writes it takes the fast path, a typed decode. Any other record (invalid UTF-8, a repeated key, a field
of another type) takes the careful path: it keeps all readable values, lists the anomalies in `flags`, and rewrites the
record without ambiguity. Only values that are not JSON objects, or not CloudTrail records, are refused.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from forensics.errors import FormatError
from forensics.formats.record_names import RECORD, USER_IDENTITY, Fields

_MAX_REPAIRS = 100
# Managed Grafana writes the status of HTTP as the error code of each call
_HTTP_SUCCESS = re.compile(r"2\d\d")
# digits; by default, Python does not parse an integer of more than 4,300 digits
_LONGEST_NUMBER = 4_000

T = TypeVar("T")


class NotARecord(FormatError):
    """The bytes are not a CloudTrail record; the message has the reason."""


ABSENT = msgspec.Raw(b"")


class Record(msgspec.Struct, rename="camel", gc=False, omit_defaults=True):
    """The top level of a CloudTrail record. Source: CloudTrail user guide, "CloudTrail record contents"."""

    event_id: str | None = msgspec.field(default=None, name="eventID")
    event_time: str | None = None
    event_source: str | None = None
    event_name: str | None = None
    event_type: str | None = None
    event_category: str | None = None
    aws_region: str | None = None
    recipient_account_id: str | None = None
    source_ip_address: str | None = msgspec.field(default=None, name="sourceIPAddress")
    user_agent: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    request_id: str | None = msgspec.field(default=None, name="requestID")
    shared_event_id: str | None = msgspec.field(default=None, name="sharedEventID")
    read_only: bool | str | None = None
    session_credential_from_console: bool | str | None = None
    user_identity: msgspec.Raw = ABSENT
    request_parameters: msgspec.Raw = ABSENT
    resources: msgspec.Raw = ABSENT
    response_elements: msgspec.Raw = ABSENT
    additional_event_data: msgspec.Raw = ABSENT
    service_event_details: msgspec.Raw = ABSENT
    addendum: msgspec.Raw = ABSENT
    event_version: msgspec.Raw = ABSENT
    management_event: msgspec.Raw = ABSENT
    tls_details: msgspec.Raw = ABSENT
    api_version: msgspec.Raw = ABSENT
    vpc_endpoint_id: msgspec.Raw = ABSENT
    vpc_endpoint_account_id: msgspec.Raw = ABSENT
    edge_device_details: msgspec.Raw = ABSENT
    event_context: msgspec.Raw = ABSENT
    # Logstash and Elastic keep the time here and can drop `eventTime`
    at_timestamp: msgspec.Raw = msgspec.field(default=ABSENT, name="@timestamp")


class SessionIssuer(msgspec.Struct, rename="camel", gc=False, omit_defaults=True):
    type: str | None = None
    principal_id: str | None = None
    arn: str | None = None
    account_id: str | None = None
    user_name: str | None = None


class Attributes(msgspec.Struct, rename="camel", gc=False, omit_defaults=True):
    creation_date: str | None = None
    mfa_authenticated: bool | str | None = None


class WebIdFederationData(msgspec.Struct, rename="camel", gc=False, omit_defaults=True):
    federated_provider: str | None = None


class SessionContext(msgspec.Struct, rename="camel", gc=False, omit_defaults=True):
    session_issuer: SessionIssuer | None = None
    attributes: Attributes | None = None
    web_id_federation_data: WebIdFederationData | None = None
    source_identity: str | None = None
    ec2_role_delivery: str | None = None
    assumed_root: bool | str | None = None
    sign_in_session_arn: str | None = None


class InScopeOf(msgspec.Struct, rename="camel", gc=False, omit_defaults=True):
    credentials_issued_to: str | None = None


class OnBehalfOf(msgspec.Struct, rename="camel", gc=False, omit_defaults=True):
    user_id: str | None = None
    identity_store_arn: str | None = None


class InvokedByDelegate(msgspec.Struct, rename="camel", gc=False, omit_defaults=True):
    account_id: str | None = None


class UserIdentity(msgspec.Struct, rename="camel", gc=False, omit_defaults=True):
    """The `userIdentity` block. Source: CloudTrail user guide, "CloudTrail userIdentity element"."""

    type: str | None = None
    principal_id: str | None = None
    arn: str | None = None
    account_id: str | None = None
    access_key_id: str | None = None
    user_name: str | None = None
    invoked_by: str | None = None
    identity_provider: str | None = None
    session_context: SessionContext | None = None
    in_scope_of: InScopeOf | None = None
    on_behalf_of: OnBehalfOf | None = None
    invoked_by_delegate: InvokedByDelegate | None = None
    credential_id: str | None = None


@dataclass(frozen=True, slots=True)
class Careful:
    """A record from the careful path: its values, its anomalies, and its rewritten text."""

    record: Record
    flags: frozenset[str]
    unreliable: bool
    text: str


decode: Callable[[bytes], Record] = msgspec.json.Decoder(Record).decode
decode_identity: Callable[[bytes], UserIdentity] = msgspec.json.Decoder(UserIdentity).decode
_encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
_parse_any: Callable[[bytes], object] = msgspec.json.Decoder().decode
_parse_members: Callable[[bytes], dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
NOT_DECODED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


# these are decoded later, if at all
_KEPT_RAW = {field.encode_name for field in msgspec.structs.fields(Record) if field.type is msgspec.Raw}


def decode_carefully(raw: bytes) -> Careful:
    """Decode a record that the fast path refused or that can be ambiguous. Raises NotARecord."""
    flags = set()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "replace")
        flags.add("invalid_utf8")
    try:
        value = _parse(text, parse_constant=_refuse_constant)
        clean = without_surrogates(value)
    except ValueError as error:
        raise NotARecord(f"the record is not valid JSON: {error}") from None
    except RecursionError:
        raise NotARecord("the record is nested too deeply") from None
    if not isinstance(clean, _Object):
        raise NotARecord("the record is not a JSON object")
    if clean != value:
        flags.add("invalid_utf8")
    repeated = _has_decisive_repeat(value)
    if repeated or _any_repeats(value):
        flags.add("repeated_key")
    identity = clean.get("userIdentity") or {}
    rest = {key: value for key, value in clean.items() if key not in _KEPT_RAW}
    if type(code := rest.get("errorCode")) is int:
        rest["errorCode"] = str(code)
    record, wrong = convert(rest, Record)
    if wrong:
        flags.add("wrong_type")
    record.user_identity = msgspec.Raw(dump(identity).encode())
    record.request_parameters = msgspec.Raw(dump(clean.get("requestParameters")).encode())
    record.response_elements = msgspec.Raw(dump(clean.get("responseElements")).encode())
    record.additional_event_data = msgspec.Raw(dump(clean.get("additionalEventData")).encode())
    record.service_event_details = msgspec.Raw(dump(clean.get("serviceEventDetails")).encode())
    record.resources = msgspec.Raw(dump(clean.get("resources")).encode())
    record.addendum = msgspec.Raw(dump(clean.get("addendum")).encode())
    record.event_context = msgspec.Raw(dump(clean.get("eventContext")).encode())
    text = dump({**{key: value for key, value in clean.items() if key != "userIdentity"}, "userIdentity": identity})
    return Careful(record, frozenset(flags), repeated or wrong or "invalid_utf8" in flags, text)


def clear_success(records: Iterable[Record]) -> None:
    """Clear the error code and message of calls whose code is an HTTP status of success: they did not fail."""
    for record in records:
        if record.error_code and _HTTP_SUCCESS.fullmatch(record.error_code):
            record.error_code = record.error_message = None


def convert(value: object, type_: type[T]) -> tuple[T, bool]:
    """Convert a value to a type without fields of another type; return whether there were any."""
    if not isinstance(value, dict):
        return type_(), True
    fields: dict[str, Any] = json.loads(json.dumps(value))
    for repairs in range(_MAX_REPAIRS):
        try:
            return msgspec.convert(fields, type_), repairs > 0
        except msgspec.ValidationError as error:
            _delete(fields, str(error).rpartition("`$.")[2].rstrip("`").split("."))
    return type_(), True


def spelled(name: str) -> str:
    """Return the CloudTrail name of a field of `Record`."""
    return next(field.encode_name for field in msgspec.structs.fields(Record) if field.name == name)


def unknown_fields(raw: bytes) -> list[str]:
    """Return the sorted names of fields that AWS's record reference does not name."""
    return sorted(members(raw).keys() - RECORD.keys())


def unknown_identity_fields(block: bytes) -> list[str]:
    """Return the sorted paths of unknown fields of a `userIdentity` block and the blocks in it."""
    return sorted(_unknown_paths(block, USER_IDENTITY, "userIdentity"))


def _unknown_paths(block: bytes, known: Fields, above: str) -> Iterator[str]:
    for name, value in members(block).items():
        if name not in known:
            yield f"{above}.{name}"
        elif known[name]:
            yield from _unknown_paths(bytes(value), known[name], f"{above}.{name}")


def members(raw: bytes) -> dict[str, msgspec.Raw]:
    """Return the members of an object, the last of a repeated key; empty if it cannot be parsed."""
    try:
        return _parse_members(raw)
    except NOT_DECODED:
        return {}


def is_all_of(identity: UserIdentity, block: bytes) -> bool:
    """Return whether a block has nothing but the values of a decoded identity, each once.

    Like that of a record, a block with more is longer than its re-encoded identity, and nothing makes it shorter.
    """
    return len(_encode(identity)) == len(block)


def repeats_a_key(raw: bytes) -> bool:
    """Return whether any object in some JSON has a repeated key; also true if it is nested too deeply to parse."""
    if _equals_reencoded(raw):
        return False
    try:
        json.loads(raw.decode("utf-8", "replace"), object_pairs_hook=_refuse_repeats, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return True
    return False


def _equals_reencoded(raw: bytes) -> bool:
    """Return whether some JSON equals its re-encoded form, which has no repeated key."""
    try:
        return _encode(_parse_any(raw)) == raw
    except NOT_DECODED:
        return False


def parse_loosely(raw: bytes) -> object:
    """Return the value of some JSON for `convert`; empty if it is invalid or nested too deeply."""
    try:
        return without_surrogates(_parse(raw.decode("utf-8", "replace")))
    except (ValueError, RecursionError):
        return {}


def canonical_sha256(raw: bytes) -> str:
    """Return the SHA-256 of canonical JSON (sorted keys, no white space); of the raw bytes if they are not JSON."""
    try:
        value = json.loads(raw.decode("utf-8", "surrogateescape"))
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    except (ValueError, RecursionError):
        text = raw
    return hashlib.sha256(text).hexdigest()


def dump(value: object) -> str:
    """Return JSON in AWS's form: without white space, non-ASCII text not escaped."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def parse_bool(value: bool | str | None) -> bool | None:
    """Parse `true` or `"true"`: CloudTrail writes text, some products write a boolean."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower())
    return value


class _Object(dict[str, Any]):
    """A JSON object that records whether its text has a repeated key; the last value counts."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeats = len(self) != len(pairs)


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("repeated key")


def _parse(text: str, parse_constant: Callable[[str], object] | None = None) -> Any:
    """Parse JSON and record repeated keys; a number out of Python's range stays text."""
    return json.loads(
        text,
        object_pairs_hook=_Object,
        parse_constant=parse_constant,
        parse_float=lambda number: value if math.isfinite(value := float(number)) else number,
        parse_int=lambda number: int(number) if len(number) < _LONGEST_NUMBER else number,
    )


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON value")


def _any_repeats(value: object) -> bool:
    if isinstance(value, _Object):
        return value.repeats or any(_any_repeats(item) for item in value.values())
    return isinstance(value, list) and any(_any_repeats(item) for item in value)


def _has_decisive_repeat(record: _Object) -> bool:
    blocks = ("userIdentity", "requestParameters", "responseElements", "additionalEventData", "serviceEventDetails")
    return record.repeats or any(_any_repeats(record.get(block)) for block in blocks)


def without_surrogates(value: Any) -> Any:
    """Return a JSON value with each lone surrogate, which UTF-8 cannot encode, replaced with U+FFFD."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return type(value)([(without_surrogates(key), without_surrogates(item)) for key, item in value.items()])
    return value


def _delete(value: dict[str, Any], path: list[str]) -> None:
    """Delete the field at a path such as `responseElements.credentialSet[0].expiration`, or the list that holds it."""
    for part in path:
        key, bracket, _ = part.partition("[")
        if bracket or part is path[-1]:
            del value[key]
            return
        value = value[key]
