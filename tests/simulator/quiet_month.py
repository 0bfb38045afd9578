"""Quiet month: what the people and machines of an organization do in a month without an incident.

Machines and scanners run by the clock. People, deployments and functions fill the rest of a day's share of the events,
so that the size of a month is that of its seed. `month_machines.py` has the machines, `month_chores.py` the rare work
that looks like an intrusion.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from . import iam, sts, workloads
from .cloud import Event
from .identities import Credential, forwarded, user_key
from .month_calls import Hands
from .month_chores import CHORES, Chore
from .month_machines import Life, life_of, run_function, run_machines, run_pod, run_service
from .organization import DAYS, FAR_REGIONS, Member, Organization, address_of
from .principals import Place

TEAM_CALLS = {
    "admin": """
    iam:ListUsers iam:GetUser s3:GetBucketLocation iam:ListRoles iam:GetRole iam:ListAttachedRolePolicies
    iam:GetAccountSummary ec2:DescribeInstances ec2:DescribeSecurityGroups cloudtrail:LookupEvents
    cloudtrail:DescribeTrails kms:ListAliases organizations:ListAccounts s3:ListBuckets s3:GetBucketPolicy
    config:DescribeConfigRules ssm:GetParameter cloudwatch:DescribeAlarms ec2:DescribeVpcs
""",
    "developer": """
    s3:GetBucketLocation logs:DescribeLogGroups logs:FilterLogEvents lambda:ListFunctions20150331
    lambda:GetFunction20150331v2 lambda:UpdateFunctionCode20150331v2 cloudformation:DescribeStacks
    dynamodb:DescribeTable dynamodb:ListTables ec2:DescribeInstances ecs:DescribeServices ecs:ListTasks
    s3:ListBuckets s3:GetObject s3:PutObject sts:GetCallerIdentity ssm:GetParameter sqs:ListQueues
    cloudwatch:GetMetricData ecr:DescribeRepositories
""",
    "analyst": """
    athena:StartQueryExecution athena:GetQueryResults athena:GetQueryExecution glue:GetTables glue:GetDatabases
    s3:GetObject s3:ListObjects s3:ListBuckets redshift:DescribeClusters quicksight:ListDashboards
""",
    "finance": """
    ce:GetCostAndUsage ce:GetCostForecast budgets:DescribeBudgets organizations:ListAccounts ce:GetDimensionValues
    account:GetAccountInformation
""",
}
PLAN_CALLS = """
    sts:GetCallerIdentity iam:GetRole iam:ListRolePolicies iam:ListAttachedRolePolicies iam:GetPolicy
    ec2:DescribeVpcs ec2:DescribeSecurityGroups s3:GetBucketPolicy s3:GetBucketVersioning s3:GetBucketAcl
    lambda:GetFunction20150331v2 kms:DescribeKey dynamodb:DescribeTable ecs:DescribeClusters ec2:DescribeSubnets
    logs:DescribeLogGroups
"""
RELEASE_CALLS = """
    ecr:GetAuthorizationToken ecr:BatchCheckLayerAvailability ecr:PutImage ecs:RegisterTaskDefinition
    lambda:GetFunctionConfiguration20150331v2 ecs:UpdateService lambda:UpdateFunctionCode20150331v2 s3:PutObject
    cloudfront:CreateInvalidation ecs:DescribeServices
"""
ACTION = "aws-sdk-js/3.637.0 configure-aws-credentials-for-github-actions"


def live(organization: Organization, events: int) -> None:
    """Play a month with about so many recorded events."""
    life = life_of(organization)
    chores = _habits(organization.rng)
    weekdays = sum((organization.start + timedelta(days=day)).weekday() < 5 for day in range(DAYS))
    share = events / (weekdays + 0.35 * (DAYS - weekdays))
    counted = wanted = 0.0
    first = 0
    for number in range(DAYS):
        day = organization.start + timedelta(days=number)
        weekend = day.weekday() >= 5
        run_machines(life, day)
        for chore in _of_today(organization.rng, chores, weekend):
            chore(organization, _working_hour(organization.rng, day))
        wanted += share * (0.35 if weekend else 1)
        while counted < wanted:
            _everyday(life, day, weekend)
            counted += sum(is_recorded(organization, event) for event in organization.cloud.events[first:])
            first = len(organization.cloud.events)


def is_recorded(organization: Organization, event: Event) -> bool:
    data = not event.record["managementEvent"]
    return organization.cloud.records(event) and ("data events" in organization.traits or not data)


def _habits(rng: Random) -> dict[Chore, float]:
    """Return the chores of this organization with their weights; it never does about a third of them."""
    return {chore: rng.expovariate(1.0) for chore in CHORES if rng.random() < 0.65}


def _of_today(rng: Random, chores: dict[Chore, float], weekend: bool) -> list[Chore]:
    if weekend and rng.random() < 0.8:
        return []
    return rng.choices(list(chores), list(chores.values()), k=rng.choice((0, 1, 1, 2)))


def _working_hour(rng: Random, day: datetime) -> datetime:
    """Return a time of the working day, now and then of the evening or the night."""
    if rng.random() < 0.08:
        return day + timedelta(seconds=rng.randrange(86400))
    return day + timedelta(hours=7, seconds=rng.randrange(11 * 3600))


def _everyday(life: Life, day: datetime, weekend: bool) -> None:
    weights = life.weights | ({"person": 0.6, "deploy": 0.3} if weekend else {})
    name = life.rng.choices(list(weights), list(weights.values()))[0]
    plays: dict[str, Callable[[Life, datetime], None]] = {
        "person": _person, "deploy": _deploy, "function": run_function, "service": run_service, "pod": run_pod,
    }  # fmt: skip
    machine = name in ("function", "service", "pod")
    at = day + timedelta(seconds=life.rng.randrange(86000)) if machine else _working_hour(life.rng, day)
    plays[name](life, at)


# People


def _person(life: Life, at: datetime) -> None:
    organization, rng = life.organization, life.rng
    member = rng.choice(organization.members)
    console = rng.random() < 0.35
    session = organization.session(member, at, organization.account(), console=console)
    life.work(session, at + timedelta(seconds=50), rng.randint(4, 18), TEAM_CALLS[member.team], refused=0.03)
    if rng.random() < 0.12:
        _try_something_new(life, member, session, at + timedelta(minutes=20))


def _try_something_new(life: Life, member: Member, session: Credential, at: datetime) -> None:
    """Look at a service or a region that the person never used, and be denied sometimes."""
    rng = life.rng
    news = (
        "sagemaker:ListNotebookInstances", "bedrock:ListFoundationModels", "ec2:DescribeInstanceTypes",
        "route53:ListHostedZones", "elasticache:DescribeCacheClusters", "servicequotas:ListServiceQuotas",
        "ses:ListIdentities", "ses:GetSendQuota", "support:DescribeTrustedAdvisorChecks", "states:ListStateMachines",
        "organizations:DescribeOrganization", "rds:DescribeDBSnapshots", "iam:ListAccessKeys", "kms:ListKeys",
        "secretsmanager:ListSecrets", "account:GetContactInformation", "batch:DescribeJobQueues",
        "iam:SimulatePrincipalPolicy",
    )  # fmt: skip
    region = rng.choice((life.organization.home, life.organization.home, rng.choice(FAR_REGIONS)))
    life.hands(session, at, region).all(rng.sample(news, rng.randint(1, 4)), refused=0.25)


# Deployments


def _deploy(life: Life, at: datetime) -> None:
    """A workflow that releases, or plans and applies; each runner has an address of its own."""
    organization, rng = life.organization, life.rng
    repository = rng.choice(organization.words.repositories)
    account_id = organization.account(1, 2, 3)
    session = workflow(organization, repository, account_id, at)
    at += timedelta(seconds=20)
    if repository != organization.words.repositories[1]:
        life.work(session, at, rng.randint(3, 8), RELEASE_CALLS)
        return
    tool = Place(session.place.address, life.programs[(at - organization.start).days >= life.upgrades])
    life.work(session.at(tool), at, rng.randint(6, 14), PLAN_CALLS, refused=0.02)
    if rng.random() < 0.4:
        _apply(life, session.at(tool), at + timedelta(minutes=3))


def workflow(organization: Organization, repository: str, account_id: str, at: datetime) -> Credential:
    """Return the session of a run: by OpenID Connect, or by the key of a robot that assumes a role."""
    runner = Place(address_of(organization.rng), ACTION)
    role = organization.role(account_id, f"ci-{repository.split('/')[1]}")
    if "key in CI" in organization.traits:
        key = user_key(organization.robots[0], organization.robots[0].key_ids[0]).at(runner)
        return sts.assume_role(organization.cloud, key, role, "GitHubActions", at, organization.home)
    branch = organization.rng.choice(("ref:refs/heads/main", "ref:refs/heads/main", "environment:production"))
    subject = f"repo:{repository}:{branch}"
    return sts.assume_role_with_web_identity(
        organization.cloud, role, subject, "GitHubActions", at, organization.home, place=runner
    )


def _apply(life: Life, session: Credential, at: datetime) -> None:
    """Create and delete resources, directly or by CloudFormation with the session's identity."""
    hands = life.hands(session, at)
    if "cloudformation" in life.organization.traits:
        hands("cloudformation:CreateChangeSet", stackName="platform", capabilities=["CAPABILITY_NAMED_IAM"])
        hands("cloudformation:ExecuteChangeSet", stackName="platform")
        key_id = hands.cloud.ids.key(str(session.account_id))
        hands = hands.with_(forwarded(session, key_id, hands.at, "cloudformation.amazonaws.com"))
    steps = ("role", "policy", "function", "bucket", "delete", "user", "trust", "network", "service")
    for step in life.rng.sample(steps, life.rng.randint(1, 4)):
        _create(life.organization, hands, step)


def _create(organization: Organization, hands: Hands, step: str) -> None:
    cloud, by, account_id = hands.cloud, hands.credential, str(hands.credential.account_id)
    name = f"{hands.rng.choice(('orders', 'reports', 'gateway', 'worker'))}-{cloud.ids.hexadecimal(4)}"
    worker = organization.role(account_id, "worker")
    match step:
        case "role":
            role = iam.create_role(cloud, by, account_id, name, hands.now(), demands_source_identity=False)
            iam.put_policy(cloud, by, role, "access", iam.ALLOW_ALL, hands.now())
        case "policy":
            arn = iam.create_policy(cloud, by, name, iam.ALLOW_ALL, hands.now())
            iam.attach_policy(cloud, by, worker, arn, hands.now())
        case "function":
            workloads.create_function(cloud, by, worker, name, hands.now(), hands.region)
        case "bucket":
            hands.all("s3:CreateBucket s3:PutBucketPolicy s3:PutBucketVersioning s3:PutBucketLifecycle")
        case "delete":
            hands.all("iam:DeleteRolePolicy iam:DeleteRole logs:DeleteLogGroup s3:DeleteBucket")
        case "user" if hands.rng.random() < 0.3:
            user = iam.create_user(cloud, by, account_id, f"smtp-{name}", hands.now(), by.place)
            iam.create_access_key(cloud, by, user, hands.now())
        case "trust":
            trusted = f"arn:aws:iam::{organization.account(0)}:root"
            iam.update_assume_role_policy(cloud, by, worker, trusted, hands.now())
        case "service":
            hands.all("iam:CreateServiceLinkedRole ecs:CreateCluster ecs:CreateService")
        case _:
            hands("ec2:CreateSecurityGroup", groupName=name, groupDescription="managed by code")
            hands("ec2:AuthorizeSecurityGroupIngress", groupId="sg-0" + cloud.ids.hexadecimal(16), cidrIp="0.0.0.0/0")
