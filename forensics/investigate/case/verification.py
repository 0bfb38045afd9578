"""Verification: the files and delivery windows of a case or folder, as verified by digests."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from forensics.answers.verify_answer import (
    DigestChain,
    FileStatus,
    Integrity,
    UsedKey,
    Verification,
    VerifiedFile,
)
from forensics.investigate.sql_rows import Connection, rows

_S3 = "s3://"
_ALWAYS = (
    "logging itself: a trail that is stopped, or that does not select an event, delivers nothing to hash",
    "later deliveries: a file can arrive hours after its events, and is listed in the digest of that hour",
    "files delivered after the newest digest of each chain: no digest lists them yet",
)
_VOUCHED = "the origin of the public keys: trust the person who provided them; fingerprints only detect a mix-up"
_NO_KEYS = (
    "the signatures of the digests: no public keys were loaded. Run `aws cloudtrail list-public-keys` for each region"
    " and save the output beside the logs or use it with --keys, or use --fetch-keys"
)
_NO_DIGESTS = "no digest files were loaded; AWS stores them beside the logs, in AWSLogs/ACCOUNT/CloudTrail-Digest/"
_BROKEN = "the logs: the case was changed since its last command, so its tables are not evidence"
_NO_LOCATION = "the location of the files: their bucket and key are unknown; use --bucket NAME"


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
    for chain in rows(connection, DigestChain, "case/verify_chains"):
        yield replace(chain, digests=_counted(run.status for run in chain.windows for _ in range(run.windows)))


def _limits(chains: Sequence[DigestChain], keys: Sequence[UsedKey], files: Sequence[VerifiedFile]) -> Iterator[str]:
    if not chains:
        yield _NO_DIGESTS
        return
    yield from _ALWAYS
    yield _VOUCHED if any(key.refused is None for key in keys) else _NO_KEYS
    if any(one.moved is None and one.s3_object and one.name for one in files):
        yield _NO_LOCATION


def _counted(statuses: Iterable[str]) -> dict[str, int]:
    found = Counter(statuses)
    return {status.value: found[status.value] for status in FileStatus if found[status.value]}
