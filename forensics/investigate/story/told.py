"""Told: the story of a key, session, user, role or address, over everything derived from it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from forensics.addresses import network_of
from forensics.answers.story_answer import EarlierUse, Story, StoryActor, StoryStep, StorySubject, StorySubjectType
from forensics.errors import NoSuchSubject, NotAnIdentifier, SecretRefused, UnusableFilter
from forensics.identifiers import Identifier, SubjectType, identify, shortened
from forensics.investigate.applications import application_of
from forensics.investigate.case.event_filter import condition
from forensics.investigate.case.statement import query_errors
from forensics.investigate.sql_rows import Connection, Row, rows, run

_MOST_STEPS = 10_000
_CREATE = """
create or replace temporary table story_events as
select
    event_key, event_id, event_time, event_source, event_name, aws_region, recipient_account_id, source_ip_address,
    user_agent, error_code, read_only, identity_type, principal_id, arn, access_key_id, issued_access_key_id,
    target_role_arn, target_role_name, target_user_name, new_user_name, target_access_key_id, target_status,
    target_policy, created_access_key_id, launched, resource, outcome, actor_kind, actor_id, actor_name, grade,
    source_addresses
from attributed_events
"""
# of an event that was delivered to several accounts, the caller's own copy
_ONCE = """
    qualify row_number() over (
        partition by coalesce(shared_event_id, event_key)
        order by coalesce(recipient_account_id = account_id, false) desc, event_key
    ) = 1
"""
_CRITERIA = {
    StorySubjectType.ACCESS_KEY: "key",
    StorySubjectType.SESSION: "session",
    StorySubjectType.ACTOR: "actor",
    StorySubjectType.ROLE: "role",
    StorySubjectType.ADDRESS: "address",
}


class _TotalRow(Row, frozen=True):
    events: int
    undated: int
    first_event_time: datetime | None
    last_event_time: datetime | None
    steps_total: int


class _CalledRow(Row, frozen=True):
    """An actor or a role that a name means; `place`: its ARN, or else its ID."""

    kind: str
    id: str
    place: str


def story(connection: Connection, text: str, wanted: Mapping[str, object], leaked_at: datetime | None) -> Story:
    """Return the story of a subject.

    Args:
        connection: the case.
        text: an access key ID, session ARN, principal ID, ARN, name of a user or role, IP address or network.
        wanted: criteria of `EventFilter` that restrict the story, such as since and until.
        leaked_at: the time of the leak, UTC; earlier calls are summarized in one step.

    Raises:
        NoSuchSubject: no actor and no role has the name, or several have.
        SecretRefused: the text looks like a secret.
        UnusableFilter: a criterion cannot be used, or would replace the subject.
    """
    subject = _subject(connection, text)
    criterion = _CRITERIA[subject.type]
    if wanted.get(criterion):
        raise UnusableFilter(f"the subject is the {criterion} of the story; leave {criterion} out")
    about: dict[str, object] = {criterion: subject.id}
    if subject.type != StorySubjectType.ADDRESS:
        about["descendants"] = True
    since = leaked_at.isoformat() if leaked_at else None
    with story_tables(connection, {**wanted, **about}, since):
        (total,) = rows(connection, _TotalRow, "story/totals")
        steps = rows(connection, StoryStep, "story/first_steps", most=_MOST_STEPS)
        return Story(
            subject,
            total.events,
            total.undated,
            total.first_event_time,
            total.last_event_time,
            tuple(rows(connection, StoryActor, "story/actors")),
            leaked_at,
            next(iter(rows(connection, EarlierUse, "story/earlier", leaked_at=since)), None),
            total.steps_total,
            tuple(_with_application(step) for step in steps),
        )


@contextmanager
def story_tables(connection: Connection, wanted: Mapping[str, object], leaked_at: str | None) -> Iterator[None]:
    """Fill the temporary tables of a story, and drop them at the end."""
    where, parameters = condition(connection, wanted)
    try:
        with query_errors():
            connection.execute(f"{_CREATE} where {where} {_ONCE}", parameters)
        run(connection, "story/steps", leaked_at=leaked_at)
        yield
    finally:
        connection.execute("drop table if exists story_events")
        connection.execute("drop table if exists story_steps")


def _with_application(step: StoryStep) -> StoryStep:
    return replace(step, application=application_of(step.user_agent))


def _subject(connection: Connection, text: str) -> StorySubject:
    text = text.strip().encode(errors="backslashreplace").decode()  # no event has a name that is not UTF-8
    if network_of(text) is not None:
        return StorySubject(StorySubjectType.ADDRESS, text)
    try:
        return _identified(identify(text))
    except NotAnIdentifier as error:
        return _named(connection, text, error)


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
        case SubjectType.SESSION if ":assumed-role/" in id_:
            return StorySubject(StorySubjectType.SESSION, id_)
        case SubjectType.PRINCIPAL if ":" in id_:
            return StorySubject(StorySubjectType.SESSION, id_)
        case _:
            return StorySubject(StorySubjectType.ACTOR, id_)


def _named(connection: Connection, name: str, refusal: NotAnIdentifier) -> StorySubject:
    """Return the only actor or role with a name. `refusal`: why the name is not an identifier."""
    called = rows(connection, _CalledRow, "story/named", name=name)
    if not called and isinstance(refusal, SecretRefused):
        raise refusal
    if not called:
        raise NoSuchSubject(
            f"no user, role or other actor in the loaded events has the name {shortened(name)!r};"
            " `forensics events --match` searches every column"
        )
    if len(called) > 1:
        several = ", ".join(f"{one.kind} {one.place}" for one in called)
        raise NoSuchSubject(f"{shortened(name)} means {len(called)} actors or roles; name one of them: {several}")
    type_ = StorySubjectType.ROLE if called[0].kind == "role" else StorySubjectType.ACTOR
    return StorySubject(type_, called[0].id)
