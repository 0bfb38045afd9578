"""Screens of `triage` on a narrow and a wide terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forensics.answers.core import NOBODY, Actor, ActorKind, Grade
from forensics.answers.tree_answer import NodeKind, State, StillWorks
from forensics.answers.triage_answer import Blind, Crowd, Lead, Reason, Signal, Triage
from forensics.case import Case
from forensics.output import words
from forensics.output.lines import cells, lay_out
from forensics.output.triage_text import render_triage, render_whole_triage
from tests.output.golden import same_as_golden
from tests.simulator import sample

NOON, NIGHT = datetime(2026, 10, 1, 12, tzinfo=UTC), datetime(2026, 10, 2, 2, 11, 3, tzinfo=UTC)
KEY = "AKIA2ICYRBJSM2TGXVBF"
ALICE = Actor(ActorKind.IAM_USER, "AIDA2ICYRBJSGGG4IM5GA", "alice.nguyen", None, "704560302692")
REASON = Reason(Signal.NEW_NETWORK, 2.5, 12, NOON, NIGHT, ("192.0.2.44",), ("e1", "e2"))
LEAD = Lead(
    rank=1,
    score=5.0,
    actor=ALICE,
    grade=Grade.PROVEN,
    origin_access_key_id=KEY,
    principal_arn=None,
    account_ids=("704560302692",),
    access_key_ids=(KEY,),
    access_keys=1,
    planted=(),
    first_event=NOON,
    last_event=NIGHT,
    reasons=(REASON,),
    event_ids=("e1", "e2"),
    events=12,
    still_works=(),
    still_working=0,
    command=("forensics", "story", KEY),
)
EMPTY = Triage(0, 0, None, None, (), 0, Blind())
QUIET = Triage(4_000, 30, NOON, NIGHT, (), 0, Blind(120, 7, 3, 1, 2))


def shown(answer: Triage, width: int | None = None) -> str:
    return lay_out(render_triage(answer), width)


@pytest.mark.parametrize("width", [80, 160])
def test_the_sample(sample_case: Path, width: int) -> None:
    with Case.open(sample_case) as case:
        answer = case.triage()
    assert answer.leads[0].origin_access_key_id == sample.LEAKED_KEY
    assert {sample.PERSISTENCE_KEY, sample.SECOND_PERSISTENCE_KEY} <= {
        one.id for one in answer.leads[0].still_works or ()
    }
    page = shown(replace(answer, source=("--case", "my-case")), width)
    same_as_golden(f"triage_sample_{width}", page)
    assert all(cells(row) <= width or len(row.split()) == 1 for row in page.splitlines())


def with_crowd(many: Triage) -> Triage:
    """The leads with those of a crowd among them, and all that triage can be blind to."""
    guests = Crowd(None, "arn:aws:iam::704560302692:role/guests", "cognito-identity.amazonaws.com")
    outside = Crowd("999988887777", None, None)
    nobody = replace(LEAD, actor=NOBODY, grade=Grade.NONE, origin_access_key_id=None)
    folded = (
        replace(nobody, rank=2, crowd=guests, members=298, command=("forensics", "role", str(guests.role_arn))),
        replace(
            nobody, rank=3, crowd=outside, members=1200, command=("forensics", "events", "--account", "999988887777")
        ),
    )
    return replace(many, leads=(many.leads[0], *folded, *many.leads[3:]), blind=replace(many.blind, not_compared=9))


def test_an_empty_and_a_quiet_case() -> None:
    same_as_golden("triage_empty", shown(EMPTY, 80))
    same_as_golden("triage_quiet", shown(QUIET, 80))


def test_the_first_page_has_ten_leads_and_all_has_the_rest() -> None:
    many = replace(QUIET, leads=tuple(replace(LEAD, rank=rank) for rank in range(1, 14)), leads_total=13)
    same_as_golden("triage_many_80", shown(many, 80))
    same_as_golden("triage_many_160", shown(with_crowd(many), 160))
    assert shown(many).count("next") == 10
    assert "and 3 more leads; --all shows them" in shown(many)
    every = lay_out(render_whole_triage(many), None)
    assert every.count("next") == every.count("proof") == 13
    assert "and 87 weaker leads, not listed" in lay_out(render_whole_triage(replace(many, leads_total=100)), None)


def test_the_first_page_is_one_screen(sample_case: Path) -> None:
    """Ten leads with many reasons, long names and much that still works."""
    with Case.open(sample_case) as case:
        found = case.triage()
    leads = tuple(replace(found.leads[0], rank=rank) for rank in range(1, 101))
    page = shown(replace(found, leads=leads, leads_total=250, source=("--case", "my-case")), 80)
    assert page.count("\n") <= 52
    assert "and 240 more leads; --all shows the first 100" in page


def test_the_command_can_be_pasted() -> None:
    hostile = replace(LEAD, command=("forensics", "who", "arn:aws:sts::1:assumed-role/x/$(reboot); 'y"))
    page = shown(replace(QUIET, leads=(hostile,), source=("--case", "my case; ls")))
    assert """'arn:aws:sts::1:assumed-role/x/$(reboot); '"'"'y' --case 'my case; ls'""" in page


def test_a_lead_without_an_actor_names_nobody() -> None:
    arn = "arn:aws:sts::704560302692:assumed-role/deploy/build"
    nobody = replace(LEAD, actor=NOBODY, grade=Grade.NONE, origin_access_key_id=None, principal_arn=arn)
    page = shown(replace(QUIET, leads=(nobody,)))
    assert "role deploy, whose actor is not resolved" in page
    assert "build" not in page


def test_what_still_works_is_not_claimed_if_it_was_not_examined() -> None:
    works = (
        StillWorks(NodeKind.ACCESS_KEY, KEY, None, State.VALID, True),
        StillWorks(NodeKind.SESSION, "arn:aws:sts::1:assumed-role/x/y", None, State.UNKNOWN, None, 3),
    )
    page = shown(replace(QUIET, leads=(replace(LEAD, still_works=works, still_working=7),)))
    assert f"works   key {KEY}, 3 sessions of assumed-role/x/y (possibly), 5 more" in page
    page = shown(replace(QUIET, leads=(replace(LEAD, still_works=None, still_working=None),)))
    assert "works   not examined" in page


def test_what_a_caller_chose_is_cut_and_secrets_are_hidden() -> None:
    token = "IQoJb3JpZ2luX2VjE" + "A" * 400
    reason = replace(REASON, details=(token, "x" * 500))
    page = shown(replace(QUIET, leads=(replace(LEAD, reasons=(reason,)),)))
    assert token[:20] not in page
    assert "[hidden]" in page
    assert "x" * 61 not in page


def test_every_signal_and_node_has_words() -> None:
    assert set(words.SIGNALS) == set(Signal)
    assert set(words.NODES) == set(NodeKind)
