"""Descent: everything that derives from an access key, by the simulator's own issuances and changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from .identities import Credential, CredentialId
from .permissions import Session
from .scenario import World


class Descent:
    """The credentials of a world, and which derive from which.

    `surely`: requested with it, or keys and users that it created. `possibly`: also sessions of users whose password,
    and of roles whose trust policy, it set, and service-specific credentials that it reset.
    """

    def __init__(self, world: World) -> None:
        self.credentials: dict[CredentialId, Credential] = {}
        self.by_key: defaultdict[tuple[str | None, str], list[Credential]] = defaultdict(list)
        self._surely: defaultdict[CredentialId, set[CredentialId]] = defaultdict(set)
        self._possibly: defaultdict[CredentialId, set[CredentialId]] = defaultdict(set)
        self._events: defaultdict[CredentialId | Session, set[str | None]] = defaultdict(set)
        """The events that show a request or a creation, by session or created credential."""
        signed = (event.credential for event in world.happened if event.credential and not event.twin)
        for credential in (*signed, *(issuance.issued for issuance in world.issuances)):
            self._add(credential)
        for issuance in world.issuances:
            self._events[_session(issuance.issued)] |= {issuance.full, issuance.redacted}
        self._add_plantings(world)

    def below(self, key: str, *, possibly: bool = False) -> set[CredentialId]:
        """Return the credentials of a key, and all that derive from them."""
        return self._below(key, None, possibly=possibly)

    def shown_below(self, key: str, present: set[str]) -> set[CredentialId]:
        """Return what surely derives from a key, by requests and creations that present events show."""
        return self._below(key, present, possibly=False)

    def _below(self, key: str, present: set[str] | None, *, possibly: bool) -> set[CredentialId]:
        found: set[CredentialId] = set()
        waiting = [one.id for one in self.credentials.values() if one.access_key_id == key]
        while waiting:
            id_ = waiting.pop()
            if id_ not in found:
                found.add(id_)
                children = self._surely[id_] | (self._possibly[id_] if possibly else set())
                waiting += [child for child in children if present is None or self._is_shown(child, present)]
        return found

    def _is_shown(self, child: CredentialId, present: set[str]) -> bool:
        events = self._events[child] | self._events[_session(self.credentials[child])]
        return not events or bool(events & present)

    def _add(self, credential: Credential) -> None:
        if credential.id in self.credentials:
            return
        self.credentials[credential.id] = credential
        if credential.access_key_id:
            self.by_key[credential.account_id, credential.access_key_id].append(credential)
        if credential.parent:
            self._surely[credential.parent.id].add(credential.id)
            self._add(credential.parent)

    def _add_plantings(self, world: World) -> None:
        everything = list(self.credentials.values())
        for change, principal in world.permissions.principals():
            by = change.by.id
            match change.api:
                case "CreateAccessKey" | "CreateServiceSpecificCredential":
                    self._plant(by, change.event_id, [one for one in everything if one.access_key_id == change.id])
                case "ResetServiceSpecificCredential":
                    self._possibly[by] |= _ids(one for one in everything if one.access_key_id == change.id)
                case "CreateUser":
                    self._plant(by, change.event_id, [one for one in everything if one.principal_id == change.id])
                case "CreateLoginProfile":
                    self._possibly[by] |= _ids(one for one in everything if one.principal_id == principal)
                case "CreateRole" | "UpdateAssumeRolePolicy":
                    role = f"{change.id or principal}:"
                    self._possibly[by] |= _ids(one for one in everything if (one.principal_id or "").startswith(role))

    def _plant(self, by: CredentialId, event_id: str | None, made: list[Credential]) -> None:
        for one in made:
            self._surely[by].add(one.id)
            self._events[one.id].add(event_id)


def _session(credential: Credential) -> Session:
    return (credential.account_id, credential.principal_id, credential.creation_date)


def _ids(credentials: Iterable[Credential]) -> set[CredentialId]:
    return {one.id for one in credentials}
