"""Who is behind a subject: an access key, an event, a session or a principal.

Reads what attribution has settled and adds what makes it an answer: the chain with its proofs, claims beside the
actor, and what is missing. Everything is fetched for all of a subject's credentials at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import duckdb

from forensics.answers.core import SECRET, Actor, ActorKind, Exported, Grade, StopReason, Subject
from forensics.answers.who_answer import (
    Caller,
    Candidate,
    Hop,
    Link,
    Missing,
    NotTrusted,
    OriginCandidate,
    Provenance,
    Who,
    Workload,
)
from forensics.errors import NotAnIdentifier, SecretRefused
from forensics.identifiers import Identifier, account_of, identify, is_secret
from forensics.investigate.account_exports import ExportedKey, ExportedNames, LoggedKey
from forensics.investigate.actors import actor_of, owner_of
from forensics.investigate.digest_check import CheckedSpan, digest_check, of_credentials
from forensics.investigate.evidence import evidence_of
from forensics.investigate.ip_ranges import IpRanges
from forensics.investigate.sql_rows import Row, rows
from forensics.investigate.who.claims import claims
from forensics.investigate.who.missing import CoverageOfLinks, Sought, data_events_of
from forensics.investigate.who.trust import TrustPolicies
from forensics.investigate.workloads import workload

_GRADES = list(Grade)


def who(connection: duckdb.DuckDBPyConnection, identifier: Identifier, ip_ranges: IpRanges | None = None) -> Who:
    """The answer about a subject; of a subject in no log it says so, and what to load."""
    found = rows(connection, f"who/subject_{identifier.type}", id=identifier.id)
    credential_ids = [row.credential_id for row in found if row.credential_id is not None]
    subject = Subject(identifier.type, identifier.id, account_of(identifier.id))
    if not credential_ids:
        answer = _unsigned(connection, subject, found) if found else _not_found(connection, subject)
        account = None if found else answer.subject.account_id
        return replace(answer, digests=digest_check(connection, [CheckedSpan(account)] if not found else []))
    facts = _WhoFacts(connection, credential_ids, ip_ranges)
    answers = facts.answers(subject)
    answer = answers[0] if len(answers) == 1 else _several(subject, answers)
    return replace(answer, digests=digest_check(connection, facts.spans(connection)))


def who_all(
    connected: Callable[[], duckdb.DuckDBPyConnection], subjects: Sequence[str], ip_ranges: IpRanges | None = None
) -> list[Who]:
    """Return an answer for each subject; for a text that is not an identifier, an answer that says so.

    If one looks like a secret, any other that is not an identifier may be the rest of it, so none of them is repeated.
    """
    hide = any(is_secret(subject) for subject in subjects)
    return [_who_or_why_not(connected, subject, ip_ranges, hide=hide) for subject in subjects]


def _who_or_why_not(
    connected: Callable[[], duckdb.DuckDBPyConnection], subject: str, ip_ranges: IpRanges | None, *, hide: bool
) -> Who:
    try:
        return who(connected(), identify(subject), ip_ranges)
    except SecretRefused:
        return Who(Subject(None, SECRET), stop_reason=StopReason.NOT_AN_IDENTIFIER)
    except NotAnIdentifier:
        shown = "(not shown, it may be part of a secret)" if hide else subject
        return Who(Subject(None, shown), stop_reason=StopReason.NOT_AN_IDENTIFIER)


def _not_found(connection: duckdb.DuckDBPyConnection, subject: Subject) -> Who:
    exported = ExportedKey(connection, subject.id)
    account = subject.account_id or exported.account_id
    sought = Sought(account, None, None)
    missing = CoverageOfLinks(connection, [sought]).missing(sought) if account else ()
    return Who(
        Subject(subject.type, subject.id, account),
        key_owner=exported.owner(),
        missing=missing,
        exports=exported.says(LoggedKey()),
    )


def _unsigned(connection: duckdb.DuckDBPyConnection, subject: Subject, found: Sequence[Row]) -> Who:
    """An event whose record proves nothing, a sign-in that was refused, or one whose record names no identity."""
    if distrusted := rows(connection, "who/event_not_trusted", id=subject.id):
        not_trusted = tuple(NotTrusted(row.reason, evidence_of(row)) for row in distrusted)
        return Who(subject, stop_reason=StopReason.NOT_TRUSTED, flags=("proves_nothing",), not_trusted=not_trusted)
    if any(row.unreliable for row in found):
        return Who(subject, stop_reason=StopReason.AMBIGUOUS, flags=("proves_nothing",))
    if not all(row.is_sign_in for row in found):
        return Who(subject, stop_reason=StopReason.NEVER_LOGGED)
    return Who(subject, Actor(ActorKind.ANONYMOUS), Grade.PROVEN, StopReason.ANONYMOUS)


def _several(subject: Subject, answers: Sequence[Who]) -> Who:
    """One answer for several credentials: the actor if all agree on one."""
    first = answers[0]
    accounts = {answer.subject.account_id for answer in answers}
    subject = Subject(subject.type, subject.id, accounts.pop() if len(accounts) == 1 else subject.account_id)
    if any(answer.actor != first.actor for answer in answers) or first.actor.kind == ActorKind.UNKNOWN:
        reasons = {answer.stop_reason for answer in answers}
        same = all(answer.actor.kind == ActorKind.UNKNOWN for answer in answers) and len(reasons) == 1
        reason = first.stop_reason if same else StopReason.SEVERAL_ACTORS
        ambiguous = reason == StopReason.AMBIGUOUS
        return Who(
            subject,
            stop_reason=reason,
            ambiguous=ambiguous,
            candidates=tuple(dict.fromkeys(one for answer in answers for one in answer.candidates))
            if ambiguous
            else (),
            missing=tuple(dict.fromkeys(one for answer in answers for one in answer.missing)),
            sessions=tuple(answers),
            exports=tuple(dict.fromkeys(one for answer in answers for one in answer.exports)),
            not_trusted=tuple(dict.fromkeys(one for answer in answers for one in answer.not_trusted)),
        )
    origins = {answer.origin_access_key_id for answer in answers}
    return Who(
        subject,
        actor=first.actor,
        grade=max((answer.grade for answer in answers), key=_GRADES.index),
        stop_reason=first.stop_reason,
        caller=first.caller if len({answer.caller for answer in answers}) == 1 else None,
        origin_access_key_id=first.origin_access_key_id if len(origins) == 1 else None,
        origin_grade=first.origin_grade if len(origins) == 1 else None,
        key_owner=first.key_owner if len(origins) == 1 else None,
        mfa_authenticated=first.mfa_authenticated if len({one.mfa_authenticated for one in answers}) == 1 else None,
        sessions=tuple(answers),
        exports=tuple(dict.fromkeys(one for answer in answers for one in answer.exports)),
        not_trusted=tuple(dict.fromkeys(one for answer in answers for one in answer.not_trusted)),
    )


class _WhoFacts:
    """Everything that the tables say about some credentials."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, credential_ids: list[str], ip_ranges: IpRanges | None = None
    ) -> None:
        self._ip_ranges = ip_ranges
        self.credentials = rows(connection, "who/credentials", ids=credential_ids)
        self.chains = _grouped(rows(connection, "who/chain", ids=credential_ids))
        last_ids = sorted({credential.last_credential_id for credential in self.credentials})
        self.candidates = _grouped(rows(connection, "who/candidates", ids=last_ids))
        hop_ids = sorted({hop.hop_credential_id for chain in self.chains.values() for hop in chain})
        self.forwarded = _grouped(rows(connection, "who/forward_access", ids=hop_ids))
        self.not_trusted = _grouped(rows(connection, "who/not_trusted", ids=hop_ids))
        open_ids = [one.credential_id for one in self.credentials if one.origin_access_key_id is None]
        self.origins = _grouped(rows(connection, "who/several_origins", ids=open_ids) if open_ids else [])
        keys = sorted({key for credential in self.credentials if (key := _owned_key(credential))})
        self.owners = {
            (row.access_key_id, row.account_id): row for row in rows(connection, "who/key_owners", keys=keys)
        }
        self.evidence = _grouped(rows(connection, "who/evidence", ids=self._proofs()), by="id")
        names = sorted(
            {credential.role_session_name for credential in self.credentials if credential.role_session_name}
        )
        self.known_names = [row.name for row in rows(connection, "who/names", names=names)] if names else []
        self.only_source = self._only_sources(connection)
        self.trust = TrustPolicies(connection, [hop for chain in self.chains.values() for hop in chain])
        self.handed = self._handed_to_workloads()
        self.launches = self._launches(connection)
        self.addresses = _grouped(self._addresses(connection))
        self.sought = {credential.credential_id: self._sought(credential) for credential in self.credentials}
        self.coverage = CoverageOfLinks(connection, [one for sought in self.sought.values() for one in sought])
        owner_ids = [owner.owner_principal_id for owner in self.owners.values()]
        self.exported = ExportedNames(connection, [*(one.actor_id for one in self.credentials), *owner_ids])

    def answers(self, subject: Subject) -> list[Who]:
        return [self._answer(subject, credential) for credential in self.credentials]

    def spans(self, connection: duckdb.DuckDBPyConnection) -> list[CheckedSpan]:
        """What the answers rest on: the cited events, the uses of each credential, and where an issuance is missing."""
        hops = [hop.hop_credential_id for chain in self.chains.values() for hop in chain]
        cited = [
            CheckedSpan(event.recipient_account_id, event.aws_region, event.event_time, event.event_time)
            for found in self.evidence.values()
            for event in found
        ]
        missing = [
            CheckedSpan(one.account_id, one.aws_region, one.from_, one.to)
            for credential in self.credentials
            for one in self._missing(credential)
        ]
        return [*cited, *missing, *of_credentials(connection, hops)]

    def _answer(self, subject: Subject, credential: Row) -> Who:
        actor = actor_of(credential)
        chain = self.chains[credential.credential_id]
        owner = self.owners.get((_owned_key(credential), chain[-1].account_id))
        return Who(
            subject=Subject(subject.type, subject.id, credential.account_id or subject.account_id),
            actor=actor,
            grade=Grade(credential.grade),
            stop_reason=StopReason(credential.stop_reason),
            ambiguous=bool(credential.is_ambiguous),
            candidates=tuple(self._candidate(row) for row in self.candidates[credential.last_credential_id]),
            caller=Caller(credential.principal_id, credential.arn, credential.account_id),
            origin_access_key_id=credential.origin_access_key_id,
            origin_grade=Grade(credential.origin_grade) if credential.origin_grade else None,
            origin_candidates=self._origin_candidates(credential, chain),
            key_owner=owner_of(owner) if owner else None,
            mfa_authenticated=credential.mfa_authenticated,
            chain=tuple(self._hop(hop, actor) for hop in chain),
            claims=claims(credential, chain, actor, self.known_names, self.trust),
            missing=self._missing(credential),
            provenance=(*(_provenance(owner) if owner else ()), *self._launched_by(credential, actor)),
            flags=_flags(credential, chain),
            workload=self._workload(credential),
            exports=self._exports(chain, actor, owner_of(owner) if owner else None),
            not_trusted=tuple(self._not_trusted(chain)),
        )

    def _not_trusted(self, chain: Sequence[Row]) -> Iterator[NotTrusted]:
        for hop in chain:
            for row in self.not_trusted[hop.hop_credential_id]:
                yield from (NotTrusted(row.reason, evidence_of(event)) for event in self.evidence[row.issuance_id])

    def _exports(self, chain: Sequence[Row], actor: Actor, owner: Actor | None) -> tuple[Exported, ...]:
        """What of the answer exports say too, or alone: names, and the trust policies of the roles."""
        names = [said for one in dict.fromkeys((actor, owner)) if one for said in self.exported.of(one)]
        trusted = [exported for hop in chain if (exported := self.trust.required_of(hop).exported)]
        return tuple(dict.fromkeys([*names, *trusted]))

    def _hop(self, hop: Row, actor: Actor) -> Hop:
        return Hop(
            access_key_ids=(hop.access_key_id,) if hop.access_key_id else (),
            principal_id=hop.principal_id,
            arn=hop.arn,
            account_id=hop.account_id,
            issued_at=hop.issued_at or hop.issuance_time,
            expires_at=hop.expires_at,
            via=_via(hop, actor),
            link=self._link_of(hop),
        )

    def _link_of(self, hop: Row) -> Link | None:
        if hop.on_behalf_of_event_key:
            return self._link("on_behalf_of", Grade.STRONG, [hop.on_behalf_of_event_key])
        if hop.rule:
            return self._link(hop.rule, hop.grade, [hop.issuance_id, hop.switch_issuance_id, hop.tool_event_key])
        if forwarded := self.forwarded[hop.hop_credential_id]:
            return self._link("forward_access", Grade.STRONG, [forwarded[0].event_key])
        return None

    def _link(self, rule: str, grade: str, proofs: Iterable[str | None]) -> Link:
        found = [event for proof in proofs if proof for event in self.evidence[proof]]
        found.sort(key=lambda event: (str(event.event_time), event.event_id or "", event.recipient_account_id or ""))
        cited = tuple(event.event_id for event in found if event.event_id)
        return Link(rule, Grade(grade), False, cited, tuple(evidence_of(event) for event in found))

    def _candidate(self, row: Row) -> Candidate:
        return Candidate(actor_of(row), Grade(row.grade), self._link(row.rule, row.grade, [row.issuance_id]))

    def _origin_candidates(self, credential: Row, chain: Sequence[Row]) -> tuple[OriginCandidate, ...]:
        if credential.origin_access_key_id:
            return ()
        fitting = {
            row.access_key_id: Grade.MEDIUM for row in self.forwarded[chain[-1].hop_credential_id] if row.access_key_id
        }
        several = {row.access_key_id: Grade(row.grade) for row in self.origins[credential.credential_id]}
        return tuple(OriginCandidate(key, grade) for key, grade in sorted({**fitting, **several}.items()))

    def _sought(self, credential: Row) -> tuple[Sought, ...]:
        """The issuances without which the walk of this credential could not go on."""
        last = self.chains[credential.credential_id][-1]
        reason = StopReason(credential.stop_reason)
        if reason in (StopReason.CYCLE, StopReason.NEVER_LOGGED, StopReason.OUT_OF_REACH):
            return ()
        if last.is_redacted and last.caller_account_id:
            return (Sought(last.caller_account_id, last.issuance_time, None),)
        is_a_session = last.issued_at is not None or _is_temporary(last)
        is_told = last.rule or last.on_behalf_of_event_key or self.forwarded[last.hop_credential_id]
        is_resolved = ActorKind(credential.actor_kind) != ActorKind.UNKNOWN
        if is_told or (is_resolved and not is_a_session):
            return ()
        data_events = data_events_of(last.role_session_name, self.only_source.get(last.hop_credential_id))
        return (Sought(last.account_id, last.issued_at, last.first_use, data_events_of=data_events),)

    def _handed_to_workloads(self) -> dict[str, Row]:
        """Of each credential that leads to a workload, the hop that this was handed."""
        workloads = [one for one in self.credentials if one.actor_kind == ActorKind.WORKLOAD]
        return {
            one.credential_id: hop
            for one in workloads
            for hop in self.chains[one.credential_id]
            if hop.hop_credential_id == one.named_credential_id
        }

    def _addresses(self, connection: duckdb.DuckDBPyConnection) -> list[Row]:
        keys = {hop.hop_credential_id: hop.access_key_id or "" for hop in self.handed.values()}
        return rows(connection, "who/addresses", ids=sorted(keys), keys=sorted(set(keys.values()))) if keys else []

    def _launches(self, connection: duckdb.DuckDBPyConnection) -> list[Row]:
        names = sorted(
            {one.actor_id for one in self.credentials if one.actor_id and one.actor_kind == ActorKind.WORKLOAD}
        )
        return rows(connection, "who/launches", workloads=names) if names else []

    def _launched_by(self, credential: Row, actor: Actor) -> tuple[Provenance, ...]:
        """By the last call that made a workload of this name there, no later than it was handed the credential."""
        hop = self.handed.get(credential.credential_id)
        if hop is None:
            return ()
        region = self._handed_in(hop)
        fitting = [
            row
            for row in self.launches
            if (row.workload_id, row.launched_type, row.account_id) == (actor.id, actor.workload_type, actor.account_id)
            and row.aws_region == region
            and (hop.issuance_time is None or row.event_time <= hop.issuance_time)
        ]
        last = [row for row in fitting if row.event_time == fitting[-1].event_time]
        return tuple(Provenance("launched_by", actor_of(row), row.event_id) for row in last)

    def _handed_in(self, hop: Row) -> str | None:
        """The region in which a workload was handed its credential."""
        return next((event.aws_region for event in self.evidence[hop.issuance_id]), None)

    def _workload(self, credential: Row) -> Workload | None:
        hop = self.handed.get(credential.credential_id)
        if hop is None:
            return None
        uses = self.addresses[hop.hop_credential_id]
        return workload(hop.access_key_id, uses, self._handed_in(hop), self._ip_ranges)

    def _only_sources(self, connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
        """Of each temporary key that nothing issued, the service that it called, if it called one alone."""
        last = [chain[-1] for chain in self.chains.values()]
        ids = {hop.hop_credential_id: hop.access_key_id for hop in last if hop.rule is None and _is_temporary(hop)}
        if not ids:
            return {}
        found = rows(connection, "who/event_sources", ids=sorted(ids), keys=sorted(set(ids.values())))
        return {row.credential_id: row.event_source for row in found}

    def _missing(self, credential: Row) -> tuple[Missing, ...]:
        sought = self.sought[credential.credential_id]
        return tuple(missing for one in sought for missing in self.coverage.missing(one))

    def _proofs(self) -> list[str]:
        hops = [hop for chain in self.chains.values() for hop in chain]
        candidates = [row for found in self.candidates.values() for row in found]
        forwarded = [row.event_key for found in self.forwarded.values() for row in found]
        ids = [hop.issuance_id for hop in hops] + [hop.switch_issuance_id for hop in hops]
        ids += [hop.tool_event_key for hop in hops]
        ids += [row.issuance_id for found in self.not_trusted.values() for row in found]
        ids += [hop.on_behalf_of_event_key for hop in hops] + [row.issuance_id for row in candidates]
        return sorted({id_ for id_ in ids if id_} | set(forwarded))


def _grouped(found: Iterable[Row], by: str = "credential_id") -> defaultdict[str, list[Row]]:
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in found:
        groups[getattr(row, by)].append(row)
    return groups


def _via(hop: Row, actor: Actor) -> tuple[str, ...]:
    """Who acted in between: a service on somebody else's behalf, and the client that was let into a sign-in session."""
    service = hop.via if hop.via != actor.id else None
    return tuple(one for one in (service, hop.client_id) if one)


def _is_temporary(hop: Row) -> bool:
    return (hop.access_key_id or "").startswith("ASIA")


def _owned_key(credential: Row) -> str | None:
    """The long-term key that an answer is about: the one at the origin."""
    key: str | None = credential.origin_access_key_id
    return key


def _provenance(row: Row) -> tuple[Provenance, ...]:
    if not row.created_by_event_key:
        return ()
    actor = actor_of(row)
    return (Provenance("created_by", actor, row.created_by_event_id),)


def _flags(credential: Row, chain: Sequence[Row]) -> tuple[str, ...]:
    flags = []
    if credential.source_identities > 1:
        flags.append("conflicting_source_identity")
    if _decodes_to_another_account(credential):
        flags.append("rewritten_or_anonymised_logs")
    if credential.is_rebuilt:
        flags.append("rebuilt")
    if credential.distrusted_events:
        flags.append("unlisted_events")
    if credential.events > credential.reliable_events + credential.distrusted_events:
        flags.append("unreliable_events")
    expires_at: datetime | None = chain[0].expires_at
    if expires_at and credential.last_use and credential.last_use > expires_at:
        flags.append("used_after_expiry")
    return tuple(flags)


def _decodes_to_another_account(credential: Row) -> bool:
    decoded = account_of(credential.access_key_id or "")
    return decoded is not None and credential.account_id is not None and decoded != credential.account_id
