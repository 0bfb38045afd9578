"""Identities: the credentials that can sign an event, with their logged `userIdentity`.

A credential has its true actor and its parent, the credential that requested it. Callers without an AWS credential
(services, SAML and web identity users) are also of this type, with `outside` set, so every issuance has the same type
of caller.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from .ids import iso
from .principals import Actor, Json, Person, Place, Role, User

CredentialId = tuple[str | None, str | None, str | None, datetime | None]
"""(identity account, access key ID, principal ID, session creation date); None for a part that the record lacks."""


ANONYMOUS = "ANONYMOUS_PRINCIPAL"
EC2_INFRASTRUCTURE = "EC2/infrastructure"


@dataclass(frozen=True, slots=True, eq=False)
class Credential:
    account_id: str | None
    access_key_id: str | None
    principal_id: str | None
    creation_date: datetime | None
    actor: Actor
    identity: Json = field(repr=False)
    place: Place
    parent: Credential | None = None
    outside: bool = False
    from_console: bool = False
    issuer: str = ""
    """Its issuer, as named in the accuracy report."""
    also: Actor | None = None
    """Another true name: the SAML subject of an Identity Center user."""
    on_behalf_of: Json | None = field(default=None, repr=False)
    on_behalf_rate: float = 0.87
    """The share of events with `onBehalfOf` (measured: 27 of 31; docs/attribution.md#on_behalf_of)."""
    via: tuple[str, ...] = ()
    """Intermediaries: a forwarding service; an agent and its OAuth client."""

    @property
    def id(self) -> CredentialId:
        return (self.account_id, self.access_key_id, self.principal_id, self.creation_date)

    @property
    def names_actor(self) -> bool:
        """Whether the records of its calls name the actor: a delegate, else all but role sessions and assumed root."""
        if "invokedByDelegate" in self.identity:
            return True
        return self.identity.get("type") != "AssumedRole" and not self.is_assumed_root

    @property
    def opens_console(self) -> bool:
        """Whether people sign in to the console with it, without an event that says so."""
        return self.issuer in ("AssumeRoleWithSAML", "GetFederationToken")

    @property
    def is_assumed_root(self) -> bool:
        return "assumedRoot" in self.identity.get("sessionContext", {})

    @property
    def invoked_by(self) -> str | None:
        found: str | None = self.identity.get("invokedBy")
        return found

    @property
    def arn(self) -> str:
        return str(self.identity["arn"])

    @property
    def source_identity(self) -> str | None:
        found: str | None = self.identity.get("sessionContext", {}).get("sourceIdentity")
        return found

    def at(self, place: Place) -> Credential:
        return replace(self, place=place)


def user_key(user: User, key_id: str) -> Credential:
    """Return an IAM user's key. Source: Invictus logs 20230710T1200Z_iLj9fb7yyUG9X4Bf, AssumeRole by an IAM user."""
    return Credential(
        account_id=user.account_id,
        access_key_id=key_id,
        principal_id=user.user_id,
        creation_date=None,
        actor=Actor("iam_user", user.user_id, "long_term_key"),
        identity=_user(user, key_id),
        place=user.place,
        issuer="long-term key",
    )


def user_session(
    user: User,
    key_id: str,
    created: datetime,
    *,
    mfa: bool,
    parent: Credential | None = None,
    from_console: bool = False,
) -> Credential:
    """Return a session of GetSessionToken (with a parent) or of the console.

    Source: Invictus logs 20230710T1240Z_C1qUFaqvZS64BcIN.
    """
    return Credential(
        account_id=user.account_id,
        access_key_id=key_id,
        principal_id=user.user_id,
        creation_date=created,
        actor=Actor("iam_user", user.user_id, "console_sign_in" if from_console else "long_term_key"),
        identity=_user(user, key_id) | {"sessionContext": _context({}, created, mfa)},
        place=user.place,
        parent=parent,
        from_console=from_console,
        issuer="ConsoleLogin" if from_console else "GetSessionToken",
    )


def signing_in(user: User) -> Credential:
    """Return a user at sign-in, still without a key. Source: Invictus logs 20230710T1225Z_4iD2boYSOwmb6sWd."""
    identity = {
        "type": "IAMUser",
        "principalId": user.user_id,
        "arn": user.arn,
        "accountId": user.account_id,
        "userName": user.name,
    }
    actor = Actor("iam_user", user.user_id, "console_sign_in")
    return Credential(
        user.account_id, None, user.user_id, None, actor, identity, user.place, outside=True, issuer="sign-in page"
    )


def root_signing_in(account_id: str, place: Place) -> Credential:
    identity = _root(account_id, None)
    return Credential(
        account_id,
        None,
        account_id,
        None,
        _root_actor(account_id),
        identity,
        place,
        outside=True,
        issuer="sign-in page",
    )


def root_key(account_id: str, key_id: str, place: Place) -> Credential:
    """Return a root key. Documented only (docs/attribution.md#root)."""
    actor, identity = _root_actor(account_id), _root(account_id, key_id)
    return Credential(account_id, key_id, account_id, None, actor, identity, place, issuer="long-term key/root")


def root_session(account_id: str, key_id: str, created: datetime, place: Place) -> Credential:
    """Return a console session of root. Source: docs/attribution.md#root."""
    identity = _root(account_id, key_id) | {"sessionContext": _context({}, created, True)}
    actor = _root_actor(account_id)
    issuer = "ConsoleLogin/root"
    return Credential(account_id, key_id, account_id, created, actor, identity, place, from_console=True, issuer=issuer)


def assumed_root(account_id: str, key_id: str, created: datetime, caller: Credential) -> Credential:
    """Return a root session of a member account from AssumeRoot. Source: docs/attribution.md#assumeroot."""
    context = _context({}, created, False) | {"assumedRoot": "true"}
    return Credential(
        account_id=account_id,
        access_key_id=key_id,
        principal_id=account_id,
        creation_date=created,
        actor=caller.actor,
        also=caller.also,
        identity=_root(account_id, key_id) | {"sessionContext": context},
        place=caller.place,
        parent=caller,
        issuer="AssumeRoot",
    )


def federated_user(user: User, name: str, key_id: str, created: datetime, caller: Credential) -> Credential:
    """Return a session of GetFederationToken, whose records name the IAM user.

    Source: docs/attribution.md#getfederationtoken.
    """
    issuer = {
        "type": "IAMUser",
        "principalId": user.user_id,
        "arn": user.arn,
        "accountId": user.account_id,
        "userName": user.name,
    }
    principal = f"{user.account_id}:{name}"
    identity = {
        "type": "FederatedUser",
        "principalId": principal,
        "arn": f"arn:aws:sts::{user.account_id}:federated-user/{name}",
        "accountId": user.account_id,
        "accessKeyId": key_id,
        "sessionContext": _context(issuer, created, False),
    }
    return Credential(
        account_id=user.account_id,
        access_key_id=key_id,
        principal_id=principal,
        creation_date=created,
        actor=caller.actor,
        identity=identity,
        place=caller.place,
        parent=caller,
        issuer="GetFederationToken",
    )


def identity_center_user(person: Person, credential_id: str) -> Credential:
    """Return a user of the access portal with a bearer token. Source: docs/attribution.md#identity-center.

    The record has no key and no principal; the user's ID is used as the principal.
    """
    identity = {
        "type": "IdentityCenterUser",
        "accountId": person.account_id,
        "onBehalfOf": person.behalf,
        "credentialId": credential_id,
    }
    return Credential(
        account_id=person.account_id,
        access_key_id=None,
        principal_id=person.user_id,
        creation_date=None,
        actor=person.actor,
        identity=identity,
        place=person.place,
        outside=True,
        issuer="Identity Center portal",
    )


def anonymous(place: Place) -> Credential:
    """Return the anonymous caller of S3 data events. Documented only (CloudTrail event examples)."""
    identity = {"type": "AWSAccount", "principalId": "", "accountId": ANONYMOUS}
    return Credential(
        ANONYMOUS, None, None, None, Actor("anonymous", None, "anonymous"), identity, place, issuer="anonymous"
    )


def ec2_infrastructure(account_id: str, instance: str, key_id: str, created: datetime) -> Credential:
    """Return a session of EC2's own role, whose issuance is never logged. Source: docs/attribution.md#ec2."""
    role = Role(account_id, "aws:ec2-infrastructure", f"{account_id}:aws:ec2-infrastructure")
    actor = Actor("workload", instance, "workload", "ec2_instance")
    internal = Place("AWS Internal", "AWS Internal")
    session = role_session(role, instance, key_id, created, actor=actor, place=internal, issuer=EC2_INFRASTRUCTURE)
    return replace(session, identity=session.identity | {"invokedBy": "AWS Internal"})


def role_session(
    role: Role,
    name: str,
    key_id: str | None,
    created: datetime,
    *,
    actor: Actor,
    place: Place,
    parent: Credential | None = None,
    mfa: bool = False,
    source_identity: str | None = None,
    provider: str | None = None,
    ec2_delivery: bool = False,
    from_console: bool = False,
    issuer: str = "",
    also: Actor | None = None,
    in_scope_of: Json | None = None,
) -> Credential:
    """Return a role session.

    Sources: Invictus logs 20230710T1210Z_vj0QE0Tf5ZmzMsCo; for sourceIdentity, docs/attribution.md#identity-fields.
    """
    session_issuer = {
        "type": "Role",
        "principalId": role.role_id,
        "arn": role.arn,
        "accountId": role.account_id,
        "userName": role.name,
    }
    context = _context(session_issuer, created, mfa)
    if provider:
        context["webIdFederationData"] = {"federatedProvider": provider, "attributes": {}}
    if source_identity:
        context["sourceIdentity"] = source_identity
    if ec2_delivery:
        context["ec2RoleDelivery"] = "2.0"
    identity: Json = {
        "type": "AssumedRole",
        "principalId": f"{role.role_id}:{name}",
        "arn": role.session_arn(name),
        "accountId": role.account_id,
    }
    if key_id:
        identity["accessKeyId"] = key_id
    identity["sessionContext"] = context
    if in_scope_of:
        identity["inScopeOf"] = in_scope_of
    return Credential(
        account_id=role.account_id,
        access_key_id=key_id,
        principal_id=f"{role.role_id}:{name}",
        creation_date=created,
        actor=actor,
        identity=identity,
        place=place,
        parent=parent,
        from_console=from_console,
        issuer=issuer,
        also=also,
    )


def switched_into(role: Role, name: str, source: Credential) -> Credential:
    """Return the identity of a SwitchRole event, without key and context (docs/attribution.md#switchrole)."""
    identity = {
        "type": "AssumedRole",
        "principalId": f"{role.role_id}:{name}",
        "arn": role.session_arn(name),
        "accountId": role.account_id,
    }
    return Credential(
        account_id=role.account_id,
        access_key_id=None,
        principal_id=f"{role.role_id}:{name}",
        creation_date=None,
        actor=source.actor,
        also=source.also,
        identity=identity,
        place=source.place,
        parent=source,
        issuer="SwitchRole event",
    )


def forwarded(session: Credential, key_id: str, created: datetime, service: str) -> Credential:
    """Return a forward access session: the caller's identity, a new key, and `invokedBy`.

    From a long-term key the session is new; from a session it keeps that session's creation date. Source: Invictus logs
    20230710T1210Z_vj0QE0Tf5ZmzMsCo.
    """
    identity = dict(session.identity)
    identity["accessKeyId"] = key_id
    if session.creation_date is None:
        identity["sessionContext"] = _context({}, created, False)
    identity["invokedBy"] = service
    return replace(
        session,
        access_key_id=key_id,
        creation_date=session.creation_date or created,
        identity=identity,
        place=Place(service, service),
        parent=session,
        issuer="forward access",
        via=(service,),
    )


def minted_again(session: Credential, key_id: str) -> Credential:
    """Return another key of the same console session (docs/attribution.md#further-keys)."""
    return replace(session, access_key_id=key_id, identity=session.identity | {"accessKeyId": key_id})


def keyless(session: Credential) -> Credential:
    """Return the session of a sign-in event, without its key. Source: TrailTool aws_login_session.json."""
    identity = {name: value for name, value in session.identity.items() if name != "accessKeyId"}
    return replace(session, access_key_id=None, identity=identity)


def service(principal: str) -> Credential:
    """Return a service as caller. Source: Invictus logs 20230710T1205Z_SjF3IkuNXJkoHyar."""
    identity = {"type": "AWSService", "invokedBy": principal}
    actor = Actor("aws_service", principal, "aws_service")
    return Credential(
        None, None, principal, None, actor, identity, Place(principal, principal), outside=True, issuer="service"
    )


def service_event(principal: str, account_id: str) -> Credential:
    """Return an identity without a type.

    Source: Invictus logs 20230710T1210Z_vj0QE0Tf5ZmzMsCo, SharedSnapshotVolumeCreated.
    """
    identity = {"accountId": account_id, "invokedBy": principal}
    actor = Actor("aws_service", principal, "aws_service")
    place = Place(principal, principal)
    return Credential(account_id, None, principal, None, actor, identity, place, outside=True, issuer="service event")


def saml_user(subject: str, name_qualifier: str, place: Place) -> Credential:
    """Return a SAML user. Source: docs/attribution.md#saml."""
    principal = f"{name_qualifier}:{subject}"
    identity = {
        "type": "SAMLUser",
        "principalId": principal,
        "userName": subject,
        "identityProvider": name_qualifier,
    }
    actor = Actor("saml_user", subject, "saml_subject")
    return Credential(None, None, principal, None, actor, identity, place, outside=True, issuer="SAML")


def web_identity_user(provider: str, audience: str, subject: str, place: Place) -> Credential:
    """Return a web identity user. `provider`: an ARN; a host name for Google, Amazon and Cognito.

    Source: docs/attribution.md#web-identity.
    """
    principal = f"{provider}:{audience}:{subject}"
    identity = {
        "type": "WebIdentityUser",
        "principalId": principal,
        "userName": subject,
        "identityProvider": provider,
    }
    actor = Actor("web_identity_user", subject, "web_identity_subject")
    return Credential(None, None, principal, None, actor, identity, place, outside=True, issuer="web identity")


def redacted(caller: Credential) -> Json:
    """Return the caller in the copy of the role's account (docs/attribution.md#cross-account-copies)."""
    return {"type": "AWSAccount", "principalId": caller.principal_id, "accountId": caller.account_id}


def _user(user: User, key_id: str) -> Json:
    return {
        "type": "IAMUser",
        "principalId": user.user_id,
        "arn": user.arn,
        "accountId": user.account_id,
        "accessKeyId": key_id,
        "userName": user.name,
    }


def _root(account_id: str, key_id: str | None) -> Json:
    identity = {
        "type": "Root",
        "principalId": account_id,
        "arn": f"arn:aws:iam::{account_id}:root",
        "accountId": account_id,
    }
    return identity | {"accessKeyId": key_id} if key_id else identity


def _root_actor(account_id: str) -> Actor:
    return Actor("root", account_id, "root_user")


def _context(issuer: Json, created: datetime, mfa: bool) -> Json:
    return {
        "sessionIssuer": issuer,
        "webIdFederationData": {},
        "attributes": {"creationDate": iso(created), "mfaAuthenticated": "true" if mfa else "false"},
    }
