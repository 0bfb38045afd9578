"""Triage drafts: fold the signals of stories into leads, and order them.

One lead per story, not per event. The story of a key, user, password or role that another story planted belongs to
that story if the planter stood out for other reasons on those days: otherwise everything that an administrator ever
created would be one lead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from forensics.answers.triage_answer import Crowd, Reason, Signal
from forensics.investigate.triage.triage_rows import PlantedStory, ScoredSignal

_CITED = 5  # events and details of one reason
_SUSPECT = 2.0  # the score, without the planting itself, of a planter on the days around it
_AROUND = timedelta(days=1)
_OF_THE_PLANTING = (Signal.PLANTED_ACCESS, Signal.PERSISTENCE)


@dataclass(frozen=True, slots=True)
class Draft:
    """A lead before its facts are read.

    `stories`: its own story first, then those that it planted. `spans`: a story with the first and the last day of a
    reason. `crowd`, `members`: of leads that are folded, and their number.
    """

    stories: tuple[str, ...]
    score: float
    reasons: tuple[Reason, ...]
    spans: tuple[tuple[str, date, date], ...]
    crowd: Crowd | None = None
    members: int = 0


def drafts(signals: Sequence[ScoredSignal], planted: Iterable[PlantedStory]) -> list[Draft]:
    """Return the leads, the highest score first."""
    by_story: defaultdict[str, list[ScoredSignal]] = defaultdict(list)
    for signal in signals:
        by_story[signal.story].append(signal)
    planters = _planters(by_story, planted)
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for story in by_story:
        groups[_first_planter(story, planters)].append(story)
    found = [_draft([first, *sorted({*stories} - {first})], by_story) for first, stories in groups.items()]
    return sorted(found, key=lambda draft: (-draft.score, draft.stories))


def _planters(by_story: Mapping[str, Sequence[ScoredSignal]], planted: Iterable[PlantedStory]) -> dict[str, str]:
    """Return the suspicious planter of each planted story."""
    found: dict[str, str] = {}
    for row in planted:
        signals = by_story.get(row.planter, ())
        is_new = row.story in by_story and row.story not in found
        if is_new and _suspicion(signals, row.planted_at) >= _SUSPECT:
            found[row.story] = row.planter
    return found


def _suspicion(signals: Iterable[ScoredSignal], at: datetime) -> float:
    around = (signal for signal in signals if abs(signal.event_date - at.date()) <= _AROUND)
    return sum(signal.score for signal in around if signal.signal not in _OF_THE_PLANTING)


def _first_planter(story: str, planters: Mapping[str, str]) -> str:
    """Return the story at the start of a chain of planters; in a circle of planters, the first by name."""
    seen = [story]
    while (story := planters.get(story, "")) and story not in seen:
        seen.append(story)
    return min(seen[seen.index(story) :]) if story else seen[-1]


def _draft(stories: Sequence[str], by_story: Mapping[str, Sequence[ScoredSignal]]) -> Draft:
    scores = sorted((by_story[story][0].story_score for story in stories), reverse=True)
    signals = [signal for story in stories for signal in by_story[story]]
    spans = {(signal.story, signal.first_event.date(), signal.last_event.date()) for signal in signals}
    score = round(scores[0] + 0.5 * sum(scores[1:]), 3)
    return Draft(tuple(stories), score, tuple(_reasons(signals)), tuple(sorted(spans)))


def _reasons(signals: Iterable[ScoredSignal]) -> list[Reason]:
    """Return one reason for each signal; the days with the highest scores are cited first."""
    of_signal: defaultdict[Signal, list[ScoredSignal]] = defaultdict(list)
    for signal in signals:
        of_signal[signal.signal].append(signal)
    found = [_reason(signal, rows) for signal, rows in of_signal.items()]
    return sorted(found, key=lambda reason: (-reason.score, reason.signal))


def _reason(signal: Signal, rows: Sequence[ScoredSignal]) -> Reason:
    return merged_reason(
        signal, sorted(rows, key=lambda row: (-row.day_score, -row.score, row.first_event, row.event_ids))
    )


def merged_reason(signal: Signal, rows: Sequence[ScoredSignal] | Sequence[Reason]) -> Reason:
    """Return one reason for all rows; what it cites comes from each row in turn."""
    return Reason(
        signal=signal,
        score=max(row.score for row in rows),
        events=sum(row.events for row in rows),
        first_event=min(row.first_event for row in rows),
        last_event=max(row.last_event for row in rows),
        details=first_of_all([row.details for row in rows]),
        event_ids=first_of_all([row.event_ids for row in rows]),
    )


def first_of_all(lists: Sequence[Sequence[str | None]]) -> tuple[str, ...]:
    """Return the first values of all lists in turn, without repetitions."""
    return tuple(dict.fromkeys(_in_turn(lists)))[:_CITED]


def _in_turn(lists: Sequence[Sequence[str | None]]) -> Iterator[str]:
    for place in range(_CITED):
        yield from (value for values in lists for value in values[place : place + 1] if value)
