"""Files and folders on this machine."""

from __future__ import annotations

import os
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
    if path.is_file():
        yield _file(path, path.name)
        return
    if not path.is_dir():
        raise NoSuchSource(f"there is no file or folder {path}")
    closed: list[Path] = []
    seen: set[str] = set()
    for folder, folders, names in os.walk(path, onerror=lambda e: closed.append(Path(e.filename)), followlinks=True):
        if (place := os.path.realpath(folder)) in seen:
            folders.clear()
            continue
        seen.add(place)
        for name in names:
            file = Path(folder, name)
            if file.is_file() or not file.exists():
                yield _file(file, file.relative_to(path).as_posix())
    for folder_path in closed:  # reading it as a file fails and tells why
        yield _file(folder_path, folder_path.relative_to(path).as_posix())


def _file(path: Path, name: str) -> LocalFile:
    """The file even if it is gone or a link to nothing: whoever reads it tells so."""
    return LocalFile(str(path.absolute()), name, path.stat().st_size if path.exists() else 0)
