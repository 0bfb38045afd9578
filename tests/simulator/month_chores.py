"""Month chores: legitimate work that resembles an intrusion, one chore a function of the organization and a time.

Administrators create users, keys, roles and trails and delete them again, developers are denied or start large
instances, people forget passwords and change phones. Without these, a detector would be measured on months in which
only attackers call `CreateUser`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from . import iam, signin, sts
from .cloud import GLOBAL_REGION
from .identities import user_key
from .month_calls import Caller, copy_object, run_instances
from .organization import FAR_REGIONS, Member, Organization, address_of, new_user
from .principals import Place, User
from .services import FORWARDS, bucket_name, call_and_forward

Chore = Callable[[Organization, datetime], None]


def _caller(
    organization: Organization, member: Member, at: datetime, account_id: str, *, console: bool = False
) -> Caller:
    session = organization.session(member, at, account_id, console=console)
    at += timedelta(seconds=70)
    return Caller(organization.cloud, organization.rng, session, at, organization.home, (2, 25))


def _admin(organization: Organization, at: datetime, account_id: str = "") -> Caller:
    member = organization.rng.choice(organization.team("admin"))
    console = organization.rng.random() < 0.4
    return _caller(organization, member, at, account_id or organization.account(), console=console)


def _developer(organization: Organization, at: datetime) -> Caller:
    member = organization.rng.choice(organization.team("developer", "analyst"))
    return _caller(organization, member, at, organization.account(1, 2))


# Users, keys and passwords


def onboard(organization: Organization, at: datetime) -> None:
    """A new colleague gets a user, a password and a key, signs in from home without MFA, and looks around."""
    cloud, rng, account_id = organization.cloud, organization.rng, organization.account(0)
    caller = _admin(organization, at, account_id)
    name = f"{rng.choice(organization.words.people).split('.')[0]}{rng.randrange(10, 99)}"
    place = Place(address_of(rng), rng.choice(organization.members).browser)
    user = iam.create_user(cloud, caller.credential, account_id, name, caller.now(), place)
    caller("iam:AddUserToGroup", userName=name, groupName="developers")
    iam.create_login_profile(cloud, caller.credential, user, caller.now())
    if rng.random() < 0.6:
        user = iam.create_access_key(cloud, caller.credential, user, caller.now())
    at = caller.later(hours=rng.randint(1, 30)).at
    session = signin.console_login(cloud, user, at, organization.home, mfa=False, place=place)
    Caller(cloud, rng, session, at + timedelta(minutes=1), organization.home).all(
        "iam:ChangePassword iam:CreateVirtualMFADevice iam:EnableMFADevice iam:ListAccessKeys s3:ListBuckets "
        "ec2:DescribeInstances lambda:ListFunctions20150331",
        refused=0.2,
    )


def rotate_key(organization: Organization, at: datetime) -> None:
    """A service's key is replaced: the new one is used at once, the old one deactivated and deleted."""
    cloud, account_id = organization.cloud, organization.account(0, 1)
    robot = _spare_robot(organization, account_id, at)
    caller = _admin(organization, at, account_id)
    caller("iam:GetAccessKeyLastUsed", accessKeyId=robot.key_ids[0])
    robot = iam.create_access_key(cloud, caller.credential, robot, caller.now())
    new = caller.with_credential(user_key(robot, robot.key_ids[1])).later(hours=1)
    new.all("sts:GetCallerIdentity s3:ListBuckets s3:GetObject")
    caller = _admin(organization, caller.at + timedelta(hours=3), account_id)
    iam.update_access_key(cloud, caller.credential, robot, robot.key_ids[0], "Inactive", caller.now())
    iam.delete_access_key(cloud, caller.credential, robot, robot.key_ids[0], caller.now())


def offboard(organization: Organization, at: datetime) -> None:
    cloud, account_id = organization.cloud, organization.account(0)
    leaver = _spare_robot(organization, account_id, at, "/")
    caller = _admin(organization, at, account_id)
    iam.delete_login_profile(cloud, caller.credential, leaver, caller.now())
    caller("iam:DeactivateMFADevice", userName=leaver.name)
    iam.delete_access_key(cloud, caller.credential, leaver, leaver.key_ids[0], caller.now())
    iam.delete_user(cloud, caller.credential, leaver, caller.now())


def own_key(organization: Organization, at: datetime) -> None:
    """A developer makes a key for an own service user in the console and uses it from home."""
    cloud, rng, account_id = organization.cloud, organization.rng, organization.account(1, 2)
    member = rng.choice(organization.team("developer"))
    caller = _caller(organization, member, at, account_id, console=True)
    place = Place(member.homes[0], member.programs[0])
    user = iam.create_user(
        cloud, caller.credential, account_id, f"test-{cloud.ids.hexadecimal(3)}", caller.now(), place
    )
    iam.attach_policy(cloud, caller.credential, user, iam.ADMIN_POLICY, caller.now())
    user = iam.create_access_key(cloud, caller.credential, user, caller.now())
    caller.with_credential(user_key(user, user.key_ids[0])).later(hours=2).all(
        "sts:GetCallerIdentity s3:ListBuckets s3:PutObject"
    )


def new_phone(organization: Organization, at: datetime) -> None:
    caller = _admin(organization, at, organization.account(0))
    caller.all("iam:DeactivateMFADevice iam:DeleteVirtualMFADevice iam:CreateVirtualMFADevice iam:EnableMFADevice")


def forgotten_password(organization: Organization, at: datetime) -> None:
    """A person mistypes the password a few times, then signs in from another network."""
    users = [(member, member.user) for member in organization.members if member.user]
    if not users:
        return
    member, user = organization.rng.choice(users)
    place = Place(address_of(organization.rng), member.browser)
    for number in range(organization.rng.randint(1, 6)):
        signin.failed_login(organization.cloud, user, at + timedelta(seconds=20 * number), GLOBAL_REGION, place=place)
    at += timedelta(minutes=4)
    session = signin.console_login(organization.cloud, user, at, organization.home, mfa=member.mfa, place=place)
    caller = Caller(organization.cloud, organization.rng, session, at, organization.home)
    caller.all("ec2:DescribeInstances s3:ListBuckets")


def guessed_passwords(organization: Organization, at: datetime) -> None:
    """Somebody on the internet guesses passwords, and fails."""
    rng, user = organization.rng, organization.robots[0]
    for number in range(rng.randint(2, 12)):
        place = Place(address_of(rng), organization.members[0].browser)
        time = at + timedelta(seconds=40 * number)
        signin.failed_login(organization.cloud, user, time, GLOBAL_REGION, place=place, known=rng.random() < 0.2)


def reset_password(organization: Organization, at: datetime) -> None:
    caller = _admin(organization, at, organization.account(0))
    users = [member.user for member in organization.members if member.user] or [organization.robots[0]]
    caller("iam:UpdateLoginProfile", userName=organization.rng.choice(users).name, passwordResetRequired=True)


# Roles and trust


def role_by_hand(organization: Organization, at: datetime) -> None:
    cloud, rng, account_id = organization.cloud, organization.rng, organization.account()
    caller = _admin(organization, at, account_id)
    role = iam.create_role(cloud, caller.credential, account_id, f"ops-{cloud.ids.hexadecimal(3)}", caller.now(),
                           demands_source_identity=False)  # fmt: skip
    policy = rng.choice((iam.ADMIN_POLICY, "arn:aws:iam::aws:policy/ReadOnlyAccess"))
    iam.attach_policy(cloud, caller.credential, role, policy, caller.now())
    caller.all("iam:CreateInstanceProfile iam:AddRoleToInstanceProfile")


def trust_a_vendor(organization: Organization, at: datetime) -> None:
    """A product of a vendor gets a role that an account outside of the organization may assume."""
    cloud, rng, account_id = organization.cloud, organization.rng, organization.account()
    caller = _admin(organization, at, account_id)
    role = iam.create_role(cloud, caller.credential, account_id, f"vendor-{rng.choice(('cost', 'logs', 'cdn'))}",
                           caller.now(), demands_source_identity=False)  # fmt: skip
    trusted = f"arn:aws:iam::{cloud.ids.account()}:root"
    iam.update_assume_role_policy(cloud, caller.credential, role, trusted, caller.now())
    caller("iam:CreateOpenIDConnectProvider", url="https://app.terraform.io", clientIDList=["aws.workload.identity"])


# Trails, buckets, snapshots, networks


def change_trail(organization: Organization, at: datetime) -> None:
    """A second trail is made, changed, stopped for a test, and deleted."""
    caller = _admin(organization, at)
    name = "debug-trail"
    for step in ("CreateTrail", "StartLogging", "PutEventSelectors", "UpdateTrail", "StopLogging", "DeleteTrail"):
        if organization.rng.random() < 0.7:
            caller(f"cloudtrail:{step}", name=name)


def clean_up(organization: Organization, at: datetime) -> None:
    caller = _admin(organization, at)
    steps = ("s3:DeleteBucket", "ec2:DeleteSnapshot", "ec2:TerminateInstances", "lambda:DeleteFunction20150331",
             "logs:DeleteLogGroup", "ec2:DeleteVolume", "iam:DeleteRole", "s3:DeleteObjects", "rds:DeleteDBSnapshot",
             "config:DeleteConfigRule", "ec2:DeleteFlowLogs")  # fmt: skip
    caller.all(organization.rng.choices(steps, k=organization.rng.randint(3, 14)), refused=0.1)


def share_snapshot(organization: Organization, at: datetime) -> None:
    """A snapshot is shared with another account, of the organization or of a customer."""
    caller = _admin(organization, at, organization.account(1))
    other = organization.rng.choice((organization.account(), organization.cloud.ids.account()))
    snapshot = "snap-0" + organization.cloud.ids.hexadecimal(16)
    caller("ec2:CreateSnapshot", volumeId="vol-0" + organization.cloud.ids.hexadecimal(16))
    added = {"add": {"items": [{"userId": other}]}}
    caller("ec2:ModifySnapshotAttribute", snapshotId=snapshot, createVolumePermission=added)


def configure_bucket(organization: Organization, at: datetime) -> None:
    caller = _admin(organization, at, organization.account(1, 2))
    caller.all("s3:CreateBucket s3:PutBucketVersioning s3:PutBucketLifecycle s3:PutBucketPolicy s3:PutBucketEncryption "
              "s3:PutBucketPublicAccessBlock")  # fmt: skip


def open_a_port(organization: Organization, at: datetime) -> None:
    caller = _developer(organization, at)
    group = "sg-0" + organization.cloud.ids.hexadecimal(16)
    caller("ec2:AuthorizeSecurityGroupIngress", groupId=group, fromPort=22, toPort=22, cidrIp="0.0.0.0/0")
    caller("ec2:CreateKeyPair", keyName="debug")
    run_instances(caller, "t3.small")


def protect_instances(organization: Organization, at: datetime) -> None:
    caller = _admin(organization, at, organization.account(1, 2))
    for _ in range(organization.rng.randint(1, 3)):
        instance = organization.cloud.ids.instance()
        caller("ec2:ModifyInstanceAttribute", instanceId=instance, disableApiTermination={"value": True})


def restore_backup(organization: Organization, at: datetime) -> None:
    """An administrator restores or copies many objects, and suspends versioning meanwhile."""
    caller = _admin(organization, at, organization.account(1))
    caller.pace = (0, 2)
    bucket = bucket_name("backups", str(caller.credential.account_id))
    caller("s3:PutBucketVersioning", bucketName=bucket, VersioningConfiguration={"Status": "Suspended"})
    for _ in range(organization.rng.randint(10, 60)):
        copy_object(caller, bucket, f"2026/export-{organization.rng.randrange(400):04d}.parquet")
    caller("rds:RestoreDBInstanceFromDBSnapshot", dBInstanceIdentifier="orders-restored")


# Reading, exploring, being denied


def read_secrets(organization: Organization, at: datetime) -> None:
    caller = _admin(organization, at, organization.account(1, 2))
    caller.all("secretsmanager:ListSecrets ssm:DescribeParameters")
    for _ in range(organization.rng.randint(1, 5)):
        call_and_forward(caller.cloud, caller.credential, caller.now(), caller.region, which=FORWARDS[0])


def export_data(organization: Organization, at: datetime) -> None:
    """An analyst downloads a folder of exports, sometimes in the evening from home."""
    member = organization.rng.choice(organization.team("analyst", "developer"))
    at += timedelta(hours=organization.rng.choice((0, 0, 6)))
    caller = _caller(organization, member, at, organization.account(1, 3))
    caller.pace = (0, 2)
    caller("s3:ListObjects")
    caller.all(["s3:GetObject"] * organization.rng.randint(20, 90))


def audit_by_hand(organization: Organization, at: datetime) -> None:
    """An administrator reads all of IAM with one tool in seconds."""
    caller = _admin(organization, at)
    caller.pace = (0, 1)
    caller.all("iam:GetAccountAuthorizationDetails iam:GenerateCredentialReport iam:GetCredentialReport iam:ListUsers "
              "iam:ListRoles iam:ListPolicies iam:ListAccessKeys iam:ListMFADevices organizations:ListAccounts "
              "ec2:DescribeRegions cloudtrail:DescribeTrails guardduty:ListDetectors s3:ListBuckets "
              "ec2:DescribeSecurityGroups kms:ListKeys", refused=0.08)  # fmt: skip


def denied_burst(organization: Organization, at: datetime) -> None:
    """A developer lacks a permission, and tries again and again; or a script does."""
    caller = _developer(organization, at)
    caller.pace = (0, 12)
    names = organization.rng.choice((
        ["iam:CreateRole", "lambda:CreateFunction20150331", "iam:AttachRolePolicy"],
        ["s3:ListBuckets", "s3:GetBucketPolicy", "kms:DescribeKey"],
        ["ec2:RunInstances", "ec2:CreateVpc", "ec2:DescribeImages"],
        ["secretsmanager:GetSecretValue", "secretsmanager:ListSecrets"],
    ))  # fmt: skip
    for _ in range(organization.rng.randint(3, 20)):
        caller(organization.rng.choice(names), denied=True)
    account_id = organization.account(1, 2, 3)
    sts.denied_assume_role(
        caller.cloud, caller.credential, organization.role(account_id, "admin"), caller.now(), caller.region
    )


def train_a_model(organization: Organization, at: datetime) -> None:
    """Large instances in a region that is rarely used, because it has capacity."""
    member = organization.rng.choice(organization.team("developer", "analyst"))
    account_id = organization.account(1, 2)
    region = organization.rng.choice((organization.home, FAR_REGIONS[4], "us-west-2"))
    caller, *later = (
        _caller(organization, member, at + timedelta(hours=hours), account_id).in_region(region) for hours in (0, 3, 11)
    )
    caller.all("servicequotas:GetServiceQuota ec2:DescribeInstanceTypes ec2:DescribeImages")
    size = organization.rng.choice(("g5.2xlarge", "p4d.24xlarge", "c6i.16xlarge"))
    caller("ec2:RunInstances", error="Client.InstanceLimitExceeded", instanceType=size)
    caller("servicequotas:RequestServiceQuotaIncrease", serviceCode="ec2", quotaCode="L-DB2E81BA", desiredValue=96)
    run_instances(later[0], size, organization.rng.randint(1, 2))
    later[1]("ec2:TerminateInstances")


def try_bedrock(organization: Organization, at: datetime) -> None:
    caller = _developer(organization, at).in_region(
        organization.rng.choice((organization.home, "us-east-1", "us-west-2"))
    )
    if organization.rng.random() < 0.5:
        caller("bedrock:GetModelInvocationLoggingConfiguration")
    caller.all("bedrock:ListFoundationModels bedrock:GetFoundationModelAvailability bedrock:PutUseCaseForModelAccess "
              "bedrock:CreateFoundationModelAgreement")  # fmt: skip
    for _ in range(organization.rng.randint(1, 9)):
        error = "ValidationException" if organization.rng.random() < 0.2 else ""
        caller("bedrock:InvokeModel", error=error, modelId="anthropic.claude-3-haiku-20240307-v1:0")


def set_up_mail(organization: Organization, at: datetime) -> None:
    caller = _developer(organization, at)
    caller.all("ses:GetAccount ses:GetSendQuota ses:ListIdentities ses:GetIdentityVerificationAttributes "
              "ses:CreateEmailIdentity ses:PutAccountDetails "
              "route53:ChangeResourceRecordSets ses:SendEmail")  # fmt: skip


def console_broker(organization: Organization, at: datetime) -> None:
    """A portal of the company gives people the console by GetFederationToken, with the key of its user."""
    cloud, rng = organization.cloud, organization.rng
    robot = organization.robots[2]
    key = user_key(robot, robot.key_ids[0])
    member = rng.choice(organization.members)
    token = sts.get_federation_token(cloud, key, robot, member.name, at, GLOBAL_REGION)
    place = organization.place(member, at, browser=True)
    session = signin.federated_console(cloud, token, at + timedelta(seconds=5), organization.home, place=place)
    Caller(cloud, rng, session, at + timedelta(seconds=30), organization.home).all(
        "ec2:DescribeInstances s3:ListBuckets cloudwatch:DescribeAlarms logs:DescribeLogGroups", refused=0.1
    )


def root_user(organization: Organization, at: datetime) -> None:
    """Root changes the account: a payment method, a support plan, or the recovery of a locked bucket."""
    if "root" not in organization.traits:
        return
    rng, account_id = organization.rng, organization.account()
    place = Place(
        rng.choice((organization.offices[0], organization.members[0].homes[0])), organization.members[0].browser
    )
    session = signin.root_login(organization.cloud, account_id, at, place=place)
    Caller(organization.cloud, rng, session, at + timedelta(minutes=1), GLOBAL_REGION).all(
        "iam:GetAccountSummary account:PutContactInformation support:DescribeSeverityLevels s3:DeleteBucketPolicy"
    )


def from_a_cafe(organization: Organization, at: datetime) -> None:
    """A person works an hour from a network and with a program that nobody has seen."""
    rng = organization.rng
    member = rng.choice(organization.members)
    guest = replace(member, homes=(address_of(rng), address_of(rng)), travels=range(0), at_home=1.0,
                    programs=(f"aws-sdk-go-v2/1.{rng.randint(20, 36)}.0 os/macos lang/go#1.22.5",) * 2)  # fmt: skip
    caller = _caller(organization, guest, at, organization.account())
    caller.all("sts:GetCallerIdentity s3:ListBuckets ec2:DescribeInstances logs:FilterLogEvents ecs:ListClusters")


def _spare_robot(organization: Organization, account_id: str, at: datetime, path: str = "/service-accounts/") -> User:
    """Return a service user from before the month, that has only this chore."""
    place = Place(address_of(organization.rng), organization.robots[0].place.agent)
    name = f"{organization.rng.choice(organization.words.robots)}-{organization.cloud.ids.hexadecimal(3)}"
    user = new_user(organization, account_id, name, place, path)
    key = Caller(
        organization.cloud,
        organization.rng,
        user_key(user, user.key_ids[0]),
        at - timedelta(hours=7),
        organization.home,
    )
    key.all("sts:GetCallerIdentity s3:ListBuckets")
    return user


CHORES: tuple[Chore, ...] = (
    onboard, rotate_key, offboard, own_key, new_phone, forgotten_password, guessed_passwords, reset_password,
    role_by_hand, trust_a_vendor, change_trail, clean_up, share_snapshot, configure_bucket, open_a_port,
    protect_instances, restore_backup, read_secrets, export_data, audit_by_hand, denied_burst, train_a_model,
    try_bedrock, set_up_mail, root_user, from_a_cafe,
)  # fmt: skip
