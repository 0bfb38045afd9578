"""Key audit: every long-term key in the logs or an export, with the findings that an administrator should act on.

It checks what AWS recommends for access keys: owner, age, use, applications, and whether IAM and the logs agree. Logged
and exported values are reported side by side; neither replaces the other.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain
from operator import attrgetter

from forensics.answers.audit_answer import AuditedKey, KeyFinding, Keys
from forensics.answers.core import Actor, ActorKind, Grade
from forensics.investigate.account_exports import (
    ROOT,
    STATUSES,
    LoggedKey,
    exported_owner,
    last_use_agreement,
    owner_agreement,
    status_agreement,
)
from forensics.investigate.applications import application_of
from forensics.investigate.audit.audit_rows import (
    KeyListingRow,
    KeyUseRow,
    ListedUserRow,
    OwnerChangeRow,
    QuarantineRow,
    StatusChangeRow,
    UsedAfterRow,
)
from forensics.investigate.case.event_filter import Several, check_texts, several
from forensics.investigate.export_source import Agreement, ExportSource, files_about, files_of
from forensics.investigate.iam_names import folded
from forensics.investigate.loaded_spans import loaded_of
from forensics.investigate.owner_reports import KnownKeyRow, ReportedKeyRow, known_keys, matched, reported_keys
from forensics.investigate.periods import has_expired
from forensics.investigate.same_user import is_same_user
from forensics.investigate.sql_rows import Connection, grouped, pairs, rows, values

_CITED = 3
_DELETED = "Deleted"
# these forward calls or show pages; they do not store keys
_NO_APPLICATION = {"AWS service", "AWS console"}
_VERSION = re.compile(r" [\d.-]+$")

_key = attrgetter("access_key_id", "account_id")
NameInAccount = tuple[str | None, str | None]
_id = attrgetter("account_id", "user_id")


def keys(connection: Connection, max_age_days: int, unused_days: int, account: Several = None) -> Keys:
    """Return the audit as of the latest event or export. A key is overdue or unused after that many days.

    `account`: only keys of this account, or of these. Raises UnusableFilter.
    """
    accounts = several(account)
    check_texts("--account", accounts)
    audit = _Audit(connection, max_age_days, unused_days)
    every_key = audit.keys()
    audited = tuple(key for key in every_key if not accounts or key.account_id in accounts)
    found = Counter(code for key in audited for code in {finding.finding for finding in key.findings})
    return Keys(
        audit.at,
        max_age_days,
        unused_days,
        audit.has_exports,
        dict(sorted(found.items())),
        audited,
        tuple(one for one in audit.accounts_by_logs_alone() if not accounts or one in accounts),
        accounts,
    )


class _Audit:
    """The facts about all long-term keys in the tables, read once."""

    def __init__(self, connection: Connection, max_age_days: int, unused_days: int) -> None:
        self._max_age, self._unused = timedelta(days=max_age_days), timedelta(days=unused_days)
        self.at = next(iter(values(connection, datetime, "audit/time")), None)
        self._keys = known_keys(connection)
        self._uses = grouped(rows(connection, KeyUseRow, "audit/uses"), _key)
        self._used_after = grouped(rows(connection, UsedAfterRow, "audit/used_after", most=_CITED), _key)
        self._changes = grouped(rows(connection, StatusChangeRow, "audit/changes"), _key)
        user_changes = rows(connection, OwnerChangeRow, "audit/user_changes")
        self._changes_of_id = grouped(user_changes, _id)
        self._changes_of_name = grouped(user_changes, _name)
        users = rows(connection, ListedUserRow, "audit/users")
        self._users = {_name(row): row for row in users}
        self._user_ids = {_id(row) for row in users if row.user_id}
        self._user_listings = {row.account_id: row for row in users}
        quarantines = rows(connection, QuarantineRow, "audit/quarantines")
        self._quarantine_of_id = {_id(row): row for row in quarantines if row.user_id}
        self._quarantine_of_name = {_name(row): row for row in quarantines}
        listings = rows(connection, KeyListingRow, "audit/listings")
        self._listings = {_name(row): row for row in listings}
        self._report = reported_keys(connection)
        self._names = dict(pairs(connection, str, str, "audit/account_names"))
        self._loaded = loaded_of(connection, sorted({row.account_id for row in self._keys if row.account_id}))
        self._matched, self._unmatched = matched(self._keys, self._report)
        self._reported = grouped(self._report, _name)
        self.has_exports = bool(listings or self._report or any(row.is_exported for row in self._keys))
        of_keys = (source for row in self._keys for source in row.sources)
        sources = (*users, *quarantines, *listings, *self._report, *of_keys)
        self._files = files_of(connection, [source.source_sha256 for source in sources])

    def keys(self) -> tuple[AuditedKey, ...]:
        """Return every key: those with a known ID, then the slots of credential reports without one."""
        known = [self._audited(row) for row in self._keys]
        return (*known, *(self._unmatched_key(slot) for slot in self._unmatched))

    def accounts_by_logs_alone(self) -> tuple[str, ...]:
        """Return the accounts without an export of their keys; unused keys of these are missing."""
        listed = {account for account, _ in (*self._listings, *self._reported)}
        return tuple(sorted({row.account_id for row in self._keys if row.account_id} - listed))

    # keys with a known ID

    def _audited(self, row: KnownKeyRow) -> AuditedKey:
        slot = self._matched.get(_key(row))
        owner, rests_on = _owner(row, slot)
        uses = self._uses[_key(row)]
        applications = _applications(uses)
        iam = row if row.last_use_as_of else slot
        return AuditedKey(
            access_key_id=row.access_key_id,
            account_id=row.account_id,
            account_name=self._names.get(row.account_id or ""),
            owner=owner,
            owner_rests_on=rests_on,
            created_at=row.created_at,
            age_days=self._age(row.created_at),
            status=row.status,
            status_since=row.status_since,
            first_use=row.first_use,
            last_use=row.last_use,
            events=row.events,
            applications=tuple(applications),
            iam_grade=_grade(row, slot),
            iam_status=row.iam_status or (slot.status if slot else None),
            iam_status_as_of=row.status_as_of if row.iam_status else slot.as_of if slot else None,
            iam_never_used=_never_used(iam),
            iam_last_use=iam.last_used_at if iam else None,
            iam_last_use_service=iam.last_used_service if iam else None,
            iam_last_use_region=iam.last_used_region if iam else None,
            iam_last_use_as_of=(row.last_use_as_of or (slot.as_of if slot else None)) if iam else None,
            findings=_ordered(
                self._age_findings(row, owner, slot),
                self._use_findings(row, applications),
                self._owner_findings(row, owner),
                self._agreement_findings(row, uses, slot),
                self._absence_findings(row, owner),
            ),
            expires_at=row.expires_at,
            expired=self._has_expired(row),
        )

    def _age(self, created_at: datetime | None) -> int | None:
        return (self.at - created_at).days if self.at and created_at and created_at <= self.at else None

    def _has_expired(self, row: KnownKeyRow) -> bool:
        return has_expired(row.expires_at, _last_success(self._uses[_key(row)]), self.at)

    def _age_findings(self, row: KnownKeyRow, owner: Actor | None, slot: ReportedKeyRow | None) -> Iterator[KeyFinding]:
        status = _latest_status(row, slot)
        if owner and owner.kind == ActorKind.ROOT and status != _DELETED:
            if row.is_logged:
                yield KeyFinding("root_key", "events", _ids(self._events_of(row)))
            else:
                yield self._exported("root_key", row, row.owner_source)
        if status in (_DELETED, "Inactive") or self.at is None or self._has_expired(row):
            return
        if row.created_at and self.at - row.created_at > self._max_age:
            if row.logged_created_at:
                yield KeyFinding("overdue_for_rotation", "events", self._created_by(row))
            else:
                yield self._exported("overdue_for_rotation", row, row.created_source, slot)
        yield from self._unused_findings(row, slot, self.at)

    def _unused_findings(self, row: KnownKeyRow, slot: ReportedKeyRow | None, at: datetime) -> Iterator[KeyFinding]:
        iam = row if row.last_use_as_of else slot
        if row.last_use and at - row.last_use <= self._unused:
            return
        if iam is not None and (iam.never_used or iam.last_used_at):
            if iam.never_used and row.last_use is None:
                yield self._exported("never_used", row, row.last_use_source, slot)
            elif iam.last_used_at and at - iam.last_used_at > self._unused:
                yield self._exported("unused", row, row.last_use_source, slot)
        elif row.logged_created_at and row.last_use is None:
            yield KeyFinding("never_used", "events", self._created_by(row))

    def _created_by(self, row: KnownKeyRow) -> tuple[str, ...]:
        return _ids(change.event_id for change in self._changes[_key(row)] if change.change == "created")

    def _use_findings(self, row: KnownKeyRow, applications: dict[str, str | None]) -> Iterator[KeyFinding]:
        if len(applications) > 1:
            yield KeyFinding("several_applications", "events", _ids(applications.values()))
        for after in self._used_after[_key(row)]:
            if after.change == "switched_both_ways":
                yield KeyFinding("used_after_switched_both_ways", "events", _ids(after.event_ids))
            elif after.change == "inactive" and row.status_source:
                yield self._finding("used_after_disabled", row.status_source, _ids(after.event_ids))
            else:
                yield KeyFinding("used_after_disabled", "events", _ids(after.event_ids))

    def _owner_findings(self, row: KnownKeyRow, owner: Actor | None) -> Iterator[KeyFinding]:
        if owner is None or owner.kind != ActorKind.IAM_USER or owner.name is None:
            return
        name = (row.account_id, folded(owner.name))
        of_user = self._user_changes_of(row.account_id, owner)
        logged = (row.last_use, row.created_at, *(change.event_time for change in self._changes[_key(row)]))
        latest = max((time for time in logged if time), default=None)
        gone = [change for change in of_user if _deletes_owner(change, owner, latest)]
        if gone and _latest_status(row, None) != _DELETED:
            yield KeyFinding("owner_gone", "events", _ids([gone[-1].event_id]))
        listing = self._user_listings.get(row.account_id or "")
        if listing and latest and listing.as_of and listing.as_of > latest and _latest_status(row, None) != _DELETED:
            user = self._users.get(name)
            is_renamed = (row.account_id, owner.id) in self._user_ids
            if not is_renamed and (user is None or not _is_same(user, owner)):
                yield self._finding("owner_gone", listing)
        marks = [change for change in of_user if change.event_name.endswith("UserPolicy")]
        if marks and marks[-1].event_name == "AttachUserPolicy":
            yield KeyFinding("quarantined", "events", _ids([marks[-1].event_id]))
        exported = self._quarantine_of(row.account_id, owner)
        if exported and exported.quarantined:
            yield self._finding("quarantined", exported)

    def _user_changes_of(self, account_id: str | None, owner: Actor) -> list[OwnerChangeRow]:
        """Return the changes of a user by its unique ID, under any name; by name if an ID is unknown."""
        candidates = (
            *self._changes_of_id[account_id, owner.id],
            *self._changes_of_name[account_id, folded(owner.name)],
        )
        found = {change.place: change for change in candidates if _is_same(change, owner)}
        return [found[place] for place in sorted(found)]

    def _quarantine_of(self, account_id: str | None, owner: Actor) -> QuarantineRow | None:
        """Return the latest exported quarantine status of a user."""
        named = self._quarantine_of_name.get((account_id, folded(owner.name)))
        by_name = named if named and _is_same(named, owner) else None
        return self._quarantine_of_id.get((account_id, owner.id)) or by_name

    def _agreement_findings(
        self, row: KnownKeyRow, uses: Sequence[KeyUseRow], slot: ReportedKeyRow | None
    ) -> Iterator[KeyFinding]:
        if not row.is_exported and slot is None:
            return
        logged = LoggedKey(
            [time for use in uses for time in (use.first_use, use.last_use_before) if time],
            _last_success(uses),
            [(one.event_time, STATUSES.get(one.change)) for one in self._changes[_key(row)] if one.event_time],
            self._loaded.get(row.account_id or ""),
        )
        if row.account_differs:
            yield from self._disagreement((False, "account_differs"), row, row.account_source)
        if row.user_name:
            judged = owner_agreement(row.user_name, row.owner_kind, row.owner_name)
            yield from self._disagreement(judged, row, row.owner_source)
        if row.iam_status:
            judged = status_agreement(row.iam_status, row.status_as_of, logged)
            yield from self._disagreement(judged, row, row.status_source)
        if row.last_used_at or row.never_used:
            judged = last_use_agreement(row.last_used_at, row.last_use_as_of, logged)
            yield from self._disagreement(judged, row, row.last_use_source)
        elif slot and slot.last_used_at:
            judged = last_use_agreement(slot.last_used_at, slot.as_of, logged)
            if judged[1] == "used_after_disabled":
                yield self._exported("used_after_disabled", row, None, slot)

    def _disagreement(self, judged: Agreement, row: KnownKeyRow, source: ExportSource | None) -> Iterator[KeyFinding]:
        _, disagreement = judged
        if disagreement and disagreement != "used_while_inactive":  # reported as used_after_disabled, with the calls
            yield self._exported(disagreement, row, source)

    def _absence_findings(self, row: KnownKeyRow, owner: Actor | None) -> Iterator[KeyFinding]:
        """Report a key that existed before an export, was not deleted before it, and is missing from it."""
        known = min((time for time in (row.first_use, row.created_at) if time), default=None)
        if not row.is_logged or known is None or owner is None:
            return
        user = ROOT if owner.kind == ActorKind.ROOT else folded(owner.name)
        changes = self._changes[_key(row)]
        deleted_at = [one.event_time for one in changes if one.change == "deleted" and one.event_time]
        listing = self._listings.get((row.account_id, user))
        if listing and _existed(known, deleted_at, listing.as_of) and row.access_key_id not in listing.access_key_ids:
            yield self._finding("absent_from_listing", listing)
        reported = self._reported.get((row.account_id, user)) if user else None
        report = reported or [one for one in self._report if one.account_id == row.account_id]
        if not report or not report[0].is_whole or not _existed(known, deleted_at, report[0].as_of):
            return
        free = [slot for slot in reported or () if slot.slot and slot in self._unmatched]
        if _key(row) not in self._matched and not free:
            yield self._finding("absent_from_report", report[0])

    def _events_of(self, row: KnownKeyRow) -> Iterator[str | None]:
        """Yield events that change a key or are signed with it."""
        yield from (change.event_id for change in self._changes[_key(row)])
        yield from (use.event_id for use in self._uses[_key(row)])

    def _exported(
        self, finding: str, row: KnownKeyRow, source: ExportSource | None, slot: ReportedKeyRow | None = None
    ) -> KeyFinding:
        """Return a finding by an export of the key, or else by its slot in the credential report."""
        if source is None:
            return self._finding(finding, slot) if slot else KeyFinding(finding, "export")
        found = self._finding(finding, source)
        return replace(found, source_files=files_about(row.access_key_id, found.source_files))

    def _finding(self, finding: str, source: ExportSource, event_ids: tuple[str, ...] = ()) -> KeyFinding:
        files = self._files.get(source.source_sha256, ())
        return KeyFinding(finding, "export", event_ids, source.export, source.as_of, source.as_of_from, files)

    # keys of the credential report with an unknown ID

    def _unmatched_key(self, slot: ReportedKeyRow) -> AuditedKey:
        owner = exported_owner(slot.user_name, None, slot.arn, slot.account_id)
        findings = []
        if owner.kind == ActorKind.ROOT:
            findings.append(self._finding("root_key", slot))
        if slot.status == "Active" and self.at:
            if slot.last_rotated_at and self.at - slot.last_rotated_at > self._max_age:
                findings.append(self._finding("overdue_for_rotation", slot))
            if slot.never_used:
                findings.append(self._finding("never_used", slot))
            elif slot.last_used_at and self.at - slot.last_used_at > self._unused:
                findings.append(self._finding("unused", slot))
        return AuditedKey(
            access_key_id=None,
            account_id=slot.account_id,
            account_name=self._names.get(slot.account_id),
            owner=owner,
            owner_rests_on="export",
            created_at=slot.last_rotated_at,
            age_days=self._age(slot.last_rotated_at),
            status=None,
            status_since=None,
            first_use=None,
            last_use=None,
            events=0,
            applications=(),
            iam_grade=Grade.STRONG,
            iam_status=slot.status,
            iam_status_as_of=slot.as_of,
            iam_never_used=_never_used(slot),
            iam_last_use=slot.last_used_at,
            iam_last_use_service=slot.last_used_service,
            iam_last_use_region=slot.last_used_region,
            iam_last_use_as_of=slot.as_of,
            findings=_ordered(findings),
        )


def _name(row: ListedUserRow | OwnerChangeRow | QuarantineRow | KeyListingRow | ReportedKeyRow) -> NameInAccount:
    return row.account_id, folded(row.user_name)


def _ordered(*findings: Iterable[KeyFinding]) -> tuple[KeyFinding, ...]:
    return tuple(sorted(chain(*findings), key=lambda one: (one.finding, one.rests_on, str(one.as_of))))


def _deletes_owner(change: OwnerChangeRow, owner: Actor, key_last_logged_at: datetime | None) -> bool:
    """Return whether a change deleted the owner of a key: by ID, or because the key is not logged after that."""
    if change.event_name != "DeleteUser":
        return False
    if change.user_id is not None and change.user_id == owner.id:
        return True
    return change.event_time is not None and not (key_last_logged_at and change.event_time <= key_last_logged_at)


def _is_same(user: ListedUserRow | OwnerChangeRow, owner: Actor) -> bool:
    return is_same_user(user.user_id, user.user_name, owner.id, owner.name)


def _owner(row: KnownKeyRow, slot: ReportedKeyRow | None) -> tuple[Actor | None, str | None]:
    """Return the logged owner, or else the exported one, and the source."""
    if row.owner:
        return row.owner, "events"
    if row.user_name:
        return exported_owner(row.user_name, row.user_id, row.user_arn, row.account_id), "export"
    return (exported_owner(slot.user_name, None, slot.arn, slot.account_id), "export") if slot else (None, None)


def _never_used(iam: KnownKeyRow | ReportedKeyRow | None) -> bool | None:
    """Return whether the key was never used by IAM; None if IAM reports no use at all."""
    return bool(iam.never_used) if iam and (iam.never_used or iam.last_used_at) else None


def _grade(row: KnownKeyRow, slot: ReportedKeyRow | None) -> Grade | None:
    """Return weak if the status or the last use comes from a slot of the credential report."""
    if slot and not (row.iam_status and row.last_use_as_of):
        return Grade.WEAK
    return Grade.STRONG if row.is_exported else None


def _latest_status(row: KnownKeyRow, slot: ReportedKeyRow | None) -> str | None:
    """Return the latest known status, by event or export."""
    known = [(row.status_since, row.status), (row.status_as_of, row.iam_status)]
    known += [(slot.as_of, slot.status)] if slot else []
    dated = [(time, status) for time, status in known if time and status]
    return max(dated, default=(None, None), key=lambda one: str(one[0]))[1]


def _applications(uses: Iterable[KeyUseRow]) -> dict[str, str | None]:
    """Return the programs named in the user agents of a key, with an event of each."""
    found: dict[str, str | None] = {}
    for use in uses:
        program = _VERSION.sub("", (application_of(use.user_agent) or "").partition(",")[0])
        if program and program not in _NO_APPLICATION:
            found.setdefault(program, use.event_id)
    return dict(sorted(found.items()))


def _existed(known: datetime, deleted_at: Sequence[datetime], as_of: datetime | None) -> bool:
    return as_of is not None and known < as_of and not any(time <= as_of for time in deleted_at)


def _last_success(uses: Iterable[KeyUseRow]) -> datetime | None:
    return max((use.last_success for use in uses if use.last_success), default=None)


def _ids(event_ids: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(id_ for id_ in event_ids if id_)[:_CITED]
