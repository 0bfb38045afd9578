"""Triage on screen: ranked leads, each with its reasons, a proving event, what still works, and the next command.

The first page is one screen of 80 columns and about 50 lines: up to ten leads, the first two with all of their lines.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from forensics.answers.core import ActorKind
from forensics.answers.tree_answer import NodeKind, StillWorks
from forensics.answers.triage_answer import Blind, Crowd, Lead, Reason, Signal, Triage
from forensics.identifiers import is_secret, role_of_session
from forensics.output.identity_text import described, short_name
from forensics.output.lines import BLANK, Line, Span, cells, command_line, cut, labelled, line, part, with_prefix
from forensics.output.words import NODES, SIGNALS, count, first_few, minute, readable_time

_FIRST_PAGE = 10
_IN_FULL = 2
_WIDTH = 8
_ROW = 80 - 4 - _WIDTH
"""The columns of a row after its label. Lists on the first page have one or two rows."""
_FEW_ROWS, _ROWS, _ALL_ROWS = 2, 5, 1000
_DETAILS_SHOWN = 2
_LONGEST = 60


def render_triage(answer: Triage) -> Iterator[Line]:
    """Return the first leads."""
    return _page(answer, _FIRST_PAGE, _IN_FULL, _FEW_ROWS if len(answer.leads) > _IN_FULL else _ROWS)


def render_whole_triage(answer: Triage) -> Iterator[Line]:
    """Return all leads of the answer in full."""
    return _page(answer, len(answer.leads), len(answer.leads), _ALL_ROWS)


def _page(answer: Triage, most: int, in_full: int, rows: int) -> Iterator[Line]:
    yield from _headline(answer)
    for lead in answer.leads[:most]:
        if lead.rank <= in_full + 1:
            yield BLANK
        yield from _lead(lead, answer.source, rows) if lead.rank <= in_full else _in_short(lead, answer.source)
    if len(answer.leads) > most:
        yield BLANK
        listed = "them" if answer.leads_total == len(answer.leads) else f"the first {len(answer.leads)}"
        yield line((f"and {count(answer.leads_total - most, 'more lead')}; --all shows {listed}", "dim"))
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


def _lead(lead: Lead, source: tuple[str, ...], rows: int) -> Iterator[Line]:
    yield line(f"{lead.rank:>2}  ", *_who(lead), hang=4)
    yield _labelled("when", _when(lead))
    if key := tuple(_key(lead, rows)):
        yield _labelled("key", *key)
    yield _labelled("why", *_why(lead.reasons, rows))
    yield _labelled("proof", *_proof(lead))
    if works := _works(lead, rows - 1):
        yield _labelled("works", *works)
    yield _next(lead, source)


def _in_short(lead: Lead, source: tuple[str, ...]) -> Iterator[Line]:
    """Return three lines for a lead; what it leaves out is in the answer of its command, and in --all."""
    yield line(f"{lead.rank:>2}  ", *_who(lead), hang=4)
    yield _labelled(f"{lead.first_event:%b %d}", *_why(lead.reasons, 1))
    yield _next(lead, source)


def _labelled(label: str, *spans: str | Span) -> Line:
    content = labelled(label, *spans, width=_WIDTH)
    return Line(content.spans, "    ", " " * (4 + _WIDTH))


def _who(lead: Lead) -> tuple[str | Span, ...]:
    if lead.crowd:
        return ((_crowd(lead.crowd, lead.members), "bold"),)
    if lead.actor.kind != ActorKind.UNKNOWN:
        return (*described(lead.actor), (f", {lead.grade}", "dim"))
    # the caller chose the name of the session
    role = role_of_session(lead.principal_arn)
    name = f"role {role}" if role else short_name(lead.principal_arn) or next(iter(lead.access_key_ids), "unknown")
    return ((_hidden(name), "bold"), ", whose actor is not resolved")


def _crowd(crowd: Crowd, members: int) -> str:
    if crowd.role_arn is None:
        return f"{members:,} more principals of account {crowd.account_id}"
    return f"{members:,} more subjects of {short_name(crowd.provider)} with {short_name(crowd.role_arn)}"


def _when(lead: Lead) -> str:
    ids = lead.account_ids
    accounts = f"account {ids[0]}" if len(ids) == 1 else count(len(ids), "account")
    return f"{readable_time(lead.first_event)} to {readable_time(lead.last_event)}, {accounts}"


def _key(lead: Lead, rows: int) -> Iterator[str | Span]:
    if lead.origin_access_key_id:
        yield (lead.origin_access_key_id, "bold")
    if lead.planted:
        yield f"{', ' if lead.origin_access_key_id else ''}planted "
        yield first_few([_hidden(name) for name in lead.planted], rows - 1)


def _why(reasons: Sequence[Reason], rows: int) -> Iterator[str | Span]:
    """Yield the reasons that fit into some rows; if there are few rows, with details of the first only."""
    details = [_DETAILS_SHOWN] * len(reasons) if rows > _FEW_ROWS else [rows, *[0] * (len(reasons) - 1)]
    spans = [_reason(reason, most) for reason, most in zip(reasons, details, strict=True)]
    texts = [f"{name}{details}; " for (name, _), details in spans]
    shown = _fitting(texts, rows * _ROW, "99 more reasons")
    for place, reason in enumerate(spans[:shown]):
        yield "; " if place else ""
        yield from reason
    if len(reasons) > shown:
        yield f"; {count(len(reasons) - shown, 'more reason')}"


def _fitting(texts: Iterable[str], room: int, more: str) -> int:
    """Return the number of texts, at least one, that fit into `room` columns, with `more` unless all of them fit."""
    ends = list(accumulate(map(cells, texts)))
    return len(ends) if not ends or ends[-1] <= room else max(1, sum(end <= room - len(more) for end in ends))


def _reason(reason: Reason, most: int) -> tuple[Span, str]:
    kinds = reason.signal == Signal.PLANTED_ACCESS
    details = [detail.replace("_", " ") if kinds else cut(_hidden(detail), _LONGEST) for detail in reason.details]
    return (SIGNALS[reason.signal], "warn"), f": {first_few(details, most)}" if details and most else ""


def _proof(lead: Lead) -> Iterator[str | Span]:
    yield (lead.event_ids[0], "dim") if lead.event_ids else ("the events have no IDs", "dim")
    if lead.events > 1 and lead.event_ids:
        yield f", of {lead.events:,} events on those days"


def _works(lead: Lead, rows: int) -> tuple[str | Span, ...]:
    if lead.still_works is None or lead.still_working is None:
        return ("not examined; `forensics tree` shows it",)
    texts = [_work(one) for one in lead.still_works]
    shown = texts[: _fitting([f"{text}, " for text in texts], rows * _ROW, "99 more")]
    more = lead.still_working - len(shown)
    return ((", ".join([*shown, *([f"{more:,} more"] if more else [])]), "bad"),) if shown else ()


def _work(one: StillWorks) -> str:
    doubt = "" if one.valid_at and one.certain else " (possibly)"
    if one.kind == NodeKind.SESSION:
        name = f" of {_hidden(short_name(one.id))}" if one.id else ""
        return f"{count(one.sessions, 'session')}{name}{doubt}"
    return f"{NODES[one.kind]} {_hidden(one.id or 'without a name')}{doubt}"


def _next(lead: Lead, source: tuple[str, ...]) -> Line:
    command = command_line(shlex.join([*lead.command, *source]))
    return with_prefix(command, f"    {'next':{_WIDTH}}", " " * (4 + _WIDTH))


def _blind_lines(blind: Blind) -> Iterator[Line]:
    if not blind.other_events:
        yield line("reads of objects and other data events: none is loaded")
    if blind.empty_hours:
        yield line(f"{count(blind.empty_hours, 'hour')} without an event: quiet, or not loaded (`forensics coverage`)")
    if blind.excluded_hours:
        yield line(f"{count(blind.excluded_hours, 'hour')} that a filter of an ingest excluded")
    if blind.trail_stops:
        yield line(f"what happened while a trail was stopped or narrowed ({count(blind.trail_stops, 'call')})")
    if blind.identity_unread:
        yield line(f"{count(blind.identity_unread, 'record')} whose identity could not be read")
    if blind.not_compared:
        found = count(blind.not_compared, "credential")
        yield line(
            f"{found} of workloads or with a SourceIdentity, too many to compare where and by whom they were used"
        )


def _hidden(text: str) -> str:
    """Return a text that a caller chose, hidden if it could be a secret."""
    return "[hidden]" if is_secret(text) else text
