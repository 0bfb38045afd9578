"""Answer: one answer of the AWS CLI or of the API, as of a time, and what of it could not be understood.

Nothing here raises for what an export holds: an entry that cannot be read is left out, and a line says so.
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
from forensics.identifiers import account_of

T = TypeVar("T")
_KEY_ID = re.compile(r"\bAKIA[A-Z0-9]{12,}")
_NOT_DECODED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


class Said(NamedTuple):
    """Which export says it, as of when, and what tells that: document, person (`--as-of`), file (when written), or
    ingest, where what tells it names a time that had not come."""

    export: str
    as_of: datetime | None
    as_of_from: str
    source_sha256: str


@dataclass(slots=True)
class Problems:
    """What could not be understood of one document; alike problems are one line, with how many there are."""

    found: dict[str, list[str]] = field(default_factory=dict)
    is_whole: bool = True
    """Whether all is there: only then does it say something that somebody, or a key, is not in it."""

    def add(self, what: str, example: str = "") -> None:
        self.found.setdefault(what, []).append(example)

    def cut(self, what: str, example: str = "") -> None:
        """The same of what leaves entries out."""
        self.is_whole = False
        self.add(what, example)

    def lines(self) -> Iterator[str]:
        for what, examples in self.found.items():
            first = f": {_shown(examples[0])}" if examples[0] else ""
            more = f", and {len(examples) - 1:,} more like it" if len(examples) > 1 else ""
            yield f"{what}{first}{more}"


class SnapshotNote(msgspec.Struct, rename="pascal"):
    """What `forensics snapshot` adds to an answer: what the answer itself does not say."""

    account_id: str | None = None
    as_of: str | None = None
    access_key_id: str | None = None
    user_name: str | None = None


class _HttpHeaders(msgspec.Struct):
    date: str | None = None


class _ResponseMetadata(msgspec.Struct):
    HTTPHeaders: _HttpHeaders | None = None


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """One answer: its members, its provenance, and what it is about where only its surroundings tell."""

    members: Object
    said: Said
    account_id: str | None
    access_key_ids: tuple[str, ...]
    """The keys that an answer about one key is about: several where their answers are the same to the byte."""
    user_name: str | None
    """The user that was asked about, where that is known."""
    problems: Problems

    @classmethod
    def of(cls, members: Object, said: Said, file_names: list[str], problems: Problems) -> ApiAnswer:
        """`file_names`: of the file that holds it; an answer about one key does not name it, its file may."""
        snapshot = _decoded(members, "Snapshot", SnapshotNote) or SnapshotNote()
        metadata = _decoded(members, "ResponseMetadata", _ResponseMetadata)
        headers = metadata.HTTPHeaders if metadata else None
        as_of = moment(snapshot.as_of) or (_http_date(headers.date) if headers else None)
        return cls(
            members,
            said._replace(as_of=as_of, as_of_from="document") if as_of else said,
            snapshot.account_id,
            (snapshot.access_key_id,) if snapshot.access_key_id else _keys_in(file_names),
            snapshot.user_name,
            problems,
        )

    def text(self, member: str) -> str | None:
        found = _decoded(self.members, member, object)
        return found if isinstance(found, str) else None

    def one(self, member: str, type_: type[T]) -> T | None:
        """The object that a member holds; one that is none is told."""
        found = _decoded(self.members, member, type_)
        if found is None:
            self.problems.add(f"{member} cannot be read and is left out")
        return found

    def entries(self, member: str, type_: type[T]) -> list[T]:
        """The list that a member holds; what in it is no such entry is left out, and told."""
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
            self.problems.cut(f"{member} is no list")
            return
        for element in elements:
            try:
                yield msgspec.json.decode(element, type=type_)
            except _NOT_DECODED as error:
                self.problems.cut(f"an entry of {member} cannot be read and is left out", str(error))

    def moment(self, value: str | float | None, what: str) -> datetime | None:
        """A time of an entry, `what` naming the member; one that cannot be read is told."""
        found = moment(value)
        if value is not None and found is None:
            self.problems.add(f"{what} is no time in ISO 8601 and is left out", str(value))
        return found

    def is_one_page_of_several(self) -> bool:
        return "NextToken" in self.members or bytes(self.members.get("IsTruncated", b"")) == b"true"

    def account_of(self, unique_id: str | None) -> str | None:
        """The account of what it says: as it says itself, else as the ID carries it."""
        return self.account_id or (account_of(unique_id) if unique_id else None)


def one_page(kind: str) -> str:
    return f"it is one page of several, and the last is missing: run `aws {command_of(kind)}` again, whole"


def moment(value: str | float | None) -> datetime | None:
    """A time as the CLI prints it: ISO 8601, or seconds since 1970; UTC to the second, None if it is none."""
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


def _http_date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


def _keys_in(file_names: list[str]) -> tuple[str, ...]:
    """The key that each file is named for."""
    named = [set(_KEY_ID.findall(name.rpartition("/")[2])) for name in file_names]
    return tuple(sorted({key for keys in named if len(keys) == 1 for key in keys}))


def _decoded(members: Object, member: str, type_: type[T]) -> T | None:
    try:
        return msgspec.json.decode(members[member], type=type_) if member in members else None
    except _NOT_DECODED:
        return None


def _shown(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
