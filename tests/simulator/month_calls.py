"""Month calls: the API calls of a simulated month, written as in IAM policies (`s3:GetObject`).

`Caller` makes calls with one credential, one after the other. The people, machines and attackers of a month use it
alike, so that the shape of a record never tells who made it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from .cloud import GLOBAL_REGION, Api, Cloud, Event, Parts
from .identities import Credential, minted_again
from .principals import Json, Place
from .services import BUCKETS, EC2_DENIED, FUNCTIONS, SECRETS, TABLES, Call, Details, bucket_name, call

READS = ("Batch", "Decrypt", "Describe", "Generate", "Get", "Head", "Invoke", "List", "Lookup", "Search", "Simulate")
DATA = {
    "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan", "lambda:Invoke", "s3:CopyObject", "s3:DeleteObject",
    "s3:DeleteObjects", "s3:GetObject", "s3:HeadObject", "s3:ListObjects", "s3:PutObject", "ses:SendEmail",
    "ses:SendRawEmail",
}  # fmt: skip
WRITES = {"lambda:Invoke"}
HOSTS = {"cloudwatch": "monitoring"}
GLOBAL = {"account", "budgets", "ce", "cloudfront", "iam", "organizations", "route53", "support"}
NAMED: dict[str, tuple[str, tuple[str, ...]]] = {
    "dynamodb": ("tableName", TABLES),
    "lambda": ("functionName", FUNCTIONS),
    "secretsmanager": ("secretId", SECRETS),
    "ssm": ("name", tuple(f"/{name}" for name in SECRETS)),
}
"""The parameter with the resource of a call, and the resources to draw from."""
NUMBERED = {
    "ec2:CreateSnapshot": ("volumeId", "vol-0"),
    "ec2:DeleteFlowLogs": ("flowLogId", "fl-0"),
    "ec2:DeleteSnapshot": ("snapshotId", "snap-0"),
    "ec2:DeleteVolume": ("volumeId", "vol-0"),
    "iam:CreateInstanceProfile": ("instanceProfileName", "ops-"),
    "logs:DeleteLogGroup": ("logGroupName", "/aws/lambda/old-"),
    "rds:DeleteDBInstance": ("dBInstanceIdentifier", "orders-"),
    "rds:DeleteDBSnapshot": ("dBSnapshotIdentifier", "orders-"),
}
"""The same for resources with a number in their names."""
ROLES = ("batch-old", "etl-legacy", "web-poc", "ci-temp")
OWN_USER = {
    "iam:CreateVirtualMFADevice", "iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice", "iam:EnableMFADevice",
}  # fmt: skip
"""Calls that people make for themselves."""
ERRORS = {
    "Client.DryRunOperation": "Request would have succeeded, but DryRun flag is set.",
    "Client.InstanceLimitExceeded": "You have requested more vCPU capacity than your current vCPU limit allows.",
    "ValidationException": "max_tokens_to_sample: range: 1..1,000,000",
}


def api_of(name: str) -> Api:
    """Return the API of a call, such as `ec2:DescribeInstances`."""
    service, action = name.split(":")
    read_only = action.startswith(READS) and name not in WRITES
    return Api(f"{HOSTS.get(service, service)}.amazonaws.com", action, read_only, data=name in DATA)


def call_of(name: str, parameters: Json | None = None) -> Call:
    """Return a call with given parameters, or with drawn ones."""
    code = EC2_DENIED if name.startswith("ec2:") else "AccessDenied"
    return Call(api_of(name), _details(name, parameters), code)


def region_of(name: str, region: str) -> str:
    return GLOBAL_REGION if name.split(":")[0] in GLOBAL else region


@dataclass(slots=True)
class Caller:
    """Calls with one credential; the console's key changes now and then.

    `at`: when the next call is made; `pace`: the seconds between two.
    """

    cloud: Cloud
    rng: Random
    credential: Credential
    at: datetime
    region: str
    pace: tuple[int, int] = (1, 9)

    def __call__(
        self, name: str, /, *, denied: bool = False, error: str = "", response: Json | None = None, **parameters: object
    ) -> Event:
        """Log one call, denied by IAM or failed with another error."""
        if self.credential.from_console and self.rng.random() < 0.3:
            self.credential = minted_again(self.credential, self.cloud.ids.key(str(self.credential.account_id)))
        if name in OWN_USER and not parameters:
            parameters = {"userName": str(self.credential.principal_id).rsplit(":", 1)[-1]}
        what, region = call_of(name, dict(parameters) or None), region_of(name, self.region)
        time = self.now()
        if not error:
            return call(self.cloud, self.credential, what, time, region, denied=denied, response=response)
        said, _ = what.details(self.rng, str(self.credential.account_id), region)
        parts = Parts(parameters=said, error=(error, ERRORS[error]))
        return self.cloud.log(self.credential, what.api, time, region, **parts)

    def all(self, names: str | Iterable[str], *, refused: float = 0.0) -> None:
        """Log several calls, a share of them denied."""
        for name in names.split() if isinstance(names, str) else names:
            self(name, denied=self.rng.random() < refused)

    def now(self) -> datetime:
        """Return the time of a call, and move on."""
        time = self.at
        self.at += timedelta(seconds=self.rng.randint(*self.pace))
        return time

    def later(self, **span: float) -> Caller:
        self.at += timedelta(**span)
        return self

    def with_credential(self, credential: Credential, place: Place | None = None) -> Caller:
        """Return a caller with another credential and place, from now on."""
        used = credential.at(place) if place else credential
        return Caller(self.cloud, self.rng, used, self.at, self.region, self.pace)

    def in_region(self, region: str) -> Caller:
        """Return a caller with the same credential in another region, from now on."""
        return Caller(self.cloud, self.rng, self.credential, self.at, region, self.pace)


def run_instances(caller: Caller, size: str, count: int = 1) -> None:
    """Log RunInstances with its instances. Source: as `workloads.run_instances`."""
    items = [{"instanceId": caller.cloud.ids.instance(), "instanceType": size} for _ in range(count)]
    wanted = {"items": [{"imageId": "ami-029eb80bc237bec6f", "minCount": count, "maxCount": count}]}
    answer = {"ownerId": caller.credential.account_id, "instancesSet": {"items": items}}
    caller("ec2:RunInstances", response=answer, instanceType=size, instancesSet=wanted)


def copy_object(caller: Caller, bucket: str, key: str, **headers: str) -> Event:
    """Log CopyObject of an object onto itself. Documented only (S3 user guide)."""
    parameters: Json = {"bucketName": bucket, "key": key, "x-amz-copy-source": f"{bucket}/{key}"}
    return caller("s3:CopyObject", **parameters | headers)


def _details(name: str, given: Json | None) -> Details:
    service, action = name.split(":")

    def details(rng: Random, account: str, region: str) -> tuple[Json | None, list[Json] | None]:
        if service == "s3" and action != "ListBuckets":
            return _of_bucket(name, given or {}, rng, account, region)
        if given is not None:
            return given, None
        if name in NUMBERED:
            field, start = NUMBERED[name]
            return {field: f"{start}{rng.getrandbits(64):016x}"}, None
        if name == "ec2:TerminateInstances":
            return {"instancesSet": {"items": [{"instanceId": f"i-0{rng.getrandbits(64):016x}"}]}}, None
        if service in NAMED and not action.startswith(("List", "DescribeI")):
            field, values = NAMED[service]
            return {field: rng.choice(values)}, None
        if service == "iam" and "Role" in action and action != "ListRoles":
            return {"roleName": rng.choice(ROLES)}, None
        return None, None

    return details


def _of_bucket(name: str, given: Json, rng: Random, account: str, region: str) -> tuple[Json, list[Json]]:
    bucket = str(given.get("bucketName") or bucket_name(rng.choice(BUCKETS), account))
    parameters = {"bucketName": bucket, "Host": f"{bucket}.s3.{region}.amazonaws.com"} | given
    if name in DATA and not name.endswith("Objects"):
        parameters.setdefault("key", f"2026/export-{rng.randrange(400):04d}.parquet")
    arn = f"arn:aws:s3:::{bucket}"
    resources: list[Json] = [{"accountId": account, "type": "AWS::S3::Bucket", "ARN": arn}]
    if "key" in parameters:
        resources.insert(0, {"type": "AWS::S3::Object", "ARN": f"{arn}/{parameters['key']}"})
    return parameters, resources
