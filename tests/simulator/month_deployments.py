"""Month deployments: workflows that release, and Terraform or CloudFormation that creates and deletes resources."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from . import iam, sts, workloads
from .identities import Credential, forwarded, user_key
from .month_calls import Caller
from .month_machines import Fleet
from .organization import Organization, address_of, terraform
from .principals import Place

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


def deploy(fleet: Fleet, at: datetime) -> None:
    """A workflow that releases, or plans and applies; each runner has an address of its own."""
    organization, rng = fleet.organization, fleet.rng
    infrastructure = organization.words.repositories[1]
    repository = rng.choice((*organization.words.repositories, infrastructure, infrastructure))
    account_id = organization.account(1, 2, 3)
    applies = rng.random() < 0.4
    reviewed = applies or repository != infrastructure or rng.random() < 0.5
    session = workflow(organization, repository, account_id, at, reviewed=reviewed)
    at += timedelta(seconds=20)
    if repository != infrastructure:
        fleet.work(session, at, rng.randint(3, 8), RELEASE_CALLS)
        return
    tool = Place(session.place.address, fleet.programs[(at - organization.start).days >= fleet.upgrades])
    fleet.work(session.at(tool), at, rng.randint(6, 14), PLAN_CALLS, refused=0.02)
    if applies:
        _apply(organization, fleet.caller(session.at(tool), at + timedelta(minutes=3)))


def apply_by_hand(organization: Organization, at: datetime) -> None:
    """An administrator or developer runs Terraform on a laptop."""
    member = organization.rng.choice(organization.team("admin", "developer"))
    session = organization.session(member, at, organization.account())
    tool = Place(session.place.address, terraform(Random(member.name)))
    caller = Caller(
        organization.cloud, organization.rng, session.at(tool), at + timedelta(minutes=1), organization.home
    )
    caller.all(organization.rng.sample(PLAN_CALLS.split(), 6), refused=0.05)
    _apply(organization, caller)


def workflow(
    organization: Organization, repository: str, account_id: str, at: datetime, *, reviewed: bool
) -> Credential:
    """Return the session of a run: by OpenID Connect, or by the key of a robot that assumes a role.

    `reviewed`: a run of the main branch, not of a pull request.
    """
    runner = Place(address_of(organization.rng), ACTION)
    role = organization.role(account_id, f"ci-{repository.split('/')[1]}")
    if "key in CI" in organization.traits:
        key = user_key(organization.robots[0], organization.robots[0].key_ids[0]).at(runner)
        return sts.assume_role(organization.cloud, key, role, "GitHubActions", at, organization.home)
    main = organization.rng.choice(("ref:refs/heads/main", "ref:refs/heads/main", "environment:production"))
    branch = main if reviewed else "pull_request"
    subject = f"repo:{repository}:{branch}"
    return sts.assume_role_with_web_identity(
        organization.cloud, role, subject, "GitHubActions", at, organization.home, place=runner
    )


def _apply(organization: Organization, caller: Caller) -> None:
    """Create and delete resources, directly or by CloudFormation with the session's identity."""
    session = caller.credential
    if "cloudformation" in organization.traits:
        caller("cloudformation:CreateChangeSet", stackName="platform", capabilities=["CAPABILITY_NAMED_IAM"])
        caller("cloudformation:ExecuteChangeSet", stackName="platform")
        key_id = caller.cloud.ids.key(str(session.account_id))
        caller = caller.with_credential(forwarded(session, key_id, caller.at, "cloudformation.amazonaws.com"))
    steps = ("role", "policy", "function", "bucket", "delete", "user", "trust", "network", "service")
    for step in caller.rng.sample(steps, caller.rng.randint(1, 4)):
        _create(organization, caller, step)


def _create(organization: Organization, caller: Caller, step: str) -> None:
    cloud, by, account_id = caller.cloud, caller.credential, str(caller.credential.account_id)
    name = f"{caller.rng.choice(('orders', 'reports', 'gateway', 'worker'))}-{cloud.ids.hexadecimal(4)}"
    worker = organization.role(account_id, "worker")
    match step:
        case "role":
            role = iam.create_role(cloud, by, account_id, name, caller.now(), demands_source_identity=False)
            iam.put_policy(cloud, by, role, "access", iam.ALLOW_ALL, caller.now())
        case "policy":
            arn = iam.create_policy(cloud, by, name, iam.ALLOW_ALL, caller.now())
            iam.attach_policy(cloud, by, worker, arn, caller.now())
        case "function":
            workloads.create_function(cloud, by, worker, name, caller.now(), caller.region)
        case "bucket":
            caller.all("s3:CreateBucket s3:PutBucketPolicy s3:PutBucketVersioning s3:PutBucketLifecycle")
        case "delete":
            caller.all("iam:DeleteRolePolicy iam:DeleteRole logs:DeleteLogGroup s3:DeleteBucket")
        case "user" if caller.rng.random() < 0.3:
            user = iam.create_user(cloud, by, account_id, f"smtp-{name}", caller.now(), by.place)
            iam.create_access_key(cloud, by, user, caller.now())
        case "trust":
            trusted = f"arn:aws:iam::{organization.account(0)}:root"
            iam.update_assume_role_policy(cloud, by, worker, trusted, caller.now())
        case "service":
            caller.all("iam:CreateServiceLinkedRole ecs:CreateCluster ecs:CreateService")
        case _:
            caller("ec2:CreateSecurityGroup", groupName=name, groupDescription="managed by code")
            caller("ec2:AuthorizeSecurityGroupIngress", groupId="sg-0" + cloud.ids.hexadecimal(16), cidrIp="0.0.0.0/0")
