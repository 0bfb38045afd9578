"""Documents: detects files without events that belong to a case: digests of a trail and exports of an account.

A document is stored in full, inflated. The packages `digests` and `exports` parse it when the tables of a case are
created. Documents are detected from the content, never from the file's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

import msgspec

from forensics.formats import export_documents as exports
from forensics.formats.inflate import Unreadable

MAX_DOCUMENT_BYTES = 64 << 20
# the members that identify a document are near its start
_HEAD_BYTES = 4 << 10


class DocumentKind(StrEnum):
    """The kind of a document, as the tables and answers of a case name it."""

    DIGEST = "digest"
    PUBLIC_KEYS = "public_keys"
    HEAD_OBJECT = "head_object"
    IAM_CREDENTIAL_REPORT = "iam_credential_report"
    IAM_ACCESS_KEYS = "iam_access_keys"
    IAM_ACCESS_KEY_LAST_USED = "iam_access_key_last_used"
    STS_ACCESS_KEY_INFO = "sts_access_key_info"
    IAM_ACCOUNT_AUTHORIZATION_DETAILS = "iam_account_authorization_details"
    IAM_USERS = "iam_users"
    IDENTITY_STORE_USERS = "identity_store_users"
    ORGANIZATION_ACCOUNTS = "organization_accounts"
    CLOUDTRAIL_TRAILS = "cloudtrail_trails"
    CLOUDTRAIL_EVENT_SELECTORS = "cloudtrail_event_selectors"


@dataclass(frozen=True, slots=True)
class Document:
    """A complete document. `content`: its inflated bytes, at most MAX_DOCUMENT_BYTES."""

    kind: DocumentKind
    content: bytes


# required members of each kind that is not an export; the first is near the start
_MEMBERS = (
    (DocumentKind.DIGEST, ("digestStartTime", "digestEndTime", "digestS3Bucket", "digestS3Object")),
    # what `aws cloudtrail list-public-keys` and `aws s3api head-object` print
    (DocumentKind.PUBLIC_KEYS, ("PublicKeyList",)),
    (DocumentKind.HEAD_OBJECT, ("ETag", "Metadata")),
)
# the metadata of a digest, which `--query` prints alone or with some other members
_METADATA_OF_A_DIGEST = {"signature", "signature-algorithm"}
_NEAR_THE_START = tuple(f'"{name}"'.encode() for name in (*(names[0] for _, names in _MEMBERS), "signature-algorithm"))
# a file with a list of records is a log
_RECORDS = "Records"
_decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def take_document(pieces: Iterable[bytes]) -> tuple[Document | None, Iterator[bytes]]:
    """Return the document in a stream, or None and the same stream from its start.

    Raises:
        Unreadable: the stream fails before its first piece, or it begins like an export and is truncated, damaged, or
            in an unsupported output format.
    """
    pieces = iter(pieces)
    head = next(pieces, b"")
    begins_as_export = exports.begins(head[:_HEAD_BYTES])
    begins_as_document = any(name in head[:_HEAD_BYTES] for name in _NEAR_THE_START)
    if not begins_as_export and not begins_as_document:
        return None, chain([head], pieces)
    pieces_read = [head]
    size = len(head)
    try:
        while size <= MAX_DOCUMENT_BYTES and (piece := next(pieces, b"")):
            pieces_read.append(piece)
            size += len(piece)
    except Unreadable as failure:
        return None, _failing(pieces_read, failure)
    content = b"".join(pieces_read)
    if begins_as_export and size > MAX_DOCUMENT_BYTES:
        raise Unreadable(
            f"it begins like {exports.display_name(head)} but is larger than {MAX_DOCUMENT_BYTES >> 20} MiB"
        )
    kind = _kind(content) if size <= MAX_DOCUMENT_BYTES else None
    if begins_as_export and kind is None and not exports.objects(exports.without_mark(content)):
        raise Unreadable(f"it begins like {exports.display_name(head)} but is truncated or damaged; export it again")
    return (Document(kind, content), iter(())) if kind else (None, chain([content], pieces))


def _kind(content: bytes) -> DocumentKind | None:
    if name := exports.kind(content):
        return DocumentKind(name)
    try:
        members = _decode_object(content)
        if _RECORDS in members:
            return None
        if kind := next((kind for kind, needed in _MEMBERS if members.keys() >= set(needed)), None):
            return kind
        metadata = _decode_object(members["Metadata"]) if "Metadata" in members else members
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return DocumentKind.HEAD_OBJECT if metadata.keys() >= _METADATA_OF_A_DIGEST else None


def _failing(pieces_read: list[bytes], failure: Unreadable) -> Iterator[bytes]:
    yield from pieces_read
    raise failure
