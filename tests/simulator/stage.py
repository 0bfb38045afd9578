"""Stage: the people and accounts of an organization, its regions and hours, and the ordinary calls of a credential.

Every activity gets its people, roles and randomness only from `Stage`. A cast member that only some activities need is
created on first use (`once`), so that it does not change the random numbers of the other activities.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from . import sts
from .cloud import GLOBAL_REGION, Cloud
from .identities import Credential, user_key
from .principals import Place, Role, User
from .services import CATALOGUE, FORWARDS, Call, call, call_and_forward

T = TypeVar("T")
Activity = Callable[["Stage", datetime], None]

NAMES = ("alice.nguyen", "bob.meyer", "carla.rossi", "dmitri.ivanov", "elena.garcia", "farid.haddad", "grace.okafor")
ROBOTS = ("svc-deploy", "svc-backup")
ROLE_NAMES = ("deploy", "read-only", "data-pipeline", "admin", "break-glass")
REGIONS = ("eu-west-1", "eu-central-1", "us-west-2", "ap-southeast-2")
AGENTS = (
    "aws-cli/2.17.44 md/awscrt#0.21.2 ua/2.0 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12.6",
    "aws-cli/2.15.30 Python/3.11.8 Darwin/23.4.0 exe/x86_64 prompt/off",
    "Boto3/1.35.12 md/Botocore#1.35.12 ua/2.0 os/linux#5.15.0 lang/python#3.11.9",
    "APN/1.0 HashiCorp/1.0 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-aws/5.64.0",
)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
RUNNER = Place("198.51.100.77", "aws-sdk-js/3.637.0 configure-aws-credentials-for-github-actions")
STRANGER = Place("192.0.2.150", "aws-cli/2.9.19 Python/3.11.2 Linux/6.6.9-amd64 source/x86_64.kali.2024 prompt/off")
REPOSITORIES = ("acme/storefront", "acme/infrastructure", "acme/data")


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    users: tuple[User, ...]
    roles: tuple[Role, ...]
    instance_role: Role
    function_role: Role
    service_role: Role


@dataclass(frozen=True, slots=True)
class Stage:
    """The cloud, its cast, and the start and end of the logs."""

    cloud: Cloud
    rng: Random
    accounts: tuple[Account, ...]
    regions: tuple[str, ...]
    start: datetime
    end: datetime
    made: dict[str, Any] = field(default_factory=dict)
    """Cast members created so far."""

    def account(self) -> Account:
        return self.rng.choice(self.accounts)

    def account_of(self, account_id: str) -> Account:
        return next(account for account in self.accounts if account.id == account_id)

    def user(self) -> User:
        return self.rng.choice(self.account().users)

    def person(self) -> User:
        return self.rng.choice([user for user in self.account().users if user.name not in ROBOTS])

    def region(self) -> str:
        return self.rng.choice(self.regions)

    def sts_region(self) -> str:
        """Return the recording region of an STS call: us-east-1 for half of the calls, by the global endpoint."""
        return GLOBAL_REGION if self.rng.random() < 0.5 else self.region()

    def role(self, account: Account | None = None) -> Role:
        return self.rng.choice((account or self.account()).roles)

    def key_of(self, user: User) -> Credential:
        return user_key(user, self.rng.choice(user.key_ids))

    def once(self, name: str, make: Callable[[], T]) -> T:
        found: T = self.made.setdefault(name, None) or make()
        self.made[name] = found
        return found

    def special_role(self, account: Account, name: str, path: str = "/") -> Role:
        """Return a role of few activities, created on first use."""
        return self.once(f"{account.id} {path}{name}", lambda: _role(self.cloud, account.id, name, path))


def set_stage(rng: Random, events: int) -> Stage:
    cloud = Cloud(rng)
    start = datetime(2026, rng.randint(1, 9), rng.randint(1, 28), rng.randint(0, 23), rng.randint(0, 59), tzinfo=UTC)
    end = start + timedelta(hours=3 + events / 400)
    accounts = tuple(_account(cloud, number) for number in range(rng.randint(3, 5)))
    regions = (GLOBAL_REGION, *rng.sample(REGIONS, rng.randint(1, 3)))
    return Stage(cloud, rng, accounts, regions, start, end)


def _account(cloud: Cloud, number: int) -> Account:
    rng, ids = cloud.rng, cloud.ids
    account_id = ids.account()
    users = []
    for position, name in enumerate((*rng.sample(NAMES, 4), *ROBOTS)):
        two = position in (0, 4)
        keys = tuple(ids.unique_id("AKIA", account_id, old_layout=rng.random() < 0.05) for _ in range(2 if two else 1))
        address = f"203.0.113.{10 + 20 * number + position}"
        place = Place(address, rng.choice(AGENTS))
        path = "/service-accounts/" if name in ROBOTS else "/"
        user_id = ids.unique_id("AIDA", account_id, old_layout=rng.random() < 0.05)
        users.append(User(account_id, name, user_id, keys, place, path))
    cloud.users += users
    role = [_role(cloud, account_id, name, "/ops/" if name == "admin" else "/") for name in ROLE_NAMES]
    linked = "/aws-service-role/inspector2.amazonaws.com/"
    service_role = _role(cloud, account_id, "AWSServiceRoleForAmazonInspector2", linked)
    return Account(
        account_id,
        tuple(users),
        tuple(role),
        _role(cloud, account_id, "web-server"),
        _role(cloud, account_id, "functions"),
        service_role,
    )


def _role(cloud: Cloud, account_id: str, name: str, path: str = "/") -> Role:
    role_id = cloud.ids.unique_id("AROA", account_id, old_layout=cloud.rng.random() < 0.03)
    cloud.roles.append(Role(account_id, name, role_id, path))
    return cloud.roles[-1]


def work(
    stage: Stage,
    credential: Credential,
    at: datetime,
    count: int,
    *,
    region: str | None = None,
    forwards: float = 0.12,
    refused: float = 0.08,
    calls: Sequence[Call] = CATALOGUE,
    onward: Sequence[tuple[Call, Call, str]] = FORWARDS,
    pauses: Sequence[int] = (0, 0, 1, 1, 2, 4, 9),
) -> None:
    """Log ordinary calls with one credential, some refused, some forwarded by a service."""
    rng, cloud = stage.rng, stage.cloud
    for number in range(count):
        at += timedelta(seconds=rng.choice(pauses) if number else 0)
        where = region or stage.region()
        if rng.random() < forwards:
            which = rng.choice(onward)
            access = call_and_forward(cloud, credential, at, where, which=which)
            for _ in range(rng.choice((0, 0, 0, 1, 2))):
                at += timedelta(seconds=rng.randint(0, 6))
                call_and_forward(cloud, credential, at, where, which=which, cached=access)
        else:
            call(cloud, credential, rng.choice(calls), at, where, denied=rng.random() < refused)


def hops(
    stage: Stage, caller: Credential, at: datetime, count: int, name: str, source_identity: str | None
) -> Credential:
    """Assume roles in a chain, half of them twice in the same second with one key used (measured)."""
    rng, cloud = stage.rng, stage.cloud
    for _ in range(count):
        role, region = stage.role(), stage.sts_region()
        if rng.random() < 0.3:
            sts.denied_assume_role(cloud, caller, role, at - timedelta(seconds=3), region)
        session_name = name if rng.random() < 0.6 else f"aws-go-sdk-{rng.getrandbits(60)}"
        external_id = "acme-7" if rng.random() < 0.1 else None
        for _ in range(rng.randint(1, 2)):
            session = sts.assume_role(
                cloud,
                caller,
                role,
                session_name,
                at,
                region,
                source_identity=source_identity,
                external_id=external_id,
            )
        at += timedelta(seconds=rng.randint(1, 5))
        work(stage, session, at, rng.randint(1, 5))
        at += timedelta(seconds=rng.randint(20, 90))
        caller = session
    return caller


def any_time(stage: Stage) -> datetime:
    span = int((stage.end - stage.start).total_seconds())
    return stage.start + timedelta(seconds=60 + stage.rng.randrange(span))
