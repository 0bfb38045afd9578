"""Triage on screen: ranked leads, each with its reasons, a proving event, what still works, and the next command."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from forensics.answers.core import Actor, ActorKind
from forensics.answers.tree_answer import NodeKind
from forensics.answers.triage_answer import Blind, Lead, Reason, Signal, StillWorks, Triage
from forensics.identifiers import is_secret
from forensics.output.identity_text import described, short_name
from forensics.output.lines import BLANK, Line, Span, labelled, line, part
from forensics.output.words import count, first_few, minute, readable_time

_FIRST_PAGE = 10
_REASONS_SHOWN = 5
_DETAILS_SHOWN = 2
_WORKS_SHOWN = 4
_LONGEST = 60
_WIDTH = 7

# how a reason reads; the events are those of the whole story
_SIGNALS = {
    Signal.NEW_NETWORK: "new network",
    Signal.NEW_PROGRAM: "new program",
    Signal.NEW_REGION: "new region",
    Signal.FIRST_SEEN: "first seen late in the logs",
    Signal.WORKLOAD_ELSEWHERE: "credential of a workload used elsewhere",
    Signal.ENUMERATION: "first reads",
    Signal.REFUSED_CALLS: "refused calls",
    Signal.NEW_CALLS: "first calls",
    Signal.PLANTED_ACCESS: "created access",
    Signal.OUTSIDE_ACCOUNT: "access for an account outside the logs",
    Signal.PERSISTENCE: "persistence",
    Signal.PRIVILEGE_ESCALATION: "privilege escalation",
    Signal.EVASION: "evasion",
    Signal.DATA_ACCESS: "data access",
    Signal.DESTRUCTION: "destruction",
    Signal.COST_ABUSE: "cost abuse",
    Signal.LARGE_INSTANCES: "large instances",
    Signal.EXECUTION: "execution",
    Signal.DISCOVERY: "discovery",
    Signal.ROOT_USE: "root user",
    Signal.SIGN_IN_WITHOUT_MFA: "sign-in without MFA",
    Signal.SOURCE_IDENTITY_CONFLICT: "SourceIdentity of somebody else",
}
_NODES = {
    NodeKind.ACCESS_KEY: "key",
    NodeKind.USER: "user",
    NodeKind.LOGIN_PROFILE: "password of",
    NodeKind.ROLE: "trust policy of",
    NodeKind.SESSION: "session",
}


def render_triage(answer: Triage) -> Iterator[Line]:
    """Return the first leads."""
    return _page(answer, _FIRST_PAGE)


def render_all_leads(answer: Triage) -> Iterator[Line]:
    """Return all leads."""
    return _page(answer, len(answer.leads))


def _page(answer: Triage, most: int) -> Iterator[Line]:
    yield from _headline(answer)
    for lead in answer.leads[:most]:
        yield BLANK
        yield from _lead(lead, answer.source)
    if len(answer.leads) > most:
        yield BLANK
        yield line((f"and {count(len(answer.leads) - most, 'more lead')}; --all shows them", "dim"))
    yield from part("What triage does not see", _blind_lines(answer.blind))


def _headline(answer: Triage) -> Iterator[Line]:
    if answer.first_event is None or answer.last_event is None:
        yield line(("no lead", "bold"), ": no event is loaded")
        return
    leads = count(len(answer.leads), "lead") if answer.leads else "no lead"
    span = f"{minute(answer.first_event)} to {minute(answer.last_event)}"
    yield line((leads, "bold"), f" in {count(answer.events, 'event')}, {count(answer.stories, 'story', 'stories')}, {span}")
    if answer.leads:
        yield line(("unusual within these logs; a lead is not a verdict", "dim"), indent=2)
    else:
        yield line(("nothing stands out within these logs, which proves nothing", "dim"), indent=2)


def _lead(lead: Lead, source: tuple[str, ...]) -> Iterator[Line]:
    yield line(f"{lead.rank:>2}  ", *_who(lead), indent=0, hang=4)
    yield _labelled("when", _when(lead))
    if lead.origin_access_key_id:
        yield _labelled("key", (lead.origin_access_key_id, "bold"), *_planted(lead))
    elif lead.planted:
        yield _labelled("key", *_planted(lead))
    yield _labelled("why", *_why(lead))
    yield _labelled("proof", *_proof(lead))
    if works := _works(lead):
        yield _labelled("works", *works)
    yield _labelled("next", (_command(lead, source), "bold"))


def _labelled(label: str, *spans: str | Span) -> Line:
    content = labelled(label, *spans, width=_WIDTH)
    return Line(content.spans, "    ", " " * (4 + _WIDTH))


def _who(lead: Lead) -> tuple[str | Span, ...]:
    if lead.actor.kind != ActorKind.UNKNOWN:
        return (*described(lead.actor), (f", {lead.grade}", "dim"))
    name = short_name(lead.principal_arn) or next(iter(lead.access_key_ids), "")
    return ((_hidden(name), "bold"), f": {_no_actor(lead.actor)}")


def _no_actor(actor: Actor) -> str:
    return described(actor)[0] if isinstance(described(actor)[0], str) else "an unresolved actor"  # type: ignore[return-value]


def _when(lead: Lead) -> str:
    accounts = f"account {lead.account_ids[0]}" if len(lead.account_ids) == 1 else count(len(lead.account_ids), "account")
    return f"{readable_time(lead.first_event)} to {readable_time(lead.last_event)}, {accounts}"


def _planted(lead: Lead) -> tuple[str, ...]:
    if not lead.planted:
        return ()
    names = first_few([_hidden(name) for name in lead.planted], 3)
    return (f"{', with' if lead.origin_access_key_id else 'with'} what it planted: {names}",)


def _why(lead: Lead) -> Iterator[str | Span]:
    shown = lead.reasons[:_REASONS_SHOWN]
    for place, reason in enumerate(shown):
        yield "; " if place else ""
        yield from _reason(reason)
    if len(lead.reasons) > len(shown):
        yield f"; {count(len(lead.reasons) - len(shown), 'more reason')}"


def _reason(reason: Reason) -> Iterator[str | Span]:
    yield (_SIGNALS[reason.signal], "warn")
    details = first_few([_hidden(detail) for detail in reason.details], _DETAILS_SHOWN)
    yield f" {details}" if details else ""
    yield f" ({count(reason.events, 'event')})"


def _proof(lead: Lead) -> Iterator[str | Span]:
    yield (lead.event_ids[0], "dim") if lead.event_ids else ("the events have no IDs", "dim")
    if lead.events > 1 and lead.event_ids:
        yield f" and {lead.events - 1:,} more; --format json cites {len(lead.event_ids)}"


def _works(lead: Lead) -> tuple[str | Span, ...]:
    if lead.still_works is None or lead.still_working is None:
        return ("not examined: too much is derived from it; `forensics tree` shows it",)
    shown = [_work(one) for one in lead.still_works[:_WORKS_SHOWN]]
    more = lead.still_working - len(shown)
    return ((", ".join([*shown, *([f"{more:,} more"] if more else [])]), "bad"),) if shown else ()


def _work(one: StillWorks) -> str:
    doubt = " (possibly)" if one.valid_at is None else ""
    name = short_name(one.id) if one.kind == NodeKind.SESSION else one.id or ""
    if one.kind == NodeKind.SESSION:
        return f"{count(one.sessions, 'session')} of {_hidden(name)}{doubt}"
    return f"{_NODES[one.kind]} {_hidden(name)}{doubt}"


def _command(lead: Lead, source: tuple[str, ...]) -> str:
    return shlex.join([*lead.command, *source])


def _blind_lines(blind: Blind) -> Iterator[Line]:
    if not blind.other_events:
        yield line("reads of objects and other data events: none is loaded")
    if blind.empty_hours:
        hours = count(blind.empty_hours, "hour")
        yield line(f"{hours} of an account and region without an event: quiet, or not loaded (`forensics coverage`)")
    if blind.excluded_hours:
        yield line(f"{count(blind.excluded_hours, 'hour')} that a filter of an ingest excluded")
    if blind.trail_stops:
        yield line(f"what happened while a trail was stopped or narrowed ({count(blind.trail_stops, 'call')})")
    if blind.identity_unread:
        yield line(f"{count(blind.identity_unread, 'record')} whose identity could not be read")


def _hidden(text: str) -> str:
    """Return a text that the caller chose, cut, and hidden if it could be a secret."""
    if is_secret(text):
        return "[hidden]"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
