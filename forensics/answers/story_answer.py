"""Story answer: what a key, session, user, role or address did, in chronological order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from forensics.answers.core import LOCAL, ActorKind, Displayed, Grade


class StorySubjectType(StrEnum):
    """What a story is about."""

    ACCESS_KEY = "access_key"
    SESSION = "session"
    ACTOR = "actor"
    ROLE = "role"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class StorySubject:
    """The subject of a story.

    `id`: as it is logged, or an address or network as given; of a user or role, the unique ID, or the ARN if no record
    shows the ID. `name`, `arn`: of a user, role or other actor. `issuer`: as of an actor.
    """

    type: StorySubjectType
    id: str
    name: str | None = None
    arn: str | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class StoryActor:
    """Who is behind events of the story, how sure that is, and the number of these events.

    `issuer`: the SAML issuer, web identity provider or identity store that assigned the ID.
    """

    kind: ActorKind
    id: str | None
    name: str | None
    grade: Grade
    events: int
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class StoryStep:
    """Similar calls of one signer from one address with one program, without a pause of half an hour.

    `is_reading`: calls that change and take nothing; all of the step succeeded, or none. Other steps are of one event
    name, error code and target. `certain` is false if the credential may derive from another subject. `is_by_service`:
    calls that AWS services made for the caller. `event_names`: at most 12, `resources`: at most 3, `event_ids`: the
    first 100. `application`: the program that the user agent names; the caller chooses it. `new_address`,
    `new_application`, `new_regions`: no earlier call of the subject has it; calls that the criteria exclude are
    compared, too. The fields from `target_role_arn` on are those of `events`. `unreliable`: the records are in conflict
    or damaged, and prove nothing. `is_sensitive`: a call that intruders are known for, other
    than reconnaissance. `is_repeated`: each call succeeded, gives no access, and is like an earlier successful one:
    same API, user or role, address and assumed role. `grantees`: to whom the calls give access, such as "account
    111122223333", "everybody" or an ARN. `score`: gravity and rarity within the story; the higher, the more notable.
    `command`: the command that lists the events, without the option that names the case;
    it can list similar calls, too.
    """

    is_reading: bool
    is_by_service: bool
    certain: bool
    unreliable: bool
    is_sensitive: bool
    is_repeated: bool
    first_event_time: datetime
    last_event_time: datetime
    events: int
    succeeded: int
    denied: int
    failed: int
    event_names: tuple[str, ...]
    event_names_total: int
    event_source: str | None
    services: int
    resources: tuple[str, ...]
    resources_total: int
    actor_kind: ActorKind
    actor_id: str | None
    actor_name: str | None
    actor_issuer: str | None
    grade: Grade
    identity_type: str | None
    arn: str | None
    principal_id: str | None
    access_key_id: str | None
    account_id: str | None
    source_ip_address: str | None
    user_agent: str | None
    application: str | None
    aws_regions: tuple[str, ...]
    new_address: bool
    new_application: bool
    new_regions: tuple[str, ...]
    error_code: str | None
    target_role_arn: str | None
    target_role_name: str | None
    target_user_name: str | None
    new_user_name: str | None
    target_access_key_id: str | None
    target_status: str | None
    target_policy: str | None
    created_access_key_id: str | None
    issued_access_key_id: str | None
    launched: str | None
    grantees: tuple[str, ...] | None
    score: float
    event_ids: tuple[str, ...]
    command: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EarlierUse:
    """The calls before the time at which the key leaked. `addresses`: at most 12; `event_ids`: the first 3."""

    events: int
    first_event_time: datetime
    last_event_time: datetime
    event_names: int
    addresses: tuple[str, ...]
    event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story(Displayed):
    """What a subject did, with everything derived from it. Times are UTC.

    `events`: also those without a readable time (`undated`), which are in no step. `events_total`: also those that the
    criteria exclude. `actors`: the ten of `actors_total` with the most events. `steps`: of `steps_total`, the 10,000
    with the highest score. `earlier`: null unless a time of the leak was given and there are earlier calls. `possible`:
    those of `events` whose credential may derive from another subject. `unreliable`: those whose record proves nothing.
    `options`: the criteria as options of the command. `source`: the options that name the case or the logs.
    """

    subject: StorySubject
    events: int
    events_total: int
    undated: int
    first_event_time: datetime | None
    last_event_time: datetime | None
    actors_total: int
    actors: tuple[StoryActor, ...]
    leaked_at: datetime | None
    earlier: EarlierUse | None
    steps_total: int
    steps: tuple[StoryStep, ...]
    possible: int = 0
    unreliable: int = 0
    options: tuple[str, ...] = ()
    source: tuple[str, ...] = field(default=(), metadata=LOCAL)
