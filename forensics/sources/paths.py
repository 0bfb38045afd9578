"""Files and folders on this machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


class NoSuchSource(Exception):
    """A path that was given does not exist."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to read. `name` is what answers and the manifest call it: its path below the folder that was given."""

    path: str
    name: str
    size: int


def find_files(paths: Iterable[Path]) -> list[LocalFile]:
    """Every file at or below `paths`, sorted by name; a folder that links lead to twice once. Raises NoSuchSource.

    A folder that cannot be listed is among them, so that it ends as unreadable and not in silence.
    """
    return sorted((file for path in paths for file in _below(path)), key=lambda file: (file.name, file.path))


def _below(path: Path) -> Iterator[LocalFile]:
    """Works on text, since a Path for each of very many files costs more than reading it."""
    top = str(path.absolute())
    if path.is_file():
        yield LocalFile(top, path.name, path.stat().st_size)
        return
    if not path.is_dir():
        raise NoSuchSource(f"there is no file or folder {path}")
    start = len(os.path.join(top, ""))  # noqa: PTH118
    closed: list[str] = []
    seen: set[str] = set()
    for folder, folders, names in os.walk(top, onerror=lambda error: closed.append(error.filename), followlinks=True):
        if (place := os.path.realpath(folder)) in seen:
            folders.clear()
            continue
        seen.add(place)
        for name in names:
            file = os.path.join(folder, name)  # noqa: PTH118
            if (size := _size(file)) is not None:
                yield LocalFile(file, file[start:], size)
    for closed_folder in closed:  # reading it as a file fails and tells why
        yield LocalFile(closed_folder, closed_folder[start:] or ".", 0)


def _size(file: str) -> int | None:
    """None for what is no file. What is gone or a link to nothing counts as one: whoever reads it tells so."""
    try:
        found = os.stat(file)  # noqa: PTH116
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else None
