"""Triage of the sample: the leaked key first, then the stolen credential of the instance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from forensics.answers.canonical import answer_sha256, to_json
from forensics.answers.core import ActorKind, Grade
from forensics.answers.tree_answer import NodeKind
from forensics.answers.triage_answer import Signal, Triage
from forensics.case import Case
from forensics.investigate.triage import still_works
from tests.simulator import sample


@pytest.fixture(scope="module")
def answer(sample_case: Path) -> Iterator[Triage]:
    with Case.open(sample_case) as case:
        yield case.triage()


def test_the_leaked_key_is_the_first_lead_with_what_it_planted(answer: Triage) -> None:
    lead = answer.leads[0]
    assert (lead.rank, lead.origin_access_key_id, lead.grade) == (1, sample.LEAKED_KEY, Grade.PROVEN)
    assert lead.actor.name == "svc-deploy"
    assert sample.PERSISTENCE_KEY in lead.planted
    assert lead.command == ("forensics", "story", sample.LEAKED_KEY)
    assert len(lead.account_ids) == 3


def test_what_the_intruder_left_behind_still_works(answer: Triage) -> None:
    works = {(one.kind, one.id) for one in answer.leads[0].still_works or ()}
    keys = {sample.PERSISTENCE_KEY, sample.SECOND_PERSISTENCE_KEY}
    assert {(NodeKind.ACCESS_KEY, key) for key in keys} <= works
    assert (NodeKind.USER, "svc-metrics") in works


def test_the_stolen_credential_of_the_instance_is_a_lead(answer: Triage) -> None:
    lead = answer.leads[1]
    assert lead.actor.kind == ActorKind.WORKLOAD
    assert lead.command == ("forensics", "story", sample.STOLEN_WORKLOAD_KEY)
    assert Signal.WORKLOAD_ELSEWHERE in {reason.signal for reason in lead.reasons}


def test_every_reason_cites_loaded_events(answer: Triage, sample_case: Path) -> None:
    cited = {id_ for lead in answer.leads for reason in lead.reasons for id_ in reason.event_ids}
    with Case.open(sample_case) as case:
        loaded = {row[0] for row in case.sql_rows("select event_id from events").rows}
    assert cited <= loaded
    assert all(reason.event_ids for lead in answer.leads for reason in lead.reasons)


def test_two_runs_give_one_answer_and_leave_no_table(sample_case: Path, answer: Triage) -> None:
    with Case.open(sample_case) as case:
        assert case.triage() == case.triage() == answer
        left = case.sql_rows("select table_name from information_schema.tables where table_name like 'triage_%'")
    assert not left.rows


def test_the_json_is_a_contract(answer: Triage) -> None:
    written = json.loads(to_json(answer))
    assert list(written) == [
        "events",
        "stories",
        "first_event",
        "last_event",
        "leads",
        "leads_total",
        "blind",
        "source",
    ]
    assert list(written["leads"][0])[:6] == ["rank", "score", "actor", "grade", "origin_access_key_id", "principal_arn"]
    assert written["leads"][0]["reasons"][0]["first_event"].endswith("Z")
    assert answer_sha256(answer) == answer_sha256(replace(answer, source=("--case", "x")))


def test_what_derives_too_much_is_not_examined(sample_case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(still_works, "_EXAMINED", 5)
    with Case.open(sample_case) as case:
        lead = case.triage().leads[0]
    assert (lead.still_works, lead.still_working) == (None, None)
