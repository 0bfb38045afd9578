"""Permissions: a small model of IAM. Which credential works at a time, and which containment step IAM accepts.

Everything is computed from `Change`s, the successful calls of IAM in their order, and the lifetimes of sessions. AWS's
rules, with their sources in docs/attribution.md#what-survives-what:

- A long-term key works while it is active and its user exists.
- A session works from its issuance until it expires, while its role or its user exists. Deactivating the key that
  requested it ends nothing.
- Policies are evaluated on each request: one ends what it denies while it is in force, and root has none.
- A recreated user or role is another principal. A name belongs to the user who has it now.
- Service-linked and reserved roles cannot be changed; only their path tells them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .identities import Credential
from .principals import Json, Role, User

DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
UNCHANGEABLE = ("/aws-service-role/", "/aws-reserved/")
Session = tuple[str | None, str | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Change:
    """A successful change. `event_id`: None if no trail recorded it. `name`: of the user or role. `id`: of the key."""

    time: datetime
    event_id: str | None
    account_id: str
    api: str
    by: Credential = field(repr=False)
    name: str = ""
    id: str = ""
    value: str = ""
    document: Json | None = None


@dataclass(frozen=True, slots=True)
class Permissions:
    """The facts of a world: its cast at the start, the changes, and the ends of keys and sessions."""

    users: tuple[User, ...] = ()
    roles: tuple[Role, ...] = ()
    changes: tuple[Change, ...] = ()
    key_ends: Mapping[str, datetime] = field(default_factory=dict)
    session_ends: Mapping[Session, datetime] = field(default_factory=dict)
    """The end of console sessions, whose keys are in no response."""

    def at(self, time: datetime, known: Iterable[Change] | None = None) -> Iam:
        """Return IAM at a time, by all changes or the known ones."""
        iam = Iam(self)
        for change in sorted(self.changes if known is None else known, key=lambda one: one.time):
            if change.time <= time:
                iam.apply(change)
        return iam

    def names(self) -> defaultdict[str, list[tuple[str, datetime, datetime]]]:
        """Return the names of each user with the first and last second of each; of the second of a rename, both."""
        always, never = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        found = defaultdict(list, {user.user_id: [(user.name, always, never)] for user in self.users})
        for change, user_id in self.principals():
            if change.api == "CreateUser":
                found[change.id] = [(change.name, change.time, never)]
            elif change.api == "UpdateUser" and user_id:
                name, since, _ = found[user_id].pop()
                found[user_id] += [(name, since, change.time), (change.value, change.time, never)]
        return found

    def principals(self) -> Iterator[tuple[Change, str | None]]:
        """Yield each change with the ID of the user or role that had its name then."""
        iam = Iam(self)
        for change in sorted(self.changes, key=lambda one: one.time):
            holder = iam.users.get((change.account_id, change.name)) or iam.roles.get((change.account_id, change.name))
            yield change, holder.id if holder else None
            iam.apply(change)

    def owned_keys(self) -> Iterator[tuple[str, str, str]]:
        """Yield the account, key and user ID of each long-term key and service-specific credential of a user."""
        yield from ((user.account_id, key, user.user_id) for user in self.users for key in user.key_ids)
        for change, user_id in self.principals():
            if change.api in ("CreateAccessKey", "CreateServiceSpecificCredential") and user_id:
                yield change.account_id, change.id, user_id

    def end(self, credential: Credential) -> datetime | None:
        """Return when a session expires; the key of a response has its own end."""
        session = (credential.account_id, credential.principal_id, credential.creation_date)
        return self.key_ends.get(credential.access_key_id or "") or self.session_ends.get(session)


@dataclass(slots=True)
class _Holder:
    """A user or role with its policies by name; an attached policy has its ARN as name."""

    account_id: str
    id: str
    name: str
    path: str = "/"
    policies: dict[str, Json] = field(default_factory=dict)
    password: str | None = None
    """The event that set the password."""
    trust: str | None = None
    """The event that set the trust policy."""


class Iam:
    """IAM at one time."""

    def __init__(self, facts: Permissions) -> None:
        self._facts = facts
        self.users: dict[tuple[str, str], _Holder] = {}
        self.roles: dict[tuple[str, str], _Holder] = {}
        self.gone: set[str] = set()
        """The IDs of deleted users and roles."""
        self.keys: dict[str, tuple[str, bool]] = {}
        """Long-term key -> user ID or account of root, and whether it is active."""
        self._managed: dict[str, Json] = {DENY_ALL: denying("*")}
        self.denied_people: set[str] = set()
        self.denied_sign_ins: set[str] = set()
        self.denied_roots: set[str] = set()
        for user in facts.users:
            self.users[user.account_id, user.name] = _Holder(user.account_id, user.user_id, user.name, user.path)
            self.keys |= dict.fromkeys(user.key_ids, (user.user_id, True))
        for role in facts.roles:
            self.roles[role.account_id, role.name] = _Holder(role.account_id, role.role_id, role.name, role.path)

    # changes

    def apply(self, change: Change) -> None:
        account, name = change.account_id, change.name
        user, role = self.users.get((account, name)), self.roles.get((account, name))
        match change.api:
            case "CreateUser":
                self.users[account, name] = _Holder(account, change.id, name, change.value or "/")
            case "UpdateUser" if user:
                user.name = change.value
                self.users[account, change.value] = self.users.pop((account, name))
            case "DeleteUser" if user:
                self.gone.add(self.users.pop((account, name)).id)
            case "CreateRole":
                self.roles[account, name] = _Holder(
                    account, change.id, name, change.value or "/", trust=change.event_id
                )
            case "DeleteRole" if role:
                self.gone.add(self.roles.pop((account, name)).id)
            case "UpdateAssumeRolePolicy" if role:
                role.trust = change.event_id
            case "CreateAccessKey" | "CreateServiceSpecificCredential":
                self.keys[change.id] = (user.id if user else account, True)
            case "UpdateAccessKey" | "UpdateServiceSpecificCredential" if change.id in self.keys:
                self.keys[change.id] = (self.keys[change.id][0], change.value == "Active")
            case "DeleteAccessKey" | "DeleteServiceSpecificCredential":
                self.keys.pop(change.id, None)
            case "CreateLoginProfile" if user:
                user.password = change.event_id
            case "DeleteLoginProfile" if user:
                user.password = None
            case "CreatePolicy" | "CreatePolicyVersion" | "SetDefaultPolicyVersion" if change.document:
                self._managed[change.value] = change.document
            case _:
                holder = user if "User" in change.api else role
                if holder:
                    self._apply_policy(holder, change)

    def _apply_policy(self, holder: _Holder, change: Change) -> None:
        match change.api:
            case "PutUserPolicy" | "PutRolePolicy":
                holder.policies[change.value] = change.document or {}
            case "AttachUserPolicy" | "AttachRolePolicy":
                holder.policies[change.value] = {}
            case "DeleteUserPolicy" | "DeleteRolePolicy" | "DetachUserPolicy" | "DetachRolePolicy":
                holder.policies.pop(change.value, None)

    # credentials

    def works(self, credential: Credential, at: datetime) -> bool | None:
        """Return whether AWS accepts some call with a credential; None if nobody but AWS holds it, or unknown."""
        if credential.outside or credential.via or credential.account_id is None or credential.access_key_id is None:
            return None
        if credential.creation_date is None:
            return self.key_works(credential.access_key_id) and not self._is_expired(credential, at)
        end = self._facts.end(credential)
        if end is None:
            return None
        if not credential.creation_date <= at < end:
            return False
        return self._session_works(credential, credential.creation_date)

    def _is_expired(self, credential: Credential, at: datetime) -> bool:
        end = self._facts.end(credential)
        return end is not None and at >= end

    def key_works(self, key: str) -> bool:
        """Return whether AWS accepts some call with a long-term key."""
        if key not in self.keys:
            return False
        owner, active = self.keys[key]
        if not active or owner in self.gone:
            return False
        return not any(self._denies(user, None) for user in self.users.values() if user.id == owner)

    def user_exists(self, user_id: str) -> bool:
        return any(user.id == user_id for user in self.users.values())

    def password_works(self, event_id: str) -> bool:
        """Return whether a password still is the one that an event set."""
        return any(user.password == event_id for user in self.users.values() if not self._denies(user, None))

    def trust_holds(self, event_id: str) -> bool:
        """Return whether a trust policy still is the one that an event set."""
        return any(role.trust == event_id for role in self.roles.values())

    def _session_works(self, credential: Credential, issued: datetime) -> bool:
        if credential.identity.get("type") == "Root" or _is_of_root(credential):
            return credential.account_id not in self.denied_roots
        principal = principal_of(credential)
        if principal in self.gone:
            return False
        context = credential.identity.get("sessionContext", {})
        person = (credential.on_behalf_of or {}).get("userId")
        if person in self.denied_people or context.get("signInSessionArn") in self.denied_sign_ins:
            return False
        holders = (*self.users.values(), *self.roles.values())
        return not any(self._denies(holder, issued) for holder in holders if holder.id == principal)

    def _denies(self, holder: _Holder, issued: datetime | None) -> bool:
        documents = (self._managed.get(name, document) for name, document in holder.policies.items())
        return any(denies_everything(document, issued) for document in documents)

    # containment

    def accepts(self, action: str, account_id: str | None, target: str) -> bool:
        """Return whether IAM accepts a containment step; steps outside IAM are accepted."""
        name = target.rpartition("/")[2]
        user, role = self.users.get((account_id or "", name)), self.roles.get((account_id or "", name))
        match action:
            case "deactivate_access_key":
                return target in self.keys and target.startswith("AKIA")
            case "deactivate_service_credential":
                return target in self.keys and target.startswith("ACCA")
            case "deny_user" | "delete_created_user":
                return user is not None and _is_named(target, "user", user)
            case "disable_console_login":
                return user is not None and user.password is not None
            case "revoke_role_sessions" | "restore_trust_policy" | "deny_role" | "delete_created_role":
                changeable = role is not None and not role.path.startswith(UNCHANGEABLE)
                return changeable and role is not None and _is_named(target, "role", role)
        return True

    def can_end(self, credential: Credential) -> bool:
        """Return whether a change in IAM ends a credential: not of root, nor of an unchangeable or unknown role."""
        principal = principal_of(credential)
        if principal == credential.account_id or _is_of_root(credential):
            return False
        roles = [role for role in self.roles.values() if role.id == principal]
        users = [user for user in self.users.values() if user.id == principal]
        return bool(users) or any(not role.path.startswith(UNCHANGEABLE) for role in roles)

    def contain(self, action: str, account_id: str | None, target: str, now: datetime) -> None:
        """Carry out a containment step that IAM accepts."""
        name = target.rpartition("/")[2]
        match action:
            case "deactivate_access_key" | "deactivate_service_credential":
                self.keys[target] = (self.keys[target][0], False)
            case "deny_user":
                self.users[account_id or "", name].policies["contained"] = denying("*")
            case "delete_created_user":
                self.gone.add(self.users.pop((account_id or "", name)).id)
            case "deny_role":
                self.roles[account_id or "", name].policies["contained"] = denying("*")
            case "delete_created_role":
                self.gone.add(self.roles.pop((account_id or "", name)).id)
            case "disable_console_login":
                self.users[account_id or "", name].password = None
            case "restore_trust_policy":
                self.roles[account_id or "", name].trust = "restored"
            case "revoke_role_sessions":
                self.roles[account_id or "", name].policies["AWSRevokeOlderSessions"] = revoking(now)
            case "deny_identity_center_user":
                self.denied_people.add(target)
            case "deny_sign_in_session":
                self.denied_sign_ins.add(target)
            case "deny_by_scp":
                self.denied_roots.add(target)


def principal_of(credential: Credential) -> str | None:
    """Return the ID of the user or role whose policies apply to a credential."""
    issuer = credential.identity.get("sessionContext", {}).get("sessionIssuer") or {}
    found: str | None = issuer.get("principalId")
    return found or (credential.principal_id or "").partition(":")[0] or None


def _is_of_root(credential: Credential) -> bool:
    issuer = credential.identity.get("sessionContext", {}).get("sessionIssuer") or {}
    return str(issuer.get("arn", "")).endswith(":root")


def _is_named(target: str, kind: str, holder: _Holder) -> bool:
    """Return whether a target is the name, or the ARN, of a user or role."""
    arn = f"arn:aws:iam::{holder.account_id}:{kind}{holder.path}{holder.name}"
    return target in (holder.name, arn)


# policies


def denying(*actions: str, resource: str = "*", **condition: Json) -> Json:
    """Return a policy that denies actions, under conditions by operator."""
    statement: Json = {"Effect": "Deny", "Action": list(actions), "Resource": [resource]}
    if condition:
        statement["Condition"] = condition
    return {"Version": "2012-10-17", "Statement": [statement]}


def revoking(cut_off: datetime) -> Json:
    """Return the policy of the console's button `Revoke active sessions`."""
    issued = cut_off.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return denying("*", DateLessThan={"aws:TokenIssueTime": issued})


def denies_everything(document: Json, issued: datetime | None) -> bool:
    """Return whether a policy denies every call of a credential. A long-term key has no time of issuance."""
    return any(_denies_everything(statement, issued) for statement in document.get("Statement", ()))


def _denies_everything(statement: Json, issued: datetime | None) -> bool:
    if statement.get("Effect") != "Deny":
        return False
    every = {"*", "*:*"} & set(_listed(statement.get("Action"))) and "*" in _listed(statement.get("Resource"))
    return bool(every) and all(_holds(*one, issued) for one in _conditions(statement))


def _listed(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _conditions(statement: Json) -> Iterator[tuple[str, str, str]]:
    for operator, keys in statement.get("Condition", {}).items():
        yield from ((operator, key, _listed(value)[0]) for key, value in keys.items())


def _holds(operator: str, key: str, value: str, issued: datetime | None) -> bool:
    """Return whether a condition holds for every call with the credential; others than of its issuance do not."""
    if (operator, key) != ("DateLessThan", "aws:TokenIssueTime"):
        return False
    return issued is not None and issued < datetime.fromisoformat(value)
