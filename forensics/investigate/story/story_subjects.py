"""Story subjects: what the subject of a story means. A name that means several users or roles is refused."""

from collections.abc import Sequence
from typing import NamedTuple

from forensics.addresses import network_of
from forensics.answers.core import SubjectMatchType
from forensics.answers.story_answer import StorySubject, StorySubjectType
from forensics.errors import NoSuchSubject, NotAnIdentifier
from forensics.identifiers import Identifier, SubjectType, identify, shortened
from forensics.investigate.case.event_filter import logged_addresses
from forensics.investigate.named_subjects import NamedSubject, named_subjects, no_such_subject
from forensics.investigate.sql_rows import Connection, values

_MOST_NAMED = 20


class SubjectEvents(NamedTuple):
    """The events of a subject: those of credentials, or those with a key, session or address.

    Everything derived from the credentials is included.
    """

    ids: Sequence[str] = ()
    key: str | None = None
    session: str | None = None
    addresses: Sequence[str] = ()

    @property
    def parameters(self) -> dict[str, object]:
        """Return the parameters of `story/events`."""
        return {**self._asdict(), "ids": list(self.ids), "addresses": list(self.addresses)}


def subject_of(connection: Connection, text: str) -> tuple[StorySubject, SubjectEvents]:
    """Return the subject that a text means, and which events are its own.

    Raises:
        NoSuchSubject: no user, role or other actor has the name, or several have.
        SecretRefused: the text looks like a secret.
    """
    text = text.strip().encode(errors="backslashreplace").decode()  # no event has a name that is not UTF-8
    if network_of(text) is not None:
        return StorySubject(StorySubjectType.ADDRESS, text), SubjectEvents(
            addresses=logged_addresses(connection, [text])
        )
    try:
        identifier = identify(text)
    except NotAnIdentifier:
        return _named(connection, text)
    if identifier.type == SubjectType.ACCESS_KEY:
        return _signed(connection, StorySubjectType.ACCESS_KEY, identifier.id)
    if _is_session(identifier):
        return _signed(connection, StorySubjectType.SESSION, identifier.id)
    return _named(connection, identifier.id, identifier)


def _is_session(identifier: Identifier) -> bool:
    """Return whether an identifier is that of a session. The ARN of one without its name means its role."""
    if identifier.type == SubjectType.PRINCIPAL:
        return ":" in identifier.id
    return ":federated-user/" in identifier.id or "/" in identifier.id.partition(":assumed-role/")[2]


def _signed(connection: Connection, type_: StorySubjectType, id_: str) -> tuple[StorySubject, SubjectEvents]:
    criterion = "key" if type_ == StorySubjectType.ACCESS_KEY else "session"
    ids = values(connection, str, "story/credentials_with", **{"key": None, "session": None, criterion: id_})
    return StorySubject(type_, id_), SubjectEvents(ids, **{criterion: id_})


def _named(
    connection: Connection, text: str, identifier: Identifier | None = None
) -> tuple[StorySubject, SubjectEvents]:
    """Return the only actor or role with a name, ARN or ID.

    A session's name is chosen by its requester and means nobody. An ARN or ID that is not logged has no events.
    """
    called = [one for one in named_subjects(connection, text) if one.type != SubjectMatchType.SESSION]
    if len(called) == 1:
        return _only(connection, called[0], text)
    if called:
        several = ", ".join(_described(one) for one in called[:_MOST_NAMED])
        raise NoSuchSubject(
            f"{shortened(text)} means {len(called)} actors or roles; name one of them or its key: {several}"
        )
    if identifier is None:
        raise no_such_subject(connection, text, "user, role or other actor")
    if identifier.type == SubjectType.EVENT:
        raise NoSuchSubject(f"{text} is the ID of an event; name the key, session, user, role or address of its call")
    is_role = ":role/" in text or ":assumed-role/" in text or text.startswith("AROA")
    return StorySubject(StorySubjectType.ROLE if is_role else StorySubjectType.ACTOR, text), SubjectEvents()


def _only(connection: Connection, one: NamedSubject, asked: str) -> tuple[StorySubject, SubjectEvents]:
    """Return a user, role or other actor. One that no record shows an ID of made no call, unless by its ARN."""
    is_role = one.type == SubjectMatchType.ROLE
    type_ = StorySubjectType.ROLE if is_role else StorySubjectType.ACTOR
    arn = one.arn or (one.match("story").command[2] if one.id is None else None)
    if is_role:
        ids = values(connection, str, "pivot/credentials_of_role", id=one.id or arn)
    else:
        actor = {"kind": one.kind, "id": one.qualified_id or arn, "account": one.account_id}
        ids = values(connection, str, "pivot/credentials_of_actor", **actor)
    return StorySubject(type_, one.id or arn or asked, one.name, arn, one.issuer), SubjectEvents(ids)


def _described(one: NamedSubject) -> str:
    """Return the kind of a match, and its IDs, the most precise one last."""
    ids = dict.fromkeys((one.arn, one.match("story").command[2]))
    return " ".join([one.kind or one.type, *filter(None, ids)])
