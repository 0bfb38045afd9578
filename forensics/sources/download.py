"""Download: fetches S3 objects into a spool, a folder of limited size, in rounds.

The next round is fetched while the caller processes one. An object in the spool is complete, because it has a temporary
name until then, and its name is a hash of bucket, key and ETag. So an object in the spool is never fetched again, even
after a crash. The caller removes the objects of a round once their events are committed.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from forensics.errors import AwsFailed
from forensics.files.regular_files import create_private, read_regular
from forensics.sources.aws import Client, convert_aws_errors, error_code, error_reason, is_denied
from forensics.sources.s3 import S3Object

DOWNLOADS = 24
# the first round is small, so that parsing starts early and missing permissions are reported early
FIRST_ROUND = (100, 8 << 20)
ROUND = (20_000, 256 << 20)
_GROWTH = 4
# if so many objects are denied and none is fetched, the credentials are the reason, not the objects
_DENIALS = 20
_ATTEMPTS = 6
_PAUSE = 0.5
_PIECE_BYTES = 1 << 20
# S3 allows 2 KB of user metadata
_MOST_METADATA = 4 << 10

_OBJECT_ERRORS = {
    "NoSuchKey": "it was deleted after it was listed",
    "404": "it was deleted after it was listed",
    "PreconditionFailed": "it was replaced after it was listed; run the same command again",
    "412": "it was replaced after it was listed; run the same command again",
    "InvalidObjectState": "it is archived; restore it in S3 first",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """An object in the spool at `path`. `failure`: why it could not be fetched, if so."""

    object: S3Object
    path: Path
    metadata: dict[str, str] = field(default_factory=dict)
    failure: str | None = None


class _DownloadStopped(Exception):
    """The download of another object failed, which ended the round."""


def rounds(objects: Sequence[S3Object]) -> Iterator[list[S3Object]]:
    """Yield the objects in rounds of limited number and size, in the same order."""
    most, most_bytes = FIRST_ROUND
    round_: list[S3Object] = []
    size = 0
    for one in objects:
        if round_ and (len(round_) >= most or size + one.size > most_bytes):
            yield round_
            round_, size = [], 0
            most, most_bytes = min(most * _GROWTH, ROUND[0]), min(most_bytes * _GROWTH, ROUND[1])
        round_.append(one)
        size += one.size
    if round_:
        yield round_


def fetch_rounds(
    client: Client, objects: Sequence[S3Object], spool: Path, *, request_payer: bool = False
) -> Generator[list[Fetched]]:
    """Yield rounds of fetched objects; the spool has at most two. Raises AwsFailed, and OSError for the spool."""
    spool.mkdir(mode=0o700, exist_ok=True)
    _keep_only(spool, {spool_name(one) for one in objects})
    with _Fetcher(client, spool, request_payer) as fetcher:
        has_one = False
        for round_ in fetcher.prefetch(rounds(objects)):
            has_one = has_one or any(one.failure is None for one in round_)
            if not has_one and len(round_) >= _DENIALS and all(one.failure in fetcher.denials for one in round_):
                example = round_[0].object
                raise AwsFailed(
                    f"s3://{example.bucket} can be listed, but its objects cannot be read (such as {example.key}):"
                    f" {round_[0].failure}"
                )
            yield round_


def spool_name(one: S3Object) -> str:
    """Return the file name of an object in the spool: a hash of its bucket, key and ETag."""
    return hashlib.sha256(f"{one.bucket}\0{one.key}\0{one.etag}".encode()).hexdigest()[:40]


def metadata_path(path: Path) -> Path:
    """Return the path of the user metadata of an object in the spool, if it has any."""
    return path.with_name(f"{path.name}.metadata")


def _keep_only(spool: Path, names: set[str]) -> None:
    """Remove other objects, and incomplete downloads."""
    for path in spool.iterdir():
        if path.name.removesuffix(".metadata") not in names:
            path.unlink(missing_ok=True)


class _Fetcher:
    """Fetches objects in threads. `denials`: the reasons for objects that the credentials may not read."""

    def __init__(self, client: Client, spool: Path, request_payer: bool) -> None:
        self._client = client
        self._spool = spool
        self._payer = {"RequestPayer": "requester"} if request_payer else {}
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(DOWNLOADS, "download")
        self._rounds = ThreadPoolExecutor(1, "round")
        self.denials: set[str | None] = set()

    def __enter__(self) -> _Fetcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for pool in (self._rounds, self._pool):
            pool.shutdown(cancel_futures=True)

    def prefetch(self, objects: Iterator[list[S3Object]]) -> Iterator[list[Fetched]]:
        """Yield each round, and fetch the next one meanwhile."""
        following = self._rounds.submit(self._round, next(objects, []))
        while fetched := following.result():
            following = self._rounds.submit(self._round, next(objects, []))
            yield fetched

    def _round(self, round_: list[S3Object]) -> list[Fetched]:
        futures = [self._pool.submit(self._fetch, one) for one in round_]
        try:
            with convert_aws_errors("cannot fetch the logs"):
                return [future.result() for future in futures]
        finally:
            for future in futures:
                future.cancel()

    def _fetch(self, one: S3Object) -> Fetched:
        from botocore.exceptions import BotoCoreError, ClientError

        path = self._spool / spool_name(one)
        if path.exists() and path.stat().st_size == one.size:
            return Fetched(one, path, _read_metadata(path))
        for attempt in range(_ATTEMPTS):
            if self._stop.is_set():
                raise _DownloadStopped
            try:
                return Fetched(one, path, self._get(one, path))
            except ClientError as error:
                if reason := self._object_error(error):
                    return Fetched(one, path, failure=reason)
                raise
            except BotoCoreError as error:
                if not _is_broken_transfer(error):
                    raise
                failure = error
            time.sleep(_PAUSE * 2**attempt)
        return Fetched(one, path, failure=f"the download failed {_ATTEMPTS} times ({error_reason(failure)})")

    def _get(self, one: S3Object, path: Path) -> dict[str, str]:
        """Fetch an object into the spool, and return its metadata, which is written before the object gets its name."""
        answer = self._client.get_object(Bucket=one.bucket, Key=one.key, IfMatch=f'"{one.etag}"', **self._payer)
        temporary = path.with_name(f"{path.name}.new")
        with os.fdopen(create_private(temporary), "wb") as file:
            self._copy(answer["Body"], file)
        metadata = _bounded(answer.get("Metadata") or {})
        if metadata:
            with os.fdopen(create_private(metadata_path(path)), "w", encoding="utf-8") as file_of_metadata:
                file_of_metadata.write(json.dumps(metadata))
        if modified := answer.get("LastModified"):  # the effective time of an export
            os.utime(temporary, (modified.timestamp(), modified.timestamp()))
        temporary.rename(path)
        return metadata

    def _copy(self, body: Any, file: BinaryIO) -> None:
        while piece := body.read(_PIECE_BYTES):
            if self._stop.is_set():
                raise _DownloadStopped
            file.write(piece)

    def _object_error(self, error: Exception) -> str | None:
        """Return why this object cannot be fetched; None for an error that affects all objects."""
        if is_denied(error):
            self.denials.add(error_reason(error))
            return error_reason(error)
        return _OBJECT_ERRORS.get(error_code(error))


def _is_broken_transfer(error: Exception) -> bool:
    from botocore.exceptions import ConnectionClosedError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError

    return isinstance(error, ConnectionClosedError | IncompleteReadError | ReadTimeoutError | ResponseStreamingError)


def _bounded(metadata: dict[str, str]) -> dict[str, str]:
    return metadata if sum(len(key) + len(value) for key, value in metadata.items()) <= _MOST_METADATA else {}


def _read_metadata(path: Path) -> dict[str, str]:
    try:
        metadata: dict[str, str] = json.loads(read_regular(metadata_path(path)))
    except (OSError, ValueError):
        return {}
    return metadata
