"""Case folder: creates a case, adds logs and exports to it, verifies and signs it. `Case` adds the queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import duckdb

from forensics import __version__
from forensics.attribution.case_database import CaseDatabase
from forensics.errors import IngestFailed
from forensics.files.temporary_folder import TemporaryFolder
from forensics.ingest.progress import Progress
from forensics.lake import layout as layouts
from forensics.lake import manifest as manifests
from forensics.lake.layout import ROOM_NEEDED, Layout
from forensics.lake.manifest import Manifest
from forensics.proof import custody_log
from forensics.proof.case_check import check_manifest, hashes_of
from forensics.proof.case_log import CaseLog, named_files
from forensics.sources.aws import Access, Aws
from forensics.sources.s3_url import is_s3_url

if TYPE_CHECKING:
    from forensics.answers.ingest_answer import Estimate, Ingest, LookupEstimate, Snapshot
    from forensics.answers.verify_answer import Custody, Seal, Verification
    from forensics.attribution.build import DocumentTables
    from forensics.ingest.collect import Collected

Confirm = Callable[["Estimate | LookupEstimate"], bool]
"""Confirmation callback, called with the estimate before anything is fetched; returning false cancels."""

_OWN_ACCESS = Access()
_TMPDIR_ADVICE = "Set TMPDIR to a folder with enough free space, and run the same command again"


def _ignore(*_: object) -> None:
    pass


def _accept(_estimate: Estimate | LookupEstimate) -> bool:
    return True


class CaseFolder:
    """A case folder: logs and exports can be added to it, and it can be verified."""

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
        """A line about the input of `from_logs` that could not be read; None if all was read."""

    @property
    def custody_note(self) -> str | None:
        """Return a line about why a command was not logged; None if all were logged."""
        return self._log.note

    @property
    def rebuild_note(self) -> str | None:
        """Return a line about why the next command will rebuild the database; None if it will not."""
        return self._database.note

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Return the existing case at `path`. Raises NotACase."""
        return cls(layouts.open_existing(Path(path)))

    @classmethod
    def create(cls, path: str | Path) -> Self:
        """Return the case at `path`; create it if the path does not exist. Raises NotACase."""
        is_new = not Path(path).exists()
        return cls(layouts.create(Path(path)), is_new=is_new)

    @classmethod
    def from_logs(cls, path: str | Path, *, progress: Progress = _ignore) -> Self:
        """Return a temporary case with the logs of a file or folder. Its folder is removed with the object.

        Args:
            path: the file or folder.
            progress: called after each file with a `Done`.

        Raises:
            NoSuchSource: the path does not exist.
            NoLogs: nothing that belongs in a case was found.
            IngestFailed: the logs could not be added, for example because the disk is full.

        Example:
            Case.from_logs("sample_logs").who("ASIA...").actor
        """
        with ExitStack() as unfinished:
            temporary = TemporaryFolder()
            unfinished.callback(temporary.cleanup)
            case = cls(layouts.create(Path(temporary.name, "case")), temporary)
            case._ingest_into_temporary(path, progress)
            unfinished.pop_all()
        return case

    def _ingest_into_temporary(self, path: str | Path, progress: Progress) -> None:
        from forensics.investigate.case.ingested import unread_note

        try:
            self.unread_note = unread_note(self.ingest([path], progress=progress))
        except IngestFailed as error:
            raise IngestFailed(str(error).replace(ROOM_NEEDED, _TMPDIR_ADVICE)) from None

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
        go_on: Confirm = _accept,
    ) -> Ingest:
        """Add logs and exports from files, folders, S3 and LookupEvents, and return what was added.

        Files are committed together at the end, so a killed ingest of files leaves the case unchanged. Objects in S3
        are committed in rounds, and the same call resumes after the last round. A file that cannot be read does not
        stop the ingest; `unread` of the answer reports it with the reason.

        Args:
            paths: files, folders, trails in S3 (`s3://BUCKET/PREFIX`), and `-` for standard input.
            accounts: only records of these accounts; by default, all.
            regions: only records of these regions and of the home regions of their partitions; by default, all.
            since: only records with this event time or a later one; UTC if it has no time zone. Sign-ins, and events
                that issue or change credentials, are added whatever their time.
            until: only records with an earlier event time, with the same exception.
            as_of: the effective time of exports that carry none; by default, the time when their file was written.
            late: the number of days after `until` in which a delivery to S3 is still fetched.
            access: the AWS credentials to use.
            request_payer: pay for requests to a Requester Pays bucket.
            lookup_events: also fetch the 90 days of management events that AWS keeps without a trail.
            progress: called after each file with a `Done`.
            listing: called while S3 is listed, with the number of objects found so far.
            asking: called after each call of LookupEvents, with the calls made and the estimated total.
            go_on: called with the estimate before objects or LookupEvents are fetched; returning false cancels.

        Raises:
            NoSuchSource: a path does not exist.
            NoLogs: the case would stay empty.
            CaseBusy: another ingest is writing to the case.
            IngestFailed: the ingest ended early; the message says what was added.
            NotAnS3Url, AwsFailed, NothingFound, Declined: only for S3 and LookupEvents.

        Example:
            Case.create("my-case").ingest(["s3://trail-logs/"], accounts=["111122223333"]).new_events
        """
        from forensics.ingest.collect import Fetching, collect, confirm
        from forensics.ingest.filter import filter_of, utc

        record_filter = filter_of(accounts=accounts, regions=regions, since=since, until=until, late=late)
        fetch = Fetching(Aws(access), request_payer, utc(as_of), __version__, progress, listing, asking, confirm(go_on))
        sources, before = [str(path) for path in paths], self._manifest()
        with self._cleaned_up(before):
            collected = collect(self._layout, sources, record_filter, fetch, lookup_events=lookup_events)
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
        """Rebuild the tables, log the ingest, and return what was added."""
        from forensics.investigate.case.ingested import check_not_empty, ingested

        after, root = self._manifest(), str(self._layout.root)
        commit = check_not_empty(after.commit, sources, collected.source_files)
        commits, changes = (before.commit, commit), self._database.rebuild(after)
        answer = ingested(self._database.open(), root, collected.source_files, collected.known, commits, changes)
        self.close_connection()
        return self._log.add("ingest", _parameters(sources, collected), answer, hashes=hashes_of(self._layout))

    def snapshot(
        self,
        *,
        access: Access = _OWN_ACCESS,
        accounts: Iterable[str] = (),
        role_name: str | None = None,
        regions: Iterable[str] = (),
        progress: Callable[[str], None] = _ignore,
    ) -> Snapshot:
        """Export the current IAM, CloudTrail and Identity Center state of accounts, and add it to the case.

        All calls are read-only; `snapshot_policy` returns the permissions that they need. A denied call does not stop
        the others; `refused` of the answer reports it with the reason.

        Args:
            access: the AWS credentials to use.
            accounts: account IDs, or "all" for every account of the organization; by default, the caller's account.
            role_name: the role to assume in each of `accounts`.
            regions: the regions whose trails and Identity Center instances are exported; by default, the configured
                region.
            progress: called with the ID of each account before its export.

        Raises:
            AwsFailed: no call can be made with these credentials.
        """
        from forensics.ingest.saved_snapshot import save_snapshot
        from forensics.investigate.account_exports import keys_of_unknown_accounts
        from forensics.sources.account_snapshot import SnapshotRequest

        before = self._manifest()
        unknown = keys_of_unknown_accounts(self._database.open()) if before.commit else ()
        request = SnapshotRequest(tuple(dict.fromkeys(accounts)), role_name, tuple(dict.fromkeys(regions)), unknown)
        with self._cleaned_up(before):
            saved = save_snapshot(self._layout, Aws(access), request, progress, __version__)
            ingest = self._ingested([saved.folder], before, saved.collected) if saved.collected else None
            return self._log.add("snapshot", request.parameters(), saved.answer(ingest))

    def fetch_keys(self, access: Access | None = None) -> None:
        """Fetch AWS's public keys for the digests of the case, from the region of each digest, and add them.

        Args:
            access: the AWS credentials to use; by default, those that boto3 finds.

        Raises:
            AwsFailed: the keys of a region cannot be listed.
        """
        from forensics.proof.fetched_keys import save_public_keys

        saved = save_public_keys(self._database.open(), self._layout, Aws(access or Access()))
        if saved:
            self.ingest(saved)

    def verify(
        self,
        *,
        keys: Iterable[str | Path] = (),
        bucket: str | None = None,
        head: str | None = None,
        allowed_signers: str | Path | None = None,
    ) -> Verification:
        """Check that the case is unchanged since its last command, and that its logs match their digests.

        Args:
            keys: files with AWS's public keys; they are added to the case.
            bucket: the bucket that the logs were copied from; files that AWS delivered elsewhere are reported as moved.
            head: a head of the custody log, from a report or bundle, that the log must contain.
            allowed_signers: an OpenSSH allowed signers file; one of its keys must have signed a head of the log.

        Raises:
            CannotSeal: the signatures cannot be checked.
        """
        from forensics.proof.case_check import not_logged, verify_case

        unlogged = list(not_logged(self._layout)) if self._temporary is None else []
        key_files = [Path(path) for path in keys]
        if key_files:
            self.ingest(key_files)
        answer = verify_case(
            self._layout, self._database.open, unlogged, bucket=bucket, head=head, allowed_signers=allowed_signers
        )
        signers = named_files("allowed_signers", [allowed_signers])
        return self._log.add("verify", {"keys": key_files, "bucket": bucket, "head": head, **signers}, answer)

    def custody(self) -> Custody:
        """Return the custody log: every command on the case, and entries that were changed. The call is not logged."""
        return custody_log.read(self._layout.custody)

    def seal(self, key: str | Path) -> Seal:
        """Sign the head of the custody log with an SSH key, and return the signature. Raises CannotSeal.

        The last signed entry is that of this command.

        Args:
            key: the file of a private key, or of a public key whose private key is in ssh-agent.
        """
        from forensics.proof.seal import check_key, sign

        check_key(Path(key))
        self._log.add("seal", named_files("key", [key]), None)
        return sign(self._layout, layouts.about(self._layout).case_id, self.custody(), Path(key))

    def close_connection(self) -> None:
        """Close the database. The next query opens it again."""
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


def _parameters(sources: list[str], collected: Collected) -> dict[str, object]:
    """Return the parameters of an ingest, as the custody log records them."""
    return {
        "paths": [source if is_s3_url(source) else Path(source).absolute() for source in sources],
        "ingest_ids": [done.commit.ingest_id for done in collected.rounds],
    }


def _document_tables() -> list[DocumentTables]:
    """Return the functions that create the tables of digests and exports. They import their rooms on first use."""

    def of_digests(connection: duckdb.DuckDBPyConnection) -> None:
        from forensics.digests.digest_tables import create_tables

        create_tables(connection)

    def of_exports(connection: duckdb.DuckDBPyConnection) -> None:
        from forensics.exports.export_tables import create_tables

        create_tables(connection)

    return [of_digests, of_exports]
