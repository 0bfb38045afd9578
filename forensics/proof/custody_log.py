"""Custody log: the log of all commands on a case. Each entry contains the hash of the one before it.

If an entry is changed, inserted or removed, the next entry no longer matches. The end of the log is protected by its
head, the hash of the last entry, which every report and bundle contains. Text that could be a secret is replaced before
it is written.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import json
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forensics.answers.canonical import timestamp
from forensics.files.path_text import as_text
from forensics.files.regular_files import open_regular, write_from

if TYPE_CHECKING:
    import pyarrow as pa

    from forensics.answers.verify_answer import Custody, CustodyEntry

_SEAL = ',"sha256":"'
_SEAL_BYTES = len(_SEAL) + 64 + len('"}')
_TAIL_BYTES = 64 << 10
_FIRST = "0" * 64
_LOCK_SECONDS = 10.0
# a secret access key has 40 of these characters, a session token hundreds
_SECRET = re.compile(r"[A-Za-z0-9/+=]{40,}")
_NO_SECRET = re.compile(r"[0-9a-f]{64}|arn:aws[a-z-]*:.*")


@dataclass(frozen=True, slots=True)
class CaseHashes:
    """The hashes of a case after a command changed it. The manifest is append-only: a prefix stays valid."""

    case_sha256: str
    manifest_bytes: int
    manifest_sha256: str
    database_sha256: str | None


def append(
    path: Path,
    command: str,
    parameters: Mapping[str, object],
    *,
    version: str,
    answer_sha256: str | None = None,
    state: CaseHashes | None = None,
) -> str:
    """Append an entry, and return the new head. Raises OSError if the log cannot be written."""
    with _locked(path) as descriptor:
        last, ends_well = _last_entry(descriptor)
        entry = {
            "number": last["number"] + 1 if last else 1,
            "time": timestamp(datetime.now(UTC)),
            "by": _user_and_host(),
            "version": version,
            "command": command,
            "parameters": _without_secrets(dict(parameters)),
            "answer_sha256": answer_sha256,
            "state": _plain(state),
            "previous": last["sha256"] if last else _FIRST,
        }
        body = json.dumps(entry, ensure_ascii=True, separators=(",", ":"), default=str)[:-1]
        sha256 = _hash(body)
        line = f'{body}{_SEAL}{sha256}"}}\n'
        _write(descriptor, ("" if ends_well else "\n") + line)
        return sha256


def read(path: Path) -> Custody:
    """Return the entries of the log, and what is wrong with each line."""
    from forensics.answers.verify_answer import Custody, Problem

    entries: list[CustodyEntry] = []
    problems: list[Problem] = []
    previous, number, damaged = _FIRST, 0, 0
    for place, line in enumerate(_lines(path), 1):
        entry = _entry(line)
        where = f"{path.name}, line {place}"
        if isinstance(entry, str):
            problems.append(Problem(where, entry))
            damaged += 1
            continue
        follows = entry.previous == previous and entry.number == number + 1
        follows_damaged = number < entry.number <= number + 1 + damaged and damaged > 0
        if not (follows or follows_damaged):
            problems.append(
                Problem(where, "it does not follow the previous entry: an entry was changed, inserted or removed")
            )
        entries.append(entry)
        previous, number, damaged = entry.sha256, entry.number, 0
    return Custody(entries[-1].sha256 if entries else None, tuple(entries), tuple(problems))


def _lines(path: Path) -> Iterator[bytes]:
    if path.exists():
        with os.fdopen(open_regular(path), "rb") as file:
            yield from file


def _entry(line: bytes) -> CustodyEntry | str:
    """Return the entry of a line, or what is wrong with it."""
    import msgspec

    from forensics.answers.verify_answer import CustodyEntry

    content = _content(line)
    if content is None:
        return "the entry was changed or truncated: it does not match its hash"
    try:
        entry = msgspec.convert(content, CustodyEntry)
        state = msgspec.convert(entry.state, CaseHashes | None)
    except msgspec.ValidationError as error:
        return f"it matches its hash, but is not an entry of this version: {error}"
    if content.keys() != set(CustodyEntry.__slots__) or entry.state != _plain(state):
        return "it matches its hash, but is not an entry of this version: it has other fields"
    return entry


def _content(line: bytes) -> dict[str, Any] | None:
    """Return the content of an entry and its hash; None if they do not match. Does not import msgspec."""
    body, seal = line[: -_SEAL_BYTES - 1], line[-_SEAL_BYTES - 1 :]
    try:
        sha256 = _hash(body.decode("ascii"))
        if seal != f'{_SEAL}{sha256}"}}\n'.encode():
            return None
        content: dict[str, Any] = json.loads(body + b"}")
    except (ValueError, RecursionError):
        return None
    return content | {"sha256": sha256} if type(content.get("number")) is int else None


def _last_entry(descriptor: int) -> tuple[dict[str, Any] | None, bool]:
    """Return the last complete entry, and whether the log ends with it."""
    size = os.fstat(descriptor).st_size
    length = _TAIL_BYTES
    while True:
        start = max(size - length, 0)
        lines = os.pread(descriptor, size - start, start).splitlines(keepends=True)
        for index, line in enumerate(reversed(lines if start == 0 else lines[1:])):
            if entry := _content(line):
                return entry, index == 0
        if start == 0:
            return None, size == 0
        length *= 4


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    descriptor = open_regular(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
    try:
        _lock(descriptor)
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Lock the log. Raises OSError if another process holds the lock for too long."""
    end = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise BlockingIOError(errno.EAGAIN, "another process has locked its custody log") from None
            time.sleep(_LOCK_SECONDS / 100)


def _write(descriptor: int, text: str) -> None:
    """Write a complete entry or, on a full disk, nothing: a partial one would look like a change. Raises OSError."""
    write_from(descriptor, os.fstat(descriptor).st_size, text.encode("ascii"))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _user_and_host() -> str:
    """Return USER@HOST, as the system names them."""
    import pwd

    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    return f"{name}@{os.uname().nodename}"


def _plain(state: CaseHashes | None) -> dict[str, object] | None:
    return {name: getattr(state, name) for name in CaseHashes.__slots__} if state else None


def _without_secrets(value: Any) -> Any:
    """Replace all text, at any depth, that could be a secret access key or a session token.

    A path is checked name by name, because a long path as a whole looks like a secret.
    """
    if isinstance(value, Path):
        return "/".join(_without_secrets(name) for name in as_text(value).split("/"))
    if isinstance(value, str):
        return value if _NO_SECRET.fullmatch(value) else _SECRET.sub("[hidden]", value)
    if isinstance(value, Mapping):
        return {str(key): _without_secrets(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_secrets(item) for item in value]
    if isinstance(value, datetime):
        return timestamp(value)
    return value if value is None or isinstance(value, (bool, int, float)) else _without_secrets(str(value))


def arrow_sha256(rows: pa.Table) -> str:
    """Return the SHA-256 of rows in Arrow's IPC format."""
    import pyarrow as pa

    sink = _HashingSink()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), rows.schema) as stream:
        stream.write_table(rows.combine_chunks())
    return sink.hash.hexdigest()


class _HashingSink(io.RawIOBase):
    """A file that stores only the hash of what is written."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return len(data)
