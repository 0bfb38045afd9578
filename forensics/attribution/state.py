"""State: records outside the case which database this user built for it.

The database of a case may be attacker-controlled. Each build is recorded in the user's state folder, and only the file
with exactly the recorded identity is opened. Without a record, it is rebuilt.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from forensics.files.regular_files import create_private

# DuckDB replays them even if it opens the database read-only, so they are part of it
_BESIDE_A_DATABASE = (".wal", ".wal.checkpoint", ".wal.recovery")
# longer than any build takes
_LEFTOVER_SECONDS = 24 * 60 * 60


class Built(msgspec.Struct, frozen=True):
    """The identity of a database that this user built for the case at `case`; both paths are absolute."""

    case: str
    database: str
    device: int
    inode: int
    size: int
    ctime_ns: int


def install(temporary: Path, database: Path, case: Path) -> Built:
    """Rename a finished database to its place, 0600, and return its identity. Raises OSError.

    The identity is read from the open file, so it is never that of a file that replaced it.
    """
    descriptor = os.open(temporary, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fchmod(descriptor, 0o600)
        for file in _beside(database):
            file.unlink(missing_ok=True)
        temporary.rename(database)
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    return Built(str(case), str(database), status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns)


def is_unchanged(built: Built) -> bool:
    """Return whether the file is still the one that was built, without a file beside it that DuckDB would replay."""
    database = Path(built.database)
    try:
        status = database.lstat()
    except OSError:
        return False
    identity = (status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns)
    return (
        stat.S_ISREG(status.st_mode)
        and identity == (built.device, built.inode, built.size, built.ctime_ns)
        and not any(os.path.lexists(file) for file in _beside(database))
    )


def record(built: Built) -> None:
    """Record a build, in place of an earlier one for the same case. Raises OSError."""
    folder = _private_folder(_state_folder())
    name = _record_name(built.case)
    temporary = folder / f"{name}.{os.getpid()}"
    with os.fdopen(create_private(temporary), "wb") as file:
        file.write(msgspec.json.encode(built) + b"\n")
    temporary.rename(folder / name)


def recorded(case: Path) -> Built | None:
    """Return the unchanged database that this user built last for a case; None if there is none."""
    try:
        folder = _state_folder()
        built = _read(folder / _record_name(str(case))) if _is_private(folder) else None
    except OSError:
        return None
    return built if built and built.case == str(case) and is_unchanged(built) else None


def cached_database(case: Path) -> Path:
    """Return the path for the database of a read-only case. Raises OSError if the user has no cache folder."""
    return _private_folder(_cache_folder()) / f"{_hash(str(case))}.duckdb"


def sweep_cache() -> None:
    """Remove records of missing cases, and files in the cache without a record. Raises OSError."""
    state, cache = _private_folder(_state_folder()), _private_folder(_cache_folder())
    kept = {built.database for built in _records_of_cases(state)}
    for folder in (state, cache):
        for file in folder.iterdir():
            is_leftover = file.suffix != ".json" and str(file) not in kept
            if is_leftover and file.lstat().st_mtime < time.time() - _LEFTOVER_SECONDS:
                file.unlink(missing_ok=True)


def _records_of_cases(folder: Path) -> Iterator[Built]:
    for file in sorted(folder.glob("*.json")):
        built = _read(file)
        if built and Path(built.case).is_dir():
            yield built
        else:
            file.unlink(missing_ok=True)


def _read(file: Path) -> Built | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Built)
    except (FileNotFoundError, msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _beside(database: Path) -> list[Path]:
    return [database.with_name(database.name + ending) for ending in _BESIDE_A_DATABASE]


def _record_name(case: str) -> str:
    return f"{_hash(case)}.json"


def _hash(case: str) -> str:
    return hashlib.sha256(os.fsencode(case)).hexdigest()


def _state_folder() -> Path:
    return _xdg_folder("XDG_STATE_HOME", ".local/state")


def _cache_folder() -> Path:
    return _xdg_folder("XDG_CACHE_HOME", ".cache")


def _xdg_folder(variable: str, below_home: str) -> Path:
    """Return the folder of this program in an XDG base directory. Raises OSError if the user has no home."""
    base = Path(os.environ.get(variable, ""))
    if base.is_absolute():  # by the specification, a relative path is invalid and ignored
        return base / "forensics"
    try:
        return Path.home() / below_home / "forensics"
    except RuntimeError:
        raise FileNotFoundError(errno.ENOENT, "the user has no home directory", variable) from None


def _private_folder(folder: Path) -> Path:
    """Return the folder, created if needed. Raises OSError if others can write there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _is_private(folder):
        raise PermissionError(errno.EPERM, "not a folder of this user alone (0700)", str(folder))
    return folder


def _is_private(folder: Path) -> bool:
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o077
