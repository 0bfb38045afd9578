"""Rebuild: rebuilds a record from a row of a table of events: Athena, CloudTrail Lake, event history.

Such a table has a column for each field of a record, with a lowercase name, and prints structs as text. A field without
a column is missing in the rebuilt record; a column that is not a field keeps its name.
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

# names of a record's fields and of their members; a table has them in lower case
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
# the caller chooses the content of these, so their names are kept
_FREE = {"additionaleventdata", "requestparameters", "responseelements", "serviceeventdetails"}
_STRUCTS = {"addendum", "edgedevicedetails", "insightdetails", "resources", "tlsdetails", "useridentity"}
_BOOLEANS = {"readonly", "managementevent"}
_TIMES = {"eventtime", "creationdate"}
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(?: ?(?:Z|UTC))?")
# columns of the event history, which has only the name and the key of the caller
_OF_THE_CALLER = {"username": "userName", "awsaccesskey": "accessKeyId"}
_NOTHING = ("", "null", "-")
_NOT_LETTERS = re.compile(r"[^a-z0-9]")


class NotARow(FormatError):
    """The row is not a CloudTrail event, or its identity cannot be read; the message has the reason."""


def plain(name: str) -> str:
    """Return a column name in lower case, with only letters and digits."""
    return _NOT_LETTERS.sub("", name.lower())


def names_events(columns: set[str]) -> bool:
    """Return whether a table with these columns has CloudTrail events. `columns`: names from `plain`."""
    return "eventname" in columns and bool(columns & {"eventsource", "eventtime"})


def duplicate_field(columns: Iterable[str]) -> str | None:
    """Return a field that two columns contain, or None. Such a field makes rows ambiguous."""
    counts = Counter(map(plain, columns))
    return next((_NAMED[name] for name, number in counts.items() if number > 1 and name in _TOP), None)


def from_row(row: Mapping[str, Any]) -> bytes:
    """Return the record of a row as JSON. Raises NotARow."""
    columns = {plain(name): value for name, value in row.items()}
    if not names_events(set(columns)):
        raise NotARow("the row is not a CloudTrail event")
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
    """Return a record as JSON in AWS's form; keep bytes that are not UTF-8, and write times as text."""
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False, default=str)
    return text.encode("utf-8", "surrogateescape")


def json_or_text(value: Any) -> Any:
    """Decode a column of JSON text; return other text unchanged."""
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
    """Return a block with content of the caller: JSON text, or a map printed as a struct with JSON values."""
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
            return None  # the event history prints resource names, which are not the `resources` of a record
        try:
            read = read_struct(read)
        except NotStructText:
            if name == "useridentity":
                raise NotARow("its userIdentity is ambiguous or invalid") from None
            return None
    return _with_names(read)


def _with_names(value: Any) -> Any:
    """Return a struct with the names of a record's fields, without null values."""
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
