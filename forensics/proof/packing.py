"""Packing: writes a bundle, an archive with an answer and its evidence, for readers without the case or this program.

The source files of the cited events are read again from their original paths, and packed whole if they are unchanged.
Otherwise, only their records are packed. INSTRUCTIONS.txt describes how to check a bundle with sha256sum and openssl.
Equal contents give equal archives.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from io import BufferedRandom
from pathlib import Path
from typing import TypeVar

import duckdb

from forensics.answers.canonical import to_json
from forensics.answers.core import Evidence, Exported
from forensics.answers.verify_answer import Bundle, PackedFile
from forensics.errors import CannotWrite
from forensics.files.path_text import as_text, on_disk
from forensics.files.private_file import check_place, private_binary
from forensics.files.regular_files import open_named, read_regular
from forensics.identifiers import Identifier
from forensics.investigate.bundle.proving_files import (
    DigestRow,
    SourceRow,
    digests_with,
    events_in,
    exports_named,
    sources_of,
)
from forensics.investigate.case.original_records import extract
from forensics.proof import bundle_archive as archive
from forensics.proof.bundle_archive import (
    MAX_BYTES,
    Content,
    DamagedArchive,
    PackedSourceChanged,
    Source,
    TooLarge,
    sha256_of,
    size_of,
)
from forensics.proof.origin import Origin

T = TypeVar("T")

SUMS = "SHA256SUMS"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_SUM = re.compile(rb"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)")
_MAX_SOURCE_BYTES = 1 << 30

_INSTRUCTIONS = """\
How to check this bundle with sha256sum, openssl, gzip and grep. Run the commands in the folder that it was unpacked to.
The files in sources/ are complete and unchanged, so they may contain session tokens: treat them as secret.

1. Check that no file was changed since the bundle was packed. Each line must end in OK:

    sha256sum --check SHA256SUMS

2. Check the signature of each digest. openssl must print "Verified OK", and no line may begin with CHANGED. The signed
   text contains the hash of the digest, which is compared first. A digest without a .signature file is not evidence:

    for signature in digests/*.signature; do
        digest=${signature%.signature}
        test "$(sed -n 3p "$digest.signed")" = "$(sha256sum < "$digest" | cut -d ' ' -f 1)" || echo "CHANGED $digest"
        openssl dgst -sha256 -verify "$digest.key.pem" -signature "$signature" "$digest.signed"
    done

3. Check that each log file is listed in one of these digests, by the hash of its uncompressed content. Each line must
   name a digest, and none may contain NOT LISTED:

    for log in sources/*; do
        hash=$(gzip -dcf "$log" | sha256sum | cut -d ' ' -f 1)
        echo "$log: $(grep -l "$hash" digests/*.json || echo "NOT LISTED")"
    done

4. Check that the public keys are those of AWS. Compare the printed fingerprints with the output of `aws cloudtrail
   list-public-keys`, run in an account that you trust, for the region and time of the digest:

    for key in digests/*.key.pem; do
        openssl rsa -pubin -in "$key" -RSAPublicKey_out -outform DER 2>/dev/null | md5sum | cut -d ' ' -f 1
    done

answer.json contains the answer, and report.html shows it. The events that they cite by eventID are in sources/. If a
source file was not available any more, its events are in records/, with secrets masked; digests do not cover records/.
The exports of the account that answer.json cites by file name are in exports/; digests do not cover exports/ either.
sources.json lists every source file of a cited event, and why a file is not packed whole. manifest.jsonl lists every
file of the case with its hashes. custody.jsonl is the log of all commands on the case. provenance.json contains the
hash of the case's contents and the head of that log.
"""
_INSTRUCTIONS_FOR_NO_DIGEST = """

There is no digest in this bundle: skip steps 2 to 4. It is not verified that the files in sources/ are as AWS delivered
them.
"""


@dataclass(frozen=True, slots=True)
class Packed:
    """The files of a bundle by name, and its source files, packed or not."""

    files: Mapping[str, Content]
    sources: tuple[PackedFile, ...]
    digests: int
    signed_digests: int


def pack(origin: Origin, identifier: Identifier, place: Path, *, replace: bool) -> Bundle:
    """Write the page on an access key and its evidence to `place`, and the hash of the archive to a file beside it.

    Raises:
        CannotWrite: the archive cannot be written, or a source file changed while it was packed.
        ChangedLake, ChangedRecord: the case was changed.
    """
    for file in (place, sums_of(place)):
        check_place(file, replace=replace)
    packed = _packed(origin, identifier)
    try:
        with private_binary(place, replace=replace) as archive:
            sha256 = write(archive, packed, as_zip=place.suffix == ".zip")
    except (TooLarge, PackedSourceChanged) as error:
        raise CannotWrite(f"nothing was written: {error}") from None
    with private_binary(sums_of(place), replace=replace) as sums:
        sums.write(b"%b  %b\n" % (sha256.encode(), os.fsencode(place.name)))
    return Bundle(
        identifier.id,
        as_text(place),
        sha256,
        len(packed.files),
        packed.sources,
        packed.digests,
        packed.signed_digests,
        origin.log.head,
    )


def _packed(origin: Origin, identifier: Identifier) -> Packed:
    layout = origin.layout
    log = {"custody.jsonl": read_regular(layout.custody)} if layout.custody.exists() else {}
    return collect(
        origin.connected(),
        origin.key(identifier),
        {
            "report.html": origin.page(origin.report(identifier)),
            "manifest.jsonl": read_regular(layout.manifest),
            "provenance.json": (to_json(origin.state) + "\n").encode(),
            **log,
        },
    )


def collect(connection: duckdb.DuckDBPyConnection, answer: object, files: Mapping[str, Content]) -> Packed:
    """Return the contents of a bundle: an answer, its evidence, and `files`."""
    ids = {event.event_id for event in _cited(answer, Evidence) if event.event_id}
    found = sources_of(connection, ids)
    packed: dict[str, Content] = {**files, "answer.json": answer_file(answer)}
    sources: list[PackedFile] = []
    room = MAX_BYTES - sum(map(size_of, files.values())) - _MAX_SOURCE_BYTES  # the last for the files below
    for number, row in enumerate(found, 1):
        source, why = _read_again(row, room)
        name = f"sources/{number:04d}-{_safe(row.name)}" if source else None
        if name and source:
            packed[name] = source
            room -= source.bytes
        sources.append(PackedFile(row.name, row.source_sha256, row.digest_status, name, why))
    gone = [one.source_sha256 for one in sources if one.packed_as is None]
    packed |= _records(connection, ids, gone) if gone else {}
    packed |= _exports(connection, answer)
    digests = digests_with(connection, {row.digest_sha256 for row in found if row.digest_sha256})
    for digest in digests:
        packed |= _digest(digest)
    packed["sources.json"] = (to_json(sources) + "\n").encode()
    packed["INSTRUCTIONS.txt"] = (_INSTRUCTIONS + ("" if digests else _INSTRUCTIONS_FOR_NO_DIGEST)).encode()
    packed[SUMS] = _sums(packed)
    return Packed(packed, tuple(sources), len(digests), sum(one.signature is not None for one in digests))


def answer_file(answer: object) -> bytes:
    """Return the content of answer.json."""
    return (to_json(answer) + "\n").encode()


def write(file: BufferedRandom, packed: Packed, *, as_zip: bool) -> str:
    """Write the archive and return its SHA-256. Raises TooLarge, PackedSourceChanged, OSError."""
    archive.write(file, packed.files, as_zip=as_zip)
    file.flush()
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def sums_of(path: Path) -> Path:
    """Return the path of the file beside a bundle that contains its hash, in the format of `sha256sum --check`."""
    return path.with_name(f"{path.name}.sha256")


def listed(sums: bytes) -> dict[str, str]:
    """Return the hashes in SHA256SUMS by name. Raises DamagedArchive for an invalid line."""
    found: dict[str, str] = {}
    for number, line in enumerate(sums.split(b"\n")[:-1], 1):
        parts = _SUM.fullmatch(line)
        if parts is None or (name := parts[2].decode("ascii")) in found:
            raise DamagedArchive(f"line {number:,} of {SUMS} is not a hash and the name of a file, or repeats one")
        found[name] = parts[1].decode("ascii")
    return found


def _cited(answer: object, type_: type[T]) -> Iterator[T]:
    """Yield every `Evidence` or `Exported` in an answer, at any depth."""
    if isinstance(answer, type_):
        yield answer
    elif is_dataclass(answer) and not isinstance(answer, type):
        for one in fields(answer):
            yield from _cited(getattr(answer, one.name), type_)
    elif isinstance(answer, (list, tuple)):
        for item in answer:
            yield from _cited(item, type_)


def _exports(connection: duckdb.DuckDBPyConnection, answer: object) -> dict[str, bytes]:
    """Return the exports that an answer cites, from the case."""
    found = exports_named(connection, {name for said in _cited(answer, Exported) for name in said.source_files})
    return {f"exports/{number:04d}-{_safe(row.name)}": row.content for number, row in enumerate(found, 1)}


def _read_again(row: SourceRow, room: int) -> tuple[Source | None, str | None]:
    """Return an unchanged source file, or None and why only its records can be packed.

    The paths come from the manifest, which may be attacker-controlled. The hash limits the damage: a file is packed
    only if the author of the manifest already knew its hash.
    """
    why = "record only: its source file is missing"
    for name in row.paths:
        if name.startswith("s3://"):
            why = "record only: it was read from S3; ingest a local copy to pack the whole file"
            continue
        try:
            with open_named(Path(on_disk(name))) as file:
                size = os.fstat(file.fileno()).st_size
                if size > min(_MAX_SOURCE_BYTES, room):
                    why = "record only: it is larger than 1 GiB, or the bundle is full"
                elif hashlib.file_digest(file, "sha256").hexdigest() == row.source_sha256:
                    return Source(Path(on_disk(name)), size, row.source_sha256), None
                else:
                    why = "record only: its source file was changed since it was read"
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            why = f"record only: its source file cannot be read ({error.strerror})"
        except ValueError:  # a path with a NUL
            why = "record only: its path is invalid"
    return None, why


def _records(connection: duckdb.DuckDBPyConnection, ids: Collection[str], gone: Collection[str]) -> dict[str, bytes]:
    originals = extract(connection, events_in(connection, ids, gone), (), with_secrets=False).originals
    return {
        f"records/{number:04d}-{_safe(one.event_id or 'event')}.json": (to_json(one) + "\n").encode()
        for number, one in enumerate(originals, 1)
    }


def _digest(row: DigestRow) -> dict[str, bytes]:
    name = f"digests/{row.digest_sha256[:8]}-{_safe(row.s3_object).removesuffix('.gz')}"
    name = name if name.endswith(".json") else f"{name}.json"
    files = {name: row.content, f"{name}.signed": row.signed_text}
    if row.signature is not None and row.der is not None:
        files |= {f"{name}.signature": row.signature, f"{name}.key.pem": _pem(row.der)}
    return files


def _pem(der: bytes) -> bytes:
    """Return a public key in PEM, as openssl reads it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

    return load_der_public_key(der).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _safe(name: str) -> str:
    """Return the last part of a path without characters that are special to file systems or shells."""
    return _UNSAFE.sub("_", name.rpartition("/")[2])[-150:].lstrip(".-") or "file"


def _sums(files: Mapping[str, Content]) -> bytes:
    return "".join(f"{sha256_of(files[name])}  {name}\n" for name in sorted(files)).encode()
