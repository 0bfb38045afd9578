"""Triage page: where to look first in logs that nobody has read.

`triage_signals` finds what is unusual within this case, `triage_drafts` folds it into stories and orders them, and
`still_works` examines what the stories left behind. Actors are named as `who` names them, from the same tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from forensics.answers.core import NOBODY, ActorKind, Grade
from forensics.answers.coverage_answer import Coverage
from forensics.answers.tree_answer import StillWorks
from forensics.answers.triage_answer import Blind, Crowd, Lead, Triage
from forensics.errors import NotAnIdentifier
from forensics.identifiers import identify, is_secret
from forensics.investigate.case.loaded_hours import coverage
from forensics.investigate.ip_ranges import IpRanges
from forensics.investigate.sql_rows import Connection, grouped, pairs, rows, values
from forensics.investigate.triage.crowd_drafts import command_of, with_crowds
from forensics.investigate.triage.still_works import still_works
from forensics.investigate.triage.triage_drafts import Draft, drafts
from forensics.investigate.triage.triage_rows import CitedEvent, LeadFacts, OverviewRow, PlantedStory, ScoredSignal
from forensics.investigate.triage.triage_signals import scored, signals_of

LEAST = 2.4
"""The lowest score of a lead, tuned on simulated months: nine of ten intruders have more."""
_LEAST_READ = 1.0  # a story below the limit may belong to a lead
_MOST_STORIES = 2000
_MOST_LEADS = 100
_LISTED = 10  # keys and accounts of a lead
_CITED = 20  # events of a lead
_WORKLOADS = (ActorKind.WORKLOAD, ActorKind.WEB_IDENTITY_USER)


def triage(connection: Connection, ip_ranges: IpRanges | None = None) -> Triage:
    """Return the stories of a case that stand out, the strongest first. `ip_ranges` identifies AWS's own addresses."""
    with signals_of(connection, ip_ranges) as not_compared:
        signals = scored(connection, _LEAST_READ, LEAST, _MOST_STORIES)
        stories = sorted({signal.story for signal in signals})
        planted = rows(connection, PlantedStory, "triage/folds", stories=stories) if stories else []
        crowds = dict(pairs(connection, str, Crowd, "triage/crowds_of", stories=stories))
        found = with_crowds([draft for draft in drafts(signals, planted) if draft.score >= LEAST], crowds)
        (overview,) = rows(connection, OverviewRow, "triage/overview")
        leads = _leads(connection, found[:_MOST_LEADS]) if found else ()
    blind = _blind(connection, coverage(connection), overview, not_compared)
    total = len(found) + _leads_beyond(signals)
    return Triage(overview.events, overview.stories, overview.first_event, overview.last_event, leads, total, blind)


def _leads_beyond(signals: Sequence[ScoredSignal]) -> int:
    """Return the number of stories that are leads and are not among those that were read."""
    read = {signal.story for signal in signals if signal.story_score >= LEAST}
    return max(0, signals[0].stories_of_leads - len(read)) if signals else 0


def _leads(connection: Connection, found: Sequence[Draft]) -> tuple[Lead, ...]:
    stories = sorted({story for draft in found for story in draft.stories})
    facts = {row.story: row for row in rows(connection, LeadFacts, "triage/lead_facts", stories=stories, most=_LISTED)}
    ids = sorted({id_ for draft in found for id_ in _event_ids(draft)})
    events = grouped(
        rows(connection, CitedEvent, "triage/cited_events", event_ids=ids, stories=stories), lambda row: row.story
    )
    cited = [[event for story in draft.stories for event in events[story]] for draft in found]
    events_of = _events_of(connection, found)
    at = next(iter(values(connection, datetime, "latest_event")))
    began = grouped(pairs(connection, str, str, "triage/roots", stories=stories, at=at), lambda pair: pair[0])
    roots = {place: {id_ for story in draft.stories for _, id_ in began[story]} for place, draft in enumerate(found)}
    works = still_works(connection, roots, at)
    return tuple(
        _lead(
            place + 1,
            draft,
            [facts[story] for story in draft.stories],
            cited[place],
            sum(events_of.get(story, 0) for story in draft.stories),
            works.get(place),
        )
        for place, draft in enumerate(found)
    )


def _events_of(connection: Connection, found: Iterable[Draft]) -> dict[str, int]:
    """Return the number of events of each story on the days of its reasons; reasons can have events in common."""
    spans = [span for draft in found for span in draft.spans]
    stories, firsts, lasts = ([span[part] for span in spans] for part in range(3))
    return dict(pairs(connection, str, int, "triage/story_events", stories=stories, firsts=firsts, lasts=lasts))


def _lead(
    rank: int,
    draft: Draft,
    facts: Sequence[LeadFacts],
    cited: Sequence[CitedEvent],
    events: int,
    works: tuple[StillWorks, ...] | None,
) -> Lead:
    own, *planted = facts
    is_crowd = draft.crowd is not None
    event_ids = _event_ids(draft)
    keys = tuple(dict.fromkeys(key for one in facts for key in one.access_key_ids))
    return Lead(
        rank=rank,
        score=round(draft.score, 1),
        actor=NOBODY if is_crowd else own.actor,
        grade=Grade.NONE if is_crowd else _grade(own, cited),
        origin_access_key_id=None if is_crowd else own.origin_access_key_id,
        principal_arn=None if is_crowd or own.actor.arn or own.actor.name else own.arn,
        account_ids=tuple(sorted({account for one in facts for account in one.account_ids if account}))[:_LISTED],
        access_key_ids=keys[:_LISTED],
        access_keys=sum(one.access_keys for one in facts),
        planted=() if is_crowd else tuple(_name(one) for one in planted)[:_LISTED],
        first_event=min(reason.first_event for reason in draft.reasons),
        last_event=max(reason.last_event for reason in draft.reasons),
        reasons=draft.reasons,
        event_ids=event_ids[:_CITED],
        events=events,
        still_works=works[:_LISTED] if works is not None else None,
        still_working=len(works) if works is not None else None,
        command=command_of(draft.crowd) if draft.crowd else _command(own, event_ids, cited),
        crowd=draft.crowd,
        members=draft.members,
    )


def _grade(own: LeadFacts, cited: Iterable[CitedEvent]) -> Grade:
    """Return the weakest grade of the actor in the cited events of the story, or that of its latest use."""
    grades = [event.grade for event in cited if event.story == own.story]
    return max(grades or [own.grade], key=list(Grade).index)


def _event_ids(draft: Draft) -> tuple[str, ...]:
    return tuple(dict.fromkeys(id_ for reason in draft.reasons for id_ in reason.event_ids))


def _name(facts: LeadFacts) -> str:
    return facts.origin_access_key_id or facts.actor.name or facts.actor.id or facts.arn or facts.story


def _command(facts: LeadFacts, event_ids: Sequence[str], cited: Iterable[CitedEvent]) -> tuple[str, ...]:
    """Return the next command: the story of the origin key or, without one, of the subject of `_subject`."""
    keys = {event.event_id: event.access_key_id for event in cited if event.story == facts.story}
    signed = [key for key in map(keys.get, event_ids) if key and _is_identifier(key)]
    origin = facts.origin_access_key_id
    if subject := origin if origin and _is_identifier(origin) else _subject(facts, signed):
        return ("forensics", "story", subject)
    others = (facts.arn, facts.principal_id, *event_ids)
    identifier = next(filter(_is_identifier, filter(None, others)), None)
    return ("forensics", "who", identifier) if identifier else ("forensics", "triage", "--all")


def _subject(facts: LeadFacts, signed: Sequence[str]) -> str | None:
    """Return the actor or unresolved role, all of whose sessions are its story, or else the key of the first event.

    The key comes first if one key signed all cited events of a role, and for a workload, whose other sessions are its
    usual work. `signed`: the keys of the cited events.
    """
    is_unresolved = facts.actor.kind == ActorKind.UNKNOWN
    subject = facts.role_arn if is_unresolved else facts.subject
    is_typable = subject and not subject.startswith("-") and subject.isprintable() and not is_secret(subject)
    if signed and (not is_typable or facts.actor.kind in _WORKLOADS or (is_unresolved and len(set(signed)) == 1)):
        return signed[0]
    return subject if is_typable else None


def _is_identifier(text: str) -> bool:
    try:
        identify(text)
    except NotAnIdentifier:
        return False
    return True


def _blind(connection: Connection, hours: Coverage, overview: OverviewRow, not_compared: int) -> Blind:
    return Blind(
        other_events=overview.other_events,
        empty_hours=_hours(hours, ("empty", "stopped", "narrowed")),
        excluded_hours=_hours(hours, ("excluded_by_filter",)),
        trail_stops=overview.trail_stops,
        identity_unread=sum(values(connection, int, "identities_unread")),
        not_compared=not_compared,
    )


def _hours(hours: Coverage, states: Iterable[str]) -> int:
    spans = (span for span in hours.spans if span.state in states and not span.verified)
    return sum(int((span.to - span.from_).total_seconds()) // 3600 for span in spans)
