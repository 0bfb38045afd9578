"""Ingested: what an ingest did, and why one came to nothing or not to all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import duckdb

from forensics.answers.ingest_answer import ChangedAnswers, Ingest
from forensics.errors import NoLogs
from forensics.investigate.case.accounting import added_up
from forensics.investigate.case.loaded_exports import exports, problems
from forensics.investigate.case.summary import unread
from forensics.lake.manifest import Commit, SourceFile

if TYPE_CHECKING:
    from forensics.attribution.incremental import ActorChanges


def ingested(
    connection: duckdb.DuckDBPyConnection,
    case: str,
    files: Sequence[SourceFile],
    known: int,
    commits: tuple[Commit | None, Commit],
    changes: ActorChanges | None,
) -> Ingest:
    """What went into the case at `case`: the files that were looked at, and `known` ones that were not read again.

    `commits`: what held before, if anything, and since.
    """
    before, commit = commits
    hashes = [file.sha256 for file in files if file.kind]
    return Ingest(
        case=case,
        files=_counted([*(file.status for file in files), *["duplicate"] * known]),
        bytes=sum(file.bytes for file in files),
        records=sum(file.records for file in files),
        rejected=sum(file.rejected for file in files),
        documents=_counted(file.kind for file in files if file.kind),
        new_events=commit.events - (before.events if before else 0),
        events=commit.events,
        copies=commit.copies,
        conflicts=commit.conflicts,
        changed=_changed(before, changes),
        unread=(*unread(files), *problems(connection, hashes)),
        filtered=sum(file.filtered for file in files),
        amended=commit.amended,
        exports=exports(connection),
        left_out=added_up(file.left_out for file in files),
        limits=_counted(file.limit for file in files if file.limit),
        known=known,
    )


def check_not_empty(commit: Commit | None, sources: Iterable[str], files: Sequence[SourceFile]) -> Commit:
    """Return the last commit of a case that holds anything. Raises NoLogs."""
    if commit is None or (commit.events == 0 and commit.documents == 0):
        raise NoLogs(why_empty(sources, files))
    return commit


def why_empty(paths: Iterable[str], files: Sequence[SourceFile]) -> str:
    """Why a case holds nothing after an ingest."""
    where = ", ".join(paths)
    if not files:
        return f"there is no file in {where}"
    if filtered := sum(file.filtered for file in files):
        return f"none of the {filtered:,} records in {where} is of the accounts, regions and time that were asked for"
    example = next((file for file in files if file.reason), files[0])
    return (
        f"there are no CloudTrail logs in {where}: {len(files)} files were looked at"
        f" (for one, {example.name}: {example.reason or 'it holds no record'})"
    )


def unread_note(done: Ingest) -> str | None:
    """That some of what was to be answered from could not be read."""
    if not done.incomplete:
        return None
    failed = [file for file in done.unread if file.status != "skipped"]
    return (
        f"answered, but {len({file.name for file in failed}):,} of {sum(done.files.values()):,} files could not be"
        " read, or not wholly"
        f" (for one, {failed[0].name}: {failed[0].reason}); `forensics ingest` lists them all"
    )


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _changed(before: Commit | None, changes: ActorChanges | None) -> ChangedAnswers | None:
    """Of the first ingest, nothing: there was no answer yet."""
    if changes is not None:
        return ChangedAnswers(**asdict(changes))
    return ChangedAnswers(0, 0, 0, 0) if before is None else None
