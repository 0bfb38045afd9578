"""What stands beside the name, against the simulator's truth: claims and policies, who acted in between, launches.

On complete logs it is all there; with files removed it is the truth, or left open, and what is not resolved says what
to load.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from forensics.answers.core import ActorKind, StopReason
from forensics.answers.who_answer import Who
from forensics.case import Case
from tests.cases import shared_case
from tests.simulator import CredentialTruth, LogFile, World, simulate, truth, without

SEEDS = [pytest.param(seed, marks=[pytest.mark.full] if seed else []) for seed in range(12)]
ASKED = 40
# the console's own calls and EC2's for an instance, for which the truth has nobody in between
INTERNAL = ("AWS Internal",)
NOTHING_HELPS = (StopReason.CYCLE, StopReason.NEVER_LOGGED, StopReason.NOT_TRUSTED)


@pytest.mark.parametrize("seed", SEEDS)
def test_complete_logs_tell_it_all(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    world = simulate(seed=seed, events=3000, everything=True)
    with shared_case(world.files, f"everything-{seed}", tmp_path_factory) as case:
        for expected, answer in _answers(case, world, world.files):
            identity = answer.claims.source_identity
            assert identity.value == expected.source_identity
            assert launched_by(answer) in (None, expected.provenance)
            assert answer.chain[0].via in (expected.via, INTERNAL), expected
            if expected.decided:
                assert identity.enforced == expected.enforced, expected
                assert launched_by(answer) == expected.provenance, expected
                assert answer.actor.workload_type == expected.workload_type, expected


@pytest.mark.parametrize("seed", SEEDS)
def test_with_files_removed_it_is_true_or_left_open(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    world = simulate(seed=seed, events=3000, everything=True)
    files = without(world.files, 0.3, seed)
    with shared_case(files, f"everything-{seed}-less", tmp_path_factory) as case:
        for expected, answer in _answers(case, world, files):
            assert answer.claims.source_identity.enforced in (None, expected.enforced), expected
            assert answer.actor.kind != ActorKind.WORKLOAD or launched_by(answer) in (None, expected.provenance), (
                expected
            )
            assert set(answer.chain[0].via) <= {*expected.via, *INTERNAL}, expected


@pytest.mark.parametrize("seed", SEEDS)
def test_every_unresolved_answer_says_what_to_load(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    world = simulate(seed=seed, events=3000, everything=True)
    files = without(world.files, 0.3, seed)
    with shared_case(files, f"everything-{seed}-less", tmp_path_factory) as case:
        unresolved = case.sql_rows(
            """
            select coalesce(access_key_id, principal_id)
            from credentials join actors using (credential_id)
            where actor_kind = 'unknown' and coalesce(access_key_id, principal_id) is not null
            order by credential_id
            """
        )
        answers = case.who_all(row[0] for row in unresolved.rows[:: max(len(unresolved.rows) // ASKED, 1)])
    for answer in (one for asked in answers for one in (asked.sessions or (asked,))):
        if answer.actor.kind == ActorKind.UNKNOWN and answer.stop_reason not in NOTHING_HELPS:
            assert answer.missing
            for missing in answer.missing:
                # AssumeRoot is logged in the management account, or another one, which no record may show
                is_known = missing.account_id or missing.why == "assume_root_elsewhere"
                assert is_known and missing.from_ and missing.to
                assert (missing.event_source is not None) == (missing.why == "data_events_needed")
                assert (missing.event_id is not None) == (missing.why == "trail_stopped")


def launched_by(answer: Who) -> str | None:
    return next((one.event_id for one in answer.provenance if one.relation == "launched_by"), None)


def _answers(case: Case, world: World, files: tuple[LogFile, ...]) -> Iterator[tuple[CredentialTruth, Who]]:
    """Credentials of which there is something to tell, with the one answer about each."""
    telling = [one for one in truth(world, files) if one.access_key_id and _is_telling(one)]
    step = max(len(telling) // ASKED, 1)
    for expected in telling[::step]:
        answer = case.who(str(expected.access_key_id))
        if not answer.sessions:
            yield expected, answer


def _is_telling(one: CredentialTruth) -> bool:
    return bool(one.via or one.source_identity or one.provenance or one.workload_type)
