"""Folding the stories of planted access into the stories of their planters."""

from __future__ import annotations

from datetime import UTC, date, datetime

from forensics.answers.triage_answer import Signal
from forensics.investigate.triage.triage_drafts import drafts
from forensics.investigate.triage.triage_rows import PlantedStory, ScoredSignal

NOON = datetime(2026, 10, 4, 12, tzinfo=UTC).replace(tzinfo=None)


def signal(story: str, score: float, of: Signal = Signal.NEW_NETWORK, event_id: str = "e1") -> ScoredSignal:
    return ScoredSignal(story, score, score, score, of, date(2026, 10, 4), 3, NOON, NOON, (event_id, None), ("x",), 1)


def planted(story: str, planter: str) -> PlantedStory:
    return PlantedStory(story, planter, NOON)


def test_leads_are_ordered_by_score_and_then_by_name() -> None:
    found = drafts([signal("b", 3), signal("a", 3), signal("c", 5)], [])
    assert [draft.stories for draft in found] == [("c",), ("a",), ("b",)]


def test_a_planted_story_folds_into_its_planter_and_adds_to_it() -> None:
    (draft,) = drafts([signal("key", 6, event_id="e2"), signal("planter", 4)], [planted("key", "planter")])
    assert (draft.stories, draft.score) == (("planter", "key"), 8.0)
    (reason,) = draft.reasons
    assert (reason.events, reason.event_ids, reason.details) == (6, ("e2", "e1"), ("x",))


def test_a_planter_that_stands_out_only_by_planting_is_not_suspected() -> None:
    signals = [signal("key", 6), signal("planter", 9, Signal.PLANTED_ACCESS), signal("planter", 9, Signal.PERSISTENCE)]
    assert len(drafts(signals, [planted("key", "planter")])) == 2
    assert len(drafts([signal("key", 6)], [planted("key", "planter")])) == 1


def test_stories_that_planted_each_other_are_one_lead() -> None:
    signals = [signal(story, 5) for story in ("a", "b", "c")]
    (draft,) = drafts(signals, [planted("a", "b"), planted("b", "c"), planted("c", "b")])
    assert set(draft.stories) == {"a", "b", "c"}


def test_a_chain_of_planted_stories_belongs_to_the_first() -> None:
    signals = [signal(story, 5) for story in ("a", "b", "c")]
    (draft,) = drafts(signals, [planted("a", "b"), planted("b", "c")])
    assert draft.stories == ("c", "a", "b")
