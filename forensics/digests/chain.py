"""Chain: digests walked from the newest to the oldest, and how far each of them is proven.

A signature proves a digest wherever its value was read: in the digest's own metadata, or in its successor, which
carries it. Where there is no key or no signature, the hash that the successor carries ties a digest to the newest one,
which nothing vouches for then. Every digest is visited once, so a chain that loops ends.
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
    """Where a chain does not go on: a digest that is missing, one that begins anew though older ones are there, the
    oldest one that is there, and one whose predecessor another digest leads to as well."""

    GAP = "gap"
    RESTART = "restart"
    BEGINNING = "beginning"
    FORK = "fork"


@dataclass(frozen=True, slots=True)
class Judged:
    """A digest with its status. `is_proven`: by a signature, or by its hash in one that is proven. `signature`: the one
    that fits, wherever it was read. `proven_by`: the fingerprint of the key behind the proof."""

    digest: Digest
    status: FileStatus
    is_proven: bool
    reason: str
    signature: bytes | None = None
    proven_by: str | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """`start` is where the older part ends, if there is one, `end` where the newer begins.

    `missing`: the digest that is named and not there; `at_least`: how many are, by the length of the window after it.
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
    """Every digest with its status, and every break. `signatures`: those of its metadata, by a digest's SHA-256."""
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
    """The digests of one chain, newest first, and which of them follows which."""

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
        """What lies where a digest says its predecessor does; of several first the one with the right hash."""
        found = [one for one in self._at.get(digest.previous, ()) if one.end < digest.end] if digest.previous else []
        return sorted(found, key=lambda one: one.sha256 != digest.previous_sha256)

    def judged(self, signatures: Mapping[str, Sequence[bytes]], keys: Mapping[str, PublicKey]) -> list[Judged]:
        done: dict[str, Judged] = {}
        for digest in self._newest_first:  # a successor is always newer
            after = [done[one.sha256] for one in self._successors[digest.sha256]]
            own = signatures.get(digest.sha256, ())
            verdict = _judge(digest, own, [one for one in after if one.status != FileStatus.CHANGED], keys)
            done[digest.sha256] = verdict
            if verdict.status == FileStatus.SIGNED:
                done.update((one.digest.sha256, _lies(one)) for one in after if self._contradicts(one))
        return list(done.values())

    def _contradicts(self, after: Judged) -> bool:
        """Whether a digest carries a hash that no digest before it has."""
        before = self._before(after.digest)
        return after.status == FileStatus.UNVERIFIED and before[0].sha256 != after.digest.previous_sha256

    def breaks(self) -> list[Break]:
        found: list[Break] = []
        taken: set[str] = set()
        for index, digest in enumerate(self._newest_first):
            before = self._before(digest)
            if before:
                if before[0].sha256 in taken:
                    found.append(Break(digest.chain, BreakKind.FORK, before[0].end, digest.start, None, 0))
                taken.add(before[0].sha256)
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
    """`after`: the successors that are not themselves changed."""
    key = keys.get(digest.fingerprint.lower())
    agreeing = [one for one in after if one.digest.previous_sha256 == digest.sha256]
    # of two digests in one place, a signature that a successor carries is that of the one whose hash it carries
    carried = [one.digest.previous_signature for one in agreeing or after if one.digest.previous_signature is not None]
    known = [*own, *carried]
    if key is not None:
        fitting = next((one for one in known if key.fits(digest.signed_text, one)), None)
        if fitting is not None:
            where = "its own metadata" if fitting in own else "its successor"
            reason = f"its signature, read in {where}, was made with key {key.fingerprint}"
            return Judged(digest, FileStatus.SIGNED, True, reason, fitting, key.fingerprint)
        if known:
            return Judged(digest, FileStatus.CHANGED, False, "its signature does not fit what it says")
    if after and not agreeing:
        return Judged(digest, FileStatus.CHANGED, False, "its successor carries the hash of other content")
    if agreeing:
        keys_behind = sorted(one.proven_by for one in agreeing if one.proven_by is not None)
        by = (
            "a proven successor"
            if keys_behind
            else "its successor, which leads to a newest digest that nothing vouches for"
        )
        reason = f"{_unsigned(digest, known)}; its hash is in {by}"
        return Judged(digest, FileStatus.HASH_CHAINED, bool(keys_behind), reason, None, next(iter(keys_behind), None))
    return Judged(
        digest, FileStatus.UNVERIFIED, False, f"{_unsigned(digest, known)}, and no digest after it vouches for it"
    )


def _unsigned(digest: Digest, known: Sequence[bytes]) -> str:
    if known:
        return f"no public key has its fingerprint {digest.fingerprint}"
    return "its signature is not here: it stands in the object's metadata, which copying loses"


def _lies(after: Judged) -> Judged:
    return Judged(after.digest, FileStatus.CHANGED, False, "it carries another hash of the signed digest before it")
