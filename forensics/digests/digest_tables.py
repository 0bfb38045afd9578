"""Digest tables: creates the tables of digests in a case, before the models of attribution run.

The connection needs `documents` and `source_files`. `digests` has one row per distinct digest with its status,
`digest_sources` the files that contain it, `digest_breaks` one row per break of a chain, `digest_files` one row per
listed log file, and `public_keys` the keys. The models in `sql/` read these tables. Without digests, all are empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa

from forensics.digests.digest import Digest, ListedFile, NotADigest, read_digest, signature_of
from forensics.formats.documents import DocumentKind
from forensics.records.arrow_schema import TEXT, TIMESTAMP
from forensics.tables import create_table, insert_rows, sql

if TYPE_CHECKING:
    import duckdb

    from forensics.digests.chain import Break, Judged
    from forensics.digests.keyring import PublicKey, RefusedKey

# documents in memory at once, and listed files per insert
_DOCUMENTS_HELD = 200
_LISTED_HELD = 50_000
_BEFORE_PLACES = ("digest_listings", "contested_digests")
_AFTER_PLACES = ("file_listings", "digest_windows", "file_verdicts", "verified_hours")

_CHAIN = [
    *((name, TEXT) for name in ("account_id", "aws_region", "trail", "home_region")),
    ("is_backfill", pa.bool_()),
]
_DIGESTS = pa.schema(
    [
        ("digest_sha256", TEXT),
        *_CHAIN,
        ("s3_bucket", TEXT),
        ("s3_object", TEXT),
        ("start_time", TIMESTAMP),
        ("end_time", TIMESTAMP),
        ("fingerprint", TEXT),
        ("status", TEXT),
        ("is_proven", pa.bool_()),
        ("proven_by", TEXT),
        ("reason", TEXT),
        # to verify the digest with other tools
        ("signed_text", pa.binary()),
        ("signature", pa.binary()),
    ]
)
_BREAKS = pa.schema(
    [
        *_CHAIN,
        ("kind", TEXT),
        ("start_time", TIMESTAMP),
        ("end_time", TIMESTAMP),
        ("missing_bucket", TEXT),
        ("missing_object", TEXT),
        ("at_least", pa.int64()),
    ]
)
_LISTED = pa.schema(
    [
        *((name, TEXT) for name in ("digest_sha256", "s3_bucket", "s3_object", "content_sha256")),
        ("first_event_time", TIMESTAMP),
        ("last_event_time", TIMESTAMP),
    ]
)
_SOURCES = pa.schema([("source_sha256", TEXT), ("digest_sha256", TEXT)])
_KEYS = pa.schema([("fingerprint", TEXT), ("source", TEXT), ("refused", TEXT), ("der", pa.binary())])
_UNREADABLE = pa.schema([("source_sha256", TEXT), ("reason", TEXT)])


class _Head(msgspec.Struct, frozen=True):
    """The metadata of a digest, or an object with it."""

    metadata: dict[str, str] = msgspec.field(name="Metadata", default_factory=dict)
    signature: str | None = None


_decode_head = msgspec.json.Decoder(_Head).decode


ReadPlaces = Callable[[Mapping[str, str]], None]
"""Fill `record_places` for some files, given as paths by SHA-256."""


def create_tables(connection: duckdb.DuckDBPyConnection, read_places: ReadPlaces | None = None) -> None:
    """Create all digest tables. An invalid digest or key gets a row with the reason.

    Args:
        connection: has `record_places`: accounts, regions and times of the records of each file; and
            `management_files`: the files with a management event.
        read_places: fills `record_places` for files that no proven digest lists; needed only without a case.
    """
    keys = _read_keys(connection)
    create_table(connection, "public_keys", _KEYS, [_key_row(key) for key in keys])
    digests, unreadable = _read_digests(connection)
    create_table(connection, "unreadable_digests", _UNREADABLE, unreadable)
    judged, breaks = _judged(digests, _saved_signatures(connection, digests), keys) if digests else ([], [])
    create_table(connection, "digests", _DIGESTS, [_digest_row(one) for one in judged])
    create_table(connection, "digest_breaks", _BREAKS, [_break_row(one) for one in breaks])
    for model in _BEFORE_PLACES:
        connection.execute(f"create or replace table {model} as {sql(f'digests/sql/{model}')}")
    if read_places and any(one.is_proven for one in judged):
        read_places(dict(connection.execute(sql("digests/sql/open_files")).fetchall()))
    for model in _AFTER_PLACES:
        connection.execute(f"create or replace table {model} as {sql(f'digests/sql/{model}')}")


def _judged(
    digests: list[Digest], signatures: Mapping[str, Sequence[bytes]], keys: Iterable[PublicKey | RefusedKey]
) -> tuple[list[Judged], list[Break]]:
    from forensics.digests.chain import judge
    from forensics.digests.keyring import PublicKey

    return judge(digests, signatures, {key.fingerprint: key for key in keys if isinstance(key, PublicKey)})


def _read_digests(connection: duckdb.DuckDBPyConnection) -> tuple[list[Digest], list[tuple[str, str]]]:
    """Return the distinct and the unreadable digests; create `digest_files` and `digest_sources`."""
    create_table(connection, "digest_files", _LISTED)
    digests: dict[str, Digest] = {}
    sources: list[tuple[str, str]] = []
    unreadable: list[tuple[str, str]] = []
    waiting: list[tuple[object, ...]] = []
    for source_sha256, _name, content in _documents(connection, DocumentKind.DIGEST):
        try:
            digest, listed = read_digest(content)
        except NotADigest as error:
            unreadable.append((source_sha256, str(error)))
            continue
        sources.append((source_sha256, digest.sha256))
        if digest.sha256 not in digests:
            digests[digest.sha256] = digest
            waiting += (_listed_row(digest, one) for one in listed)
        if len(waiting) > _LISTED_HELD:
            insert_rows(connection, "digest_files", _LISTED, waiting)
            waiting = []
    insert_rows(connection, "digest_files", _LISTED, waiting)
    create_table(connection, "digest_sources", _SOURCES, sources)
    return list(digests.values()), unreadable


def _read_keys(connection: duckdb.DuckDBPyConnection) -> list[PublicKey | RefusedKey]:
    found: list[PublicKey | RefusedKey] = []
    for _source_sha256, name, content in _documents(connection, DocumentKind.PUBLIC_KEYS):
        from forensics.digests.keyring import read_public_keys

        found += read_public_keys(content, name)
    return found


def _saved_signatures(connection: duckdb.DuckDBPyConnection, digests: list[Digest]) -> dict[str, list[bytes]]:
    """Return signatures by the SHA-256 of the digest.

    They come from the metadata of objects read from S3, or from `head-object` output named after the digest.
    """
    of_name: defaultdict[str, list[str]] = defaultdict(list)
    for digest in digests:
        of_name[_stem(digest.place.key)].append(digest.sha256)
    saved: defaultdict[str, list[bytes]] = defaultdict(list)
    for sha256, text in connection.execute(sql("digests/sql/signatures_of_objects")).fetchall():
        saved[sha256].append(signature_of(text) or b"")
    for _source_sha256, name, content in _documents(connection, DocumentKind.HEAD_OBJECT):
        try:
            head = _decode_head(content)
            signature = signature_of(head.metadata.get("signature", head.signature))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        for sha256 in of_name.get(_stem(name), ()):
            saved[sha256] += [] if signature is None else [signature]
    return saved


def _stem(key: str) -> str:
    """Return the file name before `.json`, also of `NAME.json.gz.head.json`."""
    return key.rpartition("/")[2].partition(".json")[0]


def _documents(connection: duckdb.DuckDBPyConnection, kind: DocumentKind) -> Iterator[tuple[str, str, bytes]]:
    """Yield SHA-256, file name and content of each document of a kind."""
    # a cursor does not inherit the current database of its connection
    ((database,),) = connection.execute("select current_database()").fetchall()
    cursor = connection.cursor()
    cursor.execute(f'use "{database}"')
    cursor.execute(sql("digests/sql/documents_of_kind"), {"kind": kind.value})
    while found := cursor.fetchmany(_DOCUMENTS_HELD):
        yield from found


def _listed_row(digest: Digest, listed: ListedFile) -> tuple[object, ...]:
    return (
        digest.sha256,
        listed.s3_bucket,
        listed.s3_object,
        listed.hash_value.lower(),
        listed.oldest_event_time,
        listed.newest_event_time,
    )


def _digest_row(one: Judged) -> tuple[object, ...]:
    digest, chain = one.digest, one.digest.chain
    return (
        digest.sha256,
        chain.account_id,
        chain.aws_region,
        chain.trail,
        chain.home_region,
        chain.is_backfill,
        digest.place.bucket,
        digest.place.key,
        digest.start,
        digest.end,
        digest.fingerprint,
        one.status.value,
        one.is_proven,
        one.proven_by,
        one.reason,
        digest.signed_text,
        one.signature,
    )


def _break_row(one: Break) -> tuple[object, ...]:
    return (
        one.chain.account_id,
        one.chain.aws_region,
        one.chain.trail,
        one.chain.home_region,
        one.chain.is_backfill,
        one.kind.value,
        one.start,
        one.end,
        one.missing.bucket if one.missing else None,
        one.missing.key if one.missing else None,
        one.at_least,
    )


def _key_row(key: PublicKey | RefusedKey) -> tuple[object, ...]:
    return key.fingerprint, key.source, getattr(key, "reason", None), getattr(key, "der", None)
