"""The rows of the queries behind `triage`."""

from datetime import date, datetime

from forensics.answers.core import Actor, Grade
from forensics.answers.triage_answer import Signal
from forensics.investigate.sql_rows import Row


class ScoredSignal(Row, frozen=True):
    """A signal of a story on a day, with the scores of the signal, the day and the story.

    `stories_of_leads`: the number of all stories that are leads on their own.
    """

    story: str
    story_score: float
    day_score: float
    score: float
    signal: Signal
    event_date: date
    events: int
    first_event: datetime
    last_event: datetime
    event_ids: tuple[str | None, ...]
    details: tuple[str | None, ...]
    stories_of_leads: int


class PlantedStory(Row, frozen=True):
    """A story whose key, user, password or role another story planted."""

    story: str
    planter: str
    planted_at: datetime


class WorkloadRow(Row, frozen=True):
    """A credential of a workload, and the region that issued it."""

    credential_id: str
    access_key_id: str
    home_region: str | None
    candidates: int


class ClaimRow(Row, frozen=True):
    """A session with a SourceIdentity."""

    story: str
    source_identity: str
    events: int
    first_event: datetime
    last_event: datetime | None
    event_id: str | None
    actor: Actor
    candidates: int


class LeadFacts(Row, frozen=True):
    """The actor, origin key, accounts and keys of a story."""

    story: str
    actor: Actor
    subject: str | None
    grade: Grade
    origin_access_key_id: str | None
    arn: str | None
    role_arn: str | None
    principal_id: str | None
    access_key_ids: tuple[str, ...]
    access_keys: int
    account_ids: tuple[str | None, ...]


class CitedEvent(Row, frozen=True):
    """A cited event: the key that signed it, and how sure its actor is."""

    story: str
    event_id: str
    grade: Grade
    access_key_id: str | None


class OverviewRow(Row, frozen=True):
    """What triage read."""

    events: int
    other_events: int
    first_event: datetime | None
    last_event: datetime | None
    trail_stops: int
    stories: int
