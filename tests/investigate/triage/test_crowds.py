"""Crowds: principals that cost an intruder nothing do not fill the page."""

from __future__ import annotations

from datetime import date, datetime

from forensics.answers.triage_answer import Crowd, Reason, Signal
from forensics.investigate.triage.crowd_drafts import command_of, with_crowds
from forensics.investigate.triage.triage_drafts import Draft

NOON = datetime(2026, 10, 4, 12)  # noqa: DTZ001 - as the database returns it
ACCOUNT = Crowd("999988887777", None, None)
GUESTS = Crowd(None, "arn:aws:iam::111111111111:role/guests", "cognito-identity.amazonaws.com")


def draft(story: str, score: float) -> Draft:
    reason = Reason(Signal.FIRST_SEEN, score, 3, NOON, NOON, (story,), (f"event-{story}",))
    return Draft((story,), score, (reason,), ((story, date(2026, 10, 4), date(2026, 10, 4)),))


def test_the_strongest_two_of_a_crowd_stand_alone_and_the_rest_is_one_lead() -> None:
    flood = [draft(f"guest{number:03}", 9 - number / 100) for number in range(300)]
    real = draft("leaked", 3)
    found = with_crowds([*flood, real], {one.stories[0]: GUESTS for one in flood})
    assert [one.members for one in found] == [0, 0, 298, 0]
    assert found[3] == real
    folded = found[2]
    assert (folded.crowd, len(folded.stories), folded.reasons[0].events) == (GUESTS, 298, 894)
    assert len(folded.reasons[0].event_ids) == 5
    assert command_of(GUESTS) == ("forensics", "role", GUESTS.role_arn)


def test_each_crowd_has_a_lead_of_its_own() -> None:
    flood = [draft(f"{kind}{number}", 5) for kind in "ab" for number in range(5)]
    found = with_crowds(flood, {one.stories[0]: ACCOUNT if one.stories[0] < "b" else GUESTS for one in flood})
    assert sorted(one.members for one in found) == [0, 0, 0, 0, 3, 3]
    assert command_of(ACCOUNT) == ("forensics", "events", "--account", "999988887777")


def test_a_few_members_stand_alone() -> None:
    few = [draft(name, 5) for name in "abc"]
    assert with_crowds(few, dict.fromkeys("abc", ACCOUNT)) == few
