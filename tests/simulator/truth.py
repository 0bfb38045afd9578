"""The truth about every credential, and whether given files decide it.

Computed from what the simulator itself remembers (who handed what to whom, and in which events that was logged); of the
files only the event IDs are read. The rules are those of the design's section 4, in their order: the issued key decides
alone; else the principal and the second of the session, where all candidates must have one issuer and none may be
known to have issued another key, unless AWS mints keys again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from .cloud import Event, Issuance
from .delivery import LogFile
from .identities import Actor, Credential, CredentialId
from .scenario import World

Session = tuple[str | None, str | None, datetime | None]
"""(account, principal ID, creation date): also what makes two callers one issuer."""


@dataclass(frozen=True, slots=True)
class CredentialTruth:
    """`actor_*` and `stop_reason` hold for complete logs, but where the walk over `files` ends at another account's
    redacted copy they name that external principal. `allowed` has every (kind, ID) that is true of the credential.
    """

    account_id: str | None
    access_key_id: str | None
    principal_id: str | None
    creation_date: datetime | None
    event_ids: tuple[str, ...]
    """Events whose own record carries this credential; sorted. Empty if it was issued and never used."""
    redacted_event_ids: tuple[str, ...]
    """The other account's copies of those events."""
    actor_kind: str
    actor_id: str | None
    stop_reason: str
    origin_access_key_id: str | None
    origin_decided: bool
    """Whether issued keys alone lead to that origin."""
    chain: tuple[CredentialId, ...]
    decided: bool
    undecided_reason: str | None
    """`ambiguous`, `before_coverage` or `outside_coverage`; None too where a removed twin makes the files mislead."""
    removed_twin: bool
    """Whether a missing issuance of the same principal and second, by another actor, may mislead a strong rule."""
    removed_sibling: bool
    """The same whoever asked: it may mislead about the key at the origin."""
    allowed: tuple[tuple[str, str | None], ...]

    @property
    def id(self) -> CredentialId:
        return (self.account_id, self.access_key_id, self.principal_id, self.creation_date)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What files say of one credential: an actor, or why there is none."""

    actor: Actor | None
    reason: str | None = None
    by_keys: bool = False
    """Whether only issued keys were followed."""


def truth(world: World, files: Iterable[LogFile]) -> tuple[CredentialTruth, ...]:
    return _Files(world, files).truths()


class _Files:
    """What a set of files shows, and the walk over it."""

    def __init__(self, world: World, files: Iterable[LogFile]) -> None:
        self.present = {record["eventID"] for file in files for record in file.records}
        self.events = [event for event in world.events if event.id in self.present]
        self.issuances = world.issuances
        self.by_key: dict[tuple[str | None, str], list[Issuance]] = {}
        self.by_session: dict[Session, list[Issuance]] = {}
        for issuance in world.issuances:
            issued = issuance.issued
            if issuance.logs_key and issued.access_key_id:
                self.by_key.setdefault((issued.account_id, issued.access_key_id), []).append(issuance)
            self.by_session.setdefault(_session(issued), []).append(issuance)
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
        found += self._strangers()
        return tuple(sorted(found, key=lambda one: tuple(str(part or "") for part in one.id)))

    def _truth(self, group: list[Credential], own: list[str], theirs: list[str]) -> CredentialTruth:
        credential = group[0]
        actors = sorted({(one.actor.kind, one.actor.id) for one in group}, key=str)
        verdict = self._verdict(credential)
        actor = credential.actor if len(actors) == 1 else Actor("unknown", None, "ambiguous")
        allowed = (*actors, *self._external_names(credential))
        decided = verdict.actor is not None and (verdict.actor.kind, verdict.actor.id) in allowed
        if verdict.actor and decided and verdict.actor.kind == "external_principal":
            actor = verdict.actor
        origin = credential
        chain = []
        while origin.parent is not None:
            origin = origin.parent
            chain.append(origin.id)
        long_term = origin.access_key_id if (origin.access_key_id or "").startswith("AKIA") else None
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
        )

    # The walk

    def _verdict(self, credential: Credential) -> Verdict:
        if credential.id not in self.verdicts:
            self.verdicts[credential.id] = self._walk(credential)
        return self.verdicts[credential.id]

    def _walk(self, credential: Credential) -> Verdict:
        if credential.names_actor:
            return Verdict(credential.actor)
        candidates = self._candidates(credential)
        if not candidates:
            before = credential.creation_date is not None and not self.by_session.get(_session(credential))
            return Verdict(None, "before_coverage" if before else "outside_coverage")
        steps = [issuance for issuance in candidates if not issuance.switch]
        seen = [issuance for issuance in steps if issuance.full in self.present]
        if len({_session(issuance.caller) for issuance in steps}) > 1:
            return Verdict(None, "ambiguous")
        switched = {(one.caller.account_id, one.caller.principal_id) for one in candidates if one.switch}
        if not steps or not switched <= {(one.caller.account_id, one.caller.principal_id) for one in steps}:
            return Verdict(None, "ambiguous" if len(switched) > 1 or steps else "outside_coverage")
        if not seen:
            if switched:
                return Verdict(None, "outside_coverage")
            return Verdict(Actor("external_principal", steps[0].caller.principal_id, "external_account"))
        verdicts = [Verdict(one.issued.actor) if one.caller.outside else self._verdict(one.caller) for one in seen]
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
            switched = any(one.switch for one in by_session)
            return by_session if switched else []
        return by_session

    def _other_key(self, issuance: Issuance) -> bool:
        """Known to have issued a key, and no sign that AWS mints more for the session."""
        return issuance.logs_key and not (issuance.mints_again and issuance.full in self.present)

    def _seen(self, issuance: Issuance) -> bool:
        return issuance.full in self.present or issuance.redacted in self.present

    def _keys_lead_to_origin(self, credential: Credential) -> bool:
        step: Credential | None = credential
        while step is not None and step.parent is not None:
            found = self.by_key.get((step.account_id, step.access_key_id or ""), [])
            if not any(issuance.full in self.present for issuance in found):
                return False
            step = step.parent
        return True

    # What may honestly be said with files missing

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

    def _strangers(self) -> list[CredentialTruth]:
        """Callers known only by another account's redacted copies."""
        seen: dict[CredentialId, list[Event]] = {}
        known: set[CredentialId] = set()
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
    )


def _session(credential: Credential) -> Session:
    return (credential.account_id, credential.principal_id, credential.creation_date)
