"""Sample life: the sample's cast and its ordinary activity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from . import signin, sts
from .cloud import GLOBAL_REGION, Cloud
from .identities import Credential, user_key
from .principals import Place, Role, User
from .services import (
    CALLS,
    FORWARDS,
    SUBNETS,
    Call,
    call,
    service_call,
    service_happening,
)
from .stage import AGENTS, BROWSER, RUNNER, Stage, work

START = datetime(2026, 10, 1, tzinfo=UTC)
REGIONS = (GLOBAL_REGION, "eu-west-1", "us-west-2")


@dataclass(frozen=True, slots=True)
class Cast:
    management: str
    security: str
    prod: str
    dev: str
    data: str
    users: dict[str, User]
    roles: dict[str, Role]
    instances: dict[str, str]

    def key(self, name: str) -> Credential:
        return user_key(self.users[name], self.users[name].key_ids[0])


def make_cast(cloud: Cloud) -> Cast:
    ids = cloud.ids
    accounts = {name: ids.account() for name in ("management", "security", "prod", "dev", "data")}
    users, roles = {}, {}
    people = (
        ("alice.nguyen", "dev", "/", Place("203.0.113.21", AGENTS[0])),
        ("bob.meyer", "dev", "/", Place("203.0.113.22", AGENTS[1])),
        ("svc-deploy", "dev", "/service-accounts/", Place("198.51.100.20", AGENTS[3])),
        ("svc-backup", "prod", "/service-accounts/", Place("10.0.9.5", AGENTS[2])),
        ("carla.rossi", "management", "/", Place("203.0.113.31", AGENTS[1])),
        ("grace.okafor", "management", "/", Place("203.0.113.32", AGENTS[1])),
        ("elena.garcia", "security", "/", Place("203.0.113.41", AGENTS[0])),
    )
    for name, account, path, place in people:
        id_ = accounts[account]
        keys = (ids.unique_id("AKIA", id_),)
        users[name] = User(id_, name, ids.unique_id("AIDA", id_), keys, place, path)
    for account, name, path in (
        ("dev", "developer", "/"),
        ("dev", "deployer", "/"),
        ("dev", "github-dev", "/"),
        ("dev", "incident-response", "/security/"),
        ("prod", "prod-read-only", "/"),
        ("prod", "release", "/"),
        ("prod", "prod-maintenance", "/ops/"),
        ("prod", "github-prod", "/"),
        ("prod", "admin", "/"),
        ("prod", "web-server", "/"),
        ("prod", "functions", "/"),
        ("prod", "AWSServiceRoleForAmazonInspector2", "/aws-service-role/inspector2.amazonaws.com/"),
        ("data", "data-pipeline", "/"),
        ("data", "analyst", "/"),
        ("data", "etl-server", "/"),
        ("management", "billing", "/"),
        ("security", "auditor", "/"),
    ):
        roles[name] = Role(accounts[account], name, ids.unique_id("AROA", accounts[account]), path)
    instances = {name: ids.instance() for name in ("web-1", "web-2", "etl-1")}
    return Cast(**accounts, users=users, roles=roles, instances=instances)


def _calls(*names: str) -> tuple[Call, ...]:
    return tuple(CALLS[name] for name in names)


SERVER_CALLS = _calls("GetObject", "PutObject", "DescribeTable", "DescribeInstances", "DescribeLogGroups")
BACKUP_CALLS = _calls("ListBuckets", "GetBucketLocation", "GetObject", "PutObject", "DescribeSnapshots")
AUDIT_CALLS = _calls("LookupEvents", "ListUsers", "ListRoles", "GetAccountSummary", "DescribeTrails", "GetTrailStatus")
DEVELOPER_CALLS = _calls(
    "DescribeLogGroups",
    "DescribeStacks",
    "ListFunctions20150331",
    "GetFunction20150331v2",
    "DescribeTable",
    "ListTables",
    "DescribeInstances",
    "GetBucketLocation",
    "GetCallerIdentity",
)
RELEASE_CALLS = _calls(
    "GetCallerIdentity",
    "DescribeRepositories",
    "DescribeStacks",
    "UpdateService",
    "PutObject",
    "UpdateFunctionCode20150331v2",
)


def ordinary_day(stage: Stage, cast: Cast, day: datetime) -> None:
    weekend = day.weekday() >= 5
    cloud, rng = stage.cloud, stage.rng
    for hour in range(24):
        _machines(stage, cast, day + timedelta(hours=hour))
    if not weekend:
        for name in ("alice.nguyen", "bob.meyer"):
            for _ in range(3):
                honest_chain(stage, cast, name, _office_hours(rng, day), calls=rng.randint(8, 16))
            key = cast.key(name)
            work(
                stage,
                key,
                _office_hours(rng, day),
                10,
                forwards=0,
                refused=0.04,
                calls=DEVELOPER_CALLS,
                region="eu-west-1",
            )
        _console_user(stage, cast, "carla.rossi", "admin", _office_hours(rng, day))
        _console_user(stage, cast, "grace.okafor", "billing", _office_hours(rng, day))
        _console_user(stage, cast, "elena.garcia", "auditor", _office_hours(rng, day))
        for person, role in (("farid.haddad", "admin"), ("dmitri.ivanov", "analyst"), ("dmitri.ivanov", "analyst")):
            _saml_user(stage, cast, person, role, _office_hours(rng, day))
    for _ in range(3 if weekend else 16):
        _workflow(stage, cast, _office_hours(rng, day))
    for _ in range(1 if weekend else 5):
        _release(stage, cast, _office_hours(rng, day))
    routine(stage, cast.key("svc-backup"), day + timedelta(hours=1, minutes=30), 24, BACKUP_CALLS)
    typo = cast.users[rng.choice(("carla.rossi", "grace.okafor"))]
    place = Place(typo.place.address, BROWSER)
    signin.failed_login(cloud, typo, _office_hours(rng, day), "us-east-1", place=place)
    if day == START:
        root = signin.root_login(cloud, cast.management, on_day(1, 7, 45, 12), place=Place("203.0.113.5", BROWSER))
        routine(stage, root, on_day(1, 7, 46), 4, _calls("GetAccountSummary", "ListUsers"))


def _machines(stage: Stage, cast: Cast, hour: datetime) -> None:
    """Instances (a new credential every six hours), functions, the nightly pipeline, and services."""
    cloud, rng = stage.cloud, stage.rng
    if hour.hour % 6 == 1:
        for name, role, address, region in (
            ("web-1", "web-server", "10.0.12.6", "eu-west-1"),
            ("web-2", "web-server", "10.0.12.7", "eu-west-1"),
            ("etl-1", "etl-server", "10.0.30.11", "us-west-2"),
        ):
            if name == "web-2" and hour == on_day(4, 1, 0):
                continue
            _instance(stage, cast, name, cast.roles[role], Place(address, AGENTS[2]), hour, region)
    for name in ("orders-stream", "resize-images") if hour.hour % 2 else ("nightly-report",):
        place = Place("198.51.100.9", "Boto3/1.34.145 exec-env/AWS_Lambda_python3.12")
        at = hour + timedelta(minutes=rng.randrange(50), seconds=rng.randrange(60))
        function = sts.assume_role_by_service(
            cloud, "lambda.amazonaws.com", cast.roles["functions"], name, at, "eu-west-1", place=place
        )
        later = at + timedelta(seconds=1)
        routine(stage, function, later, rng.randint(4, 8), SERVER_CALLS, onward=FORWARDS[:1])
    if hour.hour % 4 == 0:
        principal = "inspector2.amazonaws.com"
        at = hour + timedelta(minutes=rng.randrange(50))
        scan = sts.assume_role_by_service(
            cloud,
            principal,
            cast.roles["AWSServiceRoleForAmazonInspector2"],
            f"MandoService{rng.getrandbits(60)}",
            at,
            "us-west-2",
            place=Place(principal, principal),
            key_in_use=False,
        )
        for _ in range(3):
            call(cloud, scan, SUBNETS, at, "us-west-2")
    for account in (cast.prod, cast.dev, cast.data, cast.security, cast.management):
        at = hour + timedelta(minutes=rng.randrange(60), seconds=rng.randrange(60))
        service_call(cloud, account, at, rng.choice(REGIONS))
        if rng.random() < 0.3:
            service_happening(cloud, account, at, rng.choice(REGIONS))


def _instance(stage: Stage, cast: Cast, name: str, role: Role, place: Place, hour: datetime, region: str) -> None:
    cloud, rng, at = stage.cloud, stage.rng, hour + timedelta(minutes=stage.rng.randrange(3, 20))
    keys = [
        sts.assume_role_by_service(cloud, "ec2.amazonaws.com", role, cast.instances[name], at, region, place=place)
        for _ in range(2)
    ]
    for number in range(6):
        key = keys[number % 2] if name == "web-1" else keys[0]
        moment = at + timedelta(minutes=3 + 57 * number)
        routine(stage, key, moment, rng.randint(4, 7), SERVER_CALLS, region=region)
    if name == "etl-1" and hour.hour == 1:
        moment = at + timedelta(minutes=20)
        data = sts.assume_role(cloud, keys[0], cast.roles["data-pipeline"], "etl-nightly", moment, "us-west-2")
        routine(stage, data, moment + timedelta(seconds=4), 10, SERVER_CALLS, region="us-west-2")
        moment += timedelta(minutes=2)
        export = sts.assume_role(cloud, data, cast.roles["prod-maintenance"], "etl-nightly", moment, "us-west-2")
        routine(stage, export, moment + timedelta(seconds=4), 8, SERVER_CALLS)


def _console_user(stage: Stage, cast: Cast, name: str, role: str, at: datetime) -> None:
    cloud, rng, user = stage.cloud, stage.rng, cast.users[name]
    place = Place(user.place.address, BROWSER)
    session = signin.console_login(cloud, user, at, "us-east-1", mfa=True, place=place)
    for number, key in enumerate(signin.more_keys(cloud, session, rng.randint(4, 8))):
        work(stage, key, at + timedelta(seconds=10 + 35 * number), rng.randint(2, 4), refused=0.02, onward=FORWARDS[1:])
    at += timedelta(minutes=7)
    switched = signin.switch_role(cloud, session, name, cast.roles[role], at, "us-east-1")
    for number, key in enumerate(signin.more_keys(cloud, switched, rng.randint(3, 5))):
        work(stage, key, at + timedelta(seconds=8 + 30 * number), rng.randint(2, 4), refused=0.02, onward=FORWARDS[1:])


def _saml_user(stage: Stage, cast: Cast, person: str, role: str, at: datetime) -> None:
    subject = f"{person}@acme.example"
    place = Place("203.0.113.51" if person.startswith("f") else "203.0.113.52", AGENTS[0])
    session = sts.assume_role_with_saml(
        stage.cloud, cast.roles[role], subject, subject, at, "eu-west-1", place=place, source_identity=subject
    )
    work(stage, session, at + timedelta(seconds=4), stage.rng.randint(10, 18), refused=0.02, onward=FORWARDS[1:])


def _workflow(stage: Stage, cast: Cast, at: datetime) -> None:
    repository, role = stage.rng.choice((("storefront", "github-prod"), ("infrastructure", "github-dev")))
    subject = f"repo:acme/{repository}:ref:refs/heads/main"
    session = sts.assume_role_with_web_identity(
        stage.cloud, cast.roles[role], subject, "GitHubActions", at, "us-east-1", place=RUNNER
    )
    at += timedelta(seconds=3)
    routine(stage, session, at, stage.rng.randint(8, 12), RELEASE_CALLS, onward=FORWARDS[1:])


def _release(stage: Stage, cast: Cast, at: datetime) -> None:
    """The normal use of svc-deploy's key: deployer in dev, then release in prod, from the build server."""
    cloud, key = stage.cloud, cast.key("svc-deploy")
    if at > on_day(5, 9, 5):
        return
    name = f"release-{stage.rng.randrange(4000, 4999)}"
    call(cloud, key, CALLS["GetCallerIdentity"], at, GLOBAL_REGION)
    at += timedelta(seconds=2)
    deployer = sts.assume_role(cloud, key, cast.roles["deployer"], name, at, GLOBAL_REGION)
    routine(stage, deployer, at + timedelta(seconds=3), 5, RELEASE_CALLS, onward=FORWARDS[1:])
    at += timedelta(seconds=50)
    release = sts.assume_role(cloud, deployer, cast.roles["release"], name, at, GLOBAL_REGION)
    routine(stage, release, at + timedelta(seconds=3), 8, RELEASE_CALLS, onward=FORWARDS[1:])


def honest_chain(stage: Stage, cast: Cast, name: str, at: datetime, *, calls: int) -> Credential:
    """A developer reads in prod with her own SourceIdentity, set at the first hop and passed on."""
    cloud = stage.cloud
    own = sts.assume_role(cloud, cast.key(name), cast.roles["developer"], name, at, "eu-west-1", source_identity=name)
    routine(stage, own, at + timedelta(seconds=6), 4, DEVELOPER_CALLS)
    at += timedelta(minutes=3)
    prod = sts.assume_role(cloud, own, cast.roles["prod-read-only"], name, at, "eu-west-1")
    routine(stage, prod, at + timedelta(seconds=5), calls, DEVELOPER_CALLS)
    return prod


def routine(
    stage: Stage,
    credential: Credential,
    at: datetime,
    count: int,
    calls: Sequence[Call],
    *,
    region: str = "eu-west-1",
    onward: Sequence[tuple[Call, Call, str]] = (),
) -> None:
    """Log routine calls, which are never refused; a service forwards only the calls in `onward`."""
    forwards = 0.12 if onward else 0
    work(stage, credential, at, count, region=region, forwards=forwards, refused=0, calls=calls, onward=onward)


def on_day(day: int, hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=UTC) + timedelta(seconds=second)


def _office_hours(rng: Random, day: datetime) -> datetime:
    return day + timedelta(hours=7, seconds=rng.randrange(10 * 3600))
