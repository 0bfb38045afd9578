"""Unused subjects: the answer about a subject that signed no loaded event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from forensics.answers.core import Actor, ActorKind, Evidence, Grade, StopReason, Subject
from forensics.answers.who_answer import KeyChange, NotTrusted, Who
from forensics.investigate.account_exports import ExportedKey, LoggedKey
from forensics.investigate.evidence import evidence_of
from forensics.investigate.key_changes import NotTrustedRow, key_not_trusted, named_by, showing_masked
from forensics.investigate.sql_rows import Connection, rows
from forensics.investigate.who.missing import CoverageOfLinks, Sought
from forensics.investigate.who.who_rows import SubjectRow

_MOST = 20  # maximum events of a masked identifier


def not_found(connection: Connection, subject: Subject) -> Who:
    """Answer for a subject that signed no loaded event and that none reliably issued; events may still name it."""
    if masked := showing_masked(connection, subject.id, most=_MOST + 1):
        return _masked(subject, masked)
    exported = ExportedKey(connection, subject.id)
    account = subject.account_id or exported.account_id
    named, total = named_by(connection, subject.id)
    found = key_not_trusted(connection, subject.id)
    not_trusted = tuple(not_trusted_of(found, evidence_of(connection, [row.event_key for row in found])))
    sought = Sought(account, None, None)
    missing = CoverageOfLinks(connection, [sought]).missing(sought) if account and not not_trusted else ()
    return Who(
        Subject(subject.type, subject.id, account),
        stop_reason=_stop_of_unused(named, not_trusted),
        key_owner=exported.owner(),
        missing=missing,
        exports=exported.statements(LoggedKey()),
        not_trusted=not_trusted,
        named_by=named,
        named_by_total=total,
    )


def _masked(subject: Subject, found: Sequence[NotTrusted]) -> Who:
    """Return the answer for a masked identifier: the events that show it. None of them is linked by it."""
    flags = ("more_masked_events",) if len(found) > _MOST else ()
    # a visible part of the ID shows no account
    asked = Subject(subject.type, subject.id)
    return Who(asked, stop_reason=StopReason.NOT_TRUSTED, flags=flags, not_trusted=tuple(found[:_MOST]))


def _stop_of_unused(named: Sequence[KeyChange], not_trusted: Sequence[NotTrusted]) -> StopReason:
    if not_trusted:
        return StopReason.NOT_TRUSTED
    return StopReason.OUTSIDE_COVERAGE if named else StopReason.NOT_FOUND


def not_trusted_of(found: Iterable[NotTrustedRow], evidence: Mapping[str, Sequence[Evidence]]) -> Iterator[NotTrusted]:
    """Yield the records of issuances that are not evidence, with their events."""
    for row in found:
        flags = tuple(flag for flag in (row.flags or "").split(",") if flag)
        yield from (NotTrusted(row.reason, event, flags) for event in evidence[row.event_key])


def unsigned(connection: Connection, subject: Subject, found: Sequence[SubjectRow]) -> Who:
    """Answer for an unreliable event, a refused sign-in, or an event without an identity."""
    if not_trusted := tuple(rows(connection, NotTrusted, "who/event_not_trusted", id=subject.id)):
        return Who(subject, stop_reason=StopReason.NOT_TRUSTED, flags=("proves_nothing",), not_trusted=not_trusted)
    if any(row.unreliable for row in found):
        return Who(subject, stop_reason=StopReason.AMBIGUOUS, flags=("proves_nothing",))
    if not all(row.is_attempt for row in found):
        return Who(subject, stop_reason=StopReason.NEVER_LOGGED)
    return Who(subject, Actor(ActorKind.ANONYMOUS), Grade.PROVEN, StopReason.ANONYMOUS)
