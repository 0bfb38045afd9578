"""Rebuild: a record put together again from a row of a table of events: Athena, CloudTrail Lake, the event history.

Such a table has a column for each field of a record, its name without capitals, and prints structs as text. What the
table has no column for the record does not say; a column that no record has stays in it under its own name.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from forensics.errors import FormatError
from forensics.formats.athena_struct import NotStructText, read_struct

# the names of a record and of what stands in it; a table has them without capitals
_NAMES = (
    "accessKeyId accountId additionalEventData addendum apiVersion assumedRoot attributes awsRegion cipherSuite"
    " clientProvidedHostHeader creationDate credentialId credentialsIssuedTo ec2RoleDelivery edgeDeviceDetails"
    " errorCode errorMessage eventCategory eventName eventSource eventTime eventType eventVersion federatedProvider"
    " identityProvider identityStoreArn inScopeOf insightDetails invokedBy issuerType managementEvent mfaAuthenticated"
    " onBehalfOf originalRequestID originalEventID principalId readOnly reason recipientAccountId requestParameters"
    " resources responseElements serviceEventDetails sessionContext sessionCredentialFromConsole sessionIssuer"
    " signInSessionArn sourceAccount sourceArn sourceIdentity tlsDetails tlsVersion type updatedFields userAgent userId"
    " userIdentity userName vpcEndpointAccountId vpcEndpointId webIdFederationData"
).split()
_NAMED = {name.lower(): name for name in _NAMES} | {
    "arn": "arn",
    "eventid": "eventID",
    "requestid": "requestID",
    "sharedeventid": "sharedEventID",
    "sourceipaddress": "sourceIPAddress",
}
_TOP = {
    name.lower()
    for name in (
        "additionalEventData addendum apiVersion awsRegion edgeDeviceDetails errorCode errorMessage eventCategory"
        " eventID eventName eventSource eventTime eventType eventVersion insightDetails managementEvent readOnly"
        " recipientAccountId requestID requestParameters resources responseElements serviceEventDetails"
        " sessionCredentialFromConsole sharedEventID sourceIPAddress tlsDetails userAgent userIdentity"
        " vpcEndpointAccountId vpcEndpointId"
    ).split()
}
# what a caller fills keeps its own names
_FREE = {"additionaleventdata", "requestparameters", "responseelements", "serviceeventdetails"}
_STRUCTS = {"addendum", "edgedevicedetails", "insightdetails", "resources", "tlsdetails", "useridentity"}
_BOOLEANS = {"readonly", "managementevent"}
_TIMES = {"eventtime", "creationdate"}
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(?: ?(?:Z|UTC))?")
# columns of the event history, which shows whose call it was by name and key alone
_OF_THE_CALLER = {"username": "userName", "awsaccesskey": "accessKeyId"}
_NOTHING = ("", "null", "-")
_NOT_LETTERS = re.compile(r"[^a-z0-9]")


class NotARow(FormatError):
    """The row is none of a table of CloudTrail events, or its identity cannot be read; the message says which."""


def plain(name: str) -> str:
    """A column's name without capitals, spaces and signs."""
    return _NOT_LETTERS.sub("", name.lower())


def names_events(columns: set[str]) -> bool:
    """Whether a table with these columns, as `plain` gives them, is one of CloudTrail events."""
    return "eventname" in columns and bool(columns & {"eventsource", "eventtime"})


def given_twice(columns: Iterable[str]) -> str | None:
    """A field of a record that two of these columns give, so that a row can be read in two ways."""
    counts = Counter(map(plain, columns))
    return next((_NAMED[name] for name, number in counts.items() if number > 1 and name in _TOP), None)


def from_row(row: Mapping[str, Any]) -> bytes:
    """The record of a row, as JSON. Raises NotARow."""
    columns = {plain(name): value for name, value in row.items()}
    if not names_events(set(columns)):
        raise NotARow("it is no row of a table of CloudTrail events")
    record = {
        _NAMED[name]: field
        for name, value in columns.items()
        if name in _TOP and (field := _field(name, value)) is not None
    }
    record |= {
        str(name): value
        for name, value in row.items()
        if plain(name) not in _TOP | _OF_THE_CALLER.keys() and value not in (None, *_NOTHING)
    }
    caller = {
        field: value for name, field in _OF_THE_CALLER.items() if (value := columns.get(name)) and value not in _NOTHING
    }
    if caller and "userIdentity" not in record:
        record["userIdentity"] = caller
    return to_json(record)


def to_json(record: Mapping[str, Any]) -> bytes:
    """A record as AWS writes one; bytes that were no text come out as they were, and times as text."""
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False, default=str)
    return text.encode("utf-8", "surrogateescape")


def json_or_text(value: Any) -> Any:
    """What a column of JSON text holds; text that is no JSON stays text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _field(name: str, value: Any) -> Any:
    if value is None or (isinstance(value, str) and value in _NOTHING):
        return None
    if name in _FREE:
        return _free(value)
    if name in _STRUCTS:
        return _struct(name, value)
    return _scalar(name, value)


def _free(value: Any) -> Any:
    """A block that a caller fills: JSON text, or a map printed as a struct, whose values may be JSON text again."""
    read = json_or_text(value)
    if isinstance(read, str):
        try:
            read = {name: json_or_text(item) for name, item in read_struct(read).items()}
        except NotStructText:
            return {"omitted": True, "text": read}
    return read


def _struct(name: str, value: Any) -> Any:
    read = json_or_text(value)
    if isinstance(read, str):
        if name == "resources":
            return None  # the event history prints names here, which are no resources of a record
        try:
            read = read_struct(read)
        except NotStructText:
            if name == "useridentity":
                raise NotARow("its userIdentity can be read in two ways, or not at all") from None
            return None
    return _with_names(read)


def _with_names(value: Any) -> Any:
    """A struct with the names of a record, and without what is null."""
    if isinstance(value, Mapping):
        return {
            _NAMED.get(plain(name), name): _with_names(_scalar(plain(name), item))
            for name, item in value.items()
            if item is not None
        }
    if isinstance(value, list):
        return [_with_names(item) for item in value]
    return value


def _scalar(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        value = value.astimezone(UTC).replace(tzinfo=None).isoformat() if value.tzinfo else value.isoformat()
    if name in _TIMES and isinstance(value, str) and (match := _TIME.fullmatch(value.strip())):
        return f"{match.group(1)}T{match.group(2)}Z"
    if name in _BOOLEANS and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value
