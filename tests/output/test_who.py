"""Screens of `who` on a narrow and a wide terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from forensics.answers.core import Actor, ActorKind
from forensics.answers.who_answer import Who, Workload
from forensics.attribution.order import model
from forensics.case import Case
from forensics.output.identity_text import described
from forensics.output.lines import lay_out
from forensics.output.who_text import render_who
from forensics.output.words import WORKLOADS
from forensics.output.workload_text import used_from_lines
from tests.output.answers import ANSWERS, NOON, event
from tests.output.golden import same_as_golden
from tests.simulator import sample

WIDTHS = (80, 120)
OF_THE_SAMPLE = {
    "leaked": sample.LEAKED_KEY,
    "deep": sample.DEEP_KEY,
    "honest": sample.HONEST_KEY,
    "stolen_workload": sample.STOLEN_WORKLOAD_KEY,
    "several_subjects": "bob.meyer",
    "callers_of_address": "192.0.2.44",
    "one_name": "SVC-deploy",
    "persistence": sample.PERSISTENCE_KEY,
    "intruder_console": sample.INTRUDER_CONSOLE_KEY,
    "responder": sample.RESPONDER_KEY,
    "before_coverage": sample.BEFORE_COVERAGE_KEY,
}
WHOLE = re.compile(r"\bA[KSIR][IDO]A[A-Z0-9]{12,}\b|\b[0-9a-f]{8}-[0-9a-f-]{27}\b|\barn:\S+")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ANSWERS)
def test_answers_made_by_hand(name: str, width: int) -> None:
    same_as_golden(f"{name}_{width}", shown(ANSWERS[name], width))


@pytest.mark.parametrize("width", WIDTHS)
def test_answers_of_the_sample(sample_case: Path, width: int) -> None:
    with Case.open(sample_case) as case:
        for name, key in OF_THE_SAMPLE.items():
            same_as_golden(f"sample_{name}_{width}", shown(case.who(key), width))


@pytest.mark.parametrize("name", ANSWERS)
def test_identifiers_are_whole_at_any_width(name: str) -> None:
    told = WHOLE.findall(shown(ANSWERS[name], None))
    for width in (20, 40, 79):
        narrow = shown(ANSWERS[name], width)
        assert WHOLE.findall(narrow) == told
        assert not re.search(r" $", narrow, re.MULTILINE)


@pytest.mark.parametrize("name", ANSWERS)
def test_who_comes_first_and_color_changes_no_word(name: str) -> None:
    answer = ANSWERS[name]
    plain = shown(answer, 80)
    assert plain.partition("\n  who  ")[0].split()[0] in shown(answer, None).splitlines()[0]
    colored = lay_out(render_who(answer), 80, color=True)
    assert re.sub(r"\x1b\[[\d;]*m", "", colored) == plain


def shown(answer: Who, width: int | None) -> str:
    return lay_out(render_who(answer), width)


def test_an_event_that_only_names_the_user_has_no_expiry() -> None:
    answer = ANSWERS["identity_center"]
    (hop,) = answer.chain
    assert hop.link
    named = replace(event(5, "ListBuckets"), event_time=NOON + timedelta(minutes=5))
    shown = lay_out(render_who(replace(answer, chain=(replace(hop, link=replace(hop.link, evidence=(named,))),))), 120)
    assert "session began 2026-10-01 12:00:00Z, expires 2026-10-01 13:00:00Z" in shown
    assert "12:05:00Z  ListBuckets\n" in shown


def test_a_workload_that_no_record_names_is_unnamed_and_of_its_kind() -> None:
    unnamed = Actor(ActorKind.WORKLOAD, account_id="111111111111", workload_type="lambda_function")
    assert "".join(text if isinstance(text, str) else text[0] for text in described(unnamed)) == (
        "unnamed Lambda function of account 111111111111"
    )


def test_each_kind_of_workload_has_its_name() -> None:
    made = re.findall(r"'(\w+)'(?:,| as workload_type)", model("issuers").partition("without_parent as")[0])
    types = {one for one in made if "_" in one} | {"roles_anywhere_certificate"}
    assert types == set(WORKLOADS)


def test_of_a_workload_credential_that_was_never_used_nothing_is_doubted() -> None:
    shown = lay_out(used_from_lines(Workload("ASIAZNW342S3J6ZQNFX7", None, (), (), None)), 80)
    assert shown == "the loaded logs show no use from any address\n"
