"""Story page: what a key, session, user, role or address did, with everything derived from it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import pyarrow as pa

from forensics.addresses import network_of
from forensics.answers.core import SubjectMatchType
from forensics.answers.story_answer import EarlierUse, Story, StoryActor, StoryStep, StorySubject, StorySubjectType
from forensics.errors import NoSuchSubject, NotAnIdentifier, UnusableFilter
from forensics.identifiers import Identifier, SubjectType, identify, shortened
from forensics.investigate.applications import application_of
from forensics.investigate.case.event_filter import matching
from forensics.investigate.case.statement import query_errors
from forensics.investigate.named_subjects import named_subjects
from forensics.investigate.sql_rows import Connection, Row, rows, run, values
from forensics.tables import insert_rows

_MOST_STEPS = 10_000
_MOST_ACTORS = 10
_MOST_NAMED = 20
# of an event that was delivered to several accounts, one copy: if possible one that is wanted, and the caller's own
_CREATE = """
create or replace temporary table story_events as
select
    event_key, event_id, event_time, event_source, event_name, aws_region, recipient_account_id, source_ip_address,
    user_agent, error_code, read_only, identity_type, principal_id, arn, access_key_id, issued_access_key_id,
    target_role_arn, target_role_name, target_user_name, new_user_name, target_access_key_id, target_status,
    target_policy, created_access_key_id, launched, resource, outcome, actor_kind, actor_id, actor_name, grade,
    source_addresses, event_key in (select event_key {wanted}) as is_wanted
{about}
qualify row_number() over (
    partition by coalesce(shared_event_id, event_key), event_time, event_source, event_name
    order by is_wanted desc, coalesce(recipient_account_id = account_id, false) desc, event_key
) = 1
"""
_PROGRAMS = pa.schema({"user_agent": pa.string(), "application": pa.string()})
_CRITERIA = {
    StorySubjectType.ACCESS_KEY: "key",
    StorySubjectType.SESSION: "session",
    StorySubjectType.ACTOR: "actor",
    StorySubjectType.ROLE: "role",
    StorySubjectType.ADDRESS: "address",
}


class _TotalRow(Row, frozen=True):
    events: int
    events_total: int
    undated: int
    first_event_time: datetime | None
    last_event_time: datetime | None
    actors_total: int
    steps_total: int


def story(connection: Connection, text: str, wanted: Mapping[str, object], leaked_at: datetime | None) -> Story:
    """Return the story of a subject.

    Args:
        connection: the case.
        text: an access key ID, session ARN, principal ID, ARN, name of a user or role, IP address or network.
        wanted: criteria of `EventFilter` that restrict the story, such as since and until.
        leaked_at: the time of the leak; UTC if it has no time zone. `earlier` of the answer summarizes the calls
            before it.

    Raises:
        NoSuchSubject: no actor and no role has the name, or several have.
        SecretRefused: the text looks like a secret.
        UnusableFilter: a criterion cannot be used, or would replace the subject.
    """
    subject = _subject(connection, text)
    since = leaked_at.isoformat() if leaked_at else None
    with story_tables(connection, _criteria(subject, wanted), wanted, since):
        (total,) = rows(connection, _TotalRow, "story/totals")
        steps = rows(connection, StoryStep, "story/first_steps", most=_MOST_STEPS)
        return Story(
            subject,
            total.events,
            total.events_total,
            total.undated,
            total.first_event_time,
            total.last_event_time,
            total.actors_total,
            tuple(rows(connection, StoryActor, "story/actors", most=_MOST_ACTORS)),
            leaked_at,
            next(iter(rows(connection, EarlierUse, "story/earlier", leaked_at=since)), None),
            total.steps_total,
            tuple(steps),
        )


@contextmanager
def story_tables(
    connection: Connection, about: Mapping[str, object], wanted: Mapping[str, object], leaked_at: str | None
) -> Iterator[None]:
    """Fill the temporary tables of a story, and drop them at the end. `about`: the criteria of its subject."""
    of_subject, parameters = matching(connection, about)
    of_part, more = matching(connection, wanted)
    try:
        with query_errors():
            connection.execute(_CREATE.format(about=of_subject, wanted=of_part), {**parameters, **more})
        agents = values(connection, str, "story/user_agents")
        connection.execute("create temporary table story_programs (user_agent varchar, application varchar)")
        insert_rows(connection, "story_programs", _PROGRAMS, [(agent, application_of(agent)) for agent in agents])
        run(connection, "story/steps", leaked_at=leaked_at)
        yield
    finally:
        for table in ("story_events", "story_programs", "story_steps"):
            connection.execute(f"drop table if exists {table}")


def _criteria(subject: StorySubject, wanted: Mapping[str, object]) -> dict[str, object]:
    """Return the criteria of a subject. Raises UnusableFilter if one of `wanted` would replace them."""
    criterion = _CRITERIA[subject.type]
    replaced = {criterion, "origin_key"} if criterion == "key" else {criterion}
    for name in replaced.intersection(name for name, value in wanted.items() if value):
        raise UnusableFilter(f"the subject is the {criterion} of the story; leave --{name.replace('_', '-')} out")
    return {criterion: subject.id, "descendants": subject.type != StorySubjectType.ADDRESS}


def _subject(connection: Connection, text: str) -> StorySubject:
    text = text.strip().encode(errors="backslashreplace").decode()  # no event has a name that is not UTF-8
    if network_of(text) is not None:
        return StorySubject(StorySubjectType.ADDRESS, text)
    try:
        identifier = identify(text)
    except NotAnIdentifier:
        return _named(connection, text)
    if identifier.id.startswith("AROA") and ":" not in identifier.id:
        return _named(connection, identifier.id)
    return _identified(identifier)


def _identified(identifier: Identifier) -> StorySubject:
    id_ = identifier.id
    match identifier.type:
        case SubjectType.ACCESS_KEY:
            return StorySubject(StorySubjectType.ACCESS_KEY, id_)
        case SubjectType.EVENT:
            raise NoSuchSubject(
                f"{id_} is the ID of an event; name the key, session, user, role or address of its call"
            )
        case SubjectType.SESSION if ":role/" in id_:
            return StorySubject(StorySubjectType.ROLE, id_)
        case SubjectType.SESSION if ":sts:" in id_:
            return StorySubject(StorySubjectType.SESSION, id_)
        case SubjectType.PRINCIPAL if ":" in id_:
            return StorySubject(StorySubjectType.SESSION, id_)
        case _:
            return StorySubject(StorySubjectType.ACTOR, id_)


def _named(connection: Connection, name: str) -> StorySubject:
    """Return the only actor or role with a name. A session's name is chosen by its requester and means nobody."""
    called = [one for one in named_subjects(connection, name) if one.type != SubjectMatchType.SESSION and one.id]
    if not called:
        raise NoSuchSubject(
            f"no user, role or other actor in the loaded events has the name {shortened(name)!r};"
            " `forensics events --match` searches every column"
        )
    if len(called) > 1:
        several = ", ".join(f"{one.kind or one.type} {one.arn or one.id}" for one in called[:_MOST_NAMED])
        raise NoSuchSubject(
            f"{shortened(name)} means {len(called)} actors or roles; name one of them or its key: {several}"
        )
    (one,) = called
    if one.type == SubjectMatchType.ROLE:
        return StorySubject(StorySubjectType.ROLE, one.arn or one.name or "")
    return StorySubject(StorySubjectType.ACTOR, one.id or "")
