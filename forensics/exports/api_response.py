"""API response: one response of an AWS API, as the AWS CLI prints it, with its time and its problems.

No method raises for invalid content: an unreadable entry is skipped and reported as a problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple, TypeVar

import msgspec

from forensics.formats.export_documents import Object, command_of
from forensics.identifiers import account_of, key_as_logged

T = TypeVar("T")
_KEY_ID = re.compile(r"\bAKIA[A-Z0-9]{12,}", re.IGNORECASE)
_NOT_DECODED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


class StatementOrigin(NamedTuple):
    """The export that contains a statement.

    Args:
        export: kind of the export.
        as_of: time at which the statement was true, UTC.
        as_of_from: source of that time: document, person (`--as-of`), file (modification time), or ingest, if the other
            source gives a time after the ingest.
        source_sha256: SHA-256 of the file.
    """

    export: str
    as_of: datetime | None
    as_of_from: str
    source_sha256: str


@dataclass(slots=True)
class Problems:
    """The problems of one document. Problems of one kind are one line, with an example and their number."""

    found: dict[str, list[str]] = field(default_factory=dict)
    is_whole: bool = True
    """Whether no entry is missing. Only then does a missing user or key mean that it did not exist."""

    def add(self, what: str, example: str = "") -> None:
        """Add a problem that leaves every list complete."""
        self.found.setdefault(what, []).append(example)

    def add_missing(self, what: str, example: str = "") -> None:
        """Add a problem that caused entries to be skipped."""
        self.is_whole = False
        self.add(what, example)

    def lines(self) -> Iterator[str]:
        """Yield one line for each kind of problem."""
        for what, examples in self.found.items():
            first = f": {_shown(examples[0])}" if examples[0] else ""
            more = f", and {len(examples) - 1:,} more" if len(examples) > 1 else ""
            yield f"{what}{first}{more}"


class SnapshotNote(msgspec.Struct, rename="pascal"):
    """Context that `forensics snapshot` adds to a response, because the response lacks it."""

    account_id: str | None = None
    as_of: str | None = None
    access_key_id: str | None = None
    user_name: str | None = None


class _HttpHeaders(msgspec.Struct):
    date: str | None = None


class _ResponseMetadata(msgspec.Struct):
    HTTPHeaders: _HttpHeaders | None = None


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """One response of an AWS API.

    Args:
        members: its members, not decoded yet.
        origin: the export that contains it.
        account_id: account of the request, if known from the snapshot.
        access_key_ids: keys of a response about one key; several if identical responses were saved for several keys.
        user_name: user of the request, if known from the snapshot.
        problems: collects what cannot be read.
    """

    members: Object
    origin: StatementOrigin
    account_id: str | None
    access_key_ids: tuple[str, ...]
    user_name: str | None
    problems: Problems

    @classmethod
    def of(cls, members: Object, origin: StatementOrigin, file_names: list[str], problems: Problems) -> ApiResponse:
        """Return a response with its context. `file_names`: a file can name the key that its response lacks."""
        snapshot = _decoded(members, "Snapshot", SnapshotNote) or SnapshotNote()
        metadata = _decoded(members, "ResponseMetadata", _ResponseMetadata)
        headers = metadata.HTTPHeaders if metadata else None
        as_of = moment(snapshot.as_of) or (_http_date(headers.date) if headers else None)
        return cls(
            members,
            origin._replace(as_of=as_of, as_of_from="document") if as_of else origin,
            snapshot.account_id,
            (key_as_logged(snapshot.access_key_id),) if snapshot.access_key_id else _keys_in(file_names),
            snapshot.user_name,
            problems,
        )

    def text(self, member: str) -> str | None:
        """Return the text in a member; None if it has other content."""
        found = _decoded(self.members, member, object)
        return found if isinstance(found, str) else None

    def one(self, member: str, type_: type[T]) -> T | None:
        """Return the object in a member; None, and a problem, if it cannot be read."""
        found = _decoded(self.members, member, type_)
        if found is None:
            self.problems.add(f"{member} cannot be read and was skipped")
        return found

    def entries(self, member: str, type_: type[T]) -> list[T]:
        """Return the list in a member; an entry that cannot be read is skipped and reported as a problem."""
        raw = self.members.get(member)
        if raw is None:
            return []
        try:
            return msgspec.json.decode(raw, type=list[type_])  # type: ignore[valid-type]
        except _NOT_DECODED:
            return list(self._readable_entries(member, raw, type_))

    def _readable_entries(self, member: str, raw: msgspec.Raw, type_: type[T]) -> Iterator[T]:
        try:
            elements = msgspec.json.decode(raw, type=list[msgspec.Raw])
        except _NOT_DECODED:
            self.problems.add_missing(f"{member} is not a list")
            return
        for element in elements:
            try:
                yield msgspec.json.decode(element, type=type_)
            except _NOT_DECODED as error:
                self.problems.add_missing(f"an entry of {member} cannot be read and was skipped", str(error))

    def moment(self, value: str | float | None, what: str) -> datetime | None:
        """Return a time of an entry in UTC; None, and a problem that names `what`, if it cannot be read."""
        found = moment(value)
        if value is not None and found is None:
            self.problems.add(f"{what} is not an ISO 8601 time and was skipped", str(value))
        return found

    def is_one_page_of_several(self) -> bool:
        """Return whether a further page follows this response."""
        return "NextToken" in self.members or bytes(self.members.get("IsTruncated", b"")) == b"true"

    def account_of(self, unique_id: str | None) -> str | None:
        """Return the account of the request, otherwise the account in a unique ID."""
        return self.account_id or (account_of(unique_id) if unique_id else None)


def one_page(kind: str) -> str:
    """Return the problem of a response that is one page of several."""
    return f"it has one page of several and not the last; run `aws {command_of(kind)}` again for all pages"


def moment(value: str | float | None) -> datetime | None:
    """Parse a time as the CLI prints it: ISO 8601, or seconds since 1970. Return UTC to the second; None if invalid."""
    try:
        if isinstance(value, (int, float)):
            found = datetime.fromtimestamp(int(value), UTC)
        elif isinstance(value, str) and "T" in value:
            found = datetime.fromisoformat(value)
        else:
            return None
    except (ValueError, OverflowError, OSError):
        return None
    found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    return found.replace(microsecond=0) if found >= _EARLIEST else None


def account_in(arn: str | None) -> str | None:
    """Return the account ID in an ARN; None if it has none."""
    parts = (arn or "").split(":")
    return parts[4] if len(parts) > 5 and parts[4].isdigit() else None


def _http_date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


def _keys_in(file_names: list[str]) -> tuple[str, ...]:
    """Return the keys that file names contain, one per file."""
    named = [{key.upper() for key in _KEY_ID.findall(name.rpartition("/")[2])} for name in file_names]
    return tuple(sorted({key for keys in named if len(keys) == 1 for key in keys}))


def _decoded(members: Object, member: str, type_: type[T]) -> T | None:
    try:
        return msgspec.json.decode(members[member], type=type_) if member in members else None
    except _NOT_DECODED:
        return None


def _shown(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
