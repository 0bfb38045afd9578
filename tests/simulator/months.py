"""Months: a month of an organization, quiet or with one incident, as CloudTrail files and the truth of the incident.

A month is a function of its seed and of the incident: the quiet part of a seed is the same with and without one. The
seeds of `TUNING` are for tuning; those of `EXAM` measure the result, and nobody looks at them before. The two families
have other names, programs of attackers, and variants of incidents.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from .cloud import Cloud, Event
from .delivery import LogFile, Trail, deliver
from .incidents import INCIDENTS
from .intruder import draw_intruder
from .organization import EXAM_WORDS, TUNING_WORDS, Organization, draw_organization
from .quiet_month import is_recorded, play_quiet_month

TUNING = range(200)
EXAM = range(10_000, 10_200)
SMALLEST, LARGEST = 3_000, 9_500
TRAIL = Trail(batch=timedelta(hours=12), second_trails=0.0)
"""Files of twelve hours: of five minutes, most files would have one record."""


@dataclass(frozen=True, slots=True)
class IncidentTruth:
    """What an intruder did, and by which credentials."""

    kind: str
    notes: tuple[str, ...]
    """The variant, and what makes it easy or hard to see."""
    first: datetime
    last: datetime
    event_ids: frozenset[str]
    """The recorded events of the intruder, and of AWS for the intruder."""
    access_key_ids: frozenset[str]
    """All keys that the intruder used, was issued or created."""
    own_access_key_ids: frozenset[str]
    """Those that nobody else used or was issued."""
    own_ids: frozenset[str]
    """The actors and principals that appear only in the intruder's events, and the users and roles it created."""


@dataclass(frozen=True, slots=True)
class Month:
    seed: int
    files: tuple[LogFile, ...]
    events: tuple[Event, ...]
    """The recorded events, in order of time."""
    incident: IncidentTruth | None
    traits: frozenset[str]


def month(seed: int, incident: str | None = None) -> Month:
    """Return a month. `incident`: one of `INCIDENTS`, or none."""
    rng = Random(f"month {seed}")
    size, exam = rng.randint(SMALLEST, LARGEST), seed >= EXAM.start
    organization = draw_organization(rng, EXAM_WORDS if exam else TUNING_WORDS)
    play_quiet_month(organization, size)
    quiet = _recorded(organization, organization.cloud.events)
    added: list[Event] = []
    truth = None
    if incident:
        one = draw_intruder(organization, Random(f"{incident} {seed}"), exam=exam)
        first = len(organization.cloud.events)
        INCIDENTS[incident](one)
        added = _recorded(organization, organization.cloud.events[first:])
        theirs = [event for event in added if event.id not in one.defender_event_ids]
        others = quiet + [event for event in added if event.id in one.defender_event_ids]
        truth = _truth(incident, tuple(one.notes), organization.cloud, theirs, others)
    events = sorted(quiet + added, key=lambda event: (event.time, event.id))
    files = deliver(events, Random(f"delivery {seed}"), TRAIL)
    return Month(seed, files, tuple(events), truth, organization.traits)


def _recorded(organization: Organization, events: list[Event]) -> list[Event]:
    stage = organization.stage
    return [event for event in events if stage.start <= event.time < stage.end and is_recorded(organization, event)]


def _truth(kind: str, notes: tuple[str, ...], cloud: Cloud, theirs: list[Event], others: list[Event]) -> IncidentTruth:
    ids = frozenset(event.id for event in theirs)
    keys, names = _credentials(cloud, theirs)
    other_keys, other_names = _credentials(cloud, others)
    return IncidentTruth(
        kind=kind,
        notes=notes,
        first=min(event.time for event in theirs),
        last=max(event.time for event in theirs),
        event_ids=ids,
        access_key_ids=keys,
        own_access_key_ids=keys - other_keys,
        own_ids=names - other_names,
    )


def _credentials(cloud: Cloud, events: list[Event]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the keys, and the actors and principals, that some events used, issued or created."""
    ids = {event.id for event in events}
    used = [event.credential for event in events if event.credential]
    used += [issuance.issued for issuance in cloud.issuances if issuance.full in ids]
    made = {change.id for change in cloud.changes if change.event_id in ids and change.api.startswith("Create")}
    keys = {one.access_key_id for one in used} | {id_ for id_ in made if id_.startswith("AKIA")}
    names = {one.principal_id for one in used if not one.outside} | (made - keys)
    names |= {one.actor.id for one in used if one.actor.kind != "aws_service"}
    return frozenset(key for key in keys if key), frozenset(name for name in names if name)
