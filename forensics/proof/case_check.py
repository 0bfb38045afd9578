"""Case check: whether a case is as the last command left it.

The custody log says which hashes the parts of a case had after each command that changed them; the manifest says those
of the lake files. Whatever differs is named, and what is broken is not asked any further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from forensics.errors import DamagedManifest
from forensics.lake import manifest as manifests
from forensics.lake.integrity import changed_files, file_sha256, fingerprint, is_leftover, unlisted_files
from forensics.lake.layout import Layout, about
from forensics.lake.pending import pending
from forensics.proof import custody_log as custody
from forensics.proof.custody_log import CaseHashes

if TYPE_CHECKING:
    from forensics.answers.verify_answer import Custody, CustodyEntry, Integrity, Problem, Verification


_OTHER_LINES = "a line that an ingest had written was changed or removed"

_OF_AN_INGEST = (
    "left by an ingest that was killed, or replaced by a later one; not read, and removed by the next ingest"
)
_KILLED_BEFORE_THE_LOG = (
    "an ingest was killed after it committed its events, and before it logged them; run the same command to log it"
)


def hashes_of(layout: Layout) -> CaseHashes:
    """What a case consists of now, for its log."""
    size = manifests.committed_bytes(layout.manifest)
    return CaseHashes(
        file_sha256(layout.case_file),
        size,
        file_sha256(layout.manifest, size),
        file_sha256(layout.database) if layout.database.exists() else None,
    )


def verify_case(
    layout: Layout,
    connected: Callable[[], duckdb.DuckDBPyConnection],
    unlogged: Iterable[Problem],
    *,
    bucket: str | None,
    head: str | None,
    allowed_signers: str | Path | None,
) -> Verification:
    """Check that a case is as the last command left it, and what the digests in it prove of its files.

    Args:
        layout: the case folder.
        connected: opens the database; called only if the case is unchanged.
        unlogged: what `not_logged` found.
        bucket: the bucket that the logs are a copy of.
        head: the head of the custody log in a report or bundle.
        allowed_signers: OpenSSH's file of the keys of which one must have signed a head of the log.

    Raises:
        CannotSeal, OSError: the signatures cannot be checked.
    """
    from forensics.investigate.case.verification import verification

    found = integrity(layout, head, connected, unlogged)
    if allowed_signers is not None:
        from forensics.proof.seal import checked

        found = checked(found, layout, about(layout).case_id, custody.read(layout.custody), Path(allowed_signers))
    connection = connected() if found.case_fingerprint else None
    return verification(connection, str(layout.root), bucket, found)


def integrity(
    layout: Layout,
    head: str | None,
    connected: Callable[[], duckdb.DuckDBPyConnection],
    unlogged: Iterable[Problem],
) -> Integrity:
    """Whether a case is as the last command left it. `head`: of its log as a report has it; `connected` opens the
    database, and is called only if nothing is broken; `unlogged`: what `not_logged` found."""
    from forensics.answers.verify_answer import Integrity, Problem
    from forensics.investigate.case.accounting import mismatch

    log = custody.read(layout.custody)
    broken = list(_broken(layout, log))
    cut_off = "no entry has the hash {}: this is another log, or its last entries were removed"
    is_known = not head or any(entry.sha256 == head for entry in log.entries)
    problems = [*log.problems, *([] if is_known else [Problem(layout.custody.name, cut_off.format(head))])]
    problems += [*broken, *unlogged]
    if broken:
        return Integrity(0, len(log.entries), log.head, None, tuple(problems))
    manifest = manifests.read(layout.manifest)
    unlisted = "not listed in the manifest; not read, and removed by the next ingest"
    more = list(unlisted_files(layout, manifest))
    problems += (Problem(path, unlisted) for path in more if not is_leftover(path))
    leftovers = [Problem(path, _OF_AN_INGEST) for path in more if is_leftover(path)]
    if announced(layout):
        leftovers.append(Problem(layout.pending.name, _KILLED_BEFORE_THE_LOG))
    if wrong := mismatch(connected(), manifest):
        problems.append(Problem(layout.manifest.name, f"what was read is not what there is: {wrong}"))
    contents = fingerprint(connected(), layout, manifest)
    held = len(manifest.lake_files)
    return Integrity(held, len(log.entries), log.head, contents, tuple(problems), leftovers=tuple(leftovers))


def _broken(layout: Layout, log: Custody) -> Iterator[Problem]:
    """Each part that cannot be believed any more."""
    from forensics.answers.verify_answer import Problem

    yield from _otherwise_logged(layout, log)
    try:
        manifest = manifests.read(layout.manifest)
    except DamagedManifest as error:
        yield Problem(layout.manifest.name, error.reason)
        return
    yield from (Problem(where, what) for where, what in changed_files(layout, manifest.lake_files))


def _otherwise_logged(layout: Layout, log: Custody) -> Iterator[Problem]:
    """Where the files of a case differ from what the log says of them."""
    from forensics.answers.verify_answer import Problem

    logged = _states(log.entries)
    if not logged:
        return
    last = logged[-1]
    if {file_sha256(layout.case_file)} != {one.case_sha256 for one in logged}:
        yield Problem(layout.case_file.name, "it was changed")
    if any(file_sha256(layout.manifest, one.manifest_bytes) != one.manifest_sha256 for one in logged):
        yield Problem(layout.manifest.name, _OTHER_LINES)
    built = {one.database_sha256 for one in logged if one.manifest_bytes == last.manifest_bytes}
    built.add(pending(layout).database_sha256)
    if layout.database.exists() and file_sha256(layout.database) not in built:
        what = "the attribution tables were changed after they were built; deleted, they are built again"
        yield Problem(layout.database.name, what)


def check_manifest(layout: Layout) -> None:
    """Raises DamagedManifest where the manifest is not as the last command that changed the case left it."""
    logged = _states(custody.read(layout.custody).entries)
    if logged and file_sha256(layout.manifest, logged[-1].manifest_bytes) != logged[-1].manifest_sha256:
        raise DamagedManifest(layout.manifest, None, _OTHER_LINES)


def not_logged(layout: Layout) -> Iterator[Problem]:
    """What counts and is of no ingest in the log. Tables that were built of it since do not vouch for it; the next
    ingest does, for it goes on where one was killed."""
    from forensics.answers.verify_answer import Problem

    ingests = _states(entry for entry in custody.read(layout.custody).entries if entry.command == "ingest")
    logged = max((state.manifest_bytes for state in ingests), default=0)
    if announced(layout):
        logged = max(logged, pending(layout).manifest_bytes)
    more = manifests.committed_bytes(layout.manifest) - logged
    if more > 0 and not layout.custody.exists():
        yield Problem(layout.custody.name, "it is gone, and with it what was done with the case")
    elif more > 0:
        what = (
            f"its last {more:,} bytes are of no ingest in the log: either their ingest did not end, and the same"
            " command again logs it, or somebody else wrote them"
        )
        yield Problem(layout.manifest.name, what)


def announced(layout: Layout) -> bool:
    """Whether an ingest of ours committed and was killed before the custody log had it."""
    commit = pending(layout)
    return (
        commit.manifest_sha256 is not None
        and commit.manifest_bytes <= manifests.committed_bytes(layout.manifest)
        and file_sha256(layout.manifest, commit.manifest_bytes) == commit.manifest_sha256
    )


def _states(entries: Iterable[CustodyEntry]) -> list[CaseHashes]:
    return [CaseHashes(**entry.state) for entry in entries if entry.state]  # type: ignore[arg-type]
