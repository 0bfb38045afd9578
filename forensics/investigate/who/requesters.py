"""Requesters: who is behind an access key, an event, a session or a principal.

The actors come from the tables of attribution. This module adds the chain with its evidence, the claims and the missing
logs. Each table is queried once for all credentials of a subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from operator import itemgetter

from forensics.answers.core import NOBODY, Actor, ActorKind, Exported, Grade, StopReason, Subject
from forensics.answers.who_answer import (
    Caller,
    Candidate,
    Hop,
    Link,
    Missing,
    NotTrusted,
    OriginCandidate,
    Provenance,
    UsedFrom,
    Who,
    Workload,
)
from forensics.identifiers import Identifier, SubjectType, account_of, is_long_term
from forensics.investigate.account_exports import ExportedNames
from forensics.investigate.digest_check import CheckedSpan, digest_check, spans_of_events, spans_of_uses
from forensics.investigate.evidence import evidence_of
from forensics.investigate.identities_unread import unread_flags
from forensics.investigate.ip_ranges import IpRanges
from forensics.investigate.key_changes import NotTrustedRow, named_by
from forensics.investigate.sql_rows import Connection, grouped, pairs, rows, values
from forensics.investigate.who.claims import claims
from forensics.investigate.who.combined import combined
from forensics.investigate.who.missing import CoverageOfLinks, Sought, data_events_of
from forensics.investigate.who.trust import TrustPolicies
from forensics.investigate.who.unused import not_found, not_trusted_of, unsigned
from forensics.investigate.who.who_rows import (
    CandidateRow,
    CredentialRow,
    ForwardAccessRow,
    HopRow,
    KeyOwnerRow,
    LaunchRow,
    OriginRow,
    SubjectRow,
)
from forensics.investigate.workloads import workload

_ABSENCES = {StopReason.NOT_FOUND, StopReason.OUTSIDE_COVERAGE, StopReason.BEFORE_COVERAGE}
# a record that may be forged does not show that there was such an issuance
_MAY_BE_FORGED = {"unlisted", "contested"}
# with these reasons, another copy of the record may be evidence, so it is worth loading
_BETTER_ELSEWHERE = {*_MAY_BE_FORGED, "unreliable", "unread", "unreliable_use", "rebuilt"}


def subject_rows(connection: Connection, identifier: Identifier) -> list[SubjectRow]:
    """Return the credentials of a subject."""
    return rows(connection, SubjectRow, f"who/subject_{identifier.type}", id=identifier.id)


def ids_of(found: Iterable[SubjectRow]) -> list[str]:
    """Return the credential IDs of a subject."""
    return [row.credential_id for row in found if row.credential_id is not None]


def who_of(
    connection: Connection,
    identifier: Identifier,
    found: Sequence[SubjectRow],
    ip_ranges: IpRanges | None = None,
) -> Who:
    """Return the answer of `who` for a subject whose credentials are known."""
    credential_ids = ids_of(found)
    subject = Subject(identifier.type, identifier.id, account_of(identifier.id))
    if not credential_ids:
        answer = unsigned(connection, subject, found) if found else not_found(connection, subject)
        spans = [] if found else [CheckedSpan(answer.subject.account_id)]
        return _with_unread(connection, replace(answer, digests=digest_check(connection, spans)))
    facts = _WhoFacts(connection, credential_ids, ip_ranges)
    answers = facts.answers(subject)
    answer = _as_recorded(answers[0], found) if len(answers) == 1 else combined(subject, answers, facts.latest_actor())
    if subject.type == SubjectType.ACCESS_KEY and not any(row.events for row in facts.credentials):
        named, total = named_by(connection, subject.id)
        answer = replace(answer, named_by=named, named_by_total=total)
    return _with_unread(connection, replace(answer, digests=digest_check(connection, facts.spans(connection))))


def _with_unread(connection: Connection, answer: Who) -> Who:
    """Flag an answer that records with an unreadable identity could change."""
    flags = unread_flags(connection) if answer.stop_reason in _ABSENCES else ()
    return replace(answer, flags=(*answer.flags, *flags)) if flags else answer


def _as_recorded(answer: Who, found: Sequence[SubjectRow]) -> Who:
    """Return the answer about an event with the name that the event's own record gives the user."""
    for user in (row.user for row in found):
        if user and user.principal_id == answer.actor.id:
            named = replace(answer.actor, name=user.user_name or answer.actor.name, arn=user.arn or answer.actor.arn)
            return replace(answer, actor=named)
    return answer


class _WhoFacts:
    """The facts about some credentials in the tables."""

    def __init__(self, connection: Connection, credential_ids: list[str], ip_ranges: IpRanges | None = None) -> None:
        self._ip_ranges = ip_ranges
        self.credentials = rows(connection, CredentialRow, "who/credentials", ids=credential_ids)
        hops = rows(connection, HopRow, "who/chain", ids=credential_ids)
        self.chains = grouped(hops, lambda row: row.credential_id)
        last_ids = sorted({credential.last_credential_id for credential in self.credentials})
        candidates = rows(connection, CandidateRow, "who/candidates", ids=last_ids)
        self.candidates = grouped(candidates, lambda row: row.credential_id)
        self._hop_ids = sorted({hop.hop_credential_id for hop in hops})
        forwarded = rows(connection, ForwardAccessRow, "who/forward_access", ids=self._hop_ids)
        self.forwarded = grouped(forwarded, lambda row: row.credential_id)
        not_trusted = rows(connection, NotTrustedRow, "who/not_trusted", ids=self._hop_ids)
        self.not_trusted = grouped(not_trusted, lambda row: row.credential_id)
        open_ids = [one.credential_id for one in self.credentials if one.origin_access_key_id is None]
        origins = rows(connection, OriginRow, "who/several_origins", ids=open_ids) if open_ids else []
        self.origins = grouped(origins, lambda row: row.credential_id)
        keys = sorted({one.origin_access_key_id for one in self.credentials if one.origin_access_key_id})
        owners = rows(connection, KeyOwnerRow, "who/key_owners", keys=keys)
        self.owners = {(row.access_key_id, row.account_id): row for row in owners}
        proofs = [id_ for hop in hops for id_ in (*_proofs(hop), hop.on_behalf_of_event_key)]
        proofs += [row.event_key for row in forwarded]
        proofs += [*(row.event_key for row in not_trusted), *(row.issuance_id for row in candidates)]
        self.evidence = evidence_of(connection, filter(None, proofs))
        names = sorted({one.role_session_name for one in self.credentials if one.role_session_name})
        self.known_names = values(connection, str, "who/names", names=names) if names else []
        self.only_source = self._only_sources(connection)
        self.trust = TrustPolicies(connection, hops)
        self.workload_hops = self._hops_of_workloads()
        self.launches = self._launches(connection)
        self.addresses = grouped(self._addresses(connection), itemgetter(0))
        self.sought = {credential.credential_id: self._sought(credential) for credential in self.credentials}
        self.coverage = CoverageOfLinks(connection, [one for sought in self.sought.values() for one in sought])
        actor_ids = [one.actor.id for one in self.credentials]
        self.exported = ExportedNames(connection, [*actor_ids, *(owner.owner_principal_id for owner in owners)])

    def answers(self, subject: Subject) -> list[Who]:
        return [self._answer(subject, credential) for credential in self.credentials]

    def latest_actor(self) -> Actor:
        """Return the actor of the credential used last, which has the latest name of a renamed user."""
        return max(self.credentials, key=lambda one: (str(one.last_use or ""), one.credential_id)).actor

    def spans(self, connection: Connection) -> list[CheckedSpan]:
        """Return the spans behind the answers: cited events, uses of the credentials, and missing issuances."""
        missing = [
            CheckedSpan(one.account_id, one.aws_region, one.from_, one.to)
            for credential in self.credentials
            for one in self._missing(credential)
        ]
        cited = spans_of_events(chain.from_iterable(self.evidence.values()))
        return [*cited, *missing, *spans_of_uses(connection, self._hop_ids)]

    def _answer(self, subject: Subject, credential: CredentialRow) -> Who:
        actor = credential.actor
        hops = self.chains[credential.credential_id]
        made = self.owners.get((credential.origin_access_key_id or "", hops[-1].account_id))
        return Who(
            subject=Subject(subject.type, subject.id, credential.account_id or subject.account_id),
            actor=actor,
            grade=credential.grade,
            stop_reason=credential.stop_reason,
            ambiguous=bool(credential.is_ambiguous),
            candidates=tuple(self._candidate(row) for row in self.candidates[credential.last_credential_id]),
            caller=Caller(credential.principal_id, credential.arn, credential.account_id),
            origin_access_key_id=credential.origin_access_key_id,
            origin_grade=credential.origin_grade,
            origin_candidates=self._origin_candidates(credential, hops),
            key_owner=made.owner if made else None,
            mfa_authenticated=credential.mfa_authenticated,
            chain=tuple(self._hop(hop, actor) for hop in hops),
            claims=claims(credential, hops, _comparable(credential, hops), self.known_names, self.trust),
            missing=self._missing(credential),
            provenance=(*(_created_by(made) if made else ()), *self._launched_by(credential, actor)),
            flags=_flags(credential, hops),
            workload=self._workload(credential),
            exports=self._exports(hops, actor, made.owner if made else None),
            not_trusted=tuple(self._not_trusted(hops)),
        )

    def _not_trusted(self, hops: Sequence[HopRow]) -> Iterator[NotTrusted]:
        for hop in hops:
            yield from not_trusted_of(self.not_trusted[hop.hop_credential_id], self.evidence)

    def _exports(self, hops: Sequence[HopRow], actor: Actor, owner: Actor | None) -> tuple[Exported, ...]:
        """Return the names and the trust policies in exports."""
        names = [name for one in dict.fromkeys((actor, owner)) if one for name in self.exported.of(one)]
        trusted = [exported for hop in hops if (exported := self.trust.required_of(hop).exported)]
        return tuple(dict.fromkeys([*names, *trusted]))

    def _hop(self, hop: HopRow, actor: Actor) -> Hop:
        return Hop(
            access_key_ids=(hop.access_key_id,) if hop.access_key_id else (),
            principal_id=hop.principal_id,
            arn=hop.arn,
            account_id=hop.account_id,
            issued_at=hop.requested_at,
            expires_at=hop.expires_at,
            via=_via(hop, actor),
            link=self._link_of(hop),
        )

    def _link_of(self, hop: HopRow) -> Link | None:
        if hop.on_behalf_of_event_key:
            return self._link("on_behalf_of", Grade.STRONG, [hop.on_behalf_of_event_key])
        if hop.rule and hop.grade:
            return self._link(hop.rule, hop.grade, _proofs(hop))
        if forwarded := self.forwarded[hop.hop_credential_id]:
            return self._link("forward_access", Grade.STRONG, [forwarded[0].event_key])
        return None

    def _link(self, rule: str, grade: Grade, proofs: Iterable[str | None]) -> Link:
        found = [event for proof in proofs if proof for event in self.evidence[proof]]
        found.sort(key=lambda event: (str(event.event_time), event.event_id or "", event.recipient_account_id or ""))
        return Link(rule, grade, False, tuple(event.event_id for event in found if event.event_id), tuple(found))

    def _candidate(self, row: CandidateRow) -> Candidate:
        return Candidate(row.actor, row.grade, self._link(row.rule, row.grade, [row.issuance_id]))

    def _origin_candidates(self, credential: CredentialRow, hops: Sequence[HopRow]) -> tuple[OriginCandidate, ...]:
        if credential.origin_access_key_id:
            return ()
        fitting = {
            row.access_key_id: Grade.MEDIUM for row in self.forwarded[hops[-1].hop_credential_id] if row.access_key_id
        }
        several = {row.access_key_id: row.grade for row in self.origins[credential.credential_id]}
        return tuple(OriginCandidate(key, grade) for key, grade in sorted({**fitting, **several}.items()))

    def _sought(self, credential: CredentialRow) -> tuple[Sought, ...]:
        """Return the missing issuances that ended the walk of this credential."""
        last = self.chains[credential.credential_id][-1]
        if credential.stop_reason in (StopReason.CYCLE, StopReason.NEVER_LOGGED, StopReason.OUT_OF_REACH):
            return ()
        reasons = {row.reason for row in self.not_trusted[last.hop_credential_id]}
        if reasons and not reasons & _BETTER_ELSEWHERE:
            return ()
        is_of_role = ":role/" in (last.session_issuer_arn or "")
        if last.is_redacted and last.caller_account_id:
            return (Sought(last.caller_account_id, last.issuance_time, None, is_of_role=is_of_role),)
        is_a_session = last.issued_at is not None or last.is_temporary
        is_linked = last.rule or last.on_behalf_of_event_key or self.forwarded[last.hop_credential_id]
        is_resolved = credential.actor.kind != ActorKind.UNKNOWN
        if is_linked or (is_resolved and not is_a_session):
            return ()
        data_events = data_events_of(last.role_session_name, self.only_source.get(last.hop_credential_id))
        is_loaded = bool(reasons - _MAY_BE_FORGED)
        times = last.issued_at, last.first_use
        return (Sought(last.account_id, *times, data_events, is_loaded, last.assumed_root, is_of_role),)

    def _hops_of_workloads(self) -> dict[str, HopRow]:
        """Return, for each credential that leads to a workload, the credential that was issued to the workload."""
        workloads = [one for one in self.credentials if one.actor.kind == ActorKind.WORKLOAD]
        return {
            one.credential_id: hop
            for one in workloads
            for hop in self.chains[one.credential_id]
            if hop.hop_credential_id == one.named_credential_id
        }

    def _addresses(self, connection: Connection) -> list[tuple[str, UsedFrom]]:
        keys = {hop.hop_credential_id: hop.access_key_id or "" for hop in self.workload_hops.values()}
        asked = {"ids": sorted(keys), "keys": sorted(set(keys.values()))}
        return pairs(connection, str, UsedFrom, "who/addresses", **asked) if keys else []

    def _launches(self, connection: Connection) -> list[LaunchRow]:
        names = sorted(
            {one.actor.id for one in self.credentials if one.actor.id and one.actor.kind == ActorKind.WORKLOAD}
        )
        return rows(connection, LaunchRow, "who/launches", workloads=names) if names else []

    def _launched_by(self, credential: CredentialRow, actor: Actor) -> tuple[Provenance, ...]:
        """Return the last launch of this workload before its credential was issued."""
        hop = self.workload_hops.get(credential.credential_id)
        if hop is None:
            return ()
        region = self._issuing_region(hop)
        fitting = [
            row
            for row in self.launches
            if (row.workload_id, row.launched_type, row.account_id) == (actor.id, actor.workload_type, actor.account_id)
            and row.aws_region == region
            and (hop.issuance_time is None or (row.event_time and row.event_time <= hop.issuance_time))
        ]
        last = [row for row in fitting if row.event_time == fitting[-1].event_time]
        return tuple(Provenance("launched_by", row.actor, row.event_id) for row in last)

    def _issuing_region(self, hop: HopRow) -> str | None:
        """Return the region in which the credential of a workload was issued."""
        return next((event.aws_region for event in self.evidence[hop.issuance_id or ""]), None)

    def _workload(self, credential: CredentialRow) -> Workload | None:
        hop = self.workload_hops.get(credential.credential_id)
        if hop is None:
            return None
        uses = [use for _, use in self.addresses[hop.hop_credential_id]]
        return workload(hop.access_key_id, uses, self._issuing_region(hop), self._ip_ranges)

    def _only_sources(self, connection: Connection) -> dict[str, str]:
        """Return the only service called by each temporary key without a known issuance."""
        last = [hops[-1] for hops in self.chains.values()]
        keys = {one.hop_credential_id: one.access_key_id for one in last if one.rule is None and one.is_temporary}
        asked = {"ids": sorted(keys), "keys": sorted({key for key in keys.values() if key})}
        return dict(pairs(connection, str, str, "who/event_sources", **asked)) if keys else {}

    def _missing(self, credential: CredentialRow) -> tuple[Missing, ...]:
        sought = self.sought[credential.credential_id]
        return tuple(missing for one in sought for missing in self.coverage.missing(one))


def _proofs(hop: HopRow) -> tuple[str | None, ...]:
    """Return the issuance IDs and event keys that prove the link of a hop."""
    return hop.issuance_id, hop.switch_issuance_id, hop.tool_event_key


def _via(hop: HopRow, actor: Actor) -> tuple[str, ...]:
    """Return the service that acted on behalf of the caller, and the client of a sign-in session."""
    service = hop.via if hop.via != actor.id else None
    return tuple(one for one in (service, hop.client_id) if one)


def _created_by(row: KeyOwnerRow) -> tuple[Provenance, ...]:
    return (Provenance("created_by", row.actor, row.created_by_event_id),) if row.created_by_event_key else ()


def _comparable(credential: CredentialRow, hops: Sequence[HopRow]) -> Actor:
    """Return the actor to compare claims with: nobody for a transient subject, which is not a name."""
    return NOBODY if _is_transient(credential, hops) else credential.actor


def _is_transient(credential: CredentialRow, hops: Sequence[HopRow]) -> bool:
    """Return whether the actor is a SAML subject that changes with each sign-in."""
    named = (hop for hop in hops if hop.hop_credential_id == credential.named_credential_id)
    return credential.actor.kind == ActorKind.SAML_USER and any(hop.subject_type == "transient" for hop in named)


def _flags(credential: CredentialRow, hops: Sequence[HopRow]) -> tuple[str, ...]:
    own = hops[0]
    omitted = ",".join(hop.omitted_fields or "" for hop in hops)
    flags = {
        "never_signed": not credential.events and is_long_term(credential.access_key_id),
        "transient_subject": _is_transient(credential, hops),
        "conflicting_source_identity": credential.source_identities > 1,
        "rewritten_or_anonymised_logs": _decodes_to_another_account(credential),
        "rebuilt": credential.is_rebuilt,
        "unlisted_events": credential.distrusted_events > 0,
        "unreliable_events": credential.events > credential.reliable_events + credential.distrusted_events,
        "used_before_issue": own.is_used_before_issue,
        "used_after_expiry": _is_before(own.expires_at, credential.last_use),
        "omitted_request": "requestParameters" in omitted,
        "omitted_response": "responseElements" in omitted,
    }
    return tuple(flag for flag, is_raised in flags.items() if is_raised)


def _is_before(earlier: datetime | None, later: datetime | None) -> bool:
    return earlier is not None and later is not None and earlier < later


def _decodes_to_another_account(credential: CredentialRow) -> bool:
    decoded = account_of(credential.access_key_id or "")
    return decoded is not None and credential.account_id is not None and decoded != credential.account_id
