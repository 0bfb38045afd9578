"""Case: the public API, and what a notebook imports.

    case = Case.open("my-case")
    case.who("ASIA...").actor
    case.events(key="AKIA...", errors=True)      # a DataFrame
    case.sql("select * from attributed_events")  # another

A case is a folder; every call reads what was last committed to it. Reading never waits for an ingest.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from forensics import __version__
from forensics.answers.coverage_answer import Coverage, Info
from forensics.answers.ingest_answer import Estimate, LookupEstimate
from forensics.answers.rows_answer import FilterMatches, Rows, SavedQuery, Table
from forensics.answers.tree_answer import Tree
from forensics.answers.who_answer import Who
from forensics.attribution.database import opening
from forensics.case_folder import CaseFolder
from forensics.errors import (
    Declined,
    IngestFailed,
    NoLogs,
    NotAddressDatabase,
    NotAnIdentifier,
    QueryFailed,
    UnusableQuery,
)
from forensics.identifiers import access_key, event_id, identify
from forensics.ingest.progress import Progress
from forensics.investigate.case.accounting import files
from forensics.investigate.case.event_search import EventFilter, event_rows, events_table, matches_alone
from forensics.investigate.case.loaded_hours import coverage
from forensics.investigate.case.saved_queries import Value, bound, saved_queries, saved_query, shell_lines
from forensics.investigate.case.statement import query_errors, query_rows, query_table
from forensics.investigate.case.summary import overview
from forensics.investigate.evidence import check_cited
from forensics.investigate.ip_ranges import read_ip_ranges
from forensics.investigate.key.address_context import AddressContext
from forensics.investigate.who.requesters import who, who_all
from forensics.lake import layout as layouts
from forensics.lake.integrity import file_sha256
from forensics.proof import custody_log
from forensics.proof.folder_check import verify_logs
from forensics.runtime import packaged_folder
from forensics.sources.aws import Access

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from forensics.answers.key_answer import Accounts, Key, Keys
    from forensics.answers.report_answer import Report
    from forensics.answers.verify_answer import Bundle, Check, Custody, Extract, Seal, Verification
    from forensics.proof.origin import Origin

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
    "snapshot_policy",
    "verify_logs",
    "write_sample_logs",
]

T = TypeVar("T")


class Case(CaseFolder):
    """A case folder, and every question about it. Use it as a context manager, or let it go: nothing is left open."""

    def who(self, subject: str, *, ip_ranges: str | Path | None = None) -> Who:
        """Who is behind an access key ID, event ID, session ARN or principal ID. Raises NotAnIdentifier.

        `ip_ranges`: AWS's list of its addresses (ip-ranges.json), which tells those of AWS from others. Raises
        NotIpRanges.
        """
        answer = self._proven(who(self._database.open(), identify(subject), read_ip_ranges(ip_ranges)))
        return self._log.add("who", {"subject": subject.strip(), **_files("ip_ranges", [ip_ranges])}, answer)

    def who_all(self, subjects: Iterable[str], *, ip_ranges: str | Path | None = None) -> list[Who]:
        """An answer for each subject, in their order; what is no identifier is an answer that says so.

        If one looks like a secret, whatever else is no identifier may be the rest of it, and is not repeated either.
        """
        answers = self._proven(who_all(self._database.open, list(subjects), read_ip_ranges(ip_ranges)))
        asked = [answer.subject.id for answer in answers]
        return self._log.add("who", {"subjects": asked, **_files("ip_ranges", [ip_ranges])}, answers)

    def key(self, key_id: str, *, geo: Iterable[str | Path] = (), ip_ranges: str | Path | None = None) -> Key:
        """The one page on an access key: whose, since when, requested by whom, what it did. Raises NotAnIdentifier.

        `geo`: databases in MaxMind's format, which tell where addresses are; `ip_ranges`: as for `who`. Raises
        NotAddressDatabase and NotIpRanges.
        """
        from forensics.investigate.key.key_page import key

        identifier = access_key(key_id)
        answer = self._proven(key(self._database.open(), identifier, AddressContext(geo, ip_ranges)))
        return self._log.add("key", {"subject": identifier.id, **_address_files(geo, ip_ranges)}, answer)

    def report(self, key_id: str, *, geo: Iterable[str | Path] = (), ip_ranges: str | Path | None = None) -> Report:
        """The page on an access key, the tree below it, what was done with all of it, and the records that prove it.

        As `key`. `forensics.output.report` makes the file of it.
        """
        identifier = access_key(key_id)
        answer = self._origin(AddressContext(geo, ip_ranges)).report(identifier)
        return self._log.add("report", {"subject": identifier.id, **_address_files(geo, ip_ranges)}, answer)

    def keys(self, *, max_age_days: int = 90, unused_days: int = 90) -> Keys:
        """The audit of every long-term key that the logs or an export know, as of the latest of both.

        A key is overdue for rotation, or unused, after so many days.
        """
        from forensics.investigate.audit.key_audit import keys

        asked = {"max_age_days": max_age_days, "unused_days": unused_days}
        return self._log.add("keys", asked, keys(self._database.open(), max_age_days, unused_days))

    def accounts(self, *, max_age_days: int = 90, unused_days: int = 90) -> Accounts:
        """Every account that the logs or an export know, and how its keys fare in that audit."""
        from forensics.investigate.audit.account_audit import accounts

        asked = {"max_age_days": max_age_days, "unused_days": unused_days}
        return self._log.add("accounts", asked, accounts(self._database.open(), max_age_days, unused_days))

    def tree(self, subject: str, at: datetime | None = None) -> Tree:
        """Everything that descends from a subject, what of it is valid at a time, and how to end it.

        `at` is the time of the case's latest event unless given; without a zone it is UTC. Raises NotAnIdentifier.
        """
        from forensics.investigate.tree.derived import tree

        answer = self._proven(tree(self._database.open(), identify(subject), at))
        return self._log.add("tree", {"subject": subject.strip(), "at": at}, answer)

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
        return self._logged_frame("events", asdict(wanted), events_table(self._database.open(), wanted))

    def event_rows(self, wanted: EventFilter, limit: int | None = None) -> Rows:
        """The same for printing: the columns that a person reads first, at most `limit` rows."""
        found = event_rows(self._database.open(), wanted, limit)
        return self._log.add("events", {**asdict(wanted), "limit": limit}, found)

    def matches_alone(self, wanted: EventFilter) -> tuple[FilterMatches, ...]:
        """Of a filter that nothing passes: how many events each of its parts matches on its own."""
        return matches_alone(self._database.open(), wanted)

    def sql(self, query: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> pd.DataFrame:
        """The result of any query on the case's tables and views. Raises QueryFailed, also for one that would write."""
        found = query_table(self._database.open(), query, parameters)
        return self._logged_frame("sql", {"query": query, "parameters": parameters}, found)

    def sql_rows(self, query: str, parameters: dict[str, Value] | None = None) -> Rows:
        """The same as plain rows. Raises QueryFailed."""
        return self._log.add("sql", {"query": query}, query_rows(self._database.open(), query, parameters))

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
        with query_errors():
            return query.sql, bound(self._database.open(), query, parameters)

    def info(self) -> Info:
        """What the case holds."""
        about, connection = layouts.about(self._layout), self._database.open()
        root = str(self._layout.root)
        answer = overview(connection, self._manifest(), root, about.case_id, about.format_version)
        return self._log.add("info", {}, answer)

    def files(self) -> Rows:
        """Every input file: how it ended, why, and what became of its records."""
        return files(self._database.open(), self._manifest())

    def coverage(self) -> Coverage:
        """What is loaded of each account and region, hour by hour, and the trails that were stopped or narrowed."""
        return self._log.add("coverage", {}, coverage(self._database.open()))

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
        from forensics.proof.case_check import not_logged, verify_case

        unlogged = list(not_logged(self._layout)) if self._temporary is None else []
        brought = [Path(path) for path in keys]
        if brought:
            self.ingest(brought)
        asked = {"bucket": bucket, "head": head, **_files("allowed_signers", [allowed_signers])}
        answer = verify_case(
            self._layout, self._database.open, unlogged, bucket=bucket, head=head, allowed_signers=allowed_signers
        )
        return self._log.add("verify", {"keys": brought, **asked}, answer)

    def extract(self, event_ids: Iterable[str], *, with_secrets: bool = False) -> Extract:
        """The records of some events as they were delivered, with where they lie and how far that is proven.

        Secrets are masked, each with the hash of its value, unless `with_secrets`. Raises NotAnIdentifier.
        """
        from forensics.investigate.case.original_records import extract

        asked = [event_id(text) for text in event_ids]
        conflicts = self._layout.files(self._manifest().of_table("event_conflicts"))
        answer = extract(self._database.open_unchanged(), asked, conflicts, with_secrets=with_secrets)
        return self._log.add("extract", {"event_ids": asked, "with_secrets": with_secrets}, answer)

    def bundle(self, key_id: str, path: str | Path, *, replace: bool = False) -> Bundle:
        """Pack the page on an access key with everything that proves it into an archive at `path`, a zip if so named.

        Raises NotAnIdentifier, CannotWrite.
        """
        from forensics.proof.packing import pack

        identifier, place = access_key(key_id), Path(path)
        answer = pack(self._origin(AddressContext()), identifier, place, replace=replace)
        asked = {"subject": identifier.id, "path": place.absolute()}
        return self._log.add("bundle", asked, answer, sha256=answer.sha256)

    def verify_report(
        self, path: str | Path, *, geo: Iterable[str | Path] = (), ip_ranges: str | Path | None = None
    ) -> Check:
        """Whether a report of `forensics report` is, byte for byte, what this case gives. Raises NotChecked.

        `geo` and `ip_ranges`: the same files as for the report, in the same order, where it used some.
        """
        from forensics.proof.report_check import check_report

        file = Path(path)
        check = check_report(file, self._origin(AddressContext(geo, ip_ranges)))
        return self._log.add("verify", {"report": file.absolute(), **_address_files(geo, ip_ranges)}, check)

    def verify_bundle(self, path: str | Path) -> Check:
        """Whether a bundle is as it was written, by its hashes, this case's log and its answer. Raises NotChecked."""
        from forensics.proof.bundle_check import check_bundle

        file = Path(path)
        check = check_bundle(file, self._origin(AddressContext()))
        return self._log.add("verify", {"bundle": file.absolute()}, check)

    def _origin(self, context: AddressContext) -> Origin:
        from forensics.output.report import report_page
        from forensics.proof.origin import Origin, case_state

        log = self.custody()
        state = case_state(self._database.open(), self._layout, log, __version__)
        return Origin(self._layout, state, log, self._database.open_unchanged, context, report_page)

    def custody(self) -> Custody:
        """The log of what was done with the case, and whatever in it was changed. Reading it is not logged."""
        return custody_log.read(self._layout.custody)

    def seal(self, key: str | Path) -> Seal:
        """Sign the head of the custody log with an SSH key; the signing is its last entry. Raises CannotSeal.

        `key`: a file with the private key, or with a public key whose private key ssh-agent holds.
        """
        from forensics.proof.seal import check_key, sign

        check_key(Path(key))
        self._log.add("seal", _files("key", [key]), None)
        return sign(self._layout, layouts.about(self._layout).case_id, self.custody(), Path(key))

    def schema(self) -> tuple[Table, ...]:
        """The tables and views that SQL may ask, with their columns and what each means."""
        from forensics.investigate.case.catalogue import schema

        return schema(self._database.open())

    def connect_statements(self) -> tuple[str, ...]:
        """SQL by which another DuckDB opens the case, read-only; it shows what was last committed before."""
        return opening(self._database.file().database)

    def write_database(self, path: str | Path, *, replace: bool = False) -> None:
        """Write a copy of the tables and views that any DuckDB opens without the case. Raises CannotWrite, QueryFailed.

        Views over the lake become tables; `raw` records are not in it.
        """
        from forensics.attribution.standalone import write_standalone
        from forensics.private_file import check_place

        place = Path(path).absolute()
        check_place(place, replace=replace)
        write_standalone(self._layout, self._database.file(), place)
        self._log.add("connect", {"database": place}, None, sha256=file_sha256(place))

    def _proven(self, answer: T) -> T:
        """Return the answer if the lake still has the records that prove it. Raises ChangedRecord."""
        check_cited(self._database.open(), answer)
        return answer

    def _logged_frame(self, command: str, parameters: Mapping[str, object], found: pa.Table) -> pd.DataFrame:
        """Return a DataFrame, and log the hash of its rows as Arrow has them."""
        from forensics.output.frame import to_frame

        return self._log.add(command, parameters, to_frame(found), sha256=custody_log.arrow_sha256(found))


def _files(name: str, paths: Iterable[str | Path | None]) -> dict[str, object]:
    """Return files as a parameter of a command, if any were given."""
    given = [Path(path).absolute() for path in paths if path]
    return {name: given} if given else {}


def _address_files(geo: Iterable[str | Path], ip_ranges: str | Path | None) -> dict[str, object]:
    return _files("geo", geo) | _files("ip_ranges", [ip_ranges])


def check_bundle(path: str | Path) -> Check:
    """Whether a bundle is as it was written, by its own hashes alone. Raises NotChecked."""
    from forensics.proof import bundle_check

    return bundle_check.check_bundle(Path(path), None)


def write_sample_logs(folder: str | Path) -> None:
    """Write the sample logs that come with the package into a new folder."""
    shutil.copytree(packaged_folder("sample_logs"), folder)


def snapshot_policy(role_name: str | None = None) -> str:
    """The minimal IAM policy that `Case.snapshot` needs, as JSON; with the name of the role that it assumes, if any."""
    from forensics.sources.account_snapshot import policy

    return policy(role_name)


if "IPython" in sys.modules:  # a notebook displays answers as HTML
    from forensics.output.notebook import show_answers_as_html

    show_answers_as_html(sys.modules["IPython"].get_ipython())
