"""Digests: digest files as CloudTrail delivers them, signed with generated keys.

A chain has one digest an hour, also for hours without a log file. Source of the signed text and the members: CloudTrail
user guide, "Digest file structure" and "Custom implementations of log file integrity validation".
"""

from __future__ import annotations

import gzip
import hashlib
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .principals import Json

START = datetime(2026, 10, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
BUCKET = "trail-bucket"


@dataclass(frozen=True, slots=True)
class Object:
    """An object in a bucket. `body`: gzipped; `metadata`: its S3 metadata."""

    key: str
    content: bytes
    metadata: tuple[tuple[str, str], ...] = ()

    @property
    def body(self) -> bytes:
        return gzip.compress(self.content, mtime=0)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def signature(self) -> str:
        return dict(self.metadata)["signature"]


@dataclass(frozen=True, slots=True)
class Signer:
    """The key pair of one region."""

    key: RSAPrivateKey

    @property
    def der(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)

    @property
    def fingerprint(self) -> str:
        return hashlib.md5(self.der, usedforsecurity=False).hexdigest()

    def sign(self, text: bytes) -> str:
        return self.key.sign(text, PKCS1v15(), SHA256()).hex()


def signer(name: str = "AWS") -> Signer:
    """Return a key pair; the same one for the same name."""
    return _signer(name)


@cache
def _signer(_name: str) -> Signer:
    return Signer(generate_private_key(65537, 2048))


def public_keys(*signers: Signer) -> Json:
    """Return the response of ListPublicKeys."""
    return {
        "PublicKeyList": [
            {
                "Value": b64encode(one.der).decode(),
                "ValidityStartTime": "2026-01-01T00:00:00+00:00",
                "ValidityEndTime": "2027-01-01T00:00:00+00:00",
                "Fingerprint": one.fingerprint,
            }
            for one in signers
        ]
    }


@dataclass(frozen=True, slots=True)
class TrailOfDigests:
    """The trail of a chain of digests."""

    account_id: str = "111111111111"
    region: str = "us-east-1"
    name: str = "main"
    home_region: str = "us-east-1"
    backfill: bool = False
    bucket: str = BUCKET

    def digest_key(self, end: datetime) -> str:
        folder = f"AWSLogs/{self.account_id}/CloudTrail-Digest/{self.region}/{end:%Y/%m/%d}"
        tail = "_backfill" if self.backfill else ""
        name = f"{self.account_id}_CloudTrail-Digest_{self.region}_{self.name}_{self.home_region}_{end:%Y%m%dT%H%M%SZ}"
        return f"{folder}/{name}{tail}.json.gz"

    def log_key(self, end: datetime, number: int) -> str:
        folder = f"AWSLogs/{self.account_id}/CloudTrail/{self.region}/{end:%Y/%m/%d}"
        mark = hashlib.sha256(f"{self}{end}{number}".encode()).hexdigest()[:16]
        return f"{folder}/{self.account_id}_CloudTrail_{self.region}_{end:%Y%m%dT%H%MZ}_{mark}.json.gz"


def log(
    trail: TrailOfDigests, end: datetime, number: int = 0, records: Sequence[Mapping[str, object]] | None = None
) -> Object:
    """Return a log file delivered in the hour that ends at `end`."""
    if records is None:
        records = [
            {
                "eventVersion": "1.08",
                "eventID": f"{trail.name}-{trail.region}-{end:%d%H}-{number}",
                "eventTime": (end - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "eventSource": "sts.amazonaws.com",
                "eventName": "GetCallerIdentity",
                "awsRegion": trail.region,
                "recipientAccountId": trail.account_id,
                "userIdentity": {
                    "type": "IAMUser",
                    "principalId": "AIDAIIIIIIIIIIIIIIIII",
                    "arn": f"arn:aws:iam::{trail.account_id}:user/alice",
                    "accountId": trail.account_id,
                    "accessKeyId": "AKIAIIIIIIIIIIIIIIII",
                    "userName": "alice",
                },
            }
        ]
    return Object(trail.log_key(end, number), json.dumps({"Records": records}).encode())


def digest(trail: TrailOfDigests, end: datetime, logs: Sequence[Object], before: Object | None, by: Signer) -> Object:
    """Return the digest of the hour that ends at `end`. `before`: the previous digest of the chain, if any."""
    times = [(record["eventTime"], one) for one in logs for record in json.loads(one.content)["Records"]]
    document = {
        "awsAccountId": trail.account_id,
        "digestStartTime": (end - HOUR).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "digestEndTime": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "digestS3Bucket": trail.bucket,
        "digestS3Object": trail.digest_key(end),
        "digestPublicKeyFingerprint": by.fingerprint,
        "digestSignatureAlgorithm": "SHA256withRSA",
        "newestEventTime": max((time for time, _ in times), default=None),
        "oldestEventTime": min((time for time, _ in times), default=None),
        "previousDigestS3Bucket": trail.bucket if before else None,
        "previousDigestS3Object": before.key if before else None,
        "previousDigestHashValue": before.sha256 if before else None,
        "previousDigestHashAlgorithm": "SHA-256" if before else None,
        "previousDigestSignature": before.signature if before else None,
        "logFiles": [
            {
                "s3Bucket": trail.bucket,
                "s3Object": one.key,
                "hashValue": one.sha256,
                "hashAlgorithm": "SHA-256",
                "newestEventTime": max(time for time, of in times if of is one),
                "oldestEventTime": min(time for time, of in times if of is one),
            }
            for one in logs
        ],
    }
    return signed(document, by, trail.backfill)


def signed(document: Json, by: Signer, backfill: bool = False) -> Object:
    """Return a digest with its signature in the metadata."""
    content = json.dumps(document).encode()
    text = "\n".join(
        [
            document["digestEndTime"],
            f"{document['digestS3Bucket']}/{document['digestS3Object']}",
            hashlib.sha256(content).hexdigest(),
            document["previousDigestSignature"] or "null",
        ]
    )
    metadata = [("signature", by.sign(text.encode())), ("signature-algorithm", "SHA256withRSA")]
    if backfill:
        metadata.append(("backfill-generation-timestamp", document["digestEndTime"]))
    return Object(document["digestS3Object"], content, tuple(metadata))


@dataclass(frozen=True, slots=True)
class Chain:
    """Hours of one trail: its digests, oldest first, and their listed log files."""

    trail: TrailOfDigests
    digests: tuple[Object, ...]
    logs: tuple[tuple[Object, ...], ...]

    @property
    def objects(self) -> tuple[Object, ...]:
        return (*self.digests, *(one for hour in self.logs for one in hour))


def chain(
    hours: Sequence[int] = (1, 2, 0, 1, 1),
    trail: TrailOfDigests | None = None,
    by: Signer | None = None,
    start: datetime = START,
    records: Mapping[int, Sequence[Mapping[str, object]]] | None = None,
) -> Chain:
    """Return a chain of hours with the given numbers of log files. `records`: of the first file of some hours."""
    trail, by = trail or TrailOfDigests(), by or signer()
    digests: list[Object] = []
    logs: list[tuple[Object, ...]] = []
    for index, number in enumerate(hours):
        end = start + (index + 1) * HOUR
        files = tuple(log(trail, end, one, (records or {}).get(index) if one == 0 else None) for one in range(number))
        digests.append(digest(trail, end, files, digests[-1] if digests else None, by))
        logs.append(files)
    return Chain(trail, tuple(digests), tuple(logs))


def chains_over(files: Sequence[Object], name: str = "org-trail", by: Signer | None = None) -> tuple[Chain, ...]:
    """Return digests for delivered log files, one chain for each account and region."""
    places: dict[tuple[str, str], list[Object]] = {}
    for file in files:
        account, _, region = file.key.split("/")[-7:-4]
        places.setdefault((account, region), []).append(file)
    chains = []
    for (account, region), found in sorted(places.items()):
        trail = TrailOfDigests(account, region, name)
        end = min(map(_delivered_at, found)).replace(minute=0) + HOUR
        digests: list[Object] = []
        logs: list[tuple[Object, ...]] = []
        while sum(map(len, logs)) < len(found):
            listed = tuple(one for one in found if end - HOUR <= _delivered_at(one) < end)
            digests.append(digest(trail, end, listed, digests[-1] if digests else None, by or signer()))
            logs.append(listed)
            end += HOUR
        chains.append(Chain(trail, tuple(digests), tuple(logs)))
    return tuple(chains)


def _delivered_at(one: Object) -> datetime:
    return datetime.strptime(one.key.rsplit("_", 2)[1], "%Y%m%dT%H%MZ").replace(tzinfo=UTC)


def with_other_content(one: Object, content: bytes) -> Object:
    return replace(one, content=content)


def write_objects(objects: Sequence[Object], folder: Path, *, heads: Sequence[Object] = ()) -> Path:
    """Write objects like a copy of a bucket, without metadata. `heads`: objects whose metadata is saved beside them."""
    for one in objects:
        path = folder / one.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(one.body)
    for one in heads:
        path = folder / f"{one.key}.head.json"
        path.write_text(json.dumps({"AcceptRanges": "bytes", "ETag": '"e"', "Metadata": dict(one.metadata)}))
    return folder


def write_keys(folder: Path, *signers: Signer) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "public_keys.json"
    path.write_text(json.dumps(public_keys(*signers)))
    return path
