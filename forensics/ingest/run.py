"""Run: adds source files to the lake of a case, all or nothing.

Workers read the files and write parts. Then duplicate copies of events are settled, and one append to the manifest
commits everything. Until that append, the case is unchanged.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import duckdb
import msgspec

from forensics.errors import IngestFailed
from forensics.ingest.faults import ENDING, ending_reason
from forensics.ingest.filter import excludes_anything, is_whole
from forensics.ingest.worker import DUPLICATE, Start, ToRead, Worker, WorkerAnswer
from forensics.lake import manifest as manifests
from forensics.lake.compaction import compact
from forensics.lake.copies import Settled, settle
from forensics.lake.file_names import TABLES
from forensics.lake.integrity import changed_files
from forensics.lake.layout import Layout, only_ingest, remove_unfinished_files
from forensics.lake.manifest import Commit, Filter, LakeFile, Manifest, Removed, SourceFile, row_counts
from forensics.lake.pending import announce_commit
from forensics.processes.worker_processes import WorkerDied, run_workers

# for fewer bytes, starting processes takes longer than it saves
_ONE_PROCESS_BYTES = 6 << 20
_BATCH_BYTES = 2 << 20
_BATCH_FILES = 400
_WORKER_BYTES = 200 << 20
# A worker needs the memory of a batch again for the next one. Returned to the system in between, each page would be
# cleared again, about a twelfth of a worker's time. The first two variables are read by glibc, the third by mimalloc.
_KEEPS_MEMORY = {
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(64 << 20),
    "MIMALLOC_PURGE_DELAY": "-1",
}
_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")
_EVERYTHING = Filter()

Progress = Callable[[SourceFile], None]


@dataclass(frozen=True, slots=True)
class Ingested:
    """The result of an ingest. `source_files`: an entry for each file that was found."""

    source_files: tuple[SourceFile, ...]
    commit: Commit


def ingest(
    layout: Layout,
    files: Sequence[ToRead],
    sizes: Sequence[int],
    version: str,
    progress: Progress,
    *,
    filter: Filter = _EVERYTHING,
    ended: Sequence[SourceFile] = (),
) -> Ingested:
    """Add the records of `files` that `filter` accepts to the case, and commit. Raises CaseBusy and IngestFailed.

    `ended`: files that are not read, such as objects that could not be fetched.
    """
    with only_ingest(layout):
        before = manifests.read(layout.manifest)
        _sweep(layout, before)
        ingest_id = uuid.uuid4().hex[:12]
        try:
            source_files, parts = _read_all(layout, files, sizes, before, ingest_id, progress, filter)
            settled = compact(layout.root, before, settle(layout, before, parts, ingest_id), ingest_id)
            _check_row_counts(before, source_files, parts, settled)
            _check_replaced_files(layout, before, settled)
            source_files = _name_duplicates([*ended, *source_files])
            commit = _commit(layout, before, source_files, settled, ingest_id, version, filter)
        except (*ENDING, duckdb.Error) as error:
            raise IngestFailed(f"nothing was added to {layout.root}: {ending_reason(error)}") from None
        return Ingested(tuple(source_files), commit)


def _commit(
    layout: Layout,
    before: Manifest,
    source_files: list[SourceFile],
    settled: Settled,
    ingest_id: str,
    version: str,
    filter: Filter,
) -> Commit:
    """Append to the manifest, then remove the parts that were rewritten before the commit."""
    after = {**before.lake_files, **{file.path: file for file in settled.lake_files}}
    for path in settled.removed:
        after.pop(path, None)
    commit = Commit(
        ingest_id=ingest_id,
        committed_at=datetime.now(UTC).replace(microsecond=0),
        version=version,
        **row_counts({table: _rows(after.values(), table) for table in TABLES}),
    )
    removed = [Removed(path) for path in settled.removed if path in before.lake_files]
    filters = [filter] if excludes_anything(filter) else []
    manifests.append(
        layout.manifest,
        [*filters, *source_files, *settled.lake_files, *removed],
        commit,
        partial(announce_commit, layout),
    )
    for path in settled.removed:
        if path not in before.lake_files:
            with suppress(OSError):  # the manifest does not list it, and the next ingest removes it
                (layout.root / path).unlink()
    return commit


def _check_row_counts(
    before: Manifest, source_files: list[SourceFile], parts: list[LakeFile], settled: Settled
) -> None:
    """Check that each record became an event, a copy or an addendum. Raises IngestFailed."""
    records, rows = sum(file.records for file in source_files), _rows(parts, "events")
    removed = [before.lake_files[path] for path in settled.removed if path in before.lake_files]
    added = sum(
        _rows(settled.lake_files, table) - _rows(removed, table)
        for table in ("events", "event_copies", "event_addenda")
    )
    if not records == rows == added + settled.repeated:
        raise IngestFailed(
            f"nothing was added: internal error: of {records:,} records, {rows:,} were written and"
            f" {added + settled.repeated:,} kept. Please report it with the names and sizes of the files"
        )


def _check_replaced_files(layout: Layout, before: Manifest, settled: Settled) -> None:
    """Check the hashes of files that are rewritten: no changed row may get a new, valid hash. Raises IngestFailed."""
    replaced = {path: before.lake_files[path] for path in settled.removed if path in before.lake_files}
    for path, wrong in changed_files(layout, replaced):
        raise IngestFailed(
            f"nothing was added to {layout.root}: {path}: {wrong}. `forensics verify` lists every changed file;"
            " ingest the logs into a new case"
        )


def _rows(files: Iterable[LakeFile], table: str) -> int:
    return sum(file.rows for file in files if file.table == table)


def _sweep(layout: Layout, manifest: Manifest) -> None:
    """Remove the files that a killed ingest left behind."""
    remove_unfinished_files(layout)
    shutil.rmtree(layout.scratch, ignore_errors=True)
    layout.scratch.mkdir(mode=0o700)
    for path in sorted(layout.lake.rglob("*")):
        if path.is_file() and path.relative_to(layout.root).as_posix() not in manifest.lake_files:
            path.unlink(missing_ok=True)


def _name_duplicates(source_files: list[SourceFile]) -> list[SourceFile]:
    """Sort by name. Of files with equal bytes, the first by name is the one that was read, the others are duplicates.

    So the order in which workers read them does not matter.
    """
    ordered = sorted(source_files, key=lambda file: (file.name, file.path))
    read = {file.sha256: file for file in ordered if file.status != "duplicate" and file.sha256}
    named: list[SourceFile] = []
    for file in ordered:
        original = read.pop(file.sha256 or "", None)
        if original is not None:
            named.append(_renamed(original, file))
        elif file.sha256 and file.status != "duplicate":
            duplicate = SourceFile(file.name, file.path, "duplicate", DUPLICATE, file.sha256)
            named.append(_renamed(duplicate, file))
        else:
            named.append(file)
    return named


def _renamed(file: SourceFile, as_: SourceFile) -> SourceFile:
    return msgspec.structs.replace(file, name=as_.name, path=as_.path, etag=as_.etag, metadata=as_.metadata)


def _read_all(
    layout: Layout,
    files: Sequence[ToRead],
    sizes: Sequence[int],
    before: Manifest,
    ingest_id: str,
    progress: Progress,
    filter: Filter,
) -> tuple[list[SourceFile], list[LakeFile]]:
    start = Start(known(before, filter), filter)
    copies = {file.path: file for file in files if file.url}
    batches = _batches(zip(files, sizes, strict=True))
    workers = _workers()
    if sum(sizes) < _ONE_PROCESS_BYTES or workers == 1:
        answers = _read_here(layout.root, batches, start, ingest_id)
    else:
        answers = _read_in_processes(layout.root, batches, start, ingest_id, workers)
    source_files: list[SourceFile] = []
    parts: list[LakeFile] = []
    for answer in answers:
        for answered in answer.source_files:
            file = _with_origin(answered, copies)
            source_files.append(file)
            progress(file)
        parts += answer.parts or []
    return source_files, parts


def _workers() -> int:
    return max(min(os.cpu_count() or 1, _memory() // _WORKER_BYTES), 1)


def _memory() -> int:
    """Return the bytes of memory of the machine, or the limit of the container if that is less."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(physical, int(_CONTAINER_LIMIT.read_text()))
    except (OSError, ValueError):  # not a container, or without a limit
        return physical


def known(before: Manifest, filter: Filter) -> list[str]:
    """Return the hashes of files, and of complete archives, of which the case has all that `filter` accepts."""
    whole: set[str] = set()
    partial: set[str] = set()
    for file in before.source_files:
        if file.sha256 and file.status in ("ok", "empty") and is_whole(before, file.sha256, filter):
            whole.add(file.sha256)
        elif file.archive and file.status in ("ok", "failed"):
            partial.add(file.archive)
    archive_of = {file.sha256: file.archive for file in before.source_files if file.archive and file.members}
    for sha256 in list(partial):
        outer = archive_of.get(sha256)
        while outer:
            partial.add(outer)
            outer = archive_of.get(outer)
    return sorted(whole - partial)


def _with_origin(file: SourceFile, copies: Mapping[str, ToRead]) -> SourceFile:
    """Return the entry of a copied file with its original location; that of a member is the archive's."""
    if copied := copies.get(file.path):
        return msgspec.structs.replace(file, path=copied.url or file.path, etag=copied.etag, metadata=copied.metadata)
    copied = next((copies[str(folder)] for folder in Path(file.path).parents if str(folder) in copies), None)
    return msgspec.structs.replace(file, path=file.name) if copied else file


def _read_here(case: Path, batches: Iterator[list[ToRead]], start: Start, ingest_id: str) -> Iterator[WorkerAnswer]:
    worker = Worker(case, ingest_id, start.known, start.filter)
    for batch in batches:
        yield WorkerAnswer(source_files=worker.read(batch))
    yield WorkerAnswer(parts=worker.close())


def _batches(files: Iterable[tuple[ToRead, int]]) -> Iterator[list[ToRead]]:
    batch: list[ToRead] = []
    batch_bytes = 0
    for file, size in files:
        batch.append(file)
        batch_bytes += size
        if batch_bytes >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
            yield batch
            batch, batch_bytes = [], 0
    if batch:
        yield batch


def _read_in_processes(
    case: Path, batches: Iterator[list[ToRead]], start: Start, ingest_id: str, workers: int
) -> Iterator[WorkerAnswer]:
    """Read the batches in worker processes. Raises IngestFailed if a worker fails or dies."""
    arguments = [(str(case.absolute()), f"{ingest_id}-{number}") for number in range(workers)]
    answers = run_workers(
        "forensics.ingest.worker", arguments, batches, WorkerAnswer, first=start, defaults=_KEEPS_MEMORY
    )
    try:
        with closing(answers):
            for answer in answers:
                if answer.error:
                    raise IngestFailed(f"nothing was added: {answer.error}")
                yield answer
    except WorkerDied as died:
        raise IngestFailed(
            f"{died}; nothing was added. Run the same command again, if necessary on fewer files at a time"
        ) from None
