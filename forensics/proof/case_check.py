"""Case check: compares a case with the hashes in its custody log and manifest.

The custody log contains the hashes of the parts of a case after each command that changed them. The manifest contains
the hashes of the lake files. Every difference is reported. A damaged part is not read any further.
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
    """Return the current hashes of the parts of a case, for its custody log."""
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
    """Check that a case is unchanged since its last command, and its files against its digests.

    Args:
        layout: the case folder.
        connected: opens the database; called only if no part is damaged.
        unlogged: the result of `not_logged`.
        bucket: the bucket that the logs were copied from.
        head: a head of the custody log, from a report or bundle.
        allowed_signers: OpenSSH's list of public keys; one of them must have signed a head of the log.

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
    """Return the check that a case is unchanged since its last command. Arguments as for `verify_case`."""
    from forensics.answers.verify_answer import Integrity, Problem
    from forensics.investigate.case.accounting import mismatch

    log = custody.read(layout.custody)
    damaged = list(_damaged(layout, log))
    cut_off = "no entry has the hash {}: this is a different log, or its last entries were removed"
    is_known = not head or any(entry.sha256 == head for entry in log.entries)
    problems = [*log.problems, *([] if is_known else [Problem(layout.custody.name, cut_off.format(head))])]
    problems += [*damaged, *unlogged]
    if damaged:
        return Integrity(0, len(log.entries), log.head, None, tuple(problems))
    manifest = manifests.read(layout.manifest)
    unlisted = "not listed in the manifest; not read, and removed by the next ingest"
    more = list(unlisted_files(layout, manifest))
    problems += (Problem(path, unlisted) for path in more if not is_leftover(path))
    leftovers = [Problem(path, _OF_AN_INGEST) for path in more if is_leftover(path)]
    if has_unlogged_commit(layout):
        leftovers.append(Problem(layout.pending.name, _KILLED_BEFORE_THE_LOG))
    if wrong := mismatch(connected(), manifest):
        problems.append(Problem(layout.manifest.name, f"the records read and the records stored differ: {wrong}"))
    contents = fingerprint(connected(), layout, manifest)
    held = len(manifest.lake_files)
    return Integrity(held, len(log.entries), log.head, contents, tuple(problems), leftovers=tuple(leftovers))


def _damaged(layout: Layout, log: Custody) -> Iterator[Problem]:
    """Yield the parts that were changed, so that the rest of the check cannot use them."""
    from forensics.answers.verify_answer import Problem

    yield from _unlike_the_log(layout, log)
    try:
        manifest = manifests.read(layout.manifest)
    except DamagedManifest as error:
        yield Problem(layout.manifest.name, error.reason)
        return
    yield from (Problem(where, what) for where, what in changed_files(layout, manifest.lake_files))


def _unlike_the_log(layout: Layout, log: Custody) -> Iterator[Problem]:
    """Yield the files of a case whose hashes differ from those in the log."""
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
        what = "the attribution tables were changed after they were built; delete the file to rebuild them"
        yield Problem(layout.database.name, what)


def check_manifest(layout: Layout) -> None:
    """Raise DamagedManifest if the manifest differs from its hash in the last logged change of the case."""
    logged = _states(custody.read(layout.custody).entries)
    if logged and file_sha256(layout.manifest, logged[-1].manifest_bytes) != logged[-1].manifest_sha256:
        raise DamagedManifest(layout.manifest, None, _OTHER_LINES)


def not_logged(layout: Layout) -> Iterator[Problem]:
    """Yield what is committed in the manifest without an ingest in the log.

    A later build of the tables does not confirm it. A later ingest does, because it resumes a killed one.
    """
    from forensics.answers.verify_answer import Problem

    ingests = _states(entry for entry in custody.read(layout.custody).entries if entry.command == "ingest")
    logged = max((state.manifest_bytes for state in ingests), default=0)
    if has_unlogged_commit(layout):
        logged = max(logged, pending(layout).manifest_bytes)
    more = manifests.committed_bytes(layout.manifest) - logged
    if more > 0 and not layout.custody.exists():
        yield Problem(layout.custody.name, "the file is missing, so the history of the case is lost")
    elif more > 0:
        what = (
            f"its last {more:,} bytes are not from an ingest in the log: either the ingest was killed, and the same"
            " command logs it, or another program wrote them"
        )
        yield Problem(layout.manifest.name, what)


def has_unlogged_commit(layout: Layout) -> bool:
    """Return whether an ingest was killed between its commit and its entry in the custody log."""
    commit = pending(layout)
    return (
        commit.manifest_sha256 is not None
        and commit.manifest_bytes <= manifests.committed_bytes(layout.manifest)
        and file_sha256(layout.manifest, commit.manifest_bytes) == commit.manifest_sha256
    )


def _states(entries: Iterable[CustodyEntry]) -> list[CaseHashes]:
    return [CaseHashes(**entry.state) for entry in entries if entry.state]  # type: ignore[arg-type]
