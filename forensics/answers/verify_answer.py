"""Verify: what digests prove of the files of a case or folder, and whether a case or bundle is as it was left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from forensics.answers.core import LOCAL
from forensics.answers.ingest_answer import Unread

RESEALING = (
    "anyone who can write the case can change it and compute these hashes again; to detect that, compare the log with a"
    " head that you kept elsewhere (verify --head), or check a signature (verify --allowed-signers)"
)
"""The limit of the hashes in a case; part of each answer that calls a case unchanged."""


class FileStatus(StrEnum):
    """How far a file is proven to be what AWS wrote."""

    SIGNED = "signed"
    HASH_CHAINED = "hash-chained"
    UNVERIFIED = "unverified"
    UNLISTED = "unlisted"
    CHANGED = "changed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """A log file or digest. `moved`: it lies elsewhere than AWS put it; None where its bucket and key are not known.

    `name` is None for one that is missing. `digest`: the object that lists it, or None.
    """

    name: str | None
    kind: str
    status: FileStatus
    is_proven: bool
    moved: bool | None
    s3_bucket: str | None
    s3_object: str | None
    digest: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Windows:
    """Delivery windows, one after the other, that are alike. `complete`: every delivered file is here and unchanged,
    as the digests say; `verified`: and the digests are proven. The event times are those of the listed files."""

    from_: datetime
    to: datetime
    windows: int
    status: FileStatus
    complete: bool
    verified: bool
    files: int
    unchanged: int
    changed: int
    missing: int
    first_event_time: datetime | None
    last_event_time: datetime | None


@dataclass(frozen=True, slots=True)
class ChainBreak:
    """Where a chain does not go on: `gap` (digests are missing, at least so many), `restart` (it begins anew),
    `beginning` (the oldest digest that is here; `s3_object`, if any, is the one before it), `fork`."""

    kind: str
    from_: datetime | None
    to: datetime
    s3_object: str | None
    at_least: int


@dataclass(frozen=True, slots=True)
class DigestChain:
    """The digests of one trail for one account and region; a backfill is a chain of its own."""

    account_id: str
    aws_region: str
    trail: str
    home_region: str
    backfill: bool
    digests: Mapping[str, int]
    from_: datetime
    to: datetime
    breaks: tuple[ChainBreak, ...]
    windows: tuple[Windows, ...]
    contested: int = 0
    """Digests whose region and time have another digest, signed with another key."""


@dataclass(frozen=True, slots=True)
class UsedKey:
    """A public key: which file brought it, how many digests it proves, and if it was refused, why."""

    fingerprint: str
    source: str
    digests: int
    refused: str | None


@dataclass(frozen=True, slots=True)
class CustodyEntry:
    """One command on a case: when, by whom, with which version, parameters and, if it answered, hash of its answer.

    `state`: the hashes of what the case consists of, where the command changed it. `sha256` is of the entry itself,
    `previous` that of the one before.
    """

    number: int
    time: str
    by: str
    version: str
    command: str
    parameters: Mapping[str, object]
    answer_sha256: str | None
    state: Mapping[str, object] | None
    previous: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Custody:
    """The log of a case. `head`: the hash of its last entry, which proves all of it. `note`: what it does not prove."""

    head: str | None
    entries: tuple[CustodyEntry, ...]
    problems: tuple[Problem, ...]
    note: str = RESEALING


@dataclass(frozen=True, slots=True)
class Problem:
    """What is not as it was left: where, and what is wrong with it."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Seal:
    """A head of the custody log, signed with an SSH key. `statement` is the line that is signed.

    `number`: the entry whose hash the head is. `file`: where the signature is kept in the case, None if it is not.
    """

    case_id: str
    number: int
    head: str
    statement: str
    namespace: str
    signature: str
    file: str | None = field(metadata=LOCAL)


@dataclass(frozen=True, slots=True)
class CheckedSeal:
    """A valid signature: up to entry `number`, the log is as its signer had it. `signer`: as FILE names them.

    `later_entries` were added after it and are not signed; `later_changes` of them added to the case.
    """

    file: str
    signer: str
    number: int
    later_entries: int
    later_changes: int


@dataclass(frozen=True, slots=True)
class Integrity:
    """Whether a case is as the last command left it. `custody_head`: the hash that proves the whole log.

    `case_fingerprint`: one hash over events and sources; None where the case cannot be read. `note`: what the result
    does not prove. `seal`: the valid signature, if one was asked for; `seal_problem`: why there is none. `leftovers`:
    files that a killed command left; no answer reads them.
    """

    lake_files: int
    custody_entries: int
    custody_head: str | None
    case_fingerprint: str | None
    problems: tuple[Problem, ...]
    note: str = RESEALING
    seal: CheckedSeal | None = None
    seal_problem: str | None = None
    leftovers: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """What digests prove, and what they cannot; for a case also its integrity. Counts are of files by status.

    `skipped`: entries of the folder that were not opened, such as links that leave it, with the reason.
    """

    subject: str
    logs: Mapping[str, int]
    digests: Mapping[str, int]
    moved: int | None
    chains: tuple[DigestChain, ...]
    public_keys: tuple[UsedKey, ...]
    files: tuple[VerifiedFile, ...]
    limits: tuple[str, ...]
    integrity: Integrity | None
    skipped: tuple[Unread, ...] = ()

    @property
    def complaint(self) -> str | None:
        """What is wrong, in one line; None if all that can be checked is as AWS and the case's user left it."""
        wrong = [
            f"{number:,} {what} {status}"
            for what, counts in (("log file(s)", self.logs), ("digest(s)", self.digests))
            for status in (FileStatus.UNLISTED, FileStatus.CHANGED, FileStatus.MISSING)
            if (number := counts.get(status, 0))
        ]
        gaps = sum(one.kind in ("gap", "restart", "fork") for chain in self.chains for one in chain.breaks)
        wrong += [f"{gaps:,} break(s) in the chains"] if gaps else []
        contested = sum(chain.contested for chain in self.chains)
        wrong += [f"{contested:,} digest(s) of one region and time signed with different keys"] if contested else []
        if not self.chains and self.integrity is None:
            wrong.append("there is no digest, so nothing is proven")
        problems = len(self.integrity.problems) if self.integrity else 0
        wrong += [f"{problems:,} part(s) of the case are not as they were left"] if problems else []
        if self.integrity and self.integrity.seal_problem:
            wrong.append(f"no valid signature of the custody log: {self.integrity.seal_problem}")
        return ", ".join(wrong) or None


@dataclass(frozen=True, slots=True)
class Copy:
    """Where a copy of an event lies: `position` counts the records of the file from 0.

    `may_differ`: it is of an event with conflicts, and may be the record or one of these.
    """

    source_file: str | None = field(metadata=LOCAL)
    source_sha256: str
    position: int
    digest_status: str | None
    may_differ: bool = False


@dataclass(frozen=True, slots=True)
class ConflictingRecord:
    """What a copy of an event says that differs from the record that stands for it; `differs_in`: in which members.

    `delivery`: as AWS wrote it, wrapped by another product, or rebuilt from its fields. Masked as the record is.
    """

    record: str
    record_sha256: str
    delivery: str
    differs_in: str | None


@dataclass(frozen=True, slots=True)
class Original:
    """A record as it was delivered. `record_sha256` is of its bytes; `is_masked`: secrets in `record` were replaced,
    each by the hash of its value. Bytes that are no UTF-8 are replaced too, and `is_exact` is false then. `conflicts`:
    what other copies say instead; an event whose copies differ where it matters proves nothing."""

    event_id: str | None
    recipient_account_id: str | None
    record: str
    record_sha256: str
    is_masked: bool
    is_exact: bool
    copies: tuple[Copy, ...]
    conflicts: tuple[ConflictingRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Extract:
    """The originals of some events, and the IDs that no loaded event has."""

    originals: tuple[Original, ...]
    not_found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file that holds proving events. `packed_as`: its name in the bundle; null where only its records are there,
    and `why` says so."""

    source_file: str = field(metadata=LOCAL)
    source_sha256: str
    digest_status: str | None
    packed_as: str | None
    why: str | None


@dataclass(frozen=True, slots=True)
class Bundle:
    """An archive with an answer and what proves it."""

    subject: str
    path: str = field(metadata=LOCAL)
    sha256: str
    files: int
    sources: tuple[PackedFile, ...]
    digests: int
    signed_digests: int
    custody_head: str | None


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a report or bundle is what a case gives: what was confirmed, what failed or could not be compared.

    `notes`: what the result does not prove.
    """

    subject: str
    right: tuple[str, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()
