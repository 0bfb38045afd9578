"""Organization: the accounts, people, robots, networks and habits behind a simulated month, drawn from its seed.

People work from the office, from home and while they travel; they upgrade their programs and sign in as their company
does: with Identity Center, with SAML, or as IAM users. Addresses are drawn from 198.18.0.0/15 (RFC 2544), for people,
runners, hosters and attackers alike, so that an address alone never tells who called.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from . import identity_center, odd_sts, signin, sts
from .cloud import GLOBAL_REGION, Cloud
from .identities import Credential, user_key
from .principals import Person, Place, Role, User
from .stage import Stage

DAYS = 30
REGIONS = ("eu-west-1", "eu-central-1", "us-east-1", "us-west-2", "ap-southeast-2", "ca-central-1")
FAR_REGIONS = ("ap-south-1", "ap-northeast-2", "sa-east-1", "eu-north-1", "us-east-2", "ap-southeast-1", "eu-west-3")
OFFSETS = {"us-east-1": 5, "us-west-2": 8, "ca-central-1": 5, "ap-southeast-2": -10}
"""The hours from the office's clock to UTC, by home region."""
TEAMS = ("admin", "developer", "developer", "analyst", "developer", "finance", "admin", "developer", "analyst",
         "developer", "developer", "analyst")  # fmt: skip
PERMISSION_SETS = {"admin": "AdministratorAccess", "developer": "PowerUser", "analyst": "Analyst", "finance": "Billing"}
TRAITS = {
    "autoscaling": 0.5, "backup": 0.7, "bedrock": 0.35, "broker": 0.3, "cloudformation": 0.4, "consultant": 0.35,
    "cspm": 0.5, "data events": 0.6, "eks": 0.35, "key in CI": 0.35, "mfa everywhere": 0.5, "misconfigured": 0.3,
    "nat": 0.5, "prowler": 0.6, "root": 0.3, "ses": 0.35, "session tokens": 0.4, "source identity": 0.4,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """The names that a family of seeds draws from."""

    accounts: tuple[str, ...]
    people: tuple[str, ...]
    robots: tuple[str, ...]
    """The users of deployments, backups, monitoring, and of an old application."""
    services: tuple[str, ...]
    """Further service users."""
    repositories: tuple[str, ...]
    functions: tuple[str, ...]
    tools: tuple[str, ...]
    """The programs of attackers."""
    planted: tuple[str, ...]
    """The names of users that attackers create."""


TUNING_WORDS = Words(
    accounts=("management", "prod", "dev", "data"),
    people=("alice.nguyen", "bob.meyer", "carla.rossi", "dmitri.ivanov", "elena.garcia", "farid.haddad", "grace.okafor",
            "henrik.lund", "ines.costa", "jana.novak", "kofi.mensah", "lena.fischer"),
    robots=("svc-deploy", "svc-backup", "svc-monitoring", "jenkins-legacy"),
    services=("svc-erp", "svc-crm", "bi-export", "sftp-gateway", "cdn-invalidate", "dns-updater", "mail-archive",
              "log-shipper", "zapier", "retool", "dbt-cloud", "svc-invoices", "svc-search", "svc-scanner"),
    repositories=("acme/storefront", "acme/infrastructure", "acme/data", "acme/mobile", "acme/checkout", "acme/docs"),
    functions=("orders-stream", "resize-images", "nightly-report", "webhook", "thumbnails", "stock-sync", "mailer",
               "audit-export", "geo-lookup", "price-feed", "cart-expiry", "token-refresh"),
    tools=("aws-cli/2.9.19 Python/3.11.2 Linux/6.6.9-amd64 source/x86_64.kali.2024 prompt/off",
           "Boto3/1.28.63 md/Botocore#1.31.63 ua/2.0 os/linux#6.6.9-amd64 lang/python#3.11.2",
           "S3 Browser/11.6.7 (https://s3browser.com)", "aws-sdk-go/1.44.298 (go1.20.5; linux; amd64)"),
    planted=("svc-metrics", "support", "svc-backup2", "adminslabs"),
)  # fmt: skip
EXAM_WORDS = Words(
    accounts=("root-org", "live", "staging", "analytics"),
    people=("jonas", "kavya", "liu.wei", "m.santos", "nadia.b", "o.petrov", "priya", "quentin", "r.tanaka", "s.walker",
            "t.abebe", "ursula"),
    robots=("deployer", "veeam", "grafana-cloud", "legacy-app"),
    services=("sap-bridge", "hubspot", "looker", "airbyte", "fivetran", "uploader", "pagerduty", "ddns", "nas-sync",
              "wordpress", "metabase", "sensor-fleet", "translator", "label-print"),
    repositories=("globex/api", "globex/platform", "globex/ml-jobs", "globex/web", "globex/auth", "globex/edge"),
    functions=("ingest-events", "pdf-render", "billing-close", "notify", "dedupe", "enrich", "archive-day", "usage",
               "fraud-score", "sms-out", "rollup", "quota-check"),
    tools=("aws-cli/1.22.34 Python/3.10.12 Linux/5.15.0-91-generic botocore/1.23.34",
           "Boto3/1.17.112 Python/3.8.10 Linux/5.4.0 Botocore/1.20.112", "aws-sdk-go-v2/1.21.0 os/linux lang/go#1.21.0",
           "aws-sdk-nodejs/2.1377.0 linux/v18.16.0 promise"),
    planted=("ses-mailer", "terraform2", "Dangerdev", "veeam-sync"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A person. `homes`: the address at home, before and after the provider gave another one on day `moves`."""

    name: str
    team: str
    user: User | None
    person: Person | None
    homes: tuple[str, str]
    moves: int
    travels: range
    trip: str
    at_home: float
    programs: tuple[str, str]
    upgrades: int
    browser: str
    mfa: bool


@dataclass(slots=True)
class Organization:
    stage: Stage
    words: Words
    accounts: dict[str, str]
    """Name -> ID. The first one has the identities of people."""
    home: str
    provider: str
    """How people sign in: `identity_center`, `saml` or `iam_user`."""
    traits: frozenset[str]
    offices: tuple[str, ...]
    members: tuple[Member, ...] = ()
    robots: tuple[User, ...] = ()
    services: tuple[User, ...] = ()
    roles: dict[str, Role] = field(default_factory=dict)

    @property
    def cloud(self) -> Cloud:
        return self.stage.cloud

    @property
    def rng(self) -> Random:
        return self.stage.rng

    @property
    def start(self) -> datetime:
        return self.stage.start

    def account(self, *positions: int) -> str:
        """Return a random account, or one of those at the given positions."""
        ids = list(self.accounts.values())
        return self.rng.choice([ids[position] for position in positions if position < len(ids)] or ids)

    def role(self, account_id: str, name: str, path: str = "/") -> Role:
        """Return a role, which exists since before the month."""
        arn = f"{account_id}{path}{name}"
        if arn not in self.roles:
            self.roles[arn] = Role(account_id, name, self.cloud.ids.unique_id("AROA", account_id), path)
            self.cloud.roles.append(self.roles[arn])
        return self.roles[arn]

    def office_time(self, day: datetime, hour: float) -> datetime:
        """Return an hour of the office's clock on a day."""
        return day + timedelta(hours=hour + OFFSETS.get(self.home, 0))

    def team(self, *teams: str) -> list[Member]:
        return [member for member in self.members if member.team in teams] or list(self.members[:1])

    def place(self, member: Member, at: datetime, *, browser: bool = False) -> Place:
        day = (at - self.start).days
        address = member.homes[day >= member.moves]
        if day in member.travels:
            address = member.trip
        elif at.weekday() < 5 and self.rng.random() > member.at_home:
            address = self.rng.choice(self.offices)
        return Place(address, member.browser if browser else member.programs[day >= member.upgrades])

    def session(self, member: Member, at: datetime, account_id: str, *, console: bool = False) -> Credential:
        """Sign a person in to an account, or let the person use a long-term key."""
        place = self.place(member, at, browser=console)
        if member.person:
            return self._by_identity_center(member, replace(member.person, place=place), at, account_id, console)
        if member.user:
            return self._by_user(member, member.user, place, at, account_id, console)
        return self._by_saml(member, place, at, account_id, console)

    def _by_identity_center(
        self, member: Member, person: Person, at: datetime, account_id: str, console: bool
    ) -> Credential:
        role, home = self.reserved_role(account_id, member.team), self.home
        browsing = replace(person, place=replace(person.place, agent=member.browser))
        portal = identity_center.sign_in(self.cloud, browsing, at, home)
        at += timedelta(seconds=12)
        if not console:
            return identity_center.role_credentials(self.cloud, portal, person, role, at, home, place=person.place)
        session = identity_center.federate(self.cloud, portal, person, role, at, home)
        issuer = "ConsoleLogin/IdentityCenter"
        return signin.role_console(self.cloud, session, at, home, place=person.place, issuer=issuer)

    def _by_user(
        self, member: Member, user: User, place: Place, at: datetime, account_id: str, console: bool
    ) -> Credential:
        elsewhere = account_id != user.account_id
        if console:
            session = signin.console_login(self.cloud, user, at, self.home, mfa=member.mfa, place=place)
            if elsewhere:
                role = self.role(account_id, member.team)
                return signin.switch_role(self.cloud, session, user.name, role, at + timedelta(seconds=40), self.home)
            return session
        key = user_key(user, user.key_ids[0]).at(place)
        if "session tokens" in self.traits:
            key = sts.get_session_token(self.cloud, key, user, at, self.home, mfa=member.mfa)
            at += timedelta(seconds=4)
        if not elsewhere:
            return key
        claimed = user.name if "source identity" in self.traits else None
        role = self.role(account_id, member.team)
        return sts.assume_role(self.cloud, key, role, user.name, at, self.home, source_identity=claimed)

    def _by_saml(self, member: Member, place: Place, at: datetime, account_id: str, console: bool) -> Credential:
        subject, role = f"{member.name}@acme.example", self.role(account_id, member.team)
        claimed = subject if "source identity" in self.traits else None
        session = sts.assume_role_with_saml(
            self.cloud, role, subject, subject, at, self.home, place=place, source_identity=claimed
        )
        if not console:
            return session
        at += timedelta(seconds=2)
        return odd_sts.saml_console(self.cloud, session, at, self.home, place=place, shown="context")

    def reserved_role(self, account_id: str, team: str) -> Role:
        suffix = f"{sum(map(ord, account_id + team)) * 2654435761 % 2**64:016x}"
        path = f"/aws-reserved/sso.amazonaws.com/{self.home}/"
        return self.role(account_id, f"AWSReservedSSO_{PERMISSION_SETS[team]}_{suffix}", path)


# The draw


def draw_organization(rng: Random, words: Words) -> Organization:
    """Draw an organization."""
    cloud = Cloud(rng, token_length=48)
    start = datetime(2026, rng.randint(1, 9), 1, tzinfo=UTC) + timedelta(days=rng.randrange(28))
    home = rng.choice(REGIONS)
    regions = tuple(dict.fromkeys((home, GLOBAL_REGION, *rng.sample(REGIONS, rng.randint(0, 1)))))
    organization = Organization(
        stage=Stage(cloud, rng, (), regions, start, start + timedelta(days=DAYS)),
        words=words,
        accounts={name: cloud.ids.account() for name in words.accounts[: rng.randint(2, 4)]},
        home=home,
        provider=rng.choice(("identity_center", "identity_center", "saml", "iam_user", "iam_user")),
        traits=frozenset(trait for trait, share in TRAITS.items() if rng.random() < share),
        offices=tuple(address_of(rng) for _ in range(rng.randint(1, 3))),
    )
    store = "d-" + cloud.ids.hexadecimal(10)
    names = rng.sample(words.people, rng.randint(5, 12))
    organization.members = tuple(_member(organization, name, TEAMS[n], store) for n, name in enumerate(names))
    organization.robots = tuple(_robot(organization, name) for name in words.robots)
    chosen = rng.sample(words.services, rng.randint(4, 14))
    organization.services = tuple(_robot(organization, name) for name in chosen)
    return organization


def address_of(rng: Random) -> str:
    return f"198.{rng.choice((18, 19))}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def new_user(organization: Organization, account_id: str, name: str, place: Place, path: str = "/") -> User:
    ids = organization.cloud.ids
    key = ids.unique_id("AKIA", account_id)
    user = User(account_id, name, ids.unique_id("AIDA", account_id), (key,), place, path)
    organization.cloud.users.append(user)
    return user


def _member(organization: Organization, name: str, team: str, store: str) -> Member:
    rng, identity_account = organization.rng, organization.account(0)
    homes = (address_of(rng), address_of(rng))
    system = rng.choice(SYSTEMS)
    place = Place(homes[0], command_line(rng, system))
    as_user = organization.provider == "iam_user" or rng.random() < 0.1
    away = rng.randrange(DAYS)
    return Member(
        name=name,
        team=team,
        user=new_user(organization, identity_account, name, place) if as_user else None,
        person=Person(identity_account, f"{name}@acme.example", organization.cloud.ids.uuid(), store, place)
        if organization.provider == "identity_center" and not as_user
        else None,
        homes=homes,
        moves=rng.randrange(2 * DAYS),
        travels=range(away, away + rng.randint(2, 4)) if rng.random() < 0.3 else range(0),
        trip=address_of(rng),
        at_home=rng.choice((0.1, 0.5, 0.9)),
        programs=(place.agent, command_line(rng, system)),
        upgrades=rng.randrange(2 * DAYS),
        browser=rng.choice(BROWSERS),
        mfa="mfa everywhere" in organization.traits or rng.random() < 0.6,
    )


def _robot(organization: Organization, name: str) -> User:
    place = Place(address_of(organization.rng), library(organization.rng))
    return new_user(organization, organization.account(0, 1), name, place, "/service-accounts/")


# Programs

SYSTEMS = ("Darwin/23.4.0 exe/x86_64", "Linux/6.8.0-45-generic exe/x86_64.ubuntu.24", "Windows/10 exe/AMD64")
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Chrome/128.0.0.0 Safari/537.36",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/129.0.0.0 Safari/537.36",
)


def command_line(rng: Random, system: str) -> str:
    return f"aws-cli/2.{rng.randint(13, 31)}.{rng.randrange(40)} Python/3.11.{rng.randint(2, 9)} {system} prompt/off"


def library(rng: Random) -> str:
    minor = rng.randint(26, 40)
    system = rng.choice(("os/linux#5.15.0 lang/python#3.11.9", "os/linux#6.1.0 lang/python#3.12.4"))
    version = f"1.{minor}.{rng.randrange(140)}"
    return f"Boto3/{version} md/Botocore#{version} ua/2.0 {system}"


def terraform(rng: Random) -> str:
    version = f"1.{rng.randint(5, 10)}.{rng.randrange(8)}"
    provider = f"5.{rng.randint(40, 90)}.0"
    return f"APN/1.0 HashiCorp/1.0 Terraform/{version} (+https://www.terraform.io) terraform-provider-aws/{provider}"
