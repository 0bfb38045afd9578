"""Case folder: making a case, and adding to it. `Case` is this with every question."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import duckdb

from forensics import __version__
from forensics.answers.ingest_answer import Estimate, Ingest, LookupEstimate, Snapshot
from forensics.attribution.case_database import CaseDatabase
from forensics.errors import IngestFailed
from forensics.ingest.progress import Progress
from forensics.investigate.account_exports import keys_of_unknown_accounts
from forensics.investigate.case.ingested import check_not_empty, ingested, unread_note
from forensics.lake import layout as layouts
from forensics.lake import manifest as manifests
from forensics.lake.layout import ROOM_NEEDED, Layout
from forensics.lake.manifest import Manifest
from forensics.proof.case_check import check_manifest, hashes_of
from forensics.proof.case_log import CaseLog
from forensics.sources.aws import Access, Aws
from forensics.sources.s3_url import is_s3_url
from forensics.temporary_folder import TemporaryFolder

if TYPE_CHECKING:
    from forensics.attribution.build import DocumentTables
    from forensics.ingest.collect import Collected

GoOn = Callable[[Estimate | LookupEstimate], bool]
"""Confirmation callback: is given what would be fetched; returning false cancels."""

_OWN_ACCESS = Access()
_ROOM_ELSEWHERE = "Set TMPDIR to a folder with room to write, and run the same command again"


def _ignore(*_: object) -> None:
    pass


def _accept(_estimate: Estimate | LookupEstimate) -> bool:
    return True


class CaseFolder:
    """A case folder that logs can be added to."""

    def __init__(self, layout: Layout, temporary: TemporaryFolder | None = None, *, is_new: bool = False) -> None:
        self._layout, self._temporary, self._is_new = layout, temporary, is_new
        self._log = CaseLog(layout, __version__, is_kept=temporary is None)
        self._database = CaseDatabase(
            layout,
            _document_tables(),
            is_kept=temporary is None,
            before_build=lambda: check_manifest(layout),
            after_build=lambda: self._log.add("build", {}, None, hashes=hashes_of(layout)),
        )
        self.unread_note: str | None = None
        """Why the input of `from_logs` could not be read completely, in one line."""

    @property
    def custody_note(self) -> str | None:
        """Why a use of the case was not logged, in one line."""
        return self._log.note

    @property
    def rebuild_note(self) -> str | None:
        """Why the next command builds the database again, in one line."""
        return self._database.note

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The case at `path`. Raises NotACase."""
        return cls(layouts.open_existing(Path(path)))

    @classmethod
    def create(cls, path: str | Path) -> Self:
        """The case at `path`, a new one if there is nothing yet. Raises NotACase."""
        is_new = not Path(path).exists()
        return cls(layouts.create(Path(path)), is_new=is_new)

    @classmethod
    def from_logs(cls, path: str | Path, *, progress: Progress = _ignore) -> Self:
        """A case of a file or folder of logs, gone with the returned object. Raises NoSuchSource, NoLogs."""
        with ExitStack() as unfinished:
            temporary = TemporaryFolder()
            unfinished.callback(temporary.cleanup)
            case = cls(layouts.create(Path(temporary.name, "case")), temporary)
            case.unread_note = unread_note(case._ingest_into_temporary(path, progress))
            unfinished.pop_all()
        return case

    def _ingest_into_temporary(self, path: str | Path, progress: Progress) -> Ingest:
        try:
            return self.ingest([path], progress=progress)
        except IngestFailed as error:
            raise IngestFailed(str(error).replace(ROOM_NEEDED, _ROOM_ELSEWHERE)) from None

    def ingest(
        self,
        paths: Iterable[str | Path],
        *,
        accounts: Iterable[str] = (),
        regions: Iterable[str] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        as_of: datetime | None = None,
        late: int = 1,
        access: Access = _OWN_ACCESS,
        request_payer: bool = False,
        lookup_events: bool = False,
        progress: Progress = _ignore,
        listing: Callable[[int], None] = _ignore,
        asking: Callable[[int, int], None] = _ignore,
        go_on: GoOn = _accept,
    ) -> Ingest:
        """Add files and folders of logs, exports of accounts, and trails in S3 (`s3://BUCKET/PREFIX`).

        Files count all at once, at the end, and a killed ingest leaves the case as it was; objects of S3 count round by
        round, and the same call again goes on where it stopped. A file that cannot be read is in the answer's
        `unread`, with the reason; the rest goes in.

        `accounts`, `regions` (with the home region of their partition), `since` and `until` (event times, UTC without
        a zone) leave records out; one outside the time goes in if it issues, signs in or changes a credential. `late`:
        days after `until` on which an event may have been delivered to S3. `as_of`: as of when the exports hold that do
        not say so themselves; else it is when their file was written. `access`: whose AWS credentials to use.
        `listing` is told how many objects of S3 were seen so far, before any is fetched.
        `lookup_events` adds what AWS keeps for 90 days of an account without a trail; `asking` is told how many of its
        calls were made, and about how many there will be. `go_on` is told what will be fetched, and says whether to.

        Raises NoSuchSource, NoLogs if the case would stay empty, CaseBusy, IngestFailed,
        and for S3 NotAnS3Url, AwsFailed, NothingFound, Declined.
        """
        from forensics.ingest.collect import Fetching, collect, confirm
        from forensics.ingest.filter import filter_of, utc

        taken = filter_of(accounts=accounts, regions=regions, since=since, until=until, late=late)
        how = Fetching(Aws(access), request_payer, utc(as_of), __version__, progress, listing, asking, confirm(go_on))
        sources, before = [str(path) for path in paths], self._manifest()
        with self._cleaned_up(before):
            collected = collect(self._layout, sources, taken, how, lookup_events=lookup_events)
            return self._ingested([*sources, *["LookupEvents"] * lookup_events], before, collected)

    def _cleaned_up(self, before: Manifest) -> ExitStack:
        from forensics.ingest.unfinished import discard_empty_case, note_commit

        contexts = ExitStack()
        if self._is_new and before.commit is None:
            contexts.enter_context(discard_empty_case(self._layout))
        if self._temporary is None:
            contexts.enter_context(note_commit(self._layout, before.commit))
        return contexts

    def _ingested(self, sources: list[str], before: Manifest, collected: Collected) -> Ingest:
        """Build the tables of what was added, and return what that is."""
        after, root = self._manifest(), str(self._layout.root)
        commit = check_not_empty(after.commit, sources, collected.source_files)
        commits, changes = (before.commit, commit), self._database.rebuild(after)
        answer = ingested(self._database.open(), root, collected.source_files, collected.known, commits, changes)
        self.close_connection()
        given = {
            "paths": [source if is_s3_url(source) else Path(source).absolute() for source in sources],
            "ingest_ids": [done.commit.ingest_id for done in collected.rounds],
        }
        return self._log.add("ingest", given, answer, hashes=hashes_of(self._layout))

    def snapshot(
        self,
        *,
        access: Access = _OWN_ACCESS,
        accounts: Iterable[str] = (),
        role_name: str | None = None,
        regions: Iterable[str] = (),
        progress: Callable[[str], None] = _ignore,
    ) -> Snapshot:
        """Ask accounts what they hold, by calls that only read, and add the answers to the case as files of it.

        The account of `access` is asked; or `accounts` ("all": those of the organisation), each by its role of
        `role_name`. `regions`: where trails and Identity Center are asked about. A call that is refused is in the
        answer, and stops nothing else. Raises AwsFailed where AWS cannot be used at all.
        """
        from forensics.ingest.saved_snapshot import save_snapshot
        from forensics.sources.account_snapshot import SnapshotWanted

        before = self._manifest()
        unknown = keys_of_unknown_accounts(self._database.open()) if before.commit else ()
        wanted = SnapshotWanted(tuple(dict.fromkeys(accounts)), role_name, tuple(dict.fromkeys(regions)), unknown)
        with self._cleaned_up(before):
            saved = save_snapshot(self._layout, Aws(access), wanted, progress, __version__)
            done = self._ingested([saved.folder], before, saved.collected) if saved.collected else None
            return self._log.add("snapshot", wanted.parameters(), saved.answer(done))

    def fetch_keys(self, access: Access | None = None) -> None:
        """Ask AWS for the public keys of the digests of the case, each region for its own, and add them to it.

        What AWS answers is kept as a file of the case first. Raises AwsFailed.
        """
        from forensics.proof.fetched_keys import save_public_keys

        saved = save_public_keys(self._database.open(), self._layout, Aws(access or Access()))
        if saved:
            self.ingest(saved)

    def close_connection(self) -> None:
        """Let go of the database; the next question opens it again."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close_connection()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _manifest(self) -> Manifest:
        return manifests.read(self._layout.manifest)


def _document_tables() -> list[DocumentTables]:
    """Return what makes the tables of digests and exports, imported when a database is built."""

    def of_digests(connection: duckdb.DuckDBPyConnection) -> None:
        from forensics.digests.digest_tables import create_tables

        create_tables(connection)

    def of_exports(connection: duckdb.DuckDBPyConnection) -> None:
        from forensics.exports.export_tables import create_tables

        create_tables(connection)

    return [of_digests, of_exports]
