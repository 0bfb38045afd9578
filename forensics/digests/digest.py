"""Digest: parses a CloudTrail digest file.

A digest lists the log files that were delivered in its window, each with the hash of its content, and the previous
digest with its hash and signature. Source: CloudTrail user guide, "CloudTrail digest file structure".
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from forensics.errors import FormatError

# The busiest account delivers some thousand files an hour; a digest with more was made to exhaust memory.
MAX_LOG_FILES = 200_000
_NAME = re.compile(
    r"(?P<account>\d{12})_CloudTrail-Digest_(?P<region>[a-z0-9-]+)_(?P<trail>.+)_(?P<home>[a-z0-9-]+)_"
    r"\d{8}T\d{6}Z(?P<backfill>_backfill)?\.json(?:\.gz)?"
)


class NotADigest(FormatError, ValueError):
    """The document cannot be read as a digest; the message has the reason."""


@dataclass(frozen=True, slots=True, order=True)
class ChainName:
    """Identity of a chain of digests. Each trail in a bucket has its own chain, and its backfill has another."""

    account_id: str
    aws_region: str
    trail: str
    home_region: str
    is_backfill: bool


@dataclass(frozen=True, slots=True)
class S3Place:
    """Bucket and key of an object in S3."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class Digest:
    """One digest, without its listed log files.

    Args:
        sha256: of the inflated content.
        start: start of its window, UTC.
        end: end of its window, UTC.
        fingerprint: fingerprint of the public key that it names.
        signed_text: the text that AWS signed.
        previous: place of the previous digest; None for the first of a chain.
        previous_sha256: hash of the previous digest.
        previous_signature: signature of the previous digest.
    """

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
    """A log file that a digest lists. `hash_value`: SHA-256 of its uncompressed content."""

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
    """Return a digest and its listed log files. Raises NotADigest."""
    if content.count(b'"hashValue"') > MAX_LOG_FILES:
        raise NotADigest(f"it lists more than {MAX_LOG_FILES:,} log files, more than a trail delivers in an hour")
    try:
        found = _decode(content)
        end = _time(msgspec.convert(found.digest_end_time, datetime))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotADigest(f"it is not a CloudTrail digest: {error}") from None
    name = _NAME.fullmatch(found.digest_s3_object.rpartition("/")[2])
    if name is None:
        raise NotADigest("its digestS3Object is not the name of a CloudTrail digest")
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
    """Return a signature from hexadecimal text; an empty signature, which is never valid, for other text."""
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
