"""Triage on screen: ranked leads, each with its reasons, a proving event, what still works, and the next command.

The first page is one screen: up to ten leads, the first three in full.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from forensics.answers.core import ActorKind
from forensics.answers.tree_answer import NodeKind
from forensics.answers.triage_answer import Blind, Lead, Reason, Signal, StillWorks, Triage
from forensics.identifiers import is_secret
from forensics.output.identity_text import described, short_name
from forensics.output.lines import BLANK, Line, Span, cut, labelled, line, part
from forensics.output.words import NODES, SIGNALS, count, first_few, minute, readable_time

_FIRST_PAGE = 10
_IN_FULL = 3
_REASONS_SHOWN = 6
_REASONS_SHOWN_IN_SHORT = 3
_DETAILS_SHOWN = 2
_WORKS_SHOWN = 4
_LONGEST = 60
_WIDTH = 7


def render_triage(answer: Triage) -> Iterator[Line]:
    """Return the first leads."""
    return _page(answer, _FIRST_PAGE, _IN_FULL)


def render_all_leads(answer: Triage) -> Iterator[Line]:
    """Return all leads in full."""
    return _page(answer, len(answer.leads), len(answer.leads))


def _page(answer: Triage, most: int, in_full: int) -> Iterator[Line]:
    yield from _headline(answer)
    for lead in answer.leads[:most]:
        yield BLANK
        yield from _lead(lead, answer.source) if lead.rank <= in_full else _in_short(lead, answer.source)
    if len(answer.leads) > most:
        yield BLANK
        yield line((f"and {count(answer.leads_total - most, 'more lead')}; --all shows them", "dim"))
    elif answer.leads_total > len(answer.leads):
        yield BLANK
        yield line((f"and {count(answer.leads_total - len(answer.leads), 'weaker lead')}, not listed", "dim"))
    yield from part("What triage does not see", _blind_lines(answer.blind))


def _headline(answer: Triage) -> Iterator[Line]:
    if answer.first_event is None or answer.last_event is None:
        yield line(("no lead", "bold"), ": no event is loaded")
        return
    leads = count(answer.leads_total, "lead") if answer.leads else "no lead"
    read = f"{count(answer.events, 'event')}, {count(answer.stories, 'story', 'stories')}"
    yield line((leads, "bold"), f" in {read}, {minute(answer.first_event)} to {minute(answer.last_event)}")
    if answer.leads:
        yield line(("unusual within these logs; a lead is not a verdict", "dim"), indent=2)
    else:
        yield line(("nothing stands out within these logs, which proves nothing", "dim"), indent=2)


def _lead(lead: Lead, source: tuple[str, ...]) -> Iterator[Line]:
    yield line(f"{lead.rank:>2}  ", *_who(lead), hang=4)
    yield _labelled("when", _when(lead))
    if key := tuple(_key(lead)):
        yield _labelled("key", *key)
    yield _labelled("why", *_why(lead, _REASONS_SHOWN))
    yield _labelled("proof", *_proof(lead))
    if works := _works(lead):
        yield _labelled("works", *works)
    yield _labelled("next", (_command(lead, source), "bold"))


def _in_short(lead: Lead, source: tuple[str, ...]) -> Iterator[Line]:
    """Return three lines for a lead; what it leaves out is in the answer of its command, and in --all."""
    yield line(f"{lead.rank:>2}  ", *_who(lead), f", {minute(lead.first_event)}", hang=4)
    yield _labelled("why", *_why(lead, _REASONS_SHOWN_IN_SHORT))
    yield _labelled("next", (_command(lead, source), "bold"))


def _labelled(label: str, *spans: str | Span) -> Line:
    content = labelled(label, *spans, width=_WIDTH)
    return Line(content.spans, "    ", " " * (4 + _WIDTH))


def _who(lead: Lead) -> tuple[str | Span, ...]:
    if lead.actor.kind != ActorKind.UNKNOWN:
        return (*described(lead.actor), (f", {lead.grade}", "dim"))
    name = short_name(lead.principal_arn) or next(iter(lead.access_key_ids), "unknown")
    return ((_hidden(name), "bold"), ", whose actor is not resolved")


def _when(lead: Lead) -> str:
    ids = lead.account_ids
    accounts = f"account {ids[0]}" if len(ids) == 1 else count(len(ids), "account")
    return f"{readable_time(lead.first_event)} to {readable_time(lead.last_event)}, {accounts}"


def _key(lead: Lead) -> Iterator[str | Span]:
    if lead.origin_access_key_id:
        yield (lead.origin_access_key_id, "bold")
    if lead.planted:
        yield f"{', ' if lead.origin_access_key_id else ''}and what it planted: "
        yield first_few([_hidden(name) for name in lead.planted], 3)


def _why(lead: Lead, most: int) -> Iterator[str | Span]:
    for place, reason in enumerate(lead.reasons[:most]):
        yield "; " if place else ""
        yield from _reason(reason)
    if len(lead.reasons) > most:
        yield f"; {count(len(lead.reasons) - most, 'more reason')}"


def _reason(reason: Reason) -> Iterator[str | Span]:
    yield (SIGNALS[reason.signal], "warn")
    kinds = reason.signal == Signal.PLANTED_ACCESS
    shown = (detail.replace("_", " ") if kinds else cut(_hidden(detail), _LONGEST) for detail in reason.details)
    details = first_few(list(shown), _DETAILS_SHOWN)
    yield f": {details}" if details else ""


def _proof(lead: Lead) -> Iterator[str | Span]:
    yield (lead.event_ids[0], "dim") if lead.event_ids else ("the events have no IDs", "dim")
    if lead.events > 1 and lead.event_ids:
        yield f" and {lead.events - 1:,} more; --format json cites {len(lead.event_ids)}"


def _works(lead: Lead) -> tuple[str | Span, ...]:
    if lead.still_works is None or lead.still_working is None:
        return ("not examined; `forensics tree` shows it",)
    shown = [_work(one) for one in lead.still_works[:_WORKS_SHOWN]]
    more = lead.still_working - len(shown)
    return ((", ".join([*shown, *([f"{more:,} more"] if more else [])]), "bad"),) if shown else ()


def _work(one: StillWorks) -> str:
    doubt = " (possibly)" if one.valid_at is None else ""
    name = short_name(one.id) if one.kind == NodeKind.SESSION else one.id or ""
    if one.kind == NodeKind.SESSION:
        return f"{count(one.sessions, 'session')} of {_hidden(name)}{doubt}"
    return f"{NODES[one.kind]} {_hidden(name)}{doubt}"


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
    """Return a text that a caller chose, hidden if it could be a secret."""
    return "[hidden]" if is_secret(text) else text
