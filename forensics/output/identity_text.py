"""Identities on screen: the subject of an answer, and actors."""

from __future__ import annotations

from forensics.answers.core import Actor, ActorKind, Subject
from forensics.output.lines import Line, Span, line
from forensics.output.words import ACTOR_KINDS, SUBJECT_TYPES, WORKLOADS


def subject_line(subject: Subject, kind: str | None = None, *, is_decoded: bool = False) -> Line:
    """Return the first line of an answer. `is_decoded`: the account is known from the key ID alone."""
    if kind is None:
        kind = SUBJECT_TYPES[subject.type] if subject.type else ""
    account = f" of account {subject.account_id}" if subject.account_id else ""
    decoded = " (decoded)" if account and is_decoded else ""
    return line((subject.id, "bold"), f"  {kind}{account}{decoded}")


def described(actor: Actor) -> tuple[str | Span, ...]:
    """Return the name, kind and account of an actor."""
    if actor.kind == ActorKind.UNKNOWN:
        return ("an unresolved actor",)
    kind = f", {kind_of(actor)}" if _own_name(actor) else ""
    account = f" of account {actor.account_id}" if actor.account_id else ""
    return ((_name(actor), "bold"), f"{kind}{account}")


def kind_of(actor: Actor) -> str:
    """Return the kind of an actor; for a workload, the type of workload."""
    if actor.workload_type:
        return WORKLOADS.get(actor.workload_type, actor.workload_type.replace("_", " "))
    return ACTOR_KINDS[actor.kind]


def details(actor: Actor) -> list[str]:
    """Return the identifiers that distinguish actors of the same name."""
    known = (actor.id, actor.arn, actor.issuer, actor.provider, actor.identity_store_arn)
    return [detail for detail in dict.fromkeys(known) if detail and detail not in (_name(actor), actor.account_id)]


def short_name(arn: str | None, *others: str | None) -> str:
    """Return the last part of an ARN; without an ARN, the first of the other names that is known."""
    return next(filter(None, ((arn or "").rpartition(":")[2], *others)), "")


def _name(actor: Actor) -> str:
    if actor.kind in (ActorKind.ROOT, ActorKind.ANONYMOUS):
        return ACTOR_KINDS[actor.kind]
    return _own_name(actor) or f"unnamed {kind_of(actor)}"


def _own_name(actor: Actor) -> str | None:
    return None if actor.kind in (ActorKind.ROOT, ActorKind.ANONYMOUS) else actor.name or actor.id
