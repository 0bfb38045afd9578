"""Sample: five days of an organization, with a weekend on which a leaked key was used in several accounts.

The seed generates the cast first, then the incident, then ordinary activity. So a change to ordinary activity does not
change the identifiers of the incident, which are listed below and in `sample_logs/README.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from random import Random

from . import iam, signin, sts
from .cloud import GLOBAL_REGION, Cloud
from .delivery import Trail, deliver
from .identities import Credential, role_session, user_key
from .principals import UNKNOWN, Json, Place
from .sample_life import (
    AUDIT_CALLS,
    REGIONS,
    SERVER_CALLS,
    START,
    Cast,
    honest_chain,
    make_cast,
    on_day,
    ordinary_day,
    routine,
)
from .scenario import World
from .services import (
    CALLS,
    CATALOGUE,
    DECRYPT,
    FORWARDS,
    GET_SECRET,
    Call,
    bucket_name,
    call,
    call_and_forward,
)
from .stage import AGENTS, BROWSER, Stage, work

SEED = 20261001
DAYS = 5
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
class Incident:
    """The access keys of the incident."""

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
    cast = make_cast(cloud)
    incident = _incident(stage, cast)
    for day in range(DAYS):
        ordinary_day(stage, cast, START + timedelta(days=day))
    within = (event for event in cloud.events if event.time < stage.end)
    ordered = sorted(within, key=lambda event: (event.time, event.id))
    files = deliver(ordered, rng, TRAIL)
    return Sample(World(SEED, files, tuple(ordered), tuple(cloud.issuances)), cast, incident)


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
    honest = honest_chain(stage, cast, "alice.nguyen", on_day(2, 9, 14), calls=14)
    honest_chain(stage, cast, "bob.meyer", on_day(2, 13, 40), calls=9)
    old = _older_than_the_logs(stage, cast)
    keys = (leaked, first, second, deep, stolen, intruder, later, console, honest, responder, old)
    return Incident(*(key.access_key_id or "" for key in keys))


def _probing(stage: Stage, cast: Cast, leaked: Credential) -> None:
    """Saturday evening: reconnaissance with almost no permissions."""
    cloud, rng = stage.cloud, stage.rng
    call(cloud, leaked, CALLS["GetCallerIdentity"], on_day(3, 21, 14, 7), GLOBAL_REGION)
    call(cloud, leaked, CALLS["ListBuckets"], on_day(3, 21, 14, 31), GLOBAL_REGION)
    call(cloud, leaked, CALLS["GetCallerIdentity"], on_day(3, 21, 19, 2), "eu-west-1")
    moment = on_day(3, 21, 20)
    for region in REGIONS:
        for what in rng.sample(CATALOGUE[1:], 22):
            call(cloud, leaked, what, moment, region, denied=True)
            moment += timedelta(seconds=rng.choice((0, 0, 1, 1)))
        moment += timedelta(seconds=40)
    for name in ("admin", "prod-maintenance", "auditor", "billing", "data-pipeline"):
        sts.denied_assume_role(cloud, leaked, cast.roles[name], moment, GLOBAL_REGION)
        moment += timedelta(seconds=2)


def _deep_chain(stage: Stage, cast: Cast, leaked: Credential) -> tuple[Credential, Credential, Credential]:
    """Sunday night, dev -> data -> prod, with the session name of bob.meyer, who is asleep."""
    cloud, name = stage.cloud, "bob.meyer"
    call(cloud, leaked, CALLS["GetCallerIdentity"], on_day(4, 2, 10, 40), GLOBAL_REGION)
    first = sts.assume_role(
        cloud, leaked, cast.roles["deployer"], name, on_day(4, 2, 11, 3), GLOBAL_REGION, source_identity=name
    )
    call(cloud, first, CALLS["GetCallerIdentity"], on_day(4, 2, 11, 5), GLOBAL_REGION)
    for number, what in enumerate(("ListRoles", "ListAttachedRolePolicies", "ListFunctions20150331", "ListSecrets")):
        call(cloud, first, CALLS[what], on_day(4, 2, 12, 10 * number), "eu-west-1")
    sts.denied_assume_role(cloud, first, cast.roles["admin"], on_day(4, 2, 13, 5), GLOBAL_REGION)
    role = cast.roles["data-pipeline"]
    sts.assume_role(cloud, first, role, name, on_day(4, 2, 16, 48), GLOBAL_REGION)
    second = sts.assume_role(cloud, first, role, name, on_day(4, 2, 16, 48), GLOBAL_REGION)
    for number, what in enumerate(("GetCallerIdentity", "ListBuckets", "ListTables", "DescribeTable")):
        call(cloud, second, CALLS[what], on_day(4, 2, 17, 7 * number), "eu-west-1")
    deep = sts.assume_role(cloud, second, cast.roles["prod-maintenance"], name, on_day(4, 2, 24, 19), GLOBAL_REGION)
    call(cloud, deep, CALLS["GetCallerIdentity"], on_day(4, 2, 24, 22), "eu-west-1")
    return first, second, deep


def _damage(stage: Stage, cast: Cast, deep: Credential) -> None:
    """Secrets, then customer data, then an attempt to stop the trail."""
    cloud, region = stage.cloud, "eu-west-1"
    for number, what in enumerate(("ListSecrets", "ListBuckets", "DescribeDBInstances", "DescribeTrails")):
        call(cloud, deep, CALLS[what], on_day(4, 2, 26, 9 * number), region)
    for number, secret in enumerate(("prod/db/master", "prod/payments/api-key")):
        which = (_secret(secret, cast.prod, region), DECRYPT, "secretsmanager.amazonaws.com")
        call_and_forward(cloud, deep, on_day(4, 2, 28, 20 * number), region, which=which)
    moment = on_day(4, 2, 31)
    for number in range(64):
        call(cloud, deep, _object(cast.prod, "customer-exports", f"2026/export-{number:04d}.parquet"), moment, region)
        moment += timedelta(seconds=stage.rng.choice((0, 1, 1)))
    iam.stop_logging(cloud, deep, "org-trail", on_day(4, 2, 41, 12), GLOBAL_REGION, denied=True)
    iam.stop_logging(cloud, deep, "org-trail", on_day(4, 2, 41, 30), GLOBAL_REGION, denied=True)


def _persistence(stage: Stage, cast: Cast, deep: Credential) -> tuple[Credential, Credential]:
    """A user that looks like a service, with a key, a password and all permissions; a role for an external account."""
    cloud = stage.cloud
    user = iam.create_user(cloud, deep, cast.prod, "svc-metrics", on_day(4, 2, 47, 5), STRANGER_LATER)
    user = iam.create_access_key(cloud, deep, user, on_day(4, 2, 47, 9))
    iam.attach_user_policy(cloud, deep, user, iam.ADMIN_POLICY, on_day(4, 2, 47, 21))
    iam.create_login_profile(cloud, deep, user, on_day(4, 2, 47, 44))
    stranger = "arn:aws:iam::999900001111:root"
    iam.update_assume_role_policy(cloud, deep, cast.roles["prod-maintenance"], stranger, on_day(4, 2, 49, 2))
    key = user_key(user, user.key_ids[0])
    call(cloud, key, CALLS["GetCallerIdentity"], on_day(4, 4, 40, 11), GLOBAL_REGION)
    work(stage, key, on_day(4, 4, 41), 16, forwards=0.1, refused=0, onward=FORWARDS[1:], region="eu-west-1")
    console = signin.console_login(cloud, user, on_day(4, 5, 2, 33), GLOBAL_REGION, mfa=False, place=STRANGER_BROWSER)
    for number, one in enumerate(signin.more_keys(cloud, console, 5)):
        work(stage, one, on_day(4, 5, 3, 10 * number), 2, forwards=0, refused=0, region="eu-west-1")
    return key, console


def _return(stage: Stage, cast: Cast, intruder: Credential) -> Credential:
    """Monday: after the leaked key was deactivated, the attacker returns as the new user and creates another key."""
    cloud = stage.cloud
    call(cloud, intruder, CALLS["GetCallerIdentity"], on_day(5, 10, 31, 4), GLOBAL_REGION)
    backup = iam.create_access_key(cloud, intruder, cast.users["svc-backup"], on_day(5, 10, 33, 50))
    later = user_key(backup, backup.key_ids[-1]).at(STRANGER_LATER)
    moment = on_day(5, 10, 40)
    for number in range(24):
        what = _object(cast.prod, "backups", f"2026/export-{300 + number:04d}.parquet")
        call(cloud, later, what, moment, "eu-west-1")
        moment += timedelta(seconds=1)
    return later


def _stolen_workload(stage: Stage, cast: Cast) -> Credential:
    """The credential of web-2 (10.0.12.7) is used from the attacker's address two hours later."""
    cloud, name, region = stage.cloud, cast.instances["web-2"], "eu-west-1"
    home = Place("10.0.12.7", AGENTS[2])
    role = cast.roles["web-server"]
    keys = [
        sts.assume_role_by_service(cloud, "ec2.amazonaws.com", role, name, on_day(4, 1, 12, 30), region, place=home)
        for _ in range(2)
    ]
    for hour in (1, 2, 3, 4, 5):
        routine(stage, keys[0], on_day(4, hour, 15), 4, SERVER_CALLS, region=region)
    away = keys[0].at(STRANGER)
    moment = on_day(4, 3, 32, 18)
    for what in ("GetCallerIdentity", "ListBuckets", "DescribeInstances", "DescribeSnapshots", "ListFunctions20150331"):
        call(cloud, away, CALLS[what], moment, region, denied=what == "ListFunctions20150331")
        moment += timedelta(seconds=6)
    for number in range(12):
        call(cloud, away, _object(cast.prod, "artifacts", f"releases/{number:02d}.tar.gz"), moment, region)
        moment += timedelta(seconds=1)
    sts.denied_assume_role(cloud, away, cast.roles["admin"], moment, region)
    return keys[0]


def _response(stage: Stage, cast: Cast) -> Credential:
    """Monday morning: security signs in, switches to dev and deactivates the leaked key."""
    cloud, elena = stage.cloud, cast.users["elena.garcia"]
    place = Place(elena.place.address, BROWSER)
    session = signin.console_login(cloud, elena, on_day(5, 8, 52, 10), "eu-west-1", mfa=True, place=place)
    routine(stage, session, on_day(5, 8, 53), 5, AUDIT_CALLS)
    role = cast.roles["incident-response"]
    switched = signin.switch_role(cloud, session, elena.name, role, on_day(5, 9, 2, 41), "eu-west-1")
    owner = cast.users["svc-deploy"]
    for number, one in enumerate(signin.more_keys(cloud, switched, 3)):
        routine(stage, one, on_day(5, 9, 3, 8 * number), 3, AUDIT_CALLS)
    iam.update_access_key(cloud, switched, owner, owner.key_ids[0], "Inactive", on_day(5, 9, 5, 37))
    return switched


def _older_than_the_logs(stage: Stage, cast: Cast) -> Credential:
    """A session from twenty minutes before the first event, so its requester is not in the logs."""
    created = START - timedelta(minutes=20)
    place = Place("10.0.30.11", AGENTS[2])
    key_id = stage.cloud.ids.key(cast.data)
    session = role_session(cast.roles["data-pipeline"], "etl-nightly", key_id, created, actor=UNKNOWN, place=place)
    work(stage, session, START + timedelta(minutes=4), 12, refused=0, forwards=0, region="eu-west-1")
    return session


# Helpers


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
