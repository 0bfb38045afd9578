"""Intrusion steps: what intruders do with the access that they have, and the ways back that they plant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from . import iam, signin, sts, workloads
from .cloud import GLOBAL_REGION
from .identities import Credential, role_session, user_key
from .intruder import Intruder, steal, try_roles
from .month_calls import Caller, copy_object, run_instances
from .organization import BROWSERS
from .principals import UNKNOWN, Json, Place, Role, User
from .services import FORWARDS, call_and_forward

PlantedAccess = Callable[[], Credential]
"""Gives the access that was planted, when the intruder returns."""


def call_models(intruder: Intruder, caller: Caller) -> None:
    rng = intruder.rng
    region = rng.choice((GLOBAL_REGION, "us-west-2", intruder.organization.home))
    there = caller.in_region(region)
    there.all("bedrock:ListFoundationModels bedrock:GetModelInvocationLoggingConfiguration")
    model = "anthropic.claude-3-5-sonnet-20240620-v1:0"
    there("bedrock:InvokeModel", error="ValidationException", modelId=model)
    for _ in range(rng.randint(15, 60) if intruder.loud else rng.randint(2, 8)):
        there("bedrock:InvokeModel", modelId=model)


def move_to_a_role(intruder: Intruder, caller: Caller) -> None:
    """Try roles, and go on with the one that works."""
    rng = intruder.rng
    organization, cloud = intruder.organization, intruder.organization.cloud
    caller("iam:ListRoles")
    try_roles(organization, caller, ("admin", "deploy", "read-only", "ops")[: rng.randint(1, 4)])
    role = organization.role(organization.account(), rng.choice(("admin", "developer", "audit")))
    name = rng.choice((organization.members[0].name, "session", "botocore-session-1699"))
    claimed = organization.members[0].name if rng.random() < 0.3 else None
    session = sts.assume_role(
        cloud, caller.credential, role, name, caller.now(), GLOBAL_REGION, source_identity=claimed
    )
    steal(caller.with_credential(session), loud=intruder.loud)


def plant_user(intruder: Intruder, caller: Caller) -> PlantedAccess:
    rng = intruder.rng
    by, cloud, account_id = caller.credential, caller.cloud, str(caller.credential.account_id)
    user = iam.create_user(
        cloud, by, account_id, rng.choice(intruder.organization.words.planted), caller.now(), intruder.place
    )
    iam.attach_policy(cloud, by, user, iam.ADMIN_POLICY, caller.now())
    return (_key_for if rng.random() < 0.6 else _password_for)(intruder, caller, user)


def plant_key(intruder: Intruder, caller: Caller) -> PlantedAccess:
    """A second key for a service user."""
    return _key_for(intruder, caller, intruder.service_user(str(caller.credential.account_id)))


def plant_password(intruder: Intruder, caller: Caller) -> PlantedAccess:
    """A password for a service user that never had one."""
    return _password_for(intruder, caller, intruder.service_user(str(caller.credential.account_id)))


def _key_for(intruder: Intruder, caller: Caller, user: User) -> PlantedAccess:
    user = iam.create_access_key(caller.cloud, caller.credential, user, caller.now())
    return lambda: user_key(user, user.key_ids[-1]).at(intruder.place)


def _password_for(intruder: Intruder, caller: Caller, user: User) -> PlantedAccess:
    rng = intruder.rng
    iam.create_login_profile(caller.cloud, caller.credential, user, caller.now())
    place = Place(intruder.place.address, rng.choice(BROWSERS))
    return lambda: signin.console_login(caller.cloud, user, intruder.at, GLOBAL_REGION, mfa=False, place=place)


def plant_trust(intruder: Intruder, caller: Caller) -> PlantedAccess:
    rng = intruder.rng
    role = intruder.organization.role(str(caller.credential.account_id), rng.choice(("worker", "admin", "ops")))
    return _trust_a_stranger(intruder, caller, role)


def plant_role(intruder: Intruder, caller: Caller) -> PlantedAccess:
    rng = intruder.rng
    by, cloud, account_id = caller.credential, caller.cloud, str(caller.credential.account_id)
    name = rng.choice(("lambda-ex", "AWSLambdaBasic", "aws-support-access"))
    role = iam.create_role(cloud, by, account_id, name, caller.now(), demands_source_identity=False)
    iam.attach_policy(cloud, by, role, iam.ADMIN_POLICY, caller.now())
    if rng.random() < 0.4:
        workloads.create_function(cloud, by, role, "metrics-agent", caller.now(), caller.region)
        caller.all("lambda:AddPermission20150331v2 lambda:CreateFunctionUrlConfig apigateway:CreateRestApi")
    return _trust_a_stranger(intruder, caller, role)


def plant_provider(intruder: Intruder, caller: Caller) -> PlantedAccess:
    """An identity provider of the intruder, trusted by a role."""
    account_id = str(caller.credential.account_id)
    arn = f"arn:aws:iam::{account_id}:saml-provider/CorpIdP"
    caller("iam:CreateSAMLProvider", name="CorpIdP", response={"sAMLProviderArn": arn})
    role = intruder.organization.role(account_id, "admin")
    iam.change_trust(caller.cloud, caller.credential, role, caller.now(), demands_source_identity=False)
    return lambda: sts.assume_role_with_saml(
        caller.cloud, role, "it-support", "it-support", intruder.at, intruder.organization.home, place=intruder.place
    )


def _trust_a_stranger(intruder: Intruder, caller: Caller, role: Role) -> PlantedAccess:
    """Let an account of the intruder, whose logs are not loaded, assume a role."""
    cloud, stranger = caller.cloud, caller.cloud.ids.account()
    cloud.unloaded.add(stranger)
    iam.update_assume_role_policy(cloud, caller.credential, role, f"arn:aws:iam::{stranger}:root", caller.now())
    own_role = intruder.organization.role(stranger, "admin")

    def access() -> Credential:
        key_id = cloud.ids.key(stranger)
        own = role_session(
            own_role, "x", key_id, intruder.at - timedelta(minutes=9), actor=UNKNOWN, place=intruder.place
        )
        return sts.assume_role(cloud, own, role, "session", intruder.at, GLOBAL_REGION)

    return access


def start_miners(intruder: Intruder, there: Caller) -> None:
    rng = intruder.rng
    group = "sg-0" + there.cloud.ids.hexadecimal(16)
    there("ec2:CreateKeyPair", keyName="default-1")
    there("ec2:CreateSecurityGroup", groupName="default-1", groupDescription="default-1")
    there("ec2:AuthorizeSecurityGroupIngress", groupId=group, cidrIp="0.0.0.0/0")
    size = rng.choice(("c6a.32xlarge", "g4dn.12xlarge", "c5.24xlarge", "p3.16xlarge"))
    if rng.random() < 0.4:
        there("ec2:RunInstances", error="Client.InstanceLimitExceeded", instanceType=size)
    run_instances(there, size, rng.randint(2, 20))
    if rng.random() < 0.4:
        instance = there.cloud.ids.instance()
        there("ec2:ModifyInstanceAttribute", instanceId=instance, disableApiTermination={"value": True})


def start_mining_tasks(intruder: Intruder, there: Caller) -> None:
    rng = intruder.rng
    if intruder.loud:
        by, account_id = there.credential, str(there.credential.account_id)
        there("iam:CreateServiceLinkedRole", aWSServiceName="autoscaling.amazonaws.com")
        name = f"svc-{there.cloud.ids.hexadecimal(4)}"
        role = iam.create_role(there.cloud, by, account_id, name, there.now(), demands_source_identity=False)
        iam.attach_policy(there.cloud, by, role, iam.ADMIN_POLICY, there.now())
    there("ecs:RegisterTaskDefinition", family="svc", cpu="16384", memory="32768", requiresCompatibilities=["FARGATE"])
    for _ in range(rng.randint(5, 40) if intruder.loud else 1):
        there("ecs:CreateCluster", clusterName=there.cloud.ids.hexadecimal(8))
        there("ecs:CreateService", serviceName="svc", desiredCount=10, launchType="FARGATE")


def encrypt_or_delete(intruder: Intruder, caller: Caller, bucket: str, what: str) -> None:
    rng = intruder.rng
    count = rng.randint(30, 120) if intruder.loud else rng.randint(8, 30)
    caller.pace = (0, 1)
    if what == "deleted":
        for name, times in (("s3:GetObject", count), ("s3:DeleteObject", count), ("s3:DeleteBucket", 1)):
            for _ in range(times):
                caller(name, bucketName=bucket)
        return
    header: Json = {"x-amz-server-side-encryption-customer-algorithm": "AES256"}
    if what == "encrypted by KMS":
        foreign = f"arn:aws:kms:us-east-1:{caller.cloud.ids.account()}:key/{caller.cloud.ids.uuid()}"
        header = {
            "x-amz-server-side-encryption": "aws:kms",
            "x-amz-server-side-encryption-aws-kms-key-id": foreign,
        }
        caller("s3:PutBucketEncryption", bucketName=bucket, kmsMasterKeyID=foreign)
    for number in range(count):
        event = copy_object(caller, bucket, f"2026/export-{number:04d}.parquet", **header)
        event.record["additionalEventData"]["SSEApplied"] = "SSE_KMS" if "KMS" in what else "SSE_C"
    rule = {"Rule": {"Status": "Enabled", "Expiration": {"Days": 7}, "ID": "r"}}
    caller("s3:PutBucketLifecycle", bucketName=bucket, LifecycleConfiguration=rule)


def share_snapshots(caller: Caller) -> None:
    cloud = caller.cloud
    caller.all("ec2:DescribeVolumes ec2:DescribeSnapshots")
    for _ in range(caller.rng.randint(1, 3)):
        snapshot = "snap-0" + cloud.ids.hexadecimal(16)
        caller("ec2:CreateSnapshot", volumeId="vol-0" + cloud.ids.hexadecimal(16))
        added = {"add": {"items": [{"userId": cloud.ids.account()}]}}
        caller("ec2:ModifySnapshotAttribute", snapshotId=snapshot, createVolumePermission=added)


def add_one_call(intruder: Intruder, caller: Caller, call: str) -> None:
    cloud, by, account_id = caller.cloud, caller.credential, str(caller.credential.account_id)
    if call == "key":
        iam.create_access_key(cloud, by, intruder.service_user(account_id), caller.now())
    elif call == "trust":
        role = intruder.organization.role(account_id, "worker")
        iam.update_assume_role_policy(cloud, by, role, f"arn:aws:iam::{cloud.ids.account()}:root", caller.now())
    elif call == "secret":
        call_and_forward(cloud, by, caller.now(), caller.region, which=FORWARDS[0])
    else:
        iam.put_policy(
            cloud, by, intruder.organization.role(account_id, "worker"), "metrics", iam.ALLOW_ALL, caller.now()
        )
