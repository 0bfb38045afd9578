"""Temporary folders: folders for the logs of one command, private to the user and always removed.

Each process removes its folder when it ends, also by a signal that can be handled. After SIGKILL or a crash, the next
process removes it. A folder is a leftover if no process holds the lock on its lock file. The system releases the lock
when the process ends, so process IDs are not needed.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from forensics.files.regular_files import open_regular

_PREFIX = "forensics-"
_NAME = re.compile(r"forensics-[a-z0-9_]{8}")
_LOCK = "in-use.lock"
_PRIVATE = 0o700


class TemporaryFolder:
    """A new folder below $TMPDIR that exists until `cleanup`. Removes leftovers first. Raises OSError."""

    def __init__(self) -> None:
        remove_leftovers(Path(tempfile.gettempdir()))
        while True:
            self._folder = tempfile.TemporaryDirectory(prefix=_PREFIX)
            lock = Path(self._folder.name, _LOCK)
            try:
                self._lock = open_regular(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL)
                fcntl.flock(self._lock, fcntl.LOCK_EX)
                if os.stat(lock).st_ino == os.fstat(self._lock).st_ino:  # noqa: PTH116 - beside fstat
                    break
            except FileNotFoundError:  # another process removed it as a leftover before it was locked
                continue

    @property
    def name(self) -> str:
        return self._folder.name

    def __enter__(self) -> str:
        return self.name

    def __exit__(self, *_: object) -> None:
        self.cleanup()

    def cleanup(self) -> None:
        """Remove the folder and its contents."""
        _remove_contents(self.name)
        self._folder.cleanup()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def remove_leftovers(temporary: Path) -> None:
    """Remove the folders of dead processes of this user. Links, and folders of other users, are ignored."""
    with suppress(OSError), os.scandir(temporary) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name):
                with suppress(OSError):
                    _remove_if_dead(entry.path)


def _remove_if_dead(folder: str) -> None:
    """Remove a folder of this user if no process holds its lock. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if not _is_ours(os.fstat(descriptor)) or stat.S_IMODE(os.fstat(descriptor).st_mode) != _PRIVATE:
            return
        lock = os.open(_LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=descriptor)
        try:
            if _is_ours(os.fstat(lock)) and stat.S_ISREG(os.fstat(lock).st_mode):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove_contents(folder)
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)
    finally:
        os.close(descriptor)


def _remove_contents(folder: str) -> None:
    """Remove everything but the lock file, and follow no links. Without its lock file, a folder is not a leftover."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            elif entry.name != _LOCK:
                with suppress(OSError):
                    os.unlink(entry.path)  # noqa: PTH108 - a path of scandir


def _is_ours(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid()
