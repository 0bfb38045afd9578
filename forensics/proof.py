"""Proof: whether a case is as it was left, and what the digests among some files prove without a case.

The custody log says which hashes the parts of a case had after each command that changed them; the manifest says those
of the lake files. Whatever differs is named, and what is broken is not asked any further.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import msgspec

from forensics import custody
from forensics.custody import CaseHashes
from forensics.lake import manifest as manifests
from forensics.lake.integrity import changed_files, file_sha256, fingerprint, unlisted_files
from forensics.lake.manifest import DamagedManifest
from forensics.sources.paths import LocalFile, as_text, find_files

if TYPE_CHECKING:
    import pyarrow as pa

    from forensics.lake.layout import Layout
    from forensics.report_answer import CaseState
    from forensics.verify_answer import Check, Custody, CustodyEntry, Integrity, Problem, Verification


_PROVENANCE = re.compile(r'<script type="application/json" id="provenance">(.*?)</script>', re.DOTALL)
_OTHER_LINES = "a line that an ingest had written was changed or removed"


class NotChecked(Exception):
    """The file is nothing that can be checked; the message says why."""


class Query(msgspec.Struct, frozen=True):
    """A question that a report answers."""

    command: str
    parameters: dict[str, str]


class ReportClaims(msgspec.Struct, frozen=True):
    """What a report says of how it was made."""

    case_id: str
    ingest_id: str | None
    committed_at: datetime | None
    events: int
    files: int
    case_fingerprint: str | None
    custody_head: str | None
    version: str
    queries: list[Query]
    address_databases: list[str]
    answer_sha256: str


def hashes_of(layout: Layout) -> CaseHashes:
    """What a case consists of now, for its log."""
    size = manifests.committed_bytes(layout.manifest)
    return CaseHashes(
        file_sha256(layout.case_file),
        size,
        file_sha256(layout.manifest, size),
        file_sha256(layout.database) if layout.database.exists() else None,
    )


def integrity(
    layout: Layout,
    head: str | None,
    connected: Callable[[], duckdb.DuckDBPyConnection],
    unlogged: Iterable[Problem],
) -> Integrity:
    """Whether a case is as the last command left it. `head`: of its log as a report has it; `connected` opens the
    database, and is called only if nothing is broken; `unlogged`: what `not_logged` found."""
    from forensics.investigate.accounting import mismatch
    from forensics.verify_answer import Integrity, Problem

    log = custody.read(layout.custody)
    broken = list(_broken(layout, log))
    cut_off = "no entry has the hash {}: it is another log, or its end was cut off"
    is_known = not head or any(entry.sha256 == head for entry in log.entries)
    problems = [*log.problems, *([] if is_known else [Problem(layout.custody.name, cut_off.format(head))])]
    problems += [*broken, *unlogged]
    if broken:
        return Integrity(0, len(log.entries), log.head, None, tuple(problems))
    manifest = manifests.read(layout.manifest)
    unlisted = "the manifest does not list it; nothing reads it, and the next ingest removes it"
    problems += (Problem(path, unlisted) for path in unlisted_files(layout, manifest))
    if wrong := mismatch(connected(), manifest):
        problems.append(Problem(layout.manifest.name, f"what was read is not what there is: {wrong}"))
    contents = fingerprint(connected(), layout, manifest)
    return Integrity(len(manifest.lake_files), len(log.entries), log.head, contents, tuple(problems))


def _broken(layout: Layout, log: Custody) -> Iterator[Problem]:
    """Each part that cannot be believed any more."""
    from forensics.verify_answer import Problem

    yield from _otherwise_logged(layout, log)
    try:
        manifest = manifests.read(layout.manifest)
    except DamagedManifest as error:
        yield Problem(layout.manifest.name, str(error))
        return
    yield from (Problem(where, what) for where, what in changed_files(layout, manifest.lake_files))


def _otherwise_logged(layout: Layout, log: Custody) -> Iterator[Problem]:
    """Where the files of a case differ from what the log says of them."""
    from forensics.verify_answer import Problem

    logged = _states(log.entries)
    if not logged:
        return
    last = logged[-1]
    if {file_sha256(layout.case_file)} != {one.case_sha256 for one in logged}:
        yield Problem(layout.case_file.name, "it was changed")
    if any(file_sha256(layout.manifest, one.manifest_bytes) != one.manifest_sha256 for one in logged):
        yield Problem(layout.manifest.name, _OTHER_LINES)
    built = {one.database_sha256 for one in logged if one.manifest_bytes == last.manifest_bytes}
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
    from forensics.verify_answer import Problem

    ingests = _states(entry for entry in custody.read(layout.custody).entries if entry.command == "ingest")
    logged = max((state.manifest_bytes for state in ingests), default=0)
    more = manifests.committed_bytes(layout.manifest) - logged
    if more > 0 and not layout.custody.exists():
        yield Problem(layout.custody.name, "it is gone, and with it what was done with the case")
    elif more > 0:
        what = (
            f"its last {more:,} bytes are of no ingest in the log: either their ingest did not end, and the same"
            " command again logs it, or somebody else wrote them"
        )
        yield Problem(layout.manifest.name, what)


def _states(entries: Iterable[CustodyEntry]) -> list[CaseHashes]:
    return [CaseHashes(**entry.state) for entry in entries if entry.state]  # type: ignore[arg-type]


def verify_logs(
    paths: Iterable[str | Path],
    *,
    keys: Iterable[str | Path] = (),
    bucket: str | None = None,
    progress: Callable[[int, int], None] = lambda _done, _files: None,
) -> Verification:
    """What the digests among some files prove of the logs among them; no case is made. Raises NoSuchSource, NotChecked.

    `keys`: files of public keys. `bucket`: whose copy the folder is. `progress` is told how many files are done, of
    how many.
    """
    from forensics.answers import Unread
    from forensics.digests.folder import HashingFailed, load
    from forensics.digests.hasher import ToHash
    from forensics.digests.tables import create_tables
    from forensics.investigate.verify import verification

    named = [Path(path) for path in paths]
    found = find_files([*named, *(Path(path) for path in keys)])
    skipped = tuple(Unread(as_text(file.name), "skipped", reason) for file in found if (reason := _why_skipped(file)))
    files = [ToHash(file.path, file.name, file.size) for file in found if not _why_skipped(file)]
    done = Counter[str]()

    def tell(more: int) -> None:
        done["files"] += more
        progress(done["files"], len(files))

    with duckdb.connect(":memory:") as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            load(connection, files, tell)
        except HashingFailed as error:
            raise NotChecked(str(error)) from None
        create_tables(connection)
        answer = verification(connection, ", ".join(str(path) for path in named), bucket)
        return replace(answer, skipped=skipped)


def _why_skipped(file: LocalFile) -> str | None:
    is_text = file.path == as_text(file.path)
    return file.skipped or (None if is_text else "its name is not UTF-8, so it cannot be listed; rename it")


def check_bundle(path: Path, log: Custody | None) -> Check:
    """Whether a bundle is as it was written. `log`: of the case that it was made of, which has its hash.

    Raises NotChecked for what is no bundle.
    """
    from forensics import bundle
    from forensics.verify_answer import Check, Problem

    sha256 = file_sha256(path.resolve())  # a link that the user named
    right: list[str] = []
    problems: list[Problem] = []
    beside = bundle.sums_of(path)
    if beside.is_file():
        is_same = beside.read_bytes()[:64] == sha256.encode()
        _tell(is_same, right, problems, path.name, f"the archive has the hash that {beside.name} gives")
    if log is not None:
        logged = {entry.answer_sha256 for entry in log.entries if entry.command == "bundle"}
        _tell(sha256 in logged, right, problems, path.name, "the case's log has the hash of the archive")
    try:
        expected = bundle.listed(path)
        found = dict(bundle.hashes(path))
    except ValueError as error:
        if not problems:
            raise NotChecked(f"{path} is no bundle, or a damaged one: {error}") from None
        return Check(str(path), tuple(right), (*problems, Problem(path.name, f"the archive is damaged: {error}")))
    found.pop(bundle.SUMS, None)
    for name in sorted({*expected, *found}):
        if expected.get(name) != found.get(name):
            what = (
                "it is not listed"
                if name not in expected
                else "it is missing"
                if name not in found
                else "it was changed"
            )
            problems.append(Problem(f"{path.name}: {name}", f"{what}, by {bundle.SUMS}"))
    if expected and expected.keys() <= found.keys() and not problems:
        right.append(f"each of {len(found):,} files has the hash that {bundle.SUMS} gives")
    return Check(str(path), tuple(right), tuple(problems))


def read_claims(path: Path) -> ReportClaims:
    """What a report says of how it was made. Raises NotChecked for what is no report."""
    try:
        text = path.read_text(encoding="utf-8")
        found = _PROVENANCE.search(text)
        if found is None:
            raise NotChecked(f"{path} is no report of `forensics report`: it does not say how it was made")
        claims = msgspec.json.decode(found.group(1), type=ReportClaims)
    except (UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise NotChecked(f"{path} is no report of `forensics report`, or a damaged one: {error}") from None
    if not claims.queries or "subject" not in claims.queries[0].parameters:
        raise NotChecked(f"{path} is no report of `forensics report`: it does not say which key it is of")
    return claims


def check_report(
    path: Path, claims: ReportClaims, now: CaseState, log: Custody, page: str | None, sha256: str
) -> Check:
    """Whether a report says what a case says. `page` is what the case gives for the same question under the same
    circumstances, None where these are not at hand; `sha256` is the hash of its answer."""
    from forensics.verify_answer import Check, Problem

    right: list[str] = []
    problems: list[Problem] = []
    is_same = claims.case_fingerprint == now.fingerprint
    _tell(is_same, right, problems, path.name, "it was made of a case of the very same events and sources")
    if claims.case_id == now.case_id:
        is_known = claims.custody_head is None or any(one.sha256 == claims.custody_head for one in log.entries)
        _tell(is_known, right, problems, path.name, "the log has the entry that was its last when the report was made")
    if claims.version != now.version:
        problems.append(Problem(path.name, f"it was made by version {claims.version}, this is {now.version}"))
    if claims.address_databases:
        problems.append(Problem(path.name, "its answer used files on addresses, so it cannot be asked again without"))
        return Check(str(path), tuple(right), tuple(problems))
    _tell(sha256 == claims.answer_sha256, right, problems, path.name, "the same question has the same answer now")
    if page is not None:
        is_same = page == path.read_text(encoding="utf-8")
        _tell(is_same, right, problems, path.name, "the page is byte for byte what the case gives")
    return Check(str(path), tuple(right), tuple(problems))


def _tell(is_right: bool, right: list[str], problems: list[Problem], where: str, statement: str) -> None:
    from forensics.verify_answer import Problem

    if is_right:
        right.append(statement)
    else:
        problems.append(Problem(where, f"this does not hold: {statement}"))


def arrow_sha256(rows: pa.Table) -> str:
    """The hash of rows in Arrow's own form."""
    import pyarrow as pa

    sink = _HashingSink()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), rows.schema) as stream:
        stream.write_table(rows.combine_chunks())
    return sink.hash.hexdigest()


class _HashingSink(io.RawIOBase):
    """A file that keeps nothing of what is written but its hash."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.hash.update(data)
        return len(data)
