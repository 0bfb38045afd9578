"""Chain on screen: each credential, the events that issued it, and its requester or the candidates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby

from forensics.answers.core import ActorKind, Grade, StopReason
from forensics.answers.who_answer import Hop, Link, Who
from forensics.identifiers import is_long_term
from forensics.output.evidence_text import event_line
from forensics.output.identity_text import described, short_name
from forensics.output.lines import Line, Span, line, with_prefix
from forensics.output.words import (
    FLAGS,
    GRADE_STYLES,
    NOT_TRUSTED,
    ONLY_NAMED,
    RULES,
    STOPS,
    WHY_NOT_TRUSTED,
    at_time,
    readable_time,
)

_CLOCK_DIFFERENCE = timedelta(seconds=1)


def chain_lines(answer: Who) -> Iterator[Line]:
    """Return the chain, one level per credential: the credential, the events that issued it, then its requester."""
    if answer.sessions or _is_in_headline(answer):
        return
    guide = first = ""
    for hop in answer.chain:
        yield with_prefix(_hop(hop), first, f"{guide}│   " if hop.link else f"{guide}    ")
        issued = list(_issuance(hop))
        yield from (with_prefix(detail, f"{guide}│  ", f"{guide}│  ") for detail in issued)
        first = f"{guide}└─ "
        guide += "   "
    if answer.chain and not has_long_term_key(answer.chain[-1]):
        yield with_prefix(_end(answer), first, guide)


def candidate_lines(answer: Who) -> Iterator[Line]:
    """Return the actors that could have requested the credential, each with the matching events."""
    for candidate in answer.candidates:
        yield line(*described(candidate.actor))
        yield line(grade_span(candidate.grade), f": {rule(candidate.link)}", indent=2)
        for event in candidate.link.evidence:
            yield line(f"{at_time(event.event_time)}{event.event_name or 'event'}", indent=2)
            yield with_prefix(event_line(event), "  ", "  ")


def grade_span(grade: Grade) -> Span:
    """Return a grade with its style."""
    return (str(grade), GRADE_STYLES[grade])


def rule(link: Link) -> str:
    """Return why a credential is linked to the next one."""
    return RULES.get(link.rule, link.rule.replace("_", " "))


def stop(answer: Who) -> str:
    """Return why the chain ends where it ends."""
    if answer.stop_reason == StopReason.NOT_TRUSTED:
        reasons = WHY_NOT_TRUSTED if answer.subject.type == "event" else NOT_TRUSTED
        return next((reasons[one.reason] for one in answer.not_trusted), STOPS[answer.stop_reason])
    if answer.stop_reason == StopReason.OUTSIDE_COVERAGE and answer.named_by:
        return ONLY_NAMED
    if "proves_nothing" in answer.flags:
        return FLAGS["proves_nothing"]
    return STOPS[answer.stop_reason]


def has_long_term_key(hop: Hop) -> bool:
    """Return whether the chain ends with this hop, in a long-term key."""
    return hop.link is None and any(map(is_long_term, hop.access_key_ids))


def _is_in_headline(answer: Who) -> bool:
    """Return whether the chain is one credential of a known actor, without an event that issued it."""
    only = answer.chain[0] if len(answer.chain) == 1 else None
    return bool(only and not only.link and not only.issued_at) and answer.actor.kind != ActorKind.UNKNOWN


def _hop(hop: Hop) -> Line:
    keys = ", ".join(hop.access_key_ids) or "no key in the record"
    name = short_name(hop.arn, hop.principal_id)
    session = f"  {name}" if name else ""
    account = f"  {hop.account_id}" if hop.account_id else ""
    return line((keys, "bold"), f"{session}{account}", hang=0)


def _issuance(hop: Hop) -> Iterator[Line]:
    via = [service for service in hop.via if service != hop.principal_id]
    if via:
        yield line(f"used on its behalf by {', '.join(via)}")
    if hop.link is None:
        if hop.issued_at:
            yield line(f"session began {readable_time(hop.issued_at)}")
        return
    documented = " (documented record format, not yet seen in real logs)" if hop.link.documented_only else ""
    yield line(grade_span(hop.link.grade), f": {rule(hop.link)}{documented}")
    expires = f", expires {readable_time(hop.expires_at)}" if hop.expires_at else ""
    if hop.issued_at and expires and not _is_issuance(hop.link, hop.issued_at):
        yield line(f"session began {readable_time(hop.issued_at)}{expires}")
        expires = ""
    together = groupby(hop.link.evidence, key=lambda event: (event.event_time, event.event_name))
    for index, ((time, name), events) in enumerate(together):
        yield line(f"{at_time(time) or 'time unknown  '}{name or 'event'}{'' if index else expires}")
        yield from (event_line(event) for event in events)


def _is_issuance(link: Link, issued_at: datetime) -> bool:
    """Return whether the first event of a link issued the credential, and does not only name its user."""
    first = link.evidence[0].event_time if link.evidence else None
    return first is None or abs(first - issued_at) <= _CLOCK_DIFFERENCE


def _end(answer: Who) -> Line:
    if answer.actor.kind != ActorKind.UNKNOWN:
        return line(*described(answer.actor), hang=0)
    return line(("?", "bad"), f"  {stop(answer)}", hang=0)
