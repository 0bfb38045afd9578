"""Story folds: select the steps of a story for one page, and fold the others.

Like steps, which differ in target, address or session only, are one line. Of these lines, the most notable ones are
shown: first those that repeat no earlier call, then by score. Between two of them, the routine, repeated sensitive
calls and the less notable steps are one line each, with their counts. Nothing is left out.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from forensics.answers.story_answer import StoryStep
from forensics.identifiers import role_of_session

_PAUSE = timedelta(minutes=30)
_FEWEST_ALIKE = 3


@dataclass(frozen=True, slots=True)
class Fold:
    """Steps that are one line, in chronological order. `is_mixed`: of several kinds, so that only counts are shown."""

    steps: tuple[StoryStep, ...]
    is_mixed: bool = False

    @property
    def is_repeated(self) -> bool:
        """Return whether all calls are like earlier successful ones."""
        return all(step.is_repeated for step in self.steps)

    @property
    def is_routine(self) -> bool:
        """Return whether all calls are like earlier successful ones, and none is sensitive."""
        return self.is_repeated and not any(step.is_sensitive for step in self.steps)

    @property
    def score(self) -> float:
        """Return the score of the most notable step."""
        return max(step.score for step in self.steps)

    @property
    def events(self) -> int:
        """Return the number of events of all steps."""
        return sum(step.events for step in self.steps)

    @property
    def first_event_time(self) -> datetime:
        """Return the time of the first event."""
        return self.steps[0].first_event_time

    @property
    def last_event_time(self) -> datetime:
        """Return the time of the last event."""
        return max(step.last_event_time for step in self.steps)


def folded(steps: Sequence[StoryStep], most: int) -> list[Fold]:
    """Return the lines of a page in chronological order; at most `most` of them are neither routine nor mixed."""
    lines = sorted(_alike(steps), key=lambda one: one.first_event_time)
    if len(lines) <= most:
        return lines
    unusual = (one for one in lines if not one.is_routine)
    notable = sorted(unusual, key=lambda one: (one.is_repeated, -one.score))[:most]
    return list(_with_mixed(lines, {id(one) for one in notable}))


def begin_of_unusual(lines: Sequence[Fold]) -> datetime | None:
    """Return the time of the first line that is half as notable as the most notable one; None if it is the first."""
    least = max((one.score for one in lines), default=0) / 2
    first = next((place for place, one in enumerate(lines) if one.score >= least), 0)
    return lines[first].first_event_time if first else None


def _alike(steps: Iterable[StoryStep]) -> Iterator[Fold]:
    """Yield the steps, three or more like ones without a pause in one fold."""
    runs: dict[Hashable, list[StoryStep]] = {}
    found: list[list[StoryStep]] = []
    for step in steps:
        kind = _kind(step)
        run = runs.get(kind, [])
        if not run or step.first_event_time - run[-1].last_event_time > _PAUSE:
            runs[kind] = run = []
            found.append(run)
        run.append(step)
    for run in found:
        if len(run) >= _FEWEST_ALIKE:
            yield Fold(tuple(run))
        else:
            yield from (Fold((step,)) for step in run)


def _kind(step: StoryStep) -> Hashable:
    caller = (step.actor_kind, step.actor_id or step.access_key_id, step.actor_issuer, role_of_session(step.arn))
    called = None if step.is_reading else (step.event_source, step.event_names, step.error_code)
    doubt = (step.certain, step.unreliable)
    outcome = (step.succeeded > 0, step.denied > 0)
    return caller, step.is_by_service, step.is_reading, called, outcome, doubt, step.first_event_time.date()


def _with_mixed(lines: Iterable[Fold], chosen: set[int]) -> Iterator[Fold]:
    """Yield the chosen lines; between two of them, the routine, repeated sensitive calls and others in one each."""
    for is_chosen, run in groupby(lines, key=lambda one: id(one) in chosen):
        group = list(run)
        if is_chosen:
            yield from group
        else:
            kinds: dict[tuple[bool, bool], list[Fold]] = {}
            for one in group:
                kinds.setdefault((one.is_repeated, one.is_routine), []).append(one)
            yield from sorted(map(_mixed, kinds.values()), key=lambda one: one.first_event_time)


def _mixed(lines: Sequence[Fold]) -> Fold:
    if len(lines) == 1:
        return lines[0]
    return Fold(tuple(step for one in lines for step in one.steps), is_mixed=True)
