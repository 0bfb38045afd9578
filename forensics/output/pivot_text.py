"""Pivot on screen: the finding first, then who, with which keys, what, from where, and the commands to type next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from forensics.answers.core import ActorKind
from forensics.answers.pivot_answer import (
    FirstCall,
    KnownName,
    OwnedKey,
    Pivot,
    PivotKey,
    PivotType,
    RefusedAction,
    SubjectChange,
)
from forensics.output.chain_text import grade_span
from forensics.output.identity_text import described, short_name
from forensics.output.key_use_text import (
    RECONNAISSANCE,
    SENSITIVE_CALLS,
    address_lines,
    burst_lines,
    outcomes,
    program_lines,
    region_lines,
    resource_lines,
    sensitive_lines,
    service_lines,
    sources,
)
from forensics.output.lines import Line, Span, and_more, command_line, labelled, line, part
from forensics.output.matches_text import match_lines
from forensics.output.words import ACTOR_KINDS, KEY_STATUS_STYLES, TACTICS, count, known_time, readable_time, time_span

_SHOWN = 10  # rows of a list; JSON has more


class _Titles(NamedTuple):
    """The titles that depend on the type of a page; an empty one is that of a list that the page does not have."""

    who: str = ""
    changes: str = ""
    refused: str = "Refused calls"


_TITLES = {
    PivotType.ADDRESS: _Titles(who="Who called from it"),
    PivotType.USER: _Titles(changes="Changes of the user in IAM", refused="Refused calls of the user"),
    PivotType.ROLE: _Titles("Who used the role", "Changes of the role in IAM", "Refused calls of its sessions"),
    PivotType.RESOURCE: _Titles(who="Who used it"),
}


def render_whole_pivot(answer: Pivot) -> Iterator[Line]:
    """Return a page with all of each list."""
    return render_pivot(answer, every=True)


def render_pivot(answer: Pivot, *, every: bool = False) -> Iterator[Line]:
    """Return a page, top to bottom; or what the text means, if that is several things. `every`: all of each list."""
    yield line((answer.subject.name or answer.subject.id or answer.asked, "bold"), f"  {_kind(answer)}")
    if answer.matches:
        yield labelled("found", (f"{count(answer.matches_total, answer.subject.type)}; query one of them", "warn"))
        yield from match_lines(answer.matches, answer.matches_total)
        return
    yield from _ids(answer)
    if answer.accounts:
        yield labelled("account", f"only calls of {', '.join(answer.accounts)}")
    if not answer.in_logs:
        yield labelled("used", "not found in the loaded logs")
        yield labelled("", ("`forensics events --match` searches every column", "dim"))
        return
    yield from _finding(answer, every=every)
    yield from _lists(answer, every=every)
    yield from part("Next", (command_line(shlex.join(command)) for command in answer.commands))


def _lists(answer: Pivot, *, every: bool) -> Iterator[Line]:
    activity, type_, totals = answer.activity, answer.subject.type, answer.totals
    titles = _TITLES[type_]
    user = answer.subject.name if type_ == PivotType.USER else None
    yield from part(titles.who, _actor_lines(answer, every=every) if titles.who else ())
    yield from part(SENSITIVE_CALLS, sensitive_lines(activity.sensitive, every=every))
    yield from part(RECONNAISSANCE, burst_lines(activity, every=every))
    yield from part(titles.changes, _change_lines(answer.changes, totals.changes, every=every))
    yield from part("Long-term keys of the user", map(_owned, answer.owned_keys))
    yield from part("Access keys that signed the calls", _key_lines(answer.keys, totals.keys, user, every=every))
    yield from part(titles.refused, _refused_lines(answer.refused, totals.refused, every=every))
    if type_ != PivotType.ADDRESS or activity.totals.addresses > 1:
        yield from part("Addresses", address_lines(activity, every=every))
    yield from part("Programs (self-declared)", program_lines(activity, every=every))
    yield from part("Regions", region_lines(activity, every=every))
    yield from part("Services", service_lines(activity, every=every))
    if type_ != PivotType.RESOURCE or activity.totals.resources > 1:
        yield from part("Resources", resource_lines(activity, every=every))


def _kind(answer: Pivot) -> str:
    subject = answer.subject
    kind = ACTOR_KINDS[subject.kind] if subject.kind else subject.type
    is_network = subject.type == PivotType.ADDRESS and "/" in answer.asked
    account = f" of account {subject.account_id}" if subject.account_id else ""
    return f"{'network' if is_network else kind}{account}"


def _ids(answer: Pivot) -> Iterator[Line]:
    shown = answer.subject.name or answer.subject.id or answer.asked
    for detail in dict.fromkeys((answer.subject.id, answer.subject.arn, answer.subject.issuer)):
        if detail and detail not in (shown, answer.subject.account_id):
            yield labelled("", (detail, "dim"))
    if len(answer.names) > 1:
        for place, name in enumerate(answer.names):
            yield labelled("" if place else "names", *_name(name))


def _name(name: KnownName) -> tuple[str | Span, ...]:
    seen = f"  seen {time_span(name.first_seen, name.last_seen)}" if name.first_seen else ""
    return (name.name, "bold"), (seen, "dim")


def _finding(answer: Pivot, *, every: bool) -> Iterator[Line]:
    activity = answer.activity
    if answer.since or answer.until:
        since = f"since {readable_time(answer.since)}" if answer.since else ""
        until = f"until {readable_time(answer.until)}" if answer.until else ""
        yield labelled("range", " ".join(filter(None, (since, until))))
    if activity.events:
        when = time_span(activity.first_use, activity.last_use)
        yield labelled("used", f"{when}: {count(activity.events, 'call')}, {outcomes(activity)}")
    else:
        yield labelled("used", "no call in this time" if answer.first_call else "no call in the loaded logs")
    if answer.first_call:
        yield from _first(answer.first_call)
    if activity.events:
        yield labelled("from", f"{sources(activity)}; {count(answer.totals.keys, 'access key')}")
    yield from _alert(answer)
    yield from _unproven(answer, every=every)


def _unproven(answer: Pivot, *, every: bool) -> Iterator[Line]:
    total = answer.totals.unproven
    if total:
        calls = count(total, "call has a record that proves", "calls have records that prove")
        yield labelled("omitted", (f"{calls} nothing, such as two different copies of one event", "warn"))
        ids = answer.unproven_event_ids if every else answer.unproven_event_ids[:_SHOWN]
        yield labelled("", (", ".join(ids) or "no event ID logged", "dim"))


def _first(call: FirstCall) -> Iterator[Line]:
    by = f" by {call.by_name}" if call.by_name else ""
    key = f" with {call.access_key_id}" if call.access_key_id else ""
    source = f" from {call.source_ip_address}" if call.source_ip_address else ""
    refused = "" if call.outcome == "succeeded" else f", {call.outcome}"
    yield labelled("first", f"{known_time(call.event_time)}  {call.event_name or 'event'}{by}{key}{source}{refused}")
    yield labelled("", (call.event_id or "no event ID logged", "dim"))


def _alert(answer: Pivot) -> Iterator[Line]:
    found = answer.activity.sensitive
    done, refused = sum(one.succeeded for one in found), sum(one.denied + one.failed for one in found)
    if done:
        tactics = ", ".join(dict.fromkeys(TACTICS[one.tactic] for one in found if one.succeeded))
        succeeded = f", {done:,} succeeded" if refused else ""
        yield labelled("alert", (count(done + refused, "sensitive call"), "bad"), f"{succeeded}: {tactics}")
    elif refused:
        yield labelled("alert", (count(refused, "sensitive call"), "warn"), ", all refused")


def _actor_lines(answer: Pivot, *, every: bool) -> Iterator[Line]:
    for one in answer.actors if every else answer.actors[:_SHOWN]:
        if one.actor.kind == ActorKind.UNKNOWN:
            who: tuple[str | Span, ...] = (("not resolved", "bad"), f": {short_name(one.principal, one.principal)}")
        else:
            who = described(one.actor)
        issuer = one.actor.issuer or one.actor.provider or one.actor.identity_store_arn
        yield line(*who, "  ", grade_span(one.grade), (f"  {issuer}" if issuer else "", "dim"))
        yield line(f"{outcomes(one)}, {time_span(one.first_use, one.last_use)}", indent=2)
        yield line((", ".join(one.event_ids) or "no event ID logged", "dim"), indent=2)
    yield from _rest(answer.totals.actors, len(answer.actors) if every else _SHOWN, "more actor")


def _key_lines(keys: Sequence[PivotKey], total: int, user: str | None, *, every: bool) -> Iterator[Line]:
    """Return the keys, each with who is behind it unless that is its own user or the user of the page."""
    for one in keys if every else keys[:_SHOWN]:
        own_name = short_name(one.principal).rpartition("/")[2]
        actor = f", by {one.actor_name}" if one.actor_name not in (None, own_name, user) else ""
        status = (f", {one.status.lower()}", KEY_STATUS_STYLES.get(one.status, "")) if one.status else ""
        yield line((one.access_key_id, "bold"), f"  {short_name(one.principal)}{actor}", status)
        yield line(f"{outcomes(one)}, {time_span(one.first_use, one.last_use)}", indent=2)
        yield line((one.event_id or "no event ID logged", "dim"), indent=2)
    yield from _rest(total, len(keys) if every else _SHOWN, "more access key")


def _owned(key: OwnedKey) -> Line:
    status = (key.status.lower(), KEY_STATUS_STYLES.get(key.status, "")) if key.status else "no status change is logged"
    created = f", created {readable_time(key.created_at)}  " if key.created_at else ""
    return line((key.access_key_id, "bold"), "  ", status, created, (key.event_id or "", "dim"))


def _refused_lines(refused: Sequence[RefusedAction], total: int, *, every: bool) -> Iterator[Line]:
    for one in refused if every else refused[:_SHOWN]:
        error = f"  {one.error_code}" if one.error_code else ""
        times = f", {one.events:,} times" if one.events > 1 else ""
        yield line((one.event_name or "event", "warn"), f"{error}{times}, {time_span(one.first_use, one.last_use)}")
        yield line((one.event_id or "no event ID logged", "dim"), indent=2)
    yield from _rest(total, len(refused) if every else _SHOWN, "more kind", "more kinds")


def _change_lines(changes: Sequence[SubjectChange], total: int, *, every: bool) -> Iterator[Line]:
    for one in changes if every else changes[: 2 * _SHOWN]:
        target = f" {one.target}" if one.target else ""
        key = f" with {one.by_access_key_id}" if one.by_access_key_id else ""
        error = f" ({one.error_code})" if one.error_code else ""
        result = "" if one.outcome == "succeeded" else f", {one.outcome}{error}"
        doubt = "" if one.is_certain else "; it may be about another user of this name"
        doubt += "; the record proves nothing" if one.unreliable else ""
        style = "warn" if one.outcome != "succeeded" else "bold"
        when, by = f"{known_time(one.event_time)}  ", described(one.actor)
        yield line(when, (one.event_name, style), f"{target}{result} by ", *by, key, (doubt, "warn"))
        yield line((one.event_id or "no event ID logged", "dim"), indent=2)
    yield from _rest(total, len(changes) if every else 2 * _SHOWN, "more change")


def _rest(total: int, shown: int, *noun: str) -> Iterator[Line]:
    if total > shown:
        yield and_more(count(total - shown, *noun))
