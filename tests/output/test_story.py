"""Screens of `story` on a narrow and a wide terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forensics.answers.core import ActorKind, Grade
from forensics.answers.story_answer import StoryActor
from forensics.case import Case
from forensics.output.lines import cells, lay_out
from forensics.output.story_text import render_story, render_whole_story
from tests.output.golden import same_as_golden
from tests.simulator import sample

LEAK = datetime(2026, 10, 3, 21, tzinfo=UTC)


@pytest.mark.parametrize("width", [80, 160])
def test_stories_of_the_sample(sample_case: Path, width: int) -> None:
    with Case.open(sample_case) as case:
        for name, story in {
            "leaked": case.story(sample.LEAKED_KEY, leaked_at=LEAK),
            "address": case.story("192.0.2.91"),
            "unknown": case.story("AKIAQQQQQQQQQQQQQQQQ"),
            "later": case.story("192.0.2.91", since=LEAK.replace(year=2027)),
        }.items():
            shown = lay_out(render_story(story), width)
            assert all(cells(row) <= width or len(row.split()) == 1 for row in shown.splitlines())
            same_as_golden(f"story_{name}_{width}", shown)


def test_a_long_story_says_what_it_leaves_out(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        story = case.story(sample.LEAKED_KEY)
    part, whole = lay_out(render_story(story, shown=3), 80), lay_out(render_whole_story(story), 80)
    assert f"and {story.steps_total - 3} later steps; --all lists them" in part
    assert "later step" not in whole
    assert all(step.event_ids[0] in whole for step in story.steps)


def test_root_anonymous_and_unresolved_actors(sample_case: Path) -> None:
    with Case.open(sample_case) as case:
        story = case.story("192.0.2.91")
    actors = (
        StoryActor(ActorKind.ROOT, "704560302692", "root of 704560302692", Grade.PROVEN, 3),
        StoryActor(ActorKind.ANONYMOUS, None, "anonymous", Grade.PROVEN, 2),
        StoryActor(ActorKind.UNKNOWN, None, None, Grade.NONE, 1),
    )
    shown = lay_out(render_story(replace(story, actors=actors, actors_total=3)), 80)
    for row in ("3 events by root of 704560302692  proven", "2 events by anonymous ", "1 event by unresolved actors "):
        assert f"\n  {row}" in shown


def test_the_chosen_name_of_a_session_is_not_shown(sample_case: Path) -> None:
    """The intruder called a session bob.meyer, as somebody else is called."""
    with Case.open(sample_case) as case:
        shown = lay_out(render_whole_story(case.story(sample.DEEP_KEY)), 80)
    assert "svc-deploy as prod-maintenance" in shown
    assert "bob.meyer" not in shown
