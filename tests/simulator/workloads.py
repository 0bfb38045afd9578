"""Workloads: issuances to machines, pods, devices and users of an app, and the launches of these workloads.

If the service's AssumeRole is logged, `sts.assume_role_by_service` writes it. This module writes the events around it,
and issuances by APIs other than STS.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from . import sts
from .cloud import Api, Cloud, Event, Issuance, Parts
from .identities import Credential, role_session, web_identity_user
from .ids import iam_date, sts_date
from .principals import Actor, Json, Place, Role
from .services import FUNCTION_CREATED

COGNITO = "cognito-identity.amazonaws.com"
PODS = "pods.eks.amazonaws.com"
HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


def instance_scope(instance: str, account_id: str, region: str) -> Json:
    """Return the scope of an instance. Source: docs/attribution.md#ec2."""
    arn = f"arn:aws:ec2:{region}:{account_id}:instance/{instance}"
    return {"issuerType": "AWS::EC2::Instance", "credentialsIssuedTo": arn}


def function_scope(function: str, account_id: str, region: str) -> Json:
    arn = f"arn:aws:lambda:{region}:{account_id}:function:{function}"
    return {
        "sourceArn": arn,
        "sourceAccount": account_id,
        "issuerType": "AWS::Lambda::Function",
        "credentialsIssuedTo": arn,
        "credentialsIssuedToVersion": f"{arn}:$LATEST",
    }


def run_instances(cloud: Cloud, by: Credential, role: Role, address: str, time: datetime, region: str) -> str:
    """Log RunInstances with instance, role and address. Source: Invictus logs 20230710T1205Z_SjF3IkuNXJkoHyar."""
    instance = cloud.ids.instance()
    profile = {"name": role.name, "arn": f"arn:aws:iam::{by.account_id}:instance-profile/{role.name}"}
    launched = {
        "instanceId": instance,
        "imageId": "ami-029eb80bc237bec6f",
        "instanceState": {"code": 0, "name": "pending"},
        "instanceType": "t3.micro",
        "privateIpAddress": address,
        "iamInstanceProfile": {"arn": profile["arn"]},
    }
    said = Parts(
        parameters={
            "instancesSet": {"items": [{"imageId": "ami-029eb80bc237bec6f", "minCount": 1, "maxCount": 1}]},
            "instanceType": "t3.micro",
            "iamInstanceProfile": {"name": role.name},
        },
        response={"ownerId": by.account_id, "instancesSet": {"items": [launched]}},
    )
    event = cloud.log(by, Api("ec2.amazonaws.com", "RunInstances", False), time, region, **said)
    cloud.launches[instance] = event.id
    return instance


def create_function(cloud: Cloud, by: Credential, role: Role, name: str, time: datetime, region: str) -> None:
    """Log CreateFunction; Lambda tests the role in the same second, with a session name unrelated to the function.

    Source: Invictus logs 20230710T1230Z_ZtUNbBkwAu98FPZb, …_lHgkh3VeI3XnjZSL.
    """
    arn = f"arn:aws:lambda:{region}:{by.account_id}:function:{name}"
    said = Parts(
        parameters={"functionName": name, "runtime": "nodejs18.x", "role": role.arn, "handler": "index.test"},
        response={"functionName": name, "functionArn": arn, "role": role.arn, "version": "$LATEST"},
    )
    event = cloud.log(by, FUNCTION_CREATED, time, region, **said)
    cloud.launches[name] = event.id
    trial = f"awslambda_{cloud.rng.randrange(100, 999)}_{time:%Y%m%d%H%M%S}{cloud.rng.randrange(1000):03d}"
    service = "lambda.amazonaws.com"
    actor = Actor("workload", None, "workload", "lambda_function")
    place = Place(service, service)
    sts.assume_role_by_service(cloud, service, role, trial, time, region, place=place, actor=actor)


def pod_identity(
    cloud: Cloud,
    node: Credential,
    role: Role,
    pod: tuple[str, str, str, str],
    time: datetime,
    region: str,
    *,
    place: Place,
) -> Credential:
    """Log a node's request to EKS, and EKS's AssumeRole with the pod in its tags.

    `pod`: cluster, namespace, account, name. Sources: for eks-auth, the AWS workshop on EKS Pod Identity (LookupEvents
    of January 2024); for the STS twin, docs/attribution.md#eks-pods.
    """
    cluster, namespace, service_account, name = pod
    arn = f"arn:aws:eks:{region}:{role.account_id}:cluster/{cluster}"
    api = Api("eks-auth.amazonaws.com", "AssumeRoleForPodIdentity", host=f"eks-auth.{region}.api.aws")
    said = Parts(
        parameters={"clusterName": cluster, "token": HIDDEN}, resources=_resources(role, "AWS::EKS::Cluster", arn)
    )
    cloud.log(node, api, time, region, **said)
    tags = {
        "eks-cluster-arn": arn,
        "eks-cluster-name": cluster,
        "kubernetes-namespace": namespace,
        "kubernetes-service-account": service_account,
        "kubernetes-pod-name": name,
        "kubernetes-pod-uid": cloud.ids.uuid(),
    }
    return sts.assume_role_by_service(
        cloud,
        PODS,
        role,
        f"eks-{cluster}-{name[:14]}-{cloud.ids.uuid()}"[:64],
        time,
        region,
        place=place,
        actor=Actor("workload", f"{cluster}/{namespace}/{name}", "workload", "eks_pod"),
        request={
            "durationSeconds": 21600,
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
            "transitiveTagKeys": list(tags),
        },
    )


def roles_anywhere(cloud: Cloud, role: Role, common_name: str, time: datetime, region: str, place: Place) -> Credential:
    """Log CreateSession of Roles Anywhere, whose caller is a certificate, of type `Unknown`.

    The session name is its serial number, the SourceIdentity its subject. Source: docs/attribution.md#roles-anywhere.
    """
    serial = cloud.ids.hexadecimal(40)
    actor = Actor("workload", serial, "workload", "roles_anywhere_certificate")
    subject = f"CN={common_name}"
    session = role_session(
        role,
        serial,
        cloud.ids.key(role.account_id),
        time,
        actor=actor,
        place=place,
        source_identity=subject,
        issuer="CreateSession/RolesAnywhere",
    )
    base = f"arn:aws:rolesanywhere:{region}:{role.account_id}"
    issued = {
        "assumedRoleUser": {"arn": session.arn, "assumedRoleId": session.principal_id},
        "credentials": {
            "accessKeyId": session.access_key_id,
            "expiration": f"{time + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
            "secretAccessKey": HIDDEN,
            "sessionToken": HIDDEN,
        },
        "packedPolicySize": 10,
        "roleArn": role.arn,
        "sourceIdentity": subject,
    }
    said = Parts(
        identity={"type": "Unknown", "principalId": "", "accountId": role.account_id},
        parameters={
            "cert": "MIIDdzCCAl+gAwIBAgI" + serial,
            "durationSeconds": 3600,
            "profileArn": f"{base}:profile/{cloud.ids.uuid()}",
            "roleArn": role.arn,
            "trustAnchorArn": f"{base}:trust-anchor/{cloud.ids.uuid()}",
        },
        response={"credentialSet": [issued], "subjectArn": f"{base}:subject/{cloud.ids.uuid()}"},
    )
    helper = Place(place.address, "CredHelper/1.1.1 (linux; amd64)")
    api = Api("rolesanywhere.amazonaws.com", "CreateSession", False)
    event = _log_unauthenticated(cloud, api, role, time, region, helper, said)
    return cloud.issued(Issuance(time, session, _machine(serial, actor, place), event.id))


def cognito(cloud: Cloud, role: Role, identity_id: str, time: datetime, region: str, place: Place) -> Credential:
    """Log GetCredentialsForIdentity, a data event with identity and key, but without the session.

    Source: Cognito developer guide, example of GetCredentialsForIdentity (docs/attribution.md#cognito).
    """
    pool = f"{region}:{cloud.ids.uuid()}"
    caller = web_identity_user(COGNITO, pool, identity_id, place)
    session = role_session(
        role,
        "CognitoIdentityCredentials",
        cloud.ids.key(role.account_id),
        time,
        actor=caller.actor,
        place=place,
        provider=COGNITO,
        issuer="GetCredentialsForIdentity",
    )
    credentials = {
        "accessKeyId": session.access_key_id,
        "sessionToken": cloud.token(),
        "expiration": iam_date(time + timedelta(hours=1)),
    }
    arn = f"arn:aws:cognito-identity:{region}:{role.account_id}:identitypool/{pool}"
    logins = {f"cognito-idp.{region}.amazonaws.com/{region}_a1B2c3D4e": HIDDEN}
    said = Parts(
        identity={"type": "Unknown"},
        parameters={"logins": logins, "identityId": identity_id},
        response={"credentials": credentials, "identityId": identity_id},
        resources=_resources(role, "AWS::Cognito::IdentityPool", arn),
    )
    api = Api(COGNITO, "GetCredentialsForIdentity", False, data=True)
    event = _log_unauthenticated(cloud, api, role, time, region, place, said)
    return cloud.issued(Issuance(time, session, caller, event.id, key_only=True))


def s3_express(cloud: Cloud, caller: Credential, time: datetime, region: str) -> Credential:
    """Log a key for one directory bucket. Source: S3 user guide, CreateSession (docs/attribution.md#s3-express).

    The key has the caller's principal and creation date; this is documented only.
    """
    assert caller.account_id
    key_id = cloud.ids.key(caller.account_id)
    session = replace(
        caller,
        access_key_id=key_id,
        identity=caller.identity | {"accessKeyId": key_id},
        parent=caller,
        issuer="CreateSession/S3Express",
    )
    zone = {"us-east-1": "use1-az4", "eu-west-1": "euw1-az1"}.get(region, "usw2-az1")
    bucket = f"acme-fast--{zone}--x-s3"
    arn = f"arn:aws:s3express:{region}:{caller.account_id}:bucket/{bucket}"
    resources = _resources(caller, "AWS::S3Express::DirectoryBucket", arn)
    said = Parts(
        parameters={
            "bucketName": bucket,
            "host": f"{bucket}.s3express-{zone}.{region}.amazonaws.com",
            "x-amz-create-session-mode": "ReadWrite",
        },
        response={
            "credentials": {
                "accessKeyId": key_id,
                "expiration": sts_date(time + timedelta(minutes=5)),
                "sessionToken": cloud.token(),
            }
        },
        additional={"SignatureVersion": "Sigv4", "AuthenticationMethod": "AuthHeader", "availabilityZone": zone},
        resources=resources,
    )
    event = cloud.log(caller, Api("s3express.amazonaws.com", "CreateSession", data=True), time, region, **said)
    used = Parts(parameters={"bucketName": bucket, "key": "batch/0001.parquet"}, resources=resources)
    for name, read_only in (("PutObject", False), ("GetObject", True)):
        api = Api("s3express.amazonaws.com", name, read_only, data=True)
        cloud.log(session, api, time + timedelta(seconds=1), region, **used)
    return cloud.issued(Issuance(time, session, caller, event.id, key_only=True))


def hybrid_node(cloud: Cloud, role: Role, time: datetime, region: str, place: Place) -> Credential:
    """Log the credential of a managed node outside AWS; its data event has no key (docs/attribution.md#hybrid-nodes).

    SSM's AssumeRole follows from its required trust policy; no record was seen.
    """
    node = "mi-0" + cloud.ids.hexadecimal(16)
    arn = f"arn:aws:ssm:{region}:{role.account_id}:managed-instance/{node}"
    said = Parts(
        identity={"type": "Unknown", "accountId": role.account_id},
        parameters={"fingerprint": cloud.ids.uuid()},
        resources=_resources(role, "AWS::SSM::ManagedNode", arn),
    )
    api = Api("ssm.amazonaws.com", "RequestManagedInstanceRoleToken", False, data=True)
    _log_unauthenticated(cloud, api, role, time, region, place, said)
    return sts.assume_role_by_service(cloud, "ssm.amazonaws.com", role, node, time, region, place=place)


def iot_device(cloud: Cloud, role: Role, thing: str, time: datetime, region: str, place: Place) -> Credential:
    """Log AssumeRoleWithCertificate. Documented only: no record was seen (docs/attribution.md#iot)."""
    actor = Actor("workload", thing, "workload", "iot_thing")
    name = cloud.ids.hexadecimal(64)
    return sts.assume_role_by_service(cloud, sts.IOT, role, name, time, region, place=place, actor=actor)


def _log_unauthenticated(
    cloud: Cloud, api: Api, role: Role, time: datetime, region: str, place: Place, said: Parts
) -> Event:
    """Log a call without an AWS credential, in the account of the requested role."""
    return cloud.log(None, api, time, region, **said | Parts(account_id=role.account_id, place=place))


def _resources(owner: Role | Credential, type_: str, arn: str) -> list[Json]:
    return [{"accountId": owner.account_id, "type": type_, "ARN": arn}]


def _machine(name: str, actor: Actor, place: Place) -> Credential:
    return Credential(None, None, name, None, actor, {"type": "Unknown"}, place, outside=True, issuer="certificate")
