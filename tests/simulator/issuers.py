"""Issuers: rare ways to get a credential, and changes of keys, trails and trust policies, one activity each.

Each activity is a function of the stage and a time, like those in `scenario.py`. The first account of a stage is the
organization's management account and has its Identity Center instance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from . import agents, iam, identity_center, signin, sts, trails
from .cloud import Cloud
from .identities import Credential, root_key, user_key
from .principals import Person, Place, Role
from .services import CALLS, call
from .stage import AGENTS, BROWSER, NAMES, STRANGER, Activity, Stage, hops, work
from .workload_issuers import WORKLOAD_ISSUERS

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
    """A user assumes a role and opens the console with it; some assume a further role."""
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
    """A product provider, in one of the accounts, works in another account by temporary delegation."""
    provider, customer = stage.rng.sample(stage.accounts, 2)
    role = stage.special_role(customer, "partner-onboarding", "/delegated/")
    caller = stage.key_of(stage.rng.choice(provider.users))
    session = sts.get_delegated_access_token(stage.cloud, caller, role, at, stage.sts_region())
    work(stage, session, at + timedelta(seconds=5), 3, forwards=0)


def switch_renew_exit(stage: Stage, at: datetime) -> None:
    """A switched role that the console renews after an hour and that the user exits at the end."""
    cloud, rng, user = stage.cloud, stage.rng, stage.person()
    place, region, role = Place(user.place.address, BROWSER), stage.region(), stage.role()
    session = signin.console_login(cloud, user, at, region, mfa=True, place=place)
    at += timedelta(minutes=2)
    _browse(stage, signin.switch_role(cloud, session, user.name, role, at, region), at)
    at += timedelta(minutes=58, seconds=rng.randrange(60))
    _browse(stage, signin.renew_role(cloud, session, user.name, role, at, region), at)
    signin.exit_role(cloud, session, user.name, role, at + timedelta(minutes=9), region)


def aws_login(stage: Stage, at: datetime) -> None:
    """The command line signs in with the browser: as an IAM user, or as a role session in the console."""
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
    """Keys from the portal. One session in ten never has `onBehalfOf`; some assume another role."""
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
    """`aws sso login`, logged only in the instance's account (TrailTool sso_login_session.json)."""
    cloud, person, home = stage.cloud, _person(stage), _home(stage)
    portal = identity_center.sign_in(cloud, person, at, home)
    identity_center.create_token(cloud, portal, at + timedelta(seconds=3), home)
    at += timedelta(seconds=18)
    place = Place(person.place.address, AGENTS[0])
    role = _reserved(stage)
    session = identity_center.role_credentials_unseen(cloud, portal, person, role, at, home, place=place)
    work(stage, session, at, stage.rng.randint(4, 8))


def portal_console(stage: Stage, at: datetime) -> None:
    """The console from the portal, federated again each minute while it is open."""
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


# Keys, trails, trust


def key_life(stage: Stage, at: datetime) -> None:
    """A key that another user creates, and one that this key creates: used, disabled, refused, deleted."""
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
    """A role that starts or stops requiring a SourceIdentity; one session under each policy."""
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
    """A role that is deleted and created again: the same ARN, another ID, another caller."""
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
    """A role that assumes itself repeatedly, for longer than the hour of a chained session."""
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


# Helpers


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
    """Return the region of the Identity Center instance."""
    return stage.regions[-1]


def _reserved(stage: Stage) -> Role:
    account, region = stage.account(), _home(stage)
    permission_set = stage.rng.choice(("AdministratorAccess", "ReadOnly"))
    suffix = stage.once(f"permission set {account.id} {permission_set}", lambda: stage.cloud.ids.hexadecimal(16))
    name = f"AWSReservedSSO_{permission_set}_{suffix}"
    return stage.special_role(account, name, f"/aws-reserved/sso.amazonaws.com/{region}/")


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
    *WORKLOAD_ISSUERS,
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
