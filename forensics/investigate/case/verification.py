"""Verification: the files and delivery windows of a case or folder, as verified by digests."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby

from forensics.answers.verify_answer import (
    ChainBreak,
    DigestChain,
    FileStatus,
    Integrity,
    UsedKey,
    Verification,
    VerifiedFile,
    Windows,
)
from forensics.investigate.sql_rows import Connection, Row, grouped, rows

_S3 = "s3://"
_ALWAYS = (
    "logging itself: a trail that is stopped, or that does not select an event, delivers nothing to hash",
    "later deliveries: a file can arrive hours after its events, and is listed in the digest of that hour",
)
_NEWEST = "files delivered after the newest digest of each chain: no digest lists them yet"
_VOUCHED = "the origin of the public keys: trust the person who provided them; fingerprints only detect a mix-up"
_NO_KEYS = (
    "the signatures of the digests: no public keys were loaded. Run `aws cloudtrail list-public-keys` for each region"
    " and save the output beside the logs or use it with --keys, or use --fetch-keys"
)
_NO_DIGESTS = "no digest files were loaded; AWS stores them beside the logs, in AWSLogs/ACCOUNT/CloudTrail-Digest/"
_BROKEN = "the logs: the case was changed since its last command, so its tables are not evidence"
_NO_LOCATION = "the location of the files: their bucket and key are unknown; use --bucket NAME"


class _ChainColumns(Row, frozen=True):
    account_id: str
    aws_region: str
    trail: str
    home_region: str
    is_backfill: bool


class _BreakRow(_ChainColumns, frozen=True):
    kind: str
    start_time: datetime | None
    end_time: datetime
    missing_object: str | None
    at_least: int


class _WindowRow(_ChainColumns, frozen=True):
    start_time: datetime
    end_time: datetime
    status: FileStatus
    is_complete: bool
    is_verified: bool
    is_contested: bool
    files: int
    unchanged: int
    changed: int
    missing: int
    first_event_time: datetime | None
    last_event_time: datetime | None


def verification(
    connection: Connection | None, subject: str, bucket: str | None, integrity: Integrity | None = None
) -> Verification:
    """Return the verification of log files by digests.

    Args:
        connection: None for a damaged case, whose digests are not checked.
        subject: the path of the case or folder.
        bucket: the bucket of which the folder is a copy, so that file names are its keys; None if unknown.
        integrity: the check of a case.
    """
    if connection is None:
        return Verification(subject, {}, {}, None, (), (), (), (_BROKEN,), integrity)
    files = tuple(_files(connection, bucket))
    chains = tuple(_chains(connection))
    keys = tuple(rows(connection, UsedKey, "case/verify_keys"))
    moves = [one.moved for one in files if one.moved is not None]
    return Verification(
        subject,
        _counted(one.status for one in files if one.kind == "log"),
        _counted(one.status for one in files if one.kind == "digest"),
        sum(moves) if moves else None,
        chains,
        keys,
        files,
        tuple(_limits(chains, keys, files)),
        integrity,
    )


def _files(connection: Connection, bucket: str | None) -> Iterator[VerifiedFile]:
    for file in rows(connection, VerifiedFile, "case/verify_files"):
        at = _place(file.name, bucket)
        yield replace(file, moved=at != (file.s3_bucket, file.s3_object)) if at and file.s3_object else file


def _place(name: str | None, bucket: str | None) -> tuple[str, str] | None:
    """Return the bucket and key of a file, if known."""
    if name is None:
        return None
    if name.startswith(_S3):
        found_bucket, _, key = name.removeprefix(_S3).partition("/")
        return found_bucket, key
    return (bucket, name) if bucket else None


def _chains(connection: Connection) -> Iterator[DigestChain]:
    breaks = grouped(rows(connection, _BreakRow, "case/verify_breaks"), _chain)
    for key, found in groupby(rows(connection, _WindowRow, "case/verify_windows"), key=_chain):
        windows = list(found)
        yield DigestChain(
            *key,
            _counted(row.status for row in windows),
            min(row.start_time for row in windows),
            max(row.end_time for row in windows),
            tuple(
                ChainBreak(row.kind, row.start_time, row.end_time, row.missing_object, row.at_least)
                for row in breaks[key]
            ),
            tuple(_runs(windows)),
            sum(row.is_contested for row in windows),
        )


def _chain(row: _ChainColumns) -> tuple[str, str, str, str, bool]:
    return row.account_id, row.aws_region, row.trail, row.home_region, row.is_backfill


def _runs(windows: Sequence[_WindowRow]) -> Iterator[Windows]:
    """Yield consecutive windows with the same status as one."""
    run: list[_WindowRow] = []
    for row in windows:
        if run and (row.start_time != run[-1].end_time or _status(row) != _status(run[0])):
            yield _run(run)
            run = []
        run.append(row)
    if run:
        yield _run(run)


def _status(row: _WindowRow) -> tuple[FileStatus, bool, bool]:
    return row.status, row.is_complete, row.is_verified


def _run(run: Sequence[_WindowRow]) -> Windows:
    first = [row.first_event_time for row in run if row.first_event_time]
    last = [row.last_event_time for row in run if row.last_event_time]
    return Windows(
        run[0].start_time,
        run[-1].end_time,
        len(run),
        *_status(run[0]),
        sum(row.files for row in run),
        sum(row.unchanged for row in run),
        sum(row.changed for row in run),
        sum(row.missing for row in run),
        min(first, default=None),
        max(last, default=None),
    )


def _limits(chains: Sequence[DigestChain], keys: Sequence[UsedKey], files: Sequence[VerifiedFile]) -> Iterator[str]:
    if not chains:
        yield _NO_DIGESTS
        return
    yield from (*_ALWAYS, _NEWEST)
    yield _VOUCHED if any(key.refused is None for key in keys) else _NO_KEYS
    if any(one.moved is None and one.s3_object and one.name for one in files):
        yield _NO_LOCATION


def _counted(statuses: Iterable[str]) -> dict[str, int]:
    found = Counter(statuses)
    return {status.value: found[status.value] for status in FileStatus if found[status.value]}
