"""STS: one function for each call that issues a credential; it logs the call and records the issuance.

To add an issuer, add a function that ends with `_issue`. The scenario chooses the callers.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import datetime, timedelta

from .cloud import GLOBAL_REGION, Api, Cloud, Issuance, Parts
from .identities import Credential, assumed_root, federated_user, role_session, saml_user, service, user_session
from .identities import web_identity_user as web_identity
from .ids import sts_date
from .principals import Actor, Json, Person, Place, Role, User

GITHUB = "token.actions.githubusercontent.com"
INTERNAL = "AWS Internal"
PROVIDERS = {GITHUB: "GitHub", "accounts.google.com": "Google", "cognito-identity.amazonaws.com": "Cognito"}
WORKLOADS = {
    "ec2.amazonaws.com": "ec2_instance",
    "lambda.amazonaws.com": "lambda_function",
    "ecs-tasks.amazonaws.com": "ecs_task",
    "codebuild.amazonaws.com": "codebuild_build",
    "ssm.amazonaws.com": "ssm_managed_node",
}
"""Services whose AssumeRole has no assumedRoleUser; the workload names the session (docs/attribution.md#session-names).

Source for ecs-tasks: flaws2.cloud's logs of 28 Nov 2018. codebuild and ssm are assumed to be alike; no record was seen.
"""
LIFETIMES = {"ec2.amazonaws.com": 23700, "lambda.amazonaws.com": 7200, "pods.eks.amazonaws.com": 21600}
IOT = "credentials.iot.amazonaws.com"


def assume_role(
    cloud: Cloud,
    caller: Credential,
    role: Role,
    name: str,
    time: datetime,
    region: str,
    *,
    place: Place | None = None,
    source_identity: str | None = None,
    external_id: str | None = None,
    by_console: bool = False,
    seconds: int = 3600,
) -> Credential:
    """Log AssumeRole, in two accounts if the role is in another one (docs/attribution.md#assumerole).

    `by_console`: the source account's event of a role switch, a call that AWS makes for the console (`AWS Internal`).
    """
    carried = caller.source_identity or source_identity
    parameters: Json = {"roleArn": role.arn, "roleSessionName": name}
    if carried:
        parameters["sourceIdentity"] = carried
    if external_id:
        parameters["externalId"] = external_id
    parameters["durationSeconds"] = seconds
    session = role_session(
        role,
        name,
        cloud.ids.key(role.account_id),
        time,
        actor=caller.actor,
        place=place or caller.place,
        parent=caller,
        source_identity=carried,
        from_console=by_console,
        issuer="SwitchRole" if by_console else "AssumeRole",
        also=caller.also,
    )
    response = credentials(cloud, session, seconds) | _assumed(role, name)
    if carried:
        response["sourceIdentity"] = carried
    said = Parts(parameters=parameters, response=response, resources=[_role_resource(role)])
    return _issue(cloud, "AssumeRole", caller, session, region, said, by_console=by_console)


def denied_assume_role(cloud: Cloud, caller: Credential, role: Role, time: datetime, region: str) -> None:
    """Log a denied AssumeRole; only the message has the target (Invictus logs 20230710T1210Z_vj0QE0Tf5ZmzMsCo).

    It is logged in the caller's account; whether the role's account logs it too is unknown
    (docs/attribution.md#denied-calls).
    """
    message = f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: {role.arn}"
    cloud.log(caller, Api("sts.amazonaws.com", "AssumeRole"), time, region, error=("AccessDenied", message))


def assume_role_by_service(
    cloud: Cloud,
    principal: str,
    role: Role,
    name: str,
    time: datetime,
    region: str,
    *,
    place: Place,
    key_in_use: bool = True,
    actor: Actor | None = None,
    request: Json | None = None,
    in_scope_of: Json | None = None,
    linked: bool = False,
) -> Credential:
    """Log AssumeRole by a service; it has a `sharedEventID` although there is only one copy.

    `actor`: the actor, if it is not the workload in the session name or the service; `request`: further parameters;
    `linked`: a service-linked role, with the service as `invokedBy` on all its events. Sources: Invictus logs
    20230710T1205Z_SjF3IkuNXJkoHyar (ec2), …_lHgkh3VeI3XnjZSL (lambda), …_vj0QE0Tf5ZmzMsCo (inspector2, whose events
    have no key: `key_in_use` false).
    """
    workload = principal in WORKLOADS
    caller = service(principal)
    if actor is None:
        actor = Actor("workload", name, "workload", WORKLOADS[principal]) if workload else caller.actor
    session = role_session(
        role,
        name,
        cloud.ids.key(role.account_id),
        time,
        actor=actor,
        place=place,
        ec2_delivery=principal == "ec2.amazonaws.com",
        issuer="AssumeRole/" + principal.removesuffix(".amazonaws.com"),
        in_scope_of=in_scope_of,
    )
    seconds = LIFETIMES.get(principal, 3600)
    response = credentials(cloud, session, seconds)
    if not workload:
        response |= _assumed(role, name)
    said = Parts(
        parameters={"roleArn": role.arn, "roleSessionName": name} | (request or {}),
        response=response,
        resources=[_role_resource(role)],
        additional=None,
        shared=cloud.ids.uuid(),
    )
    _issue(cloud, "AssumeRole", caller, session, region, said, documented_only=principal == IOT)
    if linked:
        session = replace(session, identity=session.identity | {"invokedBy": principal})
    if key_in_use:
        return session
    identity = {k: v for k, v in session.identity.items() if k != "accessKeyId"} | {"invokedBy": principal}
    return replace(session, access_key_id=None, identity=identity)


def assume_role_with_saml(
    cloud: Cloud,
    role: Role,
    subject: str,
    name: str,
    time: datetime,
    region: str,
    *,
    place: Place,
    source_identity: str | None = None,
) -> Credential:
    """Log AssumeRoleWithSAML, in the role's account only (docs/attribution.md#saml)."""
    qualifier = "kR7hXw0vQeJ2nC1bTzYp5sUqL4Y="
    caller = saml_user(subject, qualifier, place)
    session = role_session(
        role,
        name,
        cloud.ids.key(role.account_id),
        time,
        actor=caller.actor,
        place=place,
        source_identity=source_identity,
        issuer="AssumeRoleWithSAML",
    )
    return _issue_with_saml(
        cloud, caller, session, role, name, region, "CorpIdP", "https://idp.example.com/saml", seconds=3600
    )


def assume_identity_center_role(
    cloud: Cloud, role: Role, person: Person, name: str, time: datetime, *, place: Place, on_behalf_rate: float
) -> Credential:
    """Log Identity Center's call in the member account. Source: docs/attribution.md#identity-center.

    The returned session uses another key than the logged one. `name`: session name, which can be another user's; the
    subject is the person's.
    """
    region = role.path.rstrip("/").rsplit("/", 1)[-1]
    qualifier = cloud.ids.base64(27) + "="
    caller = saml_user(person.name, qualifier, Place(place.address, "AWS Internal"))
    issued = replace(
        role_session(
            role,
            name,
            cloud.ids.key(role.account_id),
            time,
            actor=person.actor,
            place=place,
            issuer="AssumeRoleWithSAML/IdentityCenter",
            also=caller.actor,
        ),
        on_behalf_of=person.behalf,
        on_behalf_rate=on_behalf_rate,
    )
    assertion = b64encode(f"{person.account_id}_ins-{person.store_id[2:]}".encode()).decode()
    portal = f"https://portal.sso.{region}.amazonaws.com/saml/assertion/{assertion}"
    provider = f"AWSSSO_{person.store_id[2:]}_DO_NOT_DELETE"
    return _issue_with_saml(
        cloud, caller, issued, role, name, region, provider, portal, seconds=43200, by_identity_center=True
    )


def _issue_with_saml(
    cloud: Cloud,
    caller: Credential,
    session: Credential,
    role: Role,
    name: str,
    region: str,
    provider: str,
    issuer: str,
    *,
    seconds: int,
    by_identity_center: bool = False,
) -> Credential:
    arn = f"arn:aws:iam::{role.account_id}:saml-provider/{provider}"
    claimed = {"sourceIdentity": session.source_identity} if session.source_identity else {}
    parameters: Json = {"sAMLAssertionID": "_" + cloud.ids.uuid(), "roleSessionName": name} | claimed
    parameters |= {"durationSeconds": seconds, "roleArn": role.arn, "principalArn": arn}
    response = credentials(cloud, session, seconds) | _assumed(role, name)
    if by_identity_center:
        cloud.lasts(session, _began(session), seconds)
    response |= {
        "subject": caller.identity["userName"],
        "subjectType": "persistent",
        "issuer": issuer,
        "audience": "https://signin.aws.amazon.com/saml",
        "nameQualifier": caller.identity["identityProvider"],
    }
    resources = [{"accountId": role.account_id, "type": "AWS::IAM::SAMLProvider", "ARN": arn}, _role_resource(role)]
    said = Parts(parameters=parameters, response=response | claimed, resources=resources)
    actor = caller.actor if by_identity_center else None
    return _issue(
        cloud, "AssumeRoleWithSAML", caller, session, region, said, mints_again=by_identity_center, actor=actor
    )


def assume_role_with_web_identity(
    cloud: Cloud,
    role: Role,
    subject: str,
    name: str,
    time: datetime,
    region: str,
    *,
    place: Place,
    host: str = GITHUB,
    audience: str = "sts.amazonaws.com",
) -> Credential:
    """Log AssumeRoleWithWebIdentity: GitHub Actions, or Kubernetes by the host of a cluster.

    Google and Cognito have no provider in IAM, so the record has their host. Source: docs/attribution.md#web-identity.
    """
    public = host in PROVIDERS and host != GITHUB
    provider = host if public else f"arn:aws:iam::{role.account_id}:oidc-provider/{host}"
    caller = web_identity(provider, audience, subject, place)
    session = role_session(
        role,
        name,
        cloud.ids.key(role.account_id),
        time,
        actor=caller.actor,
        place=place,
        provider=provider,
        issuer="AssumeRoleWithWebIdentity/" + PROVIDERS.get(host, "Kubernetes"),
    )
    response: Json = {"subjectFromWebIdentityToken": subject}
    response |= _assumed(role, name)
    response |= {"provider": provider, "audience": audience}
    response |= credentials(cloud, session, 3600)
    said = Parts(
        parameters={"roleArn": role.arn, "roleSessionName": name, "durationSeconds": 3600},
        response=response,
        resources=[_role_resource(role)],
        additional=_endpoint(region) | {"identityProviderConnectionVerificationMethod": "IAMTrustStore"},
    )
    return _issue(cloud, "AssumeRoleWithWebIdentity", caller, session, region, said)


def get_session_token(
    cloud: Cloud, caller: Credential, user: User, time: datetime, region: str, *, mfa: bool
) -> Credential:
    """Log GetSessionToken (docs/attribution.md#getsessiontoken)."""
    session = user_session(user, cloud.ids.key(user.account_id), time, mfa=mfa, parent=caller)
    session = session.at(caller.place)
    parameters: Json = {"durationSeconds": 43200}
    if mfa:
        parameters["serialNumber"] = f"arn:aws:iam::{user.account_id}:mfa/{user.name}"
    said = Parts(parameters=parameters, response=credentials(cloud, session, 43200))
    return _issue(cloud, "GetSessionToken", caller, session, region, said)


def get_federation_token(
    cloud: Cloud, caller: Credential, user: User, name: str, time: datetime, region: str
) -> Credential:
    """Log GetFederationToken (docs/attribution.md#getfederationtoken)."""
    session = federated_user(user, name, cloud.ids.key(user.account_id), time, caller)
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    federated = {"federatedUserId": session.principal_id, "arn": session.arn}
    said = Parts(
        parameters={"name": name, "policy": policy, "durationSeconds": 43200},
        response=credentials(cloud, session, 43200) | {"federatedUser": federated, "packedPolicySize": 4},
    )
    return _issue(cloud, "GetFederationToken", caller, session, region, said, read_only=False)


def assume_root(cloud: Cloud, caller: Credential, member: str, time: datetime, region: str) -> Credential:
    """Log AssumeRoot in the management account, by a regional endpoint. Source: docs/attribution.md#assumeroot."""
    session = assumed_root(member, cloud.ids.key(member), time, caller)
    policy = "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"
    said = Parts(
        parameters={"targetPrincipal": member, "taskPolicyArn": {"arn": policy}, "durationSeconds": 900},
        response=credentials(cloud, session, 900),
    )
    return _issue(cloud, "AssumeRoot", caller, session, region, said, regional=True)


def get_delegated_access_token(cloud: Cloud, caller: Credential, role: Role, time: datetime, region: str) -> Credential:
    """Log GetDelegatedAccessToken, with which a product provider works in a customer's account.

    Documented only: the API model and `invokedByDelegate` (docs/attribution.md#temporary-delegation); no record was
    seen.
    """
    name = "delegated-" + cloud.ids.hexadecimal(8)
    session = role_session(
        role,
        name,
        cloud.ids.key(role.account_id),
        time,
        actor=Actor("delegate", caller.account_id, "delegated_access"),
        place=caller.place,
        parent=caller,
        issuer="GetDelegatedAccessToken",
    )
    delegate = {"accountId": caller.account_id}
    session = replace(session, identity=session.identity | {"invokedByDelegate": delegate})
    said = Parts(
        parameters={"tradeInToken": "HIDDEN_DUE_TO_SECURITY_REASONS"},
        response=credentials(cloud, session, 3600) | {"assumedPrincipal": session.arn, "packedPolicySize": 2},
    )
    return _issue(cloud, "GetDelegatedAccessToken", caller, session, region, said, documented_only=True)


def _issue(
    cloud: Cloud,
    name: str,
    caller: Credential,
    session: Credential,
    region: str,
    said: Parts,
    *,
    read_only: bool = True,
    regional: bool = False,
    by_console: bool = False,
    mints_again: bool = False,
    documented_only: bool = False,
    actor: Actor | None = None,
) -> Credential:
    """Log the call that issues `session`, in two accounts if AssumeRole is cross-account, and record the issuance.

    `said`: the variable parts of the record; `regional`: the endpoint is regional even in us-east-1.
    """
    time, account = session.creation_date, caller.account_id or session.account_id
    assert time and session.account_id
    by_global = by_console or (region == GLOBAL_REGION and not regional)
    api = Api("sts.amazonaws.com", name, read_only, "sts.amazonaws.com" if by_global else f"sts.{region}.amazonaws.com")
    parts = Parts(account_id=account, additional=None if by_console else _endpoint(region, regional=regional)) | said
    signer, theirs = caller, None
    if by_console:
        identity, place = caller.identity | {"invokedBy": INTERNAL}, Place(caller.place.address, INTERNAL)
        signer = replace(caller, identity=identity, place=place)
    if name == "AssumeRole" and account != session.account_id:
        own, theirs = cloud.log_copies(signer, api, time, region, session.account_id, **parts)
    else:
        own = cloud.log(signer, api, time, region, **parts)
    copy = theirs.id if theirs else None
    return cloud.issued(
        Issuance(
            time, session, caller, own.id, copy, mints_again=mints_again, documented_only=documented_only, actor=actor
        )
    )


def credentials(cloud: Cloud, session: Credential, seconds: int) -> Json:
    assert session.access_key_id
    end = _began(session) + timedelta(seconds=seconds)
    cloud.key_ends[session.access_key_id] = end
    return {
        "credentials": {
            "accessKeyId": session.access_key_id,
            "sessionToken": cloud.token(),
            "expiration": sts_date(end),
        }
    }


def _began(session: Credential) -> datetime:
    assert session.creation_date
    return session.creation_date


def _assumed(role: Role, name: str) -> Json:
    return {"assumedRoleUser": {"assumedRoleId": f"{role.role_id}:{name}", "arn": role.session_arn(name)}}


def _role_resource(role: Role) -> Json:
    return {"accountId": role.account_id, "type": "AWS::IAM::Role", "ARN": role.arn}


def _endpoint(region: str, *, regional: bool = False) -> Json:
    """Return the endpoint; a call to the global one is recorded in us-east-1 (docs/attribution.md#regions)."""
    kind = "global" if region == GLOBAL_REGION and not regional else "regional"
    return {"RequestDetails": {"endpointType": kind, "awsServingRegion": region}}
