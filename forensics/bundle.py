"""Bundle: an answer in one archive with everything that proves it, for somebody who has neither case nor program.

The source files of the proving events are read again from where they came and packed whole if their bytes are the same;
where that is not so, only the records are packed. What is inside can be checked with sha256sum and openssl, as
INSTRUCTIONS.txt says. The same contents give the same archive.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TypeVar

import duckdb

from forensics.answers import Evidence, Exported, to_json
from forensics.investigate.extract import extract
from forensics.investigate.tables import Row, rows
from forensics.verify_answer import PackedFile

T = TypeVar("T")

SUMS = "SHA256SUMS"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_PACKED_AT = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say; a bundle of the same contents is the same file
_MAX_SOURCE_BYTES = 1 << 30
_DAMAGED = (
    OSError,
    EOFError,
    KeyError,
    ValueError,
    NotImplementedError,
    RuntimeError,  # of a zip that says that it is encrypted
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)

_INSTRUCTIONS = """\
How to check this bundle with sha256sum, openssl, gzip and grep alone. Run the commands in the folder that it was
unpacked to. The files in sources/ are whole and as they were delivered, so they may hold session tokens: treat them as
secret.

1. Nothing in the bundle was changed since it was packed. Each file ends in OK:

    sha256sum --check SHA256SUMS

2. Each digest is signed. openssl says "Verified OK", and nothing is CHANGED. The text that is signed holds the hash of
   the digest, which is compared first. A digest without a .signature file proves nothing by itself:

    for signature in digests/*.signature; do
        digest=${signature%.signature}
        test "$(sed -n 3p "$digest.signed")" = "$(sha256sum < "$digest" | cut -d ' ' -f 1)" || echo "CHANGED $digest"
        openssl dgst -sha256 -verify "$digest.key.pem" -signature "$signature" "$digest.signed"
    done

3. Each log file is listed, with the hash of its uncompressed content, in one of these digests. Its name is printed
   beside that of the digest; nothing is NOT LISTED:

    for log in sources/*; do
        hash=$(gzip -dcf "$log" | sha256sum | cut -d ' ' -f 1)
        echo "$log: $(grep -l "$hash" digests/*.json || echo "NOT LISTED")"
    done

4. The public keys are the ones that AWS publishes. Compare the fingerprints that this prints with the output of
   `aws cloudtrail list-public-keys`, of an account that you trust, in the region and for the time of the digest:

    for key in digests/*.key.pem; do
        openssl rsa -pubin -in "$key" -RSAPublicKey_out -outform DER 2>/dev/null | md5sum | cut -d ' ' -f 1
    done

answer.json is the answer, report.html the page made of it. The events that they cite by eventID are in sources/ or,
where the file was not to be had any more, in records/ with secrets masked (record only: no digest proves those). What
the account itself said, which answer.json cites by the name of its file, is in exports/; no digest proves that either.
sources.json names every file that holds one of them, and says why a file is not here whole.
manifest.jsonl lists every file that the case was made of with its hashes, custody.jsonl what was done with the case,
provenance.json the hash over its contents and the head of that log.
"""
_INSTRUCTIONS_FOR_NO_DIGEST = """

There is no digest in this bundle: steps 2 to 4 have nothing to check, and nothing here proves that the files in
sources/ are as AWS delivered them.
"""


@dataclass(frozen=True, slots=True)
class Packed:
    """The files of a bundle by name, and what became of the sources."""

    files: Mapping[str, bytes | Path]
    sources: tuple[PackedFile, ...]
    digests: int
    signed_digests: int


def collect(connection: duckdb.DuckDBPyConnection, answer: object, files: Mapping[str, bytes | Path]) -> Packed:
    """The contents of a bundle of an answer; `files` are packed besides."""
    ids = sorted({event.event_id for event in _cited(answer, Evidence) if event.event_id})
    found = rows(connection, "bundle_sources", ids=ids)
    packed: dict[str, bytes | Path] = {**files, "answer.json": (to_json(answer) + "\n").encode()}
    sources: list[PackedFile] = []
    for number, row in enumerate(found, 1):
        path, why = _read_again(row)
        name = f"sources/{number:04d}-{_safe(row.name)}" if path else None
        if name and path:
            packed[name] = path
        sources.append(PackedFile(row.name, row.source_sha256, row.digest_status, name, why))
    gone = [one.source_sha256 for one in sources if one.packed_as is None]
    packed |= _records(connection, ids, gone) if gone else {}
    packed |= _exports(connection, answer)
    digests = rows(
        connection, "bundle_digests", digests=sorted({row.digest_sha256 for row in found if row.digest_sha256})
    )
    for row in digests:
        packed |= _digest(row)
    packed["sources.json"] = (to_json(sources) + "\n").encode()
    packed["INSTRUCTIONS.txt"] = (_INSTRUCTIONS + ("" if digests else _INSTRUCTIONS_FOR_NO_DIGEST)).encode()
    packed[SUMS] = _sums(packed)
    return Packed(packed, tuple(sources), len(digests), sum(row.signature is not None for row in digests))


def write(path: Path, files: Mapping[str, bytes | Path]) -> str:
    """Write the archive, private to its user, a zip if its name ends so, and its hash beside it. Gives the hash."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            if path.suffix == ".zip":
                _write_zip(file, files)
            else:
                _write_tar(file, files)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    sums_of(path).write_text(f"{sha256}  {path.name}\n")
    sums_of(path).chmod(0o600)
    return sha256


def sums_of(path: Path) -> Path:
    """The file beside a bundle that has its hash, as `sha256sum --check` reads it."""
    return path.with_name(f"{path.name}.sha256")


def hashes(path: Path) -> Iterator[tuple[str, str | None]]:
    """The files in an archive with their hashes. Raises ValueError where it is no archive, or a damaged one."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for info in archive.infolist():
                    with archive.open(info) as member:
                        yield info.filename, hashlib.file_digest(member, "sha256").hexdigest()  # type: ignore[arg-type]
        else:
            with tarfile.open(path, "r:gz") as archive_of_tar:
                for entry in archive_of_tar:
                    content = archive_of_tar.extractfile(entry)
                    yield entry.name, hashlib.file_digest(content, "sha256").hexdigest() if content else None  # type: ignore[arg-type]
            _inflate_to_the_end(path)
    except _DAMAGED as error:
        raise ValueError(str(error) or type(error).__name__) from None


def _inflate_to_the_end(path: Path) -> None:
    """The checksum of all stands behind the end of the archive, where a reader of its files stops."""
    with gzip.open(path) as stream:
        while stream.read(1 << 20):
            pass


def listed(path: Path) -> dict[str, str]:
    """What SHA256SUMS of an archive lists. Raises ValueError."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive, archive.open(SUMS) as member:
                text = member.read(64 << 20)
        else:
            with tarfile.open(path, "r:gz") as archive_of_tar:
                content = archive_of_tar.extractfile(SUMS)
                text = content.read(64 << 20) if content else b""
    except _DAMAGED as error:
        raise ValueError(str(error) or type(error).__name__) from None
    lines = text.decode("utf-8", "replace").splitlines()
    return {name: sha256 for line in lines for sha256, _, name in [line.partition("  ")]}


def _cited(answer: object, type_: type[T]) -> Iterator[T]:
    """Every event, or export, that an answer cites with its files, wherever it stands in it."""
    if isinstance(answer, type_):
        yield answer
    elif is_dataclass(answer) and not isinstance(answer, type):
        for one in fields(answer):
            yield from _cited(getattr(answer, one.name), type_)
    elif isinstance(answer, (list, tuple)):
        for item in answer:
            yield from _cited(item, type_)


def _exports(connection: duckdb.DuckDBPyConnection, answer: object) -> dict[str, bytes]:
    """The exports that an answer cites, as the case has them; no digest lists one."""
    names = sorted({name for said in _cited(answer, Exported) for name in said.source_files})
    found = rows(connection, "bundle_exports", names=names) if names else []
    return {f"exports/{number:04d}-{_safe(row.name)}": row.content for number, row in enumerate(found, 1)}


def _read_again(row: Row) -> tuple[Path | None, str | None]:
    """Where a source file still is as it was; else why only its records can be packed."""
    why = "record only: its source is gone"
    for name in row.paths:
        path = Path(name)
        if name.startswith("s3://"):
            why = "record only: it was read from S3; ingest a local copy of it, and it is packed whole"
            continue
        try:
            if not path.is_file():
                continue
            if path.stat().st_size > _MAX_SOURCE_BYTES:
                why = "record only: it is larger than 1 GiB"
                continue
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() == row.source_sha256:
                    return path, None
            why = "record only: its source was changed since it was read"
        except OSError as error:
            why = f"record only: its source cannot be read ({error.strerror})"
    return None, why


def _records(connection: duckdb.DuckDBPyConnection, ids: Sequence[str], gone: Sequence[str]) -> dict[str, bytes]:
    wanted = [row.event_id for row in rows(connection, "bundle_records", ids=ids, sources=gone)]
    originals = extract(connection, wanted, (), with_secrets=False).originals
    return {
        f"records/{number:04d}-{_safe(one.event_id or 'event')}.json": (to_json(one) + "\n").encode()
        for number, one in enumerate(originals, 1)
    }


def _digest(row: Row) -> dict[str, bytes]:
    name = f"digests/{row.digest_sha256[:8]}-{_safe(row.s3_object).removesuffix('.gz')}"
    name = name if name.endswith(".json") else f"{name}.json"
    files = {name: row.content, f"{name}.signed": row.signed_text}
    if row.signature is not None and row.der is not None:
        files |= {f"{name}.signature": row.signature, f"{name}.key.pem": _pem(row.der)}
    return files


def _pem(der: bytes) -> bytes:
    """A key as openssl reads it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

    return load_der_public_key(der).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _safe(name: str) -> str:
    """The last part of a name, without anything that a file system or a shell could take for more."""
    return _UNSAFE.sub("_", name.rpartition("/")[2])[-150:].lstrip(".-") or "file"


def _sums(files: Mapping[str, bytes | Path]) -> bytes:
    lines = []
    for name in sorted(files):
        with _opened(files[name]) as stream:
            lines.append(f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {name}\n")
    return "".join(lines).encode()


def _opened(content: bytes | Path) -> io.BufferedReader | io.BytesIO:
    return io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")


def _write_tar(file: io.BufferedRandom, files: Mapping[str, bytes | Path]) -> None:
    with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for name in sorted(files):
            with _opened(files[name]) as stream:
                entry = tarfile.TarInfo(name)
                entry.size = stream.seek(0, io.SEEK_END)
                entry.mode = 0o600
                stream.seek(0)
                archive.addfile(entry, stream)


def _write_zip(file: io.BufferedRandom, files: Mapping[str, bytes | Path]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _PACKED_AT)
            entry.external_attr = 0o600 << 16
            with _opened(files[name]) as stream, archive.open(entry, "w") as member:
                while piece := stream.read(1 << 20):
                    member.write(piece)
