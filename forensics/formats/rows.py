"""Rows: rebuilds a record from a row of a table of events: Athena, CloudTrail Lake, event history, Sentinel, Tailpipe.

A table has a column for each field of a record or for each member of one, in the spelling of its product; structs and
blocks may be text. A field without a column is missing in the rebuilt record. A column that is not a field keeps its
name.
"""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from forensics.errors import FormatError
from forensics.formats.athena_struct import NotStructText, read_struct
from forensics.formats.event_times import parse_time
from forensics.formats.record_names import FREE_BLOCKS, RECORD, Path, may_precede_a_field, path_of, plain, spelled_path

Cells = Sequence[tuple[str, Any]]
"""The names and values of a row's columns. A name can be repeated."""

_STRUCTS = set("addendum edgeDeviceDetails eventContext insightDetails resources tlsDetails userIdentity".split())
_BOOLEANS = {"readOnly", "managementEvent"}
_TIMES = {"eventTime", "creationDate"}
# columns with the time of the event, in order of preference, if no column contains `eventTime`
_TIME_COLUMNS = ("timegenerated", "timestamp", "time", "eventcreated", "recordtime", "timedt")
_IDENTITY_TYPES = set(
    "AWSAccount AWSService AssumedRole Directory FederatedUser IAMUser IdentityCenterUser Role Root SAMLUser Unknown"
    " WebIdentityUser".split()
)
_SESSION_ISSUER = ("userIdentity", "sessionContext", "sessionIssuer")
_OF_A_ROLE = re.compile(r"arn:[^:]*:iam::\d{12}:role/.+|AROA[A-Z0-9]+")
_NOTHING = ("", "null", "-")
_EVENT_NAME = ("eventName",)
_OF_ANY_EVENT = [("eventSource",), ("eventTime",), ("eventID",)]
_BEFORE_EVENT_NAME = re.compile(r"([^\n]{0,100}[.:/])event[ _]?name(?:::\w+)?", re.IGNORECASE)
_DEPTH = 4
# an event has at most 256 KiB; Python needs many times the memory to parse a literal
_LONGEST_LITERAL = 256 << 10


class NotARow(FormatError):
    """The row is not a CloudTrail event, or its identity cannot be read; the message has the reason."""


def names_events(columns: Iterable[str]) -> bool:
    """Return whether a table with these columns has CloudTrail events."""
    names = list(columns)
    return _name_events(names) or bool(_prefix(names))


def _name_events(names: Iterable[str]) -> bool:
    paths = {path_of(name) for name in names}
    return _EVENT_NAME in paths and not paths.isdisjoint(_OF_ANY_EVENT)


def _prefix(names: list[str]) -> str:
    """Return what a product wrote before each name of a field, such as `data.aws.`; empty if it wrote nothing."""
    for name in names:
        prefix = _BEFORE_EVENT_NAME.match(name)
        if prefix and may_precede_a_field(prefix.group(1)):
            before = prefix.group(1)
            return before if _name_events(one.removeprefix(before) for one in names) else ""
    return ""


def record_of(row: Cells) -> bytes:
    """Return the record of a row as JSON. Raises NotARow."""
    try:
        return _record_of(row)
    except RecursionError:
        raise NotARow("a value of the row is nested too deeply") from None


def _record_of(row: Cells) -> bytes:
    cells = list(_cells(row))
    names = [name for name, _ in cells]
    if not _name_events(names):
        if not (prefix := _prefix(names)):
            raise NotARow("the row is not a CloudTrail event")
        cells = [(name.removeprefix(prefix), value) for name, value in cells]
    record: dict[str, Any] = {}
    values, others = _by_path(cells)
    for path, found in sorted(values.items(), key=lambda item: len(item[0])):
        distinct = list({to_json({"": value}): value for value in found}.values())
        if len(distinct) > 1 and len(path) == 1:
            raise NotARow(f"two columns contain its {path[0]}")
        if len(distinct) == 1:
            _set_path(record, path, _field_value(path, distinct[0]))
        elif session := _session_and_role(distinct):
            _set_path(record, path, session[0])
            _set_path(record, (*_SESSION_ISSUER, path[-1]), session[1])
        else:
            others[".".join(path)] = distinct
    _add_identity_type(record, others)
    _add_time(record, others)
    return to_json(_with_lists(record) | {name: value for name, value in others.items() if name not in record})


def to_json(record: Mapping[str, Any]) -> bytes:
    """Return a record as JSON in AWS's form; keep bytes that are not UTF-8, and write times as text."""
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False, default=str)
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a lone surrogate stays an escape, which the decoder of records replaces and flags
        return json.dumps(record, separators=(",", ":"), default=str).encode()


def json_or_text(value: Any) -> Any:
    """Decode a column of JSON text; return other text unchanged."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _cells(row: Cells, above: str = "", depth: int = _DEPTH) -> Iterable[tuple[str, Any]]:
    """Yield the columns of a row; flatten objects such as `aws.cloudtrail`."""
    for name, value in row:
        column = f"{above}{name}"
        if isinstance(value, Mapping) and depth and path_of(column) is None and _leads_to_a_field(column, value, depth):
            yield from _cells(list(value.items()), f"{column}.", depth - 1)
        elif value is not None and not (isinstance(value, str) and value in _NOTHING):
            yield column, value


def _leads_to_a_field(column: str, value: Mapping[str, Any], depth: int) -> bool:
    return any(
        path_of(f"{column}.{name}") is not None
        or (depth > 1 and isinstance(inner, Mapping) and _leads_to_a_field(f"{column}.{name}", inner, depth - 1))
        for name, inner in value.items()
    )


def _by_path(cells: list[tuple[str, Any]]) -> tuple[dict[Path, list[Any]], dict[str, Any]]:
    """Return the values of each field, and the columns that are not a field. A full name comes before a short one."""
    full: dict[Path, list[Any]] = defaultdict(list)
    short: dict[Path, list[Any]] = defaultdict(list)
    others: dict[str, Any] = {}
    for name, value in cells:
        if path := spelled_path(name):
            full[path].append(value)
        elif path := path_of(name):
            short[path].append(value)
        else:
            others[name] = [others[name], value] if name in others else value
    return {**short, **full}, others


def _session_and_role(values: list[Any]) -> tuple[Any, Any] | None:
    """Return which of two values is the session's and which its role's: Athena calls both columns `arn`."""
    roles = [value for value in values if isinstance(value, str) and _OF_A_ROLE.fullmatch(value)]
    others = [value for value in values if value not in roles]
    return (others[0], roles[0]) if len(roles) == len(others) == 1 else None


def _field_value(path: Path, value: Any) -> Any:
    if path[0] in FREE_BLOCKS:
        return _free_block(value) if len(path) == 1 else json_or_text(value) if _is_json(value) else value
    if len(path) == 1 and path[0] in _STRUCTS:
        return _struct(path[0], value)
    if _is_json(value):
        return _with_names(json_or_text(value), path)
    return _scalar(path[-1], value)


def _is_json(value: Any) -> bool:
    return isinstance(value, str) and value[:1] in ("{", "[")


def _free_block(value: Any) -> Any:
    """Return a block with content of the caller: JSON text, or a map printed as a struct with JSON values."""
    read = json_or_text(value)
    if isinstance(read, str):
        try:
            read = {name: json_or_text(item) for name, item in _struct_text(read).items()}
        except NotStructText:
            return {"omitted": True, "text": read}
    return read


def _struct_text(text: str) -> dict[str, Any]:
    """Return the members of a struct that Athena or Python (pandas' `to_csv`) printed. Raises NotStructText."""
    if not text.startswith("{'") or len(text) > _LONGEST_LITERAL:
        return read_struct(text)
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        raise NotStructText from None
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise NotStructText
    return value


def _struct(name: str, value: Any) -> Any:
    read = json_or_text(value)
    if isinstance(read, str):
        if name == "resources":
            return None  # the event history prints resource names, which are not the `resources` of a record
        try:
            read = _struct_text(read)
        except NotStructText:
            if name == "userIdentity":
                raise NotARow("its userIdentity is ambiguous or invalid") from None
            return None
    if name == "userIdentity" and not isinstance(read, Mapping):
        raise NotARow("its userIdentity is a list of values without names")
    return _with_names(read, (name,))


def _with_names(value: Any, above: Path) -> Any:
    """Return a struct with the names of a record's fields, without null values."""
    if isinstance(value, Mapping):
        named: dict[str, Any] = {}
        for name, item in value.items():
            path = spelled_path(".".join((*above, str(name)))) or (*above, str(name))
            if item is not None:
                named[path[-1]] = _with_names(_scalar(path[-1], item), path)
        return named
    if isinstance(value, list):
        return [_with_names(item, above) for item in value]
    return value


def _scalar(name: str, value: Any) -> Any:
    while name in _TIMES and isinstance(value, Mapping) and len(value) == 1:  # MongoDB's {"$date": ...}
        value = next(iter(value.values()))
    if isinstance(value, datetime):
        value = _utc(value)
    if name in _TIMES and isinstance(value, (str, int, float)) and (moment := parse_time(str(value))):
        return _utc(moment)
    if name in _BOOLEANS and isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


def _utc(moment: datetime) -> str:
    utc = moment.astimezone(UTC) if moment.tzinfo else moment
    return f"{utc.replace(microsecond=0, tzinfo=None).isoformat()}Z"


def _set_path(record: dict[str, Any], path: Path, value: Any) -> None:
    """Put a value at its path; a member that a whole block already has is kept."""
    if value is None:
        return
    inside = record
    for name in path[:-1]:
        held = inside.setdefault(name, {})
        if not isinstance(held, dict):
            return
        inside = held
    inside.setdefault(path[-1], value)


def _with_lists(value: Any) -> Any:
    """Return a value in which members with the names 0, 1, ... are the elements of a list."""
    if not isinstance(value, dict):
        return value
    members = {name: _with_lists(item) for name, item in value.items()}
    numbered = bool(members) and all(name == str(place) for place, name in enumerate(members))
    return list(members.values()) if numbered else members


def _add_identity_type(record: dict[str, Any], others: dict[str, Any]) -> None:
    """Add the type of a `userIdentity` whose members are columns; a column `type` can belong to another object."""
    identity = record.get("userIdentity")
    types = next((value for name, value in others.items() if plain(name) == "type"), None)
    found = [type_ for type_ in (types if isinstance(types, list) else [types]) if type_ in _IDENTITY_TYPES - {"Role"}]
    if isinstance(identity, dict) and "type" not in identity and len(found) == 1:
        identity["type"] = found[0]


def _add_time(record: dict[str, Any], others: Mapping[str, Any]) -> None:
    if "eventTime" in record:
        return
    columns = {plain(name): value for name, value in others.items()}
    times = (parse_time(str(_scalar("", columns[name]))) for name in _TIME_COLUMNS if name in columns)
    if moment := next((moment for moment in times if moment), None):
        record["eventTime"] = _utc(moment)


def is_spelled_otherwise(members: Iterable[str]) -> bool:
    """Return whether a JSON object spells a field of a record in another way, and lacks the field itself."""
    names = set(members)
    paths = ((spelled_path(name) or path_of(name)) for name in names if name not in RECORD)
    return any(path is not None and path[0] not in names for path in paths)


def scatters_its_identity(members: Iterable[str], identity: Mapping[str, Any]) -> bool:
    """Return whether an identity has members in another spelling, or lacks some that are beside it."""
    paths = list(_paths_in(identity, ("userIdentity",)))
    if any((spelled_path(".".join(path)) or path) != path for path in paths):
        return True
    beside = (spelled_path(name) for name in members if name not in RECORD)
    return any(path is not None and path[0] == "userIdentity" and path not in paths for path in beside)


def _paths_in(value: Mapping[str, Any], above: Path) -> Iterable[Path]:
    for name, member in value.items():
        yield (*above, name)
        if isinstance(member, Mapping):
            yield from _paths_in(member, (*above, name))


def has_time_of_a_product(members: Iterable[str]) -> bool:
    """Return whether a JSON object has the time of its event only under a product's name."""
    names = set(members)
    return not names & {"eventTime", "@timestamp"} and any(plain(name) in _TIME_COLUMNS for name in names)
