"""Odd STS: issuances and sessions whose records lack, mask or add something (docs/attribution.md)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from . import iam, signin, sts
from .cloud import Api, Cloud, Event, Issuance, Minting, Parts
from .identities import Credential, federated_user, keyless, minted_again, role_session, user_key, user_session
from .ids import iam_date, iso
from .principals import Actor, Person, Place, Role, User

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
BEDROCK = "bedrock.amazonaws.com"


def saml_console(
    cloud: Cloud, issued: Credential, time: datetime, region: str, *, place: Place, shown: str
) -> Credential:
    """Log a console sign-in by SAML, seconds after its assertion.

    `shown`: what tells that the session is a console's: ConsoleLogin with its `context`, with `no context`, or only the
    `console flag` on its calls. Documented only (docs/attribution.md#console-sign-in).
    """
    login = keyless(issued).at(place)
    if shown == "no context":
        bare = {name: value for name, value in login.identity.items() if name != "sessionContext"}
        login = replace(login, identity=bare, creation_date=None)
    if shown != "console flag":
        event = signin.console_event(cloud, login, time, region)
        if shown == "context":
            cloud.mintings.append(Minting(issued, event.id))
    cloud.lasts(issued, time, signin.CONSOLE_SECONDS)
    assert issued.account_id
    used = minted_again(issued, cloud.ids.key(issued.account_id))
    return replace(used, place=place, from_console=True, issuer="ConsoleLogin/SAML")


def renamed_session(session: Credential, user: User) -> Credential:
    """Return a user's session in records after the user was renamed."""
    return replace(session, identity=session.identity | {"arn": user.arn, "userName": user.name})


def assume_role_for_person(
    cloud: Cloud, caller: Credential, role: Role, name: str, person: Person, time: datetime, region: str
) -> Credential:
    """Log AssumeRole with ProvidedContexts; later records have the user in `onBehalfOf`.

    Documented only (docs/attribution.md#identity-enhanced-sessions).
    """
    context = {"providerArn": "arn:aws:iam::aws:contextProvider/IdentityCenter", "contextAssertion": HIDDEN}
    before = len(cloud.events)
    session = sts.assume_role(cloud, caller, role, name, time, region, seconds=43200)
    for event in cloud.events[before:]:
        event.record["requestParameters"]["providedContexts"] = [context]
    return replace(
        session, identity=session.identity | {"onBehalfOf": person.behalf}, issuer="AssumeRole/ProvidedContexts"
    )


def delegate_of_role(cloud: Cloud, role: Role, name: str, provider: str, time: datetime, place: Place) -> Credential:
    """Return a session of delegated access; the customer has no record of its issuance."""
    actor = Actor("delegate", provider, "delegated_access")
    key = cloud.ids.key(role.account_id)
    session = role_session(role, name, key, time, actor=actor, place=place, issuer="delegated access")
    return replace(session, identity=session.identity | {"invokedByDelegate": {"accountId": provider}})


def delegate_of_user(cloud: Cloud, user: User, provider: str, time: datetime, place: Place) -> Credential:
    """Return delegated access with a user's permissions; AWS prints only the role's shape."""
    session = user_session(user, cloud.ids.key(user.account_id), time, mfa=True)
    return replace(
        session,
        actor=Actor("delegate", provider, "delegated_access"),
        identity=session.identity | {"invokedByDelegate": {"accountId": provider}},
        place=place,
        issuer="delegated access",
    )


def masked_issuance(
    cloud: Cloud, caller: Credential, role: Role, name: str, mask: str, time: datetime, region: str
) -> Credential:
    """Log AssumeRole as an export shows it that masks the issued key."""
    before = len(cloud.events)
    session = sts.assume_role(cloud, caller, role, name, time, region, seconds=43200)
    for event in cloud.events[before:]:
        event.record["responseElements"]["credentials"]["accessKeyId"] = mask
    cloud.issuances[-1] = replace(cloud.issuances[-1], logs_key=False)
    cloud.lasts(session, time, 43200)
    return session


def masked_use(session: Credential, mask: str) -> Credential:
    """Return a session in records whose key is masked."""
    return replace(session, access_key_id=None, identity=session.identity | {"accessKeyId": mask})


def omitted_response(
    cloud: Cloud, caller: Credential, role: Role, name: str, time: datetime, region: str, seconds: int
) -> Credential:
    """Log AssumeRole without `responseElements`. The rule that joins it gives a candidate, so it decides nothing."""
    before = len(cloud.events)
    session = sts.assume_role(cloud, caller, role, name, time, region, seconds=seconds)
    for event in cloud.events[before:]:
        event.record["responseElements"] = None
    cloud.issuances[-1] = replace(cloud.issuances[-1], logs_key=False, documented_only=True)
    return session


def root_session_token(cloud: Cloud, key: Credential, time: datetime, region: str) -> Credential:
    """Log GetSessionToken by root, which lasts an hour at most. Documented only."""
    assert key.account_id
    context = {"attributes": {"creationDate": iso(time), "mfaAuthenticated": "false"}}
    key_id = cloud.ids.key(key.account_id)
    identity = key.identity | {"accessKeyId": key_id, "sessionContext": context}
    session = replace(
        key, access_key_id=key_id, creation_date=time, identity=identity, parent=key, issuer="GetSessionToken/root"
    )
    said = Parts(parameters={"durationSeconds": 3600}, response=sts.credentials(cloud, session, 3600))
    event = cloud.log(key, Api("sts.amazonaws.com", "GetSessionToken"), time, region, **said)
    return cloud.issued(Issuance(time, session, key, event.id))


def root_federation_token(cloud: Cloud, key: Credential, name: str, time: datetime, region: str) -> Credential:
    """Log GetFederationToken by root, whose sessions have root as issuer. Documented only."""
    assert key.account_id
    root = User(key.account_id, "root", key.account_id, (), key.place)
    session = federated_user(root, name, cloud.ids.key(key.account_id), time, key)
    issuer = {"type": "Root", "principalId": key.account_id, "arn": key.arn, "accountId": key.account_id}
    context = session.identity["sessionContext"] | {"sessionIssuer": issuer}
    session = replace(
        session, identity=session.identity | {"sessionContext": context}, issuer="GetFederationToken/root"
    )
    federated = {"federatedUserId": session.principal_id, "arn": session.arn}
    response = sts.credentials(cloud, session, 3600) | {"federatedUser": federated, "packedPolicySize": 4}
    said = Parts(parameters={"name": name, "durationSeconds": 3600}, response=response)
    event = cloud.log(key, Api("sts.amazonaws.com", "GetFederationToken", False), time, region, **said)
    return cloud.issued(Issuance(time, session, key, event.id))


def create_service_credential(cloud: Cloud, by: Credential, user: User, time: datetime) -> Credential:
    """Log CreateServiceSpecificCredential for 30 days. Documented only (IAM API); the secret is hidden."""
    key_id = cloud.ids.unique_id("ACCA", user.account_id)
    end = time + timedelta(days=30)
    made = {
        "createDate": iam_date(time),
        "expirationDate": iam_date(end),
        "serviceName": BEDROCK,
        "serviceCredentialAlias": f"{user.name}-at-{user.account_id}",
        "serviceCredentialSecret": HIDDEN,
        "serviceSpecificCredentialId": key_id,
        "userName": user.name,
        "status": "Active",
    }
    parameters = {"userName": user.name, "serviceName": BEDROCK, "credentialAgeDays": 30}
    iam.service_credential(cloud, by, "CreateServiceSpecificCredential", parameters, key_id, made, time)
    cloud.key_ends[key_id] = end
    key = user_key(user, "")
    identity = {name: value for name, value in key.identity.items() if name != "accessKeyId"}
    identity["credentialId"] = key_id
    return replace(key, access_key_id=key_id, identity=identity, issuer="service-specific credential")


def change_service_credential(
    cloud: Cloud, by: Credential, change: str, user: User, key: Credential, time: datetime, status: str | None = None
) -> None:
    """Log an update, a reset or a deletion. Documented only (IAM API)."""
    assert key.access_key_id
    parameters = {"userName": user.name, "serviceSpecificCredentialId": key.access_key_id}
    parameters |= {"status": status} if status else {}
    made = parameters | {"serviceName": BEDROCK, "status": "Active"} if change == "Reset" else None
    name = f"{change}ServiceSpecificCredential"
    iam.service_credential(cloud, by, name, parameters, key.access_key_id, made, time)


def use_service_credential(cloud: Cloud, key: Credential, time: datetime, region: str) -> Event:
    """Log a call to Bedrock with a bearer token. Documented only (userIdentity reference, `credentialId`)."""
    said = Parts(parameters={"modelId": "anthropic.claude"}, additional={"callWithBearerToken": True})
    return cloud.log(key, Api(BEDROCK, "InvokeModel"), time, region, **said)
