"""Services: ordinary API calls, refused calls, and calls by services, on a caller's behalf or alone.

The catalog is the list of calls. `call` logs one; `call_and_forward` logs one that makes a service call another with
the caller's identity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random

from .cloud import GLOBAL_REGION, Api, Cloud, Event, Parts
from .identities import Credential, forwarded, service, service_event
from .ids import ALNUM
from .principals import Json

BUCKETS = ("logs", "artifacts", "customer-exports", "backups", "website")
SECRETS = ("prod/db/master", "prod/payments/api-key", "ci/deploy-token", "dev/db/password")
TABLES = ("orders", "sessions", "invoices")
FUNCTIONS = ("resize-images", "nightly-report", "orders-stream")
ROLES = ("deploy", "read-only", "admin")

Details = Callable[[Random, str, str], tuple[Json | None, list[Json] | None]]
"""From random, account and region: request parameters and resources."""


@dataclass(frozen=True, slots=True)
class Call:
    api: Api
    details: Details
    denied_code: str = "AccessDenied"


def bucket_name(name: str, account_id: str) -> str:
    return f"acme-{name}-{account_id[-4:]}"


def _nothing(rng: Random, account: str, region: str) -> tuple[Json | None, None]:
    return None, None


def _fixed(**parameters: object) -> Details:
    return lambda rng, account, region: (dict(parameters), None)


def _one_of(field: str, values: tuple[str, ...]) -> Details:
    return lambda rng, account, region: ({field: rng.choice(values)}, None)


def _bucket(*, key: bool = False) -> Details:
    def details(rng: Random, account: str, region: str) -> tuple[Json, list[Json]]:
        name = bucket_name(rng.choice(BUCKETS), account)
        parameters = {"bucketName": name, "Host": f"{name}.s3.{region}.amazonaws.com"}
        resources: list[Json] = [{"accountId": account, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{name}"}]
        if key:
            parameters["key"] = f"2026/export-{rng.randrange(400):04d}.parquet"
            resources.insert(0, {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{name}/{parameters['key']}"})
        return parameters, resources

    return details


def _secret(rng: Random, account: str, region: str) -> tuple[Json, None]:
    return {"secretId": f"arn:aws:secretsmanager:{region}:{account}:secret:{rng.choice(SECRETS)}-Qx7LmP"}, None


def _parameter(rng: Random, account: str, region: str) -> tuple[Json, list[Json]]:
    name = "/" + rng.choice(SECRETS)
    arn = f"arn:aws:ssm:{region}:{account}:parameter{name}"
    return {"name": name, "withDecryption": True}, [{"accountId": account, "ARN": arn}]


def _kms_key(account: str, region: str) -> str:
    return f"arn:aws:kms:{region}:{account}:key/1f0c9a52-7d3e-4b6a-9c11-{account}"


def _kms(rng: Random, account: str, region: str) -> tuple[Json, list[Json]]:
    arn = _kms_key(account, region)
    return {"keyId": arn}, [{"accountId": account, "type": "AWS::KMS::Key", "ARN": arn}]


def _call(
    service_name: str,
    name: str,
    details: Details = _nothing,
    *,
    read_only: bool = True,
    data: bool = False,
    denied: str = "AccessDenied",
) -> Call:
    return Call(Api(f"{service_name}.amazonaws.com", name, read_only, data=data), details, denied)


EC2_DENIED = "Client.UnauthorizedOperation"
CATALOGUE: tuple[Call, ...] = (
    _call("sts", "GetCallerIdentity"),
    _call("s3", "ListBuckets", _fixed(Host="s3.amazonaws.com")),
    _call("s3", "GetBucketAcl", _bucket()),
    _call("s3", "GetBucketPolicy", _bucket()),
    _call("s3", "GetBucketLocation", _bucket()),
    _call("s3", "PutBucketTagging", _bucket(), read_only=False),
    _call("s3", "GetObject", _bucket(key=True), data=True),
    _call("s3", "PutObject", _bucket(key=True), read_only=False, data=True),
    _call("ec2", "DescribeInstances", _fixed(maxResults=1000, instancesSet={}, filterSet={}), denied=EC2_DENIED),
    _call("ec2", "DescribeSecurityGroups", _fixed(securityGroupSet={}, filterSet={}), denied=EC2_DENIED),
    _call("ec2", "DescribeVpcs", _fixed(vpcSet={}, filterSet={}), denied=EC2_DENIED),
    _call("ec2", "DescribeSnapshots", _fixed(maxResults=100, filterSet={}), denied=EC2_DENIED),
    _call("ec2", "DescribeRegions", _fixed(regionSet={}, allRegions=True), denied=EC2_DENIED),
    _call("ec2", "CreateTags", _fixed(tagSet={"items": [{"key": "team", "value": "web"}]}), read_only=False),
    _call("iam", "ListUsers"),
    _call("iam", "ListRoles"),
    _call("iam", "ListAttachedRolePolicies", _one_of("roleName", ROLES)),
    _call("iam", "GetAccountSummary"),
    _call("kms", "DescribeKey", _kms),
    _call("kms", "ListAliases"),
    _call("lambda", "ListFunctions20150331"),
    _call("lambda", "GetFunction20150331v2", _one_of("functionName", FUNCTIONS)),
    _call("lambda", "UpdateFunctionCode20150331v2", _one_of("functionName", FUNCTIONS), read_only=False),
    _call("secretsmanager", "ListSecrets"),
    _call("secretsmanager", "DescribeSecret", _secret),
    _call("dynamodb", "ListTables"),
    _call("dynamodb", "DescribeTable", _one_of("tableName", TABLES)),
    _call("cloudtrail", "DescribeTrails"),
    _call("cloudtrail", "GetTrailStatus", _fixed(name="org-trail")),
    _call("cloudtrail", "LookupEvents", _fixed(maxResults=50)),
    _call("logs", "DescribeLogGroups", _fixed(limit=50)),
    _call("rds", "DescribeDBInstances"),
    _call("ssm", "DescribeInstanceInformation", _fixed(maxResults=50)),
    _call("ecr", "DescribeRepositories"),
    _call("ecs", "UpdateService", _fixed(cluster="web", service="storefront"), read_only=False),
    _call("cloudformation", "DescribeStacks"),
)
FUNCTION_CREATED = Api("lambda.amazonaws.com", "CreateFunction20150331", False)
ALWAYS_ALLOWED = ("GetCallerIdentity",)
CALLS = {call.api.name: call for call in CATALOGUE}
GET_SECRET = _call("secretsmanager", "GetSecretValue", _secret)
GET_PARAMETER = _call("ssm", "GetParameter", _parameter)
CREATE_STACK = _call("cloudformation", "CreateStack", _fixed(stackName="web-storefront"), read_only=False)
DECRYPT = _call("kms", "Decrypt", _kms)
SUBNETS = _call("ec2", "DescribeSubnets", _fixed(subnetSet={}, filterSet={}))
FORWARDS: tuple[tuple[Call, Call, str], ...] = (
    (GET_SECRET, DECRYPT, "secretsmanager.amazonaws.com"),
    (GET_PARAMETER, DECRYPT, "AWS Internal"),
    (CREATE_STACK, SUBNETS, "cloudformation.amazonaws.com"),
)
"""A direct call, the service's call for it, and the `invokedBy` of that (docs/attribution.md#forward-access)."""


def call(
    cloud: Cloud,
    credential: Credential,
    what: Call,
    time: datetime,
    region: str,
    *,
    denied: bool = False,
    parameters: Json | None = None,
    response: Json | None = None,
) -> Event:
    """Log one API call. Source: Invictus logs, the same event names; data events: documented only."""
    account = credential.account_id
    assert account
    api = what.api
    if api.source == "iam.amazonaws.com":
        region = GLOBAL_REGION
    drawn, resources = what.details(cloud.rng, account, region)
    parameters = drawn if parameters is None else parameters
    if denied and api.name not in ALWAYS_ALLOWED:
        said = Parts(error=_denial(cloud, credential, what))
        if what.denied_code != "AccessDenied":
            said["parameters"] = parameters
    else:
        said = Parts(parameters=parameters, response=response, resources=resources)
    if api.source == "s3.amazonaws.com":
        said |= {"additional": _s3_details(cloud), "request_id": cloud.ids.s3_request_id()}
    return cloud.log(credential, api, time, region, **said)


def call_and_forward(
    cloud: Cloud,
    credential: Credential,
    time: datetime,
    region: str,
    *,
    which: tuple[Call, Call, str] | None = None,
    cached: Credential | None = None,
) -> Credential:
    """Log a direct call and the service's call for it; return the forwarded credential.

    `cached`: the service uses the forwarded credential of an earlier call, so its creation date is before the event
    (measured: up to 18 s, Invictus logs).
    """
    direct, onward, by = which or cloud.rng.choice(FORWARDS)
    call(cloud, credential, direct, time, region)
    account = credential.account_id
    assert account
    key_id = cloud.ids.unique_id("ASIA", account, old_layout=cloud.chance(0.1))
    access = cached or forwarded(credential, key_id, time, by)
    parameters, resources = onward.details(cloud.rng, account, region)
    cloud.log(access, onward.api, time, region, parameters=parameters, resources=resources)
    return access


def service_call(cloud: Cloud, account_id: str, time: datetime, region: str) -> None:
    """Log a service's own call. Source: Invictus logs 20230710T1215Z_Z8x5aqgtcXn5NEG9, GetBucketAcl."""
    caller = service("cloudtrail.amazonaws.com")
    bucket = bucket_name("trail", account_id)
    said = Parts(
        account_id=account_id,
        parameters={"bucketName": bucket, "Host": f"{bucket}.s3.{region}.amazonaws.com", "acl": ""},
        additional=_s3_details(cloud),
        resources=[{"accountId": account_id, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}],
        shared=cloud.ids.uuid(),
        request_id=cloud.ids.s3_request_id(),
    )
    cloud.log(caller, CALLS["GetBucketAcl"].api, time, region, **said)


def service_happening(cloud: Cloud, account_id: str, time: datetime, region: str) -> None:
    """Log a service event. Source: Invictus logs 20230710T1210Z_vj0QE0Tf5ZmzMsCo."""
    source, name, details = cloud.rng.choice(
        (
            ("ec2.amazonaws.com", "SharedSnapshotVolumeCreated", {"snapshotId": "snap-0" + cloud.ids.hexadecimal(16)}),
            ("secretsmanager.amazonaws.com", "StartSecretVersionDelete", {"SecretId": cloud.rng.choice(SECRETS)}),
            ("kms.amazonaws.com", "RotateKey", {"keyId": _kms_key(account_id, region)}),
        )
    )
    api = Api(source, name, False, event_type="AwsServiceEvent")
    cloud.log(service_event(source, account_id), api, time, region, details=details, shared=cloud.ids.uuid())


def _denial(cloud: Cloud, credential: Credential, what: Call) -> tuple[str, str]:
    if what.denied_code == EC2_DENIED:
        blob = "".join(cloud.rng.choices(ALNUM, k=min(120, cloud.token_length)))
        text = f"You are not authorized to perform this operation. Encoded authorization failure message: {blob}"
        return EC2_DENIED, text
    prefix = what.api.source.removesuffix(".amazonaws.com")
    action = f"{prefix}:{what.api.name.split('2015')[0]}"
    reason = "because no identity-based policy allows the"
    return "AccessDenied", f"User: {credential.arn} is not authorized to perform: {action} {reason} {action} action"


def _s3_details(cloud: Cloud) -> Json:
    return {
        "SignatureVersion": "SigV4",
        "CipherSuite": "TLS_AES_128_GCM_SHA256",
        "bytesTransferredIn": 0,
        "AuthenticationMethod": "AuthHeader",
        "x-amz-id-2": cloud.ids.base64(min(76, cloud.token_length)),
        "bytesTransferredOut": cloud.rng.randrange(200, 900),
    }
