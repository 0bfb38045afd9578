"""The sample: five days of an organisation, and the weekend on which a leaked key went a long way through it.

The cast comes first, then the incident, then ordinary life, each from the same seed; so a change to ordinary life moves
none of the incident's identifiers, which are named below and told in `sample_logs/README.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

from . import iam, signin, sts
from .cloud import GLOBAL_REGION, Cloud
from .delivery import Trail, deliver
from .identities import UNKNOWN, Credential, Json, Place, Role, User, role_session, user_key
from .scenario import World
from .services import (
    CALLS,
    CATALOGUE,
    DECRYPT,
    FORWARDS,
    GET_SECRET,
    SUBNETS,
    Call,
    bucket_name,
    call,
    call_and_forward,
    service_call,
    service_happening,
)
from .stage import AGENTS, BROWSER, RUNNER, Stage, work

SEED = 20261001
START = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = 5
REGIONS = (GLOBAL_REGION, "eu-west-1", "us-west-2")
TRAIL = Trail(organization="o-a1b2c3d4e5", batch=timedelta(hours=6), second_trails=0.05)

STRANGER = Place("192.0.2.44", "aws-cli/2.9.19 Python/3.11.2 Linux/6.6.9-amd64 source/x86_64.kali.2024 prompt/off")
STRANGER_LATER = Place("192.0.2.91", "Boto3/1.28.63 md/Botocore#1.31.63 ua/2.0 os/linux#6.6.9-amd64 lang/python#3.11.2")
STRANGER_BROWSER = Place("192.0.2.91", "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0")


LEAKED_KEY = "AKIA2ICYRBJSCUQBO6WH"
FIRST_HOP_KEY = "ASIA2ICYRBJSLTLPUXVF"
SECOND_HOP_KEY = "ASIA6NODBAPP7AFJNO2S"
DEEP_KEY = "ASIAZNW342S3J6ZQNFX7"
STOLEN_WORKLOAD_KEY = "ASIAZNW342S3GYJA2ZEF"
PERSISTENCE_KEY = "AKIAZNW342S3AWQUBVFJ"
SECOND_PERSISTENCE_KEY = "AKIAZNW342S3JNERVVD4"
INTRUDER_CONSOLE_KEY = "ASIAZNW342S3LLSB7Q4D"
HONEST_KEY = "ASIAZNW342S3P6NCOYQI"
RESPONDER_KEY = "ASIA2ICYRBJSMYW3APYY"
BEFORE_COVERAGE_KEY = "ASIA6NODBAPPS72PQHGD"


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


@dataclass(frozen=True, slots=True)
class Incident:
    """The access keys that the story is about."""

    leaked: str
    first_hop: str
    second_hop: str
    deep: str
    stolen_workload: str
    persistence: str
    second_persistence: str
    intruder_console: str
    honest: str
    responder: str
    before_coverage: str


@dataclass(frozen=True, slots=True)
class Sample:
    world: World
    cast: Cast
    incident: Incident


def sample_world() -> World:
    return sample().world


@cache
def sample() -> Sample:
    rng = Random(SEED)
    cloud = Cloud(rng, token_length=48)
    stage = Stage(cloud, rng, (), REGIONS, START, START + timedelta(days=DAYS))
    cast = _cast(cloud)
    incident = _incident(stage, cast)
    for day in range(DAYS):
        _ordinary_day(stage, cast, START + timedelta(days=day))
    within = (event for event in cloud.events if event.time < stage.end)
    ordered = sorted(within, key=lambda event: (event.time, event.id))
    files = deliver(ordered, rng, TRAIL)
    return Sample(World(SEED, files, tuple(ordered), tuple(cloud.issuances)), cast, incident)


def _cast(cloud: Cloud) -> Cast:
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


# The incident


def _incident(stage: Stage, cast: Cast) -> Incident:
    leaked = cast.key("svc-deploy").at(STRANGER)
    _probing(stage, cast, leaked)
    first, second, deep = _deep_chain(stage, cast, leaked)
    _damage(stage, cast, deep)
    stolen = _stolen_workload(stage, cast)
    intruder, console = _persistence(stage, cast, deep)
    later = _return(stage, cast, intruder)
    responder = _response(stage, cast)
    honest = _honest_chain(stage, cast, "alice.nguyen", _at(2, 9, 14), calls=14)
    _honest_chain(stage, cast, "bob.meyer", _at(2, 13, 40), calls=9)
    old = _older_than_the_logs(stage, cast)
    keys = (leaked, first, second, deep, stolen, intruder, later, console, honest, responder, old)
    return Incident(*(key.access_key_id or "" for key in keys))


def _probing(stage: Stage, cast: Cast, leaked: Credential) -> None:
    """Saturday evening: who am I, and what may I do? Almost nothing."""
    cloud, rng = stage.cloud, stage.rng
    call(cloud, leaked, CALLS["GetCallerIdentity"], _at(3, 21, 14, 7), GLOBAL_REGION)
    call(cloud, leaked, CALLS["ListBuckets"], _at(3, 21, 14, 31), GLOBAL_REGION)
    call(cloud, leaked, CALLS["GetCallerIdentity"], _at(3, 21, 19, 2), "eu-west-1")
    moment = _at(3, 21, 20)
    for region in REGIONS:
        for what in rng.sample(CATALOGUE[1:], 22):
            call(cloud, leaked, what, moment, region, denied=True)
            moment += timedelta(seconds=rng.choice((0, 0, 1, 1)))
        moment += timedelta(seconds=40)
    for name in ("admin", "prod-maintenance", "auditor", "billing", "data-pipeline"):
        sts.denied_assume_role(cloud, leaked, cast.roles[name], moment, GLOBAL_REGION)
        moment += timedelta(seconds=2)


def _deep_chain(stage: Stage, cast: Cast, leaked: Credential) -> tuple[Credential, Credential, Credential]:
    """Sunday night, dev -> data -> prod, under the name of bob.meyer, who sleeps."""
    cloud, name = stage.cloud, "bob.meyer"
    call(cloud, leaked, CALLS["GetCallerIdentity"], _at(4, 2, 10, 40), GLOBAL_REGION)
    first = sts.assume_role(
        cloud, leaked, cast.roles["deployer"], name, _at(4, 2, 11, 3), GLOBAL_REGION, source_identity=name
    )
    call(cloud, first, CALLS["GetCallerIdentity"], _at(4, 2, 11, 5), GLOBAL_REGION)
    for number, what in enumerate(("ListRoles", "ListAttachedRolePolicies", "ListFunctions20150331", "ListSecrets")):
        call(cloud, first, CALLS[what], _at(4, 2, 12, 10 * number), "eu-west-1")
    sts.denied_assume_role(cloud, first, cast.roles["admin"], _at(4, 2, 13, 5), GLOBAL_REGION)
    role = cast.roles["data-pipeline"]
    sts.assume_role(cloud, first, role, name, _at(4, 2, 16, 48), GLOBAL_REGION)
    second = sts.assume_role(cloud, first, role, name, _at(4, 2, 16, 48), GLOBAL_REGION)
    for number, what in enumerate(("GetCallerIdentity", "ListBuckets", "ListTables", "DescribeTable")):
        call(cloud, second, CALLS[what], _at(4, 2, 17, 7 * number), "eu-west-1")
    deep = sts.assume_role(cloud, second, cast.roles["prod-maintenance"], name, _at(4, 2, 24, 19), GLOBAL_REGION)
    call(cloud, deep, CALLS["GetCallerIdentity"], _at(4, 2, 24, 22), "eu-west-1")
    return first, second, deep


def _damage(stage: Stage, cast: Cast, deep: Credential) -> None:
    """Secrets, then customer data, then the attempt to blind the trail."""
    cloud, region = stage.cloud, "eu-west-1"
    for number, what in enumerate(("ListSecrets", "ListBuckets", "DescribeDBInstances", "DescribeTrails")):
        call(cloud, deep, CALLS[what], _at(4, 2, 26, 9 * number), region)
    for number, secret in enumerate(("prod/db/master", "prod/payments/api-key")):
        which = (_secret(secret, cast.prod, region), DECRYPT, "secretsmanager.amazonaws.com")
        call_and_forward(cloud, deep, _at(4, 2, 28, 20 * number), region, which=which)
    moment = _at(4, 2, 31)
    for number in range(64):
        call(cloud, deep, _object(cast.prod, "customer-exports", f"2026/export-{number:04d}.parquet"), moment, region)
        moment += timedelta(seconds=stage.rng.choice((0, 1, 1)))
    iam.stop_logging(cloud, deep, "org-trail", _at(4, 2, 41, 12), GLOBAL_REGION, denied=True)
    iam.stop_logging(cloud, deep, "org-trail", _at(4, 2, 41, 30), GLOBAL_REGION, denied=True)


def _persistence(stage: Stage, cast: Cast, deep: Credential) -> tuple[Credential, Credential]:
    """A user that looks like a service, with a key, a password and all rights; and a role that trusts a stranger."""
    cloud = stage.cloud
    user = iam.create_user(cloud, deep, cast.prod, "svc-metrics", _at(4, 2, 47, 5), STRANGER_LATER)
    user = iam.create_access_key(cloud, deep, user, _at(4, 2, 47, 9))
    iam.attach_user_policy(cloud, deep, user, iam.ADMIN_POLICY, _at(4, 2, 47, 21))
    iam.create_login_profile(cloud, deep, user, _at(4, 2, 47, 44))
    stranger = "arn:aws:iam::999900001111:root"
    iam.update_assume_role_policy(cloud, deep, cast.roles["prod-maintenance"], stranger, _at(4, 2, 49, 2))
    key = user_key(user, user.key_ids[0])
    call(cloud, key, CALLS["GetCallerIdentity"], _at(4, 4, 40, 11), GLOBAL_REGION)
    work(stage, key, _at(4, 4, 41), 16, forwards=0.1, refused=0, onward=FORWARDS[1:], region="eu-west-1")
    console = signin.console_login(cloud, user, _at(4, 5, 2, 33), GLOBAL_REGION, mfa=False, place=STRANGER_BROWSER)
    for number, one in enumerate(signin.more_keys(cloud, console, 5)):
        work(stage, one, _at(4, 5, 3, 10 * number), 2, forwards=0, refused=0, region="eu-west-1")
    return key, console


def _return(stage: Stage, cast: Cast, intruder: Credential) -> Credential:
    """Monday: after the leaked key was switched off, by the door that was left open, opening another."""
    cloud = stage.cloud
    call(cloud, intruder, CALLS["GetCallerIdentity"], _at(5, 10, 31, 4), GLOBAL_REGION)
    backup = iam.create_access_key(cloud, intruder, cast.users["svc-backup"], _at(5, 10, 33, 50))
    later = user_key(backup, backup.key_ids[-1]).at(STRANGER_LATER)
    moment = _at(5, 10, 40)
    for number in range(24):
        what = _object(cast.prod, "backups", f"2026/export-{300 + number:04d}.parquet")
        call(cloud, later, what, moment, "eu-west-1")
        moment += timedelta(seconds=1)
    return later


def _stolen_workload(stage: Stage, cast: Cast) -> Credential:
    """web-2's own credential, at home in 10.0.12.7, is used from the stranger's address two hours later."""
    cloud, name, region = stage.cloud, cast.instances["web-2"], "eu-west-1"
    home = Place("10.0.12.7", AGENTS[2])
    role = cast.roles["web-server"]
    keys = [
        sts.assume_role_by_service(cloud, "ec2.amazonaws.com", role, name, _at(4, 1, 12, 30), region, place=home)
        for _ in range(2)
    ]
    for hour in (1, 2, 3, 4, 5):
        _routine(stage, keys[0], _at(4, hour, 15), 4, SERVER_CALLS, region=region)
    away = keys[0].at(STRANGER)
    moment = _at(4, 3, 32, 18)
    for what in ("GetCallerIdentity", "ListBuckets", "DescribeInstances", "DescribeSnapshots", "ListFunctions20150331"):
        call(cloud, away, CALLS[what], moment, region, denied=what == "ListFunctions20150331")
        moment += timedelta(seconds=6)
    for number in range(12):
        call(cloud, away, _object(cast.prod, "artifacts", f"releases/{number:02d}.tar.gz"), moment, region)
        moment += timedelta(seconds=1)
    sts.denied_assume_role(cloud, away, cast.roles["admin"], moment, region)
    return keys[0]


def _response(stage: Stage, cast: Cast) -> Credential:
    """Monday morning: security signs in, switches to dev and turns the leaked key off."""
    cloud, elena = stage.cloud, cast.users["elena.garcia"]
    place = Place(elena.place.address, BROWSER)
    session = signin.console_login(cloud, elena, _at(5, 8, 52, 10), "eu-west-1", mfa=True, place=place)
    _routine(stage, session, _at(5, 8, 53), 5, AUDIT_CALLS)
    role = cast.roles["incident-response"]
    switched = signin.switch_role(cloud, session, elena.name, role, _at(5, 9, 2, 41), "eu-west-1")
    owner = cast.users["svc-deploy"]
    for number, one in enumerate(signin.more_keys(cloud, switched, 3)):
        _routine(stage, one, _at(5, 9, 3, 8 * number), 3, AUDIT_CALLS)
    iam.update_access_key(cloud, switched, owner, owner.key_ids[0], "Inactive", _at(5, 9, 5, 37))
    return switched


def _honest_chain(stage: Stage, cast: Cast, name: str, at: datetime, *, calls: int) -> Credential:
    """A developer reads in prod under her own name, set at the first hop and carried."""
    cloud = stage.cloud
    own = sts.assume_role(cloud, cast.key(name), cast.roles["developer"], name, at, "eu-west-1", source_identity=name)
    _routine(stage, own, at + timedelta(seconds=6), 4, DEVELOPER_CALLS)
    at += timedelta(minutes=3)
    prod = sts.assume_role(cloud, own, cast.roles["prod-read-only"], name, at, "eu-west-1")
    _routine(stage, prod, at + timedelta(seconds=5), calls, DEVELOPER_CALLS)
    return prod


def _older_than_the_logs(stage: Stage, cast: Cast) -> Credential:
    """A session that began twenty minutes before the first event: who requested it is not in these logs."""
    created = START - timedelta(minutes=20)
    place = Place("10.0.30.11", AGENTS[2])
    key_id = stage.cloud.ids.key(cast.data)
    session = role_session(cast.roles["data-pipeline"], "etl-nightly", key_id, created, actor=UNKNOWN, place=place)
    work(stage, session, START + timedelta(minutes=4), 12, refused=0, forwards=0, region="eu-west-1")
    return session


# Ordinary life


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


def _ordinary_day(stage: Stage, cast: Cast, day: datetime) -> None:
    weekend = day.weekday() >= 5
    cloud, rng = stage.cloud, stage.rng
    for hour in range(24):
        _machines(stage, cast, day + timedelta(hours=hour))
    if not weekend:
        for name in ("alice.nguyen", "bob.meyer"):
            for _ in range(3):
                _honest_chain(stage, cast, name, _office_hours(rng, day), calls=rng.randint(8, 16))
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
    _routine(stage, cast.key("svc-backup"), day + timedelta(hours=1, minutes=30), 24, BACKUP_CALLS)
    typo = cast.users[rng.choice(("carla.rossi", "grace.okafor"))]
    place = Place(typo.place.address, BROWSER)
    signin.failed_login(cloud, typo, _office_hours(rng, day), "us-east-1", place=place)
    if day == START:
        root = signin.root_login(cloud, cast.management, _at(1, 7, 45, 12), place=Place("203.0.113.5", BROWSER))
        _routine(stage, root, _at(1, 7, 46), 4, _calls("GetAccountSummary", "ListUsers"))


def _machines(stage: Stage, cast: Cast, hour: datetime) -> None:
    """Instances (a new credential every six hours), functions, the nightly pipeline, and services on their own."""
    cloud, rng = stage.cloud, stage.rng
    if hour.hour % 6 == 1:
        for name, role, address, region in (
            ("web-1", "web-server", "10.0.12.6", "eu-west-1"),
            ("web-2", "web-server", "10.0.12.7", "eu-west-1"),
            ("etl-1", "etl-server", "10.0.30.11", "us-west-2"),
        ):
            if name == "web-2" and hour == _at(4, 1, 0):
                continue
            _instance(stage, cast, name, cast.roles[role], Place(address, AGENTS[2]), hour, region)
    for name in ("orders-stream", "resize-images") if hour.hour % 2 else ("nightly-report",):
        place = Place("198.51.100.9", "Boto3/1.34.145 exec-env/AWS_Lambda_python3.12")
        at = hour + timedelta(minutes=rng.randrange(50), seconds=rng.randrange(60))
        function = sts.assume_role_by_service(
            cloud, "lambda.amazonaws.com", cast.roles["functions"], name, at, "eu-west-1", place=place
        )
        later = at + timedelta(seconds=1)
        _routine(stage, function, later, rng.randint(4, 8), SERVER_CALLS, onward=FORWARDS[:1])
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
        _routine(stage, key, moment, rng.randint(4, 7), SERVER_CALLS, region=region)
    if name == "etl-1" and hour.hour == 1:
        moment = at + timedelta(minutes=20)
        data = sts.assume_role(cloud, keys[0], cast.roles["data-pipeline"], "etl-nightly", moment, "us-west-2")
        _routine(stage, data, moment + timedelta(seconds=4), 10, SERVER_CALLS, region="us-west-2")
        moment += timedelta(minutes=2)
        export = sts.assume_role(cloud, data, cast.roles["prod-maintenance"], "etl-nightly", moment, "us-west-2")
        _routine(stage, export, moment + timedelta(seconds=4), 8, SERVER_CALLS)


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
    _routine(stage, session, at, stage.rng.randint(8, 12), RELEASE_CALLS, onward=FORWARDS[1:])


def _release(stage: Stage, cast: Cast, at: datetime) -> None:
    """What the key of svc-deploy is for: deployer in dev, then release in prod, from the build server."""
    cloud, key = stage.cloud, cast.key("svc-deploy")
    if at > _at(5, 9, 5):
        return
    name = f"release-{stage.rng.randrange(4000, 4999)}"
    call(cloud, key, CALLS["GetCallerIdentity"], at, GLOBAL_REGION)
    at += timedelta(seconds=2)
    deployer = sts.assume_role(cloud, key, cast.roles["deployer"], name, at, GLOBAL_REGION)
    _routine(stage, deployer, at + timedelta(seconds=3), 5, RELEASE_CALLS, onward=FORWARDS[1:])
    at += timedelta(seconds=50)
    release = sts.assume_role(cloud, deployer, cast.roles["release"], name, at, GLOBAL_REGION)
    _routine(stage, release, at + timedelta(seconds=3), 8, RELEASE_CALLS, onward=FORWARDS[1:])


# Small things


def _routine(
    stage: Stage,
    credential: Credential,
    at: datetime,
    count: int,
    calls: Sequence[Call],
    *,
    region: str = "eu-west-1",
    onward: Sequence[tuple[Call, Call, str]] = (),
) -> None:
    """Calls that are part of the job, so never refused, and carried on by a service only where `onward` says how."""
    forwards = 0.12 if onward else 0
    work(stage, credential, at, count, region=region, forwards=forwards, refused=0, calls=calls, onward=onward)


def _at(day: int, hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=UTC) + timedelta(seconds=second)


def _office_hours(rng: Random, day: datetime) -> datetime:
    return day + timedelta(hours=7, seconds=rng.randrange(10 * 3600))


def _secret(name: str, account_id: str, region: str) -> Call:
    parameters: Json = {"secretId": f"arn:aws:secretsmanager:{region}:{account_id}:secret:{name}-Qx7LmP"}
    return Call(GET_SECRET.api, lambda rng, account, region: (parameters, None))


def _object(account_id: str, bucket: str, key: str) -> Call:
    name = bucket_name(bucket, account_id)
    parameters: Json = {"bucketName": name, "Host": f"{name}.s3.eu-west-1.amazonaws.com", "key": key}
    resources: Sequence[Json] = (
        {"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{name}/{key}"},
        {"accountId": account_id, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{name}"},
    )
    return Call(CALLS["GetObject"].api, lambda rng, account, region: (parameters, list(resources)))
