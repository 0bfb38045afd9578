"""The audit of long-term keys: every one that the logs or an export know, and what about it somebody should act on.

What AWS's guide on access keys asks: whose each is, how old, whether it is used, by what, and whether the account and
the logs agree. The logs and IAM stand beside each other; neither is mended by the other.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import duckdb

from forensics.answers.core import Actor, ActorKind, Grade
from forensics.answers.key_answer import AuditedKey, KeyFinding, Keys
from forensics.investigate.account_exports import (
    ROOT,
    STATUSES,
    LoggedKey,
    exported_owner,
    files_about,
    files_of,
    last_use_agreement,
    loaded_of,
    owner_agreement,
    status_agreement,
)
from forensics.investigate.actors import owner_of
from forensics.investigate.applications import application_of
from forensics.investigate.owner_reports import matched, reported_status
from forensics.investigate.sql_rows import Row, rows

_CITED = 3
_GONE = "Deleted"
# what forwards a call, or shows a page, is no application that holds a key
_NO_APPLICATION = {"AWS service", "AWS console"}
_SAID_BY = {"created": "iam_access_keys", "status": "iam_access_keys", "last_use": "iam_access_key_last_used"}
_VERSION = re.compile(r" [\d.-]+$")


def keys(connection: duckdb.DuckDBPyConnection, max_age_days: int, unused_days: int) -> Keys:
    """The audit, as of the latest event or export. A key is overdue, or unused, after so many days."""
    audit = _Audit(connection, max_age_days, unused_days)
    audited = audit.keys()
    found = Counter(code for key in audited for code in {finding.finding for finding in key.findings})
    return Keys(
        audit.at,
        max_age_days,
        unused_days,
        audit.has_exports,
        dict(sorted(found.items())),
        audited,
        audit.accounts_by_logs_alone(),
    )


class _Audit:
    """All that the tables say about long-term keys, read once."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, max_age_days: int, unused_days: int) -> None:
        self._max_age, self._unused = timedelta(days=max_age_days), timedelta(days=unused_days)
        self.at: datetime | None = rows(connection, "audit/time")[0].at
        self._keys = rows(connection, "audit/keys")
        self._uses = _grouped(rows(connection, "audit/uses"), "access_key_id", "account_id")
        self._used_after = _grouped(rows(connection, "audit/used_after", most=_CITED), "access_key_id")
        self._changes = _grouped(rows(connection, "audit/changes"), "access_key_id", "account_id")
        user_changes = rows(connection, "audit/user_changes")
        self._changes_of_id = _grouped(user_changes, "account_id", "user_id")
        self._changes_of_name = _grouped(user_changes, "account_id", "user_name")
        users = rows(connection, "audit/users")
        self._users = {(row.account_id, row.user_name): row for row in users}
        self._user_ids = {(row.account_id, row.user_id) for row in users if row.user_id}
        self._user_listings = {row.account_id: row for row in users}
        quarantines = rows(connection, "audit/quarantines")
        self._quarantine_of_id = {(row.account_id, row.user_id): row for row in quarantines if row.user_id}
        self._quarantine_of_name = {(row.account_id, row.user_name): row for row in quarantines}
        self._listings = {(row.account_id, row.user_name): row for row in rows(connection, "audit/listings")}
        self._report = rows(connection, "audit/report")
        self._names = {row.account_id: row.name for row in rows(connection, "audit/account_names")}
        accounts = {row.account_id for row in self._keys if row.account_id}
        self._loaded = {account: loaded_of(connection, account) for account in accounts}
        self._matched, self._unmatched = matched(self._keys, self._report)
        self._reported = _grouped(self._report, "account_id", "user_name")
        self.has_exports = bool(self._listings or self._report or any(row.is_exported for row in self._keys))
        self._files = files_of(connection, self._hashes((*users, *quarantines)))

    def keys(self) -> tuple[AuditedKey, ...]:
        known = [self._audited(row) for row in self._keys]
        return (*known, *(self._reported_alone(slot) for slot in self._unmatched))

    def accounts_by_logs_alone(self) -> tuple[str, ...]:
        """Accounts of which no export lists keys: one that was not used is not among them."""
        listed = {row.account_id for row in (*self._listings.values(), *self._report)}
        return tuple(sorted({row.account_id for row in self._keys if row.account_id} - listed))

    def _hashes(self, users: Iterable[Row]) -> list[str]:
        found = {row.source_sha256 for row in (*users, *self._report, *self._listings.values())}
        for row in self._keys:
            found |= {
                row.owner_source_sha256,
                row.created_source_sha256,
                row.status_source_sha256,
                row.last_use_source_sha256,
            }
        return [hash_ for hash_ in found if hash_]

    # a key whose ID is known

    def _audited(self, row: Row) -> AuditedKey:
        slot = self._matched.get((row.access_key_id, row.account_id))
        owner, rests_on = _owner(row, slot)
        created_at = row.logged_created_at or row.exported_created_at
        uses = self._uses[row.access_key_id, row.account_id]
        applications = _applications(uses)
        iam = row if row.last_use_as_of else slot
        return AuditedKey(
            access_key_id=row.access_key_id,
            account_id=row.account_id,
            account_name=self._names.get(row.account_id),
            owner=owner,
            owner_rests_on=rests_on,
            created_at=created_at,
            age_days=self._age(created_at),
            status=row.status,
            status_since=row.status_since,
            first_use=row.first_use,
            last_use=row.last_use,
            events=row.events,
            applications=tuple(applications),
            iam_grade=_grade(row, slot),
            iam_status=row.iam_status or (reported_status(slot) if slot else None),
            iam_status_as_of=row.status_as_of if row.iam_status else slot.as_of if slot else None,
            iam_never_used=(iam.never_used or False) if iam and (iam.never_used or iam.last_used_at) else None,
            iam_last_use=iam.last_used_at if iam else None,
            iam_last_use_service=iam.last_used_service if iam else None,
            iam_last_use_region=iam.last_used_region if iam else None,
            iam_last_use_as_of=(row.last_use_as_of or (slot.as_of if slot else None)) if iam else None,
            findings=tuple(
                sorted(
                    [
                        *self._of_age(row, owner, created_at, slot),
                        *self._of_use(row, applications),
                        *self._of_owner(row, owner, created_at),
                        *self._of_agreement(row, uses),
                        *self._of_absence(row, owner, created_at),
                    ],
                    key=lambda finding: (finding.finding, finding.rests_on, str(finding.as_of)),
                )
            ),
        )

    def _age(self, created_at: datetime | None) -> int | None:
        return (self.at - created_at).days if self.at and created_at and created_at <= self.at else None

    def _of_age(
        self, row: Row, owner: Actor | None, created_at: datetime | None, slot: Row | None
    ) -> Iterator[KeyFinding]:
        status = _latest_status(row, slot)
        if owner and owner.kind == ActorKind.ROOT and status != _GONE:
            yield (
                KeyFinding("root_key", "events", _ids(self._events_of(row)))
                if row.is_logged
                else self._by(row, "owner", "root_key")
            )
        if status == _GONE or status == "Inactive" or self.at is None:
            return
        if created_at and self.at - created_at > self._max_age:
            rests_on_events = row.logged_created_at is not None
            made = [change.event_id for change in self._changes_of(row) if change.change == "created"]
            yield (
                KeyFinding("overdue_for_rotation", "events", _ids(made))
                if rests_on_events
                else self._by(row, "created", "overdue_for_rotation", slot)
            )
        yield from self._unused_for_long(row, slot, self.at, made_in_logs=row.logged_created_at is not None)

    def _unused_for_long(self, row: Row, slot: Row | None, at: datetime, *, made_in_logs: bool) -> Iterator[KeyFinding]:
        said = row if row.last_use_as_of else slot
        if row.last_use and at - row.last_use <= self._unused:
            return
        if said is not None and (said.never_used or said.last_used_at):
            if said.never_used and row.last_use is None:
                yield self._by(row, "last_use", "never_used", slot)
            elif said.last_used_at and at - said.last_used_at > self._unused:
                yield self._by(row, "last_use", "unused", slot)
        elif made_in_logs and row.last_use is None:
            made = [change.event_id for change in self._changes_of(row) if change.change == "created"]
            yield KeyFinding("never_used", "events", _ids(made))

    def _of_use(self, row: Row, applications: dict[str, str | None]) -> Iterator[KeyFinding]:
        if len(applications) > 1:
            yield KeyFinding("several_applications", "events", _ids(applications.values()))
        for after in self._used_after[row.access_key_id]:
            if after.account_id != row.account_id:
                continue
            ids = _ids(after.event_ids or ())
            if after.change == "inactive":
                files = self._files.get(row.status_source_sha256, ())
                yield KeyFinding(
                    "used_after_disabled",
                    "export",
                    ids,
                    "iam_access_keys",
                    row.status_as_of,
                    row.status_as_of_from,
                    files,
                )
            else:
                undecided = after.change == "switched_both_ways"
                yield KeyFinding("used_after_switched_both_ways" if undecided else "used_after_disabled", "events", ids)

    def _of_owner(self, row: Row, owner: Actor | None, created_at: datetime | None) -> Iterator[KeyFinding]:
        if owner is None or owner.kind != ActorKind.IAM_USER or owner.name is None:
            return
        name = (row.account_id, owner.name)
        of_user = self._user_changes_of(row.account_id, owner)
        lived = max((time for time in (row.last_use, created_at) if time), default=None)
        ended = [change for change in of_user if change.event_name in ("CreateUser", "DeleteUser")]
        if ended and ended[-1].event_name == "DeleteUser" and _latest_status(row, None) != _GONE:
            yield KeyFinding("owner_gone", "events", _ids([ended[-1].event_id]))
        listing = self._user_listings.get(row.account_id)
        if listing and lived and listing.as_of and listing.as_of > lived and _latest_status(row, None) != _GONE:
            user = self._users.get(name)
            is_renamed = (row.account_id, owner.id) in self._user_ids
            if not is_renamed and (user is None or not _may_be(user.user_id, owner.id)):
                yield self._finding("owner_gone", listing)
        marks = [change for change in of_user if change.event_name.endswith("UserPolicy")]
        if marks and marks[-1].event_name == "AttachUserPolicy":
            yield KeyFinding("quarantined", "events", _ids([marks[-1].event_id]))
        said = self._quarantine_of(row.account_id, owner)
        if said and said.quarantined:
            yield self._finding("quarantined", said)

    def _user_changes_of(self, account_id: str | None, owner: Actor) -> list[Row]:
        """By the unique ID, under whatever name it was; by the name only where an ID is not known."""
        by_id = self._changes_of_id[account_id, owner.id] if owner.id else []
        named = self._changes_of_name[account_id, owner.name]
        by_name = [change for change in named if change.user_id is None or owner.id is None]
        return sorted((*by_id, *by_name), key=lambda change: change.place)

    def _quarantine_of(self, account_id: str | None, owner: Actor) -> Row | None:
        """What the latest export says that tells of this user."""
        named = self._quarantine_of_name.get((account_id, owner.name))
        by_name = named if named and _may_be(named.user_id, owner.id) else None
        return self._quarantine_of_id.get((account_id, owner.id), by_name)

    def _of_agreement(self, row: Row, uses: Sequence[Row]) -> Iterator[KeyFinding]:
        if not row.is_exported:
            return
        logged = LoggedKey(
            [time for use in uses for time in (use.first_use, use.last_use_before) if time],
            max((use.last_success for use in uses if use.last_success), default=None),
            [(change.event_time, STATUSES.get(change.change)) for change in self._changes_of(row)],
            self._loaded.get(row.account_id),
        )
        judged = (
            ("owner", owner_agreement(row) if row.user_name else (None, None)),
            ("status", status_agreement(row.iam_status, row.status_as_of, logged) if row.iam_status else (None, None)),
            (
                "last_use",
                last_use_agreement(row.last_used_at, row.last_use_as_of, logged)
                if row.last_used_at or row.never_used
                else (None, None),
            ),
        )
        for of, (_, disagreement) in judged:
            if disagreement and disagreement != "used_while_inactive":  # told as used_after_disabled, with the calls
                yield self._by(row, of, disagreement)

    def _of_absence(self, row: Row, owner: Actor | None, created_at: datetime | None) -> Iterator[KeyFinding]:
        """A key that was there before an export, is not known to be deleted, and is not in the export."""
        known = min((time for time in (row.first_use, created_at) if time), default=None)
        if not row.is_logged or known is None or owner is None:
            return
        user = ROOT if owner.kind == ActorKind.ROOT else owner.name
        deleted_at = [change.event_time for change in self._changes_of(row) if change.change == "deleted"]
        listing = self._listings.get((row.account_id, user))
        if (
            listing
            and _was_there(known, deleted_at, listing.as_of)
            and row.access_key_id not in (listing.access_key_ids or ())
        ):
            yield self._finding("absent_from_listing", listing)
        reported = self._reported.get((row.account_id, user)) if user else None
        report = reported or [one for one in self._report if one.account_id == row.account_id]
        if not report or not report[0].is_whole or not _was_there(known, deleted_at, report[0].as_of):
            return
        free = [slot for slot in reported or () if slot.slot and slot in self._unmatched]
        if (row.access_key_id, row.account_id) not in self._matched and not free:
            yield self._finding("absent_from_report", report[0])

    def _events_of(self, row: Row) -> Iterator[str | None]:
        """Some events that are about a key, or signed with it."""
        yield from (change.event_id for change in self._changes_of(row))
        yield from (use.event_id for use in self._uses[row.access_key_id, row.account_id])

    def _changes_of(self, row: Row) -> list[Row]:
        return self._changes[row.access_key_id, row.account_id]

    def _by(self, row: Row, of: str, finding: str, slot: Row | None = None) -> KeyFinding:
        """What an export says: of the key itself, else of its place in the credential report."""
        hash_, as_of, as_of_from = (getattr(row, f"{of}_{of_it}") for of_it in ("source_sha256", "as_of", "as_of_from"))
        if hash_ is None and slot is not None:
            return self._finding(finding, slot)
        export = row.owner_export if of == "owner" else _SAID_BY[of]
        files = files_about(row.access_key_id, self._files.get(hash_, ()))
        return KeyFinding(finding, "export", (), export, as_of, as_of_from, files)

    def _finding(self, finding: str, said: Row) -> KeyFinding:
        files = self._files.get(said.source_sha256, ())
        return KeyFinding(finding, "export", (), said.export, said.as_of, said.as_of_from, files)

    # a key of the credential report whose ID nothing tells

    def _reported_alone(self, slot: Row) -> AuditedKey:
        owner = exported_owner(slot.user_name, None, slot.arn, slot.account_id)
        status = reported_status(slot)
        findings = []
        if owner.kind == ActorKind.ROOT:
            findings.append(self._finding("root_key", slot))
        if status == "Active" and self.at:
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
            iam_status=status,
            iam_status_as_of=slot.as_of,
            iam_never_used=(slot.never_used or False) if slot.never_used or slot.last_used_at else None,
            iam_last_use=slot.last_used_at,
            iam_last_use_service=slot.last_used_service,
            iam_last_use_region=slot.last_used_region,
            iam_last_use_as_of=slot.as_of,
            findings=tuple(sorted(findings, key=lambda finding: finding.finding)),
        )


def _owner(row: Row, slot: Row | None) -> tuple[Actor | None, str | None]:
    """The owner by the logs; where these tell of none, by an export."""
    if row.is_logged:
        return owner_of(row), "events"
    if row.user_name:
        return exported_owner(row.user_name, row.user_id, row.user_arn, row.account_id), "export"
    return (exported_owner(slot.user_name, None, slot.arn, slot.account_id), "export") if slot else (None, None)


def _grade(row: Row, slot: Row | None) -> Grade | None:
    """Weak as soon as status or last use is that of a place in the credential report."""
    if slot and not (row.iam_status and row.last_use_as_of):
        return Grade.WEAK
    return Grade.STRONG if row.is_exported else None


def _latest_status(row: Row, slot: Row | None) -> str | None:
    """What is known last of whether it works, by event or export."""
    known = [(row.status_since, row.status), (row.status_as_of, row.iam_status)]
    known += [(slot.as_of, reported_status(slot))] if slot else []
    dated = [(time, status) for time, status in known if time and status]
    return max(dated, default=(None, None), key=lambda one: str(one[0]))[1]


def _applications(uses: Sequence[Row]) -> dict[str, str | None]:
    """The programs that a key was used by, as they call themselves, and an event of each."""
    found: dict[str, str | None] = {}
    for use in uses:
        program = _VERSION.sub("", (application_of(use.user_agent) or "").partition(",")[0])
        if program and program not in _NO_APPLICATION:
            found.setdefault(program, use.event_id)
    return dict(sorted(found.items()))


def _may_be(one: str | None, other: str | None) -> bool:
    """Whether two who have one name may be one user, by their unique IDs as far as these are known."""
    return one is None or other is None or one == other


def _was_there(known: datetime, deleted_at: Sequence[datetime], as_of: datetime | None) -> bool:
    return as_of is not None and known < as_of and not any(time <= as_of for time in deleted_at)


def _ids(event_ids: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(id_ for id_ in event_ids if id_)[:_CITED]


def _grouped(found: Iterable[Row], *by: str) -> defaultdict[object, list[Row]]:
    groups: defaultdict[object, list[Row]] = defaultdict(list)
    for row in found:
        values = tuple(getattr(row, name) for name in by)
        groups[values if len(by) > 1 else values[0]].append(row)
    return groups
