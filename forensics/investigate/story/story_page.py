"""Story page: what a key, session, user, role or address did, with everything derived from it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import pyarrow as pa

from forensics.answers.canonical import exact_time
from forensics.answers.story_answer import EarlierUse, Story, StoryActor, StoryStep, StorySubjectType
from forensics.errors import UnusableFilter
from forensics.investigate.applications import application_of
from forensics.investigate.case.event_filter import given, matching, several
from forensics.investigate.case.statement import query_errors
from forensics.investigate.signal_weights import WEIGHTS
from forensics.investigate.sql_rows import Connection, Row, rows, run, values
from forensics.investigate.story.grantees import NAMES, given_access
from forensics.investigate.story.step_events import with_command
from forensics.investigate.story.story_subjects import SubjectEvents, subject_of
from forensics.tables import insert_rows

_MOST_STEPS = 10_000
_MOST_ACTORS = 10
MOST_IDS = 100
"""Event IDs of a step in an answer."""
_GRANTEES = pa.schema({"event_key": pa.string(), "grantees": pa.list_(pa.string()), "is_outside": pa.bool_()})
_PROGRAMS = pa.schema({"user_agent": pa.string(), "application": pa.string()})
_CRITERIA = {
    StorySubjectType.ACCESS_KEY: ("key", "origin_key"),
    StorySubjectType.SESSION: ("session",),
    StorySubjectType.ACTOR: ("actor",),
    StorySubjectType.ROLE: ("role",),
    StorySubjectType.ADDRESS: ("address",),
}


class _AccessRow(Row, frozen=True):
    event_key: str
    name: str
    account_id: str | None
    parameters: str | None


class _TotalRow(Row, frozen=True):
    events: int
    possible: int
    unreliable: int
    events_total: int
    undated: int
    first_event_time: datetime | None
    last_event_time: datetime | None
    actors_total: int
    steps_total: int


def story(
    connection: Connection,
    text: str,
    wanted: Mapping[str, object],
    leaked_at: datetime | None,
    issued: Sequence[str] = (),
    *,
    most_steps: int = _MOST_STEPS,
    most_ids: int = MOST_IDS,
) -> Story:
    """Return the story of a subject.

    Args:
        connection: the case.
        text: an access key ID, session ARN, principal ID, ARN, name of a user or role, IP address or network.
        wanted: criteria of `EventFilter` that restrict the story, such as since and until.
        leaked_at: the time of the leak; UTC if it has no time zone. `earlier` of the answer summarizes the calls
            before it.
        issued: credentials that were issued from the wanted addresses; their calls are wanted from every address.
        most_steps: the number of steps to return: those with the highest score.
        most_ids: the number of event IDs of each step.

    Raises:
        NoSuchSubject: no actor and no role has the name, or several have.
        SecretRefused: the text looks like a secret.
        UnusableFilter: a criterion cannot be used, or would replace the subject.
    """
    subject, own = subject_of(connection, text)
    for name in _CRITERIA[subject.type]:
        if wanted.get(name):
            raise UnusableFilter(
                f"the subject is the {_CRITERIA[subject.type][0]} of the story; leave --{name.replace('_', '-')} out"
            )
    since = leaked_at.isoformat() if leaked_at else None
    with story_tables(connection, own, wanted, since, issued, most_ids):
        (total,) = rows(connection, _TotalRow, "story/totals")
        steps = rows(connection, StoryStep, "story/notable_steps", most=most_steps)
        return Story(
            subject=subject,
            events=total.events,
            events_total=total.events_total,
            undated=total.undated,
            first_event_time=total.first_event_time,
            last_event_time=total.last_event_time,
            actors_total=total.actors_total,
            actors=tuple(rows(connection, StoryActor, "story/actors", most=_MOST_ACTORS)),
            leaked_at=leaked_at,
            earlier=next(iter(rows(connection, EarlierUse, "story/earlier", leaked_at=since)), None),
            steps_total=total.steps_total,
            steps=tuple(with_command(step) for step in steps),
            possible=total.possible,
            unreliable=total.unreliable,
            options=story_options(wanted, leaked_at),
        )


@contextmanager
def story_tables(
    connection: Connection,
    own: SubjectEvents,
    wanted: Mapping[str, object],
    leaked_at: str | None,
    issued: Sequence[str] = (),
    most_ids: int = MOST_IDS,
) -> Iterator[None]:
    """Fill the temporary tables of a story, and drop them at the end. `own`: the events of its subject."""
    criteria = given(wanted)
    try:
        with query_errors():
            _create_wanted(connection, criteria)
            if issued and "address" in criteria:
                _add_issued(connection, criteria, issued)
            run(connection, "story/events", **own.parameters, everything=not criteria)
        agents = values(connection, str, "story/user_agents")
        connection.execute("create temporary table story_programs (user_agent varchar, application varchar)")
        insert_rows(connection, "story_programs", _PROGRAMS, [(agent, application_of(agent)) for agent in agents])
        _create_grantees(connection)
        run(connection, "sensitive_signals")
        weights = {"signals": [one.value for one in WEIGHTS], "weights": [one.weight for one in WEIGHTS.values()]}
        run(connection, "story/steps", leaked_at=leaked_at, most_ids=most_ids, **weights)
        yield
    finally:
        for table in ("story_wanted", "story_events", "story_programs", "story_grantees", "story_steps"):
            connection.execute(f"drop table if exists {table}")


def _create_wanted(connection: Connection, criteria: Mapping[str, object]) -> None:
    """Create the table of the events that match some criteria; without any, it is empty and not read."""
    connection.execute("create temporary table story_wanted (event_key varchar)")
    if criteria:
        source, parameters = matching(connection, criteria)
        connection.execute(f"insert into story_wanted select event_key {source}", parameters)


def _create_grantees(connection: Connection) -> None:
    """Create the table of whom the calls of a story give access to."""
    connection.execute(
        "create temporary table story_grantees (event_key varchar, grantees varchar[], is_outside boolean)"
    )
    found = rows(connection, _AccessRow, "story/access_calls", names=list(NAMES))
    given_by = [(row.event_key, given_access(row.name, row.account_id, row.parameters)) for row in found]
    giving = [(key, list(one.grantees), one.is_outside) for key, one in given_by if one.grantees]
    insert_rows(connection, "story_grantees", _GRANTEES, giving)


def _add_issued(connection: Connection, criteria: Mapping[str, object], issued: Sequence[str]) -> None:
    """Add the events of some credentials that match all criteria except the address."""
    source, parameters = matching(connection, {name: value for name, value in criteria.items() if name != "address"})
    add = f"insert into story_wanted select event_key {source} and credential_id in (select unnest($issued::varchar[]))"
    connection.execute(add, {**parameters, "issued": list(issued)})


def story_options(wanted: Mapping[str, object], leaked_at: datetime | None) -> tuple[str, ...]:
    """Return the criteria of a story as options of the command."""
    words: list[str] = ["--leaked-at", exact_time(leaked_at)] if leaked_at else []
    for name, value in given(wanted).items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(option)
        elif isinstance(value, datetime):
            words += [option, exact_time(value)]
        else:
            words += [word for one in several(value) for word in (option, one)]
    return tuple(words)
