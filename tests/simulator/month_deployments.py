"""Month deployments: workflows that release, and Terraform or CloudFormation that creates and deletes resources."""

from __future__ import annotations

from datetime import datetime, timedelta

from . import iam, sts, workloads
from .identities import Credential, forwarded, user_key
from .month_calls import Hands
from .month_machines import Life
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


def deploy(life: Life, at: datetime) -> None:
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
        _apply(organization, life.hands(session.at(tool), at + timedelta(minutes=3)))


def apply_by_hand(organization: Organization, at: datetime) -> None:
    """An administrator or developer runs Terraform on a laptop."""
    member = organization.rng.choice(organization.team("admin", "developer"))
    session = organization.session(member, at, organization.account())
    tool = Place(session.place.address, terraform(organization.rng))
    hands = Hands(organization.cloud, organization.rng, session.at(tool), at + timedelta(minutes=1), organization.home)
    hands.all(organization.rng.sample(PLAN_CALLS.split(), 6), refused=0.05)
    _apply(organization, hands)


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


def _apply(organization: Organization, hands: Hands) -> None:
    """Create and delete resources, directly or by CloudFormation with the session's identity."""
    session = hands.credential
    if "cloudformation" in organization.traits:
        hands("cloudformation:CreateChangeSet", stackName="platform", capabilities=["CAPABILITY_NAMED_IAM"])
        hands("cloudformation:ExecuteChangeSet", stackName="platform")
        key_id = hands.cloud.ids.key(str(session.account_id))
        hands = hands.with_(forwarded(session, key_id, hands.at, "cloudformation.amazonaws.com"))
    steps = ("role", "policy", "function", "bucket", "delete", "user", "trust", "network", "service")
    for step in hands.rng.sample(steps, hands.rng.randint(1, 4)):
        _create(organization, hands, step)


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
