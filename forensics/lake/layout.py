"""Layout: the names of what lies in a case folder, and who may write there."""

from __future__ import annotations

import fcntl
import json
import os
import re
import uuid
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from forensics.errors import CaseBusy, NotACase
from forensics.regular_files import kind_of, open_regular, unfinished, write_private

# of the files of a case: a new one whenever what an earlier version wrote cannot be read any more
FORMAT_VERSION = 3
# DuckDB opens every file that such a path matches
_PATTERN = re.compile(r"[*?[]")

ROOM_NEEDED = "With room to write, the same command finishes it"


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
    """A case folder: private to its user, folders 0700 and files 0600."""

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
        """Signatures of heads of the custody log: `NUMBER-HASH.sig`, each in OpenSSH's format."""
        return self.root / "seals"

    @property
    def database(self) -> Path:
        return self.root / "case.duckdb"

    @property
    def pending(self) -> Path:
        """What a command was about to change and has not logged yet."""
        return self.root / "pending.json"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def lock_file(self) -> Path:
        return self.root / "ingest.lock"

    @property
    def fetch_lock_file(self) -> Path:
        return self.root / "fetch.lock"

    @property
    def scratch(self) -> Path:
        """Where DuckDB may spill; emptied by each ingest."""
        return self.root / "tmp"

    @property
    def spool(self) -> Path:
        """What was fetched and is not committed yet."""
        return self.root / "spool"

    @property
    def sources(self) -> Path:
        """What AWS's APIs answered, as files."""
        return self.root / "sources"

    def files(self, paths: Iterable[str]) -> list[str]:
        """The absolute paths of files of the case, given as the manifest names them, for DuckDB to read."""
        root = os.path.realpath(self.root)
        return [f"{root}/{path}" for path in paths]


def create(root: Path) -> Layout:
    """The case at `root`, made if there is nothing yet. Raises NotACase for a folder that holds something else."""
    root = root.absolute()
    layout = _layout(root)
    if os.path.lexists(layout.case_file):
        return open_existing(root)
    if os.path.lexists(root) and (
        not root.is_dir() or any(path != unfinished(layout.case_file) for path in root.iterdir())
    ):
        raise NotACase(f"{root} is not a case and not empty; name a new folder for the case")
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    root.chmod(0o700)
    write_private(layout.case_file, json.dumps({"case_id": str(uuid.uuid4()), "format_version": FORMAT_VERSION}) + "\n")
    os.close(open_regular(layout.manifest, os.O_WRONLY | os.O_CREAT))
    return layout


def open_existing(root: Path) -> Layout:
    """The case at `root`. Raises NotACase."""
    layout = _layout(root.absolute())
    if root.exists() and not root.is_dir():
        raise NotACase(f"{root} is a file; a case is a folder, made by `forensics ingest LOGS --case DIR`")
    if not root.is_dir():
        raise NotACase(f"there is no case at {root}; `forensics ingest LOGS --case {root}` makes one")
    about(layout)
    _check_entries(layout)
    return layout


def about(layout: Layout) -> About:
    """What case.json says. Raises NotACase where it is missing, damaged or of another version."""
    root = layout.root
    try:
        with os.fdopen(open_regular(layout.case_file), "rb") as file:
            text = file.read(_MOST_ABOUT)
        version = msgspec.json.decode(text, type=_AnyVersion).format_version
    except FileNotFoundError:
        raise NotACase(
            f"{root} is not a case: it has no case.json. To ask about a folder of logs, use --logs"
        ) from None
    except OSError as error:
        raise NotACase(f"cannot open {layout.case_file}: {error.strerror}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _damaged(layout, error) from None
    if version > FORMAT_VERSION:
        raise NotACase(
            f"{root} was made by a newer version of forensics (case format {version}, this version reads"
            f" {FORMAT_VERSION}); update with `pip install --upgrade cloudtrail-forensics`"
        )
    if version < FORMAT_VERSION:
        raise NotACase(
            f"{root} was made by an older version of forensics (case format {version}, this version reads"
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
    """Refuse a case with anything but folders and regular files in it: reads and writes could end elsewhere."""
    folders = (layout.lake, layout.scratch, layout.seals, layout.spool, layout.sources)
    files = (layout.manifest, layout.custody, layout.database, layout.pending, layout.lock_file, layout.fetch_lock_file)
    for path, found in _special_entries(layout.root):
        _refuse(path, kind_of(found.st_mode))
    for path in folders:
        _refuse(path, "a file" if path.is_file() else None)
    for path in files:
        _refuse(path, "a folder" if path.is_dir() else None)
    for path in layout.scratch.rglob("*"):  # DuckDB writes files of names that it chooses
        _refuse(path, "a hard link" if path.is_file() and path.stat().st_nlink > 1 else None)


def _refuse(path: Path, what: str | None) -> None:
    if what:
        raise NotACase(
            f"cannot open the case: {path} is {what}, which forensics never writes; get a new copy of the case"
        )


def _special_entries(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Each entry at any depth that is neither a folder nor a regular file. Raises NotACase for a folder that cannot be
    listed."""
    waiting = [str(root)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    elif not entry.is_file(follow_symlinks=False):
                        yield Path(entry.path), entry.stat(follow_symlinks=False)
        except FileNotFoundError:  # an ingest has removed it meanwhile
            continue
        except OSError as error:
            raise NotACase(f"cannot open the case: {error.filename}: {error.strerror}") from None


def _layout(root: Path) -> Layout:
    layout = Layout(root)
    if found := _PATTERN.search(f"{root} {os.path.realpath(root)}"):
        raise NotACase(
            f"{root} has {found.group()} in its path, which DuckDB reads as a pattern of other paths;"
            " name another folder for the case"
        )
    return layout


def remove_unfinished_files(layout: Layout) -> None:
    """Remove the files that a killed ingest had begun to write in the case folder."""
    for path in (layout.case_file, layout.pending):
        unfinished(path).unlink(missing_ok=True)


def only_ingest(layout: Layout) -> AbstractContextManager[None]:
    """Hold the case for one ingest; the lock ends with the process, however that ends. Raises CaseBusy."""
    return _only_holder(layout.lock_file, f"{layout.root} is being written")


def only_fetch(layout: Layout) -> AbstractContextManager[None]:
    """Hold what is fetched into the case; ingests of files may go on meanwhile. Raises CaseBusy."""
    return _only_holder(layout.fetch_lock_file, f"logs are being fetched into {layout.root}")


@contextmanager
def _only_holder(lock_file: Path, what: str) -> Iterator[None]:
    descriptor = open_regular(lock_file, os.O_RDWR | os.O_CREAT)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 200).decode("utf-8", "replace").strip() or "another process"
            raise CaseBusy(f"{what} by {holder}; wait for it to end") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {os.uname().nodename}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
