"""Paths: finds the files in folders, which may be attacker-controlled. No link out of a folder is followed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from forensics.errors import NoSuchSource
from forensics.files.path_text import as_text
from forensics.files.regular_files import kind_of

_OUTSIDE = "it is a symbolic link that leaves the folder; to read the target, pass the path of the target"


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to read or to skip. `path` and `name` are written by `as_text`.

    `path` is never a symbolic link. `name`: the path below the folder that the user gave, which answers and the
    manifest contain. `skipped`: why the file must not be opened; None for a file to read.
    """

    path: str
    name: str
    size: int
    skipped: str | None = None


def find_files(paths: Iterable[Path]) -> list[LocalFile]:
    """Return every file at or below `paths`, sorted by name. Raises NoSuchSource.

    Each of `paths` may be a link. Links below it are followed if their target is also below it. Other links, FIFOs,
    sockets and devices are returned as skipped. A folder that cannot be listed is returned as a file, so that reading
    it fails and is reported.
    """
    found = (_as_text(file) for path in paths for file in _below(path))
    return sorted(found, key=lambda file: (file.name, file.path))


def _as_text(file: LocalFile) -> LocalFile:
    return LocalFile(as_text(file.path), as_text(file.name), file.size, file.skipped)


def _below(path: Path) -> Iterator[LocalFile]:
    try:
        found = path.stat()
    except OSError:
        raise NoSuchSource(f"{path} does not exist; check the path") from None
    if stat.S_ISREG(found.st_mode):
        yield LocalFile(_without_link(str(path.absolute())), path.name, found.st_size)
    elif stat.S_ISDIR(found.st_mode):
        yield from _in_folder(str(path.absolute()))
    else:
        raise NoSuchSource(f"cannot read {path}: it is {kind_of(found.st_mode)}; save its content in a file")


def _in_folder(top: str) -> Iterator[LocalFile]:
    """Yield the files in a folder. Uses strings, because a Path for each of many files is slower than reading it."""
    inside = os.path.join(os.path.realpath(top), "")  # noqa: PTH118
    start = len(os.path.join(top, ""))  # noqa: PTH118
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif file := _entry(entry, inside, start):
                        yield file
        except OSError:  # reading it as a file fails with the reason
            yield LocalFile(folder, folder[start:] or ".", 0)


def _entry(entry: os.DirEntry[str], inside: str, start: int) -> LocalFile | None:
    """Return the file of an entry that is not a folder; None for a link to a folder inside, which is read anyway."""
    path, name = entry.path, entry.path[start:]
    if entry.is_symlink():
        path = os.path.realpath(path)
        if not os.path.join(path, "").startswith(inside):  # noqa: PTH118
            return LocalFile(entry.path, name, 0, _OUTSIDE)
    try:
        found = os.lstat(path)
    except OSError:  # it was removed, or is a dangling link: reading it fails with the reason
        return LocalFile(path, name, 0)
    if stat.S_ISDIR(found.st_mode):
        return None
    if kind := kind_of(found.st_mode):
        return LocalFile(entry.path, name, 0, f"it is {kind}")
    return LocalFile(path, name, found.st_size)


def _without_link(path: str) -> str:
    return os.path.realpath(path) if os.path.islink(path) else path  # noqa: PTH114
