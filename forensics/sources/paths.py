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
    """Every file at or below `paths`, sorted by name; links to folders are not followed. Raises NoSuchSource."""
    return sorted((file for path in paths for file in _below(path)), key=lambda file: (file.name, file.path))


def _below(path: Path) -> Iterator[LocalFile]:
    if path.is_file():
        yield LocalFile(str(path.absolute()), path.name, path.stat().st_size)
        return
    if not path.is_dir():
        raise NoSuchSource(f"there is no file or folder {path}")
    for folder, _, names in os.walk(path):
        for name in names:
            file = Path(folder, name)
            if file.is_file():
                yield LocalFile(str(file.absolute()), file.relative_to(path).as_posix(), file.stat().st_size)
