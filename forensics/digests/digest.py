"""Digest: what one digest document says, in types; whatever is none says why.

A digest names the log files that were delivered in its window, each with the hash of its content, and the digest before
it with its hash and signature. Facts: the CloudTrail guide, "Digest file structure".
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from forensics.errors import FormatError

# An hour of the busiest account delivers some thousand files; what lists more was made to fill memory.
MAX_LOG_FILES = 200_000
_NAME = re.compile(
    r"(?P<account>\d{12})_CloudTrail-Digest_(?P<region>[a-z0-9-]+)_(?P<trail>.+)_(?P<home>[a-z0-9-]+)_"
    r"\d{8}T\d{6}Z(?P<backfill>_backfill)?\.json(?:\.gz)?"
)


class NotADigest(FormatError, ValueError):
    """The document cannot be read as a digest; the message says why."""


@dataclass(frozen=True, slots=True, order=True)
class ChainName:
    """Which chain a digest belongs to. Two trails in one bucket, and the backfill of one, are chains of their own."""

    account_id: str
    aws_region: str
    trail: str
    home_region: str
    is_backfill: bool


@dataclass(frozen=True, slots=True)
class S3Place:
    """Where an object lies in S3."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class Digest:
    """One digest, without the log files that it lists. `sha256` is of its content, as inflated."""

    sha256: str
    chain: ChainName
    place: S3Place
    start: datetime
    end: datetime
    fingerprint: str
    signed_text: bytes
    previous: S3Place | None
    previous_sha256: str | None
    previous_signature: bytes | None


class ListedFile(msgspec.Struct, frozen=True, rename="camel"):
    """A log file as a digest lists it; `hash_value` is of its uncompressed content."""

    s3_bucket: str = msgspec.field(name="s3Bucket")
    s3_object: str = msgspec.field(name="s3Object")
    hash_value: str
    oldest_event_time: datetime | None = None
    newest_event_time: datetime | None = None


class _DigestDocument(msgspec.Struct, frozen=True, rename="camel"):
    aws_account_id: str
    digest_start_time: datetime
    digest_end_time: str
    digest_s3_bucket: str = msgspec.field(name="digestS3Bucket")
    digest_s3_object: str = msgspec.field(name="digestS3Object")
    digest_public_key_fingerprint: str
    log_files: list[ListedFile]
    previous_digest_s3_bucket: str | None = msgspec.field(name="previousDigestS3Bucket")
    previous_digest_s3_object: str | None = msgspec.field(name="previousDigestS3Object")
    previous_digest_hash_value: str | None
    previous_digest_signature: str | None


_decode = msgspec.json.Decoder(_DigestDocument).decode


def read_digest(content: bytes) -> tuple[Digest, list[ListedFile]]:
    """A digest and the log files that it lists. Raises NotADigest."""
    if content.count(b'"hashValue"') > MAX_LOG_FILES:
        raise NotADigest(f"it lists more than {MAX_LOG_FILES:,} log files, beyond what a trail delivers in an hour")
    try:
        found = _decode(content)
        end = _time(msgspec.convert(found.digest_end_time, datetime))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotADigest(f"it is no digest that CloudTrail writes: {error}") from None
    name = _NAME.fullmatch(found.digest_s3_object.rpartition("/")[2])
    if name is None:
        raise NotADigest("the object that it names itself has no name that CloudTrail gives a digest")
    sha256 = hashlib.sha256(content).hexdigest()
    digest = Digest(
        sha256,
        ChainName(name["account"], name["region"], name["trail"], name["home"], name["backfill"] is not None),
        S3Place(found.digest_s3_bucket, found.digest_s3_object),
        _time(found.digest_start_time),
        end,
        found.digest_public_key_fingerprint,
        _signed_text(found, sha256),
        _previous(found),
        found.previous_digest_hash_value,
        signature_of(found.previous_digest_signature),
    )
    return digest, found.log_files


def signature_of(text: str | None) -> bytes | None:
    """A signature as S3 metadata and digests write it, in hexadecimal; what is not gives one that fits nothing."""
    if text is None:
        return None
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _signed_text(found: _DigestDocument, sha256: str) -> bytes:
    place = f"{found.digest_s3_bucket}/{found.digest_s3_object}"
    previous = found.previous_digest_signature or "null"
    return f"{found.digest_end_time}\n{place}\n{sha256}\n{previous}".encode("utf-8", "replace")


def _previous(found: _DigestDocument) -> S3Place | None:
    if found.previous_digest_s3_object is None:
        return None
    return S3Place(found.previous_digest_s3_bucket or found.digest_s3_bucket, found.previous_digest_s3_object)


def _time(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
