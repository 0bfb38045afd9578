"""Truth: the true actor of each credential, and whether a set of files is enough to find it.

It is computed from the simulator's own issuances and their events; only the event IDs are read from the files. The
rules are those of docs/attribution.md#rules, in their order: the Identity Center user on any event of the session; the
issued key; otherwise principal and second of the session. For the last rule, all candidates must have one issuer, and
none may be known to have issued another key, unless AWS issues further keys. An event that is documented only names no
actor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from .cloud import Event, Issuance, TrustPolicy
from .delivery import LogFile
from .identities import EC2_INFRASTRUCTURE, Credential, CredentialId
from .principals import Actor
from .scenario import World

Session = tuple[str | None, str | None, datetime | None]
"""(account, principal ID, creation date): two callers with the same values are one issuer."""


@dataclass(frozen=True, slots=True)
class CredentialTruth:
    """The truth about one credential.

    `actor_*`, `stop_reason` and `workload_type` are for complete logs, unless the walk over `files` ends at another
    true actor: the caller in another account's redacted copy, or the SAML subject if no file has `onBehalfOf`.
    `allowed`: every true (kind, ID), and (kind, ARN) of a user whose ID files can lack, as after SwitchRole, which logs
    only the ARN.
    """

    account_id: str | None
    access_key_id: str | None
    principal_id: str | None
    creation_date: datetime | None
    event_ids: tuple[str, ...]
    """Sorted IDs of events whose record has this credential; empty if it was never used."""
    redacted_event_ids: tuple[str, ...]
    """The copies of those events in other accounts."""
    actor_kind: str
    actor_id: str | None
    stop_reason: str
    origin_access_key_id: str | None
    origin_decided: bool
    """Whether the walk to that origin follows only issued keys."""
    chain: tuple[CredentialId, ...]
    decided: bool
    undecided_reason: str | None
    """`ambiguous`, `before_coverage`, `outside_coverage` or `never_logged`; also None if a removed twin misleads."""
    removed_twin: bool
    """Whether a missing issuance of the same principal and second, by another actor, can mislead a strong rule."""
    removed_sibling: bool
    """The same for an issuance by any actor, which can mislead about the origin key."""
    allowed: tuple[tuple[str, str | None], ...]
    issuer: str
    """Its issuer, as named in the accuracy report; also `long-term key`, `forward access` and similar."""
    documented_only: bool
    """Whether the form of its issuing event was never seen in a real log."""
    workload_type: str | None
    via: tuple[str, ...]
    """Intermediaries: a forwarding service; an agent, then its OAuth client."""
    provenance: str | None
    """The event that launched the workload at the end of the walk."""
    source_identity: str | None
    enforced: bool | None
    """Whether the trust policy required the SourceIdentity when it was set; None without it, or if unknown."""

    @property
    def id(self) -> CredentialId:
        return (self.account_id, self.access_key_id, self.principal_id, self.creation_date)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of the walk for one credential: an actor, or the stop reason."""

    actor: Actor | None
    reason: str | None = None
    by_keys: bool = False
    """Whether the walk followed only issued keys."""


def truth(world: World, files: Iterable[LogFile]) -> tuple[CredentialTruth, ...]:
    return _Files(world, files).truths()


class _Files:
    """The events in a set of files, and the walk over them."""

    def __init__(self, world: World, files: Iterable[LogFile]) -> None:
        self.present = {record["eventID"] for file in files for record in file.records}
        self.events = [event for event in world.events if event.id in self.present]
        self.issuances = world.issuances
        self.launches = world.launches
        self.by_key: dict[tuple[str | None, str], list[Issuance]] = {}
        self.by_session: dict[Session, list[Issuance]] = {}
        for issuance in world.issuances:
            issued = issuance.issued
            if issuance.logs_key and issued.access_key_id:
                self.by_key.setdefault((issued.account_id, issued.access_key_id), []).append(issuance)
            if not issuance.key_only:
                self.by_session.setdefault(_session(issued), []).append(issuance)
        self.used = {event.credential.id for event in self.events if event.credential and event.twin is None}
        self.unseen_shapes = {one.issued.id for one in world.issuances if one.documented_only}
        self.minted_again = {_session(one.session) for one in world.mintings if one.event_id in self.present}
        self.on_behalf = self._people()
        in_console = [
            event.credential
            for event in self.events
            if event.credential and event.twin is None and "sessionCredentialFromConsole" in event.record
        ]
        self.from_console = {_session(credential) for credential in in_console}
        self.flagged = {credential.id for credential in in_console}
        self.policies: dict[str, list[TrustPolicy]] = {}
        for policy in sorted(world.policies, key=lambda one: one.time):
            if policy.event_id in self.present:
                self.policies.setdefault(policy.role_arn, []).append(policy)
        self.first_event: dict[str | None, datetime] = {}
        for event in self.events:
            earliest = self.first_event.setdefault(event.account_id, event.time)
            self.first_event[event.account_id] = min(earliest, event.time)
        self.verdicts: dict[CredentialId, Verdict] = {}

    def truths(self) -> tuple[CredentialTruth, ...]:
        credentials: dict[CredentialId, list[Credential]] = {}
        own: dict[CredentialId, list[str]] = {}
        theirs: dict[CredentialId, list[str]] = {}
        for event in self.events:
            credential = event.credential
            if credential is None:
                continue
            if event.twin is None:
                credentials.setdefault(credential.id, []).append(credential)
                own.setdefault(credential.id, []).append(event.id)
            elif event.twin in self.present:
                theirs.setdefault(credential.id, []).append(event.id)
        for issuance in self.issuances:
            if issuance.logs_key and self._seen(issuance):
                credentials.setdefault(issuance.issued.id, []).append(issuance.issued)
        found = [self._truth(group, own.get(id_, []), theirs.get(id_, [])) for id_, group in credentials.items()]
        found += self._strangers(known=set(credentials))
        return tuple(sorted(found, key=lambda one: tuple(str(part or "") for part in one.id)))

    def _truth(self, group: list[Credential], own: list[str], theirs: list[str]) -> CredentialTruth:
        credential = group[0]
        every = [actor for one in group for actor in (one.actor, one.also) if actor]
        actors = sorted({(actor.kind, actor.id) for actor in every}, key=str)
        verdict = self._verdict(credential)
        one_actor = len({one.actor for one in group}) == 1
        actor = credential.actor if one_actor else Actor("unknown", None, "ambiguous")
        allowed = (*actors, *self._external_names(credential), *self._names_by_arn(credential))
        decided = verdict.actor is not None and (verdict.actor.kind, verdict.actor.id) in allowed
        if verdict.actor and decided and one_actor:
            actor = verdict.actor
        origin = credential
        chain = []
        while origin.parent is not None:
            origin = origin.parent
            chain.append(origin.id)
        long_term = origin.access_key_id if (origin.access_key_id or "").startswith(("AKIA", "ACCA")) else None
        return CredentialTruth(
            account_id=credential.account_id,
            access_key_id=credential.access_key_id,
            principal_id=credential.principal_id,
            creation_date=credential.creation_date,
            event_ids=tuple(sorted(own)),
            redacted_event_ids=tuple(sorted(theirs)),
            actor_kind=actor.kind,
            actor_id=actor.id,
            stop_reason=actor.stop_reason,
            origin_access_key_id=long_term,
            origin_decided=long_term is not None and self._keys_lead_to_origin(credential),
            chain=tuple(chain),
            decided=decided,
            undecided_reason=verdict.reason,
            removed_twin=self._removed_sibling(credential, of_other_actor=True),
            removed_sibling=self._removed_sibling(credential, of_other_actor=False),
            allowed=allowed,
            issuer=credential.issuer,
            documented_only=credential.id in self.unseen_shapes,
            workload_type=actor.workload_type,
            via=credential.via,
            provenance=self._launch(actor),
            source_identity=credential.source_identity,
            enforced=self._enforced(credential),
        )

    def _people(self) -> dict[Session, set[Actor]]:
        """Return the users in `onBehalfOf` on any event of a session."""
        found: dict[Session, set[Actor]] = {}
        for event in self.events:
            credential = event.credential
            if credential and event.twin is None and not credential.names_actor:
                behalf = event.record["userIdentity"].get("onBehalfOf")
                if behalf and credential.on_behalf_of:  # another session only carries the user
                    person = Actor("identity_center_user", behalf["userId"], "identity_center_user")
                    found.setdefault(_session(credential), set()).add(person)
        return found

    def _launch(self, actor: Actor) -> str | None:
        event_id = self.launches.get(actor.id or "") if actor.kind == "workload" else None
        return event_id if event_id in self.present else None

    def _enforced(self, credential: Credential) -> bool | None:
        """Return the requirement of the role whose session first had the SourceIdentity."""
        if not credential.source_identity:
            return None
        setter = credential
        while setter.parent and setter.parent.source_identity:
            setter = setter.parent
        role_arn = setter.identity["sessionContext"]["sessionIssuer"]["arn"]
        created = setter.creation_date
        in_force = [one for one in self.policies.get(role_arn, []) if created and one.time < created]
        return in_force[-1].demands_source_identity if in_force else None

    # The walk

    def _verdict(self, credential: Credential) -> Verdict:
        if credential.id not in self.verdicts:
            self.verdicts[credential.id] = self._walk(credential)
        return self.verdicts[credential.id]

    def _walk(self, credential: Credential) -> Verdict:
        if credential.names_actor and (credential.actor.kind != "delegate" or credential.id in self.used):
            return Verdict(self._by_its_record(credential))
        people = self.on_behalf.get(_session(credential), set())
        if people:
            return Verdict(next(iter(people))) if len(people) == 1 else Verdict(None, "ambiguous")
        candidates = [one for one in self._candidates(credential) if not one.documented_only]
        if not candidates:
            return Verdict(None, self._why_not(credential))
        steps = [issuance for issuance in candidates if not issuance.switch]
        seen = [issuance for issuance in steps if issuance.full in self.present]
        if len({_session(issuance.caller) for issuance in steps}) > 1:
            return Verdict(None, "ambiguous")
        switched = {(one.caller.account_id, one.caller.principal_id) for one in candidates if one.switch}
        if not steps or not switched <= {(one.caller.account_id, one.caller.principal_id) for one in steps}:
            return Verdict(None, "ambiguous" if len(switched) > 1 or steps else "outside_coverage")
        if not seen:
            if self._switched_into(credential):
                return Verdict(None, "outside_coverage")
            return Verdict(Actor("external_principal", steps[0].caller.principal_id, "external_account"))
        verdicts = [
            Verdict(one.actor or one.issued.actor) if one.caller.outside else self._verdict(one.caller) for one in seen
        ]
        failed = next((verdict for verdict in verdicts if verdict.actor is None), None)
        if failed:
            return failed
        if len({verdict.actor for verdict in verdicts}) > 1:
            return Verdict(None, "ambiguous")
        return verdicts[0]

    def _candidates(self, credential: Credential) -> list[Issuance]:
        if credential.access_key_id:
            by_key = self.by_key.get((credential.account_id, credential.access_key_id), [])
            by_key = [issuance for issuance in by_key if self._seen(issuance)]
            if by_key:
                return by_key
        by_session = [one for one in self.by_session.get(_session(credential), []) if self._seen(one)]
        if credential.access_key_id and not credential.invoked_by and any(self._other_key(one) for one in by_session):
            again = any(one.switch for one in by_session) or _session(credential) in self.minted_again
            flagged = credential.id in self.flagged and any(one.issued.opens_console for one in by_session)
            return by_session if again or flagged else []
        return by_session

    def _switched_into(self, credential: Credential) -> bool:
        return any(one.switch and self._seen(one) for one in self.by_session.get(_session(credential), []))

    def _by_its_record(self, credential: Credential) -> Actor:
        """Return the verdict for a user, who is named by the record.

        Its issuing event shows the start of the session, otherwise `sessionCredentialFromConsole` on any of its events.
        Without either, it counts as a session of the long-term key.
        """
        actor = credential.actor
        if actor.kind != "iam_user" or credential.creation_date is None or credential.identity["type"] != "IAMUser":
            return actor
        begun = [one for one in self.by_session.get(_session(credential), []) if self._seen(one)]
        console = any(one.caller.outside for one in begun) if begun else _session(credential) in self.from_console
        return replace(actor, stop_reason="console_sign_in" if console else "long_term_key")

    def _why_not(self, credential: Credential) -> str:
        if credential.issuer == EC2_INFRASTRUCTURE:
            return "never_logged"
        created, first = credential.creation_date, self.first_event.get(credential.account_id)
        if created and first and created < first:
            return "before_coverage"
        return "outside_coverage"

    def _other_key(self, issuance: Issuance) -> bool:
        """Return whether the candidate issued another key and AWS does not issue further keys for the session."""
        return issuance.logs_key and not (issuance.mints_again and issuance.full in self.present)

    def _seen(self, issuance: Issuance) -> bool:
        return issuance.full in self.present or issuance.redacted in self.present

    def _keys_lead_to_origin(self, credential: Credential) -> bool:
        step: Credential | None = credential
        while step is not None and step.parent is not None:
            found = self.by_key.get((step.account_id, step.access_key_id or ""), [])
            if not any(issuance.full in self.present and not issuance.documented_only for issuance in found):
                return False
            step = step.parent
        return True

    # Correct results for incomplete files

    def _removed_sibling(self, credential: Credential, *, of_other_actor: bool) -> bool:
        step: Credential | None = credential
        while step is not None:
            siblings = self.by_session.get(_session(step), [])
            several = len({issuance.caller.actor for issuance in siblings}) > 1 or not of_other_actor
            if several and any(issuance.full not in self.present for issuance in siblings):
                return True
            step = step.parent
        return False

    def _external_names(self, credential: Credential) -> list[tuple[str, str | None]]:
        names: set[tuple[str, str | None]] = set()
        step: Credential | None = credential
        while step is not None and step.parent is not None:
            for issuance in self.by_session.get(_session(step), []):
                same = _session(issuance.caller) == _session(step.parent)
                if same and issuance.redacted and issuance.full not in self.present:
                    names.add(("external_principal", issuance.caller.principal_id))
            step = step.parent
        return sorted(names, key=str)

    def _names_by_arn(self, credential: Credential) -> list[tuple[str, str | None]]:
        names: set[tuple[str, str | None]] = set()
        step: Credential | None = credential
        while step is not None and step.parent is not None:
            for issuance in self.by_session.get(_session(step), []):
                same = _session(issuance.caller) == _session(step.parent)
                if same and issuance.switch and self._seen(issuance) and issuance.caller.identity["type"] == "IAMUser":
                    names.add(("iam_user", issuance.caller.arn))
            step = step.parent
        return sorted(names, key=str)

    def _strangers(self, known: set[CredentialId]) -> list[CredentialTruth]:
        """Return callers that are known only from redacted copies in other accounts.

        Exception: a caller with its own record of the sign-in page, which also has no key and no date.
        """
        seen: dict[CredentialId, list[Event]] = {}
        for event in self.events:
            if event.twin and event.credential:
                id_ = (event.credential.account_id, None, event.credential.principal_id, None)
                seen.setdefault(id_, []).append(event)
                if event.twin in self.present:
                    known.add(id_)
        return [_stranger(id_, events) for id_, events in seen.items() if id_ not in known]


def _stranger(id_: CredentialId, events: list[Event]) -> CredentialTruth:
    account_id, _, principal_id, _ = id_
    actors = {(event.credential.actor.kind, event.credential.actor.id) for event in events if event.credential}
    return CredentialTruth(
        account_id=account_id,
        access_key_id=None,
        principal_id=principal_id,
        creation_date=None,
        event_ids=tuple(sorted(event.id for event in events)),
        redacted_event_ids=(),
        actor_kind="external_principal",
        actor_id=principal_id,
        stop_reason="external_account",
        origin_access_key_id=None,
        origin_decided=False,
        chain=(),
        decided=True,
        undecided_reason=None,
        removed_twin=False,
        removed_sibling=False,
        allowed=(("external_principal", principal_id), *sorted(actors, key=str)),
        issuer="other account",
        documented_only=False,
        workload_type=None,
        via=(),
        provenance=None,
        source_identity=None,
        enforced=None,
    )


def _session(credential: Credential) -> Session:
    return (credential.account_id, credential.principal_id, credential.creation_date)
