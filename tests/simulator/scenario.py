"""Scenario: a day in an organization, generated from a seed, with the activities of its people and machines.

Each activity is one function of the stage and a time. A world runs every activity once, in random order, and then
random ones by weight until it has the requested number of events. Rare issuers are in `issuers.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from . import iam, signin, sts
from .cloud import GLOBAL_REGION, Event, Gap, Issuance, Minting, TrustPolicy
from .delivery import LogFile, Trail, deliver
from .identities import role_session, root_key, user_key, user_session
from .issuers import ISSUERS
from .odd import ODD
from .permissions import Permissions
from .principals import UNKNOWN, Place
from .services import CATALOGUE, SUBNETS, call, service_call, service_happening
from .stage import (
    AGENTS,
    BROWSER,
    NAMES,
    REPOSITORIES,
    RUNNER,
    Account,
    Activity,
    Stage,
    any_time,
    hops,
    set_stage,
    work,
)


@dataclass(frozen=True, slots=True)
class World:
    seed: int
    files: tuple[LogFile, ...]
    events: tuple[Event, ...]
    issuances: tuple[Issuance, ...]
    mintings: tuple[Minting, ...] = ()
    policies: tuple[TrustPolicy, ...] = ()
    gaps: tuple[Gap, ...] = ()
    launches: dict[str, str] = field(default_factory=dict)
    """Workload -> the event that created it."""
    accounts: tuple[Account, ...] = ()
    """The cast at the start of the world."""
    happened: tuple[Event, ...] = ()
    """All events, recorded or not, in order of time."""
    permissions: Permissions = field(default_factory=Permissions)
    """The facts about what works when."""
    asked: tuple[tuple[str, datetime], ...] = ()
    """Access keys to ask about, and when."""


def simulate(seed: int = 7, events: int = 2000, *, everything: bool = False, odd: bool = False) -> World:
    """Return a world.

    `everything`: also rare issuers, each at least once from 3,000 events on; `odd`: odd evidence too, all of it first.
    """
    rng = Random(f"world {seed}")
    stage = set_stage(rng, events)
    cloud = stage.cloud
    activities = ACTIVITIES + ISSUERS if everything else ACTIVITIES
    first = [activity for activity, _ in activities]
    rng.shuffle(first)
    first += [activity for activity, _ in ODD] if odd else []
    choices, weights = zip(*activities, strict=True)
    wanted = events
    while True:
        while len(cloud.events) < wanted:
            activity = first.pop() if first else rng.choices(choices, weights)[0]
            activity(stage, any_time(stage))
        recorded = [event for event in cloud.events if cloud.records(event)]
        if len(recorded) >= events:
            break
        wanted += events - len(recorded)
    ordered = sorted(recorded, key=lambda event: (event.time, event.id))
    batch = timedelta(minutes=max(5, events // 4000))
    files = deliver(ordered, rng, Trail(batch=batch))
    return World(
        seed=seed,
        files=files,
        events=tuple(ordered),
        issuances=tuple(cloud.issuances),
        mintings=tuple(cloud.mintings),
        policies=tuple(cloud.policies),
        gaps=tuple(cloud.gaps),
        launches=cloud.launches,
        accounts=stage.accounts,
        happened=tuple(sorted(cloud.events, key=lambda event: (event.time, event.id))),
        permissions=cloud.permissions(),
        asked=tuple(cloud.asked),
    )


# Activities


def work_with_key(stage: Stage, at: datetime) -> None:
    work(stage, stage.key_of(stage.user()), at, stage.rng.randint(6, 20))


def role_chain(stage: Stage, at: datetime) -> None:
    """One to six hops, within and across accounts, from any kind of origin, with or without a SourceIdentity."""
    user = stage.user()
    origin = stage.key_of(user)
    if stage.rng.random() < 0.2:
        origin = sts.get_session_token(stage.cloud, origin, user, at, stage.sts_region(), mfa=True)
        at += timedelta(seconds=20)
    claimed = None
    if stage.rng.random() < 0.4:
        claimed = user.name if stage.rng.random() < 0.8 else stage.user().name
    hops(stage, origin, at, stage.rng.choice((1, 1, 1, 2, 2, 3, 3, 4, 5, 6)), user.name, claimed)


def session_token(stage: Stage, at: datetime) -> None:
    user = stage.user()
    mfa = stage.rng.random() < 0.5
    session = sts.get_session_token(stage.cloud, stage.key_of(user), user, at, stage.sts_region(), mfa=mfa)
    work(stage, session, at + timedelta(seconds=5), stage.rng.randint(3, 8))


def saml_sign_in(stage: Stage, at: datetime) -> None:
    person = stage.rng.choice(NAMES) + "@example.com"
    place = Place(f"203.0.113.{stage.rng.randrange(200, 250)}", BROWSER)
    claimed = person if stage.rng.random() < 0.5 else None
    session = sts.assume_role_with_saml(
        stage.cloud, stage.role(), person, person, at, stage.sts_region(), place=place, source_identity=claimed
    )
    work(stage, session, at + timedelta(seconds=4), stage.rng.randint(4, 9))
    if stage.rng.random() < 0.5:
        hops(stage, session, at + timedelta(minutes=3), 1, person, None)


def github_workflow(stage: Stage, at: datetime) -> None:
    subject = f"repo:{stage.rng.choice(REPOSITORIES)}:ref:refs/heads/main"
    session = sts.assume_role_with_web_identity(
        stage.cloud, stage.role(), subject, "GitHubActions", at, stage.sts_region(), place=RUNNER
    )
    work(stage, session, at + timedelta(seconds=3), stage.rng.randint(4, 10))
    if stage.rng.random() < 0.5:
        hops(stage, session, at + timedelta(minutes=2), stage.rng.randint(1, 2), "GitHubActions", None)


def console(stage: Stage, at: datetime) -> None:
    """A sign-in, many keys for one session, and sometimes a role switch."""
    cloud, rng, user = stage.cloud, stage.rng, stage.person()
    place = Place(user.place.address, BROWSER)
    session = signin.console_login(cloud, user, at, stage.region(), mfa=rng.random() < 0.7, place=place)
    for number, key in enumerate(signin.more_keys(cloud, session, rng.randint(3, 9))):
        work(stage, key, at + timedelta(seconds=10 + 40 * number), rng.randint(1, 4))
    if rng.random() < 0.6:
        at += timedelta(minutes=8)
        switched = signin.switch_role(cloud, session, user.name, stage.role(), at, stage.region())
        for number, key in enumerate(signin.more_keys(cloud, switched, rng.randint(2, 4))):
            work(stage, key, at + timedelta(seconds=10 + 30 * number), rng.randint(1, 4))


def failed_sign_in(stage: Stage, at: datetime) -> None:
    user = stage.person()
    place = Place(f"192.0.2.{stage.rng.randrange(1, 250)}", BROWSER)
    for number in range(stage.rng.randint(1, 3)):
        known = stage.rng.random() < 0.7
        when = at + timedelta(seconds=9 * number)
        signin.failed_login(stage.cloud, user, when, stage.region(), place=place, known=known)


def instance(stage: Stage, at: datetime) -> None:
    """Two keys in the same second, one or both of them used (measured; docs/attribution.md#ec2)."""
    cloud, rng, account = stage.cloud, stage.rng, stage.account()
    name, region = cloud.ids.instance(), stage.region()
    place = Place(f"10.0.{rng.randrange(4)}.{rng.randrange(4, 250)}", AGENTS[2])
    role = account.instance_role
    keys = [
        sts.assume_role_by_service(cloud, "ec2.amazonaws.com", role, name, at, region, place=place) for _ in range(2)
    ]
    for key in keys[: rng.randint(1, 2)]:
        work(stage, key, at + timedelta(minutes=2), rng.randint(3, 6), region=region)
    if rng.random() < 0.5:
        hops(stage, keys[0], at + timedelta(minutes=5), 1, name, None)


def function(stage: Stage, at: datetime) -> None:
    name, region = stage.rng.choice(("resize-images", "nightly-report", "orders-stream")), stage.region()
    place = Place("198.51.100.9", "Boto3/1.34.145 exec-env/AWS_Lambda_python3.12")
    role = stage.account().function_role
    session = sts.assume_role_by_service(stage.cloud, "lambda.amazonaws.com", role, name, at, region, place=place)
    work(stage, session, at + timedelta(seconds=1), stage.rng.randint(3, 6), region=region)


def linked_role(stage: Stage, at: datetime) -> None:
    """A service-linked role, whose events have no access key (docs/attribution.md#service-linked-roles)."""
    principal = "inspector2.amazonaws.com"
    role, region = stage.account().service_role, stage.region()
    name = f"MandoService{stage.rng.getrandbits(60)}"
    place = Place(principal, principal)
    session = sts.assume_role_by_service(stage.cloud, principal, role, name, at, region, place=place, key_in_use=False)
    for _ in range(stage.rng.randint(1, 3)):
        call(stage.cloud, session, SUBNETS, at, region)


def services_alone(stage: Stage, at: datetime) -> None:
    for number in range(stage.rng.randint(2, 4)):
        play = stage.rng.choice((service_call, service_happening))
        play(stage.cloud, stage.account().id, at + timedelta(seconds=number), stage.region())


def root(stage: Stage, at: datetime) -> None:
    account = stage.account().id
    place = Place("203.0.113.5", BROWSER)
    if stage.rng.random() < 0.6:
        session = signin.root_login(stage.cloud, account, at, place=place)
        for number, key in enumerate(signin.more_keys(stage.cloud, session, 3)):
            work(stage, key, at + timedelta(seconds=10 + 20 * number), 2)
    else:
        key_id = stage.cloud.ids.unique_id("AKIA", account)
        work(stage, root_key(account, key_id, Place("203.0.113.5", AGENTS[0])), at, 4)


def probing(stage: Stage, at: datetime) -> None:
    """A key with few permissions tries many calls and roles."""
    key = stage.key_of(stage.user()).at(Place("192.0.2.66", "Boto3/1.26.0 Python/3.9.2 Linux/5.10.0 Botocore/1.29.0"))
    for number in range(stage.rng.randint(5, 12)):
        when = at + timedelta(seconds=number)
        call(stage.cloud, key, stage.rng.choice(CATALOGUE[1:]), when, stage.region(), denied=True)
    for number in range(2):
        when = at + timedelta(seconds=20 + number)
        sts.denied_assume_role(stage.cloud, key, stage.role(), when, stage.sts_region())


def persistence(stage: Stage, at: datetime) -> None:
    """A new user with a key and a password, which are used; a role for an external account; a trail that stops."""
    cloud, account = stage.cloud, stage.account()
    victim = stage.rng.choice(account.users)
    by = stage.key_of(victim)

    def after(seconds: int) -> datetime:
        return at + timedelta(seconds=seconds)

    place = Place("192.0.2.66", AGENTS[2])
    name = f"support-{cloud.ids.hexadecimal(4)}"
    user = iam.create_user(cloud, by, account.id, name, at, place)
    user = iam.create_access_key(cloud, by, user, after(4))
    iam.attach_user_policy(cloud, by, user, iam.ADMIN_POLICY, after(8))
    iam.put_user_policy(cloud, by, user, after(9))
    iam.create_login_profile(cloud, by, user, after(15))
    iam.update_assume_role_policy(cloud, by, stage.role(account), "arn:aws:iam::999900001111:root", after(20))
    iam.stop_logging(cloud, by, "org-trail", after(30), stage.region(), denied=stage.rng.random() < 0.5)
    work(stage, user_key(user, user.key_ids[0]), after(60), 4)
    session = signin.console_login(cloud, user, after(90), GLOBAL_REGION, mfa=False, place=Place("192.0.2.66", BROWSER))
    work(stage, session, after(100), 2)
    iam.update_access_key(cloud, by, user, user.key_ids[0], "Inactive", after(600))
    iam.delete_access_key(cloud, by, user, user.key_ids[0], after(700))


def same_second_two_callers(stage: Stage, at: datetime) -> None:
    """Two people with the same role, session name and second. Only their keys distinguish them, not forwarded keys."""
    role, name = stage.role(), "session"
    one, other = stage.rng.sample([user for account in stage.accounts for user in account.users], 2)
    region = stage.sts_region()
    sessions = [sts.assume_role(stage.cloud, stage.key_of(user), role, name, at, region) for user in (one, other)]
    for session in sessions:
        work(stage, session, at + timedelta(seconds=2), 3, forwards=0.5)
    further, later = stage.role(), at + timedelta(seconds=30)
    for session in sessions:
        if stage.rng.random() < 0.7:
            onward = sts.assume_role(stage.cloud, session, further, "onward", later, region)
            work(stage, onward, later + timedelta(seconds=2), 3, forwards=0.3)


def same_second_same_caller(stage: Stage, at: datetime) -> None:
    """Two issuances to one caller in the same second, one or both used; the actor is certain."""
    caller, role, region = stage.key_of(stage.user()), stage.role(), stage.sts_region()
    sessions = [sts.assume_role(stage.cloud, caller, role, "build", at, region) for _ in range(2)]
    for session in sessions[: stage.rng.randint(1, 2)]:
        work(stage, session, at + timedelta(seconds=2), 3, forwards=0.4)


def same_second_two_keys(stage: Stage, at: datetime) -> None:
    """One user with two keys: the actor is certain, the origin key only if the issued key itself is used."""
    users = [user for account in stage.accounts for user in account.users if len(user.key_ids) == 2]
    user, role, region = stage.rng.choice(users), stage.role(), stage.sts_region()
    for key_id in user.key_ids:
        session = sts.assume_role(stage.cloud, user_key(user, key_id), role, user.name, at, region)
        work(stage, session, at + timedelta(seconds=2), 3, forwards=0.4)


def before_the_logs(stage: Stage, at: datetime) -> None:
    """Sessions from before the first event; one of them assumes another role."""
    cloud, rng, account = stage.cloud, stage.rng, stage.account()
    created = stage.start - timedelta(minutes=rng.randint(5, 50), seconds=rng.randrange(60))
    at = stage.start + timedelta(seconds=rng.randint(1, 300))
    place = Place("203.0.113.9", AGENTS[0])
    session = role_session(
        stage.role(account),
        "old-session",
        cloud.ids.key(account.id),
        created,
        actor=UNKNOWN,
        place=place,
        issuer="before the logs",
    )
    work(stage, session, at, 3)
    if rng.random() < 0.5:
        hops(stage, session, at + timedelta(seconds=40), 1, "old-session", None)
    user = rng.choice(account.users)
    from_console = rng.random() < 0.5
    key_id = cloud.ids.key(account.id)
    work(stage, user_session(user, key_id, created, mfa=True, from_console=from_console), at, 3, forwards=0)


ACTIVITIES: tuple[tuple[Activity, int], ...] = (
    (work_with_key, 30),
    (role_chain, 25),
    (session_token, 6),
    (saml_sign_in, 8),
    (github_workflow, 8),
    (console, 8),
    (failed_sign_in, 2),
    (instance, 8),
    (function, 6),
    (linked_role, 5),
    (services_alone, 8),
    (root, 1),
    (probing, 3),
    (persistence, 1),
    (same_second_two_callers, 3),
    (same_second_same_caller, 3),
    (same_second_two_keys, 3),
    (before_the_logs, 3),
)
