"""Triage answer: where to look first in logs that nobody has read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from forensics.answers.core import LOCAL, Actor, Displayed, Grade
from forensics.answers.tree_answer import StillWorks


class Signal(StrEnum):
    """What stands out about a story. docs/triage.md#signals defines each."""

    NEW_NETWORK = "new_network"
    NEW_PROGRAM = "new_program"
    NEW_REGION = "new_region"
    FIRST_SEEN = "first_seen"
    SESSION_MOVED = "session_moved"
    WORKLOAD_ELSEWHERE = "workload_elsewhere"
    ENUMERATION = "enumeration"
    REFUSED_CALLS = "refused_calls"
    NEW_CALLS = "new_calls"
    PLANTED_ACCESS = "planted_access"
    OUTSIDE_ACCOUNT = "outside_account"
    PUBLIC_ACCESS = "public_access"
    PERSISTENCE = "persistence"
    PRIVILEGE_ESCALATION = "privilege_escalation"
    EVASION = "evasion"
    DATA_ACCESS = "data_access"
    DESTRUCTION = "destruction"
    COST_ABUSE = "cost_abuse"
    LARGE_INSTANCES = "large_instances"
    EXECUTION = "execution"
    DISCOVERY = "discovery"
    ROOT_USE = "root_use"
    SIGN_IN_WITHOUT_MFA = "sign_in_without_mfa"
    SOURCE_IDENTITY_CONFLICT = "source_identity_conflict"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a story stands out within this case. `events`: the number of events; `event_ids`: the most significant.

    `details`: a few networks, programs, regions, APIs or the like that the signal is about.
    """

    signal: Signal
    score: float
    events: int
    first_event: datetime
    last_event: datetime
    details: tuple[str, ...]
    event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Crowd:
    """Actors that cost their maker nothing: principals of an account, or subjects of a provider with one role."""

    account_id: str | None
    role_arn: str | None
    provider: str | None


@dataclass(frozen=True, slots=True)
class Lead:
    """A story: what one actor did with one origin key, and what was done by the access that it planted.

    `score` orders the leads of one case and means nothing outside of it. `principal_arn` stands for an actor without a
    name. `planted`: the keys and users of the stories that belong to this one. `access_key_ids`: the most used ones of
    `access_keys`. `first_event`, `last_event`, `event_ids`: of the reasons; `events`: all events of the stories on the
    days of the reasons. `still_works`: the first of `still_working`, of all sessions of the stories; null if it was not
    examined, because too much is derived.
    `command`: the next command, without the options that name the case. `crowd`: of the weaker leads of a crowd, which
    are one lead without an actor; `members`: their number.
    """

    rank: int
    score: float
    actor: Actor
    grade: Grade
    origin_access_key_id: str | None
    principal_arn: str | None
    account_ids: tuple[str, ...]
    access_key_ids: tuple[str, ...]
    access_keys: int
    planted: tuple[str, ...]
    first_event: datetime
    last_event: datetime
    reasons: tuple[Reason, ...]
    event_ids: tuple[str, ...]
    events: int
    still_works: tuple[StillWorks, ...] | None
    still_working: int | None
    command: tuple[str, ...]
    crowd: Crowd | None = None
    members: int = 0


@dataclass(frozen=True, slots=True)
class Blind:
    """What triage cannot see in this case.

    `other_events`: events that are not management events. `empty_hours`: hours of an account and region without an
    event, which may be quiet or not loaded. `trail_stops`: logged calls that stopped or narrowed a trail.
    `identity_unread`: records whose caller could not be read. `not_compared`: credentials of workloads and sessions
    with a SourceIdentity that were too many to be compared.
    """

    other_events: int = 0
    empty_hours: int = 0
    excluded_hours: int = 0
    trail_stops: int = 0
    identity_unread: int = 0
    not_compared: int = 0


@dataclass(frozen=True, slots=True)
class Triage(Displayed):
    """The stories of a case that stand out, the strongest first. Rarity is that within this case.

    `stories`: all stories that were compared. `leads`: the first of `leads_total`. `source`: the options that name the
    case or the logs in a command.
    """

    events: int
    stories: int
    first_event: datetime | None
    last_event: datetime | None
    leads: tuple[Lead, ...]
    leads_total: int
    blind: Blind
    source: tuple[str, ...] = field(default=(), metadata=LOCAL)
