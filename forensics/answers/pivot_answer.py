"""Pivot answer: one page on an address, a user, a role or a resource."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from forensics.answers.core import Actor, ActorKind, Displayed, Grade, SubjectMatch, with_options
from forensics.answers.key_answer import Activity

_NO_CALLS = Activity()


class PivotType(StrEnum):
    """What a page is about."""

    ADDRESS = "address"
    USER = "user"
    ROLE = "role"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True)
class PivotSubject:
    """The subject of a page. `id`: the address or resource as given, or the unique ID of a user or role; null if the
    text means several things, or if no record shows the ID. `kind`: that of a user. `issuer`: the SAML issuer, web
    identity provider or identity store that assigned the ID.
    """

    type: PivotType
    id: str | None
    name: str | None = None
    arn: str | None = None
    account_id: str | None = None
    kind: ActorKind | None = None
    issuer: str | None = None


@dataclass(frozen=True, slots=True)
class KnownName:
    """A name that an IAM user had, with the first and the last record that shows it."""

    name: str
    arn: str | None
    first_seen: datetime | None
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class FirstCall:
    """The first call in all loaded logs, whatever the time range of the page. `by_name`: the actor, or the caller."""

    event_id: str | None
    event_time: datetime | None
    event_name: str | None
    outcome: str
    by_name: str | None
    access_key_id: str | None
    source_ip_address: str | None
    aws_region: str | None


@dataclass(frozen=True, slots=True)
class PivotActor:
    """Who is behind calls of the page. `principal`: the role or user of the calls, if the actor is unknown.

    `grade`: the lowest of the calls. `event_ids`: the first and the last call.
    """

    actor: Actor
    principal: str | None
    grade: Grade
    succeeded: int
    denied: int
    failed: int
    first_use: datetime | None
    last_use: datetime | None
    event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PivotKey:
    """An access key that signed calls of the page. `principal`: its user or role; `status`: of a long-term key.

    `actor_kind`, `actor_name`: who is behind it; null if several are. `event_id`: the first call.
    """

    access_key_id: str
    account_id: str | None
    principal: str | None
    actor_kind: ActorKind | None
    actor_name: str | None
    succeeded: int
    denied: int
    failed: int
    first_use: datetime | None
    last_use: datetime | None
    event_id: str | None
    status: str | None


@dataclass(frozen=True, slots=True)
class OwnedKey:
    """A long-term key of the user, used or not. `event_id`: its creation."""

    access_key_id: str
    account_id: str | None
    status: str | None
    created_at: datetime | None
    event_id: str | None


@dataclass(frozen=True, slots=True)
class RefusedAction:
    """Refused calls of one action with one error. `event_id`: the first of them."""

    event_source: str | None
    event_name: str | None
    error_code: str | None
    events: int
    first_use: datetime | None
    last_use: datetime | None
    event_id: str | None


@dataclass(frozen=True, slots=True)
class SubjectChange:
    """A call in IAM that changed, or tried to change, the user or role.

    `target`: the key, policy or new name of the call. `is_certain` is false if it may be about another user who had the
    same name. `unreliable`: the record proves nothing, such as an event with two different copies.
    """

    event_id: str | None
    event_time: datetime | None
    event_name: str
    outcome: str
    error_code: str | None
    target: str | None
    actor: Actor
    grade: Grade
    by_access_key_id: str | None
    is_certain: bool
    unreliable: bool = False


@dataclass(frozen=True, slots=True)
class PivotTotals:
    """The totals for the lists of a page, each of which contains at most a hundred entries."""

    actors: int = 0
    keys: int = 0
    refused: int = 0
    changes: int = 0
    unproven: int = 0


@dataclass(frozen=True, slots=True)
class Pivot(Displayed):
    """One page on an address, a user, a role or a resource.

    The calls are those from an address, by a user (through all sessions), by the sessions of a role, or on a resource.
    `matches`: if the text means several things, the first hundred of `matches_total`; then the page is empty. `in_logs`
    is false if no loaded record shows the subject. `unproven_event_ids`: the calls whose record proves nothing, such as
    an event with two different copies; the rest of the page leaves them out. `since`, `until`: the time range, which
    does not apply to `first_call`, `names` and `owned_keys`. `accounts`: of an address, the accounts that the calls are
    restricted to; none for all. `commands`: what to type next.
    """

    subject: PivotSubject
    asked: str
    in_logs: bool = False
    since: datetime | None = None
    until: datetime | None = None
    accounts: tuple[str, ...] = ()
    first_call: FirstCall | None = None
    names: tuple[KnownName, ...] = ()
    activity: Activity = _NO_CALLS
    actors: tuple[PivotActor, ...] = ()
    keys: tuple[PivotKey, ...] = ()
    owned_keys: tuple[OwnedKey, ...] = ()
    refused: tuple[RefusedAction, ...] = ()
    changes: tuple[SubjectChange, ...] = ()
    unproven_event_ids: tuple[str, ...] = ()
    totals: PivotTotals = PivotTotals()
    commands: tuple[tuple[str, ...], ...] = ()
    matches: tuple[SubjectMatch, ...] = ()
    matches_total: int = 0

    def with_options(self, options: Iterable[str], filters: Iterable[str] = ()) -> Pivot:
        """Return the answer with further options in its commands.

        Args:
            options: the options that name the case or the logs.
            filters: the filters of the page, such as --since; `tree` does not take them.
        """
        within = (*filters, *options)
        commands = tuple((*command, *(options if "tree" in command else within)) for command in self.commands)
        return replace(self, commands=commands, matches=with_options(self.matches, within))
