"""Summary: the contents of a case, and how its credentials were resolved."""

from collections.abc import Iterable

from forensics.answers.coverage_answer import Account, Ending, Info
from forensics.answers.ingest_answer import UNDATED, Unread
from forensics.investigate.case.accounting import counted, limits, mismatch, non_events, unknown_fields
from forensics.investigate.case.loaded_exports import exports, problems
from forensics.investigate.sql_rows import Connection, pairs, rows
from forensics.lake.manifest import Manifest, SourceFile


def overview(connection: Connection, manifest: Manifest, case: str, case_id: str, version: int) -> Info:
    """Return the summary of the case at the path `case`."""
    commit = manifest.commit
    accounts = tuple(rows(connection, Account, "case/accounts"))
    latest = {file.path: file for file in manifest.source_files if file.status != "duplicate"}
    return Info(
        case=case,
        case_id=case_id,
        format_version=version,
        files=counted(file.status for file in manifest.source_files),
        events=commit.events if commit else 0,
        copies=commit.copies if commit else 0,
        conflicts=commit.conflicts if commit else 0,
        rejected=commit.rejected if commit else 0,
        documents=counted(file.kind for file in manifest.source_files if file.kind),
        first_event_time=min((account.first_event_time for account in accounts), default=None),
        last_event_time=max((account.last_event_time for account in accounts), default=None),
        accounts=accounts,
        endings=tuple(rows(connection, Ending, "case/endings")),
        unread=(*unread(latest.values()), *problems(connection)),
        exports=exports(connection),
        amended=commit.amended if commit else 0,
        left_out=non_events(manifest),
        limits=limits(manifest),
        deliveries=dict(pairs(connection, str, int, "case/deliveries")),
        unknown_fields=unknown_fields(manifest),
        identity_unread=sum(file.identity_unread for file in latest.values()),
        undated=sum(file.undated for file in latest.values()),
        omitted_fields=dict(pairs(connection, str, int, "case/omitted_fields")),
        mismatch=mismatch(connection, manifest),
    )


def unread(files: Iterable[SourceFile]) -> tuple[Unread, ...]:
    """Return the files that were skipped, failed, or read only in part; also those that lack only times."""
    return tuple(
        Unread(file.name, status, file.reason or _unread_records(file))
        for file in files
        if (status := _unread_status(file)) is not None
    )


def _unread_status(file: SourceFile) -> str | None:
    if file.status in ("failed", "skipped") or file.rejected or file.identity_unread:
        return file.status
    return UNDATED if file.undated else None


def _unread_records(file: SourceFile) -> str:
    reasons = []
    if file.rejected:
        reasons.append(f"{file.rejected} of its records could not be read")
    if file.identity_unread:
        reasons.append(f"the identity in {file.identity_unread} of its records could not be read")
    if file.undated:
        reasons.append(f"{file.undated} of its {file.records} records have no readable time")
    return "; ".join(reasons)
