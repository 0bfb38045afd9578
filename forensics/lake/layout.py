"""Layout: creates and opens a case folder, with the paths of its files and the locks of its writers."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from forensics.errors import CaseBusy, NotACase
from forensics.files.regular_files import kind_of, open_regular, unfinished, write_private

# a new version whenever files of earlier versions cannot be read
FORMAT_VERSION = 5
# DuckDB treats a path with one of these as a glob pattern
_GLOB = re.compile(r"[*?[]")

ROOM_NEEDED = "Free some disk space, and run the same command again"

_MOST_ABOUT = 64 << 10
_LONGEST_REASON = 200


class About(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of case.json."""

    case_id: Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")]
    format_version: int


class _AnyVersion(msgspec.Struct):
    format_version: Annotated[int, msgspec.Meta(ge=0, le=1 << 30)]


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of a case folder. It is private to its user: folders 0700, files 0600."""

    root: Path

    @property
    def case_file(self) -> Path:
        return self.root / "case.json"

    @property
    def manifest(self) -> Path:
        return self.root / "manifest.jsonl"

    @property
    def custody(self) -> Path:
        return self.root / "custody.jsonl"

    @property
    def seals(self) -> Path:
        """The folder of signatures of heads of the custody log: `NUMBER-HASH.sig`, in OpenSSH's format."""
        return self.root / "seals"

    @property
    def database(self) -> Path:
        """The tables and views: a cache of the lake."""
        return self.root / "case.duckdb"

    @property
    def pending(self) -> Path:
        """The file with changes of a command that are not in the custody log yet."""
        return self.root / "pending.json"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def lock_file(self) -> Path:
        """The file that an ingest locks (see `only_ingest`)."""
        return self.root / "ingest.lock"

    @property
    def fetch_lock_file(self) -> Path:
        """The file that a fetch locks (see `only_fetch`)."""
        return self.root / "fetch.lock"

    @property
    def scratch(self) -> Path:
        """The folder for temporary files of DuckDB, which each ingest empties."""
        return self.root / "tmp"

    @property
    def spool(self) -> Path:
        """The folder of fetched objects that are not committed yet."""
        return self.root / "spool"

    @property
    def sources(self) -> Path:
        """The folder of saved answers of AWS's APIs."""
        return self.root / "sources"

    def files(self, paths: Iterable[str]) -> list[str]:
        """Return the absolute paths of files that are given relative to the case, as in the manifest."""
        root = os.path.realpath(self.root)
        return [f"{root}/{path}" for path in paths]


def create(root: Path) -> Layout:
    """Return the case at `root`; create it in a new or empty folder. Raises NotACase for any other folder."""
    root = root.absolute()
    layout = _layout(root)
    if os.path.lexists(layout.case_file):
        return open_existing(root)
    if os.path.lexists(root) and (
        not root.is_dir() or any(path != unfinished(layout.case_file) for path in root.iterdir())
    ):
        raise NotACase(f"{root} is not a case and not empty; choose a new folder for the case")
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    root.chmod(0o700)
    write_private(layout.case_file, json.dumps({"case_id": str(uuid.uuid4()), "format_version": FORMAT_VERSION}) + "\n")
    os.close(open_regular(layout.manifest, os.O_WRONLY | os.O_CREAT))
    return layout


def open_existing(root: Path) -> Layout:
    """Return the existing case at `root`. Raises NotACase."""
    layout = _layout(root.absolute())
    if root.exists() and not root.is_dir():
        raise NotACase(f"{root} is a file, not a case folder; `forensics ingest LOGS --case DIR` creates a case")
    if not root.is_dir():
        raise NotACase(
            f"there is no case at {root}; `forensics ingest LOGS --case {shlex.quote(str(root))}` creates one"
        )
    about(layout)
    _check_entries(layout)
    return layout


def about(layout: Layout) -> About:
    """Return the content of case.json. Raises NotACase if it is missing, damaged or of another version."""
    root = layout.root
    try:
        with os.fdopen(open_regular(layout.case_file), "rb") as file:
            text = file.read(_MOST_ABOUT)
        version = msgspec.json.decode(text, type=_AnyVersion).format_version
    except FileNotFoundError:
        raise NotACase(f"{root} is not a case: it has no case.json. To query a folder of logs, use --logs") from None
    except OSError as error:
        raise NotACase(f"cannot open {layout.case_file}: {error.strerror}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(layout, error) from None
    if version > FORMAT_VERSION:
        raise NotACase(
            f"{root} was created by a newer version of forensics (case format {version}, this version reads"
            f" {FORMAT_VERSION}); update with `pip install --upgrade cloudtrail-forensics`"
        )
    if version < FORMAT_VERSION:
        raise NotACase(
            f"{root} was created by an older version of forensics (case format {version}, this version reads"
            f" {FORMAT_VERSION}); ingest its logs again into a new case"
        )
    try:
        return msgspec.json.decode(text, type=About)
    except msgspec.MsgspecError as error:
        raise _damaged(layout, error) from None


def _damaged(layout: Layout, error: Exception) -> NotACase:
    return NotACase(
        f"{layout.case_file} is damaged: {str(error)[:_LONGEST_REASON]}."
        " Restore the file from a copy of the case, or ingest the logs into a new case"
    )


def _check_entries(layout: Layout) -> None:
    """Check that a case contains only folders and regular files: a link could redirect reads and writes."""
    folders = (layout.lake, layout.scratch, layout.seals, layout.spool, layout.sources)
    files = (layout.manifest, layout.custody, layout.database, layout.pending, layout.lock_file, layout.fetch_lock_file)
    for path, found in _special_entries(layout.root):
        _refuse(path, kind_of(found.st_mode))
    for path in folders:
        _refuse(path, "a file" if path.is_file() else None)
    for path in files:
        _refuse(path, "a folder" if path.is_dir() else None)
    for path in layout.scratch.rglob("*"):  # DuckDB chooses the names of the files that it writes
        _refuse(path, "a hard link" if path.is_file() and path.stat().st_nlink > 1 else None)


def _refuse(path: Path, kind: str | None) -> None:
    if kind:
        raise NotACase(
            f"cannot open the case: {path} is {kind}, which forensics never writes; get a new copy of the case"
        )


def _special_entries(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield each entry at any depth that is not a folder or regular file. Raises NotACase for an unreadable folder."""
    waiting = [str(root)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif not entry.is_file(follow_symlinks=False):
                        yield Path(entry.path), entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # an ingest removed the folder in the meantime
            continue
        except OSError as error:
            raise NotACase(f"cannot open the case: {error.filename}: {error.strerror}") from None


def _layout(root: Path) -> Layout:
    layout = Layout(root)
    paths = f"{root} {os.path.realpath(root)}"
    if found := _GLOB.search(paths):
        raise NotACase(
            f"{root} has {found.group()} in its path, which DuckDB treats as a glob pattern;"
            " choose another folder for the case"
        )
    if paths.encode("utf-8", "ignore").decode() != paths:
        raise NotACase(
            f"{root} has bytes in its path that are not UTF-8, which DuckDB cannot open;"
            " choose another folder for the case"
        )
    return layout


def remove_unfinished_files(layout: Layout) -> None:
    """Remove the incomplete files of a killed ingest from the case folder."""
    for path in (layout.case_file, layout.pending):
        unfinished(path).unlink(missing_ok=True)


def only_ingest(layout: Layout) -> AbstractContextManager[None]:
    """Lock the case for one ingest. The lock ends with the process, even if it is killed. Raises CaseBusy."""
    return _locked(layout.lock_file, f"{layout.root} is being written")


def only_fetch(layout: Layout) -> AbstractContextManager[None]:
    """Lock the spool and the sources for one fetch; ingests of files do not wait for it. Raises CaseBusy."""
    return _locked(layout.fetch_lock_file, f"logs are being fetched into {layout.root}")


@contextmanager
def _locked(lock_file: Path, activity: str) -> Iterator[None]:
    descriptor = open_regular(lock_file, os.O_RDWR | os.O_CREAT)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 200).decode("utf-8", "replace").strip() or "another process"
            raise CaseBusy(f"{activity} by {holder}; wait until it ends") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {os.uname().nodename}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
