"""Verify answer: the verification of log files by digests, and of cases, reports and bundles by their hashes."""

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
"""The limit of the hashes in a case; part of every answer that reports a case as unchanged."""


class FileStatus(StrEnum):
    """The result of the verification of a file by digests."""

    SIGNED = "signed"
    HASH_CHAINED = "hash-chained"
    UNVERIFIED = "unverified"
    UNLISTED = "unlisted"
    CHANGED = "changed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """A log file or digest.

    `name` is null for a missing file. `moved`: whether it is not at the bucket and key that AWS delivered it to; null
    if its own are unknown. `digest`: the object that lists it, if any.
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
    """Consecutive delivery windows with the same status.

    `complete`: every file that the digests list is loaded and unchanged. `verified`: the windows are complete, and the
    digests are verified. The event times (UTC) are those of the listed files.
    """

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
    """A break in a chain of digests.

    `kind`: gap (at least `at_least` digests are missing), restart (a new chain begins), beginning (the oldest loaded
    digest; `s3_object`, if any, is the one before it), or fork.
    """

    kind: str
    from_: datetime | None
    to: datetime
    s3_object: str | None
    at_least: int


@dataclass(frozen=True, slots=True)
class DigestChain:
    """The digests of one trail for one account and region. A backfill is a separate chain."""

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
    """Digests for whose region and time there is another digest, signed with a different key."""


@dataclass(frozen=True, slots=True)
class UsedKey:
    """A public key, the file that it was loaded from, the number of digests that it verifies, or why it was refused."""

    fingerprint: str
    source: str
    digests: int
    refused: str | None


@dataclass(frozen=True, slots=True)
class CustodyEntry:
    """One command on a case.

    `answer_sha256`: null if the command returned no answer. `state`: the hashes of the parts of the case, if the
    command changed them. `sha256`: the hash of this entry. `previous`: the hash of the entry before it.
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
    """The custody log of a case. `head`: the hash of its last entry, which covers all others. `note`: its limits."""

    head: str | None
    entries: tuple[CustodyEntry, ...]
    problems: tuple[Problem, ...]
    note: str = RESEALING


@dataclass(frozen=True, slots=True)
class Problem:
    """A part that was changed or is missing: where it is, and what is wrong."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Seal:
    """A signature of a head of the custody log with an SSH key. `statement` is the signed line.

    `number`: the entry whose hash is the head. `file`: the signature in the case; null if it could not be written.
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
    """A valid signature of the log up to entry `number`. `signer`: the name in the allowed signers file.

    `later_entries`: the number of entries after it, which it does not cover. `later_changes`: how many of them added
    logs or exports to the case.
    """

    file: str
    signer: str
    number: int
    later_entries: int
    later_changes: int


@dataclass(frozen=True, slots=True)
class Integrity:
    """The check that a case is unchanged since its last command.

    `custody_head`: the hash of the last entry of the log. `case_fingerprint`: one hash over events and source files;
    null if the case cannot be read. `note`: the limits of the check. `seal`: the valid signature, if one was required;
    `seal_problem`: why there is none. `leftovers`: files of killed commands, which no answer reads.
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
    """The verification of log files by digests, its limits, and for a case its integrity.

    `logs`, `digests`: the number of files by status. `skipped`: entries of the folder that were not opened, such as
    links out of it, with the reason.
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
        """Return what is wrong, in one line; None if every check passed."""
        wrong = [
            f"{number:,} {what} {status}"
            for what, counts in (("log file(s)", self.logs), ("digest(s)", self.digests))
            for status in (FileStatus.UNLISTED, FileStatus.CHANGED, FileStatus.MISSING)
            if (number := counts.get(status, 0))
        ]
        gaps = sum(one.kind in ("gap", "restart", "fork") for chain in self.chains for one in chain.breaks)
        wrong += [f"{gaps:,} break(s) in the digest chains"] if gaps else []
        contested = sum(chain.contested for chain in self.chains)
        wrong += [f"{contested:,} digest(s) of one region and time signed with different keys"] if contested else []
        if not self.chains and self.integrity is None:
            wrong.append("no digest files were loaded, so nothing is proven")
        problems = len(self.integrity.problems) if self.integrity else 0
        wrong += [f"{problems:,} part(s) of the case were changed or are missing"] if problems else []
        if self.integrity and self.integrity.seal_problem:
            wrong.append(f"no valid signature of the custody log: {self.integrity.seal_problem}")
        return ", ".join(wrong) or None


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of an event. `position`: the index of its record in the file, from 0.

    `may_differ`: the event has conflicting copies, and this may be one of them.
    """

    source_file: str | None = field(metadata=LOCAL)
    source_sha256: str
    position: int
    digest_status: str | None
    may_differ: bool = False


@dataclass(frozen=True, slots=True)
class ConflictingRecord:
    """A copy of an event that differs from the stored record in the members `differs_in`.

    `delivery`: as AWS wrote it, wrapped by another product, or rebuilt from its fields. Secrets are masked as in the
    stored record.
    """

    record: str
    record_sha256: str
    delivery: str
    differs_in: str | None


@dataclass(frozen=True, slots=True)
class Original:
    """A record as it was delivered.

    `record_sha256`: the hash of its bytes. `is_masked`: each secret in `record` was replaced by the hash of its value.
    `is_exact`: false if bytes that are not UTF-8 were replaced. `conflicts`: copies with other content; an event whose
    copies differ where it matters is not evidence.
    """

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
    """The records of some events, and the IDs of events that are not loaded."""

    originals: tuple[Original, ...]
    not_found: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A source file of cited events. `packed_as`: its name in the bundle; null if only its records are packed, and
    `why`: the reason.
    """

    source_file: str = field(metadata=LOCAL)
    source_sha256: str
    digest_status: str | None
    packed_as: str | None
    why: str | None


@dataclass(frozen=True, slots=True)
class Bundle:
    """An archive with an answer and its evidence."""

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
    """The check of a report or bundle.

    `right`: confirmed statements. `problems`: differences, and parts that could not be compared. `notes`: the limits of
    the check.
    """

    subject: str
    right: tuple[str, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()
