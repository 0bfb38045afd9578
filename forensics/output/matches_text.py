"""Matches on screen: the things that a name means, each with the command that queries it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from forensics.answers.core import ActorKind, SubjectMatch, SubjectMatchType
from forensics.output.identity_text import short_name
from forensics.output.lines import BLANK, Line, Span, command_line, line
from forensics.output.words import ACTOR_KINDS, count, time_span

_SHOWN = 20
_TYPES = {
    SubjectMatchType.ROLE: "role",
    SubjectMatchType.SESSION: "session",
    SubjectMatchType.ACCESS_KEY: "access key",
    SubjectMatchType.RESOURCE: "resource",
}


def match_lines(matches: Sequence[SubjectMatch], total: int) -> Iterator[Line]:
    """Return each match with its command."""
    for one in matches[:_SHOWN]:
        yield BLANK
        yield line(*_described(one), indent=2)
        if seen := _seen(one):
            yield line((seen, "dim"), indent=4)
        yield command_line(shlex.join(one.command), indent=4)
    if total > _SHOWN:
        yield BLANK
        more = "" if total == len(matches) else f" up to {len(matches)}"
        yield line((f"and {count(total - _SHOWN, 'more match', 'more matches')}; --format json lists{more}", "dim"))


def _seen(one: SubjectMatch) -> str:
    """Return the number of calls of a match, and when it was seen."""
    calls = count(one.events, "call") if one.events is not None else ""
    when = time_span(one.first_seen, one.last_seen) if one.first_seen else ""
    return ", ".join(filter(None, (calls, f"seen {when}" if when and not calls else when)))


def _described(one: SubjectMatch) -> tuple[str | Span, ...]:
    """Return the name and kind of a match, its account, and its IDs or the actor behind it."""
    account = f" of account {one.account_id}" if one.account_id else ""
    actor = ACTOR_KINDS[one.kind] if one.kind else ""
    if one.type in (SubjectMatchType.ACTOR, SubjectMatchType.ROLE):
        name = one.name or one.arn or one.id or ""
        if not name:
            return ((actor if one.kind == ActorKind.ANONYMOUS else "unresolved caller", "bold"),)
        ids = [id_ for id_ in dict.fromkeys((one.id, one.arn, one.issuer)) if id_ and id_ != name]
        return (name, "bold"), f", {_TYPES.get(one.type, actor)}{account}", ("".join(f"  {id_}" for id_ in ids), "dim")
    behind = f", by {actor} {one.name or ''}".rstrip() if actor else ""
    return (short_name(one.id), "bold"), f", {_TYPES.get(one.type)}{account}{behind}"
