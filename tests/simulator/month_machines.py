"""Month machines: the workloads, robots and scanners of a simulated month, which run by the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from . import sts
from .cloud import GLOBAL_REGION
from .identities import Credential, role_session, user_key
from .month_calls import Caller
from .organization import DAYS, FAR_REGIONS, Organization, address_of, library, terraform
from .principals import UNKNOWN, Place, User
from .services import FORWARDS, call_and_forward, service_call, service_happening

MACHINE_CALLS = """
    s3:GetObject s3:PutObject s3:DeleteObject dynamodb:DescribeTable logs:CreateLogStream ssm:GetParameter
    sqs:GetQueueUrl
"""
AUDIT_CALLS = """
    ec2:DescribeKeyPairs iam:ListGroupsForUser iam:ListUserPolicies iam:GetAccountPasswordPolicy iam:ListUsers
    iam:ListRoles iam:ListAccessKeys iam:ListMFADevices iam:GetAccountSummary iam:ListPolicies
    iam:GetCredentialReport iam:GenerateCredentialReport iam:ListAttachedUserPolicies s3:ListBuckets
    s3:GetBucketPolicy s3:GetBucketAcl s3:GetBucketVersioning s3:GetPublicAccessBlock ec2:DescribeInstances
    ec2:DescribeSecurityGroups ec2:DescribeSnapshots ec2:DescribeImages ec2:DescribeVolumes ec2:DescribeRegions
    cloudtrail:DescribeTrails cloudtrail:GetTrailStatus cloudtrail:GetEventSelectors guardduty:ListDetectors
    config:DescribeConfigurationRecorders kms:ListKeys kms:GetKeyRotationStatus lambda:ListFunctions20150331
    lambda:GetPolicy20150331v2 rds:DescribeDBInstances rds:DescribeDBSnapshots secretsmanager:ListSecrets
    securityhub:DescribeHub sns:ListTopics sqs:ListQueues ecr:DescribeRepositories eks:ListClusters
"""
LAMBDA = "Boto3/1.34.145 Botocore/1.34.145 exec-env/AWS_Lambda_python3.12"


@dataclass(slots=True)
class Fleet:
    """An organization at work, with the machines and scanners that it has."""

    organization: Organization
    instances: tuple[tuple[str, str, Place], ...]
    """(account, instance, place)"""
    functions: tuple[tuple[str, str], ...]
    """(account, function)"""
    gateway: str
    weights: dict[str, float]
    programs: tuple[str, str, str]
    """Terraform before and after its upgrade; the auditor."""
    upgrades: int

    @property
    def rng(self) -> Random:
        return self.organization.rng

    def caller(self, credential: Credential, at: datetime, region: str = "") -> Caller:
        return Caller(self.organization.cloud, self.rng, credential, at, region or self.organization.home)

    def work(self, credential: Credential, at: datetime, count: int, names: str, *, refused: float = 0.0) -> None:
        """Log ordinary calls, some denied; now and then a service calls another one for the caller."""
        regions = self.organization.stage.regions
        region = self.organization.home if self.rng.random() < 0.85 else self.rng.choice(regions)
        caller = self.caller(credential, at, region)
        for name in self.rng.choices(names.split(), k=count):
            caller.pace = self.rng.choice(((0, 2), (1, 9), (10, 95)))
            if self.rng.random() < 0.03:
                call_and_forward(caller.cloud, credential, caller.now(), region, which=self.rng.choice(FORWARDS[:2]))
            else:
                caller(name, denied=self.rng.random() < refused)


def fleet_of(organization: Organization) -> Fleet:
    rng, cloud = organization.rng, organization.cloud
    gateway = address_of(rng)
    instances = []
    for _ in range(rng.randint(1, 3)):
        address = gateway if "nat" in organization.traits else f"10.0.{rng.randrange(4)}.{rng.randrange(4, 250)}"
        instances.append((organization.account(1, 2), cloud.ids.instance(), Place(address, library(rng))))
    functions = [
        (organization.account(1, 2), name) for name in rng.sample(organization.words.functions, rng.randint(3, 12))
    ]
    weights = {"person": 6, "deploy": 3, "function": 3, "service": 1.5, "pod": 2.0 * ("eks" in organization.traits)}
    weights |= {name: weight * rng.uniform(0.4, 1.6) for name, weight in weights.items()}
    programs = (terraform(rng), terraform(rng), library(rng) + " APN_1826889")
    return Fleet(
        organization, tuple(instances), tuple(functions), gateway, weights, programs, upgrades=rng.randrange(2 * DAYS)
    )


def run_machines(fleet: Fleet, day: datetime) -> None:
    organization, rng = fleet.organization, fleet.rng
    for account_id, instance, place in fleet.instances:
        for hour in (1, 7, 13, 19):
            at = day + timedelta(hours=hour, minutes=rng.randrange(5, 30))
            role = organization.role(account_id, "web-server")
            key = sts.assume_role_by_service(organization.cloud, "ec2.amazonaws.com", role, instance, at,
                                             organization.home, place=place)  # fmt: skip
            fleet.work(key, at + timedelta(minutes=20), rng.randint(1, 4), MACHINE_CALLS)
    _config(fleet, day)
    _services(fleet, day)
    if "autoscaling" in organization.traits:
        _scale(fleet, day)
    if "backup" in organization.traits:
        _backup(fleet, day + timedelta(hours=2, minutes=rng.randrange(30)))
    if "cspm" in organization.traits and day.day % 3 == 0:
        _posture_service(fleet, day + timedelta(hours=4))
    if "prowler" in organization.traits and day.weekday() == 6:
        _prowler(fleet, day + timedelta(hours=3))
    for name in ("bedrock", "ses"):
        if name in organization.traits:
            _application(fleet, name, day + timedelta(hours=rng.randrange(7, 18)))
    _robot(fleet, organization.robots[2], day + timedelta(hours=rng.randrange(24)))
    if "consultant" in organization.traits and day.weekday() in (1, 3):
        _robot(fleet, organization.robots[3], day + timedelta(hours=10), """
    sts:GetCallerIdentity ec2:DescribeInstances s3:ListBuckets s3:GetObject rds:DescribeDBInstances
""")  # fmt: skip


def run_function(fleet: Fleet, at: datetime) -> None:
    """A function outside a VPC calls from addresses of AWS that change with each environment."""
    account_id, name = fleet.rng.choice(fleet.functions)
    place = Place(address_of(fleet.rng), LAMBDA)
    role = fleet.organization.role(account_id, "functions")
    session = sts.assume_role_by_service(fleet.organization.cloud, "lambda.amazonaws.com", role, name, at,
                                         fleet.organization.home, place=place)  # fmt: skip
    fleet.work(session, at + timedelta(seconds=1), fleet.rng.randint(2, 6), MACHINE_CALLS)
    if "misconfigured" in fleet.organization.traits and name == fleet.functions[0][1]:
        fleet.caller(session, at + timedelta(seconds=4))("logs:PutRetentionPolicy", denied=True)


def run_pod(fleet: Fleet, at: datetime) -> None:
    organization, account_id = fleet.organization, fleet.organization.account(1)
    session = sts.assume_role_with_web_identity(
        organization.cloud,
        organization.role(account_id, "pods"),
        "system:serviceaccount:checkout:payments",
        f"botocore-session-{fleet.rng.randrange(10**9, 10**10)}",
        at,
        organization.home,
        place=Place(fleet.gateway, fleet.instances[0][2].agent),
        host=f"oidc.eks.{organization.home}.amazonaws.com/id/{int(account_id):032X}",
    )
    fleet.work(session, at + timedelta(seconds=2), fleet.rng.randint(2, 6), MACHINE_CALLS)


def run_service(fleet: Fleet, at: datetime) -> None:
    play = fleet.rng.choice((service_call, service_happening))
    play(
        fleet.organization.cloud,
        fleet.organization.account(),
        at,
        fleet.rng.choice(fleet.organization.stage.regions),
    )


def _scale(fleet: Fleet, day: datetime) -> None:
    """Instances of the day, each with a name and an address of its own."""
    organization, rng = fleet.organization, fleet.rng
    role, program = organization.role(organization.account(1), "worker"), fleet.instances[0][2].agent
    for _ in range(rng.randint(0, 3)):
        place = Place(f"10.0.{rng.randrange(4)}.{rng.randrange(4, 250)}", program)
        at, name = day + timedelta(seconds=rng.randrange(80000)), organization.cloud.ids.instance()
        key = sts.assume_role_by_service(
            organization.cloud, "ec2.amazonaws.com", role, name, at, organization.home, place=place
        )
        fleet.work(key, at + timedelta(minutes=2), rng.randint(2, 4), MACHINE_CALLS)


def _services(fleet: Fleet, day: datetime) -> None:
    """Products with a user's key: each makes its few calls, from its own network or from a cloud's many addresses."""
    for number, user in enumerate(fleet.organization.services):
        if fleet.rng.random() < 0.45:
            own = Random(user.name)
            place = Place(address_of(fleet.rng), user.place.agent) if number % 4 == 0 else user.place
            calls = own.sample((MACHINE_CALLS + AUDIT_CALLS).split(), 3)
            caller = fleet.caller(user_key(user, user.key_ids[0]).at(place), day + timedelta(hours=own.randrange(24)))
            caller.all(fleet.rng.choices(calls, k=fleet.rng.randint(1, 4)))


def _config(fleet: Fleet, day: datetime) -> None:
    """AWS Config records changes with its service-linked role."""
    principal, account_id = "config.amazonaws.com", fleet.organization.account()
    role = fleet.organization.role(account_id, "AWSServiceRoleForConfig", f"/aws-service-role/{principal}/")
    at = day + timedelta(hours=fleet.rng.randrange(24))
    session = sts.assume_role_by_service(
        fleet.organization.cloud, principal, role, "AWSConfig-Describe", at, fleet.organization.home,
        place=Place(principal, principal), linked=True,
    )  # fmt: skip
    fleet.work(session, at, fleet.rng.randint(3, 8), AUDIT_CALLS)


def _backup(fleet: Fleet, at: datetime) -> None:
    """A robot outside AWS copies objects at night: it reads many."""
    robot = fleet.organization.robots[1]
    caller = fleet.caller(user_key(robot, robot.key_ids[0]), at)
    caller("s3:ListBuckets")
    caller.all(["s3:GetObject"] * fleet.rng.randint(2, 14))
    caller.all("ec2:DescribeSnapshots ec2:CreateSnapshot")


def _robot(
    fleet: Fleet, robot: User, at: datetime, names: str = "cloudwatch:GetMetricData cloudwatch:ListMetrics"
) -> None:
    addresses = [robot.place.address, robot.place.address.rsplit(".", 1)[0] + ".77"]
    key = user_key(robot, robot.key_ids[0]).at(Place(fleet.rng.choice(addresses), robot.place.agent))
    fleet.caller(key, at).all(names)


def _posture_service(fleet: Fleet, at: datetime) -> None:
    """A vendor's scanner assumes a role from its own account, whose logs are not loaded."""
    organization, cloud = fleet.organization, fleet.organization.cloud
    vendor = f"{int(organization.account(0)) * 7919 % 10**12:012d}"
    cloud.unloaded.add(vendor)
    place = Place(organization.robots[2].place.address[:-1] + "9", "aws-sdk-go-v2/1.30.3 os/linux lang/go#1.22.5")
    created = at - timedelta(minutes=5)
    own_role = organization.role(vendor, "scanner")
    scanner = role_session(own_role, "cspm", cloud.ids.key(vendor), created, actor=UNKNOWN, place=place)
    role = organization.role(organization.account(), "cspm-read-only")
    session = sts.assume_role(cloud, scanner, role, "cspm-scan", at, GLOBAL_REGION, external_id="c7d1")
    fleet.work(session, at + timedelta(seconds=5), fleet.rng.randint(15, 35), AUDIT_CALLS, refused=0.05)


def _prowler(fleet: Fleet, at: datetime) -> None:
    """The weekly audit: hundreds of calls that enumerate each account in all its regions."""
    organization, cloud, home = fleet.organization, fleet.organization.cloud, fleet.organization.home
    place = Place(fleet.gateway, fleet.programs[2])
    role, name = organization.role(organization.account(0), "audit"), cloud.ids.hexadecimal(32)
    task = sts.assume_role_by_service(cloud, "ecs-tasks.amazonaws.com", role, name, at, home, place=place)
    for account_id in organization.accounts.values():
        at += timedelta(minutes=4)
        session = sts.assume_role(cloud, task, organization.role(account_id, "prowler-scan"), "ProwlerScan", at, home)
        for region in (*organization.stage.regions, *FAR_REGIONS[:2]):
            fleet.caller(session, at, region).all(fleet.rng.sample(AUDIT_CALLS.split(), 8), refused=0.06)
            at += timedelta(minutes=1)


def _application(fleet: Fleet, name: str, at: datetime) -> None:
    """An application that calls models, or sends mail, every day with its own role."""
    organization = fleet.organization
    role = organization.role(organization.account(1), f"{name}-app")
    place = Place(fleet.gateway, library(Random(name)))
    session = sts.assume_role_by_service(organization.cloud, "lambda.amazonaws.com", role, f"{name}-app", at,
                                         organization.home, place=place)  # fmt: skip
    caller = fleet.caller(session, at + timedelta(seconds=2))
    if name == "bedrock":
        model = "anthropic.claude-3-5-sonnet-20240620-v1:0"
        for _ in range(fleet.rng.randint(2, 8)):
            caller("bedrock:InvokeModel", modelId=model)
    else:
        caller.all("ses:GetSendQuota ses:SendEmail ses:SendEmail ses:SendEmail ses:GetSendStatistics")
