"""Never a wrong name: a few records for each scenario, made by hand to mislead, all of them on complete logs.

The records of all scenarios are one case, which is ingested once; each scenario is one test.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from forensics.answers.core import Grade
from forensics.answers.who_answer import Who
from forensics.case import Case
from tests.attribution import adversarial
from tests.attribution.adversarial.expected import SCENARIOS, Expected
from tests.attribution.records import Account, Json, call, service
from tests.cases import case_of_records
from tests.conftest import made_once

for module in pkgutil.iter_modules(adversarial.__path__, f"{adversarial.__name__}."):
    importlib.import_module(module.name)


def played(number: int, name: str) -> tuple[list[Expected], list[Json | str]]:
    """The expected answers and the records of a scenario, in accounts that no other scenario has."""
    aws = Account(f"9000{number:04d}{10 * number:04d}")
    aws.log(call(service("config.amazonaws.com"), -3600, account=aws.id))  # loaded since long before
    return list(SCENARIOS[name](aws)), aws.records


PLAYED = {name: played(number, name) for number, name in enumerate(SCENARIOS, 1)}


def ingest_every_scenario(folder: Path) -> None:
    with case_of_records((record for _, records in PLAYED.values() for record in records), folder):
        pass


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Case]:
    with Case.open(made_once(tmp_path_factory, "adversarial", ingest_every_scenario) / "case") as opened:
        yield opened


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_answer_is_the_true_one_or_none(case: Case, name: str) -> None:
    expectations, _ = PLAYED[name]
    assert expectations
    answers = case.who_all(expected.subject for expected in expectations)
    for expected, answer in zip(expectations, answers, strict=True):
        said = (answer.actor.kind, answer.actor.id, answer.grade)
        assert said == (expected.kind, expected.id, expected.grade), answer
        assert expected.stop_reason in (None, answer.stop_reason), answer
        facts = _facts(answer)
        assert {field: facts[field] for field in expected.more} == expected.more, answer
        for one in (answer, *answer.sessions):
            _check_contract(one)


def test_every_credential_has_one_id_and_one_actor(case: Case) -> None:
    for table in ("credentials", "actors"):
        (count, distinct) = case.sql_rows(f"select count(*), count(distinct credential_id) from {table}").rows[0]
        assert count == distinct
    assert not case.sql_rows("select credential_id from credentials anti join actors using (credential_id)").rows


def test_no_event_is_lost_or_told_twice_and_its_actor_is_who_says(case: Case) -> None:
    events, attributed = (
        case.sql_rows(f"select event_key from {table} order by 1").rows for table in ("events", "attributed_events")
    )
    assert events == attributed
    rows = case.sql_rows(
        """
        select event_id, actor_kind, actor_id, grade, stop_reason
        from attributed_events
        where event_id <> ''
        qualify row_number() over (
            partition by identity_type, unreliable, credential_id is null, actor_kind, grade, stop_reason
            order by event_id
        ) <= 2
        """
    ).rows
    for (_, *said), answer in zip(rows, case.who_all(row[0] for row in rows), strict=True):
        if not answer.sessions:
            assert said == [answer.actor.kind, answer.actor.id, answer.grade, answer.stop_reason], answer


def _check_contract(one: Who) -> None:
    assert (one.grade == Grade.NONE) == (one.actor.kind == "unknown"), one
    assert not one.ambiguous or (one.actor.kind == "unknown" and len(one.candidates) >= 2), one
    assert (one.origin_access_key_id is None) == (one.origin_grade is None), one
    assert one.actor.id is not None or one.actor.kind not in ("root", "external_principal"), one
    assert all(link is None or link.evidence for link in (hop.link for hop in one.chain)), one


def _facts(answer: Who) -> dict[str, object]:
    links = [hop.link for hop in answer.chain if hop.link]
    return {
        "ambiguous": answer.ambiguous,
        "origin": answer.origin_access_key_id,
        "origin_candidates": {candidate.access_key_id for candidate in answer.origin_candidates},
        "candidates": {candidate.actor.id for candidate in answer.candidates},
        "rules": [link.rule for link in links],
        "evidence": {event.event_id for link in links for event in link.evidence},
        "hops": len(links),
        "via": [via for hop in answer.chain for via in hop.via],
        "flags": set(answer.flags),
        "sessions": len(answer.sessions),
        "missing": {missing.why for missing in answer.missing},
        "actor_name": answer.actor.name,
        "actor_arn": answer.actor.arn,
        "actor_account": answer.actor.account_id,
        "owner": answer.key_owner,
        "owner_name": answer.key_owner and answer.key_owner.name,
        "session_name": answer.claims.role_session_name.agreement,
        "source_identity": answer.claims.source_identity.agreement,
        "set_by": answer.claims.source_identity.set_by_event_id,
    }
