"""Combined: one answer about a subject with several credentials. It has an actor only if all of them agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import TypeVar

from forensics.answers.core import Actor, ActorKind, Grade, StopReason, Subject
from forensics.answers.who_answer import Who
from forensics.identifiers import SubjectType

T = TypeVar("T")

_GRADES = list(Grade)


def combined(subject: Subject, answers: Sequence[Who], latest: Actor) -> Who:
    """Combine the answers for several credentials. `latest`: the actor of the credential used last.

    The answer has an actor, with its latest name, only if all answers agree.
    """
    account_id = _agreed((answer.subject.account_id for answer in answers), subject.account_id)
    several = Who(
        Subject(subject.type, subject.id, account_id),
        sessions=tuple(answers),
        exports=_distinct(answer.exports for answer in answers),
        not_trusted=_distinct(answer.not_trusted for answer in answers),
    )
    fullest = max((answer.actor for answer in answers), key=_completeness)
    is_one = all(_identity(_completed(subject, answer.actor, fullest)) == _identity(fullest) for answer in answers)
    if not (is_one and _is_identified(fullest)) or fullest.kind == ActorKind.UNKNOWN:
        return _without_actor(several, answers)
    return _with_actor(several, answers, _completed(subject, latest, fullest))


def _without_actor(several: Who, answers: Sequence[Who]) -> Who:
    """Add the reason, and the candidates and missing logs of all answers."""
    unresolved = all(answer.actor.kind == ActorKind.UNKNOWN for answer in answers)
    reason = _agreed((answer.stop_reason for answer in answers if unresolved), StopReason.SEVERAL_ACTORS)
    ambiguous = reason == StopReason.AMBIGUOUS
    return replace(
        several,
        stop_reason=reason,
        ambiguous=ambiguous,
        candidates=_distinct(answer.candidates for answer in answers if ambiguous),
        missing=_distinct(answer.missing for answer in answers),
    )


def _with_actor(several: Who, answers: Sequence[Who], actor: Actor) -> Who:
    """Add the actor, and every fact on which all answers agree."""
    first = answers[0]
    agreed = replace(
        several,
        actor=actor,
        grade=max((answer.grade for answer in answers), key=_GRADES.index),
        stop_reason=first.stop_reason,
        caller=_agreed((answer.caller for answer in answers), None),
        mfa_authenticated=_agreed((answer.mfa_authenticated for answer in answers), None),
    )
    if len({answer.origin_access_key_id for answer in answers}) > 1:
        return agreed
    return replace(
        agreed,
        origin_access_key_id=first.origin_access_key_id,
        origin_grade=first.origin_grade,
        key_owner=first.key_owner,
    )


def _completeness(actor: Actor) -> tuple[bool, bool]:
    return actor.id is not None, actor.account_id is not None


def _completed(subject: Subject, actor: Actor, fullest: Actor) -> Actor:
    """Return an actor with the account that its record omits and, if all answers are about one key, the ID."""
    is_same_name = subject.type == SubjectType.ACCESS_KEY and actor.name == fullest.name
    id_ = fullest.id if is_same_name else None
    return replace(actor, id=actor.id or id_, account_id=actor.account_id or fullest.account_id)


def _identity(actor: Actor) -> Actor:
    """Return an actor without its names, which may change, if it has an ID."""
    return replace(actor, name=None, arn=None) if actor.id else actor


def _is_identified(actor: Actor) -> bool:
    """Return whether two actors that look the same are the same: two workloads without ID or name may differ."""
    return bool(actor.id or actor.name) or actor.kind == ActorKind.ANONYMOUS


def _agreed(values: Iterable[T], otherwise: T) -> T:
    found = set(values)
    return found.pop() if len(found) == 1 else otherwise


def _distinct(lists: Iterable[Iterable[T]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(lists)))
