"""Case: the public API, and what a notebook imports.

    case = Case.open("my-case")
    case.who("ASIA...").actor
    case.events(key="AKIA...", errors=True)      # a DataFrame
    case.sql("select * from attributed_events")  # another

A case is a folder; every call reads what was last committed to it. Reading never waits for an ingest.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, astuple
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from forensics import __version__
from forensics.answers.canonical import answer_sha256, to_json
from forensics.answers.core import SECRET, Displayed, StopReason, Subject
from forensics.answers.coverage_answer import Coverage, Info
from forensics.answers.ingest_answer import Estimate, Ingest, LookupEstimate, RefusedCall, Snapshot
from forensics.answers.rows_answer import FilterMatches, Rows, SavedQuery, Table
from forensics.answers.tree_answer import Tree
from forensics.answers.who_answer import Who
from forensics.attribution.database import connect, lock, open_built, opening
from forensics.attribution.state import Built, cached_database, is_unchanged, record, recorded, sweep_cache
from forensics.errors import (
    AwsFailed,
    CaseBusy,
    Declined,
    IngestFailed,
    NoLogs,
    NoSuchSource,
    NotAddressDatabase,
    NotAnIdentifier,
    NotAnS3Url,
    NothingFound,
    QueryFailed,
    SecretRefused,
    UnusableQuery,
)
from forensics.identifiers import Identifier, SubjectType, account_of, identify
from forensics.ingest.progress import Progress
from forensics.investigate.case.accounting import files
from forensics.investigate.case.event_search import COLUMNS, EventFilter, events_query, matches_alone
from forensics.investigate.case.ingested import ingested, unread_note, why_empty
from forensics.investigate.case.loaded_hours import coverage
from forensics.investigate.case.saved_queries import Value, bound, saved_queries, saved_query, shell_lines
from forensics.investigate.case.statement import reading
from forensics.investigate.case.summary import overview
from forensics.investigate.evidence import check_cited
from forensics.investigate.ip_ranges import read_ip_ranges
from forensics.investigate.key.address_context import AddressContext
from forensics.investigate.sql_rows import reading_files
from forensics.investigate.who.requesters import who
from forensics.lake import layout as layouts
from forensics.lake import manifest as manifests
from forensics.lake.integrity import check_files, file_sha256, fingerprint
from forensics.lake.layout import ROOM_NEEDED, Layout, only_ingest
from forensics.lake.manifest import Manifest
from forensics.lake.pending import logged_database, logged_ingest
from forensics.proof import custody_log as custody
from forensics.proof.case_check import check_manifest, hashes_of
from forensics.proof.custody_log import CaseHashes
from forensics.proof.folder_check import verify_logs
from forensics.regular_files import read_regular
from forensics.runtime import packaged_folder
from forensics.sources.aws import Access, Aws
from forensics.sources.s3_url import is_s3_url, parse_url
from forensics.temporary_folder import TemporaryFolder

if TYPE_CHECKING:
    import pandas as pd

    from forensics.answers.key_answer import Accounts, Key, Keys
    from forensics.answers.report_answer import CaseState, Report
    from forensics.answers.verify_answer import Bundle, Check, Custody, Extract, Seal, Verification
    from forensics.attribution.build import DocumentTables
    from forensics.ingest.run import Ingested
    from forensics.proof.origin import Origin
    from forensics.proof.packing import Packed

__all__ = [
    "Access",
    "Case",
    "Declined",
    "Estimate",
    "EventFilter",
    "IngestFailed",
    "LookupEstimate",
    "NoLogs",
    "NotAddressDatabase",
    "NotAnIdentifier",
    "Progress",
    "QueryFailed",
    "SavedQuery",
    "UnusableQuery",
    "Value",
    "check_bundle",
    "verify_logs",
    "write_sample_logs",
]


# of a table or column
_UNKNOWN_NAME = (duckdb.BinderException, duckdb.CatalogException)

_DIGEST_REGIONS = """
    select aws_region, min(start_time), max(end_time) from digests group by aws_region order by aws_region
"""

T = TypeVar("T")

GoOn = Callable[[Estimate | LookupEstimate], bool]
"""Told what is about to be fetched; whether to go on."""

_OWN_ACCESS = Access()
_ROOM_ELSEWHERE = "Set TMPDIR to a folder with room to write, and run the same command again"


def _untold(*_: object) -> None:
    pass


def _always(_estimate: Estimate | LookupEstimate) -> bool:
    return True


def _ask(go_on: GoOn, estimate: Estimate | LookupEstimate) -> None:
    if not go_on(estimate):
        raise Declined(estimate)


class Case:
    """A case folder. Use it as a context manager, or let it go: nothing is left open behind it."""

    def __init__(self, layout: Layout, temporary: TemporaryFolder | None = None) -> None:
        self._layout = layout
        self._temporary = temporary
        self._is_new = False
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._built: Built | None = None
        self._is_checked = False
        self.unread_note: str | None = None
        """Of a case made by `from_logs`: that some of its input could not be read, in one line."""
        self.custody_note: str | None = None
        """That the use of the case could not be logged, in one line."""
        self.rebuild_note: str | None = None
        """That the next command rebuilds the database again, as this build could not be recorded, in one line."""

    @classmethod
    def open(cls, path: str | Path) -> Case:
        """The case at `path`. Raises NotACase."""
        return cls(layouts.open_existing(Path(path)))

    @classmethod
    def create(cls, path: str | Path) -> Case:
        """The case at `path`, a new one if there is nothing yet. Raises NotACase."""
        is_new = not Path(path).exists()
        case = cls(layouts.create(Path(path)))
        case._is_new = is_new
        return case

    @classmethod
    def from_logs(cls, path: str | Path, *, progress: Progress = _untold) -> Case:
        """A case of a file or folder of logs, gone with the returned object. Raises NoSuchSource, NoLogs."""
        temporary = TemporaryFolder()
        try:
            case = cls(layouts.create(Path(temporary.name, "case")), temporary)
            done = case.ingest([path], progress=progress)
        except BaseException as error:
            temporary.cleanup()
            if isinstance(error, IngestFailed):
                raise IngestFailed(str(error).replace(ROOM_NEEDED, _ROOM_ELSEWHERE)) from None
            raise
        case.unread_note = unread_note(done)
        return case

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
        progress: Progress = _untold,
        listing: Callable[[int], None] = _untold,
        asking: Callable[[int, int], None] = _untold,
        go_on: GoOn = _always,
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
        from forensics.ingest.collect import Fetching, from_files, from_lookup_events, from_s3
        from forensics.ingest.filter import filter_of, utc

        taken = filter_of(accounts=accounts, regions=regions, since=since, until=until, late=late)
        as_of = utc(as_of)
        named = [str(path) for path in paths]
        local = [Path(path) for path in named if not is_s3_url(path)]
        before = self._manifest()
        with self._discarded_if_it_stays_new(before), self._noting_a_commit(before):
            urls = [parse_url(path) for path in named if is_s3_url(path)]
            go = partial(_ask, go_on)
            how = Fetching(Aws(access), request_payer, as_of, __version__, progress, listing, asking, go)
            collected = []
            if local:
                collected.append(from_files(self._layout, local, taken, __version__, as_of, progress))
            if urls:
                collected.append(from_s3(self._layout, urls, taken, how))
            if lookup_events:
                collected.append(from_lookup_events(self._layout, taken, how))
            rounds = [done for each in collected for done in each.rounds]
            known = sum(each.known for each in collected)
            return self._ingested([*named, *["LookupEvents"] * lookup_events], before, rounds, known)

    def _ingested(self, paths: list[str], before: Manifest, rounds: Sequence[Ingested], known: int) -> Ingest:
        """Build the tables, and tell what went in. `known` files were in the case and not read again."""
        from forensics.attribution.build import build

        after = self._manifest()
        commit = after.commit
        files = [file for done in rounds for file in done.source_files]
        if commit is None or (commit.events == 0 and commit.documents == 0):
            raise NoLogs(why_empty(paths, files))
        self.close_connection()
        with reading_files():
            try:
                self._built, changes = build(self._layout, after, _document_tables())
            except (OSError, MemoryError, duckdb.OperationalError, duckdb.TransactionException) as error:
                raise IngestFailed(
                    f"the events are in {self._layout.root}, but their tables could not be written:"
                    f" {' '.join(str(error).split())}. {ROOM_NEEDED}"
                ) from None
        self._record(self._built)
        root = str(self._layout.root)
        answer = ingested(self._open(), root, files, known, (before.commit, commit), changes)
        self.close_connection()
        given = {
            "paths": [path if is_s3_url(path) else Path(path).absolute() for path in paths],
            "ingest_ids": [done.commit.ingest_id for done in rounds],
        }
        return self._logged("ingest", given, answer, hashes=hashes_of(self._layout))

    def snapshot(
        self,
        *,
        access: Access = _OWN_ACCESS,
        accounts: Iterable[str] = (),
        role_name: str | None = None,
        regions: Iterable[str] = (),
        progress: Callable[[str], None] = _untold,
    ) -> Snapshot:
        """Ask accounts what they hold, by calls that only read, and add the answers to the case as files of it.

        The account of `access` is asked; or `accounts` ("all": those of the organisation), each by its role of
        `role_name`. `regions`: where trails and Identity Center are asked about. A call that is refused is in the
        answer, and stops nothing else. Raises AwsFailed where AWS cannot be used at all.
        """
        from forensics.sources.account_snapshot import SnapshotWanted, take

        before = self._manifest()
        folder = self._layout.sources / f"snapshot-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        unknown = self._keys_of_unknown_accounts() if before.commit else ()
        wanted = SnapshotWanted(tuple(dict.fromkeys(accounts)), role_name, tuple(dict.fromkeys(regions)), unknown)
        with self._discarded_if_it_stays_new(before):
            taken = take(Aws(access), folder, wanted, progress)
            done = None
            if taken.files:
                from forensics.ingest.collect import from_files
                from forensics.ingest.filter import filter_of

                collected = from_files(self._layout, [folder], filter_of(), __version__, None, _untold)
                done = self._ingested([str(folder)], before, collected.rounds, 0)
            answer = Snapshot(
                str(folder),
                tuple(taken.account_ids),
                dict(sorted(taken.calls.items())),
                tuple(RefusedCall(*astuple(refused)) for refused in taken.refusals()),
                done,
            )
            asked = {"accounts": wanted.accounts, "role_name": role_name, "regions": wanted.regions}
            return self._logged("snapshot", asked, answer)

    def _keys_of_unknown_accounts(self) -> tuple[str, ...]:
        """Long-term keys of the logs that do not carry their account, of which no export tells either."""
        listed = self.sql_rows(
            """
            select distinct access_key_id from access_keys
            where access_key_id not in (select access_key_id from exported_keys)
            order by access_key_id
            """
        )
        return tuple(key for (key,) in listed.rows if account_of(key) is None)

    def who(self, subject: str, *, ip_ranges: str | Path | None = None) -> Who:
        """Who is behind an access key ID, event ID, session ARN or principal ID. Raises NotAnIdentifier.

        `ip_ranges`: AWS's list of its addresses (ip-ranges.json), which tells those of AWS from others. Raises
        NotIpRanges.
        """
        answer = self._proven(who(self._open(), identify(subject), read_ip_ranges(ip_ranges)))
        return self._logged("who", {"subject": subject.strip(), **_files("ip_ranges", [ip_ranges])}, answer)

    def who_all(self, subjects: Iterable[str], *, ip_ranges: str | Path | None = None) -> list[Who]:
        """An answer for each subject, in their order; what is no identifier is an answer that says so.

        If one looks like a secret, whatever else is no identifier may be the rest of it, and is not repeated either.
        """
        asked = list(subjects)
        hide = any(_is_secret(subject) for subject in asked)
        answers = self._proven([self._who_or_why_not(subject, ip_ranges, hide=hide) for subject in asked])
        subjects = [answer.subject.id for answer in answers]
        return self._logged("who", {"subjects": subjects, **_files("ip_ranges", [ip_ranges])}, answers)

    def key(self, key_id: str, *, geo: Iterable[str | Path] = (), ip_ranges: str | Path | None = None) -> Key:
        """The one page on an access key: whose, since when, requested by whom, what it did. Raises NotAnIdentifier.

        `geo`: databases in MaxMind's format, which tell where addresses are; `ip_ranges`: as for `who`. Raises
        NotAddressDatabase and NotIpRanges.
        """
        identifier = _access_key(key_id)
        from forensics.investigate.key.key_page import key

        answer = self._proven(key(self._open(), identifier, AddressContext(geo, ip_ranges)))
        files = _files("geo", geo) | _files("ip_ranges", [ip_ranges])
        return self._logged("key", {"subject": identifier.id, **files}, answer)

    def report(self, key_id: str, *, geo: Iterable[str | Path] = (), ip_ranges: str | Path | None = None) -> Report:
        """The page on an access key, the tree below it, what was done with all of it, and the records that prove it.

        As `key`. `forensics.output.report` makes the file of it.
        """
        identifier = _access_key(key_id)
        answer = self._report(identifier, AddressContext(geo, ip_ranges), self._state())
        files = _files("geo", geo) | _files("ip_ranges", [ip_ranges])
        return self._logged("report", {"subject": identifier.id, **files}, answer)

    def _report(self, identifier: Identifier, context: AddressContext, state: CaseState) -> Report:
        from forensics.investigate.report.key_report import report

        return self._proven(report(self._open_unchanged(), identifier, context, state))

    def keys(self, *, max_age_days: int = 90, unused_days: int = 90) -> Keys:
        """The audit of every long-term key that the logs or an export know, as of the latest of both.

        A key is overdue for rotation, or unused, after so many days.
        """
        from forensics.investigate.audit.key_audit import keys

        asked = {"max_age_days": max_age_days, "unused_days": unused_days}
        return self._logged("keys", asked, keys(self._open(), max_age_days, unused_days))

    def accounts(self, *, max_age_days: int = 90, unused_days: int = 90) -> Accounts:
        """Every account that the logs or an export know, and how its keys fare in that audit."""
        from forensics.investigate.audit.account_audit import accounts

        asked = {"max_age_days": max_age_days, "unused_days": unused_days}
        return self._logged("accounts", asked, accounts(self._open(), max_age_days, unused_days))

    def tree(self, subject: str, at: datetime | None = None) -> Tree:
        """Everything that descends from a subject, what of it is valid at a time, and how to end it.

        `at` is the time of the case's latest event unless given; without a zone it is UTC. Raises NotAnIdentifier.
        """
        from forensics.investigate.tree.derived import tree

        answer = self._proven(tree(self._open(), identify(subject), at))
        return self._logged("tree", {"subject": subject.strip(), "at": at}, answer)

    def events(
        self,
        *,
        key: str | None = None,
        actor: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        name: str | None = None,
        address: str | None = None,
        errors: bool = False,
    ) -> pd.DataFrame:
        """Attributed events in the order of time, all columns, times in UTC. See EventFilter for the filters."""
        wanted = EventFilter(key, actor, since, until, name, address, errors)
        query, parameters = events_query(wanted)
        frame, sha256 = self._frame(f"select * {query} order by event_time, event_key", parameters)
        return self._logged("events", asdict(wanted), frame, sha256=sha256)

    def event_rows(self, wanted: EventFilter, limit: int | None = None) -> Rows:
        """The same for printing: the columns that a person reads first, at most `limit` rows."""
        query, parameters = events_query(wanted)
        with _told_as(QueryFailed):
            connection = self._open()
            (total,) = connection.execute(f"select count(*) {query}", parameters).fetchall()[0]
            columns = ", ".join(["event_time::timestamp as event_time", *COLUMNS[1:]])
            listed = f"select {columns} {query} order by attributed_events.event_time, event_key"
            if limit is not None:
                listed, parameters = f"{listed} limit $limit", {**parameters, "limit": limit}
            result = connection.execute(listed, parameters)
            types = _types(result)
            found = Rows(COLUMNS, tuple(result.fetchall()), total, types)
        return self._logged("events", {**asdict(wanted), "limit": limit}, found)

    def matches_alone(self, wanted: EventFilter) -> tuple[FilterMatches, ...]:
        """Of a filter that nothing passes: how many events each of its parts matches on its own."""
        return matches_alone(self._open(), wanted)

    def sql(self, query: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> pd.DataFrame:
        """The result of any query on the case's tables and views. Raises QueryFailed, also for one that would write."""
        with _told_as(QueryFailed):
            statement = reading(self._open(), query)
        frame, sha256 = self._frame(statement, parameters)
        return self._logged("sql", {"query": query, "parameters": parameters}, frame, sha256=sha256)

    def sql_rows(self, query: str, parameters: dict[str, Value] | None = None) -> Rows:
        """The same as plain rows. Raises QueryFailed."""
        with _told_as(QueryFailed):
            connection = self._open()
            result = connection.execute(reading(connection, query), parameters)
            columns, types = tuple(column[0] for column in result.description or ()), _types(result)
            found = tuple(result.fetchall())
        return self._logged("sql", {"query": query}, Rows(columns, found, len(found), types))

    @staticmethod
    def queries() -> list[SavedQuery]:
        """The saved queries: those of the package, and the user's own."""
        return saved_queries()

    @staticmethod
    def saved_query(name: str) -> SavedQuery:
        """One of them. Raises UnusableQuery."""
        return saved_query(name)

    @staticmethod
    def query_in_shell(name: str, parameters: Mapping[str, Value]) -> str:
        """A saved query as statements for the `duckdb` shell. Raises UnusableQuery."""
        return shell_lines(saved_query(name), parameters)

    def query(self, name: str, **parameters: Value) -> pd.DataFrame:
        """The result of a saved query. Raises UnusableQuery, QueryFailed."""
        return self.sql(*self._bound(name, parameters))

    def query_rows(self, name: str, parameters: Mapping[str, Value]) -> Rows:
        """The same as plain rows."""
        return self.sql_rows(*self._bound(name, parameters))

    def _bound(self, name: str, parameters: Mapping[str, Value]) -> tuple[str, dict[str, Value]]:
        query = saved_query(name)
        with _told_as(QueryFailed):
            return query.sql, bound(self._open(), query, parameters)

    def info(self) -> Info:
        """What the case holds."""
        about = layouts.about(self._layout)
        connection = self._open()
        root = str(self._layout.root)
        answer = overview(connection, self._manifest(), root, about.case_id, about.format_version)
        return self._logged("info", {}, answer)

    def files(self) -> Rows:
        """Every input file: how it ended, why, and what became of its records."""
        return files(self._open(), self._manifest())

    def coverage(self) -> Coverage:
        """What is loaded of each account and region, hour by hour, and the trails that were stopped or narrowed."""
        return self._logged("coverage", {}, coverage(self._open()))

    def fetch_keys(self, access: Access | None = None) -> None:
        """Ask AWS for the public keys of the digests of the case, each region for its own, and add them to it.

        What AWS answers is kept as a file of the case first. Raises AwsFailed.
        """
        from forensics.sources.listed_keys import fetch_public_keys

        aws = Aws(access or Access())
        regions = self._open().execute(_DIGEST_REGIONS).fetchall()
        folder = self._layout.root / "sources"
        folder.mkdir(mode=0o700, exist_ok=True)
        saved = [folder / f"public_keys_{region}_{end:%Y%m%dT%H%M%SZ}.json" for region, _, end in regions]
        for path, (region, start, end) in zip(saved, regions, strict=True):
            layouts.write_private(path, fetch_public_keys(aws, region, start, end))
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
        """Whether the case is as it was left, and what the digests in it prove of its files.

        `keys`: files of public keys, which are added to the case. `bucket`: whose copy the logs are, so that a file
        that lies elsewhere is told. `head`: the head of the custody log in a report or bundle, which must be in it.
        `allowed_signers`: OpenSSH's file of the keys of which one must have signed a head of the log (see `seal`).
        """
        from forensics.investigate.case.verification import verification
        from forensics.proof.case_check import integrity, not_logged

        unlogged = list(not_logged(self._layout)) if self._temporary is None else []
        brought = [Path(path) for path in keys]
        if brought:
            self.ingest(brought)
        found = integrity(self._layout, head, self._open, unlogged)
        if allowed_signers is not None:
            from forensics.proof.seal import checked

            found = checked(
                found, self._layout, layouts.about(self._layout).case_id, self.custody(), Path(allowed_signers)
            )
        connection = self._open() if found.case_fingerprint else None
        answer = verification(connection, str(self._layout.root), bucket, found)
        given = {"keys": brought, "bucket": bucket, "head": head, **_files("allowed_signers", [allowed_signers])}
        return self._logged("verify", given, answer)

    def extract(self, event_ids: Iterable[str], *, with_secrets: bool = False) -> Extract:
        """The records of some events as they were delivered, with where they lie and how far that is proven.

        Secrets are masked, each with the hash of its value, unless `with_secrets`. Raises NotAnIdentifier.
        """
        from forensics.investigate.case.original_records import extract

        asked = [_event_id(event_id) for event_id in event_ids]
        conflicts = self._layout.files(self._manifest().of_table("event_conflicts"))
        answer = extract(self._open_unchanged(), asked, conflicts, with_secrets=with_secrets)
        return self._logged("extract", {"event_ids": asked, "with_secrets": with_secrets}, answer)

    def bundle(self, key_id: str, path: str | Path, *, replace: bool = False) -> Bundle:
        """Pack the page on an access key with everything that proves it into an archive at `path`, a zip if so named.

        Raises NotAnIdentifier, CannotWrite.
        """
        from forensics.answers.verify_answer import Bundle
        from forensics.errors import CannotWrite
        from forensics.output.file import check_place, private_binary, private_file
        from forensics.proof import packing as bundle
        from forensics.proof.bundle_archive import PackedSourceChanged, TooLarge

        identifier, place = _access_key(key_id), Path(path)
        for file in (place, bundle.sums_of(place)):
            check_place(file, replace=replace)
        head = self.custody().head
        packed = self._packed(identifier)
        try:
            with private_binary(place, replace=replace) as archive:
                sha256 = bundle.write(archive, packed, as_zip=place.suffix == ".zip")
        except (TooLarge, PackedSourceChanged) as error:
            raise CannotWrite(f"nothing was written: {error}") from None
        with private_file(bundle.sums_of(place), replace=replace) as sums:
            sums.write(f"{sha256}  {place.name}\n")
        answer = Bundle(
            identifier.id,
            str(place),
            sha256,
            len(packed.files),
            packed.sources,
            packed.digests,
            packed.signed_digests,
            head,
        )
        return self._logged("bundle", {"subject": identifier.id, "path": place.absolute()}, answer, sha256=sha256)

    def _packed(self, identifier: Identifier) -> Packed:
        from forensics.investigate.key.key_page import key
        from forensics.output.report import report_page
        from forensics.proof import packing as bundle

        state = self._state()
        return bundle.collect(
            self._open_unchanged(),
            self._proven(key(self._open(), identifier)),
            {
                "report.html": report_page(self._report(identifier, AddressContext(), state)).encode(),
                "manifest.jsonl": read_regular(self._layout.manifest),
                "provenance.json": (to_json(state) + "\n").encode(),
                **({"custody.jsonl": read_regular(self._layout.custody)} if self._layout.custody.exists() else {}),
            },
        )

    def verify_report(
        self, path: str | Path, *, geo: Iterable[str | Path] = (), ip_ranges: str | Path | None = None
    ) -> Check:
        """Whether a report of `forensics report` is, byte for byte, what this case gives. Raises NotChecked.

        `geo` and `ip_ranges`: the same files as for the report, in the same order, where it used some.
        """
        from forensics.proof.report_check import check_report

        file = Path(path)
        check = check_report(file, self._origin(AddressContext(geo, ip_ranges)))
        files = _files("geo", geo) | _files("ip_ranges", [ip_ranges])
        return self._logged("verify", {"report": file.absolute(), **files}, check)

    def verify_bundle(self, path: str | Path) -> Check:
        """Whether a bundle is as it was written, by its hashes, this case's log and its answer. Raises NotChecked."""
        from forensics.proof.bundle_check import check_bundle

        file = Path(path)
        return self._logged("verify", {"bundle": file.absolute()}, check_bundle(file, self._origin(AddressContext())))

    def _origin(self, context: AddressContext) -> Origin:
        """What a check asks of this case."""
        from forensics.investigate.key.key_page import key
        from forensics.output.report import address_files, report_page
        from forensics.proof import packing as bundle
        from forensics.proof.origin import Origin, Page

        def page(subject: str, state: CaseState) -> Page:
            answer = self._report(_access_key(subject), context, state)
            return Page(report_page(answer).encode(), address_files(answer))

        def answer(subject: str) -> bytes:
            return bundle.answer_file(self._proven(key(self._open_unchanged(), _access_key(subject))))

        return Origin(self._state(), self._layout.manifest, self.custody(), page, answer)

    def custody(self) -> Custody:
        """The log of what was done with the case, and whatever in it was changed. Reading it is not logged."""
        return custody.read(self._layout.custody)

    def seal(self, key: str | Path) -> Seal:
        """Sign the head of the custody log with an SSH key; the signing is its last entry. Raises CannotSeal.

        `key`: a file with the private key, or with a public key whose private key ssh-agent holds.
        """
        from forensics.proof.seal import check_key, sign

        check_key(Path(key))
        self._logged("seal", _files("key", [key]), None)
        return sign(self._layout, layouts.about(self._layout).case_id, self.custody(), Path(key))

    def schema(self) -> tuple[Table, ...]:
        """The tables and views that SQL may ask, with their columns and what each means."""
        from forensics.investigate.case.catalogue import schema

        return schema(self._open())

    def connect_statements(self) -> tuple[str, ...]:
        """SQL by which another DuckDB opens the case, read-only; it shows what was last committed before."""
        return opening(self._built_file().database)

    def write_database(self, path: str | Path, *, replace: bool = False) -> None:
        """Write a copy of the tables and views that any DuckDB opens without the case. Raises CannotWrite, QueryFailed.

        Views over the lake become tables; `raw` records are not in it.
        """
        from forensics.attribution.standalone import write_standalone
        from forensics.errors import CannotWrite
        from forensics.output.file import check_place

        place = Path(path).absolute()
        check_place(place, replace=replace)
        built = self._built_file()
        try:
            write_standalone(self._layout, built, place)
        except (OSError, duckdb.Error) as error:
            raise CannotWrite(f"{place} cannot be written: {' '.join(str(error).split())}") from None
        self._logged("connect", {"database": place}, None, sha256=file_sha256(place))

    def _built_file(self) -> Built:
        self._open()
        if self._built is None:
            raise QueryFailed(
                f"the tables of {self._layout.root} are in memory only, because neither the case nor your cache folder"
                " can be written; set XDG_CACHE_HOME and XDG_STATE_HOME to folders that only you can write"
            )
        return self._built

    def close_connection(self) -> None:
        """Let go of the database; the next question opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            self._is_checked = False

    def __enter__(self) -> Case:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close_connection()
        if self._temporary is not None:
            self._temporary.cleanup()

    @contextmanager
    def _noting_a_commit(self, before: Manifest) -> Iterator[None]:
        """Note on an interrupt (no Exception) that events were committed by then."""
        try:
            yield
        except Exception:
            raise
        except BaseException as stop:
            if self._temporary is None and manifests.last_commit(self._layout.manifest) != before.commit:
                stop.add_note(f"the events are in {self._layout.root}; run the same command again to finish")
            raise

    @contextmanager
    def _discarded_if_it_stays_new(self, before: Manifest) -> Iterator[None]:
        """An ingest that found nothing leaves no empty case behind."""
        try:
            yield
        except (NoLogs, NoSuchSource, NotAnS3Url, NothingFound, AwsFailed, Declined):
            if self._is_new and before.commit is None:
                with suppress(CaseBusy), only_ingest(self._layout):
                    shutil.rmtree(self._layout.root)
            raise

    def _state(self) -> CaseState:
        from forensics.answers.report_answer import CaseState

        manifest = self._manifest()
        commit = manifest.commit
        return CaseState(
            case_id=layouts.about(self._layout).case_id,
            version=__version__,
            ingest_id=commit.ingest_id if commit else None,
            committed_at=commit.committed_at if commit else None,
            events=commit.events if commit else 0,
            files=len(manifest.source_files),
            fingerprint=fingerprint(self._open(), self._layout, manifest),
            custody_head=self.custody().head,
        )

    def _manifest(self) -> Manifest:
        return manifests.read(self._layout.manifest)

    def _open(self) -> duckdb.DuckDBPyConnection:
        """A connection that reads the database of the last commit and nothing else; built again where needed."""
        if self._connection is None:
            self._connection = self._current_database() or self._build(self._manifest())
        return self._connection

    def _open_unchanged(self) -> duckdb.DuckDBPyConnection:
        """The database, once every lake file has the hash that the manifest lists. Raises ChangedLake."""
        connection = self._open()
        if not self._is_checked:
            check_files(self._layout, self._manifest().lake_files)
            self._is_checked = True
        return connection

    def _current_database(self) -> duckdb.DuckDBPyConnection | None:
        """The database that this object built, or that this user's state records, if it is still the same file."""
        if self._built is None or not is_unchanged(self._built):
            self._built = recorded(self._layout.root.resolve())
        commit = manifests.last_commit(self._layout.manifest)
        return open_built(self._layout, self._built, commit) if self._built else None

    def _build(self, manifest: Manifest) -> duckdb.DuckDBPyConnection:
        """Build the database: in the case, in the user's cache if the case is read-only, or else in memory."""
        check_manifest(self._layout)
        with suppress(OSError, duckdb.Error):  # without room to write, the case still answers, if it can be read
            if connection := self._build_file(manifest):
                return connection
        from forensics.attribution.build import fill

        self._built = None
        connection = connect(self._layout, ":memory:", read_only=False)
        with reading_files():
            fill(connection, manifest, self._layout, _document_tables())
        lock(connection, self._layout)
        return connection

    def _build_file(self, manifest: Manifest) -> duckdb.DuckDBPyConnection | None:
        from forensics.attribution.build import build

        database = self._place_to_build()
        self._built, _ = build(self._layout, manifest, _document_tables(), database)
        self._record(self._built)
        if database == self._layout.database:
            self._logged("build", {}, None, hashes=hashes_of(self._layout))
        return open_built(self._layout, self._built, manifest.commit)

    def _place_to_build(self) -> Path:
        if os.access(self._layout.root, os.W_OK):
            return self._layout.database
        sweep_cache()
        return cached_database(self._layout.root.resolve())

    def _record(self, built: Built) -> None:
        """Record a build, so that the next command opens it. A case that is gone in a moment needs no record."""
        if self._temporary is not None:
            return
        try:
            record(built)
        except OSError as error:
            self.rebuild_note = (
                f"each command builds the tables of {self._layout.root} again, because a build cannot be recorded:"
                f" {error}; set XDG_STATE_HOME to a folder that only you can write"
            )

    def _who_or_why_not(self, subject: str, ip_ranges: str | Path | None, *, hide: bool) -> Who:
        try:
            return who(self._open(), identify(subject), read_ip_ranges(ip_ranges))
        except SecretRefused:
            return Who(Subject(None, SECRET), stop_reason=StopReason.NOT_AN_IDENTIFIER)
        except NotAnIdentifier:
            shown = "(not shown, it may be part of a secret)" if hide else subject
            return Who(Subject(None, shown), stop_reason=StopReason.NOT_AN_IDENTIFIER)

    def _proven(self, answer: T) -> T:
        """The answer, if the lake still has the records that prove it. Raises ChangedRecord."""
        check_cited(self._open(), answer)
        return answer

    def _frame(self, query: str, parameters: Sequence[Any] | dict[str, Any] | None) -> tuple[pd.DataFrame, str]:
        """A DataFrame, and the hash of its rows as Arrow has them."""
        from forensics.output.frame import to_frame
        from forensics.proof.custody_log import arrow_sha256

        with _told_as(QueryFailed):
            rows = self._open().sql(query, params=parameters).to_arrow_table()
        return to_frame(rows), arrow_sha256(rows)

    def _logged(
        self,
        command: str,
        parameters: Mapping[str, object],
        answer: T,
        *,
        sha256: str | None = None,
        hashes: CaseHashes | None = None,
    ) -> T:
        """The answer, once the custody log says how it was reached. A case that is gone in a moment has no log."""
        if self._temporary is not None:
            return answer
        if answer is not None and sha256 is None:
            sha256 = answer_sha256(answer)
        try:
            custody.append(
                self._layout.custody, command, parameters, version=__version__, answer_sha256=sha256, state=hashes
            )
        except OSError as error:
            self.custody_note = f"{self._layout.root} cannot be written ({error.strerror}): its use was not logged"
            return answer
        if command == "ingest":
            logged_ingest(self._layout)
        elif command == "build":
            logged_database(self._layout)
        return answer


def _as_html(answer: Displayed) -> str:
    from forensics.output.notebook import as_html

    return as_html(answer)


Displayed.as_html = _as_html


def _access_key(key_id: str) -> Identifier:
    identifier = identify(key_id)
    if identifier.type != SubjectType.ACCESS_KEY:
        raise NotAnIdentifier(f"{identifier.id} is no access key ID (AKIA..., ASIA...); try `forensics who`")
    return identifier


def _event_id(text: str) -> str:
    identifier = identify(text)
    if identifier.type != SubjectType.EVENT:
        raise NotAnIdentifier(f"{identifier.id} is no event ID (such as 944c89bc-112d-4f10-aad0-2b75abc00d36)")
    return identifier.id


def _document_tables() -> list[DocumentTables]:
    from forensics.digests.digest_tables import create_tables as of_digests
    from forensics.exports.export_tables import create_tables as of_exports

    return [of_digests, of_exports]


def _files(name: str, paths: Iterable[str | Path | None]) -> dict[str, object]:
    """Files among the parameters of a command, if any were given."""
    given = [Path(path).absolute() for path in paths if path]
    return {name: given} if given else {}


def _is_secret(subject: str) -> bool:
    try:
        identify(subject)
    except SecretRefused:
        return True
    except NotAnIdentifier:
        return False
    return False


def _types(result: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    return tuple(str(column[1]) for column in result.description or ())


@contextmanager
def _told_as(error_type: type[Exception]) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise error_type(_one_line(error)) from None


def _one_line(error: duckdb.Error) -> str:
    if isinstance(error, duckdb.PermissionException):
        return "a query reads only the tables of the case, no file and no address; `forensics schema` lists them"
    message, _, _ = str(error).partition("\n\nLINE ")
    hint = "; `forensics schema` lists the tables and columns" if isinstance(error, _UNKNOWN_NAME) else ""
    return " ".join(message.split()) + hint


def check_bundle(path: str | Path) -> Check:
    """Whether a bundle is as it was written, by its own hashes alone. Raises NotChecked."""
    from forensics.proof import bundle_check as checks

    return checks.check_bundle(Path(path), None)


def write_sample_logs(folder: str | Path) -> None:
    """Write the sample logs that come with the package into a new folder."""
    shutil.copytree(packaged_folder("sample_logs"), folder)


def snapshot_policy(role_name: str | None = None) -> str:
    """The minimal IAM policy that `Case.snapshot` needs, as JSON; with the name of the role that it assumes, if any."""
    from forensics.sources.account_snapshot import policy

    return policy(role_name)
