"""Intruder: who commits the incident of a month, with network, program, pace and access.

Intruders differ as the reported ones do. Some are loud: hundreds of calls in all regions, most of them denied. Some are
quiet: a few calls with hours between them, in the victim's own region, with the victim's own program. Some come back
after weeks. What a variant does that the tuning family never does is played in the exam family only.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from . import iam, sts
from .cloud import GLOBAL_REGION, Issuance
from .identities import Credential, user_key
from .month_calls import Caller
from .organization import BROWSERS, DAYS, FAR_REGIONS, Member, Organization, address_of, command_line, new_user
from .principals import Place, User
from .services import FORWARDS, bucket_name, call_and_forward

RECONNAISSANCE = """
    iam:ListUsers iam:ListRoles iam:GetUser iam:ListAccessKeys iam:ListAttachedUserPolicies iam:ListGroupsForUser
    iam:GetAccountAuthorizationDetails iam:ListUserPolicies s3:ListBuckets s3:GetBucketLocation s3:GetBucketAcl
    ec2:DescribeInstances ec2:DescribeRegions ec2:DescribeSecurityGroups ec2:DescribeSnapshots ec2:DescribeKeyPairs
    lambda:ListFunctions20150331 secretsmanager:ListSecrets ssm:DescribeParameters rds:DescribeDBInstances
    dynamodb:ListTables kms:ListKeys ecs:ListClusters eks:ListClusters ses:GetSendQuota ses:ListIdentities
    servicequotas:ListServiceQuotas organizations:DescribeOrganization bedrock:ListFoundationModels sns:ListTopics
    account:GetAccountInformation cloudtrail:DescribeTrails ce:GetCostAndUsage support:DescribeSeverityLevels
"""
QUIET_READS = "s3:ListBuckets ec2:DescribeInstances iam:GetUser lambda:ListFunctions20150331 logs:DescribeLogGroups"


@dataclass(slots=True)
class Intruder:
    organization: Organization
    rng: Random
    at: datetime
    place: Place
    exam: bool
    loud: bool = False
    notes: list[str] = field(default_factory=list)
    """What makes this one easy or hard to see."""
    defender_event_ids: set[str] = field(default_factory=set)
    """Events of defender_event_ids in the course of the incident."""

    def pick(self, *variants: str, exam: str = "") -> str:
        """Draw a variant and note it."""
        variant = self.rng.choice((*variants, exam) if exam and self.exam else variants)
        self.notes.append(variant)
        return variant

    def caller(self, credential: Credential, place: Place | None = None) -> Caller:
        pace = (0, 2) if self.loud else (15, 240)
        used = credential.at(place or self.place)
        return Caller(self.organization.cloud, self.rng, used, self.at, self._region(), pace)

    def wait(self, caller: Caller, days: int) -> None:
        """Let up to so many days pass after the last call, as far as the month lasts."""
        left = self.organization.stage.end - timedelta(hours=8) - caller.at
        longest = max(1, min(days * 1440, left // timedelta(minutes=1)))
        self.at = caller.at + timedelta(minutes=self.rng.randint(1, longest))

    def victim(self, *teams: str) -> User:
        """Return a user with a key: one of a team, or of a service."""
        people = [member.user for member in self.organization.members if member.user and member.team in teams]
        return self.rng.choice([*people, *self.organization.robots, *self.organization.services])

    def service_user(self, account_id: str) -> User:
        """Return a service user of an account, from before the month."""
        fitting = [
            robot
            for robot in (*self.organization.robots, *self.organization.services)
            if robot.account_id == account_id
        ]
        if fitting:
            return self.rng.choice(fitting)
        name = self.organization.words.robots[1]
        return new_user(self.organization, account_id, name, self.organization.robots[1].place, "/service-accounts/")

    def key(self, user: User) -> Credential:
        """Return the leaked key; sometimes the intruder has copied the user's program too."""
        if self.rng.random() < 0.2:
            self.place = Place(self.place.address, user.place.agent)
            self.notes.append("victim's program")
        return user_key(user, user.key_ids[0])

    def administrator(self) -> Credential:
        """Return an administrator's access: a leaked key, or a sign-in with a phished password and MFA."""
        organization = self.organization
        member = self.rng.choice(organization.team("admin"))
        if member.user and self.rng.random() < 0.6:
            return self.key(member.user)
        self.notes.append("phished person")
        return self._phished(member)

    def _phished(self, member: Member) -> Credential:
        address = self.place.address
        self.place = Place(address, member.browser if self.rng.random() < 0.4 else BROWSERS[1])
        theirs = replace(member, homes=(address, address), travels=range(0), at_home=1.1, browser=self.place.agent)
        session = self.organization.session(theirs, self.at, self.organization.account(0, 1), console=True)
        self.at += timedelta(minutes=1)
        return session

    def stolen_issuance(self, *issuers: str) -> Issuance:
        """Return an issuance of the month to steal from: the next one after the intruder's time, if there is any."""
        fitting = [
            one
            for one in self.organization.cloud.issuances
            if one.issued.issuer.startswith(issuers) and self.organization.start <= one.time
        ]
        later = [one for one in fitting if one.time >= self.at] or fitting
        found = min(later, key=lambda one: one.time)
        self.at = found.time + timedelta(seconds=self.rng.randint(200, 2600))
        return found

    def respond(self, user: User, caller: Caller) -> None:
        """Let an administrator deactivate the leaked key."""
        cloud, before = self.organization.cloud, len(self.organization.cloud.events)
        member = self.rng.choice(self.organization.team("admin"))
        session = self.organization.session(member, caller.at, user.account_id)
        time = caller.at + timedelta(minutes=2)
        iam.update_access_key(cloud, session, user, user.key_ids[0], "Inactive", time)
        self.defender_event_ids |= {event.id for event in cloud.events[before:]}

    def _region(self) -> str:
        return self.organization.home if not self.loud or self.rng.random() < 0.5 else self.rng.choice(FAR_REGIONS)


def draw_intruder(organization: Organization, rng: Random, *, exam: bool) -> Intruder:
    program = rng.choice(organization.words.tools)
    if rng.random() < 0.35:
        program = command_line(rng, "Linux/6.8.0-45-generic exe/x86_64.ubuntu.24")
    at = organization.start + timedelta(seconds=rng.randint(2 * 86400, (DAYS - 7) * 86400))
    one = Intruder(organization, rng, at, Place(address_of(rng), program), exam, loud=rng.random() < 0.5)
    one.notes.append("loud" if one.loud else "quiet")
    return one


def reconnoiter(caller: Caller, *, loud: bool, refused: float = 0.6) -> None:
    """Ask who one is and what there is: hundreds of calls in many regions, or a handful."""
    rng = caller.rng
    caller("sts:GetCallerIdentity")
    if not loud:
        caller.all(rng.sample(QUIET_READS.split(), rng.randint(1, 4)), refused=0.15)
        return
    for region in (caller.region, *rng.sample(FAR_REGIONS, rng.randint(0, 4))):
        there = caller.in_region(region)
        there.all(rng.sample(RECONNAISSANCE.split(), rng.randint(8, 20)), refused=refused)
        caller.at = there.at


def steal(caller: Caller, *, loud: bool) -> None:
    """Read secrets and objects."""
    rng, bucket = caller.rng, bucket_name("customer-exports", str(caller.credential.account_id))
    caller("s3:ListBuckets")
    caller("s3:GetBucketLocation", bucketName=bucket)
    for _ in range(rng.randint(20, 90) if loud else rng.randint(2, 9)):
        caller("s3:GetObject", bucketName=bucket)
    caller("secretsmanager:ListSecrets")
    for _ in range(rng.randint(2, 8) if loud else 1):
        call_and_forward(caller.cloud, caller.credential, caller.now(), caller.region, which=FORWARDS[0])


def try_roles(organization: Organization, caller: Caller, names: tuple[str, ...]) -> None:
    """Try to assume roles, and fail."""
    for name in names:
        role = organization.role(organization.account(), name)
        sts.denied_assume_role(caller.cloud, caller.credential, role, caller.now(), GLOBAL_REGION)
