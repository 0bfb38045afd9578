"""STS: each way to be handed a credential is one function here, which logs the call and remembers the issuance.

To add an issuer, add a function that ends in `_issued`. Nothing here decides who calls whom: that is the scenario's.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import datetime, timedelta

from .cloud import GLOBAL_REGION, Api, Cloud, Event, Issuance
from .identities import (
    Actor,
    Credential,
    Json,
    Person,
    Place,
    Role,
    User,
    assumed_root,
    federated_user,
    role_session,
    saml_user,
    service,
    user_session,
)
from .identities import web_identity_user as web_identity
from .ids import sts_date

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
"""Their AssumeRole has no assumedRoleUser, and the session has the workload's name (docs/attribution.md#session-names).

ecs-tasks: flaws2.cloud's logs of 28 Nov 2018. codebuild and ssm: no record was seen; taken to be like ecs-tasks.
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
) -> Credential:
    """Log AssumeRole, in both accounts if the role is in another one (docs/attribution.md#assumerole).

    `by_console`: the source account's half of a switch of role, a call that AWS makes for the console (`AWS Internal`).
    """
    carried = caller.source_identity or source_identity
    seconds = 3600
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
    response = _credentials(cloud, session, time, seconds) | _assumed(role, name)
    if carried:
        response["sourceIdentity"] = carried
    signer = caller
    if by_console:
        signer = replace(
            caller, identity=caller.identity | {"invokedBy": INTERNAL}, place=Place(caller.place.address, INTERNAL)
        )
    api = Api("sts.amazonaws.com", "AssumeRole", host=_host(region, by_console))
    additional = None if by_console else _endpoint(region)
    resources = [_role_resource(role)]
    theirs: Event | None = None
    if caller.account_id == role.account_id:
        own = cloud.log(
            signer,
            api,
            time,
            region,
            parameters=parameters,
            response=response,
            resources=resources,
            additional=additional,
        )
    else:
        own, theirs = cloud.log_copies(
            signer,
            api,
            time,
            region,
            role.account_id,
            parameters=parameters,
            response=response,
            resources=resources,
            additional=additional,
        )
    copy = theirs.id if theirs else None
    return _issued(cloud, Issuance(time, session, caller, own.id, copy, mints_again=by_console))


def denied_assume_role(cloud: Cloud, caller: Credential, role: Role, time: datetime, region: str) -> None:
    """The target is only in the message (Invictus logs 20230710T1210Z_vj0QE0Tf5ZmzMsCo).

    Logged in the caller's account; whether the role's account logs it too is not known
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
    """Shapes: Invictus logs 20230710T1205Z_SjF3IkuNXJkoHyar (ec2), …_lHgkh3VeI3XnjZSL (lambda), …_vj0QE0Tf5ZmzMsCo
    (inspector2, whose events carry no key: `key_in_use` false). `sharedEventID` stands although there is one copy.

    `actor`: who it is for, if it is not the workload that the session is named after, or the service itself; `request`:
    further parameters; `linked`: the session works for the service, which is `invokedBy` on all of its events.
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
    response = _credentials(cloud, session, time, seconds)
    if not workload:
        response |= _assumed(role, name)
    event = cloud.log(
        caller,
        Api("sts.amazonaws.com", "AssumeRole"),
        time,
        region,
        account_id=role.account_id,
        parameters={"roleArn": role.arn, "roleSessionName": name} | (request or {}),
        response=response,
        resources=[_role_resource(role)],
        shared=cloud.ids.uuid(),
    )
    _issued(cloud, Issuance(time, session, caller, event.id, documented_only=principal == IOT))
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
    provider = f"arn:aws:iam::{role.account_id}:saml-provider/CorpIdP"
    parameters: Json = {"sAMLAssertionID": "_" + cloud.ids.uuid(), "roleSessionName": name}
    if source_identity:
        parameters["sourceIdentity"] = source_identity
    parameters |= {"durationSeconds": 3600, "roleArn": role.arn, "principalArn": provider}
    response = _credentials(cloud, session, time, 3600) | _assumed(role, name)
    response |= {
        "subject": subject,
        "subjectType": "persistent",
        "issuer": "https://idp.example.com/saml",
        "audience": "https://signin.aws.amazon.com/saml",
        "nameQualifier": qualifier,
    }
    if source_identity:
        response["sourceIdentity"] = source_identity
    event = cloud.log(
        caller,
        Api("sts.amazonaws.com", "AssumeRoleWithSAML", host=_host(region)),
        time,
        region,
        account_id=role.account_id,
        parameters=parameters,
        response=response,
        resources=[
            {"accountId": role.account_id, "type": "AWS::IAM::SAMLProvider", "ARN": provider},
            _role_resource(role),
        ],
        additional=_endpoint(region),
    )
    return _issued(cloud, Issuance(time, session, caller, event.id))


def assume_identity_center_role(
    cloud: Cloud, role: Role, person: Person, name: str, time: datetime, *, place: Place, on_behalf_rate: float
) -> Credential:
    """What Identity Center does in the member account. Shape: docs/attribution.md#identity-center.

    The session that is returned works with another key than the one that is logged. `name` is the session's, and may
    be that of another user; the subject is the person's.
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
    provider = f"arn:aws:iam::{role.account_id}:saml-provider/AWSSSO_{person.store_id[2:]}_DO_NOT_DELETE"
    parameters: Json = {
        "sAMLAssertionID": "_" + cloud.ids.uuid(),
        "roleSessionName": name,
        "durationSeconds": 43200,
        "roleArn": role.arn,
        "principalArn": provider,
    }
    assertion = b64encode(f"{person.account_id}_ins-{person.store_id[2:]}".encode()).decode()
    response = _credentials(cloud, issued, time, 43200) | _assumed(role, name)
    response |= {
        "subject": person.name,
        "subjectType": "persistent",
        "issuer": f"https://portal.sso.{region}.amazonaws.com/saml/assertion/{assertion}",
        "audience": "https://signin.aws.amazon.com/saml",
        "nameQualifier": qualifier,
    }
    event = cloud.log(
        caller,
        Api("sts.amazonaws.com", "AssumeRoleWithSAML", host=_host(region)),
        time,
        region,
        account_id=role.account_id,
        parameters=parameters,
        response=response,
        resources=[
            {"accountId": role.account_id, "type": "AWS::IAM::SAMLProvider", "ARN": provider},
            _role_resource(role),
        ],
        additional=_endpoint(region),
    )
    return _issued(cloud, Issuance(time, issued, caller, event.id, mints_again=True, actor=caller.actor))


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
    """GitHub Actions, and Kubernetes by the host of a cluster: docs/attribution.md#web-identity. Google and Cognito
    have no provider in IAM, and stand by their host.
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
    response |= _credentials(cloud, session, time, 3600)
    event = cloud.log(
        caller,
        Api("sts.amazonaws.com", "AssumeRoleWithWebIdentity", host=_host(region)),
        time,
        region,
        account_id=role.account_id,
        parameters={"roleArn": role.arn, "roleSessionName": name, "durationSeconds": 3600},
        response=response,
        resources=[_role_resource(role)],
        additional=_endpoint(region) | {"identityProviderConnectionVerificationMethod": "IAMTrustStore"},
    )
    return _issued(cloud, Issuance(time, session, caller, event.id))


def get_session_token(
    cloud: Cloud, caller: Credential, user: User, time: datetime, region: str, *, mfa: bool
) -> Credential:
    """Log GetSessionToken (docs/attribution.md#getsessiontoken)."""
    session = user_session(user, cloud.ids.key(user.account_id), time, mfa=mfa, parent=caller)
    session = session.at(caller.place)
    parameters: Json = {"durationSeconds": 43200}
    if mfa:
        parameters["serialNumber"] = f"arn:aws:iam::{user.account_id}:mfa/{user.name}"
    event = cloud.log(
        caller,
        Api("sts.amazonaws.com", "GetSessionToken", host=_host(region)),
        time,
        region,
        parameters=parameters,
        response=_credentials(cloud, session, time, 43200),
        additional=_endpoint(region),
    )
    return _issued(cloud, Issuance(time, session, caller, event.id))


def get_federation_token(
    cloud: Cloud, caller: Credential, user: User, name: str, time: datetime, region: str
) -> Credential:
    """Log GetFederationToken (docs/attribution.md#getfederationtoken)."""
    session = federated_user(user, name, cloud.ids.key(user.account_id), time, caller)
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    federated = {"federatedUserId": session.principal_id, "arn": session.arn}
    event = cloud.log(
        caller,
        Api("sts.amazonaws.com", "GetFederationToken", False, host=_host(region)),
        time,
        region,
        parameters={"name": name, "policy": policy, "durationSeconds": 43200},
        response=_credentials(cloud, session, time, 43200) | {"federatedUser": federated, "packedPolicySize": 4},
        additional=_endpoint(region),
    )
    return _issued(cloud, Issuance(time, session, caller, event.id))


def assume_root(cloud: Cloud, caller: Credential, member: str, time: datetime, region: str) -> Credential:
    """In the management account's log only, never by the global endpoint. Shape: docs/attribution.md#assumeroot."""
    session = assumed_root(member, cloud.ids.key(member), time, caller)
    policy = "arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"
    event = cloud.log(
        caller,
        Api("sts.amazonaws.com", "AssumeRoot", host=f"sts.{region}.amazonaws.com"),
        time,
        region,
        parameters={"targetPrincipal": member, "taskPolicyArn": {"arn": policy}, "durationSeconds": 900},
        response=_credentials(cloud, session, time, 900),
        additional={"RequestDetails": {"endpointType": "regional", "awsServingRegion": region}},
    )
    return _issued(cloud, Issuance(time, session, caller, event.id))


def get_delegated_access_token(cloud: Cloud, caller: Credential, role: Role, time: datetime, region: str) -> Credential:
    """A product provider works in a customer's account. Documented only: the API's model and `invokedByDelegate`
    (docs/attribution.md#temporary-delegation); no record was seen.
    """
    name = "delegated-" + cloud.ids.hexadecimal(8)
    session = role_session(
        role,
        name,
        cloud.ids.key(role.account_id),
        time,
        actor=caller.actor,
        also=caller.also,
        place=caller.place,
        parent=caller,
        issuer="GetDelegatedAccessToken",
    )
    delegate = {"accountId": caller.account_id}
    session = replace(session, identity=session.identity | {"invokedByDelegate": delegate})
    event = cloud.log(
        caller,
        Api("sts.amazonaws.com", "GetDelegatedAccessToken", host=_host(region)),
        time,
        region,
        parameters={"tradeInToken": "HIDDEN_DUE_TO_SECURITY_REASONS"},
        response=_credentials(cloud, session, time, 3600) | {"assumedPrincipal": session.arn, "packedPolicySize": 2},
        additional=_endpoint(region),
    )
    return _issued(cloud, Issuance(time, session, caller, event.id, documented_only=True))


def _issued(cloud: Cloud, issuance: Issuance) -> Credential:
    cloud.issuances.append(issuance)
    return issuance.issued


def _credentials(cloud: Cloud, session: Credential, time: datetime, seconds: int) -> Json:
    return {
        "credentials": {
            "accessKeyId": session.access_key_id,
            "sessionToken": cloud.token(),
            "expiration": sts_date(time + timedelta(seconds=seconds)),
        }
    }


def _assumed(role: Role, name: str) -> Json:
    return {"assumedRoleUser": {"assumedRoleId": f"{role.role_id}:{name}", "arn": role.session_arn(name)}}


def _role_resource(role: Role) -> Json:
    return {"accountId": role.account_id, "type": "AWS::IAM::Role", "ARN": role.arn}


def _endpoint(region: str) -> Json:
    """A call to the global endpoint is recorded in us-east-1, whatever served it (docs/attribution.md#regions)."""
    kind = "global" if region == GLOBAL_REGION else "regional"
    return {"RequestDetails": {"endpointType": kind, "awsServingRegion": region}}


def _host(region: str, by_console: bool = False) -> str:
    return "sts.amazonaws.com" if region == GLOBAL_REGION or by_console else f"sts.{region}.amazonaws.com"
