"""Case: the public API, for notebooks and the command line.

    case = Case.open("my-case")
    case.who("ASIA...").actor                    # the requester
    case.events(key="AKIA...", errors=True)      # a DataFrame

Each call reads the last commit to the case folder, and never waits for a running ingest.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from forensics import __version__
from forensics.case_tables import CaseTables
from forensics.errors import (
    Declined,
    IngestFailed,
    NoLogs,
    NotAddressDatabase,
    NotAnIdentifier,
    QueryFailed,
    UnusableFilter,
    UnusableQuery,
)
from forensics.identifiers import access_key, event_id, identify
from forensics.ingest.progress import Progress
from forensics.investigate.evidence import check_cited
from forensics.investigate.ip_ranges import read_ip_ranges
from forensics.investigate.key.address_context import AddressContext
from forensics.investigate.who.who_subjects import who, who_all
from forensics.lake import layout as layouts
from forensics.proof.case_log import address_files, named_files
from forensics.proof.folder_check import verify_logs
from forensics.sources.aws import Access

if TYPE_CHECKING:
    import pandas as pd

    from forensics.answers.audit_answer import Accounts, Keys
    from forensics.answers.coverage_answer import Coverage, Info
    from forensics.answers.ingest_answer import Estimate, LookupEstimate
    from forensics.answers.key_answer import Key
    from forensics.answers.pivot_answer import Pivot
    from forensics.answers.query_answer import SavedQuery
    from forensics.answers.report_answer import Report
    from forensics.answers.rows_answer import FilterMatches, Rows
    from forensics.answers.story_answer import Story
    from forensics.answers.tree_answer import Tree
    from forensics.answers.triage_answer import Triage
    from forensics.answers.verify_answer import Bundle, Check, Extract
    from forensics.answers.who_answer import Who
    from forensics.investigate.case.event_filter import EventFilter, Several, check_period, check_texts
    from forensics.investigate.case.saved_queries import Value, check_taken, saved_query, shell_lines
    from forensics.investigate.key.counted_calls import CallCriteria
    from forensics.investigate.pivot.pivot_page import PageTimes
    from forensics.proof.bundle_check import check_bundle
    from forensics.proof.origin import Origin
    from forensics.sources.account_snapshot import snapshot_policy

__all__ = [
    "Access",
    "CallCriteria",
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
    "UnusableFilter",
    "UnusableQuery",
    "Value",
    "check_bundle",
    "check_period",
    "check_taken",
    "check_texts",
    "saved_query",
    "shell_lines",
    "snapshot_policy",
    "verify_logs",
]

# lazy: importing each of these modules costs every command milliseconds
_ON_FIRST_USE = {
    "CallCriteria": "forensics.investigate.key.counted_calls",
    "Estimate": "forensics.answers.ingest_answer",
    "EventFilter": "forensics.investigate.case.event_filter",
    "LookupEstimate": "forensics.answers.ingest_answer",
    "SavedQuery": "forensics.answers.query_answer",
    "Value": "forensics.investigate.case.saved_queries",
    "check_bundle": "forensics.proof.bundle_check",
    "check_period": "forensics.investigate.case.event_filter",
    "check_taken": "forensics.investigate.case.saved_queries",
    "check_texts": "forensics.investigate.case.event_filter",
    "snapshot_policy": "forensics.sources.account_snapshot",
    "saved_query": "forensics.investigate.case.saved_queries",
    "shell_lines": "forensics.investigate.case.saved_queries",
}

T = TypeVar("T")
Files = Iterable[str | Path]


def __getattr__(name: str) -> Any:
    if name in _ON_FIRST_USE:
        return getattr(import_module(_ON_FIRST_USE[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class Case(CaseTables):
    """A case and all queries on it. The end of a `with` block closes its database.

    Answers are frozen dataclasses, and rows are DataFrames with times in UTC. Each command on a case folder is added
    to its custody log.

    Example:
        Case.create("my-case").ingest(["AWSLogs/"])
        Case.from_logs("sample_logs").sql("select * from credentials")  # a temporary case
    """

    def who(self, subject: str, *, ip_ranges: str | Path | None = None) -> Who:
        """Return who requested a credential, the chain of links to that requester, the grade and the evidence.

        Args:
            subject: an access key ID, event ID, session ARN, principal ID, source address, or the name, e-mail address
                or ARN of a user or role. If it means several things, the answer lists them (`matches`) and names
                nobody. For a masked ID, it lists the events that show it. Raises NotAnIdentifier.
            ip_ranges: AWS's ip-ranges.json, which identifies AWS's own addresses. Raises NotIpRanges.
        """
        answer = self._checked(who(self._database.open(), subject, read_ip_ranges(ip_ranges)))
        return self._log.add("who", {"subject": subject.strip(), **named_files("ip_ranges", [ip_ranges])}, answer)

    def who_all(self, subjects: Iterable[str], *, ip_ranges: str | Path | None = None) -> list[Who]:
        """Return one answer of `who` for each subject, in the order of `subjects`.

        An invalid identifier does not raise: its answer reports it. If a subject looks like a secret, no invalid
        subject is repeated in an answer, because it may be part of the secret.

        Args:
            subjects: identifiers, as for `who`.
            ip_ranges: as for `who`.
        """
        answers = self._checked(who_all(self._database.open, list(subjects), read_ip_ranges(ip_ranges)))
        ids = [answer.subject.id for answer in answers]
        return self._log.add("who", {"subjects": ids, **named_files("ip_ranges", [ip_ranges])}, answers)

    def key(
        self, key_id: str, *, geo: Files = (), ip_ranges: str | Path | None = None, **counted: Unpack[CallCriteria]
    ) -> Key:
        """Return the page on an access key: its owner, lifecycle, requester, activity and descendants.

        Args:
            key_id: an access key ID. Raises NotAnIdentifier.
            geo: files in MaxMind's format with the locations or networks of addresses. Raises NotAddressDatabase.
            ip_ranges: as for `who`.
            **counted: which calls count: address, since, until and leaked_at of `CallCriteria`. Raises UnusableFilter.
        """
        from forensics.investigate.key.key_page import key

        identifier, context = access_key(key_id), AddressContext(geo, ip_ranges)
        answer = self._checked(key(self._database.open(), identifier, context, counted))
        return self._log.add("key", {"subject": identifier.id, **counted, **address_files(geo, ip_ranges)}, answer)

    def report(
        self, key_id: str, *, geo: Files = (), ip_ranges: str | Path | None = None, **counted: Unpack[CallCriteria]
    ) -> Report:
        """Return the page on an access key, its tree, the activity of the whole tree, and the cited records.

        Arguments and errors are those of `key`. `forensics.output.report` renders the answer as HTML.
        """
        identifier = access_key(key_id)
        answer = self._origin(AddressContext(geo, ip_ranges)).report(identifier, counted)
        return self._log.add("report", {"subject": identifier.id, **counted, **address_files(geo, ip_ranges)}, answer)

    def keys(self, *, max_age_days: int = 90, unused_days: int = 90, account: Several = None) -> Keys:
        """Return an audit of every long-term key in the logs or exports, as of the latest event or export.

        Args:
            max_age_days: the maximum age of a key in days; an older key is reported as overdue for rotation.
            unused_days: the maximum time without use in days; after a longer time, a key is reported as unused.
            account: only keys of this account, or of these. Raises UnusableFilter.
        """
        from forensics.investigate.audit.key_audit import keys

        asked = {"max_age_days": max_age_days, "unused_days": unused_days, "account": account}
        return self._log.add("keys", asked, keys(self._database.open(), max_age_days, unused_days, account))

    def accounts(self, *, max_age_days: int = 90, unused_days: int = 90) -> Accounts:
        """Return every account in the logs or exports, with the number of its keys that have a finding of `keys`."""
        from forensics.investigate.audit.account_audit import accounts

        limits = {"max_age_days": max_age_days, "unused_days": unused_days}
        return self._log.add("accounts", limits, accounts(self._database.open(), max_age_days, unused_days))

    def tree(self, subject: str, at: datetime | None = None) -> Tree:
        """Return everything derived from a subject, the status of each part, and the steps to contain it.

        Args:
            subject: an identifier, as for `who`. Raises NotAnIdentifier.
            at: the time for which to report the status, UTC if it has no time zone; by default, the latest event.
        """
        from forensics.investigate.tree.derived import tree

        answer = self._checked(tree(self._database.open(), identify(subject), at))
        return self._log.add("tree", {"subject": subject.strip(), "at": at}, answer)

    def triage(self, *, ip_ranges: str | Path | None = None) -> Triage:
        """Return where to look first: what stands out, folded by actor and origin key. `ip_ranges`: as for `who`."""
        from forensics.investigate.triage.triage_page import triage

        answer = self._checked(triage(self._database.open(), read_ip_ranges(ip_ranges)))
        return self._log.add("triage", named_files("ip_ranges", [ip_ranges]), answer)

    def story(self, subject: str, *, leaked_at: datetime | None = None, **wanted: Unpack[EventFilter]) -> Story:
        """Return what a key, session, user, role or address did, with everything derived from it, by time.

        Args:
            subject: an access key ID, session ARN, principal ID, ARN or name of a user or role, address or network.
            leaked_at: the time of the leak; UTC if it has no time zone. `earlier` of the answer summarizes the calls
                before it.
            **wanted: the criteria of `EventFilter` that restrict the story, such as since and until.

        Raises NoSuchSubject if a name means no actor or role, or several.
        """
        from forensics.investigate.story.story_page import story

        answer = story(self._database.open(), subject, wanted, leaked_at)
        return self._log.add("story", {"subject": answer.subject.id, "leaked_at": leaked_at, **wanted}, answer)

    def address(self, address: str, *, account: Several = None, **period: Unpack[PageTimes]) -> Pivot:
        """Return the page on an IP address or a network: who called from it, when, with which keys, and what.

        Args:
            address: an address, or a network such as "192.0.2.0/24". Raises NotAnIdentifier.
            account: only calls by callers of this account, or of these, or delivered by their trails.
            **period: since, the first time of the calls, and until, the time before which they are; by default UTC.

        Example:
            case.address("192.0.2.44").actors
        """
        from forensics.investigate.pivot import pivot_subjects as pivots

        answer = pivots.address(self._database.open(), address, pivots.TimeRange(**period), account)
        return self._log.add("address", {"subject": answer.asked, "account": account, **period}, answer)

    def user(self, user: str, *, account: str | None = None, **period: Unpack[PageTimes]) -> Pivot:
        """Return the page on a user: their calls, through all sessions, and the changes of the user.

        Args:
            user: a user name, e-mail address, ARN or unique ID; several users are listed (`matches`). Raises
                NotAnIdentifier for the ID of a key or an event, and NoSuchSubject for an unknown name.
            account: the account of the IAM user.
            **period: as for `address`.

        Example:
            case.user("svc-deploy").keys
        """
        from forensics.investigate.pivot import pivot_subjects as pivots

        answer = pivots.user(self._database.open(), user, pivots.TimeRange(**period), account)
        return self._log.add("user", {"subject": answer.asked, "account": account, **period}, answer)

    def role(self, role: str, *, account: str | None = None, **period: Unpack[PageTimes]) -> Pivot:
        """Return the page on a role: who used it, the calls of its sessions, and the changes of the role.

        Args:
            role: a role name, ARN or unique ID. If it means several roles, the answer lists them (`matches`). Raises
                NotAnIdentifier for the ID of a key or an event, and NoSuchSubject for an unknown name.
            account: the account of the role.
            **period: as for `address`.

        Example:
            case.role("deployer").actors
        """
        from forensics.investigate.pivot import pivot_subjects as pivots

        answer = pivots.role(self._database.open(), role, pivots.TimeRange(**period), account)
        return self._log.add("role", {"subject": answer.asked, "account": account, **period}, answer)

    def resource(
        self,
        resource: str,
        *,
        service: str | None = None,
        account: str | None = None,
        region: str | None = None,
        **period: Unpack[PageTimes],
    ) -> Pivot:
        """Return the page on a resource: who used or changed it, when, from where, and with which keys.

        Args:
            resource: a name or ARN as in the column `resource` of `events`, or the end of the ARN. If it means several
                resources, the answer lists them (`matches`). Raises NoSuchSubject for an unknown name.
            service: the service of the resource, such as "lambda".
            account: the account of the resource.
            region: the region of the resource.
            **period: as for `address`.

        Example:
            case.resource("customer-exports").actors
        """
        from forensics.investigate.pivot import pivot_subjects as pivots

        place = pivots.Place(service, account, region)
        answer = pivots.resource(self._database.open(), resource, pivots.TimeRange(**period), place)
        asked = {"subject": answer.asked, "service": service, "account": account, "region": region, **period}
        return self._log.add("resource", asked, answer)

    def events(
        self, *, columns: Sequence[str] | None = None, newest: bool = False, **wanted: Unpack[EventFilter]
    ) -> pd.DataFrame:
        """Return attributed events as a DataFrame, sorted by time, with times in UTC.

        Args:
            columns: the columns to return; by default all.
            newest: whether the newest event is first.
            **wanted: the criteria of `EventFilter`, such as key, actor, since, until, name and address.

        Raises:
            UnusableFilter: a column or an outcome does not exist, or a regular expression is invalid.

        Example:
            case.events(key="ASIA...", name=["Create*", "Put*"], errors=True)
        """
        from forensics.investigate.case.event_search import events_table

        found = events_table(self._database.open(), wanted, columns, newest=newest)
        return self._logged_frame("events", {"columns": columns, "newest": newest, **wanted}, found)

    def event_rows(
        self,
        wanted: EventFilter,
        limit: int | None = None,
        columns: Sequence[str] | None = None,
        *,
        newest: bool = False,
    ) -> Rows:
        """Return at most `limit` events for printing, by default with the columns that a reader needs first."""
        from forensics.investigate.case.event_search import event_rows

        found = event_rows(self._database.open(), wanted, limit, columns, newest=newest)
        return self._log.add("events", {**wanted, "columns": columns, "newest": newest, "limit": limit}, found)

    def matches_alone(self, wanted: EventFilter) -> tuple[FilterMatches, ...]:
        """Return the number of events that each part of a filter matches on its own."""
        from forensics.investigate.case.event_search import matches_alone

        return matches_alone(self._database.open(), wanted)

    def info(self) -> Info:
        """Return a summary of the case: its files, events, accounts, and credentials by kind of actor."""
        from forensics.investigate.case.summary import overview

        about, connection = layouts.about(self._layout), self._database.open()
        root = str(self._layout.root)
        answer = overview(connection, self._manifest(), root, about.case_id, about.format_version)
        return self._log.add("info", {}, answer)

    def files(self) -> Rows:
        """Return every input file with its status, the reason for it, and the number of its records."""
        from forensics.investigate.case.accounting import files

        return files(self._database.open(), self._manifest())

    def coverage(self) -> Coverage:
        """Return the loaded hours of each account and region, and every change that stopped or narrowed a trail."""
        from forensics.investigate.case.loaded_hours import coverage

        return self._log.add("coverage", {}, coverage(self._database.open()))

    def extract(self, event_ids: Iterable[str], *, with_secrets: bool = False) -> Extract:
        """Return records as they were delivered, the files that contain them, and the digest status of each file.

        Args:
            event_ids: the IDs of the events. Raises NotAnIdentifier.
            with_secrets: keep secrets in the records; by default, each is replaced by the hash of its value.
        """
        from forensics.investigate.case.original_records import extract

        ids = [event_id(text) for text in event_ids]
        conflicts = self._layout.files(self._manifest().of_table("event_conflicts"))
        answer = extract(self._database.open_unchanged(), ids, conflicts, with_secrets=with_secrets)
        return self._log.add("extract", {"event_ids": ids, "with_secrets": with_secrets}, answer)

    def bundle(self, key_id: str, path: str | Path, *, replace: bool = False) -> Bundle:
        """Write an archive with the page on an access key and its evidence, and return its hash and content.

        Args:
            key_id: an access key ID. Raises NotAnIdentifier.
            path: the archive, a zip if the name ends in .zip, otherwise a tar.gz. Raises CannotWrite.
            replace: overwrite an existing file.
        """
        from forensics.proof.packing import pack

        identifier, place = access_key(key_id), Path(path)
        answer = pack(self._origin(AddressContext()), identifier, place, replace=replace)
        parameters = {"subject": identifier.id, "path": place.absolute()}
        return self._log.add("bundle", parameters, answer, sha256=answer.sha256)

    def verify_report(self, path: str | Path, *, geo: Files = (), ip_ranges: str | Path | None = None) -> Check:
        """Compare a report byte for byte with the report that this case renders. Raises NotChecked.

        Args:
            path: the report to check.
            geo: the address databases that the report was rendered with, in the same order.
            ip_ranges: the ip-ranges.json that the report was rendered with.
        """
        from forensics.proof.report_check import check_report

        file = Path(path)
        check = check_report(file, self._origin(AddressContext(geo, ip_ranges)))
        return self._log.add("verify", {"report": file.absolute(), **address_files(geo, ip_ranges)}, check)

    def verify_bundle(self, path: str | Path) -> Check:
        """Compare a bundle with its own hashes and with this case: its custody log and answer. Raises NotChecked."""
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

    def _checked(self, answer: T) -> T:
        """Return the answer if the lake holds the records that it cites unchanged. Raises ChangedRecord."""
        check_cited(self._database.open(), answer)
        return answer


if "IPython" in sys.modules:  # a notebook displays answers as HTML
    from forensics.output.notebook import show_answers_as_html

    show_answers_as_html(sys.modules["IPython"].get_ipython())
