"""Workload issuers: the issuers of credentials for workloads, devices and users of an app, one activity each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from . import sts, workloads
from .cloud import Api, Parts
from .identities import Credential, anonymous, ec2_infrastructure
from .principals import Actor, Place
from .services import CALLS, FUNCTIONS, SUBNETS, call
from .stage import AGENTS, STRANGER, Activity, Stage, hops, work

CLUSTERS = ("shop", "batch")
SERVICE_ACCOUNTS = (("checkout", "payments"), ("checkout", "cart"), ("reports", "nightly"), ("kube-system", "dns"))
GOOGLE_APP = "32555940559.apps.googleusercontent.com"
SSM_AGENT = "aws-sdk-go/1.41.4 (go1.18.3; linux; amd64) amazon-ssm-agent/"


def kubernetes(stage: Stage, at: datetime) -> None:
    """A pod with its service account and the cluster's identity provider (IRSA)."""
    account, region = stage.account(), stage.region()
    namespace, service_account = stage.rng.choice(SERVICE_ACCOUNTS)
    host = stage.once(
        f"oidc {account.id}", lambda: f"oidc.eks.{region}.amazonaws.com/id/{stage.cloud.ids.hexadecimal(32).upper()}"
    )
    session = sts.assume_role_with_web_identity(
        stage.cloud,
        stage.special_role(account, "pods"),
        f"system:serviceaccount:{namespace}:{service_account}",
        f"botocore-session-{stage.rng.randrange(10**9, 10**10)}",
        at,
        region,
        place=Place(f"10.0.7.{stage.rng.randrange(4, 250)}", AGENTS[2]),
        host=host,
    )
    work(stage, session, at + timedelta(seconds=2), stage.rng.randint(3, 7), region=region)


def google(stage: Stage, at: datetime) -> None:
    _app_user(stage, at, "accounts.google.com", GOOGLE_APP, str(stage.rng.getrandbits(70)), stage.region())


def cognito_basic_flow(stage: Stage, at: datetime) -> None:
    ids, region = stage.cloud.ids, stage.region()
    _app_user(stage, at, workloads.COGNITO, f"{region}:{ids.uuid()}", f"{region}:{ids.uuid()}", region)


def cognito_identity(stage: Stage, at: datetime) -> None:
    account, region = stage.account(), stage.region()
    identity_id = f"{region}:{stage.cloud.ids.uuid()}"
    role = stage.special_role(account, "app-users")
    session = workloads.cognito(stage.cloud, role, identity_id, at, region, _home_of_a_stranger(stage))
    work(stage, session, at + timedelta(seconds=2), stage.rng.randint(2, 5), region=region)


def pod_identity(stage: Stage, at: datetime) -> None:
    cloud, rng, account, region = stage.cloud, stage.rng, stage.account(), stage.region()
    place = Place(f"10.0.8.{rng.randrange(4, 250)}", "aws-sdk-go-v2/1.21.2 os/linux lang/go#1.19.13")
    node_role, name = stage.special_role(account, "eks-node"), cloud.ids.instance()
    node = sts.assume_role_by_service(cloud, "ec2.amazonaws.com", node_role, name, at, region, place=place)
    for number in range(rng.randint(1, 2)):
        namespace, service_account = rng.choice(SERVICE_ACCOUNTS)
        pod = (rng.choice(CLUSTERS), namespace, service_account, f"{service_account}-{cloud.ids.hexadecimal(10)}")
        when = at + timedelta(minutes=1 + number)
        role = stage.special_role(account, "pods")
        inside = Place(place.address, AGENTS[2])
        session = workloads.pod_identity(cloud, node, role, pod, when, region, place=inside)
        work(stage, session, when + timedelta(seconds=2), rng.randint(3, 6), region=region)


def certificate(stage: Stage, at: datetime) -> None:
    region, place = stage.region(), Place("198.51.100.130", AGENTS[2])
    role = stage.special_role(stage.account(), "datacenter")
    name = stage.rng.choice(("erp-01", "erp-02", "scanner"))
    session = workloads.roles_anywhere(stage.cloud, role, name, at, region, place)
    work(stage, session, at + timedelta(seconds=2), stage.rng.randint(3, 6), region=region)
    if stage.rng.random() < 0.4:
        hops(stage, session, at + timedelta(minutes=2), 1, name, None)


def directory_bucket(stage: Stage, at: datetime) -> None:
    caller = stage.key_of(stage.user())
    if stage.rng.random() < 0.7:
        caller = sts.assume_role(stage.cloud, caller, stage.role(), "express", at, stage.sts_region())
    workloads.s3_express(stage.cloud, caller, at + timedelta(seconds=9), stage.region())


def hybrid_node(stage: Stage, at: datetime) -> None:
    region, place = stage.region(), Place("198.51.100.140", SSM_AGENT)
    role = stage.special_role(stage.account(), "AmazonSSMManagedInstance", "/service-role/")
    session = workloads.hybrid_node(stage.cloud, role, at, region, place)
    work(stage, session, at + timedelta(seconds=2), stage.rng.randint(2, 5), region=region)


def device(stage: Stage, at: datetime) -> None:
    region, place = stage.region(), Place("198.51.100.150", "greengrass/2.12.0")
    thing = f"sensor-{stage.rng.randrange(40)}"
    role = stage.special_role(stage.account(), "devices")
    session = workloads.iot_device(stage.cloud, role, thing, at, region, place)
    work(stage, session, at + timedelta(seconds=2), 3, region=region, forwards=0)


def container_task(stage: Stage, at: datetime) -> None:
    _by_service(stage, at, "ecs-tasks.amazonaws.com", "ecsTaskExecutionRole", stage.cloud.ids.hexadecimal(32))


def build(stage: Stage, at: datetime) -> None:
    """A build; the session name is `AWSCodeBuild-` and the ID of the build."""
    build_id = stage.cloud.ids.uuid()
    principal = "codebuild.amazonaws.com"
    actor = replace(_workload(principal), id=build_id)
    _by_service(stage, at, principal, "codebuild", f"AWSCodeBuild-{build_id}", actor=actor)


def stack(stage: Stage, at: datetime) -> None:
    """CloudFormation with a service role: one session name for all stacks; CreateStack has the person."""
    cloud, account, region = stage.cloud, stage.account(), stage.region()
    role, principal = stage.special_role(account, "cloudformation"), "cloudformation.amazonaws.com"
    api = Api(principal, "CreateStack", False)
    parameters = {"stackName": "web-storefront", "roleARN": role.arn}
    cloud.log(stage.key_of(stage.rng.choice(account.users)), api, at, region, parameters=parameters)
    at += timedelta(seconds=2)
    session = sts.assume_role_by_service(
        cloud, principal, role, "AWSCloudFormation", at, region, place=Place(principal, principal), linked=True
    )
    for number in range(3):
        call(cloud, session, SUBNETS, at + timedelta(seconds=number), region)


def launched_instance(stage: Stage, at: datetime) -> None:
    """An instance with a known launch; half of these credentials are later used from other addresses."""
    cloud, rng, account, region = stage.cloud, stage.rng, stage.account(), stage.region()
    address = f"10.0.9.{rng.randrange(4, 250)}"
    by = stage.key_of(rng.choice(account.users))
    name = workloads.run_instances(cloud, by, account.instance_role, address, at, region)
    at += timedelta(seconds=rng.randint(1, 30))
    session = sts.assume_role_by_service(
        cloud,
        "ec2.amazonaws.com",
        account.instance_role,
        name,
        at,
        region,
        place=Place(address, AGENTS[2]),
        in_scope_of=workloads.instance_scope(name, account.id, region),
    )
    _at_home_and_away(stage, session, at, region)


def created_function(stage: Stage, at: datetime) -> None:
    cloud, rng, account, region = stage.cloud, stage.rng, stage.account(), stage.region()
    name = f"{rng.choice(FUNCTIONS)}-{cloud.ids.hexadecimal(4)}"
    by = stage.key_of(rng.choice(account.users))
    workloads.create_function(cloud, by, account.function_role, name, at, region)
    at += timedelta(minutes=1)
    session = sts.assume_role_by_service(
        cloud,
        "lambda.amazonaws.com",
        account.function_role,
        name,
        at,
        region,
        place=Place("198.51.100.9", "Boto3/1.34.145 exec-env/AWS_Lambda_python3.12"),
        in_scope_of=workloads.function_scope(name, account.id, region),
    )
    _at_home_and_away(stage, session, at, region)


def infrastructure_role(stage: Stage, at: datetime) -> None:
    """EC2's own role for an instance, whose issuance is never logged."""
    account, region = stage.account(), stage.region()
    ids = stage.cloud.ids
    session = ec2_infrastructure(account.id, ids.instance(), ids.key(account.id), at)
    call(stage.cloud, session, SUBNETS, at + timedelta(seconds=1), region)


def other_linked_roles(stage: Stage, at: datetime) -> None:
    """Service-linked roles of RDS and Roles Anywhere, with their fixed session names (Invictus logs)."""
    region, account = stage.region(), stage.account()
    for principal, role_name, name in (
        ("rds.amazonaws.com", "AWSServiceRoleForRDS", "SLRManagement"),
        ("rolesanywhere.amazonaws.com", "AWSServiceRoleForRolesAnywhere", "RolesAnywhereInternalSession"),
    ):
        role = stage.special_role(account, role_name, f"/aws-service-role/{principal}/")
        place = Place(principal, principal)
        key_in_use = stage.rng.random() < 0.5
        session = sts.assume_role_by_service(
            stage.cloud, principal, role, name, at, region, place=place, key_in_use=key_in_use, linked=True
        )
        call(stage.cloud, session, SUBNETS, at + timedelta(seconds=1), region)


def anybody(stage: Stage, at: datetime) -> None:
    """An anonymous caller reads a public bucket."""
    account, region = stage.account(), stage.region()
    bucket = f"acme-website-{account.id[-4:]}"
    for number in range(stage.rng.randint(2, 4)):
        reader = anonymous(_home_of_a_stranger(stage))
        said = Parts(
            account_id=account.id,
            parameters={"bucketName": bucket, "key": "index.html", "Host": f"{bucket}.s3.{region}.amazonaws.com"},
            resources=[{"accountId": account.id, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}],
            request_id=stage.cloud.ids.s3_request_id(),
        )
        stage.cloud.log(reader, CALLS["GetObject"].api, at + timedelta(seconds=number), region, **said)


def _app_user(stage: Stage, at: datetime, host: str, audience: str, subject: str, region: str) -> None:
    session = sts.assume_role_with_web_identity(
        stage.cloud,
        stage.special_role(stage.account(), "app-users"),
        subject,
        "app1",
        at,
        region,
        place=_home_of_a_stranger(stage),
        host=host,
        audience=audience,
    )
    work(stage, session, at + timedelta(seconds=2), 3, region=region)


def _home_of_a_stranger(stage: Stage) -> Place:
    return Place(f"198.51.100.{stage.rng.randrange(160, 250)}", "aws-sdk-js/2.1500.0 callback")


def _workload(principal: str) -> Actor:
    return Actor("workload", None, "workload", sts.WORKLOADS[principal])


def _by_service(
    stage: Stage, at: datetime, principal: str, role_name: str, name: str, *, actor: Actor | None = None
) -> None:
    region = stage.region()
    role = stage.special_role(stage.account(), role_name)
    place = Place(f"10.0.6.{stage.rng.randrange(4, 250)}", AGENTS[2])
    session = sts.assume_role_by_service(stage.cloud, principal, role, name, at, region, place=place, actor=actor)
    work(stage, session, at + timedelta(seconds=2), stage.rng.randint(3, 6), region=region)
    if stage.rng.random() < 0.3:
        hops(stage, session, at + timedelta(minutes=2), 1, "onward", None)


def _at_home_and_away(stage: Stage, session: Credential, at: datetime, region: str) -> None:
    work(stage, session, at + timedelta(seconds=3), stage.rng.randint(3, 5), region=region)
    if stage.rng.random() < 0.5:
        work(stage, session.at(STRANGER), at + timedelta(minutes=30), 4, region=region, forwards=0)


WORKLOAD_ISSUERS: tuple[tuple[Activity, int], ...] = (
    (kubernetes, 4),
    (google, 1),
    (cognito_basic_flow, 1),
    (cognito_identity, 3),
    (pod_identity, 3),
    (certificate, 3),
    (directory_bucket, 2),
    (hybrid_node, 2),
    (device, 1),
    (container_task, 4),
    (build, 3),
    (stack, 2),
    (launched_instance, 3),
    (created_function, 3),
    (infrastructure_role, 1),
    (other_linked_roles, 2),
    (anybody, 2),
)
