"""Intrusion steps: what intruders do with the access that they have, and the ways back that they plant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from . import iam, signin, sts, workloads
from .cloud import GLOBAL_REGION
from .identities import Credential, role_session, user_key
from .intruder import Intruder, steal, try_roles
from .month_calls import Hands
from .organization import BROWSERS
from .principals import UNKNOWN, Json, Place, Role, User
from .services import FORWARDS, call_and_forward

WayBack = Callable[[], Credential]
"""Gives the access that was planted, when the intruder returns."""


def call_models(it: Intruder, hands: Hands) -> None:
    region = it.rng.choice((GLOBAL_REGION, "us-west-2", it.organization.home))
    there = hands.in_(region)
    there.all("bedrock:ListFoundationModels bedrock:GetModelInvocationLoggingConfiguration")
    model = "anthropic.claude-3-5-sonnet-20240620-v1:0"
    there("bedrock:InvokeModel", error="ValidationException", modelId=model)
    for _ in range(it.rng.randint(15, 60) if it.loud else it.rng.randint(2, 8)):
        there("bedrock:InvokeModel", modelId=model)


def go_on_by_roles(it: Intruder, hands: Hands) -> None:
    """Try roles, and go on with the one that works."""
    organization, cloud = it.organization, it.organization.cloud
    hands("iam:ListRoles")
    try_roles(organization, hands, ("admin", "deploy", "read-only", "ops")[: it.rng.randint(1, 4)])
    role = organization.role(organization.account(), it.rng.choice(("admin", "developer", "audit")))
    name = it.rng.choice((organization.members[0].name, "session", "botocore-session-1699"))
    claimed = organization.members[0].name if it.rng.random() < 0.3 else None
    session = sts.assume_role(cloud, hands.credential, role, name, hands.now(), GLOBAL_REGION, source_identity=claimed)
    steal(hands.with_(session), loud=it.loud)


def plant_user(it: Intruder, hands: Hands) -> WayBack:
    by, cloud, account_id = hands.credential, hands.cloud, str(hands.credential.account_id)
    user = iam.create_user(cloud, by, account_id, it.rng.choice(it.organization.words.planted), hands.now(), it.place)
    iam.attach_policy(cloud, by, user, iam.ADMIN_POLICY, hands.now())
    return (_key_for if it.rng.random() < 0.6 else _password_for)(it, hands, user)


def plant_key(it: Intruder, hands: Hands) -> WayBack:
    """A second key for a service user."""
    return _key_for(it, hands, it.robot(str(hands.credential.account_id)))


def plant_password(it: Intruder, hands: Hands) -> WayBack:
    """A password for a service user that never had one."""
    return _password_for(it, hands, it.robot(str(hands.credential.account_id)))


def _key_for(it: Intruder, hands: Hands, user: User) -> WayBack:
    user = iam.create_access_key(hands.cloud, hands.credential, user, hands.now())
    return lambda: user_key(user, user.key_ids[-1]).at(it.place)


def _password_for(it: Intruder, hands: Hands, user: User) -> WayBack:
    iam.create_login_profile(hands.cloud, hands.credential, user, hands.now())
    place = Place(it.place.address, it.rng.choice(BROWSERS))
    return lambda: signin.console_login(hands.cloud, user, it.at, GLOBAL_REGION, mfa=False, place=place)


def plant_trust(it: Intruder, hands: Hands) -> WayBack:
    role = it.organization.role(str(hands.credential.account_id), it.rng.choice(("worker", "admin", "ops")))
    return _trust_a_stranger(it, hands, role)


def plant_role(it: Intruder, hands: Hands) -> WayBack:
    by, cloud, account_id = hands.credential, hands.cloud, str(hands.credential.account_id)
    name = it.rng.choice(("lambda-ex", "AWSLambdaBasic", "aws-support-access"))
    role = iam.create_role(cloud, by, account_id, name, hands.now(), demands_source_identity=False)
    iam.attach_policy(cloud, by, role, iam.ADMIN_POLICY, hands.now())
    if it.rng.random() < 0.4:
        workloads.create_function(cloud, by, role, "metrics-agent", hands.now(), hands.region)
        hands.all("lambda:AddPermission20150331v2 lambda:CreateFunctionUrlConfig apigateway:CreateRestApi")
    return _trust_a_stranger(it, hands, role)


def plant_provider(it: Intruder, hands: Hands) -> WayBack:
    """An identity provider of the intruder, trusted by a role."""
    account_id = str(hands.credential.account_id)
    arn = f"arn:aws:iam::{account_id}:saml-provider/CorpIdP"
    hands("iam:CreateSAMLProvider", name="CorpIdP", response={"sAMLProviderArn": arn})
    role = it.organization.role(account_id, "admin")
    iam.change_trust(hands.cloud, hands.credential, role, hands.now(), demands_source_identity=False)
    return lambda: sts.assume_role_with_saml(
        hands.cloud, role, "it-support", "it-support", it.at, it.organization.home, place=it.place
    )


def _trust_a_stranger(it: Intruder, hands: Hands, role: Role) -> WayBack:
    """Let an account of the intruder, whose logs are not loaded, assume a role."""
    cloud, stranger = hands.cloud, hands.cloud.ids.account()
    cloud.unloaded.add(stranger)
    iam.update_assume_role_policy(cloud, hands.credential, role, f"arn:aws:iam::{stranger}:root", hands.now())
    own_role = it.organization.role(stranger, "admin")

    def way_back() -> Credential:
        key_id = cloud.ids.key(stranger)
        own = role_session(own_role, "x", key_id, it.at - timedelta(minutes=9), actor=UNKNOWN, place=it.place)
        return sts.assume_role(cloud, own, role, "session", it.at, GLOBAL_REGION)

    return way_back


def start_miners(it: Intruder, there: Hands) -> None:
    group = "sg-0" + there.cloud.ids.hexadecimal(16)
    there("ec2:CreateKeyPair", keyName="default-1")
    there("ec2:CreateSecurityGroup", groupName="default-1", groupDescription="default-1")
    there("ec2:AuthorizeSecurityGroupIngress", groupId=group, cidrIp="0.0.0.0/0")
    size = it.rng.choice(("c6a.32xlarge", "g4dn.12xlarge", "c5.24xlarge", "p3.16xlarge"))
    items = {"items": [{"minCount": 1, "maxCount": it.rng.randint(2, 20)}]}
    if it.rng.random() < 0.4:
        there("ec2:RunInstances", error="Client.InstanceLimitExceeded", instanceType=size, instancesSet=items)
    there("ec2:RunInstances", instanceType=size, instancesSet=items)
    if it.rng.random() < 0.4:
        instance = there.cloud.ids.instance()
        there("ec2:ModifyInstanceAttribute", instanceId=instance, disableApiTermination={"value": True})


def start_mining_tasks(it: Intruder, there: Hands) -> None:
    if it.loud:
        there.all("iam:CreateServiceLinkedRole iam:CreateRole iam:AttachRolePolicy")
    there("ecs:RegisterTaskDefinition", family="svc", cpu="16384", memory="32768", requiresCompatibilities=["FARGATE"])
    for _ in range(it.rng.randint(5, 40) if it.loud else 1):
        there("ecs:CreateCluster", clusterName=there.cloud.ids.hexadecimal(8))
        there("ecs:CreateService", serviceName="svc", desiredCount=10, launchType="FARGATE")


def hold_to_ransom(it: Intruder, hands: Hands, bucket: str, what: str) -> None:
    count = it.rng.randint(30, 120) if it.loud else it.rng.randint(8, 30)
    hands.pace = (0, 1)
    if what == "deleted":
        for name, times in (("s3:GetObject", count), ("s3:DeleteObject", count), ("s3:DeleteBucket", 1)):
            for _ in range(times):
                hands(name, bucketName=bucket)
        return
    header: Json = {"x-amz-server-side-encryption-customer-algorithm": "AES256"}
    if what == "encrypted by KMS":
        foreign = f"arn:aws:kms:us-east-1:{hands.cloud.ids.account()}:key/{hands.cloud.ids.uuid()}"
        header = {
            "x-amz-server-side-encryption": "aws:kms",
            "x-amz-server-side-encryption-aws-kms-key-id": foreign,
        }
        hands("s3:PutBucketEncryption", bucketName=bucket, kmsMasterKeyID=foreign)
    for _ in range(count):
        hands("s3:CopyObject", bucketName=bucket, **header)
    rule = {"Rule": {"Status": "Enabled", "Expiration": {"Days": 7}, "ID": "r"}}
    hands("s3:PutBucketLifecycle", bucketName=bucket, LifecycleConfiguration=rule)


def share_snapshots(hands: Hands) -> None:
    cloud = hands.cloud
    hands.all("ec2:DescribeVolumes ec2:DescribeSnapshots")
    for _ in range(hands.rng.randint(1, 3)):
        snapshot = "snap-0" + cloud.ids.hexadecimal(16)
        hands("ec2:CreateSnapshot", volumeId="vol-0" + cloud.ids.hexadecimal(16))
        added = {"add": {"items": [{"userId": cloud.ids.account()}]}}
        hands("ec2:ModifySnapshotAttribute", snapshotId=snapshot, createVolumePermission=added)


def add_one_call(it: Intruder, hands: Hands, call: str) -> None:
    cloud, by, account_id = hands.cloud, hands.credential, str(hands.credential.account_id)
    if call == "key":
        iam.create_access_key(cloud, by, it.robot(account_id), hands.now())
    elif call == "trust":
        role = it.organization.role(account_id, "worker")
        iam.update_assume_role_policy(cloud, by, role, f"arn:aws:iam::{cloud.ids.account()}:root", hands.now())
    elif call == "secret":
        call_and_forward(cloud, by, hands.now(), hands.region, which=FORWARDS[0])
    else:
        iam.put_policy(cloud, by, it.organization.role(account_id, "worker"), "metrics", iam.ALLOW_ALL, hands.now())
