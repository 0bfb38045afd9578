"""Ingested: the result of an ingest, and why it added nothing or was incomplete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from forensics.answers.ingest_answer import ChangedAnswers, Ingest
from forensics.errors import NoLogs
from forensics.investigate.case.accounting import counted, total
from forensics.investigate.case.loaded_exports import exports, problems
from forensics.investigate.case.summary import unread
from forensics.investigate.sql_rows import Connection
from forensics.lake.manifest import Commit, SourceFile

if TYPE_CHECKING:
    from forensics.attribution.incremental import ActorChanges


def ingested(
    connection: Connection,
    case: str,
    files: Sequence[SourceFile],
    known: int,
    commits: tuple[Commit | None, Commit],
    changes: ActorChanges | None,
) -> Ingest:
    """Return the result of an ingest.

    Args:
        case: the path of the case.
        files: the files that were read.
        known: the number of files that were in the case and not read again.
        commits: the totals of the case before the ingest, if any, and after it.
    """
    before, commit = commits
    hashes = [file.sha256 for file in files if file.kind]
    return Ingest(
        case=case,
        files=counted([*(file.status for file in files), *["duplicate"] * known]),
        bytes=sum(file.bytes for file in files),
        records=sum(file.records for file in files),
        rejected=sum(file.rejected for file in files),
        documents=counted(file.kind for file in files if file.kind),
        new_events=commit.events - (before.events if before else 0),
        events=commit.events,
        copies=commit.copies,
        conflicts=commit.conflicts,
        changed=_changed(before, changes),
        unread=(*unread(files), *problems(connection, hashes)),
        filtered=sum(file.filtered for file in files),
        amended=commit.amended,
        exports=exports(connection),
        left_out=total(file.left_out for file in files),
        limits=counted(file.limit for file in files if file.limit),
        known=known,
    )


def check_not_empty(commit: Commit | None, sources: Iterable[str], files: Sequence[SourceFile]) -> Commit:
    """Return the last commit of a case that is not empty. Raises NoLogs."""
    if commit is None or (commit.events == 0 and commit.documents == 0):
        raise NoLogs(why_empty(sources, files))
    return commit


def why_empty(paths: Iterable[str], files: Sequence[SourceFile]) -> str:
    """Return why a case is empty after an ingest."""
    where = ", ".join(paths)
    if not files:
        return f"no files found in {where}"
    if filtered := sum(file.filtered for file in files):
        return (
            f"none of the {filtered:,} records in {where} matches the requested accounts, regions and times;"
            " check --account, --region, --since and --until"
        )
    example = next((file for file in files if file.reason), files[0])
    return (
        f"no CloudTrail logs found in {where}, in {len(files)} file(s)"
        f" (for example, {example.name}: {example.reason or 'it contains no records'})"
    )


def unread_note(done: Ingest) -> str | None:
    """Return a warning if some files could not be read; None otherwise."""
    if not done.incomplete:
        return None
    failed = [file for file in done.unread if file.is_incomplete]
    return (
        f"the answer is incomplete: {len({file.name for file in failed}):,} of {sum(done.files.values()):,} files could"
        f" not be read completely (for example, {failed[0].name}: {failed[0].reason}); `forensics ingest` lists them"
    )


def _changed(before: Commit | None, changes: ActorChanges | None) -> ChangedAnswers | None:
    """Return the changed answers; zeros for the first ingest, which changes none."""
    if changes is not None:
        return ChangedAnswers(**asdict(changes))
    return ChangedAnswers(0, 0, 0, 0) if before is None else None
