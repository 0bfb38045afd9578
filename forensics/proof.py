"""Proof: whether a case is as it was left, and what the digests among some files prove without a case.

The custody log says which hashes the parts of a case had after each command that changed them; the manifest says those
of the lake files. Whatever differs is named, and what is broken is not asked any further.
"""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from forensics import custody
from forensics.custody import CaseHashes
from forensics.lake import manifest as manifests
from forensics.lake.integrity import changed_files, file_sha256, fingerprint, unlisted_files
from forensics.lake.manifest import DamagedManifest
from forensics.sources.paths import find_files

if TYPE_CHECKING:
    import pyarrow as pa

    from forensics.lake.layout import Layout
    from forensics.verify_answer import Custody, Integrity, Problem, Verification


def hashes_of(layout: Layout) -> CaseHashes:
    """What a case consists of now, for its log."""
    size = layout.manifest.stat().st_size
    return CaseHashes(
        file_sha256(layout.case_file),
        size,
        file_sha256(layout.manifest, size),
        file_sha256(layout.database) if layout.database.exists() else None,
    )


def integrity(layout: Layout, head: str | None, connected: Callable[[], duckdb.DuckDBPyConnection]) -> Integrity:
    """Whether a case is as the last command left it. `head`: of its log as a report has it; `connected` opens the
    database, and is called only if nothing is broken."""
    from forensics.verify_answer import Integrity, Problem

    log = custody.read(layout.custody)
    broken = list(_broken(layout, log))
    cut_off = "no entry has the hash {}: it is another log, or its end was cut off"
    is_known = not head or any(entry.sha256 == head for entry in log.entries)
    problems = [*log.problems, *([] if is_known else [Problem(layout.custody.name, cut_off.format(head))]), *broken]
    if broken:
        return Integrity(0, len(log.entries), log.head, None, tuple(problems))
    manifest = manifests.read(layout.manifest)
    unlisted = "the manifest does not list it; nothing reads it, and the next ingest removes it"
    problems += (Problem(path, unlisted) for path in unlisted_files(layout, manifest))
    contents = fingerprint(connected(), manifest)
    return Integrity(len(manifest.lake_files), len(log.entries), log.head, contents, tuple(problems))


def _broken(layout: Layout, log: Custody) -> Iterator[Problem]:
    """Each part that cannot be believed any more."""
    from forensics.verify_answer import Problem

    yield from _otherwise_logged(layout, log)
    try:
        manifest = manifests.read(layout.manifest)
    except DamagedManifest as error:
        yield Problem(layout.manifest.name, str(error))
        return
    yield from (Problem(where, what) for where, what in changed_files(layout, manifest))


def _otherwise_logged(layout: Layout, log: Custody) -> Iterator[Problem]:
    """Where the files of a case differ from what the log says of them."""
    from forensics.verify_answer import Problem

    logged = [CaseHashes(**entry.state) for entry in log.entries if entry.state]  # type: ignore[arg-type]
    if not logged:
        return
    last = logged[-1]
    if file_sha256(layout.case_file) != last.case_sha256:
        yield Problem(layout.case_file.name, "it was changed")
    if any(file_sha256(layout.manifest, one.manifest_bytes) != one.manifest_sha256 for one in logged):
        yield Problem(layout.manifest.name, "a line that an ingest had written was changed or removed")
    built = {one.database_sha256 for one in logged if one.manifest_bytes == last.manifest_bytes}
    if layout.database.exists() and file_sha256(layout.database) not in built:
        what = "the attribution tables were changed after they were built; deleted, they are built again"
        yield Problem(layout.database.name, what)


def verify_logs(
    paths: Iterable[str | Path],
    *,
    keys: Iterable[str | Path] = (),
    bucket: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _files: None,
) -> Verification:
    """What the digests among some files prove of the logs among them; no case is made. Raises NoSuchSource.

    `keys`: files of public keys. `bucket`: whose copy the folder is. `progress` is told how many files are done, of
    how many.
    """
    from forensics.digests.folder import ToHash, load
    from forensics.digests.tables import create_tables
    from forensics.investigate.verify import verification

    named = [Path(path) for path in paths]
    files = [ToHash(file.path, file.name, file.size) for file in find_files([*named, *(Path(path) for path in keys)])]
    done = Counter[str]()

    def tell(more: int) -> None:
        done["files"] += more
        progress(done["files"], len(files))

    with duckdb.connect(":memory:") as connection:
        connection.execute("set TimeZone = 'UTC'")
        load(connection, files, tell)
        create_tables(connection)
        return verification(connection, ", ".join(str(path) for path in named), bucket)


def arrow_sha256(rows: pa.Table) -> str:
    """The hash of rows in Arrow's own form."""
    import pyarrow as pa

    sink = _HashingSink()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), rows.schema) as stream:
        stream.write_table(rows.combine_chunks())
    return sink.hash.hexdigest()


class _HashingSink(io.RawIOBase):
    """A file that keeps nothing of what is written but its hash."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return len(data)
