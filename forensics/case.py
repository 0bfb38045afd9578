"""Case: the public API, for notebooks and the command line.

    case = Case.open("my-case")
    case.who("ASIA...").actor
    case.events(key="AKIA...", errors=True)      # a DataFrame
    case.sql("select * from attributed_events")  # another

A case is a folder. Each call reads what was last committed to it, and never waits for an ingest.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from forensics import __version__
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
from forensics.investigate.evidence import check_cited
from forensics.investigate.ip_ranges import read_ip_ranges
from forensics.investigate.key.address_context import AddressContext
from forensics.investigate.who.requesters import who, who_all
from forensics.lake import layout as layouts
from forensics.lake.integrity import file_sha256
from forensics.proof import custody_log
from forensics.proof.case_log import address_files, named_files
from forensics.proof.folder_check import verify_logs
from forensics.runtime import packaged_folder
from forensics.sources.aws import Access

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from forensics.answers.audit_answer import Accounts, Keys
    from forensics.answers.coverage_answer import Coverage, Info
    from forensics.answers.ingest_answer import Estimate, LookupEstimate
    from forensics.answers.key_answer import Key
    from forensics.answers.query_answer import SavedQuery
    from forensics.answers.report_answer import Report
    from forensics.answers.rows_answer import FilterMatches, Rows
    from forensics.answers.schema_answer import Table
    from forensics.answers.tree_answer import Tree
    from forensics.answers.verify_answer import Bundle, Check, Extract, Verification
    from forensics.answers.who_answer import Who
    from forensics.investigate.case.event_search import EventFilter
    from forensics.investigate.case.saved_queries import Value
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

# imported on first use: each module of answers costs every command milliseconds
_ON_FIRST_USE = {
    "Estimate": "forensics.answers.ingest_answer",
    "EventFilter": "forensics.investigate.case.event_search",
    "LookupEstimate": "forensics.answers.ingest_answer",
    "SavedQuery": "forensics.answers.query_answer",
    "Value": "forensics.investigate.case.saved_queries",
}

T = TypeVar("T")


def __getattr__(name: str) -> Any:
    if name in _ON_FIRST_USE:
        return getattr(import_module(_ON_FIRST_USE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Case(CaseFolder):
    """A case folder, and all queries on it. Its database closes at the end of a `with` block, or with the object."""

    def who(self, subject: str, *, ip_ranges: str | Path | None = None) -> Who:
        """Return who is behind an identifier.

        Args:
            subject: an access key ID, event ID, session ARN or principal ID.
            ip_ranges: AWS's ip-ranges.json, by which addresses of AWS are recognized.

        Raises:
            NotAnIdentifier, NotIpRanges
        """
        answer = self._checked(who(self._database.open(), identify(subject), read_ip_ranges(ip_ranges)))
        return self._log.add("who", {"subject": subject.strip(), **named_files("ip_ranges", [ip_ranges])}, answer)

    def who_all(self, subjects: Iterable[str], *, ip_ranges: str | Path | None = None) -> list[Who]:
        """Return one answer for each subject, in their order. The answer for an invalid identifier reports that.

        If one subject looks like a secret, no invalid one is repeated: it may be a part of the secret.

        Args:
            subjects: identifiers as for `who`.
            ip_ranges: see `who`. Raises NotIpRanges.
        """
        answers = self._checked(who_all(self._database.open, list(subjects), read_ip_ranges(ip_ranges)))
        ids = [answer.subject.id for answer in answers]
        return self._log.add("who", {"subjects": ids, **named_files("ip_ranges", [ip_ranges])}, answers)

    def key(self, key_id: str, *, geo: Iterable[str | Path] = (), ip_ranges: str | Path | None = None) -> Key:
        """Return the page on an access key: its owner, lifecycle, requester, activity and descendants.

        Args:
            key_id: an access key ID.
            geo: databases in MaxMind's format, which locate addresses.
            ip_ranges: see `who`.

        Raises:
            NotAnIdentifier, NotAddressDatabase, NotIpRanges
        """
        from forensics.investigate.key.key_page import key

        identifier = access_key(key_id)
        answer = self._checked(key(self._database.open(), identifier, AddressContext(geo, ip_ranges)))
        return self._log.add("key", {"subject": identifier.id, **address_files(geo, ip_ranges)}, answer)

    def report(self, key_id: str, *, geo: Iterable[str | Path] = (), ip_ranges: str | Path | None = None) -> Report:
        """Return the page on an access key, its tree, the activity of the whole tree, and the records of cited events.

        Arguments and errors are those of `key`. `forensics.output.report` renders the answer.
        """
        identifier = access_key(key_id)
        answer = self._origin(AddressContext(geo, ip_ranges)).report(identifier)
        return self._log.add("report", {"subject": identifier.id, **address_files(geo, ip_ranges)}, answer)

    def keys(self, *, max_age_days: int = 90, unused_days: int = 90) -> Keys:
        """Return the audit of every long-term key in the logs or exports, as of the latest event or export.

        Args:
            max_age_days: an older key is overdue for rotation.
            unused_days: a key that was not used for longer is unused.
        """
        from forensics.investigate.audit.key_audit import keys

        limits = {"max_age_days": max_age_days, "unused_days": unused_days}
        return self._log.add("keys", limits, keys(self._database.open(), max_age_days, unused_days))

    def accounts(self, *, max_age_days: int = 90, unused_days: int = 90) -> Accounts:
        """Return every account in the logs or exports, with the number of its keys that `keys` has findings for."""
        from forensics.investigate.audit.account_audit import accounts

        limits = {"max_age_days": max_age_days, "unused_days": unused_days}
        return self._log.add("accounts", limits, accounts(self._database.open(), max_age_days, unused_days))

    def tree(self, subject: str, at: datetime | None = None) -> Tree:
        """Return everything derived from a subject, its state at a time, and the steps that contain it.

        Args:
            subject: an identifier as for `who`. Raises NotAnIdentifier.
            at: UTC if it has no time zone; the time of the latest event if not given.
        """
        from forensics.investigate.tree.derived import tree

        answer = self._checked(tree(self._database.open(), identify(subject), at))
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
        """Return attributed events by time: all columns, times in UTC. `EventFilter` describes the arguments."""
        from forensics.investigate.case.event_search import EventFilter, events_table

        wanted = EventFilter(key, actor, since, until, name, address, errors)
        return self._logged_frame("events", asdict(wanted), events_table(self._database.open(), wanted))

    def event_rows(self, wanted: EventFilter, limit: int | None = None) -> Rows:
        """Return at most `limit` of these events for printing: the columns that matter most to a reader."""
        from forensics.investigate.case.event_search import event_rows

        found = event_rows(self._database.open(), wanted, limit)
        return self._log.add("events", {**asdict(wanted), "limit": limit}, found)

    def matches_alone(self, wanted: EventFilter) -> tuple[FilterMatches, ...]:
        """Return how many events each part of a filter matches on its own, for a filter that matches none."""
        from forensics.investigate.case.event_search import matches_alone

        return matches_alone(self._database.open(), wanted)

    def sql(self, query: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> pd.DataFrame:
        """Return the result of one SQL statement on the tables and views of the case.

        Args:
            query: DuckDB's SQL; `schema` lists the tables.
            parameters: values for each `?`, or by name for each `$name`.

        Raises:
            QueryFailed: the statement failed, or is not read-only.
        """
        from forensics.investigate.case.statement import query_table

        found = query_table(self._database.open(), query, parameters)
        return self._logged_frame("sql", {"query": query, "parameters": parameters}, found)

    def sql_rows(self, query: str, parameters: dict[str, Value] | None = None) -> Rows:
        """Return the same as plain rows. Raises QueryFailed."""
        from forensics.investigate.case.statement import query_rows

        return self._log.add("sql", {"query": query}, query_rows(self._database.open(), query, parameters))

    @staticmethod
    def queries() -> list[SavedQuery]:
        """Return the saved queries of the package and of the user."""
        from forensics.investigate.case.saved_queries import saved_queries

        return saved_queries()

    @staticmethod
    def saved_query(name: str) -> SavedQuery:
        """Return a saved query by its name. Raises UnusableQuery."""
        from forensics.investigate.case.saved_queries import saved_query

        return saved_query(name)

    @staticmethod
    def query_in_shell(name: str, parameters: Mapping[str, Value]) -> str:
        """Return a saved query as statements for the `duckdb` shell. Raises UnusableQuery."""
        from forensics.investigate.case.saved_queries import saved_query, shell_lines

        return shell_lines(saved_query(name), parameters)

    def query(self, name: str, **parameters: Value) -> pd.DataFrame:
        """Return the result of a saved query, given values for its parameters. Raises UnusableQuery, QueryFailed."""
        return self.sql(*self._bound(name, parameters))

    def query_rows(self, name: str, parameters: Mapping[str, Value]) -> Rows:
        """Return the same as plain rows. Raises UnusableQuery, QueryFailed."""
        return self.sql_rows(*self._bound(name, parameters))

    def _bound(self, name: str, parameters: Mapping[str, Value]) -> tuple[str, dict[str, Value]]:
        from forensics.investigate.case.saved_queries import bound, saved_query
        from forensics.investigate.case.statement import query_errors

        query = saved_query(name)
        with query_errors():
            return query.sql, bound(self._database.open(), query, parameters)

    def info(self) -> Info:
        """Return a summary of the case."""
        from forensics.investigate.case.summary import overview

        about, connection = layouts.about(self._layout), self._database.open()
        root = str(self._layout.root)
        answer = overview(connection, self._manifest(), root, about.case_id, about.format_version)
        return self._log.add("info", {}, answer)

    def files(self) -> Rows:
        """Return every input file: its status, the reason, and the counts of its records."""
        from forensics.investigate.case.accounting import files

        return files(self._database.open(), self._manifest())

    def coverage(self) -> Coverage:
        """Return the loaded hours of each account and region, and the trails that were stopped or narrowed."""
        from forensics.investigate.case.loaded_hours import coverage

        return self._log.add("coverage", {}, coverage(self._database.open()))

    def verify(
        self,
        *,
        keys: Iterable[str | Path] = (),
        bucket: str | None = None,
        head: str | None = None,
        allowed_signers: str | Path | None = None,
    ) -> Verification:
        """Check that the case is unchanged since its last command, and its files against its digests.

        Args:
            keys: files of public keys, which are added to the case.
            bucket: the bucket that the logs were copied from; files that AWS put elsewhere are reported as moved.
            head: a head of the custody log, from a report or bundle, that the log must contain.
            allowed_signers: OpenSSH's list of public keys; one of them must have signed a head of the log.

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

    def extract(self, event_ids: Iterable[str], *, with_secrets: bool = False) -> Extract:
        """Return records as they were delivered, the files that contain them, and the digest status of each file.

        Args:
            event_ids: event IDs. Raises NotAnIdentifier.
            with_secrets: return secrets, too; otherwise, each is replaced by the hash of its value.
        """
        from forensics.investigate.case.original_records import extract

        ids = [event_id(text) for text in event_ids]
        conflicts = self._layout.files(self._manifest().of_table("event_conflicts"))
        answer = extract(self._database.open_unchanged(), ids, conflicts, with_secrets=with_secrets)
        return self._log.add("extract", {"event_ids": ids, "with_secrets": with_secrets}, answer)

    def bundle(self, key_id: str, path: str | Path, *, replace: bool = False) -> Bundle:
        """Write an archive with the page on an access key and its evidence.

        Args:
            key_id: an access key ID.
            path: the archive; a zip if it ends in .zip, else a tar.gz.
            replace: overwrite an existing file.

        Raises:
            NotAnIdentifier, CannotWrite
        """
        from forensics.proof.packing import pack

        identifier, place = access_key(key_id), Path(path)
        answer = pack(self._origin(AddressContext()), identifier, place, replace=replace)
        parameters = {"subject": identifier.id, "path": place.absolute()}
        return self._log.add("bundle", parameters, answer, sha256=answer.sha256)

    def verify_report(
        self, path: str | Path, *, geo: Iterable[str | Path] = (), ip_ranges: str | Path | None = None
    ) -> Check:
        """Compare a report byte for byte with what this case renders. Raises NotChecked.

        Args:
            path: the report.
            geo: the files that the report was made with, in the same order.
            ip_ranges: the file that the report was made with.
        """
        from forensics.proof.report_check import check_report

        file = Path(path)
        check = check_report(file, self._origin(AddressContext(geo, ip_ranges)))
        return self._log.add("verify", {"report": file.absolute(), **address_files(geo, ip_ranges)}, check)

    def verify_bundle(self, path: str | Path) -> Check:
        """Compare a bundle with its own hashes, the custody log and the answer of this case. Raises NotChecked."""
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

    def schema(self) -> tuple[Table, ...]:
        """Return the tables and views that SQL can read, with descriptions of their columns."""
        from forensics.investigate.case.catalogue import schema

        return schema(self._database.open())

    def connect_statements(self) -> tuple[str, ...]:
        """Return SQL by which another DuckDB opens the case read-only, as of its last commit."""
        return opening(self._database.file().database)

    def write_database(self, path: str | Path, *, replace: bool = False) -> None:
        """Write a copy of the tables and views that any DuckDB opens without the case. Raises CannotWrite, QueryFailed.

        Views over the lake become tables. `raw` records are left out. `replace` overwrites an existing file.
        """
        from forensics.attribution.standalone import write_standalone

        place = Path(path).absolute()
        write_standalone(self._layout, self._database, place, replace=replace)
        self._log.add("connect", {"database": place}, None, sha256=file_sha256(place))

    def _checked(self, answer: T) -> T:
        """Return the answer if the records that it cites are unchanged in the lake. Raises ChangedRecord."""
        check_cited(self._database.open(), answer)
        return answer

    def _logged_frame(self, command: str, parameters: Mapping[str, object], found: pa.Table) -> pd.DataFrame:
        """Return a DataFrame, and log the hash of its Arrow table."""
        from forensics.output.frame import to_frame

        return self._log.add(command, parameters, to_frame(found), sha256=custody_log.arrow_sha256(found))


def check_bundle(path: str | Path) -> Check:
    """Compare a bundle with its own hashes, without a case. Raises NotChecked."""
    from forensics.proof import bundle_check

    return bundle_check.check_bundle(Path(path), None)


def write_sample_logs(folder: str | Path) -> None:
    """Write the sample logs of the package to a new folder."""
    shutil.copytree(packaged_folder("sample_logs"), folder)


def snapshot_policy(role_name: str | None = None) -> str:
    """Return the minimal IAM policy for `Case.snapshot` as JSON; `role_name` is the role that it assumes, if any."""
    from forensics.sources.account_snapshot import policy

    return policy(role_name)


if "IPython" in sys.modules:  # a notebook displays answers as HTML
    from forensics.output.notebook import show_answers_as_html

    show_answers_as_html(sys.modules["IPython"].get_ipython())
