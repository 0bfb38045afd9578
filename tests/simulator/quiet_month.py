"""Quiet month: what the people and machines of an organization do in a month without an incident.

Machines and scanners run by the clock. People, deployments and functions fill the rest of a day's share of the events,
so that the size of a month is that of its seed. `month_machines.py` has the machines, `month_deployments.py` the
deployments, `month_chores.py` the rare work that looks like an intrusion.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from .cloud import Event
from .identities import Credential
from .month_chores import CHORES, Chore, console_broker
from .month_deployments import apply_by_hand, deploy
from .month_machines import Fleet, fleet_of, run_function, run_machines, run_pod, run_service
from .organization import DAYS, FAR_REGIONS, Organization

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


def play_quiet_month(organization: Organization, events: int) -> None:
    """Play a month with about so many recorded events."""
    fleet = fleet_of(organization)
    chores = _habits(organization.rng)
    weekdays = sum((organization.start + timedelta(days=day)).weekday() < 5 for day in range(DAYS))
    share = events / (weekdays + 0.35 * (DAYS - weekdays))
    counted = wanted = 0.0
    first = 0
    for number in range(DAYS):
        day = organization.start + timedelta(days=number)
        weekend = day.weekday() >= 5
        run_machines(fleet, day)
        if "broker" in organization.traits and number % 3 == 0:
            console_broker(organization, _working_hour(organization, day))
        for chore in _of_today(organization.rng, chores, weekend):
            chore(organization, _working_hour(organization, day))
        wanted += share * (0.35 if weekend else 1)
        while counted < wanted:
            _everyday(fleet, day, weekend)
            counted += sum(is_recorded(organization, event) for event in organization.cloud.events[first:])
            first = len(organization.cloud.events)


def is_recorded(organization: Organization, event: Event) -> bool:
    data = not event.record["managementEvent"]
    return organization.cloud.records(event) and ("data events" in organization.traits or not data)


def _habits(rng: Random) -> dict[Chore, float]:
    """Return the chores of this organization with their weights; it never does about a third of them."""
    return {chore: rng.expovariate(1.0) for chore in (*CHORES, apply_by_hand) if rng.random() < 0.65}


def _of_today(rng: Random, chores: dict[Chore, float], weekend: bool) -> list[Chore]:
    if weekend and rng.random() < 0.8:
        return []
    return rng.choices(list(chores), list(chores.values()), k=rng.choice((0, 1, 1, 2)))


def _working_hour(organization: Organization, day: datetime) -> datetime:
    """Return a time of the working day, now and then of the evening or the night."""
    rng = organization.rng
    if rng.random() < 0.08:
        return day + timedelta(seconds=rng.randrange(86400))
    return organization.office_time(day, 7) + timedelta(seconds=rng.randrange(11 * 3600))


def _everyday(fleet: Fleet, day: datetime, weekend: bool) -> None:
    weights = fleet.weights | ({"person": 0.6, "deploy": 0.3} if weekend else {})
    name = fleet.rng.choices(list(weights), list(weights.values()))[0]
    plays: dict[str, Callable[[Fleet, datetime], None]] = {
        "person": _person, "deploy": deploy, "function": run_function, "service": run_service, "pod": run_pod,
    }  # fmt: skip
    machine = name in ("function", "service", "pod")
    at = day + timedelta(seconds=fleet.rng.randrange(86000)) if machine else _working_hour(fleet.organization, day)
    plays[name](fleet, at)


# People


def _person(fleet: Fleet, at: datetime) -> None:
    organization, rng = fleet.organization, fleet.rng
    member = rng.choice(organization.members)
    console = rng.random() < 0.35
    session = organization.session(member, at, organization.account(), console=console)
    fleet.work(session, at + timedelta(seconds=50), rng.randint(4, 18), TEAM_CALLS[member.team], refused=0.03)
    if rng.random() < 0.12:
        _try_something_new(fleet, session, at + timedelta(minutes=20))


def _try_something_new(fleet: Fleet, session: Credential, at: datetime) -> None:
    """Look at a service or a region that the person never used, and be denied sometimes."""
    rng = fleet.rng
    news = (
        "sagemaker:ListNotebookInstances", "bedrock:ListFoundationModels", "ec2:DescribeInstanceTypes",
        "route53:ListHostedZones", "elasticache:DescribeCacheClusters", "servicequotas:ListServiceQuotas",
        "ses:ListIdentities", "ses:GetSendQuota", "support:DescribeTrustedAdvisorChecks", "states:ListStateMachines",
        "organizations:DescribeOrganization", "rds:DescribeDBSnapshots", "iam:ListAccessKeys", "kms:ListKeys",
        "secretsmanager:ListSecrets", "account:GetContactInformation", "batch:DescribeJobQueues",
        "iam:SimulatePrincipalPolicy",
    )  # fmt: skip
    region = rng.choice((fleet.organization.home, fleet.organization.home, rng.choice(FAR_REGIONS)))
    fleet.caller(session, at, region).all(rng.sample(news, rng.randint(1, 4)), refused=0.25)
