"""Chain: verifies digests from the newest to the oldest.

A valid signature proves a digest, whether it was read from the S3 metadata of the digest or from its successor. Without
a key or a signature, the hash in the successor links a digest to the newest one, which is then unverified itself. Each
digest is visited once, so a cycle ends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from forensics.answers.verify_answer import FileStatus
from forensics.digests.digest import ChainName, Digest, S3Place
from forensics.digests.keyring import PublicKey


class BreakKind(StrEnum):
    """Reason for a break in a chain.

    GAP: the previous digest is missing. RESTART: the digest names no predecessor although older digests exist.
    BEGINNING: the oldest digest. FORK: another digest has the same predecessor.
    """

    GAP = "gap"
    RESTART = "restart"
    BEGINNING = "beginning"
    FORK = "fork"


@dataclass(frozen=True, slots=True)
class Judged:
    """A digest with its status.

    Args:
        is_proven: a valid signature proves it, or its hash is in a proven digest.
        signature: the valid signature.
        proven_by: the fingerprint of the key that proves it.
    """

    digest: Digest
    status: FileStatus
    is_proven: bool
    reason: str
    signature: bytes | None = None
    proven_by: str | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """A break in a chain of digests.

    Args:
        start: the end of the older part in UTC, or None without an older part.
        end: the start of the newer part, UTC.
        missing: the digest that the newer part names as its predecessor.
        at_least: minimum number of missing digests, by the length of the next window.
    """

    chain: ChainName
    kind: BreakKind
    start: datetime | None
    end: datetime
    missing: S3Place | None
    at_least: int


def judge(
    digests: Iterable[Digest], signatures: Mapping[str, Sequence[bytes]], keys: Mapping[str, PublicKey]
) -> tuple[list[Judged], list[Break]]:
    """Return all digests with their status, and all breaks of their chains.

    Args:
        signatures: signatures from S3 metadata, by the SHA-256 of the digest.
        keys: public keys by fingerprint.
    """
    chains: defaultdict[ChainName, list[Digest]] = defaultdict(list)
    for digest in digests:
        chains[digest.chain].append(digest)
    judged: list[Judged] = []
    breaks: list[Break] = []
    for name in sorted(chains):
        walked = _Chain(chains[name])
        judged += walked.judged(signatures, keys)
        breaks += walked.breaks()
    return judged, breaks


class _Chain:
    """The digests of one chain, newest first, with their successors."""

    def __init__(self, digests: list[Digest]) -> None:
        self._newest_first = sorted(digests, key=lambda one: (one.end, one.start, one.sha256), reverse=True)
        self._at: defaultdict[S3Place, list[Digest]] = defaultdict(list)
        for digest in self._newest_first:
            self._at[digest.place].append(digest)
        self._successors: defaultdict[str, list[Digest]] = defaultdict(list)
        for digest in self._newest_first:
            for before in self._before(digest):
                self._successors[before.sha256].append(digest)

    def _before(self, digest: Digest) -> Sequence[Digest]:
        """Return the digests at the place of the predecessor; one with the expected hash first."""
        found = [one for one in self._at.get(digest.previous, ()) if one.end < digest.end] if digest.previous else []
        return sorted(found, key=lambda one: one.sha256 != digest.previous_sha256)

    def judged(self, signatures: Mapping[str, Sequence[bytes]], keys: Mapping[str, PublicKey]) -> list[Judged]:
        """Return the digests with their status, newest first."""
        done: dict[str, Judged] = {}
        for digest in self._newest_first:  # a successor is always newer
            after = [done[one.sha256] for one in self._successors[digest.sha256]]
            own = signatures.get(digest.sha256, ())
            verdict = _judge(digest, own, [one for one in after if one.status != FileStatus.CHANGED], keys)
            done[digest.sha256] = verdict
            if verdict.status == FileStatus.SIGNED:
                done.update((one.digest.sha256, _changed(one)) for one in after if self._contradicts(one))
        return list(done.values())

    def _contradicts(self, after: Judged) -> bool:
        """Return whether no predecessor has the hash that a digest carries."""
        before = self._before(after.digest)
        return after.status == FileStatus.UNVERIFIED and before[0].sha256 != after.digest.previous_sha256

    def breaks(self) -> list[Break]:
        """Return the breaks between the digests, newest first."""
        found: list[Break] = []
        claimed: set[str] = set()
        for index, digest in enumerate(self._newest_first):
            before = self._before(digest)
            if before:
                if before[0].sha256 in claimed:
                    found.append(Break(digest.chain, BreakKind.FORK, before[0].end, digest.start, None, 0))
                claimed.add(before[0].sha256)
                continue
            older = next((one for one in self._newest_first[index + 1 :] if one.end <= digest.start), None)
            found.append(_break(digest, older))
        return found


def _break(digest: Digest, older: Digest | None) -> Break:
    if older is None:
        return Break(digest.chain, BreakKind.BEGINNING, None, digest.start, digest.previous, 0)
    if digest.previous is None:
        return Break(digest.chain, BreakKind.RESTART, older.end, digest.start, None, 0)
    window = digest.end - digest.start
    windows = round((digest.start - older.end) / window) if window else 0
    return Break(digest.chain, BreakKind.GAP, older.end, digest.start, digest.previous, max(windows, 1))


def _judge(digest: Digest, own: Sequence[bytes], after: Sequence[Judged], keys: Mapping[str, PublicKey]) -> Judged:
    """Return the status of a digest. `after`: its successors that are not changed."""
    key = keys.get(digest.fingerprint.lower())
    agreeing = [one for one in after if one.digest.previous_sha256 == digest.sha256]
    # two digests can be at one place: a successor carries the signature of the one whose hash it carries
    carried = [one.digest.previous_signature for one in agreeing or after if one.digest.previous_signature is not None]
    known = [*own, *carried]
    if key is not None:
        valid = next((one for one in known if key.verifies(digest.signed_text, one)), None)
        if valid is not None:
            where = "its own metadata" if valid in own else "its successor"
            reason = f"its signature, read from {where}, was made with key {key.fingerprint}"
            return Judged(digest, FileStatus.SIGNED, True, reason, valid, key.fingerprint)
        if known:
            return Judged(digest, FileStatus.CHANGED, False, "its signature does not match its content")
    if after and not agreeing:
        return Judged(digest, FileStatus.CHANGED, False, "the hash in its successor does not match its content")
    if agreeing:
        proving_keys = sorted(one.proven_by for one in agreeing if one.proven_by is not None)
        by = "a proven successor" if proving_keys else "its successor, but the newest digest of the chain is unverified"
        reason = f"{_unsigned(digest, known)}; its hash is in {by}"
        return Judged(digest, FileStatus.HASH_CHAINED, bool(proving_keys), reason, None, next(iter(proving_keys), None))
    reason = f"{_unsigned(digest, known)}; no later digest carries its hash"
    return Judged(digest, FileStatus.UNVERIFIED, False, reason)


def _unsigned(digest: Digest, known: Sequence[bytes]) -> str:
    if known:
        return f"no public key with its fingerprint {digest.fingerprint} was loaded"
    return "its signature is missing: S3 keeps it in the object's metadata, which a copy loses"


def _changed(after: Judged) -> Judged:
    reason = "it carries a different hash of the signed digest before it"
    return Judged(after.digest, FileStatus.CHANGED, False, reason)
