"""The rarer ways to get a credential, and what befalls keys, trails and trust policies: one activity each.

Like the everyday ones (`scenario.py`), each is a function of the stage and a time. The first account of a stage is the
organisation's management account and holds its Identity Center instance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from . import agents, iam, identity_center, signin, sts, trails, workloads
from .cloud import Api, Cloud, Parts
from .identities import Actor, Credential, Person, Place, Role, anonymous, ec2_infrastructure, root_key, user_key
from .services import CALLS, FUNCTIONS, SUBNETS, call
from .stage import AGENTS, BROWSER, NAMES, Activity, Stage, hops, work

STRANGER = Place("192.0.2.150", "aws-cli/2.9.19 Python/3.11.2 Linux/6.6.9-amd64 source/x86_64.kali.2024 prompt/off")
CLUSTERS = ("shop", "batch")
SERVICE_ACCOUNTS = (("checkout", "payments"), ("checkout", "cart"), ("reports", "nightly"), ("kube-system", "dns"))
GOOGLE_APP = "32555940559.apps.googleusercontent.com"
SSM_AGENT = "aws-sdk-go/1.41.4 (go1.18.3; linux; amd64) amazon-ssm-agent/"
READS = tuple(CALLS[name] for name in ("ListUsers", "ListRoles", "ListBuckets", "DescribeStacks", "ListTables"))


# Sign-in, federation, root


def federation_token(stage: Stage, at: datetime) -> None:
    _federation_token(stage, at)


def federation_console(stage: Stage, at: datetime) -> None:
    token = _federation_token(stage, at)
    at += timedelta(minutes=2)
    place = Place(token.place.address, BROWSER)
    _browse(stage, signin.federated_console(stage.cloud, token, at, stage.region(), place=place), at)


def role_federated_console(stage: Stage, at: datetime) -> None:
    """A user assumes a role and opens the console with it; some go on to a further role."""
    user = stage.user()
    role = sts.assume_role(stage.cloud, stage.key_of(user), stage.role(), user.name, at, stage.sts_region())
    at += timedelta(seconds=30)
    place = Place(user.place.address, BROWSER)
    session = signin.federated_console(stage.cloud, role, at, stage.region(), place=place)
    _browse(stage, session, at)
    if stage.rng.random() < 0.4:
        hops(stage, session, at + timedelta(minutes=4), 1, user.name, None)


def root_task(stage: Stage, at: datetime) -> None:
    """A privileged task in a member account, by a user or a role of the management or a delegated account."""
    management, delegated, *others = stage.accounts
    admin, members = (management, (delegated, *others)) if stage.rng.random() < 0.7 else (delegated, tuple(others))
    member, user = stage.rng.choice(members), stage.rng.choice(admin.users)
    caller = stage.key_of(user)
    if stage.rng.random() < 0.5:
        caller = sts.assume_role(stage.cloud, caller, stage.role(admin), user.name, at, stage.sts_region())
        at += timedelta(seconds=10)
    session = sts.assume_root(stage.cloud, caller, member.id, at, stage.region())
    work(stage, session, at + timedelta(seconds=3), stage.rng.randint(2, 4), refused=0)


def delegated_token(stage: Stage, at: datetime) -> None:
    """A product provider, which is one of the accounts here, works in another by temporary delegation."""
    provider, customer = stage.rng.sample(stage.accounts, 2)
    role = stage.special_role(customer, "partner-onboarding", "/delegated/")
    caller = stage.key_of(stage.rng.choice(provider.users))
    session = sts.get_delegated_access_token(stage.cloud, caller, role, at, stage.sts_region())
    work(stage, session, at + timedelta(seconds=5), 3, forwards=0)


def switch_renew_exit(stage: Stage, at: datetime) -> None:
    """A switched role that the console takes again after an hour, and that is left in the end."""
    cloud, rng, user = stage.cloud, stage.rng, stage.person()
    place, region, role = Place(user.place.address, BROWSER), stage.region(), stage.role()
    session = signin.console_login(cloud, user, at, region, mfa=True, place=place)
    at += timedelta(minutes=2)
    _browse(stage, signin.switch_role(cloud, session, user.name, role, at, region), at)
    at += timedelta(minutes=58, seconds=rng.randrange(60))
    _browse(stage, signin.renew_role(cloud, session, user.name, role, at, region), at)
    signin.exit_role(cloud, session, user.name, role, at + timedelta(minutes=9), region)


def aws_login(stage: Stage, at: datetime) -> None:
    """The command line signs in by way of the browser: as an IAM user, or as a role session in the console."""
    cloud, rng, user, region = stage.cloud, stage.rng, stage.person(), stage.region()
    place = Place(user.place.address, BROWSER)
    if rng.random() < 0.5:
        session = signin.console_login(cloud, user, at, region, mfa=True, place=place)
    else:
        role = sts.assume_role(cloud, stage.key_of(user), stage.role(), user.name, at, stage.sts_region())
        session = signin.federated_console(cloud, role, at + timedelta(seconds=20), region, place=place)
    at += timedelta(minutes=1)
    across = rng.random() < 0.3
    terminal = Place(STRANGER.address if across else user.place.address, AGENTS[0])
    used = signin.aws_login(cloud, session, at, region, terminal=terminal, cross_device=across)
    work(stage, used, at + timedelta(seconds=20), rng.randint(3, 6))
    if rng.random() < 0.4:
        hops(stage, used, at + timedelta(minutes=3), 1, user.name, None)


def agent(stage: Stage, at: datetime) -> None:
    """An agent acts for a person who signed in as an IAM user or through Identity Center."""
    cloud, rng, region = stage.cloud, stage.rng, stage.region()
    if rng.random() < 0.5:
        user = stage.person()
        place = Place(user.place.address, BROWSER)
        session = signin.console_login(cloud, user, at, region, mfa=True, place=place)
    else:
        person = _person(stage)
        portal = identity_center.sign_in(cloud, person, at, _home(stage))
        at += timedelta(seconds=5)
        session = identity_center.federate(cloud, portal, person, _reserved(stage), at, _home(stage))
        session = signin.role_console(
            cloud, session, at + timedelta(seconds=1), region, place=person.place, issuer="ConsoleLogin/IdentityCenter"
        )
    at += timedelta(seconds=16)
    allowed = agents.grant(cloud, session, at, region)
    for number in range(rng.randint(2, 4)):
        when = at + timedelta(minutes=1 + number)
        calls = rng.sample(READS, rng.randint(1, 2))
        agents.use_tool(cloud, allowed, calls, when, region, address=session.place.address)


# Identity Center


def portal_command_line(stage: Stage, at: datetime) -> None:
    """Keys from the portal. One session in ten never shows on whose behalf; some go on to another role."""
    cloud, rng, person, home = stage.cloud, stage.rng, _person(stage), _home(stage)
    portal = identity_center.sign_in(cloud, person, at, home)
    identity_center.list_accounts(cloud, portal, at + timedelta(seconds=4), home)
    at += timedelta(seconds=20)
    rate = 0.0 if rng.random() < 0.1 else 0.87
    place = Place(person.place.address, AGENTS[1])
    session = identity_center.role_credentials(
        cloud, portal, person, _reserved(stage), at, home, place=place, on_behalf_rate=rate
    )
    work(stage, session, at + timedelta(seconds=3), rng.randint(4, 9))
    if rng.random() < 0.5:
        hops(stage, session, at + timedelta(minutes=4), rng.randint(1, 2), person.name, None)


def portal_session_named_as_another(stage: Stage, at: datetime) -> None:
    cloud, person, home = stage.cloud, _person(stage), _home(stage)
    other = stage.rng.choice([name for name in NAMES if not person.name.startswith(name)]) + "@acme.example"
    portal = identity_center.sign_in(cloud, person, at, home)
    at += timedelta(seconds=20)
    place = Place(person.place.address, AGENTS[2])
    session = identity_center.role_credentials(
        cloud, portal, person, _reserved(stage), at, home, place=place, name=other
    )
    work(stage, session, at + timedelta(seconds=3), 6)


def sso_login(stage: Stage, at: datetime) -> None:
    """`aws sso login`, of which only Identity Center's own account knows (TrailTool sso_login_session.json)."""
    cloud, person, home = stage.cloud, _person(stage), _home(stage)
    portal = identity_center.sign_in(cloud, person, at, home)
    identity_center.create_token(cloud, portal, at + timedelta(seconds=3), home)
    at += timedelta(seconds=18)
    place = Place(person.place.address, AGENTS[0])
    role = _reserved(stage)
    session = identity_center.role_credentials_unseen(cloud, portal, person, role, at, home, place=place)
    work(stage, session, at, stage.rng.randint(4, 8))


def portal_console(stage: Stage, at: datetime) -> None:
    """The console by way of the portal, federated anew each minute while it is open."""
    cloud, rng, person, home, role = stage.cloud, stage.rng, _person(stage), _home(stage), _reserved(stage)
    portal = identity_center.sign_in(cloud, person, at, home)
    at += timedelta(seconds=7)
    session = identity_center.federate(cloud, portal, person, role, at, home)
    console = signin.role_console(
        cloud, session, at, stage.region(), place=person.place, issuer="ConsoleLogin/IdentityCenter"
    )
    for _ in range(rng.randint(2, 4)):
        for key in signin.more_keys(cloud, console, rng.randint(1, 2)):
            work(stage, key, at + timedelta(seconds=4), rng.randint(1, 3))
        at += timedelta(seconds=60)
        console = replace(identity_center.federated_again(cloud, person, role, at), from_console=True)


# Workloads


def kubernetes(stage: Stage, at: datetime) -> None:
    """A pod by its service account and the cluster's own provider (IRSA)."""
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
    """The session is `AWSCodeBuild-` and the build's ID."""
    build_id = stage.cloud.ids.uuid()
    principal = "codebuild.amazonaws.com"
    actor = replace(_workload(principal), id=build_id)
    _by_service(stage, at, principal, "codebuild", f"AWSCodeBuild-{build_id}", actor=actor)


def stack(stage: Stage, at: datetime) -> None:
    """CloudFormation with a service role: one session name for all stacks; the person is behind CreateStack."""
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
    """Who launched it is known; half of these credentials are later used from elsewhere."""
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
    """EC2's own role for an instance, of which no issuance is ever logged."""
    account, region = stage.account(), stage.region()
    ids = stage.cloud.ids
    session = ec2_infrastructure(account.id, ids.instance(), ids.key(account.id), at)
    call(stage.cloud, session, SUBNETS, at + timedelta(seconds=1), region)


def other_linked_roles(stage: Stage, at: datetime) -> None:
    """RDS and Roles Anywhere for themselves, with the session names that they always use (Invictus logs)."""
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
    """A public bucket is read by who knows whom."""
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


# Keys, trails, trust


def key_life(stage: Stage, at: datetime) -> None:
    """A key that another user makes, and one that this key makes: used, disabled, refused, deleted."""
    cloud, account, region = stage.cloud, stage.account(), stage.region()
    admin, owner = stage.rng.sample(account.users, 2)
    by = stage.key_of(admin)
    owner = iam.create_access_key(cloud, by, owner, at)
    first = user_key(owner, owner.key_ids[-1])
    work(stage, first, at + timedelta(minutes=1), 4, forwards=0)
    owner = iam.create_access_key(cloud, first, owner, at + timedelta(minutes=3))
    second = user_key(owner, owner.key_ids[-1]).at(STRANGER)
    work(stage, second, at + timedelta(minutes=4), 4, forwards=0)
    end = at + timedelta(minutes=20)
    for key in (first, second):
        assert key.access_key_id
        iam.update_access_key(cloud, by, owner, key.access_key_id, "Inactive", end)
    call(cloud, second, CALLS["ListBuckets"], end + timedelta(seconds=4), region)
    iam.refused_key(cloud, second, end + timedelta(minutes=1), region)
    assert first.access_key_id
    iam.delete_access_key(cloud, by, owner, first.access_key_id, end + timedelta(minutes=5))


def root_key_life(stage: Stage, at: datetime) -> None:
    account, place = stage.account().id, Place("203.0.113.5", BROWSER)
    session = signin.root_login(stage.cloud, account, at, place=place)
    key_id = iam.create_root_key(stage.cloud, session, at + timedelta(minutes=1))
    work(stage, root_key(account, key_id, Place("203.0.113.5", AGENTS[0])), at + timedelta(minutes=2), 3, forwards=0)
    iam.delete_root_key(stage.cloud, session, key_id, at + timedelta(minutes=9))


def trust(stage: Stage, at: datetime) -> None:
    """A role that demands a SourceIdentity or does not, and later the other way round; one session under each."""
    cloud, rng, account = stage.cloud, stage.rng, stage.account()
    user = rng.choice(account.users)
    key, demands = stage.key_of(user), rng.random() < 0.5
    role = iam.create_role(
        cloud, key, account.id, f"audit-{cloud.ids.hexadecimal(6)}", at, demands_source_identity=demands
    )
    for minutes in (1, 11):
        name = user.name if demands or rng.random() < 0.5 else rng.choice(NAMES)
        when = at + timedelta(minutes=minutes)
        session = sts.assume_role(cloud, key, role, "audit", when, stage.sts_region(), source_identity=name)
        work(stage, session, when + timedelta(seconds=3), 3)
        if rng.random() < 0.5:
            hops(stage, session, when + timedelta(minutes=2), 1, user.name, None)
        demands = not demands
        if minutes == 1:
            iam.change_trust(cloud, key, role, at + timedelta(minutes=8), demands_source_identity=demands)


def role_again(stage: Stage, at: datetime) -> None:
    """A role is deleted and made again: the same ARN, another ID, another caller."""
    cloud, account = stage.cloud, stage.account()
    one, other = stage.rng.sample(account.users, 2)
    name = f"migration-{cloud.ids.hexadecimal(6)}"
    for user, minutes in ((one, 0), (other, 10)):
        when = at + timedelta(minutes=minutes)
        key = stage.key_of(user)
        role = iam.create_role(cloud, key, account.id, name, when, demands_source_identity=False)
        session = sts.assume_role(cloud, key, role, "move", when + timedelta(minutes=1), stage.sts_region())
        work(stage, session, when + timedelta(minutes=1, seconds=3), 3)
        iam.delete_role(cloud, key, role, when + timedelta(minutes=9))


def juggling(stage: Stage, at: datetime) -> None:
    """A role assumed from itself again and again, beyond the hour that a chained session may last."""
    cloud, user = stage.cloud, stage.user()
    role, region = stage.role(), stage.sts_region()
    session = sts.assume_role(cloud, stage.key_of(user), role, "keep-alive", at, region)
    for _ in range(stage.rng.randint(4, 7)):
        work(stage, session, at + timedelta(seconds=5), 2)
        at += timedelta(minutes=50)
        session = sts.assume_role(cloud, session, role, "keep-alive", at, region)
    work(stage, session, at + timedelta(seconds=5), 2)


def _stopped_trail(stop: Callable[[Cloud, Credential, datetime, datetime], None]) -> Activity:
    def activity(stage: Stage, at: datetime) -> None:
        by = stage.key_of(stage.user())
        stop(stage.cloud, by, at, at + timedelta(minutes=stage.rng.randint(8, 25)))

    return activity


# What these are made of


def _federation_token(stage: Stage, at: datetime) -> Credential:
    user = stage.user()
    name = stage.rng.choice(("broker", "kiosk", user.name))
    token = sts.get_federation_token(stage.cloud, stage.key_of(user), user, name, at, stage.sts_region())
    work(stage, token, at + timedelta(seconds=4), stage.rng.randint(3, 6))
    return token


def _browse(stage: Stage, session: Credential, at: datetime) -> None:
    for number, key in enumerate(signin.more_keys(stage.cloud, session, stage.rng.randint(2, 4))):
        work(stage, key, at + timedelta(seconds=10 + 30 * number), stage.rng.randint(1, 3))


def _person(stage: Stage) -> Person:
    ids = stage.cloud.ids
    name = stage.rng.choice(NAMES)
    store = stage.once("identity store", lambda: "d-" + ids.hexadecimal(10))
    place = Place(f"203.0.113.{200 + NAMES.index(name)}", BROWSER)
    return stage.once(
        f"person {name}",
        lambda: Person(stage.accounts[0].id, f"{name}@acme.example", ids.uuid(), store, place),
    )


def _home(stage: Stage) -> str:
    """The region of the Identity Center instance."""
    return stage.regions[-1]


def _reserved(stage: Stage) -> Role:
    account, region = stage.account(), _home(stage)
    permission_set = stage.rng.choice(("AdministratorAccess", "ReadOnly"))
    suffix = stage.once(f"permission set {account.id} {permission_set}", lambda: stage.cloud.ids.hexadecimal(16))
    name = f"AWSReservedSSO_{permission_set}_{suffix}"
    return stage.special_role(account, name, f"/aws-reserved/sso.amazonaws.com/{region}/")


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


ISSUERS: tuple[tuple[Activity, int], ...] = (
    (federation_token, 4),
    (federation_console, 3),
    (role_federated_console, 3),
    (root_task, 3),
    (delegated_token, 1),
    (switch_renew_exit, 2),
    (aws_login, 4),
    (agent, 4),
    (portal_command_line, 6),
    (portal_session_named_as_another, 2),
    (sso_login, 3),
    (portal_console, 3),
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
    (key_life, 1),
    (root_key_life, 1),
    (trust, 2),
    (role_again, 1),
    (juggling, 1),
    (_stopped_trail(trails.stop_logging), 0),
    (_stopped_trail(trails.delete_trail), 0),
    (_stopped_trail(trails.put_event_selectors), 0),
    (_stopped_trail(trails.update_trail), 0),
)
